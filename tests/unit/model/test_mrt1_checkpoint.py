"""Magenta RealTime 1's weight files: T5X's folders and archives, converted files, and what is wrong with bad ones."""

from __future__ import annotations

import json
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ml_dtypes import bfloat16
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import save_file

from segue.model.checkpoint import CheckpointError
from segue.model.mrt1 import checkpoint, weights
from segue.model.mrt1.config import MRT1_BASE, MRT1_LARGE, MRT1_TINY
from segue.model.mrt1.t5x import T5XCheckpoint
from unit.model.t5x_files import archived, write_checkpoint, write_tensor

NORM = "encoder/encoder_norm/scale"
FOLDER = f"target.{NORM.replace('/', '.')}"


@pytest.fixture(scope="module")
def stored() -> dict[str, NDArray[np.float32]]:
    return weights.random_weights(MRT1_TINY, 3)


@pytest.fixture
def folder(tmp_path: Path, stored: dict[str, NDArray[np.float32]]) -> Path:
    return write_checkpoint(tmp_path / "t5x", stored)


def test_the_released_sizes_have_as_many_numbers_as_google_s_modules() -> None:
    assert (weights.count(MRT1_BASE), weights.count(MRT1_LARGE)) == (347_873_472, 761_651_456)


@pytest.mark.parametrize("form", ["folder", "archive", "converted"])
def test_every_form_gives_the_same_numbers(folder: Path, stored: dict[str, NDArray[np.float32]], form: str) -> None:
    path = folder if form == "folder" else archived(folder)
    if form == "converted":
        converted = folder.parent / "tiny.safetensors"
        assert checkpoint.convert(path, MRT1_TINY, converted) == weights.count(MRT1_TINY)
        path = converted
    checkpoint.check(path, MRT1_TINY)
    found = checkpoint.lazy(path, MRT1_TINY)
    assert set(found) == set(stored)
    for name, value in stored.items():
        np.testing.assert_array_equal(found[name], value)


def test_a_converted_file_may_be_read_by_whom_other_files_may(folder: Path) -> None:
    other, converted = folder.parent / "other", folder.parent / "tiny.safetensors"
    other.touch()
    checkpoint.convert(folder, MRT1_TINY, converted)
    assert converted.stat().st_mode == other.stat().st_mode


def test_a_conversion_that_cannot_be_written_says_so_and_leaves_nothing(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise SafetensorError("Error while serializing: I/O error: No space left on device (os error 28)")

    monkeypatch.setattr(checkpoint, "save_file", full)
    converted = folder.parent / "tiny.safetensors"
    with pytest.raises(OSError, match="cannot be written: Error while serializing: I/O error: No space left") as caught:
        checkpoint.convert(folder, MRT1_TINY, converted)
    assert caught.value.filename == str(converted)
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]


def test_types_and_chunks_are_read_as_they_are(tmp_path: Path) -> None:
    numbers = np.random.default_rng(1).normal(size=(7, 5)).astype(np.float32)
    for index, dtype in enumerate((np.float32, np.float16, bfloat16)):
        for most, deflate in ((3, True), (9, False)):
            write_tensor(tmp_path / f"target.{index}.{most}", numbers.astype(dtype), most, deflate=deflate)
    found = T5XCheckpoint(tmp_path)
    for index, dtype in enumerate((np.float32, np.float16, bfloat16)):
        for most in (3, 9):
            value = found.read(f"{index}/{most}")
            assert value.dtype == dtype
            np.testing.assert_array_equal(value, numbers.astype(dtype))


def _without(folder: Path) -> None:
    for path in (folder / FOLDER).iterdir():
        path.unlink()


def _extra(folder: Path) -> None:
    write_tensor(folder / "target.decoder.relpos_bias.rel_embedding", np.zeros((3, 5), np.float32), 5)


def _misshapen(folder: Path) -> None:
    _without(folder)
    (folder / FOLDER).rmdir()
    write_tensor(folder / FOLDER, np.zeros(25, np.float32), 25)


def _of_numbers(folder: Path) -> None:
    _without(folder)
    (folder / FOLDER).rmdir()
    write_tensor(folder / FOLDER, np.zeros(24, np.int32), 24)


