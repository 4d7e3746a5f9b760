"""The input of both implementations: random conditioning and codes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segue.model.config import Depthformer, TokenConditioning


@dataclass(frozen=True, kw_only=True)
class Case:
    """tokens: int32 [T, L + 132] as the released model takes them (-1: not given): style, notes, drums, scales.

    codes: int32 [T, K], the frames that are teacher-forced.
    """

    tokens: NDArray[np.int32]
    codes: NDArray[np.int32]


def make_case(config: Depthformer, frames: int, seed: int) -> Case:
    """Make conditioning that changes every frame and contains every kind of token, "not given" included."""
    conditioning = config.conditioning
    assert isinstance(conditioning, TokenConditioning)
    rng = np.random.default_rng(seed)

    def tokens(lowest: int, size: int, channels: int) -> NDArray[np.int64]:
        return rng.integers(lowest, size, (frames, channels))

    parts = [
        tokens(-1, conditioning.style_cardinality, conditioning.style_levels),
        tokens(-1, conditioning.note_states, conditioning.NOTES),
        tokens(-1, conditioning.drum_states, 1),
        tokens(0, conditioning.style_scales, 2),
        tokens(0, conditioning.drum_scales, 1),
    ]
    codes = np.stack([rng.integers(0, size, frames) for size in config.codes.cardinalities], axis=1)
    return Case(tokens=np.concatenate(parts, axis=1).astype(np.int32), codes=codes.astype(np.int32))
