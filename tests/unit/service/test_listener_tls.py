"""TLS with real certificates: clients through a bridge, strangers who speak none, and certificates that are wrong."""

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
from segue.service.listener import Limits
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
    play,
    raw,
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


@contextlib.asynccontextmanager
async def listening_for_tls(
    authority: Authority, limits: Limits | None = None
) -> AsyncIterator[tuple[ListenerHarness, tuple[str, int]]]:
    heard = ListenerHarness(limits, TOKEN)
    async with heard.listener as listener:
        address = listener.bind_tls(Endpoint("127.0.0.1", 0), authority.server)
        listener.start()
        assert address.startswith("tls://127.0.0.1:")
        yield heard, ("127.0.0.1", int(address.rpartition(":")[2]))


@contextlib.asynccontextmanager
async def encrypted(place: tuple[str, int], tls: ssl.SSLContext | None) -> AsyncIterator[Raw]:
    options = {} if tls is None else {"ssl": tls, "server_hostname": NAME}
    async with raw("tls://{}:{}".format(*place), **options) as peer:
        yield peer


# --- real clients ---------------------------------------------------------------------------------------------------


def test_messages_pass_a_bridge_and_tls_byte_for_byte(authority: Authority) -> None:
    async def story() -> None:
        dice = random.Random(1)
        sent = [dice.randbytes(size) for size in (0, 1, 255, 256, 65_536, 900_000)]
        async with listening_for_tls(authority) as (heard, place):
            async with (
                bridge(*place, authority.client(), NAME) as to,
                dealer(to, **with_token(TOKEN.encode())) as client,
            ):
                await client.send_multipart(sent)
                await until(lambda: heard.messages)
                ((identity, parts),) = heard.messages
                assert parts == sent
                assert heard.listener.send(identity, [*sent, dice.randbytes(3_000_000)])
                assert (await client.recv_multipart())[:-1] == sent
            await until(lambda: heard.gone == [identity])
            assert not heard.listener.refused.total()
            assert len(heard.listener) == 0

    play(story())


def test_the_python_client_lives_behind_tls(authority: Authority) -> None:
    async def story() -> None:
        async with listening_for_tls(authority) as (heard, place), bridge(*place, authority.client(), NAME) as to:
            with SegueClient(to, Hello(versions=(1,), client="test"), token=TOKEN) as client:
                await until(lambda: heard.messages)
                identity, parts = heard.messages[0]
                assert isinstance(decode(parts), Hello)
                assert heard.listener.send(identity, encode(WELCOME))
                await until(lambda: client.state is ClientState.LIVE)
                await asyncio.to_thread(client.close)
            await until(lambda: isinstance(decode(heard.messages[-1][1]), Bye))

    play(story())


@pytest.mark.parametrize(("token", "reason"), [("wrong", RefusalReason.TOKEN), ("", RefusalReason.MECHANISM)])
def test_the_token_is_asked_for_behind_tls(authority: Authority, token: str, reason: RefusalReason) -> None:
    async def story() -> None:
        async with listening_for_tls(authority) as (heard, place), bridge(*place, authority.client(), NAME) as to:
            async with dealer(to, **with_token(token.encode()) if token else {}):
                await until(lambda: heard.listener.refused[reason])
            assert heard.messages == []

    play(story())


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_both_versions_of_tls_work_and_a_client_that_closes_is_gone(
    authority: Authority, version: ssl.TLSVersion
) -> None:
    async def story() -> None:
        tls = authority.client()
        tls.minimum_version = tls.maximum_version = version
        async with listening_for_tls(authority) as (heard, place):
            async with encrypted(place, tls) as peer:
                peer.say(PLAIN_GREETING + HELLO + INITIATE + b"\x00\x02hi" * 1_000)
                await until(lambda: len(heard.messages) == 1_000)
                assert heard.listener.send(heard.of(b"hi"), [b"x" * 200_000])
                assert (await peer.reader.readexactly(200_000)).startswith(b"\xff")
            await until(lambda: len(heard.gone) == 1)
            assert len(heard.listener) == 0

    play(story())


def test_farewells_leave_through_tls(authority: Authority) -> None:
    async def story() -> None:
        async with contextlib.AsyncExitStack() as stack:
            heard, place = await stack.enter_async_context(listening_for_tls(authority))
            peer = await stack.enter_async_context(encrypted(place, authority.client()))
            peer.say(PLAIN_GREETING + HELLO + INITIATE + b"\x00\x02hi")
            await until(lambda: heard.messages)
            ending = asyncio.create_task(heard.listener.__aexit__(None, None, None))
            assert heard.listener.send(heard.of(b"hi"), [b"farewell" * 100_000])
            assert (await peer.hung_up_on()).endswith(b"farewell" * 100_000)
            await ending

    play(story())


def test_an_old_or_distrustful_client_gets_nowhere(authority: Authority, tmp_path: Path) -> None:
    assert authority.server.minimum_version == ssl.TLSVersion.TLSv1_2

    async def story() -> None:
        async with listening_for_tls(authority) as (heard, place):
            with pytest.raises(ssl.SSLCertVerificationError):
                async with encrypted(place, Authority(tmp_path).client()):
                    pass
            await until(lambda: heard.listener.refused == {RefusalReason.TLS: 1})

    play(story())


# --- strangers ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("garbage", [GREETING, b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\xff\xff" + bytes(70_000)])
def test_what_is_no_tls_ends_there(authority: Authority, garbage: bytes) -> None:
    async def story() -> None:
        async with listening_for_tls(authority) as (heard, place), encrypted(place, None) as stranger:
            stranger.say(garbage)
            await stranger.hung_up_on()
            await until(lambda: not len(heard.listener))
            assert heard.listener.refused == {RefusalReason.TLS: 1}

    play(story())


def test_who_says_nothing_is_closed_before_tls_and_after(authority: Authority) -> None:
    async def story() -> None:
        async with listening_for_tls(authority, Limits(handshake_s=0.5)) as (heard, place):
            async with encrypted(place, None) as stranger:
                assert await stranger.hung_up_on() == b""
            await until(lambda: not len(heard.listener))
            assert heard.listener.refused.total() == 1
            async with encrypted(place, authority.client()) as stranger:
                # One byte short of a greeting.
                stranger.say(PLAIN_GREETING[:63])
                assert await stranger.hung_up_on() == PLAIN_GREETING[:8] + b"\0\x7f\x03"
            await until(lambda: not len(heard.listener))
            assert heard.listener.refused.total() == 2

    play(story())


def test_handshakes_of_tls_that_never_end_make_room(authority: Authority) -> None:
    async def story() -> None:
        async with contextlib.AsyncExitStack() as stack:
            heard, place = await stack.enter_async_context(
                listening_for_tls(authority, Limits(handshakes=3, handshake_s=60))
            )
            # Those that never begin TLS take a place as well.
            for tls in (None, authority.client(), None):
                await stack.enter_async_context(encrypted(place, tls))
            await until(lambda: len(heard.listener) == 3)
            friend = await stack.enter_async_context(encrypted(place, authority.client()))
            friend.say(PLAIN_GREETING + HELLO + INITIATE + b"\x00\x02hi")
            await until(lambda: heard.messages)
            assert heard.listener.refused == {RefusalReason.FULL: 1}

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
