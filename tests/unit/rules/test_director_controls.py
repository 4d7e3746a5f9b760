"""Tempo, meter, key and the other controls: which layer decides them and how they move (section 13 of SEMANTICS.md)."""

from __future__ import annotations

import pytest

from segue_rules.model import Binding, Key, LayerState, Music, NumberInput, Transition
from unit.rules.playing import AT_ONCE, BAR, IMMEDIATE, Player, both, calm, fight, is_on, layer, soundtrack

THREAT = NumberInput(name="threat", low=0.0, high=1.0, default=0.0)
LINEAR_4 = Transition(at=IMMEDIATE, ramp_frames=4, curve="linear")
OVER_THREAT = Binding(input="threat", curve=((0.0, 0.0), (1.0, 1.0)))


@both
def test_controls_come_from_the_top_level(play: Player) -> None:
    plan = play(soundtrack(layer(calm()), key=Key(tonic=2, mode="minor"), gain_db=-6.0), {}, 1)[0]
    controls = plan.controls
    assert (controls.tempo_mbpm, controls.meter, controls.tonic, controls.mode) == (150_000, 4, 2, "minor")
    assert (controls.drums, controls.intensity, controls.temperature, controls.guidance) == (-1, 0.5, 1.0, 3.0)
    assert (controls.gain_db, controls.sources) == (-6.0, ("music",) * 8)


@both
def test_an_automatic_key_has_no_tonic(play: Player) -> None:
    controls = play(soundtrack(layer(calm())), {}, 1)[0].controls
    assert (controls.tonic, controls.mode) == (-1, "auto")


@both
def test_the_last_layer_that_names_a_control_decides_it(play: Player) -> None:
    first = layer(calm(music=Music(intensity=0.1, guidance=1.0)), name="first")
    second = layer(calm(music=Music(intensity=0.2)), name="second")
    silent = layer(calm(music=Music(intensity=0.9)), name="silent", weight=0.0)
    controls = play(soundtrack(first, second, silent), {}, 1)[0].controls
    assert (controls.intensity, controls.guidance, controls.temperature) == (0.2, 1.0, 1.0)
    assert controls.sources == ("music", "music", "music", "music", "second", "music", "first", "music")


@both
def test_a_continuous_control_ramps_with_the_transition_from_the_frame_after(play: Player) -> None:
    rules = soundtrack(layer(calm(), fight(music=Music(intensity=0.9))), transitions=[LINEAR_4])
    plans = play(rules, {2: {"go": True}, 10: {"go": False}}, 16)
    expected = [0.5, 0.5, 0.5, 0.6, 0.7, 0.8, 0.9, 0.9, 0.9, 0.9, 0.9, 0.8, 0.7, 0.6, 0.5, 0.5]
    assert [p.controls.intensity for p in plans] == pytest.approx(expected)
    assert [p.controls.sources[4] for p in plans[1:3]] == ["music", "action"]


@both
def test_without_a_ramp_it_steps_one_frame_after_the_change(play: Player) -> None:
    rules = soundtrack(layer(calm(), fight(music=Music(gain_db=-12.0))))
    plans = play(rules, {2: {"go": True}}, 5)
    assert [p.controls.gain_db for p in plans] == [0.0, 0.0, 0.0, -12.0, -12.0]


@both
def test_in_frame_0_there_is_no_ramp(play: Player) -> None:
    rules = soundtrack(layer(calm(), fight(when=None, music=Music(intensity=0.9))), transitions=[LINEAR_4])
    assert play(rules, {}, 1)[0].controls.intensity == 0.9


@both
def test_an_interrupted_ramp_of_a_control_goes_on_from_where_it_is(play: Player) -> None:
    rules = soundtrack(layer(calm(), fight(music=Music(intensity=0.9))), transitions=[LINEAR_4])
    plans = play(rules, {2: {"go": True}, 4: {"go": False}}, 10)
    expected = [0.5, 0.5, 0.5, 0.6, 0.7, 0.65, 0.6, 0.55, 0.5, 0.5]
    assert [p.controls.intensity for p in plans] == pytest.approx(expected)


