"""Parameters of a test that only a heavy proof tries, beside those that every run of the tests tries."""

from __future__ import annotations

from typing import Any

import pytest


def heavily(*values: object) -> list[Any]:
    """Return each value as a parameter with the marker `heavy`."""
    return [pytest.param(value, marks=pytest.mark.heavy) for value in values]
