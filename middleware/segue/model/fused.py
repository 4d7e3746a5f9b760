"""Weights as the layers compute with them: made from the stored ones by a pure, differentiable function.

Fusing changes no result beyond rounding: query, key and value matrices are joined; the learned query scale goes
into the query matrix (and its inverse into the sink keys, which the released model meets with unscaled queries);
embedding scale and the adapter between the stacks go into the code tables; matrices become [out, in].
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Float

from segue.model.attention import Sinks
from segue.model.conditioning import FeatureEncoder, TokenEncoder, feature_encoder, token_encoder
from segue.model.config import Depthformer, Stack, TokenConditioning
from segue.model.layers import FeedForward, LayerNorm, Matrix
from segue.model.weights import (
    CODE_TABLE,
    DEPTH,
    DEPTH_ADAPTER,
    ENCODER,
    FINAL_NORM,
    LOGITS,
    TEMPORAL,
)

# Stored weights by name: a dictionary, or what reads a file.
Stored: TypeAlias = Mapping[str, Any]


class SelfAttention(NamedTuple):
    """The matrices of one attention, joined.

    Attributes:
        qkv: Query (scaled), key and value matrices, one below the other: [3 * A, D]. A = heads * head width.
        out: [D, A].
    """

    pre_norm: Float[Array, " D"]
    qkv: Matrix
    out: Matrix
    post_norm: Float[Array, " D"]
    sinks: Sinks | None


class CrossAttention(NamedTuple):
    """The matrices of attention to the conditioning.

    Attributes:
        query: [A, D].
        key_value: Keys above values, [2 * A, E].
        out: [D, A].
    """

    pre_norm: Float[Array, " D"]
    query: Matrix
    key_value: Matrix
    out: Matrix
    post_norm: Float[Array, " D"]
    sinks: Sinks


class FusedLayer(NamedTuple):
    """One layer of the temporal stack."""

    self_attention: SelfAttention
    cross_attention: CrossAttention | None
    feed_forward: FeedForward


class Fused(NamedTuple):
    """All of a model.

    Attributes:
        code_rows: What a code of the past frame adds to a frame's input.
        event: The matrix of events.
        adapter: Temporal output to depth input.
        depth_rows: A code as depth input.
        logits, bias: One a codebook; a matrix of logits is [C, P].
    """

    encoder: TokenEncoder | FeatureEncoder
    code_rows: Float[Array, "V D"]
    event: Float[Array, "D D"] | None
    temporal: tuple[FusedLayer, ...]
    adapter: Float[Array, "P D"]
    depth_rows: Float[Array, "V P"]
    depth: tuple[FusedLayer, ...]
    final_norm: LayerNorm
    logits: tuple[Matrix, ...]
    bias: tuple[Float[Array, " C"], ...]


# How a matrix [O, I] is kept.
Keep: TypeAlias = Callable[[Array], Matrix]


class _Float32(Mapping[str, Any]):
    """Stored weights in float32, each read when it is used: as NumPy has it, or on JAX's device."""

    def __init__(self, stored: Stored, *, numpy: bool) -> None:
        self._stored = stored
        self._numpy = numpy

    def __getitem__(self, name: str) -> Any:
        value = self._stored[name]
        return np.asarray(value, np.float32) if self._numpy else jnp.asarray(value).astype(jnp.float32)

    def __iter__(self) -> Iterator[str]:
        return iter(self._stored)

    def __len__(self) -> int:
        return len(self._stored)


def _below(parts: list[Any]) -> Any:
    """Return matrices one below the other, as NumPy or JAX has them."""
    return np.concatenate(parts) if isinstance(parts[0], np.ndarray) else jnp.concatenate(parts)


def _transposed(kernel: Float[Array, "I ..."]) -> Float[Array, "O I"]:
    return kernel.reshape(kernel.shape[0], -1).T


def _query_scale(weights: Stored, path: str, stack: Stack) -> Float[Array, " H"]:
    # 1 / softplus(0): a learned scale of 0 means the usual 1 / sqrt(head width).
    rest = 1.442695041 / math.sqrt(stack.head_width)
    learned = weights[f"{path}/attention/per_dim_scale"]
    found = np.logaddexp(learned, np.float32(0)) if isinstance(learned, np.ndarray) else jax.nn.softplus(learned)
    return rest * found


def _sinks(weights: Stored, path: str, scale: Float[Array, " H"], dtype: jnp.dtype) -> Sinks | None:
    if f"{path}/attention/sink_key_embeddings" not in weights:
        return None
    keys = weights[f"{path}/attention/sink_key_embeddings"] / scale
    values = weights[f"{path}/attention/sink_value_embeddings"]
    return jnp.swapaxes(jnp.stack([keys, values]), 1, 2).astype(dtype)


