"""The client for asyncio programs: client events come as an asynchronous stream."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from segue_sdk.client import SegueClient, wanted
from segue_sdk.client_events import ClientEvent, Closed
from segue_sdk.messages import Hello

if TYPE_CHECKING:
    # typing has it from Python 3.11 on.
    from typing_extensions import Self


class AsyncSegueClient:
    """An asynchronous context around a SegueClient, for which `options` are; to be created inside a running loop.

    `async for` gives its client events until the session is closed. `connect_async` makes one as `connect` does.

    Attributes:
        client: The SegueClient, whose calls never block.
    """

    def __init__(self, address: str, hello: Hello, **options: Any) -> None:
        loop, woken = asyncio.get_running_loop(), asyncio.Event()
        self._woken = woken
        self.client = SegueClient(address, hello, wake=lambda: _wake(loop, woken), **options)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await asyncio.to_thread(self.client.close)

    def __aiter__(self) -> AsyncIterator[ClientEvent]:
        return self.client_events()

    async def client_events(self) -> AsyncIterator[ClientEvent]:
        """The client events until the session is closed."""
        while True:
            # Read before `poll`: after the end no further event comes.
            ended = self.client.ended
            for event in self.client.poll():
                yield event
                if isinstance(event, Closed):
                    return
            if ended:
                return
            await self._woken.wait()
            self._woken.clear()


def connect_async(
    address: str,
    rules: str | Path | None = None,
    *,
    client: str = "a Python game",
    generator: str | None = None,
    seed: int | None = None,
    lookahead_ms: int | None = None,
    token: str = "",
    latency_samples: int = 0,
) -> AsyncSegueClient:
    """Begin a session as `connect` does, with the same arguments and errors, for an asyncio program.

    To be called inside a running loop.
    """
    hello = wanted(rules, client=client, generator=generator, seed=seed, lookahead_ms=lookahead_ms)
    return AsyncSegueClient(address, hello, token=token, latency_samples=latency_samples)


def _wake(loop: asyncio.AbstractEventLoop, woken: asyncio.Event) -> None:
    """Wake the task that waits in the loop; a closed loop has none."""
    if not loop.is_closed():
        loop.call_soon_threadsafe(woken.set)
