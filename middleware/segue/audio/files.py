"""Reads sound files of any origin safely, and writes sound files that are never left half written.

What comes from a file is checked before it is used: every fault is an AudioFileError that says what was expected
and what came. The caller knows where the file was named and puts that position in front.
"""

from __future__ import annotations

import os
import shutil
import struct
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from io import BytesIO
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Final, Self

import numpy as np
import soundfile
import soxr

from segue.atomic import replaceable, replacing
from segue.audio.unknown_length import flac_with_length, mp3_with_length
from segue.contract import CHANNELS, SAMPLE_RATE, Samples

# Of soxr, which resamples.
_QUALITY: Final = "HQ"
MAX_BYTES: Final = 256 << 20
# Of an uncompressed file of which an excerpt is read: two hours of 24 bits in stereo.
MAX_EXCERPT_BYTES: Final = 2 << 30
MAX_SECONDS: Final = 600.0
# What is read of an audio prompt, its middle, and the longest stinger, in seconds.
MOST_PROMPT_S: Final = 60.0
MOST_STINGER_S: Final = 60.0
_RATES: Final = (4_000, 384_000)
# Float files may exceed full scale; beyond this they hold no sound.
MAX_LEVEL: Final = 16.0
LOSSY: Final = ("MP3", "OGG")
"""Formats whose samples depend on those before, so that decoders do not seek exactly."""
# A RIFF counts its bytes in 32 bits; beyond, players would read a file of a few seconds.
MAX_WAV_BYTES: Final = (4 << 30) - 4_096
_WAV_SAMPLE_BYTES: Final = 3
# What a program writes that does not know the length yet and cannot go back, such as one that writes to a pipe.
_UNKNOWN_LENGTH: Final = 0xFFFFFFFF
# What libsndfile says of a FLAC that counts 0 samples.
_FLAC_UNKNOWN: Final = 2**63 - 1
_LONGEST_PAGE: Final = 27 + 255 + 255 * 255
_END_OF_STREAM: Final = 4
_READ_FRAMES: Final = 1 << 18
_WRITE_FRAMES: Final = 1 << 16
# Less free than this, and a disk takes no more sound.
_FULL_BYTES: Final = 1 << 20

# libsndfile's names of what is read.
_FORMATS_READ: Final = frozenset({"WAV", "WAVEX", "RF64", "FLAC", "OGG", "AIFF", "MP3"})
# Extension -> libsndfile's format and subtype.
FORMATS: Final[Mapping[str, tuple[str, str]]] = {
    ".wav": ("WAV", "PCM_24"),
    ".flac": ("FLAC", "PCM_24"),
    ".ogg": ("OGG", "VORBIS"),
}

# Downmix by channel count, [C, 2]: centre and surrounds at -3 dB, no LFE, scaled so that nothing can clip (BS.775).
_HALF: Final = 2**-0.5
_DOWNMIX: Final[Mapping[int, list[tuple[float, float]]]] = {
    1: [(1, 1)],
    2: [(1, 0), (0, 1)],
    4: [(1, 0), (0, 1), (_HALF, 0), (0, _HALF)],
    6: [(1, 0), (0, 1), (_HALF, _HALF), (0, 0), (_HALF, 0), (0, _HALF)],
    8: [(1, 0), (0, 1), (_HALF, _HALF), (0, 0), (_HALF, 0), (0, _HALF), (_HALF, 0), (0, _HALF)],
}


def resample(samples: Samples, rate: float, to: float = SAMPLE_RATE) -> Samples:
    """Resample [S, C] at `rate` Hz to [round(S * to / rate), C] at `to` Hz, delay compensated."""
    if rate == to or not len(samples):
        return samples
    return np.asarray(soxr.resample(samples, rate, to, quality=_QUALITY), np.float32)


class AudioFileError(ValueError):
    """A sound file that cannot be read or written; the message names the file and the fault."""


