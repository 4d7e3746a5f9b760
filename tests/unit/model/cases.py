"""Small models and conditioning for the tests of segue.model."""

from __future__ import annotations

from functools import cache, partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from segue.model.conditioning import FeatureFrames, Frames, TokenFrames, encode
from segue.model.config import NO_CODE, Depthformer, TokenConditioning
from segue.model.depthformer import extend, score
from segue.model.fused import Fused, fuse
from segue.model.generation import Generated, SamplingControls, generate
from segue.model.state import State, stack_rows, start
from segue.model.weights import random_weights

run_extend = jax.jit(extend, static_argnums=1)
run_score = jax.jit(score, static_argnums=1)
run_encode = jax.jit(encode, static_argnums=1)
# One program a model serves every test that wants logits: two rows, chunks of up to 40 frames.
TRACED_BATCH, TRACED_FRAMES = 2, 40
_traced = jax.jit(partial(generate, trace=True), static_argnums=1)


@cache
def tiny(config: Depthformer, seed: int = 3) -> Fused:
    weights = {name: jnp.asarray(value) for name, value in random_weights(config, seed).items()}
    return jax.jit(lambda stored: fuse(stored, config))(weights)


def frames_for(config: Depthformer, batch: int, length: int, seed: int = 0) -> Frames:
    """Conditioning that differs in every row and frame."""
    rng = np.random.default_rng(seed)
    shape = (batch, length)
    conditioning = config.conditioning
    if isinstance(conditioning, TokenConditioning):
        scales = [rng.integers(0, size, shape) for size in (41, 41, 9)]
        leaves: dict[str, Any] = {
            "style": rng.normal(size=(*shape, conditioning.style_width)).astype(np.float32),
            "notes": rng.integers(-1, 4, (*shape, 128)).astype(np.int32),
            "drums": rng.integers(-1, 2, shape).astype(np.int32),
            "scales": np.stack(scales, axis=-1).astype(np.int32),
        }
        return TokenFrames(**leaves)
    style = rng.normal(size=(*shape, conditioning.style_width))
    leaves = {
        "style": (style / np.linalg.norm(style, axis=-1, keepdims=True)).astype(np.float32),
        "style_given": np.ones(shape, bool),
        "beat_phase": rng.random(shape, dtype=np.float32),
        "bar_phase": rng.random(shape, dtype=np.float32),
        "log_tempo": rng.normal(size=shape).astype(np.float32) / 3,
        "clock_given": np.ones(shape, bool),
        "meter": rng.integers(2, 8, shape).astype(np.int32),
        "intensity": rng.random(shape, dtype=np.float32),
        "intensity_given": np.ones(shape, bool),
        "mode": rng.integers(-1, conditioning.modes, shape).astype(np.int32),
        "drums": rng.integers(-1, 2, shape).astype(np.int32),
    }
    return FeatureFrames(**leaves)


def opened(config: Depthformer, batch: int) -> State:
    return stack_rows(tuple(start(config, seed=row) for row in range(batch)))


def traced(
    fused: Fused, config: Depthformer, frames: Frames, length: int, *, temperature: float, guidance: float
) -> Generated:
    """Two generated rows from the start, with their logits, cut to `length` frames."""
    shape = (TRACED_BATCH, TRACED_FRAMES)

    def padded(leaf: np.ndarray) -> np.ndarray:
        return np.concatenate([leaf, np.repeat(leaf[:, -1:], TRACED_FRAMES - leaf.shape[1], axis=1)], axis=1)

    controls = SamplingControls(
        temperature=jnp.full(shape, temperature),
        guidance=jnp.full(shape, guidance),
        forced=jnp.full((*shape, config.codes.steps), NO_CODE),
    )
    state = opened(config, TRACED_BATCH)
    made = _traced(fused, config, state, jax.tree.map(padded, frames), controls, jnp.asarray(length))
    return made._replace(codes=made.codes[:, :length], logits=made.logits[:, :length])


def row_of(frames: Frames, row: int) -> Frames:
    return jax.tree.map(lambda leaf: leaf[row], frames)


def frames_between(frames: Frames, begin: int, end: int) -> Frames:
    return jax.tree.map(lambda leaf: leaf[:, begin:end], frames)
