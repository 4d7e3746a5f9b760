"""One voice of the sampler: a SoundFont region at its pitch, filtered, and the envelope of its volume.

A note is `source` times its `VolumeEnvelope`. The two are apart because the source of a key is the same however long it
is held, so it can be kept while durations vary. An envelope is a few stretches, each a constant or a curve of time
alone: it takes next to no memory, and any part of it has the same bits as the whole.

S output samples at 48 kHz, counted from the key press.

Source: SoundFont Technical Specification 2.04, sec. 8.1.3 (envelope shapes), 9.1 (synthesis model).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
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
# Samples of a block, about: enough to make what a block costs beside its samples small.
_BLOCK: Final = SAMPLE_RATE // 4
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

    def __init__(self, envelope: Envelope, held: int, limit: int, *, shade_db: float = 0.0) -> None:
        """Lay out the stretches of one note.

        Args:
            held: Samples until the key is released.
            limit: The most samples it lasts.
            shade_db: What its sustain falls by until the release, as players let long notes fade.
        """
        stretches = _pressed(envelope, held, shade_db)
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

    def levels(self, step: int) -> NDArray[np.float64]:
        """Return the loudest of each `step` samples: float64 [ceil(length / step)]."""
        count = -(-self.length // step)
        # At the begin of each step, and of the one after.
        at = np.zeros(count + 1)
        loudest = np.zeros(count)
        for stretch in self._stretches:
            first = -(-stretch.begin // step)
            inside = np.arange(first * step, min(stretch.end, (count + 1) * step), step)
            at[first : first + len(inside)] = stretch.level * _curve(stretch.fall_db, inside - stretch.begin)
            # Curves rise or fall all along, so all that may be louder within a step is where they meet.
            for place in (stretch.begin, stretch.end - 1):
                if place < self.length:
                    level = stretch.level * float(_curve(stretch.fall_db, np.array([place - stretch.begin]))[0])
                    loudest[place // step] = max(loudest[place // step], level)
        return np.maximum(loudest, np.maximum(at[:-1], at[1:]))


def release_samples(envelope: Envelope) -> int:
    """Return the longest a voice may sound after its key is released, in samples."""
    return math.ceil(max(envelope.release_s, _MIN_RELEASE_S) * SAMPLE_RATE * -_INAUDIBLE_DB / _FULL_SCALE_DB)


def fade_end(samples: Waveform, begin: int, length: int, fade: int) -> None:
    """Bring to zero, in place, what of the last `fade` of `length` samples is in `samples` [..., S], its [begin, …)."""
    fade = min(fade, length)
    first = max(length - fade - begin, 0)
    if first < samples.shape[-1]:
        at = begin + first - (length - fade)
        samples[..., first:] *= _faded(fade)[at : at + samples.shape[-1] - first]


def _pressed(envelope: Envelope, held: int, shade_db: float) -> list[_Stretch]:
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
        left = held - sum(length for length, _, _ in stages)
        fading = shade_db / left if shade_db and left > 0 else None
        stages.append((held, 10 ** (envelope.sustain_db / 20), fading))
    stretches = []
    at = 0
    for length, level, curve in stages:
        end = min(held, at + length)
        if end > at:
            stretches.append(_Stretch(at, end, level, curve))
        at = end
    return stretches


def _read(stretches: Sequence[_Stretch], begin: int, end: int) -> Waveform:
    parts = []
    for stretch in stretches:
        first, last = max(begin, stretch.begin), min(end, stretch.end)
        if first < last:
            parts.append(_drawn(stretch, first, last))
    # A chunk seldom meets more than one: what is drawn is not copied then.
    return parts[0] if len(parts) == 1 else np.concatenate([np.zeros(0, np.float32), *parts])


def _drawn(stretch: _Stretch, first: int, last: int) -> Waveform:
    """Return the samples [first, last) of an envelope, which lie in one stretch: float32 [last - first]."""
    if stretch.fall_db is None:
        return np.full(last - first, stretch.level, np.float32)
    drawn = _falling if stretch.fall_db >= 0 else _rising
    part = drawn(stretch.fall_db, first - stretch.begin, last - first)
    if stretch.level != 1:
        part *= np.float32(stretch.level)
    return part


def _rising(fall_db: float, begin: int, count: int) -> Waveform:
    """Return `count` samples of an attack from its sample `begin` on."""
    part = np.arange(begin + 1, begin + 1 + count, dtype=np.float32)
    part *= np.float32(-1 / fall_db)
    return part


def _falling(fall_db: float, begin: int, count: int) -> Waveform:
    """Return `count` samples of a fall from its sample `begin` on."""
    # A power of a sum is a product of powers: one multiplication a sample, by places that no cut moves.
    first = begin // _CURVE_STEP
    rows = np.arange(first, (begin + count - 1) // _CURVE_STEP + 1) * float(_CURVE_STEP)
    coarse = np.exp(rows * _rate(fall_db)).astype(np.float32)
    skipped = begin - first * _CURVE_STEP
    drawn: Waveform = np.multiply(coarse[:, None], _fine(fall_db)).ravel()
    return drawn[skipped : skipped + count]


def _rate(fall_db: float) -> float:
    """Return the natural logarithm of what a curve is multiplied by in a sample."""
    return -fall_db * math.log(10) / 20


# A note that sounds has the same one in every chunk.
@lru_cache(maxsize=1_024)
def _fine(fall_db: float) -> Waveform:
    """Return the first samples of a fall, float32 [_CURVE_STEP], not to be written to."""
    return np.asarray(np.exp(np.arange(1, _CURVE_STEP + 1) * _rate(fall_db)), np.float32)


@lru_cache(maxsize=16)
def _faded(fade: int) -> Waveform:
    """Return a line from 1 to 0 over `fade` samples, float32, not to be written to."""
    return np.linspace(1, 0, fade, dtype=np.float32)


def _curve(fall_db: float | None, places: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return single values of the curves that are drawn."""
    if fall_db is None:
        return np.ones(len(places))
    steps = (places + 1).astype(np.float64)
    return np.asarray(steps / -fall_db if fall_db < 0 else 10 ** (-fall_db / 20 * steps), np.float64)


