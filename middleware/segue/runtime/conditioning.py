"""From the director's plans to what a generator reads, and how much two plans of a frame differ."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from segue.contract import MODES, TICKS_PER_BEAT, Conditioning
from segue_rules.plan import FramePlan

# Mode of a key left to the generator: any index, as tonic -1 says that it is not to be read.
_AUTO_MODE: Final = 0
# Full scale of each continuous control, so that a change of one is comparable with a change of weights.
_SCALE: Final = {"intensity": 1.0, "temperature": 1.9, "guidance": 10.0, "gain_db": 24.0}


def conditioning(plans: Sequence[FramePlan]) -> Conditioning:
    """The plans of T consecutive frames as arrays. Raises: ValueError if there is none."""
    if not plans:
        raise ValueError("expected at least one plan")
    controls = [plan.controls for plan in plans]
    clocks = [plan.clock for plan in plans]
    return Conditioning(
        frame=plans[0].frame,
        weights=np.array([plan.mix for plan in plans], np.float32),
        tempo_bpm=np.array([c.tempo_mbpm for c in controls], np.float32) / np.float32(1000),
        ticks=np.array([c.ticks for c in clocks], np.int64),
        bar=np.array([c.bar for c in clocks], np.int32),
        bar_ticks=np.array([c.bar_ticks for c in clocks], np.int64),
        meter=np.array([c.meter for c in clocks], np.int8),
        tonic=np.array([c.tonic for c in controls], np.int8),
        mode=np.array([MODES.index(c.mode) if c.tonic >= 0 else _AUTO_MODE for c in controls], np.int8),
        drums=np.array([c.drums for c in controls], np.int8),
        intensity=np.array([c.intensity for c in controls], np.float32),
        temperature=np.array([c.temperature for c in controls], np.float32),
        guidance=np.array([c.guidance for c in controls], np.float32),
        to_change=np.array([plan.to_change for plan in plans], np.int32),
        next_weights=np.array([plan.next_mix for plan in plans], np.float32),
    )


def significant(used: FramePlan, wanted: FramePlan, threshold: float, *, fills: bool = True) -> bool:
    """Whether a frame generated under `used` must be replaced to obey `wanted`.

    States, discrete controls and the musical clock by any difference (beats must not jump where one ends); weights and
    continuous controls where their differences, each scaled to 0-1, sum to more than `threshold`. A change ahead counts
    in the bar before it, where music may lead into it: `fills` says whether the generator's does.
    """
    if used is wanted:
        return False
    ours, theirs = used.controls, wanted.controls
    if used.states != wanted.states or used.clock != wanted.clock or ours[:5] != theirs[:5]:
        return True
    if fills and _leads_elsewhere(used, wanted, threshold):
        return True
    distance = _distance(used.mix, wanted.mix)
    for name, scale in _SCALE.items():
        distance += abs(getattr(ours, name) - getattr(theirs, name)) / scale
    return distance > threshold


def _leads_elsewhere(used: FramePlan, wanted: FramePlan, threshold: float) -> bool:
    """Whether what leads into a change is another in two plans of a frame with one tempo and meter."""
    reach = wanted.clock.meter * TICKS_PER_BEAT // wanted.controls.tempo_mbpm
    ours, theirs = (plan.to_change if plan.to_change <= reach else -1 for plan in (used, wanted))
    return ours != theirs or (ours >= 0 and _distance(used.next_mix, wanted.next_mix) > threshold)


def _distance(one: Sequence[float], other: Sequence[float]) -> float:
    return sum(abs(a - b) for a, b in zip(one, other, strict=True))
