"""What the page shows and plays of the sound: envelope, mel spectrogram, Ogg Vorbis. S samples, 48 kHz stereo."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Final

import numpy as np
import soundfile
from numpy.typing import NDArray
from scipy.fft import rfft

from segue.contract import SAMPLE_RATE, Samples

ENVELOPE_HZ: Final = 250
_MOST_ENVELOPE_BINS: Final = 60_000
MEL_BANDS: Final = 112
MEL_RANGE_HZ: Final = (30.0, 18_000.0)
DYNAMIC_RANGE_DB: Final = 78.0
# Browsers keep images up to 4 096 pixels wide on every machine; wider ones may be refused.
_MOST_COLUMNS: Final = 4_096
_COLUMN_HZ: Final = 25
_WINDOW: Final = 4_096
_BLOCK_COLUMNS: Final = 256
# Bytes the sound may take in a page of at most 8 MB, before base64 adds a third.
_MOST_VORBIS_BYTES: Final = 3_600_000
# libsndfile's scale: 0 is the best quality, 1 the smallest file.
_COMPRESSION: Final = (0.4, 0.55, 0.7, 0.85, 1.0)
_WRITE_SAMPLES: Final = 1 << 16


@dataclass(frozen=True, kw_only=True)
class Envelope:
    """Extremes and power of consecutive bins. low, high: int8, full scale 127. rms: uint8, full scale 127."""

    bin_s: float
    low: NDArray[np.int8]
    high: NDArray[np.int8]
    rms: NDArray[np.uint8]


@dataclass(frozen=True, kw_only=True)
class Spectrogram:
    """Mel power in dB below its top as uint8 [MEL_BANDS, columns]: 0 is DYNAMIC_RANGE_DB below, 255 the top."""

    column_s: float
    levels: NDArray[np.uint8]


def envelope(audio: Samples) -> Envelope:
    """The outline of [S, 2], over both channels."""
    hop = max(SAMPLE_RATE // ENVELOPE_HZ, -(-len(audio) // _MOST_ENVELOPE_BINS))
    bins = max(1, -(-len(audio) // hop))
    padded = np.zeros((bins * hop, 2), np.float32)
    padded[: len(audio)] = np.clip(audio, -1, 1)
    cut = padded.reshape(bins, hop * 2)
    return Envelope(
        bin_s=hop / SAMPLE_RATE,
        low=np.floor(cut.min(axis=1) * 127).astype(np.int8),
        high=np.ceil(cut.max(axis=1) * 127).astype(np.int8),
        rms=np.round(np.sqrt((cut**2).mean(axis=1)) * 127).astype(np.uint8),
    )


def spectrogram(audio: Samples) -> Spectrogram:
    """Power of [S, 2] in mel bands, the mean of both channels, the top being its loudest cell."""
    hop = max(SAMPLE_RATE // _COLUMN_HZ, -(-len(audio) // _MOST_COLUMNS))
    columns = max(1, -(-len(audio) // hop))
    mono = np.zeros(columns * hop + _WINDOW, np.float32)
    # The window's middle lies on the column's middle.
    lead = (_WINDOW - hop) // 2 if hop < _WINDOW else 0
    mono[lead : lead + len(audio)] = audio.mean(axis=1)[: len(mono) - lead]
    window = np.hanning(_WINDOW).astype(np.float32)
    bank = mel_bank()
    power = np.zeros((columns, MEL_BANDS), np.float32)
    for first in range(0, columns, _BLOCK_COLUMNS):
        last = min(first + _BLOCK_COLUMNS, columns)
        starts = np.arange(first, last)[:, None] * hop + np.arange(_WINDOW)
        spectrum = np.asarray(rfft(mono[starts] * window, axis=1))
        power[first:last] = (spectrum.real**2 + spectrum.imag**2) @ bank.T
    top = float(power.max())
    if top <= 0:
        return Spectrogram(column_s=hop / SAMPLE_RATE, levels=np.zeros((MEL_BANDS, columns), np.uint8))
    below = 10 * np.log10(np.maximum(power / top, 1e-12))
    levels = np.clip(1 + below / DYNAMIC_RANGE_DB, 0, 1) * 255
    return Spectrogram(column_s=hop / SAMPLE_RATE, levels=np.round(levels.T).astype(np.uint8))


def mel_bank() -> NDArray[np.float32]:
    """Triangles of unit area over the FFT's bins, float32 [MEL_BANDS, bins]. Source: O'Shaughnessy's mel scale."""
    edges = hz_of(np.arange(-1, MEL_BANDS + 1))
    bins = np.arange(_WINDOW // 2 + 1) * SAMPLE_RATE / _WINDOW
    low, middle, high = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    triangles = np.maximum(0, np.minimum((bins - low) / (middle - low), (high - bins) / (high - middle)))
    # Low bands are narrower than the FFT's bins: each hears at least its nearest one.
    nearest = np.abs(bins[None, :] - middle).argmin(axis=1)
    silent = triangles.sum(axis=1) == 0
    triangles[silent, nearest[silent]] = 1
    return np.asarray(triangles / triangles.sum(axis=1, keepdims=True), np.float32)


def hz_of(band: NDArray[np.int_] | NDArray[np.floating]) -> NDArray[np.float64]:
    """Middle frequency of mel bands."""
    low, high = (2595 * np.log10(1 + hz / 700) for hz in MEL_RANGE_HZ)
    mel = low + (np.asarray(band, np.float64) + 1) * (high - low) / (MEL_BANDS + 1)
    return np.asarray(700 * (10 ** (mel / 2595) - 1), np.float64)


def band_of(hz: float) -> float:
    """Where a frequency lies among the mel bands."""
    low, high = (2595 * np.log10(1 + edge / 700) for edge in MEL_RANGE_HZ)
    return float((2595 * np.log10(1 + hz / 700) - low) * (MEL_BANDS + 1) / (high - low) - 1)


def vorbis(audio: Samples) -> bytes:
    """[S, 2] as Ogg Vorbis, as good as fits the page: about 160 kbit/s up to three minutes, less for longer ones."""
    encoded = b""
    for compression in _COMPRESSION:
        encoded = _encode(audio, compression)
        if len(encoded) <= _MOST_VORBIS_BYTES:
            break
    return encoded


def _encode(audio: Samples, compression: float) -> bytes:
    buffer = io.BytesIO()
    with soundfile.SoundFile(
        buffer,
        "w",
        samplerate=SAMPLE_RATE,
        channels=2,
        format="OGG",
        subtype="VORBIS",
        compression_level=compression,
    ) as file:
        # libsndfile's Vorbis encoder overflows its stack on very long blocks.
        for start in range(0, len(audio), _WRITE_SAMPLES):
            file.write(audio[start : start + _WRITE_SAMPLES])
    return buffer.getvalue()
