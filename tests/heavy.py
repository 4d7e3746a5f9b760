"""Parameters of a test that only a heavy proof tries, beside those that every run of the tests tries."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest


def heavily(*values: object) -> list[Any]:
    """Return each value as a parameter with the marker `heavy`."""
    return [pytest.param(value, marks=pytest.mark.heavy) for value in values]


def sampled(values: Iterable[object], every: int, *, first: int = 0) -> list[Any]:
    """Return all values as parameters; but for each `every`-th, from number `first` on, with the marker `heavy`."""
    return [value if number % every == first else heavily(value)[0] for number, value in enumerate(values)]
