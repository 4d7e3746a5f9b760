"""A course holds what the director decides, however the events come in, and gives a page what it lacks."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from segue.studio.course import ROWS, Course
from segue_rules.director import Director
from segue_rules.events import Event, ScriptedEvent
from segue_rules.loading import load_text
from segue_rules.model import FRAME_RATE
from segue_rules.timeline import plan_at, play_script
from segue_yaml.nodes import NOWHERE
from unit.studio.sessions import EDITED, RULES

MEADOW = load_text(RULES, "meadow.yaml")
OTHER = load_text(EDITED, "meadow.yaml")
SEED = 5
END = 420

values = st.one_of(
    st.builds(lambda value: {"danger": value}, st.sampled_from([0.0, 0.5, 0.7, 1.0])),
    st.builds(lambda value: {"place": value}, st.sampled_from(["meadow", "cave", "sea"])),
)
moments = st.lists(st.tuples(st.integers(0, END - 1), values, st.booleans()), max_size=8)


def events_of(drawn: Sequence[tuple[int, dict[str, Any], bool]]) -> list[tuple[int, Event]]:
    return [
        (frame, Event(sequence=number, set=value, fire=("won",) if fires else ()))
        for number, (frame, value, fires) in enumerate(drawn, 1)
    ]


def planned(events: Sequence[tuple[int, Event]], end: int = END) -> Course:
    course = Course(MEADOW, SEED)
    for frame, event in events:
        course.add_event(frame, event)
    course.extend(end)
    return course


@settings(max_examples=25, deadline=None)
@given(moments)
def test_the_rows_are_the_plans_of_the_director(drawn: Any) -> None:
    events = events_of(drawn)
    course = planned(events)
    script = [ScriptedEvent(at_s=at / FRAME_RATE, frame=at, event=event, mark=NOWHERE) for at, event in events]
    states, mix, changes, beats = [], [], [], []
    for span in play_script(Director(MEADOW, SEED), sorted(script, key=lambda s: s.frame), END):
        states += [list(span.plan.states)] * span.frames
        mix += [[round(share, 3) for share in span.plan.mix]] * span.frames
        changes += [(span.plan.frame, change.kind, change.to_state) for change in span.plan.changes]
        frames = range(span.plan.frame, span.plan.frame + span.frames)
        beats += [frame for frame in frames if plan_at(span.plan, frame).beat >= 0]
    for kind, expected in (("states", states), ("mix", mix)):
        rows = course.rows[kind]
        frames_of_rows = [row[0] for row in rows]
        found = [rows[bisect_left(frames_of_rows, frame + 1) - 1][1] for frame in range(END)]
        assert found == expected
        assert all(one[1] != other[1] for one, other in pairwise(rows))
    assert [(row[0], row[1]["kind"], row[1]["to"]) for row in course.rows["changes"]] == changes
    assert [row[0] for row in course.rows["beats"]] == beats


@settings(max_examples=25, deadline=None)
@given(moments, st.lists(st.integers(0, END), max_size=8), st.randoms())
def test_late_events_and_edits_give_the_course_that_they_give_in_time(drawn: Any, ends: list[int], chance: Any) -> None:
    events = events_of(drawn)
    whole = planned(events)
    whole.add_rules(260, OTHER)
    whole.extend(END)
    shuffled = list(events)
    chance.shuffle(shuffled)
    course = Course(MEADOW, SEED)
    held: dict[str, list[Any]] = {kind: [] for kind in ROWS}
    have = version = 0

    def look() -> None:
        nonlocal have, version
        start, rows = course.since(have, version)
        for kind in ROWS:
            held[kind] = [row for row in held[kind] if row[0] < start] + rows[kind]
        have, version = course.end, course.version

    for number, (frame, event) in enumerate(shuffled):
        course.extend(ends[number] if number < len(ends) else 0)
        look()
        course.add_event(frame, event)
    course.extend(END - 1)
    look()
    course.add_rules(260, OTHER)
    course.extend(END)
    look()
    assert course.rows == whole.rows
    assert held == course.rows


@settings(max_examples=25, deadline=None)
@given(moments, st.integers(0, END))
def test_a_fork_has_the_past_and_nothing_of_what_came_later(drawn: Any, frame: int) -> None:
    events = events_of(drawn)
    course = planned(events)
    before = {kind: list(rows) for kind, rows in course.rows.items()}
    fork = course.fork(frame)
    late = Event(sequence=99, set={"danger": 1.0})
    fork.add_event(frame, late)
    fork.extend(END)
    expected = planned([*((at, event) for at, event in events if at < frame), (frame, late)])
    assert fork.rows == expected.rows
    assert course.rows == before


def test_rules_that_declare_something_else_count_from_their_frame_on() -> None:
    course = Course(MEADOW, SEED)
    course.extend(100)
    course.add_rules(60, OTHER)
    course.extend(100)
    assert course.rows["rules"] == [[0, 0], [60, 1]]
    assert [row[0] for row in course.rows["states"]] == [0, 60]
    assert course.rules_at(59) is MEADOW
    assert course.rules_at(60) is OTHER
    assert len(course.declarations) == 2


def test_a_declaration_names_what_a_page_shows() -> None:
    (declared,) = Course(MEADOW, SEED).declarations
    assert declared == {
        "title": "Meadow",
        "inputs": [
            {"name": "danger", "type": "number", "low": 0.0, "high": 1.0, "default": 0.0},
            {"name": "place", "type": "choice", "of": ("meadow", "cave"), "default": "meadow"},
            {"name": "won", "type": "trigger"},
        ],
        "styles": ["calm", "fight"],
        "layers": [
            {"name": "ground", "states": ["meadow", "cave"], "default": "meadow", "rows": []},
            {"name": "action", "states": ["rest", "battle"], "default": "rest", "rows": [["battle", "rest"]]},
        ],
    }
