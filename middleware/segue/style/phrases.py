"""A text as words, and the phrases of a table that it contains.

Words are lower case without accents; hyphens and apostrophes are no part of them ("lo-fi" is two words, "children's"
one). A comma, semicolon, full stop or slash between words stands by itself, so that no phrase reaches across it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from segue.style.reading import MAX_TEXT_CHARS

_T = TypeVar("_T")
_WORD: Final = re.compile(r"\d+ ?/ ?\d+|\d+(?:\.\d+)?[a-z]*|[^\W\d_]+|[,;.:!?()/+|]")
_BREAKS: Final = frozenset(",;.:!?()/+|")


def split_text(text: str) -> tuple[str, ...]:
    """Return the words of a text; of a long one, those of its first MAX_TEXT_CHARS characters."""
    plain = unicodedata.normalize("NFKD", text[:MAX_TEXT_CHARS]).casefold()
    plain = "".join(character for character in plain if unicodedata.category(character) != "Mn")
    for sign in "'’`":
        plain = plain.replace(sign, "")
    plain = plain.replace("&", " and ").replace("-", " ").replace("–", " ").replace("_", " ")
    return tuple(word.replace(" ", "") for word in _WORD.findall(plain))


def is_break(word: str) -> bool:
    """Whether it is a punctuation mark."""
    return word in _BREAKS


@dataclass(frozen=True, kw_only=True)
class Found(Generic[_T]):
    """A phrase of a table in a text.

    Attributes:
        start, end: Words [start, end).
        phrase: As the table has it.
        value: What the table says of it.
    """

    start: int
    end: int
    phrase: str
    value: _T


class PhraseTable(Generic[_T]):
    """Phrases with a value each, found in texts: the longest first, none within another."""

    def __init__(self, phrases: Mapping[str, _T]) -> None:
        """Index the phrases by their first words.

        Args:
            phrases: In any spelling that `split_text` makes words of.
        """
        self._values = {split_text(phrase): (phrase, value) for phrase, value in phrases.items()}
        self._lengths: dict[str, tuple[int, ...]] = {}
        for words in self._values:
            self._lengths[words[0]] = tuple(sorted({*self._lengths.get(words[0], ()), len(words)}, reverse=True))

    def find(self, words: tuple[str, ...]) -> Iterator[Found[_T]]:
        """Yield what the words contain, in order. The last word of a phrase may have a plural s."""
        start = 0
        while start < len(words):
            found = self._at(words, start)
            if found is not None:
                yield found
            start = found.end if found is not None else start + 1

    def _at(self, words: tuple[str, ...], start: int) -> Found[_T] | None:
        first = words[start]
        lengths = {*self._lengths.get(first, ()), *self._lengths.get(first.removesuffix("s"), ())}
        for length in sorted(lengths, reverse=True):
            phrase = words[start : start + length]
            if len(phrase) < length:
                continue
            for spelling in (phrase, (*phrase[:-1], phrase[-1].removesuffix("s"))):
                entry = self._values.get(spelling)
                if entry is not None:
                    return Found(start=start, end=start + length, phrase=entry[0], value=entry[1])
        return None


def covered(found: Iterable[Found[_T]]) -> set[int]:
    """Return the places of all words of some phrases."""
    return {place for each in found for place in range(each.start, each.end)}
