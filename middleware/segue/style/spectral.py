"""A spectrogram and a running median, as `scipy.signal` and `scipy.ndimage` define them, by NumPy alone.

A service that is shipped with a game then carries SciPy's biquad filter and nothing else of it: 70 MB less.
S samples, B frequency bins, F frames of the spectrogram.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

# Rows of a running median at a time: bounds the copy of its windows to some MiB.
_ROWS: Final = 64


def power_spectrogram(
    sound: NDArray[np.float64], sample_rate: float, window: int, hop: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return frequencies in Hz [B] and powers [B, F] of windows under a periodic Hann curve.

    Half a window of zeros stands before and after the sound, so that its edges are inside windows; zeros at the end
    complete the last one. A sine at full scale in the middle of a bin has the power 1/4.

    Args:
        sound: [S], at least one window long.
        sample_rate: Samples a second.
        window: Samples of a window.
        hop: Samples from window to window.
    Source:
        `scipy.signal.stft` with its defaults, its absolute value squared.
    """
    edge = np.zeros(window // 2)
    padded = np.concatenate([edge, sound, edge])
    padded = np.concatenate([padded, np.zeros((window - len(padded)) % hop)])
    curve = 0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(window) / window)
    spectrum = np.fft.rfft(sliding_window_view(padded, window)[::hop] * curve, axis=1) / curve.sum()
    frequencies = np.fft.rfftfreq(window, 1.0 / sample_rate).astype(np.float64)
    return frequencies, np.ascontiguousarray((np.abs(spectrum) ** 2).T)


def running_median(values: NDArray[np.float64], size: int) -> NDArray[np.float64]:
    """Return the median of the `size` (odd) values around each value of each row; edge values repeat beyond the edges.

    Source:
        `scipy.ndimage.median_filter` with `size=(1, size)` and `mode="nearest"`.
    """
    middle = size // 2
    padded = np.pad(values, ((0, 0), (middle, middle)), mode="edge")
    medians = np.empty_like(values)
    for row in range(0, len(values), _ROWS):
        windows = sliding_window_view(padded[row : row + _ROWS], size, axis=1)
        medians[row : row + _ROWS] = np.partition(windows, middle, axis=-1)[..., middle]
    return medians
