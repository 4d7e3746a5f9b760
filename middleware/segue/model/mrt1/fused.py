"""Weights as the layers compute with them: matrices joined and transposed to [out, in], biases laid out by distance.

T5 has no scale of queries: its checkpoints carry it in the query matrix. D width, A heads * head width, F hidden
width, N heads, T frames of a chunk, K codes a frame, S tokens that the encoder reads.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from numpy.typing import NDArray

from segue.model.config import Stack
from segue.model.layers import Matrix, project, rms_norm
from segue.model.mrt1.config import EncoderDecoder
from segue.model.mrt1.weights import (
    DECODER_NORM,
    DEPTH,
    DEPTH_BIAS,
    EMBEDDING,
    ENCODER,
    ENCODER_NORM,
    LOGITS,
    TEMPORAL,
    TEMPORAL_BIAS,
)


class GatedFeedForward(NamedTuple):
    """Residual block of T5 1.1: norm, gate (GELU, tanh form) times value, down. No biases.

    Attributes:
        up: Gate above value, [2 * F, D].
        down: [D, F].
    """

    pre_norm: Float[Array, " D"]
    up: Matrix
    down: Matrix

    def __call__(self, x: Float[Array, "*B D"]) -> Float[Array, "*B D"]:
        gate, value = jnp.split(project(rms_norm(x, self.pre_norm), self.up), 2, axis=-1)
        return x + project(jax.nn.gelu(gate, approximate=True) * value, self.down)


class SelfAttention(NamedTuple):
    """Query, key and value one below the other, [3 * A, D]; out [D, A]."""

    pre_norm: Float[Array, " D"]
    qkv: Matrix
    out: Matrix


class CrossAttention(NamedTuple):
    """Query [A, D]; keys above values, [2 * A, D]; out [D, A]."""

    pre_norm: Float[Array, " D"]
    query: Matrix
    key_value: Matrix
    out: Matrix


class Layer(NamedTuple):
    """One layer; only those of the temporal stack attend to the encoder's output."""

    self_attention: SelfAttention
    cross_attention: CrossAttention | None
    feed_forward: GatedFeedForward


class Fused(NamedTuple):
    """All of a model.

    Attributes:
        table: Every token's embedding, V rows.
        positions: Added to a token by its place.
        encoder, temporal, depth: Layers.
        temporal_bias, depth_bias: Added to scores of attention in the decoder, by distance.
        logits: A matrix [C, D] for each level.
    """

    table: Float[Array, "V D"]
    positions: Float[Array, "S D"]
    encoder: tuple[Layer, ...]
    encoder_norm: Float[Array, " D"]
    temporal: tuple[Layer, ...]
    temporal_bias: Float[Array, "N T"]
    depth: tuple[Layer, ...]
    depth_bias: Float[Array, "N K"]
    decoder_norm: Float[Array, " D"]
    logits: tuple[Matrix, ...]

    @property
    def dtype(self) -> jnp.dtype:
        """Of keys and values."""
        return self.encoder[0].self_attention.out.dtype  # type: ignore[union-attr]


Keep = Callable[[NDArray[np.float32]], Matrix]
"""How a matrix [O, I] is kept."""


def positions(length: int, width: int) -> NDArray[np.float32]:
    """Return fixed embeddings of places [length, width]: sines, then cosines, of wavelengths from 2 pi to 20 000 pi."""
    half = width // 2
    rates = np.exp(np.arange(half) * (-math.log(10_000.0) / (half - 1)))
    angles = np.arange(length)[:, None] * rates
    table = np.zeros((length, width), np.float32)
    table[:, :half], table[:, half : 2 * half] = np.sin(angles), np.cos(angles)
    return table


def distance_buckets(distances: int, buckets: int) -> NDArray[np.int32]:
    """Return the bucket of each distance from 0 on: the first half have their own, the others share by logarithm.

    Source: Exploring the Limits of Transfer Learning (arXiv 1910.10683), section 2.1, for one direction.
    """
    exact = buckets // 2
    n = np.arange(distances)
    ratio = np.maximum(n, exact).astype(np.float32) / np.float32(exact) + np.finfo(np.float32).eps
    shared = exact + (np.log(ratio) / np.log(buckets / exact) * (buckets - exact)).astype(np.int32)
    return np.where(n < exact, n, np.minimum(shared, buckets - 1)).astype(np.int32)


