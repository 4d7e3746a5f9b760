"""WebSocket over real sockets, with the client of the library `websockets`: messages, tokens and the end."""

from __future__ import annotations

import asyncio
import contextlib
import random
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.frames import CloseCode

from segue.service.auth import RefusalReason, tls_context
from segue.service.listener import ListenerLimits
from segue_sdk.codec import decode, pack
from segue_sdk.messages import Bye, Error
from unit.service.listening import HANDSHAKE, TOKEN, raw, run, until
from unit.service.listening import message as zmtp_message
from unit.service.test_listener_tls import Authority
from unit.service.web_bytes import answers, message, packed
from unit.service.web_listening import PLAY, client, hello, listening, upgraded

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
