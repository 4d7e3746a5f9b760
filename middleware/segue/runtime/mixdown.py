"""Stingers over music that is ducked under them, as clients mix them, and the final mix of previews.

Array dimensions: S samples.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from segue.audio import limiter
from segue.audio.fades import falling
from segue.contract import CHANNELS, FADE_SAMPLES, SAMPLE_RATE, Samples
from segue_rules.model import Duck
from segue_rules.plan import StingerCue

# A file that ends in the middle of the music must not end in a click.
_LEAST_FADE_SAMPLES: Final = SAMPLE_RATE // 20


@dataclass(frozen=True, kw_only=True)
class MixedStinger:
    """A stinger on the timeline.

    Attributes:
        start: Its sample position.
        samples: float32 [S, 2].
        gain: Factor of its samples.
        duck: How it ducks the music.
        cancelled: The sample from which it fades out and its duck rises; None for none.
    """

    start: int
    samples: Samples
    gain: float
    duck: Duck | None
    cancelled: int | None = None

    @cached_property
    def end(self) -> int:
        """The first sample behind both the sound and its duck."""
        if self.cancelled is not None:
            return self.cancelled + self._rise_samples
        return self.start + len(self.samples) if self.duck is None else self._duck_corners()[0][-1]

    def sound(self, start: int, end: int) -> Samples:
        """Return what is heard of it in the samples [start, end), float32 [S, 2]; silence where it does not sound."""
        heard = np.zeros((end - start, CHANNELS), np.float32)
        first, last = max(start, self.start), min(end, self.start + len(self.samples))
        if first < last:
            heard[first - start : last - start] = self.samples[first - self.start : last - self.start]
            heard *= np.float32(self.gain)
        if self.cancelled is not None:
            u = ((np.arange(start, end) - self.cancelled + 0.5) / FADE_SAMPLES).clip(0.0, 1.0)
            heard *= (1.0 - u * u * (3.0 - 2.0 * u)).astype(np.float32)[:, None]
        return heard

    def duck_gain(self, start: int, end: int) -> NDArray[np.float32]:
        """Return the gain of the music under it in the samples [start, end), linear in dB so that it sounds even.

        The gain falls over fade_out from the stinger's start, stays down until recovery after its end, and rises over
        fade_in.
        """
        if self.duck is None:
            return np.ones(end - start, np.float32)
        corners, levels_db = self._duck_corners()
        if self.cancelled is not None and end > self.cancelled:
            depth_db = float(np.interp(self.cancelled, corners, levels_db))
            falling = [(at, level) for at, level in zip(corners, levels_db, strict=True) if at < self.cancelled]
            rising = [(self.cancelled, depth_db), (self.cancelled + self._rise_samples, 0.0)]
            corners, levels_db = [list(each) for each in zip(*falling, *rising, strict=True)]
        # A power takes long, and most of a duck is flat.
        borders = sorted({start, end, *(at for at in corners if start < at < end)})
        gain = np.empty(end - start, np.float32)
        for first, last in pairwise(borders):
            ends_db = np.interp([first, last], corners, levels_db)
            flat = ends_db[0] == ends_db[1]
            duck_db = ends_db[0] if flat else np.interp(np.arange(first, last), corners, levels_db)
            gain[first - start : last - start] = np.power(10.0, duck_db / 20.0)
        return gain

    @property
    def _rise_samples(self) -> int:
        """How long its duck rises when it is cancelled."""
        return FADE_SAMPLES if self.duck is None else max(FADE_SAMPLES, self.duck.fade_in_samples)

    def _duck_corners(self) -> tuple[list[int], list[float]]:
        """Return the positions between which the duck is linear in dB, and the dB there."""
        assert self.duck is not None
        fall = self.duck.fade_out_samples
        held = self.start + max(len(self.samples), fall) + self.duck.recovery_samples
        corners = [self.start, self.start + fall, held, held + self.duck.fade_in_samples]
        return corners, [0.0, self.duck.depth_db, self.duck.depth_db, 0.0]


def overlay(start: int, music: Samples, stingers: Iterable[MixedStinger]) -> tuple[Samples, Samples]:
    """Return the block of music at sample `start` under the ducks of all stingers, and the sum of their sounds."""
    end = start + len(music)
    ducked, sounds = music.copy(), np.zeros_like(music)
    for stinger in stingers:
        if stinger.start < end and stinger.end > start:
            if stinger.duck is not None:
                ducked *= stinger.duck_gain(start, end)[:, None]
            sounds += stinger.sound(start, end)
    return ducked, sounds


class Overlay:
    """Mixes the stingers of one session into consecutive blocks of music."""

    def __init__(self, sounds: Mapping[str, Samples]) -> None:
        """sounds: float32 [S, 2] by the stinger's name."""
        self._sounds = sounds
        self._placed: list[MixedStinger] = []

    def cue(self, cue: StingerCue) -> None:
        """Place a started stinger; a burst of style has no sound of its own and is skipped."""
        if cue.kind == "started" and cue.stinger in self._sounds:
            self._placed.append(mixed_stinger(cue, self._sounds[cue.stinger]))

    def mix(self, start: int, music: Samples) -> Samples:
        """Return the block of music at sample `start` with everything placed; blocks come in order."""
        self._placed = [placed for placed in self._placed if placed.end > start]
        ducked, sounds = overlay(start, music, self._placed)
        return ducked + sounds


def mixed_stinger(cue: StingerCue, sound: Samples, *, start: int | None = None) -> MixedStinger:
    """Return a cue's stinger on the timeline.

    Args:
        cue: The cue.
        sound: Its sound, float32 [S, 2].
        start: Where it begins, if it is not where the cue says.
    """
    return MixedStinger(
        start=cue.start if start is None else start,
        samples=sound,
        gain=10.0 ** (cue.gain_db / 20.0),
        duck=cue.duck,
    )


class Mixdown:
    """Turns music, block by block, into the final mix: float32 [S, 2], true peak at most -1 dBTP.

    The mix is as long as the music: the limiter's delay is removed.

    Attributes:
        overlay: Takes the cues of stingers.
    """

    def __init__(self, sounds: Mapping[str, Samples], length: int, *, fade_samples: int = _LEAST_FADE_SAMPLES) -> None:
        """Begin a mix.

        Args:
            sounds: float32 [S, 2] by the stinger's name.
            length: Samples of the whole mix.
            fade_samples: How many of its last ones fade out.
        """
        self.overlay = Overlay(sounds)
        self._limiter = limiter.start()
        self._length = length
        self._fade = fade_samples
        self._given = 0
        self._taken = 0

    def add(self, music: Samples) -> Samples:
        """Take the next block of music; return the next part of the mix, which may be shorter."""
        music = music[: self._length - self._given]
        block = self.overlay.mix(self._given, music)
        left = self._length - self._given
        self._given += len(block)
        if left - len(block) < self._fade:
            block = block * falling(left, len(block), self._fade)[:, None]
        return self._limited(block, flush=self._given == self._length)

    def _limited(self, block: Samples, *, flush: bool) -> Samples:
        if flush:
            block = np.concatenate([block, np.zeros((limiter.LATENCY, CHANNELS), np.float32)])
        self._limiter, ready = limiter.process(self._limiter, block)
        early = max(0, limiter.LATENCY - self._taken)
        self._taken += len(ready)
        return ready[early:]
