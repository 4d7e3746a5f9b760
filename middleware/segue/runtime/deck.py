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
from segue_rules.plan import FramePlan


@dataclass(frozen=True, kw_only=True)
class Boundary:
    """A frame at which generation may go on. state: the generator's. master: the mastering stage's. rung: whose."""

    frame: int
    state: Any
    master: Any
    rung: int


class Deck:
    """Sound and states of the frames [base, head), the sound frame by frame. Positions are absolute frames."""

    def __init__(self, first: Boundary) -> None:
        self.base = first.frame
        self._boundaries: list[Boundary] = [first]
        self._plans: list[FramePlan] = []
        self._sound: list[Samples] = []

    @property
    def head(self) -> int:
        """The first frame not generated yet."""
        return self.base + len(self._plans)

    @property
    def boundaries(self) -> Sequence[Boundary]:
        return self._boundaries

    @property
    def last(self) -> Boundary:
        """The boundary at `head`, from which generation goes on."""
        return self._boundaries[-1]

    def used(self, frame: int) -> FramePlan:
        """The plan that `frame` was generated under."""
        return self._plans[frame - self.base]

    def used_range(self, start: int, end: int) -> Sequence[FramePlan]:
        return self._plans[start - self.base : end - self.base]

    def read(self, start: int, end: int) -> Samples:
        """The sound of the frames [start, min(end, head)), float32 [S, 2]."""
        frames = self._sound[start - self.base : end - self.base]
        return np.concatenate(frames) if frames else np.zeros((0, CHANNELS), np.float32)

    def sound_bytes(self) -> int:
        return sum(frame.nbytes for frame in self._sound)

    def boundary_before(self, frame: int) -> Boundary:
        """The last boundary at or before `frame`. Raises: LookupError if all of them lie behind it."""
        for boundary in reversed(self._boundaries):
            if boundary.frame <= frame:
                return boundary
        raise LookupError(f"no state at or before frame {frame}; the oldest kept is {self._boundaries[0].frame}")

    def mark(self, boundary: Boundary) -> None:
        """A boundary at which another generator takes over, in place of any there."""
        self._boundaries = [b for b in self._boundaries if b.frame < boundary.frame]
        self._boundaries.append(boundary)

    def write(self, start: int, samples: Samples, plans: Sequence[FramePlan], after: Boundary) -> None:
        """Put the sound of frames from `start` on, in place of what was there; `after` is the boundary at its end."""
        if not self.base <= start <= self.head or len(samples) != len(plans) * FRAME_SIZE:
            raise ValueError(f"expected {len(plans)} frames from {self.base}-{self.head}, got start {start}")
        self._plans[start - self.base :] = plans
        self._sound[start - self.base :] = np.split(samples, len(plans))
        self._boundaries = [b for b in self._boundaries if b.frame <= start and b.frame < after.frame]
        self._boundaries.append(after)

    def forget(self, frame: int, keep: int) -> None:
        """Drop states that only frames before `frame` need, and sound and plans before `keep` (<= frame)."""
        needed = [b.frame for b in self._boundaries if b.frame <= frame]
        if needed:
            self._boundaries = [b for b in self._boundaries if b.frame >= needed[-1]]
        count = min(keep, self._boundaries[0].frame, self.head) - self.base
        if count > 0:
            del self._plans[:count]
            del self._sound[:count]
            self.base += count
