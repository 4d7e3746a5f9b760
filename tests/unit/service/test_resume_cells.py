"""Every chunk has a cell from which another service sends the same bytes, and cells are made again after events."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from segue.runtime.snapshot import Snapshot, _pack_director
from segue_rules import events
from segue_rules.director import Director, unpack
from segue_sdk.limits import FRAME_SIZE, RESTORE_AHEAD, SAMPLE_RATE
from segue_sdk.messages import Cell, Change, Chunk, Event, EventItem, Receipt, Restore, Save, Saved, Status
from unit.runtime.scheduling import run_once
from unit.service.service_harness import ServiceHarness

ONE, TWO = b"one", b"two"
LOOKAHEAD_S = 8


def serving(**settings: Any) -> ServiceHarness:
    return ServiceHarness(lookahead_ms=LOOKAHEAD_S * 1_000, **settings)


def end(chunk: Chunk) -> int:
    return chunk.start + chunk.count


async def begun(service: ServiceHarness) -> list[Chunk]:
    """Greet, and return the chunks of a full buffer, all of which were sent at once."""
    await service.greet(ONE, seed=1)
    service.playhead(ONE)
    service.generate()
    return service.all(ONE, Chunk)


def music(chunks: list[Chunk], start: int, stop: int) -> np.ndarray[Any, Any]:
    """The samples [start, stop) of consecutive chunks."""
    assert all(end(one) == other.start for one, other in pairwise(chunks))
    joined = np.concatenate([np.frombuffer(bytes(chunk.pcm), "<f4").reshape(-1, 2) for chunk in chunks])
    return joined[start - chunks[0].start : stop - chunks[0].start]


async def restored(service: ServiceHarness, chunk: Chunk, cell: bytes | None, committed: int) -> list[Chunk]:
    """Restore another service's chunk for a client at sample `committed`, and return the music."""
    await service.greet(ONE, seed=1)
    service.say(ONE, Restore(id=1, at=max(end(chunk), committed), take=chunk.take, cell=cell))
    committed = max(0, committed)
    service.playhead(ONE, committed, have=max(committed, end(chunk) + 2 * SAMPLE_RATE), paused=False)
    await service.settle()
    service.generate()
    (answer,) = [status for status in service.all(ONE, Status) if status.restore]
    assert answer.restored == "all"
    assert answer.last_event == chunk.last_event
    return service.all(ONE, Chunk)


def test_chunks_that_are_sent_at_once_all_have_the_cell_of_their_end() -> None:
    async def main() -> None:
        async with serving() as service:
            chunks = await begun(service)
            assert len(chunks) == LOOKAHEAD_S * 25 // 10
            for chunk in chunks:
                assert chunk.cell is not None
                assert Snapshot.from_bytes(chunk.cell).position * FRAME_SIZE == end(chunk)
                assert chunk.last_event == 0

    asyncio.run(main())


def test_only_a_chunk_whose_end_was_replaced_before_it_was_sent_has_no_cell() -> None:
    async def main() -> None:
        async with serving() as service:
            await service.greet(ONE, seed=1)
            service.playhead(ONE)
            (session,) = service.sessions
            for _ in range(5):
                assert run_once(service.scheduler, service.now_s)
            service.event(ONE, 1, deep=True)
            before = service.all(ONE, Chunk)
            # The next ones are sent together with those that replace some of them.
            for _ in range(5):
                assert run_once(service.scheduler, service.now_s)
            session.music.playhead(played=0, committed=0, paused=True, now_s=service.now_s)
            service.generate()
            service.event(ONE, 2, deep=False)
            service.generate()
            chunks = service.all(ONE, Chunk)
            assert {chunk.reason for chunk in chunks} >= {"extend", "replace"}
            for index, chunk in enumerate(chunks):
                batch = chunks[index + 1 :] if index >= len(before) else before[index + 1 :]
                held_until = min((later.start for later in batch), default=end(chunk))
                assert (chunk.cell is None) == (chunk.cell is None and held_until < end(chunk))
                if chunk.cell is not None:
                    assert Snapshot.from_bytes(chunk.cell).last_event == chunk.last_event

    asyncio.run(main())


