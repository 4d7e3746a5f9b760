"""The named styles: distinct, described in words that the encoder knows, and found by their own captions."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from segue.style.points import POINTS
from segue.style.reader import StyleReader
from segue.style.situations import SITUATIONS
from segue.style.stored_words import StoredWords
from segue.style.style_index import BEST_SHARE, PATH, StyleIndex
from segue.style.word_table import WordEncoder
from segue.style_profile import distance
from segue.training.words.captions import directions, save

ENCODER = WordEncoder()
READER = StyleReader([ENCODER])


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


def test_the_stored_index_is_that_of_the_captions_and_the_word_table(tmp_path: Path) -> None:
    # Another run of segue.training.words.captions is due if this fails.
    save(ENCODER, tmp_path / "styles.safetensors")
    assert (tmp_path / "styles.safetensors").read_bytes() == PATH.read_bytes()


def test_likenesses_are_those_of_the_encoder() -> None:
    captions, centres = directions(ENCODER)
    starts = np.cumsum([0, *(len(style.captions) for style in POINTS.values())])
    text = "an old sailor sings of storms, accordion"
    found = StyleIndex.load().cosines(StoredWords().direction(text), POINTS)
    embedding = ENCODER.embed_text(text)
    for place, style in enumerate(POINTS.values()):
        best = (captions[starts[place] : starts[place + 1]] @ embedding).max()
        # Likenesses have four digits.
        expected = BEST_SHARE * best + (1 - BEST_SHARE) * centres[place] @ embedding
        assert found[place] == pytest.approx(expected, abs=1e-4), style.name
    assert StyleIndex.load().cosines(None) == [0.0] * len(POINTS)


def test_an_index_of_other_captions_is_refused(tmp_path: Path) -> None:
    empty = np.zeros((1, 128), np.int16)
    save_file({"captions": empty, "centres": empty, "checksum": np.zeros(1, np.uint32)}, tmp_path / "index")
    with pytest.raises(ValueError, match=r"index: made of other captions; run python -m segue\.training"):
        StyleIndex.load(tmp_path / "index")


def test_styles_are_found_by_their_captions() -> None:
    captions = [(caption, style.name) for style in POINTS.values() for caption in style.captions]
    found = [READER.read_text(caption).nearest[0][0] == name for caption, name in captions]
    # Some captions name a second style by design ("ballad of a sailor"): 0.95 is measured, less a few.
    assert sum(found) / len(found) >= 0.90
