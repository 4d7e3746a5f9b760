"""The final mix of previews: stingers over the music, the music ducked under them, the sum limited, as clients do it.

Array dimensions: S samples.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segue.audio import limiter
from segue.audio.fades import fade_out
from segue.contract import CHANNELS, SAMPLE_RATE, Samples
from segue_rules.model import Duck
from segue_rules.plan import StingerCue

# A file that ends in the middle of the music must not end in a click.
_LAST_FADE_SAMPLES = SAMPLE_RATE // 20


@dataclass(frozen=True, kw_only=True)
class MixedStinger:
    """A stinger on the timeline.

    Attributes:
        start: Its sample position.
        samples: float32 [S, 2] with its gain applied.
        duck: How it ducks the music.
    """

    start: int
    samples: Samples
    duck: Duck | None

    @property
    def end(self) -> int:
        """The first sample behind both the sound and its duck."""
        end = self.start + len(self.samples)
        return end + self.duck.recovery_samples + self.duck.fade_in_samples if self.duck else end


class Overlay:
    """Mixes the stingers of one session into consecutive blocks of music."""

    def __init__(self, sounds: Mapping[str, Samples]) -> None:
        """sounds: float32 [S, 2] by the stinger's name."""
        self._sounds = sounds
        self._placed: list[MixedStinger] = []

    def cue(self, cue: StingerCue) -> None:
        """Place a started stinger; a burst of style has no sound of its own and is skipped."""
        if cue.kind == "started" and cue.stinger in self._sounds:
            gain = np.float32(10.0 ** (cue.gain_db / 20.0))
            self._placed.append(MixedStinger(start=cue.start, samples=self._sounds[cue.stinger] * gain, duck=cue.duck))

    def mix(self, start: int, music: Samples) -> Samples:
        """Return the block of music at sample `start` with everything placed; blocks come in order."""
        end = start + len(music)
        mixed = music.copy()
        self._placed = [placed for placed in self._placed if placed.end > start]
        for placed in self._placed:
            if placed.duck is not None:
                mixed *= duck_gain(placed, np.arange(start, end))[:, None]
        for placed in self._placed:
            first, last = max(start, placed.start), min(end, placed.start + len(placed.samples))
            if first < last:
                mixed[first - start : last - start] += placed.samples[first - placed.start : last - placed.start]
        return mixed


def duck_gain(placed: MixedStinger, positions: NDArray[np.int64]) -> NDArray[np.float32]:
    """Return the gain of the music under a stinger, linear in dB so that it sounds even.

    The gain falls over fade_out from the stinger's start, stays down until recovery after its end, and rises over
    fade_in.

    Args:
        placed: The stinger.
        positions: Sample positions [S].

    Returns:
        Linear gain [S].
    """
    duck = placed.duck
    if duck is None:
        return np.ones(len(positions), np.float32)
    held = placed.start + max(len(placed.samples), duck.fade_out_samples) + duck.recovery_samples
    corners = [placed.start, placed.start + duck.fade_out_samples, held, held + duck.fade_in_samples]
    depth_db = np.interp(positions, corners, [0.0, duck.depth_db, duck.depth_db, 0.0])
    return np.power(10.0, depth_db / 20.0).astype(np.float32)


class Mixdown:
    """Turns music, block by block, into the final mix: float32 [S, 2], true peak at most -1 dBTP.

    The mix is as long as the music: the limiter's delay is removed.

    Attributes:
        overlay: Takes the cues of stingers.
    """

    def __init__(self, sounds: Mapping[str, Samples], length: int) -> None:
        """Begin a mix.

        Args:
            sounds: float32 [S, 2] by the stinger's name.
            length: Samples of the whole mix; the last 50 ms fade out.
        """
        self.overlay = Overlay(sounds)
        self._limiter = limiter.start()
        self._length = length
        self._given = 0
        self._taken = 0

    def add(self, music: Samples) -> Samples:
        """Take the next block of music; return the next part of the mix, which may be shorter."""
        music = music[: self._length - self._given]
        block = self.overlay.mix(self._given, music)
        last = self._given + len(block) == self._length
        if last:
            block = fade_out(block, _LAST_FADE_SAMPLES)
        self._given += len(block)
        return self._limited(block, flush=last)

    def _limited(self, block: Samples, *, flush: bool) -> Samples:
        if flush:
            block = np.concatenate([block, np.zeros((limiter.LATENCY, CHANNELS), np.float32)])
        self._limiter, ready = limiter.process(self._limiter, block)
        early = max(0, limiter.LATENCY - self._taken)
        self._taken += len(ready)
        return ready[early:]
