"""A limiter without latency: no sample exceeds the ceiling. It works frame by frame, and its state is one number.

A frame is all that it looks ahead. The gain falls in a straight line before a peak and rises slowly after it, so it
never jumps. A peak at the very start of a frame cannot be seen from the frame before: there the gain follows the sound,
and the result moves no faster than the sound. Both channels have the same gain. Frames below the ceiling stay
unchanged, to the bit, and no result depends on how frames are grouped.

`segue.audio.limiter` also limits what lies between samples, and is late by its look-ahead: it is for files.
S samples, T frames.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from segue.contract import FRAME_SIZE, Samples

# Below full scale by what a conversion to 16 bits, a client's fades and its volume can round up. More would only make
# loud passages quieter: what lies between samples is limited where sound leaves for a file or a loudspeaker.
CEILING_DB: Final = -0.3
CEILING: Final = float(np.float32(10.0 ** (CEILING_DB / 20.0)))
# A stinger beside the music may use the rest up to full scale, so that music at its ceiling leaves it some room.
SUM_CEILING: Final = 1.0

# Change of the gain in one sample. 3 dB fall within 3 ms, too short to be heard before a peak, and rise within 30 ms:
# most peaks are those of drums, and a soundtrack stays as loud as it was, to a tenth of a LU.
_FALL: Final = 1.0 / 480
_RISE: Final = 1.0 / 4_800
STINGER_FALL_SAMPLES: Final = 2_400
"""Samples in which a stinger's gain falls from 1 to 0: what is known of a stinger ahead lets it move more smoothly."""
_STINGER_FALL: Final = 1.0 / STINGER_FALL_SAMPLES
_STINGER_RISE: Final = 1.0 / 14_400
# Gains and products are rounded to float32; gains lower by this share keep products within the ceiling.
_ROUNDED: Final = 1.0 - 2.0**-22


def process(gain: float, samples: Samples) -> tuple[float, NDArray[np.float32] | None]:
    """Return the gains that bring T frames within CEILING.

    Args:
        gain: The gain at the end of the frame before, 1 at the start.
        samples: float32 [T * FRAME_SIZE, 2].

    Returns:
        The gain at their end, and the gain of each sample, float32 [S], in [0, 1]; None if all are 1.
    """
    if gain == 1.0 and not _exceeds(samples):
        return gain, None
    gains = np.ones(len(samples), np.float32)
    for start in range(0, len(samples), FRAME_SIZE):
        frame = samples[start : start + FRAME_SIZE]
        if gain < 1.0 or _exceeds(frame):
            envelope = _risen(gain, _fallen(gain, _wanted(frame), _FALL), _RISE)
            gains[start : start + FRAME_SIZE] = envelope
            gain = float(envelope[-1])
    return gain, gains


def limit_join(samples: Samples) -> Samples:
    """Return a passage limited to CEILING, whose ends join sound that is within CEILING.

    Equal-power crossfades of two limited passages can exceed it.

    Args:
        samples: float32 [S, 2].

    Returns:
        The same samples if all are within CEILING. Else the gain is 1 outside both ends and falls and rises between.
    """
    if not _exceeds(samples):
        return samples
    wanted = _wanted(samples)
    gain = np.minimum(_fallen(1.0, wanted, _FALL), _fallen(1.0, wanted[::-1], _FALL)[::-1])
    return samples * gain.astype(np.float32)[:, None]


def beside_gains(music: Samples, stinger: Samples, before: float | None = None) -> NDArray[np.float32] | None:
    """Return the gains of a stinger whose sum with the music must not exceed SUM_CEILING.

    Args:
        music: float32 [S, 2], ducked.
        stinger: float32 [S, 2], with its gain; several may be added up.
        before: The gain of the sample before the first; None if the stinger begins here.

    Returns:
        The gain of each sample, float32 [S], in [0, 1]; None if all are 1.

    Raises:
        ValueError: The shapes differ.
    """
    if music.shape != stinger.shape:
        raise ValueError(f"expected music and stinger of one shape, got {music.shape} and {stinger.shape}")
    over = np.abs(music + stinger) > SUM_CEILING
    rows = np.flatnonzero(over[:, 0] | over[:, 1])
    if not rows.size and (before is None or before == 1.0):
        return None
    # Where the sum is too high and the music is not, the stinger points the way of the sum.
    beside, added = music[rows].astype(np.float64), stinger[rows]
    room = np.maximum(SUM_CEILING * _ROUNDED - beside * np.sign(added), 0.0)
    wanted = np.ones_like(room)
    np.divide(room, np.abs(added), out=wanted, where=over[rows] & (added != 0.0))
    lowest = np.ones(len(music))
    lowest[rows] = np.minimum(wanted.min(1), 1.0)
    if before is None:
        fallen = _tilted_minimum(lowest[::-1], _STINGER_FALL)[::-1]
        before = float(fallen[0])
    else:
        fallen = _fallen(before, lowest, _STINGER_FALL)
    return _risen(before, fallen, _STINGER_RISE).astype(np.float32)


def _exceeds(samples: Samples) -> bool:
    return len(samples) > 0 and bool(samples.max() > CEILING or samples.min() < -CEILING)


def _wanted(samples: Samples) -> NDArray[np.float64]:
    """Return the greatest gain of each sample, float64 [S], that brings both channels within CEILING."""
    peaks = np.maximum(samples.max(1), -samples.min(1)).astype(np.float64)
    return np.asarray(CEILING * _ROUNDED / np.maximum(peaks, CEILING * _ROUNDED))


def _fallen(before: float, wanted: NDArray[np.float64], slope: float) -> NDArray[np.float64]:
    """Return gains that fall in straight lines to each wanted gain, float64 [S], at most 1.

    Args:
        before: The gain of the sample before the first.
        wanted: The greatest gain of each sample, float64 [S].
        slope: The fall in one sample. Lines to peaks that are too near for it begin at `before` and are steeper.
    """
    count = np.arange(1, len(wanted) + 1)
    near = wanted + slope * count < before
    gains = _tilted_minimum(np.where(near, 1.0, wanted)[::-1], slope)[::-1]
    if near.any():
        steepest = np.minimum.accumulate(np.where(near, (wanted - before) / count, np.inf)[::-1])[::-1]
        with np.errstate(invalid="ignore"):
            gains = np.minimum(gains, before + count * steepest)
    return np.minimum(gains, wanted)


def _risen(before: float, gains: NDArray[np.float64], slope: float) -> NDArray[np.float64]:
    """Return gains [S] that rise by at most `slope` in one sample, from `before` in the sample before the first."""
    return _tilted_minimum(np.concatenate([[before], gains]), slope)[1:]


def _tilted_minimum(gains: NDArray[np.float64], slope: float) -> NDArray[np.float64]:
    """Return min(gains[n], result[n - 1] + slope) for every n: a running minimum in coordinates that rise."""
    risen = slope * np.arange(len(gains))
    # The sum may be rounded up.
    return np.asarray(np.minimum(np.minimum.accumulate(gains - risen) + risen, gains))
