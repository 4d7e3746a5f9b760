"""Describe rule files as JSON for an editor: their inputs, layers, styles and stingers with their places, and mistakes.

One JSON object a line for every rule file; rules/DESCRIPTION.md documents its fields. RULES: a file, a folder or a
pattern. A rule file that another one includes is described as a part of that. Mistakes and exit codes are those of
`segue check`.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from segue.cli.console import BAD_INPUT, DONE, print_json, print_problems, problem_record
from segue.cli.findings import included_files, rule_findings
from segue.file_kinds import FileKind, FilesError, file_kind, find_files
from segue_rules.fingerprint import fingerprint_of
from segue_rules.model import ChoiceInput, FlagInput, Input, IntegerInput, NumberInput
from segue_yaml.nodes import Mark

if TYPE_CHECKING:
    from segue_rules.loading.declarations import (
        Declarations,
        DeclaredClip,
        DeclaredLayer,
        DeclaredName,
        DeclaredStinger,
    )

EXAMPLES: Final = """examples:
  segue describe meadow.yaml
  segue describe music/
"""
VERSION: Final = 1
"""Of the JSON object; a change that a reader may not understand raises it."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("rules", metavar="RULES", nargs="+", help="rule files, folders or patterns")


def run(arguments: argparse.Namespace) -> int:
    try:
        paths = find_files(arguments.rules, frozenset({FileKind.RULES}))
    except FilesError as error:
        print_problems(error.problems)
        return BAD_INPUT
    others = [path for path in paths if file_kind(path) is not FileKind.RULES]
    if others:
        print_problems(f"{path}: expected a rule file ({FileKind.RULES.value})" for path in others)
        return BAD_INPUT
    parts = included_files(paths)
    descriptions = [_description(path) for path in paths if os.path.realpath(path) not in parts]
    for description in descriptions:
        print_json(description)
    return DONE if all(description["ok"] for description in descriptions) else BAD_INPUT


def _description(path: Path) -> dict[str, Any]:
    """The JSON object of one rule file."""
    from segue_rules.loading import examine

    examined = examine(path)
    errors, warnings = list(examined.problems), []
    if examined.rules is not None:
        found = rule_findings(examined.rules)
        errors += found.errors
        warnings = found.warnings
    declared = examined.declarations
    return {
        "version": VERSION,
        "file": path.as_posix(),
        "ok": not errors,
        "complete": declared.complete,
        "fingerprint": _fingerprint(declared.files) if examined.rules is not None else None,
        **_declared(declared),
        "problems": [
            *(problem_record(problem, severity="error") for problem in errors),
            *(problem_record(problem, severity="warning", code=code) for problem, code in warnings),
        ],
    }


def _declared(declared: Declarations) -> dict[str, Any]:
    return {
        "title": declared.title,
        "files": [str(path) for path in declared.files],
        "inputs": list(map(_input, declared.inputs)),
        "styles": list(map(_name, declared.styles)),
        "layers": list(map(_layer, declared.layers)),
        "stingers": list(map(_stinger, declared.stingers)),
        "clips": list(map(_clip, declared.clips)),
    }


def _input(source: Input) -> dict[str, Any]:
    """An input with the words that the protocol has for it."""
    match source:
        case NumberInput():
            about = {"type": "number", "low": source.low, "high": source.high, "default": source.default}
        case IntegerInput():
            about = {"type": "integer", "low": source.low, "high": source.high, "default": source.default}
        case ChoiceInput():
            about = {"type": "choice", "of": list(source.of), "default": source.default}
        case FlagInput():
            about = {"type": "flag", "default": source.default}
        case _:
            about = {"type": "trigger"}
    return {"name": source.name, **about, **_place(source.mark)}


def _name(declared: DeclaredName) -> dict[str, Any]:
    return {"name": declared.name, **_place(declared.mark)}


def _layer(declared: DeclaredLayer) -> dict[str, Any]:
    states = list(map(_name, declared.states))
    return {"name": declared.name, "default": declared.default, "states": states, **_place(declared.mark)}


def _stinger(declared: DeclaredStinger) -> dict[str, Any]:
    return {"name": declared.name, "kind": declared.kind, "trigger": declared.trigger, **_place(declared.mark)}


def _clip(declared: DeclaredClip) -> dict[str, Any]:
    cues = list(map(_name, declared.cues))
    return {"name": declared.name, "audio": declared.audio, "cues": cues, **_place(declared.mark)}


def _place(mark: Mark) -> dict[str, Any]:
    return {"file": mark.file, "line": mark.line, "column": mark.column}


def _fingerprint(files: Iterable[Path]) -> str | None:
    """The fingerprint that a service gives for the same files; None if one was removed meanwhile."""
    try:
        return fingerprint_of(path.read_bytes() for path in files)
    except OSError:
        return None
