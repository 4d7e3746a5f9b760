"""One game's music: events, positions and generated sound come in; chunks, receipts and changes go out.

A session has no clock and no socket. The caller asks for the next job, begins it, runs it on its generator and hands
the result to `complete`; events may come at any time in between. Every operation that decides the sound goes to the
journal, and `segue.runtime.recording.replay` does the same again.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from segue.contract import CHANNELS, FRAME_RATE, FRAME_SIZE, Generator, Result, Samples, StyleBanks
from segue.runtime.audio_buffer import ChunkBoundary
from segue.runtime.chunk_producer import ChunkProducer
from segue.runtime.clip_mixer import ClipPlayer
from segue.runtime.jobs import Job, JobSpec
from segue.runtime.journal import Operation
from segue.runtime.latency import LatencyEstimator
from segue.runtime.message_collector import MessageCollector
from segue.runtime.messages import SessionMessage, StatusOut
from segue.runtime.planner import RulesVersion
from segue.runtime.restore import PendingRestore, RestorePoint, make_restore_point, planner_from
from segue.runtime.session_config import SessionConfig
from segue.runtime.snapshot import SavedDirector, SavedStinger, Snapshot, take_snapshot
from segue_rules.director import DirectorState, carry, moves, pack, shift_state
from segue_rules.events import Event, Receipt
from segue_rules.model import Rules
from segue_rules.plan import FramePlan, Mover

# How far ahead of the sound an event may take effect, in frames.
_MOST_AHEAD = 10 * FRAME_RATE


class Session:
    """A session over a fallback chain of generators.

    Attributes:
        config: Its numbers.
        primary: Level of the chosen generator.
        held: While true there is no next job, because the client is not ready for more.
        latency: Estimates of its latency and of its client's clock.
    """

    def __init__(
        self,
        rules: Rules,
        styles: StyleBanks,
        generators: Sequence[Generator[Any]],
        config: SessionConfig,
        *,
        stems: bool = False,
        journal: Callable[[Operation], None] | None = None,
        primary: int = 0,
        restore_point: RestorePoint | None = None,
        untold: int | None = None,
        fingerprint: str = "",
        clips: ClipPlayer | None = None,
    ) -> None:
        """Begin a session.

        Args:
            rules: The rules.
            styles: Their styles, in the order of rules.styles.
            generators: The fallback chain.
            config: The session's numbers.
            stems: Whether chunks carry stems.
            journal: Takes every operation.
            primary: Level of the chosen generator.
            restore_point: Where the music continues from; None starts at frame 0.
            untold: The first frame of which the client needs to be told, though it may have other music there; with a
                restore point only.
            fingerprint: Digest of the rule files, for saves.
            clips: Those of the rules, opened; None where they have none.

        Raises:
            ValueError: The clips are missing, or the styles have no bank of some generator's encoder.
        """
        _check_encoders(styles, generators)
        self.config, self.primary = config, primary
        self.held = False
        self.latency = LatencyEstimator(config)
        self._generators = tuple(generators)
        self._journal = journal or (lambda operation: None)
        self._messages = MessageCollector()
        start = restore_point
        if start is None:
            start, _ = make_restore_point(
                None, rules=rules, generators=generators, primary=primary, frame=0, seed=config.seed
            )
        self._planner = planner_from(
            RulesVersion(rules=rules, styles=styles, fingerprint=fingerprint, clips=clips), start
        )
        self._producer = ChunkProducer(
            start,
            config=config,
            generators=generators,
            planner=self._planner,
            messages=self._messages,
            latency=self.latency,
            journal=self._journal,
            stems=stems,
            restored=restore_point is not None,
            untold=untold,
        )
        # Numbers up to this one were taken before the session began.
        self._messages.last_event = self._known_events = start.last_event
        self._last_effective = 0

    @property
    def head(self) -> int:
        """The first frame that is not generated yet."""
        return self._producer.head

    @property
    def playable_end(self) -> int:
        """The first frame for which the client has no music at all, not even music that was replaced."""
        return self._producer.playable_end

    @property
    def level(self) -> int:
        """The fallback level that the next frames come from."""
        return self._producer.level

    @property
    def rules(self) -> Rules:
        """The rules from the last reload on."""
        return self._planner.rules_version.rules

    @property
    def planned_frames(self) -> int:
        """Frames planned so far; every event has the frames behind it planned again."""
        return self._planner.planned_count

    @property
    def last_event(self) -> int:
        """The greatest event number taken, by this session or the one it continues; 0 for none."""
        return self._messages.last_event

    @property
    def in_flight(self) -> Job | None:
        """The job begun and neither completed nor failed."""
        return self._producer.in_flight

    def messages(self) -> list[SessionMessage]:
        """Return all messages since the last call."""
        return self._messages.take()

    def plans(self, start: int, end: int) -> Sequence[FramePlan]:
        """Return the newest plans of the frames [start, end), whether they are generated or not.

        Raises:
            IndexError: `start` is forgotten.
        """
        return [frame.plan for frame in self._planner.frames(start, end)]

    def snapshot(self) -> Snapshot:
        """Return the music at `head`, or a restore that is not heard yet; another session can continue from it."""
        planner, pending = self._planner, self._producer.pending
        if pending is None:
            return self._snapshot_at(self._producer.buffer.last)
        if not self._is_as_restored(pending):
            return self._snapshot_at(pending.boundary)
        point, heard = pending.restore_point, pending.boundary.first_audible
        boundary = replace(pending.boundary, frame=point.frame)
        events = [(at, event) for at, event in point.events if at < heard]
        events += planner.upcoming(heard)
        rules_version = replace(planner.rules_version, rules=point.rules)
        return self._snapshot(boundary, point.director, rules_version, events, self.last_event)

    def snapshot_at(self, end: int, *, newest: bool, at_least: int = 0) -> Snapshot | None:
        """Return the music at the end of a chunk, with the events that take effect before it.

        Events take effect in the order of their numbers. Those from `end` on are left out, so that a client sends them
        again: restored music may begin later than they were to be heard.

        Args:
            end: The frame behind the chunk.
            newest: Whether it contains the events up to now, or else those up to when the chunk was planned.
            at_least: The last event that an earlier snapshot contained; its client sends none up to that one again.

        Returns:
            None if that end was replaced or forgotten, or while a restore is not heard yet, which replaces all music;
            with `newest`, also while music before it is to be replaced, since an event would be in the state that the
            client has not heard.
        """
        producer, planner = self._producer, self._planner
        if producer.pending is not None or end < planner.base:
            return None
        found = [boundary for boundary in producer.buffer.boundaries if boundary.frame == boundary.first_audible == end]
        if not found or (newest and not producer.is_newest(end)):
            return None
        (boundary,) = found
        planned = boundary.planned
        if planned is None or planned.switched_at != planner.switched_at or end < planned.switched_at:
            # A reload has no number by which a client could send it again.
            return self._snapshot_at(boundary)
        director, rules_version, taken = planned.director, planned.rules_version, planned.last_event
        if newest:
            director, rules_version, taken = planner.state_before(end), planner.rules_version, self.last_event
        upcoming = planner.upcoming(end)
        last_event = max(at_least, min([taken, *(event.sequence - 1 for _, event in upcoming if event.sequence)]))
        # The events of a save have no number.
        events = [(at, event) for at, event in upcoming if event.sequence <= last_event]
        return self._snapshot(boundary, director, rules_version, events, last_event)

    def sound(self, start: int, end: int) -> Samples:
        """Return the newest music between two samples, float32 [S, 2]: as much as there is from `start` on."""
        buffer = self._producer.buffer
        first = start // FRAME_SIZE
        if first < buffer.base:
            return np.zeros((0, CHANNELS), np.float32)
        samples = buffer.read(first, min(-(-end // FRAME_SIZE), buffer.head))
        return samples[start - first * FRAME_SIZE :][: max(0, end - start)]

    # --- what comes in ----------------------------------------------------------------------------------------------

    def playhead(
        self,
        *,
        played: int,
        committed: int,
        paused: bool,
        now_s: float,
        have: int | None = None,
        received: int = 0,
        late: int = 0,
        underruns: int = 0,
    ) -> None:
        """Take the client's positions, in samples; what lies before them is forgotten, except the loop's history.

        Args:
            played: The sample that is heard.
            committed: The first sample that the engine has not taken yet.
            paused: Whether the client's clock stands still.
            now_s: When the report came.
            have: The end of the client's music, where its clock waits for more; None for a clock that runs on.
            received: Number of the last chunk it has.
            late: Number of chunks that came late so far.
            underruns: How often it had no music left so far.
        """
        self.latency.report(
            played=played,
            committed=committed,
            paused=paused,
            now_s=now_s,
            have=have,
            received=received,
            late=late,
            underruns=underruns,
        )
        self._producer.forget(committed)

    def reachable(self, now_s: float) -> int:
        """Return the first frame that events and all else that comes now can still change, and that will be heard."""
        producer, job = self._producer, self.in_flight
        end = producer.head if job is None else job.spec.end
        settled = max(self._planner.base, self._planner.switched_at)
        if job is not None and job.spec.change > producer.head:
            # The gap before it is never generated.
            settled = max(settled, job.spec.change)
        committed = producer.committed_frame(now_s)
        reachable = self.latency.reachable(now_s, busy=job is not None, repeated=producer.repeated_before)
        if reachable is None:
            return max(settled, end, committed)
        # Behind what is generated, an event takes effect at once; behind the client's position it cannot be heard.
        return max(settled, reachable if end < committed else min(reachable, end))

    def send(self, event: Event, *, position: int, now_s: float) -> Receipt:
        """Take an event that the game sent at sample `position`.

        It takes effect in the first frame that can still follow it. An event whose number was answered already gets
        the same answer and has no effect.
        """
        known = self._messages.answer_again(event.sequence)
        if known is not None:
            return known
        most = self.latency.played(now_s) // FRAME_SIZE + _MOST_AHEAD
        frame = max(self.reachable(now_s), self._last_effective, min(position // FRAME_SIZE, most))
        if 0 < event.sequence <= self._known_events:
            # The music that the session continues contains it already.
            receipt = self._planner.director.receipt(event, frame)
            self._messages.answer(receipt)
            return receipt
        receipt = self.apply_event(event, frame)
        if receipt.accepted:
            self.latency.event_came(frame, now_s, busy=self.in_flight is not None)
        return receipt

    def has_answered(self, number: int) -> bool:
        """Return whether an event of this number was answered lately."""
        return self._messages.has_answered(number)

    def answer_again(self, number: int) -> bool:
        """Repeat the answer to an event; return False if it got none, or long ago."""
        return self._messages.answer_again(number) is not None

    def restore(self, point: RestorePoint, *, at: int, take: int, now_s: float) -> int:
        """Replace the music by restored music, from the first reachable frame at or after sample `at`.

        Events already taken beyond that frame are dropped. If the restore point's frame is past by then, the restored
        music has continued meanwhile.

        Args:
            point: What to restore.
            at: A sample position.
            take: The greatest take that the client knows; the takes that follow are greater.
            now_s: The present time.

        Returns:
            The frame.
        """
        end = self._producer.job_end(now_s)
        wanted = max(self.reachable(now_s), -(-at // FRAME_SIZE))
        # The end of the present music has to last for a crossfade.
        earliest = max(self._planner.base, self.latency.committed(now_s) // FRAME_SIZE)
        frame = max(min(wanted, end - self.config.crossfade_frames), point.frame, earliest)
        self.apply_restore(point, frame, take)
        return frame

    def reload(
        self,
        rules: Rules,
        styles: StyleBanks,
        now_s: float,
        fingerprint: str = "",
        clips: ClipPlayer | None = None,
    ) -> int:
        """Follow other rules from the first reachable frame on, and replace the music there if they change it.

        Events that were accepted and are still to come take effect under the new rules.

        Args:
            rules: The new rules.
            styles: Their styles, in the order of rules.styles.
            now_s: The present time.
            fingerprint: Digest of the rule files.
            clips: Those of the rules, opened; None where they have none.

        Returns:
            The frame.
        """
        frame = self.reachable(now_s)
        self.apply_reload(RulesVersion(rules=rules, styles=styles, fingerprint=fingerprint, clips=clips), frame)
        return frame

    def set_primary(self, primary: int) -> None:
        """Choose another generator, by its level; the music changes over just before the end of what is generated."""
        self._journal(("primary", primary))
        self.primary = self._producer.level = primary

    def set_level(self, level: int, reason: str) -> None:
        """Go to another fallback level, just before the end of what is generated."""
        self._producer.level = level
        name = self._generators[level].name
        self._messages.add(StatusOut(level=level, generator=name, frame=self.head, reason=reason))

    # --- the same in a known frame ----------------------------------------------------------------------------------

    def apply_event(self, event: Event, frame: int) -> Receipt:
        """Let an event take effect in `frame`.

        Raises:
            IndexError: The frame can no longer change.
        """
        receipt = self._planner.director.receipt(event, frame)
        if receipt.accepted:
            self._planner.add(event, frame)
            self._last_effective = max(self._last_effective, frame)
            self._producer.dirty.mark(frame)
        self._journal(("event", event, frame))
        self._messages.answer(receipt)
        return receipt

    def apply_restore(self, point: RestorePoint, frame: int, take: int) -> None:
        """Let restored music be heard from `frame` on, which is not before that of the restore point."""
        self._journal(("restore", point, frame, take))
        planner = planner_from(self._planner.rules_version, point)
        self._switch(self._planner.rules_version, planner.state_before(frame), planner.upcoming(frame), "restored")
        self._producer.restore(point, planner, frame, take)
        self._last_effective = frame

    def apply_reload(self, rules_version: RulesVersion, frame: int) -> None:
        """Plan under other rules from `frame` on."""
        _check_encoders(rules_version.styles, self._generators)
        self._journal(("reload", rules_version, frame))
        state = carry(self._planner.state_before(frame), self.rules, rules_version.rules)
        styles = self._planner.rules_version.styles
        if styles.same_as(rules_version.styles):
            # With the same banks, no music is replaced because of the styles.
            rules_version = replace(rules_version, styles=styles)
        clips = self._planner.rules_version.clips
        if clips is not None and clips.same_as(rules_version.clips):
            rules_version = replace(rules_version, clips=clips)
        self._switch(rules_version, state, self._planner.upcoming(frame), "rules reloaded")
        self._producer.dirty.mark(frame)

    def tell_restored(self, other: Session, frame: int) -> None:
        """Tell which layers are in another state than in a session whose place this one takes; neither has begun.

        Args:
            other: That session.
            frame: The first frame of which the client is told.
        """
        before, after = (each._planner.state_before(each._planner.base) for each in (other, self))
        self._messages.hold(moves(before, other.rules, shift_state(after, frame - after.frame), self.rules, "restored"))

    def announce(self) -> None:
        """Announce what the newest plans decide in frames that are generated already, such as a stinger."""
        self._producer.find_dirty()

    # --- generation -------------------------------------------------------------------------------------------------

    def idle_s(self, now_s: float) -> float:
        """Return for how many seconds there is no next job unless something happens."""
        return math.inf if self.held else self._producer.idle_s(now_s)

    def next_job(self, now_s: float) -> JobSpec | None:
        """Return what to generate next, None for nothing."""
        return None if self.held else self._producer.next_job(now_s)

    def begin(self, spec: JobSpec, now_s: float) -> Job:
        """Begin a job, as `ChunkProducer.begin`."""
        return self._producer.begin(spec, now_s)

    def complete(
        self,
        job: Job,
        result: Result[Any],
        seconds: float,
        now_s: float | None = None,
        *,
        opening: int | None = None,
    ) -> bool:
        """Take the sound of the job in flight, as `ChunkProducer.complete`."""
        return self._producer.complete(job, result, seconds, now_s, opening=opening)

    def fail(self, job: Job) -> None:
        """Give up the job in flight, as `ChunkProducer.fail`."""
        self._producer.fail(job)

    def state_bytes(self) -> int:
        """Return the memory that the generators' states take, in bytes."""
        return self._producer.state_bytes()

    def sound_bytes(self) -> int:
        """Return the memory that the sound takes, in bytes: the lookahead and the history of the loop."""
        return self._producer.buffer.sound_bytes()

    # --- inside -----------------------------------------------------------------------------------------------------

    def _snapshot_at(self, boundary: ChunkBoundary) -> Snapshot:
        """Return the music at a boundary under the newest plans."""
        planner = self._planner
        # A save does not undo a reload or a restore further ahead: the rules continue from there.
        frame = max(boundary.first_audible, planner.switched_at)
        shift = boundary.frame - frame
        director = planner.state_before(frame)
        director = shift_state(director, shift) if shift else director
        events = [(at + shift, event) for at, event in planner.upcoming(frame)]
        return self._snapshot(boundary, director, planner.rules_version, events, self.last_event)

    def _snapshot(
        self,
        boundary: ChunkBoundary,
        director: DirectorState,
        rules_version: RulesVersion,
        events: Sequence[tuple[int, Event]],
        last_event: int,
    ) -> Snapshot:
        rules, known = rules_version.rules, self._planner.director
        state = known.pack(director) if known.rules is rules else pack(director, rules)
        return take_snapshot(
            boundary,
            self._generators[boundary.level],
            SavedDirector(state=state, events=tuple(events), last_event=last_event),
            seed=self.config.seed,
            rules=rules_version.fingerprint,
            stingers=self._saved_stingers(boundary.frame * FRAME_SIZE),
        )

    def _saved_stingers(self, position: int) -> list[SavedStinger]:
        """Return the stingers of the music that begin before sample `position` and may sound from there on."""
        placements = self._producer.placements
        placed = () if placements is None else placements.placed
        sounding = [each for each in placed if each.start < position < each.longest_end]
        return [SavedStinger(each.cue.stinger, each.start, each.cancelled) for each in sounding]

    def _is_as_restored(self, pending: PendingRestore) -> bool:
        """Return whether no reload came since a restore."""
        frame = pending.boundary.first_audible
        return self._planner.switched_at == frame and self._planner.state_before(frame) is pending.director

    def _switch(
        self, rules_version: RulesVersion, state: DirectorState, events: Sequence[tuple[int, Event]], mover: Mover
    ) -> None:
        """Plan on from another state, withdraw what was announced and will not come, and tell which layers it moves."""
        frame, end = state.frame, self._messages.announced_end
        moved = moves(self._planner.state_before(frame), self.rules, state, rules_version.rules, mover)
        self._planner.switch(rules_version, state, events)
        waiting = [
            stinger.name
            for stinger, now in zip(rules_version.rules.stingers, state.stingers, strict=True)
            if now.waiting
        ]
        self._messages.withdraw(frame, waiting)
        self._messages.hold(moved)
        self._messages.add_decisions(self._planner.frames(frame, max(frame, end)))


def _check_encoders(styles: StyleBanks, generators: Sequence[Generator[Any]]) -> None:
    """Check that every generator of a chain finds its embeddings, also those that only play when another fails.

    Raises:
        ValueError: There is no bank of a generator's encoder.
    """
    for generator in generators:
        styles.of(generator.encoder)
