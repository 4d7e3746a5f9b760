"""Which transition row a change takes: states, groups and layers (Transition rows in SEMANTICS.md)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pytest

from segue_rules.director import Director, pack, unpack
from segue_rules.director.transition_rows import TransitionRows
from segue_rules.events import Event
from segue_rules.loading import load_text
from segue_rules.model import InGroup, LayerState, Transition
from segue_rules.plan import FramePlan
from unit.rules.playing import (
    AT_ONCE,
    IMMEDIATE,
    ON_BAR,
    Player,
    both,
    calm,
    fight,
    is_on,
    layer,
    play_director,
    soundtrack,
)
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
        (first,) = TransitionRows(rules).fitting("action", "calm", "boss")
        assert rules.transitions[first] is better
        assert ReferenceDirector(rules).row(ACTION, ACTION.states[0], ACTION.states[2]) is better


def test_a_group_of_another_layer_fits_nothing() -> None:
    other = layer(calm(), fight(groups=("loud",)), name="other")
    rules = soundtrack(ACTION, other, transitions=[row("loud", "loud")])
    assert TransitionRows(rules).fitting("action", "boss", "brawl") == (1,)


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


# --- chance ---------------------------------------------------------------------------------------------------------

# From calm to fight by the first row in some cases, else by the second, which has the same pattern.
SOMETIMES = Transition(to_state="fight", at=IMMEDIATE, ramp_frames=7, chance=0.4)
ELSE = Transition(to_state="fight", at=IMMEDIATE, ramp_frames=3, place=1)
ON_AND_OFF = {frame: {"go": frame % 20 == 0} for frame in range(0, 400, 10)}


def ramps_into_fight(plans: Iterable[FramePlan]) -> list[int]:
    return [c.ramp_frames for p in plans for c in p.changes if c.kind == "started" and c.to_state == "fight"]


@both
def test_chance_decides_which_row_a_change_takes(play: Player) -> None:
    rules = soundtrack(layer(calm(), fight()), transitions=[SOMETIMES, ELSE, AT_ONCE])
    ramps = ramps_into_fight(play(rules, ON_AND_OFF, 400))
    assert len(ramps) == 20
    assert set(ramps) == {3, 7}
    assert ramps == ramps_into_fight(play(rules, ON_AND_OFF, 400))


def test_a_row_is_taken_as_often_as_it_says() -> None:
    rules = soundtrack(layer(calm(), fight()), transitions=[SOMETIMES, ELSE, AT_ONCE])
    rows = TransitionRows(rules)
    taken = [rows.choose("action", "calm", "fight", seed, k) for seed in range(40) for k in range(50)]
    # 2 000 draws with p = 0.4: 800, with a standard deviation of 22.
    assert 690 < taken.count(0) < 910
    assert taken.count(0) + taken.count(1) == len(taken)


@both
def test_another_seed_draws_other_rows(play: Player) -> None:
    rules = soundtrack(layer(calm(), fight()), transitions=[SOMETIMES, ELSE, AT_ONCE])
    assert ramps_into_fight(play(rules, ON_AND_OFF, 400)) != ramps_into_fight(
        play(replace(rules, seed=1), ON_AND_OFF, 400)
    )


@both
def test_a_row_that_is_not_drawn_leaves_the_change_to_the_next_that_fits(play: Player) -> None:
    never = replace(SOMETIMES, chance=0.0)
    rules = soundtrack(layer(calm(), fight()), transitions=[never, Transition(at=IMMEDIATE, ramp_frames=5)])
    assert ramps_into_fight(play(rules, {2: {"go": True}}, 5)) == [5]
    built_in = soundtrack(layer(calm(), fight()), transitions=[never])
    assert ramps_into_fight(play(built_in, {2: {"go": True}}, 15)) == [50]


@both
def test_a_change_that_is_decided_again_takes_the_same_row(play: Player) -> None:
    late = replace(SOMETIMES, at=ON_BAR)
    rules = soundtrack(layer(calm(), fight()), transitions=[late, replace(ELSE, at=ON_BAR), AT_ONCE])
    script = {frame: {"go": frame % 4 == 1} for frame in range(1, 39, 2)} | {39: {"go": True}}
    plans = play(rules, script, 45)
    decided = [c.ramp_frames for p in plans for c in p.changes if c.kind in ("scheduled", "withdrawn")]
    assert len(decided) > 10
    assert len({*decided, *ramps_into_fight(plans)}) == 1


def test_a_cause_tells_what_was_drawn() -> None:
    rules = soundtrack(layer(calm(), fight()), transitions=[SOMETIMES, ELSE, AT_ONCE])
    texts = {
        (change.ramp_frames, cause.text)
        for plan in Player(play_director)(rules, ON_AND_OFF, 400)
        for change in plan.changes
        if change.to_state == "fight"
        for cause in change.causes
        if "row" in cause.text
    }
    row_drawn = "the row from any to fight"
    assert texts == {(7, f"{row_drawn} is drawn, with chance 0.4"), (3, f"{row_drawn} is not drawn, with chance 0.4")}


def test_the_number_of_changes_survives_a_save_and_ends_with_a_reset() -> None:
    rules = soundtrack(layer(calm(), fight()), transitions=[SOMETIMES, ELSE, AT_ONCE])
    director = Director(rules)
    state = director.start()
    for frame in range(40):
        what = ON_AND_OFF.get(frame)
        state, _ = director.step(state, frame, [] if what is None else [Event(sequence=frame, set=what)])
        assert unpack(pack(state, rules), rules) == state
    assert state.layers[0].changes == 4
    state, _ = director.step(state, 40, [Event(sequence=40, reset=True)])
    assert state.layers[0].changes == 0


def test_a_pending_change_keeps_its_row_in_a_save() -> None:
    rows = [replace(SOMETIMES, at=ON_BAR), replace(ELSE, at=ON_BAR), AT_ONCE]
    for seed in range(8):
        rules = soundtrack(layer(calm(), fight()), transitions=rows)
        director = Director(rules, seed=seed)
        state, _ = director.step(director.start(), 0, [])
        state, _ = director.step(state, 1, [Event(sequence=1, set={"go": True})])
        assert state.layers[0].pending is not None
        assert unpack(pack(state, rules), rules) == state


BRIDGES = """
segue: 1
inputs: {go: {type: flag}}
styles: {harp: {text: "calm woodland, harp"}, drums: {text: "taiko drums and brass"}, horns: {text: "brass fanfare"}}
layers:
  action:
    states:
      calm: {default: true, mix: {harp: 1}}
      fight: {when: {go: true}, mix: {drums: 1}}
