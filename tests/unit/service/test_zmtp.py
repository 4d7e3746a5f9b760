"""ZMTP's server side byte by byte: recorded handshakes, any cut of the stream, and bounds checked from headers."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.service.auth import Mechanism, RefusalReason
from segue.service.transport import (
    Bounds,
    CommandReceived,
    CredentialsReceived,
    HandshakeDone,
    LocalError,
    MessageReceived,
    RemoteError,
    TransportEvent,
)
from segue.service.zmtp import ServerConnection

NULL, PLAIN = Mechanism.NULL, Mechanism.PLAIN
# Recorded from libzmq 4.3.5.
NULL_GREETING = bytes.fromhex("ff00000000000000017f 03 01 4e554c4c") + bytes(16 + 32)
PLAIN_GREETING = bytes.fromhex("ff00000000000000017f 03 01 504c41494e") + bytes(15 + 32)
READY = bytes.fromhex("0429 055245414459 0b536f636b65742d54797065 00000006 4445414c4552 084964656e74697479 00000000")
HELLO = bytes.fromhex("0412 0548454c4c4f 057365677565 05746f6b656e")
INITIATE = bytes.fromhex("042c 08494e495449415445") + READY[8:]
OUR_READY = bytes.fromhex(
    "0429 055245414459 0b536f636b65742d54797065 00000006 524f55544552 084964656e74697479 00000000"
)
OUR_PLAIN_GREETING = bytes.fromhex("ff 0000000000000000 7f 0301 504c41494e") + bytes(15) + b"\x01" + bytes(31)
WELCOME = bytes.fromhex("0408 0757454c434f4d45")
REFUSED = bytes.fromhex("040a 054552524f52 03343030")
PING = bytes.fromhex("0407 0450494e47 0064")
TIGHT = Bounds(message_bytes=1_000, frames=4, command_bytes=100)


def frame(body: bytes, flags: int = 0) -> bytes:
    if len(body) < 256:
        return bytes((flags, len(body))) + body
    return bytes((flags | 2,)) + len(body).to_bytes(8) + body


def message(*parts: bytes) -> bytes:
    return b"".join(frame(part, 1) for part in parts[:-1]) + frame(parts[-1])


def command(name: bytes, rest: bytes = b"") -> bytes:
    return frame(bytes((len(name),)) + name + rest, 4)


def named(*properties: tuple[bytes, bytes]) -> bytes:
    return b"".join(bytes((len(n),)) + n + len(v).to_bytes(4) + v for n, v in properties)


def played(
    pieces: Sequence[bytes], mechanism: Mechanism = NULL, bounds: Bounds | None = None
) -> tuple[list[TransportEvent], bytes]:
    """Return all events of a stream in these pieces, with all credentials accepted, and all that is answered."""
    connection = ServerConnection(mechanism, bounds)
    events: list[TransportEvent] = []
    for piece in pieces:
        connection.receive_data(piece)
        while (event := connection.next_event()) is not None:
            events.append(event)
            if isinstance(event, CredentialsReceived):
                connection.accept()
    return events, connection.data_to_send()


def broken(data: bytes, mechanism: Mechanism = NULL, bounds: Bounds | None = None) -> tuple[RemoteError, bytes]:
    """Return how a stream is refused, and what the peer is sent after the greeting."""
    connection = ServerConnection(mechanism, bounds)
    connection.data_to_send()
    connection.receive_data(data)
    handshake_done = False
    while True:
        try:
            event = connection.next_event()
        except RemoteError as error:
            first = error
            break
        assert event is not None, "the stream was not refused"
        handshake_done = handshake_done or event == HandshakeDone()
        if handshake_done:
            connection.data_to_send()
    with pytest.raises(RemoteError) as again:
        connection.next_event()
    assert again.value is first
    connection.receive_data(b"more")
    assert connection.kept_bytes == 0
    return first, connection.data_to_send()


def opened(bounds: Bounds | None = None) -> ServerConnection:
    connection = ServerConnection(NULL, bounds)
    connection.receive_data(NULL_GREETING + READY)
    assert connection.next_event() == HandshakeDone()
    connection.data_to_send()
    return connection


# --- golden handshakes ----------------------------------------------------------------------------------------------


def test_null_handshake_of_libzmq() -> None:
    connection = ServerConnection(NULL)
    assert connection.data_to_send() == bytes.fromhex("ff 0000000000000000 7f 03")
    connection.receive_data(NULL_GREETING)
    assert connection.next_event() is None
    assert connection.data_to_send() == bytes.fromhex("01 4e554c4c") + bytes(16 + 32)
    connection.receive_data(READY)
    assert connection.next_event() == HandshakeDone()
    assert connection.data_to_send() == OUR_READY
    assert connection.send([b"x"]) == b"\0\1x"


def test_plain_handshake_of_libzmq() -> None:
    connection = ServerConnection(PLAIN)
    assert connection.data_to_send() == OUR_PLAIN_GREETING[:11]
    connection.receive_data(PLAIN_GREETING + HELLO)
    assert connection.next_event() == CredentialsReceived(user=b"segue", password=b"token")
    assert connection.data_to_send() == OUR_PLAIN_GREETING[11:]
    # What is received meanwhile waits for the answer.
    connection.receive_data(INITIATE)
    assert connection.next_event() is None
    connection.accept()
    assert connection.data_to_send() == WELCOME
    assert connection.next_event() == HandshakeDone()
    assert connection.data_to_send() == OUR_READY


def test_libzmq_understands_a_refused_token() -> None:
    connection = ServerConnection(PLAIN)
    connection.data_to_send()
    connection.receive_data(PLAIN_GREETING + HELLO)
    connection.next_event()
    connection.data_to_send()
    connection.refuse()
    assert connection.data_to_send() == REFUSED
    connection.receive_data(INITIATE)
    assert connection.next_event() is None
    assert connection.kept_bytes == 0
    with pytest.raises(LocalError):
        connection.send([b"x"])


def test_zmtp_3_0_and_later_versions_work() -> None:
    for version in (b"\x03\x00", b"\x03\x02", b"\x04\x00"):
        greeting = NULL_GREETING[:10] + version + NULL_GREETING[12:]
        assert played([greeting + READY])[0] == [HandshakeDone()]


# --- traffic --------------------------------------------------------------------------------------------------------


def test_short_long_and_multipart_messages() -> None:
    sent = [[b""], [b"x" * 255], [b"x" * 256], [b"", b"a", b"b" * 70_000], [b"last"]]
    events, _ = played([NULL_GREETING + READY + b"".join(message(*parts) for parts in sent)])
    assert events == [HandshakeDone(), *(MessageReceived(parts=parts) for parts in sent)]


def test_a_short_body_in_a_long_frame_is_accepted() -> None:
    events, _ = played([NULL_GREETING + READY + b"\x02" + (3).to_bytes(8) + b"abc"])
    assert events[1:] == [MessageReceived(parts=[b"abc"])]


@pytest.mark.parametrize("context", [b"", b"0123456789abcdef"])
def test_ping_is_answered_with_its_context_even_inside_a_message(context: bytes) -> None:
    ping = command(b"PING", b"\x00\x64" + context)
    connection = opened()
    connection.receive_data(frame(b"one", 1) + ping + frame(b"two"))
    assert connection.next_event() == CommandReceived(name=b"PING")
    assert connection.data_to_send() == command(b"PONG", context)
    assert connection.next_event() == MessageReceived(parts=[b"one", b"two"])


def test_other_commands_are_ignored() -> None:
    for name in (b"PONG", b"SUBSCRIBE", b"JOIN", b"x"):
        connection = opened()
        connection.receive_data(command(name, b"rest") + message(b"after"))
        assert connection.next_event() == CommandReceived(name=name)
        assert connection.next_event() == MessageReceived(parts=[b"after"])
        assert connection.data_to_send() == b""


def test_sent_messages_can_be_received() -> None:
    sent: list[list[bytes | memoryview]] = [[b""], [b"x" * 255, memoryview(b"y" * 256)], [b"a", b"", b"c"]]
    data = b"".join(opened().send(parts) for parts in sent)
    connection = opened()
    connection.receive_data(data)
    for parts in sent:
        assert connection.next_event() == MessageReceived(parts=[bytes(part) for part in parts])


STREAM = (
    PLAIN_GREETING
    + HELLO
    + INITIATE
    + message(b"one")
    + PING
    + message(b"", b"x" * 300)
    + frame(b"a", 1)
    + PING
    + frame(b"b" * 256)
)
WHOLE = played([STREAM], PLAIN)


@given(st.lists(st.integers(0, len(STREAM)), max_size=12))
def test_the_stream_may_be_cut_anywhere(cuts: list[int]) -> None:
    edges = [0, *sorted(cuts), len(STREAM)]
    assert played([STREAM[a:b] for a, b in pairwise(edges)], PLAIN) == WHOLE


def test_the_stream_may_come_byte_by_byte() -> None:
    assert played([bytes((byte,)) for byte in STREAM], PLAIN) == WHOLE
    assert len(WHOLE[0]) == 7


@given(st.binary(max_size=400), st.sampled_from([b"", NULL_GREETING, NULL_GREETING + READY]))
def test_any_bytes_give_events_or_a_remote_error_and_are_bounded(data: bytes, before: bytes) -> None:
    connection = ServerConnection(NULL, TIGHT)
    connection.receive_data(before + data)
    try:
        while connection.next_event() is not None:
            pass
    except RemoteError:
        assert connection.kept_bytes == 0
    assert connection.kept_bytes <= len(before) + len(data)


# --- bounds, from the header alone ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "text"),
    [
        (b"\x02" + (1_001).to_bytes(8), "message: expected at most 1000 bytes, got 1001"),
        (b"\x03" + (2**63).to_bytes(8), f"message: expected at most 1000 bytes, got {2**63}"),
        (frame(b"x" * 600, 1) + b"\x02" + (401).to_bytes(8), "message: expected at most 1000 bytes, got 1001"),
        (frame(b"", 1) * 4 + b"\x00\x00", "message: expected at most 4 frames, got more"),
        (frame(b"", 1) * 5, "message: expected at most 4 frames, got more"),
        (b"\x04\x65", "command: expected at most 100 bytes, got 101"),
        (b"\x06" + (2**40).to_bytes(8), f"command: expected at most 100 bytes, got {2**40}"),
    ],
)
def test_too_large_messages_are_refused_before_their_body_comes(header: bytes, text: str) -> None:
    connection = opened(TIGHT)
    connection.receive_data(header)
    with pytest.raises(RemoteError) as caught:
        connection.next_event()
    assert (str(caught.value), caught.value.refusal) == (text, RefusalReason.TOO_LARGE)
    assert connection.kept_bytes == 0


def test_the_largest_allowed_message_is_accepted() -> None:
    parts = [b"", b"x" * 300, b"", b"y" * 700]
    assert played([NULL_GREETING + READY + message(*parts)], bounds=TIGHT)[0][1:] == [MessageReceived(parts=parts)]


def test_commands_of_the_handshake_are_bounded() -> None:
    error, told = broken(NULL_GREETING + b"\x06" + (2**30).to_bytes(8), bounds=TIGHT)
    assert error.refusal is RefusalReason.TOO_LARGE
    assert told.endswith(command(b"ERROR", bytes((len(str(error)),)) + str(error).encode()))


# --- protocol errors -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"G", "greeting: expected ZMTP's signature, got other bytes"),
        (b"\xff" + bytes(8) + b"\x00", "greeting: expected ZMTP's signature, got other bytes"),
        (NULL_GREETING[:10] + b"\x01", "greeting: expected ZMTP 3, got version 1"),
        (NULL_GREETING[:10] + b"\x00", "greeting: expected ZMTP 3, got version 0"),
    ],
)
def test_other_protocols_are_refused_by_their_first_bytes(data: bytes, text: str) -> None:
    error, told = broken(data)
    assert (str(error), error.refusal, told) == (text, RefusalReason.PROTOCOL, b"")


def test_another_mechanism_is_refused() -> None:
    curve = PLAIN_GREETING.replace(b"PLAIN", b"CURVE")
    for mechanism, data in ((NULL, PLAIN_GREETING), (PLAIN, NULL_GREETING), (PLAIN, curve)):
        error, told = broken(data, mechanism)
        assert error.refusal is RefusalReason.MECHANISM
        # libzmq understands this, too.
        assert told[1:].startswith(mechanism.encode())
        assert str(error).startswith(f"greeting: expected mechanism {mechanism}, got ")


@pytest.mark.parametrize("kind", [b"REQ", b"ROUTER", b"SUB", b"dealer", b"", b"x" * 60])
def test_only_dealers_are_accepted_and_others_get_an_error(kind: bytes) -> None:
    error, told = broken(NULL_GREETING + command(b"READY", named((b"Socket-Type", kind))))
    assert str(error) == f"Socket-Type: expected DEALER, got {kind[:16].decode()!r}"
    assert told.endswith(str(error).encode())


def test_property_names_ignore_case_and_unknown_ones_are_ignored() -> None:
    properties = named((b"x-more", b"y"), (b"SOCKET-TYPE", b"DEALER"), (b"Identity", b"me"))
    assert played([NULL_GREETING + command(b"READY", properties)])[0] == [HandshakeDone()]


@pytest.mark.parametrize(
    "rest",
    [
        b"\x0bSocket-Type",
        b"\x0bSocket-Type\x00\x00\x00\x07DEALER",
        b"\x00\x00\x00\x00\x00",
        b"\x20Socket",
        named((b"Socket-Type", b"DEALER"), (b"socket-type", b"REQ")),
    ],
)
def test_malformed_metadata_is_refused(rest: bytes) -> None:
    error, _ = broken(NULL_GREETING + command(b"READY", rest))
    assert error.refusal is RefusalReason.PROTOCOL


@pytest.mark.parametrize(
    ("mechanism", "data"),
    [
        (NULL, message(b"too early")),
        (NULL, command(b"HELLO")),
        (NULL, b"\x04\x00"),
        (NULL, b"\x04\x03\x05REA"),
        (PLAIN, READY),
        (PLAIN, command(b"HELLO", b"\x05segue")),
        (PLAIN, command(b"HELLO", b"\x05segue\x06token")),
        (PLAIN, command(b"HELLO", b"\x05segue\x05tokenx")),
    ],
)
def test_a_wrong_or_incomplete_handshake_is_refused_with_error(mechanism: Mechanism, data: bytes) -> None:
    error, told = broken((NULL_GREETING if mechanism is NULL else PLAIN_GREETING) + data, mechanism)
    assert error.refusal is RefusalReason.PROTOCOL
    assert told[53:54] == b"\x04"
    assert told[55:61] == b"\x05ERROR"


@pytest.mark.parametrize(
    "data",
    [
        b"\x08\x00",
        b"\xff\x00",
        b"\x05\x06\x05READY",
        b"\x04\x00",
        b"\x04\x03\x04PI",
        command(b"PING"),
        command(b"PING", b"\x00"),
        command(b"PING", b"\x00\x64" + b"x" * 17),
        command(b"ERROR", b"\x03500"),
    ],
)
def test_messages_that_break_the_protocol_end_the_connection(data: bytes) -> None:
    error, told = broken(NULL_GREETING + READY + data)
    assert (error.refusal, told) == (RefusalReason.PROTOCOL, b"")


# --- wrong use -------------------------------------------------------------------------------------------------------


def test_wrong_use_raises_a_local_error() -> None:
    fresh = ServerConnection(PLAIN)
    for wrong in (fresh.accept, fresh.refuse, lambda: fresh.send([b"x"])):
        with pytest.raises(LocalError, match="expected state"):
            wrong()
    with pytest.raises(LocalError, match="at least one part"):
        opened().send([])
