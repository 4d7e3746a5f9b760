"""Which transition row a change takes: states, groups and layers (Transition rows in SEMANTICS.md)."""

from __future__ import annotations

import pytest

from segue_rules.director.layers import TransitionRows
from segue_rules.model import InGroup, LayerState, Transition
from unit.rules.playing import AT_ONCE, Player, both, calm, fight, is_on, layer, play_director, soundtrack
from unit.rules.reference_director import ReferenceDirector

BOSS = LayerState(name="boss", when=is_on("go2"), priority=1, groups=("fight", "loud"), mix={"brass": 1.0})
ACTION = layer(calm(groups=("quiet",)), LayerState(name="brawl", groups=("fight",), mix={"drums": 1.0}), BOSS)


def row(from_state: str | None, to_state: str | None, layer: str | None = None) -> Transition:
    return Transition(layer=layer, from_state=from_state, to_state=to_state)


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        (row(None, "boss"), row("calm", "fight", "action")),
        (row(None, "fight"), row(None, "loud", "action")),
        (row(None, "loud"), row("calm", None, "action")),
        (row("calm", "fight"), row("quiet", "fight", "action")),
        (row("quiet", "fight"), row(None, "fight", "action")),
        (row("quiet", None), row(None, None, "action")),
        (row("quiet", "loud", "action"), row("quiet", "loud")),
    ],
)
def test_the_more_specific_row_counts(better: Transition, worse: Transition) -> None:
    for rows in ([better, worse], [worse, better]):
        rules = soundtrack(ACTION, transitions=rows)
        assert TransitionRows(rules).rows[TransitionRows(rules).between("action", "calm", "boss")] is better
        assert ReferenceDirector(rules).row(ACTION, ACTION.states[0], ACTION.states[2]) is better


def test_a_group_of_another_layer_fits_nothing() -> None:
    other = layer(calm(), fight(groups=("loud",)), name="other")
    rules = soundtrack(ACTION, other, transitions=[row("loud", "loud")])
    assert TransitionRows(rules).between("action", "boss", "brawl") == 1


@both
def test_a_group_in_a_condition_is_any_of_its_states(play: Player) -> None:
    watcher = layer(
        LayerState(name="off", default=True),
        LayerState(name="on", when=InGroup(layer="action", group="fight")),
        name="watcher",
    )
    brawl = fight(name="brawl", groups=("fight",))
    rules = soundtrack(layer(calm(), brawl, BOSS), watcher, transitions=[AT_ONCE])
    plans = play(rules, {2: {"go": True}, 6: {"go2": True}, 10: {"go": False, "go2": False}}, 14)
    assert [plan.states[1] for plan in plans] == ["off"] * 3 + ["on"] * 8 + ["off"] * 3


def test_a_cause_names_the_state_and_its_group() -> None:
    watcher = layer(
        LayerState(name="off", default=True),
        LayerState(name="on", when=InGroup(layer="action", group="fight")),
        name="watcher",
    )
    rules = soundtrack(layer(calm(), fight(name="brawl", groups=("fight",))), watcher, transitions=[AT_ONCE])
    plans = Player(play_director)(rules, {2: {"go": True}, 6: {"go": False}}, 9)
    causes = [
        cause.text for plan in plans for change in plan.changes if change.layer == "watcher" for cause in change.causes
    ]
    assert causes == ["action is brawl (fight)", "action is calm, not fight"]
