"""One client connection as the service sees it: its session, its budget of work, and what it is sent. No socket."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from segue.service import wire
from segue.service.client_limits import TokenBucket
from segue.service.monitoring import Metrics
from segue.service.outgoing import Parts
from segue.service.server_session import ServerSession
from segue_sdk.codec import Part, encode
from segue_sdk.log import LogRateLimiter
from segue_sdk.messages import Bye, Control, Error, Event, Hello, Message, Restore, Save, ServiceMessage

log = logging.getLogger(__name__)

RETRY_MS: Final = 1_000
"""When a client may connect again after a fault of the service, or if it says hello while the service stops."""
# When a client may connect again whose session was closed for another: sooner, paused games would keep taking places
# from each other.
_IDLE_RETRY_MS: Final = 5_000
# Work is counted in bytes of headers: decoding one byte takes about half a microsecond. These are the costs of a
# message beside its bytes, of an event beside its message, of a hello, and of the requests that take long.
_MESSAGE_COST: Final = 50
_EVENT_COST: Final = 60
_HELLO_COST: Final = 4_096
_REQUEST_COSTS: Final[Mapping[type[Message], int]] = {Save: 16_384, Restore: 65_536}
_CONTROL_COSTS: Final[Mapping[str, int]] = {"rules": 16_384, "generator": 16_384}
# Work that a connection may cause in a second: a base, and a share for each event that it may send. A client that
# keeps to its event limit uses less than half of it.
_COST_PER_SECOND: Final = 32_768
_COST_PER_EVENT: Final = 300
# The burst, as seconds of that rate: enough for rules, a restore and a full queue of events at once.
_BURST_S: Final = 4.0
_ERRORS_PER_SECOND: Final = 10
# Planning is the other work that a client causes, since each event makes the service plan seconds of music again. It
# is limited only while the service's loop is late: to this many microseconds a second for all sessions together, and
# to a quarter of it for each session when there are four or more.
_PLANNING_US: Final = 300_000
_MOST_SHARES: Final = 4


class ConnectionBudget:
    """The work that one connection may cause, in bytes of headers, planning time and error messages.

    A connection in debt should not be read until the debt is paid. One that is read all the same, and whose debt
    exceeds the burst, is flooding: it is blocked until the debt is paid.

    Requests that take long have a share of the work that they cannot exceed: more are refused. Otherwise they would put
    the connection in debt, its playheads would not be read, and its music would stop.
    """

    def __init__(self, events_per_second: int, now_s: float) -> None:
        """Start with full buckets.

        Args:
            events_per_second: The limit of events that the client was granted.
        """
        work = _COST_PER_SECOND + _COST_PER_EVENT * events_per_second
        self._work = TokenBucket(work, work * _BURST_S, now_s)
        self._requests = TokenBucket(_COST_PER_SECOND, _COST_PER_SECOND * _BURST_S, now_s)
        self._planning = TokenBucket(_PLANNING_US, _PLANNING_US, now_s)
        self._errors = TokenBucket(_ERRORS_PER_SECOND, _ERRORS_PER_SECOND, now_s)
        self.blocked_until_s = 0.0

    def blocked_s(self, now_s: float) -> float:
        """Return the seconds for which the connection stays blocked; 0 if it is not."""
        return max(0.0, self.blocked_until_s - now_s)

    def block(self, now_s: float) -> float:
        """Block the connection until its work is paid for, and return the seconds that takes."""
        wait_s = self._work.debt_s(now_s)
        self.blocked_until_s = now_s + wait_s
        return wait_s

    def charge_message(self, parts: Sequence[Part], now_s: float) -> None:
        """Charge for receiving a message and decoding its header."""
        self.charge(_MESSAGE_COST * max(1, len(parts)) + (len(parts[0]) if parts else 0), now_s)

    def charge_request(self, message: Message, now_s: float) -> bool:
        """Charge for what a decoded message asks for; False if it has to be refused, and nothing is charged."""
        if isinstance(message, Event):
            self.charge(_EVENT_COST * len(message.events), now_s)
        elif isinstance(message, Hello):
            self.charge(_HELLO_COST, now_s)
        elif cost := _request_cost(message):
            if not self._requests.take(now_s, cost):
                return False
            self.charge(cost, now_s)
        return True

    def charge(self, cost: int, now_s: float) -> None:
        """Charge for work, in bytes of headers."""
        self._work.charge(now_s, cost)

    def charge_planning(self, planning_us: int, sessions: int, now_s: float, *, late: bool) -> float:
        """Charge for music that was planned because of the client.

        Args:
            planning_us: Processor time, in microseconds.
            sessions: Sessions that share the time for planning.
            now_s: The time now.
            late: Whether the service's loop is late, so that others wait.

        Returns:
            Seconds for which the connection should not be read; 0 unless the loop is late.
        """
        if not late:
            # What was planned while nobody waited costs nothing.
            self._planning.forgive(now_s)
        self._planning.charge(now_s, planning_us * min(_MOST_SHARES, max(1, sessions)))
        return min(_BURST_S, self._planning.debt_s(now_s)) if late else 0.0

    def debt_s(self, now_s: float) -> float:
        """Return the seconds until all work is paid for; 0 without a debt."""
        return self._work.debt_s(now_s)

    def is_flooding(self, now_s: float) -> bool:
        """Return whether the debt exceeds what a client that is read only while it has no debt can have."""
        return self._work.debt_s(now_s) > _BURST_S

    def may_send_error(self, now_s: float) -> bool:
        """Take one of the error messages that the connection may be sent in a second; False if none is left."""
        return self._errors.take(now_s)


def _request_cost(message: Message) -> int:
    """Return the cost of a request that takes long; 0 for any other message."""
    if isinstance(message, Control):
        return _CONTROL_COSTS.get(message.op, 0)
    return _REQUEST_COSTS.get(type(message), 0)


class Connection:
    """A connection and what is known of it.

    Attributes:
        identity: Its name, given by the listener.
        budget: The work that it may cause.
        received_s: When its last message came.
        session: The session that is played over it.
        was_welcomed: Whether a session was ever played over it.
        task: The last of its requests that take a while; None if all are done. They are done one after another.
        requests: How many of them are not done.
    """

    def __init__(
        self,
        identity: bytes,
        send: Callable[[bytes, Parts], bool],
        metrics: Metrics,
        events_per_second: int,
        now_s: float,
    ) -> None:
        """Begin without a session.

        Args:
            identity: Its name, given by the listener.
            send: Sends the parts of a message to an identity; False if the connection is gone.
            metrics: Counts refused messages.
            events_per_second: The limit of events that clients are granted.
            now_s: The time now.
        """
        self.identity = identity
        self.budget = ConnectionBudget(events_per_second, now_s)
        self.received_s = now_s
        self.session: ServerSession | None = None
        self.was_welcomed = False
        self.task: asyncio.Task[None] | None = None
        self.requests = 0
        self._send = send
        self._metrics = metrics
        self._welcome: Parts = []
        self._error_lines = LogRateLimiter()

    def send(self, message: ServiceMessage) -> None:
        """Send a message."""
        self._send(self.identity, encode(message))

    def welcome(self, session: ServerSession, *, resumed: bool, last_chunk: int, now_s: float) -> None:
        """Play a session over the connection: send its welcome, then what the client missed.

        Args:
            session: The session.
            resumed: Whether the client comes back to it.
            last_chunk: Number of the last chunk that the client has.
            now_s: The time now.

        Raises:
            ProtocolError: The rules' declaration does not fit a header.
        """
        # First of all, so that a fault in what follows ends the session.
        self.session, self.was_welcomed = session, True
        self._welcome = encode(session.welcome(resumed=resumed))
        self._send(self.identity, self._welcome)
        for parts in session.resume(self.identity, last_chunk, now_s):
            self._send(self.identity, parts)

    def welcome_again(self, now_s: float) -> None:
        """Answer another hello with the same welcome, and charge for it."""
        self.budget.charge(sum(map(len, self._welcome)), now_s)
        self._send(self.identity, self._welcome)

    def refuse(self, error: Error, now_s: float) -> None:
        """Count an error and send it, unless the connection was sent too many lately."""
        self._metrics.refused(error.code)
        if self.budget.may_send_error(now_s):
            self.send_error(error)

    def send_error(self, error: Error) -> None:
        """Send an error, but never in answer to an error or a bye."""
        if error.about not in ("error", "bye"):
            self.send(error)

    def log_error(self, error: Error, now_s: float) -> None:
        """Log an error that the client sent, unless one was logged lately."""
        left_out = self._error_lines.due("error", now_s)
        if left_out is not None:
            fields = {"count": 1 + left_out, "code": error.code, "text": wire.clipped(error.text, 200)}
            log.info("a client refused messages", extra=fields)

    def release(self) -> None:
        """Separate it from its session. It keeps its budget: another hello does not renew it."""
        self.session, self._welcome = None, []

    def release_idle(self) -> None:
        """Separate it from a session that was closed for another, and tell the client."""
        self.release()
        text = "the session was idle, and another client needed its place"
        self.send(Bye(reason="idle", text=text, retry_ms=_IDLE_RETRY_MS))

    def release_broken(self, now_s: float) -> None:
        """Separate it from a session that a fault ended, and ask the client to connect again and restore."""
        try:
            text = "a fault of the service ended the session; the service's log has the details"
            self.refuse(Error(code="internal", text=text), now_s)
            self.send(Bye(reason="internal", text="connect again", retry_ms=RETRY_MS))
        finally:
            self.release()

    def block(self, now_s: float) -> float:
        """Block it for flooding the service, and tell the client.

        Returns:
            For how long it is blocked, in seconds.
        """
        wait_s = self.budget.block(now_s)
        self._metrics.refused("flood")
        log.warning("a connection floods the service", extra={"session": self.session.name if self.session else ""})
        self.send(Error(code="rate_limited", text="more messages than the service reads from one client"))
        self.send(Bye(reason="refused", text="too many messages", retry_ms=math.ceil(1000 * wait_s)))
        self.release()
        return wait_s
