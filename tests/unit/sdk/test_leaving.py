"""The end of a session: from any state, in any way, and always at once."""

from __future__ import annotations

import asyncio
import gc
import logging
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import zmq

from segue_sdk.aio import AsyncSegueClient
from segue_sdk.client import SegueClient
from segue_sdk.client_events import CallbackFailed, ClientEvent, Closed, Live
from segue_sdk.handshake import ClientState
from segue_sdk.messages import Bye, Error, Event, Hello, Receipt, Status
from segue_sdk.session import ClientSession
from unit.sdk.fake_peer import fake_peer, until_closed
from unit.sdk.peer import WELCOME, receipt
from unit.sdk.router import PATIENCE_S, Router

HELLO = Hello(versions=(1,), client="test")
ROOT = Path(__file__).parents[3]


@pytest.fixture
def router() -> Iterator[Router]:
    with zmq.Context() as context:
        router = Router(context)
        yield router
        router.socket.close()


def network_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "segue-client"]


def wait(holds: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.002)


def go_live(client: SegueClient, router: Router) -> None:
    router.expect(Hello)
    router.say(WELCOME)
    wait(lambda: client.state is ClientState.LIVE)


# --- close ----------------------------------------------------------------------------------------------------------


def test_close_ends_a_client_without_a_service() -> None:
    client = SegueClient("tcp://127.0.0.1:9", HELLO)
    client.close()
    client.close()
    assert client.ended
    assert network_threads() == []
    assert client.poll()[-1] == Closed(reason="quit")


def test_close_ends_a_client_whose_peer_does_not_answer() -> None:
    with fake_peer(until_closed) as address:
        client = SegueClient(address, HELLO)
        client.close()
        assert client.ended


def test_close_sends_bye_once_and_is_reported(router: Router) -> None:
    client = SegueClient(router.address, HELLO)
    go_live(client, router)
    client.close()
    client.close()
    assert router.expect(Bye).reason == "quit"
    assert client.poll()[-1] == Closed(reason="quit")
    assert client.end_frame() == 0


def test_close_from_a_callback_ends_the_client(router: Router) -> None:
    client = SegueClient(router.address, HELLO)
    client.on(Live, lambda live: client.close())
    go_live(client, router)
    wait(lambda: client.update() or client.ended)
    assert router.expect(Bye).reason == "quit"


def test_close_from_the_network_thread_ends_the_client(router: Router) -> None:
    clients: list[SegueClient] = []
    client = SegueClient(router.address, HELLO, wake=lambda: clients and clients[0].close())
    clients.append(client)
    router.expect(Hello)
    router.say(WELCOME)
    wait(lambda: client.ended)


def test_close_after_the_service_ended_the_session(router: Router) -> None:
    client = SegueClient(router.address, HELLO)
    go_live(client, router)
    router.say(Bye(reason="refused", text="no"))
    wait(lambda: client.ended)
    client.close()
    assert [one for one in client.poll() if isinstance(one, Closed)] == [Closed(reason="refused", text="no")]


# --- without close --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("last_line", "status"), [("", 0), ("raise ValueError('a bug of the game')", 1), ("sys.exit(3)", 3)]
)
def test_a_program_that_ends_without_close_ends_its_session(router: Router, last_line: str, status: int) -> None:
    program = (
        "import sys\n"
        "from segue_sdk.client import SegueClient\n"
        "from segue_sdk.messages import Hello\n"
        f"client = SegueClient({router.address!r}, Hello(versions=(1,), client='test'))\n"
        "sys.stdin.readline()\n"
        f"{last_line}\n"
    )
    command = [sys.executable, "-c", program]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as game:
        assert game.stdin is not None
        router.expect(Hello)
        router.say(WELCOME, Status(level=0, generator="score", headroom=1))
        # A report says that the client is live.
        wait(lambda: router.socket.poll(50))
        game.stdin.write("\n")
        game.stdin.flush()
        assert router.expect(Bye).reason == "quit"
        assert game.wait(PATIENCE_S) == status


def test_a_client_without_references_ends_its_session(router: Router) -> None:
    client = SegueClient(router.address, HELLO)
    client.on(Live, lambda live: None)
    go_live(client, router)
    del client
    gc.collect()
    assert router.expect(Bye).reason == "quit"
    wait(lambda: network_threads() == [])


# --- errors of the game's own ---------------------------------------------------------------------------------------


def fail(event: object) -> None:
    raise LookupError("a bug of the game")