def source(region: Region, waveform: Waveform, held: int, length: int) -> Waveform:
    """Return the first samples of `blocks` as one: float32 [S <= length]."""
    made = [np.zeros(0, np.float32)]
    for block in blocks(region, lambda: waveform, held):
        made.append(block)
        if sum(map(len, made)) >= length:
            break
    return np.concatenate(made)[:length]


def blocks(region: Region, waveform: Callable[[], Waveform], held: int) -> Iterator[Waveform]:
    """Make the region's sample at its pitch, filtered, without envelope, block by block: float32 [S], of any length.

    Args:
        waveform: Returns the sample; asked for each block, since a cache may drop it while notes sound.
        held: Samples until the key is released (for loops that end with the key). A sample without loop ends by itself,
            one that loops always never.
    """
    step = region.rate / SAMPLE_RATE
    unrolled = _Unrolled(region, len(waveform()), math.ceil(held * step))
    if unrolled.length is not None and unrolled.length < 2:
        return
    ends_at = None if unrolled.length is None else math.ceil(unrolled.length / step)
    resampler = None
    if step != 1.0:
        resampler = soxr.ResampleStream(region.rate, SAMPLE_RATE, 1, dtype="float32", quality=_RESAMPLING)
    low_pass = _MovingLowPass(region)
    size = math.ceil(_BLOCK * step)
    read = made = 0
    is_last = False
    while not is_last:
        part = unrolled.read(waveform(), read, read + size)
        read += size
        is_last = unrolled.length is not None and read >= unrolled.length
        played = part.copy() if resampler is None else resampler.resample_chunk(part, last=is_last)
        if ends_at is not None:
            played = _ended(played, made, ends_at, is_last=is_last)
        if len(played):
            yield low_pass.filtered(played)
            made += len(played)


