"""TLS for clients without it: a listener on loopback that carries each connection over TLS to a service.

A game that uses libzmq runs this beside it; stunnel does the same. It uses asyncio streams in the caller's loop.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator


@contextlib.asynccontextmanager
async def bridge(host: str, port: int, tls: ssl.SSLContext, name: str) -> AsyncIterator[str]:
    """The ZeroMQ endpoint to connect to instead of the front at `host` and `port`, as long as this lasts.

    tls: a client's context, which trusts the front's certificate. name: the host name the certificate must bear.
    """
    connections: set[asyncio.Task[None]] = set()

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with contextlib.AsyncExitStack() as stack:
            stack.push_async_callback(_close, writer)
            try:
                far_reader, far_writer = await asyncio.open_connection(host, port, ssl=tls, server_hostname=name)
            except OSError:
                return
            stack.push_async_callback(_close, far_writer)
            ways = {asyncio.create_task(_carry(reader, far_writer)), asyncio.create_task(_carry(far_reader, writer))}
            try:
                await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for way in ways:
                    way.cancel()
                await asyncio.gather(*ways, return_exceptions=True)

    async def accepted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        connections.add(task)
        task.add_done_callback(connections.discard)
        # A bridge that ends closes its connections; that is no error.
        with contextlib.suppress(asyncio.CancelledError):
            await carry(reader, writer)

    server = await asyncio.start_server(accepted, "127.0.0.1")
    try:
        yield "tcp://{}:{}".format(*server.sockets[0].getsockname())
    finally:
        server.close()
        for connection in connections:
            connection.cancel()
        await asyncio.gather(*connections)


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()


async def _close(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with contextlib.suppress(OSError):
        async with asyncio.timeout(1):
            await writer.wait_closed()
    writer.transport.abort()
