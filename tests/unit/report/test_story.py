"""A run's messages as a story: what is shown is what was said and heard."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import numpy as np
import pytest

from segue.contract import FRAME_SIZE, SAMPLE_RATE
from segue.report.sound import measured
from segue.report.story import Story, from_straight
from segue.runtime.messages import SessionMessage, StingerOut
from segue.runtime.simulation import LiveRun
from segue_rules.events import Event, ScriptedEvent
from segue_rules.model import NOWHERE, InputValue, Rules
from segue_rules.plan import Change, StingerCue
from unit.report.synthetic import ChordGenerator, straight_run

S = SAMPLE_RATE


def test_a_straight_run_has_its_events_where_the_script_put_them(straight_story: Story) -> None:
    told = [(event.text, event.sent, event.effective, event.code) for event in straight_story.events]
    assert told == [
        ("set alarm true", 2 * S, 2 * S, "accepted"),
        ("set mist 1", 4 * S, 4 * S, "unknown_input"),
        ("fire won", 5 * S, 5 * S, "accepted"),
        ("fire won", 6 * S, 6 * S, "accepted"),
        ("set alarm false", 8 * S, 8 * S, "accepted"),
        ("set heat 40", 11 * S, 11 * S, "clamped"),
        ("set heat warm", 13 * S, 13 * S, "wrong_type"),
    ]
    assert [event.accepted for event in straight_story.events].count(False) == 2
    assert straight_story.buffering is None
    assert straight_story.generator == ChordGenerator.name
    assert straight_story.seed == 3


def test_a_decision_is_one_entry_with_its_outcome(straight_story: Story) -> None:
    changes = [(d.from_state, d.to_state, d.status, d.at) for d in straight_story.decisions]
    assert changes == [
        ("calm", "chase", "started", "immediate"),
        ("chase", "calm", "started", "bar"),
        ("calm", "nerves", "started", "beat"),
    ]
    bar = straight_story.decisions[1]
    assert bar.decided == 8 * S
    assert bar.start > bar.decided
    assert [cause.sequence for cause in bar.causes] == [4]


def test_started_decisions_are_those_the_heard_plans_record(straight_story: Story, live_story: Story) -> None:
    for story in (straight_story, live_story):
        heard = [
            (change.layer, change.to_state, plan.frame * FRAME_SIZE)
            for plan in story.plans
            if plan is not None
            for change in plan.changes
            if change.kind == "started"
        ]
        assert [(d.layer, d.to_state, d.start) for d in story.decisions if d.status == "started"] == heard


def test_a_stinger_is_told_once_and_a_dropped_one_with_its_reason(straight_story: Story) -> None:
    first, second = straight_story.stings
    assert (first.status, first.burst, first.end - first.start) == ("started", True, 2 * S)
    assert second.status == "dropped"
    assert "cooldown" in second.reason


def test_plans_and_sound_cover_the_same_time(straight_story: Story, live_story: Story) -> None:
    for story in (straight_story, live_story):
        assert len(story.plans) == story.sound.samples // FRAME_SIZE
        assert [plan.frame for plan in story.plans if plan] == list(range(len(story.plans)))
        assert story.duration_s == 16


def test_beats_count_from_one_and_stand_where_the_director_put_them(straight_story: Story) -> None:
    beats = straight_story.beats
    assert beats.samples[:5] == (0, S // 2, S, 3 * S // 2, 2 * S)
    assert (beats.at(0), beats.at(S), beats.at(2 * S)) == ("1:1", "1:3", "2:1")


def test_a_live_event_is_sent_before_it_can_be_heard(live_story: Story) -> None:
    accepted = [event for event in live_story.events if event.accepted]
    assert [event.sent for event in accepted] == [2 * S, 5 * S, 6 * S, 8 * S, 11 * S]
    assert all(0 < event.effective - event.sent < S for event in accepted)


def test_takes_lie_end_to_end_and_replaced_spans_where_each_begins(live_story: Story, run: LiveRun) -> None:
    takes = live_story.takes
    assert len(takes) == 5
    assert takes[0].start == 0
    assert takes[-1].end == live_story.sound.samples
    assert [take.end for take in takes[:-1]] == [take.start for take in takes[1:]]
    assert [span.start for span in live_story.replaced] == [take.start for take in takes[1:]]
    assert all(span.said < span.start < span.end for span in live_story.replaced)
    assert live_story.buffering is not None
    assert live_story.buffering.levels == tuple(run.levels)


def test_loudness_is_of_the_sound_itself(straight_story: Story, rules: Rules) -> None:
    loudness = straight_story.sound.loudness
    windows = loudness.short_term_lufs
    assert windows.min() < loudness.integrated_lufs < windows.max()
    assert loudness.true_peak_db == pytest.approx(20 * math.log10(straight_story.sound.peak), abs=1)
    assert len(windows) == (16 - 3) * 10 + 1


def test_a_run_without_sound_is_an_error(rules: Rules) -> None:
    with pytest.raises(ValueError, match="at least one chunk"):
        from_straight(rules, [], measured(np.zeros((0, 2), np.float32)), ())


def _with(straight_story: Story, *extra: SessionMessage) -> Story:
    messages, audio = straight_run(straight_story.rules, (), 2)
    return from_straight(straight_story.rules, [*messages, *extra], measured(audio), ())


def _change(kind: Literal["scheduled", "started", "withdrawn"], start: int) -> Change:
    return Change(kind, "mood", "calm", "chase", 10, start, 10, "beat", (), ())


def test_a_decision_taken_back_is_withdrawn_and_one_beyond_the_end_stays_scheduled(straight_story: Story) -> None:
    undone = _with(straight_story, _change("scheduled", 13), _change("started", 13), _change("withdrawn", 13))
    assert [(d.status, d.start) for d in undone.decisions] == [("withdrawn", 13 * FRAME_SIZE)]
    again = _with(straight_story, _change("started", 13), _change("withdrawn", 13), _change("started", 15))
    assert [(d.status, d.start) for d in again.decisions] == [("started", 15 * FRAME_SIZE)]
    beyond = _with(straight_story, _change("scheduled", 80), _change("started", 80))
    assert [d.status for d in beyond.decisions] == ["scheduled"]


def test_a_cancelled_stinger_is_told_as_such_once(straight_story: Story) -> None:
    scheduled = StingerCue("scheduled", "hooray", 20_000, 0.0, "drop", None, "")
    started = scheduled._replace(kind="started", start=20_100)
    told = [StingerOut(cue=cue, cancelled=False) for cue in (scheduled, started)]
    gone = [StingerOut(cue=cue, cancelled=True) for cue in (scheduled, started)]
    assert [(s.status, s.start) for s in _with(straight_story, *told).stings] == [("started", 20_100)]
    assert [(s.status, s.start) for s in _with(straight_story, *told, *gone).stings] == [("cancelled", 20_100)]
    assert [s.status for s in _with(straight_story, told[0], gone[0]).stings] == ["cancelled"]


def _sent(values: Sequence[dict[str, InputValue]], every_s: float) -> list[ScriptedEvent]:
    return [
        ScriptedEvent(at_s=n * every_s, frame=round(n * every_s * 25), event=Event(sequence=n, set=each), mark=NOWHERE)
        for n, each in enumerate(values)
    ]


def test_what_a_game_sends_all_the_time_is_routine_unless_it_changes_a_word(rules: Rules) -> None:
    values: list[dict[str, InputValue]] = [{"heat": n % 9, "alarm": n >= 50} for n in range(90)]
    events = _sent(values, 0.1)
    events[70] = replace(events[70], event=replace(events[70].event, fire=("won",)))
    messages, audio = straight_run(rules, events, 10)
    story = from_straight(rules, messages, measured(audio), events)
    # The first tells what the alarm is.
    assert [event.sequence for event in story.events if not event.routine] == [0, 50, 70]
    assert story.routine == 87
    assert [event.sequence for event in story.events if event.fires] == [70]
    few = _sent(values[:50], 0.1)
    messages, audio = straight_run(rules, few, 6)
    assert from_straight(rules, messages, measured(audio), few).routine == 0
