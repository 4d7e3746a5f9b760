"""Grooves and percussion: every word has a row, and each rhythm is what its name says, in notes."""

from __future__ import annotations

import pytest

from heavy import sampled
from segue.contract import TICKS_PER_BEAT
from segue.score.composer import instruments as gm
from segue.score.composer.arrange import arrange
from segue.score.composer.bar import Onset, compose_bar
from segue.score.composer.grooves import GROOVES
from segue.score.composer.grooves.groove import kit
from segue.score.composer.percussion import DRUMS, PERCUSSION
from segue.score.composer.progressions import PHRASE_BARS
from segue.score.sampler.kits import DRUM_KIT
from segue.score.sampler.orchestra import ORCHESTRA
from segue.style_profile import GROOVES as GROOVE_WORDS
from segue.style_profile import PERCUSSION as PERCUSSION_WORDS
from segue.style_profile import Ensemble, StyleProfile

KICKS = {gm.LOW_KICK, gm.KICK}
SNARES = {gm.RIM, gm.SNARE, gm.CLAP, gm.TIGHT_SNARE}
HATS = {gm.CLOSED_HAT, gm.PEDAL_HAT, gm.OPEN_HAT}
BACKBEAT = ("straight", "rock", "shuffle", "breakbeat", "four on the floor", "funk", "boom bap", "surf", "train")
HALF_TIME = ("half-time", "trap")
SEEDS = (1, 2, 3)


def drums(
    groove: str,
    *,
    percussion: str = "kit",
    meter: int = 4,
    intensity: float = 0.5,
    seeds: tuple[int, ...] = SEEDS,
) -> list[tuple[int, Onset]]:
    """The drum strokes of a phrase for each seed, each with its bar."""
    style = StyleProfile(
        ensemble=Ensemble(bass=("finger bass",)),
        layout="rock band",
        groove=groove,
        percussion=percussion,
        scale="minor",
        meter=meter,
    )
    row = arrange(style)
    return [
        (PHRASE_BARS * index + bar, onset)
        for index, seed in enumerate(seeds)
        for bar in range(PHRASE_BARS)
        for onset in compose_bar(row, row, seed, bar, meter, 0, "minor").onsets
        if onset.role == "drums" and onset.level <= intensity
    ]


def share_on(strokes: list[tuple[int, Onset]], keys: set[int], beat: int) -> float:
    """The share of bars with a stroke of `keys` on a beat."""
    struck = {bar for bar, onset in strokes if onset.pitch in keys and abs(onset.tick / TICKS_PER_BEAT - beat) < 0.1}
    return len(struck) / (PHRASE_BARS * len(SEEDS))


def test_every_word_has_a_row() -> None:
    assert set(GROOVES) == set(GROOVE_WORDS)
    assert set(PERCUSSION) == set(PERCUSSION_WORDS)


@pytest.mark.parametrize("word", PERCUSSION_WORDS)
def test_percussion_is_playable_and_has_what_grooves_need(word: str) -> None:
    percussion = PERCUSSION[word]
    needed = {"mid", "high"} if word.endswith("without kick") else {"low", "mid", "high"}
    assert needed <= set(percussion.drums) <= set(DRUMS)
    assert ("low" in percussion.drums) == ("low" in needed)
    for drum in percussion.drums.values():
        assert drum.key in DRUM_KIT if drum.program < 0 else drum.program in ORCHESTRA
    for groove in GROOVES.values():
        played = kit(groove, percussion)
        assert played.own == (groove is not GROOVES["none"])


@pytest.mark.parametrize("meter", sampled([2, 3, 4, 5, 6, 7, 9, 12], 3, first=2))
@pytest.mark.parametrize("word", [word for word in GROOVE_WORDS if word != "none"])
def test_a_groove_has_a_pulse_in_any_meter(word: str, meter: int) -> None:
    strokes = drums(word, meter=meter, intensity=1.0, seeds=(1,))
    assert len(strokes) >= PHRASE_BARS
    assert all(0 <= onset.tick < meter * TICKS_PER_BEAT for _, onset in strokes)


