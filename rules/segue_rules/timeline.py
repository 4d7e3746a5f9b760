"""Plays rules against an event script on a virtual clock, and puts what happens into words.

There is no latency: every frame can still be changed when it is stepped.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Final, NamedTuple

from segue_rules.controls import SILENCE_DB, TONICS, NumberControl
from segue_rules.director import Director, Span
from segue_rules.director.timing import advance, bar_in, beat_in, sample_offset
from segue_rules.events import Event, Receipt, ScriptedEvent
from segue_rules.meters import meter_text
from segue_rules.model import FRAME_RATE, FRAME_SIZE, SAMPLE_RATE, InputValue
from segue_rules.plan import (
    CONDITION_FALSE,
    TICKS_PER_BEAT,
    Candidate,
    Change,
    ClipSound,
    Controls,
    FramePlan,
    StingerCue,
)
from segue_rules.times import clock_text, duration_text

_MOST_UNTRUE: Final = 8
"""More states than these, of which a reason says only that their condition is false, are not named."""


class BarBeat(NamedTuple):
    """A musical position as musicians count: the piece begins at bar 1, beat 1."""

    bar: int
    beat: int

    def __str__(self) -> str:
        return f"{self.bar}:{self.beat}"


class TimelineEntry(NamedTuple):
    """Something that happened in a frame, in words.

    Attributes:
        kind: "event", "refused", "clamped", "change", "stinger", "clip" or "warning".
        subject: The layer, stinger or clip.
        text: What happened.
        why: Its reasons.
        why_not: Why other states did not win.
        starts_later: Whether it is decided and starts later.
        decided_before: Whether it was decided in an earlier frame.
    """

    frame: int
    position: BarBeat
    kind: str
    subject: str
    text: str
    why: tuple[str, ...] = ()
    why_not: tuple[str, ...] = ()
    starts_later: bool = False
    decided_before: bool = False


def play_script(director: Director, events: Sequence[ScriptedEvent], frames: int) -> Iterator[Span]:
    """Play every frame before `frames` under the events, as runs of equal plans.

    Events of one frame apply in the order of the script. The receipts, changes and stingers of a plan belong to the
    first
    frame of its span only.
    """
    state = director.start()
    for frame, group in groupby(sorted(events, key=lambda scripted: scripted.frame), key=lambda s: s.frame):
        if frame >= frames:
            break
        for span in director.spans(state, frame):
            state = span.state
            yield span
        state, plan = director.step(state, frame, [scripted.event for scripted in group], frame)
        yield Span(plan, 1, state)
    yield from director.spans(state, frames)


def plan_at(plan: FramePlan, frame: int) -> FramePlan:
    """The plan of a later frame in a run of equal plans that begins with `plan`.

    Only time differs. Receipts, changes and stingers belong to the first frame.
    """
    if frame == plan.frame:
        return plan
    tempo = plan.controls.tempo_mbpm
    now = advance(plan.clock, plan.controls, frame - plan.frame)
    beat, bar = beat_in(now, tempo), bar_in(now, tempo)[0]
    return plan._replace(
        frame=frame,
        clock=now,
        beat=-1 if beat < 0 else sample_offset(beat, now, tempo),
        bar_start=-1 if bar < 0 else sample_offset(bar, now, tempo),
        receipts=(),
        changes=(),
        stingers=(),
    )


def bar_beat(plan: FramePlan) -> BarBeat:
    """The musical position of the frame: of the beat or bar line in it, if there is one."""
    clock = plan.clock
    if plan.bar_start >= 0:
        return BarBeat(clock.bar + (1 if clock.ticks == clock.bar_ticks else 2), 1)
    into_bar = clock.ticks - clock.bar_ticks
    beat = -(-into_bar // TICKS_PER_BEAT) if plan.beat >= 0 else into_bar // TICKS_PER_BEAT
    return BarBeat(clock.bar + 1, beat + 1)


def show_value(value: InputValue) -> str:
    """The value of an input as in a rule file, with at most three decimals."""
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:.3f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)


def control(controls: Controls, name: str) -> float:
    """A control that is a number, in the unit of the rule file."""
    values = {
        "tempo": controls.tempo_mbpm / 1000,
        "meter": controls.meter,
        "intensity": controls.intensity,
        "temperature": controls.temperature,
        "guidance": controls.guidance,
        "gain": controls.gain_db,
        "low_pass": controls.low_pass_hz,
        "high_pass": controls.high_pass_hz,
        "reverb": controls.reverb,
        "width": controls.width,
        "pan": controls.pan,
    }
    return float(values[name])


def effect_text(effect: NumberControl, controls: Controls) -> str:
    """The value of an effect as in a rule file, rounded: whole Hz, and else two decimals."""
    value = control(controls, effect.name)
    return f"{value:.0f}{effect.unit}" if effect.unit else show_value(round(value, 2))


def switch(controls: Controls, name: str) -> str:
    """The meter, key or drums as in a rule file."""
    if name == "meter":
        return meter_text(controls.groups or controls.meter)
    if name == "drums":
        return {1: "on", 0: "off", -1: "auto"}[controls.drums]
    return "auto" if controls.tonic < 0 else f"{TONICS[controls.tonic]} {controls.mode}"


def show_event(event: Event) -> str:
    """An event in words: "reset; set threat 0.9, enemies 4; fire boss_dead"."""
    parts = ["reset"] if event.reset else []
    if event.set:
        parts.append("set " + ", ".join(f"{name} {show_value(value)}" for name, value in event.set.items()))
    if event.fire:
        parts.append("fire " + ", ".join(event.fire))
    return "; ".join(parts) or "nothing"


def by_sequence(events: Sequence[ScriptedEvent]) -> Mapping[int, Event]:
    """The events of a script by their sequence numbers, which receipts and causes refer to."""
    return {scripted.event.sequence: scripted.event for scripted in events}


_NO_EVENTS: Final[Mapping[int, Event]] = {}


def timeline_entries(plan: FramePlan, events: Mapping[int, Event] = _NO_EVENTS) -> Iterator[TimelineEntry]:
    """What happened in a frame, in order.

    Args:
        events: All events of the script by sequence number, to name those of receipts.
    """
    begun = clips_begun(plan)
    if not (plan.receipts or plan.changes or plan.stingers or plan.warnings or begun):
        return
    place = bar_beat(plan)
    for receipt in plan.receipts:
        yield _receipt(receipt, events.get(receipt.sequence), place)
    for change in plan.changes:
        yield _change(change, plan.frame, place)
    for cue in plan.stingers:
        yield _stinger(cue, plan.frame, place)
    for clip in begun:
        yield _clip(clip, plan.frame, place)
    for code in plan.warnings:
        yield TimelineEntry(plan.frame, place, "warning", code, _WARNINGS.get(code, code))


def clips_begun(plan: FramePlan) -> list[ClipSound]:
    """The clips that come in in a frame, outros too."""
    return [clip for clip in plan.clips if clip.begin // FRAME_SIZE == plan.frame]


def clip_levels(plan: FramePlan) -> dict[str, float]:
    """The level of each clip that sounds, by name, at the end of a frame, in dB: the loudest of several."""
    gains: dict[str, float] = {}
    for clip in plan.clips:
        gains[clip.clip] = max(gains.get(clip.clip, 0.0), clip.gain)
    return {
        name: max(float(SILENCE_DB), 20.0 * math.log10(gain)) if gain > 0.0 else float(SILENCE_DB)
        for name, gain in gains.items()
    }


_WARNINGS = {"empty_mix": "no style has any weight; the mix before goes on"}


def _receipt(receipt: Receipt, event: Event | None, place: BarBeat) -> TimelineEntry:
    kind = "refused" if not receipt.accepted else "clamped" if receipt.code == "clamped" else "event"
    text = show_event(event) if event else f"event {receipt.sequence}"
    why = (f"{receipt.code}: {receipt.text}" if receipt.text else receipt.code,) if kind != "event" else ()
    return TimelineEntry(receipt.frame, place, kind, "", text, why)


def _change(change: Change, frame: int, place: BarBeat) -> TimelineEntry:
    # ASCII here; the command prints an arrow where the terminal can show one.
    moved = f"{change.from_state} -> {change.to_state}"
    boundary = change.at if change.at == "immediate" else f"at {change.at}"
    row = f"{boundary}, {_ramp(change)}"
    if change.kind == "scheduled":
        text = f"{moved} starts at {clock_text(change.start / FRAME_RATE, 2)} ({row})"
    elif change.kind == "withdrawn":
        text = f"{moved} withdrawn"
    else:
        waited = change.waited_frames
        text = f"{moved} ({row}" + (f", waited {duration_text(waited / FRAME_RATE)})" if waited else ")")
    because = tuple(f"because {cause.text}" for cause in change.causes)
    instead = tuple(_losers(change.candidates))
    return TimelineEntry(
        frame,
        place,
        "change",
        change.layer,
        text,
        because,
        instead,
        starts_later=change.kind == "scheduled",
        decided_before=change.decided < frame,
    )


def _ramp(change: Change) -> str:
    """How the mix changes: "ramp 2s", or "fade out 4s, in 400ms"."""
    if change.fades is None:
        return f"ramp {duration_text(change.ramp_frames / FRAME_RATE)}"
    out, enter = (duration_text(frames / FRAME_RATE) for frames in change.fades)
    return f"fade out {out}, in {enter}"


def _losers(candidates: Sequence[Candidate]) -> Iterator[str]:
    """Why the other states did not win. Many whose condition is false are counted only."""
    untrue = sum(candidate.reason == CONDITION_FALSE for candidate in candidates)
    folded = untrue > _MOST_UNTRUE
    for candidate in candidates:
        if not (folded and candidate.reason == CONDITION_FALSE):
            yield f"not {candidate.state}: {candidate.reason}"
    if folded:
        yield f"not {untrue} others: {CONDITION_FALSE}"


def _stinger(cue: StingerCue, frame: int, place: BarBeat) -> TimelineEntry:
    start = f"{clock_text(cue.start // FRAME_SIZE / FRAME_RATE, 2)} (sample {cue.start})"
    text = {
        "scheduled": f"starts at {start}",
        "started": f"starts at sample {cue.start}",
        "dropped": "dropped",
    }[cue.kind]
    duck = cue.duck
    if duck is not None and cue.kind == "started":
        text += f", music down {duck.depth_db:g} dB within {duck.fade_out_samples * 1000 // SAMPLE_RATE}ms"
    why = (*([f"because {cue.cause}"] if cue.cause else []), *([cue.reason] if cue.reason else []))
    return TimelineEntry(frame, place, "stinger", cue.stinger, text, why, starts_later=cue.kind == "scheduled")


def _clip(clip: ClipSound, frame: int, place: BarBeat) -> TimelineEntry:
    into = (clip.begin - clip.start) / SAMPLE_RATE
    side = "behind" if into > 0 else "before"
    where = f", {duration_text(round(abs(into), 3))} {side} its beginning" if into and clip.loops else ""
    text = f"comes in at sample {clip.begin}{where}" if clip.loops else f"plays its outro from sample {clip.begin}"
    return TimelineEntry(frame, place, "clip", clip.clip, text)


def brief(entry: TimelineEntry) -> TimelineEntry:
    """The entry without losing states, and without causes that were shown when the change was decided."""
    return entry._replace(why=() if entry.decided_before else entry.why, why_not=())


def entry_lines(entry: TimelineEntry) -> Iterator[str]:
    """The entry as a line with time, bar:beat, subject and text, then a line for each reason."""
    what = entry.subject if entry.kind in ("change", "stinger", "clip") else entry.kind
    head = f"{clock_text(entry.frame / FRAME_RATE, 2):>8} {entry.position!s:>6}  "
    yield f"{head}{what:<12}  {entry.text}"
    for reason in (*entry.why, *entry.why_not):
        yield f"{'':{len(head)}}{'':<12}  {reason}"
