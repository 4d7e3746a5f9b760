"""What commands say: results on stdout, problems on stderr."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from typing import Any

from segue_rules.errors import Problem, RuleError


def say(*lines: str) -> None:
    for line in lines:
        sys.stdout.write(line + "\n")


def complain(lines: Iterable[object]) -> None:
    """Problems, a line each. stdout first, so that the two keep their order on a terminal."""
    sys.stdout.flush()
    for line in lines:
        sys.stderr.write(f"{line}\n")


def complain_of(error: RuleError) -> None:
    """Every problem of a file, and how many there are where they fill more than a glance."""
    complain(error.problems)


def say_json(record: dict[str, Any]) -> None:
    """One JSON object in a line of its own."""
    sys.stdout.write(json.dumps(record, ensure_ascii=False) + "\n")


def problem_record(problem: Problem, *, severity: str, code: str = "") -> dict[str, Any]:
    """A problem for machines. code: the analysis's name of it, "" for a mistake found in loading."""
    mark = problem.mark
    return {
        "severity": severity,
        "file": mark.file,
        "line": mark.line,
        "column": mark.column,
        "where": problem.where,
        "code": code,
        "text": problem.text,
    }


def can_write(text: str) -> bool:
    """Whether stdout's encoding has all these characters."""
    try:
        text.encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True
