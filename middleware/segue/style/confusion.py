"""Styles that an encoder cannot tell apart: two names for what will sound the same."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from typing import Final

from segue.contract import StyleEncoder

# Cosine from which two phrases are one style to the word table: 21 of 24 paraphrases lie above it, and none of 22 155
# pairs of other phrases (python -m segue.training.words.calibrate; segue/weights/words/WORDS.md).
CONFUSABLE: Final = 0.8


def confusable(
    encoder: StyleEncoder, texts: Mapping[str, str], threshold: float = CONFUSABLE
) -> list[tuple[str, str, float]]:
    """Pairs of `texts` (style name to phrase) whose embeddings are at least `threshold` alike, the most alike first.

    Returns: (name, name, cosine), the names in the order of `texts`. Raises: ValueError for a phrase the encoder
    cannot embed; check those before.
    """
    embeddings = {name: encoder.embed_text(text) for name, text in texts.items()}
    alike = [(a, b, float(embeddings[a] @ embeddings[b])) for a, b in combinations(embeddings, 2)]
    return sorted((pair for pair in alike if pair[2] >= threshold), key=lambda pair: -pair[2])
