"""The summary of a run: the figures at the top of the page, and the hints below them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from segue.audio.normalise import TARGET_LUFS
from segue.contract import FRAME_RATE, FRAME_SIZE, SAMPLE_RATE
from segue.report.reactions import TimeStatistics, reaction_statistics, time_statistics
from segue.report.report_data import LiveFigures, ReportData, span_text
from segue_rules.model import written_name
from segue_rules.times import clock_text

PEAK_LIMIT_DB: Final = -1.0
_MUCH_REPLACED: Final = 0.25
_MOST_HINTS: Final = 8


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A number with a name above and a note below it."""

    name: str
    value: str
    note: str = ""
    tone: Literal["plain", "bad"] = "plain"


@dataclass(frozen=True, kw_only=True)
class Hint:
    """Something to check.

    Attributes:
        sample: Where it is, -1 if it concerns the whole run.
    """

    text: str
    sample: int = -1

    @property
    def time(self) -> str:
        return clock_text(self.sample / SAMPLE_RATE, 3)

    @property
    def time_ms(self) -> float:
        return self.sample * 1000 / SAMPLE_RATE


def figures(data: ReportData) -> Iterator[Figure]:
    """Yield the figures at the top of the page."""
    refused = sum(not event.accepted for event in data.events)
    started = [change for change in data.changes if change.status == "started"]
    withdrawn = sum(change.status == "withdrawn" for change in data.changes)
    bars = max(data.beats.bars, default=0)
    yield Figure(name="Duration", value=span_text(data.duration_s), note=f"{bars} bars")
    yield Figure(
        name="Events",
        value=str(len(data.events)),
        note=f"{refused} refused" if refused else "all accepted",
        tone="bad" if refused else "plain",
    )
    yield Figure(
        name="State changes", value=str(len(started)), note=f"{withdrawn} withdrawn" if withdrawn else "none withdrawn"
    )
    if data.live is not None:
        yield from _live_figures(data, data.live)
    else:
        waits = time_statistics((change.start - change.decided) / SAMPLE_RATE for change in started)
        yield _times("Wait for sync point", waits)
    loudness = data.sound.loudness
    quiet = math.isinf(loudness.integrated_lufs)
    yield Figure(
        name="Loudness",
        value="silent" if quiet else f"{loudness.integrated_lufs:.1f} LUFS".replace("-", "−"),
        note="" if quiet else f"true peak {loudness.true_peak_db:.1f} dBTP".replace("-", "−"),
        tone="bad" if loudness.true_peak_db > 0 else "plain",
    )
    if data.real_time_factor is not None:
        yield Figure(
            name="Render speed",
            value=f"{data.real_time_factor:.3g} ×",
            note="real time",
            tone="bad" if data.real_time_factor < 1 else "plain",
        )
    yield Figure(
        name="Warnings", value=str(len(data.warnings)), note="about the rules", tone="bad" if data.warnings else "plain"
    )


def _live_figures(data: ReportData, live: LiveFigures) -> Iterator[Figure]:
    yield _times("Latency", time_statistics(latency_s for _, latency_s in data.latencies()))
    levels = [level for playhead, level in live.levels if playhead > 0]
    least = min(levels, default=0) / SAMPLE_RATE
    silence = live.underrun_samples
    yield Figure(
        name="Buffer",
        value=f"≥ {span_text(least)}" if not silence else f"{span_text(silence / SAMPLE_RATE)} silent",
        note="no underrun" if not silence else "underrun",
        tone="bad" if silence else "plain",
    )
    yield Figure(
        name="Replaced audio",
        value=f"{live.replaced_share:.1%}",
        note=f"of {live.generated_frames / FRAME_RATE:.0f} s generated",
    )


def _times(name: str, times: TimeStatistics | None) -> Figure:
    if times is None:
        return Figure(name=name, value="–", note="nothing to measure")
    return Figure(name=name, value=span_text(times.p50_s), note=f"median; worst {span_text(times.worst_s)}")


def hints(data: ReportData) -> list[Hint]:
    """Return what a sound designer should check, the most severe first."""
    found = [
        *_problems(data),
        *_waits(data),
        *_reaction_times(data),
        *_tempo(data),
        *_unreached_states(data),
    ]
    return found[:_MOST_HINTS]