def test_the_cell_of_a_chunk_lacks_an_event_that_came_while_the_chunk_was_made() -> None:
    """A service killed before it could replace the chunk would else take the event for heard."""

    async def main() -> None:
        async with serving() as service:
            await service.greet(ONE, seed=1)
            service.playhead(ONE)
            for _ in range(3):
                assert run_once(service.scheduler, service.now_s)
            batch = service.scheduler.next_batch(service.now_s)
            assert batch is not None
            service.event(ONE, 1, deep=True)
            service.scheduler.complete(batch, service.scheduler.generate(batch), service.now_s)
            service.event(ONE, 2, level=0.5)
            made, held = service.all(ONE, Chunk)[-1], service.all(ONE, Receipt)[0]
            assert held.frame * FRAME_SIZE < end(made)
            assert made.last_event == 0
            # No newer cell is made as long as the music before its end does not follow the event.
            for _ in range(5):
                service.tick()
            assert not service.all(ONE, Cell)
            service.generate()
            service.tick()
            replaced = [chunk for chunk in service.all(ONE, Chunk) if chunk.take > made.take]
            assert {chunk.last_event for chunk in replaced} == {2}

    asyncio.run(main())


def test_a_chunk_made_before_a_reset_has_a_cell_without_it_and_the_next_one_with_it() -> None:
    async def main() -> None:
        async with serving() as service:
            await service.greet(ONE, seed=1)
            service.playhead(ONE)
            service.event(ONE, 1, level=0.5, deep=True)
            service.tick()
            batch = service.scheduler.next_batch(service.now_s)
            assert batch is not None
            service.say(ONE, Event(events=(EventItem(seq=2, at=0, reset=True),)))
            service.scheduler.complete(batch, service.scheduler.generate(batch), service.now_s)
            service.tick()
            made = service.all(ONE, Chunk)[-1]
            service.generate()
            service.tick()
            later = service.all(ONE, Chunk)[-1]
            (session,) = service.sessions
            rules = session.music.rules
            start = [now.target for now in Director(rules).start().inputs]
            for chunk, last_event in ((made, 1), (later, 2)):
                assert chunk.cell is not None
                assert chunk.last_event == last_event
                director = unpack(Snapshot.from_bytes(chunk.cell).saved_director().state, rules)
                assert ([now.target for now in director.inputs] == start) == (last_event == 2)

    asyncio.run(main())


@pytest.mark.parametrize("index", [0, 3, 9])
def test_another_service_continues_any_cell_with_the_same_bytes(index: int) -> None:
    async def main() -> None:
        async with serving() as service:
            chunks = await begun(service)
        chunk, stop = chunks[index], end(chunks[-1])
        async with serving() as other:
            again = await restored(other, chunk, chunk.cell, end(chunk) - RESTORE_AHEAD)
            assert (again[0].start, again[0].mixed, again[0].take) == (end(chunk), True, chunk.take + 1)
            np.testing.assert_array_equal(music(again, end(chunk), stop), music(chunks, end(chunk), stop))

    asyncio.run(main())


@pytest.mark.parametrize("frames", [1, 7, 40])
def test_a_service_that_is_too_late_for_the_end_of_the_cell_joins_the_same_music_later(frames: int) -> None:
    async def main() -> None:
        async with serving() as service:
            chunks = await begun(service)
        chunk, stop = chunks[2], end(chunks[-1])
        committed = end(chunk) + frames * FRAME_SIZE - 100
        async with serving() as other:
            again = await restored(other, chunk, chunk.cell, committed)
            first = again[0]
            assert first.start >= committed
            assert (first.mixed, first.take, first.reason) == (False, chunk.take + 1, "restore")
            np.testing.assert_array_equal(music(again, first.start, stop), music(chunks, first.start, stop))

    asyncio.run(main())


