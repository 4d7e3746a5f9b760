"""A playhead that cannot be true is bounded, and the client is told."""

from __future__ import annotations

import asyncio
from itertools import pairwise

import pytest

from segue.service.connection_handler import TICK_S
from segue.service.server_session import ServerSession
from segue_sdk.messages import Chunk, Error, Status
from unit.runtime.scheduling import run_once
from unit.service.service_harness import ServiceHarness

CLIENT = b"client"
RATE = 48_000


def told(service: ServiceHarness) -> list[str]:
    """Return the texts of all errors that the client was sent about its playhead."""
    errors = service.all(CLIENT, Error)
    assert all((error.code, error.about) == ("out_of_range", "playhead") for error in errors)
    return [error.text for error in errors]


def test_a_client_that_goes_on_with_an_old_clock_without_restoring_is_told_once() -> None:
    async def main() -> None:
        async with ServiceHarness() as service:
            await service.greet(CLIENT)
            for _ in range(5):
                service.playhead(CLIENT, 60 * RATE)
                service.tick()
                service.generate()
            (text,) = told(service)
            assert "expected at most 0, the end of the music; a new session begins at 0" in text
            assert f"got {60 * RATE}" in text

    asyncio.run(main())


def ticked(service: ServiceHarness, monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Return a list to which the time of each tick of a session is added."""
    times: list[float] = []
    tick = ServerSession.tick

    def noted(session: ServerSession, now_s: float) -> None:
        times.append(service.now_s)
        tick(session, now_s)

    monkeypatch.setattr(ServerSession, "tick", noted)
    return times


@pytest.mark.parametrize("behind_s", [0.001, 0.02, 0.04, 0.049])
def test_time_passes_once_in_50_ms_whenever_playheads_come(monkeypatch: pytest.MonkeyPatch, behind_s: float) -> None:
    async def main() -> None:
        async with ServiceHarness() as service:
            await service.greet(CLIENT)
            times = ticked(service, monkeypatch)
            for _ in range(40):
                service.playhead(CLIENT)
                service.tick(behind_s)
                service.now_s += TICK_S - behind_s
            assert 40 <= len(times) <= 41
            assert max(later - earlier for earlier, later in pairwise(times)) <= 2 * TICK_S
            # Some two seconds, with a status after the first.
            assert len(service.all(CLIENT, Status)) >= 1

    asyncio.run(main())


def test_a_flood_of_playheads_does_not_make_time_pass_faster(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        async with ServiceHarness() as service:
            await service.greet(CLIENT)
            times = ticked(service, monkeypatch)
            for _ in range(100):
                service.playhead(CLIENT)
                service.now_s += 0.001
            assert len(times) <= 4

    asyncio.run(main())


def test_an_event_is_followed_by_a_tick_though_a_playhead_came_just_before(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        async with ServiceHarness() as service:
            await service.greet(CLIENT)
            times = ticked(service, monkeypatch)
            service.playhead(CLIENT)
            service.event(CLIENT, 1)
            service.tick(0.001)
            assert len(times) == 2

    asyncio.run(main())


def test_a_clock_that_runs_too_fast_is_told_again_after_it_was_in_range() -> None:
    async def main() -> None:
        async with ServiceHarness() as service:
            await service.greet(CLIENT)
            service.playhead(CLIENT, 0)
            for _ in range(20):
                service.tick()
                service.generate()
            assert told(service) == []
            end = max(chunk.start + chunk.count for chunk in service.all(CLIENT, Chunk))
            service.playhead(CLIENT, end + RATE // 2)
            assert told(service) == []
            service.playhead(CLIENT, 100 * RATE)
            service.playhead(CLIENT, 101 * RATE)
            service.tick()
            assert len(told(service)) == 1
            service.playhead(CLIENT, end)
            service.playhead(CLIENT, 102 * RATE)
            service.tick()
            assert len(told(service)) == 2

    asyncio.run(main())


def test_a_client_that_plays_older_music_behind_the_newest_is_believed() -> None:
    async def main() -> None:
        async with ServiceHarness() as service:
            await service.greet(CLIENT)
            service.playhead(CLIENT)
            service.generate()
            end = max(chunk.start + chunk.count for chunk in service.all(CLIENT, Chunk))
            service.event(CLIENT, 1, deep=True)
            # The replacement begins, and then its generator stalls.
            assert run_once(service.scheduler, service.now_s) == 1
            (session,) = service.sessions
            service.handler.flush(session)
            replacement = service.all(CLIENT, Chunk)[-1]
            newest = replacement.start + replacement.count
            assert replacement.reason == "replace"
            assert newest + RATE < end
            service.now_s += 2.0
            service.playhead(CLIENT, newest + RATE, have=end)
            service.tick()
            assert told(service) == []
            assert session.music.latency.committed(service.now_s) == newest + RATE

    asyncio.run(main())
