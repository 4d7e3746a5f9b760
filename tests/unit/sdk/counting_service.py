"""A service that sends silence and records which events took effect, to prove that nothing is lost."""

from __future__ import annotations

import random
from dataclasses import replace

import msgpack

from segue_sdk.codec import Part, decode, encode
from segue_sdk.limits import FRAME_SIZE, RESTORE_AHEAD
from segue_sdk.messages import (
    Cell,
    Chunk,
    Error,
    Event,
    EventItem,
    Hello,
    Message,
    Playhead,
    Receipt,
    Restore,
    Status,
    Welcome,
)
from unit.sdk.peer import CHUNK

CHUNK_FRAMES = 4


class CountingService:
    """One process. Its director's state is the list of (number, frame, triggers) of what took effect; a cell is that
    list, as far as it lies before the chunk's end.

    seed: of where events take effect and what is made again. cells: whether it can use the cells of another process.
    lookahead: in frames.
    """

    def __init__(self, name: int, welcome: Welcome, seed: int, *, cells: bool = True, lookahead: int = 16) -> None:
        self.token = name.to_bytes(2, "big") * 8
        self.effects: list[tuple[int, int, tuple[str, ...]]] = []
        # What each of these events resets and sets.
        self._settings: dict[int, tuple[bool, dict[str, object]]] = {}
        self._welcome, self._cells, self._lookahead = welcome, cells, lookahead * FRAME_SIZE
        self._chance = random.Random(seed)
        self._live = self._greeted = self._reported = False
        self._sent: list[Chunk] = []
        self._ends: list[int] = []
        self._receipts: dict[int, Receipt] = {}
        self._restores: dict[int, Status] = {}
        self._known = self._in_cells = self._take = self._head = self._committed = self._last_frame = 0

    @property
    def log(self) -> list[str]:
        """All resets and triggers, in the order in which they took effect."""
        return [word for seq, _, fired in self.effects for word in (*["reset"] * self._settings[seq][0], *fired)]

    @property
    def values(self) -> dict[str, object]:
        """The inputs' values, without those that were never set, or not since a reset."""
        values: dict[str, object] = {}
        for seq, _, _ in self.effects:
            reset, settings = self._settings[seq]
            values = {**({} if reset else values), **settings}
        return values

    def cut(self) -> None:
        """Break the connection and keep the session."""
        self._live = False

    def take(self, parts: list[Part]) -> list[list[Part]]:
        """The answers to one message."""
        return [encode(answer) for answer in self._answers(decode(parts))]

    def work(self) -> list[list[Part]]:
        """At most one chunk, if there is credit; sometimes a replacement, or newer cells of chunks."""
        if not (self._live and self._reported):
            return []
        if self._chance.random() < 0.3:
            return [encode(cell) for cell in self._newer_cells()]
        if self._head >= self._committed + self._lookahead:
            return []
        return [encode(self._chunk())]

    def _answers(self, message: Message) -> list[Message]:
        if isinstance(message, Hello):
            resumed = self._greeted and message.resume == self.token
            self._live = self._greeted = True
            again = [chunk for chunk in self._sent if chunk.seq > message.last_chunk] if resumed else []
            return [replace(self._welcome, key=self.token, resumed=resumed), *again]
        if not self._live:
            return [Error(code="no_session")]
        match message:
            case Event(events=events):
                return [self._receipt(item) for item in events]
            case Restore(id=number):
                if number not in self._restores:
                    self._restores[number] = self._restore(message)
                return [self._restores[number]]
            case Playhead(committed=committed):
                self._committed, self._reported = max(committed, self._committed), True
        return []

    def _receipt(self, item: EventItem) -> Receipt:
        if item.seq not in self._receipts:
            self._receipts[item.seq] = self._applied(item)
        return self._receipts[item.seq]

    def _applied(self, item: EventItem) -> Receipt:
        if item.seq <= self._known:
            return Receipt(seq=item.seq, accepted=True, code="known", frame=self._last_frame)
        soonest = self._committed // FRAME_SIZE + 1 + self._chance.choice((0, 1, 5, 30))
        self._last_frame = max(self._last_frame, soonest, item.at // FRAME_SIZE)
        self.effects.append((item.seq, self._last_frame, item.fire))
        self._settings[item.seq] = (item.reset, dict(item.set))
        # Music made without the event is made again, or not if it would sound the same.
        if self._last_frame * FRAME_SIZE < self._head and self._chance.random() < 0.5:
            self._replace(self._last_frame * FRAME_SIZE)
        return Receipt(seq=item.seq, accepted=True, code="accepted", frame=self._last_frame)

    def _restore(self, message: Restore) -> Status:
        self._take, self._head = message.take + 1, message.at // FRAME_SIZE * FRAME_SIZE
        if message.cell is None or not self._cells:
            return Status(level=0, generator="none", headroom=9, restore=message.id, restored="nothing")
        self._known, effects, settings = msgpack.unpackb(message.cell, strict_map_key=False)
        self._settings = {seq: (reset, values) for seq, (reset, values) in settings.items()}
        self._in_cells = self._known
        self.effects = [(seq, frame, tuple(fire)) for seq, frame, fire in effects]
        _, self._last_frame, _ = max(self.effects, default=(0, 0, ()))
        return Status(level=0, generator="none", headroom=9, restore=message.id, restored="all", last_event=self._known)

    def _replace(self, position: int) -> None:
        self._take, self._head = self._take + 1, position
        self._ends = [end for end in self._ends if end <= position]

    def _newer_cells(self) -> list[Cell]:
        """Cells for the next ends of chunks that were not replaced."""
        ends = [end for end in self._ends if end >= self._committed + RESTORE_AHEAD - FRAME_SIZE]
        return [self._cell(end) for end in ends[: self._chance.choice((0, 1, 2))]]

    def _cell(self, end: int) -> Cell:
        """The state at a position, with the events that take effect before it or were in an earlier cell."""
        held = [effect for effect in self.effects if effect[1] * FRAME_SIZE < end or effect[0] <= self._in_cells]
        self._in_cells = max([self._in_cells, *(number for number, _, _ in held)])
        settings = {number: self._settings[number] for number, _, _ in held}
        return Cell(end=end, cell=msgpack.packb([self._in_cells, held, settings]), last_event=self._in_cells)

    def _chunk(self) -> Chunk:
        soonest = self._committed + 2 * FRAME_SIZE
        if soonest < self._head and self._chance.random() < 0.2:
            self._replace(self._chance.randrange(soonest, self._head) // FRAME_SIZE * FRAME_SIZE)
        frame = self._head // FRAME_SIZE
        end = frame // CHUNK_FRAMES * CHUNK_FRAMES + CHUNK_FRAMES
        cell = self._cell(end * FRAME_SIZE)
        count = (end - frame) * FRAME_SIZE
        chunk = replace(
            CHUNK,
            seq=len(self._sent) + 1,
            take=self._take,
            start=self._head,
            count=count,
            format="s16le",
            cell=cell.cell,
            last_event=cell.last_event,
            pcm=bytes(4 * count),
        )
        self._sent.append(chunk)
        self._head = end * FRAME_SIZE
        self._ends.append(self._head)
        return chunk
