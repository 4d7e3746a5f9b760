"""The findings of small bad soundtracks. Good ones give none.

`cases/NAME.bad.yaml` stands beside `NAME.bad.txt`, its exact findings; `NAME.good.yaml` is the same put right.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue_rules.analysis import CODES, Finding, analyse
from segue_rules.loading import load
from segue_rules.model import (
    At,
    ChoiceInput,
    Fired,
    LayerState,
    Music,
    OneOf,
    Rules,
    Transition,
    TriggerInput,
)
from segue_yaml.nodes import NOWHERE
from unit.rules.playing import calm, layer, play_director, soundtrack
from unit.rules.shards import check_shard, in_shards
from unit.rules.strategies import quick, rules, sessions

CASES = Path(__file__).parent / "cases"
BAD = sorted(CASES.glob("*.bad.yaml"))
GOOD = sorted(CASES.glob("*.good.yaml"))
ROOT = Path(__file__).parents[4]
SHIPPED = [
    *(
        ROOT / "rules" / "library" / name / f"{name}.yaml"
        for name in ("emberwood", "highwall", "nightwatch", "redline")
    ),
    ROOT / "tests" / "unit" / "rules" / "example" / "emberwood.yaml",
]


def name_of(path: Path) -> str:
    return path.name.removesuffix(".yaml")


def finding_lines(path: Path) -> list[str]:
    """The findings of a file, as lines."""
    findings = analyse(load(path))
    assert all(Path(finding.mark.file) == path for finding in findings)
    return [f"{f.mark.line}:{f.mark.column}: {f.where}: {f.code}: {f.text}" for f in findings]


@pytest.mark.parametrize("path", BAD, ids=name_of)
def test_a_bad_soundtrack_gives_the_findings_beside_it(path: Path) -> None:
    assert finding_lines(path) == path.with_suffix(".txt").read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("path", GOOD, ids=name_of)
def test_the_corrected_soundtrack_gives_no_findings(path: Path) -> None:
    assert finding_lines(path) == []


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: str(path.relative_to(ROOT).parent))
def test_shipped_soundtracks_give_no_findings(path: Path) -> None:
    assert finding_lines(path) == []


def test_every_kind_of_finding_is_shown_by_a_case() -> None:
    assert {finding.code for path in BAD for finding in analyse(load(path))} == set(CODES)


def test_every_bad_case_has_a_corrected_one() -> None:
    assert {path.name.split(".")[0] for path in BAD} <= {path.name.split(".")[0] for path in GOOD}


def test_an_unknown_code_is_refused() -> None:
    with pytest.raises(ValueError, match="flapping_loop"):
        Finding(mark=NOWHERE, where="", code="flaping_loop", text="")


def check_reachability(data: st.DataObject) -> None:
    """No session reaches a state that the analysis calls unreachable."""
    drawn = data.draw(rules(), label="rules")
    findings = analyse(drawn)
    assert findings == analyse(drawn)
    if any(finding.code == "trigger_too_short" for finding in findings):
        return  # Firing again and again can hold a trigger condition for longer than one firing does.
    never = {finding.where for finding in findings if finding.code in ("unreachable_state", "shadowed_state")}
    session = data.draw(sessions(drawn.inputs), label="session")
    for plan in play_director(drawn, session.events, session.earliest):
        for each, state in zip(drawn.layers, plan.states, strict=True):
            assert f'layer "{each.name}", state "{state}"' not in never


@quick(max_examples=10)
@given(st.data())
def test_a_state_called_unreachable_is_never_reached(data: st.DataObject) -> None:
    check_reachability(data)


@pytest.mark.heavy
@in_shards
def test_no_state_called_unreachable_is_reached_in_many_sessions(shard: int) -> None:
    check_shard(check_reachability, shard, examples=200)


def work(rules: Rules) -> int:
    """How many functions an analysis calls, Python's own among them."""
    calls = 0

    def count(frame: object, event: str, argument: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        analyse(rules)
    finally:
        sys.setprofile(None)
    return calls


def place(name: str, **fields: Any) -> LayerState:
    condition = OneOf(input="place", values=(name,))
    return LayerState(name=name, when=condition, mix={"harp": 1.0}, **fields)


def by_place(states: int) -> Rules:
    """A layer that follows a choice, as in a game with many places, each with a tempo of its own."""
    names = tuple(f"place_{i}" for i in range(states))
    layers = layer(calm(), *(place(name, music=Music(tempo_bpm=60.0 + i)) for i, name in enumerate(names)))
    rows = [Transition(from_state=name, at=At(unit="bar")) for name in names[::2]]
    return soundtrack(layers, inputs=[ChoiceInput(name="place", of=names, default=names[0])], transitions=rows)


def by_trigger(states: int) -> Rules:
    """A layer whose states are each started by a trigger of its own."""
    names = [f"hit_{i}" for i in range(states)]
    when = [Fired(trigger=name, frames=200) for name in names]
    layers = layer(calm(), *(LayerState(name=n, when=w, mix={"harp": 1.0}) for n, w in zip(names, when, strict=True)))
    return soundtrack(layers, inputs=[TriggerInput(name=name) for name in names])


@pytest.mark.parametrize("make", [by_place, by_trigger])
def test_twice_the_states_take_about_twice_the_work(make: Callable[[int], Rules]) -> None:
    few, many = work(make(40)), work(make(80))
    assert many < 2.2 * few
