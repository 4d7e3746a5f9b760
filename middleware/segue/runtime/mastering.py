"""The last stage of a session's own sound: the rules' gain, moved smoothly from frame to frame."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from segue.contract import FRAME_SIZE, Samples
from segue_rules.plan import SILENCE_DB, FramePlan


class MasterState(NamedTuple):
    """gain: linear, at the end of the last frame."""

    gain: float


def start(plan: FramePlan) -> MasterState:
    """Before the first frame, at its gain."""
    return MasterState(_linear(plan.controls.gain_db))


def process(state: MasterState, samples: Samples, plans: Sequence[FramePlan]) -> tuple[MasterState, Samples]:
    """Apply each frame's gain, reaching it linearly over the frame. samples: float32 [T * FRAME_SIZE, 2]."""
    gains = np.array([state.gain, *[_linear(plan.controls.gain_db) for plan in plans]], np.float32)
    if np.all(gains == 1.0):
        return state, samples
    ramp = np.arange(1, FRAME_SIZE + 1, dtype=np.float32) / FRAME_SIZE
    envelope = gains[:-1, None] + (gains[1:] - gains[:-1])[:, None] * ramp
    return MasterState(float(gains[-1])), (samples * envelope.reshape(-1, 1)).astype(np.float32)


def _linear(gain_db: float) -> float:
    return 0.0 if gain_db <= SILENCE_DB else 10.0 ** (gain_db / 20.0)
