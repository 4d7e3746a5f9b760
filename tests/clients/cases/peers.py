"""Peers that a client may meet: libzmq, one behind TLS, and what sends anything at any stage."""

from __future__ import annotations

import contextlib
import random
import select
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from typing import Final

import trustme
import zmq
import zmq.auth.thread

from clients.cases.zmtp import READY, frame, greeting
from segue_sdk.codec import encode
from segue_sdk.messages import Message

TOKEN: Final = "the-right-token-of-these-tests"


@contextlib.contextmanager
def libzmq_router(token: str, front: Callable[[int], contextlib.AbstractContextManager[int]]) -> Iterator[int]:
    """A ROUTER of libzmq that answers its first message with two parts; the port of `front` before it."""
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    gate = zmq.auth.thread.ThreadAuthenticator(context)
    gate.start()
    gate.configure_plain(passwords={"segue": TOKEN})
    router = context.socket(zmq.ROUTER)
    router.plain_server = bool(token)
    port = router.bind_to_random_port("tcp://127.0.0.1")
    closing = threading.Event()

    def serve() -> None:
        while not closing.is_set():
            if router.poll(20):
                identity, *_ = router.recv_multipart()
                router.send_multipart([identity, b"header", bytes(300_000)])

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        with front(port) as reached:
            yield reached
    finally:
        closing.set()
        thread.join()
        gate.stop()
        context.destroy(0)


@contextlib.contextmanager
def directly(port: int) -> Iterator[int]:
    yield port


@contextlib.contextmanager
def through_tls(leaf: trustme.LeafCert, port: int) -> Iterator[int]:
    """A relay that speaks TLS on the port it yields and passes everything to `port`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    leaf.configure_cert(context)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=_relay, args=(listener, context, port))
        thread.start()
        try:
            yield int(listener.getsockname()[1])
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


def _relay(listener: socket.socket, context: ssl.SSLContext, port: int) -> None:
    while True:
        try:
            accepted, _ = listener.accept()
        except OSError:
            return
        accepted.settimeout(30.0)
        with (
            accepted,
            context.wrap_socket(accepted, server_side=True) as near,
            socket.create_connection(("127.0.0.1", port)) as far,
            contextlib.suppress(OSError),
        ):
            _pass_on(near, far)


def _pass_on(near: ssl.SSLSocket, far: socket.socket) -> None:
    """Pass bytes on in both directions until one side ends; in one thread, as a TLS connection requires."""
    while True:
        ready = [near] if near.pending() else select.select([near, far], [], [], 30.0)[0]
        if not ready:
            return
        for source in ready:
            data = source.recv(65_536)
            if not data:
                return
            (far if source is near else near).sendall(data)


HANDSHAKE: Final = greeting(b"NULL") + READY
# Sent over and over: some kilobytes.
REPEATED: Final = 4_096
GARBAGE: Final = random.Random(8).randbytes(REPEATED)
PING: Final = b"\x04\x07\x04PING\x00\x00"
_GONE_S: Final = 30.0


def sent(message: Message) -> bytes:
    """A message as a service sends it."""
    *first, last = encode(message)
    return b"".join(frame(bytes(part), 1) for part in first) + frame(bytes(last))


def _serve(listener: socket.socket, prefix: bytes, endless: bytes, *, closes: bool) -> None:
    while True:
        try:
            accepted, _ = listener.accept()
        except OSError:
            return
        with accepted, contextlib.suppress(OSError):
            accepted.settimeout(_GONE_S)
            accepted.sendall(prefix)
            while endless:
                accepted.sendall(endless)
            while not closes and accepted.recv(65_536):
                pass


@contextlib.contextmanager
def peer(prefix: bytes, endless: bytes = b"", *, closes: bool = False) -> Iterator[str]:
    """A peer that sends `prefix` to each client and then `endless` for ever, or nothing more; gives its address."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        words = {"args": (listener, prefix, endless), "kwargs": {"closes": closes}}
        thread = threading.Thread(target=_serve, **words)  # type: ignore[arg-type]
        thread.start()
        try:
            yield f"tcp://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()
