"""Tempo, meter, key and the other controls: which layer decides them and how they move (section 13 of SEMANTICS.md)."""

from __future__ import annotations

import pytest

from segue_rules.controls import CONTROLS
from segue_rules.events import Event
from segue_rules.model import Binding, Key, LayerState, Music, NumberInput, Transition
from unit.rules.playing import AT_ONCE, BAR, IMMEDIATE, INPUTS, Player, both, calm, fight, is_on, layer, soundtrack

THREAT = NumberInput(name="threat", low=0.0, high=1.0, default=0.0)
LINEAR_4 = Transition(at=IMMEDIATE, ramp_frames=4, curve="linear")
OVER_THREAT = Binding(input="threat", curve=((0.0, 0.0), (1.0, 1.0)))


@both
def test_controls_come_from_the_top_level(play: Player) -> None:
    plan = play(soundtrack(layer(calm()), key=Key(tonic=2, mode="minor"), gain_db=-6.0), {}, 1)[0]
    controls = plan.controls
    assert (controls.tempo_mbpm, controls.meter, controls.tonic, controls.mode) == (150_000, 4, 2, "minor")
    assert (controls.drums, controls.intensity, controls.temperature, controls.guidance) == (-1, 0.5, 1.0, 3.0)
    assert (controls.gain_db, controls.sources) == (-6.0, ("music",) * len(CONTROLS))


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
    assert controls.sources[:8] == ("music", "music", "music", "music", "second", "music", "first", "music")


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


FADED = Binding(input="threat", curve=((0.5, 0.0), (1.0, 1.0)))


@both
def test_a_control_counts_as_much_as_its_layers_weight(play: Player) -> None:
    loud = layer(calm(music=Music(intensity=1.0)), name="loud", weight=FADED, weight_ramp_frames=4)
    plans = play(soundtrack(layer(calm()), loud), {2: {"threat": 1.0}, 20: {"threat": 0.0}}, 26)
    assert [p.controls.intensity for p in plans[:8]] == pytest.approx([0.5, 0.5, 0.625, 0.75, 0.875, 1.0, 1.0, 1.0])
    assert [p.controls.intensity for p in plans[19:25]] == pytest.approx([1.0, 0.875, 0.75, 0.625, 0.5, 0.5])
    # The source is the layer with the greater part, the later one of equals.
    assert [plans[f].controls.sources[4] for f in (1, 2, 3, 20, 21, 22)] == ["music", "music", *["loud"] * 3, "music"]


@both
@pytest.mark.parametrize(("weight", "expected"), [(0.02, 0.494), (0.5, 0.35), (1.0, 0.2), (3.0, 0.2)])
def test_a_weight_of_1_or_more_counts_wholly(play: Player, weight: float, expected: float) -> None:
    night = layer(calm(music=Music(intensity=0.2)), name="night", weight=weight)
    plan = play(soundtrack(layer(calm()), night), {}, 1)[0]
    assert plan.controls.intensity == pytest.approx(expected)


@both
def test_tempo_is_blended_too_and_a_layer_in_between_counts_for_what_later_ones_leave(play: Player) -> None:
    first = layer(calm(music=Music(tempo_bpm=100.0)), name="first")
    second = layer(calm(music=Music(tempo_bpm=200.0)), name="second", weight=0.5)
    third = layer(calm(music=Music(tempo_bpm=60.0)), name="third", weight=0.25)
    plan = play(soundtrack(first, second, third), {}, 1)[0]
    assert plan.controls.tempo_mbpm == 127_500
    # 0.375, 0.375 and 0.25: of equals the last.
    assert plan.controls.sources[0] == "second"


@both
@pytest.mark.parametrize(("weight", "tonic", "drums"), [(0.49, -1, -1), (0.5, 9, 0)])
def test_meter_key_and_drums_come_from_the_greatest_part(play: Player, weight: float, tonic: int, drums: int) -> None:
    night = layer(calm(music=Music(key=Key(tonic=9, mode="minor"), drums="off")), name="night", weight=weight)
    controls = play(soundtrack(layer(calm()), night), {}, 1)[0].controls
    assert (controls.tonic, controls.drums) == (tonic, drums)


@both
def test_when_two_layers_change_each_moves_over_its_own_transition(play: Player) -> None:
    first = layer(calm(), fight(music=Music(intensity=0.9)), name="first")
    second = layer(calm(), fight(music=Music(intensity=0.1)), name="second")
    rows = [Transition(layer="first", at=IMMEDIATE, ramp_frames=8, curve="linear"), LINEAR_4]
    plans = play(soundtrack(first, second, transitions=rows), {0: {}, 2: {"go": True}}, 8)
    # The first moves from 0.5 to 0.9 in 8 frames; what the second leaves of it goes to 0.1 in 4.
    expected = [0.5, 0.75 * 0.55 + 0.25 * 0.1, 0.5 * 0.6 + 0.5 * 0.1, 0.25 * 0.65 + 0.75 * 0.1, 0.1, 0.1]
    assert [p.controls.intensity for p in plans[2:]] == pytest.approx(expected)


@both
def test_a_change_below_a_layer_is_heard_as_far_as_that_leaves_it(play: Player) -> None:
    first = layer(calm(), fight(music=Music(intensity=0.9)), name="first")
    second = layer(calm(), fight(when=is_on("go2"), music=Music(intensity=0.1)), name="second")
    rows = [Transition(layer="first", at=IMMEDIATE, ramp_frames=0), LINEAR_4]
    plans = play(soundtrack(first, second, transitions=rows), {0: {"go": True}, 2: {"go": False, "go2": True}}, 8)
    assert [p.controls.sources[4] for p in plans[1:3]] == ["first", "second"]
    assert [p.controls.intensity for p in plans[2:]] == pytest.approx([0.9, 0.4, 0.3, 0.2, 0.1, 0.1])


