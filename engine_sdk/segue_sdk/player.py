"""The audio side of a client: music from the network thread, samples to the audio thread, and no lock between."""

from __future__ import annotations

import math
from array import array
from collections import deque
from typing import Literal, NamedTuple, TypeAlias

from segue_sdk.fields import DECIBEL
from segue_sdk.limits import CHANNELS, GAIN_RAMP, SAMPLE_RATE, SILENT_DB
from segue_sdk.messages import Chunk, Control, Stinger
from segue_sdk.playback import PlaybackPosition
from segue_sdk.take_buffer import Floats, floats, integers
from segue_sdk.timeline import DEFAULT, Timeline, Timing


class GainChange(NamedTuple):
    """A change of volume.

    Attributes:
        op: `volume`, `mute` or `unmute`.
        gain_db: Of `volume`.
        ramp: Shortest length in samples.
    """

    op: str
    gain_db: float
    ramp: int


def gain_change(control: Control) -> GainChange | None:
    """The change that a control makes to the player's volume; None if it makes none."""
    if control.op not in ("volume", "mute", "unmute"):
        return None
    gain_db = 0.0 if control.gain_db is None else control.gain_db
    return GainChange(control.op, gain_db, control.ramp_ms * SAMPLE_RATE // 1000)


class Volume:
    """A gain and a mute over all that is played, both changed without a click.

    A mute keeps the volume. A change begins at the gain that the change before has reached.
    """

    def __init__(self) -> None:
        self._volume = 1.0
        self._muted = False
        self._from = self._to = 1.0
        self._done = self._length = 0

    def take(self, change: GainChange) -> None:
        """Begin a change with the next sample."""
        if change.op == "volume":
            self._volume = _factor(change.gain_db)
        else:
            self._muted = change.op == "mute"
        self._from = self._at(self._done)
        self._to = 0.0 if self._muted else self._volume
        self._done, self._length = 0, max(change.ramp, GAIN_RAMP)

    def apply(self, out: Floats) -> None:
        """Scale interleaved samples in place; a gain above 0 dB clips them at ±1."""
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


class ReceivedChunk(NamedTuple):
    """A chunk with its samples as floats."""

    take: int
    start: int
    samples: Floats
    mixed: bool


class ReceivedStinger(NamedTuple):
    """A stinger's message, with its samples as floats if it has any."""

    message: Stinger
    samples: Floats | None


PlayerCommand: TypeAlias = ReceivedChunk | ReceivedStinger | Timing | GainChange | Literal["pause", "resume"]


class Player:
    """What the audio thread reads. Other threads change it through `enqueue`, `deliver` and `gain_db`.

    Attributes:
        latency_samples: Between being read and being heard; an output that knows it sets it.
        position: Where playback stands, as of the last `read`.
    """

    def __init__(self, timing: Timing = DEFAULT, latency_samples: int = 0) -> None:
        self._timeline = Timeline(timing)
        self._volume = Volume()
        self.latency_samples = latency_samples
        self._silence = 0
        self._commands: deque[PlayerCommand] = deque()
        self.position = PlaybackPosition()
        self._gain_db = 0.0

    @property
    def gain_db(self) -> float:
        """The game's volume, -96 to 12 dB; -96 is silence. A change takes 50 ms and makes no click.

        It is the gain of the control `volume`, which sets it too. Setting it here does not tell the service.
        """
        return self._gain_db

    @gain_db.setter
    def gain_db(self, gain_db: float) -> None:
        self.enqueue(GainChange("volume", DECIBEL.read(gain_db, "gain_db"), 0))

    def enqueue(self, command: PlayerCommand) -> None:
        """From another thread: a chunk, a stinger, new lengths, or a call of the game. The next `read` applies it."""
        if isinstance(command, GainChange) and command.op == "volume":
            self._gain_db = command.gain_db
        self._commands.append(command)

    def deliver(self, message: Chunk | Stinger) -> None:
        """From another thread: a chunk or stinger as it came.

        Raises:
            ProtocolError: `not_finite` for a sample that is no number.
        """
        if isinstance(message, Chunk):
            samples = floats(message.pcm, message.format)
            self.enqueue(ReceivedChunk(message.take, message.start, samples, message.mixed))
        else:
            sound = None if message.pcm is None else floats(message.pcm, message.format)
            self.enqueue(ReceivedStinger(message, sound))

    def read(self, out: Floats) -> None:
        """From the audio thread: fill `out`, interleaved stereo, and publish the position.

        Raises:
            ValueError: It is no flat view of floats.
        """
        if out.ndim != 1 or out.format != "f":
            found = f'{out.ndim} dimension{"s" if out.ndim != 1 else ""} of format "{out.format}"'
            raise ValueError(
                f'expected a memoryview of 1 dimension of format "f", got {found}; '
                'memoryview(block).cast("B").cast("f") is one of the same samples'
            )
        self._take_commands()
        played = self._timeline.read(out)
        silence = len(out) // CHANNELS - played
        self._silence = silence if played else self._silence + silence
        self._volume.apply(out)
        self._publish()

    def read_s16(self, out: memoryview[int]) -> None:
        """From the audio thread: fill `out`, interleaved stereo integers of 16 bits (format "h"), as `read` does."""
        samples: Floats = memoryview(array("f", bytes(4 * len(out))))
        self.read(samples)
        out[:] = memoryview(integers(samples, 16))

    def update(self) -> None:
        """From the audio thread without a block to fill: take what arrived and publish the position."""
        self._take_commands()
        self._publish()

    def read_array(self, count: int) -> array[float]:
        """The next `count` samples as an array of interleaved floats."""
        out = array("f", bytes(4 * CHANNELS * count))
        self.read(memoryview(out))
        return out

    def _take_commands(self) -> None:
        while self._commands:
            match self._commands.popleft():
                case "pause":
                    self._timeline.pause()
                case "resume":
                    self._timeline.resume()
                case Timing() as timing:
                    self._timeline.timing = timing
                case GainChange() as change:
                    self._volume.take(change)
                case ReceivedStinger(message, samples):
                    self._timeline.stingers.take(message, samples, self._timeline.committed)
                case ReceivedChunk() as chunk:
                    self._timeline.write(**chunk._asdict())

    def _publish(self) -> None:
        timeline = self._timeline
        # What was read before the silence is heard while the silence is read.
        unheard = max(0, self.latency_samples - self._silence)
        self.position = PlaybackPosition(
            played=max(self.position.played, timeline.committed - unheard),
            committed=timeline.committed,
            have=timeline.have,
            standing=timeline.standing,
            underruns=timeline.underruns,
            late=timeline.late,
            dropped=timeline.dropped,
        )
