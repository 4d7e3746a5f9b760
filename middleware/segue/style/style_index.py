"""How near a text lies to each named style, without NumPy: the captions in the word table's space, stored.

`styles.safetensors` is made by `python -m segue.training.words.captions`. It holds the direction of each caption and
of the centre of each style's captions, 32 767 steps to 1. Sums are taken in one order, so that they are the same
everywhere.

Dimensions: M captions, N styles, D embedding width.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from operator import mul
from pathlib import Path
from typing import Final
from zlib import crc32

from safetensors import deserialize

from segue.style.points import POINTS

PATH: Final = Path(__file__).parent.parent / "weights" / "words" / "styles.safetensors"
CAPTIONS: Final = tuple(caption for style in POINTS.values() for caption in style.captions)
STEPS: Final = 32_767
# Share of the best caption's cosine in a likeness, the rest is the cosine with the captions' centre: the best alone
# is fooled by one shared word, the centre alone is deaf to captions that lie apart (a pirate ship, a coral reef).
BEST_SHARE: Final = 0.5
# Captions are compared for the styles whose centres are nearest; others cannot be the nearest style.
_COMPARED: Final = 40
_DIGITS: Final = 4


@dataclass(frozen=True, kw_only=True)
class StyleIndex:
    """The named styles as directions.

    Attributes:
        dimension: D.
        captions: M * D numbers of STEPS, in the order of CAPTIONS.
        centres: N * D numbers of STEPS, in the order of POINTS.
    """

    dimension: int
    captions: memoryview
    centres: memoryview

    @classmethod
    def load(cls, path: Path = PATH) -> StyleIndex:
        """Read the stored index.

        Raises:
            OSError: The file cannot be read.
            ValueError: It was made of other captions.
        """
        tensors = dict(deserialize(path.read_bytes()))  # type: ignore[no-untyped-call]
        (checksum,) = memoryview(tensors["checksum"]["data"]).cast("I")
        if checksum != captions_checksum():
            raise ValueError(f"{path}: made of other captions; run python -m segue.training.words.captions")
        return cls(
            dimension=tensors["captions"]["shape"][1],
            captions=memoryview(tensors["captions"]["data"]).cast("h"),
            centres=memoryview(tensors["centres"]["data"]).cast("h"),
        )

    def cosines(self, direction: Sequence[float] | None, wanted: Iterable[str] = ()) -> list[float]:
        """Return how near a unit vector lies to each of POINTS, N numbers in [-1, 1].

        Args:
            direction: D numbers; None is near nothing.
            wanted: Styles whose likeness is needed, however far they are.
        """
        if direction is None:
            return [0.0] * len(POINTS)
        near = self._products(self.centres, direction, range(len(POINTS)))
        compared = set(sorted(range(len(near)), key=lambda place: -near[place])[:_COMPARED])
        wanted = set(wanted)
        start = 0
        for place, style in enumerate(POINTS.values()):
            end = start + len(style.captions)
            if place in compared or style.name in wanted:
                best = max(self._products(self.captions, direction, range(start, end)))
                near[place] = BEST_SHARE * best + (1 - BEST_SHARE) * near[place]
            start = end
        return [round(cosine, _DIGITS) for cosine in near]

    def _products(self, rows: memoryview, direction: Sequence[float], places: range) -> list[float]:
        D = self.dimension
        return [sum(map(mul, direction, rows[place * D : (place + 1) * D])) / STEPS for place in places]


def captions_checksum() -> int:
    """Return a number that changes with any caption."""
    return crc32("\n".join(CAPTIONS).encode())
