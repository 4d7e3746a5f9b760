"""One connection of the listener: its transport, its handshake, and how much of it is read and written at a time."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import ssl
from collections.abc import Sequence
from enum import Enum, auto
from typing import TYPE_CHECKING, Final, cast

from segue.service.auth import Mechanism, RefusalReason
from segue.service.zmtp import Command, Credentials, Message, Opened, RemoteError, ServerConnection
from segue_sdk.codec import Part

if TYPE_CHECKING:
    from segue.service.listener import Listener

log = logging.getLogger(__name__)

# What is taken of one connection before every other has its turn.
_EVENTS_AT_ONCE: Final = 4
_BYTES_AT_ONCE: Final = 64 << 10
# What may wait until a peer reads it: a lookahead of 30 s, a chunk of 10 s and the longest stinger, as float32.
_MOST_UNREAD: Final = 40 << 20
_MOST_UNREAD_WITHOUT_SESSION: Final = 1 << 20
# A peer whose machine or network is gone is noticed by the kernel in so many seconds, where it can be told so.
_KEEPALIVE: Final = (("TCP_KEEPIDLE", 5), ("TCP_KEEPALIVE", 5), ("TCP_KEEPINTVL", 2), ("TCP_KEEPCNT", 3))
_USER_TIMEOUT_MS: Final = 15_000


class Stage(Enum):
    """HANDSHAKE: TLS, greeting, handshake. OPEN: messages. ENDING: only what was written leaves. GONE: closed."""

    HANDSHAKE = auto()
    OPEN = auto()
    ENDING = auto()
    GONE = auto()


_LISTENING: Final = (Stage.HANDSHAKE, Stage.OPEN)


class Peer(asyncio.Protocol):
    """Made by the listener for each connection it accepts."""

    def __init__(self, listener: Listener, identity: bytes, address: str, mechanism: Mechanism) -> None:
        """address: where it comes from; "ipc" for all of this machine's unix sockets."""
        self.identity = identity
        self.address = address
        self.was_open = False
        self._listener = listener
        self._zmtp = ServerConnection(mechanism)
        self._stage = Stage.HANDSHAKE
        # In HANDSHAKE and ENDING how long it is in it, in OPEN since the last byte.
        self._waited_s = 0.0
        self._task: asyncio.Task[None] | None = None
        self._transport: asyncio.Transport | None = None
        self._answer: asyncio.TimerHandle | None = None
        self._pause_end: asyncio.TimerHandle | None = None
        self._lost = False
        # Whether there is something to take, now or after a pause.
        self._working = False

    @property
    def kept_bytes(self) -> int:
        """What it sent and is not handed on yet."""
        return self._zmtp.kept_bytes

    def begin(self, accepted: socket.socket, tls: ssl.SSLContext | None) -> None:
        """Serve an accepted connection."""
        started = False

        async def connect() -> None:
            nonlocal started
            started = True
            _tune(accepted)
            limits = self._listener.limits
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
                log.error("a connection could not be taken", exc_info=error)
            if self._transport is None:
                if tls is not None:
                    self._refused(RefusalReason.TLS)
                    self._enter(Stage.GONE)
                self._leave()

        self._task = asyncio.create_task(connect(), name="connection")
        self._task.add_done_callback(connected)

    def send(self, parts: Sequence[Part]) -> bool:
        """Whether a message could be given to it; it is ended if it does not read."""
        if self._stage is not Stage.OPEN or self._transport is None:
            return False
        if self._transport.is_closing():
            # What it said before it went is still being taken; what it is told is as lost as what is under way.
            return True
        data = self._zmtp.send(parts)
        waiting = self._transport.get_write_buffer_size()
        if waiting and waiting + len(data) > _MOST_UNREAD_WITHOUT_SESSION:
            most = _MOST_UNREAD if self._listener.has_session(self) else _MOST_UNREAD_WITHOUT_SESSION
            if waiting + len(data) > most:
                self.end(RefusalReason.SLOW)
                return False
        self._transport.write(data)
        return True

    def pass_time(self, step_s: float) -> None:
        """So many seconds in which it could have been heard."""
        self._waited_s += step_s
        limits = self._listener.limits
        match self._stage:
            case Stage.HANDSHAKE if self._answer is None and self._waited_s >= limits.handshake_s:
                self.end(RefusalReason.HANDSHAKE)
            case Stage.OPEN if not self._working and self._waited_s >= limits.silence_s:
                self.abort()
            case Stage.ENDING if self._waited_s >= limits.linger_s:
                self.abort()

    def end(self, reason: RefusalReason) -> None:
        """Close it at once, and count why."""
        self._refused(reason)
        self.abort()

    def finish(self) -> None:
        """Close it once what was written has left; nothing more is read."""
        if self._stage is not Stage.OPEN or self._transport is None:
            self.abort()
            return
        self._enter(Stage.ENDING)
        self._transport.resume_reading()
        # Closed over unread bytes, TCP would reset the connection and with it what the peer has not read.
        if not self._transport.can_write_eof():
            self._transport.close()
            return
        try:
            self._transport.write_eof()
        except OSError:
            # It was reset, and asyncio has not seen it yet.
            self.abort()

    def abort(self) -> None:
        """Close it at once."""
        if self._stage is Stage.GONE:
            return
        self._enter(Stage.GONE)
        if self._answer is not None:
            self._answer.cancel()
        if self._transport is not None:
            self._transport.abort()
        elif self._task is not None:
            self._task.cancel()

    # --- asyncio's side ---------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        if self._stage is Stage.GONE:
            self._transport.abort()
            return
        self._say()

    def data_received(self, data: bytes) -> None:
        if self._stage not in _LISTENING:
            return
        if self._stage is Stage.OPEN:
            self._waited_s = 0.0
        self._zmtp.receive_data(data)
        if self._working:
            # It is not its turn yet; until then the rest waits in the kernel.
            self._pause()
        else:
            self._working = True
            self._listener.enqueue(self)

    def eof_received(self) -> None:
        # Half a connection is none in ZMTP. What it said before is taken nevertheless.
        if self._transport is not None:
            self._transport.abort()

    def connection_lost(self, error: Exception | None) -> None:
        self._lost = True
        if not self._working or self._stage not in _LISTENING:
            self._leave()
        elif self._pause_end is not None:
            # Nothing more comes that it could wait for.
            self._pause_end.cancel()
            self._pause_end = None
            self._listener.enqueue(self)

    # --- the listener's side ----------------------------------------------------------------------------------------

    def work(self) -> None:
        """Take what has come, as much as one turn allows; the rest in later turns, and nothing is read meanwhile."""
        self._working, self._pause_end = False, None
        events, taken, pause_s = 0, 0, 0.0
        while self._stage in _LISTENING:
            if self._lost:
                # There is nothing more to come, so it need not wait for what it said last.
                pause_s = 0.0
            if pause_s > 0.0 or events >= _EVENTS_AT_ONCE or taken >= _BYTES_AT_ONCE:
                self._say()
                self._go_on_after(pause_s)
                return
            events += 1
            try:
                event = self._zmtp.next_event()
            except RemoteError as error:
                self._break_off(error)
                return
            match event:
                case None:
                    self._read_on()
                    return
                case Message(parts=parts):
                    taken += sum(map(len, parts))
                    pause_s = self._listener.received(self, parts)
                case Command():
                    pass
                case Credentials(user=user, password=password):
                    self._judge(user, password)
                case Opened():
                    self._enter(Stage.OPEN)
                    self.was_open = True
                    # Before anything that is sent because of the first message.
                    self._say()
                    self._listener.opened(self)
        if self._lost:
            self._leave()

    # --- inside -----------------------------------------------------------------------------------------------------

    def _go_on_after(self, pause_s: float) -> None:
        self._working = True
        self._pause()
        if pause_s > 0.0:
            self._pause_end = asyncio.get_running_loop().call_later(pause_s, self._listener.enqueue, self)
        else:
            self._listener.enqueue(self)

    def _pause(self) -> None:
        if self._transport is not None:
            self._transport.pause_reading()

    def _read_on(self) -> None:
        """All that came is taken."""
        self._say()
        if self._lost:
            self._leave()
            return
        assert self._transport is not None
        if self._answer is None:
            self._transport.resume_reading()
        else:
            # Until it is known who speaks, nothing more is kept of it.
            self._pause()
        if self.kept_bytes > _BYTES_AT_ONCE:
            self._listener.check_kept()

    def _judge(self, user: bytes, password: bytes) -> None:
        right, delay_s = self._listener.judged(self, user, password)

        def answer() -> None:
            if right:
                self._zmtp.admit()
                self._say()
            else:
                self._zmtp.refuse()
                self._close()

        def answer_late() -> None:
            self._answer = None
            answer()
            if self._stage is Stage.HANDSHAKE:
                self._go_on_after(0.0)

        if delay_s:
            self._answer = asyncio.get_running_loop().call_later(delay_s, answer_late)
        else:
            answer()

    def _break_off(self, error: RemoteError) -> None:
        """It broke the protocol."""
        log.debug("a peer broke the protocol", extra={"problem": str(error)})
        self._refused(error.refusal)
        if self._stage is Stage.HANDSHAKE:
            self._close()
        else:
            self.abort()
        if self._lost:
            self._leave()

    def _close(self) -> None:
        """Send the last words and close."""
        self._say()
        self._enter(Stage.ENDING)
        if self._transport is not None:
            self._transport.close()

    def _say(self) -> None:
        """Send what ZMTP has to say by itself."""
        data = self._zmtp.data_to_send()
        if data and self._transport is not None and not self._transport.is_closing():
            if self._transport.get_write_buffer_size() > _MOST_UNREAD_WITHOUT_SESSION:
                self.end(RefusalReason.SLOW)
                return
            self._transport.write(data)

    def _refused(self, reason: RefusalReason) -> None:
        """Count why it ends, the first time."""
        if self._stage in _LISTENING:
            self._listener.count(reason)

    def _enter(self, stage: Stage) -> None:
        self._stage = stage
        self._waited_s = 0.0

    def _leave(self) -> None:
        # Whose token is judged is counted for that alone.
        if self._stage is Stage.HANDSHAKE and self._answer is None:
            self._refused(RefusalReason.HANDSHAKE)
        self._enter(Stage.GONE)
        if self._answer is not None:
            self._answer.cancel()
        self._listener.gone(self)


def _tune(accepted: socket.socket) -> None:
    """Small messages leave at once; a peer that is gone is noticed."""
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
