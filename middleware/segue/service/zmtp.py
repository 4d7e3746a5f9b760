"""The server's side of ZMTP 3.0 and 3.1 without sockets and without a clock: bytes in, events out.

Every bound is checked from a frame's header, before its body is kept. Both ends' mistakes have exceptions of their own.

Source: rfc.zeromq.org 23 (ZMTP 3.0), 37 (ZMTP 3.1), 24 (PLAIN). Where libzmq is laxer than the text (a command between
two frames of a message), so is this.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final, TypeAlias

from segue.service.auth import Mechanism, RefusalReason
from segue_sdk.codec import Part
from segue_sdk.limits import HEADER_BYTES

# Clients whose socket adds no envelope of its own. REQ would begin each message with an empty frame.
_CLIENT_SOCKET: Final = "DEALER"
_GREETING_BYTES: Final = 64
# Signature and major version; without these a peer does not tell the rest of its greeting.
_VERSION_KNOWN: Final = 11
_MORE, _LONG, _COMMAND = 1, 2, 4
_LONGEST_SHORT: Final = 255
_PING_TTL_BYTES: Final = 2
_MOST_PING_CONTEXT: Final = 16
_MOST_REASON_BYTES: Final = 255
REFUSED_CREDENTIALS: Final = b"400"
"""As ZAP numbers it. libzmq 4.3 spells PLAIN's ERROR wrongly (0x5e, then RROR), and so tells its application of an
unexpected command; others tell of a failed authentication by this number."""


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """What a peer may send.

    message_bytes: bodies of all frames of a message. frames: in a message. command_bytes: body of a command, metadata
    included.
    """

    message_bytes: int = 4 * HEADER_BYTES
    frames: int = 64
    command_bytes: int = 1_024


@dataclass(frozen=True, kw_only=True, slots=True)
class Credentials:
    """PLAIN's HELLO; nothing more is read until `admit` or `refuse`."""

    user: bytes
    password: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class Opened:
    """The handshake is over; messages may go both ways."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """A whole message."""

    parts: list[bytes]


@dataclass(frozen=True, kw_only=True, slots=True)
class Command:
    """A command that was answered (PING) or ignored; told so that it can be budgeted like a message."""

    name: bytes


Event: TypeAlias = Credentials | Opened | Message | Command


class LocalError(Exception):
    """This side used the connection wrongly."""


class RemoteError(Exception):
    """The peer broke the protocol or a bound; the connection is to be closed once `data_to_send` is sent.

    refusal: what to count it as.
    """

    def __init__(self, text: str, refusal: RefusalReason = RefusalReason.PROTOCOL) -> None:
        super().__init__(text)
        self.refusal = refusal


class _Stage(Enum):
    GREETING = auto()
    HELLO = auto()
    CREDENTIALS = auto()
    METADATA = auto()
    TRAFFIC = auto()
    CLOSED = auto()


class ServerConnection:
    """One connection. `receive_data`, then `next_event` until it is None; send what `data_to_send` gives after each."""

    def __init__(self, mechanism: Mechanism, bounds: Bounds | None = None) -> None:
        self._mechanism = mechanism
        self._bounds = bounds or Bounds()
        self._stage = _Stage.GREETING
        self._error: RemoteError | None = None
        self._in = bytearray()
        self._greeting = greeting(mechanism)
        # The rest follows once the peer's greeting is there: libzmq hangs up as soon as it sees another mechanism than
        # its own, and its own would never be known.
        self._out = bytearray(self._greeting[:_VERSION_KNOWN])
        self._parts: list[bytes] = []
        self._parts_bytes = 0
        self._steps: dict[_Stage, Callable[[], Event | None]] = {
            _Stage.GREETING: self._on_greeting,
            _Stage.HELLO: self._on_hello,
            _Stage.METADATA: self._on_metadata,
            _Stage.TRAFFIC: self._on_traffic,
        }

    @property
    def is_open(self) -> bool:
        """Whether messages may be sent."""
        return self._stage is _Stage.TRAFFIC

    @property
    def kept_bytes(self) -> int:
        """Bytes received and not handed out yet: at most a message and what was received last."""
        return len(self._in) + self._parts_bytes

    def receive_data(self, data: bytes) -> None:
        """Bytes of the peer, cut anywhere. After an error or `refuse` they are dropped."""
        if self._stage is not _Stage.CLOSED:
            self._in += data

    def next_event(self) -> Event | None:
        """What the bytes say next; None while more are needed.

        Raises: RemoteError, from then on at each call.
        """
        if self._error is not None:
            raise self._error
        try:
            while (step := self._steps.get(self._stage)) is not None:
                before = self._stage
                event = step()
                if event is not None or self._stage is before:
                    return event
        except RemoteError as error:
            if self._stage in (_Stage.HELLO, _Stage.METADATA):
                self._say_error(str(error).encode())
            self._error = error
            self._close()
            raise
        return None

    def data_to_send(self) -> bytes:
        """Bytes for the peer; each is given once."""
        data = bytes(self._out)
        self._out.clear()
        return data

    def admit(self) -> None:
        """The credentials are right. Raises: LocalError if none wait for an answer."""
        self._expect(_Stage.CREDENTIALS)
        self._out += _command(b"WELCOME")
        self._stage = _Stage.METADATA

    def refuse(self, reason: bytes = REFUSED_CREDENTIALS) -> None:
        """The credentials are wrong; the connection ends. Raises: LocalError if none wait for an answer."""
        self._expect(_Stage.CREDENTIALS)
        self._say_error(reason)
        self._close()

    def send(self, parts: Sequence[Part]) -> bytes:
        """The bytes of a message. Raises: LocalError before the handshake is over, and for a message without parts."""
        self._expect(_Stage.TRAFFIC)
        if not parts:
            raise LocalError("message: expected at least one part, got none")
        pieces: list[Part] = []
        for left, part in enumerate(reversed(parts)):
            pieces += (part, _head(_MORE if left else 0, len(part)))
        return b"".join(reversed(pieces))

    # --- stages -----------------------------------------------------------------------------------------------------

    def _on_greeting(self) -> Event | None:
        """Judged as soon as it can be: who speaks another protocol gets no time to finish."""
        head = bytes(self._in[:_GREETING_BYTES])
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
        self._stage = _Stage.HELLO if self._mechanism is Mechanism.PLAIN else _Stage.METADATA
        return None

    def _on_hello(self) -> Event | None:
        body = self._handshake_command(b"HELLO")
        if body is None:
            return None
        user, rest = _counted(body)
        password, rest = _counted(rest)
        if rest:
            raise RemoteError(f"HELLO: expected user name and password, got {len(rest)} bytes more")
        self._stage = _Stage.CREDENTIALS
        return Credentials(user=user, password=password)

    def _on_metadata(self) -> Event | None:
        plain = self._mechanism is Mechanism.PLAIN
        body = self._handshake_command(b"INITIATE" if plain else b"READY")
        if body is None:
            return None
        kind = _metadata(body).get(b"socket-type", b"").decode("ascii", "replace")
        if kind != _CLIENT_SOCKET:
            raise RemoteError(f"Socket-Type: expected {_CLIENT_SOCKET}, got {kind[:16]!r}")
        self._out += _command(b"READY", _property(b"Socket-Type", b"ROUTER") + _property(b"Identity", b""))
        self._stage = _Stage.TRAFFIC
        return Opened()

    def _on_traffic(self) -> Event | None:
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
            # From here on `end - start` bytes are to be kept; until now nothing of the frame's body is relied on.
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
                return Message(parts=parts)

    def _on_command(self, body: bytes) -> Event:
        """In traffic: PING is answered; a peer's ERROR ends it; others are ignored, as 37 asks."""
        name, rest = _counted(body)
        if name == b"ERROR":
            raise RemoteError("the peer sent ERROR")
        if name == b"PING":
            context = rest[_PING_TTL_BYTES:]
            if len(rest) < _PING_TTL_BYTES or len(context) > _MOST_PING_CONTEXT:
                raise RemoteError(f"PING: expected a TTL and up to {_MOST_PING_CONTEXT} bytes, got {len(rest)} bytes")
            self._out += _command(b"PONG", context)
        return Command(name=name)

    # --- frames -----------------------------------------------------------------------------------------------------

    def _frame(self) -> tuple[int, int, int] | None:
        """Flags, start and end of the next frame's body, from its header alone; None while that is not there."""
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
        """What follows the name of a command of the handshake; None while it is not all there."""
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

    def _say_error(self, reason: bytes) -> None:
        reason = reason[:_MOST_REASON_BYTES]
        self._out += _command(b"ERROR", bytes((len(reason),)) + reason)

    def _close(self) -> None:
        self._stage = _Stage.CLOSED
        self._in.clear()
        self._parts, self._parts_bytes = [], 0

    def _expect(self, stage: _Stage) -> None:
        if self._stage is not stage:
            raise LocalError(f"connection: expected stage {stage.name.lower()}, it is in {self._stage.name.lower()}")


