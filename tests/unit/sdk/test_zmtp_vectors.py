"""libzmq against the vectors of a ZMTP connection: what it sends, what it receives, what it takes as a refusal."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import zmq

from segue_sdk.vectors.zmtp import TOKEN, spelled
from unit.sdk.fake_peer import GREETING_BYTES, fake_peer, received, until_closed
from unit.sdk.router import PATIENCE_S
from unit.sdk.test_connecting import failure
from unit.sdk.zmtp_vectors import RECEIVED, REFUSALS, Connection, Received, connection


@contextmanager
def libzmq(token: str = "", heartbeat_ms: int = 0) -> Iterator[tuple[zmq.Socket[bytes], socket.socket]]:
    """A DEALER of libzmq, and the accepted stream of its connection."""
    listener = socket.create_server(("127.0.0.1", 0))
    with listener, zmq.Context() as context, context.socket(zmq.DEALER) as dealer:
        dealer.linger = 0
        dealer.rcvtimeo = dealer.sndtimeo = int(1_000 * PATIENCE_S)
        dealer.heartbeat_ivl = heartbeat_ms
        dealer.heartbeat_timeout = int(1_000 * PATIENCE_S)
        if token:
            dealer.plain_username, dealer.plain_password = b"segue", token.encode()
        dealer.connect(f"tcp://127.0.0.1:{listener.getsockname()[1]}")
        stream, _ = listener.accept()
        with stream:
            stream.settimeout(PATIENCE_S)
            yield dealer, stream


def frame(stream: socket.socket) -> bytes:
    """The next short frame."""
    head = received(stream, 2)
    return head + received(stream, head[1])


def greeted(stream: socket.socket, vector: Connection) -> list[bytes]:
    """What the client sends while the vector's service answers it: its greeting and each of its commands."""
    first, *answers = [data for sender, data in vector.steps if sender == "service"]
    stream.sendall(first)
    sent = [received(stream, GREETING_BYTES)]
    for answer in answers:
        stream.sendall(answer)
        if answer is not answers[-1]:
            sent.append(frame(stream))
    return sent


def test_libzmq_without_a_token_sends_what_the_vectors_accept() -> None:
    vector = connection("NULL, READY with Identity")
    with libzmq() as (dealer, stream):
        greeting, ready = greeted(stream, vector)
        assert greeting == connection("NULL, the signature of libzmq").steps[1][1]
        assert ready == vector.steps[3][1]
        dealer.send_multipart([b"a", b"b" * 256])
        sent = connection("a short and a long frame").steps[-1][1]
        assert received(stream, len(sent)) == sent


def test_libzmq_with_a_token_sends_what_the_vectors_accept() -> None:
    vector = connection("PLAIN")
    with libzmq(TOKEN) as (dealer, stream):
        greeting, hello, initiate = greeted(stream, vector)
        assert greeting == spelled("ff 00*7 01 7f 03 01 'PLAIN' 00*15 00 00*31")
        assert hello == vector.steps[3][1]
        # Identity is the property that the vector leaves out.
        identity = spelled("08 'Identity' 00 00 00 00")
        assert initiate[2:] == vector.steps[5][1][2:] + identity
        dealer.send(b"hello")
        assert frame(stream) == connection("PLAIN, a message").steps[-1][1]


def test_libzmq_sends_ping_as_the_vectors_spell_it() -> None:
    with libzmq(heartbeat_ms=50) as (_, stream):
        greeted(stream, connection("NULL"))
        vector = connection("PING without a context")
        assert frame(stream) == vector.steps[-2][1]
        # Answered, it sends the next one.
        stream.sendall(vector.steps[-1][1])
        assert frame(stream) == vector.steps[-2][1]


@pytest.mark.parametrize("vector", RECEIVED, ids=lambda vector: vector.name)
def test_libzmq_receives_what_the_vectors_say(vector: Received) -> None:
    with libzmq() as (dealer, stream):
        greeted(stream, connection("NULL"))
        for byte in vector.data[:300]:
            stream.sendall(bytes([byte]))
        stream.sendall(vector.data[300:])
        assert [dealer.recv_multipart() for _ in vector.messages] == vector.messages
        dealer.send(b"hello")
        sent = vector.answer + spelled("00 05 'hello'")
        assert received(stream, len(sent)) == sent


@pytest.mark.parametrize("name", REFUSALS)
def test_each_refusal_is_reported_as_a_refused_token(name: str) -> None:
    def script(stream: socket.socket) -> None:
        stream.sendall(connection("PLAIN").said_by("service")[:GREETING_BYTES])
        received(stream, GREETING_BYTES)
        frame(stream)
        stream.sendall(REFUSALS[name])
        stream.shutdown(socket.SHUT_WR)
        until_closed(stream)

    with fake_peer(script) as address:
        assert failure(address, token="wrong").code == "token_refused"
