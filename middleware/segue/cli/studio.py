"""Play, see and change a rule file in the browser.

The page has the rule file with mistakes under the words, controls for the inputs, the states as graphs with what led to
each change and what did not, and a timeline. From any moment of the session it shows and plays what would have come
under other inputs or rules. It is served from this machine to this machine alone, and loads nothing from the network.
"""

from __future__ import annotations

import argparse
import time
import webbrowser
from pathlib import Path
from typing import Final, NoReturn

from segue.cli.console import BAD_INPUT, flush, print_lines, print_problems
from segue.extras import missing_text
from segue.file_kinds import FileKind, FilesError, file_kind, require_file
from segue.signals import exit_if_signalled

EXAMPLES: Final = """examples:
  segue studio meadow.yaml
  segue studio meadow.yaml --no-browser --port 7729
  segue studio meadow.yaml --follow recordings/    shows the session that plays in a game
"""
_POLL_S: Final = 0.25


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("rules", metavar="RULES", type=Path, help="a rule file")
    parser.add_argument("--port", type=_port, default=0, help="of the page; default: any that is free")
    parser.add_argument("--no-browser", action="store_true", help="print the page's address, and open no browser")
    parser.add_argument(
        "--follow",
        metavar="PATH",
        type=Path,
        help="show the session that plays in a game, by its recording, or the newest in a folder of recordings",
    )


def run(arguments: argparse.Namespace) -> int:
    missing = missing_text("studio")
    if missing:
        print_problems([f"segue studio: {missing}"])
        return BAD_INPUT
    from segue.play.local_service import ServiceError
    from segue.studio.server import StudioError

    try:
        _serve(arguments)
    except FilesError as error:
        print_problems(error.problems)
        return BAD_INPUT
    except (ServiceError, StudioError) as error:
        print_problems([error])
        return BAD_INPUT


def _serve(arguments: argparse.Namespace) -> NoReturn:
    """Serve until a signal. Raises: FilesError, ServiceError, StudioError: as `segue.studio.server.studio`."""
    from segue.cli.describe import description
    from segue.follow.followed import newest_recording
    from segue.studio.server import studio

    rules = require_file(arguments.rules)
    if file_kind(rules) is not FileKind.RULES:
        raise FilesError([f"{rules}: expected a rule file ({FileKind.RULES.value})"])
    follow = None if arguments.follow is None else require_file(newest_recording(arguments.follow))
    print_problems(["starting …"])
    with studio(rules, description, port=arguments.port, follow=follow) as served:
        print_lines(f"studio on {served.address}")
        flush()
        print_problems(["whoever has this address can change the rule file; Ctrl-C ends the studio"])
        if not arguments.no_browser:
            webbrowser.open(served.address)
        told = False
        while True:
            exit_if_signalled()
            ended = None if told else served.ended()
            if ended is not None:
                # The page may hold a text that is not saved, so it stays.
                print_problems([f"the service has ended; save in the page, and start the studio anew:\n{ended}"])
                told = True
            time.sleep(_POLL_S)


def _port(text: str) -> int:
    """Parse a port. Raises: argparse.ArgumentTypeError."""
    if not text.isascii() or not text.isdecimal() or not 0 <= int(text) <= 65_535:
        raise argparse.ArgumentTypeError(f"expected a port from 0 to 65535, got '{text}'")
    return int(text)
