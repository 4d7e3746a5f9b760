"""A service in memory that plays a tone: credit, replacements, receipts, resume and restore as PROTOCOL.md says."""

from __future__ import annotations

import math
from array import array
from dataclasses import replace

from segue_sdk.codec import Part, decode, encode
from segue_sdk.limits import FRAME_SIZE
from segue_sdk.messages import Chunk, Error, Event, Hello, Message, Playhead, Receipt, Restore, Status
from unit.sdk.peer import CHUNK, WELCOME

COUNT = 10 * FRAME_SIZE
LOOKAHEAD = 4 * 48_000


def tone(take: int, start: int, count: int) -> bytes:
    """A 100 Hz tone whose phase depends on the take; its steepest step is 0.0066."""
    values = (math.sin(at * math.tau / 480 + take) / 2 for at in range(start, start + count))
    return array("f", [x for value in values for x in (value, value)]).tobytes()


class ToneService:
    """One process; a restarted service is a new object. events: each event it took, once."""

    def __init__(self, name: int) -> None:
        self.token = bytes([name]) * 16
        self.events: list[int] = []
        self._live = False
        self._greeted = False
        self._sent: list[Chunk] = []
        self._take = self._head = 0

    def take(self, parts: list[Part]) -> list[list[Part]]:
        """The answers to one message."""
        return [encode(answer) for answer in self._answers(decode(parts))]

    def drop_connection(self) -> None:
        """Break the connection and keep the session."""
        self._live = False

    def _answers(self, message: Message) -> list[Message]:
        if isinstance(message, Hello):
            resumed = self._greeted and message.resume == self.token
            self._live = self._greeted = True
            again = [chunk for chunk in self._sent if chunk.seq > message.last_chunk] if resumed else []
            return [replace(WELCOME, key=self.token, resumed=resumed), *again]
        if not self._live:
            return [Error(code="no_session")]
        match message:
            case Event(events=events):
                self.events += [item.seq for item in events if item.seq not in self.events]
                return [Receipt(seq=item.seq, accepted=True, code="accepted", frame=0) for item in events]
            case Restore(id=number, at=at, take=take, cell=cell):
                assert cell == f"cell at {at}".encode()
                self._take, self._head = take + 1, at - FRAME_SIZE
                return [Status(level=0, generator="tone", headroom=9, restore=number, restored="all")]
            case Playhead(committed=committed):
                return self._fill(committed)
        return []

    def _fill(self, committed: int) -> list[Message]:
        chunks: list[Message] = []
        while self._head < committed + LOOKAHEAD:
            end = self._head + COUNT
            chunk = replace(
                CHUNK,
                seq=len(self._sent) + 1,
                take=self._take,
                start=self._head,
                count=COUNT,
                format="f32le",
                cell=f"cell at {end}".encode(),
                pcm=tone(self._take, self._head, COUNT),
            )
            self._sent.append(chunk)
            chunks.append(chunk)
            self._head = end
        return chunks
