"""What a session sent and its client may still need: sent again when a connection breaks, and measured until then."""

from __future__ import annotations

from collections import deque
from typing import Final, NamedTuple, TypeAlias

from segue_sdk.codec import Part

Parts: TypeAlias = list[Part]

# Told while there was no connection: changes, stingers and the like; the oldest go first.
_MISSED_KEPT: Final = 512


class _Kept(NamedTuple):
    """seq: of the chunk, or of the one before what is none. until: it is needed while `committed` lies before."""

    seq: int
    until: int
    parts: Parts
    is_chunk: bool


class Backlog:
    """One session's, over all its connections."""

    def __init__(self) -> None:
        self._kept: deque[_Kept] = deque()
        self._missed: deque[Parts] = deque(maxlen=_MISSED_KEPT)
        self._last_seq = 0
        self._received = 0

    def keep_chunk(self, seq: int, end: int, parts: Parts) -> None:
        """A chunk that ends at sample `end`."""
        self._last_seq = seq
        self._kept.append(_Kept(seq, end, parts, is_chunk=True))

    def keep(self, until: int, parts: Parts) -> None:
        """What belongs to music before the sample `until`, such as its beats."""
        self._kept.append(_Kept(self._last_seq, until, parts, is_chunk=False))

    def miss(self, parts: Parts) -> None:
        """What was said while nobody listened."""
        self._missed.append(parts)

    def reported(self, committed: int, last_chunk: int) -> None:
        """The client has come to sample `committed` and received all up to chunk `last_chunk`."""
        self._received = max(self._received, min(last_chunk, self._last_seq))
        self._kept = deque(kept for kept in self._kept if kept.until > committed)

    def again(self, last_chunk: int) -> list[Parts]:
        """What to send a client that comes back and has all up to chunk `last_chunk`, in order."""
        again = [kept.parts for kept in self._kept if not kept.is_chunk or kept.seq > last_chunk]
        again += self._missed
        self._missed.clear()
        return again

    def unreceived_bytes(self) -> int:
        """Sound on its way: sent, and not reported as received."""
        return sum(len(kept.parts[-1]) for kept in self._kept if kept.is_chunk and kept.seq > self._received)
