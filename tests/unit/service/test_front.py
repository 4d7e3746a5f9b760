"""The TLS front with real certificates: clients through it, and what strangers, silence and slow readers cost."""

from __future__ import annotations

import asyncio
import contextlib
import random
import ssl
from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path

import pytest
import trustme
import zmq
import zmq.asyncio

from segue.service.auth import Gatekeeper, Refusal
from segue.service.front import CertificateError, FrontLimits, Outcome, TlsFront, tls_context
from segue_sdk.client import SegueClient
from segue_sdk.client_messages import Hello
from segue_sdk.codec import decode, encode
from segue_sdk.service_messages import Bye
from segue_sdk.states import State
from service.bridge import bridge
from unit.sdk.peer import WELCOME

TOKEN = "a token of the tests"
NAME = "music.example"
# Generous: it bounds a hang, not a speed.
PATIENCE_S = 20.0
# A key made for this test, locked with a passphrase.
ENCRYPTED = """\
-----BEGIN ENCRYPTED PRIVATE KEY-----
MIH0MF8GCSqGSIb3DQEFDTBSMDEGCSqGSIb3DQEFDDAkBBBamKAkIi3auFdi6bUx
HRvOAgIIADAMBggqhkiG9w0CCQUAMB0GCWCGSAFlAwQBKgQQJOG8KcKy2sB1vFMY
2boBCgSBkI9A6Qstv578bhfjYERCUzPdjFbe4L8/DSEDWJ7boYlCWPV4Npc8xNJK
YkVY5I2Rirj7AUegU/MGz08Blr+kc0oWCpzTP6QOtWNbLpWAu2vPsj1X2guvUOqg
SiftExn5PkmhEH24aSS5XM0ol1FIJ46Yeh/Z8JfggaLCkao/AcQIyjVzPBcZwenF
THV3REKBWA==
-----END ENCRYPTED PRIVATE KEY-----
"""
GREETING = b"\xff" + bytes(8) + b"\x7f\x03\x01NULL" + bytes(16) + bytes(32)


