"""Finds the cosine from which two phrases are one style: `python -m segue.training.words.calibrate`.

For a row of thresholds, the share of paraphrases (paraphrases.yaml), of related phrases (evaluation.yaml, pairs that
share an accepted situation) and of unlike ones (that share none) that the word table finds at least that much alike.
It is the source of segue.style.stored_words.CONFUSABLE.
"""

from __future__ import annotations

from itertools import combinations
from pathlib import Path
from typing import Final

import numpy as np
import yaml
from numpy.typing import NDArray

from segue.contract import StyleEncoder
from segue.style.word_table import WordEncoder
from segue.training.words.evaluate import Case, load_cases

PARAPHRASES: Final = Path(__file__).with_name("paraphrases.yaml")
THRESHOLDS: Final = (0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95)


def paraphrase_cosines(encoder: StyleEncoder) -> NDArray[np.float64]:
    """Cosines of the pairs that mean the same music."""
    pairs = yaml.safe_load(PARAPHRASES.read_text(encoding="utf-8"))
    return np.array([encoder.embed_text(a) @ encoder.embed_text(b) for a, b in pairs])


def phrase_cosines(encoder: StyleEncoder, cases: list[Case]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Cosines of all pairs of phrases that share an accepted situation, and of all that share none."""
    embeddings = [encoder.embed_text(case.text) for case in cases]
    pairs = list(combinations(range(len(cases)), 2))
    cosines = np.array([embeddings[a] @ embeddings[b] for a, b in pairs], dtype=np.float64)
    related = np.array([not cases[a].accept.isdisjoint(cases[b].accept) for a, b in pairs])
    return cosines[related], cosines[~related]


def main() -> None:
    """The command."""
    encoder = WordEncoder()
    same = paraphrase_cosines(encoder)
    related, unlike = phrase_cosines(encoder, [case for members in load_cases().values() for case in members])
    groups = (same, related, unlike)
    print(f"| cosine at least | of {len(same)} paraphrases | of {len(related)} related | of {len(unlike)} unlike |")
    print("|---|---|---|---|")
    for threshold in THRESHOLDS:
        print(f"| {threshold} | " + " | ".join(f"{(group >= threshold).mean():.4f}" for group in groups) + " |")


if __name__ == "__main__":
    main()
