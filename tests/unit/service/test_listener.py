"""The listener over real sockets: libzmq's clients and strangers' bytes, and what each of them can cost."""

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
from segue.service.listener import Limits
from segue.service.zmtp import CommandReceived, ServerConnection, ZmtpEvent
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
    play,
    raw,
    until,
    with_token,
)


@pytest.mark.parametrize("transport", ["tcp", "ipc", "plain"])
def test_messages_pass_both_ways_byte_for_byte(transport: str, tmp_path: Path) -> None:
    address = f"ipc://{tmp_path}/socket" if transport == "ipc" else "tcp://127.0.0.1:0"
    token = TOKEN if transport == "plain" else None
    dice = random.Random(1)
    sent = [dice.randbytes(size) for size in (0, 1, 255, 256, 65_536, 900_000)]

    async def story() -> None:
        async with listening(address, token=token) as (heard, bound):
            async with dealer(bound, **with_token(TOKEN.encode()) if token else {}) as client:
                await client.send_multipart(sent)
                await until(lambda: heard.messages)
                ((identity, parts),) = heard.messages
                assert parts == sent
                assert heard.listener.send(identity, [*sent, dice.randbytes(3_000_000)])
                assert (await client.recv_multipart())[:-1] == sent
                assert len(heard.listener) == 1
            await until(lambda: heard.gone == [identity])
            assert not heard.listener.send(identity, [b"too late"])
            assert not heard.listener.refused.total()

    play(story())


def test_a_client_with_heartbeats_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    names: list[bytes] = []

    class Told(ServerConnection):
        def next_event(self) -> ZmtpEvent | None:
            event = super().next_event()
            if isinstance(event, CommandReceived):
                names.append(event.name)
            return event

    monkeypatch.setattr("segue.service.peer.ServerConnection", Told)

    async def story() -> None:
        async with (
            listening() as (heard, bound),
            dealer(bound, heartbeat_ivl=10, heartbeat_timeout=20_000) as client,
        ):
            await client.send(b"first")
            await until(lambda: len(names) >= 3)
            await client.send(b"second")
            await until(lambda: len(heard.messages) == 2)
            assert heard.messages[0][0] == heard.messages[1][0]
            assert set(names) == {b"PING"}

    play(story())


@pytest.mark.parametrize("kind", [zmq.REQ, zmq.ROUTER, zmq.SUB, zmq.PUSH])
def test_other_kinds_of_sockets_are_refused(kind: int) -> None:
    async def story() -> None:
        async with listening() as (heard, bound), dealer(bound, kind):
            await until(lambda: heard.listener.refused[RefusalReason.PROTOCOL])
            assert heard.messages == []

    play(story())


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
def test_who_has_not_the_token_is_refused_and_a_friend_gets_through(
    options: dict[str, Any], reason: RefusalReason
) -> None:
    async def story() -> None:
        async with listening(token=TOKEN) as (heard, bound):
            async with dealer(bound, **options) as stranger:
                await stranger.send(b"let me in")
                await until(lambda: heard.listener.refused[reason])
            async with dealer(bound, **with_token(TOKEN.encode())) as friend:
                await friend.send(b"hello")
                await until(lambda: heard.messages)
            assert heard.said() == [b"hello"]
            assert {kind for kind, number in heard.listener.refused.items() if number} - {RefusalReason.HANDSHAKE} == {
                reason
            }

    play(story())


def test_libzmq_tells_its_application_that_the_token_is_wrong() -> None:
    async def story() -> None:
        async with listening(token=TOKEN) as (_, bound), dealer(bound, **with_token(b"wrong")) as client:
            failed = zmq.EVENT_HANDSHAKE_FAILED_AUTH | zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL
            events = client.get_monitor_socket(failed)
            event = await recv_monitor_message(events)
            client.disable_monitor()
            events.close(linger=0)
            # The second is libzmq 4.3, which spells this command otherwise.
            assert (event["event"], event["value"]) in (
                (zmq.EVENT_HANDSHAKE_FAILED_AUTH, 400),
                (zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL, zmq.PROTOCOL_ERROR_ZMTP_UNEXPECTED_COMMAND),
            )

    play(story())


