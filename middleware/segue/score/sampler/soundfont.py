"""Reading SoundFont 2 and 3 files: the RIFF chunks, the preset tree and the sample records. No sound is made here.

A SoundFont is a RIFF file of form `sfbk` with three lists: INFO (texts), sdta (sample data in one `smpl` chunk)
and pdta (nine tables of fixed-size records). A preset owns zones, a zone holds generators (operator, amount), and
one generator names an instrument; an instrument does the same with samples. SF3 stores each sample as an Ogg
Vorbis stream.

Source: SoundFont Technical Specification 2.04 (E-mu 1996), sec. 4 to 7; the SF3 variant is MuseScore's.
"""

from __future__ import annotations

import hashlib
import os
import struct
import threading
import weakref
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

PRESET_RECORD: Final = np.dtype(
    [
        ("name", "S20"),
        ("program", "<u2"),
        ("bank", "<u2"),
        ("bag", "<u2"),
        ("library", "<u4"),
        ("genre", "<u4"),
        ("morphology", "<u4"),
    ]
)
BAG_RECORD: Final = np.dtype([("generator", "<u2"), ("modulator", "<u2")])
MODULATOR_RECORD: Final = np.dtype(
    [("source", "<u2"), ("target", "<u2"), ("amount", "<i2"), ("amount_source", "<u2"), ("transform", "<u2")]
)
GENERATOR_RECORD: Final = np.dtype([("operator", "<u2"), ("amount", "<u2")])
INSTRUMENT_RECORD: Final = np.dtype([("name", "S20"), ("bag", "<u2")])
SAMPLE_RECORD: Final = np.dtype(
    [
        ("name", "S20"),
        ("start", "<u4"),
        ("end", "<u4"),
        ("loop_start", "<u4"),
        ("loop_end", "<u4"),
        ("rate", "<u4"),
        ("key", "u1"),
        ("correction", "i1"),
        ("link", "<u2"),
        ("kind", "<u2"),
    ]
)
TABLES: Final[Mapping[str, np.dtype[np.void]]] = {
    "phdr": PRESET_RECORD,
    "pbag": BAG_RECORD,
    "pmod": MODULATOR_RECORD,
    "pgen": GENERATOR_RECORD,
    "inst": INSTRUMENT_RECORD,
    "ibag": BAG_RECORD,
    "imod": MODULATOR_RECORD,
    "igen": GENERATOR_RECORD,
    "shdr": SAMPLE_RECORD,
}

INSTRUMENT_OPERATOR: Final = 41
KEY_RANGE_OPERATOR: Final = 43
VELOCITY_RANGE_OPERATOR: Final = 44
SAMPLE_OPERATOR: Final = 53
VORBIS_FLAG: Final = 0x10
DRUM_BANK: Final = 128

_CHUNK_HEADER: Final = struct.Struct("<4sI")
_MAX_FILE_BYTES: Final = 2 << 30


_BLOCK: Final = 1 << 20


class SoundFontError(ValueError):
    """A file that is not a usable SoundFont; the message names the file, what was expected and what came."""


class FileBytes:
    """Part of a file, read when it is sliced: few of a font's samples are ever played. For any number of threads."""

    def __init__(self, path: Path) -> None:
        """Open a file, all of it.

        Raises:
            OSError: If it cannot be opened.
        """
        self._file = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
        self._close = weakref.finalize(self, os.close, self._file)
        self._reading = threading.Lock()
        self._begin, self._end = 0, os.fstat(self._file).st_size

    def __len__(self) -> int:
        return self._end - self._begin

    def __getitem__(self, span: slice) -> bytes:
        begin, end, _ = span.indices(len(self))
        read = []
        with self._reading:
            os.lseek(self._file, self._begin + begin, os.SEEK_SET)
            while begin < end and (block := os.read(self._file, end - begin)):
                read.append(block)
                begin += len(block)
        return b"".join(read)

    def narrowed(self, begin: int, end: int) -> FileBytes:
        """Return this object, from now on for the bytes [begin, end) of what it was for."""
        self._begin, self._end = self._begin + begin, self._begin + end
        return self


