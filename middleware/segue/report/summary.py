"""The run at one glance: the figures at the head of the page, and where to look and listen."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from segue.contract import FRAME_RATE, FRAME_SIZE, SAMPLE_RATE
from segue.report.measures import Spread, reaction_spreads, spread
from segue.report.musical import clock_text, span_text
from segue.report.story import Buffering, Story, latencies

TARGET_LUFS: Final = -18.0
PEAK_LIMIT_DB: Final = -1.0
_MUCH_REPEATED: Final = 0.25
_MOST_HINTS: Final = 8


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A number with its name and a note below it."""

    name: str
    value: str
    note: str = ""
    tone: Literal["plain", "bad"] = "plain"


@dataclass(frozen=True, kw_only=True)
class Hint:
    """Something worth a look. sample: where it is, -1 for everywhere."""

    text: str
    sample: int = -1

    @property
    def time(self) -> str:
        return clock_text(self.sample)

    @property
    def time_ms(self) -> float:
        return self.sample * 1000 / SAMPLE_RATE


def figures(story: Story) -> Iterator[Figure]:
    """From the run as a whole to how it was made."""
    refused = sum(not event.accepted for event in story.events)
    started = [decision for decision in story.decisions if decision.status == "started"]
    withdrawn = sum(decision.status == "withdrawn" for decision in story.decisions)
    bars = max(story.beats.bars, default=0)
    yield Figure(name="Duration", value=span_text(story.duration_s), note=f"{bars} bars")
    yield Figure(
        name="Events",
        value=str(len(story.events)),
        note=f"{refused} refused" if refused else "all accepted",
        tone="bad" if refused else "plain",
    )
    yield Figure(name="Changes", value=str(len(started)), note=f"{withdrawn} withdrawn" if withdrawn else "none undone")
    if story.buffering is not None:
        yield from _live_figures(story, story.buffering)
    else:
        waits = spread((decision.start - decision.decided) / SAMPLE_RATE for decision in started)
        yield _times("Wait for beat or bar", waits)
    loudness = story.sound.loudness
    quiet = math.isinf(loudness.integrated_lufs)
    yield Figure(
        name="Loudness",
        value="silent" if quiet else f"{loudness.integrated_lufs:.1f} LUFS".replace("-", "−"),
        note="" if quiet else f"true peak {loudness.true_peak_db:.1f} dB".replace("-", "−"),
        tone="bad" if loudness.true_peak_db > 0 else "plain",
    )
    if story.real_time_factor is not None:
        yield Figure(
            name="Rendered at",
            value=f"{story.real_time_factor:.3g} ×",
            note="real time",
            tone="bad" if story.real_time_factor < 1 else "plain",
        )
    yield Figure(
        name="Warnings", value=str(len(story.warnings)), note="of the rules", tone="bad" if story.warnings else "plain"
    )


def _live_figures(story: Story, buffering: Buffering) -> Iterator[Figure]:
    yield _times("Reaction", spread(latency_s for _, latency_s in latencies(story)))
    levels = [level for heard, level in buffering.levels if heard > 0]
    least = min(levels, default=0) / SAMPLE_RATE
    silence = buffering.underrun_samples
    yield Figure(
        name="Buffer",
        value=f"≥ {span_text(least)}" if not silence else f"{span_text(silence / SAMPLE_RATE)} silent",
        note="never ran dry" if not silence else "ran dry",
        tone="bad" if silence else "plain",
    )
    yield Figure(
        name="Made anew",
        value=f"{buffering.repeated_share:.1%}",
        note=f"of {buffering.generated_frames / FRAME_RATE:.0f} s generated",
    )


def _times(name: str, times: Spread | None) -> Figure:
    if times is None:
        return Figure(name=name, value="–", note="nothing to measure")
    return Figure(name=name, value=span_text(times.p50_s), note=f"median; worst {span_text(times.worst_s)}")


def hints(story: Story) -> list[Hint]:
    """What a listener should know, the most alarming first."""
    found = [
        *_alarms(story),
        *_waits(story),
        *_prompt(story),
        *_tempo(story),
        *_unheard(story),
    ]
    return found[:_MOST_HINTS]


