"""Health over real sockets: right answers, wrong requests, slow clients, and a clean end."""

from __future__ import annotations

import contextlib
import errno
import http.client
import socket
import sys
import threading
from collections.abc import Iterator
from typing import NoReturn

import pytest

from segue.service.monitoring import Health, HealthServer, Metrics
from segue.service.settings.kinds import Endpoint
from segue_sdk.client import SegueClient
from segue_sdk.client_events import ConnectionFailed
from segue_sdk.messages import Hello


class Clock:
    """Seconds that tests move."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


class HealthHarness:
    """A health server with its metrics and a clock that tests move."""

    def __init__(self, timeout_s: float = 60.0) -> None:
        self.clock = Clock()
        self.health = Health(self.clock)
        self.metrics = Metrics()
        self.server = HealthServer(
            Endpoint("127.0.0.1", 0),
            self.health,
            self.metrics,
            clients=["tcp://127.0.0.1:7723"],
            timeout_s=timeout_s,
            clock=self.clock,
        )

    def get(self, path: str, method: str = "GET", body: bytes | None = None) -> tuple[int, str]:
        connection = http.client.HTTPConnection(*self.server.address, timeout=20)
        try:
            connection.request(method, path, body)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def raw(self, sent: bytes) -> bytes:
        """Return the whole answer to any bytes."""
        with self.dial() as peer:
            peer.sendall(sent)
            peer.shutdown(socket.SHUT_WR)
            return b"".join(iter(lambda: peer.recv(65_536), b""))

    def dial(self) -> socket.socket:
        return socket.create_connection(self.server.address, timeout=20)


@pytest.fixture
def harness() -> Iterator[HealthHarness]:
    harness = HealthHarness()
    harness.server.start()
    yield harness
    harness.server.close()


def test_before_the_first_tick_the_service_is_alive_and_not_ready(harness: HealthHarness) -> None:
    harness.clock.now_s += 600
    assert harness.get("/healthz") == (200, "ok\n")
    assert harness.get("/readyz") == (503, "the generators are being built\n")


def test_a_service_is_alive_while_its_loop_ticks(harness: HealthHarness) -> None:
    harness.health.tick()
    assert harness.get("/healthz") == (200, "ok\n")
    harness.clock.now_s += 4.9
    assert harness.get("/healthz") == (200, "ok\n")
    harness.clock.now_s += 0.2
    assert harness.get("/healthz") == (503, "the service's loop has not run for 5.1 s\n")
    harness.health.tick()
    assert harness.get("/healthz") == (200, "ok\n")


def test_a_service_is_ready_between_building_and_draining(harness: HealthHarness) -> None:
    assert harness.get("/readyz") == (503, "the generators are being built\n")
    harness.health.ready()
    harness.health.tick()
    assert harness.get("/readyz") == (200, "ok\n")
    harness.clock.now_s += 6
    assert harness.get("/readyz")[0] == 503
    harness.health.tick()
    harness.health.unready("draining")
    assert harness.get("/readyz") == (503, "draining\n")
    assert harness.get("/healthz") == (200, "ok\n")


def test_metrics_are_prometheus_text(harness: HealthHarness) -> None:
    harness.metrics.event("accepted")
    connection = http.client.HTTPConnection(*harness.server.address, timeout=20)
    connection.request("GET", "/metrics?x=1", headers={"Accept": "text/plain"})
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    assert answer.status == 200
    assert (answer.getheader("Content-Type") or "").startswith("text/plain; version=")
    assert int(answer.getheader("Content-Length") or 0) == len(text.encode())
    assert 'segue_events_total{code="accepted"} 1.0' in text


def test_metrics_are_written_once_for_many_requests(harness: HealthHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[None] = []
    write = harness.metrics.exposition
    monkeypatch.setattr(harness.metrics, "exposition", lambda: written.append(None) or write())
    assert [harness.get("/metrics")[0] for _ in range(10)] == [200] * 10
    assert len(written) == 1
    harness.metrics.event("accepted")
    harness.clock.now_s += 0.3
    assert 'segue_events_total{code="accepted"} 1.0' in harness.get("/metrics")[1]
    assert len(written) == 2


def test_a_client_that_sends_on_after_the_answer_is_closed(harness: HealthHarness) -> None:
    def talk() -> None:
        while True:
            talker.sendall(bytes(1 << 20))

    with harness.dial() as talker:
        talker.sendall(b"GET /healthz HTTP/1.1\r\n\r\n")
        assert talker.recv(12) == b"HTTP/1.1 200"
        with pytest.raises(ConnectionError):
            talk()


@pytest.mark.parametrize("path", ["/", "/metrics/", "/healthz/x", "/../healthz", "/HEALTHZ", "/%68ealthz"])
def test_other_paths_are_not_found(harness: HealthHarness, path: str) -> None:
    assert harness.get(path) == (404, "Not Found\n")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "HEAD", "OPTIONS", "get"])
def test_only_get_is_allowed(harness: HealthHarness, method: str) -> None:
    assert harness.get("/healthz", method, b"x" * 8_000_000 if method == "POST" else None)[0] == 405


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"GET /healthz HTTP/1.0\r\n\r\n", 200),
        (b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\nGET /metrics HTTP/1.1\r\n\r\n", 200),
        (b"GET /healthz\r\n\r\n", 400),
        (b"GET /healthz HTTP/2.0\r\n\r\n", 400),
        (b"\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),
        (b"GET /healthz HTTP/1.1\r\n", 400),
        (b"GET /healthz HTTP/1.1\r\nX: " + b"x" * 9_000 + b"\r\n\r\n", 431),
        (b"x" * 100_000, 431),
    ],
    ids=["1.0", "pipelined", "0.9", "2.0", "empty", "tls", "half", "long", "endless"],
)
def test_malformed_requests(harness: HealthHarness, sent: bytes, status: int) -> None:
    answer = harness.raw(sent)
    assert answer.startswith(b"HTTP/1.1 %d " % status)
    assert answer.count(b"HTTP/1.1 ") == 1


def test_a_client_of_the_service_is_told_at_once_where_to_connect(harness: HealthHarness) -> None:
    with harness.dial() as peer:
        # As libzmq sends it, which then waits for an answer.
        peer.sendall(b"\xff" + bytes(7) + b"\x01\x7f")
        answer = b""
        while data := peer.recv(65_536):
            answer += data
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert answer.endswith(b"this is Segue's HTTP port; clients connect to tcp://127.0.0.1:7723\n")


def test_the_python_client_learns_at_once_that_this_is_no_service(harness: HealthHarness) -> None:
    woken = threading.Event()
    address = "tcp://{}:{}".format(*harness.server.address)
    with SegueClient(address, Hello(versions=(1,), client="a test"), wake=woken.set) as client:
        # Without the answer it would report no_answer, after five seconds.
        assert woken.wait(60.0)
        failed = next(event for event in client.poll() if isinstance(event, ConnectionFailed))
    assert failed.code == "not_a_service"


def test_a_slow_client_is_closed() -> None:
    harness = HealthHarness(timeout_s=0.2)
    harness.server.start()
    try:
        with harness.dial() as silent, harness.dial() as dripping:
            # Its connection may be closed before it has sent anything, and it may see a reset.
            with contextlib.suppress(ConnectionError):
                dripping.sendall(b"GET /hea")
                assert dripping.recv(1) == b""
            assert silent.recv(1) == b""
    finally:
        harness.server.close()


def test_a_client_may_read_its_answer_late(harness: HealthHarness) -> None:
    with harness.dial() as late, harness.dial() as other:
        late.sendall(b"GET /metrics HTTP/1.1\r\n\r\n")
        other.sendall(b"GET /healthz HTTP/1.1\r\n\r\n")
        assert other.recv(12) == b"HTTP/1.1 200"
        assert late.recv(12) == b"HTTP/1.1 200"


def test_many_slow_clients_delay_nobody(harness: HealthHarness) -> None:
    crowd = [harness.dial() for _ in range(80)]
    try:
        for peer in crowd:
            # The first of them may be closed by then.
            with contextlib.suppress(ConnectionError):
                peer.sendall(b"GET /metrics HTTP/1.1\r\n")
        assert [harness.get("/healthz")[0] for _ in range(5)] == [200] * 5
        # Closed over bytes that it had not read, the connection is reset.
        with contextlib.suppress(ConnectionResetError):
            assert crowd[0].recv(1) == b""
        crowd[-1].setblocking(False)
        with pytest.raises(BlockingIOError):
            crowd[-1].recv(1)
    finally:
        for peer in crowd:
            peer.close()


def test_many_requests_at_once(harness: HealthHarness) -> None:
    answers: list[int] = []
    askers = [threading.Thread(target=lambda: answers.append(harness.get("/metrics")[0])) for _ in range(12)]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join()
    assert answers == [200] * 12


def test_it_closes_with_open_connections_and_starts_again() -> None:
    threads = set(threading.enumerate())
    for _ in range(3):
        harness = HealthHarness()
        harness.server.start()
        with harness.dial() as open_peer:
            open_peer.sendall(b"GET /healthz HTTP/1.1\r\n")
            harness.server.close()
            assert open_peer.recv(1) == b""
        with pytest.raises(ConnectionRefusedError):
            harness.dial()
        harness.server.close()
    assert set(threading.enumerate()) <= threads


def test_an_address_in_use_is_an_error(harness: HealthHarness) -> None:
    threads = set(threading.enumerate())
    second = HealthServer(harness.server.address, harness.health, harness.metrics)
    with pytest.raises(OSError, match="address already in use"):
        second.start()
    second.close()
    assert set(threading.enumerate()) <= threads


def test_it_closes_without_being_started() -> None:
    HealthServer(Endpoint("127.0.0.1", 0), Health(), Metrics()).close()


def test_a_star_listens_at_all_addresses() -> None:
    server = HealthServer(Endpoint("*", 0), Health(), Metrics())
    server.start()
    try:
        connection = http.client.HTTPConnection("127.0.0.1", server.address.port, timeout=20)
        connection.request("GET", "/healthz")
        assert connection.getresponse().status == 200
        connection.close()
    finally:
        server.close()


@pytest.mark.skipif(sys.platform == "win32", reason="asyncio accepts in another way there")
def test_without_free_descriptors_few_errors_are_logged(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    refused = threading.Event()

    def accept(listener: socket.socket) -> NoReturn:
        refused.set()
        raise OSError(errno.EMFILE, "as if")

    harness = HealthHarness()
    harness.server.start()
    monkeypatch.setattr(socket.socket, "accept", accept)
    with harness.dial():
        assert refused.wait(20)
        # It ends after the errors of this turn of its loop, and long before it tries again.
        harness.server.close()
    assert 1 <= len(caplog.records) <= 8
