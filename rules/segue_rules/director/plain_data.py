"""Checks of plain data from outside (MessagePack, JSON). Each gives a value of its type, or raises ValueError."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from segue_rules.director.state import NEVER

# Frames of 700 years. A later frame is a mistake, and differences of frames stay far below any limit.
LAST_FRAME: Final = 1 << 39
LARGEST_INTEGER: Final = (1 << 53) - 1
"""Both signs: what a double, and so every language, holds exactly."""


def integer(value: Any, low: int, high: int) -> int:
    """A whole number in [low, high]."""
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise ValueError(f"expected an integer from {low} to {high}, got {_shown(value)}")
    return value


def real(value: Any, low: float, high: float) -> float:
    """A finite number in [low, high]."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise ValueError(f"expected a number from {low} to {high}, got {_shown(value)}")
    return float(value)


def boolean(value: Any) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise ValueError(f"expected true or false, got {_shown(value)}")
    return value


def text(value: Any, longest: int = 200) -> str:
    """A text of at most `longest` characters."""
    if not isinstance(value, str) or len(value) > longest:
        raise ValueError(f"expected a text of at most {longest} characters, got {_shown(value)}")
    return value


def scalar(value: Any) -> float | int | bool | str:
    """A value that some input may have."""
    if isinstance(value, str):
        return text(value)
    return value if isinstance(value, bool) else number(value)


def number(value: Any) -> float | int:
    """A finite number. Whole numbers stay integers."""
    if isinstance(value, int):
        return integer(value, -LARGEST_INTEGER, LARGEST_INTEGER)
    return real(value, -1e300, 1e300)


def sequence(value: Any, shortest: int, longest: int) -> Sequence[Any]:
    """A list of `shortest` to `longest` items."""
    if not isinstance(value, list | tuple) or not shortest <= len(value) <= longest:
        raise ValueError(f"expected a list of {shortest} to {longest} items, got {_shown(value)}")
    return value


def mapping(value: Any, most: int = 8_192) -> dict[Any, Any]:
    """A map of at most `most` names."""
    if not isinstance(value, dict) or len(value) > most:
        raise ValueError(f"expected a map of at most {most} names, got {_shown(value)}")
    return value


def time(value: Any, last: int) -> int:
    """A frame up to `last`; None is NEVER."""
    return NEVER if value is None else integer(value, -LAST_FRAME, last)


def _shown(value: Any) -> str:
    # repr of an int of more than 4 300 digits raises, and that of a long list is slow.
    return repr(value)[:40] if isinstance(value, float | bool) or value is None else f"a {type(value).__name__}"
