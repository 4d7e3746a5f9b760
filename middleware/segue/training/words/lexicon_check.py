"""Keeps the judge apart from the training: which lexicon entries say what an evaluation phrase says."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from segue.style.wordpiece import split_words
from segue.training.words.distil import FUNCTION_WORDS
from segue.training.words.evaluate import Case
from segue.training.words.phrases import Lexicon

_AND_OTHERS: Final = frozenset(("and", "it", "no", "not", "we", "who"))


def _meaning(text: str) -> frozenset[str]:
    return frozenset(word for word in split_words(text) if word.isalnum()) - FUNCTION_WORDS - _AND_OTHERS


def overlaps(cases: Iterable[Case]) -> list[tuple[str, str]]:
    """(phrase, entry) where a lexicon entry shares two words of meaning with a phrase. Single words may recur."""
    entries = [(entry, _meaning(entry)) for entry in Lexicon.load().entries()]
    phrases = [(case.text, _meaning(case.text)) for case in cases]
    return [(text, entry) for text, said in phrases for entry, words in entries if len(words & said) > 1]
