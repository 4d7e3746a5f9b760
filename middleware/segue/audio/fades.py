"""Fades, and crossfades that keep the loudness whatever the two sides have in common.

Equal-power crossfades of alike music bulge by up to 3 dB, linear ones of unlike music dip by 3 dB. Dividing by the
power that the two gains really add up to, sqrt(g1² + g2² + 2 r g1 g2), keeps it constant for every correlation r.
S samples, C channels; float32.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from segue.contract import Samples


def correlation(outgoing: Samples, incoming: Samples) -> float:
    """Return how alike two passages [S, C] are, from 0 (unrelated, opposed or silent) to 1 (equal up to level)."""
    a, b = outgoing.astype(np.float64).ravel(), incoming.astype(np.float64).ravel()
    scale = float(np.sqrt(np.dot(a, a)) * np.sqrt(np.dot(b, b)))
    return float(np.clip(np.dot(a, b) / scale, 0.0, 1.0)) if scale > 0 else 0.0


def crossfade_gains(length: int, r: float) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the gains [length] of the outgoing and the incoming side for correlation `r` in [0, 1].

    They start and end with slope 0, so that a crossfade begins and ends without a corner.

    Raises:
        ValueError: If r is out of range.
    """
    if not 0 <= r <= 1:
        raise ValueError(f"r: expected 0 to 1, got {r}")
    rising = _ramp(length)
    falling = 1 - rising
    power = np.sqrt(falling**2 + rising**2 + 2 * r * falling * rising)
    return (falling / power).astype(np.float32), (rising / power).astype(np.float32)


def crossfade(outgoing: Samples, incoming: Samples) -> Samples:
    """Go from one passage to another of the same shape [S, C], over their whole length.

    Raises:
        ValueError: If the shapes differ.
    """
    if outgoing.shape != incoming.shape:
        raise ValueError(f"expected passages of one shape, got {outgoing.shape} and {incoming.shape}")
    falling, rising = crossfade_gains(len(outgoing), correlation(outgoing, incoming))
    return outgoing * falling[:, None] + incoming * rising[:, None]


def fade_in(samples: Samples, length: int) -> Samples:
    """Return a copy of [S, C] that rises from silence over its first `length` samples, or over all if it is shorter."""
    faded = samples.copy()
    span = min(length, len(faded))
    faded[:span] *= _ramp(span).astype(np.float32)[:, None]
    return faded


def fade_out(samples: Samples, length: int) -> Samples:
    """Return a copy of [S, C] that falls to silence over its last `length` samples, or over all if it is shorter."""
    return np.ascontiguousarray(fade_in(samples[::-1], length)[::-1])


def falling(left: int, count: int, length: int) -> NDArray[np.float32]:
    """Return the gains [count] of a part of something that fades out over its last `length` samples.

    Args:
        left: Samples from the part's start to the end of the whole.
    """
    u: NDArray[np.float64] = np.minimum(np.arange(left, left - count, -1) / (length + 1), 1.0)
    return (u * u * (3 - 2 * u)).astype(np.float32)


def _ramp(length: int) -> NDArray[np.float64]:
    """u²(3 - 2u) from just above 0 to just below 1."""
    u = np.arange(1, length + 1) / (length + 1)
    return np.asarray(u * u * (3 - 2 * u), np.float64)
