"""Windowed attention against a dense float64 reference, in block and in ring form."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.typing import NDArray

from heavy import heavily
from segue.model.attention import attend_block, attend_ring, close_ring, open_ring, visible_slots, write

ROWS, HEADS, WIDTH, SINKS, WINDOW = 2, 3, 4, 1, 5
# float32 rounding of sums of at most 2 * WINDOW + 1 products; measured 4e-7.
TOLERANCE = 5e-6
Values = NDArray[np.float64]


def random(*shape: int, seed: int = 0) -> Values:
    return np.random.default_rng([seed, *shape]).normal(size=shape)


def reference(
    queries: Values, keys_values: Values, sinks: Values | None, first: NDArray[np.int64], window: int
) -> Values:
    """Each query over the frames first[row] .. own, at most `window` of them, one softmax at a time."""
    rows, length, heads, _ = queries.shape
    offset = keys_values.shape[1] - length
    out = np.zeros_like(queries)
    for row in range(rows):
        for t in range(length):
            own = offset + t
            seen = slice(max(own - window + 1, first[row]), own + 1)
            for head in range(heads):
                keys, values = keys_values[row, seen, 0, head], keys_values[row, seen, 1, head]
                if sinks is not None:
                    keys = np.concatenate([sinks[0, head], keys])
                    values = np.concatenate([sinks[1, head], values])
                weights = np.exp(keys @ queries[row, t, head])
                out[row, t, head] = weights @ values / weights.sum()
    return out


def past_from(keys_values: Values, window: int) -> jax.Array:
    """The last `window` frames as a past, zeros where there were fewer."""
    padded = np.concatenate([np.zeros((ROWS, window, *keys_values.shape[2:])), keys_values], axis=1)
    return jnp.asarray(np.moveaxis(padded[:, -window:], 1, 3), jnp.float32)


@pytest.mark.parametrize("length", [1, 3, 6, 17])
@pytest.mark.parametrize("before", [0, 9, *heavily(2)])
@pytest.mark.parametrize("with_sinks", [True, False])
def test_block_form_equals_dense_attention(length: int, before: int, with_sinks: bool) -> None:
    queries = random(ROWS, length, HEADS, WIDTH)
    keys_values = random(ROWS, before + length, 2, HEADS, WIDTH, seed=1)
    sinks = random(2, HEADS, SINKS, WIDTH, seed=2) if with_sinks else None
    mixed, after = attend_block(
        jnp.asarray(queries, jnp.float32),
        jnp.asarray(keys_values[:, before:], jnp.float32),
        past_from(keys_values[:, :before], WINDOW),
        jnp.full(ROWS, min(before, WINDOW)),
        None if sinks is None else jnp.asarray(sinks, jnp.float32),
    )
    expected = reference(queries, keys_values, sinks, np.zeros(ROWS, np.int64), WINDOW)
    assert np.abs(mixed - expected).max() < TOLERANCE
    np.testing.assert_array_equal(after, past_from(keys_values, WINDOW))


def test_rows_may_have_seen_different_numbers_of_frames() -> None:
    queries, keys_values = random(ROWS, 4, HEADS, WIDTH), random(ROWS, WINDOW + 4, 2, HEADS, WIDTH, seed=1)
    sinks = random(2, HEADS, SINKS, WIDTH, seed=2)
    seen = np.array([1, 3])
    mixed, _ = attend_block(
        jnp.asarray(queries, jnp.float32),
        jnp.asarray(keys_values[:, WINDOW:], jnp.float32),
        past_from(keys_values[:, :WINDOW], WINDOW),
        jnp.asarray(seen),
        jnp.asarray(sinks, jnp.float32),
    )
    expected = reference(queries, keys_values, sinks, WINDOW - seen, WINDOW)
    assert np.abs(mixed - expected).max() < TOLERANCE


def test_segments_see_only_themselves() -> None:
    lengths = (2, 1, 4, 3)
    queries = random(ROWS, sum(lengths), HEADS, WIDTH)
    keys_values = random(ROWS, sum(lengths), 2, HEADS, WIDTH, seed=1)
    segments = np.broadcast_to(np.repeat(np.arange(4), lengths), (ROWS, sum(lengths)))
    mixed, _ = attend_block(
        jnp.asarray(queries, jnp.float32),
        jnp.asarray(keys_values, jnp.float32),
        jnp.ones((ROWS, 2, HEADS, WINDOW, WIDTH)),
        jnp.zeros(ROWS, jnp.int32),
        None,
        jnp.asarray(segments),
    )
    begin = 0
    for length in lengths:
        part = slice(begin, begin + length)
        expected = reference(queries[:, part], keys_values[:, part], None, np.zeros(ROWS, np.int64), WINDOW)
        assert np.abs(mixed[:, part] - expected).max() < TOLERANCE
        begin += length


@pytest.mark.parametrize("before", [0, 2, 9])
def test_ring_form_equals_block_form_frame_by_frame(before: int) -> None:
    length = 3 * WINDOW + 2
    queries = jnp.asarray(random(ROWS, length, HEADS, WIDTH), jnp.float32)
    history = random(ROWS, before + length, 2, HEADS, WIDTH, seed=1)
    keys_values = jnp.asarray(history[:, before:], jnp.float32)
    sinks = jnp.asarray(random(2, HEADS, SINKS, WIDTH, seed=2), jnp.float32)
    past, seen = past_from(history[:, :before], WINDOW), jnp.full(ROWS, min(before, WINDOW))
    expected, after = attend_block(queries, keys_values, past, seen, sinks)
    ring = open_ring(past, sinks)
    for t in range(length):
        frame = jnp.asarray(t)
        ring = write(ring, keys_values[:, t], SINKS + frame % WINDOW)
        mixed = attend_ring(queries[:, t], ring, visible_slots(frame, seen, WINDOW, SINKS))
        assert np.abs(mixed - expected[:, t]).max() < TOLERANCE
    np.testing.assert_array_equal(close_ring(ring, SINKS, jnp.asarray(length)), after)
