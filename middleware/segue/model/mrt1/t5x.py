"""T5X checkpoints read without T5X: one Zarr array a tensor, in a folder or in a tar archive that is not unpacked.

A tensor `target/encoder/encoder_norm/scale` is the folder `target.encoder.encoder_norm.scale` with a header `.zarray`
and a file for each chunk, named by its place in each dimension: `0.1`. Tensors of the optimiser (`state.…`) are left
unread, and so is the file `checkpoint`, which describes the training.

Source: Zarr storage specification, version 2; t5x `checkpoints.py`, version 3 of its layout.
"""

from __future__ import annotations

import io
import json
import math
import tarfile
import zlib
from collections.abc import Iterator, Mapping
from itertools import product
from pathlib import Path, PurePosixPath
from typing import Any, Final, NamedTuple, Protocol

import numpy as np
from ml_dtypes import bfloat16
from numpy.typing import NDArray

from segue.model.checkpoint import CheckpointError
from segue.model.weights import Shape

HEADER: Final = ".zarray"
TARGET: Final = "target."
# As safetensors names them, by the names of Zarr.
TYPES: Final[Mapping[str, tuple[str, Any]]] = {
    "<f4": ("F32", np.dtype("<f4")),
    "<f2": ("F16", np.dtype("<f2")),
    "bfloat16": ("BF16", np.dtype(bfloat16)),
}
_DEFLATED: Final = ("gzip", "zlib")
_MOST_HEADER: Final = 1 << 16
# Of a chunk; T5X cuts tensors into parts of 64 MiB, tensors of the released sizes have at most 122 MiB.
_MOST_CHUNK: Final = 1 << 28


class Tensor(NamedTuple):
    """What a header says of a tensor.

    Attributes:
        kind: As safetensors names it; the header's own word for one that is not read.
        chunks: The size of every chunk; those at the end are filled up.
        deflated: Whether chunks are deflated.
    """

    shape: Shape
    kind: str
    chunks: Shape
    deflated: bool


class _Files(Protocol):
    """Files by their path below the checkpoint's folder."""

    def names(self) -> Iterator[str]: ...

    def read(self, name: str, most: int) -> bytes | None:
        """The bytes of a file, at most so many; None where there is no such file."""
        ...


class _Folder:
    def __init__(self, path: Path) -> None:
        self._path = path

    def names(self) -> Iterator[str]:
        return (f"{header.parent.name}/{HEADER}" for header in self._path.glob(f"{TARGET}*/{HEADER}"))

    def read(self, name: str, most: int) -> bytes | None:
        try:
            with (self._path / name).open("rb") as file:
                return file.read(most)
        except FileNotFoundError:
            return None


