"""How loud a voice is over time, from key press to silence, readable at any place without making all of it.

An envelope is a few stretches, each a constant or a curve of time alone. So it costs next to no memory, and every part
of it has the bits of the whole.
S output samples at 48 kHz, counted from the key press.

Source: SoundFont Technical Specification 2.04, sec. 8.1.3 (envelope shapes).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from segue.contract import SAMPLE_RATE
from segue.score.sampler.regions import Region

Waveform = NDArray[np.float32]

# Decay and release times are defined as the time to fall by this much.
_FULL_SCALE_DB: Final = 100.0
# Quieter than this, against its own peak, a voice is over.
SILENCE_DB: Final = -70.0
# A release of no time is a click; this one falls 4 dB a millisecond.
_MIN_RELEASE_S: Final = 0.025
_MIN_ATTACK_S: Final = 0.001
END_FADE: Final = 240


class _Stretch(NamedTuple):
    """Samples [begin, end) of an envelope: `level`, times a curve from its start on if there is a `fall_db`.

    fall_db: what the curve falls by in a sample; below 0, it rises from 0 to 1 over -fall_db samples.
    """

    begin: int
    end: int
    level: float
    fall_db: float | None = None


class Envelope:
    """Loudness of a region from the key press on, 0 to 1, over `length` samples; below SILENCE_DB it is over."""

    def __init__(self, region: Region, held: int, limit: int) -> None:
        """held: samples until the key is released. limit: the most samples it lasts."""
        stretches = _pressed(region, held)
        until = stretches[-1].end if stretches else 0
        # A voice that has decayed to nothing ends though its key is held.
        if until == held > 0:
            level = float(_read(stretches, held - 1, held)[0])
            release_db = _FULL_SCALE_DB / (max(region.release_s, _MIN_RELEASE_S) * SAMPLE_RATE)
            audible_db = 20 * math.log10(max(level, 1e-9)) - SILENCE_DB
            until += max(0, math.ceil(audible_db / release_db))
            stretches.append(_Stretch(held, until, level, release_db))
        self.length = min(until, limit)
        self._stretches = tuple(stretches)

    def read(self, begin: int, end: int) -> Waveform:
        """Its samples [begin, end), which must lie within it: float32 [end - begin], the caller's own."""
        gain = _read(self._stretches, begin, end)
        # A cut at the limit does not click.
        fade_end(gain, begin, self.length, END_FADE)
        return gain


def release_samples(region: Region) -> int:
    """The longest a voice may sound after its key is released, in samples."""
    return math.ceil(max(region.release_s, _MIN_RELEASE_S) * SAMPLE_RATE * -SILENCE_DB / _FULL_SCALE_DB)


def fade_end(samples: Waveform, begin: int, length: int, fade: int) -> None:
    """Bring to zero, in place, what of the last `fade` of `length` samples is in `samples` [..., S], its [begin, …)."""
    fade = min(fade, length)
    first = max(length - fade - begin, 0)
    if first < samples.shape[-1]:
        at = begin + first - (length - fade)
        samples[..., first:] *= np.linspace(1, 0, fade, dtype=np.float32)[at : at + samples.shape[-1] - first]


def _pressed(region: Region, held: int) -> list[_Stretch]:
    """The stretches while the key is held; they end before `held` where the voice decays to nothing."""
    attack = max(1, round(max(region.attack_s, _MIN_ATTACK_S) * SAMPLE_RATE))
    fall_db = _FULL_SCALE_DB / max(region.decay_s * SAMPLE_RATE, 1.0)
    # Down to the sustain level, or to silence if that comes first.
    decay = math.ceil(-max(region.sustain_db, SILENCE_DB) / fall_db)
    stages: list[tuple[int, float, float | None]] = [
        (round(region.delay_s * SAMPLE_RATE), 0.0, None),
        (attack, 1.0, -float(attack)),
        (round(region.hold_s * SAMPLE_RATE), 1.0, None),
        (decay, 1.0, fall_db),
    ]
    if region.sustain_db > SILENCE_DB:
        stages.append((held, 10 ** (region.sustain_db / 20), None))
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
