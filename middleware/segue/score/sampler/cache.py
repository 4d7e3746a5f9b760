"""A cache bounded by the bytes it holds, the least recently used leaving first."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class ByteCache(Generic[Key, Value]):
    """Values made on demand and kept while they fit. A value larger than the whole cache is made each time."""

    def __init__(self, capacity_bytes: int, size: Callable[[Value], int]) -> None:
        self._capacity = capacity_bytes
        self._size = size
        self._held: OrderedDict[Key, Value] = OrderedDict()
        self.nbytes = 0

    def __len__(self) -> int:
        return len(self._held)

    def get(self, key: Key, make: Callable[[], Value]) -> Value:
        """The value of `key`, from `make` if it is not held."""
        if key in self._held:
            self._held.move_to_end(key)
            return self._held[key]
        value = make()
        if self._size(value) <= self._capacity:
            self._held[key] = value
            self.nbytes += self._size(value)
        while self.nbytes > self._capacity:
            _, dropped = self._held.popitem(last=False)
            self.nbytes -= self._size(dropped)
        return value
