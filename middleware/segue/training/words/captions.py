"""Stores the captions of the named styles as directions: `python -m segue.training.words.captions`.

To be run when a caption of a named style, or the word table, has changed; texts cannot be read until then.

Dimensions: M captions, N styles, D embedding width.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save_file

from segue.contract import StyleEncoder
from segue.style.phrases import plain_text
from segue.style.points import POINTS
from segue.style.style_index import CAPTIONS, PATH, STEPS, captions_checksum
from segue.style.word_table import WordEncoder


def directions(encoder: StyleEncoder) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the unit embeddings of all captions [M, D], and of the centre of each style's [N, D]."""
    captions = np.stack([encoder.embed_text(plain_text(caption)) for caption in CAPTIONS])
    ends = np.cumsum([len(style.captions) for style in POINTS.values()])
    centres = np.stack([rows.mean(axis=0) for rows in np.split(captions, ends[:-1])])
    return captions, np.asarray(centres / np.linalg.norm(centres, axis=1, keepdims=True))


def save(encoder: StyleEncoder, path: Path = PATH) -> None:
    """Store the index; equal directions give equal bytes."""
    captions, centres = (np.round(rows * STEPS).astype(np.int16) for rows in directions(encoder))
    checksum = np.array([captions_checksum()], np.uint32)
    save_file({"captions": captions, "centres": centres, "checksum": checksum}, path)


def main() -> None:
    """The command."""
    save(WordEncoder())
    print(f"{PATH.name}: {len(CAPTIONS)} captions, {PATH.stat().st_size} bytes")


if __name__ == "__main__":
    main()
