"""Sources of notes, made in blocks and only as far as notes read them.

Most notes end long before their sounds do, and a note that begins needs its first block at once and the rest while it
plays. A block depends on its sound and its number alone, so a source has the same bits however far and in whatever
steps it is made.
"""

from __future__ import annotations

import threading
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator, Mapping
from typing import Final, Generic, TypeVar
from weakref import ReferenceType, finalize

import numpy as np
from numpy.typing import NDArray

from segue.score.sampler.cache import ByteCache

Waveform = NDArray[np.float32]
Blocks = Callable[[], Iterator[Waveform]]
"""Begins a sound: its blocks from the key press on, endless or until it is over."""

# An unfinished source keeps its resampler, 60 to 300 KiB; so many bytes of the cache allow one of them.
_BYTES_FOR_ONE_OPEN: Final = 1 << 20
_LEAST_OPEN: Final = 8

Key = TypeVar("Key", bound=Hashable)


class Source:
    """A sound from the key press on, as far as it is made. For any number of threads."""

    def __init__(self, blocks: Blocks) -> None:
        self._blocks = blocks
        self._making: Iterator[Waveform] | None = None
        self._made: list[Waveform] = []
        # Where each block begins, and last where the next one will.
        self._begins = [0]
        self._is_over = False
        self._lock = threading.Lock()

    @property
    def nbytes(self) -> int:
        """Bytes of the samples made so far."""
        return self._begins[-1] * np.dtype(np.float32).itemsize

    @property
    def is_open(self) -> bool:
        """Whether it keeps what it takes to go on without beginning again."""
        return self._making is not None

    def make(self, end: int) -> bool:
        """Make what is missing of the samples before `end`. Returns whether anything was.

        Raises:
            Exception: Whatever making a block raises.
        """
        if end <= self._begins[-1] or self._is_over:
            return False
        with self._lock:
            if end <= self._begins[-1] or self._is_over:
                return False
            try:
                self._extend(end)
            except BaseException:
                self._making = None
                raise
        return True

    def _extend(self, end: int) -> None:
        if self._making is None:
            self._making = self._blocks()
            for _ in self._made:
                next(self._making)
            # Each time it begins again, it gets twice as far, so that all beginnings together cost little.
            end = max(end, 2 * self._begins[-1])
        for block in self._making:
            self._made.append(block)
            self._begins.append(self._begins[-1] + len(block))
            if self._begins[-1] >= end:
                return
        self._making, self._is_over = None, True

    def close(self) -> None:
        """Forget how to go on; what is made stays."""
        with self._lock:
            self._making = None

    def multiply(self, gain: Waveform, begin: int) -> None:
        """Multiply `gain`, in place, by the samples from `begin` on, which are made; after its end it is silent."""
        at, index = 0, bisect_right(self._begins, begin) - 1
        while at < len(gain) and index < len(self._made):
            part = self._made[index][begin + at - self._begins[index] :][: len(gain) - at]
            gain[at : at + len(part)] *= part
            at, index = at + len(part), index + 1
        gain[at:] = 0


def _close_all(sources: Mapping[int, ReferenceType[Source]]) -> None:
    for reference in list(sources.values()):
        source = reference()
        if source is not None:
            source.close()


class SourceCache(Generic[Key]):
    """Sources that are kept while they fit, the least recently used leaving first. For any number of threads."""

    def __init__(self, capacity_bytes: int) -> None:
        self._kept: ByteCache[Key, Source] = ByteCache(capacity_bytes, lambda source: source.nbytes)
        # Not kept here: what the cache drops is gone.
        self._open: OrderedDict[int, ReferenceType[Source]] = OrderedDict()
        self._most_open = max(_LEAST_OPEN, capacity_bytes // _BYTES_FOR_ONE_OPEN)
        self._lock = threading.Lock()
        # Also at the end of the process, when the resampler's library reports what is still there as leaked.
        finalize(self, _close_all, self._open)

    def __len__(self) -> int:
        return len(self._kept)

    @property
    def nbytes(self) -> int:
        """Bytes of all samples that are kept."""
        return self._kept.nbytes

    def get(self, key: Key, blocks: Blocks, end: int) -> Source:
        """Return the source of `key`, which `blocks` begins, made to `end` at least.

        Raises:
            Exception: Whatever making a block raises.
        """
        source = self._kept.get(key, lambda: Source(blocks))
        if source.make(end):
            self._kept.remeasure(key, source)
            self._close_for(source)
        return source

    def _close_for(self, source: Source) -> None:
        """Close those that were extended longest ago, as far as too many are open with `source`, the last of them."""
        with self._lock:
            self._open.pop(id(source), None)
            if source.is_open:
                self._open[id(source)] = ReferenceType(source)
            least = dict(self._open.popitem(last=False) for _ in range(len(self._open) - self._most_open))
        _close_all(least)
