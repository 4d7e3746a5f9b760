"""The audio side of a client: chunks from the network thread, samples to the audio thread, and no lock between."""

from __future__ import annotations

from array import array
from collections import deque
from typing import Literal, NamedTuple, TypeAlias

from segue_sdk.gain import GainOrder, Volume
from segue_sdk.limits import CHANNELS
from segue_sdk.line import Floats
from segue_sdk.position import Position
from segue_sdk.service_messages import Stinger
from segue_sdk.timeline import DEFAULT, Timeline, Timing


class Arrived(NamedTuple):
    """A chunk whose samples are floats already."""

    take: int
    start: int
    samples: Floats
    mixed: bool


class ArrivedStinger(NamedTuple):
    """A stinger's message, and its samples as floats if it has any."""

    message: Stinger
    samples: Floats | None


Order: TypeAlias = Arrived | ArrivedStinger | Timing | GainOrder | Literal["pause", "resume"]


class Player:
    """Owned by the audio thread, fed by other threads through `order`.

    latency: samples between being read and being heard; an output that knows better sets it.
    """

    def __init__(self, timing: Timing = DEFAULT, latency: int = 0) -> None:
        self._timeline = Timeline(timing)
        self._volume = Volume()
        self.latency = latency
        self._orders: deque[Order] = deque()
        self.position = Position()

    def order(self, order: Order) -> None:
        """From another thread: a chunk, a stinger, new lengths, or what the game wants. Taken up by the next `read`."""
        self._orders.append(order)

    def read(self, out: Floats) -> None:
        """From the audio thread: fill `out`, interleaved stereo, and publish the position."""
        self._take_orders()
        self._timeline.read(out)
        self._volume.apply(out)
        self._publish()

    def update(self) -> None:
        """From the audio thread, when it has no block to fill: take what arrived and publish the position."""
        self._take_orders()
        self._publish()

    def read_array(self, count: int) -> array[float]:
        """The next `count` samples as an array of interleaved floats."""
        out = array("f", bytes(4 * CHANNELS * count))
        self.read(memoryview(out))
        return out

    def _take_orders(self) -> None:
        while self._orders:
            match self._orders.popleft():
                case "pause":
                    self._timeline.pause()
                case "resume":
                    self._timeline.resume()
                case Timing() as timing:
                    self._timeline.timing = timing
                case GainOrder() as order:
                    self._volume.take(order)
                case ArrivedStinger(message, samples):
                    self._timeline.stingers.take(message, samples, self._timeline.committed)
                case Arrived() as chunk:
                    self._timeline.write(**chunk._asdict())

    def _publish(self) -> None:
        line = self._timeline
        self.position = Position(
            played=max(self.position.played, line.committed - self.latency),
            committed=line.committed,
            have=line.have,
            standing=line.standing,
            underruns=line.underruns,
            late=line.late,
            dropped=line.dropped,
        )
