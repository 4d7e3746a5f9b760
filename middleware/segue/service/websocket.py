"""The server's side of WebSocket, without sockets and without a clock: bytes in, events out.

One binary message carries one message of the protocol: 4 bytes, little-endian, with the length of the header; the
header; the payload. The library `websockets` parses HTTP and frames. Here are the bounds, who may connect, and the
token, which the first message carries (`hello.token`), since browsers cannot send it in the handshake.

Nothing is compressed: sound does not shrink, and a small message could become a large one. The service answers pings
and sends none: `status` and `playhead` already tell each side that the other is there (PROTOCOL.md section 3).

Source: RFC 6455; PROTOCOL.md section 1.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Mapping, Sequence
from enum import Enum, auto
from typing import Final

import msgpack
from websockets.exceptions import PayloadTooBig
from websockets.frames import CloseCode, Frame, Opcode
from websockets.http11 import Request
from websockets.protocol import State
from websockets.server import ServerProtocol

from segue.service.auth import USER, Mechanism, RefusalReason
from segue.service.transport import (
    Bounds,
    CommandReceived,
    CredentialsReceived,
    EndReason,
    EndReceived,
    HandshakeDone,
    LocalError,
    MessageReceived,
    RemoteError,
    TransportEvent,
)
from segue.service.web_access import WebAccess
from segue_sdk.codec import Part, encode
from segue_sdk.messages import Bye, Error, ServiceMessage

# The library logs what it receives at the level debug, and with it the token.
_library_log = logging.getLogger(f"{__name__}.library")
_library_log.setLevel(logging.WARNING)

# A token may be corrected at the service or at the client.
_RETRY_MS: Final = 5_000
_LENGTH_BYTES: Final = 4
# A request with the cookies of a page; other servers allow as much.
_MOST_REQUEST_BYTES: Final = 16_384
_END_OF_REQUEST: Final = b"\r\n\r\n"
# The library parses all frames that it is given at once, and a frame may have 6 bytes.
_BYTES_AT_ONCE: Final = 1_024
# The first byte of a ZMTP client.
_ZMTP: Final = b"\xff"
_ABOUT_THIS_PORT: Final = (
    "This port is for the games of a Segue music service, which connect by WebSocket (PROTOCOL.md section 1). "
    "It answers nothing else."
)
_DATA: Final = (Opcode.BINARY, Opcode.CONT)
_END_CODES: Final[Mapping[EndReason, tuple[CloseCode, str]]] = {
    EndReason.STOPPING: (CloseCode.GOING_AWAY, "the service stops"),
    EndReason.TOO_SLOW: (CloseCode.POLICY_VIOLATION, "nothing came in time: hello, or later any message"),
}
# Fields of a hello that are read before its token is accepted; and how many fields it may have, known or not.
_TOLD: Final = ("t", "token")
_MOST_FIELDS: Final = 256


class _State(Enum):
    REQUEST = auto()
    HELLO = auto()
    CREDENTIALS = auto()
    TRAFFIC = auto()
    CLOSED = auto()


class WebSocketConnection:
    """The state of one connection: a TransportProtocol, where the methods are documented."""

    def __init__(self, mechanism: Mechanism, access: WebAccess, bounds: Bounds | None = None) -> None:
        """Wait for a request.

        Args:
            mechanism: PLAIN if the first message has to carry the token.
            access: Which pages may connect.
            bounds: What the client may send.
        """
        self._mechanism = mechanism
        self._access = access
        self._bounds = bounds or Bounds()
        self._library = ServerProtocol(max_size=self._bounds.message_bytes, logger=_library_log)
        self._state = _State.REQUEST
        self._error: RemoteError | None = None
        # What the library was not given yet; what it returned; the events that follow from it.
        self._in = bytearray()
        self._frames: deque[Frame] = deque()
        self._events: deque[TransportEvent] = deque()
        # At most what the library keeps of a frame that is not complete.
        self._frame_bytes = 0
        # Of a message that is not complete.
        self._fragments: list[bytes] = []
        self._fragments_bytes = 0

    @property
    def kept_bytes(self) -> int:
        frames = sum(len(frame.data) for frame in self._frames)
        return len(self._in) + self._frame_bytes + frames + self._fragments_bytes

    def receive_data(self, data: bytes) -> None:
        if self._state is not _State.CLOSED:
            self._in += data

    def next_event(self) -> TransportEvent | None:
        if self._error is not None:
            raise self._error
        try:
            return self._next_event()
        except RemoteError as error:
            self._error = error
            self._close()
            raise

    def data_to_send(self) -> bytes:
        return b"".join(self._library.data_to_send())

    def accept(self) -> None:
        self._expect(_State.CREDENTIALS)
        self._state = _State.TRAFFIC

    def refuse(self) -> None:
        self._expect(_State.CREDENTIALS)
        self._refuse_hello("the token in `hello` is not that of this service")
        self._close()

    def send(self, parts: Sequence[Part]) -> bytes:
        self._expect(_State.TRAFFIC)
        if not parts:
            raise LocalError("message: expected at least one part, got none")
        # Else the client has ended the connection, and it is not handled yet.
        if self._library.state is State.OPEN:
            self._send(parts)
        return self.data_to_send()

    def end(self, reason: EndReason) -> None:
        if self._library.state is State.OPEN:
            self._library.send_close(*_END_CODES[reason])

    # --- stages -----------------------------------------------------------------------------------------------------

    def _next_event(self) -> TransportEvent | None:
        # While credentials wait for an answer, nothing more is read.
        while self._state not in (_State.CREDENTIALS, _State.CLOSED):
            if self._events:
                return self._events.popleft()
            if self._frames:
                event = self._on_frame(self._frames.popleft())
                if event is not None:
                    return event
            elif not (self._read_request() if self._state is _State.REQUEST else self._read_frames()):
                return None
        return None

    def _read_request(self) -> bool:
        """Answer the request; False while it is incomplete. Raises: RemoteError if it is refused."""
        if self._in[:1] == _ZMTP:
            raise RemoteError("a ZMTP client at the port of --web-bind", RefusalReason.WRONG_PORT)
        if self._in and not self._in[:1].isalpha():
            raise RemoteError("request: expected HTTP, got other bytes")
        end = self._in.find(_END_OF_REQUEST, 0, _MOST_REQUEST_BYTES)
        if end < 0:
            if len(self._in) < _MOST_REQUEST_BYTES:
                return False
            text = f"request: expected at most {_MOST_REQUEST_BYTES} bytes, got more"
            self._reject(431, text)
            raise RemoteError(text, RefusalReason.TOO_LARGE)
        # What follows is given to the library after its answer: it would handle frames before.
        end += len(_END_OF_REQUEST)
        self._library.receive_data(bytes(self._in[:end]))
        del self._in[:end]
        requests = [event for event in self._library.events_received() if isinstance(event, Request)]
        if not requests:
            raise RemoteError(f"request: {self._library.handshake_exc}")
        self._answer(requests[0])
        return True

    def _read_frames(self) -> bool:
        """Give the library some more bytes; False if there are none. Raises: RemoteError after wrong ones."""
        library = self._library
        if library.parser_exc is not None:
            too_big = isinstance(library.parser_exc, PayloadTooBig)
            reason = RefusalReason.TOO_LARGE if too_big else RefusalReason.PROTOCOL
            raise RemoteError(f"frame: {library.parser_exc}", reason)
        if not self._in:
            return False
        data = bytes(self._in[:_BYTES_AT_ONCE])
        del self._in[:_BYTES_AT_ONCE]
        library.receive_data(data)
        self._frames += (event for event in library.events_received() if isinstance(event, Frame))
        self._frame_bytes = len(data) + (0 if self._frames else self._frame_bytes)
        return True

    def _answer(self, request: Request) -> None:
        """Answer a request. Raises: RemoteError if it is refused."""
        headers = request.headers
        problem = self._access.problem(headers.get_all("Origin"), headers.get_all("Host"))
        if problem is not None:
            self._reject(403, problem)
            raise RemoteError(problem, RefusalReason.ORIGIN)
        if not headers.get_all("Upgrade"):
            self._reject(426, _ABOUT_THIS_PORT, upgrade=True)
            raise RemoteError("request: expected one to upgrade to WebSocket, got another")
        response = self._library.accept(request)
        self._library.send_response(response)
        if response.status_code != 101:
            raise RemoteError(f"request: answered with {response.status_code} {response.reason_phrase}")
        if self._mechanism is Mechanism.PLAIN:
            self._state = _State.HELLO
        else:
            self._state = _State.TRAFFIC
            self._events.append(HandshakeDone())

    def _on_frame(self, frame: Frame) -> TransportEvent | None:
        if frame.opcode is Opcode.CLOSE:
            self._close()
            return EndReceived()
        if frame.opcode in (Opcode.PING, Opcode.PONG):
            return CommandReceived(name=frame.opcode.name.encode())
        if frame.opcode not in _DATA:
            raise self._failure(CloseCode.UNSUPPORTED_DATA, "message: expected binary, got text")
        if len(self._fragments) >= self._bounds.frames:
            text = f"message: expected at most {self._bounds.frames} frames, got more"
            raise self._failure(CloseCode.MESSAGE_TOO_BIG, text, RefusalReason.TOO_LARGE)
        self._fragments.append(bytes(frame.data))
        self._fragments_bytes += len(frame.data)
        if not frame.fin:
            return None
        message = b"".join(self._fragments)
        self._fragments, self._fragments_bytes = [], 0
        return self._on_message(self._split(message))

    def _on_message(self, parts: list[bytes]) -> TransportEvent:
        if self._state is _State.TRAFFIC:
            return MessageReceived(parts=parts)
        token = _token(parts[0])
        if token is None:
            self._refuse_hello("expected `hello` with the token of this service first")
            raise RemoteError("first message: expected hello with a token, got none", RefusalReason.MECHANISM)
        self._state = _State.CREDENTIALS
        # Once the token is accepted, the hello itself is a message like any other.
        self._events += (HandshakeDone(), MessageReceived(parts=parts))
        return CredentialsReceived(user=USER, password=token)

    def _split(self, message: bytes) -> list[bytes]:
        """Split a message into header and payload; an empty payload is none."""
        size, start = int.from_bytes(message[:_LENGTH_BYTES], "little"), _LENGTH_BYTES
        if len(message) < start + size:
            text = f"message: expected {_LENGTH_BYTES} bytes and a header as long as they say, it ends early"
            raise self._failure(CloseCode.INVALID_DATA, text)
        header, payload = message[start : start + size], message[start + size :]
        return [header, payload] if payload else [header]

    # --- answers ----------------------------------------------------------------------------------------------------

    def _send(self, parts: Sequence[Part]) -> None:
        header, *payload = parts
        self._library.send_binary(b"".join((len(header).to_bytes(_LENGTH_BYTES, "little"), header, *payload)))

    def _refuse_hello(self, text: str) -> None:
        """Tell the client that it may not play, and close."""
        answers: tuple[ServiceMessage, ...] = (
            Error(code="unauthorised", text=text, about="hello"),
            Bye(reason="refused", text=text, retry_ms=_RETRY_MS),
        )
        if self._library.state is State.OPEN:
            for answer in answers:
                self._send(encode(answer))
            self._library.send_close(CloseCode.POLICY_VIOLATION, "no token, or a wrong one")

    def _reject(self, status: int, text: str, *, upgrade: bool = False) -> None:
        response = self._library.reject(status, f"{text}\n")
        if upgrade:
            response.headers["Upgrade"] = "websocket"
        self._library.send_response(response)

    def _failure(self, code: CloseCode, text: str, refusal: RefusalReason = RefusalReason.PROTOCOL) -> RemoteError:
        """Tell the client why the connection ends, and return the error to raise."""
        if self._library.state is State.OPEN:
            self._library.send_close(code, text)
        return RemoteError(text, refusal)

    def _close(self) -> None:
        self._state = _State.CLOSED
        self._in.clear()
        self._frames.clear()
        self._events.clear()
        self._frame_bytes = 0
        self._fragments, self._fragments_bytes = [], 0

    def _expect(self, state: _State) -> None:
        if self._state is not state:
            raise LocalError(f"connection: expected state {state.name.lower()}, it is in {self._state.name.lower()}")


def _token(header: bytes) -> bytes | None:
    """Return the token of a hello; None if there is none, or it is no hello.

    The header is decoded by all its rules only after its token was accepted: a long one takes 0.1 s. Here nothing is
    built of the other fields.
    """
    found: dict[object, object] = {}
    # Without lists and maps, a key is a text or a number.
    reader = msgpack.Unpacker(raw=False, strict_map_key=False, max_array_len=0, max_map_len=0)
    try:
        reader.feed(header)
        for _ in range(min(_MOST_FIELDS, reader.read_map_header())):
            key = reader.unpack()
            if key in _TOLD:
                found[key] = reader.unpack()
            else:
                reader.skip()
    # Any bytes may come, and the reader has no error of its own for all of them.
    except Exception:
        return None
    token = found.get("token")
    return token.encode() if found.get("t") == "hello" and isinstance(token, str) else None
