"""The listener over real sockets: libzmq's clients and strangers' bytes, and what each of them can cost."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import random
import socket
import struct
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import zmq
import zmq.asyncio
from zmq.utils.monitor import recv_monitor_message

from segue.service.auth import RefusalReason
from segue.service.listener import Limits
from segue.service.zmtp import Command, Event, ServerConnection
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

# --- libzmq's clients -----------------------------------------------------------------------------------------------


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
        def next_event(self) -> Event | None:
            event = super().next_event()
            if isinstance(event, Command):
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


# --- bytes of strangers ---------------------------------------------------------------------------------------------


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


def test_an_endless_message_is_cut_off_and_little_of_it_kept() -> None:
    async def story() -> None:
        async with listening() as (heard, bound), raw(bound) as stranger:
            stranger.say(HANDSHAKE)
            part = b"\x03" + (1 << 18).to_bytes(8) + bytes(1 << 18)
            with contextlib.suppress(ConnectionError):
                for _ in range(100):
                    stranger.say(part)
                    await stranger.writer.drain()
            await until(lambda: heard.listener.refused[RefusalReason.TOO_LARGE])
            assert heard.messages == []

    play(story())


@pytest.mark.parametrize("sent", [b"", GREETING[:40], GREETING, HANDSHAKE[:-1]])
def test_a_handshake_that_does_not_end_is_ended_however_it_trickles(sent: bytes) -> None:
    async def story() -> None:
        async with listening(limits=Limits(handshake_s=0.5)) as (heard, bound), raw(bound) as stranger:

            async def trickle() -> None:
                for byte in sent:
                    stranger.say(bytes((byte,)))
                    await asyncio.sleep(0.005)

            trickling = asyncio.create_task(trickle())
            await stranger.hung_up_on()
            assert heard.listener.refused == {RefusalReason.HANDSHAKE: 1}
            assert len(heard.listener) == 0
            await trickling

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


# --- room for others ------------------------------------------------------------------------------------------------


def test_handshakes_that_never_end_make_room_the_oldest_first() -> None:
    async def story() -> None:
        limits = Limits(handshakes=3, handshake_s=60)
        async with contextlib.AsyncExitStack() as stack:
            heard, bound = await stack.enter_async_context(listening(limits=limits))
            strangers = [await stack.enter_async_context(raw(bound)) for _ in range(3)]
            await until(lambda: len(heard.listener) == 3)
            friend = await stack.enter_async_context(dealer(bound))
            await friend.send(b"hello")
            await until(lambda: heard.messages)
            await strangers[0].hung_up_on()
            assert heard.listener.refused == {RefusalReason.FULL: 1}
            # Through its handshake it makes no room for others.
            for _ in range(5):
                await stack.enter_async_context(raw(bound))
            await until(lambda: heard.listener.refused[RefusalReason.FULL] == 5)
            await friend.send(b"again")
            await until(lambda: heard.said() == [b"hello", b"again"])
            assert len(heard.listener) == 4

    play(story())


def test_who_plays_makes_no_room_and_others_do() -> None:
    async def story() -> None:
        async with contextlib.AsyncExitStack() as stack:
            heard, bound = await stack.enter_async_context(listening(limits=Limits(connections=3)))
            heard.on_message = lambda identity, parts: heard.playing.add(identity) if parts[0] == b"play" else None
            peers = []
            for word in (b"play", b"idle", b"idle"):
                peers.append(await stack.enter_async_context(raw(bound)))
                peers[-1].say(HANDSHAKE + message(word))
                await until(lambda: len(heard.messages) == len(peers))
            for word in (b"play", b"play"):
                peers.append(await stack.enter_async_context(raw(bound)))
                peers[-1].say(HANDSHAKE + message(word))
                await until(lambda: len(heard.messages) == len(peers))
                await peers[len(peers) - 3].hung_up_on()
            assert heard.gone == [identity for identity, parts in heard.messages if parts == [b"idle"]]
            # All play now: who comes is not let in.
            late = await stack.enter_async_context(raw(bound))
            assert await late.hung_up_on() == b""
            assert len(heard.listener) == 3
            assert heard.listener.refused == {RefusalReason.FULL: 3}

    play(story())


def test_room_is_made_by_the_address_with_most_connections() -> None:
    async def story() -> None:
        async with contextlib.AsyncExitStack() as stack:
            heard = ListenerHarness(Limits(handshakes=3))
            listener = await stack.enter_async_context(heard.listener)
            bound = listener.bind("tcp://0.0.0.0:0")
            listener.start()
            port = int(bound.rpartition(":")[2])
            kept = []
            for source in ("127.0.0.2", "127.0.0.1", "127.0.0.1", "127.0.0.1"):
                reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(source, 0))
                stack.callback(writer.transport.abort)
                kept.append((reader, writer))
                await until(lambda: len(listener) == min(len(kept), 3))
            await until(lambda: listener.refused[RefusalReason.FULL] == 1)
            # The oldest of all stays, the oldest of those who came from one place goes.
            with contextlib.suppress(ConnectionError):
                await kept[1][0].read()
            assert await kept[0][0].readexactly(11)

    play(story())


def test_unfinished_messages_of_all_strangers_are_bounded_together() -> None:
    async def story() -> None:
        most = 2 << 20
        async with contextlib.AsyncExitStack() as stack:
            heard, bound = await stack.enter_async_context(listening(limits=Limits(kept_bytes=most)))
            heard.on_message = lambda identity, parts: heard.playing.add(identity)
            player = await stack.enter_async_context(raw(bound))
            player.say(HANDSHAKE + message(b"play") + endless(900_000))
            await until(lambda: heard.playing)
            for _ in range(7):
                stranger = await stack.enter_async_context(raw(bound))
                stranger.say(HANDSHAKE + endless(900_000))
            await until(lambda: heard.listener.refused[RefusalReason.TOO_LARGE] == 5)
            assert heard.of(b"play") not in heard.gone

    play(story())


def test_no_descriptor_left_makes_room_and_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        async with listening() as (heard, bound), raw(bound) as stranger:
            await until(lambda: len(heard.listener) == 1)
            loop = asyncio.get_running_loop()
            accept, failures = loop.sock_accept, [errno.EMFILE, errno.ECONNABORTED]

            async def failing(listener: socket.socket) -> Any:
                if failures:
                    raise OSError(failures.pop(), "as if")
                return await accept(listener)

            monkeypatch.setattr(loop, "sock_accept", failing)
            async with raw(bound), dealer(bound) as friend:
                await stranger.hung_up_on()
                await friend.send(b"hello")
                await until(lambda: heard.messages)
            assert failures == []

    play(story())


# --- turns ----------------------------------------------------------------------------------------------------------


def test_who_sends_much_at_once_does_not_keep_others_waiting() -> None:
    """Both have said all they say before the listener reads a byte, and all takes long by the clock."""

    async def story() -> None:
        heard = ListenerHarness(clock=partial(next, count(0.0, 0.01)))
        async with heard.listener as listener:
            bound = listener.bind("tcp://127.0.0.1:0")
            async with raw(bound) as much, raw(bound) as little:
                much.say(HANDSHAKE + message(b"much") * 2_000)
                await much.writer.drain()
                little.say(HANDSHAKE + message(b"little"))
                await little.writer.drain()
                listener.start()
                await until(lambda: len(heard.messages) == 2_001)
                assert heard.said().index(b"little") < 200
                # Whoever plays has half of the turns, however many others there are.
                player, stranger = heard.of(b"little"), heard.of(b"much")
                heard.playing.add(player)
                heard.messages.clear()
                much.say(message(b"much") * 400)
                little.say(message(b"little") * 400)
                await until(lambda: len(heard.messages) == 800)
                order = [identity for identity, _ in heard.messages]
                shares = [order[start : start + 80].count(player) for start in range(80, 480, 80)]
                assert len(set(order)) == 2
                assert stranger in order
                assert min(shares) > 0

    play(story())


def test_who_is_to_wait_is_not_read_and_others_are() -> None:
    async def story() -> None:
        async with listening() as (heard, bound):
            heard.pauses_s[b"wait"] = 600.0
            heard.pauses_s[b"wait a little"] = 0.05
            async with dealer(bound) as waiting, dealer(bound) as other:
                await waiting.send(b"wait")
                await waiting.send(b"not yet")
                await until(lambda: heard.messages)
                for text in (b"wait a little", b"at last"):
                    await other.send(text)
                await until(lambda: b"at last" in heard.said())
            assert heard.said() == [b"wait", b"wait a little", b"at last"]

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


def test_a_peer_that_does_not_read_is_gone_with_little_kept_for_it() -> None:
    async def story() -> None:
        async with listening() as (heard, bound), raw(bound) as peer:
            peer.writer.transport.pause_reading()
            peer.say(HANDSHAKE + message(b"hello"))
            await until(lambda: heard.messages)
            identity, block = heard.of(b"hello"), bytes(1 << 20)
            heard.playing.add(identity)
            # As much as a resumed session may be sent at once.
            for _ in range(39):
                assert heard.listener.send(identity, [block])
            heard.playing.clear()
            assert not heard.listener.send(identity, [block])
            assert not heard.listener.send(identity, [b"x"])
            await until(lambda: heard.gone == [identity])
            assert heard.listener.refused == {RefusalReason.SLOW: 1}

    play(story())


def test_pings_are_no_way_to_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    # Kernels keep some megabytes of answers besides; the fewer here, the sooner it is seen.
    monkeypatch.setattr("segue.service.peer._MOST_UNREAD_WITHOUT_SESSION", 10_000)

    async def story() -> None:
        async with listening() as (heard, bound), raw(bound) as peer:
            peer.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
            peer.writer.transport.pause_reading()
            peer.say(HANDSHAKE)
            ping = b"\x04\x17\x04PING\x00\x64" + b"0123456789abcdef"
            with contextlib.suppress(ConnectionError):
                while not heard.gone:
                    peer.say(ping * 5_000)
                    await peer.writer.drain()
            await until(lambda: heard.gone)
            assert heard.listener.refused == {RefusalReason.SLOW: 1}

    play(story())


# --- mistakes of those who run it -----------------------------------------------------------------------------------


def test_a_taken_port_is_an_error_that_names_it() -> None:
    async def story() -> None:
        async with listening() as (_, bound):
            with pytest.raises(OSError, match=f"{bound}: Address already in use"):
                ListenerHarness().listener.bind(bound)

    play(story())
