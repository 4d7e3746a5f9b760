"""Marks in WAV files: cue points with their names, and loops, which sound editors and samplers write.

Source: Multimedia Programming Interface and Data Specifications 1.0 (1991), `cue `, `LIST adtl` and `smpl` chunks.
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Final, NamedTuple

# More marks than a rule file takes, and more chunks than editors write.
_MOST_MARKS: Final = 256
_MOST_CHUNKS: Final = 1_024
# Bytes of a list of names: each of a mark with a name of ordinary length.
_MOST_NAMES: Final = _MOST_MARKS * 256
_CUE: Final = struct.Struct("<II4sIII")
_SAMPLER_HEAD: Final = struct.Struct("<9I")
_LOOP: Final = struct.Struct("<6I")


class CuePoint(NamedTuple):
    """A place in samples of the file, with its name; "" without one."""

    place: int
    name: str = ""


class WavMarks(NamedTuple):
    """Places in samples of the file, at its own rate.

    Attributes:
        cues: Cue points, in order.
        loop: Begin and end of the first loop, the end not included; None without one.
    """

    cues: tuple[CuePoint, ...] = ()
    loop: tuple[int, int] | None = None


def wav_marks(path: Path) -> WavMarks:
    """Return the marks of a WAV file; none for other files, and none where a chunk is damaged.

    Raises:
        OSError: The file cannot be read.
    """
    cues: list[tuple[int, int]] = []
    names: dict[int, str] = {}
    loop: tuple[int, int] | None = None
    with path.open("rb") as file:
        head = file.read(12)
        if head[:4] != b"RIFF" or head[8:] != b"WAVE":
            return WavMarks()
        for _ in range(_MOST_CHUNKS):
            chunk = file.read(8)
            if len(chunk) < 8:
                break
            name, size = chunk[:4], int.from_bytes(chunk[4:], "little")
            begin = file.tell()
            if name == b"cue ":
                cues = _cues(file.read(min(size, 4 + _MOST_MARKS * _CUE.size)))
            elif name == b"LIST":
                names |= _names(file.read(min(size, _MOST_NAMES)))
            elif name == b"smpl":
                loop = _loop(file.read(min(size, _SAMPLER_HEAD.size + _LOOP.size)))
            # Chunks begin at even places.
            file.seek(begin + size + size % 2)
    # Of marks at one place the first that has a name.
    marks: dict[int, str] = {}
    for number, place in cues:
        marks[place] = marks.get(place) or names.get(number, "")
    return WavMarks(tuple(CuePoint(*mark) for mark in sorted(marks.items())), loop)


def _cues(data: bytes) -> list[tuple[int, int]]:
    """The numbers and places of cue points."""
    count = int.from_bytes(data[:4], "little")
    found = (
        _CUE.unpack_from(data, 4 + number * _CUE.size)
        for number in range(min(count, _MOST_MARKS, (len(data) - 4) // _CUE.size))
    )
    return [(number, place) for number, *_, place in found]


def _names(data: bytes) -> dict[int, str]:
    """The names of cue points, by their numbers, in a list of associated data."""
    names: dict[int, str] = {}
    if data[:4] != b"adtl":
        return names
    at = 4
    while at + 12 <= len(data):
        kind, size = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        if kind == b"labl" and 4 < size <= len(data) - at - 8:
            number = int.from_bytes(data[at + 8 : at + 12], "little")
            text = data[at + 12 : at + 8 + size].partition(b"\0")[0]
            names[number] = text.decode("utf-8", "replace").strip()
        at += 8 + size + size % 2
    return names


def _loop(data: bytes) -> tuple[int, int] | None:
    if len(data) < _SAMPLER_HEAD.size + _LOOP.size or not _SAMPLER_HEAD.unpack_from(data)[7]:
        return None
    _, _, begin, last, _, _ = _LOOP.unpack_from(data, _SAMPLER_HEAD.size)
    return (begin, last + 1) if begin < last else None
