"""The word table: a phrase to its style embedding by adding up rows, in NumPy alone.

A row belongs to a word piece ("##s"), a whole word ("darbuka") or two words side by side ("heavy metal"), and is a
direction times a weight: an "of" is short, a "dragon" long. A phrase is the sum of its rows made unit length. The
rows are distilled from a sentence encoder by segue.training.words.distil; its card is segue/weights/words/WORDS.md.

Dimensions: V rows, D embedding width.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from safetensors import safe_open
from safetensors.numpy import save_file

from segue.contract import Samples
from segue.style.reading import WordReader, cancelled_words
from segue.style.stored_words import PATH, StoredTable


@dataclass(frozen=True, kw_only=True)
class WordTable:
    """The table as stored.

    Attributes:
        entries: V spellings; two words side by side are one entry with a space.
        rows: int8 [V, D].
        scales: float16 [V], the value of one step of a row.
        descriptors: Words for how music sounds, which "no" and "without" may leave out.
        about: Where the table comes from, for cards and reports.
    """

    entries: tuple[str, ...]
    rows: NDArray[np.int8]
    scales: NDArray[np.float16]
    descriptors: frozenset[str]
    about: Mapping[str, object]

    def __post_init__(self) -> None:
        V = len(self.entries)
        if self.rows.ndim != 2 or len(self.rows) != V or self.scales.shape != (V,):
            raise ValueError(f"expected {V} rows and scales, got {self.rows.shape} and {self.scales.shape}")
        if not np.isfinite(self.scales).all():
            raise ValueError("scales: not finite")

    @classmethod
    def load(cls, path: Path = PATH) -> WordTable:
        """Read a table.

        Raises:
            OSError: If the file cannot be read.
            ValueError: For a file that is not a word table.
        """
        stored = StoredTable.read(path)
        with safe_open(path, framework="numpy") as file:
            about = json.loads((file.metadata() or {}).get("about", "{}"))
        return cls(
            entries=stored.entries,
            rows=np.frombuffer(stored.rows, np.int8).reshape(-1, stored.dimension),
            scales=np.frombuffer(stored.scales, np.dtype("<f2")),
            descriptors=stored.descriptors,
            about=about,
        )

    def save(self, path: Path) -> None:
        """Write the table; equal tables give equal bytes."""
        tensors: dict[str, NDArray[Any]] = {
            "entries": _bytes(self.entries),
            "descriptors": _bytes(sorted(self.descriptors)),
            "rows": self.rows,
            "scales": self.scales,
        }
        # One key: the format keeps several in no fixed order.
        save_file(tensors, path, metadata={"about": json.dumps(self.about, sort_keys=True)})


def _bytes(lines: list[str] | tuple[str, ...]) -> NDArray[np.uint8]:
    return np.frombuffer("\n".join(lines).encode("utf-8"), dtype=np.uint8)


class WordEncoder:
    """The StyleEncoder of the word table. Equal texts give equal bytes."""

    name: Final = "words"
    audio_warning: Final = ""

    def __init__(self, table: WordTable | None = None) -> None:
        """Make an encoder.

        Args:
            table: The shipped one by default.
        """
        self._table = WordTable.load() if table is None else table
        self._reader = WordReader(self._table.entries, self._table.descriptors)
        self.dimension = self._table.rows.shape[1]

    def embed_text(self, text: str) -> NDArray[np.float32]:
        """Return the unit embedding of a phrase, float32 [D].

        Raises:
            ValueError: For one with no known word.
        """
        rows = self._reader.known_rows(text)
        steps = self._table.rows[rows].astype(np.float32)
        total = self._table.scales[rows].astype(np.float32) @ steps
        norm = np.linalg.norm(total)
        if norm == 0.0:
            raise cancelled_words(text)
        return np.asarray(total / norm, dtype=np.float32)

    def embed_audio(self, samples: Samples) -> NDArray[np.float32]:
        """Return the unit embedding of sound, float32 [S, 2] at 48 kHz, by the audio tower.

        Raises:
            ValueError: For sound that is too short, silent, not finite or not stereo.
        """
        # The tower takes a while to load, and `segue check` reads words only.
        from segue.style.audio_reader import read_recording

        return read_recording(samples).embedding

    def unknown_words(self, text: str) -> tuple[str, ...]:
        """Return the words of `text` that do not count, in order, as read (lower case, no accents)."""
        return self._reader.read(text).unknown
