"""Events, receipts and moving inputs (sections 1 and 2 of SEMANTICS.md)."""

from __future__ import annotations

import math
from typing import Any as AnyValue

import pytest

from segue_rules.director import Director
from segue_rules.events import Event
from segue_rules.model import ChoiceInput, FlagInput, IntegerInput, NumberInput, TriggerInput
from unit.rules.playing import Player, both, calm, layer, play_director, play_reference, soundtrack

INPUTS = (
    NumberInput(name="threat", low=0.0, high=1.0, default=0.25),
    IntegerInput(name="enemies", low=0, high=64, default=0),
    ChoiceInput(name="region", of=("forest", "crypt"), default="forest"),
    FlagInput(name="cutscene"),
    TriggerInput(name="hit"),
)
RULES = soundtrack(layer(calm()), inputs=INPUTS)
DEFAULTS = (0.25, 0, "forest", False, False)


@both
@pytest.mark.parametrize(
    ("name", "value", "code", "result"),
    [
        ("threat", 0.5, "accepted", 0.5),
        ("threat", 1, "accepted", 1.0),
        ("threat", 1.5, "clamped", 1.0),
        ("threat", -1e300, "clamped", 0.0),
        ("threat", 10**400, "clamped", 1.0),
        ("threat", math.nan, "not_finite", 0.25),
        ("threat", math.inf, "not_finite", 0.25),
        ("threat", True, "wrong_type", 0.25),
        ("threat", "0.5", "wrong_type", 0.25),
        ("threat", None, "wrong_type", 0.25),
        ("enemies", 3, "accepted", 3),
        ("enemies", 3.0, "accepted", 3),
        ("enemies", 3.5, "wrong_type", 0),
        ("enemies", 65, "clamped", 64),
        ("enemies", -(10**400), "clamped", 0),
        ("enemies", math.nan, "not_finite", 0),
        ("enemies", -math.inf, "not_finite", 0),
        ("enemies", False, "wrong_type", 0),
        ("region", "crypt", "accepted", "crypt"),
        ("region", "Crypt", "unknown_choice", "forest"),
        ("region", 1, "wrong_type", "forest"),
        ("cutscene", True, "accepted", True),
        ("cutscene", 1, "wrong_type", False),
        ("cutscene", "on", "wrong_type", False),
        ("hit", True, "not_settable", False),
        ("treat", 0.5, "unknown_input", None),
    ],
)
def test_a_value_is_taken_clamped_or_refused(
    play: Player, name: str, value: AnyValue, code: str, result: AnyValue
) -> None:
    plan = play(RULES, {1: {name: value}}, 2)[1]
    receipt = plan.receipts[0]
    assert (receipt.code, receipt.accepted, receipt.frame) == (code, code in ("accepted", "clamped"), 1)
    names = [i.name for i in INPUTS]
    if name in names:
        found = plan.inputs[names.index(name)]
        assert found == result
        assert type(found) is type(result)


@both
@pytest.mark.parametrize(
    ("fire", "code"), [("hit", "accepted"), ("cutscene", "not_a_trigger"), ("hitt", "unknown_input")]
)
def test_only_declared_triggers_can_be_fired(play: Player, fire: str, code: str) -> None:
    plan = play(RULES, {1: fire}, 2)[1]
    assert plan.receipts[0].code == code
    assert plan.inputs[4] is (code == "accepted")


@both
def test_a_trigger_is_true_only_in_its_frame(play: Player) -> None:
    assert [plan.inputs[4] for plan in play(RULES, {1: "hit"}, 3)] == [False, True, False]


@both
def test_an_empty_event_is_refused(play: Player) -> None:
    assert play(RULES, {0: {}}, 1)[0].receipts[0].code == "empty"


@both
def test_an_event_is_taken_whole_or_not_at_all(play: Player) -> None:
    event = Event(sequence=0, set={"threat": 0.9, "enemies": 99, "region": "moon"}, fire=("hit",))
    plan = play(RULES, {0: event}, 1)[0]
    assert plan.receipts[0].code == "unknown_choice"
    assert plan.inputs == DEFAULTS


