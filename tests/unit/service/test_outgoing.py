"""What a session sends, and what is sent again after a broken connection."""

from __future__ import annotations

import asyncio

import pytest

from segue.service.outgoing import ResendBuffer
from segue_sdk.messages import Change, Chunk, Hello
from unit.service.service_harness import ServiceHarness

FRAME = 1_920


def filled() -> ResendBuffer:
    """Return a buffer with three successive chunks of ten frames, each with its beats."""
    buffer = ResendBuffer()
    for seq in (1, 2, 3):
        end = seq * 10 * FRAME
        buffer.add_chunk(seq, end - 10 * FRAME, end, [f"chunk {seq}".encode(), bytes(100)])
        buffer.add_beats(end - 10 * FRAME, end, [f"beats of {seq}".encode()])
    return buffer


def names(buffer: ResendBuffer, last_chunk: int) -> list[bytes]:
    return [bytes(parts[0]) for parts in buffer.take(last_chunk)]


def test_chunks_after_the_last_received_are_sent_again_with_all_beats() -> None:
    assert names(filled(), 2) == [b"beats of 1", b"beats of 2", b"chunk 3", b"beats of 3"]


def test_committed_music_is_not_sent_again() -> None:
    buffer = filled()
    buffer.acknowledge(committed=15 * FRAME, last_chunk=0)
    assert names(buffer, 0) == [b"chunk 2", b"beats of 2", b"chunk 3", b"beats of 3"]
    buffer.acknowledge(committed=20 * FRAME, last_chunk=0)
    assert names(buffer, 0) == [b"chunk 3", b"beats of 3"]


def test_resuming_twice_sends_the_same_chunks_twice() -> None:
    buffer = filled()
    assert names(buffer, 1) == names(buffer, 1)


def test_a_message_without_a_position_is_sent_again_until_a_later_chunk_has_arrived() -> None:
    buffer = filled()
    buffer.add_once([b"a change"])
    buffer.add_chunk(4, 30 * FRAME, 40 * FRAME, [b"chunk 4", bytes(100)])
    assert names(buffer, 2)[-3:] == [b"beats of 3", b"a change", b"chunk 4"]
    assert names(buffer, 3)[-2:] == [b"a change", b"chunk 4"]
    assert b"a change" not in names(buffer, 4)
    buffer.acknowledge(committed=0, last_chunk=3)
    assert b"a change" in names(buffer, 3)
    buffer.acknowledge(committed=0, last_chunk=4)
    assert b"a change" not in names(buffer, 3)


def test_of_messages_without_a_position_the_newest_are_kept() -> None:
    buffer = filled()
    for number in range(600):
        buffer.add_once([f"change {number}".encode()])
    kept = [name for name in names(buffer, 3) if name.startswith(b"change")]
    assert kept == [f"change {number}".encode() for number in range(88, 600)]


def test_unreceived_bytes_are_those_not_reported_as_received() -> None:
    buffer = filled()
    assert buffer.unreceived_bytes() == 300
    buffer.acknowledge(committed=0, last_chunk=2)
    assert buffer.unreceived_bytes() == 100
    # A client that reports chunks that were never sent does not free later ones.
    buffer.acknowledge(committed=0, last_chunk=1_000)
    buffer.add_chunk(4, 30 * FRAME, 40 * FRAME, [b"chunk 4", bytes(50)])
    assert buffer.unreceived_bytes() == 50


def test_a_change_that_a_broken_connection_lost_is_told_again() -> None:
    async def scenario() -> None:
        async with ServiceHarness() as service:
            welcome = await service.greet(b"one")
            service.playhead(b"one")
            service.generate()
            service.event(b"one", 1, deep=True)
            service.generate()
            service.tick()
            told = service.all(b"one", Change)
            chunks = service.all(b"one", Chunk)
            (replacement, *_) = (chunk.seq for chunk in chunks if chunk.take == 1)
            assert [change.to_state for change in told] == ["depth"]
            service.handler.closed(b"one")
            for identity, last_chunk, again in ((b"two", replacement - 1, told), (b"three", replacement + 1, [])):
                service.say(identity, Hello(versions=(1,), client="a test", resume=welcome.key, last_chunk=last_chunk))
                await service.settle()
                assert service.all(identity, Change) == again
                assert next(chunk.seq for chunk in service.all(identity, Chunk)) == last_chunk + 1

    asyncio.run(scenario())


def test_replaced_music_is_sent_again_until_the_client_has_received_it() -> None:
    buffer = filled()
    buffer.add_chunk(4, 10 * FRAME, 20 * FRAME, [b"chunk 4", bytes(100)])
    assert names(buffer, 0) == [b"chunk 1", b"beats of 1", b"chunk 2", b"chunk 3", b"chunk 4"]
    buffer.acknowledge(committed=0, last_chunk=2)
    assert names(buffer, 0) == [b"chunk 1", b"beats of 1", b"chunk 3", b"chunk 4"]
    buffer.acknowledge(committed=0, last_chunk=4)
    assert names(buffer, 0) == [b"chunk 1", b"beats of 1", b"chunk 4"]


def test_a_cancelled_stinger_is_not_told_again() -> None:
    buffer = filled()
    for number in (7, 8):
        buffer.add_stinger(number, 25 * FRAME, [f"stinger {number}".encode()])
    buffer.cancel_stinger(7)
    assert names(buffer, 3)[3:] == [b"stinger 8"]


@pytest.mark.parametrize("stingers", ["separate", "included"])
def test_a_game_that_changes_the_music_while_its_clock_stands_needs_no_more_memory(stingers: str) -> None:
    async def scenario() -> None:
        async with ServiceHarness() as service:
            await service.greet(b"one", stingers=stingers)
            service.playhead(b"one")
            service.generate()
            (session,) = service.sessions
            sizes = []
            for number in range(1, 13):
                service.event(b"one", number, deep=bool(number % 2))
                service.generate()
                service.playhead(b"one", last_chunk=len(service.all(b"one", Chunk)))
                sizes.append(sum(len(part) for parts in session._outgoing.resend(0) for part in parts))
            assert {chunk.reason for chunk in service.all(b"one", Chunk)} == {"extend", "replace"}
            assert max(sizes[4:]) <= 1.1 * max(sizes[:4])

    asyncio.run(scenario())


def test_music_of_another_fallback_level_has_the_word_of_the_protocol() -> None:
    async def scenario() -> None:
        async with ServiceHarness() as service:
            await service.greet(b"one")
            service.playhead(b"one")
            service.generate()
            (session,) = service.sessions
            service.scheduler.set_primary(session.music, 1)
            service.playhead(b"one", committed=FRAME)
            service.generate()
            reasons = [chunk.reason for chunk in service.all(b"one", Chunk)]
            assert (reasons[0], reasons.count("fallback")) == ("extend", 1)
            assert b'segue_chunks_total{reason="fallback"} 1.0' in service.metrics.exposition()

    asyncio.run(scenario())
