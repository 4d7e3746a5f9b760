"""WebSocket over real sockets: the client of the library `websockets`, and clients that break every limit."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import ssl
import sys
from collections.abc import AsyncIterator
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.frames import CloseCode, Opcode

from segue.service.auth import RefusalReason, tls_context
from segue.service.listener import ListenerLimits
from segue.service.settings.kinds import Endpoint
from segue.service.web_access import WebAccess
from segue.service.websocket import WebSocketConnection
from segue_sdk.codec import decode, pack
from segue_sdk.messages import Bye, Error
from unit.service.listening import HANDSHAKE, TOKEN, ListenerHarness, Raw, raw, run, until
from unit.service.listening import message as zmtp_message
from unit.service.test_listener_tls import Authority
from unit.service.web_bytes import answers, frame, message, packed, request, status

LOOPBACK = Endpoint("127.0.0.1", 0)
PLAY = message(b"play")


def hello(token: str) -> bytes:
    return pack({"v": 1, "t": "hello", "versions": [1], "client": "test", "token": token})


@contextlib.asynccontextmanager
async def listening(
    limits: ListenerLimits | None = None,
    token: str | None = None,
    tls: ssl.SSLContext | None = None,
    **access: Any,
) -> AsyncIterator[tuple[ListenerHarness, str]]:
    """Yield a started listener and its address. A connection has a session once it sent `play`."""
    harness = ListenerHarness(limits, token)
    harness.on_message = lambda identity, parts: harness.playing.add(identity) if parts[0] == b"play" else None
    async with harness.listener as listener:
        rules = WebAccess(**access)
        address = listener.bind_web(LOOPBACK, tls, lambda mechanism: WebSocketConnection(mechanism, rules))
        listener.start()
        yield harness, address


@contextlib.asynccontextmanager
async def client(address: str, **options: Any) -> AsyncIterator[ClientConnection]:
    """Yield a client that neither pings nor waits long for its end, whatever the environment says about proxies."""
    settings = {"ping_interval": None, "max_size": None, "proxy": None, "close_timeout": 1, **options}
    async with connect(address, **settings) as one:
        yield one


@contextlib.asynccontextmanager
async def upgraded(address: str) -> AsyncIterator[Raw]:
    """Yield a plain stream of bytes after the upgrade."""
    async with raw(address) as one:
        one.say(request())
        assert (await one.reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 101")
        yield one


# --- messages -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["ws", "wss", "token"])
def test_messages_pass_unchanged_both_ways(kind: str, tmp_path: Path) -> None:
    authority = Authority(tmp_path) if kind == "wss" else None
    tls = authority.server if authority else None
    rng = random.Random(1)
    sizes = [(1, 0), (126, 7), (65_536, 65_536), (262_144, 700_000)]
    sent = [[rng.randbytes(size) for size in one if size] for one in sizes]

    async def scenario() -> None:
        options: dict[str, Any] = {"ssl": authority.client(), "server_hostname": "music.example"} if authority else {}
        token = TOKEN if kind == "token" else None
        async with listening(token=token, tls=tls) as (harness, address):
            assert address.startswith("wss://127.0.0.1:" if authority else "ws://127.0.0.1:")
            async with client(address, **options) as one:
                first = hello(TOKEN)
                await one.send(packed(first))
                for parts in sent:
                    await one.send(packed(*parts))
                await until(lambda: len(harness.messages) == 1 + len(sent))
                identity = harness.messages[0][0]
                assert [parts for _, parts in harness.messages] == [[first], *sent]
                for parts in [*sent, [b"x" * 65_536, rng.randbytes(3_000_000)]]:
                    assert harness.listener.send(identity, parts)
                    assert await one.recv() == packed(*parts)

                # A message in several frames, with pings between them.
                async def pieces() -> AsyncIterator[bytes]:
                    for byte in packed(b"piece", b"meal"):
                        await (await one.ping())
                        yield bytes((byte,))

                await one.send(pieces())
                await until(lambda: harness.messages[-1][1] == [b"piece", b"meal"])
            await until(lambda: harness.gone == [identity])
            assert len(harness.listener) == 0
            assert not harness.listener.send(identity, [b"too late"])
            assert not harness.listener.refused.total()

    run(scenario())


def test_compression_is_not_used_though_the_client_offers_it() -> None:
    async def scenario() -> None:
        async with listening() as (_, address), client(address, compression="deflate") as one:
            assert one.protocol.extensions == []

    run(scenario())


def test_zmtp_and_websocket_share_the_limits_of_connections() -> None:
    async def scenario() -> None:
        async with listening(ListenerLimits(connections=3)) as (harness, address), contextlib.AsyncExitStack() as stack:
            zmtp = harness.listener.bind("tcp://127.0.0.1:0")
            harness.listener.start()
            player = await stack.enter_async_context(upgraded(address))
            player.say(PLAY)
            idle = await stack.enter_async_context(raw(zmtp))
            idle.say(HANDSHAKE + zmtp_message(b"idle"))
            await until(lambda: len(harness.messages) == 2)
            other = await stack.enter_async_context(upgraded(address))
            other.say(message(b"idle as well"))
            await until(lambda: len(harness.messages) == 3)
            one = await stack.enter_async_context(raw(zmtp))
            await idle.hung_up_on()
            one.say(HANDSHAKE + zmtp_message(b"play"))
            await until(lambda: len(harness.messages) == 4)
            last = await stack.enter_async_context(upgraded(address))
            await other.hung_up_on()
            last.say(PLAY)
            await until(lambda: len(harness.messages) == 5)
            assert harness.listener.refused == {RefusalReason.FULL: 2}
            assert harness.gone == [harness.messages[1][0], harness.messages[2][0]]

    run(scenario())


# --- the handshake --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("drop_last", [1, 60])
def test_a_slow_upgrade_is_ended_even_if_bytes_keep_coming(drop_last: int) -> None:
    async def scenario() -> None:
        async with listening(ListenerLimits(handshake_s=0.5)) as (harness, address), raw(address) as one:

            async def trickle() -> None:
                for byte in request()[:-drop_last]:
                    one.say(bytes((byte,)))
                    await asyncio.sleep(0.005)

            trickling = asyncio.create_task(trickle())
            assert await one.hung_up_on() == b""
            assert harness.listener.refused == {RefusalReason.HANDSHAKE: 1}
            assert len(harness.listener) == 0
            await trickling

    run(scenario())


def test_a_hello_that_does_not_come_is_a_slow_handshake_where_a_token_is_needed() -> None:
    async def scenario() -> None:
        async with listening(ListenerLimits(handshake_s=0.5), TOKEN) as (harness, address), upgraded(address) as one:
            ping = asyncio.create_task(pinging(one))
            _, _, end = answers(await one.hung_up_on())
            assert end is not None
            assert end.code == CloseCode.POLICY_VIOLATION
            assert harness.listener.refused == {RefusalReason.HANDSHAKE: 1}
            assert harness.gone == []
            ping.cancel()

    async def pinging(one: Raw) -> None:
        while True:
            one.say(frame(b"", Opcode.PING))
            await asyncio.sleep(0.01)

    run(scenario())


def test_tls_and_the_upgrade_have_one_time_limit(tmp_path: Path) -> None:
    authority = Authority(tmp_path)

    async def scenario() -> None:
        async with listening(ListenerLimits(handshake_s=0.5), tls=authority.server) as (harness, address):
            async with raw(address, ssl=authority.client(), server_hostname="music.example") as one:
                one.say(request()[:-1])
                assert await one.hung_up_on() == b""
            async with raw(address) as one:
                one.say(request())
                await one.hung_up_on()
            await until(lambda: not len(harness.listener))
            assert harness.listener.refused == {RefusalReason.HANDSHAKE: 1, RefusalReason.TLS: 1}

    run(scenario())


def test_a_new_connection_replaces_the_oldest_that_was_not_upgraded() -> None:
    async def scenario() -> None:
        limits = ListenerLimits(handshakes=3, handshake_s=60)
        async with listening(limits) as (harness, address), contextlib.AsyncExitStack() as stack:
            for _ in range(3):
                one = await stack.enter_async_context(raw(address))
                one.say(request()[:50])
            await until(lambda: len(harness.listener) == 3)
            other = await stack.enter_async_context(upgraded(address))
            other.say(message(b"hello"))
            await until(lambda: harness.messages)
            assert harness.listener.refused == {RefusalReason.FULL: 1}

    run(scenario())


def test_pages_are_refused_by_origin_and_the_log_names_the_flag(caplog: pytest.LogCaptureFixture) -> None:
    async def scenario() -> None:
        async with listening() as (harness, address):
            with pytest.raises(InvalidStatus) as caught:
                async with client(address, origin="https://evil.example"):
                    pass
            assert caught.value.response.status_code == 403
            async with client(address, origin="http://localhost:8080") as one:
                await one.send(packed(b"hello"))
                await until(lambda: harness.messages)
            assert harness.listener.refused == {RefusalReason.ORIGIN: 1}
            await until(lambda: caplog.records)

    run(scenario())
    (record,) = caplog.records
    assert record.getMessage() == "connections refused"
    assert record.origin == 1  # type: ignore[attr-defined]
    assert record.page.startswith(
        "Origin: expected a page of this machine, or one allowed by --web-origin, got 'https://"
    )  # type: ignore[attr-defined]


def test_a_client_at_the_wrong_port_is_named_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    async def scenario() -> None:
        async with listening() as (harness, web):
            zmtp = harness.listener.bind("tcp://127.0.0.1:0")
            harness.listener.start()
            for address, first in ((web, HANDSHAKE), (zmtp, request())):
                async with raw(address) as one:
                    one.say(first)
                    await one.reader.read()
            assert harness.listener.refused == {RefusalReason.WRONG_PORT: 2}
            await until(lambda: caplog.records)

    run(scenario())
    (record,) = caplog.records
    assert (record.getMessage(), record.wrong_port) == ("connections refused", 2)  # type: ignore[attr-defined]
    assert record.port == "a WebSocket or HTTP client at the port of --bind"  # type: ignore[attr-defined]


def test_a_listed_page_is_accepted_and_no_other() -> None:
    async def scenario() -> None:
        async with listening(origins=("https://a.example",)) as (harness, address):
            async with client(address, origin="https://a.example") as one:
                await one.send(packed(b"hello"))
                await until(lambda: harness.messages)
            with pytest.raises(InvalidStatus):
                async with client(address, origin="http://localhost"):
                    pass

    run(scenario())


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        (b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", 426),
        (request(host="evil.example"), 403),
        (request(Sec_WebSocket_Version="8"), 400),
        (b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 10_000, 431),
    ],
)
def test_what_is_no_upgrade_is_answered_and_the_connection_ends(asked: bytes, code: int) -> None:
    async def scenario() -> None:
        async with listening() as (harness, address), raw(address) as one:
            # What follows is not read, and does not keep the client from reading the answer.
            one.say(asked + bytes(100_000))
            got = await one.hung_up_on()
            assert status(got) == code
            one.writer.transport.abort()
            await until(lambda: not len(harness.listener))
            assert harness.listener.refused.total() == 1
            assert harness.messages == []

    run(scenario())


@pytest.mark.parametrize("garbage", [HANDSHAKE, b"\x16\x03\x01\x02\x00" + bytes(600), bytes(70_000)])
def test_bytes_that_are_not_http_close_the_connection(garbage: bytes) -> None:
    async def scenario() -> None:
        async with listening() as (harness, address), raw(address) as one:
            one.say(garbage)
            assert await one.hung_up_on() == b""
            one.writer.transport.abort()
            await until(lambda: not len(harness.listener))
            zmtp = garbage == HANDSHAKE
            assert harness.listener.refused == {RefusalReason.WRONG_PORT if zmtp else RefusalReason.PROTOCOL: 1}

    run(scenario())


# --- the token ------------------------------------------------------------------------------------------------------


def test_a_wrong_token_is_answered_and_counted(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")

    async def scenario() -> None:
        async with listening(token=TOKEN) as (harness, address):
            async with client(address) as one:
                await one.send(packed(hello("wrong wrong wrong")))
                # The client asks again while its answer is delayed.
                await one.send(packed(hello("wrong wrong wrong")))
                error, bye = [decode([bytes(await one.recv())[4:]]) for _ in range(2)]  # type: ignore[arg-type]
                assert isinstance(error, Error)
                assert (error.code, error.about) == ("unauthorised", "hello")
                assert isinstance(bye, Bye)
                assert (bye.reason, bye.retry_ms) == ("refused", 5_000)
                with pytest.raises(ConnectionClosed) as caught:
                    await one.recv()
                assert caught.value.rcvd is not None
                assert caught.value.rcvd.code == CloseCode.POLICY_VIOLATION
            await until(lambda: not len(harness.listener))
            assert harness.listener.refused == {RefusalReason.TOKEN: 1}
            assert harness.messages == []

    run(scenario())
    assert "wrong wrong wrong" not in caplog.text
    assert TOKEN not in caplog.text


def test_wrong_tokens_are_answered_more_and_more_slowly_over_all_transports() -> None:
    async def scenario() -> None:
        async with listening(token=TOKEN) as (harness, address):
            # By the listener's clock, which does not move between them.
            harness.listener._clock = lambda: 100.0
            delays: list[float] = []
            check = harness.listener.check_credentials

            def recorded(*credentials: Any) -> tuple[bool, float]:
                right, delay_s = check(*credentials)
                delays.append(delay_s)
                return right, 0.0

            harness.listener.check_credentials = recorded  # type: ignore[method-assign]
            for _ in range(4):
                async with upgraded(address) as one:
                    one.say(message(hello("wrong")))
                    await one.hung_up_on()
            assert delays == [0.1, 0.2, 0.4, 0.8]
            async with upgraded(address) as one:
                one.say(message(hello(TOKEN)))
                await until(lambda: harness.messages)
            assert delays[4] == 0.0

    run(scenario())


def test_no_token_at_all_is_refused() -> None:
    async def scenario() -> None:
        async with listening(token=TOKEN) as (harness, address), upgraded(address) as one:
            one.say(message(pack({"v": 1, "t": "hello", "versions": [1], "client": "test"})))
            sent, _, end = answers(await one.hung_up_on())
            assert len(sent) == 2
            assert end is not None
            assert end.code == CloseCode.POLICY_VIOLATION
            one.writer.transport.abort()
            await until(lambda: not len(harness.listener))
            assert harness.listener.refused == {RefusalReason.MECHANISM: 1}
            assert harness.messages == []

    run(scenario())


# --- hostile clients ------------------------------------------------------------------------------------------------


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


# --- the end --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encrypted", [False, True])
def test_everything_is_sent_and_the_end_is_said(encrypted: bool, tmp_path: Path) -> None:
    authority = Authority(tmp_path) if encrypted else None

    async def scenario() -> None:
        options: dict[str, Any] = {"ssl": authority.client(), "server_hostname": "music.example"} if authority else {}
        async with contextlib.AsyncExitStack() as stack:
            tls = authority.server if authority else None
            harness, address = await stack.enter_async_context(listening(tls=tls))
            one = await stack.enter_async_context(client(address, **options))
            await one.send(packed(b"play"))
            await until(lambda: harness.messages)
            ending = asyncio.create_task(harness.listener.__aexit__(None, None, None))
            assert harness.listener.send(harness.of(b"play"), [b"farewell", bytes(300_000)])
            assert await one.recv() == packed(b"farewell", bytes(300_000))
            with pytest.raises(ConnectionClosed) as caught:
                await one.recv()
            assert caught.value.rcvd is not None
            assert caught.value.rcvd.code == CloseCode.GOING_AWAY
            await ending

    run(scenario())


def test_a_client_that_ends_in_order_is_answered_and_not_counted_as_refused() -> None:
    async def scenario() -> None:
        async with listening() as (harness, address):
            async with client(address) as one:
                await one.send(packed(b"play"))
                await one.close(1000)
                assert one.close_code == 1000
            await until(lambda: harness.gone)
            assert harness.said() == [b"play"]
            assert not harness.listener.refused.total()

    run(scenario())


def test_a_silent_client_is_closed() -> None:
    async def scenario() -> None:
        async with listening(ListenerLimits(silence_s=0.5)) as (harness, address), upgraded(address) as one:
            one.say(PLAY)
            _, _, end = answers(await one.hung_up_on())
            assert end is not None
            assert end.code == CloseCode.POLICY_VIOLATION
            await until(lambda: harness.gone)
            assert not harness.listener.refused.total()

    run(scenario())


def test_certificates_are_those_of_the_service(tmp_path: Path) -> None:
    authority, stranger = Authority(tmp_path), Authority(tmp_path, "other.example")
    tls = tls_context(authority.certificate, authority.key)

    async def scenario() -> None:
        async with listening(tls=tls) as (_, address):
            with pytest.raises(ssl.SSLCertVerificationError):
                async with client(address, ssl=stranger.client(), server_hostname="music.example"):
                    pass

    run(scenario())
