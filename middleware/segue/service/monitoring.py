"""What the service reports about itself: Prometheus metrics, liveness and readiness, and the HTTP server for them."""

from __future__ import annotations

import asyncio
import logging
import math
import threading
import time
from collections import Counter as Tally
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from functools import partial
from http import HTTPStatus
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from segue.service.auth import RefusalReason
from segue.service.settings.kinds import Endpoint

log = logging.getLogger(__name__)

# Bucket edges around the promised reaction times: 350 and 600 ms idle, 600 and 900 ms beside a busy core.
_REACTION_S: Final = (0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5, 0.6, 0.75, 0.9, 1.2, 2.0, 5.0)
_GENERATION_S: Final = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2)
_BUFFERED_S: Final = (0.05, 0.1, 0.2, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 10.0, 20.0, 30.0)
_BATCH: Final = (1, 2, 3, 4, 6, 8, 16, 32, 64)


class Metrics:
    """The service's metrics, updated as things happen; no label is of a single session. Each has its own registry."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        counter = partial(Counter, registry=self.registry)
        gauge = partial(Gauge, registry=self.registry)
        histogram = partial(Histogram, registry=self.registry)
        self._sessions = gauge("segue_sessions", "Sessions by whether a client is connected.", ["state"])
        self._levels = gauge("segue_fallback_sessions", "Sessions by level of the fallback chain.", ["level"])
        self._headroom = gauge("segue_headroom", "Seconds of music generated in a second, of the slowest session.")
        self._opened = counter("segue_sessions_opened", "Sessions opened.")
        self._closed = counter("segue_sessions_closed", "Sessions closed, by reason.", ["reason"])
        self._chunks = counter("segue_chunks", "Chunks sent, by why they were generated.", ["reason"])
        self._bytes = counter("segue_sent_bytes", "Bytes sent to clients.")
        self._events = counter("segue_events", "Events answered, by receipt code.", ["code"])
        self._connections = gauge("segue_connections", "Connections, with and without a session.")
        self._refused_connections = counter(
            "segue_refused_connections", "Connections refused or ended by the service, by reason.", ["reason"]
        )
        self._received = counter("segue_received_messages", "Messages received, whole and within the limits.")
        self._refused = counter("segue_refused_messages", "Messages refused, by error code.", ["code"])
        self._underruns = counter("segue_underruns", "Underruns that clients reported.")
        self._late = counter("segue_late_chunks", "Chunks that clients got after their start was committed.")
        self._dropped = counter("segue_dropped_chunks", "Chunks that clients could not use.")
        self._fallbacks = counter("segue_fallbacks", "Changes of the generator, by the new level.", ["level"])
        self._stalls = counter("segue_generator_stalls", "Generator calls abandoned.")
        self._restores = counter("segue_restores", "Restores, by what could be restored.", ["outcome"])
        self._reloads = counter("segue_reloads", "Edited rule files, by whether they were accepted.", ["outcome"])
        self._generation = histogram("segue_generation_seconds", "Time of a generator call.", buckets=_GENERATION_S)
        self._batches = histogram("segue_batch_sessions", "Sessions generated in a call.", buckets=_BATCH)
        self._buffered = histogram(
            "segue_buffered_seconds",
            "Music a client has that it has not handed to its engine, at each of its reports.",
            buckets=_BUFFERED_S,
        )
        self._reaction = histogram(
            "segue_event_to_audible_seconds",
            "From an event's arrival to the first sample made with it.",
            buckets=_REACTION_S,
        )
        self._faults = counter("segue_faults", "Faults of the service's own, by where; most end a session.", ["where"])
        self._known_levels: set[int] = set()

    # --- sessions ---------------------------------------------------------------------------------------------------

    def opened(self) -> None:
        """Count a session that was opened."""
        self._opened.inc()

    def closed(self, reason: str) -> None:
        """Count a session that was closed.

        Args:
            reason: One of a fixed few, never a client's words.
        """
        self._closed.labels(reason).inc()

    def set_sessions(self, *, connected: int, waiting: int, levels: Iterable[int], headroom: float) -> None:
        """Set what is true of all sessions now.

        Args:
            connected: Sessions with a client.
            waiting: Sessions whose client is away.
            levels: Level of each session in the fallback chain.
            headroom: The least of all sessions.
        """
        self._sessions.labels("connected").set(connected)
        self._sessions.labels("waiting").set(waiting)
        now = Tally(levels)
        self._known_levels |= now.keys()
        for level in self._known_levels:
            self._levels.labels(level).set(now[level])
        self._headroom.set(headroom)

    def restored(self, outcome: str) -> None:
        """Count a restore.

        Args:
            outcome: `all`, `rules` or `nothing`.
        """
        self._restores.labels(outcome).inc()

    # --- connections ------------------------------------------------------------------------------------------------

    def set_connections(self, number: int, messages: int) -> None:
        """Set the number of connections, and count the messages that were received since the last call."""
        self._connections.set(number)
        self._received.inc(messages)

    def refused_connection(self, reason: RefusalReason) -> None:
        """Count a connection that was refused, or ended for what it did."""
        self._refused_connections.labels(reason.value).inc()

    # --- messages ---------------------------------------------------------------------------------------------------

    def sent(self, size: int) -> None:
        """Count the bytes of a message that was sent."""
        self._bytes.inc(size)

    def chunk(self, reason: str) -> None:
        """Count a chunk."""
        self._chunks.labels(reason).inc()

    def event(self, code: str) -> None:
        """Count an event that was answered."""
        self._events.labels(code).inc()

    def refused(self, code: str) -> None:
        """Count a message that was refused."""
        self._refused.labels(code).inc()

    def reported(self, *, buffered_s: float, underruns: int, late: int, dropped: int) -> None:
        """Count what a playhead reports; underruns, late and dropped chunks are those since the playhead before."""
        self._buffered.observe(buffered_s)
        self._underruns.inc(underruns)
        self._late.inc(late)
        self._dropped.inc(dropped)

    def audible(self, seconds: float) -> None:
        """Observe the time from an event's arrival to the sound that it causes."""
        self._reaction.observe(seconds)

    def fault(self, where: str) -> None:
        """Count a fault of the service.

        Args:
            where: One of a fixed few.
        """
        self._faults.labels(where).inc()

    # --- generation -------------------------------------------------------------------------------------------------

    def generated(self, *, seconds: float, sessions: int) -> None:
        """Observe a generator call."""
        self._generation.observe(seconds)
        self._batches.observe(sessions)

    def stalled(self) -> None:
        """Count a generator call that was abandoned."""
        self._stalls.inc()

    def fell_back(self, level: int) -> None:
        """Count a session's change to another level of the fallback chain."""
        self._fallbacks.labels(level).inc()

    def reloaded(self, *, accepted: bool) -> None:
        """Count an edited rule file."""
        self._reloads.labels("accepted" if accepted else "refused").inc()

    def exposition(self) -> bytes:
        """Return all metrics in Prometheus' text format."""
        return generate_latest(self.registry)


