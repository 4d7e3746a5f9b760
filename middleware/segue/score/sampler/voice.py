"""One voice of the sampler: a SoundFont region at its pitch, filtered, and the envelope of its volume.

A note is `source` times its `VolumeEnvelope`. The two are apart because the source of a key is the same however long it
is held, so it can be kept while durations vary. An envelope is a few stretches, each a constant or a curve of time
alone: it takes next to no memory, and any part of it has the same bits as the whole.

S output samples at 48 kHz, counted from the key press.

Source: SoundFont Technical Specification 2.04, sec. 8.1.3 (envelope shapes), 9.1 (synthesis model).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final, NamedTuple, Protocol

import numpy as np
import soxr
from numpy.typing import NDArray

from segue.audio.biquads import filtered
from segue.contract import SAMPLE_RATE
from segue.score.sampler.regions import LOOP_ALWAYS, LOOP_WHILE_HELD, Region

Waveform = NDArray[np.float32]

# Decay and release times are defined as the time to fall by this much.
_FULL_SCALE_DB: Final = 100.0
# Quieter than this, against its own peak, a voice is over.
_INAUDIBLE_DB: Final = -70.0
# A release of no time is a click; this one falls 4 dB a millisecond.
_MIN_RELEASE_S: Final = 0.025
_MIN_ATTACK_S: Final = 0.001
END_FADE: Final = 240
_OPEN_FILTER_HZ: Final = 19_000.0
_CURVE_STEP: Final = 64
# soxr's medium quality: as wide a band as high quality (95 %), aliases 100 dB down, in half the time.
_RESAMPLING: Final = "MQ"


class Envelope(Protocol):
    """Times in seconds and levels in dB of the loudness of one key press, as a Region and a Tone have them."""

    @property
    def delay_s(self) -> float: ...
    @property
    def attack_s(self) -> float: ...
    @property
    def hold_s(self) -> float: ...
    @property
    def decay_s(self) -> float: ...
    @property
    def sustain_db(self) -> float: ...
    @property
    def release_s(self) -> float: ...


class _Stretch(NamedTuple):
    """Samples [begin, end) of an envelope: `level`, times a curve from its start on if there is a `fall_db`.

    Attributes:
        fall_db: What the curve falls by in a sample; below 0, it rises from 0 to 1 over -fall_db samples.
    """

    begin: int
    end: int
    level: float
    fall_db: float | None = None


class VolumeEnvelope:
    """Loudness of a voice from the key press on, 0 to 1, over `length` samples; below _INAUDIBLE_DB it is over."""

    def __init__(self, envelope: Envelope, held: int, limit: int) -> None:
        """Lay out the stretches of one note.

        Args:
            held: Samples until the key is released.
            limit: The most samples it lasts.
        """
        stretches = _pressed(envelope, held)
        until = stretches[-1].end if stretches else 0
        # A voice that has decayed to nothing ends though its key is held.
        if until == held > 0:
            level = float(_read(stretches, held - 1, held)[0])
            release_db = _FULL_SCALE_DB / (max(envelope.release_s, _MIN_RELEASE_S) * SAMPLE_RATE)
            audible_db = 20 * math.log10(max(level, 1e-9)) - _INAUDIBLE_DB
            until += max(0, math.ceil(audible_db / release_db))
            stretches.append(_Stretch(held, until, level, release_db))
        self.length = min(until, limit)
        self._stretches = tuple(stretches)

    def read(self, begin: int, end: int) -> Waveform:
        """Return its samples [begin, end), which must lie within it: float32 [end - begin], the caller's own."""
        gain = _read(self._stretches, begin, end)
        # A cut at the limit does not click.
        fade_end(gain, begin, self.length, END_FADE)
        return gain


def release_samples(envelope: Envelope) -> int:
    """Return the longest a voice may sound after its key is released, in samples."""
    return math.ceil(max(envelope.release_s, _MIN_RELEASE_S) * SAMPLE_RATE * -_INAUDIBLE_DB / _FULL_SCALE_DB)


def fade_end(samples: Waveform, begin: int, length: int, fade: int) -> None:
    """Bring to zero, in place, what of the last `fade` of `length` samples is in `samples` [..., S], its [begin, …)."""
    fade = min(fade, length)
    first = max(length - fade - begin, 0)
    if first < samples.shape[-1]:
        at = begin + first - (length - fade)
        samples[..., first:] *= np.linspace(1, 0, fade, dtype=np.float32)[at : at + samples.shape[-1] - first]


