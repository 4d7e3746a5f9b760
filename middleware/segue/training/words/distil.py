"""Makes the word table: `python -m segue.training.words.distil [--cache FOLDER] [--output FILE]`.

Fetches the teacher (pinned by hash), draws phrases, lets the teacher read them, fits the table's rows to what it
says, and writes them as int8. Five CPU minutes; everything random comes from the recipe's seed.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from segue.style.reading import WordReader
from segue.style.situations import CAPTIONS, SITUATIONS
from segue.style.stored_words import PATH
from segue.style.word_table import WordTable
from segue.style.wordpiece import CONTINUATION, WordPiece, split_words
from segue.training.words.fit import WordLesson, WordRecipe, fit, pad
from segue.training.words.phrases import Lexicon, PhraseMaker, TrainingPhrase
from segue.training.words.sources import FILES, WHEEL, fetch, sha256
from segue.training.words.teacher import Teacher

DIMENSION: Final = 128
PHRASES: Final = 40_000
MAX_BYTES: Final = 4_000_000
CACHE: Final = Path(".cache") / "words"
# Words that carry no meaning of their own in "the king of thieves": no pair is made of them.
FUNCTION_WORDS: Final = frozenset(
    ("a", "an", "as", "at", "by", "for", "from", "in", "is", "of", "on", "our", "the", "to", "with", "you", "your")
)
# In BERT's vocabulary whole words come after the single characters, the most frequent first.
_FIRST_WORD: Final = 1996


@dataclass(frozen=True, kw_only=True)
class Projection:
    """The teacher's 384 dimensions to ours: centred, principal components, made unit length."""

    centre: NDArray[np.float32]
    axes: NDArray[np.float32]

    @classmethod
    def fitted(cls, embeddings: NDArray[np.float32], dimension: int) -> Projection:
        centre = embeddings.mean(axis=0)
        centred = embeddings - centre
        _, vectors = np.linalg.eigh(centred.T @ centred)
        axes = vectors[:, ::-1][:, :dimension]
        # An eigenvector's sign is arbitrary; fixed, so that the table does not depend on the linear algebra library.
        signs = np.sign(axes[np.abs(axes).argmax(axis=0), np.arange(dimension)])
        return cls(centre=centre, axes=np.asarray(axes * signs, dtype=np.float32))

    def __call__(self, embeddings: NDArray[np.float32]) -> NDArray[np.float32]:
        projected = (embeddings - self.centre) @ self.axes
        return np.asarray(projected / np.linalg.norm(projected, axis=1, keepdims=True), dtype=np.float32)


def kept(piece: str) -> bool:
    """Whether a piece of BERT's vocabulary is worth a row: printable ASCII, no markers, no numbers of 3+ digits."""
    bare = piece.removeprefix(CONTINUATION)
    return piece.isascii() and not piece.startswith("[") and not (bare.isdigit() and len(bare) > 2)


def lexicon_words(lexicon: Lexicon, tokenizer: WordPiece) -> list[str]:
    """Words of the lexicon that the vocabulary only has in pieces; each gets a row of its own."""
    words = (word for entry in lexicon.entries() for word in split_words(entry))
    return list(dict.fromkeys(word for word in words if len(tokenizer.pieces(word)) > 1))


def lexicon_pairs(lexicon: Lexicon) -> list[str]:
    """Two words side by side in the lexicon, such as "heavy metal", that may mean more than both."""
    pairs = []
    for entry in lexicon.entries():
        words = split_words(entry)
        for pair in pairwise(words):
            if all(word.isalnum() and word not in FUNCTION_WORDS for word in pair):
                pairs.append(" ".join(pair))
    return list(dict.fromkeys(pairs))


def descriptors(lexicon: Lexicon) -> frozenset[str]:
    """What a phrase may leave out ("no drums"): the lexicon's single-word descriptions, singular and plural."""
    words = lexicon.descriptors()
    return frozenset([*words, *(f"{word}s" for word in words)])


def quantised(rows: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float16]]:
    """Rows as int8 steps [V, D] and the float16 size of a step [V]."""
    scales = (np.abs(rows).max(axis=1) / 127.0).astype(np.float16)
    steps = np.maximum(scales.astype(np.float32), np.finfo(np.float16).tiny)[:, None]
    return np.clip(np.rint(rows / steps), -127, 127).astype(np.int8), scales


