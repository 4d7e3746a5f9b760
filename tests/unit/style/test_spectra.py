"""The spectra and descriptors of synthetic sounds."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from segue.contract import SAMPLE_RATE
from segue.style.spectra import (
    BANDS,
    FRAMES_PER_S,
    MAX_SECONDS,
    bands,
    checked,
    descriptors,
    key_fits,
    mel_filters,
    onset_autocorrelation,
    spectra,
)
from unit.style.sounds import SECONDS, TIME, clicks, drum_storm, stereo, tones


def test_the_power_of_a_sine_is_in_its_band() -> None:
    heard = bands(spectra(stereo(np.sin(2 * np.pi * 1_000.0 * TIME))))
    loudest = heard.level.mean(axis=0).argmax()
    assert loudest == mel_filters()[round(1_000.0 * 2_048 / SAMPLE_RATE)].argmax()
    assert 0 < loudest < BANDS - 1


def test_every_band_has_bins() -> None:
    assert (mel_filters().sum(axis=0) > 0).all()


@pytest.mark.parametrize("rate", [2.0, 4.0])
def test_clicks_repeat_at_their_rate(rate: float) -> None:
    correlation = onset_autocorrelation(bands(spectra(stereo(clicks(rate)))).onsets)
    lag = round(FRAMES_PER_S / rate)
    assert correlation[lag - 1 : lag + 2].max() > 0.7
    assert correlation[lag // 2 - 2 : lag // 2 + 3].max() < 0.2


@pytest.mark.parametrize("tonic", [0, 4, 9])
@pytest.mark.parametrize("third", [4, 3])
def test_a_triad_fits_its_key(tonic: int, third: int) -> None:
    hertz = [261.63 * 2 ** ((tonic + step) / 12) for step in (0, third, 7)]
    major, minor = key_fits(bands(spectra(stereo(tones(*hertz)))).chroma)
    right, wrong = (major, minor) if third == 4 else (minor, major)
    assert right.argmax() == tonic
    assert right.max() > wrong.max()


def test_width_is_the_side_over_the_mid() -> None:
    left, right = np.sin(2 * np.pi * 500.0 * TIME), np.sin(2 * np.pi * 610.0 * TIME)
    apart = np.stack([left, right], axis=1).astype(np.float32)
    # Each tone is half in the sum and half in the difference.
    assert bands(spectra(apart)).width[1] == pytest.approx(0.0, abs=0.2)
    assert bands(spectra(stereo(left + right))).width[1] < -35.0


def test_level_and_length_do_not_count() -> None:
    loud = drum_storm()
    once, soft = descriptors(bands(spectra(loud))), descriptors(bands(spectra(0.05 * loud)))
    np.testing.assert_allclose(once, soft, atol=1e-2)
    twice = descriptors(bands(spectra(np.concatenate([loud, loud]))))
    assert np.median(np.abs(once - twice)) < 0.05


def test_only_the_middle_of_a_long_sound_counts() -> None:
    noise = np.random.default_rng(3).standard_normal((5 * SAMPLE_RATE, 2)).astype(np.float32)
    middle = np.tile(drum_storm(), (round(MAX_SECONDS) // SECONDS + 1, 1))[: round(MAX_SECONDS) * SAMPLE_RATE]
    np.testing.assert_array_equal(checked(np.concatenate([noise, middle, noise])), middle)


def test_short_sounds_have_descriptors() -> None:
    sound = drum_storm()[: round(0.5 * SAMPLE_RATE)]
    row = descriptors(bands(spectra(sound)))
    assert row.shape == descriptors(bands(spectra(drum_storm()))).shape
    assert np.isfinite(row).all()


@pytest.mark.parametrize(
    ("samples", "message"),
    [
        (np.zeros((0, 2), np.float32), r"expected at least 0\.5 s of sound, got 0\.000 s"),
        (np.ones((2_400, 2), np.float32), r"expected at least 0\.5 s of sound, got 0\.050 s"),
        (np.ones(48_000, np.float32), r"expected stereo \[S, 2\] at 48000 Hz, got shape \(48000,\)"),
        (np.ones((48_000, 1), np.float32), r"expected stereo \[S, 2\] at 48000 Hz, got shape \(48000, 1\)"),
        (np.full((48_000, 2), np.nan, np.float32), "expected finite numbers, got NaN or infinity"),
        (np.full((48_000, 2), np.inf, np.float32), "expected finite numbers, got NaN or infinity"),
        (np.zeros((48_000, 2), np.float32), "expected sound, got silence"),
    ],
)
def test_bad_sound_is_an_error_that_says_what_was_expected(samples: NDArray[np.float32], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        spectra(samples)
