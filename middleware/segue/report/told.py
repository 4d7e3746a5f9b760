"""What a session said of its events, changes and stingers, one record each with its outcome. Positions in samples."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from segue.contract import FRAME_SIZE, Samples
from segue.runtime.messages import ChangeOut, Message, ReceiptOut, StingerOut
from segue_rules.events import ScriptedEvent
from segue_rules.model import Burst, Duck, Rules
from segue_rules.plan import Candidate, Cause, StingerCue
from segue_rules.timeline import show_event

# Each message with what was heard when it was said, -1 where there was no ear.
Said: TypeAlias = Sequence[tuple[int, Message]]


@dataclass(frozen=True, kw_only=True)
class Answered:
    """An event and the receipt it got. sent: what was heard when it was sent. effective: the first sample it changed.

    note: the refusal, or what was clamped.
    """

    sequence: int
    text: str
    sent: int
    effective: int
    accepted: bool
    code: str
    note: str


@dataclass(frozen=True, kw_only=True)
class Decision:
    """A new winner of a layer and what became of it. said: what was heard when it was first told, -1 unknown."""

    layer: str
    from_state: str
    to_state: str
    status: Literal["scheduled", "started", "withdrawn"]
    decided: int
    start: int
    ramp: int
    at: str
    said: int
    causes: tuple[Cause, ...]
    candidates: tuple[Candidate, ...]


@dataclass(frozen=True, kw_only=True)
class Sting:
    """A stinger or burst. end: of its sound; `start` where its length is not known. reason: why it was dropped."""

    name: str
    status: Literal["scheduled", "started", "dropped", "cancelled"]
    burst: bool
    start: int
    end: int
    gain_db: float
    duck: Duck | None
    reason: str


def answered(said: Said, events: Iterable[ScriptedEvent], sent: Mapping[int, int]) -> tuple[Answered, ...]:
    """Each event once, in the order sent: an event sent again is answered again."""
    texts = {scripted.event.sequence: show_event(scripted.event) for scripted in events}
    answers: dict[int, Answered] = {}
    for _, message in said:
        if isinstance(message, ReceiptOut):
            receipt = message.receipt
            effective = receipt.frame * FRAME_SIZE
            answers.setdefault(
                receipt.sequence,
                Answered(
                    sequence=receipt.sequence,
                    text=texts.get(receipt.sequence, f"event {receipt.sequence}"),
                    sent=sent.get(receipt.sequence, effective),
                    effective=effective,
                    accepted=receipt.accepted,
                    code=receipt.code,
                    note=receipt.text,
                ),
            )
    return tuple(sorted(answers.values(), key=lambda answer: (answer.sent, answer.sequence)))


def decisions(said: Said, end: int) -> tuple[Decision, ...]:
    """What became of each decision in the end; one that would have started after `end` stays scheduled."""
    latest: dict[tuple[str, str, int], Decision] = {}
    for at, message in said:
        if not isinstance(message, ChangeOut):
            continue
        change = message.change
        key = (change.layer, change.to_state, change.decided)
        start = change.start * FRAME_SIZE
        latest[key] = Decision(
            layer=change.layer,
            from_state=change.from_state,
            to_state=change.to_state,
            status="scheduled" if change.kind == "started" and start >= end else change.kind,
            decided=change.decided * FRAME_SIZE,
            start=start,
            ramp=change.ramp_frames * FRAME_SIZE,
            at=change.at,
            said=latest[key].said if key in latest else at,
            causes=change.causes,
            candidates=change.candidates,
        )
    # What was only foretold for after the end has no place on the page's time axis.
    shown = (decision for decision in latest.values() if decision.decided < end)
    return tuple(sorted(shown, key=lambda decision: (decision.start, decision.layer)))


def stings(rules: Rules, said: Said, sounds: Mapping[str, Samples], end: int) -> tuple[Sting, ...]:
    """What became of each cue: a scheduled one is followed by its start, a few samples off where the tempo moves."""
    bursts = {stinger.name: stinger.time_frames for stinger in rules.stingers if isinstance(stinger, Burst)}
    told: list[Sting] = []
    for _, message in said:
        if not isinstance(message, StingerOut):
            continue
        cue = message.cue
        length = bursts[cue.stinger] * FRAME_SIZE if cue.stinger in bursts else len(sounds.get(cue.stinger, ()))
        sting = Sting(
            name=cue.stinger,
            status="cancelled" if message.cancelled else cue.kind,
            burst=cue.stinger in bursts,
            start=cue.start,
            end=cue.start + length,
            gain_db=cue.gain_db,
            duck=cue.duck,
            reason=cue.reason,
        )
        before = _announcement(told, cue, cancelled=message.cancelled)
        if before is not None:
            told[before] = sting
        elif not message.cancelled:
            told.append(sting)
    shown = (sting for sting in told if sting.start < end)
    return tuple(sorted(shown, key=lambda sting: (sting.start, sting.name)))


def _announcement(told: Sequence[Sting], cue: StingerCue, *, cancelled: bool) -> int | None:
    """The place among `told` of what the cue fulfils or takes back."""
    for index in range(len(told) - 1, -1, -1):
        sting = told[index]
        if sting.name != cue.stinger:
            continue
        if cancelled and (sting.status, sting.start) == (cue.kind, cue.start):
            return index
        if not cancelled and sting.status == "scheduled":
            return index
    return None
