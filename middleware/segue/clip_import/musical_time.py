"""The tempo, the meter and the parts of a recording in bars, from its length, its onsets and its name.

A length says more than onsets do: of a loop it is a whole number of bars to the sample, while a tempo that is measured
from onsets is right within some thousandths. So the tempo that is measured only chooses the number of bars.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Final

from segue.contract import SAMPLE_RATE
from segue_rules.controls import TEMPO

# How far a measured tempo may lie from the one that a whole number of bars has.
_MEASURED_ERROR: Final = 0.015
# How far a length may lie from a whole number of bars at a tempo that is known, in seconds: what exports cut or add.
_KNOWN_ERROR_S: Final = 0.005
# Samples by which a clip's parts may be longer than its file.
_ROUNDING: Final = 2
# Without a length to go by: tempos of productions are mostly whole numbers.
_WHOLE_SHARE: Final = 0.004
_MOST_BARS: Final = 1_024
_NAMED_TEMPO: Final = re.compile(r"(?<![0-9.])([0-9]{2,3}(?:\.[0-9]{1,3})?)[ _-]?bpm(?![a-z])", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class MusicalTime:
    """What a recording's bars are.

    Attributes:
        tempo_bpm: Beats a minute, to a thousandth.
        source: Where the tempo comes from, in words.
        bars: Whole bars that the recording holds.
        rest_samples: At 48 kHz: what it holds behind them; 0 if it ends with a bar.
        exact: Whether the tempo is more than a guess from onsets.
    """

    tempo_bpm: float
    source: str
    bars: int
    rest_samples: int
    exact: bool = True


def tempo_in(name: str) -> float | None:
    """Return the tempo that a name says, such as "siege_120bpm"; None if it says none."""
    found = _NAMED_TEMPO.search(name)
    tempo = float(found[1]) if found else 0.0
    return tempo if TEMPO.low <= tempo <= TEMPO.high else None


def musical_time(
    samples: int, beats: int, *, known_bpm: float | None, measured_bpm: float | None
) -> MusicalTime | None:
    """Return the bars of a recording, or None if no tempo is known.

    Args:
        samples: Its length at 48 kHz.
        beats: Of a bar.
        known_bpm: A tempo that is sure, such as one that its name says; None without one.
        measured_bpm: The tempo that its onsets have; None if they have none.
    """
    if known_bpm is not None:
        return _at(samples, beats, known_bpm, "known")
    if measured_bpm is None:
        return None
    bar = beats * 60 * SAMPLE_RATE / measured_bpm
    bars = round(samples / bar)
    if 1 <= bars <= _MOST_BARS and abs(samples / bar - bars) <= _MEASURED_ERROR * bars:
        exact = bars * beats * 60 * SAMPLE_RATE / samples
        if TEMPO.low <= exact <= TEMPO.high:
            # A whole number, if the file ends so near where its bars would.
            whole = round(exact)
            short_s = (samples - bars * beats * 60 * SAMPLE_RATE / whole) / SAMPLE_RATE
            chosen = float(whole) if -_ROUNDING / SAMPLE_RATE <= short_s <= _KNOWN_ERROR_S else exact
            return _at(samples, beats, chosen, f"{bars} bars in its length")
    whole = round(measured_bpm)
    near = abs(whole - measured_bpm) <= _WHOLE_SHARE * measured_bpm
    tempo_bpm = float(whole) if near else round(measured_bpm, 1)
    return _at(samples, beats, tempo_bpm, "its onsets alone", exact=False)


def _at(samples: int, beats: int, tempo_bpm: float, source: str, *, exact: bool = True) -> MusicalTime:
    """Return the bars of a recording at a tempo, or a little faster where the last bar would end behind the file."""
    ticks = beats * 60 * SAMPLE_RATE
    near = _KNOWN_ERROR_S * SAMPLE_RATE
    bars = min(_MOST_BARS, int((samples + near) * tempo_bpm / ticks))
    if bars and bars * ticks / tempo_bpm > samples + _ROUNDING:
        tempo_bpm = bars * ticks / samples
    # Up to a thousandth: a loop that is longer than its file cannot be played.
    tempo_bpm = math.ceil(1_000 * tempo_bpm - 1e-6) / 1_000
    rest = samples - round(bars * ticks / tempo_bpm)
    rest = rest if rest > near else 0
    return MusicalTime(tempo_bpm=tempo_bpm, source=source, bars=bars, rest_samples=rest, exact=exact)
