"""The messages of one client between edge and worker, over a socket pair of their own.

A message is the number of its parts, their sizes, and the parts. The edge has checked every bound of what clients send.
Each client has its own pair, so that the kernel's buffers hold back whoever is too fast, without a word between both.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Callable, Sequence
from typing import Final

from segue.service.transport import EndReason, HandshakeDone, LocalError, MessageReceived, TransportEvent
from segue_sdk.codec import Part

_COUNT: Final = struct.Struct("<I")
# Bytes that wait for a worker before its client is held.
_HIGH_WATER: Final = 256 << 10


def framed(parts: Sequence[Part]) -> bytes:
    """Return a message as bytes."""
    sizes = [len(memoryview(part).cast("B")) if isinstance(part, memoryview) else len(part) for part in parts]
    return b"".join((struct.pack(f"<{len(sizes) + 1}I", len(sizes), *sizes), *parts))


class MessageReader:
    """Takes bytes, cut anywhere, and returns whole messages.

    Attributes:
        kept_bytes: Bytes of messages that were not returned yet.
    """

    def __init__(self) -> None:
        self._data = bytearray()

    @property
    def kept_bytes(self) -> int:
        return len(self._data)

    def receive(self, data: bytes) -> None:
        """Take bytes."""
        self._data += data

    def next_message(self) -> list[bytes] | None:
        """Return the parts of the next message; None if more bytes are needed for it."""
        if len(self._data) < _COUNT.size:
            return None
        (count,) = _COUNT.unpack_from(self._data)
        head = _COUNT.size * (count + 1)
        if len(self._data) < head:
            return None
        sizes = struct.unpack_from(f"<{count}I", self._data, _COUNT.size)
        end = head + sum(sizes)
        if len(self._data) < end:
            return None
        parts, begin = [], head
        with memoryview(self._data) as view:
            for size in sizes:
                parts.append(bytes(view[begin : begin + size]))
                begin += size
        del self._data[:end]
        return parts


class WorkerConnection:
    """The worker's side, as a transport protocol. There is no handshake: the edge has made the client's."""

    def __init__(self) -> None:
        self._reader = MessageReader()
        self._open = False

    @property
    def kept_bytes(self) -> int:
        return self._reader.kept_bytes

    def receive_data(self, data: bytes) -> None:
        self._reader.receive(data)

    def next_event(self) -> TransportEvent | None:
        if not self._open:
            self._open = True
            return HandshakeDone()
        parts = self._reader.next_message()
        return None if parts is None else MessageReceived(parts=parts)

    def data_to_send(self) -> bytes:
        return b""

    def accept(self) -> None:
        raise LocalError("connection: there are no credentials to accept between edge and worker")

    def refuse(self) -> None:
        raise LocalError("connection: there are no credentials to refuse between edge and worker")

    def send(self, parts: Sequence[Part]) -> bytes:
        return framed(parts)

    def end(self, reason: EndReason) -> None:
        """Say nothing: the client has its own connection, which the edge ends."""


class EdgePipe(asyncio.Protocol):
    """The edge's side of a client's pair.

    Attributes:
        is_full: Whether the worker does not read as fast as the client sends.
    """

    def __init__(
        self,
        received: Callable[[list[bytes]], None],
        drained: Callable[[], None],
        lost: Callable[[], None],
    ) -> None:
        """Begin without a socket.

        Args:
            received: Called with the parts of each message of the worker.
            drained: Called when the worker has read enough, after `is_full`.
            lost: Called when the worker has closed its side, not after `close`.
        """
        self.is_full = False
        self._received, self._drained, self._lost = received, drained, lost
        self._reader = MessageReader()
        self._transport: asyncio.WriteTransport | None = None
        # What is sent before the loop has taken the socket over.
        self._early = bytearray()
        self._task: asyncio.Task[object] | None = None
        self._closed = False

    def begin(self, ours: socket.socket) -> None:
        """Use a socket, which belongs to the pipe from now on."""

        async def connect() -> None:
            try:
                await asyncio.get_running_loop().create_unix_connection(lambda: self, sock=ours)
            except (OSError, asyncio.CancelledError):
                ours.close()
                raise

        self._task = asyncio.create_task(connect(), name="pipe")

    def send(self, parts: Sequence[Part]) -> None:
        """Send a message to the worker; it is lost if the worker is gone."""
        if self._transport is None:
            self._early += framed(parts)
            self.is_full = len(self._early) > _HIGH_WATER
        elif not self._transport.is_closing():
            self._transport.write(framed(parts))

    def close(self) -> None:
        """Close it, after what was sent; nothing is called any more."""
        self._closed = True
        if self._transport is not None:
            self._transport.close()

    # --- called by asyncio ------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        self._transport = transport
        transport.set_write_buffer_limits(high=_HIGH_WATER)
        self.is_full = False
        early, self._early = self._early, bytearray()
        if early:
            transport.write(bytes(early))
        if self._closed:
            transport.close()
        elif not self.is_full:
            self._drained()

    def data_received(self, data: bytes) -> None:
        self._reader.receive(data)
        while not self._closed and (parts := self._reader.next_message()) is not None:
            self._received(parts)

    def pause_writing(self) -> None:
        self.is_full = True

    def resume_writing(self) -> None:
        self.is_full = False
        if not self._closed:
            self._drained()

    def connection_lost(self, error: Exception | None) -> None:
        if not self._closed:
            self._closed = True
            self._lost()
