"""A client's ear for simulation: a ring of sound by absolute position, as in the protocol's client timeline."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from segue.audio.fades import crossfade
from segue.contract import CHANNELS, FRAME_SIZE, SAMPLE_RATE, Samples
from segue.runtime.messages import ChunkOut
from segue_rules.plan import FramePlan

# Joining a take that has begun before `committed`, and leaving the bed: 20 ms.
JOIN_SAMPLES = SAMPLE_RATE // 50
# What was committed is passed on in blocks of so much.
_PASSED_SAMPLES = 8 * SAMPLE_RATE


class Listener:
    """Takes chunks, hands samples to the engine in order, and keeps what was heard and under which plans.

    pass_on: given what was committed, block by block, the last by `flush`; it is not kept then.
    """

    def __init__(self, pass_on: Callable[[Samples], None] | None = None) -> None:
        self._pass_on = pass_on
        # The position of the first sample that is kept.
        self._first = 0
        self.committed = 0
        self.late = 0
        self.underrun_samples = 0
        self._end = 0
        self._samples: Samples = np.zeros((SAMPLE_RATE, CHANNELS), np.float32)
        self._plans: list[FramePlan | None] = []

    @property
    def have(self) -> int:
        """The end of the ring, in samples."""
        return self._end

    def put(self, chunk: ChunkOut) -> None:
        """Write a chunk from where it can still be heard; what lies behind it belongs to an older take and goes."""
        start, samples = chunk.start, chunk.samples
        if start < self.committed:
            self.late += 1
            samples, start = samples[self.committed - start :], self.committed
        fresh = chunk.reason != "extend" and not chunk.mixed
        if start > chunk.start or fresh:
            # Not mixed from what is in the ring: join it.
            old = self._between(start, min(start + JOIN_SAMPLES, self._end))
            length = min(len(old), len(samples))
            if length:
                samples = samples.copy()
                samples[:length] = crossfade(old[:length], samples[:length])
        if len(samples) == 0:
            return
        if start > self.have:
            if not fresh:
                raise ValueError(f"expected a chunk at or before sample {self.have}, got {start}")
            self._silence_to(start)
        self._extend_to(start + len(samples))
        self._between(start, self._end)[:] = samples
        first = -(-start // FRAME_SIZE)
        skipped = first - chunk.start // FRAME_SIZE
        self._plans[first:] = chunk.plans[skipped:]

    def commit(self, count: int) -> None:
        """Hand the next `count` samples to the engine; silence, counted, where there are none."""
        missing = self.committed + count - self.have
        if missing > 0:
            self.underrun_samples += missing
            self._silence_to(self._end + missing)
        self.committed += count
        if self._pass_on is not None and self.committed - self._first >= _PASSED_SAMPLES:
            self.flush()

    def flush(self) -> None:
        """Pass on what was committed and is not yet passed on."""
        if self._pass_on is None or self.committed == self._first:
            return
        self._pass_on(self._between(self._first, self.committed).copy())
        ahead = self._between(self.committed, self._end).copy()
        self._first = self.committed
        self._samples[: len(ahead)] = ahead

    def _between(self, start: int, end: int) -> Samples:
        """The kept samples of these positions."""
        return self._samples[start - self._first : end - self._first]

    def _silence_to(self, end: int) -> None:
        silence = self._end
        self._extend_to(end)
        self._between(silence, end)[:] = 0.0
        self._plans += [None] * (-(-end // FRAME_SIZE) - len(self._plans))

    def _extend_to(self, end: int) -> None:
        """Let the ring end at `end`, doubling its memory as needed."""
        size = end - self._first
        if size > len(self._samples):
            grown = np.zeros((max(size, 2 * len(self._samples)), CHANNELS), np.float32)
            grown[: self._end - self._first] = self._between(self._first, self._end)
            self._samples = grown
        self._end = end

    def heard(self) -> Samples:
        """All that was committed and is kept, float32 [S, 2]."""
        return self._between(self._first, self.committed)

    def heard_plans(self) -> list[FramePlan | None]:
        """The plan of each committed frame; None where nothing was there."""
        return self._plans[: -(-self.committed // FRAME_SIZE)]
