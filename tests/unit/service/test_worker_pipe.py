"""Messages between edge and worker: whole, in order, however they are cut; and nobody is read faster than served."""

from __future__ import annotations

import asyncio
import math
import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.service.listener import Listener
from segue.service.transport import EndReason, HandshakeDone, LocalError, MessageReceived
from segue.service.workers.pipe import EdgePipe, MessageReader, WorkerConnection, framed
from unit.service.listening import HANDSHAKE, until

MESSAGES = st.lists(st.lists(st.binary(max_size=300), max_size=4), max_size=8)


@given(MESSAGES, st.lists(st.integers(1, 400), min_size=1, max_size=8))
def test_messages_are_read_whole_however_their_bytes_are_cut(messages: list[list[bytes]], cuts: list[int]) -> None:
    data = b"".join(map(framed, messages))
    reader, read, at, turn = MessageReader(), [], 0, 0
    while at < len(data):
        step = cuts[turn % len(cuts)]
        reader.receive(data[at : at + step])
        at, turn = at + step, turn + 1
        while (parts := reader.next_message()) is not None:
            read.append(parts)
    assert read == messages
    assert reader.kept_bytes == 0


def test_parts_may_be_arrays_of_numbers() -> None:
    numbers = memoryview(b"12345678").cast("f")
    reader = MessageReader()
    reader.receive(framed([b"head", numbers]))
    assert reader.next_message() == [b"head", b"12345678"]


def test_a_message_that_has_not_come_whole_is_kept() -> None:
    reader, data = MessageReader(), framed([b"hello"])
    for end in range(len(data)):
        reader.receive(data[end : end + 1])
        assert reader.kept_bytes == (end + 1)
        if end < len(data) - 1:
            assert reader.next_message() is None
    assert reader.next_message() == [b"hello"]


def test_a_worker_begins_without_a_handshake() -> None:
    connection = WorkerConnection()
    connection.receive_data(framed([b"hello"]))
    assert connection.kept_bytes == len(framed([b"hello"]))
    assert connection.next_event() == HandshakeDone()
    assert connection.next_event() == MessageReceived(parts=[b"hello"])
    assert connection.next_event() is None
    connection.end(EndReason.STOPPING)
    assert connection.data_to_send() == b""
    assert connection.send([b"a", b"b"]) == framed([b"a", b"b"])
    for answer in (connection.accept, connection.refuse):
        with pytest.raises(LocalError, match=r"there are no credentials to (accept|refuse) between edge and worker"):
            answer()


def test_what_is_sent_before_the_pipe_is_connected_comes_first() -> None:
    async def run() -> bytes:
        ours, theirs = socket.socketpair()
        pipe = EdgePipe(lambda parts: None, lambda: None, lambda: None)
        pipe.begin(ours)
        pipe.send([b"first"])
        await asyncio.sleep(0)
        pipe.send([b"second"])
        pipe.close()
        theirs.setblocking(False)
        data = b""
        while more := await asyncio.get_running_loop().sock_recv(theirs, 4_096):
            data += more
        theirs.close()
        return data

    assert asyncio.run(run()) == framed([b"first"]) + framed([b"second"])


def test_a_pipe_is_full_until_its_worker_reads() -> None:
    async def run() -> None:
        drained: list[str] = []
        lost: list[str] = []
        ours, theirs = socket.socketpair()
        pipe = EdgePipe(lambda parts: None, lambda: drained.append("drained"), lambda: lost.append("lost"))
        pipe.begin(ours)
        await until(lambda: drained)
        sent = 0
        while not pipe.is_full:
            pipe.send([bytes(65_536)])
            sent += 1
            assert sent < 1_000
        theirs.setblocking(False)
        drained.clear()
        loop = asyncio.get_running_loop()
        read = 0
        while not drained:
            read += len(await loop.sock_recv(theirs, 65_536))
        assert not pipe.is_full
        assert read <= sent * len(framed([bytes(65_536)]))
        theirs.close()
        await until(lambda: lost)
        pipe.send([b"into the void"])
        pipe.close()
        assert lost == ["lost"]

    asyncio.run(run())


def test_a_pipe_that_is_closed_tells_nothing_more() -> None:
    async def run() -> None:
        told: list[str] = []
        ours, theirs = socket.socketpair()
        pipe = EdgePipe(lambda parts: told.append("message"), lambda: None, lambda: told.append("lost"))
        pipe.begin(ours)
        await asyncio.sleep(0)
        theirs.sendall(framed([b"late"]))
        pipe.close()
        loop = asyncio.get_running_loop()
        theirs.setblocking(False)
        # Closed over bytes that nobody read.
        with pytest.raises(ConnectionResetError):
            await loop.sock_recv(theirs, 10)
        theirs.close()
        assert told == []

    asyncio.run(run())


def test_a_client_is_not_read_until_it_is_released() -> None:
    async def run() -> None:
        got: list[tuple[bytes, list[bytes]]] = []
        gone: list[bytes] = []

        def receive(identity: bytes, parts: list[bytes]) -> float:
            got.append((identity, parts))
            return math.inf

        loop = asyncio.get_running_loop()
        async with Listener(
            token=None, receive=receive, closed=gone.append, has_session=lambda identity: True, clock=loop.time
        ) as listener:
            host, port = listener.bind("tcp://127.0.0.1:0").removeprefix("tcp://").split(":")
            listener.start()
            _, writer = await asyncio.open_connection(host, int(port))
            # Three messages of ZMTP, of one frame each.
            writer.write(HANDSHAKE + b"\x00\x01a\x00\x01b\x00\x01c")
            for count in (1, 2, 3):
                await until(lambda: len(got) == count)  # noqa: B023
                # A turn of the loop for what should not come.
                await asyncio.sleep(0)
                assert len(got) == count
                listener.release(got[0][0])
            writer.close()
            await until(lambda: gone)
            listener.release(gone[0])
        assert [parts for _, parts in got] == [[b"a"], [b"b"], [b"c"]]

    asyncio.run(run())


def test_what_a_held_client_sent_before_it_left_is_passed_on() -> None:
    async def run() -> None:
        got: list[list[bytes]] = []
        gone: list[bytes] = []
        identities: set[bytes] = set()

        def receive(identity: bytes, parts: list[bytes]) -> float:
            identities.add(identity)
            got.append(parts)
            return math.inf

        loop = asyncio.get_running_loop()
        async with Listener(
            token=None, receive=receive, closed=gone.append, has_session=lambda identity: True, clock=loop.time
        ) as listener:
            host, port = listener.bind("tcp://127.0.0.1:0").removeprefix("tcp://").split(":")
            listener.start()
            _, writer = await asyncio.open_connection(host, int(port))
            writer.write(HANDSHAKE + b"\x00\x01a\x00\x01b\x00\x01c")
            await until(lambda: got)
            (identity,) = identities
            writer.transport.abort()
            # Nobody reads the connection, so its end shows when it is written to.
            await until(lambda: gone or not listener.send(identity, [b"are you there"]))
            await until(lambda: gone)
        assert got == [[b"a"], [b"b"], [b"c"]]

    asyncio.run(run())
