"""Ramps, layer weights and the mix of a frame (sections 9, 10 and 12 of SEMANTICS.md)."""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction

import pytest

from segue_rules.model import Binding, Curve, IntegerInput, LayerState, Music, MusicalTime, NumberInput, Transition
from unit.rules.playing import IMMEDIATE, Player, both, calm, fight, is_on, layer, soundtrack

THREAT = NumberInput(name="threat", low=0.0, high=1.0, default=0.0)


LINEAR_4 = Transition(at=IMMEDIATE, ramp_frames=4, curve="linear")


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
def test_the_old_mix_and_the_new_one_fade_by_themselves(play: Player) -> None:
    row = Transition(at=IMMEDIATE, ramp_frames=3, curve="linear", fade_out_frames=8, fade_in_frames=2)
    plans = play(
        soundtrack(layer(calm(), fight(mix={"harp": 1.0, "drums": 2.0})), transitions=[row]), {2: {"go": True}}, 12
    )
    out = [1 - min(1, f / 8) for f in range(10)]
    enter = [min(1, f / 2) for f in range(10)]
    mixes = [plan.layer_mixes[0] for plan in plans[2:]]
    assert [mix[0] for mix in mixes] == pytest.approx([a + b for a, b in zip(out, enter, strict=True)])
    assert [mix[1] for mix in mixes] == pytest.approx([2 * b for b in enter])
    assert mixes[8] == (1.0, 2.0, 0.0)
    assert [change.ramp_frames for plan in plans for change in plan.changes] == [8]


@both
def test_a_fade_that_is_left_out_has_the_time_of_the_ramp(play: Player) -> None:
    row = Transition(
        at=IMMEDIATE, ramp_frames=4, curve="linear", fade_out_frames=MusicalTime(count=Fraction(1), unit="beat")
    )
    plans = play(soundtrack(layer(calm(), fight()), transitions=[row]), {2: {"go": True}}, 14)
    assert [plan.layer_mixes[0][1] for plan in plans[2:7]] == pytest.approx([0, 0.25, 0.5, 0.75, 1])
    # A beat has ten frames.
    assert [plan.layer_mixes[0][0] for plan in plans[2:13]] == pytest.approx([1 - f / 10 for f in range(11)])


@both
def test_controls_move_with_the_ramp_beside_fades(play: Player) -> None:
    row = Transition(at=IMMEDIATE, ramp_frames=4, curve="linear", fade_out_frames=8, fade_in_frames=2)
    rules = soundtrack(layer(calm(), fight(music=Music(intensity=1.0))), transitions=[row], intensity=0.0)
    plans = play(rules, {2: {"go": True}}, 9)
    assert [plan.controls.intensity for plan in plans[2:]] == pytest.approx([0, 0.25, 0.5, 0.75, 1, 1, 1])


@both
def test_an_interrupted_fade_goes_on_from_where_it_is(play: Player) -> None:
    boss = LayerState(name="boss", when=is_on("go2"), priority=1, mix={"brass": 1.0})
    row = Transition(at=IMMEDIATE, curve="linear", fade_out_frames=8, fade_in_frames=4)
    plans = play(soundtrack(layer(calm(), fight(), boss), transitions=[row]), {0: {"go": True}, 4: {"go2": True}}, 14)
    assert plans[4].layer_mixes[0] == pytest.approx((0.5, 1.0, 0.0))
    assert plans[6].layer_mixes[0] == pytest.approx((0.375, 0.75, 0.5))
    assert plans[12].layer_mixes[0] == (0.0, 0.0, 1.0)


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
def test_a_bound_weight_is_multiplied_by_its_factors_along_their_curves(play: Player) -> None:
    outside = NumberInput(name="outside", low=0.0, high=1.0, default=1.0)
    enemies = IntegerInput(name="enemies", low=0, high=8, default=4)
    times = (
        Binding(input="outside", curve=((0.0, 0.0), (1.0, 1.0))),
        Binding(input="enemies", curve=((4.0, 1.0), (8.0, 3.0))),
    )
    weight = Binding(input="threat", curve=((0.0, 1.0), (1.0, 2.0)), times=times)
    rules = soundtrack(layer(calm(), weight=weight, weight_ramp_frames=0), inputs=[THREAT, outside, enemies])
    script = {1: {"threat": 0.5}, 2: {"outside": 0.5}, 3: {"enemies": 6}, 4: {"outside": 0.0}, 5: {"outside": 1.0}}
    assert [p.layer_weights[0] for p in play(rules, script, 6)] == [1.0, 1.5, 0.75, 1.5, 0.0, 3.0]


