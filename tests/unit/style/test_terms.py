"""The tables of words: every phrase can be found in a text, and every value is one that a profile has."""

from __future__ import annotations

import pytest

from segue.instruments import PROGRAMS
from segue.style import text_terms
from segue.style.phrases import Found, PhraseTable, split_text
from segue.style.points import POINTS
from segue.style.terms import axes
from segue.style.terms.common_words import COMMON_WORDS
from segue.style.terms.instruments import DRUMS, DRUMS_HOME, FAMILIES, FAMILY_WORDS, HOMES, INSTRUMENTS
from segue.style_profile import CHOICES, METERS, RANGES

TABLES = {
    "names": {name: style for style in POINTS.values() for name in style.names},
    "instruments": INSTRUMENTS,
    "drums": DRUMS,
    "families": FAMILY_WORDS,
    "tempo words": axes.TEMPO_BPM,
    "tempo pulls": axes.TEMPO_PULL,
    "meters": axes.METER,
    "grooves": axes.GROOVE,
    "scales": axes.SCALE,
    "harmonies": axes.HARMONY,
    "figurations": axes.FIGURATION,
    "sounds": axes.SOUND,
    "moods": axes.MOOD,
}


@pytest.mark.parametrize("table", TABLES)
def test_phrases_are_spelled_as_texts_are_split(table: str) -> None:
    for phrase in TABLES[table]:
        assert " ".join(split_text(phrase)) == phrase


def test_values_are_those_of_profiles() -> None:
    assert set(axes.GROOVE.values()) <= set(CHOICES["groove"])
    assert set(axes.SCALE.values()) <= set(CHOICES["scale"])
    assert set(axes.HARMONY.values()) <= set(CHOICES["harmony"])
    assert set(axes.FIGURATION.values()) <= set(CHOICES["figuration"])
    assert set(axes.METER.values()) <= set(METERS)
    for percussion, groove in DRUMS.values():
        assert percussion in CHOICES["percussion"]
        assert groove in CHOICES["groove"]
    for family in FAMILIES.values():
        assert family - {"timpani"} <= set(PROGRAMS)
    assert set(FAMILY_WORDS.values()) <= set(FAMILIES)
    assert set(HOMES) <= set(PROGRAMS)
    assert {*HOMES.values(), DRUMS_HOME} <= set(POINTS)
    for pull in (*axes.SOUND.values(), *axes.MOOD.values()):
        for axis, target, share in pull.moves:
            assert RANGES[axis].low <= target <= RANGES[axis].high
            assert 0 < share <= 1


def test_words_of_lists_are_in_their_tables() -> None:
    moods = axes.BRIGHT_MOODS | axes.DARK_MOODS | axes.SLOW_MOODS | axes.FAST_MOODS
    assert moods - {"upbeat"} <= set(axes.MOOD)
    assert COMMON_WORDS & {name for style in POINTS.values() for name in style.names}


def test_the_longest_phrase_is_found_and_none_within_it() -> None:
    table = PhraseTable({"drum": 1, "drum and bass": 2, "bass": 3, "soul": 4}, exact=frozenset({"soul"}))
    found = list(table.find(split_text("Drum & Bass, drums and souls")))
    assert found == [
        Found(start=0, end=3, phrase="drum and bass", value=2),
        Found(start=4, end=5, phrase="drum", value=1),
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Lo-Fi, children's café", ("lo", "fi", ",", "childrens", "cafe")),
        ("7/8 at 120bpm", ("7/8", "at", "120bpm")),
        ("R&B / 80s", ("r", "and", "b", "/", "80s")),
        ("  ", ()),
    ],
)
def test_texts_are_split_into_words(text: str, words: tuple[str, ...]) -> None:
    assert split_text(text) == words


def test_negation_goes_on_as_far_as_its_list() -> None:
    terms = text_terms.read_terms("no drums, bass or synths, flute")
    assert set(terms.excluded) == {"drums", "bass", "synth"}
    assert [mention.phrase for mention in terms.instruments] == ["flute"]
    assert set(text_terms.read_terms("no drums, piano").excluded) == {"drums"}
    assert text_terms.read_terms("no escape").excluded == {}
