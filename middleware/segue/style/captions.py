"""The embeddings of the named styles' captions, stored for the encoder that is shipped.

Embedding six hundred captions takes longer than everything else that a first text needs; `captions.safetensors` holds
them, made by `python -m segue.training.words.captions`. For another encoder, or captions that were edited since, they
are embedded anew.

Dimensions: M captions, D embedding width.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final
from zlib import crc32

import numpy as np
from numpy.typing import NDArray
from safetensors import safe_open
from safetensors.numpy import save_file

from segue.contract import StyleEncoder
from segue.style.points import POINTS

PATH: Final = Path(__file__).parent.parent / "weights" / "words" / "captions.safetensors"
CAPTIONS: Final = tuple(caption for style in POINTS.values() for caption in style.captions)
# Stored as float16: a cosine moves by at most this. Encoders that differ by more are others.
_SAME: Final = 2e-3


def caption_embeddings(encoder: StyleEncoder, path: Path = PATH) -> NDArray[np.float32]:
    """Return the embedding of each of CAPTIONS, float32 [M, D]."""
    stored = _stored(path)
    if stored is not None and stored.shape[1] == encoder.dimension:
        probes = (0, len(CAPTIONS) // 2, len(CAPTIONS) - 1)
        if all(np.abs(encoder.embed_text(CAPTIONS[probe]) - stored[probe]).max() < _SAME for probe in probes):
            return stored
    return embedded(encoder)


def embedded(encoder: StyleEncoder) -> NDArray[np.float32]:
    """Return what `caption_embeddings` returns, without the stored ones."""
    return np.stack([encoder.embed_text(caption) for caption in CAPTIONS])


def save(encoder: StyleEncoder, path: Path = PATH) -> None:
    """Store the embeddings of an encoder; equal ones give equal bytes."""
    save_file({"embeddings": embedded(encoder).astype(np.float16)}, path, metadata={"captions": _checksum()})


def _stored(path: Path) -> NDArray[np.float32] | None:
    """The stored embeddings; None where there are none of these captions."""
    if not path.exists():
        return None
    with safe_open(path, framework="numpy") as file:
        if (file.metadata() or {}).get("captions") != _checksum():
            return None
        return np.asarray(file.get_tensor("embeddings"), dtype=np.float32)


def _checksum() -> str:
    return f"{crc32(chr(10).join(CAPTIONS).encode()):08x}"
