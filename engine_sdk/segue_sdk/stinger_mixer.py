"""Mixes stingers into the music at their sample position and ducks the music under them (PROTOCOL.md, "Stingers")."""

from __future__ import annotations

import math
from collections import deque
from typing import Final

from segue_sdk.limits import CHANNELS, FADE, MOST_PLAYING
from segue_sdk.messages import DuckInfo, Stinger
from segue_sdk.take_buffer import Floats, TakeBuffer

# Stingers remembered that are over or not played, so that their later parts are ignored.
_FINISHED_KEPT: Final = 64


class PlacedStinger:
    """One stinger on the timeline.

    Attributes:
        start: Where it begins to be heard.
        samples: Its parts, by absolute position.
    """

    def __init__(self, message: Stinger, start: int) -> None:
        self.start = start
        self.end = start + message.total
        self.gain = _gain(message.gain_db)
        self.samples = TakeBuffer(message.id)
        self._corners = _corners(message.duck, start, self.end)
        self._cancelled: int | None = None

    @property
    def over(self) -> int:
        """The first sample after the sound and its duck."""
        return max(self.end, self._corners[-1][0] if self._corners else 0)

    def cancel(self, position: int) -> None:
        """Fade out from `position` on, and end the duck."""
        if self._cancelled is not None:
            return
        if self._corners:
            depth_db, back = self.duck_db(position), max(FADE, self._corners[-1][0] - self._corners[-2][0])
            self._corners = [(position, depth_db), (position + back, 0.0)]
        self._cancelled, self.end = position, min(self.end, position + FADE)

    def duck_db(self, position: int) -> float:
        """The music's gain under this stinger."""
        previous = (self.start, 0.0)
        for corner in self._corners:
            if position < corner[0]:
                (a, low), (b, high) = previous, corner
                return low if position <= a else low + (high - low) * (position - a) / (b - a)
            previous = corner
        return previous[1]

    def level(self, position: int) -> float:
        """The gain of the stinger's own samples."""
        if self._cancelled is None:
            return self.gain
        u = (position - self._cancelled + 0.5) / FADE
        return self.gain * (1.0 - u * u * (3.0 - 2.0 * u))


class StingerMixer:
    """All stingers that sound or will sound."""

    def __init__(self) -> None:
        self._placed: dict[int, PlacedStinger] = {}
        self._finished: deque[int] = deque(maxlen=_FINISHED_KEPT)

    def take(self, message: Stinger, samples: Floats | None, committed: int) -> bool:
        """Take a stinger's part or its cancellation; False if it is not played: too late, or too many at once.

        Args:
            samples: The part's interleaved floats, for `placed`.
        """
        known = self._placed.get(message.id)
        if message.kind in ("cancelled", "dropped"):
            if known is not None and known.start < committed:
                known.cancel(committed)
            else:
                self._placed.pop(message.id, None)
                self._finished.append(message.id)
            return True
        if message.kind != "placed" or samples is None:
            return True
        if known is None:
            late = message.start < committed
            finished = message.id in self._finished
            if (late and message.if_late == "drop") or finished or len(self._placed) >= MOST_PLAYING:
                self._finished.append(message.id)
                return False
            known = self._placed[message.id] = PlacedStinger(message, max(message.start, committed))
        known.samples.write(known.start + message.offset, samples)
        return True

    def mix(self, position: int, music: Floats) -> None:
        """Duck the block of music at sample `position`, add the stingers, clip the sum at ±1; in place."""
        count = len(music) // CHANNELS
        over = [number for number, placed in self._placed.items() if placed.over <= position]
        for number in over:
            del self._placed[number]
        self._finished.extend(over)
        playing = [placed for placed in self._placed.values() if placed.start < position + count]
        if not playing:
            return
        for i in range(count):
            duck_db = sum(placed.duck_db(position + i) for placed in playing)
            if duck_db:
                gain = _gain(duck_db)
                music[2 * i] *= gain
                music[2 * i + 1] *= gain
        for placed in playing:
            _add(placed, position, music)
        for i in range(len(music)):
            music[i] = min(1.0, max(-1.0, music[i]))


def _gain(decibel: float) -> float:
    return math.pow(10.0, decibel / 20.0)


def _add(placed: PlacedStinger, position: int, music: Floats) -> None:
    """Add the received samples of a stinger to the block."""
    at, end = max(position, placed.start), min(position + len(music) // CHANNELS, placed.end)
    while at < end:
        there = min(end, placed.samples.end(at))
        if there == at:
            at = min([end, *placed.samples.starts_after(at)])
            continue
        sound = memoryview(bytearray(4 * CHANNELS * (there - at))).cast("f")
        placed.samples.copy(at, sound)
        for i in range(there - at):
            level, out = placed.level(at + i), CHANNELS * (at - position + i)
            music[out] += level * sound[CHANNELS * i]
            music[out + 1] += level * sound[CHANNELS * i + 1]
        at = there


def _corners(duck: DuckInfo | None, start: int, end: int) -> list[tuple[int, float]]:
    """(position, dB) between which the music's gain is linear in dB; none without a duck."""
    if duck is None:
        return []
    held = max(end, start + duck.fade_out) + duck.recovery
    return [(start + duck.fade_out, duck.depth_db), (held, duck.depth_db), (held + duck.fade_in, 0.0)]
