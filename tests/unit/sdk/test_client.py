"""The client over real sockets against a scripted ROUTER: samples, callbacks, outages, a token."""

from __future__ import annotations

import math
import time
from array import array
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
import zmq

from segue_sdk.client import SegueClient
from segue_sdk.client_events import Live, Lost, MessageRefused, MusicArrived, StingerArrived
from segue_sdk.codec import decode
from segue_sdk.handshake import ClientState
from segue_sdk.limits import FADE, FRAME_SIZE, PRE_ROLL
from segue_sdk.messages import (
    Bye,
    Change,
    Chunk,
    Control,
    Error,
    Event,
    Hello,
    Playhead,
    Receipt,
    Restore,
    Save,
    Saved,
    Status,
    Stinger,
)
from segue_sdk.timeline import gain_at
from segue_sdk.vectors.examples import MINIMAL
from unit.sdk.peer import CHUNK, WELCOME, receipt
from unit.sdk.router import PATIENCE_S, Router

HELLO = Hello(versions=(1,), client="test")
COUNT = 10 * FRAME_SIZE


@pytest.fixture
def router() -> Iterator[Router]:
    with zmq.Context() as context:
        router = Router(context)
        yield router
        router.socket.close()


def wave(start: int, count: int) -> array[float]:
    return array("f", [x for at in range(start, start + count) for x in (math.sin(at / 50) / 2, math.cos(at / 70) / 2)])


def music(seq: int, start: int, *, cell: bytes | None = None) -> Chunk:
    samples = wave(start, COUNT).tobytes()
    return replace(CHUNK, seq=seq, start=start, count=COUNT, format="f32le", cell=cell, pcm=samples)


def until(true: Callable[[], object], client: SegueClient) -> None:
    end = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < end, "nothing came"
        client.player.update()
        client.update()
        time.sleep(0.002)


def test_the_samples_of_chunks_are_played(router: Router) -> None:
    arrived: list[MusicArrived] = []
    with SegueClient(router.address, HELLO) as client:
        client.on(MusicArrived, arrived.append)
        router.expect(Hello)
        router.say(WELCOME, music(1, 0), music(2, COUNT))
        until(lambda: client.player.position.have == 2 * COUNT and len(arrived) == 2, client)
        assert [(music.start, music.generator) for music in arrived] == [(0, "score"), (COUNT, "score")]
        heard = array("f")
        while len(heard) < 2 * COUNT:
            heard += client.player.read_array(480)
        sent = wave(0, COUNT)
        assert heard[2 * FADE : 2 * COUNT] == sent[2 * FADE :]
        assert heard[0] == pytest.approx(sent[0] * gain_at(0, FADE), abs=1e-6)
        playhead = router.expect(Playhead, lambda report: report.committed == COUNT)
        assert (playhead.have, playhead.last_chunk, playhead.paused) == (2 * COUNT, 2, False)
    assert router.expect(Bye).reason == "quit"


def test_calls_send_messages_and_messages_run_callbacks(router: Router) -> None:
    told: list[object] = []
    with SegueClient(router.address, HELLO) as client:
        for kind in (Live, Change, Receipt, Saved, Status):
            client.on(kind, told.append)
        router.expect(Hello)
        router.say(WELCOME)
        until(lambda: client.state is ClientState.LIVE, client)
        client.set("threat", 0.5)
        client.fire("boss_dead")
        client.update()
        (item,) = router.expect(Event).events
        assert (item.set, item.fire) == ({"threat": 0.5}, ("boss_dead",))
        number = client.save_music()
        assert router.expect(Save).id == number
        change = next(message for message in MINIMAL if isinstance(message, Change))
        saved = Saved(id=number, position=0, blob=b"music")
        router.say(receipt(item.seq), change, saved)
        until(lambda: len(told) == 4, client)
        assert told[1:] == [receipt(item.seq), change, saved]
        number = client.restore_music(b"music")
        assert router.expect(Restore).blob == b"music"
        client.pause()
        assert router.expect(Control).op == "pause"
        client.resume()
        assert router.expect(Control).op == "resume"
        assert client.control(Control(op="mute"))


def test_a_restarted_service_is_restored_from_the_cell(router: Router) -> None:
    lost: list[Lost] = []
    with SegueClient(router.address, HELLO) as client:
        client.on(Lost, lost.append)
        router.expect(Hello)
        router.say(WELCOME, music(1, 0, cell=b"cell one"))
        until(lambda: client.player.position.have == COUNT, client)
        client.set("threat", 1)
        client.update()
        router.expect(Event)
        router.say(Bye(reason="drain", retry_ms=0))
        until(lambda: lost, client)
        hello = router.expect(Hello)
        assert (hello.resume, hello.last_chunk) == (WELCOME.key, 1)
        router.say(replace(WELCOME, key=bytes(16)))
        restore = router.expect(Restore)
        assert (restore.at, restore.cell) == (COUNT, b"cell one")
        router.say(Status(level=0, generator="score", headroom=5, restore=restore.id, restored="all"))
        assert router.expect(Event).events[0].set == {"threat": 1}
        router.say(replace(music(1, COUNT), take=1))
        until(lambda: client.state is ClientState.LIVE, client)


