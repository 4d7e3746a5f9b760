"""What the rules decide while a session plays, computed beside the service.

The wire does not carry every control. The director is pure, and each event's receipt names the frame in which it took
effect: so the same rules give the same plans here.
"""

from __future__ import annotations

from collections import deque
from typing import Final, NamedTuple

from segue.play.performance import TakenEvent
from segue_rules.director import Director, DirectorState, carry
from segue_rules.events import Event
from segue_rules.model import FRAME_RATE, Rules
from segue_rules.plan import FramePlan

_KEPT: Final = 20 * FRAME_RATE
"""Frames that an event may come late by."""


class _Step(NamedTuple):
    before: DirectorState
    plan: FramePlan


class Course:
    """The plans of one session, up to the frame that is heard.

    Args:
        rules: What the session plays, with the tempo and meter of its styles.
    """

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self._director = Director(rules)
        self._next = self._director.start()
        self._steps: deque[_Step] = deque(maxlen=_KEPT)
        self._events: dict[int, list[Event]] = {}

    def add(self, taken: TakenEvent) -> None:
        """Take in an event. Frames that were planned without it are planned again."""
        self._events.setdefault(taken.frame, []).append(taken.event)
        while self._steps and self._next.frame > taken.frame:
            self._next = self._steps.pop().before

    def plan(self, frame: int) -> FramePlan | None:
        """Return the plan of a frame; None for one that is forgotten."""
        while self._next.frame <= frame:
            before = self._next
            events = sorted(self._events.get(before.frame, ()), key=lambda event: event.sequence)
            self._next, plan = self._director.step(before, before.frame, events)
            self._steps.append(_Step(before, plan))
            self._events.pop(before.frame - _KEPT, None)
        index = frame - self._next.frame + len(self._steps)
        return self._steps[index].plan if index >= 0 else None

    def switch(self, rules: Rules) -> None:
        """Go on under edited rules from the next frame on."""
        self._next = carry(self._next, self.rules, rules)
        self.rules, self._director = rules, Director(rules)
        self._steps.clear()
