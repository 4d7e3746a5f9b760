"""Show how a text or a recording is read as a style: its profile on every axis, and what each part was read from.

PROMPT is the text of a prompt (several words are joined), or a sound file. With -o, it is also played into a file.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from segue.cli.arguments import duration, seed
from segue.cli.console import BAD_INPUT, DONE, os_error_text, print_json, print_lines, print_problems

if TYPE_CHECKING:
    from segue.style.reader import StyleReading

EXAMPLES: Final = """examples:
  segue style "jazz noir detective, 96 bpm, no drums"
  segue style solo cello in D minor -o cello.wav
  segue style prompt.ogg --json
"""
_UNITS: Final = {
    "tempo_bpm": " bpm",
    "meter": " beats a bar",
    "register": " semitones",
    "low_pass_hz": " Hz",
    "bits": " bits",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("prompt", metavar="PROMPT", nargs="+", help="a text, or a sound file")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument(
        "-o", "--output", metavar="FILE", type=Path, help="also play it into WAV, FLAC or OGG, by extension"
    )
    parser.add_argument(
        "--duration", dest="duration_s", metavar="TIME", type=duration, default=20.0, help="how long to play (20s)"
    )
    parser.add_argument("--seed", type=seed, default=0, help="of the music that is played (0)")


def run(arguments: argparse.Namespace) -> int:
    from segue.audio.files import AudioFileError
    from segue_rules.loading.grammar_music import AUDIO

    text = " ".join(arguments.prompt)
    path = Path(text)
    suffixes = [f".{suffix}" for suffix in AUDIO.suffixes]
    sound = path if path.suffix.lower() in suffixes else None
    if sound is None and _is_place(text, path):
        print_problems([f"{path}: expected a sound file ({', '.join(suffixes)}) or a text"])
        return BAD_INPUT
    try:
        reading = _reading(text, sound)
    except AudioFileError as error:
        print_problems([error])
        return BAD_INPUT
    except (ValueError, NotImplementedError) as error:
        print_problems([f"{sound}: {error}" if sound else error])
        return BAD_INPUT
    if arguments.json:
        print_json(record(text, reading))
    else:
        print_lines(*table(reading))
    print_problems(f"warning: {warning}" for warning in reading.warnings)
    if arguments.output is None:
        return DONE
    return _play(arguments, text, sound)


def _is_place(text: str, path: Path) -> bool:
    """Whether a prompt means a file: a folder of its name does not make "jazz" one."""
    try:
        return path.is_file() or ("/" in text and path.exists())
    except (OSError, ValueError):
        return False  # too long for a name, or with a zero byte


def _reading(text: str, sound: Path | None) -> StyleReading:
    from segue.style.reader import StyleReader
    from segue.style.word_table import WordEncoder
    from segue_rules.loading.limits import LONGEST_PROMPT

    reader = StyleReader([WordEncoder()])
    if sound is None:
        if len(text) > LONGEST_PROMPT:
            # Rule files have the same limit, and playing one is how -o plays it.
            raise ValueError(f"text: expected up to {LONGEST_PROMPT} characters, got {len(text)}")
        return reader.read_text(text)
    from segue.audio.files import MOST_PROMPT_S, read_audio

    return reader.read_audio(read_audio(sound, max_seconds=MOST_PROMPT_S, excerpt=True))


def _play(arguments: argparse.Namespace, text: str, sound: Path | None) -> int:
    from segue.file_kinds import FilesError
    from segue.render.file_checks import OutputsError
    from segue.render.request import RequestError
    from segue.render.style import write_style
    from segue_rules.errors import RuleError

    try:
        summary = write_style(
            None if sound else text, sound, arguments.output, duration_s=arguments.duration_s, seed=arguments.seed
        )
    except (RuleError, FilesError, OutputsError) as error:
        print_problems(error.problems)
        return BAD_INPUT
    except RequestError as error:
        print_problems([error])
        return BAD_INPUT
    except OSError as error:
        print_problems([os_error_text(error)])
        return BAD_INPUT
    if not arguments.json:
        print_lines("", *summary.lines)
    return DONE


def record(text: str, reading: StyleReading) -> dict[str, Any]:
    """Return a reading as a JSON object."""
    from segue.runtime.styles import style_meter
    from segue.style_profile import StyleProfile
    from segue_rules.meters import groups_of

    profile = {name: getattr(reading.profile, name) for name in StyleProfile.__dataclass_fields__}
    profile["ensemble"] = {role: list(names) for role, names in reading.profile.ensemble.by_role()}
    return {
        "prompt": text,
        "profile": profile,
        "key": reading.profile.key,
        "groups": list(groups_of(style_meter(reading.profile.meter, [(reading, 1.0)]))),
        "sources": [{"axis": source.axis, "value": source.value, "words": source.words} for source in reading.sources],
        "nearest": [{"style": name, "likeness": likeness} for name, likeness in reading.nearest],
        "likeness": round(reading.similarity, 4),
        "unknown_words": list(reading.unknown_words),
        "warnings": [{"code": warning.code, "text": warning.text} for warning in reading.warnings],
    }


def table(reading: StyleReading) -> list[str]:
    """Return a reading as the lines of a table: axis, value, where from."""
    from segue.style_profile import StyleProfile

    base = reading.sources[0]
    read_from: dict[str, list[str]] = {}
    for source in reading.sources[1:]:
        read_from.setdefault(source.axis, []).append(source.words)
    rows = [("style", base.value, base.words)]
    rows += [("near", f"{name}, likeness {likeness:.2f}", "") for name, likeness in reading.nearest[1:]]
    rows += [(role, ", ".join(names) or "-", "") for role, names in reading.profile.ensemble.by_role()]
    rows.append(("players", "", _joined(read_from.pop("ensemble", []))))
    for axis in StyleProfile.__dataclass_fields__:
        if axis != "ensemble":
            name = "chords" if axis == "harmony" else axis.removesuffix("_bpm").removesuffix("_hz")
            rows.append((name, _shown(reading, axis), _joined(read_from.pop(axis, []))))
    rows += [(axis, "", _joined(words)) for axis, words in read_from.items()]
    widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
    return [f"{row[0]:{widths[0]}}  {row[1]:{widths[1]}}  {row[2]}".rstrip() for row in rows]


def _shown(reading: StyleReading, axis: str) -> str:
    value = getattr(reading.profile, axis)
    if axis == "percussion" and reading.profile.groove == "none":
        return "-"
    if axis == "tempo_bpm":
        value = round(value, 1)
    text = f"{value if isinstance(value, str) else f'{value:g}'}{_UNITS.get(axis, '')}"
    return text + _grouping(reading) if axis == "meter" else text


def _grouping(reading: StyleReading) -> str:
    """Return the groups of a bar whose time signature the text says, such as ", 2+2+3"."""
    from segue.runtime.styles import style_meter
    from segue_rules.meters import groups_of, meter_text

    meter = style_meter(reading.profile.meter, [(reading, 1.0)])
    return f", {meter_text(meter)}" if groups_of(meter) else ""


def _joined(words: list[str]) -> str:
    return ", ".join(dict.fromkeys(words))
