"""NumPy's spectrogram and running median are SciPy's."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import median_filter
from scipy.signal import stft

from segue.style.spectral import power_spectrogram, running_median


@pytest.mark.parametrize(
    ("samples", "window", "hop"), [(2048, 2048, 1024), (9_001, 2048, 1024), (30_000, 16_384, 8192)]
)
def test_the_spectrogram(samples: int, window: int, hop: int) -> None:
    sound = np.random.default_rng(1).standard_normal(samples)
    frequencies, power = power_spectrogram(sound, 48_000, window, hop)
    expected_frequencies, _, spectrum = stft(sound, fs=48_000, nperseg=window, noverlap=window - hop)
    np.testing.assert_allclose(frequencies, expected_frequencies, rtol=1e-12)
    assert power.shape == spectrum.shape
    # Two transforms in double precision.
    np.testing.assert_allclose(power, np.abs(spectrum) ** 2, rtol=1e-9, atol=1e-18)


@pytest.mark.parametrize("shape", [(1, 40), (70, 100), (130, 5)])
def test_the_running_median(shape: tuple[int, int]) -> None:
    values = np.random.default_rng(2).standard_normal(shape)
    assert np.array_equal(running_median(values, 17), median_filter(values, size=(1, 17), mode="nearest"))
