"""Silence: whether the gain that the rules decide leaves nothing to be heard (SEMANTICS 18)."""

from __future__ import annotations

from segue_rules.model import Binding, Music, Transition
from unit.rules.playing import BAR, ON_BAR, Player, both, calm, fight, layer, soundtrack

AT_THE_BAR = Transition(at=ON_BAR, ramp_frames=50)


@both
def test_silence_begins_with_its_change_and_is_announced_before(play: Player) -> None:
    """The gain takes 50 frames to fall; what counts is where it is led."""
    rules = soundtrack(layer(calm(), fight(music=Music(gain_db=-96.0))), transitions=[AT_THE_BAR])
    plans = play(rules, {5: {"go": True}, 2 * BAR + 3: {"go": False}}, 3 * BAR + 1)
    assert [plan.frame for plan in plans if plan.silent] == list(range(BAR, 3 * BAR))
    assert [plan.next_silent for plan in plans[:BAR]] == [False] * 5 + [True] * (BAR - 5)
    assert [plan.next_silent for plan in plans[2 * BAR :]] == [True] * 3 + [False] * (BAR - 2)


@both
def test_a_binding_is_silent_where_its_curve_is(play: Player) -> None:
    gain = Binding(input="threat", curve=((0.0, -96.0), (1.0, 0.0)))
    plans = play(soundtrack(layer(calm()), gain_db=gain), {10: {"threat": 0.25}, 20: {"threat": 0.5}}, 30)
    assert [plan.silent for plan in plans] == [True] * 20 + [False] * 10


@both
def test_a_layer_without_weight_silences_nothing(play: Player) -> None:
    mute = layer(calm(music=Music(gain_db=-96.0)), name="mute", weight=0.0)
    assert not any(plan.silent for plan in play(soundtrack(layer(calm(), name="place"), mute), {}, 10))
