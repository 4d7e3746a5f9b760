"""The service's network edge: accepts connections of TCP, TLS and unix sockets, and carries messages.

Bytes of all transports take the same path. What a connection may cost is bounded: connections, time and bytes before
it has a session, bytes of a message, what is read of it in a turn, and what waits to be read by its client.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import socket
import ssl
from collections import Counter, deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import count
from types import TracebackType
from typing import Final, Self

from segue.service import binding
from segue.service.auth import Mechanism, Password, RefusalReason, WrongTokens
from segue.service.peer import Peer
from segue.service.settings.kinds import Endpoint
from segue.service.transport import TransportProtocol
from segue.service.zmtp import ServerConnection
from segue_sdk.codec import Part
from segue_sdk.limits import SILENCE_S

log = logging.getLogger(__name__)

# Time that connections may take before everything else has a turn of the loop: the generators, the other sockets.
_TURN_S: Final = 0.004
_SWEEP_S: Final = 0.25
# After a failed accept (no descriptors left, and none to be freed) the next one would fail as well.
_ACCEPT_PAUSE_S: Final = 0.2
_NO_DESCRIPTORS: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
_IDENTITY_BYTES: Final = 8
# Refusals that are logged, and how often at most: those that an operator may want to know of.
_LOGGED: Final = frozenset(
    {
        RefusalReason.TOKEN,
        RefusalReason.MECHANISM,
        RefusalReason.ORIGIN,
        RefusalReason.WRONG_PORT,
        RefusalReason.TLS,
        RefusalReason.TOO_LARGE,
        RefusalReason.FULL,
        RefusalReason.SLOW,
    }
)
_ABOUT_TOKENS: Final = frozenset({RefusalReason.TOKEN, RefusalReason.MECHANISM})
_LOG_EVERY_S: Final = 10.0


@dataclass(frozen=True, kw_only=True)
class ListenerLimits:
    """What connections are granted.

    Attributes:
        connections: At a time; one more replaces the oldest without a session.
        handshakes: Of these, in their handshake; one more replaces the oldest of them.
        handshake_s: For TLS and the handshake of ZMTP or WebSocket, in all.
        silence_s: Without a byte.
        kept_bytes: Of unfinished messages of all connections without a session.
        linger_s: For sending what is left at the end.
        descriptors: Open files that each connection takes, its own socket included.
    """

    connections: int = 144
    handshakes: int = 64
    handshake_s: float = 5.0
    silence_s: float = SILENCE_S + 1.0
    kept_bytes: int = 16 << 20
    linger_s: float = 0.5
    descriptors: int = 1


@dataclass(frozen=True, kw_only=True)
class _Place:
    """A listening socket, whether it expects TLS, and what makes the protocol of a connection to it."""

    bound: binding.Bound
    tls: ssl.SSLContext | None
    protocol: Callable[[], TransportProtocol]


class Listener:
    """Accepts connections. Used as `async with`: `bind`, then `start`; all callbacks run in the same event loop.

    Attributes:
        limits: What connections are granted.
        received_messages: Messages received so far.
        refused: Connections refused or ended by the listener so far, by reason.
    """

    def __init__(
        self,
        *,
        token: str | None,
        receive: Callable[[bytes, list[bytes]], float],
        closed: Callable[[bytes], None],
        has_session: Callable[[bytes], bool],
        clock: Callable[[], float],
        limits: ListenerLimits | None = None,
        refused: Callable[[RefusalReason], None] = lambda reason: None,
    ) -> None:
        """Begin without addresses.

        Args:
            token: Clients need it; None lets everyone in.
            receive: Takes a message of an identity, and returns for how many seconds not to read that connection;
                infinity means until `release`.
            closed: Called with the identity of a connection that is gone.
            has_session: Whether an identity has a session; such connections are not closed for others.
            clock: Monotonic seconds.
            limits: What connections are granted.
            refused: Called for each connection that is refused.
        """
        self.limits = limits or ListenerLimits()
        self.received_messages = 0
        self.refused: Counter[RefusalReason] = Counter()
        self._password = Password(token) if token else None
        self._wrong_tokens = WrongTokens()
        self._receive = receive
        self._closed = closed
        self._has_session = has_session
        self._clock = clock
        self._count_refused = refused
        self._unlogged: Counter[RefusalReason] = Counter()
        # Says what was wrong with the last page that was refused, and with the port of the last client.
        self._refused_page = self._wrong_port = ""
        self._logged_s = float("-inf")
        self._names = count(1)
        # By identity, the oldest first; those in their handshake are in both.
        self._peers: dict[bytes, Peer] = {}
        self._new: dict[bytes, Peer] = {}
        # Connections that wait for their turn: those with a session, and those without.
        self._waiting: tuple[deque[Peer], deque[Peer]] = (deque(), deque())
        self._turn_scheduled = False
        self._places: list[_Place] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._ended = asyncio.Event()
        self._ending = False

    def __len__(self) -> int:
        """Return the number of connections."""
        return len(self._peers)

    @property
    def has_unread(self) -> bool:
        """Whether bytes that were received over connections with a session wait to be handled."""
        return bool(self._waiting[0])

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Accept and receive nothing more, send what is left, close. Raises: what broke a task."""
        self._ending = True
        for task in self._tasks:
            task.cancel()
        ended = await asyncio.gather(*self._tasks, return_exceptions=True)
        for place in self._places:
            place.bound.close()
        for peer in list(self._peers.values()):
            peer.finish()
        self._check_ended()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self.limits.linger_s):
                await self._ended.wait()
        for peer in list(self._peers.values()):
            peer.abort()
        await self._ended.wait()
        for outcome in ended:
            if isinstance(outcome, Exception):
                raise outcome

    def bind(self, address: str) -> str:
        """Listen for ZMTP at `tcp://…` or `ipc://…`; returns the address that clients connect to. Raises: OSError."""
        return self._listen(binding.bind(address), None, self._zmtp).address

    def bind_tls(self, place: Endpoint, tls: ssl.SSLContext) -> str:
        """Listen for ZMTP inside TLS, and return the address as `tls://…`. Raises: OSError."""
        bound = self._listen(binding.bind_tcp(*place), tls, self._zmtp)
        return bound.address.replace("tcp://", "tls://", 1)

    def bind_web(
        self, place: Endpoint, tls: ssl.SSLContext | None, protocol: Callable[[Mechanism], TransportProtocol]
    ) -> str:
        """Listen for WebSocket, and return the address as `ws://…` or `wss://…`.

        Args:
            place: Where to listen.
            tls: With the service's certificate; None for connections that are not encrypted.
            protocol: Makes the protocol of a new connection.

        Raises:
            OSError: That is not possible.
        """
        bound = self._listen(binding.bind_tcp(*place), tls, lambda: protocol(self._mechanism))
        return bound.address.replace("tcp://", "ws://" if tls is None else "wss://", 1)

    def start(self) -> None:
        """Accept connections, also those that the kernel has accepted since `bind`."""
        wanted, each = self.limits.connections, self.limits.descriptors
        fitting = binding.allow_descriptors(wanted * each) // each
        if fitting < wanted:
            self.limits = replace(self.limits, connections=fitting)
            fields = {"connections": fitting, "wanted": wanted, "hint": "raise the limit on open files (ulimit -n)"}
            log.warning("the limit on open files allows fewer connections", extra=fields)
        self._tasks.append(asyncio.create_task(self._sweep(), name="listener"))
        for place in self._places:
            self._tasks.append(asyncio.create_task(self._accept(place), name=f"accepting {place.bound.address}"))

    def send(self, identity: bytes, parts: Sequence[Part]) -> bool:
        """Send a message; False if the connection is gone, or its client does not read."""
        peer = self._peers.get(identity)
        return peer is not None and peer.send(parts)

    def adopt(self, connected: socket.socket, address: str, protocol: TransportProtocol) -> bytes:
        """Serve a connected socket that another process accepted, and return its identity.

        Args:
            connected: It belongs to the listener from now on.
            address: IP address of the client.
            protocol: What is spoken over the socket.
        """
        peer = Peer(self, next(self._names).to_bytes(_IDENTITY_BYTES), address, protocol)
        self._peers[peer.identity] = peer
        peer.begin(connected, None)
        return peer.identity

    def release(self, identity: bytes) -> None:
        """Read a connection on that `receive` wanted no more of."""
        if (peer := self._peers.get(identity)) is not None:
            peer.release()

    def finish(self, identity: bytes) -> None:
        """Close a connection once everything was sent."""
        if (peer := self._peers.get(identity)) is not None:
            peer.finish()

    def address_of(self, identity: bytes) -> str:
        """Return the IP address of a connection; "" once it is gone."""
        peer = self._peers.get(identity)
        return "" if peer is None else peer.address

    # --- called by connections --------------------------------------------------------------------------------------

    def opened(self, peer: Peer) -> None:
        """Note that a connection has finished its handshake."""
        self._new.pop(peer.identity, None)

    def enqueue(self, peer: Peer) -> None:
        """Give a connection a turn: bytes of it wait to be handled."""
        self._waiting[not self.has_session(peer)].append(peer)
        if not self._turn_scheduled:
            self._turn_scheduled = True
            asyncio.get_running_loop().call_soon(self._turn)

    def received(self, peer: Peer, parts: list[bytes]) -> float:
        """Take a message, and return for how many seconds not to read the connection."""
        if self._ending:
            return 0.0
        self.received_messages += 1
        return self._receive(peer.identity, parts)

    def check_credentials(self, peer: Peer, user: bytes, token: bytes) -> tuple[bool, float]:
        """Return whether credentials are right, and how many seconds the answer has to wait."""
        assert self._password is not None
        now_s = self._clock()
        right = self._password.matches(user, token)
        if not right:
            self._wrong_tokens.add(peer.address, now_s)
            self.count(RefusalReason.TOKEN)
        return right, self._wrong_tokens.delay_s(peer.address, now_s, right=right)

    def count(self, reason: RefusalReason, text: str = "") -> None:
        """Count a connection that was refused.

        Args:
            text: What its client did wrong.
        """
        if reason is RefusalReason.ORIGIN:
            self._refused_page = text
        elif reason is RefusalReason.WRONG_PORT:
            self._wrong_port = text
        self.refused[reason] += 1
        self._unlogged[reason] += 1
        self._count_refused(reason)

    def has_session(self, peer: Peer) -> bool:
        """Return whether a session is played over a connection."""
        return self._has_session(peer.identity)

    def check_kept(self) -> None:
        """Bound the unfinished messages of all connections without a session, however many there are."""
        unfinished = [peer for peer in self._peers.values() if peer.kept_bytes and not self.has_session(peer)]
        if sum(peer.kept_bytes for peer in unfinished) > self.limits.kept_bytes:
            max(unfinished, key=lambda peer: peer.kept_bytes).end(RefusalReason.TOO_LARGE)

    def gone(self, peer: Peer) -> None:
        """Forget a connection that is closed."""
        if self._peers.pop(peer.identity, None) is None:
            return
        self._new.pop(peer.identity, None)
        if peer.was_open and not self._ending:
            self._closed(peer.identity)
        self._check_ended()

    # --- inside -----------------------------------------------------------------------------------------------------

    def _listen(
        self, bound: binding.Bound, tls: ssl.SSLContext | None, protocol: Callable[[], TransportProtocol]
    ) -> binding.Bound:
        self._places.append(_Place(bound=bound, tls=tls, protocol=protocol))
        return bound

    def _zmtp(self) -> TransportProtocol:
        return ServerConnection(self._mechanism)

    async def _accept(self, place: _Place) -> None:
        """Accept connections. asyncio's servers are no use: they report one only after its TLS handshake."""
        loop = asyncio.get_running_loop()
        while True:
            # Accepting may never wait while many connections come; everything else has to have its turn.
            await asyncio.sleep(0)
            try:
                accepted, remote = await loop.sock_accept(place.bound.socket)
            except OSError as error:
                freed = error.errno in _NO_DESCRIPTORS and self._evict(self._without_session())
                # The descriptor of a closed connection is free in the next round of the loop.
                await asyncio.sleep(0 if freed else _ACCEPT_PAUSE_S)
                continue
            if not self._has_capacity():
                accepted.close()
                continue
            address = str(remote[0]) if isinstance(remote, tuple) else "ipc"
            peer = Peer(self, next(self._names).to_bytes(_IDENTITY_BYTES), address, place.protocol())
            self._peers[peer.identity] = self._new[peer.identity] = peer
            peer.begin(accepted, place.tls)

    @property
    def _mechanism(self) -> Mechanism:
        return Mechanism.NULL if self._password is None else Mechanism.PLAIN

    def _has_capacity(self) -> bool:
        """Return whether one more connection may be taken, after closing another for it if need be."""
        if len(self._new) >= self.limits.handshakes:
            self._evict(self._new.values())
        if len(self._peers) < self.limits.connections or self._evict(self._without_session()):
            return True
        self.count(RefusalReason.FULL)
        return False

    def _without_session(self) -> list[Peer]:
        return [peer for peer in self._peers.values() if not self.has_session(peer)]

    def _evict(self, peers: Iterable[Peer]) -> bool:
        """Close one of these connections; False if there is none.

        It is the oldest one from the address that has the most of them.
        """
        peers = list(peers)
        if not peers:
            return False
        most, _ = Counter(peer.address for peer in peers).most_common(1)[0]
        oldest = next(peer for peer in peers if peer.address == most)
        oldest.end(RefusalReason.FULL)
        self.gone(oldest)
        return True

    def _turn(self) -> None:
        """Let the waiting connections work, alternately one with a session and one without.

        If some are left when the time is up, the next turn comes after as long a pause, so that a flood takes at most
        half of the loop's time. Connections that ask for another turn meanwhile are among those that wait.
        """
        begun_s = self._clock()
        while any(self._waiting):
            for queue in self._waiting:
                if queue:
                    self._let_work(queue.popleft())
            took_s = self._clock() - begun_s
            if took_s >= _TURN_S and any(self._waiting):
                asyncio.get_running_loop().call_later(took_s, self._turn)
                return
        self._turn_scheduled = False

    def _let_work(self, peer: Peer) -> None:
        try:
            peer.work()
        except Exception:
            log.exception("a fault ended a connection")
            peer.abort()
            self.gone(peer)

    async def _sweep(self) -> None:
        """Let time pass for the connections, but not while the process was suspended and received nothing."""
        before_s = self._clock()
        while True:
            await asyncio.sleep(_SWEEP_S)
            now_s = self._clock()
            step_s, before_s = min(now_s - before_s, 2 * _SWEEP_S), now_s
            for peer in list(self._peers.values()):
                peer.pass_time(step_s)
            self._log_refusals(now_s)

    def _log_refusals(self, now_s: float) -> None:
        """Log the refusals since the last line, in one line."""
        refused = {reason: number for reason, number in self._unlogged.items() if reason in _LOGGED}
        if refused and now_s - self._logged_s >= _LOG_EVERY_S:
            fields: dict[str, object] = {reason.value: number for reason, number in refused.items()}
            if refused.keys() & _ABOUT_TOKENS:
                fields["hint"] = (
                    "this service has no token, and clients gave one or asked for CURVE"
                    if self._password is None
                    else "clients need the token of this service's --token-file"
                )
            if RefusalReason.ORIGIN in refused:
                fields["page"] = self._refused_page
            if RefusalReason.WRONG_PORT in refused:
                fields["port"] = self._wrong_port
            log.warning("connections refused", extra=fields)
            self._unlogged.clear()
            self._logged_s = now_s

    def _check_ended(self) -> None:
        if self._ending and not self._peers:
            self._ended.set()
