"""Playing a script equals stepping every frame; entries have their times, bars and beats."""

from __future__ import annotations

from pathlib import Path

import pytest

from segue_rules.director import Director
from segue_rules.events import Event
from segue_rules.loading import load, load_events
from segue_rules.plan import FramePlan, MusicalClock
from segue_rules.timeline import bar_beat, plan_at, play_script, timeline_entries
from segue_rules.times import clock_text, duration_text

LIBRARY = Path(__file__).parents[4] / "rules" / "library"


@pytest.mark.parametrize("name", ["emberwood", "highwall", "nightwatch", "redline"])
def test_equals_stepping_every_frame(name: str) -> None:
    rules = load(LIBRARY / name / f"{name}.yaml")
    script = load_events(LIBRARY / name / f"{name}.events.yaml", rules)
    director = Director(rules)
    frames = 80 * 25
    played = (
        plan_at(span.plan, frame)
        for span in play_script(director, script, frames)
        for frame in range(span.plan.frame, span.plan.frame + span.frames)
    )
    state = director.start()
    for frame, plan in enumerate(played):
        events = [scripted.event for scripted in script if scripted.frame == frame]
        state, stepped = director.step(state, frame, events, frame)
        assert plan == stepped
    assert state.frame == frames


def test_events_after_the_end_are_not_played() -> None:
    rules = load(LIBRARY / "emberwood" / "emberwood.yaml")
    script = load_events(LIBRARY / "emberwood" / "emberwood.events.yaml", rules)
    plans = [span.plan for span in play_script(Director(rules), script, 10 * 25)]
    assert [receipt.frame for plan in plans for receipt in plan.receipts] == [8 * 25]


@pytest.mark.parametrize(("frames", "text"), [(0, "0ms"), (1, "40ms"), (8, "320ms"), (25, "1s"), (38, "1.52s")])
def test_durations(frames: int, text: str) -> None:
    assert duration_text(frames / 25) == text


@pytest.mark.parametrize(("frame", "text"), [(0, "0:00.00"), (1, "0:00.04"), (1612, "1:04.48"), (90_000, "60:00.00")])
def test_moments(frame: int, text: str) -> None:
    assert clock_text(frame / 25, 2) == text


def place(plan: FramePlan, *, ticks: int, bar: int, bar_ticks: int, beat: int, bar_start: int) -> str:
    clock = MusicalClock(ticks=ticks, bar=bar, bar_ticks=bar_ticks, meter=4)
    return str(bar_beat(plan._replace(clock=clock, beat=beat, bar_start=bar_start)))


def test_bars_and_beats_count_from_one_and_are_those_of_the_line_in_the_frame() -> None:
    rules = load(LIBRARY / "emberwood" / "emberwood.yaml")
    plan = next(play_script(Director(rules), (), 1)).plan
    assert str(bar_beat(plan)) == "1:1"
    beat = 1_500_000
    assert place(plan, ticks=beat - 9, bar=0, bar_ticks=0, beat=-1, bar_start=-1) == "1:1"
    assert place(plan, ticks=beat - 9, bar=0, bar_ticks=0, beat=3, bar_start=-1) == "1:2"
    assert place(plan, ticks=beat, bar=0, bar_ticks=0, beat=0, bar_start=-1) == "1:2"
    assert place(plan, ticks=4 * beat - 9, bar=0, bar_ticks=0, beat=3, bar_start=3) == "2:1"
    assert place(plan, ticks=4 * beat, bar=1, bar_ticks=4 * beat, beat=0, bar_start=0) == "2:1"


def test_clamped_and_refused_events_have_entries() -> None:
    rules = load(LIBRARY / "emberwood" / "emberwood.yaml")
    director = Director(rules)
    sent = (
        Event(sequence=0, set={"threat": 3.0}),
        Event(sequence=1, set={"mood": 1.0}),
        Event(sequence=2, fire=("discovery",)),
    )
    _, plan = director.step(director.start(), 0, sent, 0)
    told = [
        (each.kind, each.text)
        for each in timeline_entries(plan, {event.sequence: event for event in sent})
        if each.kind != "stinger"
    ]
    assert told == [("clamped", "set threat 3"), ("refused", "set mood 1"), ("event", "fire discovery")]
