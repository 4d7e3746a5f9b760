"""The audio tower: a recording's descriptors to an embedding among the words, in NumPy alone.

A few small networks of one hidden layer each read the descriptors of segue.style.spectra; the embedding is the mean of
theirs, in the space of the word table. Two linear heads say what can be counted: whether there are drums, and how many
notes sound. They are trained by segue.training.tower on renders of the composer.

Dimensions: N recordings, D descriptors, H hidden units, E networks, W width of the word table, K heads, S styles.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file

from segue.style.points import POINTS
from segue.style.spectra import VERSION

PATH: Final = Path(__file__).parent.parent / "weights" / "tower" / "tower.safetensors"
HEADS: Final = ("drums", "notes")
"""What is counted: drums, 1 for music with them and -1 for music without; the logarithm of 1 + notes a second."""
# Descriptors further from the mean than this many deviations say no more than that.
CLIP: Final = 4.0

_PLACES: Final = {name: place for place, name in enumerate(POINTS)}

Array = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class Heard:
    """What the tower made of recordings.

    Attributes:
        embeddings: float32 [N, W], unit length.
        heads: float32 [N, K], in the order of HEADS.
    """

    embeddings: Array
    heads: Array


@dataclass(frozen=True, kw_only=True)
class Tower:
    """The networks.

    Attributes:
        mean, scale: Of the descriptors, float32 [D].
        hidden, hidden_bias: float32 [E, D, H] and [E, H].
        output, output_bias: float32 [E, H, W] and [E, W].
        heads: float32 [D + 1, K], the last row their constants.
        usual: The logarithm of 1 + notes a second that each of POINTS has, float32 [S].
    """

    mean: Array
    scale: Array
    hidden: Array
    hidden_bias: Array
    output: Array
    output_bias: Array
    heads: Array
    usual: Array

    @classmethod
    def load(cls, path: Path = PATH) -> Tower:
        """Read a tower.

        Raises:
            OSError: The file cannot be read.
            ValueError: It is none, or one for other descriptors.
        """
        tensors = load_file(path)
        version = int(tensors.pop("version", np.zeros(1))[0])
        if version != VERSION:
            raise ValueError(f"{path}: made for descriptors of version {version}, expected {VERSION}")
        return cls(**{name: np.asarray(tensor, np.float32) for name, tensor in tensors.items()})

    def save(self, path: Path) -> None:
        """Write the tower in half precision; equal towers give equal bytes."""
        tensors: dict[str, NDArray[Any]] = {name: getattr(self, name) for name in self.__dataclass_fields__}
        whole = {name: tensors.pop(name) for name in ("mean", "scale", "heads", "usual")}
        halves = {name: tensor.astype(np.float16) for name, tensor in tensors.items()}
        save_file({**whole, **halves, "version": np.array([VERSION], np.int64)}, path)

    def usual_notes(self, style: str) -> float:
        """Return how many notes a second a named style has, without the drums."""
        return float(np.expm1(self.usual[_PLACES[style]]))

    def hear(self, rows: Array) -> Heard:
        """Return what is in recordings.

        Args:
            rows: Their descriptors, float32 [N, D].
        """
        scaled = np.clip((rows - self.mean) / self.scale, -CLIP, CLIP)
        units = [
            unit(np.maximum(0.0, scaled @ hidden + hidden_bias) @ output + output_bias)
            for hidden, hidden_bias, output, output_bias in zip(
                self.hidden, self.hidden_bias, self.output, self.output_bias, strict=True
            )
        ]
        return Heard(
            embeddings=unit(np.mean(units, axis=0)).astype(np.float32),
            heads=(scaled @ self.heads[:-1] + self.heads[-1]).astype(np.float32),
        )


def unit(rows: NDArray[np.floating[Any]]) -> NDArray[np.floating[Any]]:
    """Return rows scaled to length 1."""
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9))


@cache
def tower() -> Tower:
    """Return the shipped tower, read once."""
    return Tower.load()