def _ended(played: Waveform, begin: int, length: int, *, is_last: bool) -> Waveform:
    """Return a block from sample `begin` on of a sound that has `length` and fades out before."""
    played = played[: length - begin]
    if is_last:
        played = np.concatenate([played, np.zeros(length - begin - len(played), np.float32)])
    fade_end(played, begin, length, END_FADE)
    return played


def natural_length(region: Region, length: int) -> int | None:
    """Return the number of output samples after which an unlooped sample of `length` has ended by itself; None if it
    loops.
    """
    first, end, loop_start, loop_end = _bounds(region, length)
    if _looped(region, loop_start, loop_end):
        return None
    return math.ceil(max(0, end - first) * SAMPLE_RATE / region.rate)


def peaks(region: Region, waveform: Waveform, step: int) -> NDArray[np.float32]:
    """Return the peak of each `step` samples of `blocks`, but for the filter; the last is that of all that follow."""
    first, end, loop_start, loop_end = _bounds(region, len(waveform))
    looped = _looped(region, loop_start, loop_end)
    level = np.abs(waveform[first : loop_end if looped else end])
    rest = np.abs(waveform[loop_start:end]).max() if looped else 0.0
    advance = step * region.rate / SAMPLE_RATE
    begins = (np.arange(math.ceil(len(level) / advance)) * advance).astype(np.intp)
    found = np.maximum.reduceat(level, begins) if len(begins) else level
    return np.append(found, np.float32(rest))


def tremolo(region: Region, begin: int, end: int) -> Waveform | None:
    """Return the gain of the region's tremolo over [begin, end), float32 [end - begin], or None if it has none."""
    if region.tremolo_db == 0:
        return None

    def gain(seconds: NDArray[np.float64]) -> NDArray[np.float64]:
        phase = np.maximum(seconds - region.tremolo_delay_s, 0) * region.tremolo_hz
        triangle = 1 - 4 * np.abs((phase + 0.25) % 1 - 0.5)
        return np.asarray(10 ** (triangle * region.tremolo_db / 20), np.float64)

    return _finely(gain, begin, end)


