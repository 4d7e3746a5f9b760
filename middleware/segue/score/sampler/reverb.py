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
_EARLY_TAPS: Final = 18
_EARLY_GAIN: Final = 0.28
_LATE_GAIN: Final = 0.42


@dataclass(frozen=True, kw_only=True)
class ReverbState:
    """What still travels in the room. early: float32 [2, span]; lines: float32 [L, longest], newest last."""

    early: Planar
    lines: Planar

    @property
    def nbytes(self) -> int:
        return self.early.nbytes + self.lines.nbytes


def start() -> ReverbState:
    """The room in silence."""
    return ReverbState(
        early=np.zeros((2, _EARLY_SPAN), np.float32), lines=np.zeros((len(_DELAYS), _LONGEST + 1), np.float32)
    )


def process(state: ReverbState, sent: Planar) -> tuple[ReverbState, Planar]:
    """The room's answer to `sent` (float32 [2, S]): float32 [2, S], without the direct sound. Latency 0."""
    length = sent.shape[1]
    if not length:
        return state, sent
    heard = np.concatenate([state.early, sent], axis=1)
    early = _early(heard, length)
    lines = np.empty((len(_DELAYS), _LONGEST + 1 + length), np.float32)
    lines[:, : _LONGEST + 1] = state.lines
    late = np.empty((2, length), np.float32)
    for begin in range(0, length, _BLOCK):
        _network(lines, early, late, begin, min(length, begin + _BLOCK))
    after = ReverbState(early=heard[:, length:].copy(), lines=lines[:, length:].copy())
    return after, early * np.float32(_EARLY_GAIN) + late * np.float32(_LATE_GAIN)


def _early(heard: Planar, length: int) -> Planar:
    """First reflections: sparse taps, other times and signs on each side."""
    early = np.zeros((2, length), np.float32)
    for side, (times, gains) in enumerate(_early_taps()):
        for time, gain in zip(times, gains, strict=True):
            begin = _EARLY_SPAN - time
            early[side] += gain * heard[side, begin : begin + length]
    return early


def _network(lines: Planar, early: Planar, late: Planar, begin: int, end: int) -> None:
    """One block of the network, in place: lines[:, LONGEST + 1 + t] is what enters the lines at t."""
    now = _LONGEST + 1
    out = np.empty((len(_DELAYS), end - begin), np.float32)
    for row, delay in enumerate(_DELAYS):
        fresh = lines[row, now + begin - delay : now + end - delay]
        older = lines[row, now + begin - delay - 1 : now + end - delay - 1]
        out[row] = np.float32(1 - _DAMPING) * fresh + np.float32(_DAMPING) * older
    out *= _line_gains()
    late[0, begin:end] = _signed_sum(out, _LEFT)
    late[1, begin:end] = _signed_sum(out, _RIGHT)
    # Householder feedback, each line feeding its neighbour: lossless, and no line hears mostly itself.
    total = out[0].copy()
    for row in out[1:]:
        total += row
    total *= np.float32(2 / len(_DELAYS))
    entering = np.roll(total - out, 1, axis=0)
    entering[0::2] += early[0, begin:end]
    entering[1::2] += early[1, begin:end]
    lines[:, now + begin : now + end] = entering


def _signed_sum(rows: Planar, signs: tuple[int, ...]) -> Planar:
    total = np.zeros(rows.shape[1], np.float32)
    for row, sign in zip(rows, signs, strict=True):
        if sign > 0:
            total += row
        else:
            total -= row
    return total


@lru_cache(maxsize=1)
def _line_gains() -> Planar:
    """Gain of each line per pass, so that all fall 60 dB in the reverb time: float32 [L, 1]."""
    seconds = np.array(_DELAYS) / SAMPLE_RATE
    return (10 ** (-3 * seconds / _REVERB_TIME_S)).astype(np.float32)[:, None]


@lru_cache(maxsize=1)
def _early_taps() -> tuple[tuple[NDArray[np.int64], Planar], ...]:
    """Times (samples) and gains of each side's reflections: one at random in each cell of a grid, falling 12 dB."""
    random = np.random.default_rng(1891)
    sides = []
    first = 240
    cell = (_EARLY_SPAN - first) // _EARLY_TAPS
    for _ in range(2):
        times = first + np.arange(_EARLY_TAPS) * cell + random.integers(0, cell, _EARLY_TAPS)
        signs = random.choice([-1.0, 1.0], _EARLY_TAPS)
        gains = signs * 10 ** (-12 / 20 * np.arange(_EARLY_TAPS) / _EARLY_TAPS)
        sides.append((times, (gains / np.sqrt(np.sum(gains**2))).astype(np.float32)))
    return tuple(sides)
