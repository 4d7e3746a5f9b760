"""A performance as an event script, and the course of the rules beside the service."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from segue.play.course import Course
from segue.play.performance import Performance, TakenEvent
from segue_rules.audition import with_mutes
from segue_rules.director import Director
from segue_rules.events import Event, ScriptedEvent
from segue_rules.loading import load, load_events, load_text
from segue_rules.model import FRAME_RATE, Rules
from segue_rules.plan import FramePlan
from segue_rules.timeline import plan_at, play_script
from segue_sdk.messages import Receipt

EMBERWOOD = Path(__file__).parents[3] / "rules" / "library" / "emberwood" / "emberwood.yaml"


def accepted(seq: int, frame: int, *, accepted: bool = True) -> Receipt:
    return Receipt(seq=seq, accepted=accepted, code="accepted" if accepted else "wrong_type", frame=frame)


def test_events_have_the_time_at_which_they_took_effect(tmp_path: Path) -> None:
    played = Performance()
    played.sent(Event(sequence=1, set={"threat": 0.25, "region": "crypt", "night": True, "enemies": 4}))
    played.sent(Event(sequence=2, fire=("boss_dead",)))
    played.sent(Event(sequence=3, set={"threat": "much"}))
    played.sent(Event(sequence=4, reset=True))
    assert played.answered(accepted(1, 10)) == TakenEvent(10, Event(sequence=1, set=played.taken[0].event.set))
    played.answered(accepted(2, 313))
    assert played.answered(accepted(3, 400, accepted=False)) is None
    played.answered(accepted(4, 500))
    assert played.answered(accepted(99, 500)) is None
    text = played.script("Emberwood", 7)
    assert text.splitlines() == [
        "# A performance of 'Emberwood', seed 7: each event at the time at which it took effect.",
        "- {at: 0.40s, set: {threat: 0.25, region: crypt, night: true, enemies: 4}}",
        "- {at: 12.52s, fire: [boss_dead]}",
        "- {at: 20.00s, reset: true}",
    ]
    path = tmp_path / "a.events.yaml"
    path.write_text(text)
    assert [each.frame for each in load_events(path, load(EMBERWOOD))] == [10, 313, 500]


@pytest.mark.parametrize("frame", [0, 1, 312, 99_999, 2_159_999])
@pytest.mark.parametrize("value", [True, 0, -3, 0.1, 1e-7, -2.5e-9, "on", "it's", "café", "null", "a b"])
def test_a_script_is_read_as_it_was_played(frame: int, value: float | str, tmp_path: Path) -> None:
    played = Performance()
    event = Event(sequence=1, set={"yes": value}, fire=("off", "won"))
    played.sent(event)
    played.answered(accepted(1, frame))
    path = tmp_path / "a.events.yaml"
    path.write_text(played.script("a", 1), encoding="utf-8")
    (read,) = load_events(path)
    assert (read.frame, read.event.set, read.event.fire) == (frame, event.set, event.fire)


def test_a_performance_without_events_is_an_empty_script(tmp_path: Path) -> None:
    path = tmp_path / "a.events.yaml"
    path.write_text(Performance().script("a", 1))
    assert load_events(path) == ()


def test_answers_in_any_order_give_one_script() -> None:
    texts = []
    for order in ((1, 2, 3), (3, 1, 2)):
        played = Performance()
        for number in (1, 2, 3):
            played.sent(Event(sequence=number, fire=(f"t{number}",)))
        for number in order:
            played.answered(accepted(number, 100 if number < 3 else 50))
        texts.append(played.script("a", 1))
    assert texts[0] == texts[1]


def plans_of(rules: Rules, events: tuple[ScriptedEvent, ...], frames: int) -> list[FramePlan]:
    return [
        plan_at(span.plan, frame)
        for span in play_script(Director(rules), events, frames)
        for frame in range(span.plan.frame, span.plan.frame + span.frames)
    ]


@pytest.mark.parametrize("late", [0, 1, 60])
def test_the_course_is_that_of_the_timeline_though_answers_come_late(late: int) -> None:
    rules = load(EMBERWOOD)
    events = load_events(EMBERWOOD.with_name("emberwood.events.yaml"), rules)
    frames = 40 * FRAME_RATE
    course = Course(rules)
    for frame in range(frames + late):
        for scripted in events:
            if scripted.frame + late == frame:
                course.add(TakenEvent(scripted.frame, scripted.event))
        course.plan(frame)
    wanted = plans_of(rules, events, frames)
    first = frames - 15 * FRAME_RATE
    for frame in range(first, frames):
        plan = course.plan(frame)
        assert plan is not None
        assert (plan.states, plan.mix, plan.controls) == (
            wanted[frame].states,
            wanted[frame].mix,
            wanted[frame].controls,
        )
    assert {plan.states for plan in wanted[first:]} != {wanted[0].states}


def test_the_course_draws_the_pieces_that_the_session_draws() -> None:
    rules = load(EMBERWOOD.parents[2] / "cookbook" / "music_pool.yaml")
    frames = 300 * FRAME_RATE
    drawn = {}
    for seed in (1, 2):
        course = Course(with_mutes(replace(rules, seed=seed)))
        played = [plan.states[0] for frame in range(frames) if (plan := course.plan(frame)) is not None]
        drawn[seed] = played
        assert played == [plan.states[0] for plan in plans_of(replace(rules, seed=seed), (), frames)]
    assert drawn[1] != drawn[2]


def test_frames_long_past_are_forgotten() -> None:
    course = Course(load(EMBERWOOD))
    course.plan(1_000)
    assert course.plan(10) is None
    course.add(TakenEvent(10, Event(sequence=1, set={"threat": 1.0})))
    plan = course.plan(1_001)
    assert plan is not None
    assert plan.states[1] == "calm"


def test_edited_rules_go_on_in_the_same_states() -> None:
    text = """segue: 1
inputs: {cave: {type: flag}}
styles: {grass: {text: "meadow"}, stone: {text: "cave"}}
layers:
  place:
    states:
      field: {default: true, mix: {grass: 1}}
      cave: {when: {cave: true}, mix: {stone: 1}, music: {gain: -6dB}}
transitions: [{from: any, to: any, at: immediate, ramp: 0s}]
"""
    course = Course(load_text(text))
    course.add(TakenEvent(5, Event(sequence=1, set={"cave": True})))
    before = course.plan(20)
    course.switch(load_text(text.replace("-6dB", "-9dB")))
    after = course.plan(200)
    assert before is not None
    assert after is not None
    assert (before.states, before.controls.gain_db) == (("cave",), -6.0)
    assert (after.states, after.controls.gain_db) == (("cave",), -9.0)