@pytest.mark.parametrize(
    ("damage", "line"),
    [
        (_without, f"target/{NORM}: expected shape (24,), missing"),
        (_extra, "target/decoder/relpos_bias/rel_embedding: not part of the model, came with shape (3, 5)"),
        (_misshapen, f"target/{NORM}: expected shape (24,), came (25,)"),
        (_of_numbers, f"target/{NORM}: expected one of F32, F16, BF16, came <i4"),
    ],
)
def test_tensors_that_differ_are_refused_by_name(folder: Path, damage: Callable[[Path], None], line: str) -> None:
    damage(folder)
    for path in (folder, archived(folder)):
        with pytest.raises(CheckpointError) as caught:
            checkpoint.check(path, MRT1_TINY)
        assert str(caught.value) == f"{path} is not a mrt1_tiny checkpoint:\n{line}"


def _a_folder_as_header(folder: Path) -> None:
    (folder / FOLDER / ".zarray").unlink()
    (folder / FOLDER / ".zarray").mkdir()


def _header(**changes: Any) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        path = folder / FOLDER / ".zarray"
        path.write_text(json.dumps(json.loads(path.read_text()) | changes))

    return damage


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda folder: (folder / FOLDER / ".zarray").write_text("{"), "expected a header of Zarr 2: JSONDecodeError("),
        (lambda folder: (folder / FOLDER / ".zarray").write_text("[]"), "expected a header of Zarr 2: TypeError("),
        (_header(shape="no"), "expected a header of Zarr 2: ValueError("),
        (
            _header(shape=[24.0]),
            "expected a header of Zarr 2: ValueError('expected a list of whole numbers,",
        ),
        (_header(shape=[float("inf")]), "expected a header of Zarr 2: ValueError("),
        (_header(chunks=[True]), "expected a header of Zarr 2: ValueError("),
        (
            lambda folder: (folder / FOLDER / ".zarray").write_text("[" * 60_000),
            "expected a header of Zarr 2: RecursionError(",
        ),
        (_a_folder_as_header, "cannot be read: "),
        (
            _header(zarr_format=3),
            "expected Zarr 2 in order C, without filters, points in the names",
        ),
        (_header(dimension_separator="/"), "expected Zarr 2 in order C"),
        (_header(order="F"), "expected Zarr 2 in order C"),
        (_header(compressor={"id": "blosc"}), "expected Zarr 2 in order C"),
        (_header(filters=[{"id": "delta"}]), "expected Zarr 2 in order C"),
        (_header(chunks=[0]), "expected Zarr 2 in order C"),
        (_header(chunks=[24, 1]), "expected Zarr 2 in order C"),
        (_header(chunks=[1 << 40]), "expected chunks of at most 268435456 bytes"),
    ],
)
def test_headers_that_cannot_be_followed_are_refused(
    folder: Path, damage: Callable[[Path], object], message: str
) -> None:
    damage(folder)
    with pytest.raises(CheckpointError) as caught:
        checkpoint.lazy(folder, MRT1_TINY)
    assert str(caught.value).startswith(f"{folder}: {FOLDER}/.zarray: {message}")


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (None, f"expected a chunk of {NORM}, missing"),
        (b"no gzip", "damaged: Error -3 while decompressing data: incorrect header check; fetch it again"),
        (b"", "expected 80 bytes, came 0; fetch it again"),
    ],
)
def test_damaged_chunks_are_refused_where_they_are_read(folder: Path, raw: bytes | None, message: str) -> None:
    chunk = folder / FOLDER / "0"
    chunk.unlink() if raw is None else chunk.write_bytes(raw)
    found = checkpoint.lazy(folder, MRT1_TINY)
    with pytest.raises(CheckpointError) as caught:
        found[NORM]
    assert str(caught.value) == f"{folder}: {FOLDER}/0: {message}"


def test_numbers_that_are_not_finite_are_refused(folder: Path) -> None:
    _without(folder)
    (folder / FOLDER).rmdir()
    write_tensor(folder / FOLDER, np.full(24, np.inf, np.float32), 24)
    with pytest.raises(CheckpointError, match=f"target/{NORM}: expected finite numbers"):
        checkpoint.lazy(folder, MRT1_TINY)[NORM]


