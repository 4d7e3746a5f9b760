"""Beats for the game: each comes once, at its sample, counted within its bar."""

from __future__ import annotations

import dataclasses
import itertools

from segue.contract import SAMPLE_RATE
from segue.runtime.messages import BeatGrid
from segue.runtime.session import Session
from segue.runtime.session_config import SessionConfig
from segue.runtime.simulation import straight
from segue_rules.events import Event, ScriptedEvent
from segue_rules.model import Music, Rules
from segue_yaml.nodes import NOWHERE
from unit.runtime.rule_files import BANK, RULES
from unit.runtime.toy_generator import ToyGenerator


def beat_grids(rules: Rules, events: list[ScriptedEvent], seconds: int) -> list[BeatGrid]:
    toy = ToyGenerator()
    session = Session(rules, BANK, [toy], SessionConfig(seed=1))
    return [m for m in straight(session, [toy], events, seconds * 25) if isinstance(m, BeatGrid)]


def test_beats_of_a_steady_tempo_are_counted_in_bars() -> None:
    grids = beat_grids(dataclasses.replace(RULES, music=dataclasses.replace(RULES.music, meter=3)), [], 8)
    beats = [beat for grid in grids for beat in grid.beats]
    assert [beat.sample for beat in beats] == [i * SAMPLE_RATE // 2 for i in range(len(beats))]
    assert [(beat.bar, beat.beat) for beat in beats] == [divmod(i, 3) for i in range(len(beats))]
    assert len(beats) == 16
    assert all(grid.exact and grid.tempo_bpm == 120.0 for grid in grids)


def test_beats_continue_through_a_change_of_tempo_and_meter() -> None:
    peace, fight = RULES.layers[1].states
    fight = dataclasses.replace(fight, music=Music(tempo_bpm=163.0, meter=5))
    action = dataclasses.replace(RULES.layers[1], states=(peace, fight))
    rules = dataclasses.replace(RULES, layers=(RULES.layers[0], action))
    event = Event(sequence=0, set={"threat": 1.0})
    grids = beat_grids(rules, [ScriptedEvent(at_s=1.0, frame=25, event=event, mark=NOWHERE)], 12)
    beats = [beat for grid in grids for beat in grid.beats]
    places = [(beat.bar, beat.beat) for beat in beats]
    lengths = [sum(bar == place[0] for place in places) for bar in range(places[-1][0])]
    assert set(lengths) == {4, 5}
    assert lengths == sorted(lengths)
    for bar, length in enumerate(lengths):
        assert [beat for at, beat in places if at == bar] == list(range(length))
    gaps = [b.sample - a.sample for a, b in itertools.pairwise(beats)]
    assert all(a >= b - 1 for a, b in itertools.pairwise(gaps))
    assert abs(gaps[-1] - 60 / 163 * SAMPLE_RATE) <= 1
