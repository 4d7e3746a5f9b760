"""The proxy, each fault alone, between plain sockets."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from service.proxy import Proxy, Way

# Generous: it bounds a hang, not a speed.
PATIENCE_S = 20.0


def until(true: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.005)


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(PATIENCE_S)
        yield server


@contextlib.contextmanager
def pair(proxy: Proxy, listener: socket.socket) -> Iterator[tuple[socket.socket, socket.socket]]:
    """Return the client's and the service's end of a connection through the proxy."""
    with socket.create_connection(proxy.place, PATIENCE_S) as client:
        service, _ = listener.accept()
        with service:
            service.settimeout(PATIENCE_S)
            yield client, service


def received(side: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count and (more := side.recv(count - len(data))):
        data += more
    return data


def port(listener: socket.socket) -> int:
    return int(listener.getsockname()[1])


@pytest.mark.parametrize("faults", [{}, {"delay_s": 0.02, "jitter_s": 0.05, "seed": 3}, {"bytes_per_second": 4e6}])
def test_bytes_and_closes_pass_in_order(listener: socket.socket, faults: dict[str, float]) -> None:
    sent = bytes(range(256)) * 2_000
    with Proxy(port(listener), **faults) as proxy, pair(proxy, listener) as (client, service):
        for source, sink in ((client, service), (service, client)):
            sending = threading.Thread(target=source.sendall, args=(sent,))
            sending.start()
            assert received(sink, len(sent)) == sent
            sending.join()
        client.shutdown(socket.SHUT_WR)
        assert service.recv(1) == b""
        # The other half of the connection still works.
        service.sendall(b"last words")
        assert received(client, 10) == b"last words"
        service.close()
        assert client.recv(1) == b""
        until(lambda: proxy.open == 0)
        assert proxy.passed == {Way.UP: len(sent), Way.DOWN: len(sent) + 10}


def test_delay_and_jitter_hold_bytes_back(listener: socket.socket) -> None:
    with Proxy(port(listener), delay_s=0.15, jitter_s=0.1) as proxy, pair(proxy, listener) as (client, service):
        for _ in range(3):
            begun = time.monotonic()
            client.sendall(b"x")
            assert received(service, 1) == b"x"
            assert time.monotonic() - begun >= 0.15
        proxy.delay_s = proxy.jitter_s = 0.0
        service.sendall(b"y")
        assert received(client, 1) == b"y"


def test_a_limited_rate_delays_bytes_and_holds_the_sender_back(listener: socket.socket) -> None:
    with Proxy(port(listener), bytes_per_second=200_000) as proxy, pair(proxy, listener) as (client, service):
        begun = time.monotonic()
        client.sendall(bytes(60_000))
        received(service, 60_000)
        assert time.monotonic() - begun >= 0.9 * 60_000 / 200_000
        assert held_back(service) < 16 << 20


def held_back(source: socket.socket) -> int:
    """Return how many bytes a socket accepts until it accepts none for a while."""
    source.settimeout(0.3)
    taken = 0
    with contextlib.suppress(TimeoutError):
        while taken < 64 << 20:
            taken += source.send(bytes(1 << 16))
    source.settimeout(PATIENCE_S)
    return taken


@pytest.mark.parametrize(("ways", "stalled"), [((Way.UP,), {Way.UP}), ((Way.DOWN,), {Way.DOWN}), ((), set(Way))])
def test_a_stall_stops_the_directions_it_names(
    listener: socket.socket, ways: tuple[Way, ...], stalled: set[Way]
) -> None:
    with Proxy(port(listener)) as proxy, pair(proxy, listener) as (client, service):
        client.sendall(b"hello")
        assert received(service, 5) == b"hello"
        proxy.stall(*ways)
        for way, source, sink in ((Way.UP, client, service), (Way.DOWN, service, client)):
            source.sendall(b"abc")
            if way in stalled:
                sink.settimeout(0.2)
                with pytest.raises(TimeoutError):
                    sink.recv(1)
                sink.settimeout(PATIENCE_S)
            else:
                assert received(sink, 3) == b"abc"
        if stalled == set(Way):
            assert held_back(client) < 32 << 20
        proxy.flow(*ways)
        for way, sink in ((Way.UP, service), (Way.DOWN, client)):
            if way in stalled:
                assert received(sink, 3) == b"abc"


def test_a_cut_resets_connections_and_accepts_new_ones(listener: socket.socket) -> None:
    with Proxy(port(listener)) as proxy:
        with pair(proxy, listener) as (client, service):
            proxy.cut()
            for side in (client, service):
                with pytest.raises(ConnectionResetError):
                    side.recv(1)
            assert proxy.open == 0
        with pair(proxy, listener) as (client, service):
            client.sendall(b"again")
            assert received(service, 5) == b"again"
            assert proxy.accepted == 2


@pytest.mark.parametrize("count", [1, 1_000, 100_000])
def test_one_connection_is_closed_after_a_number_of_bytes(listener: socket.socket, count: int) -> None:
    with Proxy(port(listener)) as proxy:
        proxy.cut_after(count, Way.DOWN)
        with pair(proxy, listener) as (client, service):
            client.sendall(b"never read")
            sending = threading.Thread(target=_send_all, args=(service, bytes(200_000)))
            sending.start()
            assert received(client, 200_000) == bytes(count)
            sending.join()
        with pair(proxy, listener) as (client, service):
            service.sendall(bytes(200_000))
            assert received(client, 200_000) == bytes(200_000)


def _send_all(side: socket.socket, data: bytes) -> None:
    with contextlib.suppress(ConnectionError):
        side.sendall(data)


def test_refusing_keeps_open_connections_and_ends_by_itself(listener: socket.socket) -> None:
    with Proxy(port(listener)) as proxy, pair(proxy, listener) as (client, service):
        proxy.refuse(60.0)
        for _ in range(3):
            with pytest.raises(ConnectionRefusedError):
                socket.create_connection(proxy.place)
        client.sendall(b"still here")
        assert received(service, 10) == b"still here"
        proxy.refuse(0.1)
        connected = False

        def connects() -> bool:
            nonlocal connected
            with contextlib.suppress(ConnectionRefusedError), pair(proxy, listener):
                connected = True
            return connected

        until(connects)


def test_without_a_service_connections_are_reset(listener: socket.socket) -> None:
    gone = port(listener)
    listener.close()
    with Proxy(gone) as proxy:
        # It may be reset before `connect` has returned.
        with pytest.raises(ConnectionResetError), socket.create_connection(proxy.place, PATIENCE_S) as client:
            client.recv(1)
        until(lambda: proxy.open == 0)


def test_a_reset_on_one_side_resets_the_other(listener: socket.socket) -> None:
    with Proxy(port(listener)) as proxy, pair(proxy, listener) as (client, service):
        service.sendall(b"unread")
        until(lambda: proxy.passed[Way.DOWN] == 6)
        # Closing over unread bytes resets the connection.
        client.close()
        with pytest.raises(ConnectionResetError):
            service.recv(1)