class _Stored:
    """Stored weights, each read when it is used."""

    def __init__(self, stored: Mapping[str, Any], keep: Keep, wide: Keep) -> None:
        self._stored = stored
        self._keep = keep
        self._wide = wide

    def array(self, name: str) -> NDArray[np.float32]:
        return np.asarray(self._stored[name], np.float32)

    def vector(self, name: str) -> Array:
        return jnp.asarray(self.array(name))

    def matrix(self, *names: str, wide: bool) -> Matrix:
        """Return kernels [I, O] one below the other.

        Args:
            wide: Whether it meets a thousand rows at once.
        """
        joined = np.ascontiguousarray(np.concatenate([self.array(name) for name in names], axis=1).T)
        return (self._wide if wide else self._keep)(joined)

    def layers(self, path: str, stack: Stack, *, encoder: bool, cross: bool) -> Iterator[Layer]:
        own = "attention" if encoder else "self_attention"
        for index in range(stack.layers):
            at = f"{path}{index}"
            source = f"{at}/encoder_decoder_attention"
            crossed = (
                CrossAttention(
                    pre_norm=self.vector(f"{at}/pre_cross_attention_layer_norm/scale"),
                    query=self.matrix(f"{source}/query/kernel", wide=False),
                    key_value=self.matrix(f"{source}/key/kernel", f"{source}/value/kernel", wide=True),
                    out=self.matrix(f"{source}/out/kernel", wide=False),
                )
                if cross
                else None
            )
            kernels = (f"{at}/{own}/{role}/kernel" for role in ("query", "key", "value"))
            yield Layer(
                self_attention=SelfAttention(
                    pre_norm=self.vector(f"{at}/pre_{own}_layer_norm/scale"),
                    qkv=self.matrix(*kernels, wide=encoder),
                    out=self.matrix(f"{at}/{own}/out/kernel", wide=encoder),
                ),
                cross_attention=crossed,
                feed_forward=GatedFeedForward(
                    pre_norm=self.vector(f"{at}/pre_mlp_layer_norm/scale"),
                    up=self.matrix(f"{at}/mlp/wi_0/kernel", f"{at}/mlp/wi_1/kernel", wide=encoder),
                    down=self.matrix(f"{at}/mlp/wo/kernel", wide=encoder),
                ),
            )


def fuse(
    stored: Mapping[str, Any], config: EncoderDecoder, dtype: jnp.dtype = jnp.float32, keep: Keep | None = None
) -> Fused:
    """Return the computing form of stored weights.

    Args:
        stored: By name; each is read when it is used.
        dtype: Of matrices, and of keys and values; what is added or normalised is float32.
        keep: Makes something else of the matrices that are read once a frame or code; those of the encoder, which meet
            a thousand rows at once, stay in `dtype`. None to keep all in `dtype`.
    """

    def in_dtype(matrix: NDArray[np.float32]) -> Matrix:
        return jnp.asarray(matrix, dtype)

    weights = _Stored(stored, keep or in_dtype, in_dtype)
    logits = weights.array(LOGITS)
    starts, sizes = config.codes.offsets, config.codes.cardinalities
    spans = [slice(start, start + size) for start, size in zip(starts, sizes, strict=True)]

    def by_distance(name: str, distances: int, buckets: int) -> Array:
        return jnp.asarray(weights.array(name)[:, distance_buckets(distances, buckets)])

    return Fused(
        table=weights.vector(EMBEDDING),
        positions=jnp.asarray(positions(max(config.source_length, config.decoded_length), config.width)),
        encoder=tuple(weights.layers(ENCODER, config.encoder, encoder=True, cross=False)),
        encoder_norm=weights.vector(ENCODER_NORM),
        temporal=tuple(weights.layers(TEMPORAL, config.temporal, encoder=False, cross=True)),
        temporal_bias=by_distance(TEMPORAL_BIAS, config.chunk_frames, config.temporal_buckets),
        depth=tuple(weights.layers(DEPTH, config.depth, encoder=False, cross=False)),
        depth_bias=by_distance(DEPTH_BIAS, config.codes.steps, config.depth_buckets),
        decoder_norm=weights.vector(DECODER_NORM),
        logits=tuple((keep or in_dtype)(np.ascontiguousarray(logits[:, span].T)) for span in spans),
    )
