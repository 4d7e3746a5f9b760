"""The filter and the true peaks against SciPy's documented functions, bit for bit."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import firwin, sosfilt, upfirdn

from segue.audio import biquads, limiter
from segue.audio.loudness import K_WEIGHTING, OVERSAMPLING, oversampled_peaks, peak_bound
from unit.audio.signals import noise

SECTION = K_WEIGHTING[:1]


@pytest.mark.parametrize("alone", [True, False], ids=["loaded alone", "as documented"])
@pytest.mark.parametrize("sections", [SECTION, K_WEIGHTING], ids=["one section", "two sections"])
@pytest.mark.parametrize("channels", [None, 1, 2])
def test_it_filters_as_scipy_does(
    monkeypatch: pytest.MonkeyPatch, sections: np.ndarray, channels: int | None, alone: bool
) -> None:
    if not alone:
        monkeypatch.setattr(biquads, "_compiled", lambda: biquads._public)
    chance = np.random.default_rng(1)
    samples = chance.standard_normal((500, channels) if channels else 500).astype(np.float32)
    before = chance.standard_normal((len(sections), 2, *samples.shape[1:]))
    expected, expected_state = sosfilt(sections, samples.astype(np.float64), axis=0, zi=before)
    found, state = biquads.filtered(sections, samples, before)
    np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(state, expected_state)
    np.testing.assert_array_equal(
        biquads.filtered(sections, samples)[0], sosfilt(sections, samples.astype(np.float64), axis=0)
    )


def test_scipys_filter_is_where_it_is_looked_for() -> None:
    assert biquads._compiled() is not biquads._public


def test_a_state_of_another_shape_is_refused() -> None:
    with pytest.raises(ValueError, match=r"state: expected shape \(1, 2, 2\), got \(2, 2\)"):
        biquads.filtered(SECTION, np.zeros((5, 2)), np.zeros((2, 2)))


def documented_peaks(samples: np.ndarray) -> np.ndarray:
    """What `oversampled_peaks` says of samples in silence, by SciPy's polyphase filter."""
    taps = np.asarray(
        OVERSAMPLING * firwin(24 * OVERSAMPLING + 1, 1 / OVERSAMPLING, window=("kaiser", 8.0)), np.float32
    )
    dense = upfirdn(taps, np.pad(samples, ((12, 12), (0, 0))), up=OVERSAMPLING, axis=0)
    first = 24 * OVERSAMPLING - OVERSAMPLING // 2
    loud = np.abs(dense[first : first + OVERSAMPLING * len(samples)]).max(axis=1)
    return loud.reshape(-1, OVERSAMPLING).max(axis=1)


@pytest.mark.parametrize("length", [0, 1, 30, 4_096, 10_000])
def test_true_peaks_are_those_of_scipys_polyphase_filter(length: int) -> None:
    samples = noise(1, seed=3)[:length]
    found = oversampled_peaks(samples, edge=False)
    assert found.shape == (length,)
    np.testing.assert_array_equal(found, documented_peaks(samples))


def test_no_true_peak_is_higher_than_its_bound() -> None:
    samples = np.sign(noise(1, seed=4))
    highest = oversampled_peaks(samples, edge=False).max()
    assert 1.5 < highest <= peak_bound()


@pytest.mark.parametrize("level", [0.2, 0.45, 0.9, 3.0])
def test_skipping_low_samples_misses_no_peak(level: float) -> None:
    signal = noise(1, seed=8, level=0.02)
    signal[np.random.default_rng(8).integers(0, len(signal), 30)] *= 50 * level
    context = np.pad(signal, ((12, 12), (0, 0)))
    everywhere = limiter._reduction(oversampled_peaks(signal, edge=False), -1.25)
    np.testing.assert_array_equal(limiter._wanted(context, -1.25), everywhere)
    assert everywhere.any() == (level > 0.4)
