"""Renders as rows of numbers: each as it is, and damaged in several ways.

Dimensions: N rows, D descriptors.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from zlib import crc32

import numpy as np
import soundfile
from numpy.typing import NDArray

from segue.style import spectra as spectra_module
from segue.style.spectra import bands, descriptors, spectra
from segue.training.tower import damage
from segue.training.tower.renders import Label

_RECOLOURED: Final = 2


@dataclass(frozen=True, kw_only=True)
class TowerLesson:
    """Rows with their labels.

    Attributes:
        rows: float32 [N, D].
        labels: Of each row.
        clean: Whether each row is undamaged, bool [N].
    """

    rows: NDArray[np.float32]
    labels: tuple[Label, ...]
    clean: NDArray[np.bool_]

    def where(self, chosen: NDArray[np.bool_]) -> TowerLesson:
        """Return some of the rows."""
        labels = tuple(label for label, keep in zip(self.labels, chosen, strict=True) if keep)
        return TowerLesson(rows=self.rows[chosen], labels=labels, clean=self.clean[chosen])

    def fonts(self) -> NDArray[np.str_]:
        return np.array([label.font for label in self.labels])


def read(folder: Path) -> TowerLesson:
    """Return all renders of a folder as rows. What was read before is read from files beside the renders."""
    rows, labels, clean = [], [], []
    for label, row in _read_all(folder):
        rows.append(row)
        labels += [label] * len(row)
        clean += [index == 0 for index in range(len(row))]
    return TowerLesson(rows=np.concatenate(rows), labels=tuple(labels), clean=np.array(clean))


def _read_all(folder: Path) -> Iterator[tuple[Label, NDArray[np.float32]]]:
    """Each render's label and its rows, the undamaged one first."""
    version = crc32(Path(spectra_module.__file__).read_bytes() + Path(damage.__file__).read_bytes())
    kept = folder / f"rows-{version:08x}"
    kept.mkdir(exist_ok=True)
    for path in sorted(folder.glob("*.json")):
        label = Label(**json.loads(path.read_text(encoding="utf-8")))
        rows = kept / f"{path.stem}.npy"
        if not rows.exists():
            np.save(rows, _rows(path.with_suffix(".flac")))
        yield label, np.load(rows)


def _rows(path: Path) -> NDArray[np.float32]:
    random = np.random.default_rng(crc32(path.stem.encode()) ^ 1)
    samples, _ = soundfile.read(path, dtype="float32", always_2d=True)
    clean = spectra(samples)
    coded = spectra(damage.coded(damage.cut(samples, random), random))
    heard = [clean, *(damage.coloured(clean, random) for _ in range(_RECOLOURED))]
    heard += [coded, damage.coloured(coded, random)]
    return np.stack([descriptors(bands(each)) for each in heard])
