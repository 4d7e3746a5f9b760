"""Visits: whether the music has been led by a state before (SEMANTICS 16)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any as AnyValue

import pytest

from segue_rules.director import Director
from segue_rules.events import Event
from segue_rules.model import Binding, Burst, LayerState, OnReturn, Rules, Transition
from segue_rules.plan import FramePlan, Visit
from unit.rules.playing import BAR, ON_BAR, Player, both, calm, fight, is_on, layer, soundtrack

AT_THE_BAR = Transition(at=ON_BAR, ramp_frames=10)
# Calm in bars 0 and 1, a fight in 2, calm in 3 and 4, a fight in 5, calm from 6 on.
TWICE = {2 * BAR: {"go": True}, 3 * BAR: {"go": False}, 5 * BAR: {"go": True}, 6 * BAR: {"go": False}}


def back_and_forth(on_return: OnReturn) -> Rules:
    states = (calm(on_return=on_return), fight(on_return=on_return))
    return soundtrack(layer(*states), transitions=[AT_THE_BAR])


def visits(plans: list[FramePlan]) -> list[tuple[int, int, int]]:
    """Return each visit as the bar in which it is first said, its number and its bar."""
    found: list[tuple[int, int, int]] = []
    for plan in plans:
        if not found or found[-1][1:] != plan.visit:
            found.append((plan.clock.bar, *plan.visit))
    return found


@both
@pytest.mark.parametrize(
    ("on_return", "expected"),
    [
        ("vary", [(0, 0, 0), (2, 0, 2), (3, 1, 3), (5, 1, 5), (6, 2, 6)]),
        ("restart", [(0, 0, 0), (2, 0, 2), (3, 0, 3), (5, 0, 5), (6, 0, 6)]),
        # Calm has lasted two bars when it comes back in bar 3, four when it does in bar 6; the fight one in bar 5.
        ("resume", [(0, 0, 0), (2, 0, 2), (3, 0, 1), (5, 0, 4), (6, 0, 2)]),
    ],
)
def test_a_visit_has_its_number_and_bar(play: Player, on_return: OnReturn, expected: list[AnyValue]) -> None:
    assert visits(play(back_and_forth(on_return), TWICE, 7 * BAR)) == expected


@both
def test_the_next_visit_is_announced_with_the_change(play: Player) -> None:
    script: Mapping[int, AnyValue] = {BAR + 3: {"go": True}, 3 * BAR: {"go": False}, 4 * BAR + 5: {"go": True}}
    plans = play(back_and_forth("vary"), script, 5 * BAR + 1)
    assert {plan.next_visit for plan in plans[: BAR + 3]} == {Visit(0, 0)}
    assert {plan.next_visit for plan in plans[BAR + 3 : 2 * BAR]} == {Visit(0, 1)}
    assert {plan.next_visit for plan in plans[4 * BAR + 5 : 5 * BAR]} == {Visit(1, 4)}
    assert plans[5 * BAR].visit == plans[5 * BAR].next_visit == Visit(1, 5)


@both
def test_the_layer_with_the_greatest_share_leads(play: Player) -> None:
    """Rain adds a fifth of what the place does, so it does not lead, though its layer is the last."""
    rain = LayerState(name="rain", when=is_on("go2"), mix={"brass": 0.2})
    weather = layer(LayerState(name="clear", default=True), rain, name="weather")
    rules = soundtrack(layer(calm(), fight()), weather, transitions=[AT_THE_BAR])
    script = {BAR: {"go2": True}, 2 * BAR: {"go": True}, 3 * BAR: {"go": False}}
    assert visits(play(rules, script, 4 * BAR)) == [(0, 0, 0), (2, 0, 2), (3, 1, 3)]


@both
def test_a_layer_leads_by_its_weight(play: Player) -> None:
    """The layer of danger outweighs the place from a threat of a half on."""
    weight = Binding(input="threat", curve=((0.0, 0.0), (1.0, 2.0)))
    danger = layer(calm(mix={"drums": 1.0}), name="danger", weight=weight)
    rules = soundtrack(layer(calm(), name="place"), danger)
    script = {BAR: {"threat": 1.0}, 2 * BAR: {"threat": 0.0}}
    found = visits(play(rules, script, 3 * BAR))
    assert [number for _, number, _ in found] == [0, 0, 1]


@both
def test_a_burst_and_a_state_without_a_mix_lead_nothing(play: Player) -> None:
    burst = Burst(name="sting", trigger="hit", mix={"brass": 9.0}, time_frames=20)
    silent = layer(LayerState(name="off", default=True), fight(mix={}), name="silent")
    rules = soundtrack(layer(calm()), silent, stingers=[burst])
    plans = play(rules, {5: "hit", BAR: {"go": True}}, 2 * BAR)
    assert {plan.visit for plan in plans} == {Visit(0, 0)}


@both
def test_a_reset_forgets_the_visits(play: Player) -> None:
    again = {**TWICE, 7 * BAR: Event(sequence=9, reset=True)}
    plans = play(back_and_forth("vary"), again, 7 * BAR + 1)
    assert plans[-2].visit == Visit(2, 6)
    assert plans[-1].visit == Visit(0, 7)


def test_spans_have_the_visits_of_single_steps() -> None:
    rules = back_and_forth("vary")
    director = Director(rules)
    state, _ = director.step(director.start(), 0, [Event(sequence=1, set={"go": True})])
    for span in director.spans(state, 3 * BAR):
        assert span.plan.visit == (Visit(0, 0) if span.plan.frame < BAR else Visit(0, 1))
        assert span.plan.next_visit.number == 0