def _problems(data: ReportData) -> Iterator[Hint]:
    for event in data.events:
        if not event.accepted:
            yield Hint(text=f"The event “{event.text}” was refused: {event.note or event.code}.", sample=event.sent)
    for frame, plan in enumerate(data.plans):
        if plan is None:
            yield Hint(
                text="Buffer underrun: the buffer ran dry, with silence until new audio arrived.",
                sample=frame * FRAME_SIZE,
            )
            break
        if plan.warnings:
            yield Hint(text=f"The director warned: {', '.join(plan.warnings)}.", sample=frame * FRAME_SIZE)
            break
    for step in data.fallbacks:
        if step.level:
            yield Hint(text=f"Fell back to generator {step.generator}: {step.reason}.", sample=step.sample)
    level, peak = data.sound.loudness.integrated_lufs, data.sound.loudness.true_peak_db
    if math.isfinite(level) and abs(level - TARGET_LUFS) > 2:
        side = "above" if level > TARGET_LUFS else "below"
        yield Hint(text=f"Integrated loudness is {abs(level - TARGET_LUFS):.1f} LU {side} the target of −18 LUFS.")
    if peak > PEAK_LIMIT_DB + 0.05:
        yield Hint(text=f"True peak {peak:+.1f} dBTP is above the ceiling of −1 dBTP.")
    if data.live is not None and data.live.replaced_share > _MUCH_REPLACED:
        share = f"{data.live.replaced_share:.0%}"
        yield Hint(
            text=f"{share} of the generated audio replaced other audio: events come often for this lookahead. "
            "A shorter lookahead replaces less."
        )


def _waits(data: ReportData) -> Iterator[Hint]:
    """Yield the change that waited longest for its sync point, and the one that the rules delayed most."""
    started = [change for change in data.changes if change.status == "started"]
    slow = max(started, key=lambda change: change.start - change.decided, default=None)
    if slow is not None and slow.start - slow.decided > SAMPLE_RATE:
        waited = span_text((slow.start - slow.decided) / SAMPLE_RATE)
        moved = f"{slow.from_state} → {slow.to_state}"
        yield Hint(text=f"Longest wait for a sync point: {moved} waited {waited} (at: {slow.at}).", sample=slow.decided)
    events = {event.sequence: event for event in data.events}
    pairs = [
        (c, events[s]) for c in started if (s := max((cause.sequence for cause in c.causes), default=-1)) in events
    ]
    latest = max(pairs, key=lambda pair: pair[0].decided - pair[1].effective, default=None)
    if latest is not None and latest[0].decided - latest[1].effective > SAMPLE_RATE:
        change, event = latest
        span = span_text((change.decided - event.effective) / SAMPLE_RATE)
        moved = f"{change.from_state} → {change.to_state}"
        text = f"Slowest rule: {moved} was decided {span} after “{event.text}” (attack, hold, cooldown or seek speed)."
        yield Hint(text=text, sample=event.sent)


def _reaction_times(data: ReportData) -> Iterator[Hint]:
    if data.live is None:
        return
    by_point = reaction_statistics(data.live.reactions)
    if by_point:
        parts = ", ".join(f"{point} {span_text(times.p50_s)}" for point, times in by_point.items())
        yield Hint(text=f"Median time from an event to the audible state change, by sync point: {parts}.")


def _tempo(data: ReportData) -> Iterator[Hint]:
    """Yield the range of the tempo, at the later of its extremes."""
    tempos = [(plan.controls.tempo_mbpm / 1000, n) for n, plan in enumerate(data.plans) if plan is not None]
    if tempos:
        (low, at_low), (high, at_high) = min(tempos), max(tempos)
        if high > low:
            text = f"The tempo ranges from {low:.0f} to {high:.0f} bpm."
            yield Hint(text=text, sample=max(at_low, at_high) * FRAME_SIZE)


def _unreached_states(data: ReportData) -> Iterator[Hint]:
    missing = []
    for index, layer in enumerate(data.rules.layers):
        played = {plan.states[index] for plan in data.plans if plan is not None}
        entered = {written_name(name) for name in played}
        # A state of which no piece was played is named once.
        names = [s.name if s.written in entered else s.written for s in layer.states if s.name not in played]
        if names:
            missing.append(f"{', '.join(dict.fromkeys(names))} of {layer.name}")
    if missing:
        yield Hint(text=f"States never reached: {'; '.join(missing)}.")
