"""A listener for WebSocket, its clients and plain streams of bytes, for tests."""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import AsyncIterator
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

from segue.service.listener import ListenerLimits
from segue.service.settings.kinds import Endpoint
from segue.service.web_access import WebAccess
from segue.service.websocket import WebSocketConnection
from segue_sdk.codec import pack
from unit.service.listening import ListenerHarness, Raw, raw
from unit.service.web_bytes import message, request

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
