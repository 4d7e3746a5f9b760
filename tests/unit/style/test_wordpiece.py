"""WordPiece: BERT's pieces (recorded from the reference tokenizer), and words that cannot be spelled."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.style.wordpiece import MAX_WORD_CHARS, UNKNOWN, WordPiece, split_words

# Written by `python -m segue.training.words.check_tokenizer --golden`, text → pieces with BERT's vocabulary.
GOLDEN: dict[str, list[str]] = json.loads(Path(__file__).with_name("wordpiece.golden.json").read_text(encoding="utf-8"))
# Longest match within the pieces that were chosen chooses them again.
PIECES = sorted({piece for pieces in GOLDEN.values() for piece in pieces} - {UNKNOWN})


@pytest.mark.parametrize("text", GOLDEN)
def test_pieces_are_those_of_the_reference(text: str) -> None:
    words = WordPiece(PIECES).words(text)
    assert [piece for word in words for piece in ([PIECES[i] for i in word.pieces] or [UNKNOWN])] == GOLDEN[text]


def test_the_longest_piece_wins() -> None:
    tokenizer = WordPiece(["em", "ember", "##wood", "##w", "##ood"])
    assert tokenizer.pieces("emberwood") == (1, 2)


def test_a_word_that_cannot_be_spelled_has_no_pieces() -> None:
    tokenizer = WordPiece(["dark", "##ness"])
    assert tokenizer.pieces("darkly") == ()
    assert tokenizer.pieces("") == ()
    assert WordPiece(["a", "##a"]).pieces("a" * MAX_WORD_CHARS)
    assert WordPiece(["a", "##a"]).pieces("a" * (MAX_WORD_CHARS + 1)) == ()


def test_a_piece_that_comes_twice_is_an_error() -> None:
    with pytest.raises(ValueError, match="expected distinct pieces, got 1 twice"):
        WordPiece(["harp", "flute", "harp"])


@given(st.text(alphabet=st.characters(codec="ascii"), max_size=80))
def test_the_fast_way_for_plain_text_equals_the_general_one(text: str) -> None:
    # A trailing accented word forces the general way without changing the words before it.
    assert [*split_words(text), "e"] == split_words(f"{text} é")


@given(st.text(max_size=80))
def test_words_hold_no_space_and_splitting_again_changes_nothing(text: str) -> None:
    words = split_words(text)
    assert all(word and not any(character.isspace() for character in word) for word in words)
    assert split_words(" ".join(words)) == words
