"""Which state wins: conditions, attack, hold, min_time, cool-down, veto, priority (sections 3 to 6 of SEMANTICS.md)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any as AnyValue

from segue_rules.loading import load
from segue_rules.model import (
    All,
    Any,
    ChoiceInput,
    Compare,
    Fired,
    InState,
    Latch,
    LayerState,
    Not,
    NumberInput,
    OneOf,
)
from unit.rules.playing import INPUTS, STOP, Player, both, calm, fight, is_on, layer, soundtrack, states


def boss(**fields: AnyValue) -> LayerState:
    """A second state, which the flag `go2` asks for."""
    return fight(**({"name": "boss", "when": is_on("go2")} | fields))


@both
def test_a_state_follows_its_condition(play: Player) -> None:
    plans = play(soundtrack(layer(calm(), fight())), {3: {"go": True}, 7: {"go": False}}, 10)
    assert states(plans) == [(0, "calm"), (3, "fight"), (7, "calm")]


@both
def test_a_state_without_a_condition_is_on_from_frame_0(play: Player) -> None:
    plans = play(soundtrack(layer(calm(), fight(when=None))), {}, 2)
    assert states(plans) == [(0, "fight")]


@both
def test_attack_counts_from_the_first_true_frame_and_anew_after_a_gap(play: Player) -> None:
    script = {1: {"go": True}, 4: {"go": False}, 5: {"go": True}}
    plans = play(soundtrack(layer(calm(), fight(attack_frames=4))), script, 12)
    assert states(plans) == [(0, "calm"), (9, "fight")]


@both
def test_a_one_frame_trigger_never_outlasts_an_attack(play: Player) -> None:
    state = fight(when=Fired(trigger="hit"), attack_frames=1)
    assert states(play(soundtrack(layer(calm(), state)), {2: "hit"}, 6)) == [(0, "calm")]


@both
def test_a_trigger_stretched_over_the_attack_starts_its_state(play: Player) -> None:
    state = fight(when=Fired(trigger="hit", frames=4), attack_frames=3)
    assert states(play(soundtrack(layer(calm(), state)), {2: "hit"}, 10)) == [(0, "calm"), (5, "fight"), (6, "calm")]


@both
def test_the_latest_firing_of_a_trigger_counts(play: Player) -> None:
    state = fight(when=Fired(trigger="hit", frames=3))
    plans = play(soundtrack(layer(calm(), state)), {2: "hit", 4: "hit"}, 10)
    assert states(plans) == [(0, "calm"), (2, "fight"), (7, "calm")]


@both
def test_hold_keeps_a_state_on_after_its_condition_failed(play: Player) -> None:
    script = {1: {"go": True}, 5: {"go": False}}
    plans = play(soundtrack(layer(calm(), fight(hold_frames=3))), script, 12)
    assert states(plans) == [(0, "calm"), (1, "fight"), (8, "calm")]


@both
def test_hold_begins_anew_when_the_condition_returns(play: Player) -> None:
    script = {1: {"go": True}, 5: {"go": False}, 7: {"go": True}, 8: {"go": False}}
    plans = play(soundtrack(layer(calm(), fight(hold_frames=3))), script, 15)
    assert states(plans) == [(0, "calm"), (1, "fight"), (11, "calm")]


@both
def test_min_time_counts_from_the_start(play: Player) -> None:
    script = {1: {"go": True}, 2: {"go": False}}
    plans = play(soundtrack(layer(calm(), fight(min_time_frames=6))), script, 12)
    assert states(plans) == [(0, "calm"), (1, "fight"), (7, "calm")]


@both
def test_hold_and_min_time_do_not_resist_a_higher_priority(play: Player) -> None:
    low = fight(hold_frames=50, min_time_frames=50)
    plans = play(soundtrack(layer(calm(), low, boss(priority=1))), {1: {"go": True}, 4: {"go2": True}}, 8)
    assert states(plans) == [(0, "calm"), (1, "fight"), (4, "boss")]


@both
def test_hold_and_min_time_resist_an_equal_priority(play: Player) -> None:
    low = fight(hold_frames=3)
    script = {1: {"go": True}, 4: {"go": False, "go2": True}}
    plans = play(soundtrack(layer(calm(), boss(), low)), script, 10)
    assert states(plans) == [(0, "calm"), (1, "fight"), (7, "boss")]


@both
def test_ties_go_to_the_first_in_the_file(play: Player) -> None:
    script = {1: {"go": True, "go2": True}}
    assert states(play(soundtrack(layer(boss(), calm(), fight())), script, 3)) == [(0, "calm"), (1, "boss")]
    assert states(play(soundtrack(layer(fight(), calm(), boss())), script, 3)) == [(0, "calm"), (1, "fight")]


@both
def test_the_default_ranks_below_a_negative_priority(play: Player) -> None:
    plans = play(soundtrack(layer(calm(), fight(priority=-100))), {1: {"go": True}}, 3)
    assert states(plans) == [(0, "calm"), (1, "fight")]


@both
def test_a_veto_ends_a_state_at_once_ignoring_hold_and_min_time(play: Player) -> None:
    state = fight(unless=STOP, hold_frames=20, min_time_frames=20)
    script = {1: {"go": True}, 4: {"stop": True}, 6: {"stop": False}}
    plans = play(soundtrack(layer(calm(), state)), script, 8)
    assert states(plans) == [(0, "calm"), (1, "fight"), (4, "calm"), (6, "fight")]


@both
def test_a_veto_restarts_the_attack(play: Player) -> None:
    script = {0: {"go": True, "stop": True}, 5: {"stop": False}}
    plans = play(soundtrack(layer(calm(), fight(unless=STOP, attack_frames=2))), script, 10)
    assert states(plans) == [(0, "calm"), (7, "fight")]


@both
def test_a_cooldown_follows_a_state_that_ended_by_its_condition(play: Player) -> None:
    script = {1: {"go": True}, 3: {"go": False}, 4: {"go": True}}
    plans = play(soundtrack(layer(calm(), fight(cooldown_frames=5))), script, 12)
    assert states(plans) == [(0, "calm"), (1, "fight"), (3, "calm"), (8, "fight")]


@both
def test_a_cooldown_follows_a_veto(play: Player) -> None:
    script = {1: {"go": True}, 3: {"stop": True}, 4: {"stop": False}}
    plans = play(soundtrack(layer(calm(), fight(unless=STOP, cooldown_frames=5))), script, 12)
    assert states(plans) == [(0, "calm"), (1, "fight"), (3, "calm"), (8, "fight")]


@both
def test_a_state_that_was_outranked_has_no_cooldown(play: Player) -> None:
    script = {1: {"go": True}, 3: {"go2": True}, 5: {"go2": False}}
    plans = play(soundtrack(layer(calm(), fight(cooldown_frames=50), boss(priority=1))), script, 8)
    assert states(plans) == [(0, "calm"), (1, "fight"), (3, "boss"), (5, "fight")]


@both
def test_a_state_outranked_in_the_frame_it_ends_by_itself_has_a_cooldown(play: Player) -> None:
    script = {1: {"go": True}, 3: {"go": False, "go2": True}, 5: {"go": True, "go2": False}}
    plans = play(soundtrack(layer(calm(), fight(cooldown_frames=5), boss(priority=1))), script, 12)
    assert states(plans) == [(0, "calm"), (1, "fight"), (3, "boss"), (5, "calm"), (8, "fight")]


@both
def test_an_attack_may_run_out_during_the_cooldown(play: Player) -> None:
    script = {1: {"go": True}, 6: {"go": False}, 7: {"go": True}}
    plans = play(soundtrack(layer(calm(), fight(attack_frames=2, cooldown_frames=5))), script, 15)
    assert states(plans) == [(0, "calm"), (3, "fight"), (6, "calm"), (11, "fight")]


THREAT_LATCH = Latch(
    index=0,
    enter=Compare(input="threat", op=">=", value=0.6),
    exit=Compare(input="threat", op="<", value=0.3),
)


@both
def test_a_latch_stays_between_its_thresholds(play: Player) -> None:
    rules = soundtrack(layer(calm(), fight(when=THREAT_LATCH)), latches=[THREAT_LATCH])
    script = {1: {"threat": 0.5}, 2: {"threat": 0.6}, 4: {"threat": 0.3}, 6: {"threat": 0.29}, 7: {"threat": 0.59}}
    assert states(play(rules, script, 10)) == [(0, "calm"), (2, "fight"), (6, "calm")]


@both
def test_a_latch_sets_while_its_state_is_vetoed(play: Player) -> None:
    rules = soundtrack(layer(calm(), fight(when=THREAT_LATCH, unless=STOP)), latches=[THREAT_LATCH])
    script = {1: {"threat": 0.9, "stop": True}, 3: {"threat": 0.4}, 5: {"stop": False}}
    assert states(play(rules, script, 8)) == [(0, "calm"), (5, "fight")]


@both
def test_enter_wins_over_exit_in_the_same_frame(play: Player) -> None:
    latch = Latch(
        index=0,
        enter=Compare(input="threat", op=">=", value=0.5),
        exit=Compare(input="threat", op="<=", value=0.5),
    )
    rules = soundtrack(layer(calm(), fight(when=latch)), latches=[latch])
    assert states(play(rules, {2: {"threat": 0.5}, 4: {"threat": 0.4}}, 6)) == [(0, "calm"), (2, "fight"), (4, "calm")]


@both
def test_two_latches_over_one_input_are_independent(play: Player) -> None:
    other = Latch(
        index=1,
        enter=Compare(input="threat", op=">", value=0.1),
        exit=Compare(input="threat", op="<", value=0.05),
    )
    rules = soundtrack(
        layer(calm(), fight(when=other), boss(when=THREAT_LATCH, priority=1)), latches=[THREAT_LATCH, other]
    )
    script = {1: {"threat": 0.2}, 3: {"threat": 0.7}, 5: {"threat": 0.2}, 7: {"threat": 0.0}}
    assert states(play(rules, script, 9)) == [(0, "calm"), (1, "fight"), (3, "boss"), (5, "fight"), (7, "calm")]


@both
def test_a_state_condition_sees_the_frame_before(play: Player) -> None:
    place = layer(calm(), fight(), name="place")
    mood = layer(calm(), fight(when=InState(layer="place", state="fight")), name="mood")
    for order in ((place, mood), (mood, place)):
        plans = play(soundtrack(*order), {2: {"go": True}, 5: {"go": False}}, 8)
        assert states(plans, order.index(place)) == [(0, "calm"), (2, "fight"), (5, "calm")]
        assert states(plans, order.index(mood)) == [(0, "calm"), (3, "fight"), (6, "calm")]


@both
def test_in_frame_0_a_state_condition_sees_the_default(play: Player) -> None:
    place = layer(calm(), fight(when=None), name="place")
    mood = layer(calm(), fight(when=InState(layer="place", state="calm")), name="mood")
    assert states(play(soundtrack(place, mood), {}, 3), 1) == [(0, "fight"), (1, "calm")]


@both
def test_conditions_nest(play: Player) -> None:
    region = ChoiceInput(name="region", of=("forest", "crypt", "town"), default="forest")
    in_crypt = OneOf(input="region", values=("crypt", "town"))
    when = All(of=(Any(of=(in_crypt, is_on("go"))), Not(of=STOP)))
    rules = soundtrack(layer(calm(), fight(when=when)), inputs=[*INPUTS, region])
    script = {
        1: {"region": "town"},
        2: {"region": "forest"},
        3: {"go": True},
        4: {"stop": True},
        5: {"stop": False, "go": False},
    }
    assert states(play(rules, script, 8)) == [(0, "calm"), (1, "fight"), (2, "calm"), (3, "fight"), (4, "calm")]


@both
def test_a_moving_number_starts_a_state_in_the_frame_it_reaches_the_threshold(play: Player) -> None:
    threat = NumberInput(name="threat", low=0.0, high=1.0, default=0.0, rise=2.5, fall=1.25)
    state = fight(when=Compare(input="threat", op=">=", value=0.5))
    rules = soundtrack(layer(calm(), state), inputs=[threat])
    plans = play(rules, {2: {"threat": 1.0}, 20: {"threat": 0.0}}, 40)
    # 0.1 a frame up from frame 2, 0.05 a frame down from frame 20: at 0.5 in frame 7, below it in frame 31.
    assert states(plans) == [(0, "calm"), (7, "fight"), (31, "calm")]


@both
def test_ties_between_files_go_to_the_main_file_then_in_the_order_of_inclusion(play: Player, tmp_path: Path) -> None:
    main = """
