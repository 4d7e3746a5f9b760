"""Events that the service has taken and a killed one would have forgotten (PROTOCOL.md, section 4.4)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import islice

from segue_sdk.declarations import EventItem
from segue_sdk.limits import FRAME_SIZE, MOST_KEPT


@dataclass(frozen=True, kw_only=True)
class _Taken:
    """An accepted event. frame: where it takes effect. chunks: how many chunks had come when its receipt came."""

    item: EventItem
    frame: int
    chunks: int


class Kept:
    """Accepted events, each until a chunk that nothing can replace any more holds its effect."""

    def __init__(self) -> None:
        self._taken: dict[int, _Taken] = {}
        self._chunks = 0
        self._end = 0

    def __len__(self) -> int:
        return len(self._taken)

    def add(self, item: EventItem, frame: int) -> None:
        """An event was accepted for `frame`; its receipt comes after all chunks told so far."""
        self._taken[item.seq] = _Taken(item=item, frame=frame, chunks=self._chunks)
        if len(self._taken) > MOST_KEPT:
            self._merge_oldest()

    def chunk(self, end: int) -> None:
        """A chunk has come that ends at sample `end`."""
        self._chunks, self._end = self._chunks + 1, end

    def reach(self, committed: int) -> None:
        """Nothing before sample `committed` can be replaced any more: forget what is safe."""
        self._taken = {
            seq: taken
            for seq, taken in self._taken.items()
            if taken.chunks == self._chunks or (taken.frame + 1) * FRAME_SIZE > committed
        }

    def take_lost(self) -> list[EventItem]:
        """The events that the last chunk's cell does not hold, in order; they are kept no longer."""
        lost = [taken for taken in self._taken.values() if not self._holds(taken)]
        for taken in lost:
            del self._taken[taken.item.seq]
        return [taken.item for taken in lost]

    def _holds(self, taken: _Taken) -> bool:
        return taken.chunks < self._chunks and taken.frame * FRAME_SIZE < self._end

    def _merge_oldest(self) -> None:
        """Two become one that does in one frame what they did: a new service takes both in the same frame anyway."""
        held = [taken for taken in self._taken.values() if self._holds(taken)]
        if len(held) >= MOST_KEPT:
            del self._taken[held[0].item.seq]
            return
        older, newer = islice((taken for taken in self._taken.values() if not self._holds(taken)), 2)
        del self._taken[older.item.seq]
        fire = tuple(dict.fromkeys(older.item.fire + newer.item.fire))
        item = replace(newer.item, set={**older.item.set, **newer.item.set}, fire=fire)
        self._taken[newer.item.seq] = replace(newer, item=item)
