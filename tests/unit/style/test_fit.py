"""The fit of the word table's rows: it approaches the teacher and is deterministic."""

from __future__ import annotations

import numpy as np

from segue.training.words.fit import WordLesson, WordRecipe, fit, pad

V, D, N = 12, 6, 64


def lesson() -> WordLesson:
    """Phrases of two words whose teacher gives each word a hidden direction and weight that the start lacks."""
    random = np.random.default_rng(5)
    hidden = random.normal(size=(V + 1, D)).astype(np.float32)
    hidden[V] = 0.0
    phrases = pad(random.integers(V, size=(N, 2)).tolist(), padding=V, length=3)
    targets = hidden[phrases].sum(axis=1)
    targets /= np.linalg.norm(targets, axis=1, keepdims=True)
    return WordLesson(
        start=random.normal(size=(V, D)).astype(np.float32),
        phrases=phrases,
        targets=targets,
        situations=np.full(N, -1, np.int32),
        captions=phrases[:4],
        caption_targets=targets[:4],
        owners=np.array([0, 0, 1, 1], np.int32),
    )


def agreement(rows: np.ndarray, material: WordLesson) -> float:
    """Mean cosine of the summed rows with the targets."""
    total = np.concatenate([rows, np.zeros((1, D), np.float32)])[material.phrases].sum(axis=1)
    return float((total / np.linalg.norm(total, axis=1, keepdims=True) * material.targets).sum(axis=1).mean())


def test_the_fit_learns_the_teacher_and_repeats_byte_for_byte() -> None:
    material = lesson()
    recipe = WordRecipe(epochs=60, batch=16, learning_rate=0.05)
    rows = fit(material, recipe)
    assert agreement(material.start, material) < 0.3
    assert agreement(rows, material) > 0.95
    assert rows.tobytes() == fit(material, recipe).tobytes()
