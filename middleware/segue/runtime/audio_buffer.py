"""What was generated and may still be played or returned to: sound, plans and generator states, frame by frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from segue.contract import CHANNELS, FRAME_SIZE, Samples
from segue.runtime.planner import PlannedFrame, RulesVersion
from segue_rules.director import DirectorState


class PlannedState(NamedTuple):
    """The rules' part of a session before a frame, as music up to that frame follows it.

    Attributes:
        director: The director's state.
        rules_version: The rules that it belongs to.
        last_event: The greatest event number taken by then; the events up to it are in the state or yet to come.
        switched_at: The frame of the planner's last switch by then.
    """

    director: DirectorState
    rules_version: RulesVersion
    last_event: int
    switched_at: int


@dataclass(frozen=True, kw_only=True)
class ChunkBoundary:
    """A frame from which generation can continue.

    Attributes:
        frame: The next frame to generate.
        state: The generator's state before it.
        master: The mastering stage's state before it.
        level: The fallback level of that generator.
        lead: Frames from `frame` on that are generated but not played: of restored music that arrives late, of a gap,
            or before the first sound of a generator without history.
    """

    frame: int
    state: Any
    master: Any
    level: int
    lead: tuple[PlannedFrame, ...] = ()
    planned: PlannedState | None = None

    @property
    def first_audible(self) -> int:
        """The first frame after the boundary that is played."""
        return self.frame + len(self.lead)


class AudioBuffer:
    """Sound and states of the frames [base, end), as a client has them.

    The buffer keeps the generator's state at each chunk boundary, the sound, and the plan each frame was generated
    under. The newest music ends at `head`. Behind it lies *older music*, which was replaced further ahead and which
    a client plays if the newest music goes on too late. Where the newest music went on later than that, older music
    also lies between two parts of it. Sound that was read before a write stays unchanged.
    """

    def __init__(self, first: ChunkBoundary) -> None:
        self.base = self.head = first.first_audible
        """`head`: The first frame that is not generated yet."""
        self._boundaries: list[ChunkBoundary] = [first]
        self._frames: list[PlannedFrame] = []
        self._sound: list[Samples] = []
        # The older music [start, end) between two parts of the newest.
        self._between = (self.head, self.head)
        # The frames at which other music begins without a crossfade.
        self._seams: set[int] = set()

    @property
    def end(self) -> int:
        """The first frame behind all music, the older music too."""
        return self.base + len(self._frames)

    def newest_before(self, frame: int) -> int:
        """Return the end of the newest music at or before `frame`; what lies between it and `frame` is older music."""
        start, end = self._between
        if frame > self.head:
            return self.head
        return start if start < frame < end else frame

    def run_start(self, frame: int) -> int:
        """Return the first frame of the music without a seam that ends at `frame`."""
        return max((seam for seam in self._seams if seam < frame), default=self.base)

    def run_end(self, frame: int) -> int:
        """Return the first frame behind the music without a seam that `frame` belongs to."""
        return min((seam for seam in self._seams if seam > frame), default=self.end)

    def begins_at(self, frame: int) -> bool:
        """Return whether the music begins at `frame`, without a crossfade from any before it."""
        return frame == self.base or (frame < self.head and frame in self._seams)

    @property
    def boundaries(self) -> Sequence[ChunkBoundary]:
        """All boundaries that are kept, in order."""
        return self._boundaries

    @property
    def last(self) -> ChunkBoundary:
        """The boundary at `head`."""
        return self._boundaries[-1]

    def planned_frame(self, frame: int) -> PlannedFrame:
        """Return the plan that `frame` was generated under.

        Raises:
            IndexError: `frame` lies outside [base, end).
        """
        return self._frames[self._index(frame)]

    def planned_frames(self, start: int, end: int) -> Sequence[PlannedFrame]:
        """Return the plans that the frames [start, min(end, self.end)) were generated under.

        Raises:
            IndexError: `start` lies before `base`.
        """
        return self._frames[self._index(start) : self._index(end)] if start < end else []

    def frames_since(self, boundary: ChunkBoundary, end: int) -> tuple[PlannedFrame, ...]:
        """Return the plans that were used from a boundary of the buffer up to `end`, its lead included."""
        return (*boundary.lead, *self.planned_frames(boundary.first_audible, end))

    def read(self, start: int, end: int) -> Samples:
        """Return the sound of the frames [start, min(end, self.end)), float32 [S, 2].

        Raises:
            IndexError: `start` lies before `base`.
        """
        frames = self._sound[self._index(start) : self._index(end)] if start < end else []
        return np.concatenate(frames) if frames else np.zeros((0, CHANNELS), np.float32)

    def sound_bytes(self) -> int:
        """Return the memory that the sound takes, in bytes."""
        return sum(frame.nbytes for frame in self._sound)

    def boundary_before(self, frame: int) -> ChunkBoundary:
        """Return the last boundary at or before `frame`.

        Raises:
            LookupError: All boundaries lie behind it.
        """
        for boundary in reversed(self._boundaries):
            if boundary.first_audible <= frame:
                return boundary
        raise LookupError(
            f"no state at or before frame {frame}; the oldest kept is {self._boundaries[0].first_audible}"
        )

    def repeated_before(self, frame: int) -> int:
        """Return how many frames have to be generated again to continue at `frame`; 0 where that is impossible."""
        known = [boundary.frame for boundary in self._boundaries if boundary.first_audible <= frame]
        return frame - known[-1] if known else 0

    def add_boundary(self, boundary: ChunkBoundary) -> None:
        """Add a boundary at which other music takes over, in place of any at or behind it."""
        self._boundaries = [b for b in self._boundaries if b.first_audible < boundary.first_audible]
        self._boundaries.append(boundary)

    def write(
        self, start: int, samples: Samples, frames: Sequence[PlannedFrame], after: ChunkBoundary, *, joins: bool = True
    ) -> None:
        """Write the sound of frames from `start` on as the newest; everything behind it is older music.

        Args:
            start: A frame in [base, end].
            samples: float32 [S, 2], S = FRAME_SIZE for each frame.
            frames: The plans the sound was generated under.
            after: The boundary at its end.
            joins: Whether the sound continues what lies before `start`, by a crossfade or exactly.

        Raises:
            ValueError: `start` lies elsewhere, or sound and plans differ in length.
        """
        if not self.base <= start <= self.end or len(samples) != len(frames) * FRAME_SIZE:
            raise ValueError(f"expected {len(frames)} frames from {self.base}-{self.end}, got start {start}")
        known, head = self.newest_before(start), start + len(frames)
        if known < start:
            self._between = (known, start)
        elif start <= self._between[0]:
            self._between = (start, start)
        self._frames[start - self.base : head - self.base] = frames
        self._sound[start - self.base : head - self.base] = np.split(samples, len(frames))
        self._seams = {seam for seam in self._seams if not start <= seam <= head}
        if not joins:
            self._seams.add(start)
        if head < self.end:
            self._seams.add(head)
        self.head = head
        self._boundaries = [
            b for b in self._boundaries if b.first_audible <= start and b.first_audible < after.first_audible
        ]
        self._boundaries.append(after)

    def forget(self, frame: int, keep: int) -> None:
        """Drop states that only frames before `frame` need, and sound and plans before `keep` (<= frame)."""
        while len(self._boundaries) > 1 and self._boundaries[1].first_audible <= frame:
            del self._boundaries[0]
        count = min(keep, self._boundaries[0].first_audible, self.head) - self.base
        if count > 0:
            del self._frames[:count]
            del self._sound[:count]
            self.base += count
            self._seams = {seam for seam in self._seams if seam > self.base}

    def _index(self, frame: int) -> int:
        if frame < self.base:
            raise IndexError(f"frame {frame} is forgotten; the first kept is {self.base}")
        return frame - self.base
