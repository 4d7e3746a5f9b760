"""The hall: a stereo reverb of early reflections and a feedback delay network, streaming, its state a value.

Every sum is taken element by element in one order, so the sound does not depend on where chunks begin, to the last
bit. Arrays are planar: [2, S] in and out, L delay lines.

Source: Jot and Chaigne 1991 (feedback delay networks); Karjalainen and Järveläinen 2007 (velvet noise).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from segue.contract import SAMPLE_RATE

Planar = NDArray[np.float32]
"""Sound with the channels first, [2, S]."""

# Mutually prime and spread over an octave and a half, so that echoes of the lines never pile up. A block of the
# network may be as long as the shortest line.
_DELAYS: Final = (1_153, 1_327, 1_559, 1_801, 2_029, 2_311, 2_617, 2_999)
_LONGEST: Final = max(_DELAYS)
_BLOCK: Final = min(_DELAYS) - 1
_REVERB_TIME_S: Final = 1.9
# Share of the previous sample in a line's feedback: high tones fade faster, as in air and cloth.
_DAMPING: Final = 0.22
# Rows of a Hadamard matrix: left and right hear the same lines with signs of no correlation.
_LEFT: Final = (1, -1, 1, -1, 1, -1, 1, -1)
_RIGHT: Final = (1, 1, -1, -1, 1, 1, -1, -1)
_EARLY_SPAN: Final = 2_160
# Times (samples) of each side's first reflections, negative where they come inverted. One was drawn at random in each
# cell of a grid, once: NumPy's generators take longer to load than all the rest of the reverb.
_EARLY_TAPS: Final = (
    (307, -381, 537, -566, -668, 865, -877, -1013, -1176, 1297, 1320, -1443, -1599, -1706, 1809, 1920, 1971, 2116),
    (-318, -366, 483, 641, -685, -786, 974, -1044, 1181, -1261, 1338, 1449, 1597, -1717, 1742, -1861, -1981, 2073),
)  # fmt: skip
_EARLY_GAIN: Final = 0.28
_LATE_GAIN: Final = 0.42
# The room is wider than its two sides of equal power: what they share is softer by this factor, what they differ by is
# louder, so that a dry soloist in the middle still stands in a wide hall.
_SHARED, _APART = 0.9, 1.1


@dataclass(frozen=True, kw_only=True)
class ReverbState:
    """The sound that is still in the reverb.

    Attributes:
        early: float32 [2, span], newest last.
        lines: float32 [L, longest + 1]: of each line what comes out of it in the next samples, as many as it is long.
    """

    early: Planar
    lines: Planar

    @property
    def nbytes(self) -> int:
        return self.early.nbytes + self.lines.nbytes


def start() -> ReverbState:
    """Return the state of silence."""
    return ReverbState(
        early=np.zeros((2, _EARLY_SPAN), np.float32), lines=np.zeros((len(_DELAYS), _LONGEST + 1), np.float32)
    )


def process(state: ReverbState, sent: Planar) -> tuple[ReverbState, Planar]:
    """Return the reverb of `sent` (float32 [2, S]): float32 [2, S], without the direct sound. Latency 0."""
    length = sent.shape[1]
    if not length:
        return state, sent
    stream = np.concatenate([state.early, sent], axis=1)
    early = _early(stream, length)
    lines = np.zeros((len(_DELAYS), _LONGEST + 1 + length), np.float32)
    lines[:, : _LONGEST + 1] = state.lines
    late = np.empty((2, length), np.float32)
    for begin in range(0, length, _BLOCK):
        _network(lines, early, late, begin, min(length, begin + _BLOCK))
    after = ReverbState(early=stream[:, length:].copy(), lines=lines[:, length:].copy())
    early *= np.float32(_EARLY_GAIN)
    late *= np.float32(_LATE_GAIN)
    early += late
    return after, _spread(early)


def _spread(wet: Planar) -> Planar:
    """Return a room with more of what its sides differ by."""
    shared = (wet[0] + wet[1]) * np.float32(_SHARED / 2)
    apart = (wet[0] - wet[1]) * np.float32(_APART / 2)
    return np.stack([shared + apart, shared - apart])


def _early(stream: Planar, length: int) -> Planar:
    """Return the first reflections: sparse taps, other times and signs on each side."""
    early = np.zeros((2, length), np.float32)
    echo = np.empty(length, np.float32)
    for side, (times, gains) in enumerate(_early_taps()):
        for time, gain in zip(times, gains, strict=True):
            begin = _EARLY_SPAN - time
            early[side] += np.multiply(stream[side, begin : begin + length], gain, out=echo)
    return early


def _network(lines: Planar, early: Planar, late: Planar, begin: int, end: int) -> None:
    """Return one block of the network, in place. What enters a line at t stands `delay` later, so that all come out at
    t.
    """
    out = lines[:, begin + 1 : end + 1] * np.float32(1 - _DAMPING)
    out += lines[:, begin:end] * np.float32(_DAMPING)
    out *= _line_gains()
    # Sums of the lines one after the other: their rounding is the same wherever the block begins.
    for side, signs in enumerate(_signs()):
        np.add.reduce(out * signs, axis=0, out=late[side, begin:end], initial=0)
    # Householder feedback, each line feeding its neighbour: lossless, and no line hears mostly itself.
    total = np.add.reduce(out, axis=0)
    total *= np.float32(2 / len(_DELAYS))
    entering = np.subtract(total, out, out=out)
    for row, leaving in enumerate(entering):
        fed = (row + 1) % len(_DELAYS)
        at = begin + 1 + _DELAYS[fed]
        np.add(leaving, early[fed % 2, begin:end], out=lines[fed, at : at + end - begin])


@lru_cache(maxsize=1)
def _signs() -> tuple[Planar, Planar]:
    """Return signs of the lines as left and right hear them: float32 [L, 1] each."""
    left, right = (np.array(signs, np.float32)[:, None] for signs in (_LEFT, _RIGHT))
    return left, right


@lru_cache(maxsize=1)
def _line_gains() -> Planar:
    """Return the gain of each line per pass, so that all fall 60 dB in the reverb time: float32 [L, 1]."""
    seconds = np.array(_DELAYS) / SAMPLE_RATE
    return (10 ** (-3 * seconds / _REVERB_TIME_S)).astype(np.float32)[:, None]


@lru_cache(maxsize=1)
def _early_taps() -> tuple[tuple[tuple[int, ...], Planar], ...]:
    """Return times (samples) and gains of each side's reflections, falling 12 dB."""
    sides = []
    for taps in _EARLY_TAPS:
        gains = np.sign(taps) * 10 ** (-12 / 20 * np.arange(len(taps)) / len(taps))
        sides.append((tuple(map(abs, taps)), (gains / np.sqrt(np.sum(gains**2))).astype(np.float32)))
    return tuple(sides)
