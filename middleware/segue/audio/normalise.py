"""Keeping a stream near a loudness: a slow gain that follows the short-term loudness of what came in. Latency 0.

Within FREE_LU of the target the stream passes untouched, so that quiet sections stay quiet and fights loud. What lies
farther off is brought nearer. The gain changes in blocks of 100 ms counted from the start, from what the blocks before
measured, so the output does not depend on where chunks begin. State is a value.

Source: EBU R128 s1 (short-term loudness as the measure of short programmes).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from segue.audio.biquads import filtered
from segue.audio.loudness import K_WEIGHTING, loudness
from segue.contract import CHANNELS, SAMPLE_RATE, Samples

TARGET_LUFS: Final = -18.0
FREE_LU: Final = 6.0
"""How far from the target the loudness may lie before it is corrected."""
KEPT: Final = 0.4
"""The share that is kept of what lies beyond."""
_BLOCK: Final = SAMPLE_RATE // 10
_BLOCKS: Final = 30
# Rests and fades do not count, or the gain would climb in every pause.
_GATE_LUFS: Final = -45.0
# Slow enough to leave dynamics and crescendi alone, fast enough to settle within a phrase.
_RISE_DB_A_BLOCK: Final = 0.1
_FALL_DB_A_BLOCK: Final = 0.25
_MAX_GAIN_DB: Final = 12.0


@dataclass(frozen=True, kw_only=True)
class LoudnessState:
    """What the loudness stage remembers between blocks.

    Attributes:
        filters: K-weighting memory, float64 [2, 2, C].
        powers: Of the last whole blocks, oldest first, up to 30.
        energy: Of the block under way, over its first `filled` samples.
        gain_db, next_gain_db: At the block's ends.
    """

    filters: NDArray[np.float64]
    powers: tuple[float, ...]
    energy: float
    filled: int
    gain_db: float
    next_gain_db: float


def start() -> LoudnessState:
    """Return the state before the first block; the first blocks pass untouched."""
    return LoudnessState(
        filters=np.zeros((len(K_WEIGHTING), 2, CHANNELS)),
        powers=(),
        energy=0.0,
        filled=0,
        gain_db=0.0,
        next_gain_db=0.0,
    )


def process(
    state: LoudnessState, samples: Samples, target_lufs: float = TARGET_LUFS
) -> tuple[LoudnessState, NDArray[np.float32]]:
    """Measure `samples`, float32 [S, 2].

    Args:
        target_lufs: The loudness about which the samples pass untouched.

    Returns:
        The state after them, and the linear gain of each sample, float32 [S].
    """
    weighted, filters = filtered(K_WEIGHTING, samples, state.filters)
    # Sums of powers one sample after another, so that their rounding is the same however the block was cut.
    power = weighted[:, 0] ** 2 + weighted[:, 1] ** 2
    gains = np.empty(len(samples), np.float32)
    position = 0
    powers, energy, filled = state.powers, state.energy, state.filled
    gain_db, next_gain_db = state.gain_db, state.next_gain_db
    while position < len(samples):
        count = min(_BLOCK - filled, len(samples) - position)
        energy = float(np.cumsum(np.concatenate([[energy], power[position : position + count]]))[-1])
        share = np.arange(filled, filled + count) / _BLOCK
        gains[position : position + count] = 10 ** ((gain_db + (next_gain_db - gain_db) * share) / 20)
        position, filled = position + count, filled + count
        if filled == _BLOCK:
            powers = (*powers, energy / _BLOCK)[-_BLOCKS:]
            gain_db, next_gain_db = next_gain_db, _next_gain_db(powers, next_gain_db, target_lufs)
            energy, filled = 0.0, 0
    after = LoudnessState(
        filters=filters, powers=powers, energy=energy, filled=filled, gain_db=gain_db, next_gain_db=next_gain_db
    )
    return after, gains


def _next_gain_db(powers: tuple[float, ...], gain_db: float, target_lufs: float) -> float:
    """One step from `gain_db` toward what the last blocks need; none in silence."""
    loud = [power for power in powers if _counts(power)]
    if not loud:
        return gain_db
    wanted = settled_gain_db(loudness(math.fsum(loud) / len(loud)) - target_lufs)
    return gain_db + min(_RISE_DB_A_BLOCK, max(-_FALL_DB_A_BLOCK, wanted - gain_db))


def settled_gain_db(away: float) -> float:
    """Return the gain at which a stream settles whose loudness stays so many LU above the target."""
    beyond = away - min(FREE_LU, max(-FREE_LU, away))
    return min(_MAX_GAIN_DB, max(-_MAX_GAIN_DB, (KEPT - 1.0) * beyond))


@lru_cache(maxsize=4 * _BLOCKS)
def _counts(power: float) -> bool:
    """Return whether a block of this power counts. Cached: every block is asked for as long as it is recent."""
    return loudness(power) > _GATE_LUFS