class _Archive:
    """An archive whose members are found once; it may hold the checkpoint in folders of folders."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._members: dict[str, tuple[int, int]] = {}
        folders: set[str] = set()
        with tarfile.open(path, "r:") as archive:
            for member in archive:
                # tarfile takes a negative size, and would read the archive from there on again without end.
                if member.size < 0 or member.issparse():
                    raise tarfile.ReadError(f"{member.name!r} has a size of {member.size} or is sparse")
                parts = PurePosixPath(member.name).parts
                if member.isreg() and len(parts) >= 2 and parts[-2].startswith(TARGET):
                    self._members["/".join(parts[-2:])] = (member.offset_data, member.size)
                    folders.add(str(PurePosixPath(*parts[:-2])))
        if len(folders) > 1:
            raise tarfile.ReadError(f"it holds several, in {' and '.join(map(repr, sorted(folders)[:2]))}")

    def names(self) -> Iterator[str]:
        return iter(self._members)

    def read(self, name: str, most: int) -> bytes | None:
        if name not in self._members:
            return None
        offset, size = self._members[name]
        with self._path.open("rb") as file:
            file.seek(offset)
            return file.read(min(size, most))


class T5XCheckpoint:
    """The tensors of a checkpoint, by name. Each is read when it is asked for."""

    def __init__(self, path: Path) -> None:
        """Find the tensors.

        Raises:
            CheckpointError: The path is neither a folder of tensors nor a whole archive of one, or a header is damaged.
        """
        self._path = path
        try:
            self._files: _Files = _Folder(path) if path.is_dir() else _Archive(path)
        except OSError as error:
            raise CheckpointError(f"{path}: cannot be read: {error}") from error
        except (tarfile.TarError, ValueError, OverflowError, RecursionError) as error:
            # tarfile raises more than its own errors where a number in an archive is none, or is too great.
            text = f"{path}: expected a whole tar archive of a T5X checkpoint: {error}; fetch it again"
            raise CheckpointError(text) from error
        headers = [name for name in self._files.names() if name.endswith(f"/{HEADER}")]
        self.tensors = {
            name.removesuffix(f"/{HEADER}").removeprefix(TARGET).replace(".", "/"): self._header(name)
            for name in sorted(headers)
        }
        if not self.tensors:
            raise CheckpointError(f"{path}: expected a T5X checkpoint: no folder {TARGET}… with a file {HEADER} in it")

    def read(self, name: str) -> NDArray[Any]:
        """Return a tensor, in the type that it is stored in.

        Raises:
            CheckpointError: A chunk is missing or damaged.
        """
        tensor = self.tensors[name]
        dtype = next(dtype for kind, dtype in TYPES.values() if kind == tensor.kind)
        found = np.empty(tensor.shape, dtype)
        counts = [-(-size // chunk) for size, chunk in zip(tensor.shape, tensor.chunks, strict=True)]
        for place in product(*(range(count) for count in counts)):
            chunk = self._chunk(name, tensor, place, dtype)
            begins = [index * size for index, size in zip(place, tensor.chunks, strict=True)]
            ends = [
                min(begin + size, most) for begin, size, most in zip(begins, tensor.chunks, tensor.shape, strict=True)
            ]
            spans = tuple(slice(begin, end) for begin, end in zip(begins, ends, strict=True))
            found[spans] = chunk[tuple(slice(0, end - begin) for begin, end in zip(begins, ends, strict=True))]
        return found

    def _chunk(self, name: str, tensor: Tensor, place: tuple[int, ...], dtype: np.dtype[Any]) -> NDArray[Any]:
        size = math.prod(tensor.chunks) * dtype.itemsize
        member = f"{TARGET}{name.replace('/', '.')}/{'.'.join(map(str, place))}"
        try:
            raw = self._files.read(member, size + (1 << 20))
        except OSError as error:
            raise CheckpointError(f"{self._path}: {member}: cannot be read: {error}") from error
        if raw is None:
            raise CheckpointError(f"{self._path}: {member}: expected a chunk of {name}, missing")
        if tensor.deflated:
            inflater = zlib.decompressobj(zlib.MAX_WBITS | 32)
            try:
                raw = inflater.decompress(raw, size + 1)
            except zlib.error as error:
                raise CheckpointError(f"{self._path}: {member}: damaged: {error}; fetch it again") from error
        if len(raw) != size:
            text = f"{self._path}: {member}: expected {size} bytes, came {len(raw)}; fetch it again"
            raise CheckpointError(text)
        return np.frombuffer(raw, dtype).reshape(tensor.chunks)

    def _header(self, member: str) -> Tensor:
        """Read a header. Raises: CheckpointError, for one that this reader cannot follow."""
        try:
            raw = self._files.read(member, _MOST_HEADER)
        except OSError as error:
            raise CheckpointError(f"{self._path}: {member}: cannot be read: {error}") from error
        try:
            header = json.load(io.BytesIO(raw or b""))
            shape, chunks = _sizes(header["shape"]), _sizes(header["chunks"])
            compressor, kind = header["compressor"], str(header["dtype"])
            method = None if compressor is None else str(compressor["id"])
            version, order, filters = header["zarr_format"], header["order"], header.get("filters")
            separator = header.get("dimension_separator", ".")
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise CheckpointError(f"{self._path}: {member}: expected a header of Zarr 2: {error!r}") from error
        lies = len(shape) == len(chunks) and min((*shape, *chunks), default=1) >= 1
        plain = version == 2 and order == "C" and not filters and separator == "."
        if not plain or not lies or method not in (None, *_DEFLATED):
            raise CheckpointError(
                f"{self._path}: {member}: expected Zarr 2 in order C, without filters, points in the names of chunks, "
                f"not compressed or by one of {', '.join(_DEFLATED)}, came {json.dumps(header, sort_keys=True)[:400]}"
            )
        if math.prod(chunks) * 4 > _MOST_CHUNK:
            raise CheckpointError(f"{self._path}: {member}: expected chunks of at most {_MOST_CHUNK} bytes")
        known, _ = TYPES.get(kind, (kind, None))
        return Tensor(shape, known, chunks, method is not None)


def _sizes(value: Any) -> Shape:
    """Read the sizes of dimensions. Raises: ValueError, where they are not whole numbers."""
    if not isinstance(value, list) or not all(type(size) is int for size in value):
        raise ValueError(f"expected a list of whole numbers, came {json.dumps(value)[:80]}")
    return tuple(value)
