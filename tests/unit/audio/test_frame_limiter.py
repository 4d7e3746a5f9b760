"""The limiter without latency: its ceiling, no click, no change where nothing is too loud, and chunks do not matter."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segue.audio import frame_limiter
from segue.audio.fades import crossfade
from segue.audio.frame_limiter import CEILING, SUM_CEILING
from segue.contract import FRAME_SIZE, SAMPLE_RATE, Samples
from unit.audio.signals import noise, tone

FRAMES = 12


def limited(samples: Samples, *lengths: int) -> Samples:
    """Limit chunks of so many frames; the last is the rest."""
    gain, out, start = 1.0, [], 0
    for length in (*lengths, FRAMES):
        chunk = samples[start : start + length * FRAME_SIZE]
        start += len(chunk)
        gain, gains = frame_limiter.process(gain, chunk)
        out.append(chunk if gains is None else chunk * gains[:, None])
    return np.concatenate(out)


def loud(seed: int) -> Samples:
    """Tones and noise of which a part is too loud, with peaks at any place of a frame and at its borders."""
    random = np.random.default_rng(seed)
    samples = noise(FRAMES * FRAME_SIZE / SAMPLE_RATE, seed, level=0.1)
    samples += tone(-4.0, FRAMES * FRAME_SIZE / SAMPLE_RATE, hz=random.uniform(40, 4_000))
    for at in (*random.integers(0, len(samples), 4), int(random.integers(1, FRAMES)) * FRAME_SIZE):
        length = int(random.integers(1, 3_000))
        bump = np.hanning(length + 2)[1:-1, None] * random.uniform(0, 3)
        samples[at : at + length] *= (1 + bump[: len(samples[at : at + length])]).astype(np.float32)
    return samples


@settings(max_examples=60)
@given(seed=st.integers(0, 1 << 30), cuts=st.lists(st.integers(1, 3), max_size=4))
def test_no_sample_exceeds_the_ceiling_and_chunks_do_not_matter(seed: int, cuts: list[int]) -> None:
    samples = loud(seed)
    out = limited(samples)
    assert np.abs(out).max() <= CEILING
    np.testing.assert_array_equal(limited(samples, *cuts), out)


@settings(max_examples=60)
@given(seed=st.integers(0, 1 << 30))
def test_the_result_has_no_click(seed: int) -> None:
    samples = loud(seed)
    steps, before = np.abs(np.diff(limited(samples), axis=0)), np.abs(np.diff(samples, axis=0))
    # The gain moves by at most 1/480 in a sample, except towards a peak that a frame begins with.
    assert (steps - before).max() <= np.abs(samples).max() / 480 + 1e-6 or _only_at_frame_starts(samples, steps, before)


def _only_at_frame_starts(samples: Samples, steps: Samples, before: Samples) -> bool:
    """Return whether steps are greater than allowed only near a frame's start, and by less than the sound exceeds."""
    places = np.flatnonzero((steps - before).max(1) > np.abs(samples).max() / 480 + 1e-6) + 1
    return bool((places % FRAME_SIZE < 480).all()) and float((steps - before).max()) <= np.abs(samples).max() - CEILING


def test_sound_within_the_ceiling_stays_as_it_is() -> None:
    samples = noise(FRAMES * FRAME_SIZE / SAMPLE_RATE, seed=1)
    samples[5_000] = CEILING, -CEILING
    assert frame_limiter.process(1.0, samples) == (1.0, None)
    assert frame_limiter.limit_join(samples) is samples


def test_only_the_surroundings_of_a_peak_change() -> None:
    samples = tone(-6.0, FRAMES * FRAME_SIZE / SAMPLE_RATE)
    peak = 5 * FRAME_SIZE + 900
    samples[peak] = 1.4
    out = limited(samples)
    changed = np.flatnonzero((out != samples).any(1))
    depth = 1 - CEILING / 1.4
    assert peak - depth * 480 - 1 <= changed[0] <= peak
    assert changed[-1] <= peak + depth * 4_800 + 1
    assert out[peak, 0] == pytest.approx(CEILING, abs=1e-6)


def test_both_channels_have_the_same_gain() -> None:
    samples = loud(seed=3)
    samples[:, 1] = samples[:, 0] * np.float32(0.5)
    out = limited(samples)
    np.testing.assert_allclose(out[:, 1], out[:, 0] * 0.5, atol=1e-7)


