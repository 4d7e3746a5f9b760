"""Run the service that games connect to. CONFIG.md beside the service's code says what every setting means.

Each flag is also an environment variable (SEGUE_MAX_SESSIONS) and a line of the YAML file that --config names, except
--exit-with-stdin and --ready-format. The service ends on Ctrl-C, SIGTERM or SIGHUP, after its clients' buffers are
full.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import json
import logging
import os
import select
import signal
import stat
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from segue import __version__
from segue.cli.console import BAD_INPUT, DONE, discard, flush, os_error_text, print_lines, print_problems
from segue.generators import PLAYABLE, GeneratorChain
from segue.service.settings import configuration as settings
from segue.signals import ENDING_SIGNALS

if TYPE_CHECKING:
    from segue.service.rule_store import RuleStore
    from segue.service.server import Service
    from segue.service.settings.configuration import ServiceConfig

log = logging.getLogger(__name__)

EXAMPLES: Final = """examples:
  segue serve meadow.yaml
  segue serve music/ --http-bind 127.0.0.1:7725
  segue serve music/ --web-bind ws://127.0.0.1:9465
  segue serve --config segue.yaml --record sessions/
  segue serve music/ --bind tcp://127.0.0.1:0 --exit-with-stdin --ready-format json    as a game engine starts it
