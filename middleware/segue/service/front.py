"""The addresses of a service: sockets for clients of every transport, and for health and metrics."""

from __future__ import annotations

import contextlib
import errno
import ssl
import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

from segue.service.auth import mechanism, tls_context
from segue.service.listener import Listener, ListenerLimits
from segue.service.monitoring import Health, HealthServer, Metrics
from segue.service.settings.configuration import ServiceConfig
from segue.service.settings.kinds import endpoint, is_private


class Front(NamedTuple):
    """What `open_front` opened.

    Attributes:
        listener: Holds the connections of clients; not started yet.
        addresses: Where the service listens.
    """

    listener: Listener
    addresses: list[str]


async def open_front(
    stack: contextlib.AsyncExitStack,
    config: ServiceConfig,
    metrics: Metrics,
    health: Health,
    *,
    receive: Callable[[bytes, list[bytes]], float],
    closed: Callable[[bytes], None],
    has_session: Callable[[bytes], bool],
    descriptors: int = 1,
) -> Front:
    """Bind all addresses of a configuration.

    Args:
        stack: Closes them.
        config: Names the addresses and the limits.
        metrics: Counts refused connections, and answers `/metrics`.
        health: Answers `/healthz` and `/readyz`.
        receive, closed, has_session: As those of `Listener`.
        descriptors: As of `ListenerLimits`.

    Raises:
        OSError: An address cannot be bound.
        InsecureBindError: An address is public and there is no token.
        CertificateError: The certificate or its key cannot be used.
    """
    # Raises if others could connect without a token.
    mechanism((*config.bind, *config.web_bind), token=config.token or "", tls=config.tls_bind is not None)
    listener = await stack.enter_async_context(
        Listener(
            token=config.token,
            receive=receive,
            closed=closed,
            has_session=has_session,
            clock=time.monotonic,
            limits=ListenerLimits(
                connections=config.most_connections,
                handshakes=config.max_handshakes,
                handshake_s=config.handshake_ms / 1000,
                descriptors=descriptors,
            ),
            refused=metrics.refused_connection,
        )
    )
    addresses: list[str] = []
    for address in config.bind:
        with _suggesting(f"--bind {_next_port(address)}"):
            addresses.append(listener.bind(address))
    encrypted = config.tls_bind is not None or any(address.startswith("wss:") for address in config.web_bind)
    tls = None
    if encrypted and config.tls_cert is not None and config.tls_key is not None:
        tls = tls_context(config.tls_cert, config.tls_key)
    if config.tls_bind is not None and tls is not None:
        with _suggesting("--tls-bind"):
            addresses.append(listener.bind_tls(config.tls_bind, tls))
    for address in config.web_bind:
        with _suggesting(f"--web-bind {_next_port(address)}"):
            addresses.append(_bind_web(listener, config, address, tls))
    if config.http_bind is not None:
        server = HealthServer(config.http_bind, health, metrics, clients=addresses)
        with _suggesting("--http-bind"):
            server.start()
        stack.callback(server.close)
        host, port = server.address
        addresses.append(f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}")
    return Front(listener, addresses)


def _bind_web(listener: Listener, config: ServiceConfig, address: str, tls: ssl.SSLContext | None) -> str:
    """Listen for WebSocket, and return the address that clients connect to. Raises: OSError."""
    # Only services that use it wait for the library.
    from segue.service.web_access import WebAccess
    from segue.service.websocket import WebSocketConnection

    scheme, _, text = address.partition("://")
    place = endpoint(text)
    encrypted = scheme == "wss"
    if place is None or (encrypted and tls is None):
        raise ValueError(f"web_bind: expected ws://HOST:PORT, or wss with a certificate and its key, got {address}")
    access = WebAccess(origins=config.web_origin, loopback=is_private(address))
    return listener.bind_web(
        place, tls if encrypted else None, lambda mechanism: WebSocketConnection(mechanism, access)
    )


def _next_port(address: str) -> str:
    """Return an address with the next port, and an example of such for an ipc address."""
    host, _, port = address.rpartition(":")
    return "tcp://127.0.0.1:7723" if address.startswith("ipc:") else f"{host}:{max(1_024, (int(port) + 1) % 65_536)}"


@contextlib.contextmanager
def _suggesting(flag: str) -> Iterator[None]:
    """Add to the error about an address in use how to choose another.

    Args:
        flag: The flag, maybe with an address.
    """
    try:
        yield
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        text = f"{error.strerror}; stop the program that listens there, or choose another address with {flag}"
        raise OSError(error.errno, text) from error