@dataclass(frozen=True, kw_only=True)
class SoundFont:
    """The parts of a SoundFont file.

    Attributes:
        info: INFO chunks in file order, id -> bytes.
        tables: The nine pdta tables, each with its terminal record.
        data: The `smpl` chunk: 16-bit PCM (SF2) or concatenated Ogg Vorbis streams (SF3).
    """

    info: Mapping[str, bytes]
    tables: Mapping[str, NDArray[np.void]]
    data: bytes | FileBytes

    @property
    def compressed(self) -> bool:
        """Whether the samples are Ogg Vorbis streams (SF3)."""
        return bool((self.tables["shdr"]["kind"][:-1] & VORBIS_FLAG).any())

    def sha256(self) -> str:
        """Return the hash of all that sounds, hexadecimal; INFO texts do not count."""
        digest = hashlib.sha256()
        for begin in range(0, len(self.data), _BLOCK):
            digest.update(self.data[begin : begin + _BLOCK])
        for name in TABLES:
            digest.update(self.tables[name].tobytes())
        return digest.hexdigest()

    def presets(self) -> dict[tuple[int, int], str]:
        """Return (bank, programme) -> name of every preset in the file."""
        return {(int(row["bank"]), int(row["program"])): text(row["name"]) for row in self.tables["phdr"][:-1]}

    def zones(self, level: str, index: int) -> Iterator[tuple[NDArray[np.void], NDArray[np.void]]]:
        """Return the generators and modulators of each zone of preset (`level` "p") or instrument (`level` "i") number
        `index`.
        """
        owners = self.tables["phdr" if level == "p" else "inst"]
        bags = self.tables[f"{level}bag"]
        for bag in range(int(owners["bag"][index]), int(owners["bag"][index + 1])):
            here, after = bags[bag], bags[bag + 1]
            yield (
                self.tables[f"{level}gen"][int(here["generator"]) : int(after["generator"])],
                self.tables[f"{level}mod"][int(here["modulator"]) : int(after["modulator"])],
            )


def text(raw: bytes) -> str:
    """Return a zero-padded name as text; SoundFont names are ASCII by specification and Latin-1 in practice."""
    return bytes(raw).split(b"\0")[0].decode("latin-1").strip()


def read_soundfont(path: Path) -> SoundFont:
    """Read and check the SoundFont at `path`; its samples are read from the file when they are needed.

    Raises:
        SoundFontError: If the file is missing, too large, truncated, not a SoundFont or inconsistent.
    """
    try:
        size = path.stat().st_size
        if not path.is_file():  # a pipe or a device would never end
            raise SoundFontError(f"{path}: expected a file, got {'a folder' if path.is_dir() else 'something else'}")
        if size > _MAX_FILE_BYTES:
            raise SoundFontError(f"{path}: expected at most {_MAX_FILE_BYTES >> 20} MiB, got {size >> 20} MiB")
        return parse_soundfont(FileBytes(path), str(path))
    except OSError as error:
        raise SoundFontError(f"{path}: cannot be read: {error.strerror}") from error


def parse_soundfont(raw: bytes | FileBytes, name: str) -> SoundFont:
    """Parse the bytes of a SoundFont, which it keeps; `name` opens error messages.

    Raises:
        SoundFontError: As read_soundfont.
    """
    head = raw[:12]
    if len(head) < 12 or head[:4] != b"RIFF" or head[8:] != b"sfbk":
        raise SoundFontError(f"{name}: expected a SoundFont (RIFF file of form sfbk), got {head[:4]!r} {head[8:]!r}")
    declared = _CHUNK_HEADER.unpack_from(head)[1] + 8
    if declared > len(raw):
        raise SoundFontError(f"{name}: truncated: the header promises {declared} bytes, the file has {len(raw)}")
    lists: dict[str, dict[str, tuple[int, int]]] = {}
    for tag, begin, end in _chunks(raw, 12, declared, name):
        if tag == "LIST" and end - begin >= 4:
            inner = _chunks(raw, begin + 4, end, name)
            lists[text(raw[begin : begin + 4])] = {tag: (first, last) for tag, first, last in inner}
    for needed in ("sdta", "pdta"):
        if needed not in lists:
            raise SoundFontError(f"{name}: expected a LIST {needed}, found {sorted(lists) or 'none'}")
    if "smpl" not in lists["sdta"]:
        raise SoundFontError(f"{name}: has no sample data (smpl chunk)")
    tables = {tag: _table(raw, lists["pdta"].get(tag), tag, name) for tag in TABLES}
    info = {tag: raw[begin:end] for tag, (begin, end) in lists.get("INFO", {}).items()}
    begin, end = lists["sdta"]["smpl"]
    data = raw.narrowed(begin, end) if isinstance(raw, FileBytes) else raw[begin:end]
    font = SoundFont(info=info, tables=tables, data=data)
    _check(font, name)
    return font


