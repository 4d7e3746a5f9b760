"""A codec for tests of the language model: its audio is no music, but depends on all codes so far."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from segue.contract import CHANNELS, FRAME_SIZE, Samples
from segue.model.config import SEGUE_TINY

LAYOUT = SEGUE_TINY.codes


class StepCodec:
    """Decodes each frame to one constant value, computed from its codes and those of all frames before it."""

    num_codebooks = LAYOUT.steps

    def encode(self, samples: Samples) -> NDArray[np.int32]:
        raise NotImplementedError("a frame of one value does not determine its codes")

    def start(self) -> NDArray[np.int64]:
        return np.zeros(1, np.int64)

    def decode(self, state: Any, codes: NDArray[np.int32]) -> tuple[Any, Samples]:
        # Sums of integers do not depend on where chunks begin.
        sums = state + np.cumsum(codes.sum(axis=1, dtype=np.int64))
        samples = np.repeat(np.sin(sums / 1e4), FRAME_SIZE)[:, None] * np.ones(CHANNELS)
        return sums[-1:], samples.astype(np.float32)
