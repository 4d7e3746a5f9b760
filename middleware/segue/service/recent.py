"""The last few of something, by number."""

from __future__ import annotations

from typing import Generic, TypeVar

T = TypeVar("T")


class Recent(Generic[T]):
    """Forgets the oldest beyond `most`."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: dict[int, T] = {}

    def keep(self, number: int, value: T) -> T:
        """Returns: the value."""
        self._kept[number] = value
        if len(self._kept) > self._most:
            del self._kept[next(iter(self._kept))]
        return value

    def get(self, number: int) -> T | None:
        """What was kept under the number; None if that was long ago, or never."""
        return self._kept.get(number)
