"""The training form: packed codes, gradients, dropped conditioning, and a loss that falls."""

from __future__ import annotations

import math
from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from heavy import heavily
from segue.model.config import END_OF_FRAME, MRT2_TINY, NO_CODE, SEGUE_TINY, Depthformer
from segue.model.state import stack_rows, start
from segue.model.weights import initial_weights, random_weights
from segue.training.language_model import Batch, Dropout, capacity_for, drop_conditioning, nats_per_frame, pack

from .cases import frames_for, run_score, tiny

BATCH, LENGTH = 2, 16


def event_codes(seed: int) -> np.ndarray:
    """Frames of 0 to max_events random events."""
    rng, layout = np.random.default_rng(seed), SEGUE_TINY.codes
    codes = np.full((BATCH, LENGTH, layout.steps), NO_CODE, np.int32)
    for frame in codes.reshape(-1, layout.steps):
        events = rng.integers(0, layout.max_events + 1)
        for step in range(events * layout.num_codebooks):
            book = layout.codebook(step)
            frame[step] = rng.integers(1 if book == 0 else 0, layout.cardinalities[book])
        frame[events * layout.num_codebooks] = END_OF_FRAME
    return codes


def batch_for(config: Depthformer, seed: int = 0) -> Batch:
    frames = jax.tree.map(jnp.asarray, frames_for(config, BATCH, LENGTH, seed))
    if config.codes.ends_early:
        codes = event_codes(seed)
        packed = pack(codes, config.codes, capacity_for(codes, config.codes, 32))
        return Batch(jnp.asarray(codes), frames, jax.tree.map(jnp.asarray, packed))
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, config.codes.cardinalities[0], (BATCH, LENGTH, config.codes.steps))
    return Batch(jnp.asarray(codes, jnp.int32), frames, None)


def one_layer(config: Depthformer) -> Depthformer:
    """Each stack cut to one layer: gradients take long to compile."""
    return replace(config, temporal=replace(config.temporal, layers=1), depth=replace(config.depth, layers=1))


def stored(config: Depthformer) -> dict[str, jax.Array]:
    return {name: jnp.asarray(value) for name, value in random_weights(config, 3).items()}


def test_packing_keeps_every_code_that_is_chosen_once() -> None:
    codes, layout = event_codes(1), SEGUE_TINY.codes
    packed = pack(codes, layout, capacity_for(codes, layout, 32))
    rebuilt = np.full_like(codes, NO_CODE)
    for row in range(BATCH):
        real = packed.real[row]
        rebuilt[row, packed.frame[row, real], packed.step[row, real]] = packed.code[row, real]
        later = real & (packed.step[row] > 0)
        before = codes[row, packed.frame[row, later], packed.step[row, later] - 1]
        np.testing.assert_array_equal(packed.previous[row, later], before)
    np.testing.assert_array_equal(rebuilt[..., :-1], codes[..., :-1])
    assert (rebuilt[..., -1] == NO_CODE).all()
    assert (codes[..., -1] == END_OF_FRAME).any()


def test_packing_refuses_too_small_a_capacity() -> None:
    codes = event_codes(1)
    with pytest.raises(ValueError, match=r"capacity: a row holds .* codes, got room for 8"):
        pack(codes, SEGUE_TINY.codes, 8)


@pytest.mark.parametrize("config", [SEGUE_TINY, *heavily(MRT2_TINY)], ids=lambda config: config.name)
def test_the_loss_is_that_of_teacher_forced_logits(config: Depthformer) -> None:
    single, batch = replace(config, streams=1), batch_for(config)
    state = stack_rows((start(single, seed=0),) * BATCH)
    steps = run_score(tiny(config), single, state, batch.codes, batch.frames)
    total = 0.0
    for step, logits in enumerate(steps[:-1] if config.codes.ends_early else steps):
        code = np.asarray(batch.codes[..., step])
        nats = np.asarray(jax.nn.log_softmax(logits[:, 0]))
        chosen = np.take_along_axis(nats, np.maximum(code, 0)[..., None], axis=-1)[..., 0]
        total -= chosen[code != NO_CODE].sum(dtype=np.float64)
    loss = jax.jit(nats_per_frame, static_argnums=1)(stored(config), config, batch)
    assert loss == pytest.approx(total / (BATCH * LENGTH), rel=1e-5)


