"""Scales and harmonies: every word has a row, chords are sound, and strict scales sound only their tones."""

from __future__ import annotations

from dataclasses import replace

import pytest

from heavy import sampled
from segue.contract import MODES
from segue.score.composer.arrange import arrange
from segue.score.composer.bar import Onset, compose_bar
from segue.score.composer.harmonies import HARMONIES
from segue.score.composer.harmony import phrase
from segue.score.composer.progressions import PHRASE_BARS
from segue.score.composer.scales import SCALES, Scale
from segue.score.composer.theory import chord, degree_above, nearest_step, step_pitch
from segue.style_profile import HARMONIES as HARMONY_WORDS
from segue.style_profile import LAYOUTS as LAYOUT_WORDS
from segue.style_profile import SCALES as SCALE_WORDS
from segue.style_profile import Ensemble, StyleProfile

STRICT = [word for word in SCALE_WORDS if SCALES[word].strict]
BAND = Ensemble(
    melody=("flute",), counter=("clarinet",), harmony=("piano", "nylon guitar"), bass=("cello",), texture=("harp",)
)


def style(layout: str, **fields: object) -> StyleProfile:
    return StyleProfile(ensemble=BAND, layout=layout, **fields)  # type: ignore[arg-type]


def pitched(profile: StyleProfile, *, seed: int = 1, tonic: int = 2, phrases: int = 1) -> list[Onset]:
    row = arrange(profile)
    return [
        onset
        for bar in range(PHRASE_BARS * phrases)
        for onset in compose_bar(row, row, seed, bar, 4, tonic, row.scale).onsets
        if onset.role != "drums"
    ]


def test_every_word_has_a_row() -> None:
    assert tuple(SCALES) == SCALE_WORDS
    assert tuple(SCALES)[: len(MODES)] == MODES
    assert set(HARMONIES) == set(HARMONY_WORDS)


@pytest.mark.parametrize("degrees", [(0, 2, 4), (1, 2, 4, 5, 7, 9, 11), (0, 2, 4, 5, 7, 9, 14)])
def test_bad_scales_are_refused(degrees: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="expected"):
        Scale(degrees=degrees)


@pytest.mark.parametrize("scale", SCALE_WORDS)
@pytest.mark.parametrize("word", HARMONY_WORDS)
def test_every_chord_of_every_harmony_can_be_played_in_every_scale(word: str, scale: str) -> None:
    harmony = HARMONIES[word]
    third = "minor" if SCALES[scale].minor else "major"
    cadences = [bar for choices in harmony.cadences(scale, third) for bar in choices.split()]
    for row in (*harmony.progressions(scale, third), *cadences):
        for token in row.replace("/", " ").split():
            found = chord(token, 5, scale)
            intervals = {(tone - found.root) % 12 for tone in found.tones}
            assert found.tones[0] == found.root
            assert len(found.tones) >= 2
            assert not intervals & {1, 6}
            if SCALES[scale].strict:
                assert {(tone - 5) % 12 for tone in found.tones} <= set(SCALES[scale].tones)


@pytest.mark.parametrize("layout", sampled(LAYOUT_WORDS, 4))
def test_a_strict_scale_sounds_only_its_tones(layout: str) -> None:
    """Each layout in two of the scales, each scale in many layouts."""
    number = LAYOUT_WORDS.index(layout)
    for scale in (STRICT[number % len(STRICT)], STRICT[(number + len(STRICT) // 2) % len(STRICT)]):
        word = HARMONY_WORDS[(number + STRICT.index(scale)) % len(HARMONY_WORDS)]
        heard = {(onset.pitch - 2) % 12 for onset in pitched(style(layout, scale=scale, harmony=word))}
        assert heard <= set(SCALES[scale].tones)
        assert len(heard) >= (3 if word == "drone" else 4)


@pytest.mark.parametrize("mode", sampled(MODES, 2))
@pytest.mark.parametrize("word", ["modal", "drone", "minimal"])
def test_modal_harmonies_keep_to_the_mode(word: str, mode: str) -> None:
    for layout in ("calm", "town", "rock band"):
        heard = {(onset.pitch - 2) % 12 for onset in pitched(style(layout, scale=mode, harmony=word))}
        assert heard <= set(SCALES[mode].degrees)


def test_a_key_of_the_rules_outranks_the_scale() -> None:
    row = arrange(style("calm", scale="in-sen", harmony="modal"))
    heard = {
        onset.pitch % 12
        for bar in range(PHRASE_BARS)
        for onset in compose_bar(row, row, 1, bar, 4, 0, "major").onsets
        if onset.role != "drums"
    }
    assert heard <= set(SCALES["major"].tones)


@pytest.mark.parametrize("word", [word for word in HARMONY_WORDS if word != "drone"])
@pytest.mark.parametrize("scale", ["major", "minor"])
def test_phrases_do_not_all_end_on_one_chord(word: str, scale: str) -> None:
    row = arrange(style("calm", scale=scale, harmony=word))
    plans = [phrase(row, seed, number, 4, 0, scale) for seed in range(8) for number in range(4)]
    for bar in (3, -1):
        assert len({tuple(segment.chord.root for segment in plan.bars[bar]) for plan in plans}) >= 2


def test_jazz_has_sevenths_and_power_has_no_thirds() -> None:
    jazz = phrase(arrange(style("jazz combo", scale="major", harmony="jazz")), 1, 0, 4, 0, "major")
    assert sum(len(segment.chord.tones) == 4 for segment in jazz.segments) >= 0.8 * len(jazz.segments)
    power = phrase(arrange(style("metal", scale="minor", harmony="power")), 1, 0, 4, 0, "minor")
    assert all(len(segment.chord.tones) == 2 for segment in power.segments)


def test_blues_sings_minor_thirds_over_dominant_sevenths() -> None:
    profile = style("jazz combo", scale="blues", harmony="blues")
    plan = phrase(arrange(profile), 1, 0, 4, 0, "blues")
    assert all(
        {4, 10} <= {(tone - segment.chord.root) % 12 for tone in segment.chord.tones} for segment in plan.segments
    )
    tune = {
        (onset.pitch - 2) % 12
        for onset in pitched(profile, phrases=2)
        if onset.role == "melody" and onset.ticks < 700_000
    }
    assert tune & {3, 6, 10}


def test_a_pedal_stays_on_the_tonic() -> None:
    basses = [onset for onset in pitched(style("calm", scale="minor", harmony="pedal")) if onset.role == "bass"]
    assert sum(onset.pitch % 12 == 2 for onset in basses) >= 0.6 * len(basses)


@pytest.mark.parametrize("scale", SCALE_WORDS)
def test_steps_and_degrees_come_back(scale: str) -> None:
    found = chord("1", 3, scale)
    for index in range(12, 40):
        assert nearest_step(found, step_pitch(found, index)) == index
    for pitch in range(40, 80):
        assert (degree_above(found, pitch, 2) - 3) % 12 in found.steps
        assert degree_above(found, pitch, 7) - pitch in range(9, 16)


def test_profiles_of_other_names_have_other_music() -> None:
    one, other = style("calm"), replace(style("calm"), valence=0.1)
    assert [onset.pitch for onset in pitched(one)] != [onset.pitch for onset in pitched(other)]