def read_audio(
    path: Path, *, max_bytes: int = MAX_BYTES, max_seconds: float = MAX_SECONDS, excerpt: bool = False
) -> Samples:
    """Read the sound of a file as float32 [S, 2] at 48 kHz.

    Reads WAV, FLAC, Ogg, AIFF and MP3, whatever the name says, of 1, 2, 4, 6 or 8 channels and any usual rate.

    Args:
        path: The file.
        max_bytes: Its greatest size.
        max_seconds: Its greatest length.
        excerpt: Whether of a longer file the middle max_seconds are read. An uncompressed file may then have up to
            MAX_EXCERPT_BYTES.

    Raises:
        AudioFileError: For anything that is not such a file, is too large, empty, truncated or not finite.
    """
    with open_audio(path, max_bytes=max_bytes, excerpt=excerpt) as file:
        return np.ascontiguousarray(resample(_checked(path, file, max_seconds, excerpt=excerpt), file.samplerate))


@contextmanager
def open_audio(path: Path, *, max_bytes: int = MAX_BYTES, excerpt: bool = False) -> Iterator[soundfile.SoundFile]:
    """Open a sound file of a kind that is read, at its beginning, with a length that is not less than what it holds.

    Args:
        path: The file.
        max_bytes: Its greatest size.
        excerpt: Whether an uncompressed one may have up to MAX_EXCERPT_BYTES.

    Raises:
        AudioFileError: For anything that is not such a file, is too large or is shorter than its header says; inside
            the block, in place of any error of libsndfile or of the system.
    """
    try:
        if not path.is_file():
            raise AudioFileError(f"{path}: expected a sound file, found {_kind(path)}")
        size = path.stat().st_size
        if excerpt and _is_uncompressed(path):
            max_bytes = max(max_bytes, MAX_EXCERPT_BYTES)
        if size > max_bytes:
            raise AudioFileError(f"{path}: has {size} bytes, at most {max_bytes} are read")
        _check_whole(path, size)
        with _opened(path) as file:
            _check_header(path, file)
            yield file
    except soundfile.SoundFileError as error:
        # Without libsndfile's own "Error opening 'path':".
        reason = getattr(error, "error_string", error)
        raise AudioFileError(f"{path}: not a sound file that can be read: {reason}") from error
    except OSError as error:
        raise AudioFileError(f"{path}: cannot be read: {error.strerror}") from error


def _kind(path: Path) -> str:
    """What a path leads to that is no regular file."""
    if path.is_dir():
        return "a folder"
    if path.is_symlink() and not path.exists():
        return "a symbolic link that leads nowhere"
    return "a pipe or device" if path.exists() else "nothing"


def _is_uncompressed(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) in (b"RIFF", b"RF64", b"FORM")


def _is_mp3(path: Path) -> bool:
    """Whether libsndfile takes a file for an MP3: by its first bytes, or by its name where these say nothing."""
    with path.open("rb") as file:
        head = file.read(4)
    if head[:3] == b"ID3" or (len(head) > 1 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0):
        return True
    return path.suffix.lower() == ".mp3" and head not in (b"RIFF", b"RIFX", b"RF64", b"FORM", b"OggS", b"fLaC")


def _opened(path: Path) -> soundfile.SoundFile:
    """The file, open, with a length that is not less than what it holds.

    Raises:
        SoundFileError: As `soundfile.SoundFile`.
        AudioFileError: For an MP3 or a FLAC of unknown length that is truncated.
    """
    data: bytes | None = None
    known: tuple[bytes, int] | None = None
    if _is_mp3(path):
        # Before libsndfile reads it, whose decoder writes complaints to stderr.
        try:
            known = mp3_with_length(path.read_bytes())
        except ValueError as error:
            raise AudioFileError(f"{path}: {error}") from error
    file = _ReadOn(_native(path))
    if file.format == "MP3":
        # Of a constant bit rate the estimate holds.
        data = known[0] if known is not None and known[1] > file.frames else None
    elif file.format == "FLAC" and file.frames == _FLAC_UNKNOWN:
        try:
            data = flac_with_length(path.read_bytes())
        except ValueError as error:
            file.close()
            raise AudioFileError(f"{path}: truncated: {error}") from error
    if data is None:
        return file
    file.close()
    return _ReadOn(BytesIO(data))


class _ReadOn(soundfile.SoundFile):  # type: ignore[misc]
    """A file of which lossy kinds are read on without a word.

    Its parent seeks to where it is after every read if a file is `seekable`, and a decoder of MP3 goes on with silence
    then. Seeking when asked to works as before.
    """

    def seekable(self) -> bool:
        return self.format not in LOSSY and bool(super().seekable())


