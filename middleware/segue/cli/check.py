"""Check rule files, their tests and their event scripts: every mistake of a run with file, line and column.

FILE: a file, a folder (all rule files, tests and event scripts within it) or a pattern. A rule file that another one
includes is checked as a part of that.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from segue.cli.console import BAD_INPUT, DONE, print_json, print_lines, print_problems, problem_record
from segue.cli.findings import ignored_findings, included_files, rule_findings
from segue.file_kinds import FileKind, FilesError, file_kind, find_files, sibling
from segue.generators import PLAYABLE
from segue.render.file_checks import NamedFile, OutputsError, check_outputs
from segue_rules.errors import RuleError
from segue_rules.model import Rules
from segue_yaml.nodes import NOWHERE
from segue_yaml.report import Problem

EXAMPLES: Final = """examples:
  segue check meadow.yaml
  segue check music/ --strict
  segue check music/*.yaml --json
  segue check meadow.yaml --generator mrt2_small    also what that generator ignores
  segue check music/ --sarif segue.sarif
"""
SCRIPT_CODE: Final = "doubtful_event"
"""Code of an event that will not be played as it is written, or not at all."""
_CHECKED: Final = frozenset({FileKind.RULES, FileKind.TESTS, FileKind.EVENTS})


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("files", metavar="FILE", nargs="+", help="files, folders or patterns")
    parser.add_argument(
        "--generator", choices=PLAYABLE, default=PLAYABLE[0], help="also find what this generator ignores"
    )
    parser.add_argument("--strict", action="store_true", help="warnings count as mistakes")
    parser.add_argument(
        "--json",
        action="store_true",
        help="one JSON object a line for every mistake and warning, and a last one, the summary, without a place",
    )
    parser.add_argument(
        "--sarif", metavar="FILE", type=Path, help="also write what was found as SARIF 2.1.0, for code scanning"
    )


@dataclass(kw_only=True)
class _Findings:
    """What a run found.

    Attributes:
        summaries: What each usable file holds, in words.
    """

    errors: list[Problem] = field(default_factory=list)
    warnings: list[tuple[Problem, str]] = field(default_factory=list)
    summaries: list[str] = field(default_factory=list)


def run(arguments: argparse.Namespace) -> int:
    try:
        paths = find_files(arguments.files, _CHECKED)
    except FilesError as error:
        print_problems(error.problems)
        return BAD_INPUT
    found = _Findings()
    parts = included_files(paths)
    for path in paths:
        if os.path.realpath(path) not in parts:
            _check(path, found, arguments.generator)
    if arguments.sarif is not None:
        try:
            _write_sarif(arguments.sarif, paths, found)
        except OutputsError as error:
            print_problems(error.problems)
            return BAD_INPUT
    _print(found, len(paths), as_json=arguments.json)
    return BAD_INPUT if found.errors or (arguments.strict and found.warnings) else DONE


def _write_sarif(path: Path, checked: Sequence[Path], found: _Findings) -> None:
    """Write what was found as a SARIF log.

    Raises:
        OutputsError: The file is one that was checked.
        OSError: It cannot be written.
    """
    from segue.atomic import replacing
    from segue.cli.sarif import sarif_log

    check_outputs(
        [NamedFile(what="a checked file", path=each) for each in checked], [NamedFile(what="--sarif", path=path)]
    )
    log = sarif_log(found.errors, found.warnings)
    with replacing(path) as partial:
        partial.write_text(json.dumps(log, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def _print(found: _Findings, files: int, *, as_json: bool) -> None:
    """Print everything, and a line that sums it up."""
    if as_json:
        for problem in found.errors:
            print_json(problem_record(problem, severity="error"))
        for problem, code in found.warnings:
            print_json(problem_record(problem, severity="warning", code=code))
        summary = problem_record(Problem(mark=NOWHERE, where="", text=_summary(found, files)), severity="summary")
        print_json({**summary, "file": None, "line": None, "column": None})
        return
    print_lines(*found.summaries)
    print_problems(found.errors)
    for problem, _ in found.warnings:
        where = f"{problem.where}: " if problem.where else ""
        print_problems([f"{problem.mark}: warning: {where}{problem.text}"])
    print_lines(_summary(found, files))


def _summary(found: _Findings, files: int) -> str:
    mistakes, warnings = _count(len(found.errors), "mistake"), _count(len(found.warnings), "warning")
    return f"{_count(files, 'file')}, {mistakes}, {warnings}"


def _check(path: Path, found: _Findings, generator: str) -> None:
    from segue_rules.loading import load

    try:
        match file_kind(path):
            case FileKind.TESTS:
                from segue_rules.ruletest import load_tests

                tests = load_tests(path)
                found.warnings += [(problem, SCRIPT_CODE) for problem in tests.warnings]
                found.summaries.append(f"{path}: {_count(len(tests.tests), 'test')}")
            case FileKind.EVENTS:
                from segue_rules.loading.scripts import load_script

                rules = sibling(path, FileKind.RULES)
                script = load_script(path, load(rules) if rules.exists() else None)
                found.warnings += [(problem, SCRIPT_CODE) for problem in script.warnings]
                alone = "" if rules.exists() else f" (inputs and values unchecked: there is no {rules.name} beside it)"
                found.summaries.append(f"{path}: {_count(len(script.events), 'event')}{alone}")
            case _:
                _check_rules(load(path), path, found, generator)
    except RuleError as error:
        found.errors += [problem for problem in error.problems if problem not in found.errors]


def _check_rules(rules: Rules, path: Path, found: _Findings, generator: str) -> None:
    about = rule_findings(rules)
    ignored = ignored_findings(rules, generator)
    about.summaries += ignored.summaries
    about.warnings = sorted(about.warnings + ignored.warnings)
    found.errors += about.errors
    found.warnings += about.warnings
    states = sum(len(layer.states) for layer in rules.layers)
    parts = (
        _count(len(rules.inputs), "input"),
        _count(len(rules.styles), "style"),
        _count(len(rules.layers), "layer"),
        _count(states, "state"),
        _count(len(rules.stingers), "stinger"),
        *([_count(len(rules.clips), "clip")] if rules.clips else []),
    )
    found.summaries += [f"{path}: {', '.join(parts)}", *(f"  {line}" for line in about.summaries)]


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
