"""Weight files: the released safetensors layout read unchanged, and written for tests and for our own model.

A released file holds the language model below "params/depthformer/" and the codec below "params/soundstream/".
Every tensor is checked against the configuration before any is read.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import jax.numpy as jnp
import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from segue.model.config import Depthformer
from segue.model.weights import LazyWeights, Shape, Weights, shapes

PREFIX: Final = "params/depthformer/"
# Other parts a released file holds; their own loaders check them.
NEIGHBOURS: Final = ("params/soundstream/",)
FLOATS: Final = ("F32", "F16", "BF16")


class CheckpointError(ValueError):
    """A weight file that is damaged, or of another model: one line a tensor, its name, what was expected, what came."""


def differences(prefix: str, wanted: Mapping[str, Shape], found: Mapping[str, tuple[Shape, str]]) -> list[str]:
    """Return a line for each tensor that is missing, extra, misshapen or of a wrong type.

    Args:
        found: Shape and type, one of FLOATS, by name.
    """
    missing = [name for name in wanted if name not in found]
    extra = [name for name in found if name not in wanted]
    lines = []
    for name in missing:
        near = difflib.get_close_matches(name, extra, n=1, cutoff=0.9)
        hint = f"; the file has {prefix}{near[0]}" if near else ""
        lines.append(f"{prefix}{name}: expected shape {wanted[name]}, missing{hint}")
    for name in extra:
        lines.append(f"{prefix}{name}: not part of the model, came with shape {found[name][0]}")
    for name, shape in wanted.items():
        if name not in found:
            continue
        came, dtype = found[name]
        if came != shape:
            lines.append(f"{prefix}{name}: expected shape {shape}, came {came}")
        elif dtype not in FLOATS:
            lines.append(f"{prefix}{name}: expected one of {', '.join(FLOATS)}, came {dtype}")
    return lines


def check_part(path: Path, what: str, prefix: str, wanted: Mapping[str, Shape], neighbours: tuple[str, ...]) -> None:
    """Check the names, shapes and types of one part of a file, and that the file is whole, without reading a tensor.

    Args:
        As `read_part`.

    Raises:
        CheckpointError: Naming every tensor that is missing, extra, misshapen or of a wrong type.
    """
    with _opened(path) as file:
        names = [name for name in file.keys() if not name.startswith(neighbours)]  # noqa: SIM118
        foreign = [f"{name}: not part of the model" for name in names if not name.startswith(prefix)]
        found = {}
        for name in names:
            if name.startswith(prefix):
                header = file.get_slice(name)
                found[name.removeprefix(prefix)] = tuple(header.get_shape()), header.get_dtype()
    lines = foreign + differences(prefix, wanted, found)
    if lines:
        raise CheckpointError(f"{path} is not a {what} checkpoint:\n" + "\n".join(lines))


def read_part(path: Path, what: str, prefix: str, wanted: Mapping[str, Shape], neighbours: tuple[str, ...]) -> Weights:
    """Return the tensors of one part of a file, in the types they are stored in.

    Args:
        what: The model, for messages.
        prefix: Of the part's tensors in the file.
        wanted: Their names, without the prefix, and shapes.
        neighbours: Prefixes of other parts that the file may hold.

    Raises:
        CheckpointError: Naming every tensor that is missing, extra, misshapen, of a wrong type or not finite.
    """
    check_part(path, what, prefix, wanted, neighbours)
    with _opened(path) as file:
        weights = {name: file.get_tensor(prefix + name) for name in wanted}
    broken = [name for name, value in weights.items() if not np.isfinite(value.astype(np.float32)).all()]
    if broken:
        lines = [f"{prefix}{name}: expected finite numbers" for name in broken]
        raise CheckpointError(f"{path}:\n" + "\n".join(lines))
    return {name: jnp.asarray(value) for name, value in weights.items()}


def lazy_part(
    path: Path, what: str, prefix: str, wanted: Mapping[str, Shape], neighbours: tuple[str, ...]
) -> LazyWeights:
    """Return one part of a file, each tensor of which is read when it is used, in the type it is stored in.

    Reading a tensor raises CheckpointError where the file has become another, or the tensor is not finite.

    Args:
        As `read_part`.

    Raises:
        CheckpointError: Naming every tensor that is missing, extra, misshapen or of a wrong type.
    """
    check_part(path, what, prefix, wanted, neighbours)

    def read_one(name: str) -> NDArray[Any]:
        with _opened(path) as file:
            value: NDArray[Any] = file.get_tensor(prefix + name)
        if value.shape != wanted[name]:
            raise CheckpointError(f"{path}: {prefix}{name}: expected shape {wanted[name]}, came {value.shape}")
        if not np.isfinite(value.astype(np.float32, copy=False)).all():
            raise CheckpointError(f"{path}:\n{prefix}{name}: expected finite numbers")
        return value

    return LazyWeights(wanted, read_one)


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    """Open a safetensors file. Raises: CheckpointError if it is not one, not whole, or cannot be read."""
    try:
        with safe_open(path, framework="numpy") as file:
            yield file
    except OSError as error:
        raise CheckpointError(f"{path}: cannot be read: {error}") from error
    except SafetensorError as error:
        text = f"{path}: expected a whole safetensors file: {error}; it may be cut off or damaged, fetch it again"
        raise CheckpointError(text) from error


def read(path: Path, config: Depthformer) -> Weights:
    """Return the language model's weights, in the types they are stored in.

    Raises:
        CheckpointError: Naming every tensor that is missing, extra, misshapen, of a wrong type or not finite.
    """
    return read_part(path, config.name, PREFIX, shapes(config), NEIGHBOURS)


def lazy(path: Path, config: Depthformer) -> LazyWeights:
    """Return the language model's weights, each read when it is used. Raises: CheckpointError, as `lazy_part`."""
    return lazy_part(path, config.name, PREFIX, shapes(config), NEIGHBOURS)


def check(path: Path, config: Depthformer) -> None:
    """Check the language model's part of a file. Raises: CheckpointError, as `check_part`."""
    check_part(path, config.name, PREFIX, shapes(config), NEIGHBOURS)


def write(
    path: Path,
    config: Depthformer,
    weights: Mapping[str, ArrayLike],
    dtype: DTypeLike = np.float32,
    metadata: Mapping[str, str] | None = None,
) -> None:
    """Write weights in the released layout;

    Args:
        metadata: Text to keep beside them (configuration, commit, metrics).
    """
    arrays = {name: np.asarray(value) for name, value in weights.items()}
    lines = differences(PREFIX, shapes(config), {name: (value.shape, "F32") for name, value in arrays.items()})
    if lines:
        raise CheckpointError(f"these are not the weights of a {config.name}:\n" + "\n".join(lines))
    stored = {PREFIX + name: np.ascontiguousarray(value.astype(dtype)) for name, value in arrays.items()}
    save_file(stored, path, metadata={"config": config.name, **(metadata or {})})
