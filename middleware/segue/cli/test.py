"""Run rule tests: they prove on a virtual clock, without sound, what a rule file does.

FILE: a NAME.test.yaml, a rule file (its tests beside it are run), a folder (all tests within it) or a pattern.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from segue.cli.console import BAD_INPUT, DONE, FAILED, print_lines, print_problems
from segue.cli.tempos import with_read_tempos
from segue.file_kinds import FileKind, FilesError, file_kind, find_files, require_file, sibling
from segue_yaml.report import ProblemsError

if TYPE_CHECKING:
    from segue_rules.ruletest import RuleTestFile

EXAMPLES: Final = """examples:
  segue test meadow.yaml
  segue test music/ -k combat --verbose
"""


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
    print_lines(f"{passed} passed, {failed} failed")
    if unusable:
        return BAD_INPUT
    if arguments.only and not passed + failed:
        print_problems([f"no test has '{arguments.only}' in its name"])
        return BAD_INPUT
    return FAILED if failed else DONE


def _load(arguments: Sequence[str]) -> tuple[list[RuleTestFile], bool]:
    """The test files that can be used, and whether some cannot; their problems are printed."""
    from segue_rules.ruletest import load_tests

    try:
        paths = find_files(arguments, frozenset({FileKind.TESTS}))
    except FilesError as error:
        print_problems(error.problems)
        return [], True
    loaded, unusable = [], False
    for path in dict.fromkeys(map(_tests_of, paths)):
        try:
            file = load_tests(require_file(path))
            loaded.append(replace(file, rules=with_read_tempos(file.rules)))
        except ProblemsError as error:
            print_problems(error.problems)
            unusable = True
    return loaded, unusable


def _tests_of(path: Path) -> Path:
    return sibling(path, FileKind.TESTS) if file_kind(path) is FileKind.RULES else path


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
            print_lines(f"{test.mark}: passed: {test.name}")
        print_lines(*failure_lines(outcome))
    return passed, failed
