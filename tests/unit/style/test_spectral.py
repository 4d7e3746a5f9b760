"""NumPy's spectrogram, running median and peaks are SciPy's."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import median_filter
from scipy.signal import find_peaks, stft

from segue.style.spectral import peaks, power_spectrogram, running_median


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


def test_the_peaks() -> None:
    random = np.random.default_rng(3)
    for length in (3, 10, 500):
        for _ in range(20):
            values = random.standard_normal(length)
            expected, _properties = find_peaks(values, height=0.12, distance=4)
            assert peaks(values, 0.12, 4) == expected.tolist()


def test_a_plateau_has_one_peak_in_its_middle() -> None:
    assert peaks(np.array([0.0, 1.0, 1.0, 1.0, 0.0, 2.0, 2.0, 3.0, 3.0]), 0.5, 1) == [2]
