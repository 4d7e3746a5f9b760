"""A text as words, and the phrases of a table that it contains.

Words are lower case without accents; hyphens and apostrophes are no part of them ("lo-fi" is two words, "children's"
one). A comma, semicolon, full stop or slash between words stands by itself, so that no phrase reaches across it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from segue.style.reading import MAX_TEXT_CHARS

_T = TypeVar("_T")
_WORD: Final = re.compile(r"\d+ ?/ ?\d+|\d+(?:\.\d+)?[a-z]*|[^\W\d_]+|[,;.:!?()/+|]")
_BREAKS: Final = frozenset(",;.:!?()/+|")


def split_text(text: str) -> tuple[str, ...]:
    """Return the words of a text; of a long one, those of its first MAX_TEXT_CHARS characters."""
    plain = text[:MAX_TEXT_CHARS].casefold()
    if not plain.isascii():
        plain = unicodedata.normalize("NFKD", plain).casefold()
        plain = "".join(character for character in plain if unicodedata.category(character) != "Mn")
    if plain.isalpha():
        return (plain,)
    for sign in "'’`":
        plain = plain.replace(sign, "")
    plain = plain.replace("&", " and ").replace("-", " ").replace("–", " ").replace("_", " ")
    return tuple(word.replace(" ", "") for word in _WORD.findall(plain))


def plain_text(text: str) -> str:
    """Return the words of a text without punctuation, which would steer as words do."""
    return " ".join(word for word in split_text(text) if not is_break(word))


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

    def __init__(self, phrases: Mapping[str, _T], *, exact: frozenset[str] = frozenset()) -> None:
        """Index the phrases by their first words.

        Args:
            phrases: As `split_text` has them, with a space between words.
            exact: Those that mean something else in the plural ("souls").
        """
        self._values = phrases
        self._exact = exact
        # The greatest number of words of the phrases that begin with a word.
        self._longest: dict[str, int] = {}
        for phrase in phrases:
            first, _, rest = phrase.partition(" ")
            count = 2 + rest.count(" ") if rest else 1
            if count > self._longest.get(first, 0):
                self._longest[first] = count

    @property
    def phrases(self) -> Iterable[str]:
        """Every phrase of the table."""
        return self._values

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
        longest = max(self._longest.get(first, 0), self._longest.get(first.removesuffix("s"), 0))
        for end in range(min(start + longest, len(words)), start, -1):
            phrase = " ".join(words[start:end])
            singular = phrase.removesuffix("s")
            if phrase in self._values:
                return Found(start=start, end=end, phrase=phrase, value=self._values[phrase])
            if singular in self._values and singular not in self._exact:
                return Found(start=start, end=end, phrase=singular, value=self._values[singular])
        return None


def covered(found: Iterable[Found[Any]]) -> set[int]:
    """Return the places of all words of some phrases."""
    return {place for each in found for place in range(each.start, each.end)}
