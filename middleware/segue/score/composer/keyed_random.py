"""Randomness as a pure function of its key: equal keys give equal draws on every machine.

A generator object with hidden state would tie a bar's notes to the order in which bars were asked for; a hash of
(seed, arrangement, bar, voice) does not. Source: SplitMix64 (Steele, Lea and Flood, 2014).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Final, TypeVar

_Item = TypeVar("_Item")

_MASK: Final = (1 << 64) - 1
_GOLDEN: Final = 0x9E3779B97F4A7C15
_STEPS: Final = 1 << 53


def _scramble(value: int) -> int:
    value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & _MASK
    return value ^ (value >> 31)


@lru_cache(maxsize=4096)
def text_key(text: str) -> int:
    """Return a 64-bit key for a name (FNV-1a), so that a row added to a table leaves all other music as it was."""
    key = 0xCBF29CE484222325
    for byte in text.encode():
        key = ((key ^ byte) * 0x100000001B3) & _MASK
    return key


def mix(*key: int) -> int:
    """Return one 64-bit hash of any number of integers; order matters."""
    state = _GOLDEN
    for part in key:
        state = _scramble((state + (part & _MASK) + _GOLDEN) & _MASK)
    return state


class KeyedRandom:
    """A short-lived stream of draws from one key."""

    __slots__ = ("_state",)

    def __init__(self, *key: int) -> None:
        self._state = mix(*key)

    def uniform(self) -> float:
        """Return a number in [0, 1)."""
        self._state = value = (self._state + _GOLDEN) & _MASK
        # _scramble without the call: a bar draws some hundreds of numbers.
        value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & _MASK
        return ((value ^ (value >> 31)) >> 11) / _STEPS

    def below(self, bound: int) -> int:
        """Return an integer in [0, bound)."""
        return int(self.uniform() * bound)

    def chance(self, probability: float) -> bool:
        """Return True with `probability`."""
        return self.uniform() < probability

    def spread(self, width: float) -> float:
        """Return a number in [-width, width], likelier near 0 (triangular)."""
        return (self.uniform() + self.uniform() - 1.0) * width

    def choice(self, items: Sequence[_Item]) -> _Item:
        """Return one of `items`, evenly."""
        return items[self.below(len(items))]

    def weighted(self, items: Sequence[tuple[_Item, float]]) -> _Item:
        """Return one of (item, weight) pairs, by weight."""
        point = self.uniform() * sum(weight for _, weight in items)
        for item, weight in items:
            point -= weight
            if point < 0:
                return item
        return items[-1][0]
