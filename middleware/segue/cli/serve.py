"""Run the service that games connect to. CONFIG.md beside the service's code says what every setting means.

Each flag is also an environment variable (SEGUE_MAX_SESSIONS) and a line of the YAML file that --config names. The
service ends on Ctrl-C, SIGTERM or SIGHUP, after its clients' buffers are full.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

from segue import __version__
from segue.cli.console import BAD_INPUT, DONE, flush, print_lines, print_problems
from segue.generators import PLAYABLE
from segue.service.settings import configuration as settings
from segue.signals import ENDING_SIGNALS

if TYPE_CHECKING:
    from segue.service.server import Service

log = logging.getLogger(__name__)

EXAMPLES: Final = """examples:
  segue serve meadow.yaml
  segue serve music/ --http-bind 127.0.0.1:7725
  segue serve music/ --web-bind ws://127.0.0.1:9465
  segue serve --config segue.yaml --record sessions/
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    settings.add_arguments(parser)
    parser.add_argument(
        "--exit-with-stdin",
        action="store_true",
        help="end in order when standard input closes: with the program that started it, however that ends",
    )


def run(arguments: argparse.Namespace) -> int:
    # All that a start loads stays: searching it for garbage takes time that clients wait for. See `_announce`.
    gc.disable()
    try:
        return _configured(arguments)
    finally:
        gc.enable()


def _configured(arguments: argparse.Namespace) -> int:
    try:
        config, warnings = settings.configure(arguments, os.environ, PLAYABLE)
    except settings.ConfigError as error:
        print_problems(error.problems)
        return BAD_INPUT
    from segue.audio.files import AudioFileError
    from segue.contract import GeneratorError
    from segue.generators import BuildOptions, build
    from segue.score.sampler.soundfont import SoundFontError
    from segue.service.auth import CertificateError, InsecureBindError
    from segue.service.logs import logging_to
    from segue.service.server import Service
    from segue.service.settings.configuration import default_note_memory_mib, machine_memory_bytes
    from segue_rules.errors import RuleError

    with logging_to(sys.stderr, level=config.log_level, form=config.log_format, secrets=[config.token]):
        for warning in warnings:
            log.warning(warning)
        try:
            memory = config.note_memory_mib or default_note_memory_mib(config.max_sessions, machine_memory_bytes())
            chain = build(config.generator, BuildOptions(soundfont=config.soundfont, note_memory_mib=memory))
            service = Service(config, chain.encoder, chain.generators, version=__version__, serving=_announce)
            _serve(service, exit_with_stdin=arguments.exit_with_stdin)
        except BrokenPipeError:
            # The reader of stdout went away: `main` handles that for every command.
            raise
        except RuleError as error:
            print_problems(error.problems)
        except (OSError, AudioFileError, SoundFontError, InsecureBindError, CertificateError, GeneratorError) as error:
            print_problems([f"cannot serve: {error}"])
        else:
            return DONE
    return BAD_INPUT


def _serve(service: Service, *, exit_with_stdin: bool) -> None:
    """Run it until a signal, or until standard input closes."""

    async def main() -> None:
        loop = asyncio.get_running_loop()

        def stop(number: int, frame: Any) -> None:
            loop.call_soon_threadsafe(service.stop)

        for name in ENDING_SIGNALS:
            number = getattr(signal, name, None)
            # A signal that is ignored (nohup) stays so.
            if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, stop)
        if exit_with_stdin:
            _when_closed(sys.stdin.fileno(), lambda: loop.call_soon_threadsafe(service.stop))
        await service.run()

    asyncio.run(main())


def _when_closed(number: int, stop: Callable[[], object]) -> threading.Thread:
    """Call `stop` in a thread of its own when the other end of a pipe is closed, however its process ended."""

    def watch() -> None:
        # Not through sys.stdin: Python would wait for its lock at exit.
        with contextlib.suppress(OSError):
            while os.read(number, 4_096):
                pass
        with contextlib.suppress(RuntimeError):  # the loop has ended already
            stop()

    thread = threading.Thread(target=watch, name="segue-stdin", daemon=True)
    thread.start()
    return thread


def _announce(addresses: Sequence[str]) -> None:
    """Print a line for whoever started the service, which ends with an address; collect garbage from now on."""
    gc.freeze()
    gc.enable()
    print_lines(f"serving on {' '.join(addresses)}")
    flush()