@both
def test_the_first_mistake_is_the_reason_of_the_refusal(play: Player) -> None:
    event = Event(sequence=0, set={"threat": 2.0, "region": 3, "enemies": math.nan}, fire=("nothing",))
    assert play(RULES, {0: event}, 1)[0].receipts[0].code == "wrong_type"


@pytest.mark.parametrize("play", [play_director, play_reference])
def test_events_of_a_frame_apply_and_are_answered_in_sequence_order(play: AnyValue) -> None:
    late, early = Event(sequence=8, set={"threat": 0.9}), Event(sequence=3, set={"threat": 0.1, "cutscene": True})
    plan = play(RULES, [(late, early)], [0])[0]
    assert [receipt.sequence for receipt in plan.receipts] == [3, 8]
    assert plan.inputs[0] == 0.9
    assert plan.inputs[3] is True


@both
def test_a_number_moves_at_its_rates_from_the_frame_after(play: Player) -> None:
    threat = NumberInput(name="threat", low=0.0, high=1.0, default=0.0, rise=5.0, fall=2.5)
    plans = play(soundtrack(layer(calm()), inputs=[threat]), {1: {"threat": 0.5}, 6: {"threat": 0.15}}, 12)
    expected = [0.0, 0.0, 0.2, 0.4, 0.5, 0.5, 0.5, 0.4, 0.3, 0.2, 0.15, 0.15]
    assert [plan.inputs[0] for plan in plans] == pytest.approx(expected)


@both
def test_a_number_without_the_rate_for_its_direction_jumps(play: Player) -> None:
    threat = NumberInput(name="threat", low=0.0, high=1.0, default=0.0, fall=2.5)
    plans = play(soundtrack(layer(calm()), inputs=[threat]), {1: {"threat": 1.0}, 3: {"threat": 0.0}}, 6)
    assert [plan.inputs[0] for plan in plans] == pytest.approx([0.0, 1.0, 1.0, 1.0, 0.9, 0.8])


@both
def test_setting_the_same_target_again_changes_nothing(play: Player) -> None:
    threat = NumberInput(name="threat", low=0.0, high=1.0, default=0.0, rise=0.7)
    rules = soundtrack(layer(calm()), inputs=[threat])
    once = play(rules, {1: {"threat": 1.0}}, 30)
    often = play(rules, {frame: {"threat": 1.0} for frame in range(1, 30)}, 30)
    assert [plan.inputs for plan in once] == [plan.inputs for plan in often]


@both
def test_a_new_target_starts_from_the_moved_value(play: Player) -> None:
    threat = NumberInput(name="threat", low=0.0, high=1.0, default=0.0, rise=2.5, fall=1.25)
    plans = play(soundtrack(layer(calm()), inputs=[threat]), {0: {"threat": 1.0}, 4: {"threat": 0.0}}, 8)
    assert [plan.inputs[0] for plan in plans] == pytest.approx([0.0, 0.1, 0.2, 0.3, 0.4, 0.35, 0.3, 0.25])


def test_frames_are_stepped_in_order() -> None:
    director = Director(RULES)
    state, _ = director.step(director.start(), 0)
    for frame in (0, 2, -1):
        with pytest.raises(ValueError, match="frame"):
            director.step(state, frame)


@both
def test_a_number_too_long_to_print_and_a_name_too_long_to_read_are_answered(play: Player) -> None:
    # Python refuses to write integers of more than 4 300 digits; a receipt's text must not try to.
    plans = play(RULES, {0: {"threat": 10**5_000}, 1: {"region": 10**5_000}, 2: {"x" * 100_000: 1}}, 3)
    assert [plan.receipts[0].code for plan in plans] == ["clamped", "wrong_type", "unknown_input"]


def test_an_unknown_input_is_refused_with_the_likeliest_name() -> None:
    receipt = Director(RULES).receipt(Event(sequence=1, set={"enemis": 3}), 0)
    assert receipt.text == "no input 'enemis'; did you mean 'enemies'?"
