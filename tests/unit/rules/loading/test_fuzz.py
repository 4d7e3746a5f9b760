"""Any file either loads into valid Rules or is refused with places. No other error is raised."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

import jsonschema
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from segue_rules.errors import RuleError
from segue_rules.loading import load, load_text
from segue_rules.loading.scripts import load_events
from segue_rules.model import Rules
from segue_rules.schema import json_schema
from segue_yaml.report import Problem

T = TypeVar("T")
EXAMPLE = Path(__file__).parents[1] / "example"
TEXT = (EXAMPLE / "emberwood.yaml").read_text(encoding="utf-8")
TEMPLATES = (Path(__file__).parents[4] / "rules" / "cookbook" / "templates.yaml").read_text(encoding="utf-8")
TEXTS = (TEXT, TEMPLATES)
TREES_OF_TEXTS = tuple(map(yaml.safe_load, TEXTS))
SCHEMA = jsonschema.Draft7Validator(json_schema())
QUICK = settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])

SYNTAX = '- : ? & *a &a !!str ! { } [ ] , \' " | > % @ # --- ... << ~ "\\ud800" "\\U99999999"'
WORDS = (
    "null true on .nan -.inf 1e999 0x1F 0o17 08 1:30 2026-11-22 300ms 0s 99h -8dB any all not state action threat crypt"
)
ODDITIES = (
    "",
    " ",
    "\t",
    "\n",
    ": ",
    "- ",
    '">= 0.5"',
    '"=> 1"',
    "8 bars",
    "\0",
    "\x1b",
    "\x85",
    "\u2028",
    "\ufeff",
    "\U0001f3b5",
)
NASTY = st.sampled_from([*SYNTAX.split(), *WORDS.split(), *ODDITIES, "9" * 5000, "[" * 99])
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.floats()
    | st.text(max_size=12)
    | st.sampled_from(
        ["300ms", "4s", "2/s", "-8dB", "96bpm", "2 bars", "any", "combat", ">= 0.6", "!= crypt", "threat", "on"]
    )
)
TREES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
)


def paths(tree: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a tree of lists and maps."""
    if isinstance(tree, dict):
        return [path, *(place for key, value in tree.items() for place in paths(value, (*path, key)))]
    if isinstance(tree, list):
        return [path, *(place for key, value in enumerate(tree) for place in paths(value, (*path, key)))]
    return [path]


def find(tree: Any, path: Iterable[Any]) -> Any:
    """What stands at a place of a tree."""
    for key in path:
        tree = tree[key]
    return tree


PLACES = [(tree, place) for tree in TREES_OF_TEXTS for place in paths(tree)[1:]]


@st.composite
def mangled_texts(draw: st.DrawFn) -> str:
    """An example with a few characters, lines or special tokens added, removed or moved."""
    text = draw(st.sampled_from(TEXTS))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.sampled_from([0, 0, 1, 2, 5, 40])))
        text = text[:start] + draw(NASTY) + text[end:]
    return text


@st.composite
def mangled_trees(draw: st.DrawFn) -> Any:
    """An example with a few of its values or keys replaced, dropped or copied to where others stand."""
    tree = json.loads(json.dumps(draw(st.sampled_from(TREES_OF_TEXTS))))
    for _ in range(draw(st.integers(1, 3))):
        *way, last = draw(st.sampled_from(paths(tree)[1:] or [("segue",)]))
        holder = find(tree, way)
        change = draw(st.sampled_from(["replace", "drop", "rename", "copy"]))
        if change == "replace":
            holder[last] = draw(TREES)
        elif change == "copy":
            holder[last] = json.loads(json.dumps(find(*draw(st.sampled_from(PLACES)))))
        elif isinstance(holder, list) or change == "drop":
            holder.pop(last, None) if isinstance(holder, dict) else holder.pop(last)
        else:
            holder[str(draw(st.sampled_from(PLACES))[1][-1])] = holder.pop(last, None)
    return tree


def check_sound(rules: Rules) -> None:
    """What every part of the middleware relies on."""
    inputs = {each.name for each in rules.inputs}
    styles = {style.name for style in rules.styles}
    assert all(value is not None for value in (rules.music.tempo_bpm, rules.music.key, rules.music.gain_db))
    for layer in rules.layers:
        assert sum(state.default for state in layer.states) == 1
        for state in layer.states:
            assert state.mix.keys() <= styles
            assert all(math.isfinite(weight) and 0 < weight <= 1000 for weight in state.mix.values())
    assert all(stinger.trigger in inputs for stinger in rules.stingers)
    assert [latch.index for latch in rules.latches] == list(range(len(rules.latches)))


def outcome(attempt: Callable[[], T]) -> tuple[T | None, tuple[Problem, ...]]:
    """What an attempt gave, or the problems it was refused with."""
    try:
        return attempt(), ()
    except RuleError as error:
        return None, error.problems


def check_places(problems: Iterable[Problem], lines: int) -> None:
    for problem in problems:
        assert 1 <= problem.mark.line <= lines
        assert problem.mark.column >= 1
        assert problem.text
        assert "\n" not in str(problem)
        str(problem).encode()


def check(text: str) -> Rules | None:
    """Load a text; None if it was refused, as it should be."""
    rules, problems = outcome(lambda: load_text(text, name="fuzz.yaml", folder=EXAMPLE))
    check_places(problems, text.count("\n") + text.count("\r") + 2)
    if rules is not None:
        check_sound(rules)
    return rules


@QUICK
@given(st.text(max_size=200))
def test_any_text(text: str) -> None:
    check(text)


@QUICK
@given(st.lists(NASTY | st.sampled_from(TEXT.split()), max_size=40))
def test_any_tokens(tokens: list[str]) -> None:
    check(" ".join(tokens))


@settings(QUICK, max_examples=100)
@given(mangled_texts())
def test_mangled_texts(text: str) -> None:
    check(text)


@settings(QUICK, max_examples=100)
@given(mangled_trees())
def test_mangled_trees(tree: Any) -> None:
    text = json.dumps(tree, indent=1, allow_nan=True).replace("NaN", ".nan").replace("Infinity", ".inf")
    if check(text) is not None:
        assert not list(SCHEMA.iter_errors(tree)), "the loader took what the schema marks as wrong"


@QUICK
@given(data=st.binary(max_size=100))
def test_any_bytes(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "fuzz.yaml"
    path.write_bytes(data)
    rules, problems = outcome(lambda: load(path))
    assert rules is None
    check_places(problems, len(data) + 1)


@QUICK
@given(
    lines=st.lists(st.text(max_size=40) | TREES.map(json.dumps), max_size=4), suffix=st.sampled_from(["yaml", "jsonl"])
)
def test_any_events(lines: list[str], suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"fuzz.{suffix}"
    path.write_text("\n".join(lines), encoding="utf-8")
    events, problems = outcome(lambda: load_events(path))
    check_places(problems, sum(map(len, lines)) + 5)
    assert events is None or [event.event.sequence for event in events] == list(range(len(events)))
