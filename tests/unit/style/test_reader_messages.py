"""What is told of a text: words that steer nothing, contradictions, and texts that cannot be read."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segue.style.points import POINTS
from unit.style.reader import READER, read, said


def test_every_override_names_the_words_it_was_read_from() -> None:
    reading = READER.read_text("jazz noir, 96 bpm, no drums, oboe, dorian, distorted, 5/4")
    assert said(reading, "style") == [f'"jazz noir", likeness {dict(reading.nearest)["jazz noir"]:.2f}']
    assert said(reading, "tempo_bpm") == ['"96 bpm"']
    assert said(reading, "meter") == ['"5/4"']
    assert said(reading, "scale") == ['"dorian"']
    assert said(reading, "groove") == ['"no drums"']
    assert said(reading, "saturation") == ['"distorted"']
    assert '"oboe"' in said(reading, "ensemble")[0]


def test_words_that_steer_nothing_are_told_and_read_words_are_not_among_them() -> None:
    reading = READER.read_text("174 bpm, Xyvrath, 7/8, maqam oud, qanbus")
    assert reading.unknown_words == ("xyvrath",)
    assert [str(warning) for warning in reading.warnings] == ["'xyvrath' steers nothing; the other words count"]


@pytest.mark.parametrize("text", ["piano, 5 bpm", "1000 bpm"])
def test_a_tempo_out_of_range_is_told(text: str) -> None:
    (warning,) = READER.read_text(text).warnings
    assert warning.code == "tempo_range"
    assert str(warning).endswith("is no tempo from 30 to 300 bpm; the style's own counts")


@pytest.mark.parametrize("signature", ["0/4", "13/16", "99/4"])
def test_a_meter_that_is_not_played_is_told(signature: str) -> None:
    reading = READER.read_text(f"jazz in {signature}")
    assert reading.profile.meter == POINTS["jazz"].profile.meter
    (warning,) = reading.warnings
    assert warning.code == "meter_range"
    assert str(warning).startswith(f"'{signature}' is no meter that is played (beats a bar: 2, 3, ")


def test_the_length_of_a_note_is_no_meter() -> None:
    assert READER.read_text("techno with 1/16 notes").warnings == ()


@pytest.mark.parametrize(
    ("text", "counts", "other"),
    [
        ("slow fast techno", "slow", "fast"),
        ("techno, 120 bpm, 90 bpm", "120 bpm", "90 bpm"),
        ("waltz in 3/4, then 4/4", "3/4", "4/4"),
        ("jazz in D minor, or in C major", "minor", "major"),
        ("jazz in major, then in minor", "in major", "in minor"),
        ("jazz of majors and minors", "major", "minor"),
    ],
)
def test_what_contradicts_itself_is_told(text: str, counts: str, other: str) -> None:
    (warning,) = READER.read_text(text).warnings
    assert warning.code == "contradiction"
    assert str(warning) == f"'{counts}' and '{other}' contradict each other; '{counts}' counts"


@pytest.mark.parametrize(
    "text", ["jazz, 90-100 bpm", "not too fast, slow jazz", "slow jazz, 120 bpm", "minor blues", "fast, frantic jazz"]
)
def test_what_can_be_meant_together_is_no_contradiction(text: str) -> None:
    assert READER.read_text(text).warnings == ()


@pytest.mark.parametrize("text", ["no", "without", "the and of with", "no music", "silence", "Only, only!"])
def test_a_text_that_says_nothing_of_the_music_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match="says nothing of the music; name a genre, instruments or a mood"):
        READER.read_text(text)


def test_a_text_of_mostly_unknown_words_is_told_the_language() -> None:
    assert str(READER.read_text("xyvrath qwrtzp piano").warnings[0]).endswith("texts are read in English")


@pytest.mark.parametrize(
    ("text", "other"), [("piano; slow", "PIANO!!! Slow?"), ("jazz, 96 bpm", "jazz - 96 BPM"), ("lo-fi", "lo fi")]
)
def test_case_and_punctuation_steer_nothing(text: str, other: str) -> None:
    assert read(text) == read(other)


def test_a_typing_error_has_a_guess() -> None:
    (warning,) = READER.read_text("jazz nior detctive").warnings
    assert str(warning) == "'nior', 'detctive' steer nothing; the other words count; did you mean 'noir', 'detective'?"


def test_a_text_far_from_everything_is_told() -> None:
    assert [warning.code for warning in READER.read_text("the quarterly report of the committee").warnings] == [
        "far_text"
    ]
    assert READER.read_text("jazz noir detective").warnings == ()


@pytest.mark.parametrize("text", ["", "   ", "Xyvrath", "!!!", "音楽", "\N{MUSICAL SYMBOL G CLEF}"])
def test_a_text_without_a_known_word_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match="text: "):
        READER.read_text(text)


@pytest.mark.parametrize(
    "text",
    [
        "Café de flâneur, müsette",
        "ピアノ piano",
        "пианино и piano",
        "JAZZ!!! 🎷🎷",
        "piano " * 5000,
        "no " * 3000 + "piano",
        "jazz " + "a" * 5000,
    ],
)
def test_other_scripts_and_long_texts_are_read(text: str) -> None:
    READER.read_text(text)


WORDS = st.sampled_from(
    [
        "no",
        "not",
        "without",
        "only",
        "solo",
        "just",
        "and",
        "or",
        "with",
        "over",
        ",",
        ".",
        "/",
        "7/8",
        "3/4",
        "120",
        "bpm",
        "808",
        "jazz",
        "techno",
        "calm",
        "drums",
        "piano",
        "cello",
        "guitar",
        "strings",
        "brass",
        "synth",
        "bass",
        "happy",
        "sad",
        "dark",
        "fast",
        "slow",
        "waltz",
        "jig",
        "march",
        "dorian",
        "minor",
        "in",
        "d",
        "sharp",
        "8-bit",
        "lo-fi",
        "distorted",
        "sparse",
        "choir",
        "melody",
    ]
)


@settings(max_examples=300)
@given(st.one_of(st.text(max_size=60), st.lists(WORDS, min_size=1, max_size=14).map(" ".join)))
def test_any_text_is_a_valid_profile_or_a_clear_error(text: str) -> None:
    reading, problem = None, ""
    try:
        reading = READER.read_text(text)
    except ValueError as error:
        problem = str(error)
    if reading is None:
        assert problem.startswith("text: ")
        return
    # A profile checks itself when it is made.
    dataclasses.replace(reading.profile)
    assert np.linalg.norm(reading.embeddings[0]) == pytest.approx(1.0, abs=1e-4)
    assert reading.sources[0].axis == "style"
    assert reading.profile == READER.read_text(text).profile
