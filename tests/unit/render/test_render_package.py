"""What `from segue import render` offers: names that load lazily, the same for type checkers and the interpreter."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from segue import render


def test_type_checkers_and_the_interpreter_see_the_same_names() -> None:
    assert render.__file__ is not None
    (block,) = (node for node in ast.parse(Path(render.__file__).read_text("utf-8")).body if isinstance(node, ast.If))
    seen = {
        alias.name: node.module for node in ast.walk(block) if isinstance(node, ast.ImportFrom) for alias in node.names
    }
    assert seen == {name: f"segue.render.{module}" for name, module in render._MODULE_OF.items()}
    assert set(render.__all__) == set(seen) <= set(dir(render))
    for name in render.__all__:
        assert getattr(render, name).__module__ == seen[name]
    with pytest.raises(AttributeError, match=r"'segue\.render' has no attribute 'preveiw'"):
        render.preveiw  # noqa: B018
