"""What a session has to say, put into messages in order, and kept for a client that comes back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from segue.contract import Samples
from segue.runtime.messages import ChangeOut, ChunkOut, ClockOut, Message, ReceiptOut, StatusOut, StingerOut
from segue.service import wire
from segue.service.backlog import Backlog, Parts
from segue.service.metrics import Metrics
from segue.service.stingers import StingerDesk
from segue.service.wire import Format
from segue_sdk.codec import encode
from segue_sdk.messages import Chunk, Clock, Receipt, ServiceMessage, Status, Stinger

# Sound on its way to a client that does not read; it gets no more until it does.
_MOST_UNRECEIVED_BYTES: Final = 16 << 20


class Dispatch:
    """One session's, over all its connections. sounds: of its rule file's stingers."""

    def __init__(self, sounds: Mapping[str, Samples], sample_format: Format, metrics: Metrics) -> None:
        self._format = sample_format
        self._metrics = metrics
        self._backlog = Backlog()
        self._desk = StingerDesk(sounds, sample_format)
        self._outbox: list[ServiceMessage] = []
        self._last_chunk: ChunkOut | None = None
        self._seamless = False

    def say(self, message: ServiceMessage) -> None:
        """Something to be said after all that was said before."""
        self._outbox.append(message)

    def tell(self, message: Message, *, home: int, headroom: float, cell: Callable[[ChunkOut], bytes | None]) -> None:
        """Something of the session's own. home: the rung of its chosen generator. cell: of a chunk's end."""
        match message:
            case ChunkOut():
                self._outbox.append(self._chunk(message, cell(message)))
            case ClockOut() if self._last_chunk is not None:
                self._outbox.append(wire.clock(message, self._last_chunk))
            case ReceiptOut():
                self._outbox.append(wire.receipt(message))
            case ChangeOut():
                self._outbox.append(wire.change(message))
            case StingerOut():
                self._outbox += self._desk.messages(message)
            case StatusOut():
                self._metrics.stepped(message.rung)
                self._outbox.append(wire.status(message, home=home, headroom=headroom))

    def outgoing(self, *, heard: bool) -> list[Parts]:
        """All that is to be sent now, in order. heard: whether there is a connection; what nobody hears is kept."""
        said, self._outbox = self._outbox, []
        sending = []
        for message in said:
            parts = encode(message)
            self._keep(message, parts, heard=heard)
            sending.append(parts)
        return sending if heard else []

    def again(self, last_chunk: int) -> list[Parts]:
        """What a client that comes back has missed."""
        return self._backlog.again(last_chunk)

    def received(self, committed: int, last_chunk: int) -> None:
        """The client has come to sample `committed` and received all up to chunk `last_chunk`."""
        self._backlog.reported(committed, last_chunk)
        self._desk.forget(committed)

    def follow_on(self, *, seamless: bool) -> None:
        """The next chunk opens restored music. seamless: it goes on where the client's ends."""
        self._seamless = seamless

    def change_sounds(self, sounds: Mapping[str, Samples]) -> None:
        """Stingers of other rules."""
        self._desk.sounds = sounds

    @property
    def clogged(self) -> bool:
        """Whether the client does not read what it gets."""
        return self._backlog.unreceived_bytes() > _MOST_UNRECEIVED_BYTES

    def _chunk(self, out: ChunkOut, cell: bytes | None) -> Chunk:
        mixed = out.mixed or self._seamless
        self._last_chunk, self._seamless = out, False
        self._metrics.chunk(out.reason)
        return wire.chunk(out, out.rules, sample_format=self._format, mixed=mixed, cell=cell)

    def _keep(self, message: ServiceMessage, parts: Parts, *, heard: bool) -> None:
        match message:
            case Chunk():
                self._backlog.keep_chunk(message.seq, message.start + message.count, parts)
            case Clock():
                self._backlog.keep(message.end, parts)
            case Stinger(kind="placed"):
                self._backlog.keep(message.start, parts)
            case Receipt() | Status():
                # A receipt is asked for again, and a status comes anew.
                pass
            case _ if not heard:
                self._backlog.miss(parts)
