"""A bad network: a TCP proxy for a service on loopback that delays, limits, stalls, refuses and cuts on command.

It runs in a thread of its own; a command has taken effect when its call returns.
"""

from __future__ import annotations

import asyncio
import contextlib
import enum
import random
import socket
import struct
import threading
from collections.abc import Coroutine
from types import TracebackType
from typing import Any, Self, TypeAlias

BLOCK = 16_384
# Blocks that a delay may keep in transit: 1 MiB.
_MOST_BLOCKS = 64
# Kernels buffer megabytes by default, and a limited rate would store seconds.
_KERNEL_BYTES = 65_536
# A limited rate passes bytes in pieces of this length.
_PIECE_S = 0.05
_PATIENCE_S = 20.0
_FAREWELL_S = 1.0

UnderWay: TypeAlias = "asyncio.Queue[tuple[float, bytes | None]]"


class Way(enum.Enum):
    """A direction of a connection."""

    UP = "client to service"
    DOWN = "service to client"


class _CutError(Exception):
    """A connection has delivered the bytes after which it ends."""


class Proxy:
    """As a context. Connects to `port` on loopback for each client of `address`.

    delay_s, jitter_s, bytes_per_second: of each way, of bytes that come from now on; may be set at any time. The delay
    is delay_s to delay_s + jitter_s, equally likely, and order is kept. accepted: connections taken so far. passed:
    bytes delivered each way by all of them.
    """

    def __init__(
        self,
        port: int,
        *,
        delay_s: float = 0.0,
        jitter_s: float = 0.0,
        bytes_per_second: float | None = None,
        seed: int = 0,
    ) -> None:
        self.delay_s, self.jitter_s, self.bytes_per_second = delay_s, jitter_s, bytes_per_second
        self.accepted = 0
        self.passed = dict.fromkeys(Way, 0)
        self._target = ("127.0.0.1", port)
        self._dice = random.Random(seed)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy")
        self._flowing = {way: asyncio.Event() for way in Way}
        self._cuts: dict[Way, int] = {}
        self._connections: set[asyncio.Task[None]] = set()
        self._listener = _bound(("127.0.0.1", 0))
        self._place: tuple[str, int] = self._listener.getsockname()
        self._accepting: asyncio.Task[None] | None = None
        self._refusal: asyncio.TimerHandle | None = None

    @property
    def address(self) -> str:
        """The ZeroMQ endpoint that clients connect to."""
        return "tcp://{}:{}".format(*self._place)

    @property
    def place(self) -> tuple[str, int]:
        """The same as host and port."""
        return self._place

    @property
    def open(self) -> int:
        """The number of open connections."""
        return len(self._connections)

    def __enter__(self) -> Self:
        self._thread.start()
        self._loop.call_soon_threadsafe(self._listen)
        self.flow()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._command(self._deafen())
        self.cut()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_PATIENCE_S)
        self._listener.close()
        self._loop.close()

    # --- commands ---------------------------------------------------------------------------------------------------

    def stall(self, *ways: Way) -> None:
        """Stop reading and delivering in these directions (both by default); connections stay open."""
        self._command(self._gate(ways, flowing=False))

    def flow(self, *ways: Way) -> None:
        """End a stall, and deliver what was held back."""
        self._command(self._gate(ways, flowing=True))

    def cut(self) -> None:
        """Reset all connections (RST on both sides); bytes in transit are lost. New connections are accepted."""
        self._command(self._cut())

    def cut_after(self, count: int, way: Way) -> None:
        """Close the next connection after it has delivered `count` bytes in a direction; all of them arrive."""
        self._command(self._arm(count, way))

    def refuse(self, seconds: float) -> None:
        """Refuse new connections for some seconds; open ones stay."""
        self._command(self._refuse(seconds))

    def _command(self, coroutine: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(_PATIENCE_S)

    # --- the proxy's thread -----------------------------------------------------------------------------------------

    async def _gate(self, ways: tuple[Way, ...], *, flowing: bool) -> None:
        for way in ways or Way:
            if flowing:
                self._flowing[way].set()
            else:
                self._flowing[way].clear()

    async def _arm(self, count: int, way: Way) -> None:
        self._cuts = {way: count}

    async def _cut(self) -> None:
        await _ended(self._connections)

    async def _refuse(self, seconds: float) -> None:
        await self._deafen()
        self._listener.close()
        # Bound without listening: the port stays ours and connecting to it fails.
        self._listener = _bound(self._place)
        self._refusal = self._loop.call_later(seconds, self._listen)

    async def _deafen(self) -> None:
        if self._refusal is not None:
            self._refusal.cancel()
        if self._accepting is not None:
            await _ended({self._accepting})

    def _listen(self) -> None:
        self._listener.listen()
        self._accepting = asyncio.create_task(self._accept())

    async def _accept(self) -> None:
        while True:
            near, _ = await self._loop.sock_accept(self._listener)
            self._take(near)

    def _take(self, near: socket.socket) -> None:
        self.accepted += 1
        cuts, self._cuts = self._cuts, {}
        connection = asyncio.create_task(self._carry(near, cuts))
        self._connections.add(connection)
        connection.add_done_callback(self._connections.discard)
        # It was cut before it began, and so never closes anything itself.
        connection.add_done_callback(lambda _: near.close())

    async def _carry(self, near: socket.socket, cuts: dict[Way, int]) -> None:
        """Carry one connection. It is closed in order if both sides close or after `cut_after`, else it is reset."""
        with near, socket.socket() as far, contextlib.suppress(OSError):
            orderly = False
            lines: list[asyncio.Task[None]] = []
            try:
                for side in (near, far):
                    _prepare(side)
                await self._loop.sock_connect(far, self._target)
                for source, sink, way in ((near, far, Way.UP), (far, near, Way.DOWN)):
                    lines.append(asyncio.create_task(self._line(source, sink, way, cuts.get(way))))
                await asyncio.gather(*lines)
                orderly = True
            except _CutError:
                await _ended(set(lines))
                await asyncio.gather(self._see_off(near), self._see_off(far))
                orderly = True
            finally:
                if not orderly:
                    # With a linger time of 0 closing sends RST.
                    for side in (near, far):
                        side.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                await _ended(set(lines))

    async def _see_off(self, side: socket.socket) -> None:
        """Close after what was sent has arrived; closing over unread bytes would reset the connection."""
        with contextlib.suppress(OSError):
            side.shutdown(socket.SHUT_WR)
            async with asyncio.timeout(_FAREWELL_S):
                while await self._loop.sock_recv(side, BLOCK):
                    pass

    async def _line(self, source: socket.socket, sink: socket.socket, way: Way, end: int | None) -> None:
        """Carry one direction of a connection: read bytes are in transit until they are due."""
        under_way: UnderWay = asyncio.Queue(_MOST_BLOCKS)
        reading = asyncio.create_task(self._read(source, way, under_way))
        try:
            await self._deliver(sink, way, under_way, end)
        finally:
            await _ended({reading})

    async def _read(self, source: socket.socket, way: Way, under_way: UnderWay) -> None:
        """Put read bytes in transit with the time they are due; b"" at the source's end, None after a reset."""
        due = free = 0.0
        data: bytes | None = b"-"
        while data:
            await self._flowing[way].wait()
            rate = self.bytes_per_second
            try:
                data = await self._loop.sock_recv(source, BLOCK if rate is None else max(1, int(rate * _PIECE_S)))
            except OSError:
                data = None
            if rate is not None and data:
                free = max(free, self._loop.time()) + len(data) / rate
                await asyncio.sleep(free - self._loop.time())
            due = max(due, self._loop.time() + self.delay_s + self.jitter_s * self._dice.random())
            await under_way.put((due, data))

    async def _deliver(self, sink: socket.socket, way: Way, under_way: UnderWay, end: int | None) -> None:
        """Send what is due. end: bytes after which the connection ends. Raises: OSError after a reset, _CutError."""
        delivered = 0
        while True:
            due, data = await under_way.get()
            await asyncio.sleep(due - self._loop.time())
            await self._flowing[way].wait()
            if data is None:
                raise ConnectionResetError
            if not data:
                sink.shutdown(socket.SHUT_WR)
                return
            piece = data if end is None else data[: end - delivered]
            await self._loop.sock_sendall(sink, piece)
            delivered += len(piece)
            self.passed[way] += len(piece)
            if delivered == end:
                raise _CutError


def _bound(place: tuple[str, int]) -> socket.socket:
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.setblocking(False)
    listener.bind(place)
    return listener


def _prepare(side: socket.socket) -> None:
    side.setblocking(False)
    side.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
        side.setsockopt(socket.SOL_SOCKET, option, _KERNEL_BYTES)


async def _ended(tasks: set[asyncio.Task[None]]) -> None:
    """Cancel tasks and wait for their end."""
    ending = set(tasks)
    for task in ending:
        task.cancel()
    await asyncio.gather(*ending, return_exceptions=True)
