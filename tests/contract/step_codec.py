"""A codec for tests of the language model: its audio is no music, but depends on all codes so far."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segue.contract import CHANNELS, FAMILIES, FRAME_SIZE, CodecRequest, Decoded, NoteEvent, Samples
from segue.model.config import SEGUE_TINY

LAYOUT = SEGUE_TINY.codes


class StepCodec:
    """Decodes each frame to one constant value, computed from its codes and those of all frames before it.

    Each frame is a note, and all sound is in the stem of the melody.
    """

    num_codebooks = LAYOUT.steps
    delay_samples = 0
    # More than is ever packed.
    memory_frames = 1 << 20
    block_frames = 1

    def encode(self, samples: Samples) -> NDArray[np.int32]:
        raise NotImplementedError("a frame of one value does not determine its codes")

    def start(self) -> NDArray[np.int64]:
        return np.zeros(1, np.int64)

    def decode(self, requests: Sequence[CodecRequest[Any]]) -> list[Decoded[Any]]:
        return [self._decoded(request) for request in requests]

    def _decoded(self, request: CodecRequest[Any]) -> Decoded[Any]:
        state, values = self.values(request.state, request.codes.sum(axis=1, dtype=np.int64))
        samples = (np.repeat(values, FRAME_SIZE)[:, None] * np.ones(CHANNELS)).astype(np.float32)
        notes = tuple(
            NoteEvent(
                start=frame * FRAME_SIZE,
                duration=FRAME_SIZE,
                program=0,
                pitch=60,
                velocity=64,
                drums=False,
                family="melody",
                released=(frame + 1) * FRAME_SIZE,
            )
            for frame in range(len(values))
        )
        stems = {name: samples if name == "melody" else np.zeros_like(samples) for name in FAMILIES}
        return Decoded(state=state, samples=samples, notes=notes, stems=stems if request.stems else {})

    def values(self, state: Any, sums: NDArray[np.int64]) -> tuple[Any, NDArray[np.float64]]:
        """Return (the state after frames, their values) for the sums of their codes."""
        # Sums of integers do not depend on where chunks begin.
        totals = state + np.cumsum(sums)
        return totals[-1:], np.sin(totals / 1e4)
