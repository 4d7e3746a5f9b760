"""The service's addresses: where it listens, which clients it accepts, and that it notices lost connections at once."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import zmq

from segue.service.auth import InsecureBindError
from segue.service.settings.kinds import Endpoint
from service.peer import Peer
from service.serving import serving

TOKEN = "a token of the tests"
PATIENCE_S = 30.0


def until(what: str, holds: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < end, f"waited for {what}"
        time.sleep(0.01)


def test_a_lost_connection_is_noticed_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    # So that the connection is not lost because of its silence.
    monkeypatch.setattr("segue.service.connection_handler.SILENCE_S", 1e9)
    with serving() as service:
        with Peer(service.addresses[0]) as peer:
            welcome = peer.greet()
            (session,) = service.sessions
            until("the session to be taken up", lambda: session.connection is not None)
        until("the session to be lost", lambda: session.connection is None)
        with Peer(service.addresses[0]) as again:
            assert again.greet(resume=welcome.key).resumed


def test_tcp_and_ipc_reach_the_same_service(tmp_path: Path) -> None:
    path = tmp_path / "socket"
    with serving(bind=("tcp://127.0.0.1:0", f"ipc://{path}")) as service:
        assert service.addresses[1] == f"ipc://{path}"
        for number, address in enumerate(service.addresses, 1):
            with Peer(address) as peer:
                peer.greet()
                until("a session each", lambda number=number: len(service.sessions) == number)
    assert not path.exists()


def test_wrong_tokens_are_counted_by_reason() -> None:
    with serving(token=TOKEN) as service, zmq.Context() as context, context.socket(zmq.DEALER) as client:
        client.linger = 0
        client.plain_username, client.plain_password = b"segue", b"not the token"
        client.connect(service.addresses[0])
        line = b'segue_refused_connections_total{reason="token"} 1.0'
        until("the refusal", lambda: line in service.metrics.exposition())
        assert b"not the token" not in service.metrics.exposition()


def test_a_public_address_without_a_token_is_never_bound() -> None:
    with pytest.raises((InsecureBindError, ValueError), match="expected a token"), serving(bind=("tcp://0.0.0.0:0",)):
        pass


def test_a_port_in_use_is_an_error_that_names_it_and_suggests_another() -> None:
    with serving() as service:
        address = service.addresses[0]
        other = f"tcp://127.0.0.1:{int(address.rpartition(':')[2]) + 1}"
        with (
            pytest.raises(OSError, match=f"{address}: Address already in use; .* with --bind {other}$"),
            serving(bind=(address,)),
        ):
            pass


def test_an_http_port_in_use_is_an_error_that_names_its_flag() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        place = Endpoint("127.0.0.1", taken.getsockname()[1])
        with pytest.raises(OSError, match=r"address already in use; .* with --http-bind$"), serving(http_bind=place):
            pass


def test_an_ipc_socket_in_use_is_an_error_that_names_the_flag(tmp_path: Path) -> None:
    address = f"ipc://{tmp_path}/socket"
    with serving(bind=(address,)):
        expected = f"{address}: another program listens there; .* with --bind tcp://127.0.0.1:7723$"
        with pytest.raises(OSError, match=expected), serving(bind=(address,)):
            pass
