"""The server's side of ZMTP 3.0 and 3.1, without sockets and without a clock: bytes in, events out.

Every bound is checked from a frame's header, before its body is kept.

Source: rfc.zeromq.org 23 (ZMTP 3.0), 37 (ZMTP 3.1), 24 (PLAIN). Where libzmq is less strict than the text (a command
between two frames of a message), so is this.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import Enum, auto
from typing import Final

from segue.service.auth import Mechanism, RefusalReason
from segue.service.transport import (
    Bounds,
    CommandReceived,
    CredentialsReceived,
    EndReason,
    HandshakeDone,
    LocalError,
    MessageReceived,
    RemoteError,
    TransportEvent,
)
from segue_sdk.codec import Part

# The only socket type accepted: it adds no envelope. REQ would begin each message with an empty frame.
_CLIENT_SOCKET: Final = "DEALER"
_GREETING_BYTES: Final = 64
# Signature and major version; a peer may wait for these before it sends the rest of its greeting.
_VERSION_KNOWN: Final = 11
# How an HTTP request begins, as that of WebSocket does.
_HTTP: Final = b"GET "
_MORE, _LONG, _COMMAND = 1, 2, 4
_LONGEST_SHORT: Final = 255
_PING_TTL_BYTES: Final = 2
_MOST_PING_CONTEXT: Final = 16
_MOST_REASON_BYTES: Final = 255
REFUSED_CREDENTIALS: Final = b"400"
"""The status code of ZAP. libzmq 4.3 expects PLAIN's ERROR misspelt (0x5e, then RROR), and so reports an unexpected
command to its application; others report a failed authentication because of this code."""


class _State(Enum):
    GREETING = auto()
    HELLO = auto()
    CREDENTIALS = auto()
    METADATA = auto()
    TRAFFIC = auto()
    CLOSED = auto()


class ServerConnection:
    """The state of one connection: a TransportProtocol, where the methods are documented."""

    def __init__(self, mechanism: Mechanism, bounds: Bounds | None = None) -> None:
        self._mechanism = mechanism
        self._bounds = bounds or Bounds()
        self._state = _State.GREETING
        self._error: RemoteError | None = None
        self._in = bytearray()
        self._greeting = greeting(mechanism)
        # The rest is sent after the peer's greeting came: libzmq closes the connection as soon as it sees another
        # mechanism than its own, and its own would never be known.
        self._out = bytearray(self._greeting[:_VERSION_KNOWN])
        self._parts: list[bytes] = []
        self._parts_bytes = 0
        self._steps: dict[_State, Callable[[], TransportEvent | None]] = {
            _State.GREETING: self._on_greeting,
            _State.HELLO: self._on_hello,
            _State.METADATA: self._on_metadata,
            _State.TRAFFIC: self._on_traffic,
        }

    @property
    def kept_bytes(self) -> int:
        return len(self._in) + self._parts_bytes

    def receive_data(self, data: bytes) -> None:
        if self._state is not _State.CLOSED:
            self._in += data

    def next_event(self) -> TransportEvent | None:
        if self._error is not None:
            raise self._error
        try:
            while (step := self._steps.get(self._state)) is not None:
                before = self._state
                event = step()
                if event is not None or self._state is before:
                    return event
        except RemoteError as error:
            if self._state in (_State.HELLO, _State.METADATA):
                self._send_error(str(error).encode())
            self._error = error
            self._close()
            raise
        return None

    def data_to_send(self) -> bytes:
        data = bytes(self._out)
        self._out.clear()
        return data

    def accept(self) -> None:
        self._expect(_State.CREDENTIALS)
        self._out += _command(b"WELCOME")
        self._state = _State.METADATA

    def refuse(self, reason: bytes = REFUSED_CREDENTIALS) -> None:
        self._expect(_State.CREDENTIALS)
        self._send_error(reason)
        self._close()

    def send(self, parts: Sequence[Part]) -> bytes:
        self._expect(_State.TRAFFIC)
        if not parts:
            raise LocalError("message: expected at least one part, got none")
        pieces: list[Part] = []
        for left, part in enumerate(reversed(parts)):
            pieces += (part, _head(_MORE if left else 0, len(part)))
        return b"".join(reversed(pieces))

    def end(self, reason: EndReason) -> None:
        """Nothing: ZMTP has no command for it."""

    # --- stages -----------------------------------------------------------------------------------------------------

    def _on_greeting(self) -> TransportEvent | None:
        """Judged as soon as it can be: who speaks another protocol gets no time to finish."""
        head = bytes(self._in[:_GREETING_BYTES])
        if head.startswith(_HTTP):
            # No answer in HTTP: a part of the greeting was sent already.
            raise RemoteError("a WebSocket or HTTP client at the port of --bind", RefusalReason.WRONG_PORT)
        if head[:1] not in (b"", b"\xff") or head[9:10] not in (b"", b"\x7f"):
            raise RemoteError("greeting: expected ZMTP's signature, got other bytes")
        if head[10:11] and head[10] < 3:
            raise RemoteError(f"greeting: expected ZMTP 3, got version {head[10]}")
        if len(head) < _GREETING_BYTES:
            return None
        self._out += self._greeting[_VERSION_KNOWN:]
        name = head[12:32]
        if name != _padded(self._mechanism):
            offered = name.rstrip(b"\0").decode("ascii", "replace")
            raise RemoteError(
                f"greeting: expected mechanism {self._mechanism}, got {offered!r}", RefusalReason.MECHANISM
            )
        del self._in[:_GREETING_BYTES]
        self._state = _State.HELLO if self._mechanism is Mechanism.PLAIN else _State.METADATA
        return None

    def _on_hello(self) -> TransportEvent | None:
        body = self._handshake_command(b"HELLO")
        if body is None:
            return None
        user, rest = _counted(body)
        password, rest = _counted(rest)
        if rest:
            raise RemoteError(f"HELLO: expected user name and password, got {len(rest)} bytes more")
        self._state = _State.CREDENTIALS
        return CredentialsReceived(user=user, password=password)

    def _on_metadata(self) -> TransportEvent | None:
        plain = self._mechanism is Mechanism.PLAIN
        body = self._handshake_command(b"INITIATE" if plain else b"READY")
        if body is None:
            return None
        kind = _metadata(body).get(b"socket-type", b"").decode("ascii", "replace")
        if kind != _CLIENT_SOCKET:
            raise RemoteError(f"Socket-Type: expected {_CLIENT_SOCKET}, got {kind[:16]!r}")
        self._out += _command(b"READY", _property(b"Socket-Type", b"ROUTER") + _property(b"Identity", b""))
        self._state = _State.TRAFFIC
        return HandshakeDone()

    def _on_traffic(self) -> TransportEvent | None:
        data, bounds = self._in, self._bounds
        while True:
            frame = self._frame()
            if frame is None:
                return None
            flags, start, end = frame
            if flags & _COMMAND:
                if len(data) < end:
                    return None
                body = bytes(data[start:end])
                del data[:end]
                return self._on_command(body)
            # The bounds are checked before any of these `end - start` bytes of the body are kept.
            if self._parts_bytes + end - start > bounds.message_bytes:
                got = self._parts_bytes + end - start
                text = f"message: expected at most {bounds.message_bytes} bytes, got {got}"
                raise RemoteError(text, RefusalReason.TOO_LARGE)
            if len(self._parts) >= bounds.frames:
                raise RemoteError(
                    f"message: expected at most {bounds.frames} frames, got more", RefusalReason.TOO_LARGE
                )
            if len(data) < end:
                return None
            self._parts.append(bytes(data[start:end]))
            self._parts_bytes += end - start
            del data[:end]
            if not flags & _MORE:
                parts, self._parts, self._parts_bytes = self._parts, [], 0
                return MessageReceived(parts=parts)

    def _on_command(self, body: bytes) -> TransportEvent:
        """Handle a command after the handshake: answer PING, end on ERROR, ignore others, as RFC 37 asks."""
        name, rest = _counted(body)
        if name == b"ERROR":
            raise RemoteError("the peer sent ERROR")
        if name == b"PING":
            context = rest[_PING_TTL_BYTES:]
            if len(rest) < _PING_TTL_BYTES or len(context) > _MOST_PING_CONTEXT:
                raise RemoteError(f"PING: expected a TTL and up to {_MOST_PING_CONTEXT} bytes, got {len(rest)} bytes")
            self._out += _command(b"PONG", context)
        return CommandReceived(name=name)

    # --- frames -----------------------------------------------------------------------------------------------------

    def _frame(self) -> tuple[int, int, int] | None:
        """Return flags, start and end of the next frame's body, from its header; None while that is incomplete."""
        data = self._in
        if not data:
            return None
        flags = data[0]
        if flags > (_MORE | _LONG | _COMMAND) or flags & (_MORE | _COMMAND) == (_MORE | _COMMAND):
            raise RemoteError(f"frame: expected flags of ZMTP 3, got 0x{flags:02x}")
        start = 9 if flags & _LONG else 2
        if len(data) < start:
            return None
        size = int.from_bytes(data[1:start])
        if flags & _COMMAND and size > self._bounds.command_bytes:
            text = f"command: expected at most {self._bounds.command_bytes} bytes, got {size}"
            raise RemoteError(text, RefusalReason.TOO_LARGE)
        return flags, start, start + size

    def _handshake_command(self, expected: bytes) -> bytes | None:
        """Take a command of the handshake, and return what follows its name; None while it is incomplete."""
        frame = self._frame()
        if frame is None:
            return None
        flags, start, end = frame
        if not flags & _COMMAND:
            raise RemoteError(f"handshake: expected {expected.decode()}, got a message")
        if len(self._in) < end:
            return None
        name, rest = _counted(bytes(self._in[start:end]))
        if name != expected:
            got = name[:16].decode("ascii", "replace")
            raise RemoteError(f"handshake: expected {expected.decode()}, got {got!r}")
        del self._in[:end]
        return rest

    def _send_error(self, reason: bytes) -> None:
        reason = reason[:_MOST_REASON_BYTES]
        self._out += _command(b"ERROR", bytes((len(reason),)) + reason)

    def _close(self) -> None:
        self._state = _State.CLOSED
        self._in.clear()
        self._parts, self._parts_bytes = [], 0

    def _expect(self, state: _State) -> None:
        if self._state is not state:
            raise LocalError(f"connection: expected state {state.name.lower()}, it is in {self._state.name.lower()}")


