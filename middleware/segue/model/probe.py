"""A model with made-up weights and conditioning, for measuring speed: made on the device, in seconds at any size."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Int

from .conditioning import FeatureFrames, Frames, TokenFrames
from .config import END_OF_FRAME, NO_CODE, Depthformer, TokenConditioning
from .fused import Fused, fuse
from .weights import initial_weights


def probe_weights(config: Depthformer, dtype: jnp.dtype) -> Fused:
    """Weights of the right shapes and sizes; every matrix its own memory, no two entries alike."""
    shape = jax.eval_shape(lambda key: fuse(initial_weights(config, key), config, dtype), jax.random.key(0))

    @jax.jit
    def made() -> Fused:
        leaves, tree = jax.tree.flatten(shape)
        filled = []
        for index, leaf in enumerate(leaves):
            if leaf.ndim == 1:
                filled.append(jnp.ones(leaf.shape, leaf.dtype))
                continue
            place = jnp.arange(leaf.size, dtype=jnp.uint32) * jnp.uint32(2_654_435_761) + jnp.uint32(index)
            spread = (place >> 8).astype(jnp.float32) / 2**24 - 0.5
            filled.append((spread * (3.0 / leaf.shape[-1]) ** 0.5).reshape(leaf.shape).astype(leaf.dtype))
        return jax.tree.unflatten(tree, filled)

    return jax.block_until_ready(made())


def probe_frames(config: Depthformer, batch: int, frames: int) -> Frames:
    """Plain conditioning: one style, 4/4 at 120 bpm, nothing forbidden."""
    shape, conditioning = (batch, frames), config.conditioning
    ones, yes = jnp.ones(shape), jnp.ones(shape, bool)
    whole = jnp.ones(shape, jnp.int32)
    if isinstance(conditioning, TokenConditioning):
        return TokenFrames(
            style=jnp.ones((*shape, conditioning.style_width)),
            notes=jnp.full((*shape, conditioning.NOTES), -1),
            drums=-whole,
            scales=jnp.ones((*shape, 3), jnp.int32),
        )
    beat = jnp.broadcast_to(jnp.arange(frames) * 0.08 % 1.0, shape)
    return FeatureFrames(
        style=jnp.full((*shape, conditioning.style_width), conditioning.style_width**-0.5),
        style_given=yes,
        beat_phase=beat,
        bar_phase=beat / 4,
        log_tempo=0 * ones,
        clock_given=yes,
        meter=4 * whole,
        intensity=0.5 * ones,
        intensity_given=yes,
        mode=whole,
        drums=whole,
    )


# Codes in the frames that `probe_codes` forces: half hold END_OF_FRAME alone, half one event and END_OF_FRAME.
EVENT_FRAME_CODES = 2.5


def probe_codes(config: Depthformer, batch: int, frames: int) -> Int[Array, "B T K"]:
    """Codes to force while measuring: for events, whose frames made-up weights would not end, as above."""
    codes = np.full((batch, frames, config.codes.steps), NO_CODE, np.int32)
    if config.codes.ends_early:
        codes[:, ::2, 0] = END_OF_FRAME
        codes[:, 1::2, : config.codes.num_codebooks] = 1
        codes[:, 1::2, config.codes.num_codebooks] = END_OF_FRAME
    return jnp.asarray(codes)
