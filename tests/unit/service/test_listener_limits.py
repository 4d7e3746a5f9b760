"""What connections may cost the listener: time, bytes, descriptors and turns, and which one is closed for another."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
from functools import partial
from itertools import count
from typing import Any

import pytest

from segue.service.auth import RefusalReason
from segue.service.listener import Limits
from unit.service.listening import (
    GREETING,
    HANDSHAKE,
    ListenerHarness,
    dealer,
    endless,
    listening,
    message,
    play,
    raw,
    until,
)


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
