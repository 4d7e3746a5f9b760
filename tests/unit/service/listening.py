"""A listener that records what it receives, and clients that send ZMTP byte by byte."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any, Final

import zmq
import zmq.asyncio

from segue.service.listener import Listener, ListenerLimits

TOKEN: Final = "a token of the tests"
# Generous: it bounds a hang, not a speed.
PATIENCE_S: Final = 20.0
GREETING: Final = b"\xff" + bytes(8) + b"\x7f\x03\x01NULL" + bytes(16 + 32)
PLAIN_GREETING: Final = b"\xff" + bytes(8) + b"\x7f\x03\x01PLAIN" + bytes(15 + 32)
READY: Final = b"\x04\x1c\x05READY\x0bSocket-Type\x00\x00\x00\x06DEALER"
HANDSHAKE: Final = GREETING + READY


class ListenerHarness:
    """A listener that records messages and closed connections; tests say which connections have a session."""

    def __init__(
        self,
        limits: ListenerLimits | None = None,
        token: str | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.messages: list[tuple[bytes, list[bytes]]] = []
        self.gone: list[bytes] = []
        self.playing: set[bytes] = set()
        # By the first part of a message: seconds for which its connection is not to be read.
        self.pauses_s: dict[bytes, float] = {}
        self.on_message: Callable[[bytes, list[bytes]], None] = lambda identity, parts: None
        self.listener = Listener(
            token=token,
            receive=self._receive,
            closed=self.gone.append,
            has_session=self.playing.__contains__,
            clock=clock,
            limits=limits,
        )

    def _receive(self, identity: bytes, parts: list[bytes]) -> float:
        self.messages.append((identity, parts))
        self.on_message(identity, parts)
        return self.pauses_s.get(parts[0], 0.0)

    def of(self, first: bytes) -> bytes:
        """Return the identity that sent this first part."""
        return next(identity for identity, parts in self.messages if parts[0] == first)

    def said(self) -> list[bytes]:
        """The first part of each message, in order."""
        return [parts[0] for _, parts in self.messages]


@contextlib.asynccontextmanager
async def listening(
    address: str = "tcp://127.0.0.1:0", limits: ListenerLimits | None = None, token: str | None = None
) -> AsyncIterator[tuple[ListenerHarness, str]]:
    """Yield a started listener and its address."""
    harness = ListenerHarness(limits, token)
    async with harness.listener as listener:
        bound = listener.bind(address)
        listener.start()
        yield harness, bound


@contextlib.asynccontextmanager
async def dealer(address: str, kind: int = zmq.DEALER, **options: Any) -> AsyncIterator[zmq.asyncio.Socket]:
    """Yield a client of libzmq."""
    with zmq.asyncio.Context() as context, context.socket(kind) as client:
        client.linger = 0
        for name, value in options.items():
            setattr(client, name, value)
        client.connect(address)
        yield client


def with_token(token: bytes, user: bytes = b"segue") -> dict[str, Any]:
    return {"plain_username": user, "plain_password": token}


class Raw:
    """A plain stream of bytes to a listener."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    def say(self, data: bytes) -> None:
        self.writer.write(data)

    async def hung_up_on(self) -> bytes:
        """Return all bytes until the connection is closed."""
        got = b""
        with contextlib.suppress(ConnectionError):
            while data := await self.reader.read(65_536):
                got += data
        return got

    def reset(self) -> None:
        """Reset the connection."""
        connection = self.writer.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()


@contextlib.asynccontextmanager
async def raw(address: str, **tls: Any) -> AsyncIterator[Raw]:
    host, _, port = address.partition("://")[2].rpartition(":")
    peer = Raw(*await asyncio.open_connection(host, int(port), **tls))
    try:
        yield peer
    finally:
        peer.writer.transport.abort()
        with contextlib.suppress(OSError):
            await peer.writer.wait_closed()


def message(*parts: bytes) -> bytes:
    """Return a message of short parts as ZMTP frames it."""
    frames = [bytes((0 if i == len(parts) - 1 else 1, len(part))) + part for i, part in enumerate(parts)]
    return b"".join(frames)


def endless(size: int) -> bytes:
    """Return the first bytes of a frame that never ends."""
    return b"\x02" + (1_000_000).to_bytes(8) + bytes(size)


async def until(true: Callable[[], object]) -> None:
    while not true():
        await asyncio.sleep(0.01)


def run(scenario: Coroutine[None, None, None]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(PATIENCE_S):
            await scenario

    asyncio.run(bounded())
