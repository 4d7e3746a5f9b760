"""WordPiece: text to the pieces of a fixed vocabulary, in pure Python.

The uncased BERT tokenizer: control characters dropped, accents stripped, lower case, words split at space and
punctuation, then the longest piece first; a continuation piece is spelled "##piece". Given BERT's own
vocabulary it yields BERT's own ids (tests/unit/style/wordpiece.golden.json).
Source: Devlin et al. 2019, sec. 3; Wu et al. 2016, sec. 4.1.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

UNKNOWN: Final = "[UNK]"
CONTINUATION: Final = "##"
# A longer word is unknown, as in BERT; it also keeps the quadratic longest match bounded.
MAX_WORD_CHARS: Final = 100

_CJK_BLOCKS: Final = (
    (0x3400, 0x4DBF),
    (0x4E00, 0x9FFF),
    (0xF900, 0xFAFF),
    (0x20000, 0x2A6DF),
    (0x2A700, 0x2CEAF),
    (0x2F800, 0x2FA1F),
)
# Control, format, private use, lone surrogate; and the accents that the canonical decomposition sets free.
_DROPPED: Final = frozenset({"Cc", "Cf", "Co", "Cs", "Mn"})
# Most texts are plain; this is the general rule cut down to them, several times faster.
_ASCII_WORD: Final = re.compile(r"[a-z0-9]+|[^a-z0-9 ]")


@dataclass(frozen=True, kw_only=True)
class SplitWord:
    """A word as read (normalised) and the ids of its pieces; none where the vocabulary cannot spell it."""

    text: str
    pieces: tuple[int, ...]


def _is_cjk(character: str) -> bool:
    code = ord(character)
    return any(first <= code <= last for first, last in _CJK_BLOCKS)


def _normalise(text: str) -> Iterator[str]:
    """Characters of `text` without controls, accents and capitals; signs and ideographs stand by themselves."""
    for character in unicodedata.normalize("NFD", text):
        category = unicodedata.category(character)
        if character in "\t\n\r" or category[0] == "Z":
            yield " "
        elif category in _DROPPED or character == "\N{REPLACEMENT CHARACTER}":
            continue
        # BERT counts every ASCII sign as punctuation, symbols such as "$" and "^" too.
        elif category[0] == "P" or (character.isascii() and category[0] == "S") or _is_cjk(character):
            yield f" {character} "
        else:
            yield character.lower()


def split_words(text: str) -> list[str]:
    """Normalise and split `text`: runs of letters and digits, and each punctuation mark by itself."""
    if text.isascii() and text.isprintable():
        return _ASCII_WORD.findall(text.lower())
    return "".join(_normalise(text)).split()


class WordPiece:
    """A vocabulary, and the greedy longest-match segmentation of words into it."""

    def __init__(self, vocabulary: Sequence[str]) -> None:
        """Number the pieces.

        Args:
            vocabulary: Distinct pieces, index is id.
        Raises:
            ValueError: For a piece that comes twice.
        """
        self._ids = {piece: index for index, piece in enumerate(vocabulary)}
        if len(self._ids) != len(vocabulary):
            raise ValueError(f"vocabulary: expected distinct pieces, got {len(vocabulary) - len(self._ids)} twice")
        self._longest = max(map(len, vocabulary), default=0)

    def id_of(self, piece: str) -> int | None:
        """Return the id of a piece; None if there is no such piece."""
        return self._ids.get(piece)

    def pieces(self, word: str) -> tuple[int, ...]:
        """Return the ids of a normalised word's pieces, greedy longest match; empty if it cannot be spelled."""
        if len(word) > MAX_WORD_CHARS:
            return ()
        found: list[int] = []
        start = 0
        while start < len(word):
            prefix = CONTINUATION if start else ""
            for end in range(min(len(word), start + self._longest), start, -1):
                identity = self._ids.get(prefix + word[start:end])
                if identity is not None:
                    found.append(identity)
                    start = end
                    break
            else:
                return ()
        return tuple(found)

    def words(self, text: str) -> list[SplitWord]:
        """Split `text` into words with their pieces, in order."""
        return [SplitWord(text=word, pieces=self.pieces(word)) for word in split_words(text)]
