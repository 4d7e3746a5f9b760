"""The examples load without warnings, their rule tests pass, and the director plays them as its reference does."""

from __future__ import annotations

from pathlib import Path

import pytest

from segue_rules import load
from segue_rules.analysis import analyse
from segue_rules.director import Director, carry, pack, unpack
from segue_rules.events import Event
from segue_rules.loading import load_text
from segue_rules.ruletest import failure_lines, load_tests, run_test
from unit.rules.playing import play_director, play_reference
from unit.rules.test_director_reference import bare, differences

FOLDER = Path(__file__).parent / "example"
EXAMPLES = ("emberwood", "hollow")

# A run through the hollow, by frames: bridges that are broken off, a boss who resists, mutes, counts, and a reset.
RUN = {
    10: Event(sequence=1, set={"biome": "crypt", "torch": False}),
    90: Event(sequence=2, set={"threat": 0.9}),
    110: Event(sequence=3, set={"boss": "king"}),
    170: Event(sequence=4, set={"boss": "none", "health": 12.0}, fire=("kill",)),
    180: Event(sequence=5, set={"submerged": True, "depth": 20}, fire=("kill", "noise")),
    210: Event(sequence=6, set={"memory": True}, fire=("boss_dead",)),
    240: Event(sequence=7, set={"menu": True, "threat": 0.0}),
    270: Event(sequence=8, set={"menu": False, "memory": False, "biome": "throne"}, fire=("died",)),
    340: Event(sequence=9, set={"biome": "camp"}),
    430: Event(sequence=10, reset=True, set={"biome": "hive"}),
}
FRAMES = 500


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_examples_load_without_doubts(name: str) -> None:
    rules = load(FOLDER / f"{name}.yaml")
    assert rules.warnings == ()
    assert analyse(rules) == ()


@pytest.mark.parametrize(("name", "count"), [("emberwood", 1), ("hollow", 8)])
def test_the_rule_tests_of_the_examples_pass(name: str, count: int) -> None:
    file = load_tests(FOLDER / f"{name}.test.yaml")
    assert len(file.tests) == count
    director = Director(file.rules)
    assert [line for test in file.tests for line in failure_lines(run_test(director, test))] == []


def test_all_parts_of_the_language_together_play_as_in_the_reference() -> None:
    rules = load(FOLDER / "hollow.yaml")
    events = [(RUN[frame],) if frame in RUN else () for frame in range(FRAMES)]
    found = play_director(rules, events, range(FRAMES))
    for ours, theirs in zip(found, play_reference(rules, events, range(FRAMES)), strict=True):
        assert list(differences(bare(ours), bare(theirs))) == []
    played = {state for plan in found for state in plan.states}
    assert {"chase/from_calm", "king_fight/from_any", "memory", "dive", "hurt", "open", "camp/from_dungeon"} <= played


@pytest.mark.parametrize("gone", ["march", "lone", "tense", "between"])
def test_music_goes_on_without_the_piece_that_was_edited_away(gone: str) -> None:
    text = (FOLDER / "hollow.yaml").read_text(encoding="utf-8")
    old = load_text(text)
    lines = text.split("\n")
    edited = [line for line in lines if not line.startswith(f"{' ' * (10 if gone == 'between' else 12)}{gone}:")]
    assert len(edited) < len(lines)
    new = load_text("\n".join(edited))
    director = Director(old)
    state, _ = director.step(director.start(), 0, (Event(sequence=1, set={"biome": "crypt"}),))
    # Each piece and what is between comes within two minutes.
    plans = (director.step(span.state, span.state.frame) for span in director.spans(state, 3_000))
    state = next(after for after, plan in plans if f"crypt/{gone}" in plan.states)
    carried, restored = carry(state, old, new), unpack(pack(state, old), new)
    for kept in (carried, restored):
        _, plan = Director(new).step(kept, kept.frame)
        (place,) = [name for name, layer in zip(plan.states, new.layers, strict=True) if layer.name == "place"]
        assert place.split("/")[0] == "crypt"
        assert place.split("/")[1] in {"lone", "tense", "march", "between"} - {gone}