def test_an_event_that_a_cell_has_for_later_is_heard_where_the_client_is_at_the_earliest() -> None:
    """An earlier cell may contain an event beyond its end, whose music the client never got."""

    async def main() -> None:
        async with serving() as service:
            chunks = await begun(service)
        chunk = chunks[2]
        assert chunk.cell is not None
        snapshot = Snapshot.from_bytes(chunk.cell)
        event = events.Event(sequence=1, set={"deep": True})
        saved = replace(snapshot.saved_director(), events=((snapshot.position + 5, event),), last_event=1)
        at = snapshot.position + 30
        async with serving() as other:
            cell = replace(snapshot, director=_pack_director(saved)).to_cell()
            await restored(other, replace(chunk, last_event=1), cell, at * FRAME_SIZE)
            (session,) = other.sessions
            changes = [change for change in other.all(ONE, Change) if change.layer == "water"]
            assert [(change.kind, change.audible) for change in changes][-1] == ("rendered", at * FRAME_SIZE)
            assert session.music.plans(at, at + 1)[0].states[0] == "depth"

    asyncio.run(main())


def test_an_event_takes_effect_in_no_frame_of_the_gap_before_late_music() -> None:
    async def main() -> None:
        async with serving() as service:
            chunks = await begun(service)
        chunk = chunks[2]
        committed = end(chunk) + 40 * FRAME_SIZE
        async with serving() as other:
            await other.greet(ONE, seed=1)
            other.say(ONE, Restore(id=1, at=end(chunk), take=0, cell=chunk.cell))
            other.playhead(ONE, committed, have=committed + 2 * SAMPLE_RATE, paused=False)
            await other.settle()
            other.event(ONE, 1, deep=True)
            batch = other.scheduler.next_batch(other.now_s)
            assert batch is not None
            other.event(ONE, 2, deep=False)
            other.scheduler.complete(batch, other.scheduler.generate(batch), other.now_s)
            other.generate()
            first = other.all(ONE, Chunk)[0]
            assert first.start > committed
            assert [receipt.frame >= first.start // FRAME_SIZE for receipt in other.all(ONE, Receipt)] == [True, True]

    asyncio.run(main())


def test_a_restored_session_that_falls_behind_is_not_silent_until_the_old_music_ends() -> None:
    async def main() -> None:
        async with serving() as service:
            chunks = await begun(service)
        chunk = chunks[2]
        async with serving() as other:
            await other.greet(ONE, seed=1)
            other.say(ONE, Restore(id=1, at=end(chunk), take=0, cell=chunk.cell))
            have = end(chunk) + 20 * SAMPLE_RATE
            other.playhead(ONE, end(chunk) - SAMPLE_RATE, have=have, paused=False)
            await other.settle()
            assert run_once(other.scheduler, other.now_s)
            # It is stalled for two seconds, in which the client plays the old music.
            other.now_s += 2.5
            committed = end(chunk) + 3 * SAMPLE_RATE // 2
            other.playhead(ONE, committed, have=have, paused=False)
            other.generate()
            first, behind = other.all(ONE, Chunk)[:2]
            assert end(first) < committed < behind.start < committed + SAMPLE_RATE
            stop = behind.start + behind.count
            np.testing.assert_array_equal(music([behind], behind.start, stop), music(chunks, behind.start, stop))

    asyncio.run(main())


# --- newer cells ----------------------------------------------------------------------------------------------------


def test_after_an_event_that_replaces_no_music_the_next_cells_are_made_again_once() -> None:
    async def main() -> None:
        async with serving() as service:
            chunks = await begun(service)
            for _ in range(20):
                service.tick()
            assert not service.all(ONE, Cell), "none without events"
            service.event(ONE, 1, 2, level=0.5)
            for _ in range(20):
                service.tick()
            cells = service.all(ONE, Cell)
            wanted = [end(chunk) for chunk in chunks if end(chunk) >= RESTORE_AHEAD - SAMPLE_RATE // 10]
            assert [cell.end for cell in cells] == wanted[:3]
            assert {cell.last_event for cell in cells} == {2}
            assert service.all(ONE, Chunk) == chunks
            # As the clock advances, so do they.
            service.playhead(ONE, SAMPLE_RATE, have=end(chunks[-1]))
            for _ in range(20):
                service.tick()
            later = [cell.end for cell in service.all(ONE, Cell)[3:]]
            assert later == [end(chunk) for chunk in chunks if end(chunk) >= SAMPLE_RATE + 19_200][: len(later)]
            assert len(later) == 3

    asyncio.run(main())


def test_newer_cells_are_few_however_many_events_come() -> None:
    async def main() -> None:
        async with serving() as service:
            await begun(service)
            seconds = 5
            for number in range(1, seconds * 20):
                service.event(ONE, number, level=number / 1_000)
                service.tick()
            assert 0 < len(service.all(ONE, Cell)) <= 3 * (seconds * 5 + 1)

    asyncio.run(main())


def test_a_client_that_comes_back_gets_the_newer_cells_that_it_missed() -> None:
    async def main() -> None:
        async with serving() as service:
            await begun(service)
            (session,) = service.sessions
            service.event(ONE, 1, level=0.5)
            service.tick()
            sent = service.all(ONE, Cell)
            service.handler.closed(ONE)
            service.tick(1.0)
            await service.greet(TWO, resume=session.key, last_chunk=20)
            service.playhead(TWO)
            service.tick(1.0)
            assert len(sent) == 3
            assert [cell.end for cell in service.all(TWO, Cell)] == [cell.end for cell in sent]

    asyncio.run(main())


def test_a_session_restored_from_a_newer_cell_knows_the_event_and_continues_with_the_same_bytes() -> None:
    async def main() -> None:
        async with serving() as service:
            chunks = await begun(service)
            service.event(ONE, 1, level=0.5)
            service.tick()
            cell = service.all(ONE, Cell)[0]
        (chunk,) = [one for one in chunks if end(one) == cell.end]
        async with serving() as other:
            newer = replace(chunk, last_event=cell.last_event)
            again = await restored(other, newer, cell.cell, cell.end - RESTORE_AHEAD)
            stop = end(chunks[-1])
            np.testing.assert_array_equal(music(again, cell.end, stop), music(chunks, cell.end, stop))
            other.event(ONE, 1, level=0.5)
            other.event(ONE, 2, level=0.5)
            other.tick()
            assert [(one.seq, one.code) for one in other.all(ONE, Receipt)] == [(1, "known"), (2, "accepted")]

    asyncio.run(main())


# --- saves ----------------------------------------------------------------------------------------------------------


def test_no_chunk_has_a_cell_while_a_save_waits_to_take_over_and_the_restored_music_has() -> None:
    async def main() -> None:
        async with serving() as service:
            chunks = await begun(service)
            service.say(ONE, Save(id=1))
            (saved,) = service.all(ONE, Saved)
            service.say(ONE, Restore(id=2, at=0, take=0, blob=saved.blob))
            await service.settle()
            take = chunks[-1].take
            for second in range(1, 4):
                service.now_s += 1.0
                service.playhead(ONE, second * SAMPLE_RATE, have=end(chunks[-1]))
                service.generate()
            later = service.all(ONE, Chunk)[len(chunks) :]
            assert {chunk.take for chunk in later if chunk.cell is not None} == {take + 1}
            assert any(chunk.take == take + 1 for chunk in later)

    asyncio.run(main())


def test_events_that_come_during_a_restore_take_effect_after_it() -> None:
    async def main() -> None:
        async with serving() as service:
            await begun(service)
            service.say(ONE, Save(id=1))
            (saved,) = service.all(ONE, Saved)
            (session,) = service.sessions
            service.say(ONE, Restore(id=2, at=0, take=0, blob=saved.blob))
            service.event(ONE, 1, deep=True)
            assert not service.all(ONE, Receipt), "the music before the restore is replaced"
            await service.settle()
            service.tick()
            (receipt,) = service.all(ONE, Receipt)
            assert receipt.accepted
            service.generate()
            assert service.all(ONE, Chunk)[-1].states["water"] == "depth"
            assert session.music.plans(receipt.frame, receipt.frame + 1)[0].states[0] == "depth"

    asyncio.run(main())