def _pressed(envelope: Envelope, held: int) -> list[_Stretch]:
    """Return the stretches while the key is held; they end before `held` where the voice decays to nothing."""
    attack = max(1, round(max(envelope.attack_s, _MIN_ATTACK_S) * SAMPLE_RATE))
    fall_db = _FULL_SCALE_DB / max(envelope.decay_s * SAMPLE_RATE, 1.0)
    # Down to the sustain level, or to silence if that comes first.
    decay = math.ceil(-max(envelope.sustain_db, _INAUDIBLE_DB) / fall_db)
    stages: list[tuple[int, float, float | None]] = [
        (round(envelope.delay_s * SAMPLE_RATE), 0.0, None),
        (attack, 1.0, -float(attack)),
        (round(envelope.hold_s * SAMPLE_RATE), 1.0, None),
        (decay, 1.0, fall_db),
    ]
    if envelope.sustain_db > _INAUDIBLE_DB:
        stages.append((held, 10 ** (envelope.sustain_db / 20), None))
    stretches = []
    at = 0
    for length, level, curve in stages:
        end = min(held, at + length)
        if end > at:
            stretches.append(_Stretch(at, end, level, curve))
        at = end
    return stretches


def _read(stretches: Sequence[_Stretch], begin: int, end: int) -> Waveform:
    gain = np.empty(end - begin, np.float32)
    for stretch in stretches:
        first, last = max(begin, stretch.begin), min(end, stretch.end)
        if first >= last:
            continue
        part = gain[first - begin : last - begin]
        if stretch.fall_db is None:
            part[:] = stretch.level
        else:
            _draw(stretch.fall_db, first - stretch.begin, part)
            if stretch.level != 1:
                part *= np.float32(stretch.level)
    return gain


def _draw(fall_db: float, begin: int, part: Waveform) -> None:
    """Fill `part` with a curve from its sample `begin` on."""
    steps = np.arange(begin + 1, begin + 1 + len(part), dtype=np.float32)
    if fall_db < 0:
        np.divide(steps, np.float32(-fall_db), out=part)
    else:
        np.multiply(steps, np.float32(-fall_db * math.log(10) / 20), out=part)
        np.exp(part, out=part)


def source(region: Region, waveform: Waveform, held: int, length: int) -> Waveform:
    """Return the region's sample at its pitch, filtered, without envelope: float32 [S <= length].

    Args:
        held: Samples until the key is released (for loops that end with the key). A sample without loop ends by itself.
    """
    step = region.rate / SAMPLE_RATE
    unrolled = _unroll(region, waveform, math.ceil(held * step), math.ceil(length * step) + 1)
    if len(unrolled) < 2:
        return np.zeros(0, np.float32)
    played = soxr.resample(unrolled, region.rate, SAMPLE_RATE, quality=_RESAMPLING) if step != 1.0 else unrolled
    played = played[:length].astype(np.float32, copy=True)
    if len(played) < length:
        fade_end(played, 0, len(played), END_FADE)
    return _filtered(region, played)


def natural_length(region: Region, length: int) -> int | None:
    """Return the number of output samples after which an unlooped sample of `length` has ended by itself; None if it
    loops.
    """
    first, end, loop_start, loop_end = _bounds(region, length)
    if _looped(region, loop_start, loop_end):
        return None
    return math.ceil(max(0, end - first) * SAMPLE_RATE / region.rate)


