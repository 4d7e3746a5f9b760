"""One network connection of the listener: its transport, its handshake, and how much is read and written at a time."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import socket
import ssl
from collections.abc import Sequence
from enum import Enum, auto
from typing import Final, Protocol, cast

from segue.service.auth import RefusalReason
from segue.service.transport import (
    CommandReceived,
    CredentialsReceived,
    EndReason,
    EndReceived,
    HandshakeDone,
    MessageReceived,
    RemoteError,
    TransportProtocol,
)
from segue_sdk.codec import Part

log = logging.getLogger(__name__)

# How much of one connection is handled before every other has its turn.
_EVENTS_AT_ONCE: Final = 4
_BYTES_AT_ONCE: Final = 64 << 10
# Bytes that may wait until a client reads them: a lookahead of 30 s, a chunk of 10 s and the longest stinger, as
# float32; and for a client without a session.
_MOST_UNREAD: Final = 40 << 20
_MOST_UNREAD_WITHOUT_SESSION: Final = 1 << 20
# The kernel notices a machine or network that is gone after this many seconds, on systems with these options.
_KEEPALIVE: Final = (("TCP_KEEPIDLE", 5), ("TCP_KEEPALIVE", 5), ("TCP_KEEPINTVL", 2), ("TCP_KEEPCNT", 3))
_USER_TIMEOUT_MS: Final = 15_000


class _Phase(Enum):
    """HANDSHAKE: TLS and the transport's own. OPEN: messages. ENDING: only sends what was written. GONE: closed."""

    HANDSHAKE = auto()
    OPEN = auto()
    ENDING = auto()
    GONE = auto()


_READING: Final = (_Phase.HANDSHAKE, _Phase.OPEN)


class TimeLimits(Protocol):
    """How many seconds a connection may take for its handshake, be silent, and take to end."""

    @property
    def handshake_s(self) -> float: ...

    @property
    def silence_s(self) -> float: ...

    @property
    def linger_s(self) -> float: ...


class PeerOwner(Protocol):
    """What a connection needs of the listener that accepted it. The methods are documented there."""

    @property
    def limits(self) -> TimeLimits: ...

    def opened(self, peer: Peer) -> None: ...

    def enqueue(self, peer: Peer) -> None: ...

    def received(self, peer: Peer, parts: list[bytes]) -> float: ...

    def check_credentials(self, peer: Peer, user: bytes, token: bytes) -> tuple[bool, float]: ...

    def count(self, reason: RefusalReason, text: str = "") -> None: ...

    def has_session(self, peer: Peer) -> bool: ...

    def check_kept(self) -> None: ...

    def gone(self, peer: Peer) -> None: ...


