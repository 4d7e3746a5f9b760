"""The decision log: everything that happened in a run, in order, with its reasons. It is the page's table."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from segue.contract import FRAME_SIZE, SAMPLE_RATE
from segue.report.outcomes import ChangeOutcome, EventOutcome, StingerOutcome
from segue.report.report_data import ReportData, span_text
from segue_rules.times import clock_text

EntryKind: TypeAlias = Literal["event", "input", "change", "stinger", "take", "fallback", "warning"]
# Entries at the same position are listed in this order. "input" is an event that only sets continuous inputs.
ENTRY_KINDS: Final[tuple[EntryKind, ...]] = ("event", "input", "warning", "change", "stinger", "take", "fallback")
_WARNINGS: Final = {"empty_mix": "No style had any weight; the previous mix continued."}


@dataclass(frozen=True, kw_only=True)
class LogEntry:
    """A row of the table.

    Attributes:
        sample: Where a click on the row leads.
        place: Bar and beat, "12:3".
        status: One word.
        tone: Colour of the status.
        moved: Old and new state of a change.
        why: Reasons.
        why_not: Each state that lost, with the reason.
    """

    sample: int
    kind: EntryKind
    place: str
    what: str
    status: str
    tone: Literal["good", "bad", "quiet", "plain"]
    moved: tuple[str, str] | None = None
    why: tuple[str, ...] = ()
    why_not: tuple[tuple[str, str], ...] = ()

    @property
    def time_ms(self) -> float:
        return self.sample * 1000 / SAMPLE_RATE


def decision_log(data: ReportData) -> list[LogEntry]:
    """Return all entries in time order; events come before what they caused at the same position."""
    entries = [
        *_events(data),
        *_changes(data),
        *_stingers(data),
        *_takes(data),
        *_fallbacks(data),
        *_warnings(data),
    ]
    return sorted(entries, key=lambda entry: (entry.sample, ENTRY_KINDS.index(entry.kind)))


def _events(data: ReportData) -> Iterator[LogEntry]:
    caused: defaultdict[int, list[ChangeOutcome]] = defaultdict(list)
    for change in data.changes:
        if change.status == "started":
            caused[max((cause.sequence for cause in change.causes), default=-1)].append(change)
    for event in data.events:
        yield LogEntry(
            sample=event.sent,
            kind="input" if event.routine else "event",
            place=data.beats.at(event.sent),
            what=event.text,
            status="refused" if not event.accepted else event.code,
            tone="bad" if not event.accepted else "plain" if event.code == "clamped" else "good",
            why=tuple(_consequences(data, event, caused.get(event.sequence, ()))),
        )


def _consequences(data: ReportData, event: EventOutcome, caused: Sequence[ChangeOutcome]) -> Iterator[str]:
    if not event.accepted:
        yield f"{event.code}: {event.note}" if event.note else event.code
        return
    if event.note:
        yield event.note
    if event.effective > event.sent and data.played(event.effective):
        latency = span_text((event.effective - event.sent) / SAMPLE_RATE)
        yield f"affects the audio from {clock_text(event.effective / SAMPLE_RATE, 3)}, {latency} after it was sent"
    for change in caused:
        delay = span_text((change.start - event.sent) / SAMPLE_RATE)
        yield f"caused {change.layer}: {change.from_state} → {change.to_state} after {delay}"


def _changes(data: ReportData) -> Iterator[LogEntry]:
    for change in data.changes:
        sample = change.decided if change.status == "withdrawn" else change.start
        yield LogEntry(
            sample=min(sample, data.sound.samples),
            kind="change",
            place=data.beats.at(sample),
            what=change.layer,
            moved=(change.from_state, change.to_state),
            status=change.status,
            tone="good" if change.status == "started" else "quiet",
            why=(*(cause.text for cause in change.causes), _timing(data, change)),
            why_not=tuple((c.state, c.reason) for c in change.candidates if c.state not in (change.to_state, "")),
        )


def _timing(data: ReportData, change: ChangeOutcome) -> str:
    """Say when a change was decided, which sync point it waited for and how long its ramp is."""
    decided, start = (clock_text(sample / SAMPLE_RATE, 3) for sample in (change.decided, change.start))
    ramp = f"ramp {span_text(change.ramp / SAMPLE_RATE)}" if change.ramp else "no ramp"
    if change.status == "withdrawn":
        return f"decided {decided}, was to start at {start} ({change.at})"
    if change.status == "scheduled":
        return f"decided {decided}, starts at {start} ({change.at}), {ramp}"
    if not data.played(change.start):
        ramp += "; not played because of a buffer underrun"
    waited = change.start - change.decided
    if waited < FRAME_SIZE:
        return f"started at once ({change.at}), {ramp}"
    return f"decided {decided}, waited {span_text(waited / SAMPLE_RATE)} ({change.at}), {ramp}"


def _stingers(data: ReportData) -> Iterator[LogEntry]:
    for stinger in data.stingers:
        yield LogEntry(
            sample=stinger.start,
            kind="stinger",
            place=data.beats.at(stinger.start),
            what=stinger.name,
            status=stinger.status,
            tone="good" if stinger.status == "started" else "bad" if stinger.status == "dropped" else "quiet",
            why=tuple(_stinger_notes(stinger)),
        )


def _stinger_notes(stinger: StingerOutcome) -> Iterator[str]:
    if stinger.reason:
        yield stinger.reason
    length = (stinger.end - stinger.start) / SAMPLE_RATE
    kind = "style burst" if stinger.burst else f"audio file, {stinger.gain_db:+g} dB"
    yield f"{kind}, {span_text(length)}" if length else kind
    if stinger.duck is not None:
        yield f"ducks the music by {-stinger.duck.depth_db:g} dB"


def _takes(data: ReportData) -> Iterator[LogEntry]:
    for take in data.takes:
        if take.replaced:
            length = span_text(take.replaced / SAMPLE_RATE)
            yield LogEntry(
                sample=take.start,
                kind="take",
                place=data.beats.at(take.start),
                what=f"take {take.number}",
                status="replaced",
                tone="quiet",
                why=(f"replaced {length} of buffered audio; arrived at {clock_text(take.received / SAMPLE_RATE, 3)}",),
            )


def _fallbacks(data: ReportData) -> Iterator[LogEntry]:
    for step in data.fallbacks:
        yield LogEntry(
            sample=step.sample,
            kind="fallback",
            place=data.beats.at(step.sample),
            what=f"level {step.level}: {step.generator}",
            status="fell back" if step.level else "recovered",
            tone="bad" if step.level else "good",
            why=(step.reason,),
        )


def _warnings(data: ReportData) -> Iterator[LogEntry]:
    """Yield the first frame of each series of frames with the same warning, and of each underrun."""
    before: tuple[str, ...] = ()
    for frame, plan in enumerate(data.plans):
        codes = plan.warnings if plan is not None else ("underrun",)
        for code in codes:
            if code not in before:
                sample = frame * FRAME_SIZE
                text = _WARNINGS.get(code, "No audio was generated in time: silence." if code == "underrun" else "")
                yield LogEntry(
                    sample=sample,
                    kind="warning",
                    place=data.beats.at(sample),
                    what=code,
                    status="warning",
                    tone="bad",
                    why=(text,) if text else (),
                )
        before = codes
