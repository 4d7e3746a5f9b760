"""Sliding-window attention with sinks, in its two forms: over a whole block of frames, and frame by frame in a ring.

Neither form knows positions (the model has none): what a query sees depends only on which frames are in its window,
so a ring may hold them in any order. Keys and values live in one array, keys first: one write a frame instead of two.
R rows (batch x streams), T frames, W window, N heads, H head width, S sinks, C context.
"""

from __future__ import annotations

from functools import partial
from typing import TypeAlias

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Bool, Float, Int

from segue.model.layers import exact

MASKED = -1e9

# Learned keys and values every query may attend to (Xiao et al. 2023, "attention sinks").
Sinks: TypeAlias = Float[Array, "2 N S H"]
# The last W frames' keys and values, oldest first.
Past: TypeAlias = Float[Array, "R 2 N W H"]
# The same while frames are written one by one: sinks in front, then W slots, written round and round.
Ring: TypeAlias = Float[Array, "R 2 N S+W H"]


def mix(
    queries: Float[Array, "*B Q H"],
    keys: Float[Array, "*B C H"],
    values: Float[Array, "*B C H"],
    visible: Bool[Array, "*#B #Q C"] | None = None,
    bias: Float[Array, "*#B #Q C"] | None = None,
) -> Float[Array, "*B Q H"]:
    """Return softmax attention.

    Args:
        queries: Scaled.
        visible: Which keys a query sees; None for all.
        bias: Added to the scores, if any.
    """
    product = partial(jnp.einsum, precision=exact(keys.dtype), preferred_element_type=jnp.float32)
    scores = product("...qh,...ch->...qc", queries.astype(keys.dtype), keys)
    scores = scores if bias is None else scores + bias
    probabilities = jax.nn.softmax(scores if visible is None else jnp.where(visible, scores, MASKED), axis=-1)
    return product("...qc,...ch->...qh", probabilities.astype(values.dtype), values)


def attend_block(
    queries: Float[Array, "R T N H"],
    keys_values: Float[Array, "R T 2 N H"],
    past: Past,
    seen: Int[Array, " R"],
    sinks: Sinks | None,
    segments: Int[Array, "R T"] | None = None,
) -> tuple[Float[Array, "R T N H"], Past]:
    """Return the attention of T frames to the W frames up to and including each one's own, going on from `past`.

    It works in blocks of W queries against 2W keys, so its cost grows with T, not with T squared.

    Args:
        seen: How many of the past's last frames are real; -n if none is, nor any of the first n of the T frames.
        segments: Where given, a frame sees only frames of its own segment, and nothing of the past.
    Returns:
        The attended values, and the past after these frames.
    """
    rows, length, heads, _ = queries.shape
    window = past.shape[3]
    blocks = -(-length // window)

    def in_blocks(x: Array, fill: int = 0) -> Array:
        room = [(0, 0), (0, blocks * window - length), *[(0, 0)] * (x.ndim - 2)]
        return jnp.pad(x, room, constant_values=fill).reshape(rows, blocks, window, *x.shape[2:])

    def with_context(old: Array, new: Array, fill: int = 0) -> Array:
        chain = jnp.concatenate([old[:, None], in_blocks(new, fill)], axis=1)
        return jnp.concatenate([chain[:, :-1], chain[:, 1:]], axis=2)

    real = jnp.arange(window) >= window - seen[:, None]
    owner = jnp.where(jnp.arange(length) < -seen[:, None], -2, 0) if segments is None else segments
    past_owner = jnp.where(real & (segments is None), 0, -1)
    key_owner = with_context(past_owner, owner, -1)
    distance = jnp.arange(2 * window) - jnp.arange(window)[:, None]
    in_window = (distance > 0) & (distance <= window)
    visible = in_window & (key_owner[:, :, None, :] == in_blocks(owner)[..., None])

    old = jnp.moveaxis(past, 3, 1)
    new = keys_values.astype(past.dtype)
    context = jnp.moveaxis(with_context(old, new), 2, 4)
    if sinks is not None:
        context = jnp.concatenate([jnp.broadcast_to(sinks, (rows, blocks, *sinks.shape)), context], axis=4)
        visible = jnp.pad(visible, [(0, 0)] * 3 + [(sinks.shape[2], 0)], constant_values=True)
    block_queries = jnp.swapaxes(in_blocks(queries), 2, 3)
    mixed = mix(block_queries, context[:, :, 0], context[:, :, 1], visible[:, :, None])
    mixed = jnp.swapaxes(mixed, 2, 3).reshape(rows, blocks * window, heads, -1)[:, :length]
    return mixed, jnp.moveaxis(jnp.concatenate([old, new], axis=1)[:, -window:], 1, 3)


def open_ring(past: Past, sinks: Sinks) -> Ring:
    """Return a ring for single frames: the sinks, then the past."""
    front = jnp.broadcast_to(sinks.astype(past.dtype), (len(past), *sinks.shape))
    return jnp.concatenate([front, past], axis=3)


def close_ring(ring: Ring, sinks: int, frames: Int[Array, ""]) -> Past:
    """Return the past after `frames` frames were written to the ring."""
    return jnp.roll(ring[:, :, :, sinks:], -frames, axis=3)


def visible_slots(frame: Int[Array, ""], seen: Int[Array, " R"], window: int, sinks: int) -> Bool[Array, "R 1 1 S+W"]:
    """Return which slots of a ring a query may see once the frame-th frame since it was opened is written."""
    age = (frame - jnp.arange(window)) % window
    real = age <= seen[:, None] + frame
    return jnp.pad(real, ((0, 0), (sinks, 0)), constant_values=True)[:, None, None]


def write(ring: Ring, keys_values: Float[Array, "R 2 N H"], slot: Int[Array, ""]) -> Ring:
    """Return the ring with `slot` (sinks counted) replaced."""
    return lax.dynamic_update_slice_in_dim(ring, keys_values.astype(ring.dtype)[:, :, :, None], slot, axis=3)


def attend_ring(
    queries: Float[Array, "R N H"],
    ring: Ring,
    visible: Bool[Array, "#R 1 1 C"] | None = None,
    bias: Float[Array, "#R N 1 C"] | None = None,
) -> Float[Array, "R N H"]:
    """Return the attention of one frame to the visible slots, or to all."""
    return mix(queries[:, :, None], ring[:, 0], ring[:, 1], visible, bias)[:, :, 0]
