"""The director run ahead: plans of all frames the deck may still need, planned again from wherever an event falls."""

from __future__ import annotations

from collections.abc import Sequence

from segue_rules.director import Director, DirectorState
from segue_rules.events import Event
from segue_rules.plan import FramePlan


class Planner:
    """Plans frames in order and keeps the director's state before each, from `base` on.

    An event falls on a frame that can still be changed, so no plan before its frame ever moves: whatever was decided
    there was heard, and a straight run over the same events and frames gives the same plans.
    """

    def __init__(self, director: Director, state: DirectorState | None = None) -> None:
        self.director = director
        self._states: list[DirectorState] = [state or director.start()]
        self._plans: list[FramePlan] = []
        self._events: dict[int, list[Event]] = {}
        self.base = self._states[0].frame

    @property
    def end(self) -> int:
        """The first frame not planned yet."""
        return self.base + len(self._plans)

    def plans(self, start: int, end: int) -> Sequence[FramePlan]:
        """Plans of the frames [start, end). Raises: IndexError if `start` lies before `base`."""
        if start < self.base:
            raise IndexError(f"frame {start} is forgotten; the first kept is {self.base}")
        while self.end < end:
            state, plan = self.director.step(self._states[-1], self.end, self._events.get(self.end, ()))
            self._states.append(state)
            self._plans.append(plan)
        return self._plans[start - self.base : end - self.base]

    def state_before(self, frame: int) -> DirectorState:
        """The director's state before `frame`, planning up to it."""
        self.plans(self.base, frame)
        return self._states[frame - self.base]

    def add(self, event: Event, frame: int) -> None:
        """Let `event` take effect in `frame`; what was planned from there on is planned anew when asked for."""
        if frame < self.base:
            raise IndexError(f"frame {frame} is forgotten; the first kept is {self.base}")
        self._events.setdefault(frame, []).append(event)
        if frame < self.end:
            del self._plans[frame - self.base :]
            del self._states[frame - self.base + 1 :]

    def forget(self, frame: int) -> None:
        """Drop everything before `frame`; frames not planned yet are never dropped."""
        count = min(frame, self.end) - self.base
        if count <= 0:
            return
        del self._plans[:count]
        del self._states[:count]
        self.base += count
        self._events = {at: events for at, events in self._events.items() if at >= self.base}
