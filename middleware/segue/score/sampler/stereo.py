"""Places in the stereo image: panning, and width for instruments recorded in mono.

Width is made by complementary filters: a sparse, noise-like echo pattern is added on the left and taken away on the
right. Listeners perceive a wider source; for one in the middle the sum of both sides is the source itself, so mono
listeners lose nothing.

Source: Schroeder 1958 (pseudo-stereo by complementary combs); Alary et al. 2017 (velvet-noise decorrelation).
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

# Times (samples, 1.5 to 21 ms) and signs of the echoes; later ones are softer. They sum to zero, so basses stay put.
_TIMES: Final = (73, 179, 307, 431, 577, 701, 853, 997)
_SIGNS: Final = (1, -1, -1, 1, -1, 1, 1, -1)
_LAST_DB: Final = -9.0
SPAN: Final = _TIMES[-1]

Planar = NDArray[np.float32]
"""Sound with the channels first, [C, S]."""


def pan_gains(pan: float) -> tuple[float, float]:
    """Return the left and right amplitude of a place from -1 to 1 (beyond is clipped), of constant power."""
    angle = (min(1.0, max(-1.0, pan)) + 1) * math.pi / 4
    return math.cos(angle), math.sin(angle)


def widened(before: Planar, sound: Planar, width: float) -> tuple[Planar, Planar]:
    """Widen a stream of seated sounds, whose sides then differ by `width` times what they share. Latency 0.

    Args:
        before: The last SPAN samples of the stream, float32 [2, SPAN].
        sound: The next, float32 [2, S].
    Returns:
        What is `before` the following samples, and float32 [2, S], as loud as `sound`.
    """
    length = sound.shape[1]
    stream = np.concatenate([before, sound], axis=1)
    echoes = np.zeros_like(sound)
    echo = np.empty_like(sound)
    for time, gain in zip(_TIMES, _echo_gains(width), strict=True):
        echoes += np.multiply(stream[:, SPAN - time : SPAN - time + length], gain, out=echo)
    echoes[1] *= -1
    echoes += sound
    echoes *= np.float32(1 / math.sqrt(1 + width**2))
    return stream[:, length:].copy(), echoes


@lru_cache
def _echo_gains(width: float) -> Planar:
    """Return the amplitudes of the echoes, in all `width` strong and without a sum."""
    share = np.arange(len(_TIMES)) / (len(_TIMES) - 1)
    gains = np.array(_SIGNS) * 10 ** (_LAST_DB / 20 * share)
    gains -= gains.mean()
    return np.asarray(gains * (width / np.sqrt(np.sum(gains**2))), np.float32)
