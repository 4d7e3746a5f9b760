"""Sound files whose header does not say how long they are, with a header that does.

Encoders that write to a pipe cannot go back to the header: a FLAC then counts 0 samples, and an MP3 of variable bit
rate has no Xing header. libsndfile refuses such a FLAC, and estimates the MP3's length from its first frame, which cuts
it short or promises too much. The length is in the frames: they are walked here, in time and memory that the size of
the file bounds.

Source: ISO/IEC 11172-3 and 13818-3 (MPEG audio frames); RFC 9639 (FLAC).
"""

from __future__ import annotations

import struct
from functools import cache
from typing import Final, NamedTuple

# kbit/s by the index of a layer III header, for MPEG 1 and for the lower rates of MPEG 2 and 2.5.
_MPEG1_KBPS: Final = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_MPEG2_KBPS: Final = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
# Hz by version bits (2.5, reserved, 2, 1) and rate index.
_RATES: Final = ((11_025, 12_000, 8_000), (), (22_050, 24_000, 16_000), (44_100, 48_000, 32_000))
_MPEG1: Final = 3
_MONO: Final = 3
# In 128 kbit/s of MPEG 1 or 80 of MPEG 2 a Xing header fits at every rate.
_XING_BITRATE_INDEX: Final = 9
_XING_COUNTS_FRAMES: Final = 1
# The most that is skipped between two frames: padding and tags in the middle of joined streams.
_MOST_SKIPPED: Final = 1 << 16

_STREAMINFO_END: Final = 8 + 34
# Offset of the 36 bits that count samples; the first four share their byte with the bits per sample.
_FLAC_COUNT: Final = 8 + 13
_FLAC_HEADER_BYTES: Final = 16
_ID3V1_BYTES: Final = 128


class _Frame(NamedTuple):
    """A layer III frame.

    Attributes:
        size: Its bytes.
        samples: Of each channel.
        kind: What all frames of a stream share.
    """

    size: int
    samples: int
    kind: tuple[int, int]
    side_info: int


def mp3_with_length(data: bytes) -> tuple[bytes, int] | None:
    """Add a header of its length to an MP3 that has none.

    Args:
        data: The whole file.
    Returns:
        The file with a Xing header, and the samples of each channel that its frames hold. None where the file has a
        header of its length (Xing, Info, VBRI).
    Raises:
        ValueError: There are no frames, or fewer than a Xing header promises.
    """
    position = _after_id3v2(data)
    start = _next_frame(data, position, None)
    if start is None:
        raise ValueError("not a sound file that can be read: expected frames of an MP3, found none")
    first = _frame(data, start)
    assert first is not None
    tag = data[start + 4 + first.side_info : start + 8 + first.side_info]
    if data[start + 36 : start + 40] == b"VBRI":
        return None
    frames = 0
    at: int | None = start
    while at is not None:
        frame = _frame(data, at)
        assert frame is not None
        frames += at + frame.size <= len(data)
        at = _next_frame(data, at + frame.size, first.kind)
    if tag in (b"Xing", b"Info"):
        flags, promised = struct.unpack(
            ">II", data[start + 8 + first.side_info : start + 16 + first.side_info].ljust(8, b"\0")
        )
        # Writers count the frame of the header, or do not; a last frame is often cut by a few bytes.
        if flags & _XING_COUNTS_FRAMES and frames + 1 < promised:
            raise ValueError(f"truncated: header promises {promised} frames, {frames} came")
        return None
    return _xing_frame(data[start : start + 4], first, frames) + data[start:], frames * first.samples


def flac_with_length(data: bytes) -> bytes | None:
    """Write the number of its samples into a FLAC that counts 0.

    Args:
        data: The whole file.
    Returns:
        The file with the count of samples in its header; None where the header has one.
    Raises:
        ValueError: The file does not end with a whole frame.
    """
    if data[:4] != b"fLaC" or len(data) < _STREAMINFO_END:
        return None
    count = int.from_bytes(data[_FLAC_COUNT : _FLAC_COUNT + 5], "big")
    if count & (1 << 36) - 1:
        return None
    block, channels = int.from_bytes(data[10:12], "big"), (data[20] >> 1 & 7) + 1
    end = len(data) - _ID3V1_BYTES if data[-_ID3V1_BYTES : -_ID3V1_BYTES + 3] == b"TAG" else len(data)
    # No frame is longer than its samples as they are: at most 33 bits each, for the difference of two channels.
    earliest = max(_STREAMINFO_END, end - 2 * _FLAC_HEADER_BYTES - 5 * block * channels)
    at = end
    while (at := data.rfind(b"\xff", earliest, at)) >= 0:
        samples = _flac_samples(data[at : at + _FLAC_HEADER_BYTES], block)
        if samples is not None and _crc(data[at:end], 16, 0x8005) == 0:
            return data[:_FLAC_COUNT] + (count | samples).to_bytes(5, "big") + data[_FLAC_COUNT + 5 :]
    raise ValueError("expected a last frame that is whole, found none")


