"""`/healthz`, `/readyz` and `/metrics` over HTTP, from a thread of its own: a service that hangs can still say so."""

from __future__ import annotations

import asyncio
import logging
import math
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from http import HTTPStatus
from typing import Final

from segue.service.metrics import CONTENT_TYPE, Metrics
from segue.service.setting_kinds import Endpoint

log = logging.getLogger(__name__)

_TICK_LIMIT_S: Final = 5.0
_HEAD_BYTES: Final = 8_192
# One more takes the place of the oldest, so that a client that dawdles only ever harms itself.
_MOST_CONNECTIONS: Final = 32
# The metrics are written anew no more often than this, however many ask for them.
_METRICS_S: Final = 0.2
# Read and thrown away after the answer, of one client.
_MOST_UNASKED_BYTES: Final = 16 << 20
_ACCEPTING_ROUNDS: Final = 10
_ACCEPTING_S: Final = 0.02
_EVERYWHERE: Final = "0.0.0.0"
_TEXT: Final = "text/plain; charset=utf-8"


class Health:
    """Whether the service lives and may be given clients. Written by the service's loop, read by any thread."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """clock: seconds, never back."""
        self._clock = clock
        self._ticked_s = math.inf
        self._waiting_for = "the generators are being built"

    def tick(self) -> None:
        """The service's loop came round."""
        self._ticked_s = self._clock()

    def ready(self) -> None:
        """Clients may come."""
        self._waiting_for = ""

    def unready(self, reason: str) -> None:
        """Clients should go elsewhere."""
        self._waiting_for = reason

    def live_fault(self) -> str:
        """Why the process should be ended; "" if it lives. Before the first tick nothing is held against it."""
        silent_s = self._clock() - self._ticked_s
        return f"the service's loop has stood for {silent_s:.1f} s" if silent_s > _TICK_LIMIT_S else ""

    def ready_fault(self) -> str:
        """Why no clients should be sent; "" if they may."""
        return self.live_fault() or self._waiting_for


class HealthServer:
    """Answers GET requests from `start` to `close`, one a connection. address: where, once it is started."""

    def __init__(
        self,
        place: Endpoint,
        health: Health,
        metrics: Metrics,
        *,
        patience_s: float = 3.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """patience_s: how long a client may take to ask and to listen, all in all. clock: seconds."""
        self._clock = clock
        self.address = place
        self._patience_s = patience_s
        self._health = health
        self._metrics = metrics
        self._written_s = -math.inf
        self._written = b""
        self._thread: threading.Thread | None = None
        self._stop: Callable[[], object] = lambda: None
        # Those open now, the oldest first, and who serves them.
        self._connections: dict[asyncio.WriteTransport, asyncio.Task[None]] = {}

    def start(self) -> None:
        """Listen. Raises: OSError where that is not possible."""
        listening: Future[Endpoint] = Future()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run(listening)), name="health", daemon=True)
        self._thread.start()
        self.address = listening.result()

    def close(self) -> None:
        """Stop listening and hang up; returns when the thread is gone."""
        self._stop()
        if self._thread is not None:
            self._thread.join()

    async def _run(self, listening: Future[Endpoint]) -> None:
        stopping = asyncio.Event()
        host, port = self.address
        try:
            server = await asyncio.start_server(
                self._welcome, _EVERYWHERE if host == "*" else host, port, limit=_HEAD_BYTES
            )
        except OSError as error:
            listening.set_exception(error)
            return
        loop = asyncio.get_running_loop()
        self._stop = lambda: None if loop.is_closed() else loop.call_soon_threadsafe(stopping.set)
        listening.set_result(Endpoint(*server.sockets[0].getsockname()[:2]))
        await stopping.wait()
        await self._finish_accepting()
        server.close()
        for transport in self._connections:
            transport.abort()
        await asyncio.gather(*self._connections.values())
        await server.wait_closed()

    async def _finish_accepting(self) -> None:
        """Let half-accepted connections arrive: a server that closes forgets them open (CPython issue 109564)."""
        for _ in range(_ACCEPTING_ROUNDS):
            accepting = asyncio.all_tasks() - {asyncio.current_task(), *self._connections.values()}
            if not accepting:
                return
            # On Windows one task always waits for the next connection.
            await asyncio.wait(accepting, timeout=_ACCEPTING_S)

    def _welcome(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._connections) >= _MOST_CONNECTIONS:
            next(iter(self._connections)).abort()
        self._connections[writer.transport] = asyncio.ensure_future(self._serve(reader, writer))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(self._patience_s):
                writer.write(await self._answer(reader))
                await writer.drain()
                writer.write_eof()
                # A connection closed over unread bytes is reset, and the answer lost with it.
                unasked = 0
                while unasked < _MOST_UNASKED_BYTES and (data := await reader.read(_HEAD_BYTES)):
                    unasked += len(data)
        except (TimeoutError, OSError):
            log.debug("a health client took too long or went away")
        finally:
            writer.transport.abort()
            del self._connections[writer.transport]

    async def _answer(self, reader: asyncio.StreamReader) -> bytes:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except asyncio.LimitOverrunError:
            return _response(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        except asyncio.IncompleteReadError:
            return _response(HTTPStatus.BAD_REQUEST)
        method, _, rest = head.partition(b"\r\n")[0].partition(b" ")
        target, _, version = rest.partition(b" ")
        if not version.startswith(b"HTTP/1."):
            return _response(HTTPStatus.BAD_REQUEST)
        if method != b"GET":
            return _response(HTTPStatus.METHOD_NOT_ALLOWED, extra="Allow: GET\r\n")
        match target.partition(b"?")[0]:
            case b"/healthz":
                return _verdict(self._health.live_fault())
            case b"/readyz":
                return _verdict(self._health.ready_fault())
            case b"/metrics":
                return _response(HTTPStatus.OK, self._exposition(), CONTENT_TYPE)
        return _response(HTTPStatus.NOT_FOUND)

    def _exposition(self) -> bytes:
        now_s = self._clock()
        if now_s - self._written_s >= _METRICS_S:
            self._written_s, self._written = now_s, self._metrics.exposition()
        return self._written


def _verdict(fault: str) -> bytes:
    status = HTTPStatus.SERVICE_UNAVAILABLE if fault else HTTPStatus.OK
    return _response(status, f"{fault or 'ok'}\n".encode())


def _response(status: HTTPStatus, body: bytes | None = None, kind: str = _TEXT, extra: str = "") -> bytes:
    content = f"{status.phrase}\n".encode() if body is None else body
    head = (
        f"HTTP/1.1 {status.value} {status.phrase}\r\nContent-Type: {kind}\r\nContent-Length: {len(content)}\r\n"
        f"{extra}Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n"
    )
    return head.encode("ascii") + content
