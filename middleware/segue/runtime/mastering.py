"""The last stage of a session's own sound: a slow hand on the loudness, then the rules' gain from frame to frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from segue.audio import normalise
from segue.contract import FRAME_SIZE, Samples
from segue_rules.plan import SILENCE_DB, FramePlan

# Of what music lies above or below -18 LUFS, this share stays: a fight is to be louder than a walk, not ten times so.
_DYNAMICS_KEPT: Final = 0.4


@dataclass(frozen=True, kw_only=True)
class MasterState:
    """gain: the rules' gain, linear, at the end of the last frame. loudness: what the music has been like."""

    gain: float
    loudness: normalise.LoudnessState


def start(plan: FramePlan) -> MasterState:
    """Before the first frame, at its gain."""
    return MasterState(gain=_linear(plan.controls.gain_db), loudness=normalise.start())


def process(
    state: MasterState, samples: Samples, plans: Sequence[FramePlan]
) -> tuple[MasterState, Samples, NDArray[np.float32]]:
    """Level the music of frames, and apply the rules' gain of each, reached linearly over the frame.

    Args: samples: float32 [T * FRAME_SIZE, 2].
    Returns: the state after, the samples, and the gain of each sample, float32 [S], for stems to follow.
    """
    loudness, _, levels = normalise.process(state.loudness, samples)
    gains = np.array([state.gain, *[_linear(plan.controls.gain_db) for plan in plans]], np.float32)
    ramp = np.arange(1, FRAME_SIZE + 1, dtype=np.float32) / np.float32(FRAME_SIZE)
    envelope = gains[:-1, None] + (gains[1:] - gains[:-1])[:, None] * ramp
    gain = levels ** np.float32(1.0 - _DYNAMICS_KEPT) * envelope.ravel()
    return MasterState(gain=float(gains[-1]), loudness=loudness), samples * gain[:, None], gain


def _linear(gain_db: float) -> float:
    return 0.0 if gain_db <= SILENCE_DB else float(10.0 ** (gain_db / 20.0))
