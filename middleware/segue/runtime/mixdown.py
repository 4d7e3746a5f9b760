"""The end of the way in preview and recording: stingers laid over the music, ducked, limited. As clients do it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from segue.audio import limiter
from segue.audio.fades import fade_out
from segue.contract import CHANNELS, SAMPLE_RATE, Samples
from segue.runtime.overlay import Overlay

# So that a file that ends in the middle of the music does not end in a click.
_LAST_FADE_SAMPLES = SAMPLE_RATE // 20


class Mixdown:
    """Music block by block to the final mix, float32 [S, 2], true peak <= -1 dBTP; the limiter's delay is taken off.

    length: samples of the whole mix, over the last 50 ms of which it fades out.
    """

    def __init__(self, sounds: Mapping[str, Samples], length: int) -> None:
        self.overlay = Overlay(sounds)
        self._limiter = limiter.start()
        self._length = length
        self._given = 0
        self._taken = 0

    def add(self, music: Samples) -> Samples:
        """The next block of music; what of the mix is ready."""
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
