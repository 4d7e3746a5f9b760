"""Render a soundtrack offline: the same rules, the same events and the same seed give the same sound.

An event script says what the game sends and when. With --live, the game is simulated with its buffer, its generation
time and its latency; with --recording, a recorded session is played again to the byte.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from segue.cli.ending import end_if_asked
from segue.cli.output import complain, complain_of, say, words
from segue.cli.parts import GENERATORS
from segue.cli.seeds import seed

HELP: Final = "render a soundtrack to a sound file"

_MOST_S: Final = 6 * 3600.0
_MOST_FACTOR: Final = 1000.0
_POLL_S: Final = 0.5
_BAD_INPUT: Final = 2


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("rules", metavar="RULES", type=Path, help="the rule file")
    parser.add_argument(
        "--events", metavar="FILE", type=Path, help="an event script, YAML or JSON lines (else NAME.events.yaml)"
    )
    parser.add_argument("--no-events", action="store_true", help="play no events, even if NAME.events.yaml is there")
    parser.add_argument(
        "-o", "--output", metavar="FILE", type=Path, default=Path("preview.wav"), help="WAV, FLAC or OGG by extension"
    )
    parser.add_argument("--duration", metavar="SECONDS", type=_seconds, help="default: 12 s after the last event")
    parser.add_argument("--seed", type=seed, help="default: the rule file's")
    parser.add_argument("--generator", choices=GENERATORS, default=GENERATORS[0])
    parser.add_argument("--soundfont", metavar="FILE", type=Path, help="an SF2 or SF3 to play instead of the orchestra")
    parser.add_argument("--stems", metavar="FOLDER", type=Path, help="also write drums, bass, harmony, melody, texture")
    parser.add_argument("--midi", metavar="FILE", type=Path, help="also write the notes as a Standard MIDI File")
    parser.add_argument(
        "--report", metavar="FILE", type=Path, help="also write a page that shows what happened and why"
    )
    parser.add_argument("--watch", action="store_true", help="render again whenever a file changes")
    parser.add_argument("--quiet", action="store_true", help="no progress")
    live = parser.add_argument_group("live simulation")
    live.add_argument("--live", action="store_true", help="simulate a game: buffer, generation time, replacements")
    live.add_argument("--lookahead", metavar="SECONDS", type=_seconds, help="buffered ahead (4)")
    live.add_argument("--generation", metavar="FACTOR", type=_factor, help="seconds to make a second (0.1)")
    live.add_argument("--record", metavar="FILE", type=Path, help="write the session's recording")
    live.add_argument("--recording", metavar="FILE", type=Path, help="play a recording instead of events")


def run(arguments: argparse.Namespace) -> int:
    from segue.cli.preview_request import contradiction

    problem = contradiction(arguments)
    if problem:
        complain([problem])
        return _BAD_INPUT
    from segue.cli.previewing import watched

    code = _once(arguments)
    while arguments.watch:
        before = watched(arguments)
        while watched(arguments) == before:
            time.sleep(_POLL_S)
        code = _once(arguments)
    return code


def _once(arguments: argparse.Namespace) -> int:
    from segue.audio.files import AudioFileError
    from segue.cli.outputs import OutputsError
    from segue.cli.previewing import preview
    from segue.runtime.recording import RecordingError
    from segue.score.sampler.soundfont import SoundFontError
    from segue_rules.errors import RuleError

    started = time.monotonic()
    try:
        result = preview(arguments, _progress(arguments.quiet, started))
    except RuleError as error:
        complain_of(error)
        return _BAD_INPUT
    except OutputsError as error:
        complain(error.problems)
        return _BAD_INPUT
    except BrokenPipeError:
        raise
    except OSError as error:
        complain([words(error)])
        return _BAD_INPUT
    except (AudioFileError, SoundFontError, RecordingError) as error:
        complain([error])
        return _BAD_INPUT
    complain(result.warnings)
    if not arguments.quiet:
        seconds = max(time.monotonic() - started, 1e-6)
        say(*result.told, f"{result.seconds:.1f} s in {seconds:.1f} s, {result.seconds / seconds:.1f} x real time")
    return 0


def _progress(quiet: bool, started: float) -> Callable[[int], None]:
    """Tells frames done on a terminal, at most ten times a second, and ends where a signal asked for it."""
    last = [0.0]
    told = not quiet and sys.stderr.isatty()

    def step(frames: int) -> None:
        end_if_asked()
        now = time.monotonic()
        if told and now - last[0] >= 0.1:
            last[0] = now
            seconds = frames / 25
            sys.stderr.write(f"\r{seconds:7.1f} s  {seconds / max(now - started, 1e-6):5.1f} x real time ")
            sys.stderr.flush()

    return step


def _factor(text: str) -> float:
    """A number above 0. Raises: ArgumentTypeError."""
    try:
        factor = float(text)
    except ValueError:
        factor = -1.0
    if not 0 < factor <= _MOST_FACTOR:
        raise argparse.ArgumentTypeError(f"expected a number above 0 and up to {_MOST_FACTOR:g}, got {text!r}")
    return factor


def _seconds(text: str) -> float:
    """A number of seconds, with or without the unit. Raises: ArgumentTypeError."""
    try:
        seconds = float(text.removesuffix("s"))
    except ValueError:
        seconds = -1.0
    if not 0 < seconds <= _MOST_S:
        raise argparse.ArgumentTypeError(f"expected seconds up to {_MOST_S:.0f}, such as 90 or 90s, got {text!r}")
    return seconds
