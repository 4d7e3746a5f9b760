"""Peers that are no ROUTER socket: a script of raw bytes answers each connection."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from unit.sdk.router import PATIENCE_S

Script = Callable[[socket.socket], object]

GREETING_BYTES: Final = 64


def greeting(mechanism: bytes) -> bytes:
    """A ZMTP 3.1 greeting (rfc.zeromq.org 37)."""
    return b"\xff" + bytes(8) + b"\x7f\x03\x01" + mechanism.ljust(20, b"\0") + bytes(32)


def command(name: bytes, data: bytes) -> bytes:
    """A short command frame."""
    body = bytes([len(name)]) + name + data
    return b"\x04" + bytes([len(body)]) + body


def received(connection: socket.socket, count: int) -> bytes:
    """The next `count` bytes, or fewer if the other side closes."""
    data = b""
    while len(data) < count and (more := connection.recv(count - len(data))):
        data += more
    return data


def until_closed(connection: socket.socket) -> None:
    """Read on until the other side closes."""
    while connection.recv(4_096):
        pass


def answer_with_error(reason: bytes, mechanism: bytes = b"PLAIN") -> Script:
    """A service without libzmq that refuses with ZMTP's command ERROR and closes."""

    def script(connection: socket.socket) -> None:
        connection.sendall(greeting(mechanism))
        # The greeting, and the command with the token.
        received(connection, GREETING_BYTES)
        received(connection, received(connection, 2)[1])
        connection.sendall(command(b"ERROR", bytes([len(reason)]) + reason))
        connection.shutdown(socket.SHUT_WR)
        until_closed(connection)

    return script


@contextmanager
def fake_peer(script: Script) -> Iterator[str]:
    """Run the script for every connection, one after the other; yields the address."""
    listener = socket.create_server(("127.0.0.1", 0))
    closing = threading.Event()

    def run() -> None:
        while not closing.is_set():
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            connection.settimeout(PATIENCE_S)
            with connection:
                try:
                    script(connection)
                except OSError:
                    continue

    thread = threading.Thread(target=run, name="fake-peer")
    thread.start()
    try:
        yield f"tcp://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        closing.set()
        # Ends an `accept` in progress, which closing alone does not.
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(PATIENCE_S)
        assert not thread.is_alive()
