"""Weight files: the released safetensors layout read unchanged, and written for tests and for our own model.

A released file holds the language model below "params/depthformer/" and the codec below "params/soundstream/".
Every tensor is checked against the configuration before any is read.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import jax.numpy as jnp
import numpy as np
from numpy.typing import ArrayLike, DTypeLike
from safetensors import safe_open
from safetensors.numpy import save_file

from segue.model.config import Depthformer
from segue.model.weights import Shape, Weights, shapes

PREFIX: Final = "params/depthformer/"
# Other parts a released file holds; their own loaders check them.
NEIGHBOURS: Final = ("params/soundstream/",)
FLOATS: Final = ("F32", "F16", "BF16")


class CheckpointError(ValueError):
    """A weight file that does not hold this model. One line a tensor: its name, what was expected, what came."""


def _differences(wanted: Mapping[str, Shape], found: Mapping[str, tuple[Shape, str]]) -> list[str]:
    missing = [name for name in wanted if name not in found]
    extra = [name for name in found if name not in wanted]
    lines = []
    for name in missing:
        near = difflib.get_close_matches(name, extra, n=1, cutoff=0.9)
        hint = f"; the file has {PREFIX}{near[0]}" if near else ""
        lines.append(f"{PREFIX}{name}: expected shape {wanted[name]}, missing{hint}")
    for name in extra:
        lines.append(f"{PREFIX}{name}: not part of the model, came with shape {found[name][0]}")
    for name, shape in wanted.items():
        if name not in found:
            continue
        came, dtype = found[name]
        if came != shape:
            lines.append(f"{PREFIX}{name}: expected shape {shape}, came {came}")
        elif dtype not in FLOATS:
            lines.append(f"{PREFIX}{name}: expected one of {', '.join(FLOATS)}, came {dtype}")
    return lines


def read(path: Path, config: Depthformer) -> Weights:
    """Return the language model's weights, in the types they are stored in.

    Raises:
        CheckpointError: Naming every tensor that is missing, extra, misshapen, of a wrong type or not finite.
    """
    with safe_open(path, framework="numpy") as file:
        names = [name for name in file.keys() if not name.startswith(NEIGHBOURS)]  # noqa: SIM118
        foreign = [f"{name}: not part of the model" for name in names if not name.startswith(PREFIX)]
        found = {}
        for name in names:
            if name.startswith(PREFIX):
                header = file.get_slice(name)
                found[name.removeprefix(PREFIX)] = tuple(header.get_shape()), header.get_dtype()
        wanted = shapes(config)
        lines = foreign + _differences(wanted, found)
        if lines:
            raise CheckpointError(f"{path} is not a {config.name} checkpoint:\n" + "\n".join(lines))
        weights = {name: file.get_tensor(PREFIX + name) for name in wanted}
    broken = [name for name, value in weights.items() if not np.isfinite(value.astype(np.float32)).all()]
    if broken:
        lines = [f"{PREFIX}{name}: expected finite numbers" for name in broken]
        raise CheckpointError(f"{path}:\n" + "\n".join(lines))
    return {name: jnp.asarray(value) for name, value in weights.items()}


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
    lines = _differences(shapes(config), {name: (value.shape, "F32") for name, value in arrays.items()})
    if lines:
        raise CheckpointError(f"these are not the weights of a {config.name}:\n" + "\n".join(lines))
    stored = {PREFIX + name: np.ascontiguousarray(value.astype(dtype)) for name, value in arrays.items()}
    save_file(stored, path, metadata={"config": config.name, **(metadata or {})})
