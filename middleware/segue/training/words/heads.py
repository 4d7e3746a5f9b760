"""Compares ways to read numbers from a text's embedding: `python -m segue.training.words.heads`.

The nearest named style, the mean of the near ones that segue.style.reader takes, and ridge regressions trained on all
captions, and on captions and names. The judge is styles.yaml, sentences of another kind, each with the styles that it
may mean: the error on an axis is the distance to the nearest of those, in shares of the axis' range. Also printed: how
often the nearest style, or one of the three nearest, is accepted. The result is in segue/weights/words/WORDS.md.

Dimensions: N training texts, Q sentences, D embedding width, A axes.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
import yaml
from numpy.typing import NDArray

from segue.style.phrases import plain_text
from segue.style.points import POINTS
from segue.style.text_reader import blended, near_styles, text_reader
from segue.style.word_table import WordEncoder
from segue.style_profile import RANGES, StyleProfile

SENTENCES: Final = Path(__file__).with_name("styles.yaml")
AXES: Final = ("tempo_bpm", "density", "register", "articulation", "room", "width", "valence", "arousal", "tension")
PENALTIES: Final = (1.0, 10.0, 30.0)


def places(profile: StyleProfile) -> NDArray[np.float64]:
    """Return where a profile lies on AXES, float64 [A] in [0, 1]."""
    return np.array([RANGES[axis].position(getattr(profile, axis)) for axis in AXES])


def ridge(
    inputs: NDArray[np.float64], targets: NDArray[np.float64], queries: NDArray[np.float64], penalty: float
) -> NDArray[np.float64]:
    """Return predictions [Q, A] for queries [Q, D] after training on inputs [N, D] and targets [N, A]."""
    mean = targets.mean(axis=0)
    square = inputs.T @ inputs + penalty * np.eye(inputs.shape[1])
    return np.asarray(queries @ np.linalg.solve(square, inputs.T @ (targets - mean)) + mean)


def error(predicted: Sequence[NDArray[np.float64]], accepted: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Return the mean distance to the nearest accepted value of each axis, float64 [A]."""
    nearest = [np.abs(right - found).min(axis=0) for found, right in zip(predicted, accepted, strict=True)]
    return np.asarray(np.mean(nearest, axis=0))


def main() -> None:
    """The command."""
    encoder = WordEncoder()
    rows = yaml.safe_load(SENTENCES.read_text(encoding="utf-8"))
    accepted = [np.array([places(POINTS[name].profile) for name in row["accept"]]) for row in rows]
    queries = np.array([encoder.embed_text(plain_text(row["text"])) for row in rows], dtype=np.float64)
    near = [near_styles(text_reader().index.cosines(query.tolist())) for query in queries]
    ranks = [[style.name for style in found] for found in near]
    first = np.mean([rank[0] in row["accept"] for rank, row in zip(ranks, rows, strict=True)])
    three = np.mean([not set(rank[:3]).isdisjoint(row["accept"]) for rank, row in zip(ranks, rows, strict=True)])
    print(f"{len(rows)} sentences, {len(POINTS)} styles: nearest accepted {first:.3f}, one of three {three:.3f}")
    captions, names = [], []
    for style in POINTS.values():
        captions += [(encoder.embed_text(plain_text(caption)), places(style.profile)) for caption in style.captions]
        for name in style.names:
            try:
                names.append((encoder.embed_text(name), places(style.profile)))
            except ValueError:
                continue
    results = {
        "nearest style": error([places(next(iter(found)).profile) for found in near], accepted),
        "near styles": error([places(blended(next(iter(found)), found)) for found in near], accepted),
    }
    for what, lesson in (("captions", captions), ("captions and names", captions + names)):
        inputs = np.array([embedding for embedding, _ in lesson], dtype=np.float64)
        targets = np.array([target for _, target in lesson])
        for penalty in PENALTIES:
            found = ridge(inputs, targets, queries, penalty)
            results[f"ridge {penalty:g}, {what}"] = error(list(found), accepted)
    print("| error, share of range | mean | " + " | ".join(AXES) + " |")
    print("|---" * (2 + len(AXES)) + "|")
    for label, errors in results.items():
        print(f"| {label} | {errors.mean():.4f} | " + " | ".join(f"{value:.3f}" for value in errors) + " |")


if __name__ == "__main__":
    main()