def test_stingers_are_played_and_reported(router: Router) -> None:
    told: list[StingerArrived] = []
    with SegueClient(router.address, HELLO) as client:
        client.on(StingerArrived, told.append)
        router.expect(Hello)
        silence = replace(music(1, 0), pcm=bytes(8 * COUNT))
        sound = array("f", [0.25] * 20).tobytes()
        sting = Stinger(id=1, name="victory", kind="placed", start=5_000, total=10, count=10, pcm=sound)
        router.say(WELCOME, silence, sting)
        until(lambda: told and client.player.position.have == COUNT, client)
        assert (told[0].name, told[0].kind, told[0].start) == ("victory", "placed", 5_000)
        left = client.player.read_array(6_000)[0::2]
        assert left[4_999:5_011].tolist() == [0.0, *[0.25] * 10, 0.0]


def test_samples_that_are_not_finite_never_reach_the_player(router: Router) -> None:
    refused: list[MessageRefused] = []
    with SegueClient(router.address, HELLO) as client:
        client.on(MessageRefused, refused.append)
        router.expect(Hello)
        noise = array("f", [math.nan] * (2 * COUNT)).tobytes()
        router.say(WELCOME, replace(music(1, 0), pcm=noise))
        until(lambda: refused, client)
        assert refused[0].code == "not_finite"
        answer = router.expect(Error)
        assert (answer.code, answer.about, answer.seq) == ("not_finite", "chunk", 1)
        assert client.player.position.have == 0


@pytest.mark.parametrize("handled", [False, True], ids=["logged", "handled"])
def test_a_refused_later_part_of_a_stinger_is_reported(
    router: Router, caplog: pytest.LogCaptureFixture, handled: bool
) -> None:
    events: list[StingerArrived] = []
    refused: list[MessageRefused] = []
    with SegueClient(router.address, HELLO) as client:
        client.on(StingerArrived, events.append)
        if handled:
            client.on(MessageRefused, refused.append)
        router.expect(Hello)
        sound = array("f", [0.25] * 20).tobytes()
        first = Stinger(id=1, name="victory", kind="placed", start=5_000, total=20, count=10, pcm=sound)
        noise = array("f", [math.nan] * 20).tobytes()
        router.say(WELCOME, first, replace(first, offset=10, pcm=noise), replace(first, id=2))
        until(lambda: len(events) == 2 and len(refused) == handled, client)
        answer = router.expect(Error)
        assert (answer.code, answer.about, answer.seq) == ("not_finite", "stinger", 1)
    assert [event.code for event in refused] == ["not_finite"] * handled
    line = "a message of the service was not understood: not_finite: payload: a value that is not finite"
    assert [record.getMessage() for record in caplog.records] == [line] * (not handled)


def test_the_pre_roll_is_never_longer_than_the_lookahead(router: Router) -> None:
    assert COUNT // 2 < PRE_ROLL
    with SegueClient(router.address, HELLO) as client:
        router.expect(Hello)
        half = replace(music(1, 0), count=COUNT // 2, pcm=wave(0, COUNT // 2).tobytes())
        router.say(replace(WELCOME, lookahead_ms=200), half)
        until(lambda: client.player.position.have == COUNT // 2, client)
        client.player.read_array(480)
        assert client.player.position.committed == 480


def test_the_token_is_the_password_of_plain() -> None:
    asked: list[list[bytes]] = []
    with zmq.Context() as context:
        zap = context.socket(zmq.REP)
        zap.linger = 0
        zap.bind("inproc://zeromq.zap.01")
        socket = context.socket(zmq.ROUTER)
        socket.linger = 0
        socket.plain_server = True
        socket.bind("tcp://127.0.0.1:*")
        with SegueClient(socket.last_endpoint.decode(), HELLO, token="sesame"):
            assert zap.poll(PATIENCE_S * 1000)
            version, request, *asked_for = zap.recv_multipart()
            asked.append(asked_for)
            zap.send_multipart([version, request, b"200", b"", b"", b""])
            assert socket.poll(PATIENCE_S * 1000)
            assert isinstance(decode(socket.recv_multipart()[1:]), Hello)
        zap.close()
        socket.close()
    assert asked[0][-2:] == [b"segue", b"sesame"]
