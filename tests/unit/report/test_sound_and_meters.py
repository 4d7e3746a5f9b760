"""The measures and the encoding of audio against signals whose measures are known; curves with few points."""

from __future__ import annotations

import io
import math

import numpy as np
import pytest
import soundfile

from segue.audio.loudness import integrated_loudness, true_peak_db
from segue.contract import SAMPLE_RATE
from segue.report.meters import (
    MEL_BANDS,
    LoudnessMeter,
    SpectrogramMeter,
    WaveformMeter,
    band_hz,
    band_of,
    mel_bank,
)
from segue.report.plots import knots
from segue.report.sound import MOST_ENCODED_BYTES, SoundEncoder, SoundMeasures, SoundMeter, encoding_for, measure
from sound_measures import short_term_loudness


def tone(hz: float, seconds: float, level: float = 0.5) -> np.ndarray:
    wave = level * np.sin(2 * np.pi * hz * np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE)
    return np.stack([wave, wave], axis=1).astype(np.float32)


def test_the_waveform_keeps_every_extreme() -> None:
    audio = np.zeros((SAMPLE_RATE, 2), np.float32)
    audio[12_345, 1] = 0.75
    audio[30_000, 0] = -1.0
    waveform_meter = measure(audio).waveform
    size = round(waveform_meter.bin_s * SAMPLE_RATE)
    assert waveform_meter.high[12_345 // size] == np.ceil(0.75 * 127)
    assert waveform_meter.low[30_000 // size] == -127
    assert np.count_nonzero(waveform_meter.high) == np.count_nonzero(waveform_meter.low) == 1
    assert measure(tone(440, 1, 0.5)).waveform.rms[100] == pytest.approx(0.5 / 2**0.5 * 127, abs=1)


@pytest.mark.parametrize("hz", [110, 440, 1_000, 5_000, 12_000])
def test_a_tone_is_loudest_in_its_band(hz: float) -> None:
    levels = measure(tone(hz, 1)).spectrogram.levels
    assert levels.shape == (MEL_BANDS, 25)
    assert levels[:, 12].argmax() == pytest.approx(band_of(hz), abs=1.01)


def test_a_column_shows_the_audio_at_its_time() -> None:
    audio = np.concatenate([np.zeros((SAMPLE_RATE, 2), np.float32), tone(1_000, 1)])
    loud = measure(audio).spectrogram.levels.max(axis=0)
    assert loud[:23].max() == 0
    assert loud[27:].min() > 200


def test_silence_and_very_short_audio_have_measures() -> None:
    silence = measure(np.zeros((SAMPLE_RATE, 2), np.float32))
    assert not silence.spectrogram.levels.any()
    assert silence.loudness.integrated_lufs == silence.loudness.true_peak_db == -math.inf
    assert measure(tone(440, 0.001)).spectrogram.levels.shape == (MEL_BANDS, 1)
    nothing = measure(np.zeros((0, 2), np.float32))
    assert len(nothing.waveform.low) == 1
    assert nothing.spectrogram.levels.shape == (MEL_BANDS, 1)
    assert len(nothing.loudness.short_term_lufs) == 0


def test_every_mel_band_has_a_filter_and_frequencies_convert_both_ways() -> None:
    assert (mel_bank().sum(axis=1) > 0.99).all()
    assert band_of(float(band_hz(np.array([40]))[0])) == pytest.approx(40)


def test_a_long_spectrogram_is_narrow_enough_for_browsers() -> None:
    second, seconds = tone(440, 1), 250
    spectrum, waveform_meter = SpectrogramMeter(seconds), WaveformMeter()
    for _ in range(seconds):
        spectrum.add(second)
        waveform_meter.add(second)
    picture = spectrum.spectrogram()
    assert 2_048 < picture.levels.shape[1] <= 4_096
    assert picture.levels.shape[1] * picture.column_s == pytest.approx(seconds, rel=0.002)
    assert picture.levels[:, 1_000].argmax() == pytest.approx(band_of(440), abs=1.01)
    waveform = waveform_meter.waveform()
    assert 30_000 < len(waveform.low) <= 60_000
    assert len(waveform.low) * waveform.bin_s == pytest.approx(seconds, rel=0.002)


def test_measures_do_not_depend_on_the_block_size() -> None:
    noise = np.random.default_rng(3).normal(0, 0.2, (5 * SAMPLE_RATE + 1_234, 2)).astype(np.float32)
    noise[:SAMPLE_RATE] *= 0.01

    def cut(size: int) -> SoundMeasures:
        meter = SoundMeter(len(noise) / SAMPLE_RATE)
        for start in range(0, len(noise), size):
            meter.add(noise[start : start + size])
        return meter.measures()

    whole, small = cut(len(noise)), cut(1_009)
    for name in ("low", "high", "rms"):
        np.testing.assert_array_equal(getattr(whole.waveform, name), getattr(small.waveform, name))
    np.testing.assert_array_equal(whole.spectrogram.levels, small.spectrogram.levels)
    assert whole.peak == small.peak == np.abs(noise).max()
    np.testing.assert_allclose(whole.loudness.short_term_lufs, small.loudness.short_term_lufs, atol=1e-9)
    assert whole.loudness.integrated_lufs == pytest.approx(small.loudness.integrated_lufs, abs=1e-9)
    assert whole.loudness.true_peak_db == pytest.approx(small.loudness.true_peak_db, abs=1e-5)


def test_loudness_equals_that_of_the_complete_audio() -> None:
    sound = np.concatenate([tone(997, 3, 0.1), tone(60, 2, 0.9), 0 * tone(60, 1), tone(11_999, 2, 0.6)])
    meter = LoudnessMeter()
    for start in range(0, len(sound), 7_001):
        meter.add(sound[start : start + 7_001])
    found = meter.loudness()
    # The reference computes its filters; the meter uses those printed in BS.1770.
    assert found.integrated_lufs == pytest.approx(integrated_loudness(sound), abs=0.1)
    assert found.true_peak_db == pytest.approx(true_peak_db(sound), abs=1e-5)
    np.testing.assert_allclose(found.short_term_lufs, short_term_loudness(sound), atol=1e-6)


def _encoded(audio: np.ndarray, seconds: float) -> tuple[np.ndarray, int]:
    encoder = SoundEncoder(seconds)
    for start in range(0, len(audio), 48_000):
        encoder.add(audio[start : start + 48_000])
    encoded = encoder.encoded()
    assert encoded is not None
    decoded, rate = soundfile.read(io.BytesIO(encoded.data), dtype="float32")
    return decoded, rate


def test_the_encoded_audio_is_aligned_with_the_original() -> None:
    audio = tone(440, 2)
    decoded, rate = _encoded(audio, 2)
    assert rate == SAMPLE_RATE
    assert decoded.shape == audio.shape
    assert np.sqrt(np.mean((decoded - audio) ** 2)) < 0.02


def test_long_audio_is_encoded_in_mono_and_is_aligned() -> None:
    audio = tone(440, 2)
    for seconds, expected in ((900, SAMPLE_RATE), (1_800, 24_000)):
        decoded, rate = _encoded(audio, seconds)
        assert rate == expected
        assert decoded.shape == (2 * rate,)
        wave = 0.5 * np.sin(2 * np.pi * 440 * np.arange(len(decoded)) / rate)
        assert np.sqrt(np.mean((decoded - wave)[500:-500] ** 2)) < 0.02


def test_longer_audio_gets_lower_quality_and_too_long_audio_is_not_encoded() -> None:
    lengths = (10, 200, 300, 400, 1_000, 1_800, 2_200, 4_000)
    chosen = [encoding_for(seconds) for seconds in lengths]
    rates = [(one.channels, one.rate, one.compression) if one else None for one in chosen]
    assert rates == [
        (2, 48_000, 0.4), (2, 48_000, 0.55), (2, 48_000, 0.85), (2, 48_000, 1.0), (1, 48_000, 1.0), (1, 24_000, 0.85),
        (1, 24_000, 0.85), None,
    ]  # fmt: skip
    encoder = SoundEncoder(4_000)
    encoder.add(tone(440, 1))
    assert encoder.encoded() is None


def test_audio_that_grows_too_large_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("segue.report.sound.MOST_ENCODED_BYTES", 20_000)
    encoder = SoundEncoder(3)
    noise = np.random.default_rng(1).normal(0, 0.2, (SAMPLE_RATE, 2)).astype(np.float32)
    for _ in range(3):
        encoder.add(noise)
    assert encoder.encoded() is None
    assert MOST_ENCODED_BYTES > 20_000


def test_knots_are_the_bends_and_the_ends() -> None:
    curve = np.concatenate([np.zeros(50), np.linspace(0, 1, 11), np.ones(50), np.zeros(10)])[:, None]
    kept = knots(curve)
    assert len(kept) == 6
    assert np.abs(np.interp(np.arange(len(curve)), kept, curve[kept, 0]) - curve[:, 0]).max() < 1e-9


def test_long_curves_are_drawn_with_few_points_and_small_errors() -> None:
    time = np.arange(40_000)
    steps = np.repeat(np.random.default_rng(5).normal(0, 1, 8_000), 5).cumsum() / 50
    curves = np.stack([np.sin(time / 300), steps, np.where(time > 20_000, 50.0, 0.0)], axis=1)
    for most, error in ((12_000, 0.02), (600, 0.2)):
        kept = knots(curves, most)
        assert len(kept) <= most
        assert (kept[0], kept[-1]) == (0, len(curves) - 1)
        for n in range(curves.shape[1]):
            drawn = np.interp(time, kept, curves[kept, n])
            assert np.abs(drawn - curves[:, n]).max() < error * np.ptp(curves[:, n])