# --- health ---------------------------------------------------------------------------------------------------------

# The service's loop ticks every 50 ms; after this long without a tick the process should be restarted.
_TICK_LIMIT_S: Final = 5.0


class Health:
    """Whether the service is alive and ready for clients. Written by its loop, read by any thread."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin alive and not ready.

        Args:
            clock: Monotonic seconds.
        """
        self._clock = clock
        self._ticked_s = math.inf
        self._not_ready = "the generators are being built"

    def tick(self) -> None:
        """Note that the service's loop runs."""
        self._ticked_s = self._clock()

    def ready(self) -> None:
        """Become ready for clients."""
        self._not_ready = ""

    def unready(self, reason: str) -> None:
        """Send clients elsewhere."""
        self._not_ready = reason

    def live_fault(self) -> str:
        """Return why the process should be ended; "" if it is alive. Until the first tick it counts as alive."""
        silent_s = self._clock() - self._ticked_s
        return f"the service's loop has not run for {silent_s:.1f} s" if silent_s > _TICK_LIMIT_S else ""

    def ready_fault(self) -> str:
        """Return why the service should get no clients; "" if it is ready."""
        return self.live_fault() or self._not_ready


_HEAD_BYTES: Final = 8_192
# A greeting of ZMTP begins with this byte, and no request of HTTP does.
_ZMTP: Final = b"\xff"
# One more connection replaces the oldest, so that slow clients harm only each other.
_MOST_CONNECTIONS: Final = 32
# Connections that wait to be accepted. While no descriptor is free, asyncio logs as many errors at once.
_BACKLOG: Final = 8
# The metrics are written at most this often, however many clients ask.
_METRICS_S: Final = 0.2
# Bytes read and dropped after the answer, of one client.
_MOST_DROPPED_BYTES: Final = 16 << 20
_ACCEPTING_ROUNDS: Final = 10
_ACCEPTING_S: Final = 0.02
_ALL_ADDRESSES: Final = "0.0.0.0"
_TEXT: Final = "text/plain; charset=utf-8"


