"""Patches as sound: band-limited waves through a moving filter, and frequency modulation.

A wave is a table of one period with the harmonics that fit below the band's edge, as the filter leaves them; where the
filter moves, there are tables a quarter of an octave of cutoff apart, and the sound fades from one to the next. So
nothing aliases, and any patch costs a few table look-ups a sample.

A sound starts at the key press and has no envelope of loudness, see `voice`. It is a function of its arguments alone.

Source: Chowning 1973 (frequency modulation); Horner et al. 1993 (fading between wave tables).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import lru_cache
from itertools import count, islice
from typing import Final

import numpy as np
from numpy.typing import NDArray

from segue.contract import SAMPLE_RATE
from segue.score.sampler.drum_patches import DrumPatch
from segue.score.sampler.drum_synthesiser import drum_length, drum_sound, noise
from segue.score.sampler.patches import Filter, Operators, Oscillator, Patch, Tone, Wave

Waveform = NDArray[np.float32]

# No partial is above this, so that vibrato and interpolation stay below half the sample rate.
_BAND_HZ: Final = 20_000.0
# Values of a table; the highest partial of the lowest key has 13, and linear interpolation errs below -85 dB.
_TABLE: Final = 8_192
_CUTOFFS_AN_OCTAVE: Final = 4
_BLOCK: Final = SAMPLE_RATE // 4
# After so many times its `breath_s`, a breath is 87 dB down.
_BREATHS: Final = 10
_MIDDLE_HZ: Final = 261.63
_VIBRATO_HZ: Final = 5.5
_VIBRATO_FROM_S: Final = 0.3
_PULSE_WIDTH: Final = 0.25
_DRIVE: Final = 1.6
# Sidebands this many orders beyond the index are below -60 dB.
_SIDEBANDS_BEYOND: Final = 4


def sound(tone: Tone, size: int) -> Waveform:
    """Return the sound of a key press that is held: float32 [size], or less of a drum that is over before."""
    made = islice(blocks(tone), -(-size // _BLOCK))
    return np.concatenate([np.zeros(0, np.float32), *made])[:size]


def blocks(tone: Tone) -> Iterator[Waveform]:
    """Make the sound of a key press that is held, block by block: a drum's one, else endless ones of float32 [_BLOCK].

    In blocks, since long sounds in double precision would take many times their own memory.
    """
    patch = tone.patch
    if isinstance(patch, DrumPatch):
        yield drum_sound(patch, drum_length(patch))
        return
    moved = 0.0
    for begin in count(0, _BLOCK):
        block, moved = _block(tone, patch, begin, moved)
        yield block


def peaks(tone: Tone, length: int, step: int) -> NDArray[np.float64]:
    """Return a bound of each `step` of the first `length` samples: float64 [ceil(length / step)], less of a drum."""
    patch = tone.patch
    if isinstance(patch, DrumPatch):
        drum = np.abs(drum_sound(patch, length))
        return np.maximum.reduceat(drum, np.arange(0, len(drum), step)).astype(np.float64)
    seconds = np.arange(0, length, step) / SAMPLE_RATE
    level = np.full(len(seconds), float(sum(oscillator.level for oscillator in patch.oscillators)))
    for operators in patch.operators:
        level += operators.level * np.exp(-seconds / operators.decay_s)
    return level + patch.breath * np.exp(-seconds / patch.breath_s)


def key_hz(pitch: int) -> float:
    """Return the frequency of a MIDI key in Hz."""
    return float(440 * 2 ** ((pitch - 69) / 12))


def _block(tone: Tone, patch: Patch, begin: int, moved: float) -> tuple[Waveform, float]:
    """Return the samples from `begin` on, float32 [_BLOCK], and `moved`, the periods that drop and vibrato gained,
    after.
    """
    seconds = np.arange(begin, begin + _BLOCK) / SAMPLE_RATE
    hertz = key_hz(tone.pitch)
    gained = moved + _gained(patch, hertz, seconds)
    cycles = hertz * seconds + gained
    total = np.zeros(_BLOCK)
    # Voices of one wave start apart, each at its own place of the period, so that they do not click together.
    for number, oscillator in enumerate(patch.oscillators):
        ratio = 2 ** (oscillator.semitones / 12)
        phase = cycles * ratio + number * 0.381_966
        total += oscillator.level * _wave(oscillator, patch.filter, tone, hertz * ratio, phase, seconds)
    for operators in patch.operators:
        total += _modulated(operators, tone.softness, hertz, cycles, seconds)
    if patch.breath and seconds[0] < _BREATHS * patch.breath_s:
        total += patch.breath * noise(begin + _BLOCK)[begin:] * np.exp(-seconds / patch.breath_s)
    return total.astype(np.float32), float(gained[-1])


def _gained(patch: Patch, hertz: float, seconds: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the periods that drop and vibrato add from a block's start on: float64 [S]."""
    if not patch.drop and not patch.vibrato_cents:
        return np.zeros(len(seconds))
    semitones = patch.drop * np.exp(-seconds / patch.drop_s)
    if patch.vibrato_cents:
        rising = np.clip((seconds - _VIBRATO_FROM_S) / _VIBRATO_FROM_S, 0, 1)
        semitones += patch.vibrato_cents / 100 * rising * np.sin(2 * math.pi * _VIBRATO_HZ * seconds)
    return np.asarray(np.cumsum(np.exp2(semitones / 12) - 1) * (hertz / SAMPLE_RATE), np.float64)


