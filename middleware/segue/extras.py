"""The optional parts of an installation: the modules that each brings, which of them are missing, and what to do."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from typing import Final

EXTRAS: Final[Mapping[str, tuple[str, ...]]] = {
    "models": ("jax", "jaxtyping"),
    "mrt2": ("jax", "jaxtyping", "ai_edge_litert", "sentencepiece", "huggingface_hub"),
    "play": ("sounddevice", "textual"),
    "report": ("bokeh", "jinja2"),
    "studio": ("starlette", "uvicorn"),
}
"""The extras of the distribution and their modules, which have the names of their packages."""


def missing_modules(extra: str) -> list[str]:
    """The modules of an extra that are not installed."""
    return [module for module in EXTRAS[extra] if find_spec(module) is None]


def install_advice(extra: str) -> str:
    """How to install an extra."""
    return f"install the extra segue[{extra}]: run pip install '.[{extra}]' in the checkout"


def missing_text(extra: str) -> str:
    """What is missing of an extra and how to install it, as a sentence without its capital; "" if nothing is."""
    missing = missing_modules(extra)
    if not missing:
        return ""
    subject = f"the package {missing[0]} is" if len(missing) == 1 else f"the packages {' and '.join(missing)} are"
    return f"{subject} missing; {install_advice(extra)}"
