"""The listener over real sockets: clients of libzmq, wrong bytes, and how connections end."""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
import struct
from pathlib import Path
from typing import Any

import pytest
import zmq
import zmq.asyncio
from zmq.utils.monitor import recv_monitor_message

from segue.service.auth import RefusalReason
from segue.service.listener import ListenerLimits
from segue.service.transport import CommandReceived, TransportEvent
from segue.service.zmtp import ServerConnection
from unit.service.listening import (
    GREETING,
    HANDSHAKE,
    PLAIN_GREETING,
    TOKEN,
    ListenerHarness,
    dealer,
    endless,
    listening,
    message,
    raw,
    run,
    until,
    with_token,
)


@pytest.mark.parametrize("transport", ["tcp", "ipc", "plain"])
def test_messages_pass_unchanged_both_ways(transport: str, tmp_path: Path) -> None:
    address = f"ipc://{tmp_path}/socket" if transport == "ipc" else "tcp://127.0.0.1:0"
    token = TOKEN if transport == "plain" else None
    rng = random.Random(1)
    sent = [rng.randbytes(size) for size in (0, 1, 255, 256, 65_536, 900_000)]

    async def scenario() -> None:
        async with listening(address, token=token) as (harness, bound):
            async with dealer(bound, **with_token(TOKEN.encode()) if token else {}) as client:
                await client.send_multipart(sent)
                await until(lambda: harness.messages)
                ((identity, parts),) = harness.messages
                assert parts == sent
                assert harness.listener.send(identity, [*sent, rng.randbytes(3_000_000)])
                assert (await client.recv_multipart())[:-1] == sent
                assert len(harness.listener) == 1
            await until(lambda: harness.gone == [identity])
            assert not harness.listener.send(identity, [b"too late"])
            assert not harness.listener.refused.total()

    run(scenario())


def test_a_client_with_heartbeats_stays_connected(monkeypatch: pytest.MonkeyPatch) -> None:
    names: list[bytes] = []

    class RecordingConnection(ServerConnection):
        def next_event(self) -> TransportEvent | None:
            event = super().next_event()
            if isinstance(event, CommandReceived):
                names.append(event.name)
            return event

    monkeypatch.setattr("segue.service.listener.ServerConnection", RecordingConnection)

    async def scenario() -> None:
        async with (
            listening() as (harness, bound),
            dealer(bound, heartbeat_ivl=10, heartbeat_timeout=20_000) as client,
        ):
            await client.send(b"first")
            await until(lambda: len(names) >= 3)
            await client.send(b"second")
            await until(lambda: len(harness.messages) == 2)
            assert harness.messages[0][0] == harness.messages[1][0]
            assert set(names) == {b"PING"}

    run(scenario())


@pytest.mark.parametrize("kind", [zmq.REQ, zmq.ROUTER, zmq.SUB, zmq.PUSH])
def test_other_socket_types_are_refused(kind: int) -> None:
    async def scenario() -> None:
        async with listening() as (harness, bound), dealer(bound, kind):
            await until(lambda: harness.listener.refused[RefusalReason.PROTOCOL])
            assert harness.messages == []

    run(scenario())


def curve() -> dict[str, Any]:
    public, secret = zmq.curve_keypair()
    return {"curve_serverkey": public, "curve_publickey": public, "curve_secretkey": secret}


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (with_token(b"a wrong token"), RefusalReason.TOKEN),
        (with_token(TOKEN.encode()[:-1]), RefusalReason.TOKEN),
        (with_token(TOKEN.encode(), b"admin"), RefusalReason.TOKEN),
        (with_token(b"\0"), RefusalReason.TOKEN),
        ({}, RefusalReason.MECHANISM),
        (curve(), RefusalReason.MECHANISM),
    ],
)
def test_a_client_without_the_token_is_refused_and_one_with_it_connects(
    options: dict[str, Any], reason: RefusalReason
) -> None:
    async def scenario() -> None:
        async with listening(token=TOKEN) as (harness, bound):
            async with dealer(bound, **options) as client:
                await client.send(b"let me in")
                await until(lambda: harness.listener.refused[reason])
            async with dealer(bound, **with_token(TOKEN.encode())) as other:
                await other.send(b"hello")
                await until(lambda: harness.messages)
            assert harness.said() == [b"hello"]
            assert {kind for kind, number in harness.listener.refused.items() if number} - {
                RefusalReason.HANDSHAKE
            } == {reason}

    run(scenario())


def test_libzmq_reports_a_wrong_token_to_its_application() -> None:
    async def scenario() -> None:
        async with listening(token=TOKEN) as (_, bound), dealer(bound, **with_token(b"wrong")) as client:
            failed = zmq.EVENT_HANDSHAKE_FAILED_AUTH | zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL
            events = client.get_monitor_socket(failed)
            event = await recv_monitor_message(events)
            client.disable_monitor()
            events.close(linger=0)
            # The second is libzmq 4.3, which expects this command misspelt.
            assert (event["event"], event["value"]) in (
                (zmq.EVENT_HANDSHAKE_FAILED_AUTH, 400),
                (zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL, zmq.PROTOCOL_ERROR_ZMTP_UNEXPECTED_COMMAND),
            )

    run(scenario())


