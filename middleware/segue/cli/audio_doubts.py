"""The sound files that rules name: opened as they will be, with what they hold and what is doubtful about it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np

from segue.audio.files import AudioFileError, read_audio
from segue.audio.loudness import integrated_loudness
from segue.cli.named_sounds import named_sounds
from segue.contract import SAMPLE_RATE, Samples, StyleEncoder
from segue.runtime.styles import MOST_PROMPT_S, MOST_STINGER_S
from segue_rules.model import Rules
from segue_yaml.report import Problem

CODES: Final = {
    "silent_audio": "a sound file in which nothing is to be heard",
    "short_audio": "a stinger too short to be heard as a sound",
    "offset_audio": "a sound file that does not swing around zero, and so begins and ends with a click",
    "hot_audio": "a sound file beyond full scale, which will be limited",
}

_SILENT_DB: Final = -60.0
_SHORTEST_STINGER_S: Final = 0.05
_OFFSET: Final = 0.05


@dataclass(kw_only=True)
class AudioFindings:
    """What was found. told: a line for each file that can be used."""

    told: list[str] = field(default_factory=list)
    errors: list[Problem] = field(default_factory=list)
    doubts: list[tuple[Problem, str]] = field(default_factory=list)


def check_audio(rules: Rules, encoder: StyleEncoder) -> AudioFindings:
    """Open every sound file that the rules name; encoder: says which of them it can make a style of."""
    found = AudioFindings()
    shown: set[Path] = set()
    for use in named_sounds(rules):
        about = partial(Problem, mark=use.mark, where=use.where)
        try:
            samples = read_audio(use.path, max_seconds=MOST_PROMPT_S if use.prompt else MOST_STINGER_S)
            if use.prompt:
                encoder.embed_audio(samples)
        except (AudioFileError, ValueError, NotImplementedError) as error:
            found.errors.append(about(text=str(error)))
            continue
        found.doubts += [
            (about(text=f"{use.path.name} {text}"), code) for text, code in _doubts(samples, prompt=use.prompt)
        ]
        if use.path not in shown:
            found.told.append(f"{_name(use.path, rules.files)}: {_measures(samples)}")
            shown.add(use.path)
    return found


def _doubts(samples: Samples, *, prompt: bool) -> Iterator[tuple[str, str]]:
    length_s = len(samples) / SAMPLE_RATE
    if _level_db(samples) < _SILENT_DB:
        yield f"is silent (peak {_decibels(_level_db(samples))} dBFS)", "silent_audio"
        return
    if not prompt and length_s < _SHORTEST_STINGER_S:
        yield f"lasts {length_s * 1000:.0f} ms, which is heard as a click", "short_audio"
    offset = float(np.abs(samples.mean(axis=0, dtype=np.float64)).max())
    if not prompt and offset > _OFFSET:
        yield f"is off zero by {offset:.2f} on average (a DC offset), which is heard as a click", "offset_audio"
    peak = float(np.abs(samples).max())
    if not prompt and peak > 1.0:
        yield f"peaks {20 * math.log10(peak):.1f} dB above full scale and will be limited", "hot_audio"


def _measures(samples: Samples) -> str:
    loudness = integrated_loudness(samples)
    # Less than 400 ms have no loudness by BS.1770.
    loud = f", {_decibels(loudness)} LUFS" if math.isfinite(loudness) else ""
    return f"{len(samples) / SAMPLE_RATE:.2f} s{loud}, peak {_decibels(_level_db(samples))} dBFS"


def _level_db(samples: Samples) -> float:
    peak = float(np.abs(samples).max(initial=0.0))
    return 20 * math.log10(peak) if peak > 0 else -math.inf


def _decibels(level: float) -> str:
    return f"{level:.1f}" if math.isfinite(level) else "-inf"


def _name(path: Path, files: Sequence[Path]) -> str:
    """The file as the rules name it: from their folder."""
    folder = files[0].parent if files else Path()
    return path.relative_to(folder).as_posix() if path.is_relative_to(folder) else path.as_posix()
