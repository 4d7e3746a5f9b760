"""Meters that take the audio of a run block by block: waveform, mel spectrogram, loudness and true peak.

S samples, 48 kHz, stereo. The results do not depend on how the audio is cut into blocks.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.fft import rfft

from segue.audio.biquads import filtered
from segue.audio.loudness import (
    GATING_BLOCK_STEPS,
    GATING_STEP,
    K_WEIGHTING,
    LOUDNESS_OFFSET,
    PEAK_CONTEXT,
    SHORT_TERM_S,
    gated_loudness,
    highest_peak,
)
from segue.contract import CHANNELS, SAMPLE_RATE, Samples

WAVEFORM_HZ: Final = 250
_BIN: Final = SAMPLE_RATE // WAVEFORM_HZ
_MOST_BINS: Final = 60_000

MEL_BANDS: Final = 112
MEL_RANGE_HZ: Final = (30.0, 18_000.0)
DYNAMIC_RANGE_DB: Final = 78.0
# Widest image, in pixels, that browsers draw on every machine.
_MOST_COLUMNS: Final = 4_096
_COLUMN_HZ: Final = 25
_HOP: Final = SAMPLE_RATE // _COLUMN_HZ
_WINDOW: Final = 4_096
# Samples to collect before an analysis, so that its overhead does not matter.
_BATCH: Final = 1 << 19

# Energies are summed over steps of 100 ms; a gating block has 4 of them, a short-term window 30.
_WINDOW_STEPS: Final = round(SHORT_TERM_S * SAMPLE_RATE / GATING_STEP)
_SILENT: Final = 1e-12


@dataclass(frozen=True, kw_only=True)
class Waveform:
    """Extremes and power of consecutive bins over both channels.

    Attributes:
        low, high, rms: Full scale is 127.
    """

    bin_s: float
    low: NDArray[np.int8]
    high: NDArray[np.int8]
    rms: NDArray[np.uint8]


class WaveformMeter:
    """Takes float32 [S, 2] block by block."""

    def __init__(self) -> None:
        self._rest: Samples = np.zeros((0, CHANNELS), np.float32)
        self._bins: list[NDArray[np.float32]] = []

    def add(self, block: Samples) -> None:
        waiting = np.concatenate([self._rest, np.clip(block, -1, 1)])
        whole = len(waiting) // _BIN * _BIN
        self._bins.append(_bin_values(waiting[:whole]))
        self._rest = waiting[whole:]

    def waveform(self) -> Waveform:
        """Return the waveform of everything added, in at most 60 000 bins."""
        missing = -len(self._rest) % _BIN if self._bins and (len(self._rest) or any(map(len, self._bins))) else _BIN
        self.add(np.zeros((missing, CHANNELS), np.float32))
        fine = np.concatenate(self._bins)
        every = -(-len(fine) // _MOST_BINS)
        starts = np.arange(0, len(fine), every)
        counts = np.diff(np.append(starts, len(fine)))
        power = np.add.reduceat(fine[:, 2], starts) / counts
        return Waveform(
            bin_s=every * _BIN / SAMPLE_RATE,
            low=np.floor(np.minimum.reduceat(fine[:, 0], starts) * 127).astype(np.int8),
            high=np.ceil(np.maximum.reduceat(fine[:, 1], starts) * 127).astype(np.int8),
            rms=np.round(np.sqrt(power) * 127).astype(np.uint8),
        )


def _bin_values(samples: Samples) -> NDArray[np.float32]:
    """Return minimum, maximum and mean square of whole bins, float32 [bins, 3]."""
    cut = samples.reshape(-1, _BIN * CHANNELS)
    return np.stack([cut.min(axis=1), cut.max(axis=1), (cut**2).mean(axis=1)], axis=1)


@dataclass(frozen=True, kw_only=True)
class Spectrogram:
    """Power per mel band over time.

    Attributes:
        column_s: Seconds between the middles of two columns.
        levels: uint8 [MEL_BANDS, columns]: 255 is the loudest cell, 0 is DYNAMIC_RANGE_DB or more below it.
    """

    column_s: float
    levels: NDArray[np.uint8]


class SpectrogramMeter:
    """Takes float32 [S, 2] block by block and measures the mean of both channels.

    Args:
        seconds: The length to come, which decides the distance of the columns.
    """

    def __init__(self, seconds: float) -> None:
        self._hop = _HOP * max(1, math.ceil(seconds * _COLUMN_HZ / _MOST_COLUMNS))
        self._count = max(16, _BATCH // self._hop)
        self._bank = mel_bank()
        self._hann = np.hanning(_WINDOW).astype(np.float32)
        # Zeros that put the middle of the first window at the middle of the first column.
        self._waiting = np.zeros(max(0, (_WINDOW - self._hop) // 2), np.float32)
        self._blocks: list[NDArray[np.float32]] = []
        self._samples = 0
        self._columns: list[NDArray[np.float32]] = []

    def add(self, block: Samples) -> None:
        self._samples += len(block)
        self._blocks.append(np.asarray((block[:, 0] + block[:, 1]) / 2, np.float32))
        needed = _WINDOW + self._hop * self._count
        if len(self._waiting) + sum(map(len, self._blocks)) >= needed:
            self._join_blocks()
            while len(self._waiting) >= needed:
                self._analyse(self._count)

    def spectrogram(self) -> Spectrogram:
        """Return the spectrogram of everything added, with at most 4 096 columns."""
        self._join_blocks()
        missing = max(1, -(-self._samples // self._hop)) - sum(map(len, self._columns))
        while missing > 0:
            count = min(missing, self._count)
            short = _WINDOW + self._hop * count - len(self._waiting)
            self._waiting = np.concatenate([self._waiting, np.zeros(max(0, short), np.float32)])
            self._analyse(count)
            missing -= count
        columns = np.concatenate(self._columns)
        every = -(-len(columns) // _MOST_COLUMNS)
        starts = np.arange(0, len(columns), every)
        counts = np.diff(np.append(starts, len(columns)))
        power = np.add.reduceat(columns, starts, axis=0) / counts[:, None]
        column_s = self._hop * every / SAMPLE_RATE
        top = float(power.max())
        if top <= 0:
            return Spectrogram(column_s=column_s, levels=np.zeros((MEL_BANDS, len(power)), np.uint8))
        below = 10 * np.log10(np.maximum(power / top, 1e-12))
        levels = np.clip(1 + below / DYNAMIC_RANGE_DB, 0, 1) * 255
        return Spectrogram(column_s=column_s, levels=np.round(levels.T).astype(np.uint8))

    def _join_blocks(self) -> None:
        self._waiting = np.concatenate([self._waiting, *self._blocks])
        self._blocks = []

    def _analyse(self, count: int) -> None:
        """Compute the next `count` columns."""
        starts = np.arange(count)[:, None] * self._hop + np.arange(_WINDOW)
        spectrum = np.asarray(rfft(self._waiting[starts] * self._hann, axis=1))
        self._columns.append(np.asarray((spectrum.real**2 + spectrum.imag**2) @ self._bank.T, np.float32))
        self._waiting = self._waiting[count * self._hop :]


def mel_bank() -> NDArray[np.float32]:
    """Return triangular filters of unit area over the FFT's bins, float32 [MEL_BANDS, bins].

    Source: the mel scale of O'Shaughnessy (1987).
    """
    edges = band_hz(np.arange(-1, MEL_BANDS + 1))
    bins = np.arange(_WINDOW // 2 + 1) * SAMPLE_RATE / _WINDOW
    low, middle, high = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    triangles = np.maximum(0, np.minimum((bins - low) / (middle - low), (high - bins) / (high - middle)))
    # Low bands are narrower than the FFT's bins: each takes at least the nearest bin.
    nearest = np.abs(bins[None, :] - middle).argmin(axis=1)
    empty = triangles.sum(axis=1) == 0
    triangles[empty, nearest[empty]] = 1
    return np.asarray(triangles / triangles.sum(axis=1, keepdims=True), np.float32)


def band_hz(band: NDArray[np.int_] | NDArray[np.floating]) -> NDArray[np.float64]:
    """Return the middle frequencies of mel bands."""
    low, high = (2595 * np.log10(1 + hz / 700) for hz in MEL_RANGE_HZ)
    mel = low + (np.asarray(band, np.float64) + 1) * (high - low) / (MEL_BANDS + 1)
    return np.asarray(700 * (10 ** (mel / 2595) - 1), np.float64)


def band_of(hz: float) -> float:
    """Return the mel band, fractions included, whose middle is a frequency."""
    low, high = (2595 * np.log10(1 + edge / 700) for edge in MEL_RANGE_HZ)
    return float((2595 * np.log10(1 + hz / 700) - low) * (MEL_BANDS + 1) / (high - low) - 1)


@dataclass(frozen=True, kw_only=True)
class Loudness:
    """Loudness and true peak of a run.

    Attributes:
        integrated_lufs: Of the whole run; -inf for silence.
        true_peak_db: In dBTP; -inf for silence.
        short_term_lufs: Of each window of 3 s, 10 values a second.
    """

    integrated_lufs: float
    true_peak_db: float
    short_term_lufs: NDArray[np.float64]


class LoudnessMeter:
    """Takes float32 [S, 2] block by block.

    Source: ITU-R BS.1770-4 with its gates; EBU Tech 3341 (2016).
    """

    def __init__(self) -> None:
        self._filters = np.zeros((len(K_WEIGHTING), 2, CHANNELS))
        self._rest: Samples = np.zeros((0, CHANNELS), np.float32)
        self._energies: list[NDArray[np.float64]] = []
        self._context: Samples = np.zeros((PEAK_CONTEXT, CHANNELS), np.float32)
        self._peak = 0.0

    def add(self, block: Samples) -> None:
        if not len(block):
            return
        self._update_peak(block)
        waiting = np.concatenate([self._rest, block]) if len(self._rest) else block
        whole = len(waiting) // GATING_STEP * GATING_STEP
        self._rest = waiting[whole:]
        if whole:
            weighted, self._filters = filtered(K_WEIGHTING, waiting[:whole], self._filters)
            steps = weighted.T.reshape(CHANNELS, -1, GATING_STEP)
            self._energies.append(np.einsum("cns,cns->n", steps, steps))

    def loudness(self) -> Loudness:
        """Return the loudness of everything added. Nothing can be added afterwards."""
        self._update_peak(np.zeros((PEAK_CONTEXT, CHANNELS), np.float32))
        energies = np.concatenate([np.zeros(0), *self._energies])
        windows = _sums(energies, _WINDOW_STEPS) / (_WINDOW_STEPS * GATING_STEP)
        return Loudness(
            integrated_lufs=gated_loudness(_sums(energies, GATING_BLOCK_STEPS) / (GATING_BLOCK_STEPS * GATING_STEP)),
            true_peak_db=20 * math.log10(self._peak) if self._peak > 0 else -math.inf,
            short_term_lufs=_lufs(windows),
        )

    def _update_peak(self, block: Samples) -> None:
        samples = np.concatenate([self._context, block])
        self._peak = highest_peak(samples, self._peak)
        self._context = samples[-2 * PEAK_CONTEXT :]


def _sums(energies: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    """Return the sum of each `count` neighbours. A running sum would leave rounding errors where there is silence."""
    if len(energies) < count:
        return np.zeros(0)
    return np.asarray(np.lib.stride_tricks.sliding_window_view(energies, count).sum(axis=1), np.float64)


def _lufs(power: NDArray[np.float64]) -> NDArray[np.float64]:
    levels = np.full(len(power), -math.inf)
    audible = power > _SILENT
    levels[audible] = LOUDNESS_OFFSET + 10 * np.log10(power[audible])
    return levels
