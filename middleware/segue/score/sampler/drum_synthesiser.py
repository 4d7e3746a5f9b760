"""Drums as sound: tones that fall in pitch, noise through filters, and the metal of an 808's cymbals."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from segue.audio.biquads import filtered
from segue.contract import SAMPLE_RATE
from segue.score.sampler.drum_patches import DrumPatch

_FADE: Final = 240
_NOISE_LENGTH: Final = 1 << 18


def drum_sound(patch: DrumPatch, size: int) -> NDArray[np.float32]:
    """Return the sound of a stroke: float32 [S <= size]."""
    length = min(size, drum_length(patch))
    seconds = np.arange(length) / SAMPLE_RATE
    total = np.zeros(length)
    for hertz, octaves, fall_s, decay_s, level in patch.tones:
        # The integral of hertz * (1 + (2 ** octaves - 1) * exp(-t / fall_s)).
        cycles = hertz * (seconds + (2**octaves - 1) * fall_s * (1 - np.exp(-seconds / fall_s)))
        total += level * np.sin(2 * math.pi * cycles) * np.exp(-seconds / decay_s)
    if patch.noise:
        total += patch.noise_level * _shaped(patch, length)
    if patch.drive:
        total = np.tanh(patch.drive * total) / math.tanh(patch.drive)
    fade = min(_FADE, length)
    total[length - fade :] *= np.linspace(1, 0, fade)
    return total.astype(np.float32)


def drum_length(patch: DrumPatch) -> int:
    """Return the number of samples of a stroke."""
    return round(patch.length_s * SAMPLE_RATE)


def noise(length: int) -> NDArray[np.float64]:
    """Return white noise in [-1, 1], always the same: float64 [length]."""
    return np.resize(_noise(), length) if length > _NOISE_LENGTH else _noise()[:length]


@lru_cache(maxsize=1)
def _noise() -> NDArray[np.float64]:
    """Return hashed sample numbers (Wang's finalizer): NumPy's generators take longer to load than this takes."""
    bits = np.arange(1, _NOISE_LENGTH + 1, dtype=np.uint32)
    for shift, factor in ((16, 0x45D9F3B), (16, 0x45D9F3B)):
        bits ^= bits >> np.uint32(shift)
        bits *= np.uint32(factor)
    bits ^= bits >> np.uint32(16)
    return bits / 2.0**31 - 1


def _shaped(patch: DrumPatch, length: int) -> NDArray[np.float64]:
    """Return the noise of a stroke, filtered and falling: float64 [length]."""
    if patch.noise == "white":
        raw = noise(length)
    elif patch.noise == "metal":
        raw = _metal(patch.metal_hz, length)
    else:
        raw = np.sign(np.repeat(noise(-(-length // patch.hold)), patch.hold)[:length])
    envelope = np.zeros(length)
    seconds = np.arange(length) / SAMPLE_RATE
    for number, start in enumerate(patch.bursts):
        since = seconds - start
        last = number == len(patch.bursts) - 1
        # Strokes before the last are short.
        falling = np.where(since >= 0, np.exp(-np.maximum(since, 0) / (patch.noise_decay_s if last else 0.004)), 0)
        np.maximum(envelope, falling, out=envelope)
    sections = []
    if patch.low_hz:
        sections += [_section(patch.low_hz, high=True)] * 2
    if patch.high_hz:
        sections += [_section(patch.high_hz, high=False)]
    if sections:
        raw = filtered(np.array(sections), raw)[0]
    return np.asarray(raw * envelope, np.float64)


def _metal(frequencies: tuple[float, ...], length: int) -> NDArray[np.float64]:
    """Return squares of some frequencies, with hardly an alias: float64 [length]."""
    seconds = np.arange(length) / SAMPLE_RATE
    total = np.zeros(length)
    for number, hertz in enumerate(frequencies):
        phase = (hertz * seconds + number * 0.381_966) % 1
        step = hertz / SAMPLE_RATE
        square = np.where(phase < 0.5, 1.0, -1.0)
        total += square + _blep(phase, step) - _blep((phase + 0.5) % 1, step)
    return total / len(frequencies)


def _blep(phase: NDArray[np.float64], step: float) -> NDArray[np.float64]:
    """Return what rounds a jump of 2 at phase 0 (polynomial band-limited step; Välimäki and Huovilainen 2007)."""
    after = phase / step
    before = (phase - 1) / step
    rounded = np.where(after < 1, 2 * after - after**2 - 1, 0.0)
    return np.asarray(np.where(before > -1, before**2 + 2 * before + 1, rounded), np.float64)


def _section(cutoff_hz: float, *, high: bool) -> list[float]:
    """Return a Butterworth section of second order."""
    omega = 2 * math.pi * cutoff_hz / SAMPLE_RATE
    alpha = math.sin(omega) / math.sqrt(2)
    cosine = math.cos(omega)
    gain = (1 + cosine if high else 1 - cosine) / 2
    sign = -2 if high else 2
    a0 = 1 + alpha
    return [gain / a0, sign * gain / a0, gain / a0, 1.0, -2 * cosine / a0, (1 - alpha) / a0]
