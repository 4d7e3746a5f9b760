"""all-MiniLM-L6-v2, the sentence encoder the word table learns from, as a JAX function.

A BERT of 6 layers, width 384, 12 heads; a sentence is the mean of its last hidden states, made unit length.
Dimensions: B sentences, T pieces, H heads, D width (384).
Source: Wang et al. 2020 (MiniLM); sentence-transformers/all-MiniLM-L6-v2 (Apache-2.0).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from numpy.typing import NDArray
from safetensors.numpy import load_file

from segue.style.wordpiece import UNKNOWN, WordPiece

LAYERS: Final = 6
HEADS: Final = 12
WIDTH: Final = 384
MAX_PIECES: Final = 256
_NORM_EPSILON: Final = 1e-12
_BATCH_PIECES: Final = 8_192

Weights = dict[str, Array]


def _linear(weights: Weights, name: str, x: Array) -> Array:
    return x @ weights[f"{name}.weight"].T + weights[f"{name}.bias"]


def _layer_norm(weights: Weights, name: str, x: Array) -> Array:
    centred = x - x.mean(-1, keepdims=True)
    scale = jax.lax.rsqrt((centred**2).mean(-1, keepdims=True) + _NORM_EPSILON)
    return centred * scale * weights[f"{name}.weight"] + weights[f"{name}.bias"]


def _attend(weights: Weights, name: str, x: Array, mask: Array) -> Array:
    B, T, D = x.shape
    query, key, value = (
        _linear(weights, f"{name}.self.{part}", x).reshape(B, T, HEADS, D // HEADS)
        for part in ("query", "key", "value")
    )
    scores = jnp.einsum("bqhd,bkhd->bhqk", query, key) / np.sqrt(D // HEADS)
    shares = jax.nn.softmax(jnp.where(mask[:, None, None, :], scores, -1e9), axis=-1)
    mixed = jnp.einsum("bhqk,bkhd->bqhd", shares, value).reshape(B, T, D)
    return _linear(weights, f"{name}.output.dense", mixed)


@jax.jit
def _embed(weights: Weights, ids: Array, mask: Array) -> Array:
    """Sentence embeddings [B, D] of ids int32 [B, T]; mask bool [B, T] is True where there is a piece."""
    x = (
        weights["embeddings.word_embeddings.weight"][ids]
        + weights["embeddings.position_embeddings.weight"][: ids.shape[1]]
        + weights["embeddings.token_type_embeddings.weight"][0]
    )
    x = _layer_norm(weights, "embeddings.LayerNorm", x)
    for layer in range(LAYERS):
        name = f"encoder.layer.{layer}"
        attended = _attend(weights, f"{name}.attention", x, mask)
        x = _layer_norm(weights, f"{name}.attention.output.LayerNorm", x + attended)
        inner = jax.nn.gelu(_linear(weights, f"{name}.intermediate.dense", x), approximate=False)
        x = _layer_norm(weights, f"{name}.output.LayerNorm", x + _linear(weights, f"{name}.output.dense", inner))
    pooled = (x * mask[..., None]).sum(1) / mask.sum(1, keepdims=True)
    return jnp.asarray(pooled / jnp.linalg.norm(pooled, axis=-1, keepdims=True))


class Teacher:
    """MiniLM with its own vocabulary. `embed` is deterministic for one batch composition."""

    def __init__(self, *, model: Path, vocabulary: Path) -> None:
        self._weights: Weights = {
            name: jnp.asarray(value) for name, value in load_file(model).items() if value.dtype == np.float32
        }
        self.vocabulary = tuple(vocabulary.read_text(encoding="utf-8").splitlines())
        self._tokenizer = WordPiece(self.vocabulary)
        self._frame = tuple(self.vocabulary.index(piece) for piece in ("[CLS]", "[SEP]"))
        self._unknown = self.vocabulary.index(UNKNOWN)

    def ids(self, text: str) -> list[int]:
        """BERT's ids of `text`, [CLS] … [SEP], at most MAX_PIECES."""
        words = self._tokenizer.words(text)
        pieces = [piece for word in words for piece in (word.pieces or (self._unknown,))]
        return [self._frame[0], *pieces[: MAX_PIECES - 2], self._frame[1]]

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit-length embeddings, float32 [len(texts), 384]; sentences are batched by length."""
        return self.embed_ids([self.ids(text) for text in texts])

    def embed_ids(self, sentences: Sequence[Sequence[int]]) -> NDArray[np.float32]:
        """As `embed`, for sentences given as ids with their [CLS] and [SEP]."""
        result = np.empty((len(sentences), WIDTH), dtype=np.float32)
        by_length: dict[int, list[int]] = {}
        for index, sentence in enumerate(sentences):
            by_length.setdefault(-(-len(sentence) // 4) * 4, []).append(index)
        for length, members in sorted(by_length.items()):
            size = _BATCH_PIECES // length
            for start in range(0, len(members), size):
                rows = members[start : start + size]
                ids = np.zeros((size, length), dtype=np.int32)
                mask = np.zeros((size, length), dtype=bool)
                mask[:, 0] = True  # the batch's empty rows, so that their mean is finite
                for row, index in enumerate(rows):
                    ids[row, : len(sentences[index])] = sentences[index]
                    mask[row, : len(sentences[index])] = True
                result[rows] = np.asarray(_embed(self._weights, ids, mask))[: len(rows)]
        return result
