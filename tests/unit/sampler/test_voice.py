"""Voices (envelopes by the specification, loops, filters), the reverb and the byte cache."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from segue.audio import reverb
from segue.contract import SAMPLE_RATE
from segue.score.sampler import voice
from segue.score.sampler.cache import ByteCache
from segue.score.sampler.regions import LOOP_ALWAYS, LOOP_NEVER, LOOP_WHILE_HELD, Region
from segue.score.sampler.stereo import SPAN, pan_gains, widened

PLAIN = Region(
    sample=0,
    first=0,
    last=0,
    loop=(100, 300),
    loop_mode=LOOP_ALWAYS,
    rate=float(SAMPLE_RATE),
    gain_db=0.0,
    pan=0.0,
    delay_s=0.0,
    attack_s=0.1,
    hold_s=0.1,
    decay_s=1.0,
    sustain_db=-20.0,
    release_s=1.0,
    cutoff_hz=20_000.0,
    resonance_db=0.0,
    sweep_cents=0.0,
    sweep_attack_s=0.0,
    sweep_hold_s=0.0,
    sweep_decay_s=0.0,
    sweep_sustain=1.0,
    tremolo_db=0.0,
    tremolo_delay_s=0.0,
    tremolo_hz=5.0,
)
LONG = 100 * SAMPLE_RATE


def db(gain: float) -> float:
    return 20 * float(np.log10(gain))


def envelope(region: Region, held: int, limit: int) -> np.ndarray:
    """All samples of a region's envelope."""
    whole = voice.VolumeEnvelope(region, held, limit)
    return whole.read(0, whole.length)


def test_envelope_rises_linearly_and_falls_100_db_in_its_time() -> None:
    gain = envelope(PLAIN, SAMPLE_RATE, LONG)
    assert gain[2_399] == pytest.approx(0.5, abs=1e-3)
    assert gain[9_000] == 1
    assert db(gain[9_600 + 4_800]) == pytest.approx(-10, abs=0.05)
    assert db(gain[47_000]) == pytest.approx(-20, abs=0.01)
    assert db(gain[48_000 + 19_200]) == pytest.approx(-60, abs=0.1)
    # -20 dB to the floor at -70 dB takes 0.5 s of a release of 1 s.
    assert len(gain) == pytest.approx(SAMPLE_RATE * 1.5, abs=10)


def test_a_note_released_in_its_attack_starts_falling_from_there() -> None:
    gain = envelope(PLAIN, 2_400, LONG)
    assert gain.max() == pytest.approx(0.5, abs=1e-3)
    assert np.argmax(gain) == 2_399
    assert np.abs(np.diff(gain)).max() < 1e-3


def test_a_voice_that_decays_to_silence_ends_while_held() -> None:
    gain = envelope(replace(PLAIN, sustain_db=-100.0), LONG, LONG)
    assert len(gain) == pytest.approx(SAMPLE_RATE * (0.2 + 0.7), abs=2)
    assert gain[-1] == 0


def test_a_release_of_no_time_does_not_click() -> None:
    gain = envelope(replace(PLAIN, release_s=0.0), SAMPLE_RATE, LONG)
    assert np.abs(np.diff(gain)).max() < 1e-3


def waveform() -> np.ndarray:
    return np.sin(2 * np.pi * np.arange(400) / 100).astype(np.float32)


def test_a_loop_has_no_step_at_its_seam() -> None:
    played = voice.source(PLAIN, waveform(), 0, 5_000)
    np.testing.assert_allclose(played, np.sin(2 * np.pi * np.arange(5_000) / 100), atol=1e-5)


def test_loop_modes() -> None:
    unlooped = replace(PLAIN, loop_mode=LOOP_NEVER)
    assert len(voice.source(unlooped, waveform(), 5_000, 5_000)) == 400
    assert voice.natural_length(unlooped, len(waveform())) == 400
    held = replace(PLAIN, loop_mode=LOOP_WHILE_HELD)
    assert 1_000 < len(voice.source(held, waveform(), 1_000, 5_000)) <= 1_400
    assert voice.natural_length(held, len(waveform())) is None


def test_the_rate_sets_the_pitch() -> None:
    played = voice.source(replace(PLAIN, rate=SAMPLE_RATE * 1.5), waveform(), 0, 48_000)
    spectrum = np.abs(np.fft.rfft(played * np.hanning(len(played))))
    assert np.argmax(spectrum) == pytest.approx(720 * len(played) / SAMPLE_RATE, abs=1)


