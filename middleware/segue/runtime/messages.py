"""The messages of a session to its client, in the order in which they come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeAlias, TypeVar

from segue.contract import ComposedBar, NoteEvent, NoteRelease, Samples
from segue.runtime.stinger_placement import PlacedCue
from segue_rules.events import Receipt
from segue_rules.model import Rules
from segue_rules.plan import Change, FramePlan, StingerCue


@dataclass(frozen=True, kw_only=True)
class ChunkOut:
    """Sound for the client's timeline.

    Attributes:
        sequence: The chunk's number, from 1.
        take: Grows with every replacement.
        start: The sample position it begins at.
        samples: float32 [S, 2]; the head of a new take contains its crossfade already.
        plans: The plans of the frames it covers.
        rules: The rules that its last frame was planned under.
        generator: Name of its generator.
        reason: Why it was generated, a word of `segue.runtime.jobs.Reason`.
        mixed: Whether it opens a take and is crossfaded from sound of this session.
        notes: The notes that start in it, where they are known.
        bars: The bars that begin in it, where they are known.
        releases: Of notes that are written longer.
        stems: Sound by instrument family, float32 [S, 2], where it was asked for.
        stingers: Stingers to be mixed into it, in the order of their decision, if the client gets them so; some may lie
            outside it.
    """

    sequence: int
    take: int
    start: int
    samples: Samples
    plans: tuple[FramePlan, ...]
    rules: Rules
    generator: str
    reason: str
    mixed: bool
    notes: tuple[NoteEvent, ...] = ()
    bars: tuple[ComposedBar, ...] = ()
    releases: tuple[NoteRelease, ...] = ()
    stems: dict[str, Samples] = field(default_factory=dict)
    stingers: tuple[PlacedCue, ...] = ()


@dataclass(frozen=True, kw_only=True)
class StingerOut:
    """A stinger's cue.

    Attributes:
        cancelled: Whether an announced stinger will not come after all.
    """

    cue: StingerCue
    cancelled: bool


@dataclass(frozen=True, kw_only=True)
class StatusOut:
    """A change of the fallback level.

    Attributes:
        level: The level in the fallback chain, from 0.
        generator: Name of the generator of that level.
        frame: The first frame from it.
        reason: Why the level changed.
    """

    level: int
    generator: str
    frame: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class BeatPosition:
    """A beat on the timeline.

    Attributes:
        sample: Its sample position.
        bar: Index of its bar, from 0.
        beat: Index in the bar; 0 is the bar line.
    """

    sample: int
    bar: int
    beat: int


@dataclass(frozen=True, kw_only=True)
class BeatGrid:
    """The beats of the chunk before it; they replace all earlier ones from the chunk's start on.

    Attributes:
        beats: The beats in order.
        tempo_bpm: The tempo at the chunk's start.
        exact: Whether the generator plays exactly there; otherwise the beats are those of the tempo map.
    """

    beats: tuple[BeatPosition, ...]
    tempo_bpm: float
    exact: bool


# A Receipt answers an event. A Change is a decision of the director, audible from frame `start` on.
SessionMessage: TypeAlias = ChunkOut | Receipt | Change | StingerOut | StatusOut | BeatGrid

_Placed = TypeVar("_Placed", NoteEvent, ComposedBar, NoteRelease)


def replace_placed(kept: list[tuple[int, Sequence[_Placed]]], start: int, placed: Sequence[_Placed]) -> None:
    """Add what a chunk holds to what the chunks before it held, each with its start, and drop what it replaces."""
    while kept and kept[-1][0] >= start:
        kept.pop()
    if kept:
        before, earlier = kept[-1]
        kept[-1] = before, [one for one in earlier if one.start < start]
    kept.append((start, placed))
