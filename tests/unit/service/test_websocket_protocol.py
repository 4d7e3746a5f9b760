"""WebSocket's server side byte by byte: the handshake, any cut of the stream, bounds, and what ends a connection."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from websockets.frames import CloseCode, Opcode

from segue.service.auth import Mechanism, RefusalReason
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
from segue.service.websocket import WebSocketConnection
from segue_sdk.codec import decode, encode, pack
from segue_sdk.messages import Bye, Error, Hello
from unit.service.web_bytes import ACCEPT, answers, frame, message, packed, request, status

NULL, PLAIN = Mechanism.NULL, Mechanism.PLAIN
TOKEN = "a token of the tests"
HELLO = pack({"v": 1, "t": "hello", "versions": [1], "client": "test", "token": TOKEN})
NAMELESS = pack({"v": 1, "t": "hello", "versions": [1], "client": "test"})
TIGHT = Bounds(message_bytes=1_000, frames=4)


def connection(mechanism: Mechanism = NULL, bounds: Bounds | None = None, **access: object) -> WebSocketConnection:
    return WebSocketConnection(mechanism, WebAccess(**access), bounds)  # type: ignore[arg-type]


def events(service: WebSocketConnection, *pieces: bytes, answer: bool | None = None) -> list[TransportEvent]:
    """Return the events that pieces of the stream cause; answer: whether a token is accepted, at once."""
    found: list[TransportEvent] = []
    for piece in pieces:
        service.receive_data(piece)
        while (event := service.next_event()) is not None:
            found.append(event)
            if isinstance(event, CredentialsReceived) and answer is not None:
                (service.accept if answer else service.refuse)()
    return found


def opened(bounds: Bounds | None = None) -> WebSocketConnection:
    service = connection(bounds=bounds)
    assert events(service, request()) == [HandshakeDone()]
    service.data_to_send()
    return service


# --- the handshake --------------------------------------------------------------------------------------------------


def test_the_upgrade_is_that_of_the_standard_and_nothing_is_compressed() -> None:
    service = connection()
    asked = request(Sec_WebSocket_Extensions="permessage-deflate", Sec_WebSocket_Protocol="other")
    assert events(service, asked) == [HandshakeDone()]
    response = service.data_to_send()
    assert status(response) == 101
    assert ACCEPT in response
    assert b"Sec-WebSocket-Extensions" not in response
    assert b"Sec-WebSocket-Protocol" not in response


@pytest.mark.parametrize("line", [b"GET / HTTP/1.1", b"GET /favicon.ico HTTP/1.1", b"POST /x HTTP/1.1"])
def test_a_request_without_an_upgrade_is_told_what_the_port_is(line: bytes) -> None:
    service = connection()
    with pytest.raises(RemoteError, match="expected one to upgrade"):
        events(service, line + b"\r\nHost: localhost:9465\r\n\r\n")
    response = service.data_to_send()
    if line.startswith(b"GET"):
        assert status(response) == 426
        assert b"Upgrade: websocket" in response
        assert response.endswith(b"It answers nothing else.\n")
    with pytest.raises(RemoteError):
        service.next_event()


@pytest.mark.parametrize(
    ("first", "text", "reason"),
    [
        (b"\xff", "a ZMTP client at the port of --web-bind", RefusalReason.WRONG_PORT),
        (b"\x16", "expected HTTP", RefusalReason.PROTOCOL),
        (b"\0", "expected HTTP", RefusalReason.PROTOCOL),
        (b"\r", "expected HTTP", RefusalReason.PROTOCOL),
    ],
    ids=["zmtp", "tls", "zero", "empty"],
)
def test_bytes_that_are_not_http_are_refused_at_the_first(first: bytes, text: str, reason: RefusalReason) -> None:
    service = connection()
    with pytest.raises(RemoteError, match=text) as caught:
        events(service, first)
    assert caught.value.refusal is reason


@pytest.mark.parametrize(
    "asked",
    [
        b"GET /\r\n\r\n",
        b"GET / HTTP/2\r\nHost: localhost\r\n\r\n",
        b"NONSENSE\r\n\r\n",
        b"GET / HTTP/1.1\r\nno header\r\n\r\n",
        request(Sec_WebSocket_Version="12"),
        request(Sec_WebSocket_Key="short"),
        request(Sec_WebSocket_Key="ÿ" * 24),
        request(Connection="close"),
        request(Upgrade="h2c"),
        request(Upgrade="websocket, \0"),
        request(Transfer_Encoding="chunked"),
        request(Sec_WebSocket_Protocol="\t,,;"),
        request(Cookie="x" * 9_000),
        request(**{f"X-{i}": "" for i in range(200)}),
    ],
)
def test_a_wrong_request_is_refused_without_an_error_in_the_log(asked: bytes, caplog: pytest.LogCaptureFixture) -> None:
    service = connection()
    with pytest.raises(RemoteError, match="request: "):
        events(service, asked + message(b"and more") * 10)
    assert not service.data_to_send().startswith(b"HTTP/1.1 101")
    assert caplog.records == []


def test_an_endless_request_is_refused_and_little_of_it_is_kept() -> None:
    service = connection()
    piece = b"GET / HTTP/1.1\r\n" + b"X-Y: z\r\n" * 100
    for _ in range(16_384 // len(piece)):
        assert events(service, piece) == []
    assert service.kept_bytes < 16_384
    with pytest.raises(RemoteError, match="at most 16384 bytes") as caught:
        events(service, piece)
    assert caught.value.refusal is RefusalReason.TOO_LARGE
    assert status(service.data_to_send()) == 431
    assert service.kept_bytes == 0


@pytest.mark.parametrize(
    ("access", "host", "origin", "allowed"),
    [
        # Without a list: pages of this machine, and programs that are no browsers.
        ({}, "localhost:9465", None, True),
        ({}, "[::1]:9465", "http://localhost", True),
        ({}, "127.0.0.1", "http://localhost:8080", True),
        ({}, "127.0.0.1", "https://127.0.0.1:8443", True),
        ({}, "127.0.0.1", "http://[::1]:5173", True),
        ({}, "127.0.0.1", "http://localhost.evil.example", False),
        ({}, "127.0.0.1", "http://127.0.0.1.evil.example", False),
        ({}, "127.0.0.1", "http://evil.example", False),
        ({}, "127.0.0.1", "http://localhost@evil.example", False),
        ({}, "127.0.0.1", "http://localhost/", False),
        ({}, "127.0.0.1", "ftp://localhost", False),
        ({}, "127.0.0.1", "localhost", False),
        ({}, "127.0.0.1", "null", False),
        ({}, "127.0.0.1", "", False),
        # With a list: exactly those.
        ({"origins": ("https://a.example",)}, "localhost", "https://a.example", True),
        ({"origins": ("https://a.example",)}, "localhost", None, True),
        ({"origins": ("https://a.example",)}, "localhost", "https://a.example:8443", False),
        ({"origins": ("https://a.example",)}, "localhost", "http://a.example", False),
        ({"origins": ("https://a.example",)}, "localhost", "http://localhost", False),
        ({"origins": ("https://a.example",)}, "localhost", "null", False),
        ({"origins": ("null",)}, "localhost", "null", True),
        # A name that an attacker points at this machine, and a proxy that passes the name of a listed page on.
        ({}, "evil.example:9465", None, False),
        ({}, "evil.example", "http://localhost", False),
        ({}, "localhost.evil.example", None, False),
        ({}, "127.0.0.1.evil.example", None, False),
        ({}, "user@127.0.0.1", None, False),
        ({}, "127.0.0.1:9465, evil.example", None, False),
        ({}, "", None, False),
        ({"origins": ("https://a.example:8443",)}, "a.example", "https://a.example:8443", True),
        ({"origins": ("https://a.example",)}, "b.example", "https://a.example", False),
        ({"origins": ("null",)}, "null", None, False),
        # Beyond loopback the host may have any name.
        ({"loopback": False}, "music.example", "http://localhost:8080", True),
        ({"loopback": False}, "music.example", "http://music.example", False),
    ],
)
def test_origin_and_host(access: dict[str, object], host: str, origin: str | None, allowed: bool) -> None:
    service = connection(**access)
    if allowed:
        assert events(service, request(host, origin)) == [HandshakeDone()]
        return
    with pytest.raises(RemoteError) as caught:
        events(service, request(host, origin))
    assert caught.value.refusal is RefusalReason.ORIGIN
    assert status(service.data_to_send()) == 403
    assert "--web-origin" in str(caught.value)


@pytest.mark.parametrize("line", [b"Origin: http://localhost\r\n", b"Host: localhost\r\n"])
def test_a_second_origin_or_host_is_refused(line: bytes) -> None:
    asked = request(origin="http://localhost").replace(b"Upgrade: websocket\r\n", b"Upgrade: websocket\r\n" + line)
    service = connection()
    with pytest.raises(RemoteError, match=r"expected (at most )?one, got 2"):
        events(service, asked)
    assert status(service.data_to_send()) == 403


def test_a_request_without_a_host_is_refused() -> None:
    with pytest.raises(RemoteError, match="Host: expected one, got 0"):
        events(connection(), request().replace(b"Host:", b"Hast:"))


# --- the token ------------------------------------------------------------------------------------------------------


def test_the_first_message_carries_the_token_and_is_passed_on() -> None:
    service = connection(PLAIN)
    found = events(service, request() + frame(b"ping", Opcode.PING) + message(HELLO) + message(b"next"), answer=True)
    assert found == [
        CommandReceived(name=b"PING"),
        CredentialsReceived(user=b"segue", password=TOKEN.encode()),
        HandshakeDone(),
        MessageReceived(parts=[HELLO]),
        MessageReceived(parts=[b"next"]),
    ]


def test_nothing_is_read_while_the_token_waits_for_an_answer() -> None:
    service = connection(PLAIN)
    (found,) = events(service, request() + message(HELLO) + message(b"next") * 100)
    assert isinstance(found, CredentialsReceived)
    assert events(service, message(b"next")) == []
    service.accept()
    assert len(events(service, b"")) == 103


def test_a_wrong_token_is_told_to_the_client() -> None:
    service = connection(PLAIN)
    events(service, request() + message(HELLO), answer=False)
    sent = service.data_to_send()
    (error, bye), _, end = answers(sent)
    assert decode([error[4:]]) == Error(code="unauthorised", text=decode([error[4:]]).text, about="hello")
    refused = decode([bye[4:]])
    assert isinstance(refused, Bye)
    assert (refused.reason, refused.retry_ms) == ("refused", 5_000)
    assert end is not None
    assert end.code == CloseCode.POLICY_VIOLATION
    assert TOKEN.encode() not in sent
    assert events(service, message(HELLO)) == []


@pytest.mark.parametrize(
    "first",
    [
        NAMELESS,
        pack({"v": 1, "t": "hello", "versions": [1], "client": "test", "token": 5}),
        pack({"v": 1, "t": "playhead", "token": TOKEN}),
        b"",
        b"\xc1",
        b"\x81",
        b"\x81\x90\x01",
        b"\x91" * 5_000,
        b"\x81" + b"\x91" * 5_000,
        b"\x83\xa1t\xa5hello\xa5token\xa3\xed\xa0\x80\xa1x\x01",
        b"\x82\xa1t\xa5hello\xa5token\xdb\xff\xff\xff\xff",
        b"\xc7\x00\x01",
        b"\xff\xff\xff\xff" * 60_000,
    ],
    ids=[
        "none",
        "number",
        "playhead",
        "empty",
        "garbage",
        "cut",
        "key",
        "deep",
        "deep key",
        "surrogate",
        "length",
        "extension",
        "long",
    ],
)
def test_a_first_message_without_a_token_ends_the_connection(first: bytes) -> None:
    service = connection(PLAIN)
    with pytest.raises(RemoteError, match="expected hello with a token") as caught:
        events(service, request() + message(first))
    assert caught.value.refusal is RefusalReason.MECHANISM
    (error, bye), _, end = answers(service.data_to_send())
    assert decode([error[4:]]).code == "unauthorised"
    assert isinstance(decode([bye[4:]]), Bye)
    assert end is not None
    assert end.code == CloseCode.POLICY_VIOLATION


@pytest.mark.parametrize("place", [0, 1, 2])
def test_the_token_is_found_wherever_it_stands_and_whatever_else_does(place: int) -> None:
    fields: list[tuple[str, object]] = [("t", "hello"), ("versions", [[]] * 100_000), ("of another version", {"a": {}})]
    fields.insert(place, ("token", TOKEN))
    service = connection(PLAIN)
    assert events(service, request() + message(pack(dict(fields))), answer=True)[0] == CredentialsReceived(
        user=b"segue", password=TOKEN.encode()
    )


def test_a_hello_with_more_fields_than_any_version_has_no_token() -> None:
    fields = {"t": "hello", **{f"field {number}": 0 for number in range(300)}, "token": TOKEN}
    with pytest.raises(RemoteError, match="expected hello with a token"):
        events(connection(PLAIN), request() + message(pack(fields)))


def test_without_a_token_of_the_service_a_given_one_is_an_unknown_field() -> None:
    assert events(connection(), request() + message(HELLO)) == [HandshakeDone(), MessageReceived(parts=[HELLO])]


# --- messages -------------------------------------------------------------------------------------------------------


def test_messages_pass_both_ways() -> None:
    service = opened()
    rng = random.Random(1)
    sizes = [(0, 0), (1, 0), (0, 1), (125, 0), (126, 65_535), (65_536, 1), (262_144, 700_000)]
    sent = [(rng.randbytes(header), rng.randbytes(payload)) for header, payload in sizes]
    found = events(service, *(message(*one) for one in sent))
    assert found == [MessageReceived(parts=[header, *([payload] if payload else [])]) for header, payload in sent]
    for header, payload in sent:
        got, _, _ = answers(service.send([header, payload]))
        assert got == [packed(header, payload)]
    (got,), _, _ = answers(service.send([b"alone"]))
    assert got == b"\x05\x00\x00\x00alone"


STREAM = (
    request()
    + message(encode(Hello(versions=(1,), client="x"))[0])
    + frame(b"\x02\x00", fin=False)
    + frame(b"??", Opcode.PING)
    + frame(b"\x00", Opcode.CONT, fin=False)
    + frame(b"", Opcode.CONT, fin=False)
    + frame(b"\x00abcd", Opcode.CONT)
    + frame(b"", Opcode.PONG)
    + message(b"x" * 3_000, b"y" * 70_000)
    + frame(b"\x03\xe8bye", Opcode.CLOSE)
)
WHOLE = events(connection(), STREAM)


def test_a_stream_with_every_kind_of_event() -> None:
    assert [type(event) for event in WHOLE] == [
        HandshakeDone,
        MessageReceived,
        CommandReceived,
        MessageReceived,
        CommandReceived,
        MessageReceived,
        EndReceived,
    ]
    assert WHOLE[3] == MessageReceived(parts=[b"ab", b"cd"])


@settings(max_examples=60)
@given(st.lists(st.integers(0, len(STREAM)), max_size=40).map(sorted))
def test_any_cut_of_the_stream_gives_the_same_events_and_answers(cuts: list[int]) -> None:
    service = connection()
    pieces = [STREAM[start:end] for start, end in pairwise([0, *cuts, len(STREAM)])]
    assert events(service, *pieces) == WHOLE
    _, pongs, end = answers(service.data_to_send())
    assert pongs == [b"??"]
    assert end is not None
    assert end.code == CloseCode.NORMAL_CLOSURE


@settings(max_examples=150)
@given(st.data())
def test_any_damage_is_an_event_or_a_remote_error(data: st.DataObject) -> None:
    at = data.draw(st.integers(0, min(len(STREAM), 4_000) - 1))
    damaged = STREAM[:at] + data.draw(st.binary(min_size=1, max_size=20)) + STREAM[at + data.draw(st.integers(0, 9)) :]
    service = connection(data.draw(st.sampled_from([NULL, PLAIN])))
    try:
        events(service, damaged[: at + 5], damaged[at + 5 :], answer=True)
    except RemoteError:
        with pytest.raises(RemoteError):
            service.next_event()
        assert service.kept_bytes == 0
    service.data_to_send()


# --- bounds ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1_001, 1 << 20, 1 << 62, (1 << 63) - 1, 1 << 63, (1 << 64) - 1])
def test_a_long_message_is_refused_from_the_header_of_its_frame(size: int) -> None:
    service = opened(TIGHT)
    with pytest.raises(RemoteError) as caught:
        events(service, frame(size=size))
    assert caught.value.refusal is RefusalReason.TOO_LARGE
    _, _, end = answers(service.data_to_send())
    assert end is not None
    assert end.code == CloseCode.MESSAGE_TOO_BIG
    assert service.kept_bytes == 0


def test_the_largest_message_passes() -> None:
    service = opened(TIGHT)
    (found,) = events(service, message(b"h" * 900, b"p" * 96))
    assert found == MessageReceived(parts=[b"h" * 900, b"p" * 96])


def test_a_long_message_in_parts_is_refused_from_the_header_of_the_part_that_exceeds_it() -> None:
    service = opened(TIGHT)
    assert events(service, frame(bytes(600), fin=False)) == []
    assert service.kept_bytes < 2_000
    with pytest.raises(RemoteError) as caught:
        events(service, frame(opcode=Opcode.CONT, size=401))
    assert caught.value.refusal is RefusalReason.TOO_LARGE
    assert service.kept_bytes == 0


@pytest.mark.parametrize("body", [b"", b"x"])
def test_a_message_of_many_parts_is_refused(body: bytes) -> None:
    service = opened()
    with pytest.raises(RemoteError, match="at most 64 frames") as caught:
        events(service, frame(body, fin=False) + frame(body, Opcode.CONT, fin=False) * 100_000)
    assert caught.value.refusal is RefusalReason.TOO_LARGE
    _, _, end = answers(service.data_to_send())
    assert end is not None
    assert end.code == CloseCode.MESSAGE_TOO_BIG


def test_few_frames_are_parsed_before_the_next_event() -> None:
    """A flood of the smallest frames is parsed little by little, so that every other connection has its turn."""
    service = opened()
    service.receive_data(frame(b"", Opcode.PING) * 10_000)
    kept = service.kept_bytes
    assert service.next_event() == CommandReceived(name=b"PING")
    assert kept - service.kept_bytes < 2_000
    assert len(answers(service.data_to_send())[1]) < 200
    left = sum(1 for _ in iter(service.next_event, None))
    assert left == 9_999


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        (frame(b"text", Opcode.TEXT), CloseCode.UNSUPPORTED_DATA),
        (frame(b"te", Opcode.TEXT, fin=False) + frame(b"xt", Opcode.CONT), CloseCode.UNSUPPORTED_DATA),
        (frame(b""), CloseCode.INVALID_DATA),
        (frame(b"\x01\x00\x00"), CloseCode.INVALID_DATA),
        (frame(b"\x02\x00\x00\x00x"), CloseCode.INVALID_DATA),
        (frame(b"\xff\xff\xff\xffx"), CloseCode.INVALID_DATA),
        (frame(b"\x00\x00\x00\x00", masked=False), CloseCode.PROTOCOL_ERROR),
        (frame(b"", 0x3), CloseCode.PROTOCOL_ERROR),
        (frame(b"", 0x42), CloseCode.PROTOCOL_ERROR),
        (frame(b"", Opcode.CONT), CloseCode.PROTOCOL_ERROR),
        (frame(b"x", fin=False) + frame(b"y"), CloseCode.PROTOCOL_ERROR),
        (frame(bytes(126), Opcode.PING), CloseCode.PROTOCOL_ERROR),
        (frame(b"", Opcode.PING, fin=False), CloseCode.PROTOCOL_ERROR),
        (frame(b"\x03", Opcode.CLOSE), CloseCode.PROTOCOL_ERROR),
        (frame(b"\x03\xed", Opcode.CLOSE), CloseCode.PROTOCOL_ERROR),
        (frame(b"\x03\xe8\xff", Opcode.CLOSE), CloseCode.INVALID_DATA),
    ],
)
def test_wrong_frames_end_the_connection_with_a_code(wrong: bytes, code: CloseCode) -> None:
    service = opened()
    service.receive_data(message(b"before") + wrong + message(b"after"))
    assert service.next_event() == MessageReceived(parts=[b"before"])
    with pytest.raises(RemoteError):
        service.next_event()
    _, _, end = answers(service.data_to_send())
    assert end is not None
    assert end.code == code


# --- the end --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reason", "code"),
    [(EndReason.STOPPING, CloseCode.GOING_AWAY), (EndReason.TOO_SLOW, CloseCode.POLICY_VIOLATION)],
)
def test_the_end_of_the_service_is_said(reason: EndReason, code: CloseCode) -> None:
    service = opened()
    service.end(reason)
    service.end(reason)
    _, _, end = answers(service.data_to_send())
    assert end is not None
    assert end.code == code
    assert end.reason


def test_what_is_sent_to_a_client_that_has_said_its_end_is_lost() -> None:
    service = opened()
    service.receive_data(message(b"last") + frame(b"\x03\xe8", Opcode.CLOSE))
    assert service.next_event() == MessageReceived(parts=[b"last"])
    assert answers(service.send([b"answer"]))[0] == []
    assert service.next_event() == EndReceived()


def test_a_wrong_use_is_a_local_error() -> None:
    service = connection()
    for wrong in (service.accept, service.refuse, lambda: service.send([b"x"])):
        with pytest.raises(LocalError):
            wrong()
    with pytest.raises(LocalError):
        opened().send([])
