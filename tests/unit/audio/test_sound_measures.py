"""The tests' measures of sound find known values; resampling keeps a tone."""

from __future__ import annotations

import math

import numpy as np
import pytest

from segue.audio.files import resample
from sound_measures import band_levels_db, largest_step, longest_silence, step_at_joins, stereo_width
from unit.audio.signals import noise, tone


def test_a_click_shows_as_a_step_at_its_join() -> None:
    smooth = tone(-6, 0.5, hz=220)
    clicked = np.concatenate([smooth[:9_600], smooth[9_650:]])
    at_join, inside = step_at_joins(clicked, [9_600])
    assert at_join > 5 * inside
    assert largest_step(clicked) == at_join
    assert largest_step(smooth) == pytest.approx(inside, rel=0.01)


def test_longest_silence_counts_samples() -> None:
    sound = np.ones((100, 2), np.float32)
    sound[20:50] = 0
    sound[90:] = 1e-5
    assert longest_silence(sound) == 30
    assert longest_silence(np.zeros((10, 2), np.float32)) == 10


def test_width_of_mono_unrelated_and_opposed_channels() -> None:
    mono = tone(-6, 0.5)
    assert stereo_width(mono) == 0
    assert stereo_width(noise(2, seed=1)) == pytest.approx(1, abs=0.05)
    opposed = mono * np.array([1, -1], np.float32)
    assert stereo_width(opposed) == math.inf


def test_band_levels_find_a_tone() -> None:
    low, middle, high = band_levels_db(tone(-6, 2, hz=1_000), [20, 500, 2_000, 20_000])
    assert middle == pytest.approx(-9.0, abs=0.1)
    assert low < -60
    assert high < -60


def test_resampling_keeps_a_tone_and_its_place() -> None:
    at_44100 = tone(-6, 1, hz=48_000 / 44_100 * 1_000)
    there = resample(at_44100, 44_100)
    expected = tone(-6, len(there) / 48_000, hz=1_000)
    np.testing.assert_allclose(there[2_000:-2_000], expected[2_000:-2_000], atol=1e-4)