def greeting(mechanism: Mechanism) -> bytes:
    """A server's first bytes: ZMTP 3.1."""
    as_server = mechanism is Mechanism.PLAIN
    return b"\xff" + bytes(8) + b"\x7f" + b"\x03\x01" + _padded(mechanism) + bytes((as_server,)) + bytes(31)


def _padded(mechanism: Mechanism) -> bytes:
    return mechanism.encode().ljust(20, b"\0")


def _head(flags: int, size: int) -> bytes:
    """A frame's header."""
    if size <= _LONGEST_SHORT:
        return bytes((flags, size))
    return bytes((flags | _LONG,)) + size.to_bytes(8)


def _command(name: bytes, rest: bytes = b"") -> bytes:
    body = bytes((len(name),)) + name + rest
    return _head(_COMMAND, len(body)) + body


def _property(name: bytes, value: bytes) -> bytes:
    return bytes((len(name),)) + name + len(value).to_bytes(4) + value


def _counted(data: bytes) -> tuple[bytes, bytes]:
    """A text behind its length of one byte, and what follows. Raises: RemoteError if it ends early."""
    if not data or len(data) <= data[0]:
        raise RemoteError("command: expected a length and as many bytes, it ends early")
    return data[1 : 1 + data[0]], data[1 + data[0] :]


def _metadata(data: bytes) -> dict[bytes, bytes]:
    """Properties by name in lower case. Raises: RemoteError for bytes that are none, or a name twice."""
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
