"""Magenta RealTime 1's weight files: the released T5X checkpoints read unchanged, and converted to safetensors.

Every tensor is checked against the configuration before any is read.
"""

from __future__ import annotations

import errno
import stat
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import save_file

from segue.atomic import replacing
from segue.model.checkpoint import CheckpointError, check_part, differences, lazy_part
from segue.model.mrt1.config import EncoderDecoder
from segue.model.mrt1.t5x import T5XCheckpoint
from segue.model.mrt1.weights import shapes
from segue.model.weights import LazyWeights

PREFIX: Final = "target/"
"""Of the tensors in a converted file, as in T5X's own names."""
CONVERTED: Final = ".safetensors"


def lazy(path: Path, config: EncoderDecoder) -> LazyWeights:
    """Return a model's weights, each read when it is used.

    Reading a tensor raises CheckpointError where the file has become another, or the tensor is not finite.

    Args:
        path: A converted file; or a T5X checkpoint, a folder or a tar archive.

    Raises:
        CheckpointError: Naming every tensor that is missing, extra, misshapen or of a wrong type.
    """
    if path.suffix == CONVERTED:
        return lazy_part(path, config.name, PREFIX, shapes(config), ())
    stored = _opened(path, config)

    def read_one(name: str) -> NDArray[Any]:
        value = stored.read(name)
        if not np.isfinite(value.astype(np.float32, copy=False)).all():
            raise CheckpointError(f"{path}:\n{PREFIX}{name}: expected finite numbers")
        return value

    return LazyWeights(shapes(config), read_one)


def check(path: Path, config: EncoderDecoder) -> None:
    """Check a file's names, shapes and types without reading a tensor. Raises: CheckpointError, as `lazy`."""
    if path.suffix == CONVERTED:
        check_part(path, config.name, PREFIX, shapes(config), ())
    else:
        _opened(path, config)


def convert(path: Path, config: EncoderDecoder, target: Path) -> int:
    """Write a checkpoint's weights as safetensors, in the types they are stored in, and return how many numbers.

    Raises:
        CheckpointError: As `lazy`, and for tensors that are not whole or not finite.
        OSError: The target cannot be written.
    """
    weights = lazy(path, config)
    arrays = {PREFIX + name: np.ascontiguousarray(weights[name]) for name in weights}
    with replacing(target) as new:
        mode = stat.S_IMODE(new.stat().st_mode)
        try:
            save_file(arrays, new, metadata={"config": config.name})
        except SafetensorError as error:
            raise OSError(errno.EIO, f"cannot be written: {error}", str(target)) from error
        # safetensors makes another file, which its owner alone may read.
        new.chmod(mode)
    return sum(array.size for array in arrays.values())


def _opened(path: Path, config: EncoderDecoder) -> T5XCheckpoint:
    stored = T5XCheckpoint(path)
    found = {name: (tensor.shape, tensor.kind) for name, tensor in stored.tensors.items()}
    lines = differences(PREFIX, shapes(config), found)
    if lines:
        raise CheckpointError(f"{path} is not a {config.name} checkpoint:\n" + "\n".join(lines))
    return stored
