"""Stingers at their sample, ducks with their envelope, and a final mix that never exceeds its ceiling."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from segue.audio.loudness import true_peak_db
from segue.contract import SAMPLE_RATE, Samples
from segue.runtime.mixdown import Mixdown, Overlay
from segue_rules.model import Duck
from segue_rules.plan import StingerCue

DUCK = Duck(depth_db=-12.0, fade_out_samples=480, recovery_samples=4_800, fade_in_samples=9_600)


def cue(start: int, duck: Duck | None = None, gain_db: float = 0.0) -> StingerCue:
    return StingerCue("started", "hit", start, gain_db, "drop", duck, "")


def constant(seconds: float, level: float) -> Samples:
    return np.full((round(seconds * SAMPLE_RATE), 2), level, np.float32)


@pytest.mark.parametrize("block", [1_920, 7_000, 96_000])
def test_a_stinger_starts_at_its_sample_for_any_block_size(block: int) -> None:
    sound = constant(0.5, 0.25)
    overlay = Overlay({"hit": sound})
    overlay.cue(cue(10_007, gain_db=-6.0))
    music = constant(2.0, 0.0)
    mixed = np.concatenate([overlay.mix(at, music[at : at + block]) for at in range(0, len(music), block)])
    expected = np.zeros_like(music)
    expected[10_007 : 10_007 + len(sound)] = 0.25 * 10 ** (-6 / 20)
    np.testing.assert_allclose(mixed, expected, atol=1e-7)


def test_the_duck_falls_holds_and_rises() -> None:
    overlay = Overlay({"hit": constant(0.5, 0.0)})
    overlay.cue(cue(4_800, DUCK))
    mixed = overlay.mix(0, constant(2.0, 1.0))[:, 0]
    held = 4_800 + SAMPLE_RATE // 2 + DUCK.recovery_samples
    low = 10 ** (-12 / 20)
    assert mixed[4_800] == 1.0
    assert mixed[4_800 + 480] == pytest.approx(low)
    assert mixed[held] == pytest.approx(low)
    assert mixed[held + 4_800] == pytest.approx(10 ** (-6 / 20))
    assert mixed[held + 9_600] == 1.0


def test_ducks_of_several_stingers_add_up_in_db() -> None:
    overlay = Overlay({"hit": constant(0.5, 0.0)})
    overlay.cue(cue(0, DUCK))
    overlay.cue(cue(4_800, replace(DUCK, depth_db=-6.0)))
    mixed = overlay.mix(0, constant(2.0, 1.0))[:, 0]
    assert mixed[4_800] == pytest.approx(10 ** (-12 / 20))
    assert mixed[4_800 + 480] == pytest.approx(10 ** (-18 / 20))


def test_cues_that_do_not_start_are_silent() -> None:
    overlay = Overlay({"hit": constant(0.5, 0.5)})
    overlay.cue(cue(0)._replace(kind="scheduled"))
    overlay.cue(cue(0)._replace(kind="dropped"))
    overlay.cue(cue(0)._replace(stinger="a burst of style"))
    assert not overlay.mix(0, constant(1.0, 0.0)).any()


@pytest.mark.parametrize("block", [960, 19_200])
def test_the_mix_keeps_length_position_and_ceiling(block: int) -> None:
    time = np.arange(SAMPLE_RATE) / SAMPLE_RATE
    tone = np.repeat(np.sin(2 * np.pi * 997 * time)[:, None], 2, axis=1).astype(np.float32)
    mixdown = Mixdown({"hit": tone}, len(tone))
    mixdown.overlay.cue(cue(SAMPLE_RATE // 2))
    quiet = tone * np.float32(0.5)
    mixed = np.concatenate([mixdown.add(quiet[at : at + block]) for at in range(0, len(quiet), block)])
    assert len(mixed) == len(tone)
    assert true_peak_db(mixed) <= -1.0
    # Before the stinger nothing reaches the ceiling: the limiter changes neither sound nor position.
    np.testing.assert_allclose(mixed[: SAMPLE_RATE // 2 - 500], quiet[: SAMPLE_RATE // 2 - 500], atol=1e-6)
    assert abs(mixed[-1, 0]) < 1e-3


def test_the_mix_fades_out_at_its_end_for_any_block_size() -> None:
    music, fade = constant(8.0, 0.25), 2 * SAMPLE_RATE
    mixes = []
    for block in (1_920, 48_000, len(music)):
        mixdown = Mixdown({}, len(music), fade_samples=fade)
        mixes.append(np.concatenate([mixdown.add(music[at : at + block]) for at in range(0, len(music), block)]))
    begin = len(music) - fade
    for mixed in mixes:
        np.testing.assert_allclose(mixed[:begin], 0.25, atol=1e-6)
        assert mixed[begin + fade // 2, 0] == pytest.approx(0.125, abs=1e-3)
        assert abs(mixed[-1, 0]) < 1e-6
        assert (np.diff(mixed[begin:, 0]) <= 1e-9).all()
        np.testing.assert_allclose(mixed, mixes[0], atol=1e-7)