def greeting(mechanism: Mechanism) -> bytes:
    """Return a server's first bytes, of ZMTP 3.1."""
    as_server = mechanism is Mechanism.PLAIN
    return b"\xff" + bytes(8) + b"\x7f" + b"\x03\x01" + _padded(mechanism) + bytes((as_server,)) + bytes(31)


def _padded(mechanism: Mechanism) -> bytes:
    return mechanism.encode().ljust(20, b"\0")


def _head(flags: int, size: int) -> bytes:
    """Return a frame's header."""
    if size <= _LONGEST_SHORT:
        return bytes((flags, size))
    return bytes((flags | _LONG,)) + size.to_bytes(8)


def _command(name: bytes, rest: bytes = b"") -> bytes:
    body = bytes((len(name),)) + name + rest
    return _head(_COMMAND, len(body)) + body


def _property(name: bytes, value: bytes) -> bytes:
    return bytes((len(name),)) + name + len(value).to_bytes(4) + value


def _counted(data: bytes) -> tuple[bytes, bytes]:
    """Split off a text that follows its length of one byte. Raises: RemoteError if it ends early."""
    if not data or len(data) <= data[0]:
        raise RemoteError("command: expected a length and as many bytes, it ends early")
    return data[1 : 1 + data[0]], data[1 + data[0] :]


def _metadata(data: bytes) -> dict[bytes, bytes]:
    """Parse properties, by name in lower case. Raises: RemoteError if they end early, or have a name twice."""
    found: dict[bytes, bytes] = {}
    while data:
        name, data = _counted(data)
        size = int.from_bytes(data[:4])
        if not name or len(data) < 4 + size:
            raise RemoteError("metadata: expected names and values, it ends early")
        if name.lower() in found:
            raise RemoteError("metadata: expected each name once, got one twice")
        found[name.lower()] = data[4 : 4 + size]
        data = data[4 + size :]
    return found
