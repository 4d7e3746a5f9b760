"""The sound inside the page: Ogg Vorbis, encoded once, while the run is made. S samples, 48 kHz."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Final

import numpy as np
import soundfile
import soxr

from segue.contract import CHANNELS, SAMPLE_RATE, Samples

MOST_BYTES: Final = 12_000_000
"""Of encoded sound, before base64 adds a third: a page has 20 MB, and other things to show."""
# What a page of at most 8 MB, small enough to mail, has room for.
_MAILED_BYTES: Final = 3_600_000
_HALF_LONG_S: Final = 1_200.0
_WRITE_SAMPLES: Final = 1 << 16


@dataclass(frozen=True, kw_only=True)
class Encoding:
    """How sound is encoded. compression: libsndfile's scale, 0 the best quality, 1 the smallest file.

    bytes_a_second: measured with music of the orchestra; other music differs by a fifth.
    """

    channels: int
    rate: int
    compression: float
    bytes_a_second: int


_STEREO: Final = (
    Encoding(channels=2, rate=SAMPLE_RATE, compression=0.4, bytes_a_second=22_600),
    Encoding(channels=2, rate=SAMPLE_RATE, compression=0.55, bytes_a_second=18_000),
    Encoding(channels=2, rate=SAMPLE_RATE, compression=0.7, bytes_a_second=13_700),
    Encoding(channels=2, rate=SAMPLE_RATE, compression=0.85, bytes_a_second=10_300),
    Encoding(channels=2, rate=SAMPLE_RATE, compression=1.0, bytes_a_second=7_900),
)
# Half the bytes and a third of the time to encode.
_MONO: Final = Encoding(channels=1, rate=SAMPLE_RATE, compression=1.0, bytes_a_second=6_100)
_NARROW: Final = Encoding(channels=1, rate=32_000, compression=1.0, bytes_a_second=5_300)


@dataclass(frozen=True, kw_only=True)
class Encoded:
    """Ogg Vorbis, and what became of the sound's 48 kHz stereo."""

    data: bytes
    encoding: Encoding

    @property
    def note(self) -> str:
        """What the page says of it, "" where nothing is missing."""
        if self.encoding.channels == CHANNELS:
            return ""
        narrow = "" if self.encoding.rate == SAMPLE_RATE else f" at {self.encoding.rate // 1000} kHz"
        return f"mono{narrow}, so that the page stays small"


def encoding_for(seconds: float) -> Encoding | None:
    """The best that the page has room for: stereo for some minutes, mono for half an hour; None for more."""
    for encoding in _STEREO:
        if seconds * encoding.bytes_a_second <= _MAILED_BYTES:
            return encoding
    if seconds <= _HALF_LONG_S:
        return _MONO
    return _NARROW if seconds * _NARROW.bytes_a_second <= MOST_BYTES else None


class SoundEncoder:
    """Takes float32 [S, 2] block by block. seconds: how long it will be."""

    def __init__(self, seconds: float) -> None:
        self._file: soundfile.SoundFile | None = None
        self._buffer = io.BytesIO()
        self._encoding = encoding_for(seconds)
        self._resampler: soxr.ResampleStream | None = None
        if self._encoding is None:
            return
        if self._encoding.rate != SAMPLE_RATE:
            self._resampler = soxr.ResampleStream(SAMPLE_RATE, self._encoding.rate, 1, dtype="float32", quality="MQ")
        self._file = soundfile.SoundFile(
            self._buffer,
            "w",
            samplerate=self._encoding.rate,
            channels=self._encoding.channels,
            format="OGG",
            subtype="VORBIS",
            compression_level=self._encoding.compression,
        )

    def add(self, block: Samples) -> None:
        if self._file is None or self._encoding is None:
            return
        # libsndfile's Vorbis encoder overflows its stack on very long blocks.
        for start in range(0, len(block), _WRITE_SAMPLES):
            part = block[start : start + _WRITE_SAMPLES]
            if self._encoding.channels == 1:
                part = np.asarray((part[:, 0] + part[:, 1]) / 2, np.float32)
            self._file.write(part if self._resampler is None else self._resampler.resample_chunk(part))
        if self._buffer.tell() > MOST_BYTES:
            self._drop()

    def encoded(self) -> Encoded | None:
        """All of it, after the last block; None where it is too much for a page."""
        if self._file is None or self._encoding is None:
            return None
        if self._resampler is not None:
            self._file.write(self._resampler.resample_chunk(np.zeros(0, np.float32), last=True))
        self._file.close()
        self._file = None
        return Encoded(data=self._buffer.getvalue(), encoding=self._encoding)

    def __del__(self) -> None:
        # A run that ends early leaves a file open, which writes its last page when it is closed.
        self._drop()

    def _drop(self) -> None:
        """Go on without: it would not be shown."""
        if self._file is not None:
            self._file.close()
        self._file, self._buffer = None, io.BytesIO()
