"""Marks in WAV files: cue points and loops, which sound editors and samplers write.

Source: Multimedia Programming Interface and Data Specifications 1.0 (1991), `cue ` and `smpl` chunks.
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Final, NamedTuple

# More marks than a rule file takes, and more chunks than editors write.
_MOST_MARKS: Final = 256
_MOST_CHUNKS: Final = 1_024
_CUE: Final = struct.Struct("<II4sIII")
_SAMPLER_HEAD: Final = struct.Struct("<9I")
_LOOP: Final = struct.Struct("<6I")


class WavMarks(NamedTuple):
    """Places in samples of the file, at its own rate.

    Attributes:
        cues: Cue points, in order.
        loop: Begin and end of the first loop, the end not included; None without one.
    """

    cues: tuple[int, ...] = ()
    loop: tuple[int, int] | None = None


def wav_marks(path: Path) -> WavMarks:
    """Return the marks of a WAV file; none for other files, and none where a chunk is damaged.

    Raises:
        OSError: The file cannot be read.
    """
    cues: tuple[int, ...] = ()
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
            elif name == b"smpl":
                loop = _loop(file.read(min(size, _SAMPLER_HEAD.size + _LOOP.size)))
            # Chunks begin at even places.
            file.seek(begin + size + size % 2)
    return WavMarks(cues, loop)


def _cues(data: bytes) -> tuple[int, ...]:
    count = int.from_bytes(data[:4], "little")
    found = (
        _CUE.unpack_from(data, 4 + number * _CUE.size)
        for number in range(min(count, _MOST_MARKS, (len(data) - 4) // _CUE.size))
    )
    return tuple(sorted({place for *_, place in found}))


def _loop(data: bytes) -> tuple[int, int] | None:
    if len(data) < _SAMPLER_HEAD.size + _LOOP.size or not _SAMPLER_HEAD.unpack_from(data)[7]:
        return None
    _, _, begin, last, _, _ = _LOOP.unpack_from(data, _SAMPLER_HEAD.size)
    return (begin, last + 1) if begin < last else None
