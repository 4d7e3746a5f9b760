"""What a session generates next: which frames have become outdated, and a pure choice of the next job."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, TypeAlias

from segue.contract import FADE_SAMPLES, FRAME_SIZE, JOIN_SAMPLES, Request
from segue.runtime.audio_buffer import AudioBuffer, ChunkBoundary, PlannedState
from segue.runtime.planner import PlannedFrame, Planner, is_significant
from segue.runtime.session_config import SessionConfig
from segue.runtime.stinger_placement import PlacementTracker

# extend: more music at the end. replace: music for newer plans. change_level: music of another fallback level. skip:
# music after a gap, because the client is past the end of the newest music; it continues what the client still has, if
# that is not outdated. restore: music from the state of a save or a cell.
# The protocol has the same words, but "fallback" for change_level; recordings have "ladder".
Reason: TypeAlias = Literal["extend", "replace", "change_level", "skip", "restore"]


class JobSpec(NamedTuple):
    """Music that a session lacks.

    Attributes:
        reason: Why it is generated.
        origin: The frame that generation starts from. What is generated before `change` is not heard.
        change: The first frame that the client gets.
        end: The first frame behind it.
        level: The fallback level that generates it.
    """

    reason: Reason
    origin: int
    change: int
    end: int
    level: int

    @property
    def deadline(self) -> int:
        """The sample at which the client needs it."""
        return self.change * FRAME_SIZE

    @property
    def shape(self) -> tuple[int, int]:
        """What all jobs of a batch have in common: the level and the number of frames."""
        return self.level, self.end - self.origin


@dataclass(frozen=True, kw_only=True)
class Job:
    """A job in flight. Its frames before spec.change repeat what the client has.

    Attributes:
        spec: What is generated.
        origin: The boundary that generation starts from.
        frames: The plans of [origin, end).
        request: What the generator gets.
        plan_revision: The planner's revision when the frames were planned.
        planned: The rules' part behind the last frame.
    """

    spec: JobSpec
    origin: ChunkBoundary
    frames: tuple[PlannedFrame, ...]
    request: Request[Any]
    plan_revision: int
    planned: PlannedState

    @property
    def new_frames(self) -> tuple[PlannedFrame, ...]:
        """The frames from spec.change on."""
        return self.frames[self.spec.change - self.origin.frame :]


class DirtyTracker:
    """Finds the generated frames that newer plans have made outdated.

    Attributes:
        replace_at: The first frame found that must be replaced, None for none.
        floor: No frame before it is replaced: music before a restore stays as it is, and what cannot be made in time
            is not tried.
    """

    def __init__(self, threshold: float, floor: int, placements: PlacementTracker | None = None) -> None:
        """Begin with nothing outdated.

        Args:
            threshold: Of `is_significant`.
            floor: The first floor.
            placements: The stingers of the music, if they are part of it.
        """
        self.replace_at: int | None = None
        self.floor = floor
        self._threshold = threshold
        self._placements = placements
        self._from: int | None = None

    @property
    def is_clean(self) -> bool:
        """Whether there is nothing to compare and nothing to replace."""
        return self._from is None and self.replace_at is None

    def mark(self, frame: int) -> None:
        """Note that plans from `frame` on may differ from those that the music was generated under."""
        if self._placements is not None:
            self._placements.mark(frame)
        self.compare_again(frame)

    def compare_again(self, frame: int) -> None:
        """Let the next scan compare the music from `frame` on, though its plans are the same."""
        self._from = frame if self._from is None else min(frame, self._from)

    def scan(self, buffer: AudioBuffer, planner: Planner, end: int, *, fills: bool) -> list[PlannedFrame]:
        """Find the first outdated frame before `end` among the frames marked since the last scan.

        Args:
            buffer: The music that was generated.
            planner: The newest plans.
            end: Where to stop.
            fills: Whether the generator leads into changes.

        Returns:
            The marked frames before `end`, those before the floor too, as they are planned now.
        """
        if self._from is None:
            return []
        first, self._from = max(self._from, planner.base, buffer.base), None
        planned = list(planner.frames(first, max(first, end)))
        start = max(first, self.floor)
        # A frame found earlier and not replaced yet is found again if it lies here, or has become right meanwhile.
        if self.replace_at is None or self.replace_at >= start:
            candidates = (frame for frame in planned if frame.plan.frame >= start)
            self.replace_at = self.first_outdated(buffer, candidates, fills=fills)
            if start < end and any(self._has_other_stingers(frame) for frame in planned if frame.plan.frame < start):
                # A stinger that begins or is cancelled too late for its frame is heard from the floor on.
                self.replace_at = start
        return planned

    def first_outdated(self, buffer: AudioBuffer, planned: Iterable[PlannedFrame], *, fills: bool) -> int | None:
        """Return the first of these frames that must be replaced; None for none. Arguments as those of `scan`."""
        return next((frame.plan.frame for frame in planned if self._is_dirty(buffer, frame, fills=fills)), None)

    def clear_from(self, frame: int) -> None:
        """Note that nothing from `frame` on has to be replaced."""
        if self.replace_at is not None and self.replace_at >= frame:
            self.replace_at = None

    def settle(self, frame: int) -> None:
        """Note that everything before `frame` stays as it is."""
        self.replace_at, self.floor = None, frame

    def raise_floor(self, frame: int) -> None:
        """Note that nothing before `frame` can be made in time."""
        self.floor = max(self.floor, frame)

    def _is_dirty(self, buffer: AudioBuffer, planned: PlannedFrame, *, fills: bool) -> bool:
        used = buffer.planned_frame(planned.plan.frame)
        if used.rules_version.styles is not planned.rules_version.styles:
            return True
        if (used.plan.clips or planned.plan.clips) and used.rules_version.clips is not planned.rules_version.clips:
            return True
        return self._has_other_stingers(planned) or is_significant(
            used.plan, planned.plan, self._threshold, fills=fills
        )

    def _has_other_stingers(self, planned: PlannedFrame) -> bool:
        return self._placements is not None and self._placements.differs(planned)


class SessionView(NamedTuple):
    """All that decides a session's next job.

    Attributes:
        config: The session's numbers.
        buffer: What is generated.
        level: The fallback level to generate with.
        replace_at: The first frame to replace, None for none.
        catch_up_at: The first frame to replace of older music that a client past the newest plays, None for none.
        restoring: The boundary of restored music that is to take over, None for none.
        faded: Whether the buffer ends in a fade-out, for the restored music.
        floor: No frame before it is replaced.
        committed: The first frame of which the client's engine has nothing yet.
        soonest: The first frame that a replacement begun now reaches if all goes as it usually does.
        reachable: The first frame that it reaches almost always, None while nothing may be replaced.
        first_frames: Length of the first chunk of a replacement.
        fill_to: The sample up to which the client wants music.
        music_end: The sample at which the client is silent for lack of music, None if its clock runs on then.
        client_has_other: Whether the client may still have music of a service before this one.
        lead_frames: How many frames a generator without history plays before it is heard.
        restore_lead: The same where it plays restored music.
        most_repeated: The most frames worth generating, and not hearing, to continue the same music after a gap.
        most_caught_up: The same where the client plays outdated music meanwhile.
    """

    config: SessionConfig
    buffer: AudioBuffer
    level: int
    replace_at: int | None
    catch_up_at: int | None
    restoring: ChunkBoundary | None
    faded: bool
    floor: int
    committed: int
    soonest: int
    reachable: int | None
    first_frames: int
    fill_to: int
    music_end: int | None
    client_has_other: bool
    lead_frames: int
    restore_lead: int
    most_repeated: int
    most_caught_up: int


def next_job(view: SessionView) -> JobSpec | None:
    """Return the next job, None if there is nothing to do.

    Restored music comes first, then music for a client that is past the newest, replacements, another level, and more
    music.
    """
    head = view.buffer.head
    if view.restoring is not None:
        return _restore(view, view.restoring)
    if head < view.committed:
        if view.catch_up_at is not None:
            return _replacement(view, view.catch_up_at)
        meeting = _meeting_frame(view)
        # What a client still has from a service before this one must not keep it from hearing this one.
        return _skip(view, min(meeting, _soonest_frame(view)) if view.client_has_other else meeting)
    if view.replace_at is not None:
        # What the engine has taken by the time the new music comes stays as it is.
        change = max(view.replace_at, view.soonest, view.buffer.base)
        # Older music is better than music that a slow generator cannot continue.
        waits = view.reachable is None and view.buffer.newest_before(change) < change
        if change < head and not waits:
            return _replacement(view, change)
    if view.level != view.buffer.last.level:
        return _other_level(view)
    if head * FRAME_SIZE < view.fill_to:
        return _spec(view, "extend", head)
    return None


def _restore(view: SessionView, restoring: ChunkBoundary) -> JobSpec | None:
    head, base, target = view.buffer.head, view.buffer.base, restoring.first_audible
    # The restored music may be too late for its frame, or for what can be kept before it.
    start = max(target, view.floor, base)
    if view.replace_at is not None and view.reachable is not None:
        sooner = max(view.replace_at, view.reachable, base)
        if sooner < min(target, head):
            spec = _replacement(view, sooner)
            return spec._replace(end=min(spec.end, target))
    # The present music has to last until then, and for a crossfade unless it was faded out there.
    if view.committed <= head and (head < start or (head == start and head > base and not view.faded)):
        # A generator that was left for another one gets no more jobs.
        spec = _spec(view, "extend", head) if view.level == view.buffer.last.level else _other_level(view)
        if head < target:
            spec = spec._replace(end=min(spec.end, target))
        return spec if head * FRAME_SIZE < view.fill_to else None
    if head < view.committed and _meeting_frame(view) < target:
        skip = _skip(view, _meeting_frame(view))
        return skip and skip._replace(end=min(skip.end, target))
    change = max(start, view.committed)
    if change > head:
        change = max(target, min(max(start, _soonest_frame(view)), _last_frame(view)))
    if change >= head and change * FRAME_SIZE >= view.fill_to:
        return None
    spec = _spec(view, "restore", change)
    # Long enough that the next chunk can come in time.
    end = -(-(change + view.first_frames) // view.config.chunk_frames) * view.config.chunk_frames
    spec = spec._replace(end=max(spec.end, end))
    return spec._replace(origin=restoring.frame if restoring.level == view.level else change - view.restore_lead)


def _replacement(view: SessionView, change: int) -> JobSpec:
    """Replace the music from `change` on; a generator that was left for another one gets no more jobs."""
    left = view.buffer.boundary_before(change).level != view.level
    return _spec(view, "change_level" if left else "replace", change)


def _other_level(view: SessionView) -> JobSpec:
    """Continue on another level, from just before the end of the music."""
    change = max(view.buffer.head - view.config.crossfade_frames, view.buffer.base, view.committed)
    return _spec(view, "change_level", min(change, view.buffer.head))


def _skip(view: SessionView, change: int) -> JobSpec | None:
    """Continue at `change`, behind a gap, None while that is further ahead than the client wants music."""
    if view.music_end is not None and change * FRAME_SIZE >= view.fill_to:
        return None
    spec, last = _spec(view, "skip", change), view.buffer.last
    if last.level == view.level and change - last.frame <= view.most_repeated:
        return spec._replace(origin=last.frame)
    return spec


def _meeting_frame(view: SessionView) -> int:
    """Return the frame at which new music continues what a client still has that is past the newest music.

    That is early enough for the client to join it. Where there is no time for that, the client fades out and in again.
    """
    soonest = _soonest_frame(view)
    if view.music_end is None:
        return soonest
    joined = (view.music_end - JOIN_SAMPLES - FADE_SAMPLES) // FRAME_SIZE
    return joined if joined >= soonest else _last_frame(view)


def _soonest_frame(view: SessionView) -> int:
    """Return the first frame at which new music can reach a client."""
    return view.reachable or view.committed + view.config.chunk_frames


def _last_frame(view: SessionView) -> int:
    """Return the last frame at which a client can begin to play new music: its clock stops where it has none."""
    if view.music_end is None:
        return _soonest_frame(view)
    # The client may not have reported yet what was sent last.
    return max(view.music_end // FRAME_SIZE, view.buffer.head)


def _spec(view: SessionView, reason: Reason, change: int) -> JobSpec:
    """Return the shortest job that starts to be heard at `change` and ends with a chunk.

    A replacement ends as soon as possible: what follows it is an extension, for which there is time.
    """
    if reason == "restore":
        origin = change
    elif reason in ("change_level", "skip"):
        origin = max(view.buffer.base, change - view.lead_frames)
    else:
        origin = view.buffer.boundary_before(change).frame
        if view.buffer.newest_before(change) < change and change - origin > view.most_caught_up:
            origin = change - min(view.lead_frames, view.most_caught_up)
    fade = view.config.crossfade_frames if change < view.buffer.head else 1
    if reason == "replace":
        return JobSpec(reason, origin, change, change + max(fade, view.first_frames), view.level)
    chunk = view.config.chunk_frames
    return JobSpec(reason, origin, change, -(-(change + fade) // chunk) * chunk, view.level)