def _after_id3v2(data: bytes) -> int:
    """The first byte after the ID3v2 tags at the start."""
    position = 0
    while data[position : position + 3] == b"ID3" and len(data) >= position + 10:
        size = 0
        for byte in data[position + 6 : position + 10]:
            size = size << 7 | byte & 0x7F
        position += 10 + size + (10 if data[position + 5] & 0x10 else 0)
    return position


def _next_frame(data: bytes, position: int, kind: tuple[int, int] | None) -> int | None:
    """Where the next frame begins, at `position` or after what can be skipped; None at the end.

    A header is four bytes, some of which any data holds by chance: past a gap the frame after it must be there too.
    """
    frame = _frame(data, position)
    if frame is not None and kind is not None and frame.kind == kind:
        return position
    limit = min(len(data), position + _MOST_SKIPPED)
    at = position - 1
    while (at := data.find(b"\xff", at + 1, limit)) >= 0:
        frame = _frame(data, at)
        if frame is None or (kind is not None and frame.kind != kind):
            continue
        follower = _frame(data, at + frame.size)
        if at + frame.size == len(data) or (follower is not None and follower.kind == frame.kind):
            return at
    return None


def _frame(data: bytes, at: int) -> _Frame | None:
    """The layer III frame whose header is at `at`; None where there is none, or one of a free bit rate."""
    header = data[at : at + 4]
    if len(header) < 4 or header[0] != 0xFF or header[1] & 0xE6 != 0xE2:
        return None
    version, bitrate, rate = header[1] >> 3 & 3, header[2] >> 4, header[2] >> 2 & 3
    if version == 1 or bitrate in (0, 15) or rate == 3:
        return None
    mpeg1, mono = version == _MPEG1, header[3] >> 6 == _MONO
    hz = _RATES[version][rate]
    kbps = (_MPEG1_KBPS if mpeg1 else _MPEG2_KBPS)[bitrate]
    side_info = (17 if mono else 32) if mpeg1 else (9 if mono else 17)
    size = (144 if mpeg1 else 72) * kbps * 1_000 // hz + (header[2] >> 1 & 1)
    return _Frame(size, 1_152 if mpeg1 else 576, (version, rate), side_info)


def _xing_frame(header: bytes, like: _Frame, frames: int) -> bytes:
    """A frame of silence with a Xing header that counts `frames`, of the same kind as a stream's first."""
    # Without a checksum and padding; the rest of the header as in the stream.
    own = bytes([0xFF, header[1] | 1, _XING_BITRATE_INDEX << 4 | header[2] & 0x0C, header[3]])
    made = _frame(own, 0)
    assert made is not None
    body = own + bytes(like.side_info) + b"Xing" + struct.pack(">II", _XING_COUNTS_FRAMES, frames)
    return body.ljust(made.size, b"\0")


def _flac_samples(header: bytes, block: int) -> int | None:
    """The samples up to the end of a FLAC frame whose header begins `header`; None where there is no header.

    Args:
        block: Samples of a block where all but the last are of one size.
    """
    if len(header) < 6 or header[0] != 0xFF or header[1] & 0xFE != 0xF8:
        return None
    size_code, rate_code = header[2] >> 4, header[2] & 15
    # The number is written as UTF-8 writes a code point, of up to 36 bits.
    leading_ones = 8 - (header[4] ^ 0xFF).bit_length()
    extra = max(0, leading_ones - 1)
    size_bytes, rate_bytes = {6: 1, 7: 2}.get(size_code, 0), {12: 1, 13: 2, 14: 2}.get(rate_code, 0)
    end = 5 + extra + size_bytes + rate_bytes
    if leading_ones in (1, 8) or size_code == 0 or end >= len(header) or _crc(header[: end + 1], 8, 0x07) != 0:
        return None
    number = header[4] & (0xFF >> leading_ones + 1 if leading_ones else 0x7F)
    for byte in header[5 : 5 + extra]:
        number = number << 6 | byte & 0x3F
    if size_bytes:
        size = int.from_bytes(header[5 + extra : 5 + extra + size_bytes], "big") + 1
    else:
        size = 192 if size_code == 1 else 576 << size_code - 2 if size_code < 6 else 256 << size_code - 8
    return (number if header[1] & 1 else number * block) + size


def _crc(data: bytes, width: int, polynomial: int) -> int:
    """The cyclic checksum of `data`, highest bit first, from 0: 0 for data that ends with its own."""
    table, mask, value = _crc_table(width, polynomial), (1 << width) - 1, 0
    for byte in data:
        value = (value << 8 & mask) ^ table[value >> width - 8 ^ byte]
    return value


@cache
def _crc_table(width: int, polynomial: int) -> tuple[int, ...]:
    table = []
    for value in range(256):
        remainder = value << width - 8
        for _ in range(8):
            remainder = remainder << 1 ^ (polynomial if remainder >> width - 1 & 1 else 0)
            remainder &= (1 << width) - 1
        table.append(remainder)
    return tuple(table)
