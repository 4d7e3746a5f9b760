"""The example that the language was designed with: no warning, no doubt, and its rule test holds."""

from __future__ import annotations

from pathlib import Path

from segue_rules import load
from segue_rules.analysis import analyse
from segue_rules.director import Director
from segue_rules.ruletest import failure_lines, load_tests, run_test

FOLDER = Path(__file__).parent / "example"


def test_the_example_loads_without_a_doubt() -> None:
    rules = load(FOLDER / "emberwood.yaml")
    assert rules.warnings == ()
    assert analyse(rules) == ()


def test_the_example_keeps_its_promise() -> None:
    file = load_tests(FOLDER / "emberwood.test.yaml")
    (test,) = file.tests
    outcome = run_test(Director(file.rules), test)
    assert outcome.passed, "\n".join(failure_lines(outcome))
