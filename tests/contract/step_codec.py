"""A stand-in codec for a language model: no music, but every sample tells of all codes before it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from segue.contract import CHANNELS, FRAME_SIZE, SAMPLE_RATE, Samples
from segue.model.config import SEGUE_TINY

LAYOUT = SEGUE_TINY.codes


class StepCodec:
    """A codec whose every frame holds one value, made of the frame's codes and of all frames before it."""

    sample_rate, frame_size = SAMPLE_RATE, FRAME_SIZE
    num_codebooks, cardinality = LAYOUT.steps, max(LAYOUT.cardinalities)

    def encode(self, samples: Samples) -> NDArray[np.int32]:
        raise NotImplementedError("frames of one value do not tell their codes")

    def start(self) -> NDArray[np.int64]:
        return np.zeros(1, np.int64)

    def decode(self, state: Any, codes: NDArray[np.int32]) -> tuple[Any, Samples]:
        # Integers, whose sums do not depend on where chunks begin.
        sums = state + np.cumsum(codes.sum(axis=1, dtype=np.int64))
        samples = np.repeat(np.sin(sums / 1e4), FRAME_SIZE)[:, None] * np.ones(CHANNELS)
        return sums[-1:], samples.astype(np.float32)
