"""Performance: arcs, timing by role, notes at rest and at fast tempi, guitars in two takes, entrances by drive."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from statistics import mean

import pytest

from composed import ARRANGEMENTS
from segue.contract import TICKS_PER_BEAT
from segue.score.composer import instruments as gm
from segue.score.composer.bar import Onset, compose_bar
from segue.score.composer.fills import entrance_gain
from segue.score.composer.harmony import first_bar
from segue.style.situations import SITUATIONS

BEAT = TICKS_PER_BEAT
SEED = 5


def bar(name: str, number: int = 0, tempo_bpm: float = 0.0) -> tuple[Onset, ...]:
    row = ARRANGEMENTS[name]
    return compose_bar(row, row, SEED, number, 4, 2, "minor", tempo_bpm=tempo_bpm).onsets


@pytest.mark.parametrize("name", SITUATIONS)
def test_next_to_nothing_sounds_at_intensity_0(name: str) -> None:
    tempo_bpm = ARRANGEMENTS[name].tempo_bpm
    takes = 2 if name == "metal" else 1
    for number in range(8):
        sounding = [onset for onset in bar(name, number) if onset.level <= 0]
        assert len(sounding) <= takes * (1.2 * 4 * 60 / tempo_bpm + 0.5)


@pytest.mark.parametrize("name", ["combat", "chase", "metal", "tavern"])
def test_a_bar_thins_out_at_a_fast_tempo(name: str) -> None:
    usual, fast = bar(name), bar(name, tempo_bpm=240.0)
    takes = 2 if name == "metal" else 1
    assert len(fast) <= 24 * takes
    assert len(fast) < len(usual)


def test_a_phrase_grows_and_settles() -> None:
    bars = first_bar(ARRANGEMENTS["exploration"], SEED, 1)
    loudness = [
        mean(onset.velocity for onset in bar("exploration", number) if onset.role == "harmony")
        for number in range(bars)
    ]
    assert max(loudness[-3:-1]) > 1.1 * loudness[0]
    assert loudness[-1] < max(loudness[-3:-1])


def test_the_tune_plays_behind_the_drums() -> None:
    late = {
        role: mean(
            (onset.tick + BEAT // 8) % (BEAT // 4) - BEAT // 8
            for number in range(8)
            for onset in bar("combat", number)
            if onset.role == role and onset.tick > 0
        )
        for role in ("melody", "drums")
    }
    assert late["melody"] > late["drums"] + 0.005 * BEAT


def test_distorted_guitars_play_twice_but_no_tune_does() -> None:
    onsets = bar("metal")
    counts = Counter((onset.program, onset.role) for onset in onsets)
    assert counts[gm.DISTORTION_GUITAR, "harmony"] == counts[gm.OVERDRIVEN_GUITAR, "harmony"] > 0
    assert counts[gm.OVERDRIVEN_GUITAR, "melody"] == 0
    first, second = (
        [onset for onset in onsets if (onset.program, onset.role) == (program, "harmony")]
        for program in (gm.DISTORTION_GUITAR, gm.OVERDRIVEN_GUITAR)
    )
    assert {onset.tick for onset in first if onset.tick} != {onset.tick for onset in second if onset.tick}


def test_an_entrance_is_as_strong_as_what_it_enters() -> None:
    row = ARRANGEMENTS["combat"]
    calm = replace(row, drive=0.1)
    assert entrance_gain(calm, "drums") < 0.6 * entrance_gain(row, "drums")
    assert entrance_gain(calm, "melody") == entrance_gain(row, "melody") == row.gain
    softened = replace(row, kit=replace(row.kit, force=0.5 * row.kit.force))
    assert entrance_gain(softened, "drums") == pytest.approx(0.5 * entrance_gain(row, "drums"))
    assert entrance_gain(softened, "texture") == entrance_gain(row, "texture")
