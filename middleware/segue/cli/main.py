"""The command `segue`: finds the command, runs it, and turns every known failure into words and an exit code.

A command is a module with HELP (one line), `add_arguments(parser)` and `run(arguments) -> int`. What is costly to
import, it imports inside `run`, so that `segue check` starts no model.

Exit codes: 0 done; 1 a test failed; 2 bad input or nowhere to write to, every problem on stderr; 128 and the signal's
number where a signal ended it (130 Ctrl-C, 143 SIGTERM); 141 the reader went away.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from types import ModuleType
from typing import Any, Final, TextIO

from segue.cli import bench, check, init, output, play, preview, schema, serve, test, timeline
from segue.cli.ending import ending_in_order

COMMANDS: Final[Mapping[str, ModuleType]] = {
    "init": init,
    "check": check,
    "test": test,
    "timeline": timeline,
    "preview": preview,
    "play": play,
    "serve": serve,
    "schema": schema,
    "bench": bench,
}
"""In the order of the help text."""

BAD_INPUT: Final = 2
INTERRUPTED: Final = 130
READER_GONE: Final = 141


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command. arguments: without the program's name; those of the process if None."""
    output.open_closed_streams()
    # A terminal that cannot write a character gets a '?', not a traceback (a Windows code page, LANG=C).
    for stream in (sys.stdout, sys.stderr):
        _forgive_characters(stream)
    try:
        with ending_in_order():
            return _run(arguments)
    except BrokenPipeError:
        # Not only stdout: a pipe can be behind both.
        output.silence(sys.stdout)
        output.silence(sys.stderr)
        return READER_GONE
    except (output.UnwritableError, OSError) as error:
        try:
            output.flush()
        except (output.UnwritableError, OSError):
            output.silence(sys.stdout)
        output.complain([output.words(error) if isinstance(error, OSError) else error])
    except KeyboardInterrupt:
        return INTERRUPTED
    return BAD_INPUT


def _run(arguments: Sequence[str] | None) -> int:
    """What `main` does, with every failure to write still an exception."""
    try:
        parsed = build_parser().parse_args(arguments)
    except SystemExit:
        # argparse swallows that its help could not be written.
        output.flush()
        raise
    code = int(parsed.run(parsed))
    output.flush()
    return code


class _Parser(argparse.ArgumentParser):
    """argparse's parser is silent about help that could not be written; this one is not."""

    def _print_message(self, message: str, file: Any = None) -> None:
        if message and file is sys.stdout:
            output.write(message)
        elif message:
            output.complain([message.rstrip("\n")])


def build_parser() -> argparse.ArgumentParser:
    """The parser of all commands."""
    parser = _Parser(prog="segue", description="Adaptive soundtracks for games.")
    parser.add_argument("--version", action="version", version=f"segue {version('segue')}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name, module in COMMANDS.items():
        command = commands.add_parser(name, help=module.HELP, description=module.__doc__)
        module.add_arguments(command)
        command.set_defaults(run=module.run)
    return parser


def _forgive_characters(stream: TextIO) -> None:
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="replace")


if __name__ == "__main__":
    sys.exit(main())
