"""The balance of families: the tune in front, drums that do not cover it, a bass that is heard."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from composed import ARRANGEMENTS
from segue.score.composer.balance import balanced
from segue.score.composer.loudness import family_powers
from segue.score.composer.vocabulary import Arrangement


def levels(arrangement: Arrangement) -> dict[str, float]:
    return {family: 10 * math.log10(power) for family, power in family_powers(arrangement).items()}


def tune_above_the_rest(arrangement: Arrangement) -> float:
    powers = family_powers(arrangement)
    return 10 * math.log10(powers["melody"] / sum(power for family, power in powers.items() if family != "melody"))


@pytest.mark.parametrize("name", ["combat", "boss", "chase", "metal", "tavern"])
def test_the_tune_comes_to_the_front(name: str) -> None:
    row = ARRANGEMENTS[name]
    voices = tuple(replace(one, velocity=one.velocity // 2) if one.role == "melody" else one for one in row.voices)
    faint = replace(row, voices=voices)
    before, after = tune_above_the_rest(faint), tune_above_the_rest(balanced(faint))
    assert after > -4
    assert after > before + 3


@pytest.mark.parametrize("name", ["combat", "chase", "metal"])
def test_drums_do_not_cover_the_other_families(name: str) -> None:
    row = ARRANGEMENTS[name]
    loud = replace(row, kit=replace(row.kit, force=1.2))
    after = levels(balanced(loud))
    assert after["drums"] <= max(level for family, level in after.items() if family != "drums") + 2
    assert after["drums"] < levels(loud)["drums"] - 2


def test_a_bass_that_cannot_be_heard_is_raised() -> None:
    row = ARRANGEMENTS["town"]
    faint = replace(
        row,
        voices=tuple(replace(voice, velocity=40) if voice.role == "bass" else voice for voice in row.voices),
    )
    before, after = levels(faint), levels(balanced(faint))
    assert after["bass"] - after["harmony"] > before["bass"] - before["harmony"] + 3


def test_balance_that_is_good_already_stays() -> None:
    once = balanced(ARRANGEMENTS["sad"])
    twice = balanced(once)
    assert [voice.velocity for voice in twice.voices] == pytest.approx([voice.velocity for voice in once.voices], abs=2)
