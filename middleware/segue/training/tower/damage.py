"""What happens to recordings before they become prompts: codecs, equalisers, noise, mono, gain and cuts.

Arrays are those of segue.style.spectra: F frames, B bins.
"""

from __future__ import annotations

from io import BytesIO
from typing import Final

import numpy as np
import soundfile
from numpy.typing import NDArray

from segue.audio.files import resample
from segue.contract import SAMPLE_RATE, Samples
from segue.style.spectra import Spectra

_CODECS: Final = (("MP3", "MPEG_LAYER_III"), ("OGG", "VORBIS"), ("OGG", "OPUS"))
_RATES: Final = {"MPEG_LAYER_III": (22_050, 44_100), "VORBIS": (16_000, 22_050, 44_100), "OPUS": (16_000, 48_000)}
_SHORTEST_S: Final = 5.0


def cut(samples: Samples, random: np.random.Generator) -> Samples:
    """Return a part of some sound, at least _SHORTEST_S long."""
    length = int(random.uniform(min(_SHORTEST_S * SAMPLE_RATE, len(samples)), len(samples) + 1))
    start = int(random.integers(len(samples) - length + 1))
    return samples[start : start + length]


def coded(samples: Samples, random: np.random.Generator) -> Samples:
    """Return sound after a lossy codec at a low bit rate and another sample rate."""
    form, subtype = _CODECS[int(random.integers(len(_CODECS)))]
    rate = int(random.choice(_RATES[subtype]))
    peak = max(1.0, float(np.abs(samples).max()))
    buffer = BytesIO()
    # The greatest level is the lowest bit rate.
    level = float(random.uniform(0.5, 1.0))
    with soundfile.SoundFile(
        buffer, "w", rate, samples.shape[1], format=form, subtype=subtype, compression_level=level
    ) as file:
        # libsndfile's Vorbis encoder overflows its stack on long blocks.
        sound = resample(samples / peak, SAMPLE_RATE, rate)
        for start in range(0, len(sound), 1 << 15):
            file.write(sound[start : start + (1 << 15)])
    buffer.seek(0)
    decoded, rate = soundfile.read(buffer, dtype="float32", always_2d=True)
    return resample(decoded, rate)


def coloured(sound: Spectra, random: np.random.Generator) -> Spectra:
    """Return spectra after an equaliser, with noise, narrower or wider, perhaps in mono or without treble."""
    width = 10.0 ** (random.uniform(-6.0, 4.0) / 10.0) if random.random() > 0.15 else 0.0
    curve = _equaliser(sound.mid.shape[1], random)
    long_curve = np.interp(np.linspace(0, 1, sound.long.shape[1]), np.linspace(0, 1, sound.mid.shape[1]), curve).astype(
        np.float32
    )
    mid, side, long = sound.mid * curve, sound.side * curve * np.float32(width), sound.long * long_curve
    if random.random() < 0.6:
        level = mid.mean() * 10.0 ** (random.uniform(-50.0, -25.0) / 10.0)
        tilt = random.uniform(0.0, 1.0)
        mid = mid + _noise(mid.shape, level, tilt, random)
        long = long + _noise(long.shape, level * long.mean() / mid.mean(), tilt, random)
        if width:
            side = side + _noise(side.shape, level, tilt, random)
    return Spectra(mid=mid.astype(np.float32), side=side.astype(np.float32), long=long.astype(np.float32))


def _equaliser(bins: int, random: np.random.Generator) -> NDArray[np.float32]:
    """Gains of power: a tilt, three broad bells, and sometimes no treble."""
    octaves = np.log2(np.maximum(1, np.arange(bins)) / bins * SAMPLE_RATE / 2 / 1_000.0)
    gain_db = random.normal(0.0, 1.2) * octaves
    for _ in range(3):
        centre, breadth = random.uniform(-4.0, 4.0), random.uniform(0.6, 1.6)
        gain_db = gain_db + random.normal(0.0, 3.5) * np.exp(-0.5 * ((octaves - centre) / breadth) ** 2)
    if random.random() < 0.25:
        gain_db = gain_db - 24.0 * np.maximum(0.0, octaves - random.uniform(1.6, 3.6))
    if random.random() < 0.25:
        gain_db = gain_db - 12.0 * np.maximum(0.0, random.uniform(-4.0, -2.5) - octaves)
    return np.asarray(10.0 ** (gain_db / 10.0), np.float32)


def _noise(shape: tuple[int, ...], level: float, tilt: float, random: np.random.Generator) -> NDArray[np.float32]:
    """Power of noise, white (tilt 0) to pink (1): exponentially distributed in each bin."""
    frames, bins = shape
    colour = (np.arange(1, bins + 1) / bins) ** -tilt
    colour /= colour.mean()
    return np.asarray(level * colour * random.exponential(size=(frames, bins)), np.float32)
