"""What a preview is asked for: options that go together, the event script, and files it must not write over."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from segue.cli.files import Kind, sibling
from segue.cli.named_sounds import named_sounds
from segue.cli.outputs import Named, check_outputs
from segue_rules.model import Rules

LOOKAHEAD_S: Final = 4.0
LOOKAHEADS_S: Final = (0.2, 30.0)
"""What a session takes."""
GENERATION: Final = 0.1
FAMILIES: Final = ("drums", "bass", "harmony", "melody", "texture")

# Option -> the option that leaves it without effect. A recording says itself what was sent, when and for how long.
_WITHOUT_EFFECT: Final = (
    ("stems", "live", "stems are written of what is rendered straight"),
    ("stems", "recording", "stems are written of what is rendered straight"),
    ("events", "no_events", "choose one"),
    ("events", "recording", "the recording holds its events"),
    ("no_events", "recording", "the recording holds its events"),
    ("seed", "recording", "the recording holds its seed"),
    ("duration", "recording", "the recording holds its length"),
    ("live", "recording", "the recording holds what was heard when"),
    ("record", "recording", "it is a recording already; copy it"),
    ("watch", "recording", "a recording does not change"),
)
_LIVE_ONLY: Final = ("lookahead", "generation")


def contradiction(arguments: argparse.Namespace) -> str:
    """Options that cannot be meant together, or that this installation cannot do; "" if all is well."""
    for option, other, why in _WITHOUT_EFFECT:
        if _given(arguments, option) and _given(arguments, other):
            return f"{_flag(option)} has no effect with {_flag(other)}: {why}"
    recording = arguments.recording
    if recording and recording.exists() and not recording.is_file():
        return f"--recording: {recording}: expected a file, got {'a folder' if recording.is_dir() else 'a device'}"
    for option in _LIVE_ONLY:
        if _given(arguments, option) and not arguments.live:
            return f"{_flag(option)} has no effect without --live"
    if arguments.lookahead is not None and not LOOKAHEADS_S[0] <= arguments.lookahead <= LOOKAHEADS_S[1]:
        return f"--lookahead: expected {LOOKAHEADS_S[0]:g} to {LOOKAHEADS_S[1]:g} seconds, got {arguments.lookahead:g}"
    if arguments.report:
        missing = [package for package in ("bokeh", "jinja2") if find_spec(package) is None]
        if missing:
            packages = " and ".join(missing)
            return f"--report needs the package{'s'[: len(missing) - 1]} {packages}: pip install 'segue[report]'"
    return ""


def script_of(arguments: argparse.Namespace) -> Path | None:
    """The event script: the one that is named, or else the one beside the rules, as `segue timeline` takes it."""
    if arguments.events or arguments.no_events or arguments.recording:
        return Path(arguments.events) if arguments.events else None
    if not arguments.rules.is_file():
        return None
    beside = sibling(arguments.rules, Kind.EVENTS)
    return beside if beside.exists() else None


def outputs_of(arguments: argparse.Namespace) -> list[Named]:
    """Every file that is to be written, the sound first."""
    named = [Named(what="--output", path=arguments.output)]
    if arguments.stems:
        stems = (stem(arguments.stems, family, arguments.output) for family in FAMILIES)
        named += [Named(what="--stems", path=path) for path in stems]
    for option in ("midi", "report", "record"):
        path = getattr(arguments, option)
        if path:
            named.append(Named(what=f"--{option}", path=path))
    return named


def check_files(arguments: argparse.Namespace, *loaded: Rules) -> None:
    """Refuse to write over what is read. loaded: rules that are known by now, with what they name.

    Raises: OutputsError.
    """
    check_outputs(_inputs(arguments, loaded), outputs_of(arguments), folder=arguments.stems)


def stem(folder: Path, family: str, output: Path) -> Path:
    """The file of one family's stem."""
    return folder / f"{output.stem}.{family}{output.suffix}"


def _inputs(arguments: argparse.Namespace, loaded: tuple[Rules, ...]) -> Iterator[Named]:
    yield Named(what="the rule file", path=arguments.rules)
    script = script_of(arguments)
    for what, path in (
        ("the event script", script),
        ("the soundfont", arguments.soundfont),
        ("the recording", arguments.recording),
        ("the folder of --stems", arguments.stems),
    ):
        if path:
            yield Named(what=what, path=path)
    for rules in loaded:
        yield from files_of(rules)


def files_of(rules: Rules) -> Iterator[Named]:
    """Every file that rules were loaded from or name."""
    for path in rules.files:
        yield Named(what="a rule file", path=path)
    for sound in named_sounds(rules):
        yield Named(what=f"the sound of {sound.where}", path=sound.path)


def _given(arguments: argparse.Namespace, option: str) -> bool:
    value = getattr(arguments, option)
    return value is not None and value is not False


def _flag(option: str) -> str:
    return f"--{option.replace('_', '-')}"
