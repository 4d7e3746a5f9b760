"""The fit of the audio tower, in NumPy: small networks from descriptors to the word table's space.

A row is drawn to the centre of its style's captions: the networks are trained so that of all named styles, and of the
twenty situations, the right one is the nearest. The heads are ridge regressions on what was played.

Dimensions: N rows, D descriptors, H hidden units, W width of the word table, S styles, K heads.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from segue.style.points import POINTS
from segue.style.situations import SITUATIONS
from segue.style.style_index import STEPS, StyleIndex
from segue.style.tower import CLIP, HEADS, Tower, unit
from segue.training.tower.lessons import TowerLesson

_STYLES: Final = tuple(POINTS)
# Drums that sound less often than this, in notes a second, may be one crash in the whole cut.
_SOME_DRUMS: Final = 0.5

Matrix = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class TowerRecipe:
    """Numbers of a fit."""

    networks: int = 3
    hidden: int = 256
    epochs: int = 50
    batch: int = 128
    learning_rate: float = 2e-3
    decay: float = 1e-2
    input_dropout: float = 0.4
    dropout: float = 0.5
    sharpness: float = 16.0
    situations: float = 1.0
    ridge: float = 1_000.0
    seed: int = 0


def centres() -> Matrix:
    """Return the directions of the styles' captions, float64 [S, W]."""
    index = StyleIndex.load()
    return unit(np.frombuffer(index.centres, np.int16).reshape(-1, index.dimension) / STEPS).astype(np.float64)


def head_targets(lesson: TowerLesson) -> tuple[Matrix, Matrix]:
    """Return what the heads are to say, and whether it is known (0 or 1), float64 [N, K] both."""
    targets, known = np.zeros((len(lesson.rows), len(HEADS))), np.zeros((len(lesson.rows), len(HEADS)))
    for row, label in enumerate(lesson.labels):
        targets[row] = (1 if label.drums_per_s >= _SOME_DRUMS else -1, np.log1p(label.notes_per_s))
        known[row] = (label.drums_per_s == 0 or label.drums_per_s >= _SOME_DRUMS, 1)
    return targets, known


def fit(lesson: TowerLesson, recipe: TowerRecipe) -> Tower:
    """Return a tower fitted to a lesson; equal lessons and recipes give equal towers on one machine."""
    rows = lesson.rows.astype(np.float64)
    mean, scale = rows.mean(axis=0), rows.std(axis=0) + 1e-3
    inputs = np.clip((rows - mean) / scale, -CLIP, CLIP)
    networks = [_network(inputs, lesson, recipe, recipe.seed + number) for number in range(recipe.networks)]
    hidden, hidden_bias, output, output_bias = (
        np.stack([network[part] for network in networks]).astype(np.float32) for part in range(4)
    )
    return Tower(
        mean=mean.astype(np.float32),
        scale=scale.astype(np.float32),
        hidden=hidden,
        hidden_bias=hidden_bias,
        output=output,
        output_bias=output_bias,
        heads=_heads(inputs, lesson, recipe.ridge).astype(np.float32),
        usual=_usual_notes(lesson),
    )


def _heads(inputs: Matrix, lesson: TowerLesson, penalty: float) -> Matrix:
    """Weights of the heads, float64 [D + 1, K], the last row their constants."""
    targets, known = head_targets(lesson)
    columns = []
    for head in range(len(HEADS)):
        seen, wanted = inputs[known[:, head] > 0], targets[known[:, head] > 0, head]
        # The inputs have a mean near 0, but not of the rows that are known.
        middle, constant = seen.mean(axis=0), wanted.mean()
        square = (seen - middle).T @ (seen - middle) + penalty * np.eye(inputs.shape[1])
        weights = np.linalg.solve(square, (seen - middle).T @ (wanted - constant))
        columns.append(np.append(weights, constant - middle @ weights))
    return np.stack(columns, axis=1)


def _usual_notes(lesson: TowerLesson) -> NDArray[np.float32]:
    """The logarithm of 1 + notes a second of each style, float32 [S]; of all renders for a style without any."""
    notes: dict[str, list[float]] = {}
    for label in lesson.labels:
        notes.setdefault(label.style, []).append(float(np.log1p(label.notes_per_s)))
    overall = float(np.mean([value for values in notes.values() for value in values]))
    return np.array([np.mean(notes.get(style, [overall])) for style in _STYLES], np.float32)


