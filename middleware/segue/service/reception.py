"""Connections and what they say: every message decoded, answered or refused, and none of it fatal. No socket.

Each connection has a budget of work. Who uses more is read no further until it is paid for, or is shown out, so that no
client can keep the service from the others.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from segue.service import wire
from segue.service.backlog import Parts
from segue.service.live import LiveSession
from segue.service.metrics import Metrics
from segue.service.refused import RefusedError
from segue.service.sessions import Sessions
from segue.service.token_bucket import TokenBucket
from segue_sdk.codec import Part, decode, encode, type_of
from segue_sdk.errors import ProtocolError
from segue_sdk.limits import SILENCE_S, VERSION
from segue_sdk.messages import Bye, Control, Error, Event, Hello, Message, Playhead, Restore, Save, ServiceMessage

log = logging.getLogger(__name__)

_ERRORS_PER_SECOND: Final = 10
# Work is counted in bytes of headers: decoding one takes about half a microsecond. What a message costs beside its
# bytes, an event beside its message, and what else takes long.
_MESSAGE_COST: Final = 50
_EVENT_COST: Final = 60
_COSTS: Final[Mapping[type[Message], int]] = {Hello: 4_096, Save: 16_384, Restore: 65_536}
_CONTROL_COSTS: Final[Mapping[str, int]] = {"rules": 16_384, "generator": 16_384, "reset": 16_384}
# What a connection may cost in a second, for all but its events and for each event that it may send; a client that
# keeps to the limit of events uses less than half of it. So many seconds' worth may come at once: rules, a restore and
# a full queue of events.
_COST_PER_SECOND: Final = 32_768
_COST_PER_EVENT: Final = 300
_BURST_S: Final = 4.0
# Planning is the other work that a client causes: each event has seconds of music planned anew. It is limited only
# while the loop is late, for then others wait: to so many microseconds a second, all sessions together, and
# to a quarter of it for each of more than four. Late: so much after its time, and for so long it counts as late.
_PLANNING_US: Final = 300_000
_MOST_SHARES: Final = 4
_TICK_S: Final = 0.05
_LATE_S: Final = 0.1
_LATE_FOR_S: Final = 2.0
# When a client that is refused for a moment may come again.
_RETRY_MS: Final = 1_000
# When one whose session made room may come again: sooner, paused games would take places from each other all the time.
_IDLE_RETRY_MS: Final = 5_000
# Connections without a session that are remembered, over those that have one.
_MOST_STRANGERS: Final = 256
# Refusals that a client sends are logged with a count, no more often than this.
_REFUSALS_LOGGED_S: Final = 10.0


@dataclass(eq=False)
class Connection:
    """Who speaks under an identity. live: its session. welcomed: what it was answered. busy: what runs for it.

    work, planning: its budgets. refusals: that it sent and that were not logged yet.
    """

    identity: bytes
    errors: TokenBucket
    work: TokenBucket
    planning: TokenBucket
    heard_s: float
    live: LiveSession | None = None
    welcomed: Parts = field(default_factory=list)
    busy: asyncio.Task[None] | None = None
    shut_until_s: float = 0.0
    refusals: int = 0
    refusals_logged_s: float = -math.inf


class Reception:
    """To be used from one event loop."""

    def __init__(
        self,
        sessions: Sessions,
        send: Callable[[bytes, Parts], bool],
        clock: Callable[[], float],
        metrics: Metrics,
        wake: Callable[[], None],
    ) -> None:
        """send: parts to an identity; False if nobody is there. wake: called when music may be wanted at once."""
        self._sessions = sessions
        self._send = send
        self._clock = clock
        self._metrics = metrics
        self._wake = wake
        self._connections: dict[bytes, Connection] = {}
        self._ticked_s = -math.inf
        self._late_until_s = -math.inf
        self._guard = sessions.guard
        self._guard.give_up = self.give_up
        self._cost_per_second = _COST_PER_SECOND + _COST_PER_EVENT * sessions.config.events_per_second
        self.draining = False

    # --- the service's side -----------------------------------------------------------------------------------------

    def flush(self, live: LiveSession) -> None:
        """Send what a session has to say."""
        with self._guard.session(live, "flush"):
            for parts in live.outgoing():
                if live.connection is None or not self._send(live.connection, parts):
                    self._lose(live)
                    return

    def tick(self) -> None:
        """Let time pass: silent connections, sessions nobody came back for, news of all the others. Every 50 ms."""
        now_s = self._clock()
        if self._ticked_s > -math.inf and now_s - self._ticked_s > _TICK_S + _LATE_S:
            self._late_until_s = now_s + _LATE_FOR_S
        self._ticked_s = now_s
        for connection in list(self._connections.values()):
            # Who was shut out is remembered until all is paid for, and its budget with it.
            if now_s - max(connection.heard_s, connection.shut_until_s) >= SILENCE_S:
                self._forget(connection)
            elif connection.live is not None and connection.live not in self._sessions:
                self._part_idle(connection)
        for live in self._sessions:
            with self._guard.session(live, "tick"):
                if live.expired(now_s):
                    self._sessions.close(live, "nobody came back")
                    continue
                live.tick(now_s)
            self.flush(live)

    def _part_idle(self, connection: Connection) -> None:
        """Its session had to make room: nothing that it says may reach it any more."""
        connection.live = None
        self._part(connection, Bye(reason="idle", text="others needed its place", retry_ms=_IDLE_RETRY_MS))

    def excuse(self, seconds: float) -> None:
        """The service stood still for so long: nobody was silent meanwhile, and nobody stayed away."""
        for connection in self._connections.values():
            connection.heard_s += seconds
        for live in self._sessions:
            live.heard_s += seconds

    def farewell(self, reason: str, text: str, retry_ms: int | None) -> None:
        """Say goodbye to everybody; who comes now is told the same."""
        self.draining = True
        for connection in list(self._connections.values()):
            with self._guard.turn("farewell"):
                self._say(connection, Bye(reason=reason, text=text, retry_ms=retry_ms))

    def give_up(self, live: LiveSession) -> None:
        """End a session for a fault of ours; its client is asked to come back and go on from what it has."""
        told = [one for one in self._connections.values() if one.live is live]
        try:
            self._sessions.close(live, "broken")
        finally:
            for connection in told:
                self._tell_broken(connection)

    # --- the clients' side ------------------------------------------------------------------------------------------

    def has_session(self, identity: bytes) -> bool:
        """Whether a session is played over the connection."""
        connection = self._connections.get(identity)
        return connection is not None and connection.live is not None

    def closed(self, identity: bytes) -> None:
        """The connection is gone; its session waits for its client."""
        connection = self._connections.get(identity)
        if connection is not None:
            self._forget(connection)

    def receive(self, identity: bytes, parts: Sequence[Part]) -> float:
        """The parts of one message. Whatever they hold, nothing is raised.

        Returns: for how many seconds the caller should read nothing from this connection, 0 for none: it has used up
        its budget. Who is read all the same is shown out before anything is decoded.
        """
        now_s = self._clock()
        connection = self._connection(identity, now_s)
        if now_s < connection.shut_until_s:
            return connection.shut_until_s - now_s
        connection.heard_s = now_s
        connection.work.charge(now_s, _MESSAGE_COST * max(1, len(parts)) + (len(parts[0]) if parts else 0))
        if connection.work.debt_s(now_s) > _BURST_S:
            self._shut(connection, now_s)
            return connection.shut_until_s - now_s
        try:
            self._read(connection, parts, now_s)
            planning_s = self._planning_debt_s(connection, now_s)
        # Whatever a message sets off must not end the service for everybody else.
        except Exception:
            self._broke(connection, "message", connection.live)
            planning_s = 0.0
        return max(connection.work.debt_s(now_s), planning_s)

    def _planning_debt_s(self, connection: Connection, now_s: float) -> float:
        """For how long a client waits for the planning that it caused, where others would have to."""
        if connection.live is None:
            return 0.0
        late = now_s < self._late_until_s
        if not late:
            # What was planned while nobody waited costs nothing.
            connection.planning.forgive(now_s)
        connection.planning.charge(
            now_s, connection.live.planning_us() * min(_MOST_SHARES, max(1, len(self._sessions)))
        )
        return min(_BURST_S, connection.planning.debt_s(now_s)) if late else 0.0

    def _read(self, connection: Connection, parts: Sequence[Part], now_s: float) -> None:
        refusal: ProtocolError | RefusedError
        try:
            message = decode(parts)
        except ProtocolError as error:
            refusal = error
        else:
            connection.work.charge(now_s, _cost(message))
            try:
                # A ProtocolError from here is a message of our own that breaks a limit.
                self._take(connection, message, now_s)
                return
            except RefusedError as error:
                refusal = error
        self._metrics.refused(refusal.code)
        # Reading a message a second time, for its type, is part of the answer.
        if connection.errors.take(now_s):
            self._answer(connection, _error(refusal, *type_of(parts)))

    def _take(self, connection: Connection, message: Message, now_s: float) -> None:
        if isinstance(message, (Error, Bye)):
            self._on_parting(connection, message, now_s)
            return
        if isinstance(message, Hello):
            self._on_hello(connection, message)
            return
        live = connection.live
        if live is None:
            if type(message) not in _FROM_CLIENTS:
                raise RefusedError("unexpected", "clients do not say that")
            raise RefusedError("no_session", "expected hello first")
        if live not in self._sessions:
            self._part_idle(connection)
            return
        live.heard_s = now_s
        match message:
            case Event(events=items):
                live.on_events(items, now_s)
                self._wake()
            case Playhead() if live.restoring and not live.playing:
                # Whatever connection it comes over: music made before would be music of another place.
                live.held = message
            case Playhead():
                live.on_playhead(message, now_s)
                self._wake()
            case Save():
                live.on_save(message)
            case Restore():
                self._start(connection, self._restore(live, message), "restore", message.id)
                # From here on, not from when it begins: what comes next may be a playhead.
                live.restoring += 1
            case Control(op="rules"):
                self._start(connection, self._sessions.change_rules(live, message), "control")
            case Control(op="generator"):
                self._sessions.change_generator(live, message.generator or "")
            case Control():
                live.on_control(message, now_s)
                self._wake()
            case _:
                raise RefusedError("unexpected", "clients do not say that")
        self.flush(live)

    def _on_parting(self, connection: Connection, message: Error | Bye, now_s: float) -> None:
        if isinstance(message, Error):
            connection.refusals += 1
            if now_s - connection.refusals_logged_s >= _REFUSALS_LOGGED_S:
                said = {"count": connection.refusals, "code": message.code, "text": wire.clipped(message.text, 200)}
                log.info("a client refused messages", extra=said)
                connection.refusals, connection.refusals_logged_s = 0, now_s
            return
        if connection.live is not None:
            self._sessions.close(connection.live, "quit")
        self._leave(connection)

    def _on_hello(self, connection: Connection, hello: Hello) -> None:
        if self.draining:
            self._say(connection, Bye(reason="drain", retry_ms=_RETRY_MS))
        elif connection.live is not None:
            connection.work.charge(self._clock(), sum(map(len, connection.welcomed)))
            self._send(connection.identity, connection.welcomed)
        elif VERSION not in hello.versions:
            self._refuse(connection, Error(code="unsupported_version", text=f"expected {VERSION}", about="hello"))
            self._part(connection, Bye(reason="refused", text="no protocol version in common"))
        elif connection.busy is None:
            self._start(connection, self._greet(connection, hello), "hello")

    async def _greet(self, connection: Connection, hello: Hello) -> None:
        known = self._sessions.find(hello.resume)
        try:
            live = known or await self._sessions.open(hello)
        except RefusedError as error:
            self._refuse(connection, _error(error, "hello"))
            self._part(connection, Bye(reason="refused", retry_ms=error.retry_ms))
            return
        for other in list(self._connections.values()):
            if other.live is live and other is not connection:
                self._part(other, Bye(reason="replaced", text="the session was taken up by another connection"))
        if self._connections.get(connection.identity) is not connection:
            # It did not wait. A session that was there before does; of a new one nobody knows the token.
            if known is None:
                self._sessions.close(live, "nobody waited")
            return
        connection.live = live
        connection.welcomed = encode(live.welcome(resumed=known is not None))
        self._send(connection.identity, connection.welcomed)
        missed = live.take_up(connection.identity, hello.last_chunk, self._clock())
        if known is not None:
            log.info("session resumed", extra={"session": live.name})
            for parts in missed:
                self._send(connection.identity, parts)

    async def _restore(self, live: LiveSession, said: Restore) -> None:
        try:
            if live.answered_again(said.id):
                return
            fate = await self._sessions.restore(live, said)
        finally:
            live.restoring -= 1
        self._metrics.restored(fate)
        log.info("session restored", extra={"session": live.name, "restored": fate})
        held, live.held = live.held, None
        if held is not None:
            live.on_playhead(held, self._clock())
        self._wake()

    # --- inside -----------------------------------------------------------------------------------------------------

    def _start(self, connection: Connection, work: Coroutine[Any, Any, None], about: str, seq: int = 0) -> None:
        """Do for a connection what takes a while; about, seq: the message that asked for it.

        One thing at a time: who asks for more meanwhile would keep the generator from everybody else.
        """
        if connection.busy is not None:
            work.close()
            raise RefusedError("rate_limited", "what was asked for before is not done yet")

        live = connection.live

        async def run() -> None:
            try:
                try:
                    await work
                except RefusedError as error:
                    self._refuse(connection, _error(error, about, seq))
            except Exception:
                self._broke(connection, about, connection.live or live)
            finally:
                connection.busy = None
            if connection.live is not None:
                self.flush(connection.live)

        connection.busy = asyncio.ensure_future(run())

    def _connection(self, identity: bytes, now_s: float) -> Connection:
        """Who speaks. A newcomer takes the place of whoever has been without a session and silent the longest."""
        known = self._connections.get(identity)
        if known is None:
            strangers = [one for one in self._connections.values() if one.live is None]
            if len(strangers) >= _MOST_STRANGERS:
                self._drop(min(strangers, key=lambda one: (one.busy is not None, one.heard_s)))
            errors = TokenBucket(_ERRORS_PER_SECOND, _ERRORS_PER_SECOND, now_s)
            work = TokenBucket(self._cost_per_second, self._cost_per_second * _BURST_S, now_s)
            planning = TokenBucket(_PLANNING_US, _PLANNING_US, now_s)
            known = self._connections[identity] = Connection(identity, errors, work, planning, now_s)
        return known

    def _broke(self, connection: Connection, where: str, live: LiveSession | None) -> None:
        """An exception is being handled that a connection's message set off. live: whose session ends for it."""
        self._guard.fault(where, live)
        if live is None or connection.live is not None:
            with self._guard.turn("farewell"):
                self._tell_broken(connection)

    def _tell_broken(self, connection: Connection) -> None:
        """Its session is ended for a fault of ours; its client is asked to come back and go on from what it has."""
        try:
            self._refuse(connection, Error(code="internal", text="the session broke; the service's log says why"))
            self._say(connection, Bye(reason="internal", text="come back", retry_ms=_RETRY_MS))
        finally:
            self._leave(connection)

    def _say(self, connection: Connection, message: ServiceMessage) -> None:
        self._send(connection.identity, encode(message))

    def _refuse(self, connection: Connection, error: Error) -> None:
        """Tell a client that what it asked for was not done, unless it was told so too often."""
        self._metrics.refused(error.code)
        if connection.errors.take(self._clock()):
            self._answer(connection, error)

    def _answer(self, connection: Connection, error: Error) -> None:
        """Send an `error`, but never for a message that was one itself."""
        if error.about not in ("error", "bye"):
            self._say(connection, error)

    def _part(self, connection: Connection, bye: Bye) -> None:
        """End what a connection is for, not its session."""
        self._say(connection, bye)
        self._leave(connection)

    def _leave(self, connection: Connection) -> None:
        """It has no session any more. It is remembered until it is silent: another hello does not renew its budget."""
        connection.live, connection.welcomed = None, []

    def _shut(self, connection: Connection, now_s: float) -> None:
        """Take nothing from one who floods until all is paid for; its session is there when it comes back."""
        wait_s = connection.work.debt_s(now_s)
        connection.shut_until_s = now_s + wait_s
        self._metrics.refused("flood")
        log.warning("a connection floods", extra={"session": connection.live.name if connection.live else ""})
        self._say(connection, Error(code="rate_limited", text="more messages than the service reads from one client"))
        self._say(connection, Bye(reason="refused", text="too many messages", retry_ms=math.ceil(1000 * wait_s)))
        if connection.live is not None:
            with self._guard.session(connection.live, "lost"):
                connection.live.lost(now_s)
        self._leave(connection)

    def _lose(self, live: LiveSession) -> None:
        """A session's connection is gone."""
        gone = self._connections.get(live.connection) if live.connection is not None else None
        live.lost(self._clock())
        if gone is not None:
            self._leave(gone)
            self._drop(gone)

    def _forget(self, connection: Connection) -> None:
        """A connection that is gone, or says nothing any more."""
        live = connection.live
        self._leave(connection)
        self._drop(connection)
        if live is not None:
            with self._guard.session(live, "lost"):
                log.info("connection lost", extra={"session": live.name})
                live.lost(self._clock())

    def _drop(self, connection: Connection) -> None:
        self._connections.pop(connection.identity, None)


def _error(error: ProtocolError | RefusedError, about: str, seq: int = 0) -> Error:
    return Error(code=error.code, text=wire.clipped(error.text), about=about, seq=seq)


def _cost(message: Message) -> int:
    """What taking a message costs beside reading it."""
    if isinstance(message, Event):
        return _EVENT_COST * len(message.events)
    if isinstance(message, Control):
        return _CONTROL_COSTS.get(message.op, 0)
    return _COSTS.get(type(message), 0)


_FROM_CLIENTS: Final = (Event, Playhead, Save, Restore, Control)