def _native(path: Path) -> str | bytes:
    """The path as the system has it: on POSIX names are bytes, and need not be UTF-8."""
    return str(path) if os.name == "nt" else os.fsencode(path)


def _check_whole(path: Path, size: int) -> None:
    """Refuse a file that has fewer bytes than its header promises: libsndfile reads such a file without an error."""
    with path.open("rb") as file:
        head = file.read(12)
        if head[:4] in (b"RIFF", b"RF64") and head[8:] == b"WAVE":
            _check_chunks(path, file, size, "<4sI", b"data")
        elif head[:4] == b"FORM" and head[8:] in (b"AIFF", b"AIFC"):
            _check_chunks(path, file, size, ">4sI", b"SSND")
        elif head[:4] == b"OggS":
            _check_last_page(path, file, size)


def _check_chunks(path: Path, file: BinaryIO, size: int, header: str, sound: bytes) -> None:
    """WAV and AIFF: the chunk of sound has as many bytes as it says, or as the first chunk of an RF64 says."""
    position = 12
    long = 0
    while position + 8 <= size:
        file.seek(position)
        tag, length = struct.unpack(header, file.read(8))
        if tag == b"ds64" and length >= 16 and position + 24 <= size:
            long = struct.unpack("<Q", file.read(16)[8:])[0]
        if tag == sound:
            if length == _UNKNOWN_LENGTH and long:
                length = long
            if length != _UNKNOWN_LENGTH and position + 8 + length > size:
                came = size - position - 8
                raise AudioFileError(f"{path}: truncated: header promises {length} bytes of sound, {came} came")
            return
        position += 8 + length + (length & 1)


def _check_last_page(path: Path, file: BinaryIO, size: int) -> None:
    """Ogg: the last page is whole, and says that it is the last."""
    file.seek(max(0, size - 2 * _LONGEST_PAGE))
    tail = file.read()
    start = tail.rfind(b"OggS")
    page = tail[start:]
    whole = start >= 0 and len(page) >= 27 and len(page) >= 27 + page[26] + sum(page[27 : 27 + page[26]])
    if not whole or not page[5] & _END_OF_STREAM:
        raise AudioFileError(f"{path}: truncated: expected a last page that ends the stream, found none")


def _check_header(path: Path, file: soundfile.SoundFile) -> None:
    """Refuse a file of another kind, or of channels or a rate that are not read."""
    if file.format not in _FORMATS_READ:
        raise AudioFileError(f"{path}: is a file of {file.format_info}, expected WAV, FLAC, Ogg, AIFF or MP3")
    if file.channels not in _DOWNMIX:
        raise AudioFileError(f"{path}: has {file.channels} channels, expected one of {sorted(_DOWNMIX)}")
    if not _RATES[0] <= file.samplerate <= _RATES[1]:
        raise AudioFileError(f"{path}: has a rate of {file.samplerate} Hz, expected {_RATES[0]} to {_RATES[1]}")


def downmix(channels: int) -> Samples:
    """Return the factors of the channels of a file on both sides, float32 [C, 2]."""
    matrix = np.array(_DOWNMIX[channels], np.float32)
    matrix /= np.abs(matrix).sum(axis=0).max()
    return matrix


