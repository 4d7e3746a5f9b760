"""The TLS front: takes connections of other machines and relays their bytes to the service's loopback ROUTER and back.

libzmq has no TLS, so the service listens on loopback and this listens for the world. Who the client is, the ROUTER asks
inside (PLAIN, `auth.py`); the front bounds what strangers can cost before that.

A client that speaks ZMTP itself wraps its TCP stream in TLS and then does what it does without (SslStream in C#,
StreamPeerTLS in Godot). One that uses libzmq connects to a bridge on its own machine that speaks TLS to the front:
stunnel as a client with `verifyChain` and `checkHost`, or fifty lines as in `tests/service/bridge.py`. Both check the
front's certificate, since PLAIN sends the token as it is.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import Final, NoReturn, Self

from segue.service.auth import is_local

# Bytes taken at once; buffers in each direction are a few times that, however slow the reader.
_BLOCK: Final = 65_536
# Every ZMTP 3 peer says as much unasked: the greeting.
_GREETING_BYTES: Final = 64
# After a failed accept (no descriptors left) the next one would fail as well.
_ACCEPT_PAUSE_S: Final = 0.2


@dataclass(frozen=True, kw_only=True)
class FrontLimits:
    """What the front grants. The ROUTER's own `handshake_ivl` and heartbeats bound what comes after the greeting.

    connections: at once, those that still shake hands included; more are closed unheard. handshake_s: for TLS.
    greeting_s: from then on for the ZMTP greeting, however it trickles in. linger_s: to take the last bytes, once one
    side has closed or the front stops.
    """

    connections: int = 64
    handshake_s: float = 5.0
    greeting_s: float = 5.0
    linger_s: float = 1.0


class Outcome(StrEnum):
    """What became of a connection."""

    RELAYED = "relayed"
    FULL = "full"
    """One more than the limit."""
    NO_TLS = "no_tls"
    """The TLS handshake failed or took too long."""
    SILENT = "silent"
    """No ZMTP greeting in time."""
    NO_SERVICE = "no_service"
    """The service's socket took no connection."""


class CertificateError(ValueError):
    """A certificate or key that cannot be used; the text names the file and what is wrong with it."""


def tls_context(certificate: Path, key: Path) -> ssl.SSLContext:
    """TLS 1.2 or later with this certificate chain and its private key, both PEM, the key without a passphrase.

    Raises: CertificateError.
    """
    _check_pem(certificate, "a certificate", "-----BEGIN CERTIFICATE-----")
    _check_pem(key, "a private key", "PRIVATE KEY-----")

    def ask() -> NoReturn:
        raise CertificateError(f"{key}: expected a private key without a passphrase, got an encrypted one")

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION
    try:
        context.load_cert_chain(certificate, key, password=ask)
    except ssl.SSLError as error:
        reason = (error.reason or "not readable").replace("_", " ").lower()
        raise CertificateError(f"{certificate}: expected a certificate and {key} as its key, got: {reason}") from None
    return context


