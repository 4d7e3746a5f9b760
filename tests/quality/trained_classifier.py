"""The classifier, trained with clips of every situation; the tests classify clips of other seeds."""

from __future__ import annotations

from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from composed import Score, perform, steady
from quality.situation_classifier import SituationClassifier, features, fit, windows
from segue.contract import FRAME_SIZE, MODES, Samples
from segue.score.composer.arrange import arrange
from segue.score.composer.keyed_random import KeyedRandom
from segue.score.sampler.sampler import Sampler
from segue.style.points import POINTS
from segue.style.situations import CAPTIONS, SITUATIONS
from segue.style.text_reader import text_reader

CLIP_S: Final = 12
TRAINING_SEEDS: Final = tuple(range(1002, 1014))
_METERS: Final = {"mystery": (3, 4), "snow": (3, 4), "tavern": (6, 3, 4), "ocean": (6, 3)}
"""Beats in a bar of situations that are at home in several meters."""


@cache
def sampler() -> Sampler:
    return Sampler()


def rendered(piece: Score) -> Samples:
    """Render a score to audio, float32 [S, 2]."""
    _, samples, _ = sampler().render(sampler().start(), piece.notes, piece.num_frames * FRAME_SIZE)
    return samples


def clip(name: str, seed: int) -> Samples:
    """Render a clip of a situation at a random intensity from 0.25 up.

    What plays is, by the seed, the situation's own profile, what one of its captions is read as, or the first other
    named style of its layout. Every second clip, by chance, has any mode instead of its profile's own scale. Rules set
    tempi and meters, too. So tempi are drawn around the situation's, and meters of those that have several: none is
    known by its tempo or its meter alone.
    """
    random = KeyedRandom(seed, 99)
    intensity = 0.25 + 0.7 * random.uniform()
    mode = None if random.chance(0.5) else random.choice(MODES)
    named = [point.profile for point in POINTS.values() if point.profile.layout == POINTS[name].profile.layout]
    profiles = [POINTS[name].profile, *(text_reader().read(text).profile for text in CAPTIONS[name])]
    profiles[2:2] = [profile for profile in named if profile != POINTS[name].profile][:1]
    row = arrange(profiles[seed % len(profiles)])
    tempo = POINTS[name].profile.tempo_bpm * (0.92 + 0.16 * random.uniform())
    meter = random.choice(_METERS.get(name, (None,)))
    frames = steady(
        name, seed=seed, num_frames=CLIP_S * 25, intensity=intensity, tempo_bpm=tempo, meter=meter, mode=mode
    )
    played = tuple(moment._replace(mix=((row.name, 1.0),), arrangements={row.name: row}) for moment in frames)
    return rendered(perform(played, seed=seed))


def labelled_features(seeds: tuple[int, ...]) -> tuple[NDArray[np.float64], list[str]]:
    """Return the features [W, F] of clips of every situation, and the situation of each."""
    rows = [(name, features(window)) for name in SITUATIONS for seed in seeds for window in windows(clip(name, seed))]
    return np.stack([row for _, row in rows]), [name for name, _ in rows]


@cache
def training_set() -> tuple[NDArray[np.float64], list[str]]:
    return labelled_features(TRAINING_SEEDS)


@cache
def classifier() -> SituationClassifier:
    return fit(*training_set())
