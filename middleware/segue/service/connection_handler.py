"""Handles the messages of all connections: each is decoded, then answered or refused, and none can end the service.

It knows connections by their identity only and uses no socket. Each connection has a budget of work, so that no client
can keep the service from the others.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Final

from segue.service import wire
from segue.service.connection import RETRY_MS, Connection
from segue.service.monitoring import Metrics
from segue.service.outgoing import Parts
from segue.service.server_session import ServerSession
from segue.service.sessions import Sessions
from segue.service.wire import RequestRefusedError
from segue_sdk.codec import Part, decode, type_of
from segue_sdk.errors import ProtocolError
from segue_sdk.limits import SILENCE_S, VERSION
from segue_sdk.messages import Bye, Control, Error, Event, Hello, Message, Playhead, Restore, Save

log = logging.getLogger(__name__)

TICK_S: Final = 0.05
"""Seconds between two calls of `ConnectionHandler.tick`."""
# A session that was ticked with its client's playhead so long ago at most needs no tick of its own.
_TICKED_S: Final = 0.9 * TICK_S
# However many playheads its client sends.
_LEAST_TICK_S: Final = TICK_S / 2
# The service's loop is late when a tick comes this much after its time; it counts as late for a while then.
_LATE_S: Final = 0.1
_LATE_FOR_S: Final = 2.0
# Connections without a session that are remembered, beside those with one.
_MOST_WITHOUT_SESSION: Final = 256
_FROM_CLIENTS: Final = (Event, Playhead, Save, Restore, Control)
_UNEXPECTED: Final = "clients do not send this type of message"
# Requests of a connection that are done or wait.
_MOST_REQUESTS: Final = 8
_TOO_MANY_REQUESTS: Final = "too many saves, restores and changes of rules or generator in the last seconds"


class ConnectionHandler:
    """Connects clients to their sessions. To be used from one event loop."""

    def __init__(
        self,
        sessions: Sessions,
        send: Callable[[bytes, Parts], bool],
        clock: Callable[[], float],
        metrics: Metrics,
        wake: Callable[[], None],
    ) -> None:
        """Handle the connections to a service's sessions.

        Args:
            sessions: The service's sessions.
            send: Sends the parts of a message to an identity; False if the connection is gone.
            clock: Monotonic seconds.
            metrics: Counts refused messages.
            wake: Called when music may be wanted at once.
        """
        self._sessions = sessions
        self._send = send
        self._clock = clock
        self._metrics = metrics
        self._wake = wake
        self._connections: dict[bytes, Connection] = {}
        self._ticked_s = -math.inf
        self._late_until_s = -math.inf
        self._guard = sessions.guard
        self._guard.end_session = self.end_broken
        self.draining = False

    # --- called by the service --------------------------------------------------------------------------------------

    def flush(self, session: ServerSession) -> None:
        """Send a session's outgoing messages."""
        with self._guard.session(session, "flush"):
            for parts in session.outgoing():
                if session.connection is None or not self._send(session.connection, parts):
                    self._disconnect(session)
                    return

    def tick(self) -> None:
        """Drop silent connections, close expired sessions and send what the others have; every 50 ms."""
        now_s = self._clock()
        if self._ticked_s > -math.inf and now_s - self._ticked_s > TICK_S + _LATE_S:
            self._late_until_s = now_s + _LATE_FOR_S
        self._ticked_s = now_s
        for connection in list(self._connections.values()):
            # A blocked connection is remembered until its work is paid for, or it would get a new budget.
            if now_s - max(connection.received_s, connection.budget.blocked_until_s) >= SILENCE_S:
                self._forget(connection)
            elif connection.session is not None and connection.session not in self._sessions:
                connection.release_idle()
        for session in self._sessions:
            with self._guard.session(session, "tick"):
                if session.expired(now_s):
                    self._sessions.close(session, "expired")
                    continue
                if now_s - session.ticked_s < _TICKED_S:
                    continue
                session.tick(now_s)
            self.flush(session)

    def extend_deadlines(self, seconds: float, *, suspended: bool) -> None:
        """Discount a time in which nothing was received.

        Args:
            seconds: How long it was.
            suspended: Whether the process did not run. Then the loop is not late for want of processor time, and what
                clients sent meanwhile is read without limits on planning.
        """
        if suspended:
            self._ticked_s += seconds
        for connection in self._connections.values():
            connection.received_s += seconds
        for session in self._sessions:
            session.received_s += seconds

    def say_goodbye(self, reason: str, text: str, retry_ms: int | None) -> None:
        """Send `bye` to every connection, and from now on to everyone who says hello."""
        self.draining = True
        for connection in list(self._connections.values()):
            with self._guard.task("goodbye"):
                connection.send(Bye(reason=reason, text=text, retry_ms=retry_ms))

    def end_broken(self, session: ServerSession) -> None:
        """Close a session after a fault of the service; its client is asked to connect again and restore."""
        connections = [one for one in self._connections.values() if one.session is session]
        try:
            self._sessions.close(session, "broken")
        finally:
            for connection in connections:
                connection.release_broken(self._clock())

    # --- called by the listener -------------------------------------------------------------------------------------

    def has_session(self, identity: bytes) -> bool:
        """Return whether a session is played over the connection."""
        connection = self._connections.get(identity)
        return connection is not None and connection.session is not None

    def closed(self, identity: bytes) -> None:
        """Forget a connection that is gone; its session waits for the client to come back."""
        connection = self._connections.get(identity)
        if connection is not None:
            self._forget(connection)

    def receive(self, identity: bytes, parts: Sequence[Part]) -> float:
        """Handle the parts of one message. It raises nothing, whatever they hold.

        Returns:
            Seconds for which the caller should read nothing from this connection, since it has used up its budget. A
            client that is read all the same is blocked before anything more is decoded.
        """
        now_s = self._clock()
        connection = self._connection(identity, now_s)
        budget = connection.budget
        if blocked_s := budget.blocked_s(now_s):
            return blocked_s
        connection.received_s = now_s
        budget.charge_message(parts, now_s)
        if budget.is_flooding(now_s):
            return self._block(connection, now_s)
        try:
            self._decode(connection, parts, now_s)
            planning_s = self._charge_planning(connection, now_s)
        # Whatever a message causes must not end the service for everybody else.
        except Exception:
            self._on_fault(connection, "message", connection.session)
            planning_s = 0.0
        return max(budget.debt_s(now_s), planning_s)

    # --- messages ---------------------------------------------------------------------------------------------------

    def _charge_planning(self, connection: Connection, now_s: float) -> float:
        """Charge for the planning that a client caused; returns seconds not to read it, while the loop is late."""
        if connection.session is None:
            return 0.0
        return connection.budget.charge_planning(
            connection.session.planning_us(), len(self._sessions), now_s, late=now_s < self._late_until_s
        )

    def _decode(self, connection: Connection, parts: Sequence[Part], now_s: float) -> None:
        refusal: ProtocolError | RequestRefusedError
        try:
            message = decode(parts)
        except ProtocolError as error:
            refusal = error
        else:
            try:
                if not connection.budget.charge_request(message, now_s):
                    raise RequestRefusedError("rate_limited", _TOO_MANY_REQUESTS)
                # A ProtocolError from here is a message of our own that breaks a limit.
                self._handle(connection, message, now_s)
                return
            except RequestRefusedError as error:
                refusal = error
        self._metrics.refused(refusal.code)
        if not connection.budget.may_send_error(now_s):
            return
        # Reading a message a second time, for its type, is part of the answer.
        about, seq = type_of(parts)
        connection.send_error(wire.error(refusal, about, seq))
        is_hello = about == "hello" or not (about or connection.was_welcomed)
        if is_hello and connection.session is None and connection.task is None:
            # The client would say the same again.
            connection.send(Bye(reason="refused", text="the hello cannot be read"))

    def _handle(self, connection: Connection, message: Message, now_s: float) -> None:
        session = connection.session
        if isinstance(message, Error):
            connection.log_error(message, now_s)
        elif isinstance(message, Bye):
            if session is not None:
                self._sessions.close(session, "quit")
            connection.release()
        elif isinstance(message, Hello):
            self._on_hello(connection, message, now_s)
        elif session is None:
            if type(message) not in _FROM_CLIENTS:
                raise RequestRefusedError("unexpected", _UNEXPECTED)
            raise RequestRefusedError("no_session", "expected hello first")
        elif session not in self._sessions:
            connection.release_idle()
        else:
            session.received_s = now_s
            self._on_session_message(connection, session, message, now_s)
            self.flush(session)

    def _on_session_message(
        self, connection: Connection, session: ServerSession, message: Message, now_s: float
    ) -> None:
        if not isinstance(message, Playhead):
            # The next tick has news to tell, however soon it comes.
            session.ticked_s = -math.inf
        match message:
            case Event(events=items):
                session.on_events(items, now_s)
                self._wake()
            case Playhead() if session.restoring and not session.playing:
                # Whichever connection it comes over: music made now would not be the restored music.
                session.held_playhead = message, now_s
            case Playhead():
                session.on_playhead(message, now_s)
                # Here a tick costs less than on its own: the process is awake, and one flush sends all.
                if now_s - session.ticked_s >= _LEAST_TICK_S:
                    session.tick(now_s)
                if session.music.idle_s(now_s) <= 0:
                    self._wake()
            case Save() if connection.task is not None:
                # It is of the music after the requests before it.
                self._start(connection, self._save(session, message), "save", message.id)
            case Save():
                session.on_save(message)
            case Restore() if message.id in session.restoring:
                # It came over the connection before this one; the answer goes to whoever has the session then.
                pass
            case Restore():
                self._start(connection, self._restore(session, message), "restore", message.id)
                # From here on, not from when it begins: the next message may be a playhead.
                session.restoring.add(message.id)
            case Control(op="rules"):
                self._start(connection, self._sessions.change_rules(session, message), "control")
            case Control(op="generator"):
                self._sessions.change_generator(session, message.generator or "")
            case Control():
                session.on_control(message, now_s)
                self._wake()
            case _:
                raise RequestRefusedError("unexpected", _UNEXPECTED)

    def _on_hello(self, connection: Connection, hello: Hello, now_s: float) -> None:
        if self.draining:
            connection.send(Bye(reason="drain", retry_ms=RETRY_MS))
        elif connection.session is not None:
            connection.welcome_again(now_s)
        elif VERSION not in hello.versions:
            error = Error(code="unsupported_version", text=f"expected {VERSION}", about="hello")
            connection.refuse(error, now_s)
            connection.send(Bye(reason="refused", text="no protocol version in common"))
            connection.release()
        elif connection.task is None:
            self._start(connection, self._open(connection, hello), "hello")

    # --- requests that take a while ---------------------------------------------------------------------------------

    def _start(self, connection: Connection, work: Coroutine[Any, Any, None], about: str, seq: int = 0) -> None:
        """Run a request in a task, after the connection's earlier ones: several at once would take everybody's time.

        Args:
            connection: Whose request it is.
            work: What it does.
            about: Type of the message that asked for it.
            seq: Number of that message.

        Raises:
            RequestRefusedError: Too many of the connection wait.
        """
        if connection.requests >= _MOST_REQUESTS:
            work.close()
            raise RequestRefusedError("rate_limited", f"{_MOST_REQUESTS} earlier requests are not finished yet")
        connection.requests += 1
        session, earlier = connection.session, connection.task

        async def run() -> None:
            try:
                if earlier is not None:
                    await asyncio.wait({earlier})
                try:
                    await work
                except RequestRefusedError as error:
                    self._connection_of(session, connection).refuse(wire.error(error, about, seq), self._clock())
            except Exception:
                self._on_fault(connection, about, connection.session or session)
            finally:
                # Where the service ends while it waits, it never began.
                work.close()
                connection.requests -= 1
                if connection.task is task:
                    connection.task = None
            if connection.session is not None:
                self.flush(connection.session)

        task = connection.task = asyncio.ensure_future(run())

    def _connection_of(self, session: ServerSession | None, asked: Connection) -> Connection:
        """Return the connection of a session; if it has none, the one on which it was asked."""
        identity = None if session is None else session.connection
        return asked if identity is None else self._connections.get(identity, asked)

    async def _open(self, connection: Connection, hello: Hello) -> None:
        """Resume the session that a hello names, or open a new one, and send the welcome."""
        known = self._sessions.find(hello.resume)
        try:
            session = known or await self._sessions.open(hello)
        except RequestRefusedError as error:
            connection.refuse(wire.error(error, "hello"), self._clock())
            connection.send(Bye(reason="refused", retry_ms=error.retry_ms))
            connection.release()
            return
        for other in list(self._connections.values()):
            if other.session is session and other is not connection:
                other.send(Bye(reason="replaced", text="the session was taken up by another connection"))
                other.release()
        if self._connections.get(connection.identity) is not connection:
            # The client has gone. It can come back to a session that was there before; of a new one it has no key.
            if known is None:
                self._sessions.close(session, "abandoned")
            else:
                session.lost(self._clock())
            return
        connection.welcome(session, resumed=known is not None, last_chunk=hello.last_chunk, now_s=self._clock())
        if known is not None:
            log.info("session resumed", extra={"session": session.name})

    async def _save(self, session: ServerSession, request: Save) -> None:
        session.on_save(request)

    async def _restore(self, session: ServerSession, request: Restore) -> None:
        """Restore a session, and then apply the playhead that came meanwhile."""
        refusal, restored = None, False
        try:
            if not session.answered_again(request.id):
                outcome = await self._sessions.restore(session, request)
                restored = True
                self._metrics.restored(outcome)
                log.info("session restored", extra={"session": session.name, "restored": outcome})
        except RequestRefusedError as error:
            refusal = error
        finally:
            session.restore_ended(request.id, self._clock())
        # After a refused restore the music begins without it, unless another restore still runs.
        if restored or not session.restoring:
            held, session.held_playhead = session.held_playhead, None
            if held is not None:
                session.on_playhead(*held)
        self._wake()
        if refusal is not None:
            raise refusal

    # --- connections ------------------------------------------------------------------------------------------------

    def _connection(self, identity: bytes, now_s: float) -> Connection:
        """Return the connection of an identity.

        A new one replaces the connection without a session that was silent the longest, if there are too many.
        """
        known = self._connections.get(identity)
        if known is None:
            without_session = [one for one in self._connections.values() if one.session is None]
            if len(without_session) >= _MOST_WITHOUT_SESSION:
                self._drop(min(without_session, key=lambda one: (one.task is not None, one.received_s)))
            rate = self._sessions.config.events_per_second
            known = self._connections[identity] = Connection(identity, self._send, self._metrics, rate, now_s)
        return known

    def _on_fault(self, connection: Connection, where: str, session: ServerSession | None) -> None:
        """Handle an exception that a connection's message caused; it ends `session`, if there is one."""
        self._guard.fault(where, session)
        if session is None or connection.session is not None:
            with self._guard.task("goodbye"):
                connection.release_broken(self._clock())

    def _block(self, connection: Connection, now_s: float) -> float:
        """Block a flooding connection and return for how long, in seconds; its session waits for the client."""
        session = connection.session
        wait_s = connection.block(now_s)
        if session is not None:
            with self._guard.session(session, "lost"):
                session.lost(now_s)
        return wait_s

    def _disconnect(self, session: ServerSession) -> None:
        """Handle that a message could not be sent over a session's connection."""
        gone = self._connections.get(session.connection) if session.connection is not None else None
        session.lost(self._clock())
        if gone is not None:
            gone.release()
            self._drop(gone)

    def _forget(self, connection: Connection) -> None:
        """Drop a connection that is gone or silent."""
        session = connection.session
        connection.release()
        self._drop(connection)
        if session is not None:
            with self._guard.session(session, "lost"):
                log.info("connection lost", extra={"session": session.name})
                session.lost(self._clock())

    def _drop(self, connection: Connection) -> None:
        self._connections.pop(connection.identity, None)
