"""Text to rows of the word table: which words count, which are left out, which stand side by side.

A word counts if the table spells it whole ("dragon"), if one of its pieces is a word and at least half of it
("emberwood"), or if its stem is in the table ("grooving": "groove"). A made-up name ("Xyvrath") has pieces too, but
they are fragments of other words and would steer the music by accident: it does not count, and is reported.
"No", "not" and "without" take out the descriptions that follow: "no drums" leaves the drums unsaid.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from segue.style.wordpiece import CONTINUATION, SplitWord, WordPiece

NEGATIONS: Final = frozenset({"no", "not", "without"})
# Longer texts are cut: a style is a phrase, and a pasted book must not stall the caller.
MAX_TEXT_CHARS: Final = 2_000
# Letters a piece must have to carry a word, and a stem to stand for it.
MIN_CORE_CHARS: Final = 3
_ENDINGS: Final = (
    ("iest", "y"),
    ("ier", "y"),
    ("ies", "y"),
    ("ied", "y"),
    ("ily", "y"),
    ("iness", "y"),
    ("ing", ""),
    ("ing", "e"),
    ("ed", ""),
    ("ed", "e"),
    ("er", ""),
    ("er", "e"),
    ("est", ""),
    ("est", "e"),
    ("es", ""),
    ("s", ""),
    ("ly", ""),
    ("ness", ""),
    ("like", ""),
    ("ish", ""),
    ("y", ""),
    ("y", "e"),
)


def _stems(word: str) -> Iterator[str]:
    """What `word` may be an inflection of, likeliest first: "drumming": "drumm", "drum", "drumme"."""
    for ending, instead in _ENDINGS:
        stem = word.removesuffix(ending)
        if len(stem) == len(word) or len(stem) < MIN_CORE_CHARS:
            continue
        yield stem + instead
        if not instead and stem[-1] == stem[-2]:
            yield stem[:-1]


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What the table makes of a text.

    Attributes:
        rows: Indices into it.
        unknown: Words that do not count, each once.
    """

    rows: tuple[int, ...]
    unknown: tuple[str, ...]


class WordReader:
    """Text to rows of a table: which words count, which are left out, which stand side by side."""

    def __init__(self, entries: tuple[str, ...], descriptors: frozenset[str]) -> None:
        self._entries = entries
        self._descriptors = descriptors
        self._tokenizer = WordPiece(entries)

    def read(self, text: str) -> Reading:
        """Return the rows that make up `text`, in order, and its unknown words; punctuation alone makes up nothing.

        Raises:
            ValueError: For an empty text.
        """
        if not text.strip():
            raise ValueError("text: expected a phrase such as 'calm woodland, harp', got an empty one")
        rows: list[int] = []
        unknown: dict[str, None] = {}
        previous = ""
        spoken = False
        for word in self._said(self._tokenizer.words(text[:MAX_TEXT_CHARS])):
            pieces = self._pieces(word)
            is_word = any(character.isalnum() for character in word.text)
            if pieces:
                spoken |= is_word
                rows += pieces
                pair = self._tokenizer.id_of(f"{previous} {word.text}")
                if pair is not None:
                    rows.append(pair)
            elif is_word:
                unknown[word.text] = None
            previous = word.text
        return Reading(rows=tuple(rows) if spoken else (), unknown=tuple(unknown))

    def known_rows(self, text: str) -> list[int]:
        """Return the rows that make up `text`, in order.

        Raises:
            ValueError: For a text with no known word.
        """
        rows = self.read(text).rows
        if not rows:
            raise ValueError(f"text: no known word in {_quoted(text)}; describe the music in plain English words")
        return list(rows)

    def _said(self, words: list[SplitWord]) -> Iterator[SplitWord]:
        """The words without those that a text excludes: "no drums" and "not happy" are taken out, "no escape" stays."""
        index = 0
        while index < len(words):
            end = index + 1
            if words[index].text in NEGATIONS:
                while end < len(words) and words[end].text in self._descriptors:
                    end += 1
            if end == index + 1:
                yield words[index]
            index = end

    def _pieces(self, word: SplitWord) -> tuple[int, ...]:
        """The rows of a word that counts: spelled whole, from a word that is most of it, or from its stem."""
        if len(word.pieces) < 2 or self._has_core(word):
            return word.pieces
        for stem in _stems(word.text):
            row = self._tokenizer.id_of(stem)
            if row is not None:
                return (row,)
        return ()

    def _has_core(self, word: SplitWord) -> bool:
        longest = max((self._entries[row].removeprefix(CONTINUATION) for row in word.pieces), key=len)
        long_enough = len(longest) >= max(MIN_CORE_CHARS, len(word.text) / 2)
        return long_enough and self._tokenizer.id_of(longest) is not None


def cancelled_words(text: str) -> ValueError:
    """Return the error for a text whose rows add up to nothing."""
    return ValueError(f"text: the words of {_quoted(text)} cancel out; say what the music sounds like")


def _quoted(text: str) -> str:
    return repr(text[:80])
