"""What is measured of a recording is right on sounds of which it is known."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from segue.style.measures import NOTE_NAMES, Measures, measured
from segue.style.spectra import bands, spectra
from unit.style.sounds import TIME, bar_clicks, clicks, stereo, tones


def measure(samples: NDArray[np.float32], likely_bpm: float = 110.0, spread_octaves: float = 0.45) -> Measures:
    sound = spectra(samples)
    return measured(sound, bands(sound), likely_bpm, spread_octaves)


@pytest.mark.parametrize("bpm", [72.0, 96.0, 127.0, 150.0])
def test_the_tempo_of_clicks_is_exact(bpm: float) -> None:
    found = measure(stereo(clicks(bpm / 60.0)))
    assert found.tempo_bpm == pytest.approx(bpm, rel=0.005)
    assert found.tempo_strength > 0.5


def test_the_octave_of_the_tempo_is_the_one_near_the_style() -> None:
    sound = stereo(clicks(160.0 / 60.0))
    assert measure(sound, 150.0).tempo_bpm == pytest.approx(160.0, rel=0.005)
    assert measure(sound, 75.0).tempo_bpm == pytest.approx(80.0, rel=0.005)


def test_the_other_octave_is_named_where_it_fits_as_well() -> None:
    sound = stereo(clicks(160.0 / 60.0))
    assert measure(sound, 150.0).other_tempos_bpm == pytest.approx((80.0,), rel=0.01)
    assert measure(sound, 75.0).other_tempos_bpm == pytest.approx((40.0, 160.0), rel=0.01)


def test_a_style_that_says_little_leaves_the_octave_to_the_onsets() -> None:
    sound = stereo(clicks(1.0))
    assert measure(sound, 120.0).tempo_bpm == pytest.approx(120.0, rel=0.005)
    assert measure(sound, 110.0, 1.0).tempo_bpm == pytest.approx(60.0, rel=0.005)


def test_a_steady_chord_has_no_tempo() -> None:
    assert measure(stereo(tones(220.0, 277.2, 329.6))).tempo_strength < 0.2


def test_bars_of_three_and_of_four_are_told_apart() -> None:
    assert measure(stereo(bar_clicks(120.0, 3))).threefold > 0.1
    assert measure(stereo(bar_clicks(120.0, 4))).threefold < -0.1


@pytest.mark.parametrize(("steps", "sign"), [((0, 4, 7), 1), ((0, 3, 7), -1)])
def test_major_and_minor_are_told_apart(steps: tuple[int, ...], sign: int) -> None:
    found = measure(stereo(tones(*(293.66 * 2 ** (step / 12) for step in steps))))
    assert sign * found.majorness > 0.02  # measured 0.05 and -0.27 and beyond
    assert NOTE_NAMES[found.tonic] == "D"


def test_brightness_width_and_dynamics() -> None:
    low, high = np.sin(2 * np.pi * 200.0 * TIME), np.sin(2 * np.pi * 5_000.0 * TIME)
    assert measure(stereo(low)).top_hz < 300.0 < 4_900.0 < measure(stereo(high)).top_hz
    assert measure(stereo(low)).centre < measure(stereo(high)).centre
    assert measure(stereo(low)).side_db == -float("inf")
    apart = np.stack([low, high], axis=1).astype(np.float32)
    assert measure(apart).side_db == pytest.approx(0.0, abs=0.1)
    # The second half is 20 dB softer.
    louder = np.where(np.arange(len(low)) < len(low) // 2, 1.0, 0.1) * low
    assert measure(stereo(louder)).loudness_range_db == pytest.approx(20.0, abs=0.5)
    assert measure(stereo(low)).loudness_range_db < 0.5
