"""The effects of the rules on the whole music: what each does, the same for any chunks, without clicks, packed."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from segue.audio import effects
from segue.audio.effects import OFF, TAIL_FRAMES, EffectSettings, EffectState
from segue.contract import FAMILIES, FRAME_SIZE, SAMPLE_RATE, Samples

SETTLED = 8


def noise(frames: int, seed: int = 3) -> Samples:
    drawn = np.random.default_rng(seed).standard_normal((frames * FRAME_SIZE, 2))
    return (0.1 * drawn).astype(np.float32)


def tone(hertz: float, frames: int, level: float = 0.5) -> Samples:
    at = np.arange(frames * FRAME_SIZE) / SAMPLE_RATE
    return np.repeat((level * np.sin(2 * np.pi * hertz * at))[:, None], 2, axis=1).astype(np.float32)


def silence(frames: int) -> Samples:
    return np.zeros((frames * FRAME_SIZE, 2), np.float32)


def played(samples: Samples, settings: Sequence[EffectSettings], before: EffectSettings | None = None) -> Samples:
    return effects.process(effects.start(settings[0] if before is None else before), samples, settings)[1]


def level_db(samples: NDArray[np.floating]) -> float:
    return 20 * math.log10(max(1e-12, float(np.sqrt(np.mean(np.square(samples, dtype=np.float64))))))


def steady_db(settings: EffectSettings, hertz: float) -> float:
    """How much a tone is louder behind the effects, once they have settled."""
    before, after = tone(hertz, 2 * SETTLED), played(tone(hertz, 2 * SETTLED), [settings] * 2 * SETTLED)
    return level_db(after[SETTLED * FRAME_SIZE :]) - level_db(before[SETTLED * FRAME_SIZE :])


def test_effects_that_are_off_give_back_the_very_samples() -> None:
    samples = noise(3)
    after, sound = effects.process(effects.start(), samples, [OFF] * 3)
    assert sound is samples
    assert after == EffectState()


# --- the filters ------------------------------------------------------------------------------------------------------


def butterworth_db(ratio: float) -> float:
    """The gain of a Butterworth low-pass of second order at `ratio` times its cutoff, of a high-pass at its inverse."""
    return -10 * math.log10(1 + ratio**4)


@pytest.mark.parametrize("cutoff", [100.0, 800.0, 5_000.0])
@pytest.mark.parametrize("octaves", [-2, -1, 0, 1, 2])
def test_the_filters_are_those_of_butterworth(cutoff: float, octaves: int) -> None:
    hertz = cutoff * 2.0**octaves
    # The bilinear transform bends frequencies; the formula holds for the bent ones.
    ratio = math.tan(math.pi * hertz / SAMPLE_RATE) / math.tan(math.pi * cutoff / SAMPLE_RATE)
    assert steady_db(OFF._replace(low_pass_hz=cutoff), hertz) == pytest.approx(butterworth_db(ratio), abs=0.05)
    assert steady_db(OFF._replace(high_pass_hz=cutoff), hertz) == pytest.approx(butterworth_db(1 / ratio), abs=0.05)


def test_at_its_limits_a_filter_is_nearly_open_or_shut() -> None:
    assert steady_db(OFF._replace(low_pass_hz=20.0), 1_000.0) == pytest.approx(butterworth_db(50), abs=1.0)
    assert steady_db(OFF._replace(high_pass_hz=20_000.0), 1_000.0) < -60
    assert steady_db(OFF._replace(low_pass_hz=19_999.0), 1_000.0) == pytest.approx(0.0, abs=0.01)
    assert steady_db(OFF._replace(high_pass_hz=20.001), 1_000.0) == pytest.approx(0.0, abs=0.01)


def state_variable(samples: Samples, cutoff_hz: float, memory: list[float]) -> tuple[list[float], list[float]]:
    """Low and high output of a state-variable filter of one channel, sample by sample; changes its memory.

    Source: Zavalishin, The Art of VA Filter Design, section 4.
    """
    g, k = math.tan(math.pi * cutoff_hz / SAMPLE_RATE), math.sqrt(2)
    lows, highs = [], []
    for sample in samples.tolist():
        band = (memory[0] + g * (sample - memory[1])) / (1 + g * (g + k))
        low = memory[1] + g * band
        lows.append(low)
        highs.append(sample - k * band - low)
        memory[0], memory[1] = 2 * band - memory[0], 2 * low - memory[1]
    return lows, highs


@pytest.mark.parametrize("kind", ["low_pass", "high_pass"])
@pytest.mark.parametrize("cutoffs", [(300.0, 300.0, 4_000.0), (9_000.0, 21.0, 19_000.0), (20.5, 19_999.0, 500.0)])
def test_a_cutoff_that_moves_keeps_the_memory_of_the_filter(kind: str, cutoffs: tuple[float, ...]) -> None:
    samples, ramp = noise(len(cutoffs)), np.arange(1, FRAME_SIZE + 1) / FRAME_SIZE
    memory, expected, before = [0.0, 0.0], [], cutoffs[0]
    for number, cutoff in enumerate(cutoffs):
        frame = samples[number * FRAME_SIZE : (number + 1) * FRAME_SIZE, 0]
        old = state_variable(frame, before, list(memory))[kind == "high_pass"]
        new = state_variable(frame, cutoff, memory)[kind == "high_pass"]
        expected.append(np.array(old) + (np.array(new) - np.array(old)) * ramp)
        before = cutoff
    sound = played(samples, [OFF._replace(**{f"{kind}_hz": cutoff}) for cutoff in cutoffs])
    np.testing.assert_allclose(sound[:, 0], np.concatenate(expected), atol=2e-6)


RESTS = (
    OFF,
    EffectSettings(low_pass_hz=20.0),
    EffectSettings(low_pass_hz=400.0),
    EffectSettings(high_pass_hz=20_000.0),
)
MOVED = EffectSettings(low_pass_hz=400.0, high_pass_hz=40.0, reverb=1.0, width=0.0, pan=-1.0)


@pytest.mark.parametrize("ramp", [1, 2, 10, 50])
@pytest.mark.parametrize("begin", RESTS)
@pytest.mark.parametrize("end", [*RESTS, MOVED])
def test_no_ramp_clicks(begin: EffectSettings, end: EffectSettings, ramp: int) -> None:
    def between(u: float) -> EffectSettings:
        low_pass, high_pass = (
            math.exp(math.log(a) + u * (math.log(b) - math.log(a))) for a, b in zip(begin[:2], end[:2], strict=True)
        )
        return EffectSettings(low_pass, high_pass, *[a + u * (b - a) for a, b in zip(begin[2:], end[2:], strict=True)])

    way = [begin] * 5 + [between(u / ramp) for u in range(1, ramp)] + [end] * 10
    # A low tone has nothing where a click has most of what it is made of.
    sound = played(tone(110.0, len(way)), way, begin)[FRAME_SIZE:, 0].astype(np.float64)
    windowed = np.lib.stride_tricks.sliding_window_view(sound, 2_048)[::512] * np.blackman(2_048)
    above = np.abs(np.fft.rfft(windowed))[:, 2_048 * 3_000 // SAMPLE_RATE :]
    assert 20 * math.log10(float(np.sqrt(np.mean(above**2, axis=1)).max()) / (0.5 * 2_048 * 0.21)) < -80
    assert np.abs(sound).max() < 1.5


# --- width, place, hall -----------------------------------------------------------------------------------------------


def test_width_scales_the_difference_of_the_sides() -> None:
    samples = noise(2)
    for width in (0.0, 0.5, 2.0):
        sound = played(samples, [OFF._replace(width=width)] * 2)
        middle, side = samples.sum(1), samples[:, 0] - samples[:, 1]
        np.testing.assert_allclose(sound.sum(1), middle, atol=1e-6)
        np.testing.assert_allclose(sound[:, 0] - sound[:, 1], width * side, atol=1e-6)


@pytest.mark.parametrize(
    ("pan", "left", "right"),
    # By the formula of the Web Audio API for stereo sound: of a full left and a full right, what is heard on each side.
    [
        (1.0, (0, 1), (0, 1)),
        (-1.0, (1, 0), (1, 0)),
        (0.5, (0.70711, 0.70711), (0, 1)),
        (-0.5, (1, 0), (0.70711, 0.70711)),
    ],
)
def test_pan_moves_the_far_side_over(pan: float, left: tuple[float, float], right: tuple[float, float]) -> None:
    samples = np.zeros((2 * FRAME_SIZE, 2), np.float32)
    samples[:FRAME_SIZE, 0] = samples[FRAME_SIZE:, 1] = 1.0
    sound = played(samples, [OFF._replace(pan=pan)] * 2)
    np.testing.assert_allclose(sound[0], left, atol=1e-5)
    np.testing.assert_allclose(sound[-1], right, atol=1e-5)


def test_a_full_hall_is_as_loud_as_the_music_and_rings_on() -> None:
    samples = np.concatenate([noise(100), silence(150)])
    way = [OFF._replace(reverb=1.0)] * 100 + [OFF] * 150
    hall = played(samples, way) - samples
    assert level_db(hall[75 * FRAME_SIZE : 100 * FRAME_SIZE]) == pytest.approx(
        level_db(samples[: 100 * FRAME_SIZE]), abs=1
    )
    second = [level_db(hall[at * FRAME_SIZE : (at + 5) * FRAME_SIZE]) for at in (101, 126)]
    # High tones fade faster than the reverb time says.
    assert 60 / 1.9 - 1 < second[0] - second[1] < 60 / 1.9 + 6
    assert not hall[(101 + TAIL_FRAMES) * FRAME_SIZE :].any()
    assert level_db(hall[(95 + TAIL_FRAMES) * FRAME_SIZE : (99 + TAIL_FRAMES) * FRAME_SIZE]) < -120


def test_after_silence_nothing_is_left_to_be_computed() -> None:
    way = EffectSettings(low_pass_hz=6_000.0, high_pass_hz=60.0, reverb=0.5, width=1.2, pan=0.1)
    state, _ = effects.process(effects.start(way), noise(3), [way] * 3)
    state, sound = effects.process(state, silence(400), [way] * 400)
    assert state.hall is None
    assert state.low_pass is not None
    assert state.high_pass is not None
    assert not state.low_pass.any()
    assert not state.high_pass.any()
    assert sound[FRAME_SIZE:].any()
    assert not sound[-FRAME_SIZE:].any()
    audible = np.abs(sound[sound != 0])
    assert audible.min() > np.finfo(np.float32).tiny


# --- state ------------------------------------------------------------------------------------------------------------


def wandering(frames: int) -> list[EffectSettings]:
    """Settings that rest, move, are off, and jump."""
    rng = np.random.default_rng(11)
    way: list[EffectSettings] = []
    while len(way) < frames:
        kind = rng.integers(4)
        here = OFF if kind == 0 else EffectSettings(*(float(rng.choice(each)) for each in CHOICES))
        for _ in range(int(rng.integers(1, 9))):
            way.append(here)
            if kind == 3:
                here = here._replace(low_pass_hz=max(20.0, here.low_pass_hz * 0.9), pan=here.pan * 0.8)
    return way[:frames]


CHOICES = ((20.0, 300.0, 20_000.0), (20.0, 90.0, 20_000.0), (0.0, 0.0, 0.6), (0.0, 1.0, 2.0), (-1.0, 0.0, 0.4))


def test_any_chunks_give_the_same_bytes() -> None:
    frames = 300
    way, samples = wandering(frames), noise(frames)
    samples[60 * FRAME_SIZE : 90 * FRAME_SIZE] = 0
    samples[150 * FRAME_SIZE : 280 * FRAME_SIZE] = 0
    way[60:90] = [OFF] * 30
    whole_state, whole = effects.process(effects.start(), samples, way)
    for sizes in ((1,), (7, 2, 31), (100,)):
        state, parts, first, turn = effects.start(), [], 0, 0
        while first < frames:
            last = min(frames, first + sizes[turn % len(sizes)])
            state, part = effects.process(state, samples[first * FRAME_SIZE : last * FRAME_SIZE], way[first:last])
            parts.append(part)
            first, turn = last, turn + 1
        np.testing.assert_array_equal(np.concatenate(parts), whole)
        assert effects.pack(state) == effects.pack(whole_state)
        assert (state.hall is None) == (whole_state.hall is None)


def test_a_packed_state_goes_on_without_its_hall() -> None:
    way = EffectSettings(low_pass_hz=500.0, high_pass_hz=60.0, width=0.3, pan=-0.2)
    samples = noise(6)
    state, _ = effects.process(effects.start(way), samples[: 3 * FRAME_SIZE], [way] * 3)
    packed = effects.pack(state)
    assert len(packed) <= 104
    expected = effects.process(state, samples[3 * FRAME_SIZE :], [way] * 3)[1]
    found = effects.process(effects.unpack(packed), samples[3 * FRAME_SIZE :], [way] * 3)[1]
    np.testing.assert_array_equal(found, expected)
    sent, _ = effects.process(effects.start(), noise(2), [OFF._replace(reverb=1.0)] * 2)
    assert sent.hall is not None
    assert effects.unpack(effects.pack(sent)).hall is None
    assert effects.pack(effects.start()) == b""
    assert effects.unpack(b"") == EffectState()


@pytest.mark.parametrize("place", range(13))
@pytest.mark.parametrize("value", [math.nan, math.inf, -1e9])
def test_packed_numbers_out_of_range_are_refused(place: int, value: float) -> None:
    values = np.frombuffer(effects.pack(effects.start(MOVED)), "<f8").copy()
    values[place] = value
    with pytest.raises(ValueError, match="out of range"):
        effects.unpack(values.tobytes())
    with pytest.raises(ValueError, match="bytes"):
        effects.unpack(values.tobytes()[:-1])


def test_stems_sum_to_the_music_from_the_moment_they_are_asked_for() -> None:
    way = wandering(60)
    stems = {family: noise(60, seed) for seed, family in enumerate(FAMILIES)}
    music = np.sum(list(stems.values()), axis=0, dtype=np.float32)
    state, _ = effects.process(effects.start(way[0]), music[: 20 * FRAME_SIZE], way[:20])
    states, first = None, 20
    for last in (30, 60):
        part = {family: stem[first * FRAME_SIZE : last * FRAME_SIZE] for family, stem in stems.items()}
        states, parts = effects.process_stems(states, state, part, way[first:last])
        state, sound = effects.process(state, music[first * FRAME_SIZE : last * FRAME_SIZE], way[first:last])
        np.testing.assert_allclose(np.sum(list(parts.values()), axis=0), sound, atol=2e-5)
        first = last