@both
def test_a_bound_control_follows_its_input_at_once(play: Player) -> None:
    rules = soundtrack(layer(calm(music=Music(intensity=OVER_THREAT))), inputs=[THREAT])
    plans = play(rules, {1: {"threat": 0.5}, 2: {"threat": 1.0}}, 4)
    assert [p.controls.intensity for p in plans] == [0.0, 0.5, 1.0, 1.0]


@both
def test_a_ramp_to_a_bound_control_follows_its_present_value(play: Player) -> None:
    rules = soundtrack(layer(calm(), fight(music=Music(intensity=OVER_THREAT))), transitions=[LINEAR_4])
    plans = play(rules, {0: {"threat": 1.0}, 2: {"go": True}, 5: {"threat": 0.0}}, 8)
    assert [p.controls.intensity for p in plans[2:]] == pytest.approx([0.5, 0.625, 0.75, 0.125, 0.0, 0.0])


@both
def test_a_bound_control_still_follows_its_input_in_the_frame_of_a_change(play: Player) -> None:
    rules = soundtrack(layer(calm(music=Music(intensity=OVER_THREAT)), fight(music=Music(intensity=0.0))))
    plans = play(rules, {2: {"go": True, "threat": 0.8}}, 4)
    assert [p.controls.intensity for p in plans] == [0.0, 0.0, 0.8, 0.0]


@both
def test_a_change_in_a_layer_that_does_not_decide_moves_nothing(play: Player) -> None:
    action = layer(calm(), fight(music=Music(intensity=0.0)), name="action")
    mood = layer(calm(music=Music(intensity=0.8)), name="mood")
    plans = play(soundtrack(action, mood, transitions=[LINEAR_4]), {2: {"go": True}}, 6)
    assert [p.controls.intensity for p in plans] == [0.8] * 6


@both
def test_a_source_that_fades_in_takes_its_layers_ramp(play: Player) -> None:
    weight = Binding(input="threat", curve=((0.5, 0.0), (1.0, 1.0)))
    loud = layer(calm(music=Music(intensity=1.0)), name="loud", weight=weight, weight_ramp_frames=4)
    plans = play(soundtrack(layer(calm()), loud), {2: {"threat": 1.0}, 20: {"threat": 0.0}}, 32)
    values = [p.controls.intensity for p in plans]
    # Over zero from frame 2; at zero again in frame 23, then the old source's ramp leads back to the top level.
    assert values[:8] == pytest.approx([0.5, 0.5, 0.5, 0.625, 0.75, 0.875, 1.0, 1.0])
    assert values[22:29] == pytest.approx([1.0, 1.0, 0.875, 0.75, 0.625, 0.5, 0.5])
    assert [plans[f].controls.sources[4] for f in (1, 2, 22, 23)] == ["music", "loud", "loud", "music"]


@both
def test_when_two_layers_change_the_new_source_sets_the_ramp(play: Player) -> None:
    first = layer(calm(), fight(music=Music(intensity=0.9)), name="first")
    second = layer(calm(), fight(music=Music(intensity=0.1)), name="second")
    rows = [Transition(layer="first", at=IMMEDIATE, ramp_frames=10, curve="linear"), LINEAR_4]
    plans = play(soundtrack(first, second, transitions=rows), {0: {}, 2: {"go": True}}, 8)
    assert [p.controls.intensity for p in plans[2:]] == pytest.approx([0.5, 0.4, 0.3, 0.2, 0.1, 0.1])


@both
def test_when_the_old_source_changes_as_well_the_new_one_still_sets_the_ramp(play: Player) -> None:
    first = layer(calm(), fight(music=Music(intensity=0.9)), name="first")
    second = layer(calm(), fight(when=is_on("go2"), music=Music(intensity=0.1)), name="second")
    rows = [Transition(layer="first", at=IMMEDIATE, ramp_frames=0), LINEAR_4]
    plans = play(soundtrack(first, second, transitions=rows), {0: {"go": True}, 2: {"go": False, "go2": True}}, 8)
    assert [p.controls.sources[4] for p in plans[1:3]] == ["first", "second"]
    assert [p.controls.intensity for p in plans[2:]] == pytest.approx([0.9, 0.7, 0.5, 0.3, 0.1, 0.1])