def test_the_filter_removes_frequencies_above_the_cutoff() -> None:
    noise = np.random.default_rng(1).standard_normal(48_000).astype(np.float32)
    region = replace(PLAIN, cutoff_hz=1_000.0, loop_mode=LOOP_NEVER)
    played = voice.source(region, noise, 0, 48_000)
    spectrum = np.abs(np.fft.rfft(played[:47_000])) ** 2
    bins = np.fft.rfftfreq(47_000, 1 / SAMPLE_RATE)
    low = spectrum[(bins > 100) & (bins < 500)].mean()
    octaves_up = spectrum[(bins > 3_500) & (bins < 4_500)].mean()
    assert db(np.sqrt(octaves_up / low)) == pytest.approx(-24, abs=2)


def test_a_sweep_opens_the_filter_over_time() -> None:
    noise = np.random.default_rng(1).standard_normal(48_000).astype(np.float32)
    region = replace(
        PLAIN, cutoff_hz=300.0, loop_mode=LOOP_NEVER, sweep_cents=4_800.0, sweep_attack_s=0.9, sweep_sustain=1.0
    )
    played = voice.source(region, noise, 0, 48_000)
    assert np.std(played[40_000:47_000]) > 3 * np.std(played[:4_000])


def test_panning_keeps_power_and_widening_keeps_the_middle() -> None:
    for pan in (-1, -0.3, 0, 0.8, 1, 2):
        left, right = pan_gains(pan)
        assert left**2 + right**2 == pytest.approx(1)
    sound = np.random.default_rng(2).standard_normal(20_000).astype(np.float32)
    centred = np.stack([sound, sound])
    _, pair = widened(np.zeros((2, SPAN), np.float32), centred, 0.6)
    assert (pair**2).sum() == pytest.approx((centred**2).sum(), rel=0.05)
    middle, side = pair[0] + pair[1], pair[0] - pair[1]
    np.testing.assert_allclose(middle / middle.std(), sound / sound.std(), atol=1e-3)
    assert side.std() / middle.std() == pytest.approx(0.6, abs=0.05)
    # Basses stay put: the echoes cancel for what is slow against them.
    slow = np.repeat(np.ones((1, 5_000), np.float32), 2, axis=0)
    _, still = widened(slow[:, :SPAN], slow, 0.6)
    np.testing.assert_allclose(still[0], still[1], atol=1e-6)


def test_the_reverb_decays_evenly_and_differs_left_and_right() -> None:
    click = np.zeros((2, 4 * SAMPLE_RATE), np.float32)
    click[:, 0] = 1
    state, answer = reverb.process(reverb.start(), click)
    energy = np.cumsum((answer.astype(np.float64) ** 2).sum(axis=0)[::-1])[::-1]
    level = 10 * np.log10(energy / energy[0])
    t20 = np.searchsorted(-level, 25) - np.searchsorted(-level, 5)
    assert 3 * t20 / SAMPLE_RATE == pytest.approx(1.7, abs=0.4)
    # The sides differ by more than they share, but far from so much that mono would cancel them.
    assert -0.45 < np.corrcoef(answer)[0, 1] < 0
    assert not answer[:, :200].any()
    # Dense: in the tail, no silence longer than a millisecond.
    tail = np.abs(answer[:, 9_600:19_200]).max(axis=0)
    quiet = np.diff(np.flatnonzero(tail > 0.05 * tail.max()))
    assert quiet.max() < 48
    assert state.nbytes < 128 * 1024


def test_the_reverb_takes_both_channels() -> None:
    left = np.zeros((2, 9_600), np.float32)
    left[0, 0] = 1
    _, answer = reverb.process(reverb.start(), left)
    assert (answer[1] ** 2).sum() > 0.1 * (answer[0] ** 2).sum()


def test_the_cache_stays_within_its_bytes_and_drops_the_oldest() -> None:
    made: list[int] = []

    def make(value: int) -> bytes:
        made.append(value)
        return bytes(40)

    cache: ByteCache[int, bytes] = ByteCache(100, len)
    for value in (1, 2, 1, 3, 1, 2):
        cache.get(value, lambda value=value: make(value))
    assert made == [1, 2, 3, 2]
    assert cache.nbytes <= 100
    assert len(cache.get(9, lambda: bytes(500))) == 500
    assert cache.nbytes <= 100
