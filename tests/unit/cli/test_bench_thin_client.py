"""The client that measures a service: it follows the timeline by headers alone."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from segue.cli.bench.thin_client import BLOCK, ThinClient
from segue_sdk.limits import FRAME_SIZE, SAMPLE_RATE
from segue_sdk.messages import Cause, Change, Chunk, Error, Event, Hello, Message, Playhead, Receipt, Welcome
from segue_sdk.vectors.examples import MINIMAL

WELCOME = next(message for message in MINIMAL if isinstance(message, Welcome))
CHUNK = next(message for message in MINIMAL if isinstance(message, Chunk))
CHANGE = next(message for message in MINIMAL if isinstance(message, Change))


def chunk(take: int, start: int, frames: int, reason: str = "extend") -> Chunk:
    """start: in frames."""
    count = frames * FRAME_SIZE
    pcm = bytes(4 * count)
    return replace(CHUNK, take=take, start=start * FRAME_SIZE, count=count, reason=reason, format="s16le", pcm=pcm)


def playing(frames: int = 50) -> ThinClient:
    """A client that has so much music since second 0 and plays it."""
    client = ThinClient(Hello(versions=(1,), client="t"), flag="fight", every_s=1.0, rng=random.Random(1))
    (hello,) = client.tick(0.0)
    assert isinstance(hello, Hello)
    client.receive(WELCOME, 0.0)
    client.receive(chunk(0, 0, frames), 0.0)
    client.tick(0.0)
    assert not client.stopped
    return client


def run(client: ThinClient, start_s: float, end_s: float) -> list[Message]:
    """What it says from one time to another, called each 5 ms."""
    said = []
    for step in range(round(start_s * 200), round(end_s * 200)):
        said += client.tick(step / 200)
    return said


def test_the_clock_advances_in_blocks_and_is_reported() -> None:
    client = playing()
    reports = [message for message in run(client, 0.0, 1.0) if isinstance(message, Playhead)]
    assert 18 <= len(reports) <= 21
    assert client.committed % BLOCK == 0
    assert abs(client.committed - SAMPLE_RATE) <= BLOCK
    assert {report.have for report in reports} == {50 * FRAME_SIZE}


def test_a_reaction_time_runs_from_the_event_to_the_block_with_its_sound() -> None:
    client = playing(200)
    client.begin(0.5, 3.0)
    sent_s, now_s = None, 0.5
    while sent_s is None:
        now_s += 0.005
        sent_s = now_s if any(isinstance(message, Event) for message in client.tick(now_s)) else None
    audible = client.committed + FRAME_SIZE
    started = replace(CHANGE, kind="rendered", audible=audible, causes=(Cause(text="t", seq=1),))
    client.receive(started, now_s + 0.01)
    client.receive(chunk(1, audible // FRAME_SIZE, 3, "replace"), now_s + 0.02)
    (reaction,) = client.finish().reactions
    # The event falls somewhere into a block.
    assert reaction == pytest.approx(40.0, abs=10.0)


def test_it_moves_to_newer_takes_and_falls_back_to_older_ones() -> None:
    client = playing(100)
    client.receive(chunk(1, 20, 3, "replace"), 0.5)
    run(client, 0.5, 0.7)
    said = run(client, 0.7, 0.75)
    assert [report.have for report in said if isinstance(report, Playhead)] == [23 * FRAME_SIZE]
    run(client, 0.75, 1.2)
    measured = client.finish()
    assert (measured.fallbacks, measured.underruns, measured.late) == (1, 0, 0)


def test_late_takes_and_underruns_are_counted() -> None:
    client = playing(25)
    run(client, 0.0, 0.9)
    client.receive(chunk(1, 10, 15, "replace"), 0.9)
    run(client, 0.9, 1.5)
    measured = client.finish()
    assert (measured.late, measured.underruns) == (1, 1)
    assert client.stopped
    assert client.committed == 25 * FRAME_SIZE
    assert measured.silence_s == pytest.approx(0.5, abs=0.02)
    client.receive(chunk(2, 25, 10, "skip"), 1.5)
    client.tick(1.5)
    assert not client.stopped


def test_refusals_are_counted_and_an_error_is_raised() -> None:
    client = playing()
    client.receive(Receipt(seq=1, accepted=False, code="empty", frame=0), 0.1)
    assert client.finish().refused == 1
    with pytest.raises(ConnectionError, match="too_many_sessions"):
        client.receive(Error(code="too_many_sessions", text="full"), 0.2)
