"""TLS with real certificates: clients through a bridge, bytes that are not TLS, and wrong certificates."""

from __future__ import annotations

import asyncio
import contextlib
import random
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import trustme

from segue.service.auth import CertificateError, RefusalReason, tls_context
from segue.service.listener import ListenerLimits
from segue.service.settings.kinds import Endpoint
from segue_sdk.client import SegueClient
from segue_sdk.codec import decode, encode
from segue_sdk.handshake import ClientState
from segue_sdk.messages import Bye, Hello
from service.bridge import bridge
from unit.sdk.peer import WELCOME
from unit.service.listening import (
    GREETING,
    PLAIN_GREETING,
    TOKEN,
    ListenerHarness,
    Raw,
    dealer,
    raw,
    run,
    until,
    with_token,
)

NAME = "music.example"
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
HELLO = b"\x04\x21\x05HELLO\x05segue\x14" + TOKEN.encode()
INITIATE = b"\x04\x1f\x08INITIATE\x0bSocket-Type\x00\x00\x00\x06DEALER"


class Authority:
    """A certificate authority, and a certificate for NAME signed by it."""

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


@contextlib.asynccontextmanager
async def listening_for_tls(
    authority: Authority, limits: ListenerLimits | None = None
) -> AsyncIterator[tuple[ListenerHarness, tuple[str, int]]]:
    harness = ListenerHarness(limits, TOKEN)
    async with harness.listener as listener:
        address = listener.bind_tls(Endpoint("127.0.0.1", 0), authority.server)
        listener.start()
        assert address.startswith("tls://127.0.0.1:")
        yield harness, ("127.0.0.1", int(address.rpartition(":")[2]))


@contextlib.asynccontextmanager
async def encrypted(place: tuple[str, int], tls: ssl.SSLContext | None) -> AsyncIterator[Raw]:
    options = {} if tls is None else {"ssl": tls, "server_hostname": NAME}
    async with raw("tls://{}:{}".format(*place), **options) as peer:
        yield peer


# --- real clients ---------------------------------------------------------------------------------------------------


def test_messages_pass_unchanged_through_a_bridge_and_tls(authority: Authority) -> None:
    async def scenario() -> None:
        rng = random.Random(1)
        sent = [rng.randbytes(size) for size in (0, 1, 255, 256, 65_536, 900_000)]
        async with listening_for_tls(authority) as (harness, place):
            async with (
                bridge(*place, authority.client(), NAME) as to,
                dealer(to, **with_token(TOKEN.encode())) as client,
            ):
                await client.send_multipart(sent)
                await until(lambda: harness.messages)
                ((identity, parts),) = harness.messages
                assert parts == sent
                assert harness.listener.send(identity, [*sent, rng.randbytes(3_000_000)])
                assert (await client.recv_multipart())[:-1] == sent
            await until(lambda: harness.gone == [identity])
            assert not harness.listener.refused.total()
            assert len(harness.listener) == 0

    run(scenario())


def test_the_python_client_works_through_tls(authority: Authority) -> None:
    async def scenario() -> None:
        async with listening_for_tls(authority) as (harness, place), bridge(*place, authority.client(), NAME) as to:
            with SegueClient(to, Hello(versions=(1,), client="test"), token=TOKEN) as client:
                await until(lambda: harness.messages)
                identity, parts = harness.messages[0]
                assert isinstance(decode(parts), Hello)
                assert harness.listener.send(identity, encode(WELCOME))
                await until(lambda: client.state is ClientState.LIVE)
                await asyncio.to_thread(client.close)
            await until(lambda: isinstance(decode(harness.messages[-1][1]), Bye))

    run(scenario())


