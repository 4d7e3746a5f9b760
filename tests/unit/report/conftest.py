"""Small rules that use every feature a report shows, and runs of them, made once per session."""

from __future__ import annotations

import pytest

from segue.report.report_data import ReportData, from_live, from_straight
from segue.report.sound import measure
from segue.runtime.simulation import LiveRun
from segue_rules.events import Event, ScriptedEvent
from segue_rules.loading import load_text
from segue_rules.model import InputValue, Rules
from segue_yaml.nodes import NOWHERE
from unit.report.chord_generator import live_run, straight_run

SECONDS = 16

RULES = """
segue: 1
title: Night watch
seed: 3
music: {tempo: 120bpm, meter: 4}
inputs:
  alarm: {type: flag}
  heat: {type: number, range: [0, 10], default: 0, rise: 5/s}
  won: {type: trigger}
styles:
  hush: {text: quiet night}
  hunt: {text: driving drums}
  cheer: {text: brass fanfare}
layers:
  mood:
    states:
      calm: {default: true, mix: {hush: 1}}
      chase: {when: {alarm: true}, priority: 2, mix: {hunt: 1}, music: {tempo: 150bpm}}
      nerves: {when: {heat: ">= 8"}, attack: 500ms, mix: {hunt: 1, hush: 1}}
transitions:
  - {from: any, to: chase, at: immediate, ramp: 400ms}
  - {from: chase, to: any, at: bar, ramp: 1s}
stingers:
  hooray: {trigger: won, mix: {cheer: 2}, at: beat, time: 2s, ramp: 200ms, cooldown: 5s}
"""


@pytest.fixture(scope="session")
def rules() -> Rules:
    return load_text(RULES)


@pytest.fixture(scope="session")
def events() -> tuple[ScriptedEvent, ...]:
    """Events that cause two changes, a burst and a dropped one; one event is clamped, two are refused."""

    def at(second: float, sequence: int, fire: str = "", **values: InputValue) -> ScriptedEvent:
        event = Event(sequence=sequence, set=values, fire=(fire,) if fire else ())
        return ScriptedEvent(at_s=second, frame=round(second * 25), event=event, mark=NOWHERE)

    return (
        at(2, 0, alarm=True),
        at(4, 1, mist=1),
        at(5, 2, fire="won"),
        at(6, 3, fire="won"),
        at(8, 4, alarm=False),
        at(11, 5, heat=40.0),
        at(13, 6, heat="warm"),
    )


@pytest.fixture(scope="session")
def straight_report(rules: Rules, events: tuple[ScriptedEvent, ...]) -> ReportData:
    messages, audio = straight_run(rules, events, SECONDS)
    return from_straight(rules, messages, measure(audio), events, real_time_factor=20.0)


@pytest.fixture(scope="session")
def run(rules: Rules, events: tuple[ScriptedEvent, ...]) -> LiveRun:
    return live_run(rules, events, SECONDS)


@pytest.fixture(scope="session")
def live_report(rules: Rules, events: tuple[ScriptedEvent, ...], run: LiveRun) -> ReportData:
    return from_live(rules, run, measure(run.client.playback()), events)
