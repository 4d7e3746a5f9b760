"""The game's own volume over all that is played: a gain in dB and a mute, both changed without a click."""

from __future__ import annotations

import math
from typing import NamedTuple

from segue_sdk.client_messages import Control
from segue_sdk.limits import CHANNELS, GAIN_RAMP, SAMPLE_RATE, SILENT_DB
from segue_sdk.line import Floats


class GainOrder(NamedTuple):
    """op: volume, mute or unmute. gain_db: of a volume. ramp: samples that the change takes at the least."""

    op: str
    gain_db: float
    ramp: int


def gain_order(control: Control) -> GainOrder | None:
    """What a control asks of the player; None if it concerns the service alone."""
    if control.op not in ("volume", "mute", "unmute"):
        return None
    gain_db = 0.0 if control.gain_db is None else control.gain_db
    return GainOrder(control.op, gain_db, control.ramp_ms * SAMPLE_RATE // 1000)


class Volume:
    """Applied to finished samples. A mute keeps the volume; a change begins where the one before it has got to."""

    def __init__(self) -> None:
        self._volume = 1.0
        self._muted = False
        self._from = self._to = 1.0
        self._done = self._length = 0

    def take(self, order: GainOrder) -> None:
        """Begin a change with the next sample."""
        if order.op == "volume":
            self._volume = _factor(order.gain_db)
        else:
            self._muted = order.op == "mute"
        self._from = self._at(self._done)
        self._to = 0.0 if self._muted else self._volume
        self._done, self._length = 0, max(order.ramp, GAIN_RAMP)

    def apply(self, out: Floats) -> None:
        """Scale interleaved samples in place; those that a gain above 0 dB lifts beyond ±1 are clipped."""
        count = len(out) // CHANNELS
        rising = min(count, self._length - self._done)
        for i in range(rising):
            gain = self._at(self._done + i)
            out[2 * i] *= gain
            out[2 * i + 1] *= gain
        self._done += rising
        rest = out[rising * CHANNELS :]
        if self._to == 0.0 and len(rest):
            rest[:] = memoryview(bytes(rest.nbytes)).cast("f")
        elif self._to != 1.0:
            for i in range(len(rest)):
                rest[i] *= self._to
        if max(self._from, self._to) > 1.0:
            for i in range(len(out)):
                out[i] = min(1.0, max(-1.0, out[i]))

    def _at(self, done: int) -> float:
        """The factor in sample `done` of the change in progress."""
        if done >= self._length:
            return self._to
        u = (done + 0.5) / self._length
        return self._from + (self._to - self._from) * u * u * (3.0 - 2.0 * u)


def _factor(gain_db: float) -> float:
    return 0.0 if gain_db <= SILENT_DB else math.pow(10.0, gain_db / 20.0)
