"""Measures of sound: steps, silence, loudness, width, spectrum. S samples, C channels, 48 kHz."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.signal import welch

from segue.audio.loudness import k_weighted, loudness
from segue.contract import SAMPLE_RATE, Samples

_SPECTRUM_WINDOW: Final = 8_192


def largest_step(samples: Samples) -> float:
    """Largest change from one sample to the next of [S, C], in any channel: a click shows as a large one."""
    return float(np.abs(np.diff(samples, axis=0)).max(initial=0.0))


def step_at_joins(samples: Samples, joins: Sequence[int]) -> tuple[float, float]:
    """Largest step into the sample positions `joins`, and largest step elsewhere."""
    steps = np.abs(np.diff(samples, axis=0)).max(axis=1)
    at = np.zeros(len(steps), bool)
    at[[join - 1 for join in joins if 0 < join < len(samples)]] = True
    return float(steps[at].max(initial=0.0)), float(steps[~at].max(initial=0.0))


def longest_silence(samples: Samples, below_db: float = -70.0) -> int:
    """Length of the longest run of samples with every channel below a level."""
    loud = np.flatnonzero(np.abs(samples).max(axis=1) >= 10 ** (below_db / 20))
    edges = np.concatenate([[-1], loud, [len(samples)]])
    return int(np.diff(edges).max() - 1)


def short_term_loudness(samples: Samples, hop_s: float = 0.1) -> NDArray[np.float64]:
    """Loudness of every whole 3 s window of [S, C], one each `hop_s`, LUFS; -inf where silent."""
    window, hop = 3 * SAMPLE_RATE, round(hop_s * SAMPLE_RATE)
    energy = np.concatenate([[0.0], np.cumsum((k_weighted(samples) ** 2).sum(axis=1))])
    starts = np.arange(0, len(samples) - window + 1, hop)
    # Differences of a running sum leave rounding where there was silence.
    power = np.maximum(energy[starts + window] - energy[starts], 0) / window
    return np.array([loudness(float(value)) if value > 1e-12 else -math.inf for value in power])


def stereo_width(samples: Samples) -> float:
    """Power of the sides over power of the middle of [S, 2]: 0 mono, 1 as wide as unrelated channels, inf opposed."""
    middle = samples[:, 0].astype(np.float64) + samples[:, 1]
    side = samples[:, 0].astype(np.float64) - samples[:, 1]
    power = float(np.mean(middle**2))
    return float(np.mean(side**2)) / power if power > 0 else math.inf if side.any() else 0.0


def band_levels_db(samples: Samples, edges_hz: Sequence[float]) -> list[float]:
    """Level of each band between neighbouring `edges_hz`, dB of full-scale power; -inf where empty."""
    frequencies, density = welch(
        samples.astype(np.float64), SAMPLE_RATE, nperseg=min(_SPECTRUM_WINDOW, len(samples)), axis=0
    )
    power = density.mean(axis=1) * (frequencies[1] - frequencies[0])
    levels = []
    for low, high in pairwise(edges_hz):
        total = float(power[(frequencies >= low) & (frequencies < high)].sum())
        levels.append(10 * math.log10(total) if total > 0 else -math.inf)
    return levels
