"""The situations of game music in words, and how near an embedding lies to each.

A situation is a row of the composer's table; its captions say in a player's words what it sounds and feels like.
A style's embedding is compared with the captions, never by name, so a blend and an audio prompt have a place too.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from segue.contract import StyleEncoder
from segue.style.points.situations import ROWS
from segue.style.style_index import BEST_SHARE

# Of the softmax in `nearest_situations`: a tenth more similarity is 3.3 times the weight. With the word table captions
# then get 0.99 of the weight, the median free phrase 0.89, and half-and-half blends of two situations nothing else.
SHARPNESS: Final = 12.0
SITUATIONS: Final[tuple[str, ...]] = tuple(row.name for row in ROWS)
CAPTIONS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType({row.name: row.captions for row in ROWS})


CaptionEmbeddings = tuple[NDArray[np.float32], NDArray[np.intp]]
# Eighty captions an encoder, embedded once; weak, so that the cache keeps no encoder alive.
_embedded: Final[WeakKeyDictionary[StyleEncoder, CaptionEmbeddings]] = WeakKeyDictionary()


def caption_embeddings(encoder: StyleEncoder) -> CaptionEmbeddings:
    """Return the embeddings of every caption, float32 [M, D], and the index into SITUATIONS of each, [M]."""
    if encoder not in _embedded:
        rows = [encoder.embed_text(text) for texts in CAPTIONS.values() for text in texts]
        owners = [index for index, texts in enumerate(CAPTIONS.values()) for _ in texts]
        _embedded[encoder] = (np.stack(rows), np.asarray(owners, dtype=np.intp))
    return _embedded[encoder]


def situation_embeddings(encoder: StyleEncoder) -> NDArray[np.float32]:
    """Return the centre of each situation's captions, float32 [len(SITUATIONS), D], unit length."""
    captions, owners = caption_embeddings(encoder)
    centres = np.stack([captions[owners == index].mean(axis=0) for index in range(len(SITUATIONS))])
    return np.asarray(centres / np.linalg.norm(centres, axis=1, keepdims=True))


def similarities(encoder: StyleEncoder, embedding: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return how near `embedding` (float32 [D], unit) lies to each of SITUATIONS, float32 in [-1, 1].

    Raises:
        ValueError: If the embedding is not a finite vector of the encoder's dimension.
    """
    if embedding.shape != (encoder.dimension,) or not np.isfinite(embedding).all():
        raise ValueError(f"embedding: expected a finite vector [{encoder.dimension}], got shape {embedding.shape}")
    captions, owners = caption_embeddings(encoder)
    cosines = captions @ embedding
    best = np.array([cosines[owners == index].max() for index in range(len(SITUATIONS))])
    middle = situation_embeddings(encoder) @ embedding
    return np.asarray(BEST_SHARE * best + (1.0 - BEST_SHARE) * middle, dtype=np.float32)


def nearest_situations(encoder: StyleEncoder, embedding: NDArray[np.float32], k: int = 3) -> list[tuple[str, float]]:
    """Return the k situations nearest to `embedding` and their weights, heaviest first.

    Weights are a softmax of SHARPNESS * similarity over the k nearest, so they sum to 1: a phrase that plainly means
    one situation gives it nearly all, a blend of two styles gives both.

    Raises:
        ValueError: For k outside 1..len(SITUATIONS) or a malformed embedding.
    """
    if not 1 <= k <= len(SITUATIONS):
        raise ValueError(f"k: expected 1 to {len(SITUATIONS)}, got {k}")
    near = similarities(encoder, embedding)
    best = np.argsort(-near, kind="stable")[:k]
    scores = np.exp(SHARPNESS * (near[best] - near[best[0]]))
    weights = scores / scores.sum()
    return [(SITUATIONS[index], float(weight)) for index, weight in zip(best, weights, strict=True)]
