"""The ranges of instruments: which keys a programme has, and music moved into them by octaves."""

from __future__ import annotations

from functools import lru_cache

from segue.score.composer.theory import fit_range
from segue.score.sampler.orchestra import ORCHESTRA


def playable(program: int, pitch: int) -> int:
    """Return the pitch within the programme's range; a drum key as it is."""
    if program < 0:
        return pitch
    return fit_range(pitch, *range_of(program))


def octaves_to(register: int, program: int) -> int:
    """The semitones, whole octaves, by which music about a key moves to where a programme sounds best."""
    low, high = range_of(program)
    up = max(0, low + (high - low) // 5 - register)
    down = max(0, register - high + (high - low) // 4)
    return 12 * (-(-up // 12)) if up else -12 * (-(-down // 12))


@lru_cache(maxsize=128)
def range_of(program: int) -> tuple[int, int]:
    """Return the lowest and highest key of a programme; of one that the orchestra lacks, of the next in its family."""
    family = [row for row in ORCHESTRA.values() if row.program // 8 == program // 8] or list(ORCHESTRA.values())
    instrument = ORCHESTRA.get(program) or min(family, key=lambda row: (abs(row.program - program), row.program))
    return instrument.low, instrument.high
