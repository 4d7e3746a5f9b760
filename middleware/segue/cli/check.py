"""Check rule files, their tests and their event scripts: every mistake of a run with file, line and column.

FILE: a file, a folder (all rule files, tests and event scripts within it) or a pattern. A rule file that another one
includes is checked as a part of that.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from segue.cli.files import Kind, find, kind_of, sibling
from segue.cli.output import complain, complain_of, problem_record, say, say_json
from segue_rules.errors import Problem, RuleError
from segue_rules.model import NOWHERE, Mark, Rules

HELP: Final = "find every mistake in rule files, tests and event scripts"
_MESSAGE: Final = re.compile(r"(.+?):(\d+):(\d+): (.+)", re.DOTALL)
_CHECKED: Final = frozenset({Kind.RULES, Kind.TESTS, Kind.EVENTS})


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("files", metavar="FILE", nargs="+", help="files, folders or patterns")
    parser.add_argument("--strict", action="store_true", help="warnings count as mistakes")
    parser.add_argument("--json", action="store_true", help="one JSON object a line for every mistake and warning")


@dataclass(kw_only=True)
class _Findings:
    """What a run found. fine: what each usable file holds, in words."""

    errors: list[Problem] = field(default_factory=list)
    warnings: list[tuple[Problem, str]] = field(default_factory=list)
    fine: list[str] = field(default_factory=list)


def run(arguments: argparse.Namespace) -> int:
    try:
        paths = find(arguments.files, _CHECKED)
    except RuleError as error:
        complain_of(error)
        return 2
    found = _Findings()
    parts = {part for path in paths if kind_of(path) is Kind.RULES for part in _includes(path)}
    for path in paths:
        if path.resolve() not in parts:
            _check(path, found)
    _print(found, as_json=arguments.json)
    return 2 if found.errors or (arguments.strict and found.warnings) else 0


def _print(found: _Findings, *, as_json: bool) -> None:
    if as_json:
        for problem in found.errors:
            say_json(problem_record(problem, severity="error"))
        for problem, code in found.warnings:
            say_json(problem_record(problem, severity="warning", code=code))
        return
    say(*found.fine)
    complain(found.errors)
    for problem, _ in found.warnings:
        where = f"{problem.where}: " if problem.where else ""
        complain([f"{problem.mark}: warning: {where}{problem.text}"])


def _includes(path: Path) -> Iterator[Path]:
    """The files a rule file names under `include`, resolved, whether or not the file has mistakes."""
    from segue_rules.loading import Report, read_document
    from segue_rules.loading.nodes import ListNode, MapNode, Scalar

    node = read_document(path, Report())
    for entry in node.entries if isinstance(node, MapNode) else ():
        if entry.key == "include" and isinstance(entry.value, ListNode):
            for item in entry.value.items:
                if isinstance(item, Scalar) and item.text:
                    yield (path.parent / item.text).resolve()


def _check(path: Path, found: _Findings) -> None:
    from segue_rules.loading import load, load_events
    from segue_rules.ruletest import load_tests

    try:
        match kind_of(path):
            case Kind.TESTS:
                found.fine.append(f"{path}: {_count(len(load_tests(path).tests), 'test')}")
            case Kind.EVENTS:
                rules = sibling(path, Kind.RULES)
                events = load_events(path, load(rules) if rules.exists() else None)
                found.fine.append(f"{path}: {_count(len(events), 'event')}")
            case _:
                _check_rules(load(path), path, found)
    except RuleError as error:
        found.errors += [problem for problem in error.problems if problem not in found.errors]


def _check_rules(rules: Rules, path: Path, found: _Findings) -> None:
    from segue.cli.style_doubts import style_doubts
    from segue_rules.analysis import analyse

    warnings = [(_problem(warning), "") for warning in rules.warnings]
    for finding in analyse(rules):
        warnings.append((Problem(mark=finding.mark, where=finding.where, text=finding.text), finding.code))
    found.warnings += sorted([*warnings, *style_doubts(rules)])
    states = sum(len(layer.states) for layer in rules.layers)
    parts = (
        _count(len(rules.inputs), "input"),
        _count(len(rules.styles), "style"),
        _count(len(rules.layers), "layer"),
        _count(states, "state"),
        _count(len(rules.stingers), "stinger"),
    )
    found.fine.append(f"{path}: {', '.join(parts)}")


def _problem(warning: str) -> Problem:
    """A loader's finished message taken apart again: its place and its text."""
    match = _MESSAGE.fullmatch(warning)
    if match is None:
        return Problem(mark=NOWHERE, where="", text=warning)
    return Problem(mark=Mark(file=match[1], line=int(match[2]), column=int(match[3])), where="", text=match[4])


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
