"""A rehearsal: rules played against an event script on a virtual clock, and what happened told in words.

The session of a rehearsal has no latency: every frame can still be changed when it is stepped (earliest = now).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Final, NamedTuple

from segue_rules.controls import TONICS
from segue_rules.director import Director, Span
from segue_rules.director.timing import advance, bar_in, beat_in, sample_offset
from segue_rules.events import Event, Receipt, ScriptedEvent
from segue_rules.model import FRAME_RATE, FRAME_SIZE, SAMPLE_RATE, InputValue
from segue_rules.plan import TICKS_PER_BEAT, Change, Controls, FramePlan, StingerCue


class BarBeat(NamedTuple):
    """A musical place as musicians count: the first beat of the piece is bar 1, beat 1."""

    bar: int
    beat: int

    def __str__(self) -> str:
        return f"{self.bar}:{self.beat}"


class TimelineEntry(NamedTuple):
    """Something to tell of a frame.

    kind: "event", "refused", "clamped", "change", "stinger" or "warning". subject: the layer or stinger it is about.
    text: what happened. why: its reasons. why_not: why other states did not win. foretold: it is decided, and starts
    later. decided_before: it was foretold in an earlier frame.
    """

    frame: int
    position: BarBeat
    kind: str
    subject: str
    text: str
    why: tuple[str, ...] = ()
    why_not: tuple[str, ...] = ()
    foretold: bool = False
    decided_before: bool = False


def play_script(director: Director, events: Sequence[ScriptedEvent], frames: int) -> Iterator[Span]:
    """Every frame before `frames` under the events, in file order within a frame, as runs of equal plans.

    A plan's receipts, changes and stingers belong to the first frame of its span alone.
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
    """The plan of a later frame of a run of equal plans that begins with `plan`: only time goes on.

    Receipts, changes and stingers stay behind with the first frame.
    """
    if frame == plan.frame:
        return plan
    tempo, meter = plan.controls.tempo_mbpm, plan.controls.meter
    now = advance(plan.clock, tempo, meter, frame - plan.frame)
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


def seconds(frames: int) -> str:
    """A duration in frames as a designer writes it: "320ms", "4s", "1.5s"."""
    if frames < FRAME_RATE:
        return f"{frames * 1000 // FRAME_RATE}ms"
    return f"{frames / FRAME_RATE:.2f}".rstrip("0").rstrip(".") + "s"


def clock_time(frame: int) -> str:
    """The moment a frame starts: minutes, seconds and hundredths, "1:04.52"."""
    hundredths = frame * 100 // FRAME_RATE
    return f"{hundredths // 6000}:{hundredths // 100 % 60:02d}.{hundredths % 100:02d}"


def bar_beat(plan: FramePlan) -> BarBeat:
    """Where the frame is in the music; the beat or bar line that falls in it, if one does."""
    clock = plan.clock
    if plan.bar_start >= 0:
        return BarBeat(clock.bar + (1 if clock.ticks == clock.bar_ticks else 2), 1)
    into_bar = clock.ticks - clock.bar_ticks
    beat = -(-into_bar // TICKS_PER_BEAT) if plan.beat >= 0 else into_bar // TICKS_PER_BEAT
    return BarBeat(clock.bar + 1, beat + 1)


def show_value(value: InputValue) -> str:
    """An input's value as in a rule file, numbers to three decimals."""
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:.3f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)


def control(controls: Controls, name: str) -> float:
    """A numeric control in the unit of the rule file."""
    values = {
        "tempo": controls.tempo_mbpm / 1000,
        "meter": controls.meter,
        "intensity": controls.intensity,
        "temperature": controls.temperature,
        "guidance": controls.guidance,
        "gain": controls.gain_db,
    }
    return float(values[name])


def switch(controls: Controls, name: str) -> str:
    """The key or drums control as a rule file writes it."""
    if name == "drums":
        return {1: "on", 0: "off", -1: "auto"}[controls.drums]
    return "auto" if controls.tonic < 0 else f"{TONICS[controls.tonic]} {controls.mode}"


def show_event(event: Event) -> str:
    """ "set threat 0.9, enemies 4; fire boss_dead"."""
    parts = []
    if event.set:
        parts.append("set " + ", ".join(f"{name} {show_value(value)}" for name, value in event.set.items()))
    if event.fire:
        parts.append("fire " + ", ".join(event.fire))
    return "; ".join(parts) or "nothing"