def _checked(path: Path, file: soundfile.SoundFile, max_seconds: float, *, excerpt: bool) -> Samples:
    """All samples of an open file, or the middle ones of a longer one for an excerpt, float32 [S, 2] at its rate."""
    matrix = downmix(file.channels)
    limit = round(max_seconds * file.samplerate)
    blocks: list[Samples] = []
    count = 0
    peak = 0.0
    cut = excerpt and file.frames > limit
    if cut:
        file.seek((file.frames - limit) // 2)
    while True:
        block = file.read(min(_READ_FRAMES, limit - count) if cut else _READ_FRAMES, dtype="float32", always_2d=True)
        if not len(block):
            break
        finite = np.isfinite(block).all(axis=1)
        if not finite.all():
            raise AudioFileError(f"{path}: sample {count + int(finite.argmin())} is not a number")
        count += len(block)
        if count > limit:
            raise AudioFileError(f"{path}: is longer than {max_seconds:g} s")
        peak = max(peak, float(np.abs(block).max()))
        # Mixed down block by block: eight channels of a high rate would take gigabytes.
        blocks.append(block @ matrix)
    if not count:
        raise AudioFileError(f"{path}: holds no samples")
    # Of an MP3 it is an estimate; what its header promises was compared with its frames.
    if count < (limit if cut else file.frames) and file.format != "MP3":
        raise AudioFileError(f"{path}: truncated: {limit if cut else file.frames} samples promised, {count} found")
    if peak > MAX_LEVEL:
        raise AudioFileError(f"{path}: peaks at {peak:.3g}, expected at most 1 (full scale)")
    return np.concatenate(blocks)


class AudioWriter:
    """A sound file under way: written beside its final name, which appears only when all of it is there.

            with AudioWriter(path) as writer:
            writer.write(samples)  # float32 [S, 2]

    An error or Ctrl-C inside the block leaves nothing behind.

    Raises:
        AudioFileError: For an unknown extension or a place that cannot be written.
    """

    def __init__(self, path: Path, *, rate: int = SAMPLE_RATE, channels: int = CHANNELS) -> None:
        if path.suffix.lower() not in FORMATS:
            known = ", ".join(FORMATS)
            raise AudioFileError(f"{path}: unknown extension {path.suffix!r}, expected one of {known}")
        try:
            replaceable(path)
        except OSError as error:
            raise AudioFileError(f"{error.filename}: {error.strerror}") from error
        self._path = path
        self._rate = rate
        self._channels = channels
        self._written = 0
        self._frames = 0

    def __enter__(self) -> Self:
        form, subtype = FORMATS[self._path.suffix.lower()]
        with ExitStack() as stack:
            try:
                partial = stack.enter_context(replacing(self._path))
                stack.push(lambda kind, error, trace: None if kind else self._check(partial))
                options = {"samplerate": self._rate, "channels": self._channels, "format": form, "subtype": subtype}
                self._file = stack.enter_context(soundfile.SoundFile(_native(partial), "w", **options))
            except OSError as error:
                raise AudioFileError(f"{self._path}: cannot be written: {error.strerror}") from error
            except soundfile.SoundFileError as error:
                raise self._fault(error) from error
            self._stack = stack.pop_all()
        return self

    def write(self, samples: Samples) -> None:
        """Append float32 [S, C]; integer formats clip at full scale.

        Raises:
            AudioFileError: If a WAV would grow beyond 4 GiB, four hours of stereo, or the disk is full.
        """
        self._written += samples.size * _WAV_SAMPLE_BYTES
        if self._path.suffix.lower() == ".wav" and self._written > MAX_WAV_BYTES:
            raise AudioFileError(f"{self._path}: a WAV file holds at most {MAX_WAV_BYTES} bytes; write a .flac instead")
        # libsndfile's Vorbis encoder overflows its stack on very long blocks.
        try:
            for start in range(0, len(samples), _WRITE_FRAMES):
                self._file.write(samples[start : start + _WRITE_FRAMES])
        except soundfile.SoundFileError as error:
            raise self._fault(error) from error
        self._frames += len(samples)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._stack.__exit__(kind, error, trace)
        except (OSError, soundfile.SoundFileError) as fault:
            if fault is error:
                raise
            raise self._fault(fault) from fault

    def _check(self, partial: Path) -> None:
        """Check that all frames arrived: libsndfile reports no failure of the last block."""
        with soundfile.SoundFile(_native(partial)) as file:
            if file.frames < self._frames:
                raise OSError(f"{self._frames} samples were written, {file.frames} arrived")

    def _fault(self, error: Exception) -> AudioFileError:
        """The error with a reason: of a system's error libsndfile knows only that there was one."""
        full = shutil.disk_usage(self._path.parent).free < _FULL_BYTES
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        return AudioFileError(f"{self._path}: cannot be written: {'no space left on the disk' if full else reason}")


def write_audio(path: Path, samples: Samples, *, rate: int = SAMPLE_RATE) -> None:
    """Write [S, C] as WAV, FLAC (24 bit) or Ogg Vorbis, by extension; all or nothing.

    Raises:
        AudioFileError: As AudioWriter.
    """
    with AudioWriter(path, rate=rate, channels=samples.shape[1]) as writer:
        writer.write(samples)
