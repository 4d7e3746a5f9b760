"""Times in samples, frames and beats, and when a change may start.

Durations of states and ramps are whole frames (40 ms, rounded up). Stingers and ducks keep samples (48 kHz).
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Final, Literal, TypeAlias

SAMPLE_RATE: Final = 48_000
TICKS_PER_BEAT: Final = 1_500_000
"""Of the musical clock; a frame at T milli-bpm lasts T ticks."""
FRAME_SIZE: Final = 1_920
FRAME_RATE: Final = SAMPLE_RATE // FRAME_SIZE


@dataclass(frozen=True, kw_only=True)
class MusicalTime:
    """A time in beats or bars. How many frames it lasts depends on the present tempo and meter.

    Attributes:
        count: Above 0.
    """

    count: Fraction
    unit: Literal["beat", "bar"]

    def __str__(self) -> str:
        return f"{float(self.count):g} {self.unit}{'' if self.count == 1 else 's'}"

    def frames(self, tempo_mbpm: int, meter: int) -> int:
        """Whole frames, rounded up.

        Args:
            tempo_mbpm: Above 0.
            meter: Beats a bar.
        """
        beats = self.count.numerator * (meter if self.unit == "bar" else 1)
        # In integers, because fractions take ten times as long and directors ask in every frame.
        return -(-beats * 60_000 * FRAME_RATE // (self.count.denominator * tempo_mbpm))


Length: TypeAlias = int | MusicalTime
"""Frames, or a time in beats or bars."""


@dataclass(frozen=True, kw_only=True)
class TimeRange:
    """A time that is drawn anew each time.

    Attributes:
        low, high: In frames, both included.
    """

    low: int
    high: int


def lasting(duration: Length, tempo_mbpm: int, meter: int) -> int:
    """The frames of a duration at a tempo and in a meter."""
    return duration if isinstance(duration, int) else duration.frames(tempo_mbpm, meter)


@dataclass(frozen=True, kw_only=True)
class At:
    """When a change may start.

    Attributes:
        unit: An eighth is half a beat. A group is one of the meter, or else a beat. A cue is one of a clip that plays.
        every, first: For bars: the index of the bar is `first` and a multiple of `every`.
        cue: For cues: the name; "" for any.
    """

    unit: Literal["immediate", "eighth", "beat", "group", "bar", "cue"]
    every: int = 1
    first: int = 0
    cue: str = ""

    def __str__(self) -> str:
        if self.cue:
            return f"cue {self.cue}"
        if self.first:
            return f"bar {self.first + 1} of {self.every}"
        return f"{self.every} bars" if self.unit == "bar" and self.every > 1 else self.unit


AT_ONCE: Final = At(unit="immediate")
AT_BEAT: Final = At(unit="beat")
AT_BAR: Final = At(unit="bar")
