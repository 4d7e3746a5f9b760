"""Clips: recordings that a layer's states play on the musical clock."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Final, Literal, NamedTuple, TypeAlias, get_args

from segue_rules.meters import Meter, beats_of
from segue_rules.model.music import Binding, Key
from segue_rules.model.timing import FRAME_SIZE, TICKS_PER_BEAT
from segue_yaml.nodes import NOWHERE, Mark

Enter: TypeAlias = Literal["start", "same", "cue"]
ENTERS: Final[tuple[Enter, ...]] = get_args(Enter)
"""Where a state's clips come in: at their beginning, where the clips before them were, or at a cue."""


LONGEST_CLIP_S: Final = 600
"""What the parts of a clip may last together."""


class Cue(NamedTuple):
    """A place in a clip where others may come in, or it may be left.

    Attributes:
        name: "" for one without.
        place: Samples from the clip's beginning.
    """

    name: str
    place: Fraction


@dataclass(frozen=True, kw_only=True)
class Clip:
    """A recording. Lengths and places are counted in samples at 48 kHz, exactly: bars need not be whole samples.

    Attributes:
        tempo_mbpm: In milli-bpm; None for a recording without a beat, which starts wherever its state does.
        meter, key: What the music follows while it leads; None to leave them alone.
        pre_entry: What lies before its beginning in the file, and plays where the beginning is known so far ahead.
        intro: What plays once before the loop.
        loop: What then repeats; None to play the file once.
        outro: What plays behind the loop when the state ends; None to fade out.
        cues: By place.
        crossfade_samples: Over which the end of each pass of the loop goes over into the next.
    """

    name: str
    audio: Path
    tempo_mbpm: int | None = None
    meter: Meter | None = None
    key: Key | None = None
    gain_db: float = 0.0
    pre_entry: Fraction = Fraction(0)
    intro: Fraction = Fraction(0)
    loop: Fraction | None = None
    outro: Fraction | None = None
    cues: tuple[Cue, ...] = ()
    crossfade_samples: int = 0
    mark: Mark = field(default=NOWHERE, compare=False, repr=False)

    @property
    def bar_ticks(self) -> int:
        """The ticks of one of its bars."""
        return beats_of(self.meter or 4) * TICKS_PER_BEAT

    def samples(self, ticks: int) -> int:
        """The samples that ticks last at its tempo, rounded down; 0 without a tempo."""
        return ticks * FRAME_SIZE // self.tempo_mbpm if self.tempo_mbpm else 0

    def pass_start(self, number: int) -> int:
        """The sample at which a pass of the loop begins, the first being 0; of a clip that has one.

        Rounded down: passes differ by a sample where the loop is no whole number of them, and never drift.
        """
        assert self.loop is not None
        return int(self.intro + number * self.loop)

    def pass_at(self, position: int) -> int:
        """The pass of the loop at a sample from the beginning on; -1 in the intro."""
        assert self.loop is not None
        number = int((position - self.intro) / self.loop) if position >= self.intro else -1
        while self.pass_start(number + 1) <= position:
            number += 1
        return number

    @property
    def loop_end(self) -> int:
        """The sample from the beginning on at which the first pass of the loop ends."""
        return self.pass_start(1)

    @property
    def beginning(self) -> int:
        """The sample of the file at which its beginning lies."""
        return int(self.pre_entry)

    @property
    def parts(self) -> Fraction:
        """The samples that its parts last together in the file."""
        return self.pre_entry + self.intro + (self.loop or 0) + (self.outro or 0)

    def cue_from(self, cue: Cue, position: int) -> int | None:
        """The first sample at or behind a position at which a cue is played; None if it is over.

        Args:
            cue: One of its cues. Within the loop it comes in each pass.
            position: Samples from the beginning.
        """
        place = int(cue.place)
        if place >= position:
            return place
        if self.loop is None or place < self.pass_start(0):
            return None
        into = place - self.pass_start(0)
        number = self.pass_at(position - into)
        return self.pass_start(number if self.pass_start(number) + into >= position else number + 1) + into


@dataclass(frozen=True, kw_only=True)
class ClipUse:
    """A clip that a state plays, and how loud: a level in dB, or one that follows an input."""

    clip: str
    gain_db: float | Binding = 0.0
