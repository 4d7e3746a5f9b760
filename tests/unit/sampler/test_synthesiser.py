"""Patches sound without aliases, at their pitch, and as the instruments they stand for."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from segue.contract import SAMPLE_RATE
from segue.instruments import PROGRAMS
from segue.score.sampler import synthesiser
from segue.score.sampler.drum_patches import DRUM_PATCHES
from segue.score.sampler.drum_synthesiser import drum_length
from segue.score.sampler.kits import CHIP, DRUM_KIT, KITS
from segue.score.sampler.notes import NoteBank
from segue.score.sampler.orchestra import ORCHESTRA
from segue.score.sampler.patches import PATCHES, Operators, Oscillator, Patch, Tone, stroke, tone
from segue.score.sampler.sampler import BUNDLED_SOUNDFONT
from sound_measures import band_levels_db
from unit.sampler.material import note, tiny_font, written

WAVES = ("saw", "square", "pulse", "triangle", "sine", "driven")
# Keys whose aliases would lie between the partials: no small ratio to the sample rate.
KEYS = (31, 52, 73, 97)


def played(patch: Patch, pitch: int, velocity: int = 104, seconds: float = 1.0) -> np.ndarray:
    return synthesiser.sound(tone(patch, pitch, velocity), round(seconds * SAMPLE_RATE))


def power(sound: np.ndarray) -> np.ndarray:
    """Power spectrum, a bin a hertz, by a window whose leakage is 100 dB down ten bins away."""
    assert len(sound) == SAMPLE_RATE
    return np.abs(np.fft.rfft(sound * np.kaiser(SAMPLE_RATE, 14.0))) ** 2


def beside_db(sound: np.ndarray, partials: np.ndarray) -> float:
    """The strongest of what is more than ten hertz from all `partials`, against the strongest partial."""
    spectrum = power(sound)
    beside = np.ones(len(spectrum), bool)
    for hertz in partials[partials < SAMPLE_RATE / 2]:
        beside[max(0, round(hertz) - 10) : round(hertz) + 11] = False
    return float(10 * np.log10(spectrum[beside].max() / spectrum.max()))


@pytest.mark.parametrize("wave", WAVES)
@pytest.mark.parametrize("pitch", KEYS)
def test_a_wave_has_no_aliases(wave: str, pitch: int) -> None:
    sound = played(Patch(oscillators=(Oscillator(wave=wave),)), pitch)
    hertz = synthesiser.key_hz(pitch)
    assert beside_db(sound, hertz * np.arange(1, 1_000)) < -80


@pytest.mark.parametrize("name", ["synth bass", "synth brass", "bass lead", "polysynth pad"])
def test_a_moving_filter_adds_no_aliases(name: str) -> None:
    patch = PATCHES[PROGRAMS[name]]
    for pitch in (40, 85):
        sound = played(patch, pitch, 127, seconds=2.0)[SAMPLE_RATE:]
        ratios = [2 ** (oscillator.semitones / 12) for oscillator in patch.oscillators]
        hertz = synthesiser.key_hz(pitch)
        assert beside_db(sound, np.concatenate([hertz * ratio * np.arange(1, 2_000) for ratio in ratios])) < -60


@pytest.mark.parametrize("pitch", [60, 85, 97, 108])
def test_frequency_modulation_has_no_aliases_on_high_keys(pitch: int) -> None:
    pair = Operators(carrier=1.0, modulator=3.0, index=6.0, index_decay_s=50.0, level=1.0, decay_s=50.0)
    sound = played(Patch(operators=(pair,)), pitch, 127)
    assert beside_db(sound, synthesiser.key_hz(pitch) * np.arange(1, 1_000)) < -60


@pytest.mark.parametrize("program", PATCHES)
def test_a_patch_sounds_alike_each_time_over_its_range(program: int) -> None:
    seat = ORCHESTRA[program]
    for pitch in (seat.low, seat.high):
        for velocity in (8, 120):
            sound = played(PATCHES[program], pitch, velocity, 0.5)
            assert np.isfinite(sound).all()
            assert 0.05 < np.abs(sound).max() < 4
            np.testing.assert_array_equal(sound, played(PATCHES[program], pitch, velocity, 0.5))


def test_a_harder_key_press_is_brighter_where_timbre_follows_velocity() -> None:
    for name in ("FM electric piano", "synth bass", "synth brass"):
        soft, hard = (
            band_levels_db(np.stack([sound, sound], 1), [50, 1_500, 20_000])
            for sound in (played(PATCHES[PROGRAMS[name]], 60, velocity) for velocity in (30, 120))
        )
        assert hard[1] - hard[0] > soft[1] - soft[0] + 3, name
    square = PATCHES[PROGRAMS["square lead"]]
    assert tone(square, 60, 1) == tone(square, 60, 127)


def test_the_sub_bass_falls_to_its_key_and_is_mostly_fundamental() -> None:
    sound = played(PATCHES[PROGRAMS["soft synth bass"]], 33, seconds=1.5)[SAMPLE_RATE // 2 :]
    spectrum = power(sound)
    assert np.argmax(spectrum) == 55
    assert spectrum[45:66].sum() > 0.8 * spectrum.sum()
    start = played(PATCHES[PROGRAMS["soft synth bass"]], 33, seconds=0.03)
    assert np.count_nonzero(np.diff(np.sign(start))) > 2 * 55 * 0.03 + 1


@pytest.mark.parametrize(("kit", "key"), DRUM_PATCHES)
def test_a_drum_ends_by_itself_and_is_no_louder_than_a_sample(kit: int, key: int) -> None:
    assert kit in KITS
    assert key in DRUM_KIT
    patch = DRUM_PATCHES[kit, key]
    sound = synthesiser.sound(stroke(patch, key), 10 * SAMPLE_RATE)
    assert len(sound) == drum_length(patch)
    assert 0.05 < np.abs(sound).max() * 10 ** (patch.gain_db / 20) < 2.0
    assert np.abs(sound[-480:]).max() < 0.03 * np.abs(sound).max()


def test_drums_are_where_their_kind_is() -> None:
    def bands(kit: int, key: int) -> np.ndarray:
        sound = synthesiser.sound(stroke(DRUM_PATCHES[kit, key], key), SAMPLE_RATE)
        return np.array(band_levels_db(np.stack([sound, sound], 1), [20, 200, 5_000, 20_000]))

    for kit in (24, 25, CHIP):
        assert np.argmax(bands(kit, 36)) == 0
    for kit in (24, 25):
        assert np.argmax(bands(kit, 42)) == 2
    assert drum_length(DRUM_PATCHES[25, 35]) > 2 * SAMPLE_RATE


def test_a_users_font_plays_what_it_has_and_patches_play_the_rest(tmp_path: Path) -> None:
    path = written(tiny_font(), tmp_path / "user.sf2")
    user = NoteBank(path)
    square = user.note(note(program=80))
    assert isinstance(square.voices[0].played, Tone)
    assert isinstance(user.note(note(program=25, pitch=36, drums=True)).voices[0].played, Tone)
    assert not isinstance(user.note(note(program=0, pitch=36, drums=True)).voices[0].played, Tone)
    assert user.substitute(80) == 80
    for first in (False, True):
        bundled = NoteBank(BUNDLED_SOUNDFONT, patches_first=first)
        assert isinstance(bundled.note(note(program=38, pitch=40)).voices[0].played, Tone) == first
