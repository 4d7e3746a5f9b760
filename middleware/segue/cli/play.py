"""Play a rule file live: keys and sliders for its inputs, what the music does, and why.

A service is started for it. Keys and sliders are made from the inputs that the rules declare; edit the file while it
plays, and the music follows. With --connect, a service that runs already plays, and RULES is a name that it knows.
With --follow, a game plays: its session is shown from the recording that its service writes, and nothing is changed.
"""

from __future__ import annotations

import argparse
import contextlib
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from segue.cli.arguments import CONTINUE_HELP, WEIGHTS_HELP, seed
from segue.cli.console import BAD_INPUT, DONE, print_problems
from segue.extras import install_advice
from segue.file_kinds import FilesError, require_file
from segue.generators import PLAYABLE

if TYPE_CHECKING:
    from segue.play.session import PlayedFile, PlaySession
    from segue_rules.events import ScriptedEvent
    from segue_rules.model import Rules
    from segue_sdk.client import SegueClient
    from segue_sdk.output import Output

EXAMPLES: Final = """examples:
  segue play meadow.yaml
  segue play meadow.yaml --events fight.events.yaml --output fight.wav
  segue play meadow.yaml --recording session.jsonl
  segue play meadow.yaml --compare meadow2.yaml
  segue play meadow.yaml --save-events fight.events.yaml
  segue play meadow --connect tcp://127.0.0.1:7723
  segue play meadow.yaml --follow recordings/       a game's session, read-only
"""