def test_what_is_no_checkpoint_is_refused(tmp_path: Path, folder: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(CheckpointError, match="expected a T5X checkpoint: no folder target"):
        checkpoint.check(empty, MRT1_TINY)
    with pytest.raises(CheckpointError, match="cannot be read: "):
        checkpoint.check(tmp_path / "absent.tar", MRT1_TINY)
    text = tmp_path / "page.tar"
    text.write_text("<html>not found</html>" * 100)
    with pytest.raises(CheckpointError, match="expected a whole tar archive of a T5X checkpoint"):
        checkpoint.check(text, MRT1_TINY)
    cut = tmp_path / "cut.tar"
    cut.write_bytes(archived(folder).read_bytes()[:100_000])
    with pytest.raises(CheckpointError):
        checkpoint.check(cut, MRT1_TINY)
    other = tmp_path / "other.safetensors"
    save_file({"target/encoder/encoder_norm/scale": np.zeros(24, np.float32)}, other)
    with pytest.raises(CheckpointError, match=r"other\.safetensors is not a mrt1_tiny checkpoint"):
        checkpoint.check(other, MRT1_TINY)


def _small_archive(folder: Path) -> Path:
    return archived(write_checkpoint(folder / "t5x", {NORM: np.ones(24, np.float32)}))


def _renumbered(kind: bytes, size: bytes) -> Callable[[Path], None]:
    """Return what gives the first member of an archive another kind and size."""

    def damage(path: Path) -> None:
        raw = bytearray(path.read_bytes())
        raw[156:157], raw[124:136] = kind, size
        raw[148:156] = b" " * 8
        raw[148:156] = b"%06o\0 " % sum(raw[:512])
        path.write_bytes(raw)

    return damage


def _with_member(**changes: Any) -> Callable[[Path], None]:
    """Return what appends a chunk with other attributes to an archive."""

    def damage(path: Path) -> None:
        member = tarfile.TarInfo(f"checkpoints/llm_base_x4286_c1860k/{FOLDER}/0")
        for name, value in changes.items():
            setattr(member, name, value)
        with tarfile.open(path, "a", format=tarfile.PAX_FORMAT) as archive:
            archive.addfile(member)

    return damage


def _with_long_names(path: Path) -> None:
    name = tarfile.TarInfo("././@LongLink")
    name.type, name.size = tarfile.GNUTYPE_LONGNAME, 2
    path.write_bytes((name.tobuf(tarfile.GNU_FORMAT) + b"a".ljust(512, b"\0")) * 3_000 + path.read_bytes())


_HUGE, _NEGATIVE = b"\x80" + (1 << 70).to_bytes(11, "big"), b"\xff" * 9 + b"\xfe\0\0"


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (_renumbered(b"0", _HUGE), ""),
        (_renumbered(b"L", _HUGE), ""),
        (_renumbered(b"x", _NEGATIVE), ""),
        (_with_long_names, ""),
        (_with_member(pax_headers={"GNU.sparse.map": "1,2,x"}), ""),
        (_with_member(pax_headers={"GNU.sparse.map": "0,1", "GNU.sparse.size": "80"}), "is sparse"),
        (_with_member(pax_headers={"size": "-1"}), "has a size of -1 or is sparse"),
        (_with_member(pax_headers={"size": "-10240"}), "has a size of -10240 or is sparse"),
        (
            _with_member(name=f"other/{FOLDER}/0"),
            "it holds several, in ",
        ),
    ],
)
def test_archives_with_numbers_that_lie_are_refused(folder: Path, damage: Callable[[Path], None], message: str) -> None:
    path = archived(folder)
    damage(path)
    with pytest.raises(CheckpointError) as caught:
        T5XCheckpoint(path)
    text = str(caught.value)
    assert text.startswith(f"{path}: expected a whole tar archive of a T5X checkpoint: ")
    assert text.endswith("; fetch it again")
    assert message in text


def test_members_of_archives_that_are_links_are_not_followed(folder: Path) -> None:
    path = archived(folder)
    _with_member(name=f"checkpoints/llm_base_x4286_c1860k/{FOLDER}/0", type=tarfile.SYMTYPE, linkname="/etc/passwd")(
        path
    )
    assert checkpoint.lazy(path, MRT1_TINY)[NORM].shape == (24,)
