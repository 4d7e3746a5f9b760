"""A look-ahead limiter: true peaks stay below the ceiling, without distortion. Streaming, its state a value.

Gain reduction is counted in integers of 2^-20 dB, whose sums and minima are exact; so the output does not depend on
where chunks begin, to the last bit. A peak's gain is reached by a ramp of LOOKAHEAD samples and left at a constant
rate in dB.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from segue.audio.loudness import PEAK_CONTEXT, oversampled_peaks, peak_bound
from segue.contract import CHANNELS, SAMPLE_RATE, Samples

CEILING_DB: Final = -1.0
# Between the four points looked at, and by the gain's own movement, a peak can be this much higher.
_MARGIN_DB: Final = 0.25
LOOKAHEAD: Final = 96
# Peaks are looked for in stretches of whole blocks of so many samples, at least 2 * PEAK_CONTEXT.
_STRETCH: Final = 64
# A share below 1 covers the rounding of the peaks themselves.
_NEARLY: Final = 0.999
LATENCY: Final = LOOKAHEAD - 1 + PEAK_CONTEXT
_UNIT_DB: Final = 2.0**-20
_RELEASE_DB_A_SECOND: Final = 40.0
_RELEASE: Final = round(_RELEASE_DB_A_SECOND / SAMPLE_RATE / _UNIT_DB)


@dataclass(frozen=True, kw_only=True)
class LimiterState:
    """What the limiter remembers between blocks.

    Attributes:
        samples: The last LATENCY + PEAK_CONTEXT of the input, float32 [., 2].
        held: The last 2 * LOOKAHEAD gains before smoothing, int64, in units of 2^-20 dB.
    """

    samples: Samples
    held: NDArray[np.int64]

    @property
    def nbytes(self) -> int:
        return self.samples.nbytes + self.held.nbytes


def start() -> LimiterState:
    """Return the state of silence before the first sample."""
    return LimiterState(
        samples=np.zeros((LATENCY + PEAK_CONTEXT, CHANNELS), np.float32), held=np.zeros(2 * LOOKAHEAD, np.int64)
    )


def process(state: LimiterState, samples: Samples, ceiling_db: float = CEILING_DB) -> tuple[LimiterState, Samples]:
    """Limit the next [S, 2] of the stream, LATENCY samples late.

    Returns:
        The state after, and samples whose true peak is at most `ceiling_db`.
    """
    length = len(samples)
    if not length:
        return state, samples
    stream = np.concatenate([state.samples, samples])
    delayed = stream[PEAK_CONTEXT : PEAK_CONTEXT + length]
    # Peaks of the samples from PEAK_CONTEXT before the newest backwards: those with context on both sides.
    wanted = _wanted(stream[-(length + 2 * PEAK_CONTEXT) :], ceiling_db - _MARGIN_DB)
    released = _released(int(state.held[-1]), wanted)
    held = np.concatenate([state.held, released])
    after = LimiterState(samples=stream[length:].copy(), held=held[length:].copy())
    if not held.any():
        return after, delayed.copy()
    # The lowest gain of the look-ahead, then its mean over as long: the ramp is down when the peak arrives.
    lowest = _lowest(held)[1:]
    summed = np.concatenate([[0], np.cumsum(lowest)])
    mean = (summed[LOOKAHEAD:] - summed[:-LOOKAHEAD])[-length:]
    gain = (10 ** (mean * (_UNIT_DB / LOOKAHEAD / 20))).astype(np.float32)
    return after, delayed * gain[:, None]


def limit(samples: Samples, ceiling_db: float = CEILING_DB) -> Samples:
    """Limit all of [S, 2], without delay."""
    padded = np.concatenate([samples, np.zeros((LATENCY, CHANNELS), np.float32)])
    return process(start(), padded, ceiling_db)[1][LATENCY:]


def _wanted(samples: Samples, ceiling_db: float) -> NDArray[np.int64]:
    """Gain that brings the peak around each sample to the ceiling, in units.

    The PEAK_CONTEXT samples at both ends get none. The peak is computed only where it can reach the ceiling; elsewhere
    the gain is 0.
    """
    wanted = np.zeros(len(samples) - 2 * PEAK_CONTEXT, np.int64)
    level = np.abs(samples)
    loud = np.flatnonzero(np.maximum(level[:, 0], level[:, 1]) > _NEARLY * 10 ** (ceiling_db / 20) / peak_bound())
    if not loud.size:
        return wanted
    # Stretches of blocks near a loud sample. A sample's peak is computed from PEAK_CONTEXT samples on each side.
    near = np.zeros(len(wanted) // _STRETCH + 3, bool)
    for reach in (-2 * PEAK_CONTEXT, 0):
        near[np.maximum(loud + reach, 0) // _STRETCH] = True
    edges = np.flatnonzero(np.diff(near, prepend=False, append=False)) * _STRETCH
    for begin, end in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        stretch = samples[begin : end + 2 * PEAK_CONTEXT]
        if len(stretch) > 2 * PEAK_CONTEXT:
            wanted[begin:end] = _reduction(oversampled_peaks(stretch, edge=True), ceiling_db)
    return wanted


def _reduction(peaks: NDArray[np.float32], ceiling_db: float) -> NDArray[np.int64]:
    """Gain that brings each peak to the ceiling, in units, at most 0; rounded down."""
    over_db = 20 * np.log10(np.maximum(peaks.astype(np.float64), 1e-9)) - ceiling_db
    return np.floor(np.minimum(-over_db, 0) / _UNIT_DB).astype(np.int64)


def _released(before: int, wanted: NDArray[np.int64]) -> NDArray[np.int64]:
    """min(wanted[n], previous + RELEASE) for every n: a running minimum in coordinates that rise with the release."""
    risen = _RELEASE * np.arange(len(wanted) + 1, dtype=np.int64)
    lowest = np.minimum.accumulate(np.concatenate([[before], wanted]) - risen)
    return np.asarray((lowest + risen)[1:])


def _lowest(held: NDArray[np.int64]) -> NDArray[np.int64]:
    """Of each LOOKAHEAD neighbours the lowest: int64 [len(held) - LOOKAHEAD + 1]."""
    span, lowest = 1, held
    while 2 * span <= LOOKAHEAD:
        lowest = np.minimum(lowest[:-span], lowest[span:])
        span *= 2
    rest = LOOKAHEAD - span
    return np.minimum(lowest[:-rest], lowest[rest:]) if rest else lowest
