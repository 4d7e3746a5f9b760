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

from segue.service import listener as listener_module
from segue.service.auth import RefusalReason
from segue.service.listener import ListenerLimits
from unit.service.listening import (
    GREETING,
    HANDSHAKE,
    ListenerHarness,
    dealer,
    endless,
    listening,
    message,
    raw,
    run,
    until,
)


def test_an_endless_message_closes_the_connection_and_little_of_it_is_kept() -> None:
    async def scenario() -> None:
        async with listening() as (harness, bound), raw(bound) as client:
            client.say(HANDSHAKE)
            part = b"\x03" + (1 << 18).to_bytes(8) + bytes(1 << 18)
            with contextlib.suppress(ConnectionError):
                for _ in range(100):
                    client.say(part)
                    await client.writer.drain()
            await until(lambda: harness.listener.refused[RefusalReason.TOO_LARGE])
            assert harness.messages == []

    run(scenario())


@pytest.mark.parametrize("sent", [b"", GREETING[:40], GREETING, HANDSHAKE[:-1]])
def test_a_slow_handshake_is_ended_even_if_bytes_keep_coming(sent: bytes) -> None:
    async def scenario() -> None:
        async with listening(limits=ListenerLimits(handshake_s=0.5)) as (harness, bound), raw(bound) as client:

            async def trickle() -> None:
                for byte in sent:
                    client.say(bytes((byte,)))
                    await asyncio.sleep(0.005)

            trickling = asyncio.create_task(trickle())
            await client.hung_up_on()
            assert harness.listener.refused == {RefusalReason.HANDSHAKE: 1}
            assert len(harness.listener) == 0
            await trickling

    run(scenario())


def test_a_new_connection_replaces_the_oldest_unfinished_handshake() -> None:
    async def scenario() -> None:
        limits = ListenerLimits(handshakes=3, handshake_s=60)
        async with contextlib.AsyncExitStack() as stack:
            harness, bound = await stack.enter_async_context(listening(limits=limits))
            clients = [await stack.enter_async_context(raw(bound)) for _ in range(3)]
            await until(lambda: len(harness.listener) == 3)
            other = await stack.enter_async_context(dealer(bound))
            await other.send(b"hello")
            await until(lambda: harness.messages)
            await clients[0].hung_up_on()
            assert harness.listener.refused == {RefusalReason.FULL: 1}
            # After its handshake it is not replaced.
            for _ in range(5):
                await stack.enter_async_context(raw(bound))
            await until(lambda: harness.listener.refused[RefusalReason.FULL] == 5)
            await other.send(b"again")
            await until(lambda: harness.said() == [b"hello", b"again"])
            assert len(harness.listener) == 4

    run(scenario())


def test_only_connections_without_a_session_are_replaced() -> None:
    async def scenario() -> None:
        async with contextlib.AsyncExitStack() as stack:
            harness, bound = await stack.enter_async_context(listening(limits=ListenerLimits(connections=3)))
            harness.on_message = lambda identity, parts: harness.playing.add(identity) if parts[0] == b"play" else None
            peers = []
            for word in (b"play", b"idle", b"idle"):
                peers.append(await stack.enter_async_context(raw(bound)))
                peers[-1].say(HANDSHAKE + message(word))
                await until(lambda: len(harness.messages) == len(peers))
            for word in (b"play", b"play"):
                peers.append(await stack.enter_async_context(raw(bound)))
                peers[-1].say(HANDSHAKE + message(word))
                await until(lambda: len(harness.messages) == len(peers))
                await peers[len(peers) - 3].hung_up_on()
            assert harness.gone == [identity for identity, parts in harness.messages if parts == [b"idle"]]
            # All have a session now: a new connection is not accepted.
            late = await stack.enter_async_context(raw(bound))
            assert await late.hung_up_on() == b""
            assert len(harness.listener) == 3
            assert harness.listener.refused == {RefusalReason.FULL: 3}

    run(scenario())


