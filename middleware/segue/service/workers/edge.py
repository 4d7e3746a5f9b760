"""The edge of a service of workers: it holds the connections of clients, and passes whole messages to and fro.

It makes the handshakes, checks tokens and bounds, and reads one message of a client: the hello, which may name the
session that it comes back to. Everything else, music above all, passes through unread.

A worker that is gone is, for a client, a service that was restarted behind its connection: it says hello again, and the
worker that gets it restores the music from the client's resume cell.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import time
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Final

from segue.contract import StyleEncoder
from segue.service.connection_handler import TICK_S
from segue.service.front import open_front
from segue.service.listener import Listener
from segue.service.monitoring import Health
from segue.service.rule_store import RuleStore
from segue.service.server import note_edit, note_serving
from segue.service.settings.configuration import ServiceConfig
from segue.service.workers.control import Accept, socket_pair
from segue.service.workers.figures import EdgeMetrics
from segue.service.workers.pipe import EdgePipe
from segue.service.workers.pool import WorkerPool
from segue.service.workers.process import WorkerProcess
from segue.service.workers.worker import KEY_PREFIX_BYTES
from segue_sdk.codec import decode, encode
from segue_sdk.errors import ProtocolError
from segue_sdk.messages import Bye, Error, Hello

log = logging.getLogger(__name__)

_MEASURE_S: Final = 0.5
_RELOAD_S: Final = 0.5
# When a client may connect again that no worker has a place for, or if the service stops.
_RETRY_MS: Final = 1_000
# Messages of a client that are kept until its worker answers the first time; a client waits after its hello.
_MOST_UNANSWERED: Final = 16
# How long the service that stops waits for what its workers have sent last.
_LAST_WORDS_S: Final = 1.0


class Edge:
    """A service of several processes. Made, run until it is stopped; in one event loop.

    Attributes:
        metrics: The metrics of the whole service.
        rule_store: The soundtracks that clients may ask for.
        addresses: Where it listens, once it runs.
    """

    def __init__(
        self,
        config: ServiceConfig,
        encoders: Sequence[StyleEncoder],
        command: Sequence[str],
        *,
        version: str,
        serving: Callable[[Sequence[str]], None] = lambda addresses: None,
    ) -> None:
        """Load the rule files.

        Args:
            config: What the service is configured to do, with at least one worker.
            encoders: Encode the prompts of styles.
            command: The program of a worker.
            version: Version of Segue.
            serving: Called with the addresses once clients may connect.

        Raises:
            RuleError: Rule files have mistakes.
        """
        self._config = config
        self._serving = serving
        self.metrics = EdgeMetrics()
        self._health = Health(time.monotonic)
        self.rule_store = RuleStore(config, encoders)
        self._pool = WorkerPool(config, command, self.rule_store, self.metrics, version)
        self._listener: Listener | None = None
        self._routes: dict[bytes, _Route] = {}
        # Clients whose worker is gone, until they say hello again.
        self._lost: set[bytes] = set()
        self._numbers = 0
        self._counted_messages = 0
        self._draining = False
        self._stopping = asyncio.Event()
        self.addresses: list[str] = []

    async def run(self) -> None:
        """Serve until `stop`.

        Raises:
            OSError: An address cannot be bound, or a worker cannot be started.
            InsecureBindError: An address is public and there is no token.
            CertificateError: The certificate or its key cannot be used.
            GeneratorError: A worker cannot play.
        """
        async with contextlib.AsyncExitStack() as stack:
            stack.callback(self._pool.kill)
            listener, self.addresses = await open_front(
                stack,
                self._config,
                self.metrics,
                self._health,
                receive=self._receive,
                closed=self._on_closed,
                has_session=self._has_session,
                # A client's socket, and the pair to its worker, of which one end is soon passed on.
                descriptors=2,
            )
            self._listener = listener
            stopping = asyncio.ensure_future(self._stopping.wait())
            if not await self._pool.start(stopping):
                return
            listener.start()
            self._health.ready()
            note_serving(self.rule_store, self.addresses)
            self._serving(self.addresses)
            tasks = [asyncio.ensure_future(_repeated(work)) for work in (self._tick, self._watch)]
            await stopping
            self._health.unready("the service stops")
            self._draining = True
            await self._pool.stop()
            left_s = _LAST_WORDS_S
            while self._routes and left_s > 0:
                await asyncio.sleep(TICK_S)
                left_s -= TICK_S
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)

    def stop(self) -> None:
        """Drain and end; to be called in the loop."""
        self._stopping.set()

    # --- clients ----------------------------------------------------------------------------------------------------

    def _receive(self, identity: bytes, parts: list[bytes]) -> float:
        """Pass a message on; returns for how many seconds not to read its client, infinity until its worker reads."""
        route = self._routes.get(identity)
        if route is None:
            hello = _hello_in(parts)
            if identity in self._lost and hello is None:
                # It is for the session that is gone; the client does not know yet.
                return 0.0
            route = self._open_route(identity, _worker_of(hello))
        if route is None:
            self._refuse(identity)
            # Whoever goes on all the same is answered no more often than this.
            return _RETRY_MS / 1000
        route.send(parts)
        return math.inf if route.pipe.is_full else 0.0

    def _on_closed(self, identity: bytes) -> None:
        self._lost.discard(identity)
        route = self._routes.pop(identity, None)
        if route is not None:
            route.close(comes_back=True)

    def _has_session(self, identity: bytes) -> bool:
        route = self._routes.get(identity)
        return route is not None and route.playing

    def _refuse(self, identity: bytes) -> None:
        self._say(identity, Bye(reason="drain" if self._draining else "internal", retry_ms=_RETRY_MS))

    def _say(self, identity: bytes, message: Bye | Error) -> None:
        if self._listener is not None:
            self._listener.send(identity, encode(message))

    # --- routes -----------------------------------------------------------------------------------------------------

    def _open_route(self, identity: bytes, number: int, tried: Sequence[WorkerProcess] = ()) -> _Route | None:
        """Choose a worker for a client, and give it the connection; None if there is none.

        Args:
            number: Of the worker that has the client's session; 0 for none.
            tried: Workers that were gone before they could answer.
        """
        worker = None if self._draining else self._pool.choose(number, tried)
        if worker is None or self._listener is None:
            return None
        try:
            ours, theirs = socket_pair()
        except OSError as error:
            log.error("a client cannot be passed to a worker", extra={"reason": str(error)})
            return None
        self._numbers += 1
        pipe = EdgePipe(
            lambda answer: self._pass_back(route, identity, answer),
            lambda: self._release(identity),
            lambda: self._on_pipe_lost(identity),
        )
        route = self._routes[identity] = _Route(self._numbers, worker, pipe, tried)
        self._lost.discard(identity)
        pipe.begin(ours)
        worker.connections.add(route.number)
        worker.send(Accept(route.number, self._listener.address_of(identity)), theirs)
        return route

    def _pass_back(self, route: _Route, identity: bytes, parts: list[bytes]) -> None:
        route.unanswered = None
        if self._listener is not None:
            self._listener.send(identity, parts)

    def _release(self, identity: bytes) -> None:
        if self._listener is not None:
            self._listener.release(identity)

    def _on_pipe_lost(self, identity: bytes) -> None:
        """Let a client say hello again, since its worker is gone, or ended its connection."""
        route = self._routes.pop(identity, None)
        if route is None or self._listener is None:
            return
        played = route.playing
        route.close(comes_back=False)
        if self._draining:
            # The worker has said goodbye.
            self._listener.finish(identity)
        elif route.unanswered is not None:
            # It was gone before it could answer: another one is asked the same.
            again = self._open_route(identity, 0, [*route.tried, route.worker])
            if again is None:
                self._refuse(identity)
            else:
                for parts in route.unanswered:
                    again.send(parts)
            self._listener.release(identity)
        elif played:
            self._lost.add(identity)
            text = "the process that played the session is gone; say hello again"
            self._say(identity, Error(code="no_session", text=text))
            self._listener.release(identity)
        else:
            self._listener.finish(identity)

    # --- tasks ------------------------------------------------------------------------------------------------------

    async def _tick(self) -> None:
        ticked_s, measured_s = time.monotonic(), -math.inf
        while True:
            await asyncio.sleep(TICK_S)
            now_s = time.monotonic()
            step_s, ticked_s = now_s - ticked_s, now_s
            self._pool.tend(step_s)
            self._health.tick()
            if now_s - measured_s >= _MEASURE_S:
                measured_s = now_s
                self._measure()

    def _measure(self) -> None:
        if self._listener is not None:
            received = self._listener.received_messages
            self.metrics.set_connections(len(self._listener), received - self._counted_messages)
            self._counted_messages = received
        if not self._draining:
            if len(self._pool):
                self._health.ready()
            else:
                self._health.unready("no worker can play")

    async def _watch(self) -> None:
        """Reload edited rule files, for all workers at once."""
        while self._config.reload:
            for edit in await asyncio.to_thread(self.rule_store.changed):
                note_edit(edit, self.metrics)
                self._pool.edited(edit)
            await asyncio.sleep(_RELOAD_S)
        await asyncio.Event().wait()


class _Route:
    """A client's way to its worker.

    Attributes:
        number: Names the connection to the worker.
        worker: Where it leads.
        pipe: Carries the messages.
        tried: Workers that were gone before they could answer.
        unanswered: What the client sent so far; None once the worker has answered, or when that is too much.
    """

    def __init__(self, number: int, worker: WorkerProcess, pipe: EdgePipe, tried: Sequence[WorkerProcess]) -> None:
        self.number = number
        self.worker = worker
        self.pipe = pipe
        self.tried = tried
        self.unanswered: list[list[bytes]] | None = []

    def send(self, parts: list[bytes]) -> None:
        """Pass a message of the client on."""
        if self.unanswered is not None:
            self.unanswered = [*self.unanswered, parts] if len(self.unanswered) < _MOST_UNANSWERED else None
        self.pipe.send(parts)

    @property
    def playing(self) -> bool:
        """Whether a session is played over it."""
        return self.number in self.worker.playing

    def close(self, *, comes_back: bool) -> None:
        """Close it. comes_back: Whether a session that is played over it now waits for its client."""
        # Until the worker says so itself.
        self.worker.away += comes_back and self.playing
        self.worker.connections.discard(self.number)
        self.worker.playing.discard(self.number)
        self.pipe.close()


def _hello_in(parts: Sequence[bytes]) -> Hello | None:
    """Return the hello that a message is; None for any other, and for one that cannot be read."""
    try:
        message = decode(parts)
    except ProtocolError:
        return None
    return message if isinstance(message, Hello) else None


def _worker_of(hello: Hello | None) -> int:
    """Return the number of the worker that has the session which a hello names; 0 if it names none."""
    if hello is None or hello.resume is None:
        return 0
    return int.from_bytes(hello.resume[:KEY_PREFIX_BYTES])


async def _repeated(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run work that should never end, again if a fault ends it: the service cannot go on without it."""
    while True:
        try:
            await work()
        except Exception:
            log.exception("a fault of the service")
        await asyncio.sleep(TICK_S)