def test_update_raises_what_a_callback_raised_after_the_others_have_run(router: Router) -> None:
    heard: list[object] = []
    with SegueClient(router.address, HELLO) as client:
        client.on(Live, fail)
        client.on(Live, heard.append)
        client.on(Status, heard.append)
        router.expect(Hello)
        router.say(WELCOME, Status(level=0, generator="score", headroom=1))
        wait(lambda: len(client._network.client_events) == 2)
        with pytest.raises(LookupError, match="a bug of the game") as caught:
            client.update()
        assert caught.value.__notes__ == ["raised by a callback for Live; the others have run"]
        assert [type(one) for one in heard] == [Live, Status]
        client.fire("door")
        client.update()
        assert router.expect(Event).events[0].fire == ("door",)


def test_update_raises_the_errors_of_several_callbacks_as_a_group(router: Router) -> None:
    with SegueClient(router.address, HELLO) as client:
        client.on(Live, fail)
        client.on(Live, fail)
        router.expect(Hello)
        router.say(WELCOME)
        wait(lambda: client._network.client_events)
        with pytest.raises(ExceptionGroup) as caught:
            client.update()
        assert len(caught.value.exceptions) == 2


def test_a_wake_callback_that_raises_is_reported_and_logged_once_and_ends_nothing(
    router: Router, caplog: pytest.LogCaptureFixture
) -> None:
    def wake() -> None:
        raise LookupError("a bug of the game")

    told: list[ClientEvent] = []
    with SegueClient(router.address, HELLO, wake=wake) as client:
        go_live(client, router)
        client.fire("door")
        client.end_frame()
        router.expect(Event)
        router.say(receipt(1))
        wait(lambda: told.extend(client.poll()) or any(isinstance(one, Receipt) for one in told))
    assert [one for one in told if isinstance(one, CallbackFailed)] == [
        CallbackFailed(code="callback", text="wake: LookupError: a bug of the game")
    ]
    assert [record.name for record in caplog.records if record.exc_info] == ["segue_sdk"]


def test_an_error_in_the_network_thread_ends_the_session_and_is_reported(
    router: Router, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def break_down(session: ClientSession, *arguments: object) -> None:
        raise LookupError("a bug of the SDK")

    with SegueClient(router.address, HELLO) as client:
        go_live(client, router)
        monkeypatch.setattr(ClientSession, "receive", break_down)
        router.say(receipt(1))
        wait(lambda: client.ended)
        (closed,) = [one for one in client.poll() if isinstance(one, Closed)]
        assert (closed.reason, closed.code) == ("internal", "internal")
        assert "LookupError: a bug of the SDK" in closed.text
        assert client.state is ClientState.CLOSED
    assert "the client's network thread failed" in caplog.text


# --- the log --------------------------------------------------------------------------------------------------------


def test_refused_events_are_logged_at_a_limited_rate(router: Router, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="segue_sdk")
    told: list[ClientEvent] = []
    with SegueClient(router.address, HELLO) as client:
        go_live(client, router)
        for number in range(1, 21):
            client.fire("door")
            assert client.end_frame() == number
            router.expect(Event)
            router.say(Receipt(seq=number, accepted=False, code="unknown_input", frame=0, text="no input 'door'"))
        router.say(Error(code="unexpected", text="not now", about="control"))
        wait(lambda: told.extend(client.poll()) or any(isinstance(one, Error) for one in told))
    lines = [record.getMessage() for record in caplog.records if record.name == "segue_sdk"]
    assert lines == [
        "event 1 was refused: unknown_input: no input 'door'",
        "the service refused a control: unexpected: not now",
    ]


# --- asyncio --------------------------------------------------------------------------------------------------------


def test_a_stream_of_client_events_ends_when_the_client_is_closed_elsewhere() -> None:
    async def play() -> list[type]:
        session = AsyncSegueClient("tcp://127.0.0.1:9", HELLO)
        told: list[type] = []

        async def listen() -> None:
            async for event in session.client_events():
                told.append(type(event))

        listening = asyncio.create_task(listen())
        await asyncio.to_thread(session.client.close)
        await asyncio.wait_for(listening, PATIENCE_S)
        await asyncio.wait_for(listen(), PATIENCE_S)
        return told

    assert asyncio.run(play())[-1] is Closed


def test_a_loop_may_be_closed_before_its_client(caplog: pytest.LogCaptureFixture) -> None:
    async def make() -> AsyncSegueClient:
        return AsyncSegueClient("tcp://127.0.0.1:9", HELLO)

    session = asyncio.run(make())
    session.client.close()
    assert session.client.ended
    assert [record for record in caplog.records if record.exc_info] == []