def test_the_address_with_the_most_connections_loses_one() -> None:
    async def scenario() -> None:
        async with contextlib.AsyncExitStack() as stack:
            harness = ListenerHarness(ListenerLimits(handshakes=3))
            listener = await stack.enter_async_context(harness.listener)
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
            # The oldest of all stays; the oldest of those from one address is closed.
            with contextlib.suppress(ConnectionError):
                await kept[1][0].read()
            assert await kept[0][0].readexactly(11)

    run(scenario())


def test_unfinished_messages_without_a_session_are_bounded_together() -> None:
    async def scenario() -> None:
        most = 2 << 20
        async with contextlib.AsyncExitStack() as stack:
            harness, bound = await stack.enter_async_context(listening(limits=ListenerLimits(kept_bytes=most)))
            harness.on_message = lambda identity, parts: harness.playing.add(identity)
            player = await stack.enter_async_context(raw(bound))
            player.say(HANDSHAKE + message(b"play") + endless(900_000))
            await until(lambda: harness.playing)
            for _ in range(7):
                client = await stack.enter_async_context(raw(bound))
                client.say(HANDSHAKE + endless(900_000))
            await until(lambda: harness.listener.refused[RefusalReason.TOO_LARGE] == 5)
            assert harness.of(b"play") not in harness.gone

    run(scenario())


def test_without_free_descriptors_a_connection_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario() -> None:
        async with listening() as (harness, bound), raw(bound) as client:
            await until(lambda: len(harness.listener) == 1)
            loop = asyncio.get_running_loop()
            accept, failures = loop.sock_accept, [errno.EMFILE, errno.ECONNABORTED]

            async def failing(listener: socket.socket) -> Any:
                if failures:
                    raise OSError(failures.pop(), "as if")
                return await accept(listener)

            monkeypatch.setattr(loop, "sock_accept", failing)
            async with raw(bound), dealer(bound) as other:
                await client.hung_up_on()
                await other.send(b"hello")
                await until(lambda: harness.messages)
            assert failures == []

    run(scenario())


def test_while_connections_can_be_replaced_accepting_does_not_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario() -> None:
        # A pause would outlast the test.
        monkeypatch.setattr(listener_module, "_ACCEPT_PAUSE_S", 3_600.0)
        async with listening() as (harness, bound), contextlib.AsyncExitStack() as stack:
            clients = [await stack.enter_async_context(raw(bound)) for _ in range(3)]
            await until(lambda: len(harness.listener) == 3)
            loop = asyncio.get_running_loop()
            accept, failures = loop.sock_accept, [errno.EMFILE] * 3

            async def failing(listener: socket.socket) -> Any:
                if failures:
                    raise OSError(failures.pop(), "as if")
                return await accept(listener)

            monkeypatch.setattr(loop, "sock_accept", failing)
            # The first one still waits in the accept that began before.
            async with raw(bound), dealer(bound) as other:
                await other.send(b"hello")
                await until(lambda: harness.messages)
            for client in clients:
                await client.hung_up_on()

    run(scenario())


