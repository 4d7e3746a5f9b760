"""The asyncio client against a scripted ROUTER in a thread."""

from __future__ import annotations

import asyncio
import inspect

import zmq

from segue_sdk.aio import AsyncSegueClient, connect_async
from segue_sdk.client import connect
from segue_sdk.client_events import Closed, Live
from segue_sdk.messages import Bye, Event, Hello, Receipt
from unit.sdk.peer import WELCOME, receipt
from unit.sdk.router import PATIENCE_S, Router


def serve(router: Router) -> None:
    assert router.expect(Hello).rules_name == "meadow"
    router.say(WELCOME)
    (item,) = router.expect(Event).events
    router.say(receipt(item.seq), Bye(reason="refused"))


async def play(session: AsyncSegueClient) -> list[object]:
    told: list[object] = []
    async with session:
        async for event in session:
            told.append(event)
            if isinstance(event, Live):
                session.client.fire("door")
                session.client.end_frame()
    return told


def test_client_events_come_as_a_stream_that_ends_with_the_session() -> None:
    async def both() -> list[object]:
        with zmq.Context() as context:
            router = Router(context)
            served = asyncio.create_task(asyncio.to_thread(serve, router))
            told = await asyncio.wait_for(play(connect_async(router.address, rules="meadow")), PATIENCE_S)
            await served
            router.socket.close()
        return told

    told = asyncio.run(both())
    assert [type(event) for event in told] == [Live, Receipt, Closed]


def test_both_ways_to_connect_take_the_same_arguments() -> None:
    """Both are written out for editors and `help`; this holds them together."""
    assert inspect.signature(connect_async).parameters == inspect.signature(connect).parameters
