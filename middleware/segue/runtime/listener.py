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
        self._samples: Samples = np.zeros((0, CHANNELS), np.float32)
        self._plans: list[FramePlan | None] = []

    @property
    def have(self) -> int:
        """The end of the ring, in samples."""
        return len(self._samples)

    def put(self, chunk: ChunkOut) -> None:
        """Write a chunk from where it can still be heard; what lies behind it belongs to an older take and goes."""
        start, samples = chunk.start, chunk.samples
        if start < self.committed:
            self.late += 1
            samples = samples[self.committed - start :].copy()
            start = self.committed
            old = self._samples[start : start + JOIN_SAMPLES]
            length = min(len(old), len(samples))
            if length:
                samples[:length] = crossfade(old[:length], samples[:length])
        if len(samples) == 0:
            return
        if start > self.have:
            raise ValueError(f"expected a chunk at or before sample {self.have}, got {start}")
        self._samples = np.concatenate([self._samples[:start], samples])
        first = -(-start // FRAME_SIZE)
        skipped = first - chunk.start // FRAME_SIZE
        self._plans[first:] = chunk.plans[skipped:]

    def commit(self, count: int) -> None:
        """Hand the next `count` samples to the engine; silence, counted, where there are none."""
        missing = self.committed + count - self.have
        if missing > 0:
            self.underrun_samples += missing
            self._samples = np.concatenate([self._samples, np.zeros((missing, CHANNELS), np.float32)])
            self._plans += [None] * (-(-len(self._samples) // FRAME_SIZE) - len(self._plans))
        self.committed += count

    def heard(self) -> Samples:
        """All that was committed, float32 [S, 2]."""
        return self._samples[: self.committed]

    def heard_plans(self) -> list[FramePlan | None]:
        """The plan of each committed frame; None where nothing was there."""
        return self._plans[: -(-self.committed // FRAME_SIZE)]