class Peer(asyncio.Protocol):
    """A connection that the listener accepted.

    Attributes:
        identity: Its name.
        address: IP address of the client; "ipc" for all unix sockets.
        was_open: Whether it finished its handshake.
    """

    def __init__(self, owner: PeerOwner, identity: bytes, address: str, protocol: TransportProtocol) -> None:
        self.identity = identity
        self.address = address
        self.was_open = False
        self._owner = owner
        self._protocol = protocol
        self._phase = _Phase.HANDSHAKE
        # In HANDSHAKE and ENDING since it began, in OPEN since the last byte.
        self._waited_s = 0.0
        self._task: asyncio.Task[None] | None = None
        self._transport: asyncio.Transport | None = None
        self._answer: asyncio.TimerHandle | None = None
        self._pause_end: asyncio.TimerHandle | None = None
        self._lost = False
        # Whether it waits for a turn, or for one after a pause.
        self._working = False
        # Whether it waits for `release`.
        self._held = False

    @property
    def kept_bytes(self) -> int:
        """Bytes that it sent and that were not handled yet."""
        return self._protocol.kept_bytes

    def begin(self, accepted: socket.socket, tls: ssl.SSLContext | None) -> None:
        """Serve an accepted connection."""
        started = False

        async def connect() -> None:
            nonlocal started
            started = True
            _set_options(accepted)
            limits = self._owner.limits
            await asyncio.get_running_loop().connect_accepted_socket(
                lambda: self,
                accepted,
                ssl=tls,
                ssl_handshake_timeout=None if tls is None else limits.handshake_s,
                ssl_shutdown_timeout=None if tls is None else limits.linger_s,
            )

        def connected(task: asyncio.Task[None]) -> None:
            if not started:
                accepted.close()
            error = None if task.cancelled() else task.exception()
            if error is not None and not isinstance(error, OSError):
                log.error("a connection could not be served", exc_info=error)
            if self._transport is None:
                if tls is not None:
                    self._count(RefusalReason.TLS)
                    self._enter(_Phase.GONE)
                self._leave()

        self._task = asyncio.create_task(connect(), name="connection")
        self._task.add_done_callback(connected)

    def send(self, parts: Sequence[Part]) -> bool:
        """Send a message; False if it is closed, or is closed now since its client does not read."""
        if self._phase is not _Phase.OPEN or self._transport is None:
            return False
        if self._transport.is_closing():
            # What the client sent before it left is still being handled; this message is lost like those under way.
            return True
        return self._write(self._protocol.send(parts))

    def release(self) -> None:
        """Read on, if whoever took the last message wanted no more until now."""
        if self._held:
            self._held = False
            self._owner.enqueue(self)

    def pass_time(self, step_s: float) -> None:
        """Let seconds pass in which the process was able to receive."""
        self._waited_s += step_s
        limits = self._owner.limits
        match self._phase:
            case _Phase.HANDSHAKE if self._answer is None and self._waited_s >= limits.handshake_s:
                self._count(RefusalReason.HANDSHAKE)
                self._time_out()
            case _Phase.OPEN if not self._working and self._waited_s >= limits.silence_s:
                self._time_out()
            case _Phase.ENDING if self._waited_s >= limits.linger_s:
                self.abort()

    def end(self, reason: RefusalReason) -> None:
        """Close it at once, and count why."""
        self._count(reason)
        self.abort()

    def finish(self) -> None:
        """Close it once everything written was sent; nothing more is read."""
        if self._phase is not _Phase.OPEN:
            self.abort()
            return
        self._protocol.end(EndReason.STOPPING)
        self._close()

    def abort(self) -> None:
        """Close it at once."""
        if self._phase is _Phase.GONE:
            return
        self._enter(_Phase.GONE)
        if self._answer is not None:
            self._answer.cancel()
        if self._transport is not None:
            self._transport.abort()
        elif self._task is not None:
            self._task.cancel()

    # --- called by asyncio ------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        if self._phase is _Phase.GONE:
            self._transport.abort()
            return
        self._send_own()

    def data_received(self, data: bytes) -> None:
        if self._phase not in _READING:
            return
        if self._phase is _Phase.OPEN:
            self._waited_s = 0.0
        self._protocol.receive_data(data)
        if self._working:
            # It is not its turn yet; until then the rest waits in the kernel.
            self._pause()
        else:
            self._working = True
            self._owner.enqueue(self)

    def eof_received(self) -> None:
        # No transport knows half-closed connections. What was sent before is handled nevertheless.
        if self._transport is not None:
            self._transport.abort()

    def connection_lost(self, error: Exception | None) -> None:
        self._lost = True
        if not self._working or self._phase not in _READING:
            self._leave()
        elif self._pause_end is not None:
            # Nothing more comes that it could wait for.
            self._pause_end.cancel()
            self._pause_end = None
            self._owner.enqueue(self)
        else:
            self.release()

    # --- called by the listener -------------------------------------------------------------------------------------

    def work(self) -> None:
        """Handle what was received, as much as one turn allows. While some is left, nothing more is read."""
        self._working, self._pause_end = False, None
        events, handled, pause_s = 0, 0, 0.0
        while self._phase in _READING:
            if self._lost:
                # Nothing more comes, so what it sent last need not wait.
                pause_s = 0.0
            if pause_s > 0.0 or events >= _EVENTS_AT_ONCE or handled >= _BYTES_AT_ONCE:
                self._send_own()
                self._continue_after(pause_s)
                return
            events += 1
            try:
                event = self._protocol.next_event()
            except RemoteError as error:
                self._break_off(error)
                return
            match event:
                case None:
                    self._read_on()
                    return
                case MessageReceived(parts=parts):
                    handled += sum(map(len, parts))
                    pause_s = self._owner.received(self, parts)
                case CommandReceived():
                    pass
                case EndReceived():
                    self._close()
                case CredentialsReceived(user=user, password=password):
                    self._check(user, password)
                case HandshakeDone():
                    self._enter(_Phase.OPEN)
                    self.was_open = True
                    # Before anything that is sent because of the first message.
                    self._send_own()
                    self._owner.opened(self)
        if self._lost:
            self._leave()

    # --- inside -----------------------------------------------------------------------------------------------------

    def _continue_after(self, pause_s: float) -> None:
        self._working = True
        self._pause()
        if pause_s == math.inf:
            self._held = True
        elif pause_s > 0.0:
            self._pause_end = asyncio.get_running_loop().call_later(pause_s, self._owner.enqueue, self)
        else:
            self._owner.enqueue(self)

    def _pause(self) -> None:
        if self._transport is not None:
            self._transport.pause_reading()

    def _read_on(self) -> None:
        """Read more, since everything received was handled."""
        self._send_own()
        if self._lost:
            self._leave()
            return
        assert self._transport is not None
        if self._answer is None:
            self._transport.resume_reading()
        else:
            # Nothing more is kept of the client until its credentials are answered.
            self._pause()
        if self.kept_bytes > _BYTES_AT_ONCE:
            self._owner.check_kept()

    def _check(self, user: bytes, password: bytes) -> None:
        """Check credentials, and answer them, maybe after a delay."""
        right, delay_s = self._owner.check_credentials(self, user, password)

        def answer() -> None:
            if right:
                self._protocol.accept()
                self._send_own()
            else:
                self._protocol.refuse()
                self._close()

        def answer_late() -> None:
            self._answer = None
            answer()
            if self._phase is _Phase.HANDSHAKE:
                self._continue_after(0.0)

        if delay_s:
            self._answer = asyncio.get_running_loop().call_later(delay_s, answer_late)
        else:
            answer()

    def _break_off(self, error: RemoteError) -> None:
        """Close it, since its client broke the protocol."""
        log.debug("a client broke the protocol", extra={"problem": str(error)})
        self._count(error.refusal, str(error))
        self._close()
        if self._lost:
            self._leave()

    def _close(self) -> None:
        """Send what is left, then close it; what still comes is dropped."""
        if self._transport is None:
            self.abort()
            return
        if data := self._protocol.data_to_send():
            self._transport.write(data)
        self._enter(_Phase.ENDING)
        self._transport.resume_reading()
        # Closing over unread bytes would reset the connection, and what the client has not read would be lost.
        if not self._transport.can_write_eof():
            self._transport.close()
            return
        try:
            self._transport.write_eof()
        except OSError:
            # It was reset, and asyncio has not seen it yet.
            self.abort()

    def _time_out(self) -> None:
        """Close it, since its client took too long; say so if the transport can, and else at once."""
        self._protocol.end(EndReason.TOO_SLOW)
        data = self._protocol.data_to_send()
        if not data or self._transport is None or self._transport.is_closing() or not self._write(data):
            self.abort()
            return
        self._close()

    def _send_own(self) -> None:
        """Send what the protocol itself has to send."""
        data = self._protocol.data_to_send()
        if data and self._transport is not None and not self._transport.is_closing():
            self._write(data)

    def _write(self, data: bytes) -> bool:
        """Write bytes; False if it is closed instead, since its client does not read."""
        assert self._transport is not None
        waiting = self._transport.get_write_buffer_size()
        if waiting and waiting + len(data) > _MOST_UNREAD_WITHOUT_SESSION:
            most = _MOST_UNREAD if self._owner.has_session(self) else _MOST_UNREAD_WITHOUT_SESSION
            if waiting + len(data) > most:
                self.end(RefusalReason.SLOW)
                return False
        self._transport.write(data)
        return True

    def _count(self, reason: RefusalReason, text: str = "") -> None:
        """Count why it ends, only once."""
        if self._phase in _READING:
            self._owner.count(reason, text)

    def _enter(self, phase: _Phase) -> None:
        self._phase = phase
        self._waited_s = 0.0

    def _leave(self) -> None:
        # A connection whose token waits for an answer is counted for its token alone.
        if self._phase is _Phase.HANDSHAKE and self._answer is None:
            self._count(RefusalReason.HANDSHAKE)
        self._enter(_Phase.GONE)
        if self._answer is not None:
            self._answer.cancel()
        self._owner.gone(self)


def _set_options(accepted: socket.socket) -> None:
    """Let small messages leave at once, and let the kernel notice a client that is gone."""
    if accepted.family not in (socket.AF_INET, socket.AF_INET6):
        return
    with contextlib.suppress(OSError):
        accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        accepted.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for name, value in _KEEPALIVE:
            if hasattr(socket, name):
                accepted.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _USER_TIMEOUT_MS)
