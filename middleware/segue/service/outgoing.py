"""What a session sends: its messages in order, its stingers, and a buffer for a client that comes back.

All of these belong to one session and live as long as it does, over all its connections.
"""

from __future__ import annotations

import secrets
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final, NamedTuple, TypeAlias

import numpy as np

from segue.audio.frame_limiter import limit_beside
from segue.contract import Samples
from segue.runtime.messages import BeatGrid, ChunkOut, SessionMessage, StatusOut, StingerOut
from segue.runtime.mixdown import MixedStinger, mixed_stinger, overlay
from segue.service import wire
from segue.service.chunk_stingers import ChunkStingers
from segue.service.monitoring import Metrics
from segue.service.soundtrack import Soundtrack
from segue.service.wire import Format
from segue_rules import events, plan
from segue_rules.plan import StingerCue
from segue_sdk.codec import Part, encode
from segue_sdk.limits import LONGEST_CHUNK, LONGEST_STINGER, MOST_PLAYING
from segue_sdk.messages import Cell, Chunk, Clock, Receipt, ServiceMessage, Status, Stinger

Parts: TypeAlias = list[Part]
"""An encoded message."""

# Sound sent to a client and not received yet; a client with more gets none until it reads.
_MOST_UNRECEIVED_BYTES: Final = 16 << 20
# A stinger's number: a random base for the session, and a count of its stingers.
_BASE_BITS: Final = 31
_COUNTER_BITS: Final = 20
# Changes, stingers and the like that are kept while there is no connection; the oldest are dropped first.
_MOST_MISSED: Final = 512


