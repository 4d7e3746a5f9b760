"""What a session tells its client, in the order it happens."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from segue.contract import NoteEvent, Samples
from segue_rules.events import Receipt
from segue_rules.model import Rules
from segue_rules.plan import Change, FramePlan, StingerCue


@dataclass(frozen=True, kw_only=True)
class ChunkOut:
    """Sound for the client's timeline. start: sample position. take: grows with every replacement.

    samples: float32 [S, 2]; the head of a new take contains its crossfade already. plans: of the frames it covers.
    rules: those its last frame was planned under. reason: why it was generated: "extend", "replace", "ladder",
    "restore", or "skip", which starts after a gap. mixed: whether it opens its take and goes on, crossfaded, from sound
    of this session. notes: those that start in it, where known.
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
    stems: dict[str, Samples] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class ReceiptOut:
    """The answer to an event. reachable: the first frame that could still change when it came."""

    receipt: Receipt
    reachable: int


@dataclass(frozen=True, kw_only=True)
class ChangeOut:
    """A decision of the director. audible: sample position from which it is heard."""

    change: Change
    audible: int


@dataclass(frozen=True, kw_only=True)
class StingerOut:
    """A stinger's cue; cancelled: one announced before that will not come after all."""

    cue: StingerCue
    cancelled: bool


@dataclass(frozen=True, kw_only=True)
class StatusOut:
    """A step on the ladder. rung: 0 is the chosen generator. frame: where the step is heard."""

    rung: int
    generator: str
    frame: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class Beat:
    """A beat on the timeline. sample: its position. bar: index from 0. beat: in the bar, from 0, which is its line."""

    sample: int
    bar: int
    beat: int


@dataclass(frozen=True, kw_only=True)
class ClockOut:
    """The beats of the chunk told just before, in place of any told before for its samples and after.

    exact: the generator plays them there; else they are nominal, the tempo map's. tempo_bpm: at the chunk's start.
    """

    beats: tuple[Beat, ...]
    tempo_bpm: float
    exact: bool


Message: TypeAlias = ChunkOut | ReceiptOut | ChangeOut | StingerOut | StatusOut | ClockOut
