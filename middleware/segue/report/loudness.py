"""How loud a run is, measured while it is made: integrated and short-term loudness and true peak. S samples, 48 kHz.

Source: ITU-R BS.1770-4, with its gates; EBU Tech 3341 (2016).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.signal import sosfilt

from segue.audio.loudness import K_WEIGHTING, LOUDNESS_OFFSET, SHORT_TERM_S, oversampled_peaks
from segue.contract import CHANNELS, SAMPLE_RATE, Samples

# Energies are summed over steps of 100 ms, of which a gating block has 4 and a short-term window 30.
_STEP: Final = SAMPLE_RATE // 10
_BLOCK_STEPS: Final = 4
_WINDOW_STEPS: Final = round(SHORT_TERM_S * 10)
_ABSOLUTE_GATE_LUFS: Final = -70.0
_RELATIVE_GATE_LU: Final = -10.0
_SILENT: Final = 1e-12
# Samples on each side that a true peak is computed from.
_CONTEXT: Final = 12
_PEAK_SAMPLES: Final = 1_024
# A peak between samples is less than 6 dB above those around it, but in sounds made to prove the opposite.
_OVERSHOOT: Final = 2.0


@dataclass(frozen=True, kw_only=True)
class Loudness:
    """integrated_lufs, true_peak_db: of the whole; -inf for silence. short_term_lufs: each 3 s window, 10 a second."""

    integrated_lufs: float
    true_peak_db: float
    short_term_lufs: NDArray[np.float64]


class LoudnessMeter:
    """Takes float32 [S, 2] block by block; how it is cut makes no difference."""

    def __init__(self) -> None:
        self._filters = np.zeros((len(K_WEIGHTING), 2, CHANNELS))
        self._rest = np.zeros((0, CHANNELS))
        self._energies: list[NDArray[np.float64]] = []
        self._context: Samples = np.zeros((_CONTEXT, CHANNELS), np.float32)
        self._peak = 0.0

    def add(self, block: Samples) -> None:
        if not len(block):
            return
        weighted, self._filters = sosfilt(K_WEIGHTING, block.astype(np.float64), axis=0, zi=self._filters)
        waiting = np.concatenate([self._rest, weighted])
        whole = len(waiting) // _STEP * _STEP
        self._energies.append((waiting[:whole].reshape(-1, _STEP * CHANNELS) ** 2).sum(axis=1))
        self._rest = waiting[whole:]
        self._look_for_peaks(block)

    def loudness(self) -> Loudness:
        """Of all that was added, after the last block."""
        self._look_for_peaks(np.zeros((_CONTEXT, CHANNELS), np.float32))
        energies = np.concatenate([np.zeros(0), *self._energies])
        windows = _sums(energies, _WINDOW_STEPS) / (_WINDOW_STEPS * _STEP)
        return Loudness(
            integrated_lufs=_integrated(_sums(energies, _BLOCK_STEPS) / (_BLOCK_STEPS * _STEP)),
            true_peak_db=20 * math.log10(self._peak) if self._peak > 0 else -math.inf,
            short_term_lufs=_lufs(windows),
        )

    def _look_for_peaks(self, block: Samples) -> None:
        """Peaks are computed only where the samples are high enough for one above those found."""
        heard = np.concatenate([self._context, block])
        for start in range(0, len(heard) - 2 * _CONTEXT, _PEAK_SAMPLES):
            part = heard[start : start + _PEAK_SAMPLES + 2 * _CONTEXT]
            if np.abs(part).max() * _OVERSHOOT > self._peak:
                self._peak = max(self._peak, float(oversampled_peaks(part, edge=True).max()))
        self._context = heard[-2 * _CONTEXT :]


def _sums(energies: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    """The sum of each `count` neighbours, added up anew: a running sum leaves rounding where there is silence."""
    if len(energies) < count:
        return np.zeros(0)
    return np.asarray(np.lib.stride_tricks.sliding_window_view(energies, count).sum(axis=1), np.float64)


def _lufs(power: NDArray[np.float64]) -> NDArray[np.float64]:
    levels = np.full(len(power), -math.inf)
    heard = power > _SILENT
    levels[heard] = LOUDNESS_OFFSET + 10 * np.log10(power[heard])
    return levels


def _integrated(power: NDArray[np.float64]) -> float:
    """Of gating blocks; -inf for silence and where there is less than one block."""
    loud = power[_lufs(power) > _ABSOLUTE_GATE_LUFS]
    if not len(loud):
        return -math.inf
    gate = float(_lufs(np.array([loud.mean()]))[0]) + _RELATIVE_GATE_LU
    return float(_lufs(np.array([loud[_lufs(loud) > gate].mean()]))[0])
