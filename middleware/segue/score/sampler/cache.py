"""A cache bounded by the bytes it holds, the least recently used leaving first. For any number of threads."""

from __future__ import annotations

import threading
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
        # With the size that each counts with.
        self._held: OrderedDict[Key, tuple[Value, int]] = OrderedDict()
        self._lock = threading.Lock()
        # What a thread is making now; others that want it wait instead of making it again.
        self._making: dict[Key, threading.Event] = {}
        self.nbytes = 0

    def __len__(self) -> int:
        return len(self._held)

    def __contains__(self, key: Key) -> bool:
        return key in self._held

    def get(self, key: Key, make: Callable[[], Value]) -> Value:
        """Return the value of `key`, from `make` if it is not held. `make` runs without holding up other keys.

        Raises:
            Exception: Whatever `make` raises.
        """
        while True:
            with self._lock:
                if key in self._held:
                    self._held.move_to_end(key)
                    return self._held[key][0]
                made = self._making.get(key)
                if made is None:
                    made = self._making[key] = threading.Event()
                    break
            made.wait()
        try:
            value = make()
            with self._lock:
                self._keep(key, value)
        finally:
            with self._lock:
                del self._making[key]
            made.set()
        return value

    def remeasure(self, key: Key, value: Value) -> None:
        """Count the size that `value`, which has grown since, has now; does nothing if `key` no longer holds it."""
        with self._lock:
            held = self._held.get(key)
            if held is not None and held[0] is value:
                self.nbytes -= held[1]
                del self._held[key]
                self._keep(key, value)

    def _keep(self, key: Key, value: Value) -> None:
        size = self._size(value)
        if size <= self._capacity:
            self._held[key] = value, size
            self.nbytes += size
        while self.nbytes > self._capacity:
            _, (_, dropped) = self._held.popitem(last=False)
            self.nbytes -= dropped
