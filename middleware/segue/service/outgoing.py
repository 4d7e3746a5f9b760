"""What a session sends: its messages in order, its stingers, and a buffer for a client that comes back.

All of these belong to one session and live as long as it does, over all its connections.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from segue.contract import Samples
from segue.runtime.messages import BeatGrid, ChunkOut, SessionMessage, StatusOut, StingerOut
from segue.service import wire
from segue.service.chunk_stingers import ChunkStingers
from segue.service.monitoring import Metrics
from segue.service.soundtrack import Soundtrack
from segue.service.stinger_encoder import StingerEncoder
from segue.service.wire import Format
from segue_rules import events, plan
from segue_sdk.codec import Part, encode
from segue_sdk.messages import Cell, Chunk, Clock, Receipt, Saved, ServiceMessage, Status, Stinger

Parts: TypeAlias = list[Part]
"""An encoded message."""

# Sound sent to a client and not received yet; a client with more gets none until it reads.
_MOST_UNRECEIVED_BYTES: Final = 16 << 20
# Changes, stingers and the like that are kept until the client has a later chunk; the oldest are dropped first.
_MOST_UNCERTAIN: Final = 512


class OutgoingQueue:
    """Turns what a session produces into encoded messages, in order, and keeps them for a client that comes back."""

    def __init__(
        self,
        soundtrack: Soundtrack,
        sample_format: Format,
        metrics: Metrics,
        *,
        included: bool = False,
        lookahead: int = 0,
    ) -> None:
        """Begin empty.

        Args:
            soundtrack: Has the stingers.
            sample_format: Format of samples on the wire.
            metrics: Counts chunks and fallbacks.
            included: Whether stingers are mixed into the chunks.
            lookahead: How far ahead of the client music is generated, in samples.
        """
        self._format = sample_format
        self._metrics = metrics
        self._resend = ResendBuffer()
        self._stingers = StingerEncoder(
            soundtrack.sounds, sample_format, included=included, bursts=soundtrack.bursts, lookahead=lookahead
        )
        self._chunk_stingers = ChunkStingers(soundtrack.sounds)
        self._queue: list[ServiceMessage] = []
        self._last_chunk: ChunkOut | None = None
        # Where restored music begins that continues the client's without a seam.
        self._seamless_at: int | None = None

    def add(self, message: ServiceMessage) -> None:
        """Queue a message of the protocol."""
        self._queue.append(message)

    def add_output(
        self,
        output: SessionMessage,
        *,
        primary: int,
        headroom: float,
        cells: Mapping[int, Cell],
    ) -> None:
        """Queue an output of the session's music.

        Args:
            output: What the music produced.
            primary: Level of the chosen generator in the fallback chain.
            headroom: Seconds of music generated in a second.
            cells: Resume cells by the number of their chunk.
        """
        match output:
            case ChunkOut():
                self._queue.append(self._chunk(output, cells.get(output.sequence)))
            case BeatGrid() if self._last_chunk is not None:
                self._queue.append(wire.clock(output, self._last_chunk))
            case events.Receipt():
                self._queue.append(wire.receipt(output))
            case plan.Change():
                self._queue.append(wire.change(output))
            case StingerOut():
                self._queue += self._stingers.messages(output)
            case StatusOut():
                self._metrics.fell_back(output.level)
                self._queue.append(wire.status(output, primary=primary, headroom=headroom))

    def take(self, *, connected: bool, music: Callable[[int, int], Samples]) -> list[Parts]:
        """Return and remove all queued messages, encoded, and the parts of stingers that the client should get now.

        Args:
            connected: Whether the session has a connection. Without one nothing is returned, and what the client
                will need is kept for it.
            music: Returns the music between two samples, as `Session.sound`.
        """
        queued, self._queue = self._queue, []
        if connected:
            queued += self._stingers.due(music, self._last_seq)
        encoded = []
        for message in queued:
            parts = encode(message)
            self._keep(message, parts)
            encoded.append(parts)
        return encoded if connected else []

    def resend(self, last_chunk: int) -> list[Parts]:
        """Return what a client that comes back has missed; last_chunk: number of the last chunk that it has."""
        return self._resend.take(last_chunk) + [encode(part) for part in self._stingers.again()]

    def acknowledge(self, committed: int, last_chunk: int) -> None:
        """Drop what the client needs no more: it is at sample `committed` and has all chunks up to `last_chunk`."""
        self._resend.acknowledge(committed, last_chunk)
        self._stingers.acknowledge(committed, last_chunk, self._last_seq)

    def begin_restored(self, seamless_at: int | None) -> None:
        """Expect a chunk of restored music next; seamless_at: the sample at which it continues the client's, if any."""
        self._seamless_at = seamless_at

    def change_soundtrack(self, soundtrack: Soundtrack) -> None:
        """Use the stingers of other rules."""
        self._stingers.sounds = self._chunk_stingers.sounds = soundtrack.sounds
        self._stingers.bursts = soundtrack.bursts

    @property
    def congested(self) -> bool:
        """Whether the client does not read what it is sent."""
        return self._resend.unreceived_bytes() > _MOST_UNRECEIVED_BYTES

    @property
    def _last_seq(self) -> int:
        return 0 if self._last_chunk is None else self._last_chunk.sequence

    def _chunk(self, output: ChunkOut, cell: Cell | None) -> Chunk:
        mixed = output.mixed or output.start == self._seamless_at
        self._last_chunk, self._seamless_at = output, None
        if output.stingers:
            output = replace(output, samples=self._chunk_stingers.mix(output))
        message = wire.chunk(output, output.rules, sample_format=self._format, mixed=mixed, cell=cell)
        self._metrics.chunk(message.reason)
        return message

    def _keep(self, message: ServiceMessage, parts: Parts) -> None:
        match message:
            case Chunk():
                self._resend.add_chunk(message.seq, message.start + message.count, parts)
            case Clock():
                self._resend.add(message.end, parts)
            case Stinger(kind="placed", pcm=None):
                self._resend.add(message.start, parts)
            case Receipt() | Saved() | Status() | Cell() | Stinger(kind="placed"):
                # The client asks for an answer again, a new status comes every second, a new cell if it is needed, and
                # the encoder keeps the sound of stingers.
                pass
            case _:
                self._resend.add_once(parts)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class _Sent:
    """A message that was sent, or could not be.

    Attributes:
        parts: It, encoded.
        seq: Number of the chunk, or of the chunk before another message.
        until: A sample: it is needed until `committed` reaches that; None for a message that only has to arrive.
        is_chunk: Whether it is a chunk.
    """

    parts: Parts
    seq: int
    until: int | None
    is_chunk: bool = False

    def has_arrived(self, last_chunk: int) -> bool:
        """Return whether a client that has all chunks up to `last_chunk` has it, or need not get it again."""
        if self.is_chunk:
            return self.seq <= last_chunk
        return self.until is None and self.seq < last_chunk


