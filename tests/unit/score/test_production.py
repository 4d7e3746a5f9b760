"""Production: neutral is untouched, any chunks give the same samples, changes do not click, each axis is heard."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest

from segue.contract import FAMILIES, FRAME_SIZE, SAMPLE_RATE, Samples
from segue.score import production
from segue.score.production import WARM_UP, Kick, ProductionState
from segue.score.production_settings import NEUTRAL, ProductionSettings, mixed
from segue.style_profile import Ensemble, StyleProfile
from unit.sampler.material import note

DRIVEN = ProductionSettings(room=0.9, width=0.8, low_pass_hz=3_000.0, wow=0.6, saturation=0.5, pump=0.8, bits=9.0)


def music(frames: int, seed: int = 1) -> Samples:
    """Noise with a falling spectrum and a different one on each side, float32 [S, 2], peaks near 0.5."""
    noise = np.random.default_rng(seed).standard_normal((frames * FRAME_SIZE, 2))
    smooth = np.apply_along_axis(np.convolve, 0, noise, np.ones(24) / 24, "same")
    return (0.5 * smooth / np.abs(smooth).max()).astype(np.float32)


def sine(hertz: float, frames: int, level: float = 0.3) -> Samples:
    wave = level * np.sin(2 * np.pi * hertz * np.arange(frames * FRAME_SIZE) / SAMPLE_RATE)
    return np.stack([wave, wave], axis=1).astype(np.float32)


def settled(settings: ProductionSettings) -> ProductionState:
    return production.start(settings)


def through(samples: Samples, settings: ProductionSettings) -> Samples:
    frames = len(samples) // FRAME_SIZE
    _, out = production.process(settled(settings), samples, [settings] * frames, (), 0)
    return out


def test_neutral_settings_return_the_very_same_samples() -> None:
    samples = music(5)
    state, out = production.process(production.start(), samples, [NEUTRAL] * 5, (Kick(10, 24_000),), 0)
    assert out is samples
    assert production.send_gains(state, [NEUTRAL]) is None
    assert production.pump_gains(state, [NEUTRAL], (Kick(0, 24_000),), 0) is None
    assert state.settings == NEUTRAL
    assert state.low_pass is None


def test_a_plain_style_is_neutral() -> None:
    assert ProductionSettings.of(StyleProfile(ensemble=Ensemble(), layout="calm")) == NEUTRAL
    assert ProductionSettings.of(
        StyleProfile(ensemble=Ensemble(), layout="calm", bits=8.0, wow=0.3)
    ) == ProductionSettings(bits=8.0, wow=0.3)


def random_targets(frames: int, seed: int) -> list[ProductionSettings]:
    """Settings that stay, move and go back to neutral, one axis or all."""
    chance = random.Random(seed)
    targets, now = [], NEUTRAL
    for _ in range(frames):
        if chance.random() < 0.08:
            now = chance.choice(
                [
                    NEUTRAL,
                    DRIVEN,
                    replace(NEUTRAL, wow=1.0),
                    replace(DRIVEN, bits=16.0),
                    replace(NEUTRAL, low_pass_hz=600.0),
                ]
            )
        targets.append(now)
    return targets


@pytest.mark.parametrize("seed", range(6))
def test_any_chunks_give_the_same_samples(seed: int) -> None:
    frames, chance = 90, random.Random(seed)
    samples, targets = music(frames, seed), random_targets(frames, seed)
    kicks = [Kick(start, 22_000) for start in range(500, frames * FRAME_SIZE, 22_000)]

    def played(sizes: list[int]) -> list[np.ndarray]:
        state, at, parts = production.start(), 0, []
        for size in sizes:
            begin, end = at * FRAME_SIZE, (at + size) * FRAME_SIZE
            due = [kick for kick in kicks if begin <= kick.start < end]
            aims = targets[at : at + size]
            gains = production.pump_gains(state, aims, due, begin)
            sends = production.send_gains(state, aims)
            state, out = production.process(state, samples[begin:end], aims, due, begin)
            ones = np.ones(end - begin, np.float32)
            parts.append((out, ones if gains is None else gains, ones if sends is None else sends))
            at += size
        return [np.concatenate(which) for which in zip(*parts, strict=True)]

    sizes = []
    while sum(sizes) < frames:
        sizes.append(min(chance.randint(1, 20), frames - sum(sizes)))
    whole = played([frames])
    for cut in (sizes, [1] * frames):
        for one, other in zip(whole, played(cut), strict=True):
            np.testing.assert_array_equal(one, other)
    assert not np.array_equal(whole[0], samples)


def test_a_mix_of_styles_is_between_them() -> None:
    assert mixed([DRIVEN, NEUTRAL, DRIVEN], [0.3, 0.0, 0.7]) is DRIVEN
    half = mixed([NEUTRAL, replace(DRIVEN, width=0.5)], [0.5, 0.5])
    assert half.wow == pytest.approx(0.3)
    assert half.bits == pytest.approx(12.5)
    assert half.low_pass_hz == pytest.approx((3_000 * 20_000) ** 0.5)
    assert half.width == 0.5


def test_a_session_begins_with_the_settings_of_its_first_frame() -> None:
    state, out = production.process(production.start(), music(3), [DRIVEN] * 3, (), 0)
    assert state.settings == DRIVEN
    _, settled_out = production.process(settled(DRIVEN), music(3), [DRIVEN] * 3, (), 0)
    np.testing.assert_array_equal(out, settled_out)


def test_after_the_warm_up_nothing_of_the_past_is_missing() -> None:
    frames, warm = 40, WARM_UP // FRAME_SIZE
    samples = music(frames)
    _, unbroken = production.process(settled(DRIVEN), samples, [DRIVEN] * frames, (), 0)
    late = frames - 5
    span = slice((late - warm) * FRAME_SIZE, late * FRAME_SIZE)
    state = production.resumed([DRIVEN] * (warm + 1), (), samples[span], late * FRAME_SIZE)
    _, again = production.process(state, samples[late * FRAME_SIZE :], [DRIVEN] * 5, (), late * FRAME_SIZE)
    np.testing.assert_allclose(again, unbroken[late * FRAME_SIZE :], rtol=0, atol=1e-6)


@pytest.mark.parametrize(
    "change",
    [
        {"low_pass_hz": 500.0},
        {"low_pass_hz": 19_000.0},
        {"wow": 1.0},
        {"saturation": 1.0},
        {"width": 0.0},
        {"width": 1.0},
    ],
)
def test_a_change_does_not_click(change: dict[str, float]) -> None:
    """The spectrum of a low sine stays low while a setting moves there and back: a click would reach all of it."""
    samples = sine(100.0, 90)
    samples[:, 1] *= -0.5
    targets = [NEUTRAL] * 20 + [replace(NEUTRAL, **change)] * 20 + [NEUTRAL] * 50
    state, out = production.process(settled(NEUTRAL), samples, targets, (), 0)
    assert state.settings == NEUTRAL
    np.testing.assert_array_equal(out[-FRAME_SIZE:], samples[-FRAME_SIZE:])
    spectrum = np.abs(np.fft.rfft(out[:, 0] * np.kaiser(len(out), 14.0)))
    high = round(5_000 * len(out) / SAMPLE_RATE)
    assert spectrum[high:].max() < 10 ** (-75 / 20) * spectrum.max()


def test_a_setting_arrives_within_two_seconds() -> None:
    state, _ = production.process(settled(NEUTRAL), music(50), [DRIVEN] * 50, (), 0)
    assert state.settings == DRIVEN


def level_db(samples: Samples, hertz: float) -> float:
    spectrum = np.abs(np.fft.rfft(samples[:, 0] * np.hanning(len(samples))))
    at = round(hertz * len(samples) / SAMPLE_RATE)
    return float(20 * np.log10(spectrum[at - 2 : at + 3].max()))


def test_the_low_pass_takes_the_highs() -> None:
    filtering = replace(NEUTRAL, low_pass_hz=1_000.0)
    for hertz, expected in ((100.0, 0.0), (1_000.0, -3.0), (4_000.0, -24.1)):
        samples = sine(hertz, 25)
        assert level_db(through(samples, filtering), hertz) - level_db(samples, hertz) == pytest.approx(
            expected, abs=0.5
        )


def test_width_goes_from_mono_to_twice_the_difference() -> None:
    samples = music(4)
    mono, wide = (through(samples, replace(NEUTRAL, width=width)) for width in (0.0, 1.0))
    np.testing.assert_allclose(mono[:, 0], mono[:, 1], atol=1e-7)
    np.testing.assert_allclose(mono.sum(axis=1), samples.sum(axis=1), atol=1e-6)
    np.testing.assert_allclose(wide[:, 0] - wide[:, 1], 2 * (samples[:, 0] - samples[:, 1]), atol=1e-6)


def test_wow_moves_the_pitch_by_a_per_cent() -> None:
    seconds = 4
    out = through(sine(1_000.0, 25 * seconds), replace(NEUTRAL, wow=1.0))[:, 0]
    crossings = np.flatnonzero((out[:-1] < 0) & (out[1:] >= 0))
    exact = crossings - out[crossings] / (out[crossings + 1] - out[crossings])
    hertz = SAMPLE_RATE / np.diff(exact)[20:]
    smooth = np.convolve(hertz, np.ones(8) / 8, "valid")
    assert 1_007 < smooth.max() < 1_015
    assert 985 < smooth.min() < 993
    half = through(sine(1_000.0, 25), replace(NEUTRAL, wow=0.5))[:, 0]
    assert np.abs(np.diff(half, 2)).max() < 1.1 * np.abs(np.diff(sine(1_000.0, 2)[:, 0], 2)).max()


def test_saturation_adds_odd_harmonics_and_keeps_the_level() -> None:
    samples = sine(200.0, 25, level=0.15)
    out = through(samples, replace(NEUTRAL, saturation=1.0))
    assert level_db(out, 600.0) > level_db(out, 200.0) - 25
    assert level_db(samples, 600.0) < level_db(samples, 200.0) - 80
    assert 20 * np.log10(out.std() / samples.std()) == pytest.approx(0, abs=1.5)
    assert np.abs(through(sine(200.0, 25, level=0.9), replace(NEUTRAL, saturation=1.0))).max() < 0.2


def test_eight_bits_leave_steps_and_images() -> None:
    out = through(sine(440.0, 10), replace(NEUTRAL, bits=8.0))
    assert len(np.unique(np.round(out * 128, 4))) < 2 * 128
    np.testing.assert_allclose(out * 128, np.round(out * 128), atol=1e-3)
    # Held for four samples: mirrored at 12 kHz.
    assert level_db(out, 12_000 - 440) > level_db(out, 440) - 45


def test_the_kick_pushes_the_rest_down_and_lets_it_rise() -> None:
    pumping = replace(NEUTRAL, pump=1.0)
    beat = 24_000
    kicks = [Kick(2_000, beat), Kick(2_000 + beat, beat)]
    gains = production.pump_gains(settled(pumping), [pumping] * 25, kicks, 0)
    assert gains is not None
    assert (gains[:2_000] == 1).all()
    assert gains[2_250] < 0.2
    assert gains[2_000 + beat - 500] > 0.98
    assert (np.abs(np.diff(gains)) < 0.006).all()
    half = replace(NEUTRAL, pump=0.5)
    softer = production.pump_gains(settled(half), [half] * 25, kicks, 0)
    assert softer is not None
    assert 0.5 < softer.min() < 0.65
    strokes = [note(0, pitch=key, drums=True) for key in (35, 36, 38)] + [note(5, pitch=36)]
    assert production.kicks_of(strokes, 24_000) == (Kick(0, 24_000), Kick(0, 24_000))


def test_a_pump_goes_on_in_the_next_chunk() -> None:
    pumping = replace(NEUTRAL, pump=1.0)
    state, _ = production.process(settled(pumping), music(2), [pumping] * 2, [Kick(3_000, 24_000)], 0)
    assert state.kicks == (Kick(3_000, 24_000),)
    gains = production.pump_gains(state, [pumping], (), 2 * FRAME_SIZE)
    assert gains is not None
    assert gains.max() < 0.5
    state, _ = production.process(state, music(20), [pumping] * 20, (), 2 * FRAME_SIZE)
    assert state.kicks == ()


def test_the_room_scales_the_reverb() -> None:
    assert (production.room_gain(0.0), production.room_gain(0.5)) == (0.0, 1.0)
    assert 1.4 < production.room_gain(1.0) < 1.6
    assert 0.3 < production.room_gain(0.25) < 0.5
    hall = replace(NEUTRAL, room=1.0)
    gains = production.send_gains(settled(hall), [hall] * 2)
    assert gains is not None
    assert (gains == np.float32(production.room_gain(1.0))).all()


def test_stems_sum_to_the_whole() -> None:
    frames = 60
    stems = {family: music(frames, seed) for seed, family in enumerate(FAMILIES)}
    whole = np.add.reduce(list(stems.values()), axis=0)
    targets = random_targets(frames, 3)
    state, states = production.start(), None
    for first in range(0, frames, 10):
        span = slice(first * FRAME_SIZE, (first + 10) * FRAME_SIZE)
        aims, position = targets[first : first + 10], first * FRAME_SIZE
        after, produced = production.process(state, whole[span], aims, (), position)
        # As if stems had been asked for from the twentieth frame on.
        if first >= 20:
            parts = {family: samples[span] for family, samples in stems.items()}
            states, shares = production.process_stems(states, state, parts, produced, aims, position)
            np.testing.assert_allclose(np.add.reduce(list(shares.values()), axis=0), produced, atol=1e-5)
        state = after


def test_stems_of_a_neutral_style_are_untouched() -> None:
    stems = {family: music(2, seed) for seed, family in enumerate(FAMILIES)}
    whole = np.add.reduce(list(stems.values()), axis=0)
    _, shares = production.process_stems(None, production.start(), stems, whole, [NEUTRAL] * 2, 0)
    assert all(shares[family] is samples for family, samples in stems.items())


def test_parts_of_frames_are_refused() -> None:
    with pytest.raises(ValueError, match="2 frames at a frame's start"):
        production.process(production.start(), music(1), [NEUTRAL] * 2, (), 0)
    with pytest.raises(ValueError, match="at 7"):
        production.process(production.start(), music(1), [NEUTRAL], (), 7)
