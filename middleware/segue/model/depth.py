"""The depth stack: the codes of one frame, one after another, each seeing those before it in its frame.

M sequences or R rows, K steps, P depth width, C codes of a codebook.
"""

from __future__ import annotations

import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from segue.model.attention import Ring, attend_block, attend_ring, write
from segue.model.config import Depthformer
from segue.model.fused import Fused
from segue.model.layers import project
from segue.model.temporal import finish, query_key_value

Caches = tuple[Ring, ...]


def empty_caches(fused: Fused, config: Depthformer, rows: int) -> Caches:
    """Return zeros for the keys and values of a frame: [R, 2, N, K, H] for each layer."""
    stack = config.depth
    cache = jnp.zeros((rows, 2, stack.heads, config.codes.steps, stack.head_width), fused.adapter.dtype)
    return (cache,) * stack.layers


def run_step(
    fused: Fused, config: Depthformer, x: Float[Array, "R P"], caches: Caches, step: int | Int[Array, ""]
) -> tuple[Float[Array, "R P"], Caches]:
    """Return the step-th code's output, normalised, and the frame's keys and values with it."""
    after = []
    visible = (jnp.arange(config.codes.steps) <= step)[None, None, None]
    for layer, cache in zip(fused.depth, caches, strict=True):
        query, key_value = query_key_value(layer.self_attention, x, config.depth.head_width)
        written = write(cache, key_value, jnp.asarray(step))
        x = finish(layer.self_attention, x, attend_ring(query, written, visible))
        x = layer.feed_forward(x)
        after.append(written)
    return fused.final_norm(x), tuple(after)


def run_whole(
    fused: Fused, config: Depthformer, x: Float[Array, "M J P"], segments: Int[Array, "M J"] | None = None
) -> Float[Array, "M J P"]:
    """Return outputs of whole known code sequences, normalised.

    Args:
        segments: Where several frames' codes follow one another in a sequence, the frame of each.
    """
    (past, *_) = empty_caches(fused, config, x.shape[0])
    nothing = jnp.zeros(x.shape[0], jnp.int32)
    for layer in fused.depth:
        query, key_value = query_key_value(layer.self_attention, x, config.depth.head_width)
        mixed, _ = attend_block(query, key_value, past, nothing, None, segments)
        x = layer.feed_forward(finish(layer.self_attention, x, mixed))
    return fused.final_norm(x)


def logits(fused: Fused, config: Depthformer, x: Float[Array, "*B P"], codebook: int) -> Float[Array, "*B C"]:
    """Return soft-capped logits of one codebook; the others' are never computed."""
    raw = project(x, fused.logits[codebook]) + fused.bias[codebook]
    return config.soft_cap * jnp.tanh(raw / config.soft_cap)


def code_inputs(
    fused: Fused, config: Depthformer, codes: Int[Array, "*B"], codebook: int | Int[Array, "*B"]
) -> Float[Array, "*B P"]:
    """Return depth inputs of codes of one codebook (or one each); codes below 0 count as code 0."""
    rows = jnp.maximum(codes, 0) + jnp.asarray(config.codes.offsets)[codebook]
    return jnp.take(fused.depth_rows, rows, axis=0)


def frame_logits(
    fused: Fused, config: Depthformer, outputs: Float[Array, "R T D"], codes: Int[Array, "R T K"]
) -> tuple[Float[Array, "R T C"], ...]:
    """Return the logits of every code of known frames, given the codes before it: one array a step."""
    rows, length, steps = codes.shape
    first = project(outputs, fused.adapter)
    later = [code_inputs(fused, config, codes[..., step], config.codes.codebook(step)) for step in range(steps - 1)]
    sequence = jnp.stack([first, *later], axis=2).reshape(rows * length, steps, -1)
    hidden = run_whole(fused, config, sequence).reshape(rows, length, steps, -1)
    return tuple(logits(fused, config, hidden[:, :, step], config.codes.codebook(step)) for step in range(steps))
