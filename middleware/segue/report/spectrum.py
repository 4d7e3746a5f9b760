"""The mel spectrogram of a run, measured while it is made. S samples, 48 kHz."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.fft import rfft

from segue.contract import SAMPLE_RATE, Samples

MEL_BANDS: Final = 112
MEL_RANGE_HZ: Final = (30.0, 18_000.0)
DYNAMIC_RANGE_DB: Final = 78.0
# Browsers keep images up to 4 096 pixels wide on every machine; wider ones may be refused.
_MOST_COLUMNS: Final = 4_096
_COLUMN_HZ: Final = 25
_HOP: Final = SAMPLE_RATE // _COLUMN_HZ
_WINDOW: Final = 4_096
# Samples that are worth the overhead of looking.
_BATCH: Final = 1 << 19


@dataclass(frozen=True, kw_only=True)
class Spectrogram:
    """Mel power in dB below its top as uint8 [MEL_BANDS, columns]: 0 is DYNAMIC_RANGE_DB below, 255 the top."""

    column_s: float
    levels: NDArray[np.uint8]


class SpectrumMeter:
    """Takes float32 [S, 2] block by block: power in mel bands, the mean of both channels.

    seconds: how long it will be.
    """

    def __init__(self, seconds: float) -> None:
        self._hop = _HOP * max(1, math.ceil(seconds * _COLUMN_HZ / _MOST_COLUMNS))
        self._count = max(16, _BATCH // self._hop)
        self._bank = mel_bank()
        self._hann = np.hanning(_WINDOW).astype(np.float32)
        # The window's middle lies on the column's middle.
        self._waiting = np.zeros(max(0, (_WINDOW - self._hop) // 2), np.float32)
        self._samples = 0
        self._columns: list[NDArray[np.float32]] = []

    def add(self, block: Samples) -> None:
        self._samples += len(block)
        self._waiting = np.concatenate([self._waiting, (block[:, 0] + block[:, 1]) / 2])
        while len(self._waiting) >= _WINDOW + self._hop * self._count:
            self._take(self._count)

    def spectrogram(self) -> Spectrogram:
        """Of all that was added, the top being its loudest cell; at most 4 096 columns."""
        missing = max(1, -(-self._samples // self._hop)) - sum(map(len, self._columns))
        while missing > 0:
            count = min(missing, self._count)
            short = _WINDOW + self._hop * count - len(self._waiting)
            self._waiting = np.concatenate([self._waiting, np.zeros(max(0, short), np.float32)])
            self._take(count)
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

    def _take(self, count: int) -> None:
        """The next columns."""
        starts = np.arange(count)[:, None] * self._hop + np.arange(_WINDOW)
        spectrum = np.asarray(rfft(self._waiting[starts] * self._hann, axis=1))
        self._columns.append(np.asarray((spectrum.real**2 + spectrum.imag**2) @ self._bank.T, np.float32))
        self._waiting = self._waiting[count * self._hop :]


def mel_bank() -> NDArray[np.float32]:
    """Triangles of unit area over the FFT's bins, float32 [MEL_BANDS, bins]. Source: O'Shaughnessy's mel scale."""
    edges = hz_of(np.arange(-1, MEL_BANDS + 1))
    bins = np.arange(_WINDOW // 2 + 1) * SAMPLE_RATE / _WINDOW
    low, middle, high = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    triangles = np.maximum(0, np.minimum((bins - low) / (middle - low), (high - bins) / (high - middle)))
    # Low bands are narrower than the FFT's bins: each hears at least its nearest one.
    nearest = np.abs(bins[None, :] - middle).argmin(axis=1)
    silent = triangles.sum(axis=1) == 0
    triangles[silent, nearest[silent]] = 1
    return np.asarray(triangles / triangles.sum(axis=1, keepdims=True), np.float32)


def hz_of(band: NDArray[np.int_] | NDArray[np.floating]) -> NDArray[np.float64]:
    """Middle frequency of mel bands."""
    low, high = (2595 * np.log10(1 + hz / 700) for hz in MEL_RANGE_HZ)
    mel = low + (np.asarray(band, np.float64) + 1) * (high - low) / (MEL_BANDS + 1)
    return np.asarray(700 * (10 ** (mel / 2595) - 1), np.float64)


def band_of(hz: float) -> float:
    """Where a frequency lies among the mel bands."""
    low, high = (2595 * np.log10(1 + edge / 700) for edge in MEL_RANGE_HZ)
    return float((2595 * np.log10(1 + hz / 700) - low) * (MEL_BANDS + 1) / (high - low) - 1)