class ResendBuffer:
    """Keeps what a client may still need, in order, to send it again on the next connection.

    Messages arrive in order. So a client that has a chunk has all that was sent before it.
    """

    def __init__(self) -> None:
        self._sent: deque[_Sent] = deque()
        self._last_seq = 0
        self._received = 0

    def add_chunk(self, seq: int, end: int, parts: Parts) -> None:
        """Keep a chunk that ends at sample `end`."""
        self._last_seq = seq
        self._sent.append(_Sent(parts=parts, seq=seq, until=end, is_chunk=True))

    def add(self, until: int, parts: Parts) -> None:
        """Keep a message about the music before sample `until`, such as its beats."""
        self._sent.append(_Sent(parts=parts, seq=self._last_seq, until=until))

    def add_once(self, parts: Parts) -> None:
        """Keep a message until the client has it for certain, such as a change of state; of too many, the newest."""
        self._sent.append(_Sent(parts=parts, seq=self._last_seq, until=None))
        uncertain = [sent for sent in self._sent if sent.until is None]
        if len(uncertain) > _MOST_UNCERTAIN:
            self._sent.remove(uncertain[0])

    def acknowledge(self, committed: int, last_chunk: int) -> None:
        """Drop what ends before sample `committed`; the client has received all chunks up to `last_chunk`."""
        self._received = max(self._received, min(last_chunk, self._last_seq))
        self._sent = deque(
            sent
            for sent in self._sent
            if (not sent.has_arrived(self._received) if sent.until is None else sent.until > committed)
        )

    def take(self, last_chunk: int) -> list[Parts]:
        """Return in order what to send a client that has all chunks up to `last_chunk`."""
        return [sent.parts for sent in self._sent if not sent.has_arrived(last_chunk)]

    def unreceived_bytes(self) -> int:
        """Return the bytes of sound that were sent and not reported as received."""
        return sum(len(sent.parts[-1]) for sent in self._sent if sent.is_chunk and sent.seq > self._received)
