"""Failed attempts to connect: what is reported, when the client tries again, and invalid addresses."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import msgpack
import pytest
import zmq

from segue_sdk.client import SegueClient
from segue_sdk.client_events import ClientEvent, Closed, ConnectionFailed, Live
from segue_sdk.connecting import (
    Address,
    ConnectFailure,
    FailureClassifier,
    ResolvedAddress,
    RetrySchedule,
    parse_address,
    peer_mechanism,
    resolve,
)
from segue_sdk.errors import AddressError
from segue_sdk.handshake import ClientState
from segue_sdk.messages import Bye, Error, Hello
from service.process import free_port
from unit.sdk.fake_peer import answer_with_error, fake_peer, greeting, received, until_closed
from unit.sdk.peer import WELCOME
from unit.sdk.router import PATIENCE_S, Router

HELLO = Hello(versions=(1,), client="test")


def told(client: SegueClient, count: int = 1) -> list[ClientEvent]:
    """The first `count` client events."""
    end, happened = time.monotonic() + PATIENCE_S, list[ClientEvent]()
    while len(happened) < count:
        assert time.monotonic() < end, f"told {happened}"
        happened += client.poll()
        time.sleep(0.002)
    return happened


def failure(address: str, *, token: str = "") -> ConnectionFailed:
    """The failure that a client reports; afterwards it is closed and its thread ends."""
    with SegueClient(address, HELLO, token=token) as client:
        (failed,) = told(client)
        assert isinstance(failed, ConnectionFailed)
        assert client.state is ClientState.OFFLINE
        assert address in failed.text
        assert failed.retry_ms > 0
    assert client.ended
    return failed


@contextmanager
def router(status: bytes = b"", *, plain: bool = False) -> Iterator[str]:
    """A libzmq ROUTER. plain: it asks for a token, and answers it with a status of ZAP."""
    with zmq.Context() as context:
        zap = context.socket(zmq.REP)
        zap.linger = 0
        zap.bind("inproc://zeromq.zap.01")
        server = context.socket(zmq.ROUTER)
        server.linger = 0
        server.plain_server = plain
        if plain:
            server.zap_domain = b"segue"
        server.bind("tcp://127.0.0.1:*")
        closing = threading.Event()

        def answer() -> None:
            while not closing.is_set():
                if zap.poll(5):
                    version, request, *_ = zap.recv_multipart()
                    zap.send_multipart([version, request, status, b"refused", b"", b""])

        thread = threading.Thread(target=answer)
        thread.start()
        try:
            yield server.last_endpoint.decode()
        finally:
            closing.set()
            thread.join()
            zap.close()
            server.close()


@pytest.fixture
def service() -> Iterator[Router]:
    with zmq.Context() as context:
        service = Router(context)
        yield service
        service.socket.close()


# --- tokens ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [b"400", b"500"])
def test_a_token_that_a_libzmq_service_refuses_is_reported(status: bytes) -> None:
    with router(status, plain=True) as address:
        failed = failure(address, token="wrong")
    assert failed.code == "token_refused"
    assert "give `connect` the one that the service was started with" in failed.text


@pytest.mark.parametrize("reason", [b"400", b"401", b"", b"no such token"])
def test_a_token_that_another_implementation_refuses_is_reported(reason: bytes) -> None:
    with fake_peer(answer_with_error(reason)) as address:
        assert failure(address, token="wrong").code == "token_refused"


def test_a_service_that_needs_a_token_is_distinguished_from_one_that_has_none() -> None:
    with router(b"200", plain=True) as address:
        assert failure(address).code == "token_needed"
    with router() as address:
        assert failure(address, token="some").code == "token_not_needed"
    with fake_peer(answer_with_error(b"400", mechanism=b"NULL")) as address:
        assert failure(address).code == "token_needed"


def test_a_token_that_is_too_long_is_refused_at_the_call() -> None:
    with pytest.raises(ValueError, match="expected at most 255 bytes, got 256"):
        SegueClient("tcp://127.0.0.1:7723", HELLO, token="t" * 256)


def test_a_service_with_another_mechanism_that_closes_at_once_is_reported() -> None:
    """It closes before libzmq knows why."""

    def script(connection: socket.socket) -> None:
        connection.sendall(greeting(b"PLAIN")[:11])
        received(connection, 12)
        if asked.is_set():
            connection.sendall(greeting(b"PLAIN")[11:])
            until_closed(connection)
        asked.set()

    asked = threading.Event()
    with fake_peer(script) as address:
        assert failure(address).code == "token_needed"


@pytest.mark.parametrize("mechanism", ["NULL", "PLAIN", "CURVE"])
def test_the_mechanism_is_read_from_the_greeting(mechanism: str) -> None:
    def script(connection: socket.socket) -> None:
        connection.sendall(greeting(mechanism.encode()))
        until_closed(connection)

    with fake_peer(script) as address:
        assert peer_mechanism(ResolvedAddress(text=address)) == mechanism
    with router(b"200", plain=True) as address:
        assert peer_mechanism(ResolvedAddress(text=address)) == "PLAIN"


@pytest.mark.parametrize("said", [b"HTTP/1.1 400 Bad _PendingRequest\r\n", bytes(64), b"", b"\xff"])
def test_a_peer_without_a_zmtp_greeting_is_recognised(said: bytes) -> None:
    def script(connection: socket.socket) -> None:
        connection.sendall(said)
        connection.shutdown(socket.SHUT_WR)
        until_closed(connection)

    with fake_peer(script) as address:
        assert peer_mechanism(ResolvedAddress(text=address)) == (None if len(said) > 1 else "")


# --- services that are not there ------------------------------------------------------------------------------------


def test_a_port_without_a_listener_is_reported_and_a_later_service_is_found() -> None:
    address = f"tcp://127.0.0.1:{free_port()}"
    with SegueClient(address, HELLO) as client:
        (failed,) = told(client)
        assert isinstance(failed, ConnectionFailed)
        assert failed.code == "unreachable"
        assert "nothing listens" in failed.text
        with zmq.Context() as context:
            service = Router(context, address)
            try:
                service.expect(Hello)
                service.say(WELCOME)
                assert [type(one) for one in told(client)] == [Live], "an outage is told once"
            finally:
                service.socket.close()


def test_a_path_without_a_listener_is_reported() -> None:
    assert failure("ipc:///tmp/no-such-folder/segue").code == "unreachable"


def test_an_unknown_host_is_reported() -> None:
    failed = failure("tcp://no-such-host.invalid:7723")
    assert failed.code == "unknown_host"
    assert "'no-such-host.invalid' cannot be found" in failed.text


def test_a_slow_resolver_does_not_delay_close(monkeypatch: pytest.MonkeyPatch) -> None:
    asked, answer = threading.Event(), threading.Event()

    def slow(address: Address) -> list[ResolvedAddress]:
        asked.set()
        assert answer.wait(PATIENCE_S)
        return []

    monkeypatch.setattr("segue_sdk.connecting.resolve", slow)
    client = SegueClient("tcp://somewhere:7723", HELLO)
    assert asked.wait(PATIENCE_S)
    client.close()
    assert client.ended
    answer.set()


def test_a_peer_that_is_no_service_is_reported() -> None:
    def script(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 400 Bad _PendingRequest\r\n" + b"x" * 100)
        connection.shutdown(socket.SHUT_WR)
        until_closed(connection)

    with fake_peer(script) as address:
        assert failure(address).code == "not_a_service"


def test_a_peer_that_closes_during_the_handshake_is_reported() -> None:
    with fake_peer(lambda connection: connection.sendall(greeting(b"PLAIN"))) as address:
        failed = failure(address, token="some")
    assert failed.code == "broken_off"
    assert "refuses the token" in failed.text


def test_a_peer_that_accepts_the_connection_and_does_not_answer_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("segue_sdk.network.SILENCE_S", 0.05)
    with fake_peer(until_closed) as address:
        assert failure(address).code == "no_answer"


def test_localhost_is_found(service: Router) -> None:
    port = service.address.rpartition(":")[2]
    with SegueClient(f"tcp://localhost:{port}", HELLO):
        assert service.expect(Hello) == HELLO


# --- versions and other refusals ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hello", "text"),
    [
        (HELLO, "expected 2; this SDK speaks version 1: install the one that belongs to the service"),
        (
            Hello(versions=(7,), client="test"),
            "Hello offers versions (7,) and this SDK speaks 1: give Hello(versions=(1,))",
        ),
    ],
)
def test_a_version_mismatch_ends_the_session_and_is_named(service: Router, hello: Hello, text: str) -> None:
    with SegueClient(service.address, hello) as client:
        service.expect(Hello)
        error = Error(code="unsupported_version", text="expected 2", about="hello")
        service.say(error, Bye(reason="refused", text="no protocol version in common"))
        assert told(client, 2) == [error, Closed(reason="unsupported_version", code="unsupported_version", text=text)]


def test_a_service_that_answers_in_another_version_is_reported(service: Router) -> None:
    with SegueClient(service.address, HELLO) as client:
        service.expect(Hello)
        service.socket.send_multipart([service.identity, msgpack.packb({"v": 2, "t": "welcome"})])
        (closed,) = told(client)
        assert isinstance(closed, Closed)
        assert closed.code == "unsupported_version"
        assert "expected 1, got 2" in closed.text
        assert service.expect(Bye).reason == "refused"


def test_unknown_rules_end_the_session_with_the_services_text(service: Router) -> None:
    with SegueClient(service.address, HELLO) as client:
        service.expect(Hello)
        error = Error(code="unknown_rules", text="no rules 'emberwod.yaml'", about="hello")
        service.say(error, Bye(reason="refused"))
        assert told(client, 2) == [error, Closed(reason="refused", code="unknown_rules", text=error.text)]


# --- when it is tried again -----------------------------------------------------------------------------------------


def test_attempts_are_frequent_only_where_they_may_help() -> None:
    failures, retrying = FailureClassifier("tcp://a:1", token=True), RetrySchedule()
    refused = failures.handshake(zmq.EVENT_HANDSHAKE_FAILED_AUTH, 400)

    def waits(one: ConnectFailure, count: int) -> list[float]:
        return [retrying.failed(one)[0] for _ in range(count)]

    assert waits(failures.unreachable(), 5) == [0.2, 0.4, 0.8, 1.0, 1.0]
    assert waits(refused, 6) == [5.0, 10.0, 20.0, 40.0, 60.0, 60.0]
    retrying.connected()
    assert waits(failures.unreachable(), 2) == [0.2, 0.4]


def test_each_failure_is_reported_once_until_the_client_connects() -> None:
    failures, retrying = FailureClassifier("tcp://a:1", token=False), RetrySchedule()
    ways: list[Callable[[], ConnectFailure]] = [failures.unreachable, failures.no_answer, failures.unreachable]
    assert [retrying.failed(way())[1] is not None for way in ways] == [True, True, False]
    retrying.connected()
    assert retrying.failed(failures.unreachable())[1] is not None


def test_a_failure_without_a_reason_is_reported_only_after_several_attempts() -> None:
    failures, retrying = FailureClassifier("tcp://a:1", token=False), RetrySchedule()
    mismatch = failures.handshake(zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL, zmq.PROTOCOL_ERROR_ZMTP_MECHANISM_MISMATCH)
    told = [retrying.failed(one)[1] for one in (failures.broken_off(), mismatch, *[failures.broken_off()] * 5)]
    assert [one.code for one in told if one is not None] == ["token_needed"]
    retrying.connected()
    told = [retrying.failed(failures.broken_off())[1] for _ in range(5)]
    assert [one.code if one is not None else "" for one in told] == ["", "", "broken_off", "", ""]


# --- addresses ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "code", "text"),
    [
        ("127.0.0.1:7723", "bad_address", "names no transport: expected tcp://HOST:PORT"),
        ("tcp//x", "bad_address", "names no transport"),
        ("", "bad_address", "names no transport"),
        ("tcp://127.0.0.1", "bad_address", "expected a port at its end"),
        ("tcp://127.0.0.1:", "bad_address", "expected a port from 1 to 65535, got ''"),
        ("tcp://127.0.0.1:99999", "bad_address", "expected a port from 1 to 65535, got '99999'"),
        ("tcp://127.0.0.1:0", "bad_address", "expected a port from 1 to 65535, got '0'"),
        ("tcp://127.0.0.1:http", "bad_address", "got 'http'"),
        ("tcp://127.0.0.1:7723/", "bad_address", "got '7723/'"),
        ("tcp://:7723", "bad_address", "expected the name or number of a host, got ''"),
        ("tcp://*:7723", "bad_address", "expected the name or number of a host, got '*'"),
        ("tcp://::1:7723", "bad_address", "expected a port at its end"),
        ("tcp://[x]:7723", "bad_address", "'[x]' is no IPv6 address"),
        ("tcp://local host:7723", "bad_address", "has a space in it"),
        ("ipc://", "bad_address", "expected a path of 1 to 107 bytes"),
        ("tpc://127.0.0.1:7723", "unsupported_transport", "did you mean tcp://127.0.0.1:7723?"),
        ("http://127.0.0.1:7723", "unsupported_transport", "no transport 'http'"),
        ("inproc://segue", "unsupported_transport", "no transport 'inproc'"),
        (7723, "bad_address", "address 7723: expected tcp://HOST:PORT"),
    ],
)
def test_an_invalid_address_is_refused_at_the_call(address: str, code: str, text: str) -> None:
    before = threading.active_count()
    with pytest.raises(AddressError) as caught:
        SegueClient(address, HELLO)
    assert caught.value.code == code
    assert text in caught.value.text
    assert threading.active_count() == before


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("tcp://127.0.0.1:7723", [ResolvedAddress(text="tcp://127.0.0.1:7723")]),
        ("tcp://[::1]:7723", [ResolvedAddress(text="tcp://[::1]:7723", ipv6=True)]),
        ("ipc:///tmp/segue", [ResolvedAddress(text="ipc:///tmp/segue")]),
        ("ipc://@segue", [ResolvedAddress(text="ipc://@segue")]),
    ],
)
def test_addresses_are_resolved(text: str, expected: list[ResolvedAddress]) -> None:
    assert resolve(parse_address(text)) == expected


def test_ipv4_addresses_of_a_host_come_first(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [
        (socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("::1", 7723, 0, 0)),
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 7723)),
    ]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *arguments, **more: found)
    assert [one.ipv6 for one in resolve(parse_address("tcp://here:7723"))] == [False, True]
