"""The upgrade of a WebSocket over real sockets: its time limit, origins, wrong ports and what is no upgrade."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

import pytest
from websockets.exceptions import InvalidStatus
from websockets.frames import CloseCode, Opcode

from segue.service.auth import RefusalReason
from segue.service.listener import ListenerLimits
from unit.service.listening import HANDSHAKE, TOKEN, Raw, raw, run, until
from unit.service.test_listener_tls import Authority
from unit.service.web_bytes import answers, frame, message, packed, request, status
from unit.service.web_listening import client, listening, upgraded


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
