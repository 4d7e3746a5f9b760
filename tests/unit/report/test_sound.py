"""Pictures of sound against sounds whose picture is known."""

from __future__ import annotations

import io

import numpy as np
import pytest
import soundfile

from segue.contract import SAMPLE_RATE
from segue.report.axes import knots
from segue.report.sound import MEL_BANDS, band_of, envelope, hz_of, mel_bank, spectrogram, vorbis


def tone(hz: float, seconds: float, level: float = 0.5) -> np.ndarray:
    wave = level * np.sin(2 * np.pi * hz * np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE)
    return np.stack([wave, wave], axis=1).astype(np.float32)


def test_the_envelope_holds_every_extreme() -> None:
    audio = np.zeros((SAMPLE_RATE, 2), np.float32)
    audio[12_345, 1] = 0.75
    audio[30_000, 0] = -1.0
    outline = envelope(audio)
    size = round(outline.bin_s * SAMPLE_RATE)
    assert outline.high[12_345 // size] == np.ceil(0.75 * 127)
    assert outline.low[30_000 // size] == -127
    assert np.count_nonzero(outline.high) == np.count_nonzero(outline.low) == 1
    assert envelope(tone(440, 1, 0.5)).rms[100] == pytest.approx(0.5 / 2**0.5 * 127, abs=1)


@pytest.mark.parametrize("hz", [110, 440, 1_000, 5_000, 12_000])
def test_a_tone_lights_its_own_band(hz: float) -> None:
    levels = spectrogram(tone(hz, 1)).levels
    assert levels.shape == (MEL_BANDS, 25)
    assert levels[:, 12].argmax() == pytest.approx(band_of(hz), abs=1.01)


def test_a_column_shows_the_sound_at_its_own_time() -> None:
    audio = np.concatenate([np.zeros((SAMPLE_RATE, 2), np.float32), tone(1_000, 1)])
    loud = spectrogram(audio).levels.max(axis=0)
    assert loud[:23].max() == 0
    assert loud[27:].min() > 200


def test_silence_and_almost_nothing_have_a_picture() -> None:
    assert not spectrogram(np.zeros((SAMPLE_RATE, 2), np.float32)).levels.any()
    assert spectrogram(tone(440, 0.001)).levels.shape == (MEL_BANDS, 1)
    assert len(envelope(np.zeros((0, 2), np.float32)).low) == 1


def test_every_band_hears_something_and_bands_know_their_frequency() -> None:
    assert (mel_bank().sum(axis=1) > 0.99).all()
    assert band_of(float(hz_of(np.array([40]))[0])) == pytest.approx(40)


def test_a_long_picture_stays_within_what_browsers_draw() -> None:
    long = np.zeros((250 * SAMPLE_RATE, 2), np.float32)
    assert spectrogram(long).levels.shape[1] <= 4_096
    assert len(envelope(long).low) <= 60_000


def test_vorbis_is_the_sound_sample_for_sample_in_time() -> None:
    audio = tone(440, 2)
    decoded, rate = soundfile.read(io.BytesIO(vorbis(audio)), dtype="float32")
    assert rate == SAMPLE_RATE
    assert len(decoded) == len(audio)
    assert np.sqrt(np.mean((decoded - audio) ** 2)) < 0.02


def test_knots_keep_every_bend_and_nothing_else() -> None:
    curve = np.concatenate([np.zeros(50), np.linspace(0, 1, 11), np.ones(50), np.zeros(10)])[:, None]
    kept = knots(curve)
    assert len(kept) == 6
    assert np.abs(np.interp(np.arange(len(curve)), kept, curve[kept, 0]) - curve[:, 0]).max() < 1e-9
