"""How often the tower finds the right situation, and counts right, on renders that it was not trained on."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from segue.style.situations import SITUATIONS, similarities
from segue.style.tower import HEADS, Tower
from segue.style.word_table import WordEncoder
from segue.training.tower.fit import head_targets
from segue.training.tower.lessons import TowerLesson


@cache
def _encoder() -> WordEncoder:
    return WordEncoder()


def ranks(tower: Tower, lesson: TowerLesson) -> NDArray[np.intp]:
    """Return at which place each row's situation comes among the twenty, 0 the nearest; -1 for other styles."""
    found = []
    for embedding, label in zip(tower.hear(lesson.rows).embeddings, lesson.labels, strict=True):
        if label.style not in SITUATIONS:
            found.append(-1)
            continue
        order = np.argsort(-similarities(_encoder(), embedding), kind="stable")
        found.append(int(np.flatnonzero(order == SITUATIONS.index(label.style))[0]))
    return np.array(found)


def table(tower: Tower, lesson: TowerLesson) -> list[str]:
    """Return the figures of a test as lines of a Markdown table, for each font, as rendered and damaged."""
    lines = [
        "| font | renders | count | top-1 | top-3 | drums right | notes a second, off by |",
        "|---|---|---|---|---|---|---|",
    ]
    fonts, places, heads = lesson.fonts(), ranks(tower, lesson), tower.hear(lesson.rows).heads
    targets, known = head_targets(lesson)
    for font in sorted(set(fonts)):
        for name, clean in (("as rendered", True), ("damaged", False)):
            chosen = (fonts == font) & (lesson.clean == clean) & (places >= 0)
            if not chosen.any():
                continue
            k = HEADS.index("drums")
            right = np.mean((heads[chosen, k] > 0) == (targets[chosen, k] > 0), where=known[chosen, k] > 0)
            off = 2.0 ** np.median(np.abs(heads[chosen, -1] - targets[chosen, -1]) / np.log(2.0))
            first, three = np.mean(places[chosen] == 0), np.mean(places[chosen] < 3)
            figures = f"{first:.2f} | {three:.2f} | {right:.2f} | × {off:.2f}"
            lines.append(f"| {font} | {name} | {chosen.sum()} | {figures} |")
    return lines
