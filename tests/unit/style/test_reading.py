"""Which words of a phrase count, which are left out and which are reported."""

from __future__ import annotations

import pytest

from segue.style.reading import MAX_TEXT_CHARS, WordReader

WORDS = ["drum", "drums", "metal", "heavy", "ember", "groove", "spooky", "jig", "loud", "happy", "escape"]
SIGNS = ["no", "not", "without", ",", "heavy metal"]
FRAGMENTS = [
    "x",
    "##y",
    "##vra",
    "##th",
    "##wood",
    "g",
    "##ro",
    "##ov",
    "##ing",
    "sp",
    "##oo",
    "##ki",
    "##est",
    "##ging",
]
ENTRIES = (*WORDS, *SIGNS, *FRAGMENTS)
READER = WordReader(ENTRIES, frozenset({"drum", "drums", "loud", "happy"}))


def spelled(text: str) -> list[str]:
    return [ENTRIES[row] for row in READER.read(text).rows]


def test_words_and_pairs_side_by_side_have_rows() -> None:
    assert spelled("heavy metal") == ["heavy", "metal", "heavy metal"]
    assert spelled("metal heavy") == ["metal", "heavy"]
    assert spelled("heavy, metal") == ["heavy", ",", "metal"]


def test_a_compound_counts_by_its_core() -> None:
    assert spelled("Emberwood") == ["ember", "##wood"]


@pytest.mark.parametrize(("word", "stem"), [("grooving", "groove"), ("spookiest", "spooky"), ("jigging", "jig")])
def test_an_inflection_counts_by_its_stem(word: str, stem: str) -> None:
    assert spelled(word) == [stem]


def test_a_made_up_name_does_not_count_and_is_reported_once() -> None:
    reading = READER.read("Xyvrath drums, xyvrath")
    assert [ENTRIES[row] for row in reading.rows] == ["drums", ","]
    assert reading.unknown == ("xyvrath",)


def test_letters_of_other_scripts_are_reported_and_signs_are_not() -> None:
    assert READER.read("музыка 🎵 drums ♪ !?").unknown == ("музыка",)


@pytest.mark.parametrize("text", ["no drums", "not happy", "without loud drums", "No DRUMS"])
def test_excluded_words_have_no_row(text: str) -> None:
    assert READER.read(text) == READER.read(text + " ")
    assert READER.read(text).rows == ()
    assert READER.read(text).unknown == ()


def test_only_descriptors_can_be_excluded() -> None:
    assert spelled("no escape") == ["no", "escape"]
    assert spelled("heavy, no drums, metal") == ["heavy", ",", ",", "metal"]
    assert spelled("not loud escape") == ["escape"]


@pytest.mark.parametrize("text", ["", "   ", "\n\t"])
def test_an_empty_text_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match="expected a phrase such as"):
        READER.read(text)


def test_punctuation_alone_has_no_words() -> None:
    assert READER.read(", , ,").rows == ()
    assert READER.read("Xyvrath, no drums,").rows == ()


def test_a_very_long_text_is_cut() -> None:
    assert len(READER.read("drum " * 10_000).rows) == MAX_TEXT_CHARS // len("drum ")
