"""The temporal stack: one vector a frame, over whole blocks of frames or one frame at a time.

R rows (batch x streams), T frames, D width, L layers, N heads, H head width, W window.
"""

from __future__ import annotations

from typing import NamedTuple

import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float, Int

from .attention import Past, attend_block, attend_ring, close_ring, open_ring, visible_slots, write
from .config import Depthformer
from .fused import CrossAttention, Layer, SelfAttention
from .layers import project, rms_norm


class LayerPast(NamedTuple):
    """What one layer remembers: of its own frames, and of their conditioning where it attends to that."""

    own: Past
    source: Past | None


Pasts = tuple[LayerPast, ...]


def _heads(x: Float[Array, "*B A"], head_width: int) -> Float[Array, "*B N H"]:
    return x.reshape(*x.shape[:-1], -1, head_width)


def _qkv(attention: SelfAttention, x: Array, head_width: int) -> list[Array]:
    joined = project(rms_norm(x, attention.pre_norm), attention.qkv)
    return [_heads(part, head_width) for part in jnp.split(joined, 3, axis=-1)]


def _finish(attention: SelfAttention | CrossAttention, x: Array, mixed: Array) -> Array:
    flat = mixed.reshape(*mixed.shape[:-2], -1)
    return x + rms_norm(project(flat, attention.out), attention.post_norm)


def _source_keys_values(attention: CrossAttention, encoded: Array, head_width: int) -> list[Array]:
    joined = project(encoded, attention.key_value)
    return [_heads(part, head_width) for part in jnp.split(joined, 2, axis=-1)]


def empty_pasts(config: Depthformer, rows: int, dtype: jnp.dtype) -> Pasts:
    stack = config.temporal
    past = Past.empty(rows, stack.heads, config.window, stack.head_width, dtype)
    return (LayerPast(past, past if config.cross_attention else None),) * stack.layers


def run_block(
    layers: tuple[Layer, ...],
    x: Float[Array, "R T D"],
    encoded: Float[Array, "R T E"],
    pasts: Pasts,
    seen: Int[Array, " R"],
) -> tuple[Float[Array, "R T D"], Pasts]:
    """All layers over T known frames, going on from what was seen before."""
    after = []
    for layer, past in zip(layers, pasts, strict=True):
        head_width = past.own.keys.shape[-1]
        attention = layer.self_attention
        query, key, value = _qkv(attention, x, head_width)
        mixed, own = attend_block(query, key, value, past.own, seen, attention.sinks)
        x = _finish(attention, x, mixed)
        source = past.source
        if layer.cross_attention is not None and source is not None:
            cross = layer.cross_attention
            query = _heads(project(rms_norm(x, cross.pre_norm), cross.query), head_width)
            key, value = _source_keys_values(cross, encoded, head_width)
            mixed, source = attend_block(query, key, value, source, seen, cross.sinks)
            x = _finish(cross, x, mixed)
        x = layer.feed_forward(x)
        after.append(LayerPast(own, source))
    return x, tuple(after)


class Sources(NamedTuple):
    """One layer's keys and values of a whole chunk's conditioning, made before its first frame is generated."""

    keys: Float[Array, "T R N H"]
    values: Float[Array, "T R N H"]


def sources(
    layers: tuple[Layer, ...], config: Depthformer, encoded: Float[Array, "R T E"]
) -> tuple[Sources | None, ...]:
    def of(layer: Layer) -> Sources | None:
        if layer.cross_attention is None:
            return None
        pair = _source_keys_values(layer.cross_attention, encoded, config.temporal.head_width)
        return Sources(*(jnp.swapaxes(x, 0, 1) for x in pair))

    return tuple(of(layer) for layer in layers)


def _sinks_of(layer: Layer) -> tuple:
    own = layer.self_attention.sinks
    assert own is not None, "temporal layers always have sinks"
    return own, None if layer.cross_attention is None else layer.cross_attention.sinks


def open_rings(layers: tuple[Layer, ...], pasts: Pasts) -> Pasts:
    """Working rings for a run of single frames."""

    def of(layer: Layer, past: LayerPast) -> LayerPast:
        own, source = _sinks_of(layer)
        return LayerPast(open_ring(past.own, own), past.source and open_ring(past.source, source))

    return tuple(of(layer, past) for layer, past in zip(layers, pasts, strict=True))


def close_rings(layers: tuple[Layer, ...], rings: Pasts, frames: Int[Array, ""]) -> Pasts:
    def of(layer: Layer, ring: LayerPast) -> LayerPast:
        own, source = _sinks_of(layer)
        return LayerPast(
            close_ring(ring.own, own, frames), ring.source and close_ring(ring.source, source, frames)
        )

    return tuple(of(layer, ring) for layer, ring in zip(layers, rings, strict=True))


def run_frame(
    layers: tuple[Layer, ...],
    config: Depthformer,
    x: Float[Array, "R D"],
    given: tuple[Sources | None, ...],
    rings: Pasts,
    frame: Int[Array, ""],
    seen: Int[Array, " R"],
) -> tuple[Float[Array, "R D"], Pasts]:
    """All layers over the frame-th frame of a run. seen: real frames before the run."""
    slot = config.sinks + frame % config.window
    visible = visible_slots(frame, seen, config.window, config.sinks)
    after = []
    for layer, ring, source in zip(layers, rings, given, strict=True):
        head_width = config.temporal.head_width
        attention = layer.self_attention
        query, key, value = _qkv(attention, x, head_width)
        own = write(ring.own, key, value, slot)
        x = _finish(attention, x, attend_ring(query, own, visible))
        around = ring.source
        if layer.cross_attention is not None and around is not None and source is not None:
            cross = layer.cross_attention
            query = _heads(project(rms_norm(x, cross.pre_norm), cross.query), head_width)
            key, value = (lax.dynamic_index_in_dim(part, frame, keepdims=False) for part in source)
            around = write(around, key, value, slot)
            x = _finish(cross, x, attend_ring(query, around, visible))
        x = layer.feed_forward(x)
        after.append(LayerPast(own, around))
    return x, tuple(after)