def test_a_low_limit_on_open_files_bounds_the_connections(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario() -> None:
        monkeypatch.setattr(listener_module.binding, "allow_descriptors", lambda connections: 2)
        async with listening() as (harness, bound), contextlib.AsyncExitStack() as stack:
            clients = [await stack.enter_async_context(raw(bound)) for _ in range(3)]
            await clients[0].hung_up_on()
            await until(lambda: len(harness.listener) == 2)

    run(scenario())
    (warning,) = caplog.records
    assert warning.message == "the limit on open files allows fewer connections"


def test_a_connection_that_sends_much_does_not_delay_others() -> None:
    """Both have sent everything before the listener reads a byte, and everything takes long by the clock."""

    async def scenario() -> None:
        harness = ListenerHarness(clock=partial(next, count(0.0, 0.002)))
        async with harness.listener as listener:
            bound = listener.bind("tcp://127.0.0.1:0")
            async with raw(bound) as much, raw(bound) as little:
                much.say(HANDSHAKE + message(b"much") * 2_000)
                await much.writer.drain()
                little.say(HANDSHAKE + message(b"little"))
                await little.writer.drain()
                listener.start()
                await until(lambda: len(harness.messages) == 2_001)
                assert harness.said().index(b"little") < 200
                # Connections with a session have half of the turns, however many others there are.
                player, client = harness.of(b"little"), harness.of(b"much")
                harness.playing.add(player)
                harness.messages.clear()
                much.say(message(b"much") * 400)
                little.say(message(b"little") * 400)
                await until(lambda: len(harness.messages) == 800)
                order = [identity for identity, _ in harness.messages]
                shares = [order[start : start + 80].count(player) for start in range(80, 480, 80)]
                assert len(set(order)) == 2
                assert client in order
                assert min(shares) > 0

    run(scenario())


def test_a_connection_that_has_to_wait_is_not_read_and_others_are() -> None:
    async def scenario() -> None:
        async with listening() as (harness, bound):
            harness.pauses_s[b"wait"] = 600.0
            harness.pauses_s[b"wait a little"] = 0.05
            async with dealer(bound) as waiting, dealer(bound) as other:
                await waiting.send(b"wait")
                await waiting.send(b"not yet")
                await until(lambda: harness.messages)
                for text in (b"wait a little", b"at last"):
                    await other.send(text)
                await until(lambda: b"at last" in harness.said())
            assert harness.said() == [b"wait", b"wait a little", b"at last"]

    run(scenario())


def test_a_client_that_does_not_read_is_closed_and_little_is_kept_for_it() -> None:
    async def scenario() -> None:
        async with listening() as (harness, bound), raw(bound) as peer:
            peer.writer.transport.pause_reading()
            peer.say(HANDSHAKE + message(b"hello"))
            await until(lambda: harness.messages)
            identity, block = harness.of(b"hello"), bytes(1 << 20)
            harness.playing.add(identity)
            # The most that a resumed session may be sent at once.
            for _ in range(39):
                assert harness.listener.send(identity, [block])
            harness.playing.clear()
            assert not harness.listener.send(identity, [block])
            assert not harness.listener.send(identity, [b"x"])
            await until(lambda: harness.gone == [identity])
            assert harness.listener.refused == {RefusalReason.SLOW: 1}

    run(scenario())


def test_pings_of_a_client_that_does_not_read_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    # Kernels hold some megabytes of answers besides; with fewer here the limit is reached sooner.
    monkeypatch.setattr("segue.service.peer._MOST_UNREAD_WITHOUT_SESSION", 10_000)

    async def scenario() -> None:
        async with listening() as (harness, bound), raw(bound) as peer:
            peer.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
            peer.writer.transport.pause_reading()
            peer.say(HANDSHAKE)
            ping = b"\x04\x17\x04PING\x00\x64" + b"0123456789abcdef"
            with contextlib.suppress(ConnectionError):
                while not harness.gone:
                    peer.say(ping * 5_000)
                    await peer.writer.drain()
            await until(lambda: harness.gone)
            assert harness.listener.refused == {RefusalReason.SLOW: 1}

    run(scenario())


def test_connections_that_keep_working_get_no_more_turns_than_they_need(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario() -> None:
        async with listening() as (harness, _):
            listener = harness.listener
            now_s, worked, turns = 0.0, 0, 0

            class Busy:
                """A connection whose work takes 1 ms and leaves more to do."""

                def work(self) -> None:
                    nonlocal now_s, worked
                    now_s, worked = now_s + 0.001, worked + 1
                    if worked < 100:
                        listener.enqueue(self)  # type: ignore[arg-type]

            def turn() -> None:
                nonlocal turns
                turns += 1
                take_turn()

            take_turn = listener._turn
            monkeypatch.setattr(listener, "_turn", turn)
            monkeypatch.setattr(listener, "_clock", lambda: now_s)
            monkeypatch.setattr(listener, "has_session", lambda peer: False)
            listener.enqueue(Busy())  # type: ignore[arg-type]
            await until(lambda: worked == 100)
            for _ in range(100):
                await asyncio.sleep(0)
            # A turn lasts 4 ms or, by rounding, 5.
            assert 20 <= turns <= 26

    run(scenario())
