"""Audio prompts on synthetic sounds: each measurement is right, and the chosen situations are plausible."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from segue.contract import SAMPLE_RATE
from segue.style.audio_prompt import PROFILES, audio_features, audio_situations
from segue.style.situations import SITUATIONS, similarities
from segue.style.word_table import WordEncoder

SECONDS = 8
TIME = np.arange(SECONDS * SAMPLE_RATE) / SAMPLE_RATE


def stereo(mono: NDArray[np.float64], peak: float = 0.5) -> NDArray[np.float32]:
    scaled = peak * mono / np.abs(mono).max()
    return np.stack([scaled, scaled], axis=1).astype(np.float32)


def tones(*frequencies: float) -> NDArray[np.float64]:
    """A steady chord, each tone with three softer overtones."""
    return sum(
        (np.sin(2 * np.pi * f * n * TIME) / n**2 for f in frequencies for n in range(1, 5)), start=np.zeros(len(TIME))
    )


def clicks(rate: float, *, seed: int = 1) -> NDArray[np.float64]:
    """Bursts of noise, `rate` a second, each dying away within 50 ms."""
    envelope = np.exp(-(TIME % (1.0 / rate)) / 0.012)
    return envelope * np.random.default_rng(seed).standard_normal(len(TIME))


def drone() -> NDArray[np.float32]:
    return stereo(tones(55.0, 82.4, 110.0), peak=0.1)


def drum_storm() -> NDArray[np.float32]:
    kick = np.sin(2 * np.pi * 60.0 * TIME) * np.exp(-(TIME % 0.25) / 0.05)
    return stereo(clicks(8.0) + 1.5 * kick, peak=0.9)


def test_onset_rate_counts_the_clicks() -> None:
    for rate in (2.0, 4.0, 8.0):
        assert audio_features(stereo(clicks(rate))).onset_rate == pytest.approx(rate, rel=0.15)
    assert audio_features(stereo(tones(220.0))).onset_rate < 0.5


def test_centroid_follows_brightness() -> None:
    centroids = [audio_features(stereo(tones(f))).centroid_hz for f in (110.0, 440.0, 1_760.0)]
    assert centroids == sorted(centroids)
    assert centroids[2] > 4 * centroids[0]


def test_bass_is_the_share_below_150_hz() -> None:
    low, high = np.sin(2 * np.pi * 80.0 * TIME), np.sin(2 * np.pi * 800.0 * TIME)
    assert audio_features(stereo(low)).bass > 0.95
    assert audio_features(stereo(high)).bass < 0.05
    assert audio_features(stereo(low + high)).bass == pytest.approx(0.5, abs=0.05)


def test_percussion_and_noise_are_not_tones() -> None:
    chord, hits = audio_features(stereo(tones(220.0, 330.0))), audio_features(stereo(clicks(4.0)))
    assert chord.percussiveness < 0.2 < 0.5 < hits.percussiveness
    assert chord.flatness < 0.01 < 0.3 < hits.flatness


def test_loudness_is_rms_re_full_scale() -> None:
    sine = np.sin(2 * np.pi * 1_000.0 * TIME)
    assert audio_features(stereo(sine, peak=1.0)).loudness_db == pytest.approx(-3.01, abs=0.01)
    assert audio_features(stereo(sine, peak=0.1)).loudness_db == pytest.approx(-23.01, abs=0.01)


@pytest.mark.parametrize("tonic", [220.0, 261.6, 329.6])
def test_majorness_separates_major_from_minor(tonic: float) -> None:
    major, minor = ([tonic * 2 ** (step / 12) for step in chord] for chord in ((0, 4, 7), (0, 3, 7)))
    assert audio_features(stereo(tones(*major))).majorness > 0.02  # measured 0.048 and more
    assert audio_features(stereo(tones(*minor))).majorness < -0.1  # measured -0.27


def test_a_drone_is_calm_or_dark_and_a_drum_storm_is_a_fight() -> None:
    quiet = {"calm", "dungeon", "sad", "temple", "space"}
    loud = {"combat", "boss", "metal", "chase"}
    assert {name for name, _ in audio_situations(drone())} <= quiet
    assert audio_situations(drum_storm())[0][0] in loud
    assert sum(weight for name, weight in audio_situations(drum_storm()) if name in loud) > 0.9


def test_weights_sum_to_one_and_fall() -> None:
    weights = [weight for _, weight in audio_situations(drum_storm())]
    assert sum(weights) == pytest.approx(1.0)
    assert weights == sorted(weights, reverse=True)


def test_the_embedding_is_a_blend_of_situations() -> None:
    encoder = WordEncoder()
    for sound in (drone(), drum_storm()):
        embedding = encoder.embed_audio(sound)
        assert embedding.dtype == np.float32
        assert np.linalg.norm(embedding) == pytest.approx(1.0, abs=1e-5)
        assert embedding.tobytes() == encoder.embed_audio(sound).tobytes()
        nearest = SITUATIONS[int(similarities(encoder, embedding).argmax())]
        assert nearest in {name for name, _ in audio_situations(sound)}


def test_only_the_middle_minute_of_a_long_sound_counts() -> None:
    noise = np.random.default_rng(3).standard_normal((20 * SAMPLE_RATE, 2)).astype(np.float32)
    middle = np.tile(drone(), (60 // SECONDS + 1, 1))[: 60 * SAMPLE_RATE]
    assert audio_features(np.concatenate([noise, middle, noise])) == audio_features(middle)


def test_every_situation_has_a_profile() -> None:
    assert tuple(PROFILES) == SITUATIONS
    assert {len(profile) for profile in PROFILES.values()} == {7}


@pytest.mark.parametrize(
    ("samples", "message"),
    [
        (np.zeros((0, 2), np.float32), r"expected at least 0\.5 s of sound, got 0\.000 s"),
        (np.ones((1_000, 2), np.float32), r"expected at least 0\.5 s of sound, got 0\.021 s"),
        (np.ones(48_000, np.float32), r"expected stereo \[S, 2\] at 48000 Hz, got shape \(48000,\)"),
        (np.ones((48_000, 1), np.float32), r"expected stereo \[S, 2\] at 48000 Hz, got shape \(48000, 1\)"),
        (np.full((48_000, 2), np.nan, np.float32), "expected finite numbers, got NaN or infinity"),
        (np.full((48_000, 2), np.inf, np.float32), "expected finite numbers, got NaN or infinity"),
        (np.zeros((48_000, 2), np.float32), "expected sound, got silence"),
    ],
)
def test_bad_sound_is_an_error_that_says_what_was_expected(samples: NDArray[np.float32], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        WordEncoder().embed_audio(samples)
