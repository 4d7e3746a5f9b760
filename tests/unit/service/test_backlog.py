"""What is sent again after a broken connection, and what no longer."""

from __future__ import annotations

from segue.service.backlog import Backlog

FRAME = 1_920


def filled() -> Backlog:
    """Three chunks of ten frames, each with its beats, after each other."""
    backlog = Backlog()
    for seq in (1, 2, 3):
        end = seq * 10 * FRAME
        backlog.keep_chunk(seq, end, [f"chunk {seq}".encode(), bytes(100)])
        backlog.keep(end, [f"beats of {seq}".encode()])
    return backlog


def names(backlog: Backlog, last_chunk: int) -> list[bytes]:
    return [bytes(parts[0]) for parts in backlog.again(last_chunk)]


def test_chunks_after_the_last_received_come_again_with_all_beats() -> None:
    assert names(filled(), 2) == [b"beats of 1", b"beats of 2", b"chunk 3", b"beats of 3"]


def test_what_was_handed_to_the_engine_does_not_come_again() -> None:
    backlog = filled()
    backlog.reported(committed=15 * FRAME, last_chunk=0)
    assert names(backlog, 0) == [b"chunk 2", b"beats of 2", b"chunk 3", b"beats of 3"]
    backlog.reported(committed=20 * FRAME, last_chunk=0)
    assert names(backlog, 0) == [b"chunk 3", b"beats of 3"]


def test_coming_back_twice_gives_the_same_chunks_twice() -> None:
    backlog = filled()
    assert names(backlog, 1) == names(backlog, 1)


def test_what_nobody_heard_is_told_once() -> None:
    backlog = filled()
    backlog.miss([b"a change"])
    assert names(backlog, 3)[-1] == b"a change"
    assert b"a change" not in names(backlog, 3)


def test_sound_on_its_way_is_what_was_not_reported() -> None:
    backlog = filled()
    assert backlog.unreceived_bytes() == 300
    backlog.reported(committed=0, last_chunk=2)
    assert backlog.unreceived_bytes() == 100
    # A client that reports what was never sent does not free what will be.
    backlog.reported(committed=0, last_chunk=1_000)
    backlog.keep_chunk(4, 40 * FRAME, [b"chunk 4", bytes(50)])
    assert backlog.unreceived_bytes() == 50