@both
def test_a_product_takes_its_ramp_for_the_range_of_all_its_values(play: Player) -> None:
    times = (Binding(input="threat", curve=((0.0, 0.5), (1.0, 2.0))),)
    weight = Binding(input="threat", curve=((0.0, 1.0), (1.0, 3.0)), times=times)
    rules = soundtrack(layer(calm(), weight=weight, weight_ramp_frames=11), inputs=[THREAT])
    plans = play(rules, {1: {"threat": 1.0}}, 14)
    # From 0.5 to 6 in 11 frames.
    assert [p.layer_weights[0] for p in plans] == pytest.approx([0.5 + 0.5 * min(f, 11) for f in range(14)])


@both
def test_a_gain_is_multiplied_in_db_and_a_tempo_in_bpm(play: Player) -> None:
    half = (Binding(input="threat", curve=((0.0, 1.0), (1.0, 0.5))),)
    gain = Binding(input="threat", curve=((0.0, -12.0), (1.0, -12.0)), times=half)
    tempo = Binding(input="threat", curve=((0.0, 100.0), (1.0, 120.0)), times=half)
    state = calm(music=Music(gain_db=gain, tempo_bpm=tempo))
    plans = play(soundtrack(layer(state), inputs=[THREAT]), {2: {"threat": 1.0}}, 4)
    assert [plan.controls.gain_db for plan in plans] == pytest.approx([-12.0, -12.0, -6.0, -6.0])
    assert [plan.controls.tempo_mbpm for plan in plans] == [100_000, 100_000, 60_000, 60_000]


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


@both
def test_a_state_mutes_a_layer_over_the_ramp_of_its_transition(play: Player) -> None:
    place = layer(calm(music=Music(intensity=0.9)), name="place")
    weather = layer(calm(mix={"brass": 1.0}), name="weather")
    story = layer(LayerState(name="none", default=True), fight(mute=("place",)), name="story")
    plans = play(soundtrack(place, weather, story, transitions=[LINEAR_4]), {2: {"go": True}, 10: {"go": False}}, 16)
    weights = [plan.layer_weights[0] for plan in plans]
    assert weights[1:8] == pytest.approx([1.0, 1.0, 0.75, 0.5, 0.25, 0.0, 0.0])
    assert weights[10:16] == pytest.approx([0.0, 0.25, 0.5, 0.75, 1.0, 1.0])
    assert plans[8].mix == pytest.approx((0.0, 0.5, 0.5))
    # What the layer says of the controls goes with it.
    assert [plan.controls.intensity for plan in plans[2:7]] == pytest.approx([0.9, 0.8, 0.7, 0.6, 0.5])
    assert [(plan.to_change, plan.next_mix) for plan in plans[2:3]] == [(0, plans[8].mix)]


@both
def test_solo_mutes_all_other_layers_as_far_as_its_own_weight(play: Player) -> None:
    place = layer(calm(), name="place")
    weather = layer(calm(mix={"brass": 1.0}), name="weather")
    story = layer(LayerState(name="none", default=True), fight(solo=True), name="story", weight=0.5)
    plans = play(soundtrack(place, weather, story), {2: {"go": True}}, 5)
    assert plans[4].layer_weights == (0.5, 0.5, 0.5)
    whole = soundtrack(place, weather, replace(story, weight=2.0))
    assert play(whole, {2: {"go": True}}, 5)[4].mix == (0.0, 1.0, 0.0)


@both
def test_two_states_that_mute_a_layer_leave_none_of_it(play: Player) -> None:
    place = layer(calm(), name="place")
    first = layer(LayerState(name="none", default=True), fight(mute=("place", "second")), name="first")
    second = layer(LayerState(name="none", default=True), fight(mute=("place",)), name="second")
    assert play(soundtrack(place, first, second), {2: {"go": True}}, 5)[4].layer_weights == (0.0, 1.0, 0.0)
