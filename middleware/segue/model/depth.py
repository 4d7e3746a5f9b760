"""The depth stack: the codes of one frame, one after another, each seeing those before it in its frame.

M sequences or R rows, K steps, P depth width, C codes of a codebook.
"""

from __future__ import annotations

import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from .attention import Past, attend_block, attend_ring, write
from .config import Depthformer
from .fused import Fused
from .layers import project, rms_norm

Caches = tuple[Past, ...]


def empty_caches(fused: Fused, config: Depthformer, rows: int) -> Caches:
    stack = config.depth
    dtype = fused.adapter.dtype
    return (Past.empty(rows, stack.heads, config.codes.steps, stack.head_width, dtype),) * stack.layers


def run_step(
    fused: Fused, config: Depthformer, x: Float[Array, "R P"], caches: Caches, step: int | Int[Array, ""]
) -> tuple[Float[Array, "R P"], Caches]:
    """The step-th code's output, normalised, and the frame's keys and values with it."""
    after = []
    visible = (jnp.arange(config.codes.steps) <= step)[None, None, None]
    for layer, cache in zip(fused.depth, caches, strict=True):
        attention = layer.self_attention
        joined = project(rms_norm(x, attention.pre_norm), attention.qkv)
        shape = (x.shape[0], config.depth.heads, config.depth.head_width)
        query, key, value = (part.reshape(shape) for part in jnp.split(joined, 3, axis=-1))
        cache = write(cache, key, value, jnp.asarray(step))
        mixed = attend_ring(query, cache, visible).reshape(x.shape[0], -1)
        x = x + rms_norm(project(mixed, attention.out), attention.post_norm)
        x = layer.feed_forward(x)
        after.append(cache)
    return fused.final_norm(x), tuple(after)


def run_whole(
    fused: Fused, config: Depthformer, x: Float[Array, "M J P"], segments: Int[Array, "M J"] | None = None
) -> Float[Array, "M J P"]:
    """Outputs of whole known code sequences, normalised.

    segments: where several frames' codes follow one another in a sequence, the frame of each.
    """
    stack, rows = config.depth, x.shape[0]
    past = Past.empty(rows, stack.heads, config.codes.steps, stack.head_width, fused.adapter.dtype)
    nothing = jnp.zeros(rows, jnp.int32)
    for layer in fused.depth:
        attention = layer.self_attention
        joined = project(rms_norm(x, attention.pre_norm), attention.qkv)
        heads = (*x.shape[:2], stack.heads, stack.head_width)
        query, key, value = (part.reshape(heads) for part in jnp.split(joined, 3, axis=-1))
        mixed, _ = attend_block(query, key, value, past, nothing, None, segments)
        flat = mixed.reshape(*x.shape[:2], -1)
        x = x + rms_norm(project(flat, attention.out), attention.post_norm)
        x = layer.feed_forward(x)
    return fused.final_norm(x)


def logits(
    fused: Fused, config: Depthformer, x: Float[Array, "*B P"], codebook: int
) -> Float[Array, "*B C"]:
    """Soft-capped logits of one codebook; the others' are never computed."""
    raw = project(x, fused.logits[codebook]) + fused.bias[codebook]
    return config.soft_cap * jnp.tanh(raw / config.soft_cap)


def code_inputs(
    fused: Fused, config: Depthformer, codes: Int[Array, "*B"], codebook: int | Int[Array, "*B"]
) -> Float[Array, "*B P"]:
    """Depth inputs of codes of one codebook (or one each); codes below 0 count as code 0."""
    rows = jnp.maximum(codes, 0) + jnp.asarray(config.codes.offsets)[codebook]
    return jnp.take(fused.depth_rows, rows, axis=0)


def frame_logits(
    fused: Fused, config: Depthformer, outputs: Float[Array, "R T D"], codes: Int[Array, "R T K"]
) -> tuple[Float[Array, "R T C"], ...]:
    """Logits of every code of known frames, given the codes before it: one array a step."""
    rows, length, steps = codes.shape
    first = project(outputs, fused.adapter)
    later = [
        code_inputs(fused, config, codes[..., step], config.codes.codebook(step)) for step in range(steps - 1)
    ]
    sequence = jnp.stack([first, *later], axis=2).reshape(rows * length, steps, -1)
    hidden = run_whole(fused, config, sequence).reshape(rows, length, steps, -1)
    return tuple(
        logits(fused, config, hidden[:, :, step], config.codes.codebook(step)) for step in range(steps)
    )

