"""The data of a report agree with the messages of the run and with what was played."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import numpy as np
import pytest

from segue.contract import FRAME_SIZE, SAMPLE_RATE
from segue.report.report_data import ReportData, from_straight
from segue.report.sound import measure
from segue.runtime.messages import SessionMessage, StingerOut
from segue.runtime.simulation import LiveRun
from segue_rules.events import Event, ScriptedEvent
from segue_rules.model import InputValue, Rules
from segue_rules.plan import Change, StingerCue
from segue_yaml.nodes import NOWHERE
from unit.report.chord_generator import ChordGenerator, straight_run

S = SAMPLE_RATE


def test_events_of_a_straight_run_are_at_their_scripted_times(straight_report: ReportData) -> None:
    found = [(event.text, event.sent, event.effective, event.code) for event in straight_report.events]
    assert found == [
        ("set alarm true", 2 * S, 2 * S, "accepted"),
        ("set mist 1", 4 * S, 4 * S, "unknown_input"),
        ("fire won", 5 * S, 5 * S, "accepted"),
        ("fire won", 6 * S, 6 * S, "accepted"),
        ("set alarm false", 8 * S, 8 * S, "accepted"),
        ("set heat 40", 11 * S, 11 * S, "clamped"),
        ("set heat warm", 13 * S, 13 * S, "wrong_type"),
    ]
    assert [event.accepted for event in straight_report.events].count(False) == 2
    assert straight_report.live is None
    assert straight_report.generator == ChordGenerator.name
    assert straight_report.seed == 3


def test_each_state_change_has_one_outcome(straight_report: ReportData) -> None:
    changes = [(d.from_state, d.to_state, d.status, d.at) for d in straight_report.changes]
    assert changes == [
        ("calm", "chase", "started", "immediate"),
        ("chase", "calm", "started", "bar"),
        ("calm", "nerves", "started", "beat"),
    ]
    bar = straight_report.changes[1]
    assert bar.decided == 8 * S
    assert bar.start > bar.decided
    assert [cause.sequence for cause in bar.causes] == [4]


def test_started_changes_are_those_in_the_played_plans(straight_report: ReportData, live_report: ReportData) -> None:
    for report in (straight_report, live_report):
        played = [
            (change.layer, change.to_state, plan.frame * FRAME_SIZE)
            for plan in report.plans
            if plan is not None
            for change in plan.changes
            if change.kind == "started"
        ]
        assert [(d.layer, d.to_state, d.start) for d in report.changes if d.status == "started"] == played


def test_each_stinger_has_one_outcome_and_a_dropped_one_has_a_reason(straight_report: ReportData) -> None:
    first, second = straight_report.stingers
    assert (first.status, first.burst, first.end - first.start) == ("started", True, 2 * S)
    assert second.status == "dropped"
    assert "cooldown" in second.reason


def test_plans_and_audio_cover_the_same_time(straight_report: ReportData, live_report: ReportData) -> None:
    for report in (straight_report, live_report):
        assert len(report.plans) == report.sound.samples // FRAME_SIZE
        assert [plan.frame for plan in report.plans if plan] == list(range(len(report.plans)))
        assert report.duration_s == 16


def test_beats_are_counted_from_one_and_are_those_of_the_director(straight_report: ReportData) -> None:
    beats = straight_report.beats
    assert beats.samples[:5] == (0, S // 2, S, 3 * S // 2, 2 * S)
    assert (beats.at(0), beats.at(S), beats.at(2 * S)) == ("1:1", "1:3", "2:1")


def test_a_live_event_takes_effect_after_it_is_sent(live_report: ReportData) -> None:
    accepted = [event for event in live_report.events if event.accepted]
    assert [event.sent for event in accepted] == [2 * S, 5 * S, 6 * S, 8 * S, 11 * S]
    assert all(0 < event.effective - event.sent < S for event in accepted)


def test_takes_lie_end_to_end_and_replaced_audio_begins_at_the_take_that_replaced_it(
    live_report: ReportData, run: LiveRun
) -> None:
    takes = live_report.takes
    assert len(takes) == 5
    assert takes[0].start == 0
    assert takes[-1].end == live_report.sound.samples
    assert [take.end for take in takes[:-1]] == [take.start for take in takes[1:]]
    assert [take.start for take in takes if take.replaced] == [take.start for take in takes[1:]]
    assert all(take.received < take.start < take.replaced_end for take in takes[1:])
    assert live_report.live is not None
    assert live_report.live.levels == tuple(run.levels)


def test_loudness_belongs_to_the_audio(straight_report: ReportData, rules: Rules) -> None:
    loudness = straight_report.sound.loudness
    windows = loudness.short_term_lufs
    assert windows.min() < loudness.integrated_lufs < windows.max()
    assert loudness.true_peak_db == pytest.approx(20 * math.log10(straight_report.sound.peak), abs=1)
    assert len(windows) == (16 - 3) * 10 + 1


def test_a_run_without_audio_is_an_error(rules: Rules) -> None:
    with pytest.raises(ValueError, match="at least one chunk"):
        from_straight(rules, [], measure(np.zeros((0, 2), np.float32)), ())


def _with(straight_report: ReportData, *extra: SessionMessage) -> ReportData:
    messages, audio = straight_run(straight_report.rules, (), 2)
    return from_straight(straight_report.rules, [*messages, *extra], measure(audio), ())


def _change(kind: Literal["scheduled", "started", "withdrawn"], start: int) -> Change:
    return Change(kind, "mood", "calm", "chase", 10, start, 10, "beat", (), ())


def test_a_change_can_be_withdrawn_and_stays_scheduled_beyond_the_end(straight_report: ReportData) -> None:
    undone = _with(straight_report, _change("scheduled", 13), _change("started", 13), _change("withdrawn", 13))
    assert [(d.status, d.start) for d in undone.changes] == [("withdrawn", 13 * FRAME_SIZE)]
    again = _with(straight_report, _change("started", 13), _change("withdrawn", 13), _change("started", 15))
    assert [(d.status, d.start) for d in again.changes] == [("started", 15 * FRAME_SIZE)]
    beyond = _with(straight_report, _change("scheduled", 80), _change("started", 80))
    assert [d.status for d in beyond.changes] == ["scheduled"]


def test_a_cancelled_stinger_has_one_outcome(straight_report: ReportData) -> None:
    scheduled = StingerCue("scheduled", "hooray", 20_000, 0.0, "drop", None, "")
    started = scheduled._replace(kind="started", start=20_100)
    announced = [StingerOut(cue=cue, cancelled=False) for cue in (scheduled, started)]
    cancelled = [StingerOut(cue=cue, cancelled=True) for cue in (scheduled, started)]
    assert [(s.status, s.start) for s in _with(straight_report, *announced).stingers] == [("started", 20_100)]
    assert [(s.status, s.start) for s in _with(straight_report, *announced, *cancelled).stingers] == [
        ("cancelled", 20_100)
    ]
    assert [s.status for s in _with(straight_report, announced[0], cancelled[0]).stingers] == ["cancelled"]


def _sent(values: Sequence[dict[str, InputValue]], every_s: float) -> list[ScriptedEvent]:
    return [
        ScriptedEvent(at_s=n * every_s, frame=round(n * every_s * 25), event=Event(sequence=n, set=each), mark=NOWHERE)
        for n, each in enumerate(values)
    ]


def test_events_that_set_continuous_inputs_are_routine_unless_they_change_a_flag_or_fire(rules: Rules) -> None:
    values: list[dict[str, InputValue]] = [{"heat": n % 9, "alarm": n >= 50} for n in range(90)]
    events = _sent(values, 0.1)
    events[70] = replace(events[70], event=replace(events[70].event, fire=("won",)))
    messages, audio = straight_run(rules, events, 10)
    report = from_straight(rules, messages, measure(audio), events)
    # The first event sets the flag for the first time.
    assert [event.sequence for event in report.events if not event.routine] == [0, 50, 70]
    assert report.routine_events == 87
    assert [event.sequence for event in report.events if event.fires] == [70]
    few = _sent(values[:50], 0.1)
    messages, audio = straight_run(rules, few, 6)
    assert from_straight(rules, messages, measure(audio), few).routine_events == 0
