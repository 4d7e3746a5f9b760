"""The example that the language was designed with loads without warnings, and its rule test passes."""

from __future__ import annotations

from pathlib import Path

from segue_rules import load
from segue_rules.analysis import analyse
from segue_rules.director import Director
from segue_rules.ruletest import failure_lines, load_tests, run_test

FOLDER = Path(__file__).parent / "example"


def test_the_example_loads_without_doubts() -> None:
    rules = load(FOLDER / "emberwood.yaml")
    assert rules.warnings == ()
    assert analyse(rules) == ()


def test_the_rule_test_of_the_example_passes() -> None:
    file = load_tests(FOLDER / "emberwood.test.yaml")
    (test,) = file.tests
    outcome = run_test(Director(file.rules), test)
    assert outcome.passed, "\n".join(failure_lines(outcome))
