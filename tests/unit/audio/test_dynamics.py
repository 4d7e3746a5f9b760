"""The loudness normaliser and the limiter: their targets, and that chunk sizes do not matter."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import resample_poly

from segue.audio import limiter, normalise
from segue.audio.fades import fade_in, fade_out
from segue.audio.loudness import true_peak_db
from segue.contract import Samples
from sound_measures import short_term_loudness
from unit.audio.signals import cut_at, noise, tone


def normalised(chunks: list[Samples]) -> Samples:
    state, out = normalise.start(), []
    for chunk in chunks:
        state, gains = normalise.process(state, chunk)
        out.append(chunk * gains[:, None])
    return np.concatenate(out)


def limited(chunks: list[Samples]) -> Samples:
    state, out = limiter.start(), []
    for chunk in chunks:
        state, quieter = limiter.process(state, chunk)
        out.append(quieter)
    return np.concatenate(out)


@pytest.mark.parametrize(("level_db", "expected"), [(-36, -28.8), (-27, -25.2), (-24, -24), (-12, -12), (-7, -10)])
def test_normaliser_corrects_what_is_far_from_the_target(level_db: float, expected: float) -> None:
    # A tone's level in dB is its loudness. Of what lies more than 6 LU from -18 LUFS, two fifths remain.
    settled = short_term_loudness(normalised([tone(level_db, 20)]))[-1]
    assert settled == pytest.approx(expected, abs=0.1)


def test_normaliser_leaves_dynamics_within_its_free_range() -> None:
    swelling = np.concatenate([tone(level_db, 4) for level_db in (-23, -14, -19, -13)])
    np.testing.assert_array_equal(normalised([swelling]), swelling)


def test_normaliser_moves_slowly_and_ignores_rests() -> None:
    signal = np.concatenate([tone(-30, 10), np.zeros((240_000, 2), np.float32), tone(-30, 2), tone(-6, 8)])
    state = normalise.start()
    _, gains = normalise.process(state, signal)
    steps = np.abs(np.diff(20 * np.log10(gains[::4_800].astype(np.float64))))
    assert steps.max() <= 0.25 + 1e-3
    settled, rested = gains[9 * 48_000], gains[15 * 48_000 : 17 * 48_000]
    np.testing.assert_allclose(rested, settled, rtol=0.01)
    assert gains[-1] < 1 < settled


@pytest.mark.parametrize("seed", range(3))
def test_normaliser_does_not_depend_on_chunks(seed: int) -> None:
    signal = noise(4, seed)
    np.testing.assert_array_equal(normalised(cut_at(signal, seed)), normalised([signal]))


def clicks_and_noise(seed: int) -> Samples:
    signal = noise(2, seed, level=0.5)
    signal[np.random.default_rng(seed).integers(0, len(signal), 40)] *= 6
    return signal


@pytest.mark.parametrize("seed", range(3))
def test_limiter_keeps_true_peaks_below_the_ceiling(seed: int) -> None:
    out = limiter.limit(clicks_and_noise(seed))
    assert true_peak_db(out) <= limiter.CEILING_DB
    # Seen 16 times as finely, by another filter than the limiter's own.
    dense = resample_poly(out.astype(np.float64), 16, 1, axis=0, window=("kaiser", 8.0))
    assert 20 * np.log10(np.abs(dense).max()) <= limiter.CEILING_DB + 0.1


@pytest.mark.parametrize("hz", [997.0, 6_000.0, 11_999.0, 17_000.0])
def test_limiter_holds_tones_at_the_ceiling(hz: float) -> None:
    # Faded, because a tone cut off hard has higher peaks at the cut than anywhere else.
    out = fade_out(fade_in(limiter.limit(tone(6, 1, hz=hz)), 2_400), 2_400)
    assert limiter.CEILING_DB - 0.5 <= true_peak_db(out) <= limiter.CEILING_DB


def test_limiter_leaves_quiet_sound_alone() -> None:
    signal = noise(1, seed=5, level=0.05)
    np.testing.assert_array_equal(limiter.limit(signal), signal)


def test_limiter_delays_by_its_latency() -> None:
    signal = noise(1, seed=6, level=0.05)
    out = limited([signal])
    np.testing.assert_array_equal(out[limiter.LATENCY :], signal[: -limiter.LATENCY])
    assert not out[: limiter.LATENCY].any()


@pytest.mark.parametrize("seed", range(3))
def test_limiter_does_not_depend_on_chunks(seed: int) -> None:
    signal = clicks_and_noise(seed)
    np.testing.assert_array_equal(limited(cut_at(signal, seed, parts=40)), limited([signal]))
