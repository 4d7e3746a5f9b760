"""Synthetic sounds for the tests of audio prompts."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from segue.contract import SAMPLE_RATE

SECONDS: Final = 8
TIME: Final = np.arange(SECONDS * SAMPLE_RATE) / SAMPLE_RATE


def stereo(mono: NDArray[np.float64], peak: float = 0.5) -> NDArray[np.float32]:
    """Return a sound in both channels alike."""
    scaled = peak * mono / np.abs(mono).max()
    return np.stack([scaled, scaled], axis=1).astype(np.float32)


def tones(*frequencies: float) -> NDArray[np.float64]:
    """Return a steady chord, each tone with three softer overtones."""
    return sum(
        (np.sin(2 * np.pi * f * n * TIME) / n**2 for f in frequencies for n in range(1, 5)), start=np.zeros(len(TIME))
    )


def clicks(rate: float, *, seed: int = 1) -> NDArray[np.float64]:
    """Return bursts of noise, `rate` a second, each dying away within 50 ms."""
    envelope = np.exp(-(TIME % (1.0 / rate)) / 0.012)
    return envelope * np.random.default_rng(seed).standard_normal(len(TIME))


def drum_storm() -> NDArray[np.float32]:
    """Return a kick four times a second under twice as many clicks."""
    kick = np.sin(2 * np.pi * 60.0 * TIME) * np.exp(-(TIME % 0.25) / 0.05)
    return stereo(clicks(8.0) + 1.5 * kick, peak=0.9)


def bar_clicks(bpm: float, meter: int) -> NDArray[np.float64]:
    """Return a noise on the first beat of each bar and a high tone on the others, over a soft hum."""
    beat = 60.0 / bpm
    first = np.floor(TIME / beat) % meter == 0
    high = np.sin(2 * np.pi * 3_000.0 * TIME) * np.exp(-(TIME % beat) / 0.03)
    hum = 0.02 * np.random.default_rng(2).standard_normal(len(TIME))
    return np.where(first, clicks(bpm / 60.0), 0.5 * high) + hum
