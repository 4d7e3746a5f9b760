"""Spectra of a recording, and the numbers that the audio tower reads from them.

The numbers say how loud, how lively and how broad each band of pitch is, and how it pulses: level and length are taken
out. Pitch classes are left to segue.style.measures, since a style may be played in any key and scale.

Dimensions: S samples, F frames, B frequency bins, M mel bands, L lags of the onset curve.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from segue.contract import CHANNELS, SAMPLE_RATE, Samples
from segue.style.spectral import running_median

VERSION: Final = 1
"""Of the descriptors: a tower is good for one. Raise it with any change of them, and train again."""
MIN_SECONDS: Final = 0.5
# The middle of a longer recording speaks for it.
MAX_SECONDS: Final = 30.0
_SILENCE: Final = 1e-4
# A mean above this share of the peak is no sound, but would count as one of 0 Hz.
_MOST_OFFSET: Final = 0.01

WINDOW: Final = 2_048
HOP: Final = 512
FRAMES_PER_S: Final = SAMPLE_RATE / HOP
_LONG_WINDOW: Final = 16_384
_LONG_HOP: Final = 8_192
BANDS: Final = 48
_LOW_HZ: Final = 40.0
_HIGH_HZ: Final = 16_000.0
# What lies further below the loudest band is taken for silence, in decibels.
_RANGE_DB: Final = 70.0
_MEDIAN: Final = 17
# Groups of bands whose pulse is read apart.
_GROUPS: Final = 6
# Rates of change at which the pulse is read, in hertz.
_PULSES_HZ: Final = (0.35, 0.7, 1.0, 1.4, 2.0, 2.8, 4.0, 5.6, 8.0, 11.2, 16.0)
_PULSE_FRAMES: Final = 512
# Lags at which the onset curve is compared with itself, in seconds.
_LAGS_S: Final = tuple(0.12 * 2 ** (step / 5) for step in range(22))
_CHROMA_HZ: Final = (100.0, 2_000.0)
_WIDTH_EDGES_HZ: Final = (0.0, 250.0, 1_000.0, 4_000.0, 16_000.0)
# Krumhansl & Kessler 1982: how well each degree of the scale fits a key, from the tonic up in semitones.
MAJOR_KEY: Final = np.array([6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88])
MINOR_KEY: Final = np.array([6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17])

Array = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class Spectra:
    """A recording as power over time and frequency.

    Attributes:
        mid: Power of the sum of both channels, float32 [F, B]: windows of WINDOW every HOP.
        side: Power of their difference, float32 [F, B].
        long: Power of the sum in windows eight times as long, float32 [F', B'], for pitch.
    """

    mid: Array
    side: Array
    long: Array

    @property
    def seconds(self) -> float:
        return len(self.mid) / FRAMES_PER_S


def checked(samples: Samples) -> Samples:
    """Return at most the middle MAX_SECONDS of a recording around 0, float32 [S, 2] at 48 kHz.

    Raises:
        ValueError: It is not stereo, shorter than MIN_SECONDS, not finite or silent.
    """
    if samples.ndim != 2 or samples.shape[1] != CHANNELS:
        raise ValueError(f"samples: expected stereo [S, {CHANNELS}] at {SAMPLE_RATE} Hz, got shape {samples.shape}")
    if len(samples) < MIN_SECONDS * SAMPLE_RATE:
        # Rounded down: what is too short must not be said to be long enough.
        seconds = len(samples) * 1_000 // SAMPLE_RATE / 1_000
        raise ValueError(f"samples: expected at least {MIN_SECONDS} s of sound, got {seconds:.3f} s")
    if not np.isfinite(samples).all():
        raise ValueError("samples: expected finite numbers, got NaN or infinity")
    spare = max(0, len(samples) - int(MAX_SECONDS * SAMPLE_RATE)) // 2
    middle = samples[spare : len(samples) - spare]
    offset = middle.mean(axis=0, dtype=np.float64).astype(np.float32)
    if np.abs(offset).max() > _MOST_OFFSET * np.abs(middle).max():
        middle = middle - offset
    if np.abs(middle).max() < _SILENCE:
        part = f" in its middle {MAX_SECONDS:g} s" if spare else ""
        raise ValueError(f"samples: expected sound{part}, got silence (peak below {_SILENCE:g})")
    return middle


def spectra(samples: Samples) -> Spectra:
    """Return the spectra of a recording, float32 [S, 2] at 48 kHz.

    Raises:
        ValueError: As `checked`.
    """
    sound = checked(samples).astype(np.float32)
    sound /= np.abs(sound).max()
    mid, side = 0.5 * (sound[:, 0] + sound[:, 1]), 0.5 * (sound[:, 0] - sound[:, 1])
    return Spectra(
        mid=_power(mid, WINDOW, HOP), side=_power(side, WINDOW, HOP), long=_power(mid, _LONG_WINDOW, _LONG_HOP)
    )


def _power(sound: Array, window: int, hop: int) -> Array:
    if len(sound) < window:
        sound = np.pad(sound, (0, window - len(sound)))
    curve = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(window) / window)).astype(np.float32)
    spectrum = np.fft.rfft(sliding_window_view(sound, window)[::hop] * curve, axis=1)
    return np.asarray(spectrum.real**2 + spectrum.imag**2, np.float32)


@cache
def mel_filters() -> Array:
    """Return triangles over the bins of a short window, float32 [B, M], even on the mel scale (O'Shaughnessy 1987)."""

    def mel(hertz: float) -> float:
        return float(2595.0 * np.log10(1.0 + hertz / 700.0))

    edges = 700.0 * (10.0 ** (np.linspace(mel(_LOW_HZ), mel(_HIGH_HZ), BANDS + 2) / 2595.0) - 1.0)
    bins = np.fft.rfftfreq(WINDOW, 1.0 / SAMPLE_RATE)
    # A band is at least as broad as two bins, so that none is empty.
    least = 1.2 * SAMPLE_RATE / WINDOW
    rising = (bins[:, None] - edges[:-2]) / np.maximum(edges[1:-1] - edges[:-2], least)
    falling = (edges[2:] - bins[:, None]) / np.maximum(edges[2:] - edges[1:-1], least)
    return np.maximum(0.0, np.minimum(rising, falling)).astype(np.float32)


@dataclass(frozen=True, kw_only=True)
class Bands:
    """Spectra in mel bands.

    Attributes:
        level: Decibels re the mean power of the recording, float32 [F, M], at least -_RANGE_DB below the loudest.
        onsets: How much louder all bands become from frame to frame, mean decibels, float32 [F].
        width: Power of the difference over that of the sum in four ranges of frequency, in decibels, float32 [4].
        chroma: How strong each pitch class is, float32 [12], mean 1, C first.
    """

    level: Array
    onsets: Array
    width: Array
    chroma: Array


def bands(sound: Spectra) -> Bands:
    """Return spectra in mel bands."""
    power = (sound.mid + sound.side) @ mel_filters()
    power /= power.mean() + 1e-20
    level = 10.0 * np.log10(power + 1e-10)
    level = np.maximum(level, level.max() - _RANGE_DB).astype(np.float32)
    rise = np.zeros(len(level), np.float32)
    # Over two frames, so that a soft attack counts whole.
    rise[2:] = np.maximum(0.0, level[2:] - level[:-2]).mean(axis=1)
    bins = np.fft.rfftfreq(WINDOW, 1.0 / SAMPLE_RATE)
    mid, side = sound.mid.mean(axis=0), sound.side.mean(axis=0)
    ratios = []
    for low, high in pairwise(_WIDTH_EDGES_HZ):
        inside = (bins >= low) & (bins < high)
        ratios.append(10.0 * np.log10((side[inside].sum() + 1e-9) / (mid[inside].sum() + 1e-9)))
    width = np.clip(np.array(ratios, np.float32), -40.0, 10.0)
    return Bands(level=level, onsets=rise, width=width, chroma=_chroma(sound.long))


def _chroma(long: Array) -> Array:
    hertz = np.fft.rfftfreq(_LONG_WINDOW, 1.0 / SAMPLE_RATE)
    within = (hertz > _CHROMA_HZ[0]) & (hertz < _CHROMA_HZ[1])
    classes = np.rint(12.0 * np.log2(hertz[within] / 440.0)).astype(int) + 9
    # Each window counts the same, and the root keeps one loud note from being all.
    strength = np.sqrt(long[:, within])
    strength /= strength.sum(axis=1, keepdims=True) + 1e-9
    chroma = np.bincount(classes % 12, weights=strength.sum(axis=0), minlength=12)
    return np.asarray(chroma / (chroma.mean() + 1e-12), np.float32)


def key_fits(chroma: Array) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return how well the chroma fits each major and each minor key, correlations [12] by tonic (Krumhansl 1990)."""
    if chroma.std() < 1e-3:
        return np.zeros(12), np.zeros(12)
    rolled = [np.roll(chroma, -tonic) for tonic in range(12)]
    major, minor = ([np.corrcoef(each, key)[0, 1] for each in rolled] for key in (MAJOR_KEY, MINOR_KEY))
    return np.array(major), np.array(minor)


def onset_autocorrelation(onsets: Array) -> NDArray[np.float64]:
    """Return the autocorrelation of an onset curve, float64 [F]: 1 at lag 0, for each lag over what overlaps."""
    curve = onsets - onsets.mean()
    size = 2 ** int(np.ceil(np.log2(2 * len(curve))))
    spectrum = np.fft.rfft(curve, size)
    products = np.fft.irfft(spectrum * spectrum.conj(), size)[: len(curve)].astype(np.float64)
    products /= np.arange(len(curve), 0, -1)
    return np.asarray(products / (products[0] + 1e-12))


def descriptors(heard: Bands) -> Array:
    """Return the numbers that the tower reads, float32 [D]. Equal bands give equal numbers."""
    level = heard.level
    mean = level.mean(axis=0)
    change = np.abs(np.diff(level, axis=0))
    slow = np.abs(level[8:] - level[:-8]) if len(level) > 8 else change
    quantiles = np.quantile(level, (0.1, 0.5, 0.9), axis=0)
    parts = [
        mean - mean.mean(),
        level.std(axis=0),
        change.mean(axis=0),
        slow.mean(axis=0),
        quantiles[2] - quantiles[1],
        quantiles[1] - quantiles[0],
        _percussive(level),
        _pulses(level),
        _periods(heard.onsets),
        heard.width,
        _overall(heard),
    ]
    return np.concatenate([np.asarray(part, np.float32).ravel() for part in parts])


def _percussive(level: Array) -> Array:
    """Of each group of bands the share of power that is short and broad, not long and narrow (FitzGerald 2010)."""
    power = 10.0 ** (level.astype(np.float64) / 10.0)
    steady, struck = running_median(power.T, _MEDIAN).T, running_median(power, 9)
    share = struck**2 / (struck**2 + steady**2 + 1e-30) * power
    groups = np.array_split(np.arange(BANDS), _GROUPS)
    return np.array([share[:, group].sum() / (power[:, group].sum() + 1e-12) for group in groups], np.float32)


def _pulses(level: Array) -> Array:
    """How strongly each group of bands pulses at each of _PULSES_HZ, as shares of a group's movement, in log units."""
    groups = [level[:, group].mean(axis=1) for group in np.array_split(np.arange(BANDS), _GROUPS)]
    curves = np.stack(groups)
    curves = curves - curves.mean(axis=1, keepdims=True)
    size = min(_PULSE_FRAMES, curves.shape[1])
    windows = sliding_window_view(curves, size, axis=1)[:, :: max(1, size // 2)] * np.hanning(size).astype(np.float32)
    power = (np.abs(np.fft.rfft(windows, 2 * _PULSE_FRAMES, axis=2)) ** 2).mean(axis=1)
    rates = np.fft.rfftfreq(2 * _PULSE_FRAMES, 1.0 / FRAMES_PER_S)
    edges = np.array([*_PULSES_HZ, 1.4 * _PULSES_HZ[-1]])
    energy = np.stack([power[:, (rates >= a) & (rates < b)].sum(axis=1) for a, b in pairwise(edges)])
    return np.asarray(np.log(energy / (energy.sum(axis=0) + 1e-9) + 1e-4), np.float32)


def _periods(onsets: Array) -> Array:
    """How alike the onset curve is to itself at each of _LAGS_S."""
    correlation = onset_autocorrelation(onsets)
    lags = np.array(_LAGS_S) * FRAMES_PER_S
    inside = lags < 0.8 * len(correlation)
    found = np.interp(lags, np.arange(len(correlation)), correlation)
    return np.where(inside, found, 0.0).astype(np.float32)


def _overall(heard: Bands) -> Array:
    """Loudness over time, brightness and onsets, in a few numbers."""
    power = 10.0 ** (heard.level.astype(np.float64) / 10.0)
    loudness = 10.0 * np.log10(power.sum(axis=1) + 1e-9)
    places = np.arange(BANDS)
    centre = power.sum(axis=0) @ places / power.sum()
    spread = np.sqrt(power.sum(axis=0) @ (places - centre) ** 2 / power.sum())
    low, middle, high = np.quantile(loudness, (0.1, 0.5, 0.95))
    onsets = heard.onsets
    peaks = (onsets[1:-1] > onsets[:-2]) & (onsets[1:-1] >= onsets[2:])
    rates = [float((peaks & (onsets[1:-1] > height)).sum()) / len(onsets) * FRAMES_PER_S for height in (1.0, 2.0, 4.0)]
    return np.array(
        [high - middle, middle - low, loudness.std(), centre, spread, onsets.mean(), onsets.std(), *np.log1p(rates)],
        np.float32,
    )
