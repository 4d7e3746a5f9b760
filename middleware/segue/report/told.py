"""What a session said of its events, changes and stingers, one record each with its outcome. Positions in samples."""

from __future__ import annotations

from bisect import insort
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from segue.contract import FRAME_SIZE, SAMPLE_RATE, Samples
from segue.runtime.messages import SessionMessage, StingerOut
from segue_rules.events import Receipt, ScriptedEvent
from segue_rules.model import Burst, Duck, InputValue, Rules
from segue_rules.plan import Candidate, Cause, Change, StingerCue
from segue_rules.timeline import by_sequence, show_event

# Each message with what was heard when it was said, -1 where there was no ear.
Said: TypeAlias = Sequence[tuple[int, SessionMessage]]

# An input is set all the time where it is set more often than that, and more than once in so many seconds.
_OFTEN: Final = 60
_EVERY_S: Final = 4.0


@dataclass(frozen=True, kw_only=True)
class Answered:
    """An event and the receipt it got. sent: what was heard when it was sent. effective: the first sample it changed.

    note: the refusal, or what was clamped. fires: whether it fires a trigger. routine: whether it only sets inputs that
    the game sets all the time, such as once a frame.
    """

    sequence: int
    text: str
    sent: int
    effective: int
    accepted: bool
    code: str
    note: str
    fires: bool = False
    routine: bool = False


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


def answered(said: Said, events: Sequence[ScriptedEvent], sent: Mapping[int, int], end: int) -> tuple[Answered, ...]:
    """Each event once, in the order sent: an event sent again is answered again. end: of the run, in samples."""
    given = by_sequence(events)
    routine = _routine(events, end)
    answers: dict[int, Answered] = {}
    for _, receipt in said:
        if isinstance(receipt, Receipt):
            effective = receipt.frame * FRAME_SIZE
            event = given.get(receipt.sequence)
            answers.setdefault(
                receipt.sequence,
                Answered(
                    sequence=receipt.sequence,
                    text=show_event(event) if event else f"event {receipt.sequence}",
                    sent=sent.get(receipt.sequence, effective),
                    effective=effective,
                    accepted=receipt.accepted,
                    code=receipt.code,
                    note=receipt.text,
                    fires=bool(event and event.fire),
                    routine=receipt.accepted and receipt.sequence in routine,
                ),
            )
    return tuple(sorted(answers.values(), key=lambda answer: (answer.sent, answer.sequence)))


def _routine(events: Sequence[ScriptedEvent], end: int) -> set[int]:
    """Sequences of the events that only set what is set all the time, a word or a flag to what it was before."""
    counts = Counter(name for scripted in events for name in scripted.event.set)
    often = max(_OFTEN, end / SAMPLE_RATE / _EVERY_S)
    words: dict[str, InputValue] = {}
    found = set()
    for scripted in events:
        event = scripted.event
        changed = [
            name for name, value in event.set.items() if isinstance(value, str | bool) and words.get(name) != value
        ]
        words.update((name, event.set[name]) for name in changed)
        if not event.fire and not changed and all(counts[name] > often for name in event.set):
            found.add(event.sequence)
    return found


def decisions(said: Said, end: int) -> tuple[Decision, ...]:
    """What became of each decision in the end; one that would have started after `end` stays scheduled."""
    latest: dict[tuple[str, str, int], Decision] = {}
    for at, change in said:
        if not isinstance(change, Change):
            continue
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
    told = _Stings()
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
        told.tell(sting, cue)
    shown = (sting for sting in told.stings if sting.start < end)
    return tuple(sorted(shown, key=lambda sting: (sting.start, sting.name)))


class _Stings:
    """Stingers as they are told of, the latest word of each. What is told of again is found by name, not by looking."""

    def __init__(self) -> None:
        self.stings: list[Sting] = []
        self._announced: defaultdict[str, list[int]] = defaultdict(list)
        self._known: defaultdict[tuple[str, str, int], list[int]] = defaultdict(list)

    def tell(self, sting: Sting, cue: StingerCue) -> None:
        """A sting takes the place of what it fulfils or takes back."""
        place = self._taken_back(cue) if sting.status == "cancelled" else self._fulfilled(cue)
        if place is None:
            if sting.status == "cancelled":
                return
            place = len(self.stings)
            self.stings.append(sting)
        self.stings[place] = sting
        insort(self._known[sting.name, sting.status, sting.start], place)
        if sting.status == "scheduled":
            insort(self._announced[sting.name], place)

    def _fulfilled(self, cue: StingerCue) -> int | None:
        """The last of its name that is announced."""
        places = self._announced[cue.stinger]
        while places and self.stings[places[-1]].status != "scheduled":
            places.pop()
        return places[-1] if places else None

    def _taken_back(self, cue: StingerCue) -> int | None:
        """The last that was told with the same words."""
        places = self._known[cue.stinger, cue.kind, cue.start]
        while places and (self.stings[places[-1]].status, self.stings[places[-1]].start) != (cue.kind, cue.start):
            places.pop()
        return places[-1] if places else None
