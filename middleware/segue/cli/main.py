"""The command `segue`: finds the command, runs it, and turns every known failure into words and an exit code.

A command is a module of this package with `add_arguments(parser)`, `run(arguments) -> int` and `EXAMPLES`; its
docstring is its description. What takes long to import, it imports inside `run`.

Exit codes: 0 done; 1 a test failed, `timeline --diff` found a difference or `doctor` a problem; 2 bad input or nowhere
to write to, every problem on stderr; 128 and the signal's number where a signal ended it (130 Ctrl-C, 143 SIGTERM); 141
the reader went away.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any, Final, NoReturn

from segue import __version__
from segue.cli import console
from segue.signals import exiting_on_signals

COMMANDS: Final[Mapping[str, str]] = {
    "init": "begin a rule file of your own, with tests",
    "check": "find every mistake in rule files, tests and event scripts",
    "describe": "print as JSON what rule files declare and what is wrong with them, for editors",
    "import": "read a folder of recordings, and write the clips of a rule file for them",
    "style": "show how a text or a recording is read as a style, and play it",
    "test": "run rule tests",
    "timeline": "show in text what an event script does to a rule file",
    "preview": "render a soundtrack to a sound file",
    "bake": "render what the states can sound like to loops, for platforms without a service",
    "play": "play a rule file live: keys and sliders for its inputs, and what the music does and why",
    "studio": "play, see and change a rule file in the browser",
    "serve": "run the service that games connect to",
    "schema": "print the JSON Schema for your editor, or the reference",
    "models": "fetch, check and find the files of Magenta RealTime 2",
    "bench": "measure speed on this machine",
    "doctor": "look for what is missing or wrong on this machine, and say what to do",
    "completion": "print the script that completes commands in your shell",
}
"""Every command with its line of help, in the order of the help text."""
MODULES: Final[Mapping[str, str]] = {"import": "import_recordings"}
"""Modules that are not called as their command: Python imports none that has a word of its own as its name."""
_EPILOG: Final = """examples:
  segue init meadow            begin a soundtrack of your own
  segue check meadow.yaml      find its mistakes
  segue preview meadow.yaml    render it to preview.wav
  segue COMMAND --help         options and examples of a command
"""
# Of argparse's messages.
_UNKNOWN_FLAG: Final = re.compile(r"unrecognized arguments: (--?[^\s=]+)")
_UNKNOWN_COMMAND: Final = re.compile(r"COMMAND: invalid choice: '([^']*)'")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        arguments: Without the program's name; None for those of the process.
    Returns:
        The exit code.
    """
    console.prepare_streams()
    try:
        with exiting_on_signals():
            return _run(sys.argv[1:] if arguments is None else arguments)
    except BrokenPipeError:
        # A pipe may be behind either stream.
        console.discard(sys.stdout)
        console.discard(sys.stderr)
        return console.READER_GONE
    except (console.UnwritableError, OSError) as error:
        try:
            console.flush()
        except (console.UnwritableError, OSError):
            console.discard(sys.stdout)
        console.print_problems([console.os_error_text(error) if isinstance(error, OSError) else error])
    except KeyboardInterrupt:
        return console.INTERRUPTED
    return console.BAD_INPUT


def _run(arguments: Sequence[str]) -> int:
    """Run one command; a stream that cannot be written raises."""
    try:
        parsed = build_parser(arguments[:1]).parse_args(arguments)
    except SystemExit:
        # argparse does not notice that its help could not be written.
        console.flush()
        raise
    code = int(parsed.run(parsed))
    console.flush()
    return code


class HelpFormatter(argparse.HelpFormatter):
    """Wraps the paragraphs of descriptions one by one, and keeps indented lines, such as examples, as they are."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        paragraphs = []
        for paragraph in text.strip("\n").split("\n\n"):
            if "\n  " in paragraph:
                paragraphs.append("\n".join(indent + line for line in paragraph.splitlines()))
            else:
                paragraphs.append(super()._fill_text(paragraph, width, indent))
        return "\n\n".join(paragraphs)


class _Parser(argparse.ArgumentParser):
    """A parser that prints through the console, so that a stream that cannot be written raises."""

    def __init__(self, **options: Any) -> None:
        # A misspelt flag must not be taken for another one.
        super().__init__(formatter_class=HelpFormatter, allow_abbrev=False, **options)
        # From Python 3.14 on, argparse colours help by itself.
        self.color = False

    def error(self, message: str) -> NoReturn:
        super().error(message + _guess(message, self))

    def _print_message(self, message: str, file: Any = None) -> None:
        if message and file is sys.stdout:
            console.print_help(message)
        elif message:
            console.print_problems([message.rstrip("\n")])


def _guess(message: str, parser: argparse.ArgumentParser) -> str:
    """Return the flag or command that was meant, as the end of argparse's message; "" without a guess."""
    from segue_yaml.report import did_you_mean

    flag, command = _UNKNOWN_FLAG.search(message), _UNKNOWN_COMMAND.search(message)
    if flag is not None:
        nested = [action.choices.values() for action in parser._actions if isinstance(action.choices, dict)]
        parsers = [parser, *(each for choices in nested for each in choices)]
        return did_you_mean(flag[1], [name for each in parsers for name in each._option_string_actions])
    return did_you_mean(command[1], COMMANDS) if command is not None else ""


def build_parser(only: Sequence[str] | None = None) -> argparse.ArgumentParser:
    """Build the parser.

    Args:
        only: Commands whose arguments are wanted; the modules of the others are not imported. None for all.
    """
    parser = _Parser(prog="segue", description="Adaptive soundtracks for games.", epilog=_EPILOG)
    parser.add_argument("--version", action="version", version=f"segue {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name, summary in COMMANDS.items():
        command = commands.add_parser(name, help=summary)
        if only is None or name in only:
            module = import_module(f"segue.cli.{MODULES.get(name, name)}")
            command.description, command.epilog = module.__doc__, module.EXAMPLES
            module.add_arguments(command)
            command.set_defaults(run=module.run)
    return parser


if __name__ == "__main__":
    sys.exit(main())
