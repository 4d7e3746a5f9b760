"""Beats and bars of what was heard, and times as a reader wants them."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from segue.contract import FRAME_SIZE, SAMPLE_RATE
from segue_rules.plan import FramePlan
from segue_rules.timeline import bar_beat


@dataclass(frozen=True, kw_only=True)
class Beats:
    """Every beat that was heard, in order. samples: positions. bars, beats: counted from 1 as musicians do."""

    samples: tuple[int, ...]
    bars: tuple[int, ...]
    beats: tuple[int, ...]

    def at(self, sample: int) -> str:
        """ "12:3": the beat that sounds at a sample, "" before the first."""
        index = bisect_right(self.samples, sample) - 1
        return f"{self.bars[index]}:{self.beats[index]}" if index >= 0 else ""


def beats_of(plans: Sequence[FramePlan | None]) -> Beats:
    """The beats that fall in the frames of `plans`."""
    found = []
    for frame, plan in enumerate(plans):
        if plan is not None and max(plan.beat, plan.bar_start) >= 0:
            place = bar_beat(plan)
            offset = plan.bar_start if plan.bar_start >= 0 else plan.beat
            found.append((frame * FRAME_SIZE + offset, place.bar, place.beat))
    return Beats(
        samples=tuple(sample for sample, _, _ in found),
        bars=tuple(bar for _, bar, _ in found),
        beats=tuple(beat for _, _, beat in found),
    )


def clock_text(sample: int) -> str:
    """ "1:04.520": minutes, seconds and milliseconds."""
    total = round(sample * 1000 / SAMPLE_RATE)
    return f"{total // 60_000}:{total // 1000 % 60:02d}.{total % 1000:03d}"


def span_text(seconds: float) -> str:
    """A duration to three digits: "240 ms", "1.52 s", "2:18 min"."""
    if seconds >= 60:
        return f"{int(seconds) // 60}:{int(seconds) % 60:02d} min"
    return f"{round(seconds * 1000)} ms" if abs(seconds) < 0.9995 else f"{seconds:.2f} s"
