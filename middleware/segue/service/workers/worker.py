"""What a worker of a service does: it plays the sessions of the connections that the edge hands over.

It is a whole service without addresses of its own. What reaches it comes from the edge: connections, edited rules, and
the word to stop.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import select
import socket
import threading
import time
from collections.abc import Sequence
from typing import Any, Final

from segue.contract import Generator, GeneratorError, StyleEncoder
from segue.service.listener import Listener, ListenerLimits
from segue.service.outgoing import Parts
from segue.service.rule_store import RuleStore
from segue.service.server import Service
from segue.service.workers.control import (
    Accept,
    ControlChannel,
    ControlMessage,
    Edited,
    Failed,
    Ping,
    Places,
    Playing,
    Ready,
    Report,
    Start,
    Stop,
)
from segue.service.workers.figures import figures_of
from segue.service.workers.pipe import WorkerConnection

KEY_PREFIX_BYTES: Final = 4
"""Keys of sessions begin with the number of their worker, in so many bytes, the highest first."""
# Once the edge is gone, a worker that does not end by itself is ended after so long.
_ORPHANED_S: Final = 5.0


class WorkerService(Service):
    """The service inside a worker."""

    def __init__(
        self,
        start: Start,
        encoders: Sequence[StyleEncoder],
        generators: Sequence[Generator[Any]],
        connected: socket.socket,
    ) -> None:
        """Begin without connections.

        Args:
            start: What it is to play.
            encoders, generators: As those of `Service`.
            connected: The worker's end of the control channel.
        """
        super().__init__(
            start.config,
            encoders,
            generators,
            version=start.version,
            serving=lambda addresses: self._ready(),
            rule_store=RuleStore(start.config, encoders, loaded=start.soundtracks),
            key_prefix=start.number.to_bytes(KEY_PREFIX_BYTES),
        )
        self._connected = connected
        self._channel: ControlChannel | None = None
        self._orphaned = False
        # The edge's numbers of connections, and of which of them it was told that a session is played.
        self._numbers: dict[bytes, int] = {}
        self._told: set[bytes] = set()

    async def _open(self, stack: contextlib.AsyncExitStack) -> Listener:
        """Listen to the edge. Its channel is closed last: until then it knows that the worker still sends."""
        self._channel = ControlChannel(self._connected, self._on_message, self._on_edge_lost)
        stack.push(self._end)
        limits = ListenerLimits(connections=self._config.most_connections, handshakes=self._config.most_connections)
        return await stack.enter_async_context(
            Listener(
                token=None,
                receive=self._handler.receive,
                closed=self._on_closed,
                has_session=self._handler.has_session,
                clock=time.monotonic,
                limits=limits,
                refused=self.metrics.refused_connection,
            )
        )

    def _end(self, kind: object, error: BaseException | None, traceback: object) -> None:
        """Say why it cannot play, if that is why it ends."""
        if isinstance(error, GeneratorError):
            self._tell(Failed(str(error)))
        if self._channel is not None:
            self._channel.close()

    def _ready(self) -> None:
        # What was loaded so far stays.
        gc.freeze()
        gc.enable()
        self._tell(Ready())

    def _tell(self, message: ControlMessage) -> None:
        if self._channel is not None:
            self._channel.send(message)

    # --- from the edge ----------------------------------------------------------------------------------------------

    def _on_message(self, message: ControlMessage, passed: socket.socket | None) -> None:
        with self._guard.task("edge"):
            match message:
                case Accept(number=number, address=address) if passed is not None and self._listener is not None:
                    self._numbers[self._listener.adopt(passed, address, WorkerConnection())] = number
                case Places(sessions=sessions):
                    self.sessions.set_places(sessions)
                case Edited(edit=edit):
                    self.rule_store.apply(edit)
                    self._apply(edit)
                case Ping():
                    self._tell(message)
                case Stop():
                    self.stop()

    def _on_edge_lost(self) -> None:
        self._orphaned = True
        self.stop()

    def _on_closed(self, identity: bytes) -> None:
        self._numbers.pop(identity, None)
        self._told.discard(identity)
        self._handler.closed(identity)

    # --- to the edge ------------------------------------------------------------------------------------------------

    def _send(self, identity: bytes, parts: Parts) -> bool:
        self._tell_playing(identity)
        return super()._send(identity, parts)

    def _tend(self, step_s: float) -> None:
        super()._tend(step_s)
        for identity in self._numbers:
            self._tell_playing(identity)

    def _tell_playing(self, identity: bytes) -> None:
        """Tell whether a session is played over a connection, where that has changed."""
        playing = self._handler.has_session(identity)
        if identity in self._numbers and playing != (identity in self._told):
            self._told ^= {identity}
            self._tell(Playing(self._numbers[identity], playing))

    def _measure(self) -> None:
        super()._measure()
        self._tell(Report(self.sessions.away, self.sessions.idle, figures_of(self.metrics.registry)))

    def _measure_connections(self) -> None:
        """Leave connections to the edge: it has the clients'."""

    async def _drain(self) -> None:
        """Fill the clients' buffers, unless the edge is gone, and their connections with it."""
        if not self._orphaned:
            await super()._drain()


def serve_worker(
    start: Start, encoders: Sequence[StyleEncoder], generators: Sequence[Generator[Any]], connected: socket.socket
) -> None:
    """Run a worker until the edge stops it or is gone. Raises: GeneratorError if a generator cannot play."""
    _end_with_edge(connected)
    asyncio.run(WorkerService(start, encoders, generators, connected).run())


def _end_with_edge(connected: socket.socket) -> None:
    """End the process some time after the edge is gone, also if its loop hangs."""
    number = os.dup(connected.fileno())

    def watch() -> None:
        hung_up = select.poll()
        # Waits for nothing but the end, which is always reported.
        hung_up.register(number, 0)
        hung_up.poll()
        time.sleep(_ORPHANED_S)
        os._exit(1)

    threading.Thread(target=watch, name="edge", daemon=True).start()
