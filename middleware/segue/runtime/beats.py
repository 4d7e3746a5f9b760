"""Beats and bars as sample positions, for games that act on them."""

from __future__ import annotations

from collections.abc import Sequence

from segue.contract import FRAME_SIZE, TICKS_PER_BEAT
from segue.runtime.messages import Beat, ClockOut
from segue_rules.plan import FramePlan


def clock(plans: Sequence[FramePlan], *, exact: bool) -> ClockOut:
    """Every beat that falls in these frames (at least one)."""
    return ClockOut(
        beats=tuple(_beat(plan) for plan in plans if plan.beat >= 0),
        tempo_bpm=plans[0].controls.tempo_mbpm / 1000,
        exact=exact,
    )


def _beat(plan: FramePlan) -> Beat:
    """The beat in a frame that has one."""
    position = plan.clock
    bar, origin = position.bar, position.bar_ticks
    if plan.bar_start >= 0 and position.ticks != origin:
        bar, origin = bar + 1, origin + position.meter * TICKS_PER_BEAT
    line = -(-position.ticks // TICKS_PER_BEAT) * TICKS_PER_BEAT
    return Beat(sample=plan.frame * FRAME_SIZE + plan.beat, bar=bar, beat=(line - origin) // TICKS_PER_BEAT)