class TlsFront:
    """Listens for TLS and relays to `service`. Used as `async with`, outlived by the service's socket or not.

    address: where it listens, as (host, port). counts: connections ended by what became of them, RELAYED from the
    greeting on.
    """

    def __init__(
        self, host: str, port: int, tls: ssl.SSLContext, service: str, limits: FrontLimits | None = None
    ) -> None:
        """host: an address of this machine, "0.0.0.0" or "::" for all; port: 0 for any free one.

        service: the ROUTER's endpoint, tcp on loopback. Raises: ValueError for another, as bytes go there unencrypted.
        """
        self.counts: Counter[Outcome] = Counter()
        self._place = (host, port)
        self._tls = tls
        self._service = _loopback(service)
        self._limits = limits or FrontLimits()
        self._listener: socket.socket | None = None
        self._accepting: asyncio.Task[None] | None = None
        self._connections: set[asyncio.Task[None]] = set()

    @property
    def address(self) -> tuple[str, int]:
        if self._listener is None:
            raise RuntimeError("the front does not listen yet")
        host, port, *_ = self._listener.getsockname()
        return host, port

    @property
    def open(self) -> int:
        """Connections at this moment, those that still shake hands included."""
        return len(self._connections)

    async def __aenter__(self) -> Self:
        """Raises: OSError if it cannot listen there."""
        family = socket.AF_INET6 if ":" in self._place[0] else socket.AF_INET
        self._listener = socket.create_server(self._place, family=family, backlog=self._limits.connections)
        self._listener.setblocking(False)
        self._accepting = asyncio.create_task(self._accept(self._listener), name="TLS front")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Take no more connections, give those there are `linger_s` to end by themselves, then cut them."""
        assert self._accepting is not None
        assert self._listener is not None
        self._accepting.cancel()
        await asyncio.gather(self._accepting, return_exceptions=True)
        self._listener.close()
        connections = set(self._connections)
        if connections:
            _, lasting = await asyncio.wait(connections, timeout=self._limits.linger_s)
            for connection in lasting:
                connection.cancel()
            await asyncio.gather(*lasting, return_exceptions=True)

    async def _accept(self, listener: socket.socket) -> None:
        """Take connections. By hand: asyncio's servers tell of a connection only once its TLS handshake is over."""
        loop = asyncio.get_running_loop()
        while True:
            # Accepting may never wait while connections stream in; everything else has to have its turn.
            await asyncio.sleep(0)
            try:
                accepted, _ = await loop.sock_accept(listener)
            except OSError:
                await asyncio.sleep(_ACCEPT_PAUSE_S)
                continue
            if self.open >= self._limits.connections:
                self.counts[Outcome.FULL] += 1
                accepted.close()
                continue
            task = asyncio.create_task(self._serve(accepted), name="TLS connection")
            self._connections.add(task)
            task.add_done_callback(self._connections.discard)

    async def _serve(self, accepted: socket.socket) -> None:
        """One connection from its first byte to its last."""
        async with contextlib.AsyncExitStack() as stack:
            try:
                client = await self._shake_hands(accepted)
            except OSError:
                self.counts[Outcome.NO_TLS] += 1
                return
            stack.callback(client.abort)
            try:
                service = _Stream(*await asyncio.open_connection(*self._service, limit=_BLOCK))
            except OSError:
                self.counts[Outcome.NO_SERVICE] += 1
                return
            stack.callback(service.abort)
            await self._relay(client, service)
            await asyncio.gather(client.close(self._limits.linger_s), service.close(self._limits.linger_s))

    async def _shake_hands(self, accepted: socket.socket) -> _Stream:
        """TLS over an accepted connection. Raises: OSError (ssl.SSLError, TimeoutError) if there is none in time."""
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader(limit=_BLOCK)
        protocol = asyncio.StreamReaderProtocol(reader)
        transport, _ = await loop.connect_accepted_socket(
            lambda: protocol,
            accepted,
            ssl=self._tls,
            ssl_handshake_timeout=self._limits.handshake_s,
            ssl_shutdown_timeout=self._limits.linger_s,
        )
        return _Stream(reader, asyncio.StreamWriter(transport, protocol, reader, loop))

    async def _relay(self, client: _Stream, service: _Stream) -> None:
        """Carry bytes both ways until one side closes or breaks; half a connection is none in ZMTP."""
        pumps = {asyncio.create_task(_pump(client, service)), asyncio.create_task(_pump(service, client))}
        try:
            ended, _ = await asyncio.wait(pumps, timeout=self._limits.greeting_s, return_when=asyncio.FIRST_COMPLETED)
            if client.taken < _GREETING_BYTES:
                self.counts[Outcome.SILENT] += 1
                return
            self.counts[Outcome.RELAYED] += 1
            if not ended:
                await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)


class _Stream:
    """One side of a relay. taken: bytes read from it so far."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self.taken = 0
        writer.transport.set_write_buffer_limits(high=_BLOCK)
        # Nagle's algorithm would hold the end of a chunk back until the client has answered for its beginning.
        writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    async def take(self) -> bytes:
        """What has come; b"" at the end. Raises: OSError if the connection breaks."""
        data = await self._reader.read(_BLOCK)
        self.taken += len(data)
        return data

    async def give(self, data: bytes) -> None:
        """Send, waiting while the other end does not read. Raises: OSError if the connection breaks."""
        self._writer.write(data)
        await self._writer.drain()

    async def close(self, linger_s: float) -> None:
        """Close once what was given is sent; after `linger_s` in any case."""
        self._writer.close()
        with contextlib.suppress(OSError):
            async with asyncio.timeout(linger_s):
                await self._writer.wait_closed()
        self.abort()

    def abort(self) -> None:
        self._writer.transport.abort()


async def _pump(source: _Stream, sink: _Stream) -> None:
    """Carry bytes one way until the source ends or either breaks."""
    with contextlib.suppress(OSError):
        while data := await source.take():
            await sink.give(data)


def _check_pem(path: Path, expected: str, marker: str) -> None:
    """That a file is there and looks like what it should be. OpenSSL names neither the file nor what it missed."""
    try:
        text = path.read_text("ascii", errors="replace")
    except OSError as error:
        raise CertificateError(f"{path}: expected {expected}, cannot read it: {error.strerror}") from None
    if marker not in text:
        raise CertificateError(f"{path}: expected {expected} in PEM, found none")


def _loopback(endpoint: str) -> tuple[str, int]:
    """Host and port of a loopback endpoint."""
    host, _, port = endpoint.removeprefix("tcp://").rpartition(":")
    if not endpoint.startswith("tcp://") or not is_local(endpoint) or not port.isdecimal():
        raise ValueError(f"service: expected tcp://ADDRESS:PORT on loopback, got {endpoint!r}")
    return host.strip("[]"), int(port)
