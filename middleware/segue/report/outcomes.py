"""The outcome of each event, state change, stinger and take of a run, from the messages of its session.

Positions are in samples at 48 kHz.
"""

from __future__ import annotations

from bisect import insort
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal, TypeAlias

from segue.contract import FRAME_SIZE, SAMPLE_RATE, Samples
from segue.runtime.messages import ChunkOut, SessionMessage, StingerOut
from segue_rules.events import Receipt, ScriptedEvent
from segue_rules.model import Burst, Duck, InputValue, Rules
from segue_rules.plan import Candidate, Cause, Change, StingerCue
from segue_rules.timeline import by_sequence, show_event

# Each message with the playhead at which it was sent, -1 for a run without a playhead.
TimedMessages: TypeAlias = Sequence[tuple[int, SessionMessage]]

# An input is continuous if it is set more often than this, and more than once in this many seconds.
_CONTINUOUS_SETTINGS: Final = 60
_CONTINUOUS_EVERY_S: Final = 4.0


@dataclass(frozen=True, kw_only=True)
class EventOutcome:
    """An event and its receipt.

    Attributes:
        sent: Playhead at which the game sent the event.
        effective: First sample that the event could change.
        note: Why the event was refused, or what was clamped.
        fires: Whether the event fires a trigger.
        routine: Whether the event only sets inputs that the game sets continuously, such as once a frame.
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
class ChangeOutcome:
    """A state change of a layer: when it was decided, when it starts, and why.

    Attributes:
        ramp: Length of the ramp in samples.
        at: Sync point as the rules name it: "immediate", "eighth", "beat", "group", "bar", "2 bars" or "bar 3 of 8".
        candidates: States that were considered.
    """

    layer: str
    from_state: str
    to_state: str
    status: Literal["scheduled", "started", "withdrawn"]
    decided: int
    start: int
    ramp: int
    at: str
    causes: tuple[Cause, ...]
    candidates: tuple[Candidate, ...]


@dataclass(frozen=True, kw_only=True)
class StingerOutcome:
    """A stinger or burst.

    Attributes:
        end: End of its sound; equals `start` where the length is unknown.
        reason: Why it was dropped.
    """

    name: str
    status: Literal["scheduled", "started", "dropped", "cancelled"]
    burst: bool
    start: int
    end: int
    gain_db: float
    duck: Duck | None
    reason: str


@dataclass(frozen=True, kw_only=True)
class Take:
    """Audio that was generated in one go, and the buffered audio that it replaced.

    Attributes:
        start: First sample of the take.
        end: Where the next take begins; equals `start` where a later take replaced all of it.
        reason: Why it was generated; "extend" for the first.
        replaced_end: End of the buffered audio it replaced, which began at `start`; equals `start` if it replaced none.
        received: Playhead at which its first chunk arrived.
    """

    number: int
    start: int
    end: int
    generator: str
    reason: str
    replaced_end: int
    received: int

    @property
    def replaced(self) -> int:
        """Number of buffered samples that the take replaced before they were played."""
        return self.replaced_end - self.start


def event_outcomes(
    messages: TimedMessages, events: Sequence[ScriptedEvent], sent: Mapping[int, int], end: int
) -> tuple[EventOutcome, ...]:
    """Pair each event with its first receipt; an event that was sent again has more than one.

    Args:
        sent: Playhead at which each sequence number was sent.
        end: End of the run.

    Returns:
        One outcome for each event, in the order sent.
    """
    scripted = by_sequence(events)
    routine = _routine_events(events, end)
    outcomes: dict[int, EventOutcome] = {}
    for _, receipt in messages:
        if isinstance(receipt, Receipt):
            effective = receipt.frame * FRAME_SIZE
            event = scripted.get(receipt.sequence)
            outcomes.setdefault(
                receipt.sequence,
                EventOutcome(
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
    return tuple(sorted(outcomes.values(), key=lambda outcome: (outcome.sent, outcome.sequence)))


def _routine_events(events: Sequence[ScriptedEvent], end: int) -> set[int]:
    """Return the sequences of events that only set continuous inputs and change no choice or flag."""
    counts = Counter(name for scripted in events for name in scripted.event.set)
    often = max(_CONTINUOUS_SETTINGS, end / SAMPLE_RATE / _CONTINUOUS_EVERY_S)
    discrete: dict[str, InputValue] = {}
    found = set()
    for scripted in events:
        event = scripted.event
        changed = [
            name for name, value in event.set.items() if isinstance(value, str | bool) and discrete.get(name) != value
        ]
        discrete.update((name, event.set[name]) for name in changed)
        if event.reset:
            discrete = {name: value for name, value in event.set.items() if isinstance(value, str | bool)}
        elif not event.fire and not changed and all(counts[name] > often for name in event.set):
            found.add(event.sequence)
    return found


def change_outcomes(messages: TimedMessages, end: int) -> tuple[ChangeOutcome, ...]:
    """Reduce the messages about each state change to its last status.

    A change that would start at or after `end`, the end of the run, stays scheduled.
    """
    latest: dict[tuple[str, str, int], ChangeOutcome] = {}
    for _, change in messages:
        if not isinstance(change, Change):
            continue
        start = change.start * FRAME_SIZE
        latest[change.layer, change.to_state, change.decided] = ChangeOutcome(
            layer=change.layer,
            from_state=change.from_state,
            to_state=change.to_state,
            status="scheduled" if change.kind == "started" and start >= end else change.kind,
            decided=(change.start - change.waited_frames) * FRAME_SIZE,
            start=start,
            ramp=change.ramp_frames * FRAME_SIZE,
            at=change.at,
            causes=change.causes,
            candidates=change.candidates,
        )
    # The page's time axis ends at `end`, so a change that is decided later cannot be shown.
    shown = (outcome for outcome in latest.values() if outcome.decided < end)
    return tuple(sorted(shown, key=lambda outcome: (outcome.start, outcome.layer)))


def stinger_outcomes(
    rules: Rules, messages: TimedMessages, sounds: Mapping[str, Samples], end: int
) -> tuple[StingerOutcome, ...]:
    """Reduce the messages about each stinger to its last status.

    A stinger can start a few samples off its scheduled position, where the tempo moves in between.

    Args:
        sounds: Samples of each audio stinger, for its length.
        end: End of the run; stingers that would start later are left out.
    """
    bursts = {stinger.name for stinger in rules.stingers if isinstance(stinger, Burst)}
    collected = _StingerOutcomes()
    for _, message in messages:
        if not isinstance(message, StingerOut):
            continue
        cue = message.cue
        length = cue.frames * FRAME_SIZE if cue.stinger in bursts else len(sounds.get(cue.stinger, ()))
        outcome = StingerOutcome(
            name=cue.stinger,
            status="cancelled" if message.cancelled else cue.kind,
            burst=cue.stinger in bursts,
            start=cue.start,
            end=cue.start + length,
            gain_db=cue.gain_db,
            duck=cue.duck,
            reason=cue.reason,
        )
        collected.add(outcome, cue)
    shown = (outcome for outcome in collected.outcomes if outcome.start < end)
    return tuple(sorted(shown, key=lambda outcome: (outcome.start, outcome.name)))


class _StingerOutcomes:
    """The last status of each stinger. Indices by name keep the cost of an update independent of the run's length."""

    def __init__(self) -> None:
        self.outcomes: list[StingerOutcome] = []
        self._scheduled: defaultdict[str, list[int]] = defaultdict(list)
        self._known: defaultdict[tuple[str, str, int], list[int]] = defaultdict(list)

    def add(self, outcome: StingerOutcome, cue: StingerCue) -> None:
        """Add an outcome, or replace the one that it starts or cancels."""
        index = self._cancelled_by(cue) if outcome.status == "cancelled" else self._started_by(cue)
        if index is None:
            if outcome.status == "cancelled":
                return
            index = len(self.outcomes)
            self.outcomes.append(outcome)
        self.outcomes[index] = outcome
        insort(self._known[outcome.name, outcome.status, outcome.start], index)
        if outcome.status == "scheduled":
            insort(self._scheduled[outcome.name], index)

    def _started_by(self, cue: StingerCue) -> int | None:
        """Return the index of the last scheduled outcome of this name."""
        indices = self._scheduled[cue.stinger]
        while indices and self.outcomes[indices[-1]].status != "scheduled":
            indices.pop()
        return indices[-1] if indices else None

    def _cancelled_by(self, cue: StingerCue) -> int | None:
        """Return the index of the last outcome with the same name, kind and start."""
        indices = self._known[cue.stinger, cue.kind, cue.start]
        while indices and (self.outcomes[indices[-1]].status, self.outcomes[indices[-1]].start) != (
            cue.kind,
            cue.start,
        ):
            indices.pop()
        return indices[-1] if indices else None


