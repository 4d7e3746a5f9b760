"""Collects a session's messages: receipts, the director's decisions, and chunks with their beats."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TypeAlias

from segue.contract import FRAME_SIZE, TICKS_PER_BEAT, Chunk, Samples
from segue.runtime.jobs import Job
from segue.runtime.messages import BeatGrid, BeatPosition, ChunkOut, SessionMessage, StingerOut
from segue.runtime.planner import PlannedFrame
from segue.runtime.stinger_placement import PlacedCue
from segue_rules.events import Receipt
from segue_rules.plan import Change, FramePlan, StingerCue

# Receipts that are kept, so that an event sent again gets the same answer.
_RECEIPTS_KEPT = 1_024


class MessageCollector:
    """The messages of one session, in order.

    Attributes:
        last_event: The greatest event number answered, 0 for none.
    """

    def __init__(self) -> None:
        self._messages: list[SessionMessage] = []
        self._changes = ChangeNotifier()
        self._receipts: dict[int, Receipt] = {}
        self._chunks = 0
        self.last_event = 0

    def take(self) -> list[SessionMessage]:
        """Return all messages since the last call."""
        taken, self._messages = self._messages, []
        return taken

    def add(self, message: SessionMessage) -> None:
        """Add a message."""
        self._messages.append(message)

    def add_decisions(self, frames: Iterable[PlannedFrame]) -> None:
        """Add the decisions in these frames that were not announced yet; a change that starts is held."""
        self._messages += self._changes.announce(frame.plan for frame in frames)

    def hold(self, changes: Iterable[Change]) -> None:
        """Keep started changes that no plan contains until their music is there."""
        self._changes.hold(changes)

    def unrendered(self, end: int) -> list[Change]:
        """Return the changes that start before frame `end` and are held until their music is there."""
        return self._changes.unrendered(end)

    def add_rendered(self, changes: Iterable[Change]) -> None:
        """Add those of these changes that are still held: their music is there."""
        self._messages += self._changes.rendered(changes)

    @property
    def announced_end(self) -> int:
        """The first frame behind all frames with announced decisions; 0 if there are none."""
        return self._changes.end

    def withdraw(self, frame: int, waiting: Collection[str]) -> None:
        """Withdraw what was announced before `frame` and has not started, except the stingers in `waiting`."""
        self._messages += self._changes.withdraw(frame, waiting)

    def forget(self, frame: int) -> None:
        """Note that frames before `frame` are final."""
        self._changes.forget(frame)

    def has_answered(self, sequence: int) -> bool:
        """Return whether the receipt of this event number is kept."""
        return sequence in self._receipts

    def answer(self, receipt: Receipt) -> None:
        """Add an event's receipt, and keep it."""
        self._receipts[receipt.sequence] = receipt
        self.last_event = max(self.last_event, receipt.sequence)
        if len(self._receipts) > _RECEIPTS_KEPT:
            del self._receipts[next(iter(self._receipts))]
        self._messages.append(receipt)

    def answer_again(self, sequence: int) -> Receipt | None:
        """Add the receipt of this event number once more; return it, or None if none is kept."""
        receipt = self._receipts.get(sequence)
        if receipt is not None:
            self._messages.append(receipt)
        return receipt

    def add_chunk(
        self,
        job: Job,
        take: int,
        samples: Samples,
        chunk: Chunk,
        stems: Mapping[str, Samples],
        *,
        generator: str,
        exact_beats: bool,
        mixed: bool,
        stingers: tuple[PlacedCue, ...] = (),
    ) -> int:
        """Add a job's sound and the beats in it.

        Args:
            job: The job.
            take: The take the chunk belongs to.
            samples: float32 [S, 2] of the job's new frames.
            chunk: The job's chunk as it was generated: its notes, bars and releases are taken.
            stems: Sound by instrument family.
            generator: Name of the generator.
            exact_beats: Whether the generator plays exactly on the beats.
            mixed: Whether the chunk opens a take and is crossfaded from earlier sound.
            stingers: The stingers that are to be mixed into it.

        Returns:
            The chunk's number.
        """
        self._chunks += 1
        plans = tuple(frame.plan for frame in job.new_frames)
        start = job.spec.change * FRAME_SIZE
        self._messages.append(
            ChunkOut(
                sequence=self._chunks,
                take=take,
                start=start,
                samples=samples,
                plans=plans,
                rules=job.frames[-1].rules_version.rules,
                generator=generator,
                reason=job.spec.reason,
                mixed=mixed,
                notes=tuple(note for note in chunk.notes if note.start >= start),
                bars=tuple(bar for bar in chunk.bars if bar.start >= start),
                releases=tuple(release for release in chunk.releases if release.start >= start),
                stems=dict(stems),
                stingers=stingers,
            )
        )
        self._messages.append(_beat_grid(plans, exact=exact_beats))
        return self._chunks


# The layer of a change, and the frame of its decision: they name it.
_ChangeKey: TypeAlias = tuple[str, int]