"""
READY_FORMATS: Final = ("text", "json")
_STDIN: Final = 0
# Windows calls its null device a terminal.
_TERMINAL: Final = "a console or NUL" if sys.platform == "win32" else "a terminal"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    settings.add_arguments(parser)
    parser.add_argument(
        "--exit-with-stdin",
        action="store_true",
        help="end in order when standard input, a pipe, closes: with the program that started it, however that ends",
    )
    parser.add_argument(
        "--ready-format",
        choices=READY_FORMATS,
        default=READY_FORMATS[0],
        help="the line on standard output once clients may connect: 'serving on ADDRESS…', or a JSON object, which "
        "also says why a start failed (text)",
    )


def run(arguments: argparse.Namespace) -> int:
    # All that a start loads stays: searching it for garbage takes time that clients wait for. See `_ReadyLine.ready`.
    gc.disable()
    try:
        return _configured(arguments)
    finally:
        gc.enable()


def _configured(arguments: argparse.Namespace) -> int:
    line = _ReadyLine(as_json=arguments.ready_format == "json")
    try:
        config, warnings = settings.configure(arguments, os.environ, PLAYABLE)
    except settings.ConfigError as error:
        line.failed(error.problems)
        return BAD_INPUT
    mistake = _stdin_mistake() if arguments.exit_with_stdin else None
    if mistake:
        line.failed([mistake])
        return BAD_INPUT
    from segue.audio.files import AudioFileError
    from segue.contract import GeneratorError
    from segue.score.sampler.soundfont import SoundFontError
    from segue.service.auth import CertificateError, InsecureBindError
    from segue.service.server import Service
    from segue_rules.errors import RuleError

    try:
        with _logging(config):
            for warning in warnings:
                log.warning(warning)
            if not config.rules and not config.rule_folders:
                log.warning("no rule files: only clients that send rules of their own can play")
            chain = _generators(config)
            service = Service(
                config,
                chain.encoders,
                chain.generators,
                version=__version__,
                serving=lambda addresses: line.ready(addresses, config, service.rule_store),
            )
            _serve(service, exit_with_stdin=arguments.exit_with_stdin)
    except settings.ConfigError as error:
        line.failed(error.problems)
        return BAD_INPUT
    except RuleError as error:
        line.failed([str(problem) for problem in error.problems])
        return BAD_INPUT
    except (OSError, AudioFileError, SoundFontError, InsecureBindError, CertificateError, GeneratorError) as error:
        line.failed([f"cannot serve: {os_error_text(error) if isinstance(error, OSError) else error}"])
        return BAD_INPUT
    line.ended()
    return DONE


def _generators(config: ServiceConfig) -> GeneratorChain:
    """Return the generators, the first of them in processes of its own where that is set and of use."""
    from segue.cli.generator_process import command
    from segue.generators import BuildOptions, build
    from segue.service.process_generator import ProcessGenerator

    processes = config.generation_processes
    if processes is None:
        processes = settings.default_generation_processes(config.max_sessions, settings.usable_cores())
    # The service plays as well: while there are few sessions, and where a process fails.
    playing = processes + 1
    memory = config.note_memory_mib
    if memory is None:
        memory = settings.default_note_memory_mib(config.max_sessions, settings.machine_memory_bytes(), playing)
    share = max(settings.LEAST_MIB // 2, memory // playing)
    options = BuildOptions(
        soundfont=config.soundfont,
        note_memory_mib=share,
        weights=config.weights,
        continue_from=config.continue_from,
    )
    encoders, (first, *others), warnings = build(config.generator, options)
    for warning in warnings:
        log.warning(warning)
    if processes and first.rows == 1 and not first.compiles:
        # Before the service gives the call up, and with it all calls of this generator.
        silent_s = 0.75 * config.stall_ms / 1000
        program = command(config.generator, options)
        first = ProcessGenerator(first, program, processes=processes, silent_s=silent_s)
    return GeneratorChain(encoders, [first, *others])


@contextlib.contextmanager
def _logging(config: ServiceConfig) -> Iterator[None]:
    """Log to the file that is set, or else to stderr. Raises: ConfigError if the file cannot be opened."""
    from segue.service.log_file import LogFile
    from segue.service.logs import logging_to

    with contextlib.ExitStack() as stack:
        file = None
        if config.log_file is not None:
            try:
                file = stack.enter_context(contextlib.closing(LogFile(config.log_file)))
            except OSError as error:
                raise settings.ConfigError([f"--log-file: {os_error_text(error)}"]) from error
        level, form = config.log_level, config.log_format
        stack.enter_context(logging_to(file or sys.stderr, level=level, form=form, secrets=[config.token]))
        yield


# --- the line for the program that started the service ---------------------------------------------------------------


@dataclass(kw_only=True)
class _ReadyLine:
    """Tells the program that started the service, in one line on stdout, that clients may connect or why not.

    Attributes:
        as_json: Whether the line is a JSON object; otherwise a start that fails prints nothing on stdout.
        printed: Whether the line was printed.
    """

    as_json: bool
    printed: bool = False

    def ready(self, addresses: Sequence[str], config: ServiceConfig, store: RuleStore) -> None:
        """Say where clients may connect; collect garbage from now on."""
        gc.freeze()
        gc.enable()
        if self.as_json:
            self._print(json.dumps(_ready_record(addresses, config, store)))
        else:
            self._print(f"serving on {' '.join(addresses)}")

    def failed(self, problems: Sequence[str]) -> None:
        """Say on stderr, and with JSON on stdout, why the service does not start, or ended."""
        print_problems(problems)
        if self.as_json and not self.printed:
            self._print(json.dumps({"ready": False, "error": "\n".join(problems)}))

    def ended(self) -> None:
        """Say that the service was stopped, if that happened before clients could connect."""
        if self.as_json and not self.printed:
            self._print(json.dumps({"ready": False, "error": "the service was stopped before it was ready"}))

    def _print(self, text: str) -> None:
        self.printed = True
        try:
            print_lines(text)
            flush()
        except BrokenPipeError:
            # The program that would read the line is gone; the music goes on for the clients.
            discard(sys.stdout)
            log.info("nobody reads standard output")


def _ready_record(addresses: Sequence[str], config: ServiceConfig, store: RuleStore) -> dict[str, Any]:
    """Return the JSON object of a service that serves. CONFIG.md documents it."""
    from segue_sdk.limits import VERSION

    by_scheme: dict[str, list[str]] = {}
    for address in addresses:
        by_scheme.setdefault(address.partition("://")[0], []).append(address)
    health = by_scheme.pop("http", [])
    web = [*by_scheme.pop("ws", []), *by_scheme.pop("wss", [])]
    return {
        "ready": True,
        "addresses": [address for each in by_scheme.values() for address in each],
        "web": web,
        "health": health[0] if health else None,
        "pid": os.getpid(),
        "version": __version__,
        "protocol": [VERSION],
        "rules": {
            name: {
                "title": store.named(name).rules.title,
                "path": str(config.rules[name].absolute()),
                "default": name == config.default_rules,
            }
            for name in store.names
        },
    }


# --- the end ---------------------------------------------------------------------------------------------------------


def _serve(service: Service, *, exit_with_stdin: bool) -> None:
    """Run it until a signal, or until standard input closes."""

    async def main() -> None:
        loop = asyncio.get_running_loop()

        def stop(number: int, frame: Any) -> None:
            loop.call_soon_threadsafe(service.stop)

        def stdin_closed() -> None:
            log.info("standard input closed")
            service.stop()

        for name in ENDING_SIGNALS:
            number = getattr(signal, name, None)
            # A signal that is ignored (nohup) stays so.
            if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, stop)
        if exit_with_stdin:
            _when_closed(_STDIN, lambda: loop.call_soon_threadsafe(stdin_closed))
        await service.run()

    asyncio.run(main())


def _stdin_mistake() -> str | None:
    """Return why standard input cannot tell when the starting program ends; None if it can.

    Anything but a pipe has ended at once, such as /dev/null or a file, or suspends a service in the background: a
    terminal.
    """
    try:
        mode = os.fstat(_STDIN).st_mode
        terminal = os.isatty(_STDIN)
    except OSError:
        mode, terminal = 0, False
    if stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode):
        return None
    if terminal:
        got = _TERMINAL
    else:
        got = "a file" if stat.S_ISREG(mode) else f"{os.devnull} or a closed one, at whose end the service would stop"
    return (
        "--exit-with-stdin: expected a pipe as standard input, which the starting program holds open while the service "
        f"is to run, got {got}; give it a pipe, or leave the flag out"
    )


def _when_closed(number: int, stop: Callable[[], object]) -> threading.Thread:
    """Call `stop` in a thread of its own when the other end of a pipe is closed, however its process ended."""

    def watch() -> None:
        # Not through sys.stdin: Python would wait for its lock at exit.
        with contextlib.suppress(OSError):
            while _read(number):
                pass
        with contextlib.suppress(RuntimeError):  # the loop has ended already
            stop()

    thread = threading.Thread(target=watch, name="segue-stdin", daemon=True)
    thread.start()
    return thread


def _read(number: int) -> bytes:
    """Wait for bytes of a pipe and return them; b"" at its end. Raises: OSError."""
    while True:
        try:
            return os.read(number, 4_096)
        except BlockingIOError:
            # The starting program made the pipe non-blocking; for itself that has to stay so.
            select.select([number], [], [])
