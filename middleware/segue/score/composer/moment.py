"""What the composer reads of one frame: its conditioning, and the change that the music leads into."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from segue.contract import TICKS_PER_BEAT
from segue.score.composer.motif import Motif, Theme
from segue.score.composer.vocabulary import Arrangement

Mix = tuple[tuple[str, float], ...]
Arrangements = Mapping[str, Arrangement]

NO_ARRANGEMENTS: Final[Arrangements] = MappingProxyType({})
NO_THEMES: Final[Mapping[str, Motif]] = MappingProxyType({})
# A change of less than this share of the mix gets no lead-in.
LEAST_TURN: Final = 0.2
# After the arrival, the arrangement before may take so long to fade, and the one after to lead the mix.
PATIENCE: Final = 16 * TICKS_PER_BEAT


class Moment(NamedTuple):
    """Conditioning of one frame. Fields that are not listed are as in contract.Conditioning.

    Attributes:
        mix: (name of an arrangement, weight) pairs, weights summing to 1.
        tempo: Milli-bpm, which is the ticks of one frame.
        tonic: -1 for the composer's choice.
        next_mix: The mix after the change in `to_change` frames; unused where no change is known.
        next_meter: Beats of the bar that begins in this frame, if one does.
        groups, next_groups: The beats of each group of those bars; empty where the rules do not say them.
        ramp: Frames that a change takes which starts in this frame, -1 where none does or it is not known.
        visit, visit_bar: Number and bar of the visit; next_visit, next_visit_bar: of that after the change.
        silent: Whether the rules let the music be silent; next_silent: whether the change leads there.
        theme: What the tune quotes from its next phrase on.
        themes: All themes of the rules by their motif's key.
        next_theme: What the tune is to quote after the change.
        arrangements: What the names stand for, every style that there is; earlier ones win ties.
    """

    frame: int
    mix: Mix
    tempo: int
    ticks: int
    bar: int
    bar_ticks: int
    meter: int
    tonic: int
    mode: int
    drums: int
    intensity: float
    to_change: int = -1
    next_mix: Mix = ()
    next_meter: int = 4
    ramp: int = -1
    arrangements: Arrangements = NO_ARRANGEMENTS
    temperature: float = 1.0
    visit: int = 0
    visit_bar: int = 0
    next_visit: int = 0
    next_visit_bar: int = 0
    silent: bool = False
    next_silent: bool = False
    theme: Theme | None = None
    themes: Mapping[str, Motif] = NO_THEMES
    next_theme: Motif | None = None
    groups: tuple[int, ...] = ()
    next_groups: tuple[int, ...] = ()


class Cue(NamedTuple):
    """A coming change.

    Attributes:
        arrival: Tick of the beat on which it arrives.
        since: Tick at which it became known, within a bar.
        out_of, into: The arrangements that lead before and after.
        certain: Whether it has started, so that it must arrive.
    """

    arrival: int
    since: int
    out_of: str
    into: str
    certain: bool


def follow(cue: Cue | None, moment: Moment, leader: str, into: str) -> Cue | None:
    """Return the cue in this frame.

    A change without notice has no cue, and a withdrawn one loses it. A change that has arrived keeps its cue for a
    while, as the arrangement before may still sound.

    Args:
        into: The arrangement that will lead the mix after the change.
    """
    if not 0 <= moment.to_change * moment.tempo <= moment.meter * TICKS_PER_BEAT:
        return cue if cue is not None and cue.certain and moment.ticks <= cue.arrival + PATIENCE else None
    arrival = first_beat(moment)
    if cue is not None and (cue.arrival, cue.into) == (arrival, into):
        return cue._replace(certain=moment.to_change == 0)
    if moment.to_change == 0:
        # Another change, without notice, has its frame; the one that was ahead is still to come.
        return cue if cue is not None and not cue.certain and cue.arrival >= moment.ticks + moment.tempo else None
    if turn(moment.mix, moment.next_mix) < LEAST_TURN:
        return None
    return Cue(arrival, moment.ticks, leader, into, False)


def opened(moment: Moment) -> Moment:
    """Return the moment in the bar that begins in its frame."""
    return moment._replace(meter=moment.next_meter, groups=moment.next_groups)


def turn(mix: Mix, other: Mix) -> float:
    """Return the share of the music, 0 to 1, by which two mixes differ."""
    ours, theirs = dict(mix), dict(other)
    return sum(abs(ours.get(name, 0.0) - theirs.get(name, 0.0)) for name in {**ours, **theirs}) / 2


def first_beat(moment: Moment) -> int:
    """Return the first beat at or after the change: the line it waits for, unless it could wait no longer."""
    start = moment.ticks + moment.to_change * moment.tempo - moment.bar_ticks
    return moment.bar_ticks + -(-start // TICKS_PER_BEAT) * TICKS_PER_BEAT