def _self_attention(weights: Stored, path: str, stack: Stack, dtype: jnp.dtype, keep: Keep) -> SelfAttention:
    kernels = {role: weights[f"{path}/attention/{role}_projection/kernel"] for role in ("query", "key", "value")}
    scale = _query_scale(weights, path, stack)
    parts = [_transposed(k) for k in (kernels["query"] * scale, kernels["key"], kernels["value"])]
    out = weights[f"{path}/output_projection/kernel"]
    return SelfAttention(
        pre_norm=weights[f"{path}/pre_norm/scale"],
        qkv=keep(_below(parts)),
        out=keep(out.reshape(out.shape[0], -1)),
        post_norm=weights[f"{path}/post_norm/scale"],
        sinks=_sinks(weights, path, scale, dtype),
    )


def _cross_attention(weights: Stored, path: str, stack: Stack, dtype: jnp.dtype, keep: Keep) -> CrossAttention:
    kernels = {role: weights[f"{path}/attention/{role}_projection/kernel"] for role in ("query", "key", "value")}
    scale = _query_scale(weights, path, stack)
    out = weights[f"{path}/output_projection/kernel"]
    sinks = _sinks(weights, path, scale, dtype)
    assert sinks is not None, f"{path}: cross-attention always has sinks"
    return CrossAttention(
        pre_norm=weights[f"{path}/pre_norm/scale"],
        query=keep(_transposed(kernels["query"] * scale)),
        key_value=keep(_below([_transposed(kernels["key"]), _transposed(kernels["value"])])),
        out=keep(out.reshape(out.shape[0], -1)),
        post_norm=weights[f"{path}/post_norm/scale"],
        sinks=sinks,
    )


def _feed_forward(weights: Stored, path: str, keep: Keep) -> FeedForward:
    return FeedForward(
        pre_norm=weights[f"{path}/pre_norm/scale"],
        up=keep(_transposed(weights[f"{path}/ffn_layer1/kernel"])),
        up_bias=weights[f"{path}/ffn_layer1/bias"],
        down=keep(_transposed(weights[f"{path}/ffn_layer2/kernel"])),
        down_bias=weights[f"{path}/ffn_layer2/bias"],
        post_norm=weights[f"{path}/post_norm/scale"],
    )


def _layers(
    weights: Stored, path: str, stack: Stack, cross: bool, dtype: jnp.dtype, keep: Keep
) -> tuple[FusedLayer, ...]:
    def layer(index: int) -> FusedLayer:
        at = f"{path}/x_layers_{index}"
        return FusedLayer(
            self_attention=_self_attention(weights, f"{at}/self_attention", stack, dtype, keep),
            cross_attention=_cross_attention(weights, f"{at}/cross_attention", stack, dtype, keep) if cross else None,
            feed_forward=_feed_forward(weights, f"{at}/ffn", keep),
        )

    return tuple(layer(index) for index in range(stack.layers))


def _frame_share(config: Depthformer) -> float:
    """Return the weight of one code in a frame's input: audio frames are a mean, events sums of means."""
    return math.sqrt(config.temporal.width) / config.codes.num_codebooks


def fuse(stored: Stored, config: Depthformer, dtype: jnp.dtype = jnp.float32, keep: Keep | None = None) -> Fused:
    """Return the computing form of stored weights; float32 for what is added or normalised, `dtype` for matrices.

    Args:
        stored: By name. Each tensor is read when it is used.
        keep: Makes something else of the matrices that are read once a frame or code, which it gets as NumPy's arrays;
            None to keep them in `dtype`.
    """
    weights = _Float32(stored, numpy=keep is not None)

    def in_dtype(matrix: Array) -> Matrix:
        return matrix.astype(dtype)

    keep = keep or in_dtype
    table = weights[CODE_TABLE]
    scaled = table * math.sqrt(config.temporal.width)
    if DEPTH_ADAPTER in weights:
        adapter = weights[DEPTH_ADAPTER]
        depth_rows = jnp.matmul(scaled, adapter, precision=lax.Precision.HIGHEST)
    else:
        adapter, depth_rows = jnp.eye(config.depth.width), scaled
    encoder_norm = LayerNorm(weights[f"{ENCODER}/encoder_ln/scale"], weights[f"{ENCODER}/encoder_ln/bias"])
    build = token_encoder if isinstance(config.conditioning, TokenConditioning) else feature_encoder
    codes = config.codes
    spans = [slice(start, start + size) for start, size in zip(codes.offsets, codes.cardinalities, strict=True)]
    logits = weights[f"{LOGITS}/kernel"]
    return Fused(
        encoder=build(weights, encoder_norm, dtype),
        code_rows=table * _frame_share(config),
        event=_transposed(weights["decoder/event/kernel"]).astype(dtype) if codes.ends_early else None,
        temporal=_layers(weights, TEMPORAL, config.temporal, config.cross_attention, dtype, keep),
        adapter=_transposed(adapter).astype(dtype),
        depth_rows=depth_rows,
        depth=_layers(weights, DEPTH, config.depth, False, dtype, keep),
        final_norm=LayerNorm(weights[f"{FINAL_NORM}/scale"], weights[f"{FINAL_NORM}/bias"]),
        logits=tuple(keep(_transposed(logits[:, span])) for span in spans),
        bias=tuple(weights[f"{LOGITS}/bias"][span] for span in spans),
    )