def _network(inputs: Matrix, lesson: TowerLesson, recipe: TowerRecipe, seed: int) -> list[Matrix]:
    """One network: hidden, hidden bias, output, output bias."""
    random = np.random.default_rng(seed)
    targets = centres()
    D, W = inputs.shape[1], targets.shape[1]
    classes = np.array([_STYLES.index(label.style) for label in lesson.labels])
    counts = np.bincount(classes, minlength=len(_STYLES))
    # Styles with few renders count more than their number, but not as much as those with many.
    weights = (1.0 / np.sqrt(np.maximum(1, counts)))[classes]
    weights /= weights.mean()
    weight = [
        random.normal(size=(D, recipe.hidden)) * np.sqrt(2.0 / D),
        np.zeros(recipe.hidden),
        random.normal(size=(recipe.hidden, W)) / np.sqrt(recipe.hidden),
        np.zeros(W),
    ]
    step = _Adam(weight, recipe)
    total = recipe.epochs * -(-len(inputs) // recipe.batch)
    for number, chosen in enumerate(_batches(len(inputs), recipe, random)):
        rate = recipe.learning_rate * 0.5 * (1.0 + np.cos(np.pi * number / total))
        keep_in = (random.random((len(chosen), D)) >= recipe.input_dropout) / (1.0 - recipe.input_dropout)
        keep = (random.random((len(chosen), recipe.hidden)) >= recipe.dropout) / (1.0 - recipe.dropout)
        seen = inputs[chosen] * keep_in
        before = seen @ weight[0] + weight[1]
        units = np.maximum(0.0, before) * keep
        out = units @ weight[2] + weight[3]
        slope = _embedding_slope(out, targets, classes[chosen], weights[chosen], recipe) / len(chosen)
        back = (slope @ weight[2].T) * keep * (before > 0)
        step([seen.T @ back, back.sum(axis=0), units.T @ slope, slope.sum(axis=0)], rate)
    return weight


def _batches(count: int, recipe: TowerRecipe, random: np.random.Generator) -> Iterator[NDArray[np.intp]]:
    for _ in range(recipe.epochs):
        order = random.permutation(count)
        for start in range(0, count, recipe.batch):
            yield order[start : start + recipe.batch]


def _embedding_slope(
    out: Matrix, targets: Matrix, classes: NDArray[np.intp], weights: Matrix, recipe: TowerRecipe
) -> Matrix:
    """The slope of the cross-entropy over all styles, and over the situations where it is one of them."""
    length = np.maximum(np.linalg.norm(out, axis=1, keepdims=True), 1e-6)
    direction = out / length
    cosines = direction @ targets.T
    slope = _softmax(recipe.sharpness * cosines)
    slope[np.arange(len(out)), classes] -= 1.0
    inside = classes < len(SITUATIONS)
    among = _softmax(recipe.sharpness * cosines[:, : len(SITUATIONS)])
    among[np.arange(len(out))[inside], classes[inside]] -= 1.0
    slope[:, : len(SITUATIONS)] += recipe.situations * among * inside[:, None]
    toward = recipe.sharpness * (weights[:, None] * slope) @ targets
    return np.asarray((toward - (toward * direction).sum(axis=1, keepdims=True) * direction) / length)


def _softmax(logits: Matrix) -> Matrix:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


class _Adam:
    """Adam with decoupled weight decay (Loshchilov & Hutter 2019), in place."""

    def __init__(self, weights: list[Matrix], recipe: TowerRecipe) -> None:
        self._weights, self._decay = weights, recipe.decay
        self._mean: list[Any] = [np.zeros_like(weight) for weight in weights]
        self._square: list[Any] = [np.zeros_like(weight) for weight in weights]
        self._count = 0

    def __call__(self, slopes: list[Matrix], rate: float) -> None:
        self._count += 1
        for weight, slope, mean, square in zip(self._weights, slopes, self._mean, self._square, strict=True):
            mean += 0.1 * (slope - mean)
            square += 0.001 * (slope**2 - square)
            fixed = mean / (1 - 0.9**self._count), square / (1 - 0.999**self._count)
            weight -= rate * (fixed[0] / (np.sqrt(fixed[1]) + 1e-8) + self._decay * weight)
