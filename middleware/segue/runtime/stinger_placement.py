"""Which stingers a session's music contains, where the service mixes them into its chunks.

A stinger belongs to the music from its start on: where newer plans add or remove one, the music is replaced from there.
What cannot be replaced in time is late or faded out, as by a client that mixes stingers itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Final, NamedTuple

from segue.audio.files import MOST_STINGER_S
from segue.contract import FADE_SAMPLES, FRAME_RATE, FRAME_SIZE, LONGEST_CHUNK_FRAMES, LONGEST_LOOKAHEAD_S, SAMPLE_RATE
from segue.runtime.planner import PlannedFrame, Planner
from segue_rules.model import AudioStinger
from segue_rules.plan import StingerCue

REPLACEABLE_FRAMES: Final = round(LONGEST_LOOKAHEAD_S * FRAME_RATE) + 2 * LONGEST_CHUNK_FRAMES
"""No music is replaced further before the end of what was generated."""

MOST_PLAYING: Final = 16
"""Stingers that may sound at once; of more in one frame, the others could not be heard."""
# Stingers that may still sound, however long they are; of more, new ones are not placed. Each costs time in every job.
_MOST_PLACED: Final = 512


class PlacedCue(NamedTuple):
    """A stinger in the music, or of a restored session beside it.

    Attributes:
        cue: The cue that started it.
        start: The sample at which it begins, later than the cue's if it came too late.
        cancelled: The sample from which it fades out, None if it plays to its end.
        number: In the messages about it, where the client gets it by itself; 0 where it is in the music.
    """

    cue: StingerCue
    start: int
    cancelled: int | None = None
    number: int = 0

    @property
    def longest_end(self) -> int:
        """A sample behind its sound and its duck, however long the sound is."""
        duck = self.cue.duck
        after = 0 if duck is None else duck.fade_out_samples + duck.recovery_samples + duck.fade_in_samples
        return self.start + round(MOST_STINGER_S * SAMPLE_RATE) + FADE_SAMPLES + after


@dataclass(frozen=True, kw_only=True)
class Placements:
    """The stingers of the music up to the end of a job.

    Attributes:
        placed: Every stinger that may sound, at most 512.
        decided: The cues by their frame that `placed` follows, also those that came too late.
        marked: The first frame that was compared with newer plans, None for none.
    """

    placed: tuple[PlacedCue, ...]
    decided: dict[int, tuple[StingerCue, ...]]
    marked: int | None


class PlacementTracker:
    """The stingers of one session's music."""

    def __init__(self, placed: Iterable[PlacedCue] = ()) -> None:
        """placed: Stingers that the music already contains where the session begins."""
        self._placed = tuple(placed)
        self._decided: dict[int, tuple[StingerCue, ...]] = {}
        self._marked: int | None = None
        self._in_flight: Placements | None = None

    @property
    def placed(self) -> tuple[PlacedCue, ...]:
        """Every stinger of the music that may sound."""
        return self._placed

    @property
    def needed(self) -> int | None:
        """The first frame whose plan is still to be compared, None for none."""
        marks = [self._marked, self._in_flight.marked if self._in_flight else None]
        return min((mark for mark in marks if mark is not None), default=None)

    def mark(self, frame: int) -> None:
        """Note that plans from `frame` on may differ from those that the music follows."""
        self._marked = frame if self._marked is None else min(frame, self._marked)

    def differs(self, planned: PlannedFrame) -> bool:
        """Return whether the stingers that start in a frame are others than in the music."""
        return sounding_cues(planned) != self._decided.get(planned.plan.frame, ())

    def begin(self, change: int, planner: Planner, frames: Sequence[PlannedFrame]) -> None:
        """Find the stingers of a job that begins, until `complete` or `fail`.

        A job begins where the first difference can be heard. So what differs before its start is too late: a new
        stinger begins at the start or is dropped, and one that is planned no more fades out from there.

        Args:
            change: The job's first new frame.
            planner: The newest plans.
            frames: The job's new frames.
        """
        start = change * FRAME_SIZE
        placed = [each for each in self._placed if each.start < start]
        decided = {frame: cues for frame, cues in self._decided.items() if frame < change}
        if self._marked is not None:
            for planned in planner.frames(min(self._marked, change), change):
                before, now = decided.get(planned.plan.frame, ()), sounding_cues(planned)
                gone = [cue for cue in before if cue not in now]
                placed = [_cancelled(each, start) if each.cue in gone else each for each in placed]
                late = [cue for cue in now if cue not in before and cue.if_late == "play"]
                placed += [PlacedCue(cue, start) for cue in late]
                decided[planned.plan.frame] = now
        for planned in frames:
            cues = decided[planned.plan.frame] = sounding_cues(planned)
            placed += [PlacedCue(cue, cue.start) for cue in cues]
        oldest = change - REPLACEABLE_FRAMES
        self._in_flight = Placements(
            placed=tuple(each for each in placed if each.longest_end > oldest * FRAME_SIZE)[:_MOST_PLACED],
            decided={frame: cues for frame, cues in decided.items() if cues and frame >= oldest},
            marked=self._marked,
        )
        self._marked = None

    def postpone(self, change: int, opening: int) -> None:
        """Let the music of the job in flight be heard later than its first new frame.

        Until then the older music sounds, with its own stingers. What the job starts earlier begins at the opening or
        is dropped; what it stops earlier fades out from there.

        Args:
            change: The job's first new frame.
            opening: The first frame of it that is heard.
        """
        assert self._in_flight is not None
        old, new, position = self._placed, self._in_flight.placed, opening * FRAME_SIZE
        known, placed = frozenset(old), []
        for each in new:
            if each.start >= position or each in known:
                placed.append(each)
            elif each.cancelled == change * FRAME_SIZE and each._replace(cancelled=None) in known:
                placed.append(each._replace(cancelled=position))
            elif each.cue.if_late == "play":
                placed.append(each._replace(start=position))
        cues = {each.cue for each in new}
        gone = [each for each in old if change * FRAME_SIZE <= each.start < position and each.cue not in cues]
        placed += [_cancelled(each, position) for each in gone]
        self._in_flight = replace(self._in_flight, placed=tuple(placed))

    def complete(self) -> tuple[PlacedCue, ...]:
        """Take the stingers of the job in flight, which is complete, and return all that may sound in it."""
        assert self._in_flight is not None
        self._placed, self._decided = self._in_flight.placed, self._in_flight.decided
        self._in_flight = None
        return self._placed

    def fail(self) -> None:
        """Forget the job in flight."""
        assert self._in_flight is not None
        if self._in_flight.marked is not None:
            self.mark(self._in_flight.marked)
        self._in_flight = None


def sounding_cues(planned: PlannedFrame) -> tuple[StingerCue, ...]:
    """Return the first 16 cues of a frame that start a sound; bursts of style change the music itself."""
    if not planned.plan.stingers:
        return ()
    sounds = {each.name for each in planned.rules_version.rules.stingers if isinstance(each, AudioStinger)}
    cues = (cue for cue in planned.plan.stingers if cue.kind == "started" and cue.stinger in sounds)
    return tuple(islice(cues, MOST_PLAYING))


def _cancelled(placed: PlacedCue, position: int) -> PlacedCue:
    return placed if placed.cancelled is not None else placed._replace(cancelled=position)
