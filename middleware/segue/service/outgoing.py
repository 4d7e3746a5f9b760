"""What a session sends: its messages in order, its stingers, and a buffer for a client that comes back.

All of these belong to one session and live as long as it does, over all its connections.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from enum import Enum, auto
from typing import Final, NamedTuple, TypeAlias

from segue.contract import Samples
from segue.runtime.chunk_stingers import ChunkStingers
from segue.runtime.messages import BeatGrid, ChunkOut, SessionMessage, StatusOut, StingerOut
from segue.runtime.snapshot import SavedStinger
from segue.runtime.stinger_placement import PlacedCue
from segue.service import wire
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
        self._included = included
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
        cell: Cell | None = None,
    ) -> None:
        """Queue an output of the session's music.

        Args:
            output: What the music produced.
            primary: Level of the chosen generator in the fallback chain.
            headroom: Seconds of music generated in a second.
            cell: Resume cell of a chunk.
        """
        match output:
            case ChunkOut():
                self._queue.append(self._chunk(output, cell))
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
        """Return what a client that comes back has missed.

        Args:
            last_chunk: Number of the last chunk that it has.
        """
        return self._resend.take(last_chunk) + [encode(part) for part in self._stingers.again()]

    def acknowledge(self, committed: int, last_chunk: int) -> None:
        """Drop what the client needs no more: it is at sample `committed` and has all chunks up to `last_chunk`."""
        self._resend.acknowledge(committed, last_chunk)
        self._stingers.acknowledge(committed, last_chunk, self._last_seq)

    def begin_restored(self, seamless_at: int | None, stingers: Sequence[PlacedCue]) -> None:
        """Expect a chunk of restored music next.

        Args:
            seamless_at: The sample at which it continues the client's, if any.
            stingers: Those beside the music that the client is playing.
        """
        self._seamless_at = seamless_at
        self._stingers.resume(stingers)

    def sounding(self, position: int) -> Sequence[SavedStinger]:
        """Return the stingers beside the music that sound at a sample; none where they are in the chunks."""
        return () if self._included else self._stingers.sounding(position)

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
                self._resend.add_chunk(message.seq, message.start, message.start + message.count, parts)
            case Clock():
                self._resend.add_beats(message.start, message.end, parts)
            case Stinger(kind="placed", pcm=None):
                self._resend.add_stinger(message.id, message.start, parts)
            case Receipt() | Saved() | Status() | Cell() | Stinger(kind="placed"):
                # The client asks for an answer again, a new status comes every second, a new cell if it is needed, and
                # the encoder keeps the sound of stingers.
                pass
            case _:
                if isinstance(message, Stinger) and message.kind == "cancelled":
                    self._resend.cancel_stinger(message.id)
                self._resend.add_once(parts)


class _Kind(Enum):
    """What a message is. ONCE: it only has to arrive."""

    CHUNK = auto()
    BEATS = auto()
    STINGER = auto()
    ONCE = auto()


class _Sent(NamedTuple):
    """A message that was sent, or could not be.

    Attributes:
        number: Of the chunk, of the chunk before a message that only has to arrive, or the stinger's id.
        start, until: Samples; it is needed until `committed` reaches `until`.
        replaced: Whether a later chunk begins at or before this one.
    """

    kind: _Kind
    number: int
    start: int
    until: float
    parts: Parts
    replaced: bool = False

    def has_arrived(self, last_chunk: int) -> bool:
        """Return whether a client that has all chunks up to `last_chunk` has it, and need not get it again."""
        if self.kind is _Kind.CHUNK:
            return self.number <= last_chunk
        return self.kind is _Kind.ONCE and self.number < last_chunk


class ResendBuffer:
    """Keeps what a client may still need, in order, to send it again on the next connection.

    Messages arrive in order, so a client that has a chunk has all that was sent before it. While the client's clock
    stands, its music may be replaced any number of times. Replaced chunks are kept until the client has received them,
    and replaced beats are dropped at once.
    """

    def __init__(self) -> None:
        self._sent: list[_Sent] = []
        self._last_seq = 0
        self._received = 0

    def add_chunk(self, seq: int, start: int, end: int, parts: Parts) -> None:
        """Keep a chunk of the samples [start, end); what was sent from `start` on is replaced."""
        self._last_seq = seq
        if any(sent.start >= start for sent in self._sent):
            self._sent = [
                sent._replace(replaced=sent.replaced or (sent.kind is _Kind.CHUNK and sent.start >= start))
                for sent in self._sent
                if sent.kind is not _Kind.BEATS or sent.start < start
            ]
        self._sent.append(_Sent(_Kind.CHUNK, seq, start, end, parts))

    def add_beats(self, start: int, end: int, parts: Parts) -> None:
        """Keep the beats of the samples [start, end)."""
        self._sent.append(_Sent(_Kind.BEATS, 0, start, end, parts))

    def add_stinger(self, number: int, start: int, parts: Parts) -> None:
        """Keep that the chunks contain a stinger, which begins at sample `start`."""
        self._sent.append(_Sent(_Kind.STINGER, number, start, start, parts))

    def cancel_stinger(self, number: int) -> None:
        """Drop what was kept of a stinger."""
        self._sent = [sent for sent in self._sent if sent.kind is not _Kind.STINGER or sent.number != number]

    def add_once(self, parts: Parts) -> None:
        """Keep a message that only has to arrive, such as a change of state; of too many, the newest."""
        self._sent.append(_Sent(_Kind.ONCE, self._last_seq, 0, math.inf, parts))
        kept = [place for place, sent in enumerate(self._sent) if sent.kind is _Kind.ONCE]
        if len(kept) > _MOST_UNCERTAIN:
            del self._sent[kept[0]]

    def acknowledge(self, committed: int, last_chunk: int) -> None:
        """Drop what ends before sample `committed`; the client has received all chunks up to `last_chunk`."""
        received = self._received = max(self._received, min(last_chunk, self._last_seq))
        self._sent = [sent for sent in self._sent if sent.until > committed and not _is_settled(sent, received)]

    def take(self, last_chunk: int) -> list[Parts]:
        """Return in order what to send a client that has all chunks up to `last_chunk`."""
        return [sent.parts for sent in self._sent if not sent.has_arrived(last_chunk)]

    def unreceived_bytes(self) -> int:
        """Return the bytes of sound that were sent and not reported as received."""
        chunks = (sent for sent in self._sent if sent.kind is _Kind.CHUNK)
        return sum(len(chunk.parts[-1]) for chunk in chunks if chunk.number > self._received)


def _is_settled(sent: _Sent, received: int) -> bool:
    """Return whether a client that has reported all chunks up to `received` needs a message no more."""
    return (sent.replaced or sent.kind is _Kind.ONCE) and sent.has_arrived(received)
