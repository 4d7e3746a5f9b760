"""Measure the start of a service: processor time until it serves, and how long the first client waits for sound.

A service that was killed must be back before its clients' buffers are empty, on a busy machine, too. So the processor
time is also given as a ratio to that of `python -c "import numpy"`, measured in turn with it.
"""

from __future__ import annotations

import argparse
import math
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from segue.cli.console import BAD_INPUT, DONE, print_lines
from segue.file_kinds import library_folder

_FIRST_SOUND_S: Final = 30.0
_POLL_S: Final = 0.002
_BLOCK: Final = 96
_NUMPY: Final = (sys.executable, "-c", "import numpy")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "rules", metavar="RULES", nargs="?", type=Path, help="a rule file (else emberwood of the library)"
    )
    parser.add_argument("--times", metavar="N", type=int, default=5, help="how often; the least is printed (5)")


def run(arguments: argparse.Namespace) -> int:
    path = arguments.rules or library_folder() / "emberwood" / "emberwood.yaml"
    serve = [sys.executable, "-m", "segue", "serve", str(path), "--bind", "tcp://127.0.0.1:0"]
    serve += ["--log-level", "error"]
    numpy_s, start_s, sound_s = math.inf, math.inf, math.inf
    for _ in range(max(1, arguments.times)):
        numpy_s = min(numpy_s, _until_ended(_NUMPY))
        measured = _until_serving(serve)
        if measured is None:
            return BAD_INPUT
        start_s, sound_s = min(start_s, measured[0]), min(sound_s, measured[1])
    print_lines(
        f"{path.name}, the least of {arguments.times}",
        f"  import numpy         {numpy_s:>6.2f} s of processor time",
        f"  until it serves      {start_s:>6.2f} s of processor time, {start_s / numpy_s:.1f} times as much",
        f"  hello to first sound {sound_s:>6.2f} s",
    )
    return DONE


def _until_ended(command: Sequence[str]) -> float:
    """Processor seconds of a whole process."""
    before = _children_s()
    subprocess.run(command, check=True)
    return _children_s() - before


def _until_serving(command: Sequence[str]) -> tuple[float, float] | None:
    """Processor seconds until a service serves, and seconds from a hello to the first sound.

    None if the service does not start; its own output says why.
    """
    # The processor time of a process is known when it has ended: a second one plays.
    before = _children_s()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        if not process.stdout.readline():
            return None
        process.kill()
    start_s = _children_s() - before
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            return start_s, _first_sound_s(process.stdout.readline().split()[-1])
        finally:
            process.kill()


def _first_sound_s(address: str) -> float:
    """Seconds from a client's hello until it has sound."""
    from segue_sdk.client import SegueClient
    from segue_sdk.messages import Hello

    begun = time.monotonic()
    client = SegueClient(address, Hello(versions=(1,), client="bench"))
    try:
        while not client.player.position.have:
            if time.monotonic() - begun > _FIRST_SOUND_S:
                raise TimeoutError("the service gave no music")
            # The service sends music to a client that plays.
            client.player.read_array(_BLOCK)
            time.sleep(_POLL_S)
        return time.monotonic() - begun
    finally:
        client.close()


def _children_s() -> float:
    """Processor seconds of all children that have ended."""
    try:
        import resource
    except ImportError:
        # Windows has no such figure.
        return math.nan
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
