"""Render a soundtrack offline: the same rules, events and seed give the same sound.

An event script says what the game sends and when. With --live, a game is simulated with its buffer, generation time and
latency; with --recording, a recorded session is played again to the byte.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Final

from segue.cli.arguments import CONTINUE_HELP, WEIGHTS_HELP, duration, factor, seed
from segue.cli.console import BAD_INPUT, DONE, os_error_text, print_lines, print_problems
from segue.generators import PLAYABLE
from segue.signals import exit_if_signalled
from segue_rules.model import FRAME_RATE

if TYPE_CHECKING:
    from segue.render.request import PreviewRequest

EXAMPLES: Final = """examples:
  segue preview meadow.yaml -o meadow.wav
  segue preview meadow.yaml --events fight.events.yaml --report fight.html -o fight.flac
  segue preview meadow.yaml --live --lookahead 2s --record fight.jsonl -o fight.wav
  segue preview meadow.yaml --recording fight.jsonl -o again.wav
"""
_POLL_S: Final = 0.5


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("rules", metavar="RULES", type=Path, help="the rule file")
    parser.add_argument(
        "--events", metavar="FILE", type=Path, help="an event script, YAML or JSON lines (else NAME.events.yaml)"
    )
    parser.add_argument("--no-events", action="store_true", help="play no events, even if NAME.events.yaml is there")
    parser.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        type=Path,
        default=Path("preview.wav"),
        help="WAV, FLAC or OGG by extension (preview.wav)",
    )
    parser.add_argument(
        "--duration",
        dest="duration_s",
        metavar="TIME",
        type=duration,
        help="how long, such as 90s or 2min (else 12s more than the last event)",
    )
    parser.add_argument("--seed", type=seed, help="default: the rule file's")
    parser.add_argument("--generator", choices=PLAYABLE, default=PLAYABLE[0], help="what plays")
    parser.add_argument("--weights", metavar="FILE", help=WEIGHTS_HELP)
    parser.add_argument("--continue-from", metavar="FILE", type=Path, help=CONTINUE_HELP)
    parser.add_argument("--soundfont", metavar="FILE", type=Path, help="an SF2 or SF3 to play instead of the orchestra")
    parser.add_argument("--stems", metavar="FOLDER", type=Path, help="also write drums, bass, harmony, melody, texture")
    parser.add_argument("--midi", metavar="FILE", type=Path, help="also write tracks, tempo map and markers for a DAW")
    parser.add_argument(
        "--report", metavar="FILE", type=Path, help="also write a page that shows what happened and why"
    )
    parser.add_argument("--watch", action="store_true", help="render again whenever a file changes")
    parser.add_argument("--quiet", action="store_true", help="no progress")
    live = parser.add_argument_group("live simulation")
    live.add_argument("--live", action="store_true", help="simulate a game: buffer, generation time, replacements")
    live.add_argument(
        "--lookahead", dest="lookahead_s", metavar="TIME", type=duration, help="how much music is buffered ahead (4s)"
    )
    live.add_argument("--generation", metavar="FACTOR", type=factor, help="seconds to make a second (0.1)")
    live.add_argument("--record", metavar="FILE", type=Path, help="write the session's recording")
    live.add_argument("--recording", metavar="FILE", type=Path, help="play a recording instead of events")


def run(arguments: argparse.Namespace) -> int:
    from segue.render.request import PreviewRequest, RequestError

    try:
        request = PreviewRequest(**{field.name: getattr(arguments, field.name) for field in fields(PreviewRequest)})
        if arguments.watch and request.recording:
            raise RequestError("--watch has no effect with --recording: a recording does not change")
    except RequestError as error:
        print_problems([error])
        return BAD_INPUT
    from segue.render.writing import watched_files

    code = _once(request, quiet=arguments.quiet)
    while arguments.watch:
        before = watched_files(request)
        while watched_files(request) == before:
            time.sleep(_POLL_S)
        code = _once(request, quiet=arguments.quiet)
    return code


def _once(request: PreviewRequest, *, quiet: bool) -> int:
    from segue.audio.files import AudioFileError
    from segue.contract import GeneratorError
    from segue.render.writing import write_preview
    from segue.runtime.recording import RecordingError
    from segue.score.sampler.soundfont import SoundFontError
    from segue_yaml.report import ProblemsError

    started = time.monotonic()
    try:
        summary = write_preview(request, _progress(started, quiet=quiet))
    except ProblemsError as error:
        print_problems(error.problems)
        return BAD_INPUT
    except BrokenPipeError:
        raise
    except OSError as error:
        print_problems([os_error_text(error)])
        return BAD_INPUT
    except (AudioFileError, GeneratorError, SoundFontError, RecordingError) as error:
        print_problems([error])
        return BAD_INPUT
    print_problems(summary.warnings)
    if not quiet:
        seconds = max(time.monotonic() - started, 1e-6)
        speed = f"{summary.seconds:.1f} s in {seconds:.1f} s, {summary.seconds / seconds:.1f} x real time"
        print_lines(*summary.lines, speed)
    return DONE


def _progress(started: float, *, quiet: bool) -> Callable[[int], None]:
    """Shows the frames done on a terminal, at most ten times a second; ends the command if a signal has come."""
    last = [0.0]
    shown = not quiet and sys.stderr.isatty()

    def step(frames: int) -> None:
        exit_if_signalled()
        now = time.monotonic()
        if shown and now - last[0] >= 0.1:
            last[0] = now
            seconds = frames / FRAME_RATE
            sys.stderr.write(f"\r{seconds:7.1f} s  {seconds / max(now - started, 1e-6):5.1f} x real time ")
            sys.stderr.flush()

    return step
