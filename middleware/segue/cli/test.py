"""Run rule tests: what a rule file is to do, proven on a virtual clock without sound.

FILE: a NAME.test.yaml, a rule file (its tests beside it are run), a folder (all tests within it) or a pattern.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from segue.cli.files import Kind, find, kind_of, sibling
from segue.cli.output import complain, complain_of, say
from segue_rules.errors import RuleError

if TYPE_CHECKING:
    from segue_rules.ruletest import RuleTestFile

HELP: Final = "run rule tests"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("files", metavar="FILE", nargs="+", help="test files, rule files, folders or patterns")
    parser.add_argument("-k", metavar="TEXT", dest="only", default="", help="only tests whose name has this text")
    parser.add_argument("--verbose", "-v", action="store_true", help="name the tests that pass, too")


def run(arguments: argparse.Namespace) -> int:
    loaded, unusable = _load(arguments.files)
    passed, failed = 0, 0
    for file in loaded:
        good, bad = _run_file(file, arguments.only.lower(), verbose=arguments.verbose)
        passed, failed = passed + good, failed + bad
    say(f"{passed} passed, {failed} failed")
    if unusable:
        return 2
    if arguments.only and not passed + failed:
        complain([f"no test has '{arguments.only}' in its name"])
        return 2
    return 1 if failed else 0


def _load(arguments: Sequence[str]) -> tuple[list[RuleTestFile], bool]:
    """The test files that can be used, and whether some cannot; those are complained of."""
    from segue_rules.ruletest import load_tests

    try:
        paths = find(arguments, frozenset({Kind.TESTS}))
    except RuleError as error:
        complain_of(error)
        return [], True
    loaded, unusable = [], False
    for path in dict.fromkeys(map(_tests_of, paths)):
        try:
            loaded.append(load_tests(path))
        except RuleError as error:
            complain_of(error)
            unusable = True
    return loaded, unusable


def _tests_of(path: Path) -> Path:
    return sibling(path, Kind.TESTS) if kind_of(path) is Kind.RULES else path


def _run_file(file: RuleTestFile, only: str, *, verbose: bool) -> tuple[int, int]:
    """How many tests of a file passed and failed."""
    from segue_rules.director import Director
    from segue_rules.ruletest import failure_lines, run_test

    director = Director(file.rules)
    passed, failed = 0, 0
    for test in file.tests:
        if only not in test.name.lower():
            continue
        outcome = run_test(director, test)
        passed, failed = passed + outcome.passed, failed + (not outcome.passed)
        if outcome.passed and verbose:
            say(f"{test.mark}: passed: {test.name}")
        say(*failure_lines(outcome))
    return passed, failed
