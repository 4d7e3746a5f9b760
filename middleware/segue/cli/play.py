"""Play a rule file live: keys and sliders for its inputs, what the music does, and why.

A service is started for it. Keys and sliders are made from the inputs that the rules declare; edit the file while it
plays, and the music follows. With --connect, a service that runs already plays, and RULES is a name that it knows.
"""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from segue.cli.arguments import seed
from segue.cli.console import BAD_INPUT, DONE, print_problems
from segue.extras import install_advice
from segue.file_kinds import require_file
from segue.generators import PLAYABLE

if TYPE_CHECKING:
    from segue_rules.model import Rules
    from segue_sdk.client import SegueClient
    from segue_sdk.output import Output

EXAMPLES: Final = """examples:
  segue play meadow.yaml
  segue play meadow.yaml --events fight.events.yaml --output fight.wav
  segue play meadow --connect tcp://127.0.0.1:7723
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("rules", metavar="RULES", nargs="?", help="the rule file; with --connect, the name of one")
    parser.add_argument("--events", metavar="FILE", type=Path, help="an event script to fire while you listen")
    parser.add_argument(
        "--connect", metavar="ADDRESS", help="a service that runs already, such as tcp://127.0.0.1:7723"
    )
    parser.add_argument("--token", metavar="TOKEN", help="with --connect: the service's token")
    parser.add_argument("--generator", choices=PLAYABLE, help="what plays; default: the service's")
    parser.add_argument("--soundfont", metavar="FILE", type=Path, help="an SF2 or SF3 to play instead of the orchestra")
    parser.add_argument("--seed", type=seed, help="default: the rule file's")
    sound = parser.add_mutually_exclusive_group()
    sound.add_argument("--output", metavar="FILE", type=Path, help="write a WAV instead of playing to the sound device")
    sound.add_argument("--device", metavar="NAME", help="the sound device, by name or number")
    sound.add_argument("--no-sound", action="store_true", help="play to nowhere, at the same pace")


def run(arguments: argparse.Namespace) -> int:
    problem = _contradiction(arguments)
    if problem:
        print_problems([problem])
        return BAD_INPUT
    try:
        import textual  # noqa: F401
    except ImportError:
        print_problems([f"segue play needs the package textual: {install_advice('play')}"])
        return BAD_INPUT
    from segue.play.local_service import ServiceError
    from segue_sdk.output import OutputError
    from segue_yaml.report import ProblemsError

    try:
        _play(arguments)
    except ProblemsError as error:
        print_problems(error.problems)
        return BAD_INPUT
    except (ConnectArgumentError, NoTerminalError, OutputError, ServiceError) as error:
        print_problems([error])
        return BAD_INPUT
    return DONE


class ConnectArgumentError(ValueError):
    """An argument that no client can connect with."""


class NoTerminalError(RuntimeError):
    """Standard input or the stream to draw on is no terminal."""


def _play(arguments: argparse.Namespace) -> None:
    """Play until the player quits.

    Raises:
        RuleError: The rules or the event script have mistakes.
        FilesError: A file cannot be found or read.
        ConnectArgumentError: --connect, --token or RULES cannot be used.
        OutputsError: The WAV file would replace a file that is read.
        NoTerminalError: Standard input or the stream to draw on is no terminal.
        ServiceError: The service did not start.
        OutputError: The sound device or the WAV file cannot be opened.
    """
    from segue.play.app import PlayApp
    from segue.play.local_service import LocalService, serve_command
    from segue.play.session import PlaySession
    from segue_rules.loading import load, load_events

    local = arguments.connect is None
    rules = load(require_file(Path(arguments.rules))) if local else None
    script = load_events(require_file(arguments.events), rules) if arguments.events else ()
    _check_output(arguments, rules)
    _check_terminal()
    with contextlib.ExitStack() as stack:
        child = None
        if local:
            print_problems(["starting the service …"])
            child = stack.enter_context(LocalService(serve_command(Path(arguments.rules), _options(arguments))))
        client = stack.enter_context(_client(arguments, child.address if child else None))
        if not local:
            print_problems([f"connecting to {arguments.connect} …"])
        doubts = partial(_style_doubts, Path(arguments.rules)) if local else tuple
        session = PlaySession(client, script, doubts)
        output = stack.enter_context(_output(arguments, client, session.show_error))
        PlayApp(session, lambda: output.name, child.ended if child else lambda: None).run()


def _style_doubts(path: Path) -> tuple[str, ...]:
    """Return what is doubtful in the styles of a rule file; nothing of one with mistakes, which the service reports."""
    from segue.cli.findings import style_findings
    from segue_rules.errors import RuleError
    from segue_rules.loading import load

    try:
        return tuple(str(problem) for problem, _ in style_findings(load(path)).warnings)
    except RuleError:
        return ()


def _client(arguments: argparse.Namespace, local_address: str | None) -> SegueClient:
    """A client of the service.

    Args:
        local_address: Of the service that was started here; None for the one of --connect.
    Raises:
        ConnectArgumentError: --connect, --token or RULES cannot be used.
    """
    from segue_sdk.client import SegueClient
    from segue_sdk.errors import AddressError, ProtocolError
    from segue_sdk.limits import VERSION
    from segue_sdk.messages import Hello

    try:
        hello = Hello(
            versions=(VERSION,),
            client="segue play",
            rules_name=arguments.rules if local_address is None else None,
            generator=arguments.generator,
            seed=arguments.seed,
        )
        return SegueClient(local_address or arguments.connect, hello, token=arguments.token or "")
    except AddressError as error:
        raise ConnectArgumentError(f"--connect: {error.text}") from error
    except ProtocolError as error:
        raise ConnectArgumentError(error.text) from error
    except ValueError as error:
        raise ConnectArgumentError(f"--{error}") from error


def _check_output(arguments: argparse.Namespace, rules: Rules | None) -> None:
    """Check that the WAV file replaces nothing that is read.

    Raises:
        OutputsError: It would replace a file that is read.
    """
    from segue.render.file_checks import NamedFile, check_outputs, files_of

    if arguments.output is None:
        return
    inputs = [*files_of(rules)] if rules is not None else []
    inputs += [
        NamedFile(what=what, path=path)
        for what, path in (("the event script", arguments.events), ("the soundfont", arguments.soundfont))
        if path is not None
    ]
    check_outputs(inputs, [NamedFile(what="--output", path=arguments.output)])


def _check_terminal() -> None:
    """Check the terminal: Textual reads keys from stdin, and draws on stderr, on Windows on stdout.

    Raises:
        NoTerminalError: One of the two is no terminal.
    """
    drawn = sys.__stdout__ if sys.platform == "win32" else sys.__stderr__
    for stream, name in (
        (sys.__stdin__, "standard input"),
        (drawn, "standard output" if sys.platform == "win32" else "standard error"),
    ):
        if stream is None or not stream.isatty():
            text = f"segue play needs a terminal, and {name} is none; segue preview renders to a file without one"
            raise NoTerminalError(text)


def _output(arguments: argparse.Namespace, client: SegueClient, report: Callable[[str], None]) -> Output:
    """Where the sound goes: nowhere, with a notice, if there is no device and none was asked for.

    Raises:
        OutputError: The device that was asked for cannot be used.
    """
    from segue_sdk.output import DeviceOutput, FileOutput, NullOutput, OutputError

    if arguments.no_sound:
        return NullOutput(client.player)
    if arguments.output:
        return FileOutput(client.player, arguments.output)
    try:
        device = arguments.device
        number = int(device) if device is not None and device.isdecimal() else None
        return DeviceOutput(client.player, device if number is None else number, on_lost=report)
    except OutputError as error:
        if arguments.device is not None:
            raise
        report(f"{error}; playing to nowhere (or use --output FILE)")
        return NullOutput(client.player)


def _options(arguments: argparse.Namespace) -> list[str]:
    """Flags for the service."""
    return ["--soundfont", str(arguments.soundfont)] if arguments.soundfont else []


def _contradiction(arguments: argparse.Namespace) -> str:
    """Why options contradict each other; "" if they do not."""
    if arguments.connect is None and arguments.rules is None:
        return "expected a rule file, or --connect and the address of a service"
    if arguments.connect is not None and arguments.soundfont is not None:
        return "--soundfont belongs to the service; it cannot be chosen with --connect"
    if arguments.connect is None and arguments.token is not None:
        return "--token has no effect without --connect: the service that is started here asks for none"
    return ""