def _chunks(raw: bytes | FileBytes, start: int, stop: int, name: str) -> Iterator[tuple[str, int, int]]:
    """Return (tag, begin and end of the body) of each chunk."""
    position = start
    while position + 8 <= stop:
        tag, size = _CHUNK_HEADER.unpack(raw[position : position + 8])
        body_end = position + 8 + size
        if body_end > stop:
            raise SoundFontError(f"{name}: byte {position}: chunk {tag!r} of {size} bytes runs past its list")
        yield tag.decode("latin-1"), position + 8, body_end
        # RIFF pads odd chunks with a zero byte; SF3 writers in the field forget it.
        position = body_end + (size & 1 and raw[body_end : body_end + 1] == b"\0")


def _table(raw: bytes | FileBytes, span: tuple[int, int] | None, tag: str, name: str) -> NDArray[np.void]:
    record = TABLES[tag]
    body = None if span is None else raw[span[0] : span[1]]
    if body is None or len(body) % record.itemsize or len(body) < record.itemsize:
        got = "none" if body is None else f"{len(body)} bytes"
        raise SoundFontError(f"{name}: table {tag}: expected records of {record.itemsize} bytes, got {got}")
    return np.frombuffer(body, dtype=record)


def _check(font: SoundFont, name: str) -> None:
    """Check that every index of every table points inside the table it names, so that later code need not."""
    t = font.tables
    pointers = {
        "phdr.bag": (t["phdr"]["bag"], len(t["pbag"]) - 1),
        "pbag.generator": (t["pbag"]["generator"], len(t["pgen"])),
        "pbag.modulator": (t["pbag"]["modulator"], len(t["pmod"])),
        "inst.bag": (t["inst"]["bag"], len(t["ibag"]) - 1),
        "ibag.generator": (t["ibag"]["generator"], len(t["igen"])),
        "ibag.modulator": (t["ibag"]["modulator"], len(t["imod"])),
    }
    for field, (values, last) in pointers.items():
        if (np.diff(values.astype(np.int64)) < 0).any() or values.max() > last:
            raise SoundFontError(f"{name}: {field}: indices must rise and stay within {last}, got {values.max()}")
    for table, operator, target in (("pgen", INSTRUMENT_OPERATOR, "inst"), ("igen", SAMPLE_OPERATOR, "shdr")):
        named = t[table]["amount"][t[table]["operator"] == operator]
        if named.size and named.max() >= len(t[target]) - 1:
            raise SoundFontError(f"{name}: {table} names {target} {named.max()}, the file has {len(t[target]) - 1}")
    if len(t["phdr"]) < 2:
        raise SoundFontError(f"{name}: has no presets")
    samples = t["shdr"][:-1]
    unit = np.where(samples["kind"] & VORBIS_FLAG, 1, 2).astype(np.int64)
    ends = samples["end"].astype(np.int64) * unit
    wrong = np.flatnonzero((ends > len(font.data)) | (samples["start"] > samples["end"]))
    if wrong.size:
        row = samples[wrong[0]]
        raise SoundFontError(
            f"{name}: sample {text(row['name'])!r} [{row['start']}, {row['end']}) lies outside the sample data"
        )
