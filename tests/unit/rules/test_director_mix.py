"""Ramps, layer weights and the mix of a frame (sections 9, 10 and 12 of SEMANTICS.md)."""

from __future__ import annotations

import math

import pytest

from segue_rules.model import Binding, Curve, LayerState, NumberInput, Transition
from unit.rules.playing import IMMEDIATE, Player, both, calm, fight, is_on, layer, soundtrack

THREAT = NumberInput(name="threat", low=0.0, high=1.0, default=0.0)


def ramp(frames: int, curve: Curve = "linear") -> Transition:
    return Transition(at=IMMEDIATE, ramp_frames=frames, curve=curve)


@both
@pytest.mark.parametrize(
    ("curve", "shares"),
    [
        ("linear", [0.0, 0.25, 0.5, 0.75, 1.0, 1.0]),
        ("smooth", [0.0, 0.15625, 0.5, 0.84375, 1.0, 1.0]),
        ("equal_power", [0.0, math.sin(math.pi / 8), math.sqrt(0.5), math.sin(3 * math.pi / 8), 1.0, 1.0]),
    ],
)
def test_a_change_ramps_along_its_curve(play: Player, curve: Curve, shares: list[float]) -> None:
    rules = soundtrack(layer(calm(), fight(mix={"drums": 2.0})), transitions=[ramp(4, curve)])
    plans = play(rules, {2: {"go": True}}, 8)
    assert [plan.layer_mixes[0][0] for plan in plans[2:]] == pytest.approx([1 - share for share in shares])
    assert [plan.layer_mixes[0][1] for plan in plans[2:]] == pytest.approx([2 * share for share in shares])
    assert plans[6].layer_mixes[0] == (0.0, 2.0, 0.0)


@both
def test_a_ramp_of_zero_is_a_step_in_its_own_frame(play: Player) -> None:
    plans = play(soundtrack(layer(calm(), fight()), transitions=[ramp(0)]), {2: {"go": True}}, 4)
    assert [plan.mix for plan in plans] == [(1.0, 0.0, 0.0), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 1.0, 0.0)]


@both
def test_an_interrupted_ramp_goes_on_from_where_it_is(play: Player) -> None:
    boss = LayerState(name="boss", when=is_on("go2"), priority=1, mix={"brass": 1.0})
    rules = soundtrack(layer(calm(), fight(), boss), transitions=[ramp(8)])
    plans = play(rules, {0: {"go": True}, 4: {"go2": True}, 8: {"go2": False}}, 18)
    assert plans[4].layer_mixes[0] == pytest.approx((0.5, 0.5, 0.0))
    assert plans[6].layer_mixes[0] == pytest.approx((0.375, 0.375, 0.25))
    assert plans[8].layer_mixes[0] == pytest.approx((0.25, 0.25, 0.5))
    assert plans[12].layer_mixes[0] == pytest.approx((0.125, 0.625, 0.25))
    assert plans[16].layer_mixes[0] == (0.0, 1.0, 0.0)


@both
def test_layers_add_up_by_weight_and_the_sum_is_one(play: Player) -> None:
    place = layer(calm(mix={"harp": 2.0}), name="place")
    action = layer(calm(mix={"harp": 1.0, "drums": 3.0}), name="action", weight=2.0)
    plan = play(soundtrack(place, action), {}, 1)[0]
    assert plan.layer_mixes == ((2.0, 0.0, 0.0), (1.0, 3.0, 0.0))
    assert plan.layer_weights == (1.0, 2.0)
    assert plan.mix == pytest.approx((0.4, 0.6, 0.0))


@both
def test_a_bound_weight_follows_its_curve_and_is_flat_beyond_it(play: Player) -> None:
    weight = Binding(input="threat", curve=((0.25, 1.0), (0.5, 2.0), (0.75, 4.0)))
    rules = soundtrack(layer(calm(), weight=weight, weight_ramp_frames=0), inputs=[THREAT])
    script = {f: {"threat": value} for f, value in enumerate((0.0, 0.25, 0.375, 0.5, 0.625, 0.75, 1.0))}
    assert [p.layer_weights[0] for p in play(rules, script, 7)] == [1.0, 1.0, 1.5, 2.0, 3.0, 4.0, 4.0]


@both
def test_a_bound_weight_takes_its_ramp_for_the_whole_range(play: Player) -> None:
    weight = Binding(input="threat", curve=((0.0, 1.0), (1.0, 3.0)))
    rules = soundtrack(layer(calm(), weight=weight, weight_ramp_frames=4), inputs=[THREAT])
    plans = play(rules, {2: {"threat": 1.0}, 5: {"threat": 0.9}, 8: {"threat": 0.2}}, 13)
    expected = [1.0, 1.0, 1.5, 2.0, 2.5, 2.8, 2.8, 2.8, 2.3, 1.8, 1.4, 1.4, 1.4]
    assert [p.layer_weights[0] for p in plans] == pytest.approx(expected)


@both
def test_a_bound_weight_starts_where_its_curve_is(play: Player) -> None:
    weight = Binding(input="threat", curve=((0.0, 1.0), (1.0, 3.0)))
    rules = soundtrack(layer(calm(), weight=weight, weight_ramp_frames=100), inputs=[THREAT])
    assert play(rules, {0: {"threat": 1.0}}, 1)[0].layer_weights == (3.0,)


@both
def test_an_empty_mix_becomes_the_last_mix_with_a_warning(play: Player) -> None:
    rules = soundtrack(layer(calm(mix={"harp": 1.0, "brass": 3.0}), fight(mix={})))
    plans = play(rules, {2: {"go": True}, 4: {"go": False}}, 6)
    assert [plan.mix for plan in plans] == [(0.25, 0.0, 0.75)] * 6
    assert [plan.warnings for plan in plans] == [(), (), ("empty_mix",), ("empty_mix",), (), ()]


@both
def test_an_empty_first_mix_gives_all_styles_the_same_share(play: Player) -> None:
    plan = play(soundtrack(layer(calm(mix={}))), {}, 1)[0]
    assert plan.mix == pytest.approx((1 / 3, 1 / 3, 1 / 3))
    assert plan.warnings == ("empty_mix",)
