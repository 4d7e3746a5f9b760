"""How loud sound is: integrated and short-term loudness (EBU R128) and true peak. S samples, C channels, 48 kHz.

Source: ITU-R BS.1770-4; EBU Tech 3341 (2016).
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Final

import numpy as np
import pyloudnorm
from numpy.typing import NDArray
from scipy.signal import firwin, upfirdn

from segue.audio.weighting import k_weighted, loudness
from segue.contract import SAMPLE_RATE, Samples

SHORT_TERM_S: Final = 3.0
_BLOCK_S: Final = 0.4
OVERSAMPLING: Final = 4
# 24 taps a phase keep the peaks of tones up to 20 kHz within 0.1 dB; the 12 of BS.1770's example are 0.4 dB off.
_TAPS: Final = 24


def integrated_loudness(samples: Samples) -> float:
    """Gated loudness of [S, C] as a whole, LUFS; -inf for silence or less than 400 ms."""
    if len(samples) < _BLOCK_S * SAMPLE_RATE or not np.any(samples):
        return -math.inf
    return float(pyloudnorm.Meter(SAMPLE_RATE).integrated_loudness(samples.astype(np.float64)))


def short_term_loudness(samples: Samples, hop_s: float = 0.1) -> NDArray[np.float64]:
    """Loudness of every whole 3 s window of [S, C], one each `hop_s`, LUFS; -inf where silent."""
    window, hop = round(SHORT_TERM_S * SAMPLE_RATE), round(hop_s * SAMPLE_RATE)
    energy = np.concatenate([[0.0], np.cumsum((k_weighted(samples) ** 2).sum(axis=1))])
    starts = np.arange(0, len(samples) - window + 1, hop)
    # Differences of a running sum leave rounding where there was silence.
    power = np.maximum(energy[starts + window] - energy[starts], 0) / window
    return np.array([loudness(float(value)) if value > 1e-12 else -math.inf for value in power])


def true_peak_db(samples: Samples) -> float:
    """Highest level between and at samples of [S, C], dBTP; -inf for silence."""
    peak = float(oversampled_peaks(samples, edge=False).max(initial=0))
    return 20 * math.log10(peak) if peak > 0 else -math.inf


def oversampled_peaks(samples: Samples, *, edge: bool) -> NDArray[np.float32]:
    """Largest magnitude around each sample over all channels, seen at four times the rate.

    edge: whether `samples` [S, C] come with TAPS / 2 samples of context on both sides, which get no value of their own:
    the result is then float32 [S - TAPS], else [S] as if silence surrounded them.
    """
    context = _TAPS // 2
    padded = samples if edge else np.pad(samples, ((context, context), (0, 0)))
    dense = upfirdn(_interpolator(), padded, up=OVERSAMPLING, axis=0)
    length = len(padded) - 2 * context
    first = OVERSAMPLING * _TAPS - OVERSAMPLING // 2
    loud = np.abs(dense[first : first + OVERSAMPLING * length]).max(axis=1)
    return np.asarray(loud.reshape(length, OVERSAMPLING).max(axis=1), np.float32)


@lru_cache(maxsize=1)
def _interpolator() -> NDArray[np.float32]:
    """Low-pass at the old Nyquist frequency, unit gain per phase, odd length: whole samples pass unchanged."""
    taps = firwin(OVERSAMPLING * _TAPS + 1, 1 / OVERSAMPLING, window=("kaiser", 8.0))
    return np.asarray(OVERSAMPLING * taps, np.float32)
