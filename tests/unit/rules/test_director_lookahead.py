"""The next change in the plan of a frame: its start, its mix, and which layers count (section 15)."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from segue_rules.model import At, Binding, LayerState, Music, Transition
from segue_rules.plan import FramePlan
from unit.rules.playing import (
    BAR,
    BEAT,
    IMMEDIATE,
    ON_BAR,
    ON_BEAT,
    Player,
    both,
    calm,
    fight,
    is_on,
    layer,
    soundtrack,
)

FIGHT = layer(calm(), fight())
AT_BAR = Transition(at=ON_BAR, ramp_frames=20)


def told(plans: Sequence[FramePlan]) -> list[int]:
    return [plan.to_change for plan in plans]


@both
def test_the_frames_to_a_change_are_counted_down(play: Player) -> None:
    plans = play(soundtrack(FIGHT, transitions=[AT_BAR]), {3: {"go": True}}, BAR + 3)
    assert told(plans) == [-1] * 3 + list(range(BAR - 3, -1, -1)) + [-1] * 2
    ahead = [plan for plan in plans if plan.to_change >= 0]
    assert all(plan.mix == (1.0, 0.0, 0.0) and plan.next_mix == (0.0, 1.0, 0.0) for plan in ahead)
    assert all(plan.next_mix == plan.mix for plan in plans if plan.to_change < 0)


@both
def test_an_immediate_change_is_announced_only_in_its_own_frame(play: Player) -> None:
    plans = play(soundtrack(FIGHT, transitions=[Transition(at=IMMEDIATE, ramp_frames=5)]), {3: {"go": True}}, 7)
    assert told(plans) == [-1, -1, -1, 0, -1, -1, -1]


@both
def test_a_withdrawn_change_is_taken_back(play: Player) -> None:
    plans = play(soundtrack(FIGHT, transitions=[AT_BAR]), {3: {"go": True}, 9: {"go": False}}, BAR + 1)
    assert told(plans) == [-1] * 3 + list(range(BAR - 3, BAR - 9, -1)) + [-1] * (BAR - 8)


@both
def test_a_state_that_has_not_won_yet_is_not_announced(play: Player) -> None:
    rules = soundtrack(layer(calm(), fight(attack_frames=6)), transitions=[AT_BAR])
    plans = play(rules, {3: {"go": True}}, 12)
    assert told(plans) == [-1] * 9 + [BAR - 9, BAR - 10, BAR - 11]


@both
def test_max_wait_and_earliest_move_the_prediction(play: Player) -> None:
    row = Transition(at=ON_BAR, max_wait_frames=8, ramp_frames=0)
    assert told(play(soundtrack(FIGHT, transitions=[row]), {3: {"go": True}}, 12))[3:] == [*range(8, -1, -1)]
    row = Transition(at=ON_BEAT, ramp_frames=0)
    plans = play(soundtrack(FIGHT, transitions=[row]), {3: {"go": True}}, 22, dict.fromkeys(range(22), BEAT + 4))
    assert told(plans)[3:] == [*range(2 * BEAT - 3, -1, -1), -1]


@both
def test_a_layer_of_weight_zero_does_not_count(play: Player) -> None:
    loud_when_hit = Binding(input="threat", curve=((0.0, 0.0), (1.0, 1.0)))
    rules = soundtrack(
        layer(LayerState(name="still", default=True, mix={"harp": 1.0}), name="place"),
        layer(calm(), fight(), weight=loud_when_hit, weight_ramp_frames=0),
        transitions=[AT_BAR],
    )
    plans = play(rules, {3: {"go": True}, 20: {"threat": 1.0}}, 24)
    assert told(plans) == [-1] * 20 + [20, 19, 18, 17]


@both
@pytest.mark.parametrize(("music", "heard"), [({}, False), ({"tempo_bpm": 90.0}, True)])
def test_a_change_to_the_same_music_does_not_count(play: Player, music: dict[str, float], heard: bool) -> None:
    rules = soundtrack(layer(calm(), fight(mix={"harp": 1.0}, music=Music(**music))), transitions=[AT_BAR])
    plans = play(rules, {3: {"go": True}}, 10)
    assert (max(told(plans)) > 0) is heard


@both
def test_of_two_changes_the_next_is_announced_with_all_that_start_then(play: Player) -> None:
    rules = soundtrack(
        FIGHT,
        layer(
            LayerState(name="off", default=True),
            LayerState(name="brass", when=is_on("go2"), mix={"brass": 1.0}),
            name="heart",
        ),
        layer(
            LayerState(name="quiet", default=True),
            LayerState(name="late", when=is_on("go2"), mix={"brass": 2.0}),
            name="far",
        ),
        transitions=[
            AT_BAR,
            Transition(layer="far", to_state="late", at=At(unit="bar", every=2), ramp_frames=0),
        ],
    )
    plans = play(rules, {3: {"go": True, "go2": True}}, BAR + 5)
    assert plans[5].to_change == BAR - 5
    assert plans[5].next_mix == (0.0, 0.5, 0.5)
    assert told(plans)[BAR:] == [0, *range(BAR - 1, BAR - 5, -1)]


@both
def test_the_countdown_follows_a_moving_tempo(play: Player) -> None:
    """Halfway to the bar the tempo jumps from 150 to 75 bpm: what is left takes twice as long."""
    place = layer(
        LayerState(name="fast", default=True),
        LayerState(name="slow", when=is_on("go2"), music=Music(tempo_bpm=75.0)),
        name="place",
    )
    rules = soundtrack(
        FIGHT, place, transitions=[AT_BAR, Transition(layer="place", to_state="slow", at=IMMEDIATE, ramp_frames=0)]
    )
    plans = play(rules, {3: {"go": True}, 20: {"go2": True}}, 62)
    assert told(plans)[3:20] == [*range(BAR - 3, BAR - 20, -1)]
    start = next(plan.frame for plan in plans if "fight" in plan.states)
    # 21 frames have gone by at 150 bpm, 19 are left of the bar's 40.
    assert start == 21 + 2 * 19
    assert told(plans)[21 : start + 1] == [*range(2 * 19, -1, -1)]
