"""Musical time: the clock of beats and bars in integer ticks, and ramps over frames."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final

from segue_rules.director.state import Vector
from segue_rules.model import FRAME_SIZE, At, Binding, InputValue
from segue_rules.plan import TICKS_PER_BEAT, Controls, MusicalClock

TICKS_PER_EIGHTH: Final = TICKS_PER_BEAT // 2
# Before frame 0, which itself decides the meter of the first bar.
CLOCK_START = MusicalClock(0, 0, 0, 1)


def beat_in(clock: MusicalClock, tempo: int) -> int:
    """The position in ticks of the beat that falls in the frame at `clock`, or -1."""
    beat = -(-clock.ticks // TICKS_PER_BEAT) * TICKS_PER_BEAT
    return beat if beat < clock.ticks + tempo else -1


def group_in(clock: MusicalClock, tempo: int) -> int:
    """The position in ticks of the first beat of a group that falls in the frame at `clock`, or -1."""
    beat = beat_in(clock, tempo)
    return beat if beat < 0 or (beat - clock.bar_ticks) // TICKS_PER_BEAT in _group_starts(clock) else -1


def _group_starts(clock: MusicalClock) -> list[int]:
    """The beats of the bar on which its groups begin, and that of the next bar line. Without groups, every beat."""
    sizes = clock.groups or (1,) * clock.meter
    return [sum(sizes[:i]) for i in range(len(sizes) + 1)]


def bar_in(clock: MusicalClock, tempo: int) -> tuple[int, int]:
    """The position in ticks and the index of the bar that opens in the frame at `clock`, or (-1, -1)."""
    if clock.ticks == clock.bar_ticks:
        return clock.ticks, clock.bar
    end = clock.bar_ticks + clock.meter * TICKS_PER_BEAT
    return (end, clock.bar + 1) if end < clock.ticks + tempo else (-1, -1)


def line_in(at: At, clock: MusicalClock, tempo: int) -> int:
    """The position in ticks at which a change at this boundary may start in the frame, or -1."""
    if at.unit == "immediate":
        return clock.ticks
    if at.unit == "beat":
        return beat_in(clock, tempo)
    if at.unit == "group":
        return group_in(clock, tempo)
    if at.unit == "eighth":
        eighth = -(-clock.ticks // TICKS_PER_EIGHTH) * TICKS_PER_EIGHTH
        return eighth if eighth < clock.ticks + tempo else -1
    position, bar = bar_in(clock, tempo)
    return position if position >= 0 and bar % at.every == at.first else -1


def next_line(at: At, clock: MusicalClock, tempo: int, frames_ahead: int) -> int:
    """The position of the first line of this kind at least `frames_ahead` frames on, at constant tempo and meter."""
    reachable = clock.ticks + frames_ahead * tempo
    if at.unit == "immediate":
        return reachable
    if at.unit in ("beat", "eighth"):
        step = TICKS_PER_BEAT if at.unit == "beat" else TICKS_PER_EIGHTH
        return -(-reachable // step) * step
    length = clock.meter * TICKS_PER_BEAT
    if at.unit == "group":
        bars, into = divmod(max(0, reachable - clock.bar_ticks), length)
        start = next(beat for beat in _group_starts(clock) if beat * TICKS_PER_BEAT >= into)
        return clock.bar_ticks + bars * length + start * TICKS_PER_BEAT
    bars = max(0, -(-(reachable - clock.bar_ticks) // length))
    bars += (at.first - clock.bar - bars) % at.every
    return clock.bar_ticks + bars * length


def frames_until(position: int, clock: MusicalClock, tempo: int) -> int:
    """How many frames after the one at `clock` the position falls, at constant tempo."""
    return max(0, (position - clock.ticks) // tempo)


def sample_offset(position: int, clock: MusicalClock, tempo: int) -> int:
    """Samples from the start of the frame at `clock` to the position."""
    return (position - clock.ticks) * FRAME_SIZE // tempo


def moment(clock: MusicalClock, controls: Controls) -> tuple[MusicalClock, int, int]:
    """The clock of a frame as a plan has it, and the sample offsets of the beat and of the bar line in the frame.

    A bar that opens with the frame has the meter of the controls. The offsets are -1 where there is none.
    """
    tempo = controls.tempo_mbpm
    if clock.ticks == clock.bar_ticks:
        clock = clock._replace(meter=controls.meter, groups=controls.groups)
    beat, bar = beat_in(clock, tempo), bar_in(clock, tempo)[0]
    beat_start = -1 if beat < 0 else sample_offset(beat, clock, tempo)
    return clock, beat_start, -1 if bar < 0 else sample_offset(bar, clock, tempo)


def advance(clock: MusicalClock, controls: Controls, frames: int = 1) -> MusicalClock:
    """The clock `frames` later at constant tempo. Bars that open on the way have the meter of the controls."""
    ticks = clock.ticks + frames * controls.tempo_mbpm
    end = clock.bar_ticks + clock.meter * TICKS_PER_BEAT
    if ticks < end:
        return clock._replace(ticks=ticks)
    length = controls.meter * TICKS_PER_BEAT
    bars = (ticks - end) // length
    return MusicalClock(ticks, clock.bar + 1 + bars, end + bars * length, controls.meter, controls.groups)


def later(clock: MusicalClock, tempo: int, frames: int) -> MusicalClock:
    """The clock `frames` later if tempo and meter stay as they are."""
    ticks, length = clock.ticks + frames * tempo, clock.meter * TICKS_PER_BEAT
    bars = (ticks - clock.bar_ticks) // length
    return clock._replace(ticks=ticks, bar=clock.bar + bars, bar_ticks=clock.bar_ticks + bars * length)


def shape(curve: str, u: float) -> float:
    """The progress of a ramp at u in [0, 1]: 0 at 0, 1 at 1, monotonic."""
    if u >= 1.0:
        return 1.0
    if curve == "linear":
        return u
    if curve == "smooth":
        return u * u * (3.0 - 2.0 * u)
    return math.sin(math.pi * u / 2.0)


def progress(curve: str, since: int, frames: int, frame: int) -> float:
    """The progress in `frame` of a ramp over `frames` that began at `since`. A ramp of 0 frames is over at once.

    Before its beginning, where a reset in the first frame of a restored state looks back, there is none.
    """
    elapsed = frame - since
    if frames == 0 or elapsed >= frames:
        return 1.0
    return shape(curve, elapsed / frames) if elapsed > 0 else 0.0


def blend(a: Vector, b: Vector, g: float) -> Vector:
    """a + g (b - a), exactly b at g = 1."""
    return b if g >= 1.0 else tuple([x + g * (y - x) for x, y in zip(a, b, strict=True)])


class BoundValue:
    """A binding that finds the inputs by their place.

    Args:
        places: Of the inputs, by name.
    """

    def __init__(self, binding: Binding, places: Mapping[str, int]) -> None:
        self._curve, self._place = binding.along_curve, places[binding.input]
        self._times = tuple((factor.along_curve, places[factor.input]) for factor in binding.times)

    def __call__(self, values: Sequence[InputValue]) -> float:
        """The value.

        Args:
            values: Of the inputs, in their order.
        """
        level = self._curve(float(values[self._place]))
        for curve, place in self._times:
            level *= curve(float(values[place]))
        # A gain of -6 dB times 0 is 0 dB, not -0.
        return level + 0.0
