"""The listener taught: clips of every situation by seeds that are never judged."""

from __future__ import annotations

from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from composed import Score, perform, steady
from quality.listening import Listener, features, fit, windows
from segue.contract import FRAME_SIZE, MODES, Samples
from segue.score.composer.keyed_random import KeyedRandom
from segue.score.composer.table import NAMES, TABLE
from segue.score.sampler.sampler import Sampler

CLIP_S: Final = 12
TEACHING_SEEDS: Final = tuple(range(1000, 1005))


@cache
def sampler() -> Sampler:
    return Sampler()


def rendered(piece: Score) -> Samples:
    _, samples, _ = sampler().render(sampler().start(), piece.notes, piece.num_frames * FRAME_SIZE)
    return samples


def clip(name: str, seed: int) -> Samples:
    """A clip of a situation at any intensity from a quarter up, half of them in a mode that it would not choose."""
    random = KeyedRandom(seed, 99)
    intensity = 0.25 + 0.7 * random.uniform()
    mode = random.choice(TABLE[name].modes if random.chance(0.5) else MODES)
    frames = steady(name, seed=seed, num_frames=CLIP_S * 25, intensity=intensity, mode=mode)
    return rendered(perform(frames, seed=seed))


def heard(seeds: tuple[int, ...]) -> tuple[NDArray[np.float64], list[str]]:
    rows = [(name, features(window)) for name in NAMES for seed in seeds for window in windows(clip(name, seed))]
    return np.stack([row for _, row in rows]), [name for name, _ in rows]


@cache
def taught() -> tuple[NDArray[np.float64], list[str]]:
    return heard(TEACHING_SEEDS)


@cache
def listener() -> Listener:
    return fit(*taught())
