"""A failed test in words: what was expected, what came, where, and the director's record around it."""

from __future__ import annotations

from pathlib import Path

from segue_rules.director import Director
from segue_rules.ruletest import failure_lines, load_tests, run_test

TESTS = """rules: meadow.yaml
tests:
  - name: the cave is quick
    events: [{at: 2s, set: {region: cave}}]
    expect:
      - {at: 3s, state: {place: cave}, mix: {grass: "< 0.5"}}
      - {at: 4s, state: {place: cave}}
"""


def test_a_failure_is_shown_with_its_place_and_its_reasons(tmp_path: Path) -> None:
    (tmp_path / "meadow.yaml").write_text(Path(__file__).with_name("meadow.yaml").read_text())
    path = tmp_path / "meadow.test.yaml"
    path.write_text(TESTS)
    file = load_tests(path)
    lines = list(failure_lines(run_test(Director(file.rules), file.tests[0])))
    assert lines == [
        f"{path.as_posix()}:6:33: FAILED: the cave is quick",
        "    expected  at 3s  state place: cave and mix grass: < 0.5",
        "    came      field and 1",
        "    there     0:03.00, bar 2:4; place field, action calm",
        "    mix       1.00 grass",
        "    around",
        "       0:02.00    2:2  event         set region cave",
        "       0:02.00    2:2  place         field -> cave starts at 0:03.20 (at bar, ramp 400ms)",
        "                                     because region is cave",
        "                                     not field: default, ranks below every other",
        "       0:03.20    3:1  place         field -> cave (at bar, ramp 400ms, waited 1.2s)",
    ]


def test_a_test_that_passed_gives_no_lines(tmp_path: Path) -> None:
    (tmp_path / "meadow.yaml").write_text(Path(__file__).with_name("meadow.yaml").read_text())
    path = tmp_path / "meadow.test.yaml"
    path.write_text(TESTS.replace("- {at: 3s, state", "- {at: 3.8s, state"))
    file = load_tests(path)
    assert list(failure_lines(run_test(Director(file.rules), file.tests[0]))) == []
