"""Keeps of a rendering's messages what is wanted afterwards, so that memory hardly grows with the length."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict, deque
from collections.abc import Sequence
from dataclasses import dataclass, replace

from segue.contract import ComposedBar, NoteEvent, NoteRelease
from segue.runtime.journal import Operation
from segue.runtime.messages import ChunkOut, SessionMessage, StingerOut, replace_placed
from segue.runtime.simulation import without_sound
from segue_rules.events import Receipt
from segue_rules.plan import Change, FramePlan, StingerCue


@dataclass(frozen=True, kw_only=True)
class Keep:
    """What is wanted after a rendering.

    Attributes:
        notes: The notes, the composed bars and every frame's plan.
        journal: What decided the run, for a recording.
        chunks: Every message, chunks without their sound and notes; otherwise changes, stingers and refused events
            alone.
    """

    notes: bool = False
    journal: bool = False
    chunks: bool = False


class Collector:
    """Takes messages and operations in order.

    Attributes:
        messages: Without sound and notes; which ones depends on `keep`.
        plans: The last plan of every frame, if notes are kept.
        journal: The operations, if they are kept.
    """

    def __init__(self, keep: Keep) -> None:
        self.messages: list[SessionMessage] = []
        self.plans: dict[int, FramePlan] = {}
        self.journal: list[Operation] = []
        self._keep = keep
        self._notes: list[tuple[int, Sequence[NoteEvent]]] = []
        self._releases: list[tuple[int, Sequence[NoteRelease]]] = []
        self._bars: list[tuple[int, Sequence[ComposedBar]]] = []

    @property
    def notes(self) -> list[NoteEvent]:
        """The notes as they were played in the end, in order of the chunks they start in, with their releases."""
        by_style: defaultdict[str, list[int]] = defaultdict(list)
        for _, releases in self._releases:
            for release in releases:
                by_style[release.style].append(release.start)
        return [_released(note, by_style.get(note.style, ())) for _, notes in self._notes for note in notes]

    @property
    def bars(self) -> list[ComposedBar]:
        """The composed bars as they were played in the end, in order."""
        return [bar for _, bars in self._bars for bar in bars]

    def take(self, message: SessionMessage) -> None:
        """Keep of a message what is wanted; a chunk's notes and bars replace those that were to follow its start."""
        if isinstance(message, ChunkOut):
            if self._keep.notes:
                replace_placed(self._notes, message.start, message.notes)
                replace_placed(self._releases, message.start, message.releases)
                replace_placed(self._bars, message.start, message.bars)
                self.plans.update((plan.frame, plan) for plan in message.plans)
            if self._keep.chunks:
                # Notes are kept above, if at all: the garbage collector visits every object that is kept.
                self.messages.append(without_sound(replace(message, notes=())))
        elif self._keep.chunks or _is_audible(message):
            self.messages.append(message)

    def operation(self, operation: Operation) -> None:
        """Keep what decides the run, if it is wanted."""
        if self._keep.journal:
            self.journal.append(operation)

    def cues(self) -> list[StingerCue]:
        """The stingers that were not cancelled, by the order of their messages."""
        kept: dict[int, StingerCue] = {}
        places: defaultdict[StingerCue, deque[int]] = defaultdict(deque)
        for place, message in enumerate(self.messages):
            if isinstance(message, StingerOut):
                if message.cancelled:
                    del kept[places[message.cue].popleft()]
                else:
                    places[message.cue].append(place)
                    kept[place] = message.cue
        return list(kept.values())


def _released(note: NoteEvent, releases: Sequence[int]) -> NoteEvent:
    """Return a note with the first of its style's releases, which are in order, that comes before its end."""
    at = bisect_right(releases, note.start)
    if note.drums or at == len(releases) or releases[at] >= note.start + note.duration:
        return note
    return replace(note, released=releases[at])


def _is_audible(message: SessionMessage) -> bool:
    """Whether it is a change, a stinger or a refused event."""
    if isinstance(message, Receipt):
        return not message.accepted
    return isinstance(message, Change | StingerOut)
