"""Checkpoints as T5X writes them: Zarr 2, deflated by gzip, a folder a tensor; and as the archive that is released."""

from __future__ import annotations

import gzip
import json
import tarfile
from collections.abc import Mapping
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray


def write_tensor(folder: Path, value: NDArray[Any], most: int, *, deflate: bool = True) -> None:
    """Write a tensor in chunks of at most `most` numbers in each dimension."""
    folder.mkdir(parents=True)
    chunks = [min(size, most) for size in value.shape]
    header = {
        "chunks": chunks,
        "compressor": {"id": "gzip", "level": 1} if deflate else None,
        "dimension_separator": ".",
        "dtype": "bfloat16" if value.dtype.name == "bfloat16" else value.dtype.str,
        "fill_value": None,
        "filters": None,
        "order": "C",
        "shape": list(value.shape),
        "zarr_format": 2,
    }
    (folder / ".zarray").write_text(json.dumps(header))
    for place in product(*(range(-(-size // chunk)) for size, chunk in zip(value.shape, chunks, strict=True))):
        cut = tuple(slice(at * size, (at + 1) * size) for at, size in zip(place, chunks, strict=True))
        filled = np.zeros(chunks, value.dtype)
        filled[tuple(slice(0, size) for size in value[cut].shape)] = value[cut]
        raw = filled.tobytes()
        (folder / ".".join(map(str, place))).write_bytes(gzip.compress(raw, 1, mtime=0) if deflate else raw)


def write_checkpoint(folder: Path, weights: Mapping[str, NDArray[Any]], most: int = 20) -> Path:
    """Write a checkpoint's folder, a tensor of the optimiser and the description beside the weights."""
    for name, value in weights.items():
        write_tensor(folder / f"target.{name.replace('/', '.')}", value, most)
    write_tensor(folder / "state.param_states.encoder.encoder_norm.scale.v", np.zeros(3, np.float32), 3)
    (folder / "checkpoint").write_bytes(b"\x82\xa7version\x03")
    return folder


def archived(folder: Path) -> Path:
    """Return an archive of a folder, under a folder of another name."""
    path = folder.with_suffix(".tar")
    with tarfile.open(path, "w") as archive:
        archive.add(folder, "checkpoints/llm_base_x4286_c1860k")
    return path