def test_four_on_the_floor_has_a_kick_on_every_beat() -> None:
    for intensity in (0.25, 0.5, 1.0):
        strokes = drums("four on the floor", percussion="electronic", intensity=intensity)
        assert all(share_on(strokes, KICKS, beat) == 1.0 for beat in range(4))


@pytest.mark.parametrize("percussion", ["kit", "electronic", "808", "brushes"])
@pytest.mark.parametrize("word", BACKBEAT)
def test_a_backbeat_has_the_snare_on_two_and_four_alone(word: str, percussion: str) -> None:
    strokes = drums(word, percussion=percussion)
    assert min(share_on(strokes, SNARES, beat) for beat in (1, 3)) >= 0.7
    assert max(share_on(strokes, SNARES, beat) for beat in (0, 2)) <= 0.35


@pytest.mark.parametrize("word", HALF_TIME)
def test_half_time_has_the_snare_on_three(word: str) -> None:
    strokes = drums(word, percussion="808" if word == "trap" else "kit")
    assert share_on(strokes, SNARES, 2) >= 0.8
    assert max(share_on(strokes, SNARES, beat) for beat in (0, 1, 3)) <= 0.35


@pytest.mark.parametrize("word", ["bossa", "clave", "one drop", "march", "samba"])
def test_other_grooves_have_no_backbeat(word: str) -> None:
    strokes = drums(word)
    assert min(share_on(strokes, SNARES, beat) for beat in (1, 3)) < 0.6 or share_on(strokes, SNARES, 0) > 0.5


def test_one_drop_leaves_the_first_beat_to_the_others() -> None:
    strokes = drums("one drop")
    assert share_on(strokes, KICKS, 0) == 0.0
    assert share_on(strokes, KICKS, 2) >= 0.7


def test_trap_has_fast_hats() -> None:
    strokes = drums("trap", percussion="808")
    hats = [onset for _, onset in strokes if onset.pitch in HATS]
    assert len(hats) >= 2.5 * 4 * PHRASE_BARS * len(SEEDS)


@pytest.mark.parametrize("word", ["swing", "shuffle", "ballad brushes"])
def test_swung_grooves_delay_off_beat_eighths(word: str) -> None:
    places = [onset.tick / TICKS_PER_BEAT % 1 for _, onset in drums(word)]
    late = [place for place in places if 0.575 <= place <= 0.725]
    assert len(late) >= 0.08 * len(places)
    assert len([place for place in places if 0.45 <= place <= 0.55]) <= 0.03 * len(places)


def test_waltz_and_polka_put_the_low_drum_on_the_beat() -> None:
    assert share_on(drums("waltz", meter=3), KICKS, 0) == 1.0
    assert share_on(drums("waltz", meter=3), SNARES, 0) == 0.0
    polka = drums("polka", meter=2)
    assert min(share_on(polka, KICKS, beat) for beat in (0, 1)) >= 0.7
    assert max(share_on(polka, SNARES, beat) for beat in (0, 1)) <= 0.3


def test_a_jig_marks_two_groups_of_three() -> None:
    strokes = drums("jig", meter=6)
    assert share_on(strokes, KICKS, 0) == 1.0
    assert share_on(strokes, KICKS, 3) >= 0.7
    assert max(share_on(strokes, KICKS, beat) for beat in (1, 4, 5)) <= 0.3


def test_taikos_are_tuned_to_the_key() -> None:
    style = StyleProfile(
        ensemble=Ensemble(), layout="tribal", groove="taiko", percussion="taiko", scale="in-sen", harmony="drone"
    )
    row = arrange(style)
    for tonic in range(12):
        onsets = compose_bar(row, row, 1, 0, 4, tonic, "in-sen").onsets
        struck = {onset.pitch for onset in onsets if onset.program == gm.TAIKO}
        assert struck
        assert {(pitch - tonic) % 12 for pitch in struck} <= {0, 7}