class ChangeNotifier:
    """Announces each decision of the director once, and withdraws those that newer plans have undone.

    It remembers what it announced for each frame that may still be planned again, and what is scheduled and has not
    started. A change that has started is held until its music is there; if that never comes, it is not announced.
    """

    def __init__(self) -> None:
        self._announced: dict[int, tuple[tuple[Change, ...], tuple[StingerCue, ...]]] = {}
        # By layer and by stinger: scheduled in a frame, and nothing since.
        self._changes: dict[str, tuple[int, Change]] = {}
        # Changes that have started and whose music is not there yet.
        self._held: dict[_ChangeKey, Change] = {}
        # Changes of which the last message does not say that they are withdrawn.
        self._told: set[_ChangeKey] = set()
        self._cues: dict[str, tuple[int, StingerCue]] = {}

    @property
    def end(self) -> int:
        """The first frame behind all that were announced; 0 if there are none."""
        return max(self._announced, default=-1) + 1

    def announce(self, plans: Iterable[FramePlan]) -> list[SessionMessage]:
        """Return messages for what is new in the plans, and for what was announced and is no longer in them."""
        messages: list[SessionMessage] = []
        told: set[_ChangeKey] = set()
        for plan in plans:
            changes, cues = self._announced.get(plan.frame, ((), ()))
            if (changes, cues) == (plan.changes, plan.stingers):
                continue
            # A change that was decided and has started is announced in two frames; one message withdraws both. If it
            # was told anew above, only its start has moved.
            undone = {
                _key(change): change
                for change in changes
                if change not in plan.changes and change.kind != "withdrawn" and _key(change) not in told
            }
            cancelled = [cue for cue in cues if cue not in plan.stingers and cue.kind != "dropped"]
            at = plan.frame
            self._release(change for change in changes if change not in plan.changes)
            messages += self._withdraw(undone.values())
            messages += [self._cue(at, cue, cancelled=True) for cue in cancelled]
            new = [change for change in plan.changes if change not in changes]
            messages += [self._change(at, change) for change in new if change.kind != "started"]
            self.hold(change for change in new if change.kind == "started")
            told.update(map(_key, new))
            messages += [self._cue(at, cue, cancelled=False) for cue in plan.stingers if cue not in cues]
            self._announced[at] = (plan.changes, plan.stingers)
        return messages

    def withdraw(self, frame: int, waiting: Collection[str]) -> list[SessionMessage]:
        """Return messages that withdraw what was announced before `frame` and has not started.

        Args:
            frame: The first frame of a new course of the rules.
            waiting: Names of stingers that may go on waiting.
        """
        changes = [change for at, change in self._changes.values() if at < frame]
        cues = [cue for at, cue in self._cues.values() if at < frame and cue.stinger not in waiting]
        messages: list[SessionMessage] = [*self._withdraw(changes)]
        return messages + [self._cue(frame, cue, cancelled=True) for cue in cues]

    def hold(self, changes: Iterable[Change]) -> None:
        """Keep changes that have started until their music is there."""
        for change in changes:
            self._held[_key(change)] = change
            self._changes.pop(change.layer, None)

    def unrendered(self, end: int) -> list[Change]:
        """Return the changes that are held and start before frame `end`, in order."""
        return sorted((change for change in self._held.values() if change.start < end), key=lambda one: one.start)

    def rendered(self, changes: Iterable[Change]) -> list[SessionMessage]:
        """Return messages for those of these changes that are still held: their music is there now."""
        found = [change for change in changes if self._held.get(_key(change)) == change]
        self._release(found)
        self._told.update(map(_key, found))
        return [*found]

    def forget(self, frame: int) -> None:
        """Note that frames before `frame` are final."""
        self._announced = {at: kept for at, kept in self._announced.items() if at >= frame}
        if self._told:
            known = {_key(change) for changes, _ in self._announced.values() for change in changes}
            self._told &= known | {_key(change) for _, change in self._changes.values()} | self._held.keys()

    def _release(self, changes: Iterable[Change]) -> None:
        """Hold these changes no longer."""
        for change in changes:
            if self._held.get(_key(change)) == change:
                del self._held[_key(change)]

    def _withdraw(self, changes: Collection[Change]) -> list[Change]:
        """Return the messages that withdraw those of the changes that were told and are not withdrawn yet."""
        for change in changes:
            _, waiting = self._changes.get(change.layer, (0, None))
            if waiting is not None and _key(waiting) == _key(change):
                del self._changes[change.layer]
        found = [change for change in changes if _key(change) in self._told]
        self._told.difference_update(map(_key, found))
        return [change._replace(kind="withdrawn") for change in found]

    def _change(self, frame: int, change: Change) -> Change:
        """Return the message about a change that is scheduled, or that the rules withdraw."""
        if change.kind == "scheduled":
            self._told.add(_key(change))
            self._changes[change.layer] = frame, change
        else:
            self._told.discard(_key(change))
            self._changes.pop(change.layer, None)
        return change

    def _cue(self, frame: int, cue: StingerCue, *, cancelled: bool) -> StingerOut:
        if cue.kind == "scheduled" and not cancelled:
            self._cues[cue.stinger] = frame, cue
        else:
            self._cues.pop(cue.stinger, None)
        return StingerOut(cue=cue, cancelled=cancelled)


def _key(change: Change) -> _ChangeKey:
    return change.layer, change.decided


def _beat_grid(plans: Sequence[FramePlan], *, exact: bool) -> BeatGrid:
    """Return every beat that falls in these frames, of which there is at least one."""
    return BeatGrid(
        beats=tuple(beat_position(plan) for plan in plans if plan.beat >= 0),
        tempo_bpm=plans[0].controls.tempo_mbpm / 1000,
        exact=exact,
    )


def beat_position(plan: FramePlan) -> BeatPosition:
    """Return the beat in a frame that has one."""
    clock = plan.clock
    bar, origin = clock.bar, clock.bar_ticks
    if plan.bar_start >= 0 and clock.ticks != origin:
        bar, origin = bar + 1, origin + clock.meter * TICKS_PER_BEAT
    line = -(-clock.ticks // TICKS_PER_BEAT) * TICKS_PER_BEAT
    return BeatPosition(sample=plan.frame * FRAME_SIZE + plan.beat, bar=bar, beat=(line - origin) // TICKS_PER_BEAT)
