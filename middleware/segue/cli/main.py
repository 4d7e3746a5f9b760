"""The command `segue`: finds the command, runs it, and turns every known failure into words and an exit code.

A command is a module with HELP (one line), `add_arguments(parser)` and `run(arguments) -> int`. What is costly to
import, it imports inside `run`, so that `segue check` starts no model.

Exit codes: 0 done; 1 a test failed; 2 bad input, every problem on stderr; 130 interrupted; 141 the reader went away.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from types import ModuleType
from typing import Final, TextIO

from segue.cli import bench, check, init, play, preview, schema, serve, test, timeline

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
    # A terminal that cannot write a character gets a '?', not a traceback (a Windows code page, LANG=C).
    for stream in (sys.stdout, sys.stderr):
        _forgive_characters(stream)
    parsed = build_parser().parse_args(arguments)
    try:
        code = int(parsed.run(parsed))
        sys.stdout.flush()
    except BrokenPipeError:
        # Python flushes stdout again at exit; give it somewhere to go.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return READER_GONE
    except KeyboardInterrupt:
        return INTERRUPTED
    return code


def build_parser() -> argparse.ArgumentParser:
    """The parser of all commands."""
    parser = argparse.ArgumentParser(prog="segue", description="Adaptive soundtracks for games.")
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
