"""A sound as a style prompt: the situations its measurements resemble, blended. Rough, and meant to be known as such.

It tells a drone from a drum kit and a lullaby from a thrash riff. It does not hear genre, instruments or melody: a
quiet piano is "calm" whether it plays a waltz or a hymn, and a desert differs from a dungeon by little but its mode.
Whoever can say in words what the music is like should; the encoder's audio_warning says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray

from segue.contract import Samples, StyleEncoder
from segue.style.audio_features import AudioFeatures, audio_features
from segue.style.situations import SITUATIONS, situation_embeddings

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


def coordinates(features: AudioFeatures) -> NDArray[np.float64]:
    """Measurements on the scale of PROFILES, each within [-1.2, 1.2]."""
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
    """The BLEND situations that sound, float32 [S, 2] at 48 kHz, resembles, with weights summing to 1.

    Raises: ValueError for sound that is not stereo, too short, not finite or silent.
    """
    profiles = np.array([PROFILES[name] for name in SITUATIONS])
    distances = ((profiles - coordinates(audio_features(samples))) ** 2).sum(axis=1)
    near = np.argsort(distances, kind="stable")[:BLEND]
    scores = np.exp(-SHARPNESS * (distances[near] - distances[near[0]]))
    weights = scores / scores.sum()
    return [(SITUATIONS[index], float(weight)) for index, weight in zip(near, weights, strict=True)]


def audio_embedding(encoder: StyleEncoder, samples: Samples) -> NDArray[np.float32]:
    """Unit embedding of a sound: the situations it resembles, blended. Raises: ValueError as `audio_situations`."""
    centres = situation_embeddings(encoder)
    blend = np.zeros(encoder.dimension, dtype=np.float32)
    for name, weight in audio_situations(samples):
        blend += np.float32(weight) * centres[SITUATIONS.index(name)]
    return np.asarray(blend / np.linalg.norm(blend), dtype=np.float32)