@pytest.mark.parametrize(("token", "reason"), [("wrong", RefusalReason.TOKEN), ("", RefusalReason.MECHANISM)])
def test_tls_clients_need_the_token(authority: Authority, token: str, reason: RefusalReason) -> None:
    async def scenario() -> None:
        async with listening_for_tls(authority) as (harness, place), bridge(*place, authority.client(), NAME) as to:
            async with dealer(to, **with_token(token.encode()) if token else {}):
                await until(lambda: harness.listener.refused[reason])
            assert harness.messages == []

    run(scenario())


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_tls_1_2_and_1_3_work_and_a_close_is_noticed(authority: Authority, version: ssl.TLSVersion) -> None:
    async def scenario() -> None:
        tls = authority.client()
        tls.minimum_version = tls.maximum_version = version
        async with listening_for_tls(authority) as (harness, place):
            async with encrypted(place, tls) as peer:
                peer.say(PLAIN_GREETING + HELLO + INITIATE + b"\x00\x02hi" * 1_000)
                await until(lambda: len(harness.messages) == 1_000)
                assert harness.listener.send(harness.of(b"hi"), [b"x" * 200_000])
                assert (await peer.reader.readexactly(200_000)).startswith(b"\xff")
            await until(lambda: len(harness.gone) == 1)
            assert len(harness.listener) == 0

    run(scenario())


def test_messages_are_sent_through_tls_before_the_end(authority: Authority) -> None:
    async def scenario() -> None:
        async with contextlib.AsyncExitStack() as stack:
            harness, place = await stack.enter_async_context(listening_for_tls(authority))
            peer = await stack.enter_async_context(encrypted(place, authority.client()))
            peer.say(PLAIN_GREETING + HELLO + INITIATE + b"\x00\x02hi")
            await until(lambda: harness.messages)
            ending = asyncio.create_task(harness.listener.__aexit__(None, None, None))
            assert harness.listener.send(harness.of(b"hi"), [b"farewell" * 100_000])
            assert (await peer.hung_up_on()).endswith(b"farewell" * 100_000)
            await ending

    run(scenario())


def test_an_old_tls_version_or_an_untrusted_certificate_fails(authority: Authority, tmp_path: Path) -> None:
    assert authority.server.minimum_version == ssl.TLSVersion.TLSv1_2

    async def scenario() -> None:
        async with listening_for_tls(authority) as (harness, place):
            with pytest.raises(ssl.SSLCertVerificationError):
                async with encrypted(place, Authority(tmp_path).client()):
                    pass
            await until(lambda: harness.listener.refused == {RefusalReason.TLS: 1})

    run(scenario())


# --- bytes that are not TLS -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("garbage", [GREETING, b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\xff\xff" + bytes(70_000)])
def test_bytes_that_are_not_tls_close_the_connection(authority: Authority, garbage: bytes) -> None:
    async def scenario() -> None:
        async with listening_for_tls(authority) as (harness, place), encrypted(place, None) as client:
            client.say(garbage)
            await client.hung_up_on()
            await until(lambda: not len(harness.listener))
            assert harness.listener.refused == {RefusalReason.TLS: 1}

    run(scenario())


def test_a_silent_connection_is_closed_before_and_after_the_tls_handshake(authority: Authority) -> None:
    async def scenario() -> None:
        async with listening_for_tls(authority, ListenerLimits(handshake_s=0.5)) as (harness, place):
            async with encrypted(place, None) as client:
                assert await client.hung_up_on() == b""
            await until(lambda: not len(harness.listener))
            assert harness.listener.refused.total() == 1
            async with encrypted(place, authority.client()) as client:
                # One byte short of a greeting.
                client.say(PLAIN_GREETING[:63])
                assert await client.hung_up_on() == PLAIN_GREETING[:8] + b"\0\x7f\x03"
            await until(lambda: not len(harness.listener))
            assert harness.listener.refused.total() == 2

    run(scenario())


def test_a_new_connection_replaces_an_unfinished_tls_handshake(authority: Authority) -> None:
    async def scenario() -> None:
        async with contextlib.AsyncExitStack() as stack:
            harness, place = await stack.enter_async_context(
                listening_for_tls(authority, ListenerLimits(handshakes=3, handshake_s=60))
            )
            # Connections that never begin TLS count as well.
            for tls in (None, authority.client(), None):
                await stack.enter_async_context(encrypted(place, tls))
            await until(lambda: len(harness.listener) == 3)
            other = await stack.enter_async_context(encrypted(place, authority.client()))
            other.say(PLAIN_GREETING + HELLO + INITIATE + b"\x00\x02hi")
            await until(lambda: harness.messages)
            assert harness.listener.refused == {RefusalReason.FULL: 1}

    run(scenario())


# --- wrong certificates ---------------------------------------------------------------------------------------------


def test_errors_name_the_file_and_what_is_wrong_with_it(authority: Authority, tmp_path: Path) -> None:
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
