"""The named styles: distinct, described in words that the encoder knows, and found by their own captions."""

from __future__ import annotations

from itertools import combinations

import pytest

from segue.style.points import POINTS
from segue.style.reader import StyleReader
from segue.style.situations import SITUATIONS
from segue.style.word_table import WordEncoder
from segue.style_profile import distance

ENCODER = WordEncoder()
READER = StyleReader(ENCODER)


def test_there_are_a_hundred_named_styles_and_the_twenty_situations_come_first() -> None:
    assert len(POINTS) >= 100
    assert set(list(POINTS)[:20]) == set(SITUATIONS)


def test_a_name_means_one_style() -> None:
    names = [name for style in POINTS.values() for name in style.names]
    assert sorted(names) == sorted(set(names))


@pytest.mark.parametrize("name", POINTS)
def test_captions_are_three_to_six_and_mostly_known_words(name: str) -> None:
    style = POINTS[name]
    assert 3 <= len(style.captions) <= 6
    for caption in style.captions:
        ENCODER.embed_text(caption)
        assert len(ENCODER.unknown_words(caption)) <= 2


def test_no_two_styles_sound_alike() -> None:
    # 0.05 is less than one instrument of six, or the groove alone.
    for one, other in combinations(POINTS.values(), 2):
        assert distance(one.profile, other.profile) > 0.05, (one.name, other.name)


@pytest.mark.parametrize("name", POINTS)
def test_a_style_is_found_by_its_name(name: str) -> None:
    assert READER.read_text(name).nearest[0][0] == name


def test_styles_are_found_by_their_captions() -> None:
    captions = [(caption, style.name) for style in POINTS.values() for caption in style.captions]
    found = [READER.read_text(caption).nearest[0][0] == name for caption, name in captions]
    # Some captions name a second style by design ("ballad of a sailor"): 0.95 is measured, less a few.
    assert sum(found) / len(found) >= 0.90
