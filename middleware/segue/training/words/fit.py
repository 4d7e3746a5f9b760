"""Fits the rows of the word table: the sum of a phrase's rows approximates the teacher's embedding of it.

A row starts as the teacher's embedding of its piece alone, turned by one learned matrix and stretched by a learned
weight, so that pieces no phrase contains move with the others; a correction of its own is pulled toward zero.
Three losses: the cosine to the teacher, the same for the captions, and the cross-entropy of the phrase's situation.

Dimensions: V rows, D width, N phrases, B batch, T rows a phrase, C captions, S situations.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import ArrayLike
from numpy.typing import NDArray

from segue.style.style_index import BEST_SHARE

Parameters = dict[str, Array]
# Of the softened maximum over a situation's captions; at 30 it is within 0.02 of the maximum.
_SOFTNESS = 30.0


@dataclass(frozen=True, kw_only=True)
class WordRecipe:
    """How to fit.

    Attributes:
        situation_loss, caption_loss, correction_loss: Weights beside the cosine loss of 1.
        temperature: Factor of the similarity before the softmax over situations. learning_rate decays as a cosine to 0.
    """

    epochs: int = 8
    batch: int = 512
    learning_rate: float = 3e-3
    situation_loss: float = 0.3
    caption_loss: float = 0.1
    correction_loss: float = 1e-3
    temperature: float = 15.0
    seed: int = 7


@dataclass(frozen=True, kw_only=True)
class WordLesson:
    """What to learn.

    Attributes:
        start: float32 [V, D], zeros for pairs.
        phrases: int32 [N, T], padded with V.
        targets: float32 [N, D], unit.
        situations: int32 [N], -1 for none.
        captions: int32 [C, T] with caption_targets [C, D] and owners [C], the situation of each.
    """

    start: NDArray[np.float32]
    phrases: NDArray[np.int32]
    targets: NDArray[np.float32]
    situations: NDArray[np.int32]
    captions: NDArray[np.int32]
    caption_targets: NDArray[np.float32]
    owners: NDArray[np.int32]


def pad(readings: Sequence[Sequence[int]], *, padding: int, length: int = 32) -> NDArray[np.int32]:
    """Readings as one array [N, length]; longer ones are cut."""
    result = np.full((len(readings), length), padding, dtype=np.int32)
    for row, reading in enumerate(readings):
        cut = reading[:length]
        result[row, : len(cut)] = cut
    return result


def _rows(parameters: Parameters, start: Array) -> Array:
    rows = jnp.exp(parameters["weight"])[:, None] * (start @ parameters["turn"]) + parameters["correction"]
    return jnp.concatenate([rows, jnp.zeros((1, rows.shape[1]))])


def _embed(rows: Array, phrases: ArrayLike) -> Array:
    total = rows[jnp.asarray(phrases)].sum(1)
    return jnp.asarray(total / (jnp.linalg.norm(total, axis=-1, keepdims=True) + 1e-6))


def _similarity(embeddings: Array, captions: Array, owned: Array) -> Array:
    """segue.style.situations.similarities with a softened maximum: [B, S].

    Args:
        owned: Float [S, C], 1 where it owns.
    """
    cosines = embeddings @ captions.T
    hard = jnp.where(owned[None] > 0, _SOFTNESS * cosines[:, None, :], -jnp.inf)
    best = (jax.nn.logsumexp(hard, -1) - jnp.log(owned.sum(-1))) / _SOFTNESS
    centres = owned @ captions
    middle = embeddings @ (centres / jnp.linalg.norm(centres, axis=-1, keepdims=True)).T
    return jnp.asarray(BEST_SHARE * best + (1.0 - BEST_SHARE) * middle)


def _adam_step(loss: Callable[..., Array]) -> Callable[..., tuple[Parameters, tuple[Parameters, Parameters]]]:
    """One step of Adam (Kingma & Ba 2015, algorithm 1); second moments decay by 0.99, for a fit of few steps."""

    def step(
        parameters: Parameters,
        moments: tuple[Parameters, Parameters],
        count: float,
        rate: float,
        inputs: tuple[NDArray[np.generic], ...],
    ) -> tuple[Parameters, tuple[Parameters, Parameters]]:
        gradients = jax.grad(loss)(parameters, *inputs)
        first = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, moments[0], gradients)
        second = jax.tree.map(lambda v, g: 0.99 * v + 0.01 * g * g, moments[1], gradients)
        gain, spread = 1.0 / (1.0 - 0.9**count), 1.0 / (1.0 - 0.99**count)
        moved = jax.tree.map(
            lambda p, m, v: p - rate * gain * m / (jnp.sqrt(spread * v) + 1e-8), parameters, first, second
        )
        return moved, (first, second)

    return step


def fit(lesson: WordLesson, recipe: WordRecipe) -> NDArray[np.float32]:
    """The fitted rows, float32 [V, D]. Deterministic for a seed and a machine."""
    V, D = lesson.start.shape
    start = jnp.asarray(lesson.start)
    owned = jax.nn.one_hot(lesson.owners, int(lesson.owners.max()) + 1).T

    def loss(parameters: Parameters, phrases: Array, targets: Array, situations: Array) -> Array:
        rows = _rows(parameters, start)
        embeddings, captions = _embed(rows, phrases), _embed(rows, lesson.captions)
        likelihood = jax.nn.log_softmax(recipe.temperature * _similarity(embeddings, captions, owned))
        own = jnp.take_along_axis(likelihood, jnp.maximum(situations, 0)[:, None], 1)[:, 0]
        corrections = jnp.concatenate([parameters["correction"], jnp.zeros((1, D))])[phrases]
        return (
            (1.0 - (embeddings * targets).sum(-1)).mean()
            + recipe.situation_loss * -jnp.where(situations >= 0, own, 0.0).mean()
            + recipe.caption_loss * (1.0 - (captions * lesson.caption_targets).sum(-1)).mean()
            + recipe.correction_loss * (corrections**2).sum((1, 2)).mean()
        )

    parameters = {"turn": jnp.eye(D), "weight": jnp.zeros(V), "correction": jnp.zeros((V, D))}
    order = np.random.default_rng(recipe.seed)
    steps = len(lesson.phrases) // recipe.batch
    update = jax.jit(_adam_step(loss))
    moments = (jax.tree.map(jnp.zeros_like, parameters), jax.tree.map(jnp.zeros_like, parameters))
    done = 0
    for _ in range(recipe.epochs):
        shuffled = order.permutation(len(lesson.phrases))
        for batch in shuffled[: steps * recipe.batch].reshape(steps, recipe.batch):
            done += 1
            rate = recipe.learning_rate * 0.5 * (1.0 + np.cos(np.pi * done / (steps * recipe.epochs)))
            inputs = (lesson.phrases[batch], lesson.targets[batch], lesson.situations[batch])
            parameters, moments = update(parameters, moments, float(done), float(rate), inputs)
    return np.asarray(_rows(parameters, start)[:V])
