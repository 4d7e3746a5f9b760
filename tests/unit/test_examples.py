"""Derandomized property tests draw the same examples whatever was imported before."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st


def drawn() -> list[int]:
    numbers: list[int] = []

    @settings(database=None, max_examples=200, phases=[Phase.generate])
    @given(st.integers())
    def draw(number: int) -> None:
        numbers.append(number)

    draw()
    return numbers


def test_examples_do_not_depend_on_imported_modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = drawn()
    names = [f"segue_constants_{index}" for index in range(20)]
    for index, name in enumerate(names):
        (tmp_path / f"{name}.py").write_text(f"NUMBERS = {[77_000_001 + index * 997 + n for n in range(50)]}\n")
    monkeypatch.syspath_prepend(tmp_path)
    for name in names:
        __import__(name)
    try:
        assert drawn() == before
    finally:
        for name in names:
            del sys.modules[name]