def tremolo(region: Region, begin: int, end: int) -> Waveform | None:
    """Return the gain of the region's tremolo over [begin, end), float32 [end - begin], or None if it has none."""
    if region.tremolo_db == 0:
        return None
    first = begin // _CURVE_STEP
    times = np.arange(first, -(-end // _CURVE_STEP) + 1) * (_CURVE_STEP / SAMPLE_RATE)
    phase = np.maximum(times - region.tremolo_delay_s, 0) * region.tremolo_hz
    triangle = 1 - 4 * np.abs((phase + 0.25) % 1 - 0.5)
    skipped = begin - first * _CURVE_STEP
    return _finely(10 ** (triangle * region.tremolo_db / 20), skipped + end - begin)[skipped:]


def _unroll(region: Region, waveform: Waveform, held: int, length: int) -> Waveform:
    """Return the sample with its loop written out: at most `length` source samples, the loop kept up for `held` of
    them.
    """
    first, end, loop_start, loop_end = _bounds(region, len(waveform))
    if not _looped(region, loop_start, loop_end):
        return waveform[first:end][:length]
    head, loop = waveform[first:loop_end], waveform[loop_start:loop_end]
    wanted = length if region.loop_mode == LOOP_ALWAYS else min(held, length)
    times = max(0, math.ceil((wanted - len(head)) / len(loop)))
    parts = [head, np.tile(loop, times)]
    if region.loop_mode == LOOP_WHILE_HELD:
        parts.append(waveform[loop_end:end])
    return np.concatenate(parts)[:length]


def _bounds(region: Region, length: int) -> tuple[int, int, int, int]:
    """Return first sample, end, loop start and loop end, forced into a waveform of `length`."""
    end = max(0, min(length, length + region.last))
    first = max(0, min(region.first, end))
    return first, end, max(region.loop[0], first), min(region.loop[1], end)


def _looped(region: Region, loop_start: int, loop_end: int) -> bool:
    return region.loop_mode in (LOOP_ALWAYS, LOOP_WHILE_HELD) and loop_end - loop_start >= 2


def _filtered(region: Region, played: Waveform) -> Waveform:
    """Filter by the low-pass; a moving cutoff is a crossfade between the filter at rest and the filter fully swept."""
    rest = _low_passed(played, region.cutoff_hz, region.resonance_db)
    if region.sweep_cents == 0:
        return rest
    swept_hz = region.cutoff_hz * 2.0 ** (region.sweep_cents / 1200)
    if min(swept_hz, region.cutoff_hz) >= _OPEN_FILTER_HZ:
        return rest
    amount = _sweep(region, len(played))
    return rest + amount * (_low_passed(played, swept_hz, region.resonance_db) - rest)


def _sweep(region: Region, length: int) -> Waveform:
    """Return the modulation envelope while the key is held, 0 to 1, float32 [length]; unlike loudness it decays
    linearly.
    """
    attack = max(region.sweep_attack_s, 1e-3)
    top = attack + region.sweep_hold_s
    fall = max(region.sweep_decay_s, 1e-3) * (1 - region.sweep_sustain)
    at = [0.0, attack, top + 1e-6, top + fall + 2e-6]
    return _finely(np.interp(_coarse_seconds(length), at, [0.0, 1.0, 1.0, region.sweep_sustain]), length)


def _coarse_seconds(length: int) -> NDArray[np.float64]:
    """Return times of every _CURVE_STEP-th sample, the last at or after `length`: slow curves need no more."""
    return np.asarray(np.arange(-(-length // _CURVE_STEP) + 1) * (_CURVE_STEP / SAMPLE_RATE), np.float64)


def _finely(coarse: NDArray[np.float64], length: int) -> Waveform:
    """Return a curve known at _coarse_seconds(length), with straight lines between: float32 [length]."""
    points = coarse.astype(np.float32)
    share = np.arange(_CURVE_STEP, dtype=np.float32) / np.float32(_CURVE_STEP)
    lines = points[:-1, None] + np.diff(points)[:, None] * share
    return lines.ravel()[:length]


def _low_passed(played: Waveform, cutoff_hz: float, resonance_db: float) -> Waveform:
    """Filter by a two-pole low-pass with its peak `resonance_db` over the Butterworth's -3 dB (sec. 8.1.3, 8 and 9)."""
    if cutoff_hz >= _OPEN_FILTER_HZ:
        return played
    omega = 2 * math.pi * max(cutoff_hz, 20.0) / SAMPLE_RATE
    quality = 10 ** ((resonance_db - 3.01) / 20)
    alpha = math.sin(omega) / (2 * quality)
    cosine = math.cos(omega)
    a0 = 1 + alpha
    b1 = (1 - cosine) / a0
    section = np.array([[b1 / 2, b1, b1 / 2, 1.0, -2 * cosine / a0, (1 - alpha) / a0]])
    return np.asarray(filtered(section, played)[0], np.float32)