class HealthServer:
    """Answers GET `/healthz`, `/readyz` and `/metrics`, from `start` to `close`.

    It has a thread of its own, so that it can say when the service hangs.

    Attributes:
        address: Where it listens, once it is started.
    """

    def __init__(
        self,
        address: Endpoint,
        health: Health,
        metrics: Metrics,
        *,
        clients: Sequence[str] = (),
        timeout_s: float = 3.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Serve at an address.

        Args:
            address: Where to listen.
            health: Answers `/healthz` and `/readyz`.
            metrics: Answers `/metrics`.
            clients: Where clients of the service connect, to tell one that came here.
            timeout_s: Time that a client may take for its request and for reading the answer, in all.
            clock: Monotonic seconds.
        """
        self._clock = clock
        self.address = address
        self._timeout_s = timeout_s
        self._health = health
        self._metrics = metrics
        self._clients = tuple(clients)
        self._written_s = -math.inf
        self._written = b""
        self._thread: threading.Thread | None = None
        self._stop: Callable[[], object] = lambda: None
        # The open connections, the oldest first, with the tasks that serve them.
        self._connections: dict[asyncio.WriteTransport, asyncio.Task[None]] = {}

    def start(self) -> None:
        """Listen. Raises: OSError if that is not possible."""
        listening: Future[Endpoint] = Future()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run(listening)), name="health", daemon=True)
        self._thread.start()
        self.address = listening.result()

    def close(self) -> None:
        """Close the socket and all connections, and wait for the thread to end."""
        self._stop()
        if self._thread is not None:
            self._thread.join()

    async def _run(self, listening: Future[Endpoint]) -> None:
        stopping = asyncio.Event()
        host, port = self.address
        try:
            server = await asyncio.start_server(
                self._accept,
                _ALL_ADDRESSES if host == "*" else host,
                port,
                limit=_HEAD_BYTES,
                backlog=_BACKLOG,
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
        """Let half-accepted connections arrive: a server that closes leaves them open (CPython issue 109564)."""
        for _ in range(_ACCEPTING_ROUNDS):
            accepting = asyncio.all_tasks() - {asyncio.current_task(), *self._connections.values()}
            if not accepting:
                return
            # On Windows one task always waits for the next connection.
            await asyncio.wait(accepting, timeout=_ACCEPTING_S)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._connections) >= _MOST_CONNECTIONS:
            next(iter(self._connections)).abort()
        self._connections[writer.transport] = asyncio.ensure_future(self._serve(reader, writer))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(self._timeout_s):
                writer.write(await self._answer(reader))
                await writer.drain()
                writer.write_eof()
                # Closing over unread bytes would reset the connection, and the answer would be lost with it.
                dropped = 0
                while dropped < _MOST_DROPPED_BYTES and (data := await reader.read(_HEAD_BYTES)):
                    dropped += len(data)
        except (TimeoutError, OSError):
            log.debug("a health client took too long or went away")
        finally:
            writer.transport.abort()
            del self._connections[writer.transport]

    async def _answer(self, reader: asyncio.StreamReader) -> bytes:
        try:
            head = await reader.readexactly(1)
            if head == _ZMTP:
                # A client of the service waits for our greeting, and would wait until the timeout.
                return _response(HTTPStatus.BAD_REQUEST, self._wrong_port())
            head += await reader.readuntil(b"\r\n\r\n")
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
                return _response(HTTPStatus.OK, self._exposition(), CONTENT_TYPE_LATEST)
        return _response(HTTPStatus.NOT_FOUND)

    def _wrong_port(self) -> bytes:
        where = f"connect to {' or '.join(self._clients)}" if self._clients else "have a port of their own"
        return f"this is Segue's HTTP port; clients {where}\n".encode()

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
