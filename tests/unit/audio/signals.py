"""Signals for the audio tests. S samples; float32 [S, 2] at 48 kHz."""

from __future__ import annotations

import numpy as np

from segue.contract import SAMPLE_RATE, Samples


def tone(level_db: float, seconds: float, hz: float = 1_000.0, phase: float = 0.0) -> Samples:
    """A sine in both channels, its peak at `level_db`."""
    t = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    wave = 10 ** (level_db / 20) * np.sin(2 * np.pi * hz * t + phase)
    return np.repeat(wave[:, None], 2, axis=1).astype(np.float32)


def noise(seconds: float, seed: int, level: float = 0.1) -> Samples:
    """White noise, the channels unrelated."""
    random = np.random.default_rng(seed)
    return (level * random.standard_normal((round(seconds * SAMPLE_RATE), 2))).astype(np.float32)


def cut_at(samples: Samples, seed: int, parts: int = 7) -> list[Samples]:
    """The same samples in chunks of uneven length."""
    random = np.random.default_rng(seed)
    borders = np.sort(random.integers(0, len(samples) + 1, parts))
    return np.split(samples, borders)
