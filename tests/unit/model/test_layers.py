"""Projections, norms and the feed-forward block against their formulas in float64."""

from __future__ import annotations

import math

import jax.numpy as jnp
import numpy as np

from segue.model.layers import EPSILON, FeedForward, LayerNorm, project, rms_norm

rng = np.random.default_rng(0)
X, MATRIX, SCALE, BIAS = rng.normal(size=(2, 3, 8)), rng.normal(size=(5, 8)), rng.random(8), rng.random(8)
# float32 rounding of values of order 1; measured 6e-7.
TOLERANCE = 4e-6


def f32(x: np.ndarray) -> jnp.ndarray:
    return jnp.asarray(x, jnp.float32)


def test_project_is_multiplication_by_the_transpose() -> None:
    assert np.abs(project(f32(X), f32(MATRIX)) - X @ MATRIX.T).max() < TOLERANCE


def test_project_takes_few_rows_and_many() -> None:
    for rows in (1, 2, 4, 5, 9):
        few = rng.normal(size=(rows, 8))
        assert np.abs(project(f32(few), f32(MATRIX)) - few @ MATRIX.T).max() < TOLERANCE


def test_project_sums_narrow_types_in_float32() -> None:
    ones = jnp.ones((1, 4_096), jnp.bfloat16)
    # bfloat16 sums would stop growing at 256.
    assert project(ones, ones)[0, 0] == 4_096
    assert project(ones, ones).dtype == jnp.float32


def test_rms_norm() -> None:
    expected = X / np.sqrt((X**2).mean(-1, keepdims=True) + EPSILON) * SCALE
    assert np.abs(rms_norm(f32(X), f32(SCALE)) - expected).max() < TOLERANCE


def test_layer_norm() -> None:
    centred = X - X.mean(-1, keepdims=True)
    expected = centred / np.sqrt(X.var(-1, keepdims=True) + EPSILON) * SCALE + BIAS
    assert np.abs(LayerNorm(f32(SCALE), f32(BIAS))(f32(X)) - expected).max() < TOLERANCE


def test_feed_forward() -> None:
    up, down, up_bias, down_bias = rng.normal(size=(6, 8)), rng.normal(size=(8, 6)), rng.random(6), rng.random(8)

    def norm(x: np.ndarray) -> np.ndarray:
        return x / np.sqrt((x**2).mean(-1, keepdims=True) + EPSILON) * SCALE

    hidden = norm(X) @ up.T + up_bias
    gelu = hidden / 2 * (1 + np.tanh(math.sqrt(2 / math.pi) * (hidden + 0.044715 * hidden**3)))
    expected = X + norm(gelu @ down.T + down_bias)
    block = FeedForward(
        pre_norm=f32(SCALE),
        up=f32(up),
        up_bias=f32(up_bias),
        down=f32(down),
        down_bias=f32(down_bias),
        post_norm=f32(SCALE),
    )
    assert np.abs(block(f32(X)) - expected).max() < TOLERANCE
