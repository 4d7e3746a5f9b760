"""Meters in groups, and what starts where a group begins (sections 8, 13 and 14 of SEMANTICS.md)."""

from __future__ import annotations

import pytest

from segue_rules.director import Director, carry, pack, unpack
from segue_rules.events import Event
from segue_rules.loading import load_text
from segue_rules.meters import EIGHTHS, beats_of, is_meter, meter_text, read_groups
from segue_rules.model import At, Music, Transition
from segue_rules.timeline import switch
from unit.rules.playing import BEAT, Player, both, calm, changes, cues, fight, layer, soundtrack, states
from unit.rules.test_director_stingers import sting

GROUP = At(unit="group")
AT_GROUP = Transition(at=GROUP, ramp_frames=0)
FILE = """
segue: 1
music: {{meter: {meter}, tempo: 180bpm}}
styles: {{harp: {{text: "calm woodland, harp"}}}}
layers: {{place: {{states: {{calm: {{default: true, mix: {{harp: 1}}}}}}}}}}
"""


@pytest.mark.parametrize(
    ("text", "meter"),
    [
        ("4", 4),
        ("2+2+3", (2, 2, 3)),
        ("2 + 2 + 3", (2, 2, 3)),
        ("3+3+2", (3, 3, 2)),
        ("6/8", (3, 3)),
        ("7/8", (2, 2, 3)),
        ("12/8", (3, 3, 3, 3)),
        ("3/4", 3),
        ("auto", "auto"),
    ],
)
def test_a_meter_is_read(text: str, meter: object) -> None:
    assert load_text(FILE.format(meter=text)).music.meter == meter


def test_signatures_in_eighths_have_as_many_beats_as_they_say() -> None:
    for beats, groups in EIGHTHS.items():
        assert sum(groups) == beats
        assert is_meter(groups)
        assert read_groups(meter_text(groups)) == groups


@both
def test_a_bar_of_groups_has_the_beats_of_all(play: Player) -> None:
    plans = play(soundtrack(layer(calm()), meter=(2, 2, 3)), {}, 8 * BEAT)
    assert [p.frame for p in plans if p.bar_start >= 0] == [0, 7 * BEAT]
    assert {(p.controls.meter, p.controls.groups, p.clock.groups) for p in plans} == {(7, (2, 2, 3), (2, 2, 3))}


@both
def test_groups_are_taken_at_the_bar_line(play: Player) -> None:
    odd = fight(music=Music(meter=(3, 2, 2)))
    plans = play(soundtrack(layer(calm(), odd), meter=7), {15: {"go": True}}, 8 * BEAT)
    assert [p.frame for p in plans if p.clock.groups] == list(range(7 * BEAT, 8 * BEAT))
    assert {p.clock.meter for p in plans} == {7}


@both
@pytest.mark.parametrize(
    ("asked", "starts"), [(1, 2 * BEAT), (2 * BEAT + 1, 4 * BEAT), (4 * BEAT + 1, 7 * BEAT), (7 * BEAT, 7 * BEAT)]
)
def test_a_change_starts_where_a_group_begins(play: Player, asked: int, starts: int) -> None:
    rules = soundtrack(layer(calm(), fight()), transitions=[AT_GROUP], meter=(2, 2, 3))
    told = changes(play(rules, {asked: {"go": True}}, 8 * BEAT))
    assert told[-1] == (starts, "started", "fight", starts)
    # The start is predicted when the change is decided.
    assert {start for _, _, _, start in told} == {starts}


@both
def test_without_groups_every_beat_is_one(play: Player) -> None:
    rules = soundtrack(layer(calm(), fight()), transitions=[AT_GROUP])
    assert states(play(rules, {11: {"go": True}}, 30)) == [(0, "calm"), (2 * BEAT, "fight")]


@both
def test_a_group_may_be_that_of_the_next_bar(play: Player) -> None:
    # A bar of 3 beats, and then bars of 2 + 3: the change asked in its last beat starts with the next bar.
    odd = layer(calm(), fight(music=Music(meter=(2, 3))))
    rows = [Transition(to_state="fight", at=At(unit="immediate"), ramp_frames=0), AT_GROUP]
    plans = play(soundtrack(odd, transitions=rows, meter=3), {5: {"go": True}, 31: {"go": False}}, 60)
    assert states(plans) == [(0, "calm"), (5, "fight"), (5 * BEAT, "calm")]


@both
def test_a_stinger_starts_at_a_group(play: Player) -> None:
    rules = soundtrack(layer(calm()), stingers=[sting(at=GROUP)], meter=(3, 2, 2))
    told = cues(play(rules, {11: "hit"}, 40))
    assert told == [(11, "scheduled", "victory", 30 * 1920), (30, "started", "victory", 30 * 1920)]


def test_groups_survive_a_save_and_a_reload() -> None:
    rules = load_text(FILE.format(meter="2+2+3"))
    director = Director(rules)
    state = director.start()
    for frame in range(30):
        state, _ = director.step(state, frame)
        assert unpack(pack(state, rules), rules) == state
    other = load_text(FILE.format(meter=7))
    _, plan = Director(other).step(carry(state, rules, other), 30)
    # The bar goes on as it began.
    assert (plan.clock.groups, plan.controls.groups) == ((2, 2, 3), (2, 2, 3))


@pytest.mark.parametrize("groups", [[5, 2], [2, 2], [7], [2, 2, 2, 2, 2, 2, 2, 2, 2], ["2", 5], [2] * 1000, [2.0, 5]])
def test_a_packed_clock_with_wrong_groups_is_refused(groups: list[object]) -> None:
    rules = load_text(FILE.format(meter="2+2+3"))
    state, _ = Director(rules).step(Director(rules).start(), 0)
    data = pack(state, rules)
    data["clock"][4] = groups
    with pytest.raises(ValueError, match="expected"):
        unpack(data, rules)


def test_a_packed_clock_of_an_earlier_version_has_no_groups() -> None:
    rules = load_text(FILE.format(meter=7))
    state, _ = Director(rules).step(Director(rules).start(), 0)
    data = pack(state, rules)
    del data["clock"][4]
    assert unpack(data, rules) == state


def test_a_meter_is_shown_as_it_is_written() -> None:
    for text in ("7", "2+2+3"):
        director = Director(load_text(FILE.format(meter=text)))
        _, plan = director.step(director.start(), 0, [Event(sequence=0, reset=True)])
        assert switch(plan.controls, "meter") == text
        assert plan.controls.meter == 7


def test_beats_of_a_meter() -> None:
    assert (beats_of(5), beats_of((3, 2, 2))) == (5, 7)