@both
def test_gains_of_layers_add_up(play: Player) -> None:
    quiet = layer(calm(music=Music(gain_db=-6.0)), name="quiet")
    spoken = layer(calm(), fight(music=Music(gain_db=-9.0)), name="speech")
    plans = play(soundtrack(quiet, spoken, transitions=[LINEAR_4], gain_db=-1.0), {2: {"go": True}}, 8)
    assert [p.controls.gain_db for p in plans] == pytest.approx([-7, -7, -7, -9.25, -11.5, -13.75, -16, -16])
    assert [p.controls.sources[7] for p in plans[1:3]] == ["quiet", "speech"]


@both
@pytest.mark.parametrize(("added", "expected"), [(-9.0, -96.0), (12.0, -96.0)])
def test_silence_stays_silence_whatever_is_added(play: Player, added: float, expected: float) -> None:
    vault = layer(calm(music=Music(gain_db=-96.0)), name="vault")
    other = layer(calm(music=Music(gain_db=added)), name="other")
    plan = play(soundtrack(vault, other), {}, 1)[0]
    assert (plan.controls.gain_db, plan.silent) == (expected, True)


@both
def test_a_gain_counts_as_much_as_its_layers_weight_and_ends_at_its_bound(play: Player) -> None:
    half = layer(calm(music=Music(gain_db=-12.0)), name="half", weight=0.5)
    assert play(soundtrack(half), {}, 1)[0].controls.gain_db == -6.0
    loud = layer(calm(music=Music(gain_db=9.0)), name="loud")
    assert play(soundtrack(loud, gain_db=8.0), {}, 1)[0].controls.gain_db == 12.0
    assert play(soundtrack(loud, gain_db=-96.0), {}, 1)[0].controls.gain_db == -96.0


@both
def test_a_players_volume_is_an_input_like_any_other(play: Player) -> None:
    volume = Binding(input="threat", curve=((0.0, -96.0), (1.0, 0.0)))
    spoken = layer(calm(), fight(music=Music(gain_db=-9.0)), name="speech")
    script = {0: {"threat": 1.0}, 2: {"go": True}, 5: {"threat": 0.5}, 7: {"threat": 0.0}}
    plans = play(soundtrack(spoken, gain_db=volume, inputs=INPUTS), script, 9)
    assert [p.controls.gain_db for p in plans] == [0.0, 0.0, 0.0, -9.0, -9.0, -57.0, -57.0, -96.0, -96.0]
    assert [p.silent for p in plans[4:9:2]] == [False, False, True]


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
    assert before.sources[:8] == ("music", "music", "music", "music", "action", "music", "music", "music")
    assert after.sources[:8] == ("music", "action", "action", "action", "action", "music", "music", "music")


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


# --- effects --------------------------------------------------------------------------------------------------------


@both
def test_a_cutoff_moves_by_octaves(play: Player) -> None:
    under = layer(calm(), fight(music=Music(low_pass_hz=1_250.0, high_pass_hz=320.0, reverb=0.4, width=0.0, pan=-1.0)))
    plans = play(soundtrack(under, transitions=[LINEAR_4]), {2: {"go": True}}, 8)
    assert [p.controls.low_pass_hz for p in plans] == [20_000, 20_000, 20_000, 10_000, 5_000, 2_500, 1_250, 1_250]
    assert [p.controls.high_pass_hz for p in plans] == [20, 20, 20, 40, 80, 160, 320, 320]
    assert [p.controls.reverb for p in plans] == pytest.approx([0, 0, 0, 0.1, 0.2, 0.3, 0.4, 0.4])
    assert [p.controls.width for p in plans] == [1, 1, 1, 0.75, 0.5, 0.25, 0, 0]
    assert [p.controls.pan for p in plans] == [0, 0, 0, -0.25, -0.5, -0.75, -1, -1]


@both
def test_a_layer_of_half_the_weight_moves_a_cutoff_half_the_octaves(play: Player) -> None:
    half = layer(calm(music=Music(low_pass_hz=200.0)), name="half", weight=0.5)
    assert play(soundtrack(half), {}, 1)[0].controls.low_pass_hz == 2_000.0


@both
def test_a_cutoff_follows_an_input_straight_in_hertz(play: Player) -> None:
    cutoff = Binding(input="threat", curve=((0.0, 20_000.0), (1.0, 400.0)))
    plans = play(soundtrack(layer(calm(music=Music(low_pass_hz=cutoff))), inputs=INPUTS), {1: {"threat": 0.5}}, 2)
    assert [p.controls.low_pass_hz for p in plans] == [20_000.0, 10_200.0]


@both
def test_after_a_reset_a_cutoff_moves_by_octaves(play: Player) -> None:
    under = layer(calm(), fight(music=Music(low_pass_hz=200.0)))
    plans = play(
        soundtrack(under, transitions=[LINEAR_4]), {0: {"go": True}, 10: Event(sequence=1_000, reset=True)}, 70
    )
    assert [plans[f].controls.low_pass_hz for f in (9, 10, 35, 60)] == [200.0, 200.0, 2_000.0, 20_000.0]
