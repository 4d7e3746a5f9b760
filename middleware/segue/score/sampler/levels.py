"""The measured loudness of the keys of each programme, and the gain that makes programmes and registers alike.

Fonts differ by 12 dB and more between programmes. Measuring takes 70 ms a programme on average, too long for the
middle of a performance, so the bundled orchestra ships its measurements; a user's font is measured while it plays.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Final

import numpy as np
from numpy.typing import NDArray

from segue.audio.loudness import k_weighted, loudness

# What one note of every programme measures at full velocity, before its seat's level.
NOTE_LUFS: Final = -21.0
_WINDOW: Final = 19_200
# Most of what registers differ by is evened out; the rest is the instrument's character.
_EVENING: Final = 0.8
_MAX_UNEVEN_DB: Final = 12.0


@dataclass(frozen=True, kw_only=True)
class Register:
    """Measured keys of a programme, rising, and the loudest 400 ms of a note on each, LUFS."""

    keys: tuple[int, ...]
    lufs: tuple[float, ...]

    def gain_db(self, pitch: int) -> float:
        """Return the gain that brings a key to NOTE_LUFS, nearly."""
        middle = median(self.lufs)
        uneven_db = float(np.interp(pitch, self.keys, self.lufs)) - middle
        return NOTE_LUFS - middle - _EVENING * min(_MAX_UNEVEN_DB, max(-_MAX_UNEVEN_DB, uneven_db))


def measured(sound: Callable[[int], NDArray[np.float32]], keys: Sequence[int]) -> Register:
    """Measure what `sound` plays (key -> [C, S]) on `keys`; keys that are silent are left out."""
    levels = {key: loudest(sound(key)) for key in keys}
    sounding = {key: level for key, level in levels.items() if math.isfinite(level)}
    if not sounding:
        return Register(keys=(0,), lufs=(NOTE_LUFS,))
    return Register(keys=tuple(sounding), lufs=tuple(sounding.values()))


def drum_gain_db(kit: Sequence[float], drum: float, same: float | None) -> float:
    """Return the gain of a drum: one for all the kit, since drums differ by what they are.

    Args:
        kit: Levels of the drums that stand for their kit, LUFS.
        drum: The drum's level.
        same: Level of the same drum in the standard kit, which `kit` is then: kits differ by sound, and nearly not by
            balance. None for a drum of its own.
    """
    gain_db = NOTE_LUFS - median(kit)
    if same is None or not math.isfinite(same - drum):
        return gain_db
    return gain_db + _EVENING * min(_MAX_UNEVEN_DB, max(-_MAX_UNEVEN_DB, same - drum))


def level_name(program: int, *, drums: bool) -> str:
    """Return the name in a file of levels: of a programme its number, of a drum kit "kit" and its number."""
    return f"kit {program}" if drums else str(program)


def read_levels(path: Path) -> dict[str, Register]:
    """Read a file that `write_levels` wrote: `level_name` -> register."""
    entries = json.loads(path.read_text(encoding="utf-8"))
    return {name: Register(keys=tuple(entry["keys"]), lufs=tuple(entry["lufs"])) for name, entry in entries.items()}


def write_levels(path: Path, levels: dict[str, Register]) -> None:
    """Return the inverse of read_levels, to a hundredth of a decibel."""
    entries = {
        name: {"keys": list(register.keys), "lufs": [round(level, 2) for level in register.lufs]}
        for name, register in levels.items()
    }
    lines = ",\n".join(f"  {json.dumps(name)}: {json.dumps(entry)}" for name, entry in entries.items())
    path.write_text(f"{{\n{lines}\n}}\n", encoding="utf-8")


def loudest(sound: NDArray[np.float32]) -> float:
    """Return the loudness of the loudest 400 ms of [C, S], LUFS."""
    padded = np.pad(sound, ((0, 0), (0, max(0, _WINDOW - sound.shape[1]))))
    energy = np.concatenate([[0.0], np.cumsum((k_weighted(padded.T) ** 2).sum(axis=1))])
    return loudness(float(np.max(energy[_WINDOW:] - energy[:-_WINDOW])) / _WINDOW)
