"""The audio of a run as the page shows and plays it: measures and an encoded copy, made block by block.

S samples, 48 kHz, stereo. The memory needed hardly grows with the length.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Final

import numpy as np
import soundfile
import soxr

from segue.contract import CHANNELS, SAMPLE_RATE, Samples
from segue.report.meters import Loudness, LoudnessMeter, Spectrogram, SpectrogramMeter, Waveform, WaveformMeter

MOST_ENCODED_BYTES: Final = 12_000_000
"""Limit of the encoded audio. Base64 adds a third, and a page of 20 MB has other content too."""
# Limit for a page of at most 8 MB, which can be sent by mail.
_MAILED_BYTES: Final = 3_600_000
_LONGEST_48_KHZ_S: Final = 1_200.0
# libsndfile's Vorbis encoder overflows its stack on very long blocks.
_WRITE_SAMPLES: Final = 1 << 16
# Samples to collect for the meters. Of blocks of 0.4, 1, 2, 4 and 10 s, those of 2 s took the least time: of short ones
# the overhead counts, and what is computed of long ones fits into no cache of the processor.
_METERED_SAMPLES: Final = 2 * SAMPLE_RATE


@dataclass(frozen=True, kw_only=True)
class Encoding:
    """How audio is encoded as Ogg Vorbis.

    Attributes:
        compression: libsndfile's scale: 0 is the best quality, 1 the smallest file.
        bytes_a_second: Measured with music of the orchestra; other music differs by a fifth.
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
# Half the bytes of stereo, and a third of the time to encode.
_MONO: Final = Encoding(channels=1, rate=SAMPLE_RATE, compression=1.0, bytes_a_second=6_100)
# Half the processor time of 48 kHz.
_MONO_24_KHZ: Final = Encoding(channels=1, rate=24_000, compression=0.85, bytes_a_second=4_700)


@dataclass(frozen=True, kw_only=True)
class EncodedSound:
    """Ogg Vorbis."""

    data: bytes
    encoding: Encoding

    @property
    def note(self) -> str:
        """What the encoding lost of 48 kHz stereo, "" if nothing."""
        if self.encoding.channels == CHANNELS:
            return ""
        rate = "" if self.encoding.rate == SAMPLE_RATE else f" at {self.encoding.rate // 1000} kHz"
        return f"mono{rate}, so that the page stays small"


@dataclass(frozen=True, kw_only=True, eq=False)
class SoundMeasures:
    """Everything that a page has of the audio of a run.

    Attributes:
        samples: Length of the run.
        peak: Largest magnitude of a sample.
        encoded: None where the run is too long for a page.
    """

    samples: int
    peak: float
    waveform: Waveform
    spectrogram: Spectrogram
    loudness: Loudness
    encoded: EncodedSound | None


def encoding_for(seconds: float) -> Encoding | None:
    """Choose the best encoding that fits into a page: stereo for minutes, mono for half an hour, None for more."""
    for encoding in _STEREO:
        if seconds * encoding.bytes_a_second <= _MAILED_BYTES:
            return encoding
    if seconds <= _LONGEST_48_KHZ_S:
        return _MONO
    return _MONO_24_KHZ if seconds * _MONO_24_KHZ.bytes_a_second <= MOST_ENCODED_BYTES else None


class SoundEncoder:
    """Encodes float32 [S, 2] block by block. seconds: the length to come, which decides the encoding."""

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
        for start in range(0, len(block), _WRITE_SAMPLES):
            part = block[start : start + _WRITE_SAMPLES]
            if self._encoding.channels == 1:
                part = np.asarray((part[:, 0] + part[:, 1]) / 2, np.float32)
            self._file.write(part if self._resampler is None else self._resampler.resample_chunk(part))
        if self._buffer.tell() > MOST_ENCODED_BYTES:
            self._close()

    def encoded(self) -> EncodedSound | None:
        """Finish the encoding. Returns: None where it is too large for a page."""
        if self._file is None or self._encoding is None:
            return None
        if self._resampler is not None:
            self._file.write(self._resampler.resample_chunk(np.zeros(0, np.float32), last=True))
        self._file.close()
        self._file = None
        return EncodedSound(data=self._buffer.getvalue(), encoding=self._encoding)

    def __del__(self) -> None:
        # A run that fails leaves a file open, which writes its last page when it is closed.
        self._close()

    def _close(self) -> None:
        """Stop encoding and free the memory."""
        if self._file is not None:
            self._file.close()
        self._file, self._buffer = None, io.BytesIO()


class SoundMeter:
    """Measures and encodes float32 [S, 2] block by block, as it is written.

    Args:
        seconds: The length to come, which decides how detailed the measures are.
    """

    def __init__(self, seconds: float) -> None:
        self._samples = 0
        self._peak = 0.0
        self._waveform = WaveformMeter()
        self._spectrogram = SpectrogramMeter(seconds)
        self._loudness = LoudnessMeter()
        self._encoder = SoundEncoder(seconds)
        self._waiting: list[Samples] = []

    def add(self, block: Samples) -> None:
        if not len(block):
            return
        self._samples += len(block)
        self._peak = max(self._peak, float(np.abs(block).max()))
        self._encoder.add(block)
        self._waiting.append(block)
        if sum(map(len, self._waiting)) >= _METERED_SAMPLES:
            self._measure()

    def _measure(self) -> None:
        if self._waiting:
            block = np.concatenate(self._waiting)
            self._waiting.clear()
            for meter in (self._waveform, self._spectrogram, self._loudness):
                meter.add(block)

    def measures(self) -> SoundMeasures:
        """Return the measures of everything added. Nothing can be added afterwards."""
        self._measure()
        return SoundMeasures(
            samples=self._samples,
            peak=self._peak,
            waveform=self._waveform.waveform(),
            spectrogram=self._spectrogram.spectrogram(),
            loudness=self._loudness.loudness(),
            encoded=self._encoder.encoded(),
        )


def measure(audio: Samples) -> SoundMeasures:
    """Return the measures of audio [S, 2] that is complete."""
    meter = SoundMeter(len(audio) / SAMPLE_RATE)
    for start in range(0, len(audio), SAMPLE_RATE):
        meter.add(audio[start : start + SAMPLE_RATE])
    return meter.measures()
