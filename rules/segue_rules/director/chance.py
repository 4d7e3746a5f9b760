"""Chance: numbers that only the rules' seed and what has happened so far decide (SEMANTICS 19)."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Final

_BYTES: Final = 6


def chance(*parts: str | int) -> float:
    """A number from 0 up to 1 that looks random, the same for the same parts."""
    text = "/".join(map(str, parts))
    digest = hashlib.sha256(text.encode()).digest()[:_BYTES]
    return int.from_bytes(digest, "big") / (1 << 8 * _BYTES)


def drawn(weights: Sequence[float], number: float) -> int:
    """The index that a number from 0 up to 1 draws.

    Args:
        weights: Above 0; at least one.
    """
    left = number * sum(weights)
    for index, weight in enumerate(weights[:-1]):
        left -= weight
        if left < 0:
            return index
    return len(weights) - 1
