"""Who may speak to the service: which addresses need a token, and the check of it (PLAIN over ZAP).

Source: PROTOCOL.md sections 1 and 10; rfc.zeromq.org 24 (PLAIN) and 27 (ZAP). pyzmq's own authenticator is not used: it
compares passwords in time that depends on them and writes them into its debug log.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections import Counter
from collections.abc import Iterable
from enum import StrEnum
from ipaddress import ip_address
from types import TracebackType
from typing import Final, Self

import zmq
import zmq.asyncio
from zmq.utils.monitor import recv_monitor_message

USER: Final = b"segue"
# The length of a PLAIN password is one byte on the wire.
MOST_TOKEN_BYTES: Final = 255

_ZAP_ENDPOINT: Final = "inproc://zeromq.zap.01"
_ZAP_VERSION: Final = b"1.0"
_DOMAIN: Final = b"segue"
# What a refused client is told: never which of name and token was wrong.
_ACCEPTED: Final = (b"200", b"accepted", USER)
_REFUSED: Final = (b"400", b"refused", b"")
_WATCHED: Final = zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL | zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL | zmq.EVENT_MONITOR_STOPPED


class Mechanism(StrEnum):
    """How peers of a socket prove who they are."""

    NULL = "NULL"
    PLAIN = "PLAIN"


class Refusal(StrEnum):
    """Why a connection was refused. Each try of a client that reconnects counts."""

    TOKEN = "token"
    """PLAIN with a wrong user name or token."""
    MECHANISM = "mechanism"
    """No token at all (NULL), or CURVE."""
    PROTOCOL = "protocol"
    """Bytes that break ZMTP's handshake."""
    HANDSHAKE = "handshake"
    """A handshake given up half-way: too slow, or the peer went away."""


class InsecureBindError(ValueError):
    """An address that others can reach, and no token to keep them out."""


def is_local(endpoint: str) -> bool:
    """Whether only this machine reaches a ZeroMQ endpoint: ipc, inproc, or tcp on a loopback address.

    Names of interfaces and hosts count as public, since what they stand for may change.
    """
    transport, _, address = endpoint.partition("://")
    if transport in ("ipc", "inproc"):
        return True
    try:
        return transport == "tcp" and ip_address(address.rpartition(":")[0].strip("[]")).is_loopback
    except ValueError:
        return False


def mechanism(endpoints: Iterable[str], *, token: str, relayed: bool = False) -> Mechanism:
    """The mechanism for a socket bound to `endpoints`: PLAIN where there is a token, NULL where none is needed.

    relayed: whether a front carries connections of other machines to it.
    Raises: InsecureBindError without a token if others reach the socket; ValueError for a token PLAIN cannot carry.
    """
    if token:
        _checked(token)
        return Mechanism.PLAIN
    if relayed:
        raise InsecureBindError("a TLS front lets other machines in: expected a token, got none")
    for endpoint in endpoints:
        if not is_local(endpoint):
            raise InsecureBindError(f"{endpoint}: other machines reach this address: expected a token, got none")
    return Mechanism.NULL


class Gatekeeper:
    """Lets in who knows the token. Used as `async with`; one a context, whose guarded sockets all have the same token.

    refused: connections refused so far, by reason. Nothing is logged, and of the token only a hash is kept.
    """

    def __init__(self, context: zmq.asyncio.Context, token: str) -> None:
        """Raises: ValueError for a token that is empty or longer than 255 bytes."""
        self.refused: Counter[Refusal] = Counter()
        self._context = context
        self._digest = hashlib.sha256(_checked(token)).digest()
        self._tasks: list[asyncio.Task[None]] = []
        self._guarded: list[zmq.asyncio.Socket] = []
        self._own: list[zmq.asyncio.Socket] = []

    async def __aenter__(self) -> Self:
        """Raises: zmq.ZMQError (EADDRINUSE) if the context has a gatekeeper already."""
        handler = self._context.socket(zmq.REP)
        try:
            handler.bind(_ZAP_ENDPOINT)
        except zmq.ZMQError:
            handler.close()
            raise
        self._own.append(handler)
        self._tasks.append(asyncio.create_task(self._answer(handler), name="gatekeeper"))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """From here on nobody is let in; guarded sockets may be closed before or after. Raises: what broke a task."""
        for task in self._tasks:
            task.cancel()
        ended = await asyncio.gather(*self._tasks, return_exceptions=True)
        for guarded in self._guarded:
            if not guarded.closed:
                guarded.disable_monitor()
        # Closing frees the name some time later; the context's next gatekeeper may want it at once.
        self._own[0].unbind(_ZAP_ENDPOINT)
        for own in self._own:
            own.close(linger=0)
        for outcome in ended:
            if isinstance(outcome, Exception):
                raise outcome

    def guard(self, socket: zmq.asyncio.Socket) -> None:
        """Ask the token of all who connect to `socket`, inside the `async with` and before its bind."""
        socket.plain_server = True
        socket.zap_domain = _DOMAIN
        # Peers that offer another mechanism fail before they have anything to ask ZAP about: only the monitor tells.
        monitor = socket.get_monitor_socket(_WATCHED)
        self._guarded.append(socket)
        self._own.append(monitor)
        self._tasks.append(asyncio.create_task(self._count(monitor), name="gatekeeper monitor"))

    async def _answer(self, handler: zmq.asyncio.Socket) -> None:
        while True:
            _, request_id, *request = await handler.recv_multipart()
            status, text, user = _ACCEPTED if self._admits(request) else _REFUSED
            await handler.send_multipart([_ZAP_VERSION, request_id, status, text, user, b""])

    def _admits(self, request: list[bytes]) -> bool:
        """Whether the credentials are right. request: domain, address, identity, mechanism, credentials."""
        domain, _, _, offered, *credentials = request
        user, token = credentials if len(credentials) == 2 else (b"", b"")
        # Digests of one length, all compared: the time taken tells nothing of the token, not even its length.
        right = hmac.compare_digest(hashlib.sha256(token).digest(), self._digest) & hmac.compare_digest(user, USER)
        admitted = right and offered == Mechanism.PLAIN.encode() and domain == _DOMAIN
        if not admitted:
            self.refused[Refusal.TOKEN] += 1
        return admitted

    async def _count(self, monitor: zmq.asyncio.Socket) -> None:
        while (event := await recv_monitor_message(monitor))["event"] != zmq.EVENT_MONITOR_STOPPED:
            self.refused[_reason(event["event"], event["value"])] += 1


def _checked(token: str) -> bytes:
    encoded = token.encode()
    if not 1 <= len(encoded) <= MOST_TOKEN_BYTES:
        raise ValueError(f"token: expected 1 to {MOST_TOKEN_BYTES} bytes, got {len(encoded)}")
    return encoded


def _reason(event: int, value: int) -> Refusal:
    if event == zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL:
        return Refusal.HANDSHAKE
    mismatch = value == zmq.PROTOCOL_ERROR_ZMTP_MECHANISM_MISMATCH
    return Refusal.MECHANISM if mismatch else Refusal.PROTOCOL