class Authority:
    """A certificate authority of the test's own, and a certificate for NAME signed by it."""

    def __init__(self, folder: Path, name: str = NAME) -> None:
        self._authority = trustme.CA()
        issued = self._authority.issue_cert(name)
        self.certificate, self.key = folder / f"{name}.crt", folder / f"{name}.key"
        for blob in issued.cert_chain_pems:
            blob.write_to_path(self.certificate, append=True)
        issued.private_key_pem.write_to_path(self.key)
        self.server = tls_context(self.certificate, self.key)

    def client(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self._authority.configure_trust(context)
        return context


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


def play(story: Coroutine[None, None, None]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(PATIENCE_S):
            await story

    asyncio.run(bounded())


async def until(true: Callable[[], object]) -> None:
    while not true():
        await asyncio.sleep(0.01)


Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Plain:
    """A service of bare TCP: each connection it takes is put where the test finds it."""

    def __init__(self) -> None:
        self.taken: asyncio.Queue[Streams] = asyncio.Queue()
        self.endpoint = ""

    @contextlib.asynccontextmanager
    async def listening(self) -> AsyncIterator[Plain]:
        writers: list[asyncio.StreamWriter] = []

        def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writers.append(writer)
            self.taken.put_nowait((reader, writer))

        server = await asyncio.start_server(take, "127.0.0.1")
        self.endpoint = "tcp://{}:{}".format(*server.sockets[0].getsockname())
        try:
            yield self
        finally:
            server.close()
            for writer in writers:
                writer.transport.abort()
            await asyncio.sleep(0)


@contextlib.asynccontextmanager
async def fronted(authority: Authority, limits: FrontLimits | None = None) -> AsyncIterator[tuple[Plain, TlsFront]]:
    """A service of bare TCP behind a front."""
    async with contextlib.AsyncExitStack() as stack:
        service = await stack.enter_async_context(Plain().listening())
        front = TlsFront("127.0.0.1", 0, authority.server, service.endpoint, limits)
        yield service, await stack.enter_async_context(front)


@contextlib.asynccontextmanager
async def connected(front: TlsFront, tls: ssl.SSLContext | None) -> AsyncIterator[Streams]:
    name = None if tls is None else NAME
    reader, writer = await asyncio.open_connection(*front.address, ssl=tls, server_hostname=name)
    try:
        yield reader, writer
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


# --- real clients ---------------------------------------------------------------------------------------------------


@contextlib.asynccontextmanager
async def guarded(authority: Authority) -> AsyncIterator[tuple[Gatekeeper, zmq.asyncio.Socket, TlsFront]]:
    """A ROUTER that asks for the token, behind a front."""
    context = zmq.asyncio.Context()
    try:
        async with Gatekeeper(context, TOKEN) as gate:
            router = context.socket(zmq.ROUTER)
            gate.guard(router)
            router.bind("tcp://127.0.0.1:*")
            async with TlsFront("127.0.0.1", 0, authority.server, router.last_endpoint.decode()) as front:
                yield gate, router, front
    finally:
        context.destroy(linger=0)


def test_messages_pass_a_bridge_and_the_front_byte_for_byte(authority: Authority) -> None:
    async def story() -> None:
        dice = random.Random(1)
        sent = [dice.randbytes(size) for size in (0, 1, 255, 256, 65_536, 1_000_000, 3_000_000)]
        async with guarded(authority) as (gate, router, front), bridge(*front.address, authority.client(), NAME) as to:
            with zmq.asyncio.Context() as context, context.socket(zmq.DEALER) as dealer:
                dealer.plain_username, dealer.plain_password = b"segue", TOKEN.encode()
                dealer.connect(to)
                await dealer.send_multipart(sent)
                identity, *parts = await router.recv_multipart()
                assert parts == sent
                await router.send_multipart([identity, *reversed(sent)])
                assert await dealer.recv_multipart() == sent[::-1]
        assert front.counts == {Outcome.RELAYED: 1}
        assert not gate.refused.total()
        assert front.open == 0

    play(story())


def test_the_python_client_lives_behind_the_front(authority: Authority) -> None:
    async def story() -> None:
        async with guarded(authority) as (_, router, front), bridge(*front.address, authority.client(), NAME) as to:
            with SegueClient(to, Hello(versions=(1,), client="test"), token=TOKEN) as client:
                identity, *parts = await router.recv_multipart()
                assert isinstance(decode(parts), Hello)
                await router.send_multipart([identity, *encode(WELCOME)])
                await until(lambda: client.state is State.LIVE)
                await asyncio.to_thread(client.close)
            while not isinstance(decode((await router.recv_multipart())[1:]), Bye):
                pass

    play(story())


@pytest.mark.parametrize(("token", "reason"), [("wrong", Refusal.TOKEN), ("", Refusal.MECHANISM)])
def test_the_token_is_asked_for_behind_the_front(authority: Authority, token: str, reason: Refusal) -> None:
    async def story() -> None:
        async with guarded(authority) as (gate, _, front), bridge(*front.address, authority.client(), NAME) as to:
            with zmq.asyncio.Context() as context, context.socket(zmq.DEALER) as dealer:
                dealer.linger = 0
                if token:
                    dealer.plain_username, dealer.plain_password = b"segue", token.encode()
                dealer.connect(to)
                await until(lambda: gate.refused[reason])

    play(story())


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_bytes_pass_both_ways_under(authority: Authority, version: ssl.TLSVersion) -> None:
    async def story() -> None:
        tls = authority.client()
        tls.minimum_version = tls.maximum_version = version
        async with fronted(authority) as (service, front):
            async with connected(front, tls) as (reader, writer):
                far_reader, far_writer = await service.taken.get()
                # Whoever speaks first: a client may wait for the service's greeting.
                far_writer.write(b"service")
                assert await reader.readexactly(7) == b"service"
                writer.write(GREETING)
                assert await far_reader.readexactly(64) == GREETING
                # What was said before closing arrives before the end does.
                far_writer.write(b"x" * 200_000)
                far_writer.close()
                assert await reader.read() == b"x" * 200_000
            await until(lambda: not front.open)

    play(story())


def test_a_client_that_closes_is_closed_to_the_service(authority: Authority) -> None:
    async def story() -> None:
        async with fronted(authority) as (service, front):
            async with connected(front, authority.client()) as (_, writer):
                far_reader, _ = await service.taken.get()
                writer.write(GREETING * 1_000)
            assert await far_reader.read() == GREETING * 1_000
            await until(lambda: not front.open)
            assert front.counts == {Outcome.RELAYED: 1}

    play(story())


def test_an_old_or_distrustful_client_gets_nowhere(authority: Authority, tmp_path: Path) -> None:
    assert authority.server.minimum_version == ssl.TLSVersion.TLSv1_2

    async def story() -> None:
        async with fronted(authority) as (service, front):
            with pytest.raises(ssl.SSLCertVerificationError):
                async with connected(front, Authority(tmp_path).client()):
                    pass
            await until(lambda: front.counts[Outcome.NO_TLS] == 1)
            assert service.taken.empty()

    play(story())


# --- strangers ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("garbage", [GREETING, b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\xff\xff" + bytes(70_000)])
def test_what_is_no_tls_ends_there(authority: Authority, garbage: bytes) -> None:
    async def story() -> None:
        async with fronted(authority) as (service, front):
            async with connected(front, None) as (reader, writer):
                writer.write(garbage)
                with contextlib.suppress(ConnectionError):
                    await reader.read()
                await until(lambda: not front.open)
            assert front.counts == {Outcome.NO_TLS: 1}
            assert service.taken.empty()

    play(story())


def test_who_says_nothing_is_closed_before_tls_and_after(authority: Authority) -> None:
    async def story() -> None:
        limits = FrontLimits(handshake_s=0.2, greeting_s=0.2, linger_s=0.2)
        async with fronted(authority, limits) as (_, front):
            async with connected(front, None) as (reader, _):
                with contextlib.suppress(ConnectionError):
                    assert await reader.read() == b""
            assert front.counts == {Outcome.NO_TLS: 1}
            async with connected(front, authority.client()) as (reader, writer):
                # One byte short of a greeting, in two pieces.
                writer.write(GREETING[:40])
                await asyncio.sleep(0.05)
                writer.write(GREETING[40:63])
                assert await reader.read() == b""
            assert front.counts == {Outcome.NO_TLS: 1, Outcome.SILENT: 1}
            async with connected(front, authority.client()) as (reader, writer):
                writer.write(GREETING)
                await until(lambda: front.counts[Outcome.RELAYED])
                assert front.open == 1

    play(story())


def test_connections_beyond_the_limit_are_closed_and_room_is_made_again(authority: Authority) -> None:
    async def story() -> None:
        limits = FrontLimits(connections=3)
        async with fronted(authority, limits) as (_, front):
            async with contextlib.AsyncExitStack() as stack:
                # Those that never begin TLS take a place as well.
                for tls in (None, authority.client(), None):
                    await stack.enter_async_context(connected(front, tls))
                await until(lambda: front.open == 3)
                reader, _ = await stack.enter_async_context(connected(front, None))
                with contextlib.suppress(ConnectionError):
                    assert await reader.read() == b""
                assert front.counts[Outcome.FULL] == 1
            await until(lambda: not front.open)
            async with connected(front, authority.client()) as (_, writer):
                writer.write(GREETING)
                await until(lambda: front.open == 1 and front.counts[Outcome.NO_TLS] == 2)

    play(story())


def test_without_a_service_the_client_is_closed(authority: Authority) -> None:
    async def story() -> None:
        async with Plain().listening() as service:
            nobody = service.endpoint
        async with TlsFront("127.0.0.1", 0, authority.server, nobody) as front:
            async with connected(front, authority.client()) as (reader, _):
                with contextlib.suppress(ConnectionError):
                    assert await reader.read() == b""
            assert front.counts == {Outcome.NO_SERVICE: 1}

    play(story())


def test_a_slow_reader_holds_the_sender_back(authority: Authority) -> None:
    """64 MiB are offered to a client that reads nothing: what left the service is what kernels and the front buffer."""
    offered, block = 64 << 20, bytes(1 << 16)

    async def story() -> None:
        async with (
            fronted(authority) as (service, front),
            connected(front, authority.client()) as (reader, writer),
        ):
            writer.transport.pause_reading()
            writer.write(GREETING)
            _, far_writer = await service.taken.get()
            left = 0

            async def send() -> None:
                nonlocal left
                while left < offered:
                    far_writer.write(block)
                    left += len(block)
                    await far_writer.drain()

            sending = asyncio.create_task(send())
            before = -1
            while left != before:
                before = left
                await asyncio.sleep(0.3)
            assert left < offered // 2
            writer.transport.resume_reading()
            received = 0
            while received < offered:
                received += len(await reader.read(1 << 20))
            await sending
            assert received == left == offered

    play(story())


def test_stopping_lets_last_words_through_and_then_cuts(authority: Authority) -> None:
    async def story() -> None:
        async with Plain().listening() as service:
            front = TlsFront("127.0.0.1", 0, authority.server, service.endpoint, FrontLimits(linger_s=0.3))
            async with front:
                place = front.address
                streams = await asyncio.open_connection(*place, ssl=authority.client(), server_hostname=NAME)
                streams[1].write(GREETING)
                _, far_writer = await service.taken.get()
                await until(lambda: front.counts[Outcome.RELAYED])
                goodbye = asyncio.get_running_loop().call_later(0.05, far_writer.write, b"bye")
            assert goodbye.when() < asyncio.get_running_loop().time()
            with contextlib.suppress(ConnectionError):
                assert await streams[0].read() == b"bye"
            assert front.open == 0
            streams[1].close()
            with contextlib.suppress(OSError):
                await streams[1].wait_closed()
            with pytest.raises(ConnectionRefusedError):
                await asyncio.open_connection(*place)

    play(story())


# --- mistakes of those who run it -----------------------------------------------------------------------------------


def test_what_is_wrong_with_a_certificate_is_said(authority: Authority, tmp_path: Path) -> None:
    other = Authority(tmp_path, "other.example")
    empty, folder, missing = tmp_path / "empty.pem", tmp_path / "folder", tmp_path / "missing.pem"
    empty.write_text("")
    folder.mkdir()
    broken = tmp_path / "broken.pem"
    broken.write_text("-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----\n")
    locked = tmp_path / "locked.pem"
    locked.write_text(ENCRYPTED)
    good, key = authority.certificate, authority.key
    for certificate, private, expected in [
        (missing, key, f"{missing}: expected a certificate, cannot read it: No such file or directory"),
        (folder, key, f"{folder}: expected a certificate, cannot read it: Is a directory"),
        (good, missing, f"{missing}: expected a private key, cannot read it: No such file or directory"),
        (empty, key, f"{empty}: expected a certificate in PEM, found none"),
        (key, key, f"{key}: expected a certificate in PEM, found none"),
        (good, good, f"{good}: expected a private key in PEM, found none"),
        (good, other.key, f"{good}: expected a certificate and {other.key} as its key, got: key values mismatch"),
        (good, locked, f"{locked}: expected a private key without a passphrase, got an encrypted one"),
    ]:
        with pytest.raises(CertificateError) as caught:
            tls_context(certificate, private)
        assert str(caught.value) == expected
    with pytest.raises(CertificateError, match=r"broken\.pem: expected a certificate and"):
        tls_context(broken, key)


@pytest.mark.parametrize(
    "endpoint", ["tcp://192.168.1.4:7723", "tcp://0.0.0.0:7723", "ipc:///run/segue", "127.0.0.1:7723", "tcp://[::1]:*"]
)
def test_bytes_leave_tls_on_loopback_only(authority: Authority, endpoint: str) -> None:
    with pytest.raises(ValueError, match="on loopback, got"):
        TlsFront("127.0.0.1", 0, authority.server, endpoint)


def test_a_taken_port_is_an_error_at_the_start(authority: Authority) -> None:
    async def story() -> None:
        async with fronted(authority) as (service, front):
            with pytest.raises(OSError, match="in use"):
                await TlsFront(*front.address, authority.server, service.endpoint).__aenter__()

    play(story())