def test_farewells_leave_before_the_sockets_close() -> None:
    async def story() -> None:
        words = [b"farewell", random.Random(2).randbytes(1_000_000)]
        async with contextlib.AsyncExitStack() as stack:
            heard, bound = await stack.enter_async_context(listening())
            client = await stack.enter_async_context(dealer(bound))
            await client.send(b"hello")
            await until(lambda: heard.messages)
            ending = asyncio.create_task(heard.listener.__aexit__(None, None, None))
            assert heard.listener.send(heard.of(b"hello"), words)
            # What it still says does not reset the connection under the farewell.
            for _ in range(100):
                await client.send(b"still talking")
            assert await client.recv_multipart() == words
            await ending
            assert len(heard.listener) == 0
            assert heard.gone == []

    play(story())


def test_who_is_reset_as_the_service_ends_does_not_break_its_end() -> None:
    """asyncio was not told of it yet, and to shut such a socket down is an error."""

    async def story() -> None:
        async with listening() as (heard, bound):
            client = socket.create_connection(("127.0.0.1", int(bound.rpartition(":")[2])))
            client.sendall(HANDSHAKE + message(b"hello"))
            await until(lambda: heard.messages)
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            client.close()
            for peer in list(vars(heard.listener)["_peers"].values()):
                peer.finish()
            await until(lambda: not len(heard.listener))

    play(story())


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", RefusalReason.PROTOCOL),
        (GREETING[:10] + b"\x01", RefusalReason.PROTOCOL),
        (PLAIN_GREETING, RefusalReason.MECHANISM),
        (GREETING + message(b"no handshake"), RefusalReason.PROTOCOL),
        (HANDSHAKE + b"\x02" + (2**40).to_bytes(8), RefusalReason.TOO_LARGE),
        (HANDSHAKE + message(*[b""] * 65), RefusalReason.TOO_LARGE),
        (HANDSHAKE + b"\x04\x00", RefusalReason.PROTOCOL),
    ],
)
def test_bytes_that_break_the_protocol_are_hung_up_on(data: bytes, reason: RefusalReason) -> None:
    async def story() -> None:
        async with listening() as (heard, bound), raw(bound) as stranger:
            stranger.say(data)
            assert (await stranger.hung_up_on())[:10] in (b"", GREETING[:10])
            await until(lambda: not len(heard.listener))
            assert heard.listener.refused == {reason: 1}
            assert heard.messages == []
            assert len(heard.gone) == data.startswith(HANDSHAKE)

    play(story())


def test_who_falls_silent_is_closed_and_its_service_told() -> None:
    async def story() -> None:
        async with listening(limits=Limits(silence_s=0.5)) as (heard, bound), raw(bound) as stranger:
            stranger.say(HANDSHAKE + message(b"hello"))
            await stranger.hung_up_on()
            assert heard.gone == [heard.of(b"hello")]

    play(story())


@pytest.mark.parametrize("sent", [b"", GREETING[:30], HANDSHAKE + message(b"hello"), HANDSHAKE + endless(1_000)])
def test_who_vanishes_is_gone_at_once(sent: bytes) -> None:
    async def story() -> None:
        async with listening() as (heard, bound), raw(bound) as stranger:
            stranger.say(sent)
            await until(lambda: len(heard.listener) and len(heard.messages) == (b"hello" in sent))
            stranger.reset()
            await until(lambda: not len(heard.listener))
            assert len(heard.gone) == sent.startswith(HANDSHAKE)

    play(story())


def test_what_a_peer_said_before_it_went_is_taken_in_full_and_then_it_is_gone() -> None:
    async def story() -> None:
        async with listening() as (heard, bound), raw(bound) as peer:
            answers = []
            heard.on_message = lambda identity, parts: answers.append(heard.listener.send(identity, [b"answer"]))
            peer.say(HANDSHAKE + message(b"word") * 1_000 + message(b"bye"))
            await peer.writer.drain()
            peer.writer.close()
            await until(lambda: heard.gone)
            assert heard.said() == [*[b"word"] * 1_000, b"bye"]
            # It counts as there until its last word is taken, or that would not count for it.
            assert all(answers)

    play(story())


def test_a_taken_port_is_an_error_that_names_it() -> None:
    async def story() -> None:
        async with listening() as (_, bound):
            with pytest.raises(OSError, match=f"{bound}: Address already in use"):
                ListenerHarness().listener.bind(bound)

    play(story())


def test_the_log_says_which_token_refused_clients_need(caplog: pytest.LogCaptureFixture) -> None:
    listener = ListenerHarness(token=TOKEN).listener
    listener.count(RefusalReason.TOKEN)
    listener._log_refusals(100.0)
    (line,) = caplog.records
    assert line.getMessage() == "connections refused"
    assert vars(line)["token"] == 1
    assert vars(line)["hint"] == "clients need the token of this service's --token-file"
