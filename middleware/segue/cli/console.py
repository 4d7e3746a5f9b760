"""The console of a command: results on stdout, problems on stderr, and the exit codes."""

from __future__ import annotations

import contextlib
import json
import os
import re
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final, TextIO

if TYPE_CHECKING:
    from segue_yaml.report import Problem

DONE: Final = 0
FAILED: Final = 1
"""A test failed, tests reach too little, `segue timeline --diff` found a difference, or `segue doctor` a problem."""
BAD_INPUT: Final = 2
"""Bad input, or nowhere to write to; every problem is on stderr."""
INTERRUPTED: Final = 130
READER_GONE: Final = 141

# File names may hold characters that control a terminal: colours, cursor moves, bells.
_ESCAPED: Final = {code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160)) if chr(code) not in "\n\t"}
_BOLD, _RED, _GREEN, _YELLOW, _CYAN = "1", "31", "32", "33", "36"
_LINE_COLOURS: Final = (
    (re.compile(r"(?<=: )warning(?=: )|^note(?=  )"), _YELLOW),
    (re.compile(r"^problem(?=  )|\b[1-9]\d* (?:failed|mistakes?)\b"), _RED),
    (re.compile(r"^ok(?=  )|\b[1-9]\d* passed\b"), _GREEN),
    (re.compile(r"^[^\s:][^:]*:\d+:\d+:(?= )"), _BOLD),
)
_HINT: Final = re.compile(r"; did you mean (?P<quote>'?)(?P<meant>.+)(?P=quote)\?$")
_HELP_COLOURS: Final = (
    (re.compile(r"^(?:usage|[a-z][a-z ()]*):", re.MULTILINE), _BOLD),
    (re.compile(r"(?<![\w-])--?[a-zA-Z][\w-]*"), _CYAN),
)


class UnwritableError(Exception):
    """Standard output cannot be written: a full disk is behind it, or it was closed."""


def print_lines(*lines: str) -> None:
    """Print results, a line each.

    Raises:
        UnwritableError: stdout cannot be written.
        BrokenPipeError: The reader went away.
    """
    _write("".join(f"{_coloured(line.translate(_ESCAPED), _LINE_COLOURS, sys.stdout)}\n" for line in lines))


def print_help(text: str) -> None:
    """Print the help of a command.

    Raises:
        UnwritableError: stdout cannot be written.
        BrokenPipeError: The reader went away.
    """
    _write(_coloured(text, _HELP_COLOURS, sys.stdout))


def print_text(text: str) -> None:
    """Print a result as it is.

    Raises:
        UnwritableError: stdout cannot be written.
        BrokenPipeError: The reader went away.
    """
    _write(text.translate(_ESCAPED))


def print_json(record: dict[str, Any]) -> None:
    """Print one JSON object in a line of its own.

    Raises:
        UnwritableError: stdout cannot be written.
        BrokenPipeError: The reader went away.
    """
    print_text(f"{json.dumps(record, ensure_ascii=False)}\n")


def print_problems(lines: Iterable[object]) -> None:
    """Print problems on stderr, a line each, after all results so far: a terminal shows both in order.

    A stderr that cannot be written is ignored; the exit code still shows that there were problems.
    """
    flush()
    with contextlib.suppress(OSError):
        for line in lines:
            text = str(line).translate(_ESCAPED)
            sys.stderr.write(f"{_coloured(text, _LINE_COLOURS, sys.stderr)}\n")


def flush() -> None:
    """Write out what is still buffered for stdout.

    Raises:
        UnwritableError: stdout cannot be written.
        BrokenPipeError: The reader went away.
    """
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise _unwritable(error) from error


def discard(stream: TextIO) -> None:
    """Discard what a stream still buffers: Python flushes it at exit and would report the error once more."""
    with contextlib.suppress(OSError, ValueError):
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, stream.fileno())
        os.close(null)


def prepare_streams() -> None:
    """Make the standard streams safe to use.

    Streams that were closed are opened on the null device, so that no other file gets their numbers; stdout then fails
    to write. A character that a terminal's encoding lacks is written as '?'.
    """
    # Python has None in place of a closed stream.
    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        if getattr(sys, name) is not None:
            continue
        # Read-only for stdout: a command must not report success for results that were lost.
        opened = os.open(os.devnull, os.O_WRONLY if number == 2 else os.O_RDONLY)
        if opened != number:
            os.dup2(opened, number)
            os.close(opened)
        setattr(sys, name, os.fdopen(number, mode, encoding="utf-8", errors="replace", closefd=False))
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace")


def os_error_text(error: OSError) -> str:
    """Describe an operating system's error without its number: the file, and the reason."""
    reason = error.strerror or str(error)
    return f"{os.fsdecode(error.filename)}: {reason}" if error.filename is not None else reason


def problem_record(problem: Problem, *, severity: str, code: str = "") -> dict[str, Any]:
    """Return a problem as a record for machines.

    Args:
        code: The analysis's name of it; "" for a mistake found in loading.
    Returns:
        A JSON object. hint: What was probably meant, as it would be written; None if the text has no guess.
    """
    mark = problem.mark
    hint = _HINT.search(problem.text)
    return {
        "severity": severity,
        "file": mark.file,
        "line": mark.line,
        "column": mark.column,
        "where": problem.where,
        "code": code,
        "text": problem.text,
        "hint": hint["meant"] if hint else None,
    }


def can_print(text: str) -> bool:
    """Return whether stdout's encoding has all these characters."""
    try:
        text.encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def _write(text: str) -> None:
    try:
        sys.stdout.write(text)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise _unwritable(error) from error


def _coloured(text: str, colours: Iterable[tuple[re.Pattern[str], str]], stream: TextIO) -> str:
    """The text with colours, if the stream is a terminal that shows them and NO_COLOR is not set."""
    # Windows' older consoles show escape sequences as characters; Windows Terminal sets WT_SESSION.
    able = sys.platform != "win32" or "WT_SESSION" in os.environ
    if not able or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb" or not stream.isatty():
        return text
    for pattern, colour in colours:
        text = pattern.sub(lambda match, colour=colour: f"\x1b[{colour}m{match[0]}\x1b[0m", text)  # type: ignore[misc]
    return text


def _unwritable(error: OSError) -> UnwritableError:
    return UnwritableError(f"standard output cannot be written: {error.strerror or error}")
