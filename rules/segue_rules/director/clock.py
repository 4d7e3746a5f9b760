"""The musical clock: integer positions of beats and bars under a tempo in whole milli-bpm."""

from __future__ import annotations

from segue_rules.model import FRAME_SIZE, At
from segue_rules.plan import TICKS_PER_BEAT, Clock

# Before frame 0, which decides the first bar's meter itself.
START = Clock(0, 0, 0, 1)


def beat_in(clock: Clock, tempo: int) -> int:
    """Position in ticks of the beat that falls in the frame at `clock`, or -1."""
    beat = -(-clock.ticks // TICKS_PER_BEAT) * TICKS_PER_BEAT
    return beat if beat < clock.ticks + tempo else -1


def bar_in(clock: Clock, tempo: int) -> tuple[int, int]:
    """Position in ticks and index of the bar that opens in the frame at `clock`, or (-1, -1)."""
    if clock.ticks == clock.bar_ticks:
        return clock.ticks, clock.bar
    end = clock.bar_ticks + clock.meter * TICKS_PER_BEAT
    return (end, clock.bar + 1) if end < clock.ticks + tempo else (-1, -1)


def line_in(at: At, clock: Clock, tempo: int) -> int:
    """Position in ticks at which a change `at` this kind of boundary may start in the frame, or -1."""
    if at.unit == "immediate":
        return clock.ticks
    if at.unit == "beat":
        return beat_in(clock, tempo)
    position, bar = bar_in(clock, tempo)
    return position if position >= 0 and bar % at.every == 0 else -1


def next_line(at: At, clock: Clock, tempo: int, frames_ahead: int) -> int:
    """Position of the first line of this kind at least `frames_ahead` frames on, at constant tempo and meter."""
    reachable = clock.ticks + frames_ahead * tempo
    if at.unit == "immediate":
        return reachable
    if at.unit == "beat":
        return -(-reachable // TICKS_PER_BEAT) * TICKS_PER_BEAT
    length = clock.meter * TICKS_PER_BEAT
    bars = max(0, -(-(reachable - clock.bar_ticks) // length))
    bars += -(clock.bar + bars) % at.every
    return clock.bar_ticks + bars * length


def frames_until(position: int, clock: Clock, tempo: int) -> int:
    """How many frames after the one at `clock` the position falls, at constant tempo."""
    return max(0, (position - clock.ticks) // tempo)


def sample_offset(position: int, clock: Clock, tempo: int) -> int:
    """Samples from the start of the frame at `clock` to the position."""
    return (position - clock.ticks) * FRAME_SIZE // tempo


def advance(clock: Clock, tempo: int, meter: int, frames: int = 1) -> Clock:
    """The clock `frames` later at constant tempo; bars that open on the way have `meter` beats."""
    ticks = clock.ticks + frames * tempo
    end = clock.bar_ticks + clock.meter * TICKS_PER_BEAT
    if ticks < end:
        return clock._replace(ticks=ticks)
    length = meter * TICKS_PER_BEAT
    bars = (ticks - end) // length
    return Clock(ticks, clock.bar + 1 + bars, end + bars * length, meter)
