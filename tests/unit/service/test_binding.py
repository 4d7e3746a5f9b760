"""Listening at addresses as ZeroMQ writes them, and the socket files of killed services."""

from __future__ import annotations

import errno
import socket
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from segue.service import binding
from segue.service.binding import Bound, bind, bind_tcp


def connects(bound: Bound) -> bool:
    """Return whether a client can connect to it."""
    with bound.socket:
        family = bound.socket.family
        with socket.socket(family, socket.SOCK_STREAM) as client:
            client.settimeout(20)
            client.connect(bound.socket.getsockname())
    return True


@pytest.mark.parametrize(
    ("address", "start"),
    [
        ("tcp://127.0.0.1:0", "tcp://127.0.0.1:"),
        ("tcp://*:0", "tcp://0.0.0.0:"),
        ("tcp://0.0.0.0:0", "tcp://0.0.0.0:"),
        ("tcp://localhost:0", "tcp://"),
    ],
)
def test_tcp_addresses(address: str, start: str) -> None:
    bound = bind(address)
    assert bound.address == f"{start}{bound.address[len(start) :]}"
    assert int(bound.address.rpartition(":")[2]) == bound.socket.getsockname()[1] > 0
    assert connects(bound)


@pytest.mark.skipif(not socket.has_ipv6, reason="this machine has no IPv6")
def test_ipv6() -> None:
    try:
        bound = bind("tcp://[::1]:0")
    except OSError as error:
        pytest.skip(f"this machine has no IPv6: {error}")
    assert bound.address.startswith("tcp://[::1]:")
    assert connects(bound)


@pytest.mark.skipif(sys.platform != "linux", reason="interfaces are asked on Linux only")
def test_the_name_of_an_interface_is_its_address() -> None:
    with bind("tcp://lo:0").socket as listener:
        assert listener.getsockname()[0] == "127.0.0.1"


@pytest.mark.parametrize("address", ["tcp://nowhere.invalid:0", "tcp://192.0.2.1:0"])
def test_an_address_that_cannot_be_bound_is_named_in_the_error(address: str) -> None:
    with pytest.raises(OSError, match=address):
        bind(address)


def test_a_port_is_in_use_until_it_is_closed_and_free_at_once() -> None:
    first = bind_tcp("127.0.0.1", 0)
    port = first.socket.getsockname()[1]
    with pytest.raises(OSError, match=f"tcp://127.0.0.1:{port}: ") as caught:
        bind_tcp("127.0.0.1", port)
    assert caught.value.errno == errno.EADDRINUSE
    with socket.create_connection(("127.0.0.1", port)) as client:
        accepted, _ = first.socket.accept()
        # The side that closes first keeps the connection in the kernel for a while.
        accepted.close()
        first.close()
        client.recv(1)
    bind_tcp("127.0.0.1", port).close()


def test_an_ipc_socket_leaves_no_file(tmp_path: Path) -> None:
    path = tmp_path / "socket"
    bound = bind(f"ipc://{path}")
    assert bound.address == f"ipc://{path}"
    assert path.is_socket()
    bound.close()
    assert not path.exists()


def test_the_socket_file_of_a_killed_service_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "socket"
    killed = bind(f"ipc://{path}")
    killed.socket.close()
    assert path.is_socket()
    # It was killed a while ago; the clocks of file systems are coarse.
    killed = replace(killed, file=(path, path.stat().st_mtime_ns - 1_000_000_000))
    bound = bind(f"ipc://{path}")
    # The file is not that of the killed service any more.
    killed.close()
    assert path.is_socket()
    assert connects(bound)


def test_the_socket_file_of_a_running_service_is_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "socket"
    bound = bind(f"ipc://{path}")
    with pytest.raises(OSError, match=f"ipc://{path}: another program listens there"):
        bind(f"ipc://{path}")
    assert connects(bound)


def test_no_other_file_is_replaced(tmp_path: Path) -> None:
    path, link = tmp_path / "notes.txt", tmp_path / "link"
    path.write_text("precious")
    link.symlink_to(path)
    for place in (path, link, tmp_path):
        with pytest.raises(OSError, match=f"ipc://{place}: expected no file, or the socket of an ended service"):
            bind(f"ipc://{place}")
    assert path.read_text() == "precious"


def test_a_star_is_a_free_path() -> None:
    bound = bind("ipc://*")
    assert Path(bound.address.removeprefix("ipc://")).is_socket()
    bound.close()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has sockets without a file")
def test_abstract_sockets() -> None:
    bound = bind(f"ipc://@segue-test-{id(object())}")
    assert bound.address.startswith("ipc://@segue-test-")
    assert connects(bound)


def test_a_system_without_unix_sockets_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(binding.socket, "AF_UNIX")
    with pytest.raises(OSError, match=r"ipc://x: this system has no unix sockets; use tcp://127\.0\.0\.1:PORT"):
        bind("ipc://x")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limit")
def test_the_limit_on_open_files_follows_the_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    import resource

    told: list[tuple[int, int]] = []
    monkeypatch.setattr(resource, "setrlimit", lambda which, limits: told.append(limits))
    for limits, expected, fitting in [
        ((1_024, 4_096), (1_000 + 256, 4_096), 1_000),
        ((1_024, 1_100), (1_100, 1_100), 1_100 - 256),
        ((256, resource.RLIM_INFINITY), (1_256, resource.RLIM_INFINITY), 1_000),
        ((2_000, 4_096), None, 1_000),
        ((resource.RLIM_INFINITY, resource.RLIM_INFINITY), None, 1_000),
        ((64, 64), None, 32),
    ]:
        told.clear()
        monkeypatch.setattr(resource, "getrlimit", lambda which, limits=limits: limits)
        assert binding.allow_descriptors(1_000) == fitting
        assert told == ([] if expected is None else [expected])
