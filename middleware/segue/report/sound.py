"""What the page shows and plays of the sound, measured while it is made, block by block. S samples, 48 kHz stereo."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from segue.contract import CHANNELS, SAMPLE_RATE, Samples
from segue.report.encoding import Encoded, SoundEncoder
from segue.report.loudness import Loudness, LoudnessMeter
from segue.report.spectrum import Spectrogram, SpectrumMeter

ENVELOPE_HZ: Final = 250
_BIN: Final = SAMPLE_RATE // ENVELOPE_HZ
_MOST_ENVELOPE_BINS: Final = 60_000


@dataclass(frozen=True, kw_only=True)
class Envelope:
    """Extremes and power of consecutive bins. low, high: int8, full scale 127. rms: uint8, full scale 127."""

    bin_s: float
    low: NDArray[np.int8]
    high: NDArray[np.int8]
    rms: NDArray[np.uint8]


@dataclass(frozen=True, kw_only=True, eq=False)
class Sound:
    """All that a page has of a run's sound. samples: how many; peak: the largest of them; encoded: None if too long."""

    samples: int
    peak: float
    envelope: Envelope
    spectrogram: Spectrogram
    loudness: Loudness
    encoded: Encoded | None


class EnvelopeMeter:
    """The outline over both channels."""

    def __init__(self) -> None:
        self._rest: Samples = np.zeros((0, CHANNELS), np.float32)
        self._bins: list[NDArray[np.float32]] = []

    def add(self, block: Samples) -> None:
        waiting = np.concatenate([self._rest, np.clip(block, -1, 1)])
        whole = len(waiting) // _BIN * _BIN
        self._bins.append(_outline(waiting[:whole]))
        self._rest = waiting[whole:]

    def envelope(self) -> Envelope:
        """Of all that was added: at most 60 000 bins."""
        missing = -len(self._rest) % _BIN if self._bins and (len(self._rest) or any(map(len, self._bins))) else _BIN
        self.add(np.zeros((missing, CHANNELS), np.float32))
        fine = np.concatenate(self._bins)
        every = -(-len(fine) // _MOST_ENVELOPE_BINS)
        starts = np.arange(0, len(fine), every)
        counts = np.diff(np.append(starts, len(fine)))
        power = np.add.reduceat(fine[:, 2], starts) / counts
        return Envelope(
            bin_s=every * _BIN / SAMPLE_RATE,
            low=np.floor(np.minimum.reduceat(fine[:, 0], starts) * 127).astype(np.int8),
            high=np.ceil(np.maximum.reduceat(fine[:, 1], starts) * 127).astype(np.int8),
            rms=np.round(np.sqrt(power) * 127).astype(np.uint8),
        )


def _outline(samples: Samples) -> NDArray[np.float32]:
    """Least, greatest and mean square of whole bins: float32 [bins, 3]."""
    cut = samples.reshape(-1, _BIN * CHANNELS)
    return np.stack([cut.min(axis=1), cut.max(axis=1), (cut**2).mean(axis=1)], axis=1)


class SoundMeter:
    """Takes float32 [S, 2] block by block, as it is written. seconds: how long it will be, which decides its detail.

    It keeps measures, not sound: an hour takes little more memory than a minute.
    """

    def __init__(self, seconds: float) -> None:
        self._samples = 0
        self._peak = 0.0
        self._envelope = EnvelopeMeter()
        self._spectrum = SpectrumMeter(seconds)
        self._loudness = LoudnessMeter()
        self._encoder = SoundEncoder(seconds)

    def add(self, block: Samples) -> None:
        if not len(block):
            return
        self._samples += len(block)
        self._peak = max(self._peak, float(np.abs(block).max()))
        for meter in (self._envelope, self._spectrum, self._loudness, self._encoder):
            meter.add(block)

    def sound(self) -> Sound:
        """Of all that was added; no more can be added."""
        return Sound(
            samples=self._samples,
            peak=self._peak,
            envelope=self._envelope.envelope(),
            spectrogram=self._spectrum.spectrogram(),
            loudness=self._loudness.loudness(),
            encoded=self._encoder.encoded(),
        )


def measured(audio: Samples) -> Sound:
    """The measures of sound that is there as a whole, [S, 2]."""
    meter = SoundMeter(len(audio) / SAMPLE_RATE)
    for start in range(0, len(audio), SAMPLE_RATE):
        meter.add(audio[start : start + SAMPLE_RATE])
    return meter.sound()
