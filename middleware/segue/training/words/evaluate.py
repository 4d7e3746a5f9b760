"""Measures the word table beside its teacher: `python -m segue.training.words.evaluate [--cache FOLDER] [--card]`.

Free phrases (evaluation.yaml), each with the situations it may mean, are compared with the same captions by both.
Prints the share whose nearest situation, or one of the three nearest, is accepted; `--card` writes it into the card.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import yaml
from numpy.typing import NDArray

from segue.contract import Samples, StyleEncoder
from segue.style.situations import CAPTIONS, SITUATIONS, similarities
from segue.style.stored_words import PATH
from segue.style.word_table import WordEncoder, WordTable
from segue.training.words.distil import CACHE
from segue.training.words.sources import fetch, sha256
from segue.training.words.teacher import WIDTH, Teacher

PHRASES: Final = Path(__file__).with_name("evaluation.yaml")
CARD: Final = PATH.with_name("WORDS.md")
_MARKS: Final = ("<!-- evaluation -->", "<!-- /evaluation -->")
# The thirteen that the composer was first designed for.
CORE: Final = frozenset(SITUATIONS[: SITUATIONS.index("mystery")])


@dataclass(frozen=True, kw_only=True)
class Case:
    """A phrase and the situations it may mean."""

    text: str
    accept: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class Accuracy:
    """Of `count` phrases, the shares whose nearest, or one of whose three nearest situations is accepted."""

    count: int
    top1: float
    top3: float


def load_cases(path: Path = PHRASES) -> dict[str, list[Case]]:
    """The phrases of each split."""
    data = yaml.safe_load(path.read_text(encoding="utf-8"))
    return {
        split: [Case(text=row["text"], accept=frozenset(row["accept"])) for row in rows] for split, rows in data.items()
    }


def ranked(encoder: StyleEncoder, text: str, among: Sequence[str]) -> list[str]:
    """The situations of `among`, nearest to `text` first."""
    near = similarities(encoder, encoder.embed_text(text))
    return sorted(among, key=lambda name: -near[SITUATIONS.index(name)])


def score(encoder: StyleEncoder, cases: Iterable[Case], among: Sequence[str] = SITUATIONS) -> Accuracy:
    """How often the encoder finds an accepted situation. Cases that accept others than `among` are left out."""
    judged = [case for case in cases if case.accept <= set(among)]
    ranks = [(ranked(encoder, case.text, among), case.accept) for case in judged]
    return Accuracy(
        count=len(judged),
        top1=sum(rank[0] in accept for rank, accept in ranks) / len(judged),
        top3=sum(not accept.isdisjoint(rank[:3]) for rank, accept in ranks) / len(judged),
    )


class TeacherEncoder:
    """The sentence encoder itself, as a StyleEncoder; `texts` are embedded beforehand, in batches."""

    name = "all-MiniLM-L6-v2"
    dimension = WIDTH
    audio_warning = ""

    def __init__(self, teacher: Teacher, texts: Sequence[str]) -> None:
        self._known = dict(zip(texts, teacher.embed(texts), strict=True))

    def embed_text(self, text: str) -> NDArray[np.float32]:
        return np.asarray(self._known[text])

    def embed_audio(self, samples: Samples) -> NDArray[np.float32]:
        raise NotImplementedError("a sentence encoder takes text alone")

    def unknown_words(self, text: str) -> tuple[str, ...]:
        return ()


def _row(label: str, encoders: Sequence[StyleEncoder], cases: Sequence[Case], among: Sequence[str]) -> str:
    scores = [score(encoder, cases, among) for encoder in encoders]
    cells = [cell for one in scores for cell in (f"{one.top1:.3f}", f"{one.top3:.3f}")]
    return f"| {label} | {scores[0].count} | " + " | ".join(cells) + " |"


def report(encoders: Sequence[StyleEncoder], cases: Mapping[str, Sequence[Case]]) -> str:
    """The table of the card, in Markdown."""
    names = " | ".join(f"{encoder.name} top-1 | top-3" for encoder in encoders)
    lines = [f"| phrases | count | {names} |", "|---" * (2 + 2 * len(encoders)) + "|"]
    core = tuple(name for name in SITUATIONS if name in CORE)
    for split, members in cases.items():
        lines.append(_row(f"{split}, {len(SITUATIONS)} situations", encoders, members, SITUATIONS))
        lines.append(_row(f"{split}, the first {len(core)}", encoders, members, core))
    return "\n".join(lines)


def misses(encoder: StyleEncoder, cases: Iterable[Case]) -> list[str]:
    """The phrases whose nearest situation is not accepted, with what came."""
    ranks = ((case, ranked(encoder, case.text, SITUATIONS)) for case in cases)
    return [
        f"{case.text!r}: expected {' or '.join(sorted(case.accept))}, got {', '.join(rank[:3])}"
        for case, rank in ranks
        if rank[0] not in case.accept
    ]


def write_card(table: str, path: Path = CARD) -> None:
    """Put the table between the card's marks.

    Raises:
        ValueError: If the card has no marks.
    """
    text = path.read_text(encoding="utf-8")
    start, end = (text.find(mark) for mark in _MARKS)
    if not 0 <= start < end:
        raise ValueError(f"{path}: expected the marks {' … '.join(_MARKS)}")
    path.write_text(f"{text[:start]}{_MARKS[0]}\n{table}\n{text[end:]}", encoding="utf-8")


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description="Measure the word table beside all-MiniLM-L6-v2.")
    parser.add_argument("--cache", type=Path, default=CACHE, help="where the teacher's files are kept")
    parser.add_argument("--table", type=Path, default=PATH, help="the table to measure")
    parser.add_argument("--split", action="append", help="measure these splits only, and list their misses")
    parser.add_argument("--card", action="store_true", help=f"write the result into {CARD.name}")
    arguments = parser.parse_args()
    cases = load_cases()
    chosen = {split: cases[split] for split in arguments.split or cases}
    files = fetch(arguments.cache)
    teacher = Teacher(model=files["model.safetensors"], vocabulary=files["vocab.txt"])
    texts = [case.text for members in chosen.values() for case in members]
    captions = [text for row in CAPTIONS.values() for text in row]
    words = WordEncoder(WordTable.load(arguments.table))
    table = report([words, TeacherEncoder(teacher, texts + captions)], chosen)
    print(f"{arguments.table.name}, SHA-256 {sha256(arguments.table)}\n{table}")
    for split in arguments.split or ():
        print(f"misses of {split}:", *misses(words, chosen[split]), sep="\n  ")
    if arguments.card:
        write_card(table)


if __name__ == "__main__":
    main()