# Options of a session that is played here.
_OF_A_SESSION: Final = (
    "compare",
    "save-events",
    "generator",
    "weights",
    "continue-from",
    "soundfont",
    "seed",
    "output",
    "device",
    "no-sound",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("rules", metavar="RULES", nargs="?", help="the rule file; with --connect, the name of one")
    script = parser.add_mutually_exclusive_group()
    script.add_argument("--events", metavar="FILE", type=Path, help="an event script to fire while you listen")
    script.add_argument(
        "--recording", metavar="FILE", type=Path, help="a recording of `segue serve --record`, whose events are fired"
    )
    script.add_argument(
        "--follow",
        metavar="PATH",
        type=Path,
        help="show the session that plays in a game, by its recording, or the newest in a folder of recordings",
    )
    parser.add_argument(
        "--compare", metavar="FILE", type=Path, help="another rule file; Ctrl-B changes to it and back at a bar line"
    )
    parser.add_argument(
        "--save-events",
        metavar="FILE",
        type=Path,
        help="write what you do as an event script, which timeline and preview play to the same course",
    )
    parser.add_argument(
        "--connect", metavar="ADDRESS", help="a service that runs already, such as tcp://127.0.0.1:7723"
    )
    parser.add_argument("--token", metavar="TOKEN", help="with --connect: the service's token")
    parser.add_argument("--generator", choices=PLAYABLE, help="what plays; default: the service's")
    parser.add_argument("--weights", metavar="FILE", help=WEIGHTS_HELP)
    parser.add_argument("--continue-from", metavar="FILE", type=Path, help=CONTINUE_HELP)
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
        if arguments.follow is None:
            _play(arguments)
        else:
            _follow(arguments)
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
        OutputsError: A file to write would replace one that is read.
        NoTerminalError: Standard input or the stream to draw on is no terminal.
        ServiceError: The service did not start.
        OutputError: The sound device or the WAV file cannot be opened.
    """
    from segue.play.app import PlayApp
    from segue.play.local_service import LocalService, serve_command
    from segue.play.session import PlaySession
    from segue_rules.loading import load, load_events

    local = arguments.connect is None
    paths = [Path(arguments.rules), *([arguments.compare] if arguments.compare else [])] if local else []
    loaded = [load(require_file(path)) for path in paths]
    script: Sequence[ScriptedEvent] = ()
    if arguments.events is not None:
        script = load_events(require_file(arguments.events), loaded[0] if loaded else None)
    elif arguments.recording is not None:
        seed, script = _recorded_events(arguments.recording)
        arguments.seed = seed if arguments.seed is None else arguments.seed
    _check_outputs(arguments, loaded)
    _check_terminal()
    # A session keeps its seed, whatever rules it is given later.
    seed = loaded[0].seed if loaded and arguments.seed is None else arguments.seed
    files = [_played_file(i, paths, seed) for i in range(len(paths))]
    with contextlib.ExitStack() as stack:
        child = None
        if local:
            print_problems(["starting the service …"])
            served = {file.name: path for file, path in zip(files, paths, strict=True)}
            child = stack.enter_context(LocalService(serve_command(served, _options(arguments))))
        client = stack.enter_context(_client(arguments, child.address if child else None))
        if not local:
            print_problems([f"connecting to {arguments.connect} …"])
        session = PlaySession(client, script, files)
        if arguments.save_events is not None:
            stack.callback(_save_events, arguments.save_events, session)
        output = stack.enter_context(_output(arguments, client, session.show_error))
        PlayApp(session, lambda: output.name, child.ended if child else lambda: None).run()


def _follow(arguments: argparse.Namespace) -> None:
    """Show a game's session until the player quits.

    Raises:
        RuleError: The rules have mistakes.
        FilesError: A file cannot be found or read, or the recording is of other rules.
        NoTerminalError: Standard input or the stream to draw on is no terminal.
    """
    from segue.cli.tempos import with_read_tempos
    from segue.follow.followed import FollowedSession, newest_recording
    from segue.follow.read_only_session import ReadOnlySession
    from segue.play.app import PlayApp
    from segue_rules.loading import load

    rules = require_file(Path(arguments.rules))
    recording = require_file(newest_recording(arguments.follow))
    with FollowedSession(recording, rules, lambda: with_read_tempos(load(rules))) as followed:
        # What is wrong with the recording is told before the screen opens.
        followed.read()
        _check_terminal()
        session = ReadOnlySession(followed, time.monotonic, partial(_style_doubts, rules))
        PlayApp(session, lambda: "the game").run()


def _recorded_events(path: Path) -> tuple[int, list[ScriptedEvent]]:
    """Return the seed of a recorded session, and its events at the frames in which they took effect.

    Raises:
        FilesError: There is no such file, or it is no recording, or one of a session that continues other music.
    """
    from segue.runtime.recording import RecordingError, read_recording
    from segue_rules.events import ScriptedEvent
    from segue_rules.model import FRAME_RATE
    from segue_yaml.nodes import Mark

    try:
        header, operations, _ = read_recording(require_file(path))
    except RecordingError as error:
        raise FilesError([str(error)]) from error
    if header.restore_point is not None:
        text = "expected a session that begins anew, got one that continues other music"
        raise FilesError([f"{path}: {text}; segue preview --recording plays it"])
    events = []
    for number, operation in enumerate(operations, start=2):
        if operation[0] == "event":
            _, event, frame = operation
            mark = Mark(file=path.as_posix(), line=number, column=1)
            events.append(ScriptedEvent(at_s=frame / FRAME_RATE, frame=frame, event=event, mark=mark))
    return header.config.seed, sorted(events, key=lambda scripted: scripted.frame)


def _played_file(index: int, paths: Sequence[Path], seed: int | None) -> PlayedFile:
    from segue.play.session import PlayedFile

    path = paths[index]
    alone = sum(other.name == path.name for other in paths) == 1
    return PlayedFile(
        name=f"file_{index + 1}",
        label=path.name if alone else str(path),
        read=partial(_read_rules, path, seed),
        doubts=partial(_style_doubts, path),
    )


def _read_rules(path: Path, seed: int | None) -> Rules | None:
    """Read the rules as the service plays them; None with mistakes, which the service reports."""
    from segue.cli.tempos import with_read_tempos
    from segue_rules.audition import with_mutes
    from segue_rules.errors import RuleError
    from segue_rules.loading import load

    try:
        rules = with_mutes(with_read_tempos(load(path)))
    except RuleError:
        return None
    return rules if seed is None else replace(rules, seed=seed)


def _save_events(path: Path, session: PlaySession) -> None:
    """Write the performance as an event script.

    Raises:
        OSError: It cannot be written.
    """
    from segue.atomic import replacing

    with replacing(path) as partial_file:
        partial_file.write_text(session.performance.script(session.dashboard.title, session.dashboard.seed), "utf-8")


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
            # The service that is started here has it as its own.
            generator=arguments.generator if local_address is None else None,
            seed=arguments.seed,
        )
        return SegueClient(local_address or arguments.connect, hello, token=arguments.token or "")
    except AddressError as error:
        raise ConnectArgumentError(f"--connect: {error.text}") from error
    except ProtocolError as error:
        raise ConnectArgumentError(error.text) from error
    except ValueError as error:
        raise ConnectArgumentError(f"--{error}") from error


def _check_outputs(arguments: argparse.Namespace, loaded: Sequence[Rules]) -> None:
    """Check that the WAV file and the event script replace nothing that is read.

    Raises:
        OutputsError: One would replace a file that is read.
    """
    from segue.render.file_checks import NamedFile, check_outputs, files_of

    outputs = [
        NamedFile(what=what, path=path)
        for what, path in (("--output", arguments.output), ("--save-events", arguments.save_events))
        if path is not None
    ]
    inputs = [file for rules in loaded for file in files_of(rules)]
    inputs += [
        NamedFile(what=what, path=path)
        for what, path in (
            ("the event script", arguments.events),
            ("the recording", arguments.recording),
            ("the soundfont", arguments.soundfont),
            ("the recording to continue", arguments.continue_from),
        )
        if path is not None
    ]
    check_outputs(inputs, outputs)


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
    names = ("generator", "weights", "continue-from", "soundfont")
    chosen = {name: getattr(arguments, name.replace("-", "_")) for name in names}
    return [word for name, value in chosen.items() if value for word in (f"--{name}", str(value))]


def _contradiction(arguments: argparse.Namespace) -> str:
    """Why options contradict each other; "" if they do not."""
    if arguments.connect is None and arguments.rules is None:
        return "expected a rule file, or --connect and the address of a service"
    if arguments.follow is not None:
        for name in ("connect", "token", *_OF_A_SESSION):
            if getattr(arguments, name.replace("-", "_")) not in (None, False):
                return f"--{name} has no effect with --follow: the game plays; leave it out"
    for name in ("soundfont", "weights", "continue-from"):
        if arguments.connect is not None and getattr(arguments, name.replace("-", "_")) is not None:
            return f"--{name} belongs to the service; it cannot be chosen with --connect"
    if arguments.connect is not None and arguments.compare is not None:
        return "--compare needs a service that is started here; it cannot be used with --connect"
    if arguments.connect is None and arguments.token is not None:
        return "--token has no effect without --connect: the service that is started here asks for none"
    return ""
