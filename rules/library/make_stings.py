"""The library's stings, synthesised: additive brass, timpani and a string stab in NumPy.

Run it from anywhere (`python rules/library/make_stings.py`) to write the .ogg files anew beside their rule files.
Everything is computed here; no recording takes part.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
import soundfile
from numpy.typing import NDArray

SAMPLE_RATE: Final = 48_000
PEAK: Final = 10 ** (-3 / 20)
LIBRARY: Final = Path(__file__).parent

Mono = NDArray[np.float64]


def seconds(duration_s: float) -> Mono:
    """Time of each sample, from 0."""
    return np.arange(round(duration_s * SAMPLE_RATE)) / SAMPLE_RATE


def frequency(pitch: float) -> float:
    """Hz of a MIDI pitch; A4 is 69."""
    return float(440.0 * 2.0 ** ((pitch - 69.0) / 12.0))


def envelope(t: Mono, *, attack_s: float, release_s: float) -> Mono:
    """0 to 1 in attack_s, back to 0 in the last release_s, both cosine-shaped so that neither end clicks."""
    rise = np.clip(t / attack_s, 0.0, 1.0)
    fall = np.clip((t[-1] - t) / release_s, 0.0, 1.0)
    return 0.25 * (1 - np.cos(np.pi * rise)) * (1 - np.cos(np.pi * fall))


def brass(pitch: float, duration_s: float, generator: np.random.Generator) -> Mono:
    """A brass tone: upper partials speak later and fall sooner than the lower (Risset 1966)."""
    t = seconds(duration_s)
    vibrato = 0.004 * np.clip(t - 0.25, 0.0, 0.4) * np.sin(2 * np.pi * 5.2 * t + generator.uniform(0, 6))
    phase = 2 * np.pi * np.cumsum(frequency(pitch) * (1 + vibrato)) / SAMPLE_RATE
    tone = np.zeros_like(t)
    for partial in range(1, 15):
        if partial * frequency(pitch) > 12_000:
            break
        level = envelope(t, attack_s=0.02 + 0.006 * partial, release_s=min(0.6 * duration_s, 0.9 / partial**0.4))
        tone += level * np.sin(partial * phase + generator.uniform(0, 6)) / partial**1.1
    return tone


def timpani(pitch: float, duration_s: float, generator: np.random.Generator) -> Mono:
    """A kettledrum: the inharmonic modes of a loaded membrane, each dying at its own pace, and the mallet's noise."""
    t = seconds(duration_s)
    modes = ((1.0, 1.0, 1.1), (1.5, 0.6, 0.8), (1.98, 0.4, 0.6), (2.44, 0.25, 0.4))
    tone = sum(level * np.sin(2 * np.pi * ratio * frequency(pitch) * t) * np.exp(-t / s) for ratio, level, s in modes)
    mallet = generator.standard_normal(len(t)) * np.exp(-t / 0.012) * 0.3
    return np.asarray(tone + mallet) * envelope(t, attack_s=0.003, release_s=0.3)


def strings(pitch: float, duration_s: float, generator: np.random.Generator) -> Mono:
    """A section of six bowed strings, each a little out of tune, bowing tremolo."""
    t = seconds(duration_s)
    tone = np.zeros_like(t)
    for _ in range(6):
        base = frequency(pitch + generator.normal(0, 0.06))
        phase = generator.uniform(0, 6)
        for partial in range(1, 20):
            if partial * base > 11_000:
                break
            tone += np.sin(2 * np.pi * partial * base * t + partial * phase) / partial**1.3
    tremolo = 0.75 + 0.25 * np.sin(2 * np.pi * 11.0 * t)
    return tone * tremolo * envelope(t, attack_s=0.03, release_s=0.8 * duration_s) / 3.0


class Stage:
    """A stereo room to place tones in. pan: -1 left to 1 right."""

    def __init__(self, duration_s: float) -> None:
        self._samples = np.zeros((round(duration_s * SAMPLE_RATE), 2))

    def place(self, tone: Mono, *, at_s: float, pan: float, gain: float = 1.0) -> None:
        start = round(at_s * SAMPLE_RATE)
        tone = tone[: len(self._samples) - start] * gain
        angle = (pan + 1) * np.pi / 4
        self._samples[start : start + len(tone)] += tone[:, None] * (np.cos(angle), np.sin(angle))

    def write(self, path: Path, generator: np.random.Generator) -> None:
        """Add a short reverberation, bring the peak to -3 dBFS, and write Ogg Vorbis."""
        t = seconds(1.2)
        tail = generator.standard_normal((len(t), 2)) * np.exp(-t / 0.28)[:, None] * 0.012
        size = 2 * len(self._samples)
        wet = np.fft.irfft(np.fft.rfft(self._samples, size, axis=0) * np.fft.rfft(tail, size, axis=0), size, axis=0)
        out = self._samples + wet[: len(self._samples)]
        out *= envelope(np.arange(len(out)) / SAMPLE_RATE, attack_s=0.002, release_s=0.25)[:, None]
        path.parent.mkdir(exist_ok=True)
        soundfile.write(path, out * PEAK / np.abs(out).max(), SAMPLE_RATE, format="OGG", subtype="VORBIS")


def victory() -> None:
    """Three pickups on A and a D major chord under the full section: Emberwood is in D minor, so the third turns up."""
    generator = np.random.default_rng(1)
    stage = Stage(3.6)
    for k in range(3):
        stage.place(brass(69, 0.17, generator), at_s=0.14 * k, pan=-0.2, gain=0.8)
        stage.place(brass(57, 0.17, generator), at_s=0.14 * k, pan=0.3, gain=0.6)
    chord = ((38, 0.5, 0.9), (50, 0.35, 0.8), (57, 0.1, 0.7), (62, -0.1, 0.8), (66, -0.35, 0.7), (69, -0.5, 0.7))
    for pitch, pan, gain in (*chord, (74, 0.0, 0.9)):
        stage.place(brass(pitch, 2.4, generator), at_s=0.42, pan=pan, gain=gain)
    for at_s, pitch in ((0.0, 45), (0.42, 38), (0.98, 38)):
        stage.place(timpani(pitch, 1.8, generator), at_s=at_s, pan=0.1, gain=1.3)
    stage.write(LIBRARY / "emberwood/stings/victory.ogg", generator)


def spotted() -> None:
    """A string cluster over the leading tone: A minor holds its breath."""
    generator = np.random.default_rng(2)
    stage = Stage(2.2)
    for pitch, pan in ((56, -0.6), (57, 0.5), (63, -0.2), (68, 0.4), (69, -0.4)):
        stage.place(strings(pitch, 1.4, generator), at_s=0.0, pan=pan)
    stage.place(timpani(33, 1.6, generator), at_s=0.0, pan=0.0, gain=2.0)
    stage.write(LIBRARY / "nightwatch/stings/spotted.ogg", generator)


if __name__ == "__main__":
    victory()
    spotted()