def test_messages_are_sent_before_the_sockets_are_closed() -> None:
    async def scenario() -> None:
        words = [b"farewell", random.Random(2).randbytes(1_000_000)]
        async with contextlib.AsyncExitStack() as stack:
            harness, bound = await stack.enter_async_context(listening())
            client = await stack.enter_async_context(dealer(bound))
            await client.send(b"hello")
            await until(lambda: harness.messages)
            ending = asyncio.create_task(harness.listener.__aexit__(None, None, None))
            assert harness.listener.send(harness.of(b"hello"), words)
            # What it still sends does not reset the connection before the message has arrived.
            for _ in range(100):
                await client.send(b"still talking")
            assert await client.recv_multipart() == words
            await ending
            assert len(harness.listener) == 0
            assert harness.gone == []

    run(scenario())


def test_a_connection_reset_at_the_end_does_not_break_the_end() -> None:
    """asyncio has not noticed it yet, and shutting down such a socket is an error."""

    async def scenario() -> None:
        async with listening() as (harness, bound):
            client = socket.create_connection(("127.0.0.1", int(bound.rpartition(":")[2])))
            client.sendall(HANDSHAKE + message(b"hello"))
            await until(lambda: harness.messages)
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            client.close()
            for peer in list(vars(harness.listener)["_peers"].values()):
                peer.finish()
            await until(lambda: not len(harness.listener))

    run(scenario())


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", RefusalReason.WRONG_PORT),
        (GREETING[:10] + b"\x01", RefusalReason.PROTOCOL),
        (PLAIN_GREETING, RefusalReason.MECHANISM),
        (GREETING + message(b"no handshake"), RefusalReason.PROTOCOL),
        (HANDSHAKE + b"\x02" + (2**40).to_bytes(8), RefusalReason.TOO_LARGE),
        (HANDSHAKE + message(*[b""] * 65), RefusalReason.TOO_LARGE),
        (HANDSHAKE + b"\x04\x00", RefusalReason.PROTOCOL),
    ],
)
def test_bytes_that_break_the_protocol_close_the_connection(data: bytes, reason: RefusalReason) -> None:
    async def scenario() -> None:
        async with listening() as (harness, bound), raw(bound) as client:
            client.say(data)
            assert (await client.hung_up_on())[:10] in (b"", GREETING[:10])
            await until(lambda: not len(harness.listener))
            assert harness.listener.refused == {reason: 1}
            assert harness.messages == []
            assert len(harness.gone) == data.startswith(HANDSHAKE)

    run(scenario())


def test_a_silent_connection_is_closed_and_reported() -> None:
    async def scenario() -> None:
        async with listening(limits=ListenerLimits(silence_s=0.5)) as (harness, bound), raw(bound) as client:
            client.say(HANDSHAKE + message(b"hello"))
            await client.hung_up_on()
            assert harness.gone == [harness.of(b"hello")]

    run(scenario())


@pytest.mark.parametrize("sent", [b"", GREETING[:30], HANDSHAKE + message(b"hello"), HANDSHAKE + endless(1_000)])
def test_a_client_that_vanishes_is_noticed_at_once(sent: bytes) -> None:
    async def scenario() -> None:
        async with listening() as (harness, bound), raw(bound) as client:
            client.say(sent)
            await until(lambda: len(harness.listener) and len(harness.messages) == (b"hello" in sent))
            client.reset()
            await until(lambda: not len(harness.listener))
            assert len(harness.gone) == sent.startswith(HANDSHAKE)

    run(scenario())


def test_messages_sent_before_closing_are_received_before_the_close_is_reported() -> None:
    async def scenario() -> None:
        async with listening() as (harness, bound), raw(bound) as peer:
            answers = []
            harness.on_message = lambda identity, parts: answers.append(harness.listener.send(identity, [b"answer"]))
            peer.say(HANDSHAKE + message(b"word") * 1_000 + message(b"bye"))
            await peer.writer.drain()
            peer.writer.close()
            await until(lambda: harness.gone)
            assert harness.said() == [*[b"word"] * 1_000, b"bye"]
            # It counts as connected until its last message is received, or the message would not count as its own.
            assert all(answers)

    run(scenario())


def test_a_port_in_use_is_an_error_that_names_it() -> None:
    async def scenario() -> None:
        async with listening() as (_, bound):
            with pytest.raises(OSError, match=f"{bound}: Address already in use"):
                ListenerHarness().listener.bind(bound)

    run(scenario())


def test_the_log_says_which_token_refused_clients_need(caplog: pytest.LogCaptureFixture) -> None:
    listener = ListenerHarness(token=TOKEN).listener
    listener.count(RefusalReason.TOKEN)
    listener._log_refusals(100.0)
    (line,) = caplog.records
    assert line.getMessage() == "connections refused"
    assert vars(line)["token"] == 1
    assert vars(line)["hint"] == "clients need the token of this service's --token-file"
