"""The temporal stack: one vector a frame, over whole blocks of frames or one frame at a time.

R rows (batch x streams), T frames, D width, E encoder width, A = N * H attention width, N heads, H head width.
"""

from __future__ import annotations

from typing import NamedTuple

import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float, Int

from segue.model.attention import Past, attend_block, attend_ring, close_ring, open_ring, visible_slots, write
from segue.model.config import Depthformer
from segue.model.fused import CrossAttention, FusedLayer, SelfAttention
from segue.model.layers import project, rms_norm


class Memory(NamedTuple):
    """What one layer keeps (as a past or as a ring): of its own frames, and of the conditioning it attends to."""

    own: Past
    source: Past | None


Memories = tuple[Memory, ...]


def _split_heads(x: Float[Array, "*B A"], parts: int, head_width: int) -> Float[Array, "*B P N H"]:
    return x.reshape(*x.shape[:-1], parts, -1, head_width)


def query_key_value(
    attention: SelfAttention, x: Float[Array, "*B D"], head_width: int
) -> tuple[Float[Array, "*B N H"], Float[Array, "*B 2 N H"]]:
    """Return the queries of normalised x, and its keys and values, keys first."""
    joined = _split_heads(project(rms_norm(x, attention.pre_norm), attention.qkv), 3, head_width)
    return joined[..., 0, :, :], joined[..., 1:, :, :]


def _cross_query(attention: CrossAttention, x: Array, head_width: int) -> Float[Array, "*B N H"]:
    return _split_heads(project(rms_norm(x, attention.pre_norm), attention.query), 1, head_width)[..., 0, :, :]


def finish(
    attention: SelfAttention | CrossAttention, x: Float[Array, "*B D"], mixed: Float[Array, "*B N H"]
) -> Float[Array, "*B D"]:
    """Return the residual stream after an attention's output."""
    flat = mixed.reshape(*mixed.shape[:-2], -1)
    return x + rms_norm(project(flat, attention.out), attention.post_norm)


def run_block(
    layers: tuple[FusedLayer, ...],
    x: Float[Array, "R T D"],
    encoded: Float[Array, "R T E"],
    memories: Memories,
    seen: Int[Array, " R"],
) -> tuple[Float[Array, "R T D"], Memories]:
    """Run all layers over T known frames.

    Args:
        seen: How many frames of the memories are real.
    """
    after = []
    for layer, memory in zip(layers, memories, strict=True):
        own, source = memory
        head_width = own.shape[-1]
        query, key_value = query_key_value(layer.self_attention, x, head_width)
        mixed, own = attend_block(query, key_value, own, seen, layer.self_attention.sinks)
        x = finish(layer.self_attention, x, mixed)
        cross = layer.cross_attention
        if cross is not None and source is not None:
            key_value = _split_heads(project(encoded, cross.key_value), 2, head_width)
            mixed, source = attend_block(_cross_query(cross, x, head_width), key_value, source, seen, cross.sinks)
            x = finish(cross, x, mixed)
        x = layer.feed_forward(x)
        after.append(Memory(own, source))
    return x, tuple(after)


# Per layer, keys and values of a whole chunk's conditioning, made before its first frame is generated.
Sources = tuple[Float[Array, "T R 2 N H"] | None, ...]


def sources(layers: tuple[FusedLayer, ...], config: Depthformer, encoded: Float[Array, "R T E"]) -> Sources:
    """Return what cross-attention reads of encoded conditioning, keys first; None for a layer without."""

    def of(cross: CrossAttention | None) -> Array | None:
        if cross is None:
            return None
        key_value = _split_heads(project(encoded, cross.key_value), 2, config.temporal.head_width)
        return jnp.swapaxes(key_value, 0, 1)

    return tuple(of(layer.cross_attention) for layer in layers)


def open_rings(layers: tuple[FusedLayer, ...], memories: Memories) -> Memories:
    """Return memories for a run of single frames."""

    def of(layer: FusedLayer, memory: Memory) -> Memory:
        assert layer.self_attention.sinks is not None, "temporal layers always have sinks"
        own, source, cross = open_ring(memory.own, layer.self_attention.sinks), memory.source, layer.cross_attention
        if cross is not None and source is not None:
            source = open_ring(source, cross.sinks)
        return Memory(own, source)

    return tuple(of(layer, memory) for layer, memory in zip(layers, memories, strict=True))


def close_rings(config: Depthformer, rings: Memories, frames: Int[Array, ""]) -> Memories:
    """Return the memories after `frames` single frames."""

    def of(ring: Past | None) -> Past | None:
        return None if ring is None else close_ring(ring, config.sinks, frames)

    return tuple(Memory(close_ring(ring.own, config.sinks, frames), of(ring.source)) for ring in rings)


def run_frame(
    layers: tuple[FusedLayer, ...],
    config: Depthformer,
    x: Float[Array, "R D"],
    given: Sources,
    rings: Memories,
    frame: Int[Array, ""],
    seen: Int[Array, " R"],
) -> tuple[Float[Array, "R D"], Memories]:
    """Run all layers over the frame-th frame of a run.

    Args:
        seen: Real frames before the run.
    """
    slot = config.sinks + frame % config.window
    visible = visible_slots(frame, seen, config.window, config.sinks)
    head_width = config.temporal.head_width
    after = []
    for layer, ring, key_values in zip(layers, rings, given, strict=True):
        query, key_value = query_key_value(layer.self_attention, x, head_width)
        own, source = write(ring.own, key_value, slot), ring.source
        x = finish(layer.self_attention, x, attend_ring(query, own, visible))
        cross = layer.cross_attention
        if cross is not None and source is not None and key_values is not None:
            source = write(source, lax.dynamic_index_in_dim(key_values, frame, keepdims=False), slot)
            x = finish(cross, x, attend_ring(_cross_query(cross, x, head_width), source, visible))
        x = layer.feed_forward(x)
        after.append(Memory(own, source))
    return x, tuple(after)
