"""Restores while clients reconnect and report playheads, without sockets; little is planned for them."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from segue_sdk.limits import FRAME_SIZE, SAMPLE_RATE
from segue_sdk.messages import Change, Chunk, Control, Error, Hello, Restore, Rules, Save, Saved, Status
from unit.service.service_harness import CALM, ServiceHarness

ONE, TWO = b"one", b"two"
HOUR = 3_600 * SAMPLE_RATE
# More frames than are planned with a lookahead of 2 s, and far fewer than an hour has.
FEW = 1_000


@contextmanager
def worker_held(service: ServiceHarness) -> Iterator[None]:
    """Let restores wait until the block ends."""
    gate = threading.Event()
    held = asyncio.ensure_future(service.worker.call(gate.wait, 20.0))
    try:
        yield
    finally:
        gate.set()
        held.add_done_callback(lambda done: done.exception())


@pytest.mark.parametrize("at", [SAMPLE_RATE, HOUR, 2**44])
def test_a_client_that_reconnects_during_a_restore_gets_the_restored_music(at: int) -> None:
    async def main() -> None:
        async with ServiceHarness() as service:
            welcome = await service.greet(ONE)
            with worker_held(service):
                service.say(ONE, Restore(id=1, at=at, take=0))
                service.handler.closed(ONE)
                service.say(TWO, Hello(versions=(1,), client="a test", resume=welcome.key))
                while not service.sent[TWO]:
                    await asyncio.sleep(0.001)
                service.playhead(TWO)
                (session,) = service.sessions
                assert not session.playing
            while session.restoring:
                await asyncio.sleep(0.001)
            service.tick()
            assert [one.restore for one in service.all(TWO, Status) if one.restore] == [1]
            assert session.playing
            assert session.music.head >= at // FRAME_SIZE - 1
            assert session.music.planned_frames < FEW

    asyncio.run(main())


def test_a_second_restore_far_beyond_the_first_is_refused() -> None:
    async def main() -> None:
        async with ServiceHarness() as service:
            welcome = await service.greet(ONE)
            with worker_held(service):
                service.say(ONE, Restore(id=1, at=0, take=0))
                service.handler.closed(ONE)
                service.say(TWO, Hello(versions=(1,), client="a test", resume=welcome.key))
                while not service.sent[TWO]:
                    await asyncio.sleep(0.001)
                service.say(TWO, Restore(id=2, at=HOUR, take=0))
                service.playhead(TWO)
            (session,) = service.sessions
            while session.restoring:
                await asyncio.sleep(0.001)
            await service.settle()
            assert [(one.code, one.seq) for one in service.all(TWO, Error)] == [("out_of_range", 2)]
            assert session.music.planned_frames < FEW

    asyncio.run(main())


def test_after_a_refused_restore_the_music_starts_at_the_playhead() -> None:
    async def main() -> None:
        async with ServiceHarness() as service:
            await service.greet(ONE)
            service.say(ONE, Restore(id=1, at=0, take=0, blob=b"not a saved state"))
            service.playhead(ONE)
            (session,) = service.sessions
            assert not session.playing
            await service.settle()
            assert [(one.code, one.seq) for one in service.all(ONE, Error)] == [("restore_refused", 1)]
            assert session.playing
            assert session.held_playhead is None
            service.generate()
            assert service.all(ONE, Chunk)

    asyncio.run(main())


def test_a_playhead_from_before_a_refused_restore_is_not_applied_after_the_next_restore() -> None:
    async def main() -> None:
        async with ServiceHarness() as service:
            await service.greet(ONE)
            service.say(ONE, Restore(id=1, at=0, take=0, blob=b"not a saved state"))
            service.playhead(ONE, paused=True)
            await service.settle()
            service.generate()
            service.tick(1.0)
            service.playhead(ONE, SAMPLE_RATE, have=2 * SAMPLE_RATE, paused=False)
            service.say(ONE, Restore(id=2, at=0, take=1))
            await service.settle()
            assert [one.restore for one in service.all(ONE, Status) if one.restore] == [2]
            (session,) = service.sessions
            # The playhead runs: it is not at the position from before the first restore, and not paused.
            assert session.music.latency.played(service.now_s + 0.5) == SAMPLE_RATE + SAMPLE_RATE // 2

    asyncio.run(main())


def test_a_playhead_is_held_until_the_last_of_two_restores_is_done() -> None:
    async def main() -> None:
        async with ServiceHarness() as service:
            welcome = await service.greet(ONE)
            with worker_held(service):
                service.say(ONE, Restore(id=1, at=SAMPLE_RATE, take=0))
                service.handler.closed(ONE)
                service.say(TWO, Hello(versions=(1,), client="a test", resume=welcome.key))
                while not service.sent[TWO]:
                    await asyncio.sleep(0.001)
                service.say(TWO, Restore(id=2, at=0, take=0, blob=b"not a saved state"))
                service.playhead(TWO)
                while not service.all(TWO, Error):
                    await asyncio.sleep(0.001)
                (session,) = service.sessions
                # The second was refused; the first is still being prepared.
                assert session.held_playhead is not None
                assert not session.playing
            while session.restoring:
                await asyncio.sleep(0.001)
            assert session.playing
            assert session.held_playhead is None
            assert session.music.head >= SAMPLE_RATE // FRAME_SIZE - 1

    asyncio.run(main())


def test_a_save_that_is_restored_before_the_music_begins_tells_its_states() -> None:
    async def main() -> None:
        async with ServiceHarness() as service:
            await service.greet(ONE)
            service.playhead(ONE)
            service.event(ONE, 1, deep=True)
            for _ in range(10):
                service.tick()
                service.generate()
            service.say(ONE, Save(id=1))
            service.tick()
            (saved,) = service.all(ONE, Saved)
            await service.greet(TWO)
            service.say(TWO, Restore(id=1, at=0, take=0, blob=saved.blob))
            await service.settle()
            service.playhead(TWO)
            service.tick()
            service.generate()
            service.tick()
            answer, change = (one for one in service.sent[TWO] if isinstance(one, Change) or getattr(one, "restore", 0))
            assert isinstance(answer, Status)
            assert isinstance(change, Change)
            assert (change.kind, change.layer, change.to_state) == ("rendered", "water", "depth")
            assert (change.from_state, change.audible) == ("shore", 0)
            assert [cause.text for cause in change.causes] == ["restored"]

    asyncio.run(main())


def test_a_restore_that_is_asked_for_again_while_it_is_prepared_is_done_once() -> None:
    async def main() -> None:
        async with ServiceHarness() as service:
            await service.greet(ONE)
            service.playhead(ONE)
            service.event(ONE, 1, deep=True)
            service.generate()
            chunk = next(one for one in service.all(ONE, Chunk) if one.last_event == 1)
        at = chunk.start + chunk.count
        request = Restore(id=1, at=at, take=chunk.take, cell=chunk.cell)
        async with ServiceHarness() as service:
            welcome = await service.greet(ONE)
            (session,) = service.sessions
            with worker_held(service):
                service.say(ONE, request)
                service.handler.closed(ONE)
                service.say(TWO, Hello(versions=(1,), client="a test", resume=welcome.key))
                while not service.sent[TWO]:
                    await asyncio.sleep(0.001)
                service.say(TWO, request)
                service.playhead(TWO)
            while session.restoring:
                await asyncio.sleep(0.001)
            restored = session.music
            await service.settle()
            service.generate()
            assert session.music is restored
            assert [(one.restore, one.last_event) for one in service.all(TWO, Status) if one.restore] == [(1, 1)]
            assert [one.reason for one in service.all(TWO, Chunk)].count("restore") == 1

    asyncio.run(main())


def test_the_client_that_has_the_session_is_told_that_a_restore_is_refused() -> None:
    async def main() -> None:
        async with ServiceHarness() as service:
            welcome = await service.greet(ONE)
            refused = Restore(id=2, at=0, take=0, blob=b"not a saved state")
            with worker_held(service):
                service.say(ONE, Restore(id=1, at=0, take=0))
                service.say(ONE, refused)
                waiting = asyncio.gather(*[one.task for one in service.handler._connections.values() if one.task])
                service.handler.closed(ONE)
                service.say(TWO, Hello(versions=(1,), client="a test", resume=welcome.key))
                while not service.sent[TWO]:
                    await asyncio.sleep(0.001)
                service.say(TWO, refused)
            await waiting
            await service.settle()
            assert [(one.code, one.seq) for one in service.all(TWO, Error)] == [("restore_refused", 2)]

    asyncio.run(main())


def test_requests_of_one_game_frame_are_done_in_order() -> None:
    async def main() -> None:
        async with ServiceHarness() as service:
            await service.greet(ONE)
            service.playhead(ONE)
            service.event(ONE, 1, deep=True)
            service.generate()
            service.say(ONE, Save(id=1))
            service.tick()
            (saved,) = service.all(ONE, Saved)
            first = len(service.sent[ONE])
            service.say(ONE, Control(op="rules", rules_text=CALM.read_text("utf-8").replace("title: ", "title: Very ")))
            service.say(ONE, Restore(id=2, at=0, take=1, blob=saved.blob))
            service.say(ONE, Save(id=3))
            await service.settle()
            service.tick()
            answers = [one for one in service.sent[ONE][first:] if not isinstance(one, Change)]
            answers = [one for one in answers if not isinstance(one, Status) or one.restore]
            assert [type(one) for one in answers] == [Rules, Status, Saved]

    asyncio.run(main())


def test_music_before_a_restore_stays_in_its_take_whatever_takes_the_client_names() -> None:
    async def main() -> None:
        async with ServiceHarness() as service:
            await service.greet(ONE)
            service.playhead(ONE)
            service.generate()
            service.say(ONE, Save(id=1))
            service.tick()
            (saved,) = service.all(ONE, Saved)
            end = max(chunk.start + chunk.count for chunk in service.all(ONE, Chunk))
            service.say(ONE, Restore(id=2, at=end + SAMPLE_RATE, take=50, blob=saved.blob))
            await service.settle()
            for second in range(1, 4):
                have = max(chunk.start + chunk.count for chunk in service.all(ONE, Chunk))
                service.playhead(ONE, second * SAMPLE_RATE, have=have, last_chunk=len(service.all(ONE, Chunk)))
                service.generate()
            chunks = service.all(ONE, Chunk)
            (restored,) = (chunk for chunk in chunks if chunk.reason == "restore")
            before = [chunk for chunk in chunks if chunk.seq < restored.seq]
            assert before[-1].start >= end
            assert {chunk.take for chunk in before} == {0}
            assert {chunk.take for chunk in chunks if chunk.seq >= restored.seq} == {51}

    asyncio.run(main())


def test_a_client_whose_requests_pile_up_is_refused_more() -> None:
    async def main() -> None:
        async with ServiceHarness() as service:
            await service.greet(ONE)
            with worker_held(service):
                service.say(ONE, Restore(id=1, at=0, take=0))
                for number in range(2, 10):
                    service.say(ONE, Save(id=number))
                    service.now_s += 1.0
                assert [(one.code, one.seq) for one in service.all(ONE, Error)] == [("rate_limited", 9)]
            await service.settle()
            service.tick()
            assert [one.id for one in service.all(ONE, Saved)] == [2, 3, 4, 5, 6, 7, 8]

    asyncio.run(main())
