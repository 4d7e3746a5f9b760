"""Loudness and true peak against the signals of EBU Tech 3341 (2016), table 1, with its tolerances."""

from __future__ import annotations

import math

import numpy as np
import pytest
from pyloudnorm import Meter

from segue.audio.loudness import (
    highest_peak,
    integrated_loudness,
    oversampled_peaks,
    true_peak_db,
)
from sound_measures import short_term_loudness
from unit.audio.signals import tone

# Test number -> (level in dBFS, seconds) of each part; all read -23 or -33 LUFS.
TONES = {
    1: ([(-23, 20)], -23.0),
    2: ([(-33, 20)], -33.0),
    3: ([(-36, 10), (-23, 60), (-36, 10)], -23.0),
    4: ([(-72, 10), (-36, 10), (-23, 60), (-36, 10), (-72, 10)], -23.0),
    5: ([(-26, 20), (-20, 20.1), (-26, 20)], -23.0),
}


@pytest.mark.parametrize("case", TONES)
def test_integrated_loudness_of_ebu_signals(case: int) -> None:
    parts, expected = TONES[case]
    signal = np.concatenate([tone(level, seconds) for level, seconds in parts])
    assert integrated_loudness(signal) == pytest.approx(expected, abs=0.1)


def test_integrated_loudness_is_that_of_pyloudnorm() -> None:
    # Its filters are designed anew and not those printed in BS.1770: 0.04 LU apart. It counts parts of blocks, too.
    noise = np.random.default_rng(5).normal(0, 0.1, (201_600, 2)).astype(np.float32)
    rising = noise * np.linspace(0, 1, len(noise), dtype=np.float32)[:, None]
    for samples in (noise, rising, noise[:19_200], noise[:, :1]):
        assert integrated_loudness(samples) == pytest.approx(Meter(48_000).integrated_loudness(samples), abs=0.06)


def test_short_term_loudness_of_ebu_signal_9() -> None:
    signal = np.concatenate([tone(-20, 1.34), tone(-30, 1.66)] * 5)
    np.testing.assert_allclose(short_term_loudness(signal), -23.0, atol=0.1)


# Test number -> (fraction of the sample rate, phase in degrees, peak, expected dBTP).
PEAKS = {
    15: (1 / 4, 0, 0.5, -6.0),
    16: (1 / 4, 45, 0.5, -6.0),
    17: (1 / 6, 60, 0.5, -6.0),
    18: (1 / 8, 67.5, 0.5, -6.0),
    19: (1 / 4, 45, 1.41, 3.0),
}


@pytest.mark.parametrize("case", PEAKS)
def test_true_peak_of_ebu_signals(case: int) -> None:
    fraction, degrees, peak, expected = PEAKS[case]
    level = 20 * math.log10(peak)
    signal = tone(level, 1, hz=48_000 * fraction, phase=math.radians(degrees))
    # Faded as the EBU's files are: a hard start has a true peak of its own.
    ramp = np.minimum(1, np.arange(len(signal)) / 2_400).astype(np.float32)
    measured = true_peak_db(signal * ramp[:, None] * ramp[::-1, None])
    assert expected - 0.4 <= measured <= expected + 0.2


def test_silence_and_too_little_sound_are_minus_infinity() -> None:
    silent = np.zeros((96_000, 2), np.float32)
    assert integrated_loudness(silent) == -math.inf
    assert integrated_loudness(tone(-6, 0.2)) == -math.inf
    assert true_peak_db(silent) == -math.inf
    assert len(short_term_loudness(silent)) == 0
    after_sound = np.concatenate([tone(-6, 1), np.zeros((240_000, 2), np.float32)])
    assert short_term_loudness(after_sound)[-1] == -math.inf


@pytest.mark.parametrize("size", [24, 30, 56, 57, 100, 5_000])
def test_the_highest_peak_is_the_largest_oversampled_peak_above_the_floor(size: int) -> None:
    samples = np.random.default_rng(size).normal(0, 0.3, (size, 2)).astype(np.float32)
    highest = float(oversampled_peaks(samples, edge=True).max(initial=0))
    for floor in (0.0, highest * 0.99, highest + 0.1):
        assert highest_peak(samples, floor) == pytest.approx(max(floor, highest), rel=1e-6)