def _wave(
    oscillator: Oscillator,
    low_pass: Filter | None,
    tone: Tone,
    hertz: float,
    phase: NDArray[np.float64],
    seconds: NDArray[np.float64],
) -> NDArray[np.float32]:
    """Return one oscillator through the filter: float32 [S]."""
    place = (phase % 1.0) * _TABLE
    whole = place.astype(np.int32)
    share = (place - whole).astype(np.float32)
    if low_pass is None:
        return _looked_up(_tables(oscillator.wave, hertz, None, 0, 1)[0], whole, share)
    octaves = _cutoff_octaves(low_pass, tone, seconds)
    lowest = math.floor(float(octaves.min()) * _CUTOFFS_AN_OCTAVE)
    steps = octaves * _CUTOFFS_AN_OCTAVE - lowest
    count = math.floor(float(steps.max())) + 2
    tables = _tables(oscillator.wave, hertz, low_pass.quality, lowest, count)
    if steps.max() == steps.min():
        between = np.float32(steps[0] % 1)
        row = math.floor(float(steps[0]))
        return _looked_up(tables[row] * (1 - between) + tables[row + 1] * between, whole, share)
    rows = steps.astype(np.int32)
    fading = (steps - rows).astype(np.float32)
    flat = tables.reshape(-1)
    at = rows * (_TABLE + 1) + whole
    lower = _looked_up(flat, at, share)
    upper = _looked_up(flat, at + (_TABLE + 1), share)
    upper -= lower
    upper *= fading
    upper += lower
    return upper


def _looked_up(table: Waveform, at: NDArray[np.int32], share: Waveform) -> Waveform:
    """Return values of a table between places `at` and the next: float32 [S]."""
    before = table.take(at)
    after = table.take(at + 1)
    after -= before
    after *= share
    after += before
    return after


def _cutoff_octaves(low_pass: Filter, tone: Tone, seconds: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the filter's cutoff over time, in octaves above 1 Hz."""
    rest = math.log2(low_pass.cutoff_hz) + low_pass.follow * math.log2(key_hz(tone.pitch) / _MIDDLE_HZ)
    rest -= low_pass.velocity * tone.softness
    if not low_pass.sweep:
        return np.full(len(seconds), rest)
    envelope = np.exp(-seconds / low_pass.decay_s)
    if low_pass.attack_s:
        envelope *= 1 - np.exp(-seconds / low_pass.attack_s)
    # Once the envelope has fallen to nothing, one pair of tables does.
    envelope[envelope < 1e-3] = 0
    return rest + low_pass.sweep * envelope


@lru_cache(maxsize=64)
def _tables(wave: Wave, hertz: float, quality: float | None, lowest: int, count: int) -> Waveform:
    """Return one period of a wave as filters leave it, the first value again at the end: float32 [count, _TABLE + 1].

    Args:
        quality: Q of the filter, None for no filter.
        lowest: Of the cutoffs, in quarters of an octave above 1 Hz; each row's is one more.
    """
    harmonics = np.arange(1, min(_TABLE // 2, max(1, int(_BAND_HZ / hertz))) + 1)
    amplitudes = _amplitudes(wave, harmonics)
    if quality is None:
        rows = amplitudes[None]
    else:
        cutoffs = 2.0 ** ((lowest + np.arange(count)) / _CUTOFFS_AN_OCTAVE)
        ratio = (harmonics * hertz)[None] / cutoffs[:, None]
        rows = amplitudes / np.sqrt((1 - ratio**2) ** 2 + (ratio / quality) ** 2)
    spectrum = np.zeros((len(rows), _TABLE // 2 + 1), np.complex128)
    spectrum[:, harmonics] = rows * (-0.5j * _TABLE)
    period = np.fft.irfft(spectrum, _TABLE, axis=1)
    return np.concatenate([period, period[:, :1]], axis=1).astype(np.float32)


def _amplitudes(wave: Wave, harmonics: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the amplitudes of a wave's harmonics, all in sine phase; waves are about equally strong."""
    odd = harmonics % 2
    if wave == "saw":
        return 0.6 / harmonics
    if wave == "square":
        return 0.8 * odd / harmonics
    if wave == "pulse":
        return np.asarray(0.8 * np.abs(np.sin(math.pi * _PULSE_WIDTH * harmonics)) / harmonics, np.float64)
    if wave == "triangle":
        return odd * np.where(harmonics % 4 == 1, 1.0, -1.0) / harmonics**2
    if wave == "sine":
        return np.where(harmonics == 1, 1.0, 0.0)
    # A saturated sine, which small speakers can play, too.
    period = np.tanh(_DRIVE * np.sin(2 * math.pi * np.arange(_TABLE) / _TABLE))
    return np.asarray(np.fft.rfft(period).imag[harmonics] * (-2 / _TABLE), np.float64)


def _modulated(
    operators: Operators, softness: float, hertz: float, cycles: NDArray[np.float64], seconds: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return a pair of operators; high keys get less modulation, so that no sideband passes the band's edge."""
    room = (_BAND_HZ / hertz - operators.carrier) / operators.modulator - _SIDEBANDS_BEYOND
    loudest = operators.index * (1 - (1 - operators.soft) * softness)
    index = max(0.0, min(loudest, room)) * np.exp(-seconds / operators.index_decay_s)
    moved = index * np.sin(2 * math.pi * operators.modulator * cycles)
    level = operators.level * np.exp(-seconds / operators.decay_s)
    return np.asarray(level * np.sin(2 * math.pi * operators.carrier * cycles + moved), np.float64)
