"""Play for games: a service that clients connect to. CONFIG.md beside the service's code says what every setting means.

Each flag is an environment variable, too (SEGUE_MAX_SESSIONS), and a line of the YAML file that --config names. The
service ends on Ctrl-C or SIGTERM, after its clients' buffers are full.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Final

from segue.cli.output import complain, say
from segue.cli.parts import GENERATORS
from segue.service import config as settings

if TYPE_CHECKING:
    from segue.service.server import Service

HELP: Final = "the service that games connect to"
_BAD_INPUT: Final = 2


def add_arguments(parser: argparse.ArgumentParser) -> None:
    settings.add_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    try:
        config, warnings = settings.configure(arguments, os.environ, GENERATORS)
    except settings.ConfigError as error:
        complain(error.problems)
        return _BAD_INPUT
    from segue.audio.files import AudioFileError
    from segue.cli.parts import build
    from segue.score.sampler.soundfont import SoundFontError
    from segue.service.logs import set_up
    from segue.service.server import Service
    from segue_rules.errors import RuleError

    set_up(config.log_level, config.log_format)
    complain(warnings)
    try:
        parts = build(config.generator, soundfont=config.soundfont)
        service = Service(config, parts.encoder, parts.generators, version=version("segue"), serving=_announce)
    except RuleError as error:
        complain([str(problem) for problem in error.problems])
        return _BAD_INPUT
    except (AudioFileError, SoundFontError) as error:
        complain([str(error)])
        return _BAD_INPUT
    return _serve(service)


def _serve(service: Service) -> int:
    """Run it until a signal. The selector loop: ZeroMQ's sockets need one, on Windows as elsewhere."""
    import zmq

    from segue.service.auth import InsecureBindError

    async def main() -> None:
        loop = asyncio.get_running_loop()

        def stop(number: int, frame: Any) -> None:
            loop.call_soon_threadsafe(service.stop)

        for name in ("SIGINT", "SIGTERM", "SIGBREAK"):
            if hasattr(signal, name):
                signal.signal(getattr(signal, name), stop)
        await service.run()

    try:
        with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
            runner.run(main())
    except (zmq.ZMQError, OSError, InsecureBindError) as error:
        complain([f"cannot serve: {error}"])
        return _BAD_INPUT
    return 0


def _announce(addresses: Sequence[str]) -> None:
    """One line for whoever started it: the last word is an address."""
    say(f"serving on {' '.join(addresses)}")
    sys.stdout.flush()
