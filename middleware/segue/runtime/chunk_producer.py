"""One session's generation: what to make next, jobs in flight, and their sound as chunks in the buffer."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, Final

from segue.contract import (
    FADE_SAMPLES,
    FRAME_RATE,
    FRAME_SIZE,
    JOIN_SAMPLES,
    SAMPLE_RATE,
    Generator,
    Request,
    Result,
)
from segue.runtime.audio_buffer import AudioBuffer, ChunkBoundary, PlannedState
from segue.runtime.fallback import Loop
from segue.runtime.jobs import DirtyTracker, Job, JobSpec, SessionView, next_job
from segue.runtime.joins import follows_music, joined
from segue.runtime.journal import Operation
from segue.runtime.latency import LatencyEstimator
from segue.runtime.mastering import master_job
from segue.runtime.message_collector import MessageCollector
from segue.runtime.origins import cut, job_origin
from segue.runtime.planner import Planner, generator_input
from segue.runtime.restore import LEAD_FRAMES, PendingRestore, RestorePoint, most_lead, pending_restore
from segue.runtime.session_config import SessionConfig
from segue.runtime.stinger_placement import PlacementTracker
from segue_rules.plan import Change

# What a client has buffered at the most, by the protocol.
_MOST_BUFFERED_FRAMES: Final = 45 * FRAME_RATE
# What is generated and not heard, before a generator's first sound or to continue it after a gap, takes so much time at
# most: the client waits for the sound that much longer. A client that plays outdated music waits less.
_MOST_LEAD_S: Final = 0.25
_MOST_CATCH_UP_S: Final = 0.1


class ChunkProducer:
    """Turns the planner's frames into chunks of sound.

    Attributes:
        buffer: The music that was generated.
        placements: The stingers of the music, None if the client mixes them itself.
        dirty: Finds the music that newer plans have made outdated.
        in_flight: The job begun and neither completed nor failed.
        level: The fallback level that the next frames come from.
        pending: Restored music that is to take over, None for none.
    """

    def __init__(
        self,
        start: RestorePoint,
        *,
        config: SessionConfig,
        generators: Sequence[Generator[Any]],
        planner: Planner,
        messages: MessageCollector,
        latency: LatencyEstimator,
        journal: Callable[[Operation], None],
        stems: bool,
        restored: bool,
        untold: int | None = None,
    ) -> None:
        """Begin at a restore point.

        Args:
            start: Where the music continues from.
            config: The session's numbers.
            generators: The fallback chain.
            planner: Plans the frames.
            messages: Takes chunks and decisions.
            latency: The session's latency.
            journal: Takes the operations that decide the sound.
            stems: Whether chunks carry stems.
            restored: Whether the start continues other music, so that its first chunk counts as a new take.
            untold: The first frame of which the client needs to be told though it has other music there; None for none.
        """
        self._config = config
        self._generators = tuple(generators)
        self._planner, self._messages, self._latency = planner, messages, latency
        self._journal = journal
        self._stems = stems
        first = start.boundary(planner)
        self.buffer = AudioBuffer(first)
        in_music = (each for each in start.stingers if not each.number)
        self.placements = PlacementTracker(in_music) if config.stingers == "included" else None
        self.dirty = DirtyTracker(config.significance, start.frame, self.placements)
        self.in_flight: Job | None = None
        self.level = start.level
        self.pending = PendingRestore(first, start, planner.state_before(start.frame)) if restored else None
        # What the job in flight restores; another restore may have replaced it by the time the job is done.
        self._restoring: PendingRestore | None = None
        # The changes that are heard in the music of the job in flight, or before it.
        self._rendering: Sequence[Change] = ()
        # The frame at which the music was faded out, for the restored music that begins there.
        self._faded: int | None = None
        # The first outdated frame of the older music, and for which plans and music that was found.
        self._outdated: tuple[tuple[int, int, int], int | None] | None = None
        self._untold = untold
        # A client of a restored session may have music of the service before this one up to here.
        self._other_until = start.frame + _MOST_BUFFERED_FRAMES if restored else 0
        # The take of the last chunk, and the greatest that the client knows.
        self._take = start.take - 1 if restored else 0
        self._known_take = self._take

    @property
    def head(self) -> int:
        """The first frame that is not generated yet."""
        return self.buffer.head

    @property
    def playable_end(self) -> int:
        """The first frame for which the client has no music at all, not even music that was replaced."""
        return self.buffer.end

    def job_end(self, now_s: float) -> int:
        """Return the first frame behind the music and the job in flight.

        For a client that is past it, that is the end of the older music that it plays, or else its position.
        """
        end = self.in_flight.spec.end if self.in_flight else self.buffer.head
        committed = self.committed_frame(now_s)
        return end if end >= committed else max(committed, self._older_end)

    def repeated_before(self, frame: int) -> int:
        """Return how many frames have to be generated, and are not heard, before the music can change at `frame`."""
        repeated, most = self.buffer.repeated_before(frame), self._latency.frames_in(_MOST_CATCH_UP_S)
        if repeated > most and self.buffer.newest_before(frame) < frame:
            return min(self._lead_frames, most)
        return repeated

    def committed_frame(self, now_s: float) -> int:
        """Return the first frame that the client's engine has not taken yet."""
        return -(-self._latency.committed(now_s) // FRAME_SIZE)

    def restore(self, point: RestorePoint, planner: Planner, frame: int, take: int) -> None:
        """Let restored music take over at `frame`; the session's planner has switched to its rules' state already.

        Args:
            point: What is restored.
            planner: A planner from `planner_from`, whose frames lead to `frame`.
            frame: The first frame that is heard of it.
            take: The greatest take that the client knows.
        """
        self.pending = pending_restore(point, planner, frame, self._planner.state_before(frame))
        # What only extends the present music stays in its take, in which the client follows it.
        self._known_take = max(self._known_take, take)
        self.dirty.clear_from(frame)
        if self.placements is not None:
            self.placements.mark(frame)

    def find_dirty(self) -> None:
        """Compare the music with the newest plans, and announce their decisions."""
        end = self.buffer.head if self.pending is None else min(self.buffer.head, self.pending.boundary.first_audible)
        fills = "fills" in self._generators[self.level].controls
        self._messages.add_decisions(self.dirty.scan(self.buffer, self._planner, end, fills=fills))
        if self.dirty.is_clean and self.pending is None:
            # What an event undid and another brought back has its music already.
            job, head = self.in_flight, self.buffer.head
            found = self._messages.unrendered(head if job is None else min(head, job.spec.change))
            self._messages.add_rendered(change for change in found if job is None or change not in self._rendering)

    def is_newest(self, end: int) -> bool:
        """Return whether the music before frame `end` follows the newest plans, and the client knows its changes."""
        self.find_dirty()
        job = self.in_flight
        replaced = job is not None and job.spec.change < min(end, self.buffer.head)
        outdated = self.dirty.replace_at is not None and self.dirty.replace_at < end
        untold = self._messages.unrendered(end)
        return not (replaced or outdated or untold or self.pending is not None)

    def forget(self, committed: int) -> None:
        """Drop music, plans and decisions that a client at sample `committed` no longer needs."""
        # While a job is long in flight, plans that an event undid may lie behind the client: compare them first.
        self.find_dirty()
        frame = min(committed // FRAME_SIZE, self.buffer.head)
        origin = min(self.in_flight.origin.first_audible, frame) if self.in_flight else frame
        self.buffer.forget(origin, min(frame - self._config.history_frames, origin))
        # Plans continue from `head`, or from the end of the job in flight, which may cut the music off before `head`,
        # or from where restored music takes over. The client may be ahead of all but the first.
        needed = [frame, self.buffer.head]
        if self.in_flight is not None:
            # A job that is given up is planned again from its start, with the stingers before it.
            spec = self.in_flight.spec
            needed.append(spec.end if self.placements is None else spec.change)
        if self.pending is not None:
            needed.append(self.pending.boundary.first_audible)
        if self.placements is not None and self.placements.needed is not None:
            needed.append(self.placements.needed)
        # Where music continues in older music, its generator first plays what was not generated before.
        needed.append(self.buffer.newest_before(committed // FRAME_SIZE))
        known = min(needed)
        self._planner.forget(known)
        self._messages.forget(known)

    def idle_s(self, now_s: float) -> float:
        """Return for how many seconds there is no next job unless something happens; inf while one is in flight."""
        if self.in_flight is not None:
            return math.inf
        if self.pending is not None or not self.dirty.is_clean or self.level != self.buffer.last.level:
            return 0.0
        committed, end = self._latency.committed(now_s), self.head * FRAME_SIZE
        if end < committed and self._latency.music_end is not None and not self._client_has_other:
            if self._catch_up_frame(now_s) is not None:
                return 0.0
            end = max(end, self._latency.music_end - JOIN_SAMPLES - FADE_SAMPLES)
        return max(0.0, (end - committed - self._config.lookahead_samples) / SAMPLE_RATE)

    def next_job(self, now_s: float) -> JobSpec | None:
        """Return what to generate next, None for nothing."""
        if self.idle_s(now_s) > 0:
            return None
        committed = self.committed_frame(now_s)
        if self.buffer.head >= committed:
            self.find_dirty()
        self.dirty.clear_from(self.buffer.head if self.buffer.head > committed else 0)
        return next_job(
            SessionView(
                config=self._config,
                buffer=self.buffer,
                level=self.level,
                replace_at=self.dirty.replace_at,
                catch_up_at=self._catch_up_frame(now_s),
                restoring=self.pending.boundary if self.pending else None,
                faded=self._faded == self.buffer.head,
                floor=self.dirty.floor,
                committed=committed,
                soonest=self._soonest(now_s),
                reachable=self._latency.reachable(now_s, busy=False),
                first_frames=self._latency.first_frames,
                fill_to=self._latency.committed(now_s) + self._config.lookahead_samples,
                music_end=self._latency.music_end,
                client_has_other=self._client_has_other,
                lead_frames=self._lead_frames,
                restore_lead=self._restore_lead(),
                most_repeated=self._latency.frames_in(_MOST_LEAD_S),
                most_caught_up=self._latency.frames_in(_MOST_CATCH_UP_S),
            )
        )

    def begin(self, spec: JobSpec, now_s: float) -> Job:
        """Begin a job, which is in flight until `complete` or `fail`.

        Raises:
            ValueError: Another job is in flight.
        """
        if self.in_flight is not None:
            raise ValueError("expected no job in flight")
        if spec.reason in ("replace", "change_level", "skip"):
            self.dirty.clear_from(0)
        origin = job_origin(
            spec,
            buffer=self.buffer,
            planner=self._planner,
            generators=self._generators,
            pending=self.pending and self.pending.boundary,
            config=self._config,
        )
        replaces = spec.change if spec.reason == "replace" else None
        self._latency.job_began(spec.end - origin.frame, now_s, replaces=replaces)
        frames = (*self.buffer.frames_since(origin, spec.change), *self._planner.frames(spec.change, spec.end))
        styles, conditioning = generator_input(frames, self._generators[spec.level].encoder)
        request = Request(state=origin.state, styles=styles, conditioning=conditioning, stems=self._stems)
        planned = PlannedState(
            director=self._planner.state_before(spec.end),
            rules_version=self._planner.rules_version,
            last_event=self._messages.last_event,
            switched_at=self._planner.switched_at,
        )
        job = Job(
            spec=spec,
            origin=origin,
            frames=frames,
            request=request,
            plan_revision=self._planner.revision,
            planned=planned,
        )
        if self._untold is not None:
            self._messages.add_decisions(self._planner.frames(self._untold, max(self._untold, spec.change)))
            self._untold = None
        if spec.reason != "restore" and spec.change > self.buffer.head:
            self._messages.add_decisions(self._planner.frames(self.buffer.head, spec.change))
        self._messages.add_decisions(job.new_frames)
        self._rendering = self._messages.unrendered(spec.end)
        if self.placements is not None:
            self.placements.begin(spec.change, self._planner, job.new_frames)
        self.in_flight = job
        self._restoring = self.pending if spec.reason == "restore" else None
        self._journal(("begun", spec))
        return job

    def complete(
        self,
        job: Job,
        result: Result[Any],
        seconds: float,
        now_s: float | None = None,
        *,
        opening: int | None = None,
    ) -> bool:
        """Take the sound of the job in flight.

        Args:
            job: The job.
            result: What its generator gave.
            seconds: How long the generator took.
            now_s: When the result came; None in a replay, where it is known to have been of use.
            opening: In a replay, the first frame that the client gets; None for the job's own.

        Returns:
            Whether it was of use. If it came too late, the older music goes on and the change is made further ahead.

        Raises:
            ValueError: The job is not in flight.
        """
        if now_s is not None:
            opening = self._opening(job.spec, now_s)
            if opening is None:
                self._latency.job_ended(job.spec.end - job.origin.frame, seconds, now_s)
                self.fail(job)
                self.dirty.raise_floor(self._earliest_frame(now_s))
                return False
        self._take_in_flight(job)
        is_cut = opening is not None and opening > job.spec.change
        if opening is not None and is_cut:
            if self.placements is not None:
                self.placements.postpone(job.spec.change, opening)
            job = cut(job, opening)
        spec = job.spec
        generator = self._generators[spec.level]
        self._latency.job_ended(spec.end - job.origin.frame, seconds, now_s)
        self._journal(("done", spec))
        samples, stems, master = master_job(job, result.chunk, mastered=isinstance(generator, Loop))
        follows = follows_music(spec, self.buffer, has_stingers=self.placements is not None)
        if spec.reason != "extend":
            self._take = max(self._take, self._known_take) + 1
        if spec.reason == "restore":
            if self.pending is self._restoring:
                self.pending = None
            self.dirty.settle(spec.change)
        restored_at = None if self.pending is None else self.pending.boundary.first_audible
        samples = joined(spec, samples, self.buffer, self._config, follows=follows, restored_at=restored_at)
        # With nothing to crossfade from, the restored music is faded in there.
        self._faded = spec.end if spec.end == restored_at else None
        if spec.reason == "skip" and spec.change >= self._older_end:
            # The client plays nothing that could be replaced before it.
            self.dirty.raise_floor(spec.change)
        elif spec.reason == "skip" and now_s is not None:
            # While the generator was too slow, outdated music was not replaced.
            self.dirty.compare_again(self._soonest(now_s))
        if spec.change > (self.buffer.head if spec.reason == "restore" else self.buffer.end):
            self.buffer = AudioBuffer(job.origin)
        elif is_cut or job.origin.first_audible == spec.change:
            self.buffer.add_boundary(job.origin)
        self.buffer.write(
            spec.change,
            samples,
            job.new_frames,
            ChunkBoundary(frame=spec.end, state=result.state, master=master, level=spec.level, planned=job.planned),
            joins=spec.reason == "extend" or follows,
        )
        if self._planner.revision != job.plan_revision:
            self.dirty.mark(spec.change)
        self._messages.add_rendered(self._rendering)
        number = self._messages.add_chunk(
            job,
            self._take,
            samples,
            result.chunk,
            stems,
            generator=generator.name,
            exact_beats=generator.exact_beats,
            mixed=spec.reason != "extend" and follows,
            stingers=() if self.placements is None else self.placements.complete(),
        )
        if now_s is not None:
            self._latency.chunk_sent(number, now_s)
        return True

    def fail(self, job: Job) -> None:
        """Give up the job in flight; the caller decides about the fallback chain.

        Raises:
            ValueError: The job is not in flight.
        """
        self._take_in_flight(job)
        if self.placements is not None:
            self.placements.fail()
        self._journal(("failed", job.spec))
        if job.spec.reason in ("replace", "change_level"):
            self.dirty.mark(job.spec.change)

    @property
    def _client_has_other(self) -> bool:
        """Whether the client may still have music of a service before this one."""
        return self.buffer.head < self._other_until

    def state_bytes(self) -> int:
        """Return the memory that the generators' states take, in bytes."""
        return sum(self._generators[b.level].state_bytes(b.state) for b in self.buffer.boundaries)

    # --- inside -----------------------------------------------------------------------------------------------------

    @property
    def _lead_frames(self) -> int:
        """How many frames a generator without history plays before it is heard."""
        loops = isinstance(self._generators[self.level], Loop)
        return 0 if loops else min(LEAD_FRAMES, self._latency.frames_in(_MOST_LEAD_S))

    @property
    def _older_end(self) -> int:
        """The first frame behind the older music that the client plays when it is past the newest."""
        end = self._latency.music_end
        return self.buffer.head if end is None else min(self.buffer.end, end // FRAME_SIZE)

    def _soonest(self, now_s: float) -> int:
        """Return the first frame that a replacement begun now reaches if all goes as it usually does."""
        return self._latency.soonest(now_s, frames=self._latency.first_frames, repeated=self.repeated_before)

    def _catch_up_frame(self, now_s: float) -> int | None:
        """Return the first frame to replace of older music that the client plays, past the newest; None for none.

        Where nothing may be replaced, as the generator is too slow, older music is better than music that soon ends.
        """
        if self.buffer.head >= self.committed_frame(now_s) or self._latency.reachable(now_s, busy=False) is None:
            return None
        end, generator = self._older_end, self._generators[self.level]
        first, last = max(self._soonest(now_s), self.dirty.floor), end - self._config.crossfade_frames
        if first > last or isinstance(generator, Loop):
            return None
        compared = (self._planner.revision, self.buffer.head, end)
        if self._outdated is None or self._outdated[0] != compared or (self._outdated[1] or first) < first:
            frames, fills = self._planner.frames(first, end), "fills" in generator.controls
            self._outdated = compared, self.dirty.first_outdated(self.buffer, frames, fills=fills)
        found = self._outdated[1]
        return found if found is not None and found <= last else None

    def _restore_lead(self) -> int:
        """Return how many frames another generator than the restored one plays before it is heard."""
        if self.pending is None:
            return 0
        heard = self.pending.boundary.first_audible
        (first,) = self._planner.frames(heard, heard + 1)
        return min(self._lead_frames, most_lead(first.plan))

    def _opening(self, spec: JobSpec, now_s: float) -> int | None:
        """Return the frame at which the client gets the sound of a job that is done now, None if it is of no use.

        If the client will have reached the beginning of a replacement, its take opens later, where the older music is
        still to come. A replacement cuts off the older music at its own end. If the client would reach that before more
        is made, the older music is better.
        """
        head, soonest = self.buffer.head, self._latency.soonest(now_s, frames=0)
        if spec.change > head and spec.reason in ("replace", "change_level"):
            head = self.buffer.end
        if spec.reason == "extend" or spec.change >= min(head, soonest):
            return spec.change
        lasting = max(self._earliest_frame(now_s), soonest + self._config.crossfade_frames)
        if spec.end < min(head, lasting):
            return None
        return soonest if soonest < min(head, spec.end) else spec.change

    def _earliest_frame(self, now_s: float) -> int:
        """Return the first frame that a job begun now usually reaches, with the time from an event to a job."""
        return -(-(self._latency.committed(now_s) + self._latency.next_samples) // FRAME_SIZE)

    def _take_in_flight(self, job: Job) -> None:
        """Take a job out of flight. Raises: ValueError if it is not in flight."""
        if job is not self.in_flight:
            raise ValueError("expected the job in flight")
        self.in_flight = None
