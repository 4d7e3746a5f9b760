"""Bake a soundtrack for platforms where no service can run: loops of sound, and the rules as data.

Each combination of states gets a loop of whole bars that goes on into itself; combinations that sound alike share one.
The manifest bake.json says which loop plays when: the Godot node SegueBaked follows it from inputs and triggers, as the
service would.
"""

from __future__ import annotations

import argparse
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from segue.cli.arguments import names, seed
from segue.cli.console import BAD_INPUT, DONE, os_error_text, print_lines, print_problems
from segue.signals import exit_if_signalled

EXAMPLES: Final = """examples:
  segue bake meadow.yaml --dry-run             print the loops, their lengths and sizes
  segue bake meadow.yaml -o game/music         write them
  segue bake meadow.yaml --layers place,action --input threat=0,0.5,1 --format ogg --size 40MB -o game/music
"""
_UNITS: Final = {"KB": 1_000, "MB": 1_000_000, "GB": 1_000_000_000}
_MOST_BARS: Final = 64
_MOST_LOOPS: Final = 512


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("rules", metavar="RULES", type=Path, help="the rule file")
    parser.add_argument(
        "-o", "--output", metavar="FOLDER", type=Path, help="a new folder, or one of an earlier bake (NAME_bake)"
    )
    parser.add_argument("--format", choices=("wav", "ogg"), help="of the sound files (wav)")
    parser.add_argument(
        "--for",
        dest="engine",
        choices=("godot",),
        help="also write bake.tres, an AudioStreamInteractive that needs no script; its sounds are Ogg files",
    )
    parser.add_argument("--bars", metavar="N", type=_count_to(_MOST_BARS), default=8, help="of each loop (8)")
    parser.add_argument(
        "--layers", metavar="NAMES", type=names, help="the layers that are baked, with commas; the others stay at rest"
    )
    parser.add_argument(
        "--input",
        dest="inputs",
        metavar="NAME=VALUES",
        type=_sampled,
        action="append",
        default=[],
        help="values at which an input is baked that the sound follows, with commas (the ends of its curves)",
    )
    parser.add_argument("--stems", action="store_true", help="also write drums, bass, harmony, melody, texture")
    parser.add_argument("--loops", metavar="N", type=_count_to(_MOST_LOOPS), default=64, help="the most loops (64)")
    parser.add_argument("--size", metavar="SIZE", type=_size, help="the most that all files may take, such as 40MB")
    parser.add_argument("--seed", type=seed, help="default: the rule file's")
    parser.add_argument("--dry-run", action="store_true", help="print what would be written, and write nothing")
    parser.add_argument("--quiet", action="store_true", help="no table and no progress")


def run(arguments: argparse.Namespace) -> int:
    from segue.audio.files import AudioFileError
    from segue.bake.baking import BakeRequest, check_limits, plan_bake, table, write_bake
    from segue.bake.scenes import BakeError
    from segue.contract import GeneratorError
    from segue.file_kinds import require_file
    from segue_yaml.report import ProblemsError

    rules = arguments.rules
    if arguments.engine and arguments.format == "wav":
        print_problems(["--for godot takes no --format wav: Godot knows the beats of Ogg files alone"])
        return BAD_INPUT
    inputs = dict(arguments.inputs)
    if len(inputs) < len(arguments.inputs):
        print_problems(["--input: expected each input once, with all its values: --input threat=0,0.5,1"])
        return BAD_INPUT
    request = BakeRequest(
        rules=rules,
        output=arguments.output or rules.parent / f"{rules.stem}_bake",
        format=arguments.format or ("ogg" if arguments.engine else "wav"),
        bars=arguments.bars,
        layers=arguments.layers,
        inputs=inputs,
        stems=arguments.stems,
        most_loops=arguments.loops,
        most_bytes=arguments.size,
        seed=arguments.seed,
        godot=arguments.engine is not None,
    )
    try:
        require_file(rules)
        bake = plan_bake(request)
        print_problems(bake.warnings)
        if not arguments.quiet:
            print_lines(*table(bake))
        check_limits(bake)
        if arguments.dry_run:
            return DONE
        started = time.monotonic()
        progress = _Progress(len(bake.loops), shown=not arguments.quiet and sys.stderr.isatty())
        written = write_bake(bake, progress)
    except ProblemsError as error:
        print_problems(error.problems)
        return BAD_INPUT
    except BrokenPipeError:
        raise
    except OSError as error:
        print_problems([os_error_text(error)])
        return BAD_INPUT
    except (AudioFileError, BakeError, GeneratorError) as error:
        print_problems([error])
        return BAD_INPUT
    if not arguments.quiet:
        size = sum(path.stat().st_size for path in written) / 1e6
        seconds = time.monotonic() - started
        print_lines(f"wrote {len(written)} files, {size:.1f} MB, to {request.output} in {seconds:.1f} s")
    return DONE


class _Progress:
    """Shows on a terminal which loop is rendered; ends the command if a signal has come."""

    def __init__(self, loops: int, *, shown: bool) -> None:
        self._loops, self._shown, self._last = loops, shown, -1

    def __call__(self, loop: int, frames: int) -> None:
        exit_if_signalled()
        if self._shown and loop != self._last:
            self._last = loop
            sys.stderr.write(f"\rloop {loop + 1} of {self._loops} ")
            sys.stderr.flush()


def _count_to(most: int) -> Callable[[str], int]:
    def count(text: str) -> int:
        if not re.fullmatch("[0-9]{1,4}", text) or not 1 <= int(text) <= most:
            raise argparse.ArgumentTypeError(f"expected a whole number from 1 to {most}, got {text!r}")
        return int(text)

    return count


def _sampled(text: str) -> tuple[str, tuple[float, ...]]:
    name, equals, values = text.partition("=")
    try:
        points = tuple(float(value) for value in values.split(","))
    except ValueError:
        points = ()
    if not name or not equals or not 1 <= len(points) <= 16 or any(point - point != 0 for point in points):
        raise argparse.ArgumentTypeError(f"expected NAME=VALUE,… with 1 to 16 numbers, got {text!r}")
    return name, points


def _size(text: str) -> int:
    match = re.fullmatch(r"([0-9]{1,6}(?:\.[0-9]{1,3})?) ?([KMG]B)", text)
    if match is None or not float(match[1]) > 0:
        raise argparse.ArgumentTypeError(f"expected a size such as 40MB or 1.5GB, got {text!r}")
    return round(float(match[1]) * _UNITS[match[2]])