class OutgoingQueue:
    """Turns what a session produces into encoded messages, in order, and keeps them for a client that comes back."""

    def __init__(
        self,
        soundtrack: Soundtrack,
        sample_format: Format,
        metrics: Metrics,
        *,
        included: bool = False,
    ) -> None:
        """Begin empty.

        Args:
            soundtrack: Has the stingers.
            sample_format: Format of samples on the wire.
            metrics: Counts chunks and fallbacks.
            included: Whether stingers are mixed into the chunks.
        """
        self._format = sample_format
        self._metrics = metrics
        self._resend = ResendBuffer()
        self._stingers = StingerEncoder(soundtrack.sounds, sample_format, included=included, bursts=soundtrack.bursts)
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
        music: Callable[[int, int], Samples],
    ) -> None:
        """Queue an output of the session's music.

        Args:
            output: What the music produced.
            primary: Level of the chosen generator in the fallback chain.
            headroom: Seconds of music generated in a second.
            cells: Resume cells by the number of their chunk.
            music: Returns the music between two samples, as `Session.sound`.
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
                self._queue += self._stingers.messages(output, music)
            case StatusOut():
                self._metrics.fell_back(output.level)
                self._queue.append(wire.status(output, primary=primary, headroom=headroom))

    def take(self, *, connected: bool) -> list[Parts]:
        """Return and remove all queued messages, encoded.

        Args:
            connected: Whether the session has a connection. Without one nothing is returned, and what the client
                will need is kept for it.
        """
        queued, self._queue = self._queue, []
        encoded = []
        for message in queued:
            parts = encode(message)
            self._keep(message, parts, connected=connected)
            encoded.append(parts)
        return encoded if connected else []

    def resend(self, last_chunk: int) -> list[Parts]:
        """Return what a client that comes back has missed; last_chunk: number of the last chunk that it has."""
        return self._resend.take(last_chunk)

    def acknowledge(self, committed: int, last_chunk: int) -> None:
        """Drop what the client needs no more: it is at sample `committed` and has all chunks up to `last_chunk`."""
        self._resend.acknowledge(committed, last_chunk)
        self._stingers.forget(committed)

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

    def _chunk(self, output: ChunkOut, cell: Cell | None) -> Chunk:
        mixed = output.mixed or output.start == self._seamless_at
        self._last_chunk, self._seamless_at = output, None
        if output.stingers:
            output = replace(output, samples=self._chunk_stingers.mix(output))
        message = wire.chunk(output, output.rules, sample_format=self._format, mixed=mixed, cell=cell)
        self._metrics.chunk(message.reason)
        return message

    def _keep(self, message: ServiceMessage, parts: Parts, *, connected: bool) -> None:
        match message:
            case Chunk():
                self._resend.add_chunk(message.seq, message.start + message.count, parts)
            case Clock():
                self._resend.add(message.end, parts)
            case Stinger(kind="placed"):
                self._resend.add(message.start, parts)
            case Receipt() | Status() | Cell():
                # The client asks for a receipt again, a new status comes every second, and a new cell if it is needed.
                pass
            case _ if not connected:
                self._resend.add_missed(parts)


class _Sent(NamedTuple):
    """A message that was sent.

    seq: number of the chunk, or of the chunk before another message. until: sample; it is needed until `committed`
    reaches that.
    """

    seq: int
    until: int
    parts: Parts
    is_chunk: bool


class ResendBuffer:
    """Keeps what a client may still need, to send it again on the next connection."""

    def __init__(self) -> None:
        self._sent: deque[_Sent] = deque()
        self._missed: deque[Parts] = deque(maxlen=_MOST_MISSED)
        self._last_seq = 0
        self._received = 0

    def add_chunk(self, seq: int, end: int, parts: Parts) -> None:
        """Keep a chunk that ends at sample `end`."""
        self._last_seq = seq
        self._sent.append(_Sent(seq, end, parts, is_chunk=True))

    def add(self, until: int, parts: Parts) -> None:
        """Keep a message about the music before sample `until`, such as its beats."""
        self._sent.append(_Sent(self._last_seq, until, parts, is_chunk=False))

    def add_missed(self, parts: Parts) -> None:
        """Keep a message that could not be sent, since there was no connection."""
        self._missed.append(parts)

    def acknowledge(self, committed: int, last_chunk: int) -> None:
        """Drop what ends before sample `committed`; the client has received all chunks up to `last_chunk`."""
        self._received = max(self._received, min(last_chunk, self._last_seq))
        self._sent = deque(sent for sent in self._sent if sent.until > committed)

    def take(self, last_chunk: int) -> list[Parts]:
        """Return in order what to send a client that has all chunks up to `last_chunk`.

        Missed messages are returned once; all others again each time, until they are acknowledged.
        """
        again = [sent.parts for sent in self._sent if not sent.is_chunk or sent.seq > last_chunk]
        again += self._missed
        self._missed.clear()
        return again

    def unreceived_bytes(self) -> int:
        """Return the bytes of sound that were sent and not reported as received."""
        return sum(len(sent.parts[-1]) for sent in self._sent if sent.is_chunk and sent.seq > self._received)


class StingerEncoder:
    """Encodes stinger cues as messages.

    Each playing of a stinger has a number, which its announcement, the parts of its sound and its cancellation share.
    Numbers begin at random, so that a client that goes on in another session gets none twice. A sound is limited
    beside the music that the client has under it by then, and beside the stingers before it. A burst is part of the
    music: its messages only say what the chunks contain.

    Attributes:
        sounds: Sounds of the rule file's stingers, float32 [S, 2] at 48 kHz by name; replaced when rules are reloaded.
        bursts: Lengths of its bursts by name, in samples; replaced likewise.
    """

    def __init__(
        self,
        sounds: Mapping[str, Samples],
        sample_format: Format,
        *,
        included: bool = False,
        bursts: Mapping[str, int] | None = None,
    ) -> None:
        """Begin without stingers.

        Args:
            sounds: Sounds by name.
            sample_format: Format of samples on the wire.
            included: Whether the sounds are part of the chunks and are not sent by themselves.
            bursts: Lengths of bursts by name, in samples.
        """
        self.sounds = sounds
        self.bursts = bursts or {}
        self._format = sample_format
        self._included = included
        self._last_id = secrets.randbits(_BASE_BITS) << _COUNTER_BITS
        # The stingers as they were sent, by number.
        self._sent: dict[int, MixedStinger] = {}
        self._announced: dict[StingerCue, int] = {}
        self._waiting: dict[str, int] = {}

    def messages(self, output: StingerOut, music: Callable[[int, int], Samples]) -> Iterator[Stinger]:
        """Yield the messages about a cue; none for a stinger that the present rules do not have.

        Args:
            output: The cue.
            music: Returns the music between two samples, as `Session.sound`.
        """
        cue = output.cue
        if cue.stinger not in self.sounds and cue.stinger not in self.bursts:
            return
        if output.cancelled:
            if cue in self._announced:
                number = self._announced.pop(cue)
                self._waiting.pop(cue.stinger, None)
                self._sent.pop(number, None)
                yield self._message(cue, number, "cancelled")
        elif cue.kind == "dropped":
            yield self._message(cue, self._number(cue), "dropped")
        elif cue.kind == "scheduled":
            number = self._announced[cue] = self._waiting[cue.stinger] = self._new_id()
            yield self._message(cue, number, "scheduled")
        else:
            # A stinger that was scheduled starts under the same number.
            number = self._announced[cue] = self._number(cue)
            yield from self._parts(cue, number, music)

    def forget(self, position: int) -> None:
        """Forget cues before sample `position`: they cannot be cancelled any more."""
        self._announced = {cue: number for cue, number in self._announced.items() if cue.start >= position}
        self._sent = {number: sent for number, sent in self._sent.items() if sent.end > position}

    def _parts(self, cue: StingerCue, number: int, music: Callable[[int, int], Samples]) -> Iterator[Stinger]:
        if cue.stinger in self.bursts:
            yield self._message(cue, number, "placed", total=min(self.bursts[cue.stinger], LONGEST_STINGER))
            return
        sound = self.sounds[cue.stinger][:LONGEST_STINGER]
        if self._included:
            yield self._message(cue, number, "placed", total=len(sound))
            return
        sound = self._limited(cue, number, sound, music)
        for offset in range(0, len(sound), LONGEST_CHUNK):
            part = sound[offset : offset + LONGEST_CHUNK]
            payload = wire.pcm(part, self._format)
            yield self._message(cue, number, "placed", total=len(sound), offset=offset, count=len(part), pcm=payload)

    def _limited(self, cue: StingerCue, number: int, sound: Samples, music: Callable[[int, int], Samples]) -> Samples:
        """Return a sound so that the client's sum stays within full scale, as far as the music is known."""
        stinger = mixed_stinger(cue, sound)
        known = music(cue.start, cue.start + len(sound))
        if len(known):
            ducked, others = overlay(cue.start, known, self._sent.values())
            ducked *= stinger.duck_gain(cue.start, cue.start + len(known))[:, None]
            with_gain = sound * np.float32(stinger.gain)
            limited = limit_beside(ducked + others, with_gain)
            if limited is not with_gain:
                # The client applies the gain.
                stinger = replace(stinger, samples=limited / np.float32(stinger.gain))
        if len(self._sent) == MOST_PLAYING:
            del self._sent[next(iter(self._sent))]
        self._sent[number] = stinger
        return stinger.samples

    def _message(self, cue: StingerCue, number: int, kind: str, **part: Any) -> Stinger:
        return Stinger(
            id=number,
            name=cue.stinger,
            kind=kind,
            start=max(0, cue.start),
            format=self._format,
            gain_db=min(12.0, max(-96.0, cue.gain_db)),
            duck=wire.duck(cue.duck),
            # A burst is heard as soon as the music with it is, however late that comes.
            if_late="play" if cue.stinger in self.bursts else cue.if_late,
            reason=wire.clipped(cue.reason),
            **part,
        )

    def _number(self, cue: StingerCue) -> int:
        """Return the number of the scheduled playing, or a new one."""
        return self._waiting.pop(cue.stinger) if cue.stinger in self._waiting else self._new_id()

    def _new_id(self) -> int:
        self._last_id += 1
        return self._last_id
