"""Checks our WordPiece against the reference: `python -m segue.training.words.check_tokenizer [--golden FILE]`.

Needs the package `tokenizers`, which nothing else here does. Reads every training phrase and caption, then random
Unicode; ids must be equal. `--golden` writes a small file of texts and pieces for the tests.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import numpy as np

from segue.style.situations import CAPTIONS
from segue.style.wordpiece import UNKNOWN, WordPiece
from segue.training.words.distil import CACHE
from segue.training.words.evaluate import load_cases
from segue.training.words.phrases import Lexicon, PhraseMaker
from segue.training.words.sources import fetch

PHRASES: Final = 20_000
GARBAGE: Final = 5_000
# Blocks that phrases and pasted text come from: Latin with accents, Greek, Cyrillic, Hebrew, Devanagari, Hangul,
# punctuation, symbols, kana, ideographs, emoji.
_BLOCKS: Final = (
    (0x01, 0x24F),
    (0x300, 0x52F),
    (0x590, 0x5FF),
    (0x900, 0x97F),
    (0x1100, 0x11FF),
    (0x2000, 0x27BF),
    (0x3000, 0x30FF),
    (0x4E00, 0x4FFF),
    (0xAC00, 0xAD00),
    (0x1F300, 0x1F64F),
)
_GOLDEN: Final = (
    "calm woodland, harp and soft strings",
    "Driving TAIKO drums & brass!",
    "8-bit, 140bpm; lo-fi (C64)",
    "don't let them see you...",
    "café Größe naïve Ångström",
    "emberwood Xyvrath darbuka bodhrán",
    "tab\tand\nnewline\r\x0bvertical\x00null\x7fdelete",
    "soft\u00adhyphen zero\u200bwidth no\u00a0break",
    "日本 の 音楽 and 音楽",
    "Привет мир, γειά σου",
    "price: $5 ^_^ `tick` ~wave~ <tag> a|b",
    "🎵 music 🎻",
    "ﬁne ligature, ½ and ²",
    "a" * 101,
    "İstanbul ǅungla ẞ",
    "   ",
)


def garbage(count: int, seed: int) -> list[str]:
    """Random strings of 1 to 24 assigned or unassigned characters from mixed blocks."""
    random = np.random.default_rng(seed)
    texts = []
    for _ in range(count):
        first, last = np.array(_BLOCKS)[random.integers(len(_BLOCKS), size=random.integers(1, 25))].T
        texts.append("".join(chr(code) for code in random.integers(first, last)))
    return texts


def ours(vocabulary: Sequence[str], texts: Sequence[str]) -> list[list[str]]:
    """Pieces of each text, [UNK] for a word that cannot be spelled."""
    tokenizer = WordPiece(vocabulary)
    return [
        [piece for word in tokenizer.words(text) for piece in ([vocabulary[i] for i in word.pieces] or [UNKNOWN])]
        for text in texts
    ]


def reference(vocabulary: Sequence[str], texts: Sequence[str]) -> list[list[str]]:
    """The same by the package `tokenizers`."""
    tokenizers: Any = import_module("tokenizers")
    bert = tokenizers.BertWordPieceTokenizer({piece: i for i, piece in enumerate(vocabulary)}, lowercase=True)
    return [encoding.tokens for encoding in bert.encode_batch(list(texts), add_special_tokens=False)]


def main() -> None:
    """The command; exits 1 at a difference."""
    parser = argparse.ArgumentParser(description="Compare our WordPiece with the reference.")
    parser.add_argument("--cache", type=Path, default=CACHE, help="where the teacher's files are kept")
    parser.add_argument("--golden", type=Path, help="write the golden file for the tests")
    arguments = parser.parse_args()
    vocabulary = fetch(arguments.cache)["vocab.txt"].read_text(encoding="utf-8").splitlines()
    words = [word for word in vocabulary if word.isalpha()]
    phrases = [phrase.text for phrase in PhraseMaker(Lexicon.load(), words, seed=1).draw(PHRASES)]
    captions = [text for row in CAPTIONS.values() for text in row]
    cases = [case.text for members in load_cases().values() for case in members]
    texts = [*_GOLDEN, *captions, *cases, *phrases, *garbage(GARBAGE, seed=2)]
    expected = reference(vocabulary, texts)
    different = [text for text, a, b in zip(texts, ours(vocabulary, texts), expected, strict=True) if a != b]
    for text in different[:20]:
        print(f"differs: {text!r}: ours {ours(vocabulary, [text])[0]}, reference {reference(vocabulary, [text])[0]}")
    print(f"{len(texts)} texts, {len(different)} differ")
    if arguments.golden and not different:
        golden = dict(zip(_GOLDEN, expected, strict=False))
        arguments.golden.write_text(json.dumps(golden, ensure_ascii=True, indent=1) + "\n", encoding="utf-8")
    sys.exit(bool(different))


if __name__ == "__main__":
    main()
