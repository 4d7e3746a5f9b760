"""What can be measured of a recording without training: tempo, meter, key, brightness, width and dynamics.

Each measurement says how sure it is. What is not sure is left to the style that the recording resembles.

Dimensions: F frames of the spectra, M mel bands.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from segue.contract import SAMPLE_RATE
from segue.style.spectra import BANDS, FRAMES_PER_S, WINDOW, Bands, Spectra, key_fits, onset_autocorrelation

NOTE_NAMES: Final = ("C", "C sharp", "D", "E flat", "E", "F", "F sharp", "G", "A flat", "A", "B flat", "B")
# Tempos that are tried, in beats a minute, and the beats over which the onset curve must repeat itself.
_SLOWEST_BPM: Final = 44.0
_FASTEST_BPM: Final = 220.0
_STEPS: Final = 480
_BEATS: Final = (1, 2, 3, 4, 6, 8)
# A half or double tempo that fits nearly as well as the one chosen, as a share.
_AS_WELL: Final = 0.85
# Variance of an onset curve that says nothing, in square decibels.
_STILL: Final = 0.05
SURE_TEMPO: Final = 0.2
"""A tempo is known from this strength on."""
SURE_THREEFOLD: Final = 0.1
"""Bars of three beats are known from this on, bars of four from its negative on."""
# A recording shorter than this says nothing of its meter, in bars.
_LEAST_BARS: Final = 3.0


@dataclass(frozen=True, kw_only=True)
class Measures:
    """Measurements of a recording.

    Attributes:
        tempo_bpm: Beats a minute, the octave chosen with the style's tempo in mind.
        tempo_strength: How alike the onsets are to themselves a beat and some beats later, 0 to 1.
        other_tempos_bpm: Half and double of the tempo where they fit about as well.
        threefold: How much better bars of three beats repeat than bars of four, a difference of correlations.
        tonic: Pitch class of the best key, 0 C to 11.
        majorness: How much better the best major key fits than the best minor one, a difference of correlations.
        centre: Centre of the power on the scale of mel bands, 0 to BANDS - 1.
        top_hz: Frequency below which 99 of 100 of the power lies.
        side_db: Power of the difference of the channels over that of their sum; -inf for mono.
        loudness_range_db: From quiet to loud moments: the 10th to the 95th of 100 of the levels of 0.4 s.
    """

    tempo_bpm: float
    tempo_strength: float
    other_tempos_bpm: tuple[float, ...]
    threefold: float
    tonic: int
    majorness: float
    centre: float
    top_hz: float
    side_db: float
    loudness_range_db: float


def measured(sound: Spectra, heard: Bands, likely_bpm: float, spread_octaves: float) -> Measures:
    """Measure a recording.

    Args:
        sound: Its spectra.
        heard: The same in bands.
        likely_bpm: The tempo to expect, such as that of the style that it resembles.
        spread_octaves: How far a tempo may lie from it before another octave is likelier.
    """
    correlation = onset_autocorrelation(heard.onsets)
    tempo_bpm, strength = _tempo(correlation, likely_bpm, spread_octaves)
    others = (tempo_bpm / 2, tempo_bpm * 2)
    fits = _fits(correlation, np.array([tempo_bpm, *others]))
    # A curve that hardly moves repeats itself by chance: tones that beat against each other.
    movement = float(heard.onsets.var())
    strength *= movement / (movement + _STILL)
    major, minor = key_fits(heard.chroma)
    best = np.maximum(major, minor)
    power = (sound.mid + sound.side).astype(np.float64)
    spectrum = power.sum(axis=0)
    bins = np.fft.rfftfreq(WINDOW, 1.0 / SAMPLE_RATE)
    reached = np.cumsum(spectrum) / spectrum.sum()
    mel = 10.0 ** (heard.level.astype(np.float64) / 10.0)
    side = float(sound.side.sum(dtype=np.float64))
    mid = float(sound.mid.sum(dtype=np.float64))
    return Measures(
        tempo_bpm=tempo_bpm,
        tempo_strength=strength,
        other_tempos_bpm=tuple(bpm for bpm, fit in zip(others, fits[1:], strict=True) if fit >= _AS_WELL * fits[0]),
        threefold=_threefold(correlation, tempo_bpm),
        tonic=int(best.argmax()),
        majorness=float(major.max() - minor.max()),
        centre=float(mel.sum(axis=0) @ np.arange(BANDS) / mel.sum()),
        top_hz=float(bins[int(np.searchsorted(reached, 0.99))]),
        side_db=10.0 * float(np.log10(side / mid)) if side > 1e-9 * mid else -float("inf"),
        loudness_range_db=_loudness_range(power.sum(axis=1)),
    )


def _tempo(correlation: NDArray[np.float64], likely_bpm: float, spread_octaves: float) -> tuple[float, float]:
    """The beat at whose multiples the onset curve is most alike to itself, and how alike."""
    tempos = np.geomspace(_SLOWEST_BPM, _FASTEST_BPM, _STEPS)
    fits = _fits(correlation, tempos)
    prior = np.exp(-0.5 * (np.log2(tempos / likely_bpm) / spread_octaves) ** 2)
    best = int((np.maximum(fits, 0.0) * prior).argmax())
    return float(_refined(correlation, float(tempos[best]))), float(max(0.0, fits[best]))


def _fits(correlation: NDArray[np.float64], tempos: NDArray[np.float64]) -> NDArray[np.float64]:
    """How alike the onset curve is to itself at multiples of the beats of tempos; fewer beats count more."""
    lags = 60.0 / tempos * FRAMES_PER_S
    last = 0.75 * len(correlation)
    total, weight = np.zeros(len(tempos)), np.zeros(len(tempos))
    for beats in _BEATS:
        inside = beats * lags < last
        found = np.interp(beats * lags, np.arange(len(correlation)), correlation)
        share = 1.0 / np.sqrt(beats)
        total += np.where(inside, share * found, 0.0)
        weight += np.where(inside, share, 0.0)
    return np.where(weight > 0, total / np.maximum(weight, 1e-9), 0.0)


def _refined(correlation: NDArray[np.float64], tempo_bpm: float) -> float:
    """A tempo made exact by the longest of its multiples that the recording holds several times."""
    beat = 60.0 / tempo_bpm * FRAMES_PER_S
    for beats in reversed(_BEATS):
        lag = round(beats * beat)
        reach = max(1, round(0.03 * beats * beat)) if beats <= 2 else max(1, round(0.12 * beat))
        if lag + reach + 1 < 0.6 * len(correlation):
            window = correlation[lag - reach : lag + reach + 1]
            peak = lag - reach + int(window.argmax())
            low, middle, high = correlation[peak - 1 : peak + 2]
            bend = low - 2 * middle + high
            offset = 0.5 * (low - high) / bend if bend < 0 else 0.0
            return 60.0 * FRAMES_PER_S * beats / (peak + offset)
    return tempo_bpm


def _threefold(correlation: NDArray[np.float64], tempo_bpm: float) -> float:
    """How much more alike the onsets are after bars of three beats than after bars of four; 0 for a short recording."""
    beat = 60.0 / tempo_bpm * FRAMES_PER_S
    if len(correlation) < 4 * _LEAST_BARS * beat:
        return 0.0
    at = np.arange(len(correlation))
    three, four = (np.mean([np.interp(bar * times * beat, at, correlation) for times in (1, 2)]) for bar in (3, 4))
    return float(three - four)


def _loudness_range(power: NDArray[np.float64]) -> float:
    """The spread of levels of 0.4 s, in decibels; quieter moments than 50 dB below the loudest count as that."""
    size = max(1, round(0.4 * FRAMES_PER_S))
    count = len(power) // size
    if count < 2:
        return 0.0
    levels = 10.0 * np.log10(power[: count * size].reshape(count, size).mean(axis=1) + 1e-20)
    low, high = np.quantile(np.maximum(levels, levels.max() - 50.0), (0.1, 0.95))
    return float(high - low)
