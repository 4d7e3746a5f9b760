"""Stingers over the music: files laid on exact samples, and the music ducked under them.

The same law as in the clients: the music is multiplied by its duck envelope, the stinger added, the sum limited.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segue.contract import Samples
from segue_rules.model import Duck
from segue_rules.plan import StingerCue


@dataclass(frozen=True, kw_only=True)
class Placed:
    """A stinger on the timeline. start: sample position. samples: float32 [S, 2] with its gain applied."""

    start: int
    samples: Samples
    duck: Duck | None

    @property
    def end(self) -> int:
        """The first sample after both the sound and its duck."""
        end = self.start + len(self.samples)
        return end + self.duck.recovery_samples + self.duck.fade_in_samples if self.duck else end


class Overlay:
    """Mixes the stingers of one session into consecutive blocks of music."""

    def __init__(self, sounds: Mapping[str, Samples]) -> None:
        self._sounds = sounds
        self._placed: list[Placed] = []

    def cue(self, cue: StingerCue) -> None:
        """Place a started stinger; a burst of style has no sound of its own and is passed over."""
        if cue.kind == "started" and cue.stinger in self._sounds:
            gain = np.float32(10.0 ** (cue.gain_db / 20.0))
            self._placed.append(Placed(start=cue.start, samples=self._sounds[cue.stinger] * gain, duck=cue.duck))

    def mix(self, start: int, music: Samples) -> Samples:
        """The block of music at sample `start` with everything placed; blocks come in order."""
        end = start + len(music)
        mixed = music.copy()
        self._placed = [placed for placed in self._placed if placed.end > start]
        for placed in self._placed:
            if placed.duck is not None:
                mixed *= envelope(placed, np.arange(start, end))[:, None]
        for placed in self._placed:
            first, last = max(start, placed.start), min(end, placed.start + len(placed.samples))
            if first < last:
                mixed[first - start : last - start] += placed.samples[first - placed.start : last - placed.start]
        return mixed


def envelope(placed: Placed, positions: NDArray[np.int64]) -> NDArray[np.float32]:
    """The duck's gain at sample positions: down over fade_out from the start, held past the end by recovery, back up.

    Linear in dB, so that it sounds even.
    """
    duck = placed.duck
    if duck is None:
        return np.ones(len(positions), np.float32)
    held = placed.start + max(len(placed.samples), duck.fade_out_samples) + duck.recovery_samples
    corners = [placed.start, placed.start + duck.fade_out_samples, held, held + duck.fade_in_samples]
    depth_db = np.interp(positions, corners, [0.0, duck.depth_db, duck.depth_db, 0.0])
    return np.power(10.0, depth_db / 20.0).astype(np.float32)
