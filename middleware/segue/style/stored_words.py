"""The word table as its file holds it, read without NumPy: which words count, and the direction of a phrase.

A check of rule files asks for no more, and loading NumPy would take as long as the rest of the check.

Dimensions: V rows, D embedding width.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from safetensors import deserialize

from segue.style.reading import WordReader, cancelled_words

PATH: Final = Path(__file__).parent.parent / "weights" / "words" / "table.safetensors"
_SCALE: Final = struct.Struct("<e")


@dataclass(frozen=True, kw_only=True)
class StoredTable:
    """A word table as its file holds it.

    Attributes:
        entries: V spellings; two words side by side are one entry with a space.
        dimension: D.
        rows: V * D signed bytes, row by row.
        scales: V half-precision numbers, the value of one step of a row.
        descriptors: Words for how music sounds, which "no" and "without" may leave out.
    """

    entries: tuple[str, ...]
    dimension: int
    rows: memoryview
    scales: bytearray
    descriptors: frozenset[str]

    def __post_init__(self) -> None:
        V, D = len(self.entries), self.dimension
        if len(self.rows) != V * D or len(self.scales) != V * _SCALE.size:
            found = f"{len(self.rows)} and {len(self.scales)}"
            raise ValueError(f"expected {V} rows of {D} bytes and {V} scales of {_SCALE.size}, got {found} bytes")

    @classmethod
    def read(cls, path: Path = PATH) -> StoredTable:
        """Read a word table.

        Raises:
            OSError: The file cannot be read.
            SafetensorError: It is no safetensors file.
            ValueError: It is no word table.
        """
        tensors = dict(deserialize(path.read_bytes()))  # type: ignore[no-untyped-call]
        missing = {"entries", "descriptors", "rows", "scales"} - tensors.keys()
        if missing:
            raise ValueError(f"{path}: not a word table, it lacks {', '.join(sorted(missing))}")
        return cls(
            entries=tuple(_lines(tensors["entries"]["data"])),
            dimension=tensors["rows"]["shape"][1],
            rows=memoryview(tensors["rows"]["data"]).cast("b"),
            scales=tensors["scales"]["data"],
            descriptors=frozenset(_lines(tensors["descriptors"]["data"])),
        )


def _lines(text: bytearray) -> list[str]:
    return text.decode("utf-8").split("\n")


class StoredWords:
    """Embeds phrases as the word encoder does. The last digits may differ from its float32 numbers."""

    def __init__(self, table: StoredTable | None = None) -> None:
        """Make a reader of phrases.

        Args:
            table: The shipped one by default.
        """
        self._table = StoredTable.read() if table is None else table
        self._reader = WordReader(self._table.entries, self._table.descriptors)

    def unknown_words(self, text: str) -> tuple[str, ...]:
        """Return the words of `text` that do not count, in order, as read (lower case, no accents)."""
        return self._reader.read(text).unknown

    def direction(self, text: str) -> list[float]:
        """Return the unit vector of a phrase, D numbers.

        Raises:
            ValueError: For one with no known word.
        """
        table, D = self._table, self._table.dimension
        total = [0.0] * D
        for row in self._reader.known_rows(text):
            (scale,) = _SCALE.unpack_from(table.scales, row * _SCALE.size)
            steps = table.rows[row * D : (row + 1) * D]
            total = [so_far + scale * step for so_far, step in zip(total, steps, strict=True)]
        length = math.hypot(*total)
        if length == 0.0:
            raise cancelled_words(text)
        return [value / length for value in total]
