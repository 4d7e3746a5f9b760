"""Many events in one frame, as of a paused game: each is taken once, and the plans are as if all were taken at once."""

from __future__ import annotations

import random

import pytest

from segue.runtime.planner import Planner
from segue_rules.director import Director
from segue_rules.director.inputs import InputDirector
from segue_rules.events import Event
from segue_rules.plan import FramePlan
from unit.runtime.rules_versions import FIRST

FRAME, END = 5, 12


def event(number: int, dice: random.Random) -> Event:
    """Return an event that sets, fires, resets or is refused."""
    kind = dice.random()
    if kind < 0.1:
        return Event(sequence=number, reset=True)
    if kind < 0.2:
        return Event(sequence=number, fire=("win",))
    if kind < 0.3:
        return Event(sequence=number, set={"region": dice.choice(["cave", "field", "sea"])})
    return Event(sequence=number, set={"threat": dice.choice([0.0, 0.2, 0.7, 1.0, 2.0])})


def straight(events: list[Event]) -> list[FramePlan]:
    """Return the plans of a run in which all the events come at once."""
    director = Director(FIRST.rules)
    state, plans = director.start(), []
    for frame in range(END):
        state, plan = director.step(state, frame, events if frame == FRAME else ())
        plans.append(plan)
    return plans


@pytest.mark.parametrize("seed", range(20))
def test_the_plans_are_those_of_all_events_at_once(seed: int) -> None:
    dice = random.Random(seed)
    numbers = list(range(1, 31))
    if seed % 2:
        # Numbers that fall are taken in their order all the same.
        dice.shuffle(numbers)
    planner, events = Planner(FIRST), list[Event]()
    for number in numbers:
        events.append(event(number, dice))
        planner.add(events[-1], FRAME)
        if dice.random() < 0.7:
            assert [each.plan for each in planner.frames(0, END)] == straight(events)
    assert [each.plan for each in planner.frames(0, END)] == straight(events)


def test_other_rules_take_the_events_that_are_still_to_come_anew() -> None:
    planner = Planner(FIRST)
    for number in range(1, 4):
        planner.add(Event(sequence=number, set={"threat": number / 4}), FRAME)
        planner.frames(0, END)
    planner.switch(FIRST, planner.state_before(FRAME), planner.upcoming(FRAME)[:1])
    last = planner.frames(0, END)[FRAME].plan
    assert [receipt.sequence for receipt in last.receipts] == [1]


def test_each_event_is_taken_once(monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[int] = []
    apply = InputDirector._apply
    monkeypatch.setattr(
        InputDirector,
        "_apply",
        lambda self, inputs, one, frame: taken.append(one.sequence) or apply(self, inputs, one, frame),
    )
    planner = Planner(FIRST)
    for number in range(1, 201):
        planner.add(Event(sequence=number, set={"threat": number % 10 / 10}), FRAME)
        planner.frames(0, END)
    assert taken == list(range(1, 201))


def test_events_that_are_taken_again_count_as_planning() -> None:
    planner = Planner(FIRST)
    for number in range(1_000, 0, -1):
        planner.add(Event(sequence=number, set={"threat": 0.5}), FRAME)
    planner.frames(0, END)
    before = planner.planned_count
    planner.add(Event(sequence=0, set={"threat": 0.5}), FRAME)
    planner.frames(0, END)
    # A smaller number takes effect before the others, so all are taken again.
    assert planner.planned_count - before >= END - FRAME + 50
