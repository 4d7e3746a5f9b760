"""A client's ear for simulation: a ring of sound by absolute position, as in the protocol's client timeline."""

from __future__ import annotations

import numpy as np

from segue.audio.fades import crossfade
from segue.contract import CHANNELS, FRAME_SIZE, SAMPLE_RATE, Samples
from segue.runtime.messages import ChunkOut
from segue_rules.plan import FramePlan

# Joining a take that has begun before `committed`, and leaving the bed: 20 ms.
JOIN_SAMPLES = SAMPLE_RATE // 50


class Listener:
    """Takes chunks, hands samples to the engine in order, and keeps what was heard and under which plans."""

    def __init__(self) -> None:
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
            old = self._samples[start : min(start + JOIN_SAMPLES, self._end)]
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
        self._samples[start : self._end] = samples
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

    def _silence_to(self, end: int) -> None:
        silence = self._end
        self._extend_to(end)
        self._samples[silence:end] = 0.0
        self._plans += [None] * (-(-end // FRAME_SIZE) - len(self._plans))

    def _extend_to(self, end: int) -> None:
        """Let the ring end at `end`, doubling its memory as needed."""
        if end > len(self._samples):
            grown = np.zeros((max(end, 2 * len(self._samples)), CHANNELS), np.float32)
            grown[: self._end] = self._samples[: self._end]
            self._samples = grown
        self._end = end

    def heard(self) -> Samples:
        """All that was committed, float32 [S, 2]."""
        return self._samples[: self.committed]

    def heard_plans(self) -> list[FramePlan | None]:
        """The plan of each committed frame; None where nothing was there."""
        return self._plans[: -(-self.committed // FRAME_SIZE)]