class _Unrolled:
    """A sample with its loop written out, in source samples.

    Attributes:
        length: None if it goes on for ever.
    """

    def __init__(self, region: Region, length: int, held: int) -> None:
        """Lay out a sample of `length`, whose key is held for `held`."""
        first, end, loop_start, loop_end = _bounds(region, length)
        self._first = first
        self._loop = slice(loop_start, loop_end)
        # Samples before the loop comes again, and those in which it does.
        self._head, self._looped = end - first, 0
        self.length: int | None = end - first
        if _looped(region, loop_start, loop_end):
            self._head, self.length = loop_end - first, None
            if region.loop_mode == LOOP_WHILE_HELD:
                loop = loop_end - loop_start
                self._looped = max(0, math.ceil((held - self._head) / loop)) * loop
                self.length = end - first + self._looped

    def read(self, waveform: Waveform, begin: int, end: int) -> Waveform:
        """Return its samples [begin, end), fewer if it is over before."""
        end = end if self.length is None else min(end, self.length)
        tail = end if self.length is None else min(end, self._head + self._looped)
        parts = []
        if begin < self._head:
            parts.append(waveform[self._first + begin : self._first + min(end, self._head)])
        if tail > max(begin, self._head):
            loop = waveform[self._loop]
            at, wanted = (max(begin, self._head) - self._head) % len(loop), tail - max(begin, self._head)
            parts.append(np.tile(loop, -(-(at + wanted) // len(loop)))[at : at + wanted])
        if end > tail:
            moved = self._first - self._looped
            parts.append(waveform[moved + max(begin, tail) : moved + end])
        return parts[0] if len(parts) == 1 else np.concatenate(parts)


def _bounds(region: Region, length: int) -> tuple[int, int, int, int]:
    """Return first sample, end, loop start and loop end, forced into a waveform of `length`."""
    end = max(0, min(length, length + region.last))
    first = max(0, min(region.first, end))
    return first, end, max(region.loop[0], first), min(region.loop[1], end)


def _looped(region: Region, loop_start: int, loop_end: int) -> bool:
    return region.loop_mode in (LOOP_ALWAYS, LOOP_WHILE_HELD) and loop_end - loop_start >= 2


class _MovingLowPass:
    """The low-pass of a voice, block by block; a moving cutoff is a crossfade between the filter at rest and the filter
    fully swept.
    """

    def __init__(self, region: Region) -> None:
        self._rest = _LowPass(region.cutoff_hz, region.resonance_db)
        self._swept: _LowPass | None = None
        swept_hz = region.cutoff_hz * 2.0 ** (region.sweep_cents / 1200)
        if region.sweep_cents and min(swept_hz, region.cutoff_hz) < _OPEN_FILTER_HZ:
            self._swept = _LowPass(swept_hz, region.resonance_db)
        self._region = region
        self._at = 0

    def filtered(self, played: Waveform) -> Waveform:
        """Return the next block, filtered."""
        begin, self._at = self._at, self._at + len(played)
        rest = self._rest.filtered(played)
        if self._swept is None:
            return rest
        swept = self._swept.filtered(played)
        return rest + _sweep(self._region, begin, self._at) * (swept - rest)


class _LowPass:
    """A two-pole low-pass with its peak `resonance_db` over the Butterworth's -3 dB (sec. 8.1.3, 8 and 9)."""

    def __init__(self, cutoff_hz: float, resonance_db: float) -> None:
        omega = 2 * math.pi * max(cutoff_hz, 20.0) / SAMPLE_RATE
        quality = 10 ** ((resonance_db - 3.01) / 20)
        alpha = math.sin(omega) / (2 * quality)
        cosine = math.cos(omega)
        a0 = 1 + alpha
        b1 = (1 - cosine) / a0
        self._section = np.array([[b1 / 2, b1, b1 / 2, 1.0, -2 * cosine / a0, (1 - alpha) / a0]])
        self._state = np.zeros((1, 2))
        self._is_open = cutoff_hz >= _OPEN_FILTER_HZ

    def filtered(self, played: Waveform) -> Waveform:
        """Return the next block, filtered; as it is by an open filter."""
        if self._is_open:
            return played
        sound, self._state = filtered(self._section, played, self._state)
        return np.asarray(sound, np.float32)


def _sweep(region: Region, begin: int, end: int) -> Waveform:
    """Return [begin, end) of the modulation envelope while the key is held, 0 to 1, float32; unlike loudness it decays
    linearly.
    """
    attack = max(region.sweep_attack_s, 1e-3)
    top = attack + region.sweep_hold_s
    fall = max(region.sweep_decay_s, 1e-3) * (1 - region.sweep_sustain)
    at = [0.0, attack, top + 1e-6, top + fall + 2e-6]
    return _finely(lambda seconds: np.interp(seconds, at, [0.0, 1.0, 1.0, region.sweep_sustain]), begin, end)


def _finely(curve: Callable[[NDArray[np.float64]], NDArray[np.float64]], begin: int, end: int) -> Waveform:
    """Return samples [begin, end) of a slow curve of seconds: float32.

    It is computed at every _CURVE_STEP-th sample of all, so that no cut moves it, with straight lines between.
    """
    first = begin // _CURVE_STEP
    seconds = np.asarray(np.arange(first, -(-end // _CURVE_STEP) + 1) * (_CURVE_STEP / SAMPLE_RATE), np.float64)
    points = curve(seconds).astype(np.float32)
    share = np.arange(_CURVE_STEP, dtype=np.float32) / np.float32(_CURVE_STEP)
    lines = points[:-1, None] + np.diff(points)[:, None] * share
    skipped = begin - first * _CURVE_STEP
    return lines.ravel()[skipped : skipped + end - begin]
