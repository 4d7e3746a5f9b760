"""The director run ahead: plans of all frames the deck may still need, planned again from wherever an event falls."""

from __future__ import annotations

from collections.abc import Sequence

from segue.runtime.edition import Edition, Planned
from segue_rules.director import Director, DirectorState
from segue_rules.events import Event


class Planner:
    """Plans frames in order and keeps the director's state before each, from `base` on.

    An event falls on a frame that can still be changed, so no plan before its frame ever moves: whatever was decided
    there was heard, and a straight run over the same events and frames gives the same plans. The same holds of a
    `turn`: plans before it stay, and belong to the edition they were made under.
    """

    def __init__(self, edition: Edition, state: DirectorState | None = None) -> None:
        self.edition = edition
        self.director = Director(edition.rules)
        self._states: list[DirectorState] = [state or self.director.start()]
        self._frames: list[Planned] = []
        self._events: dict[int, list[Event]] = {}
        self.base = self._states[0].frame
        self.turned = self.base
        # How often plans were made void.
        self.version = 0
        # Frames planned so far, each as often as it was.
        self.steps = 0

    @property
    def end(self) -> int:
        """The first frame not planned yet."""
        return self.base + len(self._frames)

    def frames(self, start: int, end: int) -> Sequence[Planned]:
        """The frames [start, end), planned. Raises: IndexError if `start` lies before `base`."""
        if start < self.base:
            raise IndexError(f"frame {start} is forgotten; the first kept is {self.base}")
        while self.end < end:
            self.steps += 1
            state, plan = self.director.step(self._states[-1], self.end, self._events.get(self.end, ()))
            self._states.append(state)
            self._frames.append(Planned(plan, self.edition))
        return self._frames[start - self.base : end - self.base]

    def state_before(self, frame: int) -> DirectorState:
        """The director's state before `frame`, planning up to it. Raises: IndexError if it lies before `base`."""
        self.frames(min(frame, self.end), frame)
        return self._states[frame - self.base]

    def add(self, event: Event, frame: int) -> None:
        """Let `event` take effect in `frame`; what was planned from there on is planned anew when asked for."""
        if frame < max(self.base, self.turned):
            raise IndexError(f"frame {frame} is settled; the first open one is {max(self.base, self.turned)}")
        self._events.setdefault(frame, []).append(event)
        self._void(frame)

    def coming(self, frame: int) -> list[tuple[int, Event]]:
        """The events from `frame` on, with their frames, in order."""
        return [(at, event) for at in sorted(self._events) if at >= frame for event in self._events[at]]

    def turn(self, edition: Edition, state: DirectorState, events: Sequence[tuple[int, Event]]) -> None:
        """Go on from state.frame with another edition or another state, and these events in place of those to come."""
        frame = state.frame
        if frame < self.base:
            raise IndexError(f"frame {frame} is forgotten; the first kept is {self.base}")
        self.state_before(frame)
        self._void(frame)
        self._states[frame - self.base] = state
        if edition is not self.edition:
            self.edition, self.director = edition, Director(edition.rules)
        self._events = {at: taken for at, taken in self._events.items() if at < frame}
        for at, event in events:
            self._events.setdefault(at, []).append(event)
        self.turned = frame

    def forget(self, frame: int) -> None:
        """Drop everything before `frame`; frames not planned yet are never dropped."""
        count = min(frame, self.end) - self.base
        if count <= 0:
            return
        del self._frames[:count]
        del self._states[:count]
        # Events never lie before the base; a script's thousands to come are not looked at.
        for frame in range(self.base, self.base + count):
            self._events.pop(frame, None)
        self.base += count

    def _void(self, frame: int) -> None:
        """Let what was planned from `frame` on be planned anew."""
        self.version += 1
        if frame < self.end:
            del self._frames[frame - self.base :]
            del self._states[frame - self.base + 1 :]