@both
def test_a_source_that_fades_in_over_another_takes_its_own_layers_ramp(play: Player) -> None:
    weight = Binding(input="threat", curve=((0.5, 0.0), (1.0, 1.0)))
    first = layer(calm(music=Music(intensity=0.2)), name="first", weight_ramp_frames=9)
    second = layer(calm(music=Music(intensity=1.0)), name="second", weight=weight, weight_ramp_frames=4)
    plans = play(soundtrack(first, second), {2: {"threat": 1.0}, 20: {"threat": 0.0}}, 34)
    assert [p.controls.intensity for p in plans[2:7]] == pytest.approx([0.2, 0.4, 0.6, 0.8, 1.0])
    # Faded out in frame 23: the control goes back over the ramp of the layer that now decides.
    assert [p.controls.intensity for p in plans[23:33]] == pytest.approx([1.0 - 0.8 * step / 9 for step in range(10)])


@both
def test_when_a_source_gives_up_its_control_its_own_transition_sets_the_ramp(play: Player) -> None:
    first = layer(calm(music=Music(intensity=0.9)), name="first")
    quiet = LayerState(name="fight", when=is_on("go"), mix={"drums": 1.0})
    second = layer(calm(music=Music(intensity=0.1)), quiet, name="second")
    rows = [Transition(layer="second", at=IMMEDIATE, ramp_frames=8, curve="linear"), AT_ONCE]
    plans = play(soundtrack(first, second, transitions=rows), {2: {"go": True}}, 12)
    assert [p.controls.intensity for p in plans[2:]] == pytest.approx([0.1 * step for step in range(1, 10)] + [0.9])


@both
@pytest.mark.parametrize(("tempo_bpm", "tempo_mbpm"), [(100.0625, 100_062), (100.1875, 100_188), (96.7, 96_700)])
def test_tempo_is_rounded_half_to_even(play: Player, tempo_bpm: float, tempo_mbpm: int) -> None:
    assert play(soundtrack(layer(calm()), tempo_bpm=tempo_bpm), {}, 1)[0].controls.tempo_mbpm == tempo_mbpm


@both
def test_a_tempo_ramp_starts_from_the_unrounded_tempo(play: Player) -> None:
    rules = soundtrack(layer(calm(), fight(music=Music(tempo_bpm=100.25))), transitions=[LINEAR_4], tempo_bpm=100.0)
    plans = play(rules, {1: {"go": True}, 2: {"go": False}}, 7)
    # Turned round at 100.0625: three quarters of that are 46.875 milli-bpm, of the rounded tempo 46.5.
    tempos = [p.controls.tempo_mbpm - 100_000 for p in plans]
    assert tempos == [0, 0, 62, 47, 31, 16, 0]


@both
def test_meter_key_and_drums_wait_for_the_bar_and_their_source_with_them(play: Player) -> None:
    wild = fight(music=Music(meter=3, key=Key(tonic=9, mode="dorian"), drums="on", intensity=0.7))
    plans = play(soundtrack(layer(calm(), wild)), {3: {"go": True}}, BAR + 2)
    before, after = plans[BAR - 1].controls, plans[BAR].controls
    assert (before.meter, before.tonic, before.mode, before.drums) == (4, -1, "auto", -1)
    assert (after.meter, after.tonic, after.mode, after.drums) == (3, 9, "dorian", 1)
    assert before.sources == ("music", "music", "music", "music", "action", "music", "music", "music")
    assert after.sources == ("music", "action", "action", "action", "action", "music", "music", "music")


@both
def test_a_decision_at_the_bar_itself_takes_that_bar(play: Player) -> None:
    plans = play(soundtrack(layer(calm(), fight(music=Music(drums="off")))), {BAR: {"go": True}}, BAR + 1)
    assert [p.controls.drums for p in plans[-2:]] == [-1, 0]


@both
def test_a_decision_withdrawn_before_the_bar_never_takes_effect(play: Player) -> None:
    rules = soundtrack(layer(calm(), fight(music=Music(meter=7))))
    plans = play(rules, {3: {"go": True}, BAR - 1: {"go": False}}, BAR + 5)
    assert {p.controls.meter for p in plans} == {4}


@both
def test_in_frame_0_meter_key_and_drums_are_taken_at_once(play: Player) -> None:
    rules = soundtrack(layer(calm(), fight(when=None, music=Music(meter=7, drums="on"))))
    plan = play(rules, {}, 1)[0]
    assert (plan.controls.meter, plan.clock.meter, plan.controls.drums) == (7, 7, 1)
