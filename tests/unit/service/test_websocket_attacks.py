"""WebSocket clients that break every limit, over real sockets."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import sys
from functools import partial
from itertools import count

import pytest
from websockets.frames import CloseCode, Opcode

from segue.service.auth import RefusalReason
from segue.service.listener import ListenerLimits
from segue.service.web_access import WebAccess
from segue.service.websocket import WebSocketConnection
from unit.service.listening import ListenerHarness, raw, run, until
from unit.service.web_bytes import answers, frame, message, request
from unit.service.web_listening import LOOPBACK, PLAY, listening, upgraded


@pytest.mark.parametrize(
    ("attack", "reason", "code"),
    [
        (frame(size=(1 << 63) - 1), RefusalReason.TOO_LARGE, CloseCode.MESSAGE_TOO_BIG),
        (frame(size=1 << 63) + bytes(5_000), RefusalReason.TOO_LARGE, CloseCode.MESSAGE_TOO_BIG),
        (frame(size=(1 << 20) + 1), RefusalReason.TOO_LARGE, CloseCode.MESSAGE_TOO_BIG),
        (
            frame(b"x", fin=False) + frame(b"x", Opcode.CONT, fin=False) * 200_000,
            RefusalReason.TOO_LARGE,
            CloseCode.MESSAGE_TOO_BIG,
        ),
        (frame(bytes(1 << 19), fin=False) * 3, RefusalReason.PROTOCOL, CloseCode.PROTOCOL_ERROR),
        (frame(b"text", Opcode.TEXT), RefusalReason.PROTOCOL, CloseCode.UNSUPPORTED_DATA),
        (frame(b"\xff\xff\xff\x7f"), RefusalReason.PROTOCOL, CloseCode.INVALID_DATA),
        (random.Random(1).randbytes(300_000), RefusalReason.PROTOCOL, CloseCode.PROTOCOL_ERROR),
    ],
    ids=["2^63-1", "2^63", "too long", "many fragments", "interleaved", "text", "header length", "garbage"],
)
def test_attacks_end_the_connection_with_a_code(attack: bytes, reason: RefusalReason, code: CloseCode) -> None:
    async def scenario() -> None:
        async with listening() as (harness, address), upgraded(address) as one:
            one.say(PLAY + attack)
            _, _, end = answers(await one.hung_up_on())
            assert end is not None
            assert end.code == code
            one.writer.transport.abort()
            await until(lambda: not len(harness.listener))
            assert harness.listener.refused == {reason: 1}
            assert harness.said() == [b"play"]
            assert len(harness.gone) == 1

    run(scenario())


def test_an_endless_message_in_fragments_is_closed_and_little_of_it_is_kept() -> None:
    async def scenario() -> None:
        async with listening() as (harness, address), upgraded(address) as one:
            part = frame(bytes(1 << 18), Opcode.CONT, fin=False)
            one.say(frame(b"", fin=False))
            with contextlib.suppress(ConnectionError):
                for _ in range(100):
                    one.say(part)
                    await one.writer.drain()
            await until(lambda: harness.listener.refused[RefusalReason.TOO_LARGE])
            assert harness.messages == []

    run(scenario())


def test_unfinished_messages_without_a_session_are_bounded_together() -> None:
    async def scenario() -> None:
        limits = ListenerLimits(kept_bytes=2 << 20)
        async with listening(limits) as (harness, address), contextlib.AsyncExitStack() as stack:
            endless = frame(bytes(900_000), size=1_000_000)
            player = await stack.enter_async_context(upgraded(address))
            player.say(PLAY + endless)
            await until(lambda: harness.playing)
            for _ in range(7):
                one = await stack.enter_async_context(upgraded(address))
                one.say(endless)
            await until(lambda: harness.listener.refused[RefusalReason.TOO_LARGE] == 5)
            assert harness.of(b"play") not in harness.gone

    run(scenario())


def test_a_flood_of_pings_does_not_delay_others() -> None:
    """Both have sent everything before the listener reads a byte, and everything takes long by the clock."""

    async def scenario() -> None:
        harness = ListenerHarness(clock=partial(next, count(0.0, 0.01)))
        async with harness.listener as listener:
            address = listener.bind_web(LOOPBACK, None, lambda each: WebSocketConnection(each, WebAccess()))
            async with raw(address) as flooder, raw(address) as other:
                flooder.say(request() + frame(b"", Opcode.PING) * 2_000 + message(b"flooded"))
                await flooder.writer.drain()
                other.say(request() + message(b"other"))
                await other.writer.drain()
                listener.start()
                await until(lambda: len(harness.messages) == 2)
                assert harness.said() == [b"other", b"flooded"]
                assert not listener.refused.total()

    run(scenario())


def test_pings_that_are_never_read_close_the_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("segue.service.peer._MOST_UNREAD_WITHOUT_SESSION", 10_000)

    async def scenario() -> None:
        async with listening() as (harness, address), upgraded(address) as one:
            one.reader._transport.pause_reading()  # type: ignore[attr-defined]
            flood = frame(bytes(125), Opcode.PING) * 1_000
            with contextlib.suppress(ConnectionError):
                while not harness.listener.refused:
                    one.say(flood)
                    await one.writer.drain()
            assert harness.listener.refused == {RefusalReason.SLOW: 1}

    run(scenario())


def test_a_client_that_does_not_read_is_closed() -> None:
    async def scenario() -> None:
        async with listening() as (harness, address), upgraded(address) as one:
            one.say(message(b"idle"))
            await until(lambda: harness.messages)
            one.reader._transport.pause_reading()  # type: ignore[attr-defined]
            identity, sent = harness.of(b"idle"), 0
            while harness.listener.send(identity, [b"header", bytes(100_000)]):
                sent += 1
                await asyncio.sleep(0)
                assert sent < 1_000
            assert harness.listener.refused == {RefusalReason.SLOW: 1}
            await until(lambda: harness.gone == [identity])

    run(scenario())


def test_a_client_that_has_to_wait_is_not_read() -> None:
    async def scenario() -> None:
        async with listening() as (harness, address), upgraded(address) as one, upgraded(address) as other:
            harness.pauses_s[b"wait"] = 600.0
            one.say(message(b"wait") + message(b"not yet"))
            await until(lambda: harness.messages)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(0.3):
                    for _ in range(100):
                        one.say(message(bytes(100_000)))
                        await one.writer.drain()
                    raise AssertionError("everything was read")
            other.say(message(b"other"))
            await until(lambda: len(harness.messages) == 2)
            assert harness.said() == [b"wait", b"other"]

    run(scenario())


@pytest.mark.skipif(sys.platform != "linux", reason="descriptors are counted in /proc")
@pytest.mark.parametrize("how", ["reset", "close"])
def test_connections_that_vanish_leave_nothing(how: str) -> None:
    """Some vanish before the upgrade, some in the middle of a message, some while they are sent to."""

    async def scenario() -> None:
        async with listening(ListenerLimits(connections=400, handshakes=400)) as (harness, address):
            before = len(os.listdir("/proc/self/fd"))
            cuts = [b"", request()[:40], request(), request() + PLAY, request() + PLAY + frame(b"half", size=5_000)]
            for number in range(200):
                async with raw(address) as one:
                    one.say(cuts[number % len(cuts)])
                    await one.writer.drain()
                    if how == "reset":
                        one.reset()
            await until(lambda: not len(harness.listener))
            await until(lambda: len(os.listdir("/proc/self/fd")) <= before)
            assert len(harness.gone) <= 120

    run(scenario())
