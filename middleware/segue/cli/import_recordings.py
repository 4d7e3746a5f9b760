"""Read a folder of recordings, and write the `clips:` of a rule file for them.

Tempo, bars, key, level and the seams of loops are measured. What names say, such as siege_120bpm_Dm.wav, and the loops
and cue points of WAV files are believed. Comments say what was found, and what to check by ear.
"""

from __future__ import annotations

import argparse
import os
import re
from pathlib import Path
from typing import Final

from segue.cli.console import BAD_INPUT, DONE, print_lines, print_problems, print_text

EXAMPLES: Final = """examples:
  segue import stems                           print the clips
  segue import stems -o siege_clips.yaml       write a file, for include: [siege_clips.yaml]
  segue import stems --tempo 120bpm --beats 3
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", metavar="FOLDER", type=Path, help="recordings, also in folders below it")
    parser.add_argument(
        "-o", "--output", metavar="FILE", type=Path, help="write a rule file of clips instead of printing them"
    )
    parser.add_argument("--tempo", metavar="TEMPO", type=_tempo, help="of all recordings, such as 120bpm")
    parser.add_argument("--beats", metavar="N", type=_beats, help="of a bar, of all recordings")
    parser.add_argument("--key", metavar="KEY", type=_key, help='of all recordings, such as "D minor"')


def run(arguments: argparse.Namespace) -> int:
    from segue.atomic import replacing
    from segue.clip_import import Hints, clips_text, read_folder, rule_file_text

    folder, output = arguments.folder, arguments.output
    if not folder.is_dir():
        found = "a file" if folder.exists() else "nothing"
        print_problems([f"{folder}: expected a folder of recordings, found {found}"])
        return BAD_INPUT
    base = Path() if output is None else output.parent
    if os.path.relpath(folder.resolve(), base.resolve()).startswith(os.pardir):
        place = "the folder that you are in" if output is None else f"the folder of {output}"
        print_problems([f"{folder}: lies outside {place}; a rule file names recordings beside or below itself"])
        return BAD_INPUT
    if output is not None and os.path.lexists(output):
        print_problems([f"{output}: is there already; nothing was written"])
        return BAD_INPUT
    found_folder = read_folder(folder, Hints(tempo_bpm=arguments.tempo, beats=arguments.beats, key=arguments.key or ""))
    print_problems(found_folder.problems)
    if not found_folder.clips:
        print_problems([f"{folder}: holds no recording that can be read"])
        return BAD_INPUT
    if output is None:
        print_text(clips_text(found_folder.clips, base))
    else:
        with replacing(output) as new:
            new.write_text(rule_file_text(found_folder.clips, base, f"Found in {folder.name}."), "utf-8")
        count = len(found_folder.clips)
        print_lines(
            f"wrote {output}: {count} clip{'s' if count != 1 else ''}; include it with include: [{output.name}]"
        )
    return BAD_INPUT if found_folder.problems else DONE


def _tempo(text: str) -> float:
    from segue_rules.controls import TEMPO

    match = re.fullmatch(r"([0-9]{1,3}(?:\.[0-9]{1,3})?) ?(?:bpm)?", text)
    if match is None or not TEMPO.low <= float(match[1]) <= TEMPO.high:
        raise argparse.ArgumentTypeError(f"expected a tempo from {TEMPO.low}bpm to {TEMPO.high}bpm, got {text!r}")
    return float(match[1])


def _beats(text: str) -> int:
    from segue_rules.controls import METER

    if not re.fullmatch("[0-9]{1,2}", text) or not METER.low <= int(text) <= METER.high:
        raise argparse.ArgumentTypeError(f"expected a whole number from {METER.low} to {METER.high}, got {text!r}")
    return int(text)


def _key(text: str) -> str:
    from segue_rules.loading.rule_kinds import KeySignature
    from segue_yaml.nodes import NOWHERE, Scalar
    from segue_yaml.report import Report

    key = KeySignature().read(Scalar(mark=NOWHERE, value=text, text=text), Report().scope())
    if key is None or isinstance(key, str):
        raise argparse.ArgumentTypeError(f"expected a key such as D minor, F# dorian or Bb major, got {text!r}")
    return str(key)
