"""The three stacks: the encoder over all its tokens at once, the decoder's two one step at a time.

G streams of guidance, S tokens that the encoder reads, T frames of the longest chunk, K codes a frame, D width,
A = N * H attention width, N heads, H head width, C codes of a level.
"""

from __future__ import annotations

from functools import partial

import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float, Int

from segue.model.attention import Ring, attend_ring, mix, write
from segue.model.config import Stack
from segue.model.layers import project, rms_norm
from segue.model.mrt1.config import EncoderDecoder
from segue.model.mrt1.fused import CrossAttention, Fused, Layer, SelfAttention

# Keys and values of what is attended to, keys first: one array a layer.
Source = tuple[Float[Array, "G 2 N S H"], ...]
# The same of a stack's own steps so far; slots of later ones hold anything.
Own = tuple[Ring, ...]


def _split(x: Float[Array, "*B A"], parts: int, stack: Stack) -> Float[Array, "*B P N H"]:
    return x.reshape(*x.shape[:-1], parts, stack.heads, stack.head_width)


def _query_key_value(
    attention: SelfAttention, x: Float[Array, "*B D"], stack: Stack
) -> tuple[Float[Array, "*B N H"], Float[Array, "*B 2 N H"]]:
    joined = _split(project(rms_norm(x, attention.pre_norm), attention.qkv), 3, stack)
    return joined[..., 0, :, :], joined[..., 1:, :, :]


def _finish(
    attention: SelfAttention | CrossAttention, x: Float[Array, "*B D"], mixed: Float[Array, "*B N H"]
) -> Float[Array, "*B D"]:
    return x + project(mixed.reshape(*mixed.shape[:-2], -1), attention.out)


def embed(fused: Fused, tokens: Int[Array, "*B"], places: Int[Array, "*B"]) -> Float[Array, "*B D"]:
    """Return tokens as the stacks read them."""
    return jnp.take(fused.table, tokens, axis=0) + jnp.take(fused.positions, places, axis=0)


def encode(fused: Fused, config: EncoderDecoder, tokens: Int[Array, "G S"]) -> Float[Array, "G S D"]:
    """Return the encoder's output, normalised."""
    x = embed(fused, tokens, jnp.arange(tokens.shape[1])[None])
    for layer in fused.encoder:
        query, key_value = _query_key_value(layer.self_attention, x, config.encoder)
        key_value = jnp.moveaxis(key_value, 1, 3).astype(fused.dtype)
        mixed = mix(jnp.swapaxes(query, 1, 2), key_value[:, 0], key_value[:, 1])
        x = _finish(layer.self_attention, x, jnp.swapaxes(mixed, 1, 2))
        x = layer.feed_forward(x)
    return rms_norm(x, fused.encoder_norm)


def source_of(fused: Fused, config: EncoderDecoder, encoded: Float[Array, "G S D"]) -> Source:
    """Return what the temporal layers attend to in the encoder's output."""

    def of(layer: Layer) -> Float[Array, "G 2 N S H"]:
        assert layer.cross_attention is not None, "temporal layers attend to the encoder"
        found = _split(project(encoded, layer.cross_attention.key_value), 2, config.temporal)
        return jnp.moveaxis(found, 1, 3).astype(fused.dtype)

    return tuple(of(layer) for layer in fused.temporal)


def empty(stack: Stack, streams: int, steps: int, dtype: jnp.dtype) -> Own:
    """Return a stack's keys and values before its first step."""
    return (jnp.zeros((streams, 2, stack.heads, steps, stack.head_width), dtype),) * stack.layers


def run_step(
    layers: tuple[Layer, ...],
    stack: Stack,
    bias: Float[Array, "N T"],
    x: Float[Array, "G D"],
    own: Own,
    source: Source | None,
    step: Int[Array, ""],
) -> tuple[Float[Array, "G D"], Own]:
    """Return a decoder stack's output for its step-th input, not normalised, and its keys and values with it.

    Args:
        bias: Of scores, by distance.
        source: For layers that attend to the encoder.
    """
    slots = jnp.arange(bias.shape[1])
    visible = (slots <= step)[None, None, None]
    by_slot = jnp.take(bias, jnp.maximum(step - slots, 0), axis=1)[None, :, None]
    after = []
    for index, (layer, ring) in enumerate(zip(layers, own, strict=True)):
        query, key_value = _query_key_value(layer.self_attention, x, stack)
        written = write(ring, key_value, step)
        x = _finish(layer.self_attention, x, attend_ring(query, written, visible, by_slot))
        if layer.cross_attention is not None and source is not None:
            cross, keys_values = layer.cross_attention, source[index]
            query = _split(project(rms_norm(x, cross.pre_norm), cross.query), 1, stack)[:, 0]
            x = _finish(cross, x, attend_ring(query, keys_values))
        x = layer.feed_forward(x)
        after.append(written)
    return x, tuple(after)


def logits(fused: Fused, x: Float[Array, "G D"], level: Int[Array, ""]) -> Float[Array, "G C"]:
    """Return the logits of one level; those of other tokens are never computed."""
    by_level = [partial(project, matrix=matrix) for matrix in fused.logits]
    found: Array = lax.switch(level, by_level, rms_norm(x, fused.decoder_norm))
    return found


def frame_input(
    fused: Fused, config: EncoderDecoder, previous: Int[Array, " K"], frame: Int[Array, ""]
) -> Float[Array, " D"]:
    """Return a frame as the temporal stack reads it: the mean of the codes before it, or the chunk's beginning."""
    steps = config.codes.steps
    before = previous + jnp.asarray(config.codes.offsets)
    places = jnp.maximum((frame - 1) * steps + 1 + jnp.arange(steps), 0)
    later = embed(fused, jnp.where(frame == 0, 0, before), jnp.where(frame == 0, 0, places))
    return jnp.mean(later, axis=0)


def code_input(
    fused: Fused, config: EncoderDecoder, code: Int[Array, ""], frame: Int[Array, ""], level: Int[Array, ""]
) -> Float[Array, " D"]:
    """Return the code of a frame's level as the depth stack reads it for the next level."""
    token = code + jnp.asarray(config.codes.offsets)[level]
    return embed(fused, token, frame * config.codes.steps + level + 1)
