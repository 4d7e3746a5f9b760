"""A recording read for playing: whether it is whole, and its rules as they were, whatever became of their files."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final, NamedTuple

from segue.contract import Samples, StyleEncoder
from segue.runtime.planner import RulesVersion
from segue.runtime.recording import Header, RecordedOperation, RecordedRules, read_recording
from segue.runtime.styles import load_stingers, load_styles
from segue_rules.loading import load

_AUDIO: Final = frozenset({".wav", ".flac", ".ogg", ".oga", ".mp3", ".aif", ".aiff"})


def read_whole(path: Path) -> tuple[Header, list[RecordedOperation], tuple[str, ...]]:
    """A recording's header, its operations, and a warning if the session went on after the last of them.

    Raises: RecordingError.
    """
    header, operations, whole = read_recording(path)
    if whole:
        return header, operations, ()
    text = f"{path}: ends early, after {len(operations)} operations: expected an end record as its last line, got none"
    why = "its service was killed or still runs, or could not write any more; what it holds is played"
    return header, operations, (f"{text}; {why}",)


class Loaded(NamedTuple):
    """Recorded rules, ready to be played. sounds: of their audio stingers."""

    rules_version: RulesVersion
    sounds: Mapping[str, Samples]
    warnings: tuple[str, ...]


def load_recorded(recorded: RecordedRules, beside: Path, encoder: StyleEncoder) -> Loaded:
    """Load rules from their recorded texts. beside: the folder that holds the audio files they name.

    Raises: RuleError, AudioFileError, OSError.
    """
    with tempfile.TemporaryDirectory(prefix="segue-") as name:
        folder = Path(name)
        for path, text in recorded.sources.items():
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(text.encode())
        _bring_audio(beside, folder, "\n".join(recorded.sources.values()))
        rules = load(folder / next(iter(recorded.sources)))
        styles, warnings = load_styles(rules, encoder)
        rules_version = RulesVersion(rules=rules, styles=styles, fingerprint=recorded.fingerprint)
        return Loaded(rules_version, load_stingers(rules), (*rules.warnings, *warnings))


def _bring_audio(source: Path, target: Path, texts: str) -> None:
    """Copy the audio files that are named in the texts: paths of rule files may not lead out of their folder."""
    for path in source.rglob("*"):
        if path.suffix.lower() in _AUDIO and path.name in texts and path.is_file():
            copy = target / path.relative_to(source)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copy)
