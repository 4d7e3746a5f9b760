"""Fades and the correlation-corrected crossfade."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.audio.fades import correlation, crossfade, crossfade_gains, fade_in, fade_out
from sound_measures import largest_step
from unit.audio.signals import noise, tone


@given(length=st.integers(1, 5_000), r=st.floats(0, 1))
def test_power_is_constant_for_every_correlation(length: int, r: float) -> None:
    falling, rising = (gain.astype(np.float64) for gain in crossfade_gains(length, r))
    np.testing.assert_allclose(falling**2 + rising**2 + 2 * r * falling * rising, 1, atol=1e-6)
    assert (np.diff(rising) >= 0).all()
    assert (np.diff(falling) <= 0).all()


def test_measured_power_stays_level_for_unrelated_half_related_and_equal_sides() -> None:
    a, b = noise(2, seed=1), noise(2, seed=2)
    for share, expected_r in ((0.0, 0.0), (0.5, 0.5), (1.0, 1.0)):
        other = (share * a + np.sqrt(1 - share**2) * b).astype(np.float32)
        assert correlation(a, other) == pytest.approx(expected_r, abs=0.02)
        mixed = crossfade(a, other)
        blocks = (mixed.astype(np.float64) ** 2).reshape(20, -1).mean(axis=1)
        levels = 10 * np.log10(blocks / np.mean(a.astype(np.float64) ** 2))
        # 9 600 values a block: chance alone moves a block by 0.06 dB (1 sigma).
        assert np.abs(levels).max() < 0.35


def test_crossfade_of_a_tone_into_itself_is_the_tone() -> None:
    a = tone(-6, 0.1)
    np.testing.assert_allclose(crossfade(a, a), a, atol=1e-6)


def test_crossfade_makes_no_click() -> None:
    a, b = tone(-6, 0.06, hz=440), tone(-6, 0.06, hz=554.4, phase=2.0)
    joined = np.concatenate([tone(-6, 0.1, hz=440)[-1_000:], crossfade(a, b)])
    assert largest_step(crossfade(a, b)) <= 1.5 * largest_step(b)
    assert np.isfinite(joined).all()


def test_opposed_and_silent_sides_count_as_unrelated() -> None:
    a = tone(-6, 0.1)
    assert correlation(a, -a) == 0
    assert correlation(a, np.zeros_like(a)) == 0


@given(length=st.integers(0, 300))
def test_fades_reach_silence_at_their_edge_only(length: int) -> None:
    flat = np.ones((200, 2), np.float32)
    rising = fade_in(flat, length)
    np.testing.assert_array_equal(fade_out(flat, length), rising[::-1])
    assert (rising[min(length, 200) :] == 1).all()
    if length > 1:
        assert rising[0, 0] < 0.6
    assert (np.diff(rising[:, 0]) >= 0).all()


def test_crossfade_refuses_other_shapes_and_correlations() -> None:
    with pytest.raises(ValueError, match="one shape"):
        crossfade(tone(-6, 0.1), tone(-6, 0.2))
    with pytest.raises(ValueError, match="0 to 1"):
        crossfade_gains(10, 1.5)
