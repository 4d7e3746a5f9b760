"""What commands say: results on stdout, problems on stderr."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Iterable
from typing import Any, Final, TextIO

from segue_rules.errors import RuleError
from segue_yaml.report import Problem

# Names of files may hold what a terminal obeys: colours, moves, bells.
_SHOWN: Final = {code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160)) if chr(code) not in "\n\t"}


class UnwritableError(Exception):
    """Standard output does not take what it is given: a full disk behind it, or it was closed."""


def say(*lines: str) -> None:
    """Results, a line each. Raises: UnwritableError; BrokenPipeError if the reader went away."""
    write("".join(f"{line}\n" for line in lines))


def write(text: str) -> None:
    """A result as it is. Raises: as `say`."""
    try:
        sys.stdout.write(text.translate(_SHOWN))
    except BrokenPipeError:
        raise
    except OSError as error:
        raise UnwritableError(f"standard output cannot be written: {error.strerror or error}") from error


def flush() -> None:
    """Nothing of what was said is still held back. Raises: as `say`."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise UnwritableError(f"standard output cannot be written: {error.strerror or error}") from error


def complain(lines: Iterable[object]) -> None:
    """Problems, a line each. stdout first, so that the two keep their order on a terminal.

    Where stderr takes nothing, nobody is left to be told: the exit code has to say it.
    """
    flush()
    with contextlib.suppress(OSError):
        for line in lines:
            sys.stderr.write(f"{line}\n".translate(_SHOWN))


def silence(stream: TextIO) -> None:
    """Let what a stream still holds go nowhere: Python flushes it at exit, and would complain once more."""
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


def open_closed_streams() -> None:
    """Occupy standard streams that were closed, so that no file of ours gets their numbers; stdout then fails to write.

    Python has None in place of a closed stream.
    """
    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        if getattr(sys, name) is not None:
            continue
        # Read-only for stdout: whoever closed it must not believe that results went somewhere.
        opened = os.open(os.devnull, os.O_WRONLY if number == 2 else os.O_RDONLY)
        if opened != number:
            os.dup2(opened, number)
            os.close(opened)
        setattr(sys, name, os.fdopen(number, mode, encoding="utf-8", errors="replace", closefd=False))


def words(error: OSError) -> str:
    """An operating system's error without its number: what, and why."""
    reason = error.strerror or str(error)
    return f"{os.fsdecode(error.filename)}: {reason}" if error.filename is not None else reason


def complain_of(error: RuleError) -> None:
    """Every problem of a file, and how many there are where they fill more than a glance."""
    complain(error.problems)


def say_json(record: dict[str, Any]) -> None:
    """One JSON object in a line of its own."""
    say(json.dumps(record, ensure_ascii=False))


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