def test_a_peak_in_the_first_sample_of_a_frame_is_limited() -> None:
    samples = np.zeros((2 * FRAME_SIZE, 2), np.float32)
    samples[FRAME_SIZE] = 2.0
    gain, gains = frame_limiter.process(1.0, samples)
    assert gains is not None
    assert np.all(gains[:FRAME_SIZE] == 1.0)
    assert gains[FRAME_SIZE] * 2.0 <= CEILING
    assert gain == pytest.approx(CEILING / 2 + (FRAME_SIZE - 1) / 4_800, abs=1e-6)


@settings(max_examples=60)
@given(seed=st.integers(0, 1 << 30), length=st.sampled_from([1, 2, 960, 2_880]))
def test_a_crossfade_of_limited_sounds_is_limited_and_joins_both_sides(seed: int, length: int) -> None:
    old, new = limited(loud(seed))[:length], limited(loud(seed + 1))[-length:]
    mixed = crossfade(old, new)
    out = frame_limiter.limit_join(mixed)
    assert np.abs(out).max() <= CEILING
    # At both ends the gain is nearly 1: no step beyond that of a fast fall, or of the sound itself.
    for end in (0, -1):
        over = max(0.0, float(np.abs(mixed[end]).max()) - CEILING)
        assert np.abs(out[end] - mixed[end]).max() <= over + np.abs(mixed).max() * 480 / max(480, length) / 240


@settings(max_examples=60)
@given(seed=st.integers(0, 1 << 30), level=st.floats(0.0, 3.0))
def test_a_stinger_beside_music_keeps_the_sum_within_full_scale(seed: int, level: float) -> None:
    music = loud(seed)
    stinger = loud(seed + 1) * np.float32(level)
    gains = frame_limiter.beside_gains(music, stinger)
    out = stinger if gains is None else stinger * gains[:, None]
    fits = np.abs(music) <= SUM_CEILING
    assert np.abs(music + out)[fits].max() <= SUM_CEILING
    gain = np.abs(out) / np.maximum(np.abs(stinger), 1e-9)
    assert gain.max() <= 1.0 + 1e-6
    # The steps of the gain, where the stinger is loud enough to tell it.
    tells = (np.abs(stinger) > 1e-2).all(1)
    steps = np.diff(gain, axis=0)[tells[1:] & tells[:-1]]
    assert steps.size == 0 or (steps.min() >= -1 / 2_400 - 1e-5 and steps.max() <= 1 / 14_400 + 1e-5)


def test_a_stinger_with_room_stays_as_it_is() -> None:
    music, stinger = noise(1.0, seed=2), noise(1.0, seed=3)
    assert frame_limiter.beside_gains(music, stinger) is None
    with pytest.raises(ValueError, match="one shape"):
        frame_limiter.beside_gains(music, stinger[1:])


def test_behind_the_music_a_stinger_rises_to_its_level() -> None:
    music, stinger = np.zeros((20_000, 2), np.float32), np.full((20_000, 2), 0.5, np.float32)
    music[:1_000] = 0.9
    gains = frame_limiter.beside_gains(music, stinger)
    assert gains is not None
    out = stinger * gains[:, None]
    assert np.abs(out + music).max() <= SUM_CEILING
    steps = np.diff(out[:, 0])
    assert steps.min() >= -1e-6
    assert steps.max() <= 0.5 / 14_400 + 1e-6
    assert out[-1, 0] == 0.5


@settings(max_examples=60)
@given(seed=st.integers(0, 1 << 30), parts=st.integers(1, 6))
def test_a_stinger_limited_in_parts_keeps_the_sum_within_full_scale(seed: int, parts: int) -> None:
    music, stinger = limited(loud(seed)), loud(seed + 1)
    before, mixed = None, []
    for part, beside in zip(np.array_split(music, parts), np.array_split(stinger, parts), strict=True):
        gains = frame_limiter.beside_gains(part, beside, before)
        before = 1.0 if gains is None else float(gains[-1])
        mixed.append(part + beside * (1.0 if gains is None else gains[:, None]))
    assert np.abs(np.concatenate(mixed)).max() <= SUM_CEILING
