"""Coverage: a test reaches states that are active in it, rows that its changes take, and stingers that it starts."""

from __future__ import annotations

from pathlib import Path

import pytest

from segue_rules.director import Director
from segue_rules.loading import load_text
from segue_rules.model import Rules
from segue_rules.ruletest import Coverage, coverage, load_tests, run_test

RULES = """segue: 1
music: {tempo: 120bpm}
inputs: {region: {type: choice, of: [field, cave, sea]}, won: {type: trigger}}
styles: {grass: {text: "meadow"}, stone: {text: "cave"}}
layers:
  place:
    states:
      field: {default: true, mix: {grass: 1}}
      cave: {when: {region: cave}, mix: {stone: 1}}
      sea: {when: {region: sea}, mix: {grass: 1, stone: 1}}
transitions:
  - {to: any, at: immediate, ramp: 1s}
  - {to: cave, at: bar, ramp: 2s}
  - {from: cave, to: any, at: 4 bars, ramp: 2s}
stingers:
  cheer: {trigger: won, mix: {grass: 1}, time: 2s, at: bar}
"""


def covered(tmp_path: Path, tests: str, rules: str = RULES) -> Coverage:
    (tmp_path / "a.yaml").write_text(rules)
    path = tmp_path / "a.test.yaml"
    path.write_text(f"rules: a.yaml\ntests:\n{tests}")
    file = load_tests(path)
    director = Director(file.rules)
    return coverage(file.rules, frozenset().union(*(run_test(director, test).reached for test in file.tests)))


def missed(found: Coverage) -> list[str]:
    return [f"{part.mark.line}: {part.where}" for part in found.missed]


def test_a_test_without_events_reaches_the_default_state_alone(tmp_path: Path) -> None:
    found = covered(tmp_path, "  - {name: a, expect: [{at: 1s, bar: 1}]}\n")
    assert missed(found) == [
        '9: layer "place", state "cave"',
        '10: layer "place", state "sea"',
        '12: transition from "any" to "any"',
        '13: layer "place", transition from "any" to "cave"',
        '14: layer "place", transition from "cave" to "any"',
        '16: stinger "cheer"',
    ]
    assert found.reached == {"state": 1, "row": 0, "stinger": 0}
    assert found.total == {"state": 3, "row": 3, "stinger": 1}
    assert found.percent == pytest.approx(100 / 7)


def test_a_change_that_has_not_started_reaches_neither_its_row_nor_its_state(tmp_path: Path) -> None:
    # A bar of 2 s: decided in frame 25, the change starts at 2 s.
    test = "  - {name: a, events: [{at: 1s, set: {region: cave}}], expect: [{at: 1.9s, bar: 1}]}\n"
    waiting = covered(tmp_path, test)
    assert {part.kind for part in waiting.missed} == {"state", "row", "stinger"}
    assert waiting.reached == {"state": 1, "row": 0, "stinger": 0}
    started = covered(tmp_path, test.replace("1.9s, bar: 1", "2s, bar: 2"))
    assert started.reached == {"state": 2, "row": 1, "stinger": 0}
    assert '13: layer "place", transition from "any" to "cave"' not in missed(started)


def test_a_reset_takes_no_row(tmp_path: Path) -> None:
    test = "  - {name: a, events: [{at: 1s, set: {region: cave}}, {at: 3s, reset: true}], expect: [{at: 4s, bar: 2}]}\n"
    assert '14: layer "place", transition from "cave" to "any"' in missed(covered(tmp_path, test))


def test_a_stinger_is_reached_where_it_starts(tmp_path: Path) -> None:
    waiting = covered(tmp_path, "  - {name: a, events: [{at: 1s, fire: won}], expect: [{at: 1.9s, bar: 1}]}\n")
    assert waiting.reached["stinger"] == 0
    started = covered(tmp_path, "  - {name: a, events: [{at: 1s, fire: won}], expect: [{at: 2s, bar: 2}]}\n")
    assert started.reached["stinger"] == 1


def test_tests_reach_together(tmp_path: Path) -> None:
    found = covered(
        tmp_path,
        "  - {name: a, events: [{at: 1s, set: {region: cave}}, {at: 4s, set: {region: sea}}],"
        " expect: [{at: 9s, bar: 5}]}\n"
        "  - {name: b, events: [{at: 0s, set: {region: sea}}, {at: 1s, fire: won}], expect: [{at: 3s, bar: 2}]}\n",
    )
    assert found.missed == ()
    assert found.percent == 100


def test_a_state_that_an_event_of_the_first_frame_replaces_is_missed(tmp_path: Path) -> None:
    rules = RULES.replace("at: bar", "at: immediate")
    test = "  - {name: a, events: [{at: 0s, set: {region: cave}}], expect: [{at: 3s, bar: 2}]}\n"
    assert missed(covered(tmp_path, test, rules))[0] == '8: layer "place", state "field"'


def test_rules_without_rows_and_stingers_have_states_alone() -> None:
    rules: Rules = load_text(RULES.partition("transitions:")[0])
    assert coverage(rules, frozenset()).total == {"state": 3, "row": 0, "stinger": 0}
