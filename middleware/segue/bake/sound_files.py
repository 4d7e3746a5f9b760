"""Sound files of a bake: equal samples give equal bytes, whole or not at all."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path
from typing import Final

import soundfile

from segue.atomic import replacing
from segue.audio.files import AudioFileError
from segue.contract import CHANNELS, SAMPLE_RATE, Samples

WAV_HEADER_BYTES: Final = 44
WAV_SAMPLE_BYTES: Final = 2 * CHANNELS
# Measured of loops of the composer: 12 to 19 KB a second.
OGG_BYTES_A_SECOND: Final = 20_000
# libsndfile's Vorbis encoder overflows its stack on very long blocks.
_WRITE_FRAMES: Final = 1 << 16
# The serial number of a stream tells streams in one file apart. libsndfile draws one.
_SERIAL: Final = 1
_PAGE_HEADER: Final = 27
_REVERSED: Final = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
_ALL: Final = 0xFFFFFFFF


def file_bytes(samples: int, suffix: str) -> int:
    """The size of a file of so many samples; of an Ogg file the most that is to be expected.

    Args:
        suffix: ".wav" or ".ogg".
    """
    if suffix == ".wav":
        return WAV_HEADER_BYTES + samples * WAV_SAMPLE_BYTES
    return samples * OGG_BYTES_A_SECOND // SAMPLE_RATE


def write_sound(path: Path, samples: Samples) -> None:
    """Write float32 [S, 2] at 48 kHz as WAV of 16 bits or as Ogg Vorbis, by extension.

    Raises:
        AudioFileError: It cannot be written.
    """
    ogg = path.suffix == ".ogg"
    form, subtype = ("OGG", "VORBIS") if ogg else ("WAV", "PCM_16")
    try:
        with replacing(path) as partial:
            with soundfile.SoundFile(
                partial, "w", samplerate=SAMPLE_RATE, channels=CHANNELS, format=form, subtype=subtype
            ) as file:
                for begin in range(0, len(samples), _WRITE_FRAMES):
                    file.write(samples[begin : begin + _WRITE_FRAMES])
            if ogg:
                partial.write_bytes(_with_serial(partial.read_bytes(), _SERIAL))
    except OSError as error:
        raise AudioFileError(f"{error.filename or path}: {error.strerror or error}") from error
    except soundfile.SoundFileError as error:
        raise AudioFileError(f"{path}: cannot be written: {error}") from error


def _with_serial(data: bytes, serial: int) -> bytes:
    """An Ogg file with another serial number in all its pages, and the check sums that follow from it.

    Source: RFC 3533, section 6.
    """
    out = bytearray(data)
    begin = 0
    while begin < len(out):
        segments = out[begin + _PAGE_HEADER - 1]
        table = begin + _PAGE_HEADER
        end = table + segments + sum(out[table : table + segments])
        struct.pack_into("<I", out, begin + 14, serial)
        struct.pack_into("<I", out, begin + 22, 0)
        struct.pack_into("<I", out, begin + 22, _check_sum(bytes(out[begin:end])))
        begin = end
    return bytes(out)


def _check_sum(page: bytes) -> int:
    """The CRC of Ogg: zlib's with the bits of each byte and of the sum in the other order, begun and ended at 0."""
    mirrored = zlib.crc32(page.translate(_REVERSED), _ALL) ^ _ALL
    return int(f"{mirrored:032b}"[::-1], 2)
