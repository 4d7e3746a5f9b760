"""Everything that happened, in order, with its reasons: the rows of the page's table."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from segue.contract import FRAME_SIZE, SAMPLE_RATE
from segue.report.musical import clock_text, span_text
from segue.report.story import Story
from segue.report.told import Answered, Decision, Sting

Kind: TypeAlias = Literal["event", "input", "change", "stinger", "take", "ladder", "warning"]
KINDS: Final[tuple[Kind, ...]] = ("event", "input", "warning", "change", "stinger", "take", "ladder")
"""input: an event that only sets what is set all the time. In the order of one moment."""
_WARNINGS: Final = {"empty_mix": "No style had any weight; the mix before went on."}


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A row. sample: where a click on it leads. place: bar:beat. moved: (from, to), empty where nothing moves.

    why: reasons for; why_not: (state, reason) of those that lost. status: one word; tone: how it is coloured.
    """

    sample: int
    kind: Kind
    place: str
    what: str
    status: str
    tone: Literal["good", "bad", "quiet", "plain"]
    moved: tuple[str, str] | None = None
    why: tuple[str, ...] = ()
    why_not: tuple[tuple[str, str], ...] = ()

    @property
    def time(self) -> str:
        return clock_text(self.sample)

    @property
    def time_ms(self) -> float:
        return self.sample * 1000 / SAMPLE_RATE


def ledger(story: Story) -> list[Entry]:
    """All rows in time order; of one moment, events come before what they caused."""
    entries = [*_events(story), *_changes(story), *_stings(story), *_takes(story), *_steps(story), *_warnings(story)]
    return sorted(entries, key=lambda entry: (entry.sample, KINDS.index(entry.kind)))


def _events(story: Story) -> Iterator[Entry]:
    led: defaultdict[int, list[Decision]] = defaultdict(list)
    for decision in story.decisions:
        if decision.status == "started":
            led[max((cause.sequence for cause in decision.causes), default=-1)].append(decision)
    for event in story.events:
        yield Entry(
            sample=event.sent,
            kind="input" if event.routine else "event",
            place=story.beats.at(event.sent),
            what=event.text,
            status="refused" if not event.accepted else event.code,
            tone="bad" if not event.accepted else "plain" if event.code == "clamped" else "good",
            why=tuple(_consequences(story, event, led.get(event.sequence, ()))),
        )


def _consequences(story: Story, event: Answered, led: Sequence[Decision]) -> Iterator[str]:
    """led: the changes that the event set off."""
    if not event.accepted:
        yield f"{event.code}: {event.note}" if event.note else event.code
        return
    if event.note:
        yield event.note
    if event.effective > event.sent and story.heard(event.effective):
        yield f"could be heard from {clock_text(event.effective)}, {_after(event.sent, event.effective)} it was sent"
    for decision in led:
        moved = f"{decision.layer}: {decision.from_state} → {decision.to_state}"
        yield f"led to {moved}, {_after(event.sent, decision.start)}"


def _after(first: int, later: int) -> str:
    return f"{span_text((later - first) / SAMPLE_RATE)} after"


def _changes(story: Story) -> Iterator[Entry]:
    for decision in story.decisions:
        sample = decision.decided if decision.status == "withdrawn" else decision.start
        yield Entry(
            sample=min(sample, story.sound.samples),
            kind="change",
            place=story.beats.at(sample),
            what=decision.layer,
            moved=(decision.from_state, decision.to_state),
            status=decision.status,
            tone="good" if decision.status == "started" else "quiet",
            why=(*(cause.text for cause in decision.causes), _course(story, decision)),
            why_not=tuple((c.state, c.reason) for c in decision.candidates if c.state not in (decision.to_state, "")),
        )


def _course(story: Story, decision: Decision) -> str:
    """When it was decided, what it waited for and how long the ramp takes."""
    ramp = f"ramp {span_text(decision.ramp / SAMPLE_RATE)}" if decision.ramp else "no ramp"
    if decision.status == "withdrawn":
        return f"decided {clock_text(decision.decided)}, was to start at {clock_text(decision.start)} ({decision.at})"
    if decision.status == "scheduled":
        return f"decided {clock_text(decision.decided)} for {clock_text(decision.start)} ({decision.at}), {ramp}"
    if not story.heard(decision.start):
        ramp += "; not heard, the buffer was dry"
    waited = decision.start - decision.decided
    if waited < FRAME_SIZE:
        return f"at once ({decision.at}), {ramp}"
    waited_text = span_text(waited / SAMPLE_RATE)
    return f"decided {clock_text(decision.decided)}, waited {waited_text} ({decision.at}), {ramp}"


def _stings(story: Story) -> Iterator[Entry]:
    for sting in story.stings:
        yield Entry(
            sample=sting.start,
            kind="stinger",
            place=story.beats.at(sting.start),
            what=sting.name,
            status=sting.status,
            tone="good" if sting.status == "started" else "bad" if sting.status == "dropped" else "quiet",
            why=tuple(_sting_notes(sting)),
        )


def _sting_notes(sting: Sting) -> Iterator[str]:
    if sting.reason:
        yield sting.reason
    length = (sting.end - sting.start) / SAMPLE_RATE
    kind = "burst of style" if sting.burst else f"sound file, {sting.gain_db:+g} dB"
    yield f"{kind}, {span_text(length)}" if length else kind
    if sting.duck is not None:
        yield f"music ducked by {-sting.duck.depth_db:g} dB"


def _takes(story: Story) -> Iterator[Entry]:
    for gone in story.replaced:
        length = span_text((gone.end - gone.start) / SAMPLE_RATE)
        yield Entry(
            sample=gone.start,
            kind="take",
            place=story.beats.at(gone.start),
            what=f"take {gone.by}",
            status="replaced",
            tone="quiet",
            why=(f"{length} of buffered music made anew; the new sound came at {clock_text(gone.said)}",),
        )


def _steps(story: Story) -> Iterator[Entry]:
    for step in story.steps:
        yield Entry(
            sample=step.sample,
            kind="ladder",
            place=story.beats.at(step.sample),
            what=f"level {step.level}: {step.generator}",
            status="fell back" if step.level else "recovered",
            tone="bad" if step.level else "good",
            why=(step.reason,),
        )


def _warnings(story: Story) -> Iterator[Entry]:
    """The first frame of every run of frames with a warning, and the runs of frames without any sound."""
    before: tuple[str, ...] = ()
    for frame, plan in enumerate(story.plans):
        codes = plan.warnings if plan is not None else ("underrun",)
        for code in codes:
            if code not in before:
                sample = frame * FRAME_SIZE
                text = _WARNINGS.get(code, "Nothing was generated in time: silence." if code == "underrun" else "")
                yield Entry(
                    sample=sample,
                    kind="warning",
                    place=story.beats.at(sample),
                    what=code,
                    status="warning",
                    tone="bad",
                    why=(text,) if text else (),
                )
        before = codes
