"""Sliding-window attention with sinks, in its two forms: over a whole block of frames, and frame by frame in a ring.

Neither form knows positions (the model has none): what a query sees depends only on which keys are in its window,
so a ring may hold them in any order. R rows (batch x streams), T frames, W window, N heads, H head width, S sinks.
"""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Bool, Float, Int

MASKED = -1e9


class Sinks(NamedTuple):
    """Keys and values every query may attend to (Xiao et al. 2023, "attention sinks")."""

    keys: Float[Array, "N S H"]
    values: Float[Array, "N S H"]


class Past(NamedTuple):
    """The last W frames' keys and values, oldest first."""

    keys: Float[Array, "R N W H"]
    values: Float[Array, "R N W H"]

    @staticmethod
    def empty(rows: int, heads: int, window: int, head_width: int, dtype: jnp.dtype) -> Past:
        zeros = jnp.zeros((rows, heads, window, head_width), dtype)
        return Past(zeros, zeros)


def _mix(
    queries: Float[Array, "*B Q H"],
    keys: Float[Array, "*B C H"],
    values: Float[Array, "*B C H"],
    visible: Bool[Array, "*#B #Q C"],
) -> Float[Array, "*B Q H"]:
    """Softmax attention; the queries come scaled."""
    scores = jnp.einsum(
        "...qh,...ch->...qc",
        queries,
        keys,
        precision=lax.Precision.HIGHEST,
        preferred_element_type=jnp.float32,
    )
    probabilities = jax.nn.softmax(jnp.where(visible, scores, MASKED), axis=-1)
    return jnp.einsum(
        "...qc,...ch->...qh",
        probabilities.astype(values.dtype),
        values,
        precision=lax.Precision.HIGHEST,
        preferred_element_type=jnp.float32,
    )


def attend_block(
    queries: Float[Array, "R T N H"],
    keys: Float[Array, "R T N H"],
    values: Float[Array, "R T N H"],
    past: Past,
    seen: Int[Array, " R"],
    sinks: Sinks | None,
    segments: Int[Array, "R T"] | None = None,
) -> tuple[Float[Array, "R T N H"], Past]:
    """Attention of T frames to the W frames up to and including each one's own, going on from `past`.

    Args:
        seen: how many of the past's last frames are real. segments: where given, a frame sees only frames of its
            own segment, and nothing of the past.
    Returns: the attended values, and the past after these frames.

    Works in blocks of W queries against 2W keys, so cost grows with T, not its square.
    """
    rows, length, heads, _ = queries.shape
    window = past.keys.shape[2]
    blocks = -(-length // window)
    pad = blocks * window - length

    def in_blocks(x: Array, fill: int = 0) -> Array:
        x = jnp.pad(x, [(0, 0), (0, pad), *[(0, 0)] * (x.ndim - 2)], constant_values=fill)
        return x.reshape(rows, blocks, window, *x.shape[2:])

    def with_context(old: Array, new: Array, fill: int = 0) -> Array:
        chain = jnp.concatenate([old[:, None], in_blocks(new, fill)], axis=1)
        return jnp.concatenate([chain[:, :-1], chain[:, 1:]], axis=2)

    past_real = jnp.arange(window) >= window - seen[:, None]
    owner = jnp.zeros((rows, length), jnp.int32) if segments is None else segments
    past_owner = jnp.where(past_real & (segments is None), 0, -1)
    key_owner = with_context(past_owner, owner, -1)
    query_owner = in_blocks(owner)
    band = jnp.arange(2 * window) - jnp.arange(window)[:, None]
    visible = (band > 0) & (band <= window) & (key_owner[:, :, None, :] == query_owner[..., None])

    old = [jnp.swapaxes(x, 1, 2) for x in past]
    block_keys = jnp.swapaxes(with_context(old[0], keys.astype(old[0].dtype)), 2, 3)
    block_values = jnp.swapaxes(with_context(old[1], values.astype(old[1].dtype)), 2, 3)
    if sinks is not None:
        shape = (rows, blocks, heads, sinks.keys.shape[1])
        block_keys = jnp.concatenate([jnp.broadcast_to(sinks.keys, (*shape, queries.shape[-1])), block_keys], 3)
        block_values = jnp.concatenate(
            [jnp.broadcast_to(sinks.values, (*shape, queries.shape[-1])), block_values], 3
        )
        visible = jnp.pad(visible, ((0, 0), (0, 0), (0, 0), (shape[-1], 0)), constant_values=True)
    block_queries = jnp.swapaxes(in_blocks(queries.astype(block_keys.dtype)), 2, 3)
    mixed = _mix(block_queries, block_keys, block_values, visible[:, :, None])
    mixed = jnp.swapaxes(mixed, 2, 3).reshape(rows, blocks * window, heads, -1)[:, :length]

    def last(old: Array, new: Array) -> Array:
        joined = jnp.concatenate([old, new.astype(old.dtype)], axis=1)[:, -window:]
        return jnp.swapaxes(joined, 1, 2)

    return mixed, Past(last(old[0], keys), last(old[1], values))


def open_ring(past: Past, sinks: Sinks) -> Past:
    """A working ring for a run of single frames: the sinks in front, then W slots, the oldest frame first."""
    rows = past.keys.shape[0]

    def joined(sink: Array, ring: Array) -> Array:
        return jnp.concatenate([jnp.broadcast_to(sink.astype(ring.dtype), (rows, *sink.shape)), ring], axis=2)

    return Past(joined(sinks.keys, past.keys), joined(sinks.values, past.values))


def close_ring(ring: Past, sinks: Sinks, frames: Int[Array, ""]) -> Past:
    """The past after `frames` frames were written to the ring: sinks gone, oldest first again."""

    def reordered(x: Array) -> Array:
        slots = x[:, :, sinks.keys.shape[1] :]
        return jnp.roll(slots, -frames, axis=2)

    return Past(reordered(ring.keys), reordered(ring.values))


def visible_slots(
    frame: Int[Array, ""], seen: Int[Array, " R"], window: int, sinks: int
) -> Bool[Array, "R 1 1 S+W"]:
    """Which slots of an open ring a query may see once the frame-th frame of the run is written."""
    age = (frame - jnp.arange(window)) % window
    real = age[None] <= seen[:, None] + frame
    return jnp.pad(real, ((0, 0), (sinks, 0)), constant_values=True)[:, None, None]


def write(ring: Past, keys: Float[Array, "R N H"], values: Float[Array, "R N H"], slot: Int[Array, ""]) -> Past:
    """The ring with `slot` (sinks counted) replaced."""

    def put(x: Array, new: Array) -> Array:
        return lax.dynamic_update_slice_in_dim(x, new.astype(x.dtype)[:, :, None], slot, axis=2)

    return Past(put(ring.keys, keys), put(ring.values, values))


def attend_ring(
    queries: Float[Array, "R N H"], ring: Past, visible: Bool[Array, "R 1 1 C"]
) -> Float[Array, "R N H"]:
    """Attention of one frame to the visible slots."""
    return _mix(queries.astype(ring.keys.dtype)[:, :, None], ring.keys, ring.values, visible)[:, :, 0]
