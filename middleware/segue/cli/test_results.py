"""The results of rule tests, as lines for people and as records for machines."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from segue.cli.console import problem_record
from segue_rules.model import FRAME_RATE, Rules
from segue_rules.ruletest import PART_KINDS, Coverage, RuleTestResult, failure_lines
from segue_yaml.nodes import Mark
from segue_yaml.report import Problem


@dataclass(frozen=True, kw_only=True)
class TimedResult:
    """A test that was run, and how long that took.

    Attributes:
        seconds: Wall-clock time.
    """

    result: RuleTestResult
    seconds: float


@dataclass(frozen=True, kw_only=True)
class FileResult:
    """A test file that was run.

    Attributes:
        problems: Why it could not be; then there are no rules and no tests.
        warnings: Events that are played otherwise than written.
    """

    path: Path
    rules: Rules | None = None
    tests: tuple[TimedResult, ...] = ()
    problems: tuple[Problem | str, ...] = ()
    warnings: tuple[Problem, ...] = ()


def lines(file: FileResult, *, verbose: bool) -> Iterator[str]:
    """Yield the failures of a file.

    Args:
        verbose: Whether to yield the names of the tests that passed, too.
    """
    for timed in file.tests:
        result = timed.result
        if result.passed and verbose:
            yield f"{result.test.mark}: passed: {result.test.name}"
        yield from failure_lines(result)


def coverage_lines(covered: Sequence[tuple[str, Coverage]]) -> Iterator[str]:
    """Yield a line for each place whose parts no test reaches, and one for each rule file.

    The copies of a template, and the bridges of a row, have one place.
    """
    for _, found in covered:
        for (mark, _), missed in groupby(found.missed, key=lambda part: (part.mark, part.kind)):
            first, *others = missed
            more = f" and {len(others)} more that stand here" if others else ""
            yield f"{mark}: {first.where}{more}: no test reaches {'them' if others else 'it'}"
    for name, found in covered:
        counts = [f"{found.reached[kind]} of {found.total[kind]} {plural}" for kind, plural in PART_KINDS.items()]
        yield f"{name}: tests reach {percent_text(found)}: {', '.join(counts)}"


def percent_text(found: Coverage) -> str:
    """The share that is reached, rounded down: 100 % means everything."""
    return f"{math.floor(found.percent)} %"


def records(results: Sequence[FileResult], covered: Sequence[tuple[str, Coverage]]) -> Iterator[dict[str, Any]]:
    """Yield one record for each problem, test and rule file with its coverage, and a summary."""
    for file in results:
        for problem in file.problems:
            yield {"kind": "problem", **_problem(problem, file.path)}
        for timed in file.tests:
            yield _test(timed)
    for name, found in covered:
        yield {
            "kind": "coverage",
            "rules": name,
            "percent": round(found.percent, 2),
            "reached": found.reached,
            "total": found.total,
            "missed": [{"kind": part.kind, "where": part.where, **_place(part.mark)} for part in found.missed],
        }
    tests = [timed.result for file in results for timed in file.tests]
    yield {
        "kind": "summary",
        "passed": sum(test.passed for test in tests),
        "failed": sum(not test.passed for test in tests),
        "unusable": sum(bool(file.problems) for file in results),
    }


def _problem(problem: Problem | str, path: Path) -> dict[str, Any]:
    if isinstance(problem, str):
        problem = Problem(mark=Mark(file=path.as_posix(), line=1, column=1), where="", text=problem)
    return problem_record(problem, severity="error")


def _test(timed: TimedResult) -> dict[str, Any]:
    result = timed.result
    return {
        "kind": "test",
        "name": result.test.name,
        **_place(result.test.mark),
        "passed": result.passed,
        "failures": [
            {
                **_place(failure.mark),
                "expected": failure.expected,
                "came": failure.came,
                "frame": failure.frame,
                "time_s": failure.frame / FRAME_RATE,
                "place": failure.place,
                "states": failure.states,
                "mix": failure.mix,
            }
            for failure in result.failures
        ],
    }


def _place(mark: Mark) -> dict[str, Any]:
    return {"file": mark.file, "line": mark.line, "column": mark.column}
