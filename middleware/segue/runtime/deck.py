"""The deck: what was generated and may still be heard or gone back to.

Keeps, per session, the generator's state at each chunk boundary, the sound up to `head`, and the plan each frame was
generated under. Going back cuts the end off; sound that was handed out before the cut is never touched.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from segue.contract import CHANNELS, FRAME_SIZE, Samples
from segue.runtime.edition import Planned


@dataclass(frozen=True, kw_only=True)
class Boundary:
    """A frame at which generation may go on. state: the generator's. master: the mastering stage's. rung: whose.

    lead: frames from `frame` on that are generated but not heard: restored music that came in later than planned.
    """

    frame: int
    state: Any
    master: Any
    rung: int
    lead: tuple[Planned, ...] = ()

    @property
    def heard(self) -> int:
        """The first frame that is heard of what goes on from here."""
        return self.frame + len(self.lead)


class Deck:
    """Sound and states of the frames [base, head), the sound frame by frame. Positions are absolute frames."""

    def __init__(self, first: Boundary) -> None:
        self.base = first.heard
        self._boundaries: list[Boundary] = [first]
        self._frames: list[Planned] = []
        self._sound: list[Samples] = []

    @property
    def head(self) -> int:
        """The first frame not generated yet."""
        return self.base + len(self._frames)

    @property
    def boundaries(self) -> Sequence[Boundary]:
        return self._boundaries

    @property
    def last(self) -> Boundary:
        """The boundary at `head`, from which generation goes on."""
        return self._boundaries[-1]

    def used(self, frame: int) -> Planned:
        """What `frame` was generated under. Raises: IndexError outside [base, head)."""
        return self._frames[self._index(frame)]

    def used_range(self, start: int, end: int) -> Sequence[Planned]:
        """What the frames [start, min(end, head)) were generated under. Raises: IndexError for some before `base`."""
        return self._frames[self._index(start) : self._index(end)] if start < end else []

    def led(self, boundary: Boundary, end: int) -> tuple[Planned, ...]:
        """What was generated from a boundary of the deck up to `end`."""
        return (*boundary.lead, *self.used_range(boundary.heard, end))

    def read(self, start: int, end: int) -> Samples:
        """The sound of the frames [start, min(end, head)), float32 [S, 2].

        Raises: IndexError for any before `base`.
        """
        frames = self._sound[self._index(start) : self._index(end)] if start < end else []
        return np.concatenate(frames) if frames else np.zeros((0, CHANNELS), np.float32)

    def sound_bytes(self) -> int:
        return sum(frame.nbytes for frame in self._sound)

    def boundary_before(self, frame: int) -> Boundary:
        """The last boundary at or before `frame`. Raises: LookupError if all of them lie behind it."""
        for boundary in reversed(self._boundaries):
            if boundary.heard <= frame:
                return boundary
        raise LookupError(f"no state at or before frame {frame}; the oldest kept is {self._boundaries[0].heard}")

    def frames_before(self, frame: int) -> int:
        """How many frames have to be generated again, or at all, to go on at `frame`; 0 where that cannot be."""
        known = [boundary.heard for boundary in self._boundaries if boundary.heard <= frame]
        return frame - known[-1] if known else 0

    def mark(self, boundary: Boundary) -> None:
        """A boundary at which other music takes over, in place of any there."""
        self._boundaries = [b for b in self._boundaries if b.heard < boundary.heard]
        self._boundaries.append(boundary)

    def write(self, start: int, samples: Samples, frames: Sequence[Planned], after: Boundary) -> None:
        """Put the sound of frames from `start` on, in place of what was there; `after` is the boundary at its end."""
        if not self.base <= start <= self.head or len(samples) != len(frames) * FRAME_SIZE:
            raise ValueError(f"expected {len(frames)} frames from {self.base}-{self.head}, got start {start}")
        self._frames[start - self.base :] = frames
        self._sound[start - self.base :] = np.split(samples, len(frames))
        self._boundaries = [b for b in self._boundaries if b.heard <= start and b.heard < after.heard]
        self._boundaries.append(after)

    def forget(self, frame: int, keep: int) -> None:
        """Drop states that only frames before `frame` need, and sound and plans before `keep` (<= frame)."""
        needed = [b.heard for b in self._boundaries if b.heard <= frame]
        if needed:
            self._boundaries = [b for b in self._boundaries if b.heard >= needed[-1]]
        count = min(keep, self._boundaries[0].heard, self.head) - self.base
        if count > 0:
            del self._frames[:count]
            del self._sound[:count]
            self.base += count

    def _index(self, frame: int) -> int:
        if frame < self.base:
            raise IndexError(f"frame {frame} is forgotten; the first kept is {self.base}")
        return frame - self.base