@pytest.mark.parametrize("config", [SEGUE_TINY, *heavily(MRT2_TINY)], ids=lambda config: config.name)
def test_every_weight_has_a_finite_gradient(config: Depthformer) -> None:
    config = one_layer(config)

    def loss(weights: dict[str, jax.Array], batch: Batch) -> jax.Array:
        return nats_per_frame(weights, config, batch, dropout=Dropout(), key=jax.random.key(1))

    gradients = jax.jit(jax.grad(loss))(stored(config), batch_for(config))
    for name, gradient in gradients.items():
        assert np.isfinite(gradient).all(), name
        # What nobody gave, and styles given as vectors, meet no table; the rest must be reached.
        if "style" not in name and "mulan" not in name and "none" not in name:
            assert np.abs(gradient).max() > 0, name


def test_dropped_conditioning_is_dropped_by_rows() -> None:
    config, rows = SEGUE_TINY, 400
    frames = jax.tree.map(jnp.asarray, frames_for(config, rows, 3))
    given = drop_conditioning(tiny(config), config, frames, Dropout(style=0.3, drums=0.0), jax.random.key(0))
    kept = np.asarray(given.style_given)
    assert (kept == kept[:, :1]).all()
    # Five standard deviations of a share of 0.3.
    assert abs((~kept[:, 0]).mean() - 0.3) < 5 * math.sqrt(0.3 * 0.7 / rows)
    np.testing.assert_array_equal(given.drums, frames.drums)
    assert (np.asarray(given.clock_given)[:, 0] != kept[:, 0]).any()


def test_dropped_tokens_are_those_for_not_given() -> None:
    frames = jax.tree.map(jnp.asarray, frames_for(MRT2_TINY, 50, 2))
    given = drop_conditioning(tiny(MRT2_TINY), MRT2_TINY, frames, Dropout(notes=0.5), jax.random.key(0))
    notes = np.asarray(given.notes)
    gone = (notes == -1).all(axis=(1, 2))
    assert 10 < gone.sum() < 40
    np.testing.assert_array_equal(notes[~gone], np.asarray(frames.notes)[~gone])


def test_impossible_dropout_is_refused() -> None:
    with pytest.raises(ValueError, match=r"clock: expected a probability below 1, got 1\.0"):
        Dropout(clock=1.0)


@pytest.mark.heavy
def test_the_loss_falls_on_a_toy_corpus() -> None:
    """A phrase that repeats every four frames is learned from chance to near certainty."""
    config = one_layer(SEGUE_TINY)
    phrase = np.array(
        [
            [3, 5, 2, 0, -1, -1, -1, -1, -1, -1],
            [0, -1, -1, -1, -1, -1, -1, -1, -1, -1],
            [3, 7, 2, 4, 1, 9, 0, -1, -1, -1],
            [0, -1, -1, -1, -1, -1, -1, -1, -1, -1],
        ],
        np.int32,
    )
    codes = np.tile(phrase, (BATCH, LENGTH // 4, 1))
    packed = pack(codes, config.codes, capacity_for(codes, config.codes, 32))
    frames = jax.tree.map(jnp.asarray, frames_for(config, BATCH, LENGTH))
    batch = Batch(jnp.asarray(codes), frames, jax.tree.map(jnp.asarray, packed))

    @jax.jit
    def step(carry, _):
        weights, speed = carry
        loss, gradient = jax.value_and_grad(nats_per_frame)(weights, config, batch)
        speed = jax.tree.map(lambda s, g: 0.9 * s + 0.1 * jnp.sign(g), speed, gradient)
        weights = jax.tree.map(lambda w, s: w - 3e-3 * s, weights, speed)
        return (weights, speed), loss

    weights = initial_weights(config, jax.random.key(0))
    _, losses = jax.lax.scan(step, (weights, jax.tree.map(jnp.zeros_like, weights)), None, 120)
    assert losses[0] > 4.0
    assert losses[-1] < 0.15 * losses[0]