def gather_takes(messages: TimedMessages, end: int) -> tuple[Take, ...]:
    """Join the chunks of each take.

    Args:
        end: End of the run; takes that start later are left out, and none reaches beyond it.

    Returns:
        The takes in the order generated.
    """
    takes: list[Take] = []
    # Indices of the takes that still have audio. They lie end to end, so a chunk can only cut into the last ones.
    audible: list[int] = []
    for received, chunk in messages:
        if not isinstance(chunk, ChunkOut):
            continue
        stop = chunk.start + len(chunk.samples)
        if audible and takes[audible[-1]].number == chunk.take:
            takes[audible[-1]] = replace(takes[audible[-1]], end=stop)
            continue
        buffered_end = takes[audible[-1]].end if audible else 0
        while audible and takes[audible[-1]].start >= chunk.start:
            index = audible.pop()
            takes[index] = replace(takes[index], end=takes[index].start)
        if audible:
            last = takes[audible[-1]]
            takes[audible[-1]] = replace(last, end=min(last.end, chunk.start))
        audible.append(len(takes))
        takes.append(
            Take(
                number=chunk.take,
                start=chunk.start,
                end=stop,
                generator=chunk.generator,
                reason=chunk.reason,
                replaced_end=max(chunk.start, buffered_end),
                received=received,
            )
        )
    return tuple(replace(take, end=min(take.end, end)) for take in takes if take.start < end)
