"""Where playback stands, and which beats and changes it has reached."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from typing import Final

from segue_sdk.client_events import BeatHeard, ChangeHeard, StingerHeard
from segue_sdk.limits import JOIN, MOST_BEATS
from segue_sdk.messages import Change, Chunk, Clock, Playhead, Restore, Stinger


@dataclass(frozen=True, kw_only=True)
class PlaybackPosition:
    """The timeline as its owner sees it, in samples of the session clock; names as in `playhead`."""

    played: int = 0
    committed: int = 0
    have: int = 0
    standing: bool = True
    underruns: int = 0
    late: int = 0
    dropped: int = 0

    def playhead(self, last_chunk: int) -> Playhead:
        """The report of it. last_chunk: `seq` of the last chunk received."""
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


class ReceivedMusic:
    """What a client has received of the music. last_chunk, take: greatest `seq` and take received; 0 if none."""

    def __init__(self) -> None:
        self.last_chunk = 0
        self.take = 0
        self._end = 0
        self._cell: bytes | None = None

    def received(self, chunk: Chunk) -> None:
        """Note a chunk."""
        self.last_chunk = max(self.last_chunk, chunk.seq)
        self.take = max(self.take, chunk.take)

    def resume_from(self, chunk: Chunk) -> None:
        """Note that a restarted service can continue from this chunk's end."""
        self._end, self._cell = chunk.start + chunk.count, chunk.cell

    def restore(self, number: int, committed: int) -> Restore:
        """The request to a restarted service. number: its id. committed: the sample clock."""
        self.last_chunk = 0
        return Restore(id=number, at=max(self._end, committed), take=self.take, cell=self._cell)


# Beats kept ahead: some minutes of music at any tempo.
_MOST: int = 4 * MOST_BEATS


class BeatTracker:
    """Takes `clock` messages in any order and tells each beat once."""

    def __init__(self) -> None:
        self._ahead: list[BeatHeard] = []
        self._reached = -1

    def take(self, clock: Clock) -> None:
        """What a clock says of beats from its start on replaces what was said before."""
        told = [
            BeatHeard(
                at=beat.at,
                bar=beat.bar,
                beat=beat.beat,
                exact=clock.exact,
                tempo_bpm=clock.tempo_bpm,
                meter=clock.meter,
            )
            for beat in clock.beats
        ]
        kept = [beat for beat in self._ahead if beat.at < clock.start]
        self._ahead = [*kept, *(beat for beat in told if beat.at > self._reached)][:_MOST]

    def reach(self, played: int) -> list[BeatHeard]:
        """The beats up to sample `played` that were not told yet."""
        due = [beat for beat in self._ahead if beat.at <= played]
        self._ahead = self._ahead[len(due) :]
        # A clock that stands at a beat has not passed it: before the first sample, the beat at 0 is still to come.
        self._reached = max(self._reached, played - 1, *(beat.at for beat in due))
        return due


# Changes of a layer told as heard that are remembered, so that none is told twice.
_REMEMBERED: Final = 256


@dataclass(frozen=True, kw_only=True)
class _UpcomingChange:
    """A change to come. at: sample from which it is heard. doubted: whether restored music may do without it."""

    change: Change
    at: int
    doubted: bool = False


class ChangeTracker:
    """Takes what the service tells of changes and chunks; told how far the music was heard, knows what is new in it."""

    def __init__(self) -> None:
        self._ahead: dict[tuple[str, int], _UpcomingChange] = {}
        self._told: deque[tuple[str, int]] = deque(maxlen=_REMEMBERED)
        self._take = 0
        self._restored_over: int | None = None

    def change(self, change: Change) -> None:
        """A decision: only what has started is heard, unless it is withdrawn before."""
        key = change.layer, change.decided
        if change.kind != "started":
            self._ahead.pop(key, None)
        elif key not in self._told:
            self._ahead[key] = _UpcomingChange(change=change, at=change.audible)

    def chunk(self, chunk: Chunk, committed: int) -> None:
        """A chunk has come. committed: the sample clock by then."""
        if chunk.take <= self._take:
            return
        self._take = chunk.take
        if self._restored_over is not None and chunk.take > self._restored_over:
            # Restored music begins here: what was to be heard later of the music before it is not.
            self._restored_over = None
            self._ahead = {
                key: replace(ahead, doubted=False)
                for key, ahead in self._ahead.items()
                if not (ahead.doubted and ahead.at >= chunk.start)
            }
        if chunk.start < committed:
            # A replacement that came late is joined at `committed`.
            for key, ahead in self._ahead.items():
                if chunk.start <= ahead.at < committed:
                    self._ahead[key] = replace(ahead, at=committed + JOIN)

    def restored(self, take: int) -> None:
        """Other music follows in a take greater than this one, the greatest so far."""
        self._restored_over = take
        self._ahead = {key: replace(ahead, doubted=True) for key, ahead in self._ahead.items()}

    def restarted(self, at: int) -> None:
        """Another service goes on from sample `at`, and tells anew what it decides from there on."""
        self._ahead = {key: ahead for key, ahead in self._ahead.items() if ahead.at < at}

    def reach(self, played: int) -> list[ChangeHeard]:
        """The changes up to sample `played` that were not told yet, in order."""
        due = sorted(
            ((ahead.at, key) for key, ahead in self._ahead.items() if ahead.at <= played), key=lambda pair: pair[0]
        )
        for _, key in due:
            self._told.append(key)
        return [ChangeHeard(change=self._ahead.pop(key).change) for _, key in due]


class StingerTracker:
    """Reports each stinger once when it begins to be heard."""

    def __init__(self) -> None:
        self._upcoming: dict[int, StingerHeard] = {}
        self._seen: deque[int] = deque(maxlen=_REMEMBERED)

    def take(self, message: Stinger, committed: int) -> None:
        """Take what the service says of a stinger. committed: the sample clock by then."""
        if message.kind in ("cancelled", "dropped"):
            self._upcoming.pop(message.id, None)
        elif message.kind == "placed" and message.id not in self._seen:
            self._seen.append(message.id)
            if message.start >= committed or message.if_late == "play":
                at = max(message.start, committed)
                self._upcoming[message.id] = StingerHeard(id=message.id, name=message.name, at=at)

    def reach(self, played: int) -> list[StingerHeard]:
        """The stingers up to sample `played` that were not reported yet, in order."""
        due = sorted((heard for heard in self._upcoming.values() if heard.at <= played), key=lambda heard: heard.at)
        for heard in due:
            del self._upcoming[heard.id]
        return due