transitions:
  - {to: fight, at: immediate, chance: 0.5, bridge: {bars: 1, mix: {horns: 1}}}
  - {to: fight, at: immediate, chance: 0.5, bridge: {bars: 1, mix: {drums: 2}}}
  - {to: fight, at: immediate}
"""


def test_rows_of_one_pattern_may_have_a_bridge_each() -> None:
    rules = load_text(BRIDGES)
    assert [state.name for state in rules.layers[0].states] == ["calm", "fight", "fight/from_any", "fight/from_any_2"]
    entered = set()
    for seed in range(30):
        director = Director(rules, seed=seed)
        state, _ = director.step(director.start(), 0, [])
        _, plan = director.step(state, 1, [Event(sequence=1, set={"go": True})])
        entered.add(plan.states[0])
    assert entered == {"fight", "fight/from_any", "fight/from_any_2"}


def test_the_rows_that_some_change_may_take_are_those_of_all_pairs() -> None:
    names, groups = [f"s{i}" for i in range(12)], ["g0", "g1", "g2", "g3"]
    states = [
        LayerState(name=name, default=i == 0, groups=tuple(g for j, g in enumerate(groups) if (i * (j + 2)) % 5 < 2))
        for i, name in enumerate(names)
    ]
    ends = ["s1", "s4", "g0", "g2", "g3", None]
    rows = [
        Transition(from_state=left, to_state=entered, chance=0.5 if (i + j) % 3 == 0 else 1.0)
        for i, left in enumerate(ends)
        for j, entered in enumerate(ends)
        if (i + 2 * j) % 4
    ]
    known = TransitionRows(soundtrack(layer(*states), transitions=rows))
    for left, entered in ((names, names), (names[:5], names[3:]), (["s1"], ["s1", "s2"])):
        pairs = [known.fitting("action", a, b) for a in left for b in entered if a != b]
        assert known.taken("action", left, entered) == {index for fitting in pairs for index in fitting}
