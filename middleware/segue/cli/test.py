"""Run rule tests: they prove on a virtual clock, without sound, what a rule file does.

FILE: a NAME.test.yaml, a rule file (its tests beside it are run), a folder (all tests within it) or a pattern.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from segue.cli.arguments import percent
from segue.cli.console import BAD_INPUT, DONE, FAILED, print_json, print_lines, print_problems
from segue.cli.tempos import with_read_tempos
from segue.file_kinds import FileKind, FilesError, file_kind, find_files, require_file, sibling
from segue_yaml.report import Problem, ProblemsError

if TYPE_CHECKING:
    from segue.cli.test_results import FileResult
    from segue_rules.model import Rules
    from segue_rules.ruletest import Coverage, PartKey

EXAMPLES: Final = """examples:
  segue test meadow.yaml
  segue test music/ -k combat --verbose
  segue test music/ --coverage
  segue test music/ --min-coverage 90 --junit segue-tests.xml
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("files", metavar="FILE", nargs="+", help="test files, rule files, folders or patterns")
    parser.add_argument("-k", metavar="TEXT", dest="only", default="", help="only tests whose name has this text")
    parser.add_argument("--verbose", "-v", action="store_true", help="name the tests that pass, too")
    parser.add_argument(
        "--coverage", action="store_true", help="list the states, transition rows and stingers that no test reaches"
    )
    parser.add_argument(
        "--min-coverage",
        metavar="PERCENT",
        type=percent,
        help="--coverage, and exit code 1 if the tests of a rule file reach less of it",
    )
    parser.add_argument("--junit", metavar="FILE", type=Path, help="also write the results as JUnit XML, for CI")
    parser.add_argument(
        "--json", action="store_true", help="one JSON object a line for every test, and a last one, the summary"
    )


def run(arguments: argparse.Namespace) -> int:
    from segue.cli import test_results

    try:
        results = [_run_file(path, arguments.only.lower()) for path in _test_files(arguments.files)]
        if arguments.junit is not None:
            _write_junit(arguments.junit, results)
    except ProblemsError as error:
        print_problems(error.problems)
        return BAD_INPUT
    tests = [test for file in results for test in file.tests]
    failed = sum(not test.result.passed for test in tests)
    covered = list(_coverage(results)) if arguments.coverage or arguments.min_coverage is not None else []
    if arguments.json:
        for record in test_results.records(results, covered):
            print_json(record)
    else:
        for file in results:
            print_problems(file.problems)
            print_problems([f"{each.mark}: warning: {each.where}: {each.text}" for each in file.warnings])
            print_lines(*test_results.lines(file, verbose=arguments.verbose))
        print_lines(*test_results.coverage_lines(covered), f"{len(tests) - failed} passed, {failed} failed")
    if any(file.problems for file in results):
        return BAD_INPUT
    if arguments.only and not tests:
        print_problems([f"no test has '{arguments.only}' in its name"])
        return BAD_INPUT
    too_low = list(_too_low(covered, arguments.min_coverage))
    print_problems(too_low)
    return FAILED if failed or too_low else DONE


def _test_files(arguments: Sequence[str]) -> list[Path]:
    """The test files that arguments name, each once.

    Raises:
        FilesError: Arguments name nothing.
    """
    paths = find_files(arguments, frozenset({FileKind.TESTS}))
    return list(dict.fromkeys(map(_tests_of, paths)))


def _tests_of(path: Path) -> Path:
    return sibling(path, FileKind.TESTS) if file_kind(path) is FileKind.RULES else path


def _run_file(path: Path, only: str) -> FileResult:
    """Run the tests of a file whose names have the text `only`."""
    from segue.cli.test_results import FileResult, TimedResult
    from segue_rules.director import Director
    from segue_rules.ruletest import load_tests, run_test

    try:
        file = load_tests(require_file(path))
        rules = with_read_tempos(file.rules)
    except FilesError as error:
        return FileResult(path=path, problems=tuple(error.problems))
    except ProblemsError as error:
        return FileResult(path=path, problems=tuple(error.problems))
    director = Director(rules)
    tests = []
    for test in file.tests:
        if only in test.name.lower():
            begun = time.perf_counter()
            result = run_test(director, test)
            tests.append(TimedResult(result=result, seconds=time.perf_counter() - begun))
    return FileResult(path=path, rules=rules, tests=tuple(tests), warnings=file.warnings)


def _write_junit(path: Path, results: Sequence[FileResult]) -> None:
    """Write the results as JUnit XML.

    Raises:
        OutputsError: The file is one that was read.
        OSError: It cannot be written.
    """
    from datetime import UTC, datetime

    from segue.atomic import replacing
    from segue.cli.junit import junit_xml
    from segue.render.file_checks import NamedFile, check_outputs, files_of

    inputs = [NamedFile(what="a test file", path=file.path) for file in results]
    inputs += [named for file in results if file.rules is not None for named in files_of(file.rules)]
    check_outputs(inputs, [NamedFile(what="--junit", path=path)])
    with replacing(path) as partial:
        partial.write_bytes(junit_xml(results, datetime.now(UTC)))


def _coverage(results: Sequence[FileResult]) -> Iterator[tuple[str, Coverage]]:
    """What all tests of a rule file reach, for each rule file by its name."""
    from segue_rules.ruletest import coverage

    found: dict[str, tuple[str, Rules, set[PartKey]]] = {}
    for file in results:
        if file.rules is None:
            continue
        main = file.rules.files[0]
        _, _, reached = found.setdefault(os.path.realpath(main), (_shown(main), file.rules, set()))
        reached.update(*(test.result.reached for test in file.tests))
    for name, rules, keys in found.values():
        yield name, coverage(rules, frozenset(keys))


def _shown(path: Path) -> str:
    """The path as problems name files: from the working directory if it is below."""
    here = Path.cwd()
    return (path.relative_to(here) if path.is_relative_to(here) else path).as_posix()


def _too_low(covered: Sequence[tuple[str, Coverage]], least: float | None) -> Iterator[Problem | str]:
    from segue.cli.test_results import percent_text

    for name, found in covered:
        if least is not None and found.percent < least:
            yield f"{name}: expected tests that reach {least:g} % of it (--min-coverage), got {percent_text(found)}"
