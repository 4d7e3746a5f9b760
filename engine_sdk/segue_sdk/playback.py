"""Where playback stands, and which beats, changes and stingers it has reached."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from typing import Final

from segue_sdk.client_events import BeatHeard, ChangeHeard, StingerHeard
from segue_sdk.limits import JOIN, MOST_BEATS, MOST_CELLS, RESTORE_AHEAD
from segue_sdk.messages import Cell, Change, Chunk, Clock, Playhead, Restore, Stinger


@dataclass(frozen=True, kw_only=True)
class PlaybackPosition:
    """The timeline's position in samples of the session clock; fields as in `playhead`.

    Attributes:
        standing: `paused` there.
    """

    played: int = 0
    committed: int = 0
    have: int = 0
    standing: bool = True
    underruns: int = 0
    late: int = 0
    dropped: int = 0

    def playhead(self, last_chunk: int) -> Playhead:
        """The `playhead` message.

        Args:
            last_chunk: `seq` of the last chunk received.
        """
        return Playhead(
            played=min(self.played, self.committed),
            committed=self.committed,
            have=max(self.have, self.committed),
            paused=self.standing,
            last_chunk=last_chunk,
            underruns=self.underruns,
            late=self.late,
            dropped=self.dropped,
        )


@dataclass(frozen=True, kw_only=True)
class _TakenCell:
    """A resume cell.

    Attributes:
        take: Of the chunk that it came with first.
    """

    cell: Cell
    take: int


class ReceivedMusic:
    """What a client has received of the music, and the cells from which a restarted service can continue it.

    The first cell is the one to restore from: it ends shortly after the sample clock, however deep the buffer is.

    Attributes:
        last_chunk: Greatest `seq` received; 0 if none.
        take: Greatest take received; 0 if none.
    """

    def __init__(self) -> None:
        self.last_chunk = 0
        self.take = 0
        self._cells: list[_TakenCell] = []
        self._restoring = False

    @property
    def last_events(self) -> tuple[int, ...]:
        """The last event that each cell contains; empty without a cell."""
        return tuple(kept.cell.last_event for kept in self._cells)

    @property
    def restored_take(self) -> int:
        """The take of the first cell; -1 without a cell."""
        return self._cells[0].take if self._cells else -1

    def received(self, chunk: Chunk) -> None:
        """Take a chunk: its cell replaces those that end after its start, which are of replaced music."""
        self.last_chunk = max(self.last_chunk, chunk.seq)
        self.take = max(self.take, chunk.take)
        if chunk.cell is None:
            return
        if self._restoring:
            # The others may contain events that the restored session does not contain yet.
            self._restoring = False
            del self._cells[1:]
        end = chunk.start + chunk.count
        cell = Cell(end=end, cell=chunk.cell, last_event=chunk.last_event)
        self._cells = [kept for kept in self._cells if kept.cell.end <= chunk.start]
        self._cells.append(_TakenCell(cell=cell, take=chunk.take))
        if len(self._cells) > MOST_CELLS:
            del self._cells[1]

    def renewed(self, cell: Cell) -> None:
        """Take a newer cell in place of one that ends with the same sample."""
        self._cells = [replace(kept, cell=cell) if kept.cell.end == cell.end else kept for kept in self._cells]

    def forget_cells(self) -> None:
        """Forget all cells: the service could not use the first of them."""
        self._cells.clear()

    def reach(self, committed: int) -> None:
        """Forget cells that end too early to restore from at sample `committed`; none until a restore has music."""
        if not self._restoring:
            self._forget_before(committed + RESTORE_AHEAD)

    def restore(self, number: int, committed: int) -> Restore:
        """The request to a restarted service.

        Args:
            number: Its id.
            committed: The sample clock.
        """
        self.last_chunk = 0
        self._restoring = True
        self._forget_before(committed + RESTORE_AHEAD)
        if not self._cells:
            return Restore(id=number, at=committed, take=self.take)
        first = self._cells[0].cell
        return Restore(id=number, at=max(first.end, committed), take=self.take, cell=first.cell)

    def _forget_before(self, position: int) -> None:
        while self._cells and self._cells[0].cell.end < position:
            # What the first contains is forgotten already, so a cell that contains less is of no use behind it. Until
            # its end is reached a newer one may come for it: to pass over it would be to restore much further ahead.
            contained = self._cells[0].cell.last_event
            reached = sum(kept.cell.end < position for kept in self._cells)
            later = (i for i, kept in enumerate(self._cells[: reached + 1]) if i and kept.cell.last_event >= contained)
            nearest = next(later, None)
            if nearest is None:
                break
            del self._cells[:nearest]


# Upcoming beats kept: some minutes of music at any tempo.
_MOST_BEATS_KEPT: Final = 4 * MOST_BEATS


class BeatTracker:
    """Takes `clock` messages in any order and reports each beat once when it is heard."""

    def __init__(self) -> None:
        self._upcoming: list[BeatHeard] = []
        self._reached = -1

    def take(self, clock: Clock) -> None:
        """Take a `clock`: from its start on, its beats replace the earlier ones."""
        beats = [
            BeatHeard(
                at=beat.at,
                bar=beat.bar,
                beat=beat.beat,
                exact=clock.exact,
                tempo_bpm=clock.tempo_bpm,
                meter=clock.meter,
                groups=clock.groups,
            )
            for beat in clock.beats
        ]
        kept = [beat for beat in self._upcoming if beat.at < clock.start]
        self._upcoming = [*kept, *(beat for beat in beats if beat.at > self._reached)][:_MOST_BEATS_KEPT]

    def reach(self, played: int) -> list[BeatHeard]:
        """The beats up to sample `played` that were not reported yet, in order."""
        due = [beat for beat in self._upcoming if beat.at <= played]
        self._upcoming = self._upcoming[len(due) :]
        # A sample clock that stands at a beat has not passed it: the beat at 0 may still be announced.
        self._reached = max(self._reached, played - 1, *(beat.at for beat in due))
        return due


# Changes and stingers remembered, so that none is reported twice.
_REMEMBERED: Final = 256


@dataclass(frozen=True, kw_only=True)
class _UpcomingChange:
    """A change not heard yet.

    Attributes:
        at: Its sample position.
        uncertain: Whether restored music may leave it out.
    """

    change: Change
    at: int
    uncertain: bool = False


class ChangeTracker:
    """Reports each change once when it is heard, whatever replacements and restores come in between."""

    def __init__(self) -> None:
        self._upcoming: dict[tuple[str, int], _UpcomingChange] = {}
        self._reported: deque[tuple[str, int]] = deque(maxlen=_REMEMBERED)
        self._take = 0
        self._restored_over: int | None = None

    def change(self, change: Change) -> None:
        """Take a change: a rendered one will be heard, unless it is withdrawn before."""
        key = change.layer, change.decided
        if change.kind != "rendered":
            self._upcoming.pop(key, None)
        elif key not in self._reported:
            self._upcoming[key] = _UpcomingChange(change=change, at=change.audible)

    def chunk(self, chunk: Chunk, committed: int) -> None:
        """Take a chunk.

        Args:
            committed: The sample clock by then.
        """
        if chunk.take <= self._take:
            return
        self._take = chunk.take
        if self._restored_over is not None and chunk.take > self._restored_over:
            # Restored music begins here and replaces what the music before it announced for later.
            self._restored_over = None
            self._upcoming = {
                key: replace(upcoming, uncertain=False)
                for key, upcoming in self._upcoming.items()
                if not (upcoming.uncertain and upcoming.at >= chunk.start)
            }
        if chunk.start < committed:
            # The timeline joins a late replacement at `committed`.
            for key, upcoming in self._upcoming.items():
                if chunk.start <= upcoming.at < committed:
                    self._upcoming[key] = replace(upcoming, at=committed + JOIN)

    def restored(self, take: int) -> None:
        """Expect restored music in a take after this one, the greatest so far."""
        self._restored_over = take
        self._upcoming = {key: replace(upcoming, uncertain=True) for key, upcoming in self._upcoming.items()}

    def restarted(self, at: int) -> None:
        """Forget changes from sample `at` on, which a restored session announces again."""
        self._upcoming = {key: upcoming for key, upcoming in self._upcoming.items() if upcoming.at < at}

    def reach(self, played: int) -> list[ChangeHeard]:
        """The changes up to sample `played` that were not reported yet, in order."""
        due = [key for key, upcoming in self._upcoming.items() if upcoming.at <= played]
        due.sort(key=lambda key: self._upcoming[key].at)
        self._reported.extend(due)
        return [ChangeHeard(change=self._upcoming.pop(key).change) for key in due]


class StingerTracker:
    """Reports each stinger once when it begins to be heard."""

    def __init__(self) -> None:
        self._upcoming: dict[int, StingerHeard] = {}
        self._seen: deque[int] = deque(maxlen=_REMEMBERED)

    def take(self, message: Stinger, committed: int) -> None:
        """Take what the service says of a stinger.

        Args:
            committed: The sample clock by then.
        """
        if message.kind in ("cancelled", "dropped"):
            self._upcoming.pop(message.id, None)
        elif message.kind == "placed" and message.id not in self._seen:
            self._seen.append(message.id)
            if message.start >= committed or message.if_late == "play":
                at = max(message.start, committed)
                self._upcoming[message.id] = StingerHeard(id=message.id, name=message.name, at=at)

    def restarted(self, at: int) -> list[Stinger]:
        """Cancel stingers from sample `at` on, which a restored session places again; the cancellations."""
        again = [heard for heard in self._upcoming.values() if heard.at >= at]
        for heard in again:
            del self._upcoming[heard.id]
        return [Stinger(id=heard.id, name=heard.name, kind="cancelled", start=heard.at) for heard in again]

    def reach(self, played: int) -> list[StingerHeard]:
        """The stingers up to sample `played` that were not reported yet, in order."""
        due = sorted((heard for heard in self._upcoming.values() if heard.at <= played), key=lambda heard: heard.at)
        for heard in due:
            del self._upcoming[heard.id]
        return due