def start_rows(
    teacher: Teacher, project: Projection, pieces: Sequence[str], words: Sequence[str], pairs: Sequence[str]
) -> NDArray[np.float32]:
    """Where the fit starts: the teacher's reading of each piece and word alone, centred; zeros for pairs."""
    first, last = (teacher.vocabulary.index(marker) for marker in ("[CLS]", "[SEP]"))
    ids = {piece: index for index, piece in enumerate(teacher.vocabulary)}
    alone = [teacher.embed_ids([[first, ids[piece], last] for piece in pieces]), teacher.embed(words)]
    embeddings = np.concatenate(alone)
    # Single words lie in a corner of the space of sentences, so they are centred among themselves.
    own = Projection(centre=embeddings.mean(axis=0), axes=project.axes)
    return np.concatenate([own(embeddings), np.zeros((len(pairs), DIMENSION), dtype=np.float32)])


def lesson(teacher: Teacher, phrases: Sequence[TrainingPhrase], lexicon: Lexicon) -> tuple[tuple[str, ...], WordLesson]:
    """The table's entries, and what there is to learn about them."""
    pieces = [piece for piece in teacher.vocabulary if kept(piece)]
    words, pairs = lexicon_words(lexicon, WordPiece(teacher.vocabulary)), lexicon_pairs(lexicon)
    entries = (*pieces, *words, *pairs)
    said = teacher.embed([phrase.text for phrase in phrases])
    project = Projection.fitted(said, DIMENSION)
    captions = [(text, owner) for owner, texts in enumerate(CAPTIONS.values()) for text in texts]
    reader = WordReader(entries, frozenset())

    def read(texts: Sequence[str]) -> NDArray[np.int32]:
        return pad([reader.read(text).rows for text in texts], padding=len(entries))

    return entries, WordLesson(
        start=start_rows(teacher, project, pieces, words, pairs),
        phrases=read([phrase.text for phrase in phrases]),
        targets=project(said),
        situations=np.array([-1 if p.situation is None else SITUATIONS.index(p.situation) for p in phrases], np.int32),
        captions=read([text for text, _ in captions]),
        caption_targets=project(teacher.embed([text for text, _ in captions])),
        owners=np.array([owner for _, owner in captions], np.int32),
    )


def distil(teacher: Teacher, recipe: WordRecipe) -> WordTable:
    """The word table of a teacher."""
    lexicon = Lexicon.load()
    ordinary = [w for w in teacher.vocabulary[_FIRST_WORD:] if w.isascii() and w.isalpha() and len(w) > 2]
    drawn = PhraseMaker(lexicon, [*ordinary, *lexicon.shared["words"]], recipe.seed).draw(PHRASES)
    phrases = list({phrase.text: phrase for phrase in drawn}.values())
    entries, material = lesson(teacher, phrases, lexicon)
    rows, scales = quantised(fit(material, recipe))
    return WordTable(
        entries=entries,
        rows=rows,
        scales=scales,
        descriptors=descriptors(lexicon),
        about={
            "teacher": "sentence-transformers/all-MiniLM-L6-v2 (Apache-2.0)",
            "source": WHEEL.requirement,
            "source_sha256": FILES,
            "lexicon_sha256": sha256(Path(__file__).with_name("lexicon.yaml")),
            "phrases": len(phrases),
            "recipe": asdict(recipe),
        },
    )


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description="Distil the word table from all-MiniLM-L6-v2.")
    parser.add_argument("--cache", type=Path, default=CACHE, help="where the teacher's files are kept")
    parser.add_argument("--output", type=Path, default=PATH, help="the table to write")
    arguments = parser.parse_args()
    files = fetch(arguments.cache)
    table = distil(Teacher(model=files["model.safetensors"], vocabulary=files["vocab.txt"]), WordRecipe())
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    table.save(arguments.output)
    size = arguments.output.stat().st_size
    if size > MAX_BYTES:
        raise SystemExit(f"{arguments.output}: expected at most {MAX_BYTES} bytes, got {size}")
    print(f"{arguments.output}: {len(table.entries)} rows, {size} bytes, SHA-256 {sha256(arguments.output)}")


if __name__ == "__main__":
    main()
