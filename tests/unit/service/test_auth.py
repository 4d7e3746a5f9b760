"""The token: which addresses need one, and what real clients with the right one, a wrong one or none get."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
import zmq
import zmq.asyncio
from zmq.utils.monitor import recv_monitor_message

from segue.service.auth import (
    MOST_TOKEN_BYTES,
    Gatekeeper,
    InsecureBindError,
    Mechanism,
    Refusal,
    is_local,
    mechanism,
)

TOKEN = "a token of the tests"
# Generous: it bounds a hang, not a speed.
PATIENCE_S = 20.0

Configure = Callable[[zmq.asyncio.Socket], None]


@contextmanager
def fresh() -> Iterator[zmq.asyncio.Context]:
    """A context that a failing test cannot leave waiting for its sockets."""
    context = zmq.asyncio.Context()
    try:
        yield context
    finally:
        context.destroy(linger=0)


def with_token(token: bytes, user: bytes = b"segue") -> Configure:
    def configure(socket: zmq.asyncio.Socket) -> None:
        socket.plain_username, socket.plain_password = user, token

    return configure


def with_nothing(socket: zmq.asyncio.Socket) -> None:
    """NULL, as a client without a token has it."""


def with_curve(socket: zmq.asyncio.Socket) -> None:
    public, secret = zmq.curve_keypair()
    socket.curve_serverkey, socket.curve_publickey, socket.curve_secretkey = public, public, secret


async def bound(context: zmq.asyncio.Context, gate: Gatekeeper) -> zmq.asyncio.Socket:
    router = context.socket(zmq.ROUTER)
    gate.guard(router)
    router.bind("tcp://127.0.0.1:*")
    return router


def dealer(context: zmq.asyncio.Context, router: zmq.asyncio.Socket, configure: Configure) -> zmq.asyncio.Socket:
    socket = context.socket(zmq.DEALER)
    configure(socket)
    socket.connect(router.last_endpoint.decode())
    return socket


async def refusal(gate: Gatekeeper, reason: Refusal, least: int = 1) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while gate.refused[reason] < least:
            await asyncio.sleep(0.01)


async def refused_of(configure: Configure, reason: Refusal, token: str = TOKEN) -> None:
    """A client so configured is refused for that reason and no other, and a good one after it still gets through."""
    with fresh() as context:
        async with Gatekeeper(context, token) as gate:
            with await bound(context, gate) as router:
                with dealer(context, router, configure) as stranger:
                    stranger.linger = 0
                    await stranger.send(b"let me in")
                    await refusal(gate, reason)
                with dealer(context, router, with_token(token.encode())) as friend:
                    await friend.send(b"hello")
                    async with asyncio.timeout(PATIENCE_S):
                        _, *parts = await router.recv_multipart()
                assert parts == [b"hello"]
                # A stranger closed in the middle of a new try is a handshake given up.
                assert {kind for kind, count in gate.refused.items() if count} - {Refusal.HANDSHAKE} == {reason}


@pytest.mark.parametrize("token", ["A token of the tests", TOKEN + "x", TOKEN[:-1], "\0", "ä" * 100])
def test_a_wrong_token_is_refused_and_counted(token: str) -> None:
    asyncio.run(refused_of(with_token(token.encode()), Refusal.TOKEN))


def test_a_wrong_user_name_is_refused() -> None:
    asyncio.run(refused_of(with_token(TOKEN.encode(), b"admin"), Refusal.TOKEN))


@pytest.mark.parametrize("configure", [with_nothing, with_curve])
def test_another_mechanism_is_refused(configure: Configure) -> None:
    asyncio.run(refused_of(configure, Refusal.MECHANISM))


@pytest.mark.parametrize("token", ["x", "ä" * (MOST_TOKEN_BYTES // 2), "ends in a null\0"])
def test_any_token_that_plain_can_carry_works(token: str) -> None:
    asyncio.run(refused_of(with_token(b"wrong"), Refusal.TOKEN, token))


@pytest.mark.parametrize("token", ["", "ä" * (MOST_TOKEN_BYTES // 2 + 1)])
def test_a_token_that_plain_cannot_carry_is_an_error(token: str) -> None:
    with fresh() as context, pytest.raises(ValueError, match=r"token: expected 1 to 255 bytes, got"):
        Gatekeeper(context, token)


def test_bytes_that_are_no_zmtp_are_refused_and_a_silent_peer_is_given_up() -> None:
    async def story() -> None:
        with fresh() as context:
            async with Gatekeeper(context, TOKEN) as gate:
                with context.socket(zmq.ROUTER) as router:
                    gate.guard(router)
                    router.handshake_ivl = 100
                    router.bind("tcp://127.0.0.1:*")
                    port = int(router.last_endpoint.decode().rpartition(":")[2])
                    _, silent = await asyncio.open_connection("127.0.0.1", port)
                    await refusal(gate, Refusal.HANDSHAKE)
                    reader, broken = await asyncio.open_connection("127.0.0.1", port)
                    # The greeting of ZMTP 3.1 with PLAIN, then a command that PLAIN does not know.
                    broken.write(b"\xff" + bytes(8) + b"\x7f\x03\x01PLAIN" + bytes(15) + bytes(32))
                    broken.write(b"\x04\x06\x05CURVE")
                    await refusal(gate, Refusal.PROTOCOL)
                    async with asyncio.timeout(PATIENCE_S):
                        await reader.read()
                    for writer in (silent, broken):
                        writer.close()
                        await writer.wait_closed()

    asyncio.run(story())


def test_services_in_one_process_keep_their_own_tokens() -> None:
    async def story() -> None:
        with fresh() as one, fresh() as two:
            async with Gatekeeper(one, "first") as first, Gatekeeper(two, "second") as second:
                router, other = await bound(one, first), await bound(two, second)
                client, stranger = dealer(one, router, with_token(b"first")), dealer(two, other, with_token(b"first"))
                await client.send(b"hello")
                await stranger.send(b"hello")
                async with asyncio.timeout(PATIENCE_S):
                    assert (await router.recv_multipart())[1:] == [b"hello"]
                await refusal(second, Refusal.TOKEN)
                assert not first.refused.total()

    asyncio.run(story())


def test_a_context_has_one_gatekeeper_and_then_the_next() -> None:
    async def story() -> None:
        with fresh() as context:
            async with Gatekeeper(context, TOKEN):
                with pytest.raises(zmq.ZMQError) as caught:
                    await Gatekeeper(context, "other").__aenter__()
                assert caught.value.errno == zmq.EADDRINUSE
            async with Gatekeeper(context, TOKEN) as gate:
                router = await bound(context, gate)
                with dealer(context, router, with_token(TOKEN.encode())) as client:
                    await client.send(b"hello")
                    async with asyncio.timeout(PATIENCE_S):
                        assert (await router.recv_multipart())[1:] == [b"hello"]
            # Closed after its gatekeeper has gone, as well as before in the other tests.
            router.close(linger=0)

    asyncio.run(story())


def test_without_its_gatekeeper_nobody_gets_in() -> None:
    async def story() -> None:
        with fresh() as context:
            async with Gatekeeper(context, TOKEN) as gate:
                router = await bound(context, gate)
            with router, dealer(context, router, with_token(TOKEN.encode())) as client:
                client.linger = 0
                events = client.get_monitor_socket(zmq.EVENT_DISCONNECTED | zmq.EVENT_HANDSHAKE_SUCCEEDED)
                await client.send(b"hello")
                async with asyncio.timeout(PATIENCE_S):
                    event = await recv_monitor_message(events)
                client.disable_monitor()
                events.close(linger=0)
                assert event["event"] == zmq.EVENT_DISCONNECTED

    asyncio.run(story())


def test_the_token_is_nowhere_to_be_seen(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    asyncio.run(refused_of(with_token(b"a wrong secret"), Refusal.TOKEN, "the secret itself"))
    assert "secret" not in caplog.text
    with fresh() as context:
        gate = Gatekeeper(context, "the secret itself")
        assert not any("secret" in repr(value) for value in (gate, *vars(gate).values()))


@pytest.mark.parametrize(
    "endpoint",
    [
        "tcp://127.0.0.1:7723",
        "tcp://127.8.9.1:*",
        "tcp://[::1]:7723",
        "ipc:///run/segue.sock",
        "ipc://*",
        "inproc://test",
    ],
)
def test_only_this_machine_reaches(endpoint: str) -> None:
    assert is_local(endpoint)
    assert mechanism([endpoint], token="") is Mechanism.NULL


@pytest.mark.parametrize(
    "endpoint",
    [
        "tcp://*:7723",
        "tcp://0.0.0.0:7723",
        "tcp://192.168.1.4:7723",
        "tcp://[::]:7723",
        "tcp://[::ffff:127.0.0.1]:7723",
        "tcp://[fe80::1%eth0]:7723",
        "tcp://lo:7723",
        "tcp://localhost:7723",
        "tcp://0.0.0.0:1;127.0.0.1:7723",
        "tcp://127.0.0.1",
        "udp://127.0.0.1:7723",
        "127.0.0.1:7723",
        "",
    ],
)
def test_others_reach_or_it_cannot_be_told(endpoint: str) -> None:
    assert not is_local(endpoint)
    with pytest.raises(InsecureBindError, match="expected a token, got none"):
        mechanism(["tcp://127.0.0.1:7723", endpoint], token="")
    assert mechanism([endpoint], token=TOKEN) is Mechanism.PLAIN


def test_a_token_means_plain_everywhere_and_a_front_needs_one() -> None:
    assert mechanism(["ipc:///run/segue.sock"], token=TOKEN) is Mechanism.PLAIN
    assert mechanism(["tcp://127.0.0.1:1"], token=TOKEN, relayed=True) is Mechanism.PLAIN
    with pytest.raises(InsecureBindError, match="TLS front"):
        mechanism(["tcp://127.0.0.1:1"], token="", relayed=True)
