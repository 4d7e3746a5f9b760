"""The situations of game music in words, and how near an embedding lies to each.

Captions say in a player's words what a situation sounds and feels like. An embedding is compared with the captions,
never by name, so a blend and an audio prompt have a place too. What plays is read as a profile (segue.style.reader).
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
