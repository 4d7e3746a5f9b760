"""Sound as a style prompt: seven measurements of it, and a blend of the situations that they resemble. Rough.

It tells a drone from a drum kit and a lullaby from a thrash riff. It does not recognise genre, instruments or melody: a
quiet piano is "calm" whether it plays a waltz or a hymn, and a desert differs from a dungeon by little but its mode.
Words describe music better where there are any; the encoder's `audio_warning` says so.

Dimensions: S samples, F frames of the spectrogram, B frequency bins.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray

from segue.contract import CHANNELS, SAMPLE_RATE, Samples, StyleEncoder
from segue.style.situations import SITUATIONS, situation_embeddings
from segue.style.spectral import peaks, power_spectrogram, running_median

MIN_SECONDS: Final = 0.5
# The middle minute of a longer sound speaks for it.
MAX_SECONDS: Final = 60.0
_SILENCE: Final = 1e-4

_WINDOW: Final = 2_048
_HOP: Final = 1_024
_CHROMA_WINDOW: Final = 16_384
_MEDIAN: Final = 17
_TOP_HZ: Final = 12_000.0
_BASS_HZ: Final = 150.0
# A rise of the mean log spectrum, in nepers a hop, that counts as an onset; two are at least 85 ms apart.
_ONSET_RISE: Final = 0.12
_ONSET_GAP_HOPS: Final = 4
# Krumhansl & Kessler 1982: how well each degree of the scale fits a key, from the tonic up in semitones.
_MAJOR: Final = np.array([6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88])
_MINOR: Final = np.array([6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17])
# How many situations a sound is a blend of; the fourth nearest has never said anything about it.
BLEND: Final = 3
# Of the softmax over minus the squared distance. Profiles lie 0.8 to 6 apart, so the nearest gets a half to nearly all.
SHARPNESS: Final = 1.5

# Pace, brightness, bass, percussiveness, noise, loudness, majorness; 0 is ordinary game music, -1 and 1 its extremes.
# Set by hand from how such music is usually written; nothing is fitted.
PROFILES: Final[Mapping[str, tuple[float, ...]]] = MappingProxyType(
    {
        "combat": (0.8, 0.1, 0.5, 0.8, 0.3, 0.7, -0.5),
        "boss": (0.4, -0.1, 0.8, 0.4, 0.2, 1.0, -0.7),
        "stealth": (-0.2, -0.3, 0.1, 0.4, -0.4, -0.8, -0.6),
        "exploration": (0.0, 0.0, 0.0, -0.2, -0.4, 0.1, 0.5),
        "calm": (-0.7, -0.4, -0.3, -0.7, -0.9, -0.7, 0.6),
        "town": (0.3, 0.1, -0.3, 0.0, -0.4, 0.0, 0.9),
        "dungeon": (-0.9, -0.9, 0.8, -0.7, -0.6, -0.5, -0.5),
        "desert": (0.2, 0.1, 0.0, 0.4, -0.3, 0.0, -0.4),
        "snow": (-0.2, 0.7, -0.9, -0.3, -0.7, -0.4, 0.3),
        "victory": (0.4, 0.5, 0.0, 0.2, 0.0, 0.8, 1.0),
        "sad": (-0.6, -0.5, -0.3, -0.8, -0.9, -0.5, -0.8),
        "metal": (1.0, 0.7, 0.4, 0.5, 0.9, 1.0, -0.4),
        "chiptune": (0.8, 0.9, -0.4, -0.2, -0.2, 0.3, 0.6),
        "mystery": (-0.3, 0.2, -0.3, 0.0, -0.5, -0.4, -0.4),
        "space": (-0.9, 0.2, 0.2, -0.8, -0.3, -0.3, 0.1),
        "horror": (-0.5, 0.6, 0.1, -0.1, 0.7, -0.2, -0.7),
        "chase": (1.0, 0.5, 0.1, 0.8, 0.4, 0.6, -0.1),
        "tavern": (0.6, 0.3, -0.2, 0.3, -0.2, 0.2, 0.8),
        "temple": (-0.8, -0.3, 0.3, -0.8, -0.7, 0.0, 0.1),
        "ocean": (0.0, 0.0, 0.2, 0.0, 0.3, 0.0, 0.4),
    }
)

Spectrogram = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class AudioFeatures:
    """Seven measurements of a sound.

    Attributes:
        onset_rate: Onsets a second.
        centroid_hz: Mean spectral centroid.
        bass: Share of power below 150 Hz, 0-1.
        percussiveness: Share of power that is short and broad rather than long and narrow, 0-1.
        flatness: Geometric over arithmetic mean of the power spectrum, 0 a tone, 1 white noise.
        loudness_db: RMS re full scale.
        majorness: How much better the best major key fits than the best minor one, a difference of correlations.
    """

    onset_rate: float
    centroid_hz: float
    bass: float
    percussiveness: float
    flatness: float
    loudness_db: float
    majorness: float


def _checked(samples: Samples) -> NDArray[np.float64]:
    """The mono mix of at most the middle MAX_SECONDS.

    Raises:
        ValueError: As `audio_features`.
    """
    if samples.ndim != 2 or samples.shape[1] != CHANNELS:
        raise ValueError(f"samples: expected stereo [S, {CHANNELS}] at {SAMPLE_RATE} Hz, got shape {samples.shape}")
    if len(samples) < MIN_SECONDS * SAMPLE_RATE:
        seconds = len(samples) / SAMPLE_RATE
        raise ValueError(f"samples: expected at least {MIN_SECONDS} s of sound, got {seconds:.3f} s")
    if not np.isfinite(samples).all():
        raise ValueError("samples: expected finite numbers, got NaN or infinity")
    spare = max(0, len(samples) - int(MAX_SECONDS * SAMPLE_RATE)) // 2
    mono = samples[spare : len(samples) - spare].mean(axis=1, dtype=np.float64)
    if np.abs(mono).max() < _SILENCE:
        raise ValueError(f"samples: expected sound, got silence (mono peak below {_SILENCE:g})")
    return np.asarray(mono)


def _power(mono: NDArray[np.float64], window: int, hop: int) -> tuple[NDArray[np.float64], Spectrogram]:
    """Frequencies in Hz [B] and the power spectrogram [B, F]."""
    window = min(window, len(mono))
    return power_spectrogram(mono, SAMPLE_RATE, window, min(hop, window // 2))


def _onset_rate(power: Spectrogram, seconds: float) -> float:
    """Onsets a second: peaks of the mean rise of the log spectrum (Bello et al. 2005, sec. III-A)."""
    floor = power.mean() * 1e-3
    rise = np.maximum(0.0, np.diff(0.5 * np.log(power + floor), axis=1)).mean(axis=0)
    return len(peaks(np.concatenate([[0.0], rise, [0.0]]), _ONSET_RISE, _ONSET_GAP_HOPS)) / seconds


def _percussiveness(power: Spectrogram) -> float:
    """Share of the power in vertical structures of the spectrogram (FitzGerald 2010)."""
    steady = running_median(power, _MEDIAN)
    struck = running_median(power.T, _MEDIAN).T
    share = struck**2 / (struck**2 + steady**2 + 1e-30)
    return float((share * power).sum() / power.sum())


def _majorness(mono: NDArray[np.float64]) -> float:
    """Best correlation of the pitch classes with a major key less the best with a minor one (Krumhansl 1990)."""
    frequencies, power = _power(mono, _CHROMA_WINDOW, _CHROMA_WINDOW // 2)
    within = (frequencies > 100.0) & (frequencies < 2_000.0)
    classes = np.rint(12.0 * np.log2(frequencies[within] / 440.0)).astype(int) % 12
    chroma = np.bincount(classes, weights=np.sqrt(power[within]).sum(axis=1), minlength=12)
    if chroma.std() < 1e-6 * chroma.mean():
        return 0.0
    major, minor = (
        max(np.corrcoef(np.roll(chroma, -tonic), profile)[0, 1] for tonic in range(12)) for profile in (_MAJOR, _MINOR)
    )
    return float(major - minor)


def audio_features(samples: Samples) -> AudioFeatures:
    """Measure sound, float32 [S, 2] at 48 kHz.

    Raises:
        ValueError: For sound that is not stereo, shorter than MIN_SECONDS, not finite or silent.
    """
    mono = _checked(samples)
    frequencies, power = _power(mono, _WINDOW, _HOP)
    within = frequencies <= _TOP_HZ
    frequencies, power = frequencies[within], power[within] + 1e-20
    spectrum = power.mean(axis=1)
    flatness = np.exp(np.log(power).mean(axis=0)) / power.mean(axis=0)
    loud = power.sum(axis=0)
    return AudioFeatures(
        onset_rate=_onset_rate(power, len(mono) / SAMPLE_RATE),
        centroid_hz=float(frequencies @ np.sqrt(spectrum) / np.sqrt(spectrum).sum()),
        bass=float(spectrum[frequencies < _BASS_HZ].sum() / spectrum.sum()),
        percussiveness=_percussiveness(power),
        flatness=float(flatness @ loud / loud.sum()),
        loudness_db=float(10.0 * np.log10((mono**2).mean() + 1e-20)),
        majorness=_majorness(mono),
    )


def coordinates(features: AudioFeatures) -> NDArray[np.float64]:
    """Return measurements on the scale of PROFILES, each within [-1.2, 1.2]."""
    raw = (
        (features.onset_rate - 3.0) / 3.0,
        np.log2(max(features.centroid_hz, 1.0) / 1_800.0) / 1.5,
        (features.bass - 0.35) / 0.35,
        (features.percussiveness - 0.3) / 0.3,
        (np.log10(max(features.flatness, 1e-6)) + 2.0) / 1.5,
        (features.loudness_db + 21.0) / 10.0,
        features.majorness / 0.15,
    )
    return np.clip(np.asarray(raw, dtype=np.float64), -1.2, 1.2)


def audio_situations(samples: Samples) -> list[tuple[str, float]]:
    """Return the BLEND situations that sound, float32 [S, 2] at 48 kHz, resembles, with weights summing to 1.

    Raises:
        ValueError: For sound that is not stereo, too short, not finite or silent.
    """
    profiles = np.array([PROFILES[name] for name in SITUATIONS])
    distances = ((profiles - coordinates(audio_features(samples))) ** 2).sum(axis=1)
    near = np.argsort(distances, kind="stable")[:BLEND]
    scores = np.exp(-SHARPNESS * (distances[near] - distances[near[0]]))
    weights = scores / scores.sum()
    return [(SITUATIONS[index], float(weight)) for index, weight in zip(near, weights, strict=True)]


def audio_embedding(encoder: StyleEncoder, samples: Samples) -> NDArray[np.float32]:
    """Return the unit embedding of a sound: the situations it resembles, blended.

    Raises:
        ValueError: As `audio_situations`.
    """
    centres = situation_embeddings(encoder)
    blend = np.zeros(encoder.dimension, dtype=np.float32)
    for name, weight in audio_situations(samples):
        blend += np.float32(weight) * centres[SITUATIONS.index(name)]
    return np.asarray(blend / np.linalg.norm(blend), dtype=np.float32)