def by_sequence(events: Sequence[ScriptedEvent]) -> Mapping[int, Event]:
    """The events of a script by their sequence numbers, by which receipts and causes name them."""
    return {scripted.event.sequence: scripted.event for scripted in events}


_NO_EVENTS: Final[Mapping[int, Event]] = {}


def timeline_entries(plan: FramePlan, events: Mapping[int, Event] = _NO_EVENTS) -> Iterator[TimelineEntry]:
    """What the frame's plan tells, in the order it came about. events: of the whole script, by sequence."""
    if not (plan.receipts or plan.changes or plan.stingers or plan.warnings):
        return
    place = bar_beat(plan)
    for receipt in plan.receipts:
        yield _receipt(receipt, events.get(receipt.sequence), place)
    for change in plan.changes:
        yield _change(change, plan.frame, place)
    for cue in plan.stingers:
        yield _stinger(cue, plan.frame, place)
    for code in plan.warnings:
        yield TimelineEntry(plan.frame, place, "warning", code, _WARNINGS.get(code, code))


_WARNINGS = {"empty_mix": "no style has any weight; the mix before goes on"}


def _receipt(receipt: Receipt, event: Event | None, place: BarBeat) -> TimelineEntry:
    kind = "refused" if not receipt.accepted else "clamped" if receipt.code == "clamped" else "event"
    text = show_event(event) if event else f"event {receipt.sequence}"
    why = (f"{receipt.code}: {receipt.text}" if receipt.text else receipt.code,) if kind != "event" else ()
    return TimelineEntry(receipt.frame, place, kind, "", text, why)


def _change(change: Change, frame: int, place: BarBeat) -> TimelineEntry:
    # ASCII here; the command line writes an arrow where the terminal can.
    moved = f"{change.from_state} -> {change.to_state}"
    boundary = change.at if change.at == "immediate" else f"at {change.at}"
    row = f"{boundary}, ramp {seconds(change.ramp_frames)}"
    if change.kind == "scheduled":
        text = f"{moved} is to start at {clock_time(change.start)} ({row})"
    elif change.kind == "withdrawn":
        text = f"{moved} withdrawn"
    else:
        waited = change.start - change.decided
        text = f"{moved} ({row}" + (f", waited {seconds(waited)})" if waited else ")")
    because = tuple(f"because {cause.text}" for cause in change.causes)
    instead = tuple(f"not {candidate.state}: {candidate.reason}" for candidate in change.candidates)
    return TimelineEntry(
        frame,
        place,
        "change",
        change.layer,
        text,
        because,
        instead,
        foretold=change.kind == "scheduled",
        decided_before=change.decided < frame,
    )


def _stinger(cue: StingerCue, frame: int, place: BarBeat) -> TimelineEntry:
    start = f"{clock_time(cue.start // FRAME_SIZE)} (sample {cue.start})"
    text = {
        "scheduled": f"is to start at {start}",
        "started": f"starts at sample {cue.start}",
        "dropped": "dropped",
    }[cue.kind]
    duck = cue.duck
    if duck is not None and cue.kind == "started":
        text += f", music down {duck.depth_db:g} dB within {duck.fade_out_samples * 1000 // SAMPLE_RATE}ms"
    why = (cue.reason,) if cue.reason else ()
    return TimelineEntry(frame, place, "stinger", cue.stinger, text, why, foretold=cue.kind == "scheduled")


def brief(entry: TimelineEntry) -> TimelineEntry:
    """Without the states that did not win, and without the causes if they were told when it was decided."""
    return entry._replace(why=() if entry.decided_before else entry.why, why_not=())


def entry_lines(entry: TimelineEntry) -> Iterator[str]:
    """In a line: time, bar:beat, what, text; then each reason in a line of its own."""
    what = entry.subject if entry.kind in ("change", "stinger") else entry.kind
    head = f"{clock_time(entry.frame):>8} {entry.position!s:>6}  "
    yield f"{head}{what:<12}  {entry.text}"
    for reason in (*entry.why, *entry.why_not):
        yield f"{'':{len(head)}}{'':<12}  {reason}"