segue: 1
include: [{}]
inputs: {{go: {{type: flag}}, stop: {{type: flag}}}}
styles: {{harp: {{text: harp}}}}
layers:
  action:
    states:
      calm: {{default: true, mix: {{harp: 1}}}}
      own: {{when: {{go: true}}, unless: {{stop: true}}}}
transitions: [{{from: any, to: any, at: immediate}}]
"""
    for name in ("crypt", "town"):
        part = f"segue: 1\nlayers: {{action: {{states: {{{name}: {{when: {{go: true}}}}}}}}}}\n"
        (tmp_path / f"{name}.yaml").write_text(part)
    for order in (("crypt", "town"), ("town", "crypt")):
        (tmp_path / "main.yaml").write_text(main.format(", ".join(f"{name}.yaml" for name in order)))
        plans = play(load(tmp_path / "main.yaml"), {1: {"go": True}, 3: {"stop": True}}, 5)
        assert states(plans) == [(0, "calm"), (1, "own"), (3, order[0])]


@both
def test_a_state_that_resists_stays_for_its_min_time_whatever_comes(play: Player) -> None:
    song = fight(min_time_frames=20, resist=True)
    loud = LayerState(name="loud", when=is_on("go2"), priority=50, mix={"brass": 1.0})
    script = {2: {"go": True}, 5: {"go": False, "go2": True}}
    assert states(play(soundtrack(layer(calm(), song, loud)), script, 30)) == [(0, "calm"), (2, "fight"), (22, "loud")]
    weak = replace(song, resist=False)
    assert states(play(soundtrack(layer(calm(), weak, loud)), script, 30)) == [(0, "calm"), (2, "fight"), (5, "loud")]


@both
def test_a_veto_ends_a_state_that_resists(play: Player) -> None:
    song = fight(min_time_frames=20, resist=True, unless=is_on("stop"))
    plans = play(soundtrack(layer(calm(), song)), {2: {"go": True}, 5: {"stop": True}}, 30)
    assert states(plans) == [(0, "calm"), (2, "fight"), (5, "calm")]