def _alarms(story: Story) -> Iterator[Hint]:
    for event in story.events:
        if not event.accepted:
            yield Hint(text=f"The event “{event.text}” was refused: {event.note or event.code}.", sample=event.sent)
    for frame, plan in enumerate(story.plans):
        if plan is None:
            yield Hint(text="The buffer ran dry: silence until new music came.", sample=frame * FRAME_SIZE)
            break
        if plan.warnings:
            yield Hint(text=f"The director warned: {', '.join(plan.warnings)}.", sample=frame * FRAME_SIZE)
            break
    for step in story.steps:
        if step.level:
            yield Hint(text=f"Fell back to {step.generator}: {step.reason}.", sample=step.sample)
    level, peak = story.sound.loudness.integrated_lufs, story.sound.loudness.true_peak_db
    if math.isfinite(level) and abs(level - TARGET_LUFS) > 2:
        side = "louder" if level > TARGET_LUFS else "softer"
        yield Hint(text=f"{abs(level - TARGET_LUFS):.1f} dB {side} than the target of −18 LUFS as a whole.")
    if peak > PEAK_LIMIT_DB + 0.05:
        yield Hint(text=f"True peak {peak:+.1f} dB: above the ceiling of −1 dB.")
    if story.buffering is not None and story.buffering.repeated_share > _MUCH_REPEATED:
        share = f"{story.buffering.repeated_share:.0%}"
        yield Hint(text=f"{share} of all generation went into replacing music: events come often for this lookahead.")


def _waits(story: Story) -> Iterator[Hint]:
    """The change that waited longest for its boundary, and the one whose conditions took longest."""
    started = [d for d in story.decisions if d.status == "started"]
    slow = max(started, key=lambda d: d.start - d.decided, default=None)
    if slow is not None and slow.start - slow.decided > SAMPLE_RATE:
        waited = span_text((slow.start - slow.decided) / SAMPLE_RATE)
        moved = f"{slow.from_state} → {slow.to_state}"
        yield Hint(text=f"Longest wait: {moved} was decided {waited} before its {slow.at} came.", sample=slow.decided)
    sent = {event.sequence: event for event in story.events}
    held = [(d, sent[s]) for d in started if (s := max((c.sequence for c in d.causes), default=-1)) in sent]
    late = max(held, key=lambda pair: pair[0].decided - pair[1].effective, default=None)
    if late is not None and late[0].decided - late[1].effective > SAMPLE_RATE:
        decision, event = late
        span = span_text((decision.decided - event.effective) / SAMPLE_RATE)
        moved = f"{decision.from_state} → {decision.to_state}"
        text = f"Slowest rule: {moved} was decided {span} after “{event.text}” (attack, hold, cooldown or seek speed)."
        yield Hint(text=text, sample=event.sent)


def _prompt(story: Story) -> Iterator[Hint]:
    if story.buffering is None:
        return
    by_unit = reaction_spreads(story.buffering.reactions)
    if by_unit:
        parts = ", ".join(f"{unit} {span_text(times.p50_s)}" for unit, times in by_unit.items())
        yield Hint(text=f"From an event to the change it set off in the ear, median by boundary: {parts}.")


def _tempo(story: Story) -> Iterator[Hint]:
    """The range of the tempo, at the later of its extremes."""
    tempos = [(plan.controls.tempo_mbpm / 1000, n) for n, plan in enumerate(story.plans) if plan is not None]
    if tempos:
        (low, at_low), (high, at_high) = min(tempos), max(tempos)
        if high > low:
            later = max(at_low, at_high)
            text = f"Tempo moves between {low:.0f} and {high:.0f} bpm; beats stay on the grid through every ramp."
            yield Hint(text=text, sample=later * FRAME_SIZE)


def _unheard(story: Story) -> Iterator[Hint]:
    missing = []
    for index, layer in enumerate(story.rules.layers):
        heard = {plan.states[index] for plan in story.plans if plan is not None}
        missing += [f"{layer.name} {state.name}" for state in layer.states if state.name not in heard]
    if missing:
        yield Hint(text=f"Never heard: {', '.join(missing)}.")
