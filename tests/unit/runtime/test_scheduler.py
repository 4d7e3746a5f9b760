"""Who is served first, and who is served together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from segue.contract import SAMPLE_RATE, Request, Result
from segue.runtime.config import SessionConfig
from segue.runtime.messages import ChunkOut
from segue.runtime.scheduler import Scheduler
from segue.runtime.session import Session
from unit.runtime.rule_files import BANK, RULES
from unit.runtime.toy_generator import ToyGenerator, ToyState


class Witness(ToyGenerator):
    """Remembers the first frame of each row of each batch."""

    def __init__(self) -> None:
        super().__init__()
        self.batches: list[list[tuple[int, int]]] = []

    def generate(self, requests: Sequence[Request[ToyState]]) -> list[Result[ToyState]]:
        self.batches.append([(request.state.seed, request.conditioning.frame) for request in requests])
        return super().generate(requests)


def session(toy: Witness, seed: int, chunk_frames: int = 10) -> Session:
    return Session(RULES, BANK, [toy], SessionConfig(seed=seed, chunk_frames=chunk_frames, lookahead_s=1.0))


def sound(played: Session) -> bytes:
    return b"".join(m.samples.tobytes() for m in played.messages() if isinstance(m, ChunkOut))


def serve(scheduler: Scheduler, now_s: float = 0.0) -> None:
    while scheduler.run_once(now_s):
        pass


def test_sessions_of_one_shape_share_a_batch_and_do_not_hear_each_other() -> None:
    toy = Witness()
    scheduler = Scheduler([toy], timer=lambda: 0.0)
    sessions = [session(toy, seed) for seed in (1, 2, 3)]
    for each in sessions:
        scheduler.add(each)
    serve(scheduler)
    assert toy.batches == [[(seed, frame) for seed in (1, 2, 3)] for frame in (0, 10, 20)]
    alone_toy = Witness()
    alone = session(alone_toy, 2)
    lonely = Scheduler([alone_toy], timer=lambda: 0.0)
    lonely.add(alone)
    serve(lonely)
    assert sound(sessions[1]) == sound(alone)


def test_the_one_nearest_to_running_dry_comes_first() -> None:
    toy = Witness()
    scheduler = Scheduler([toy], timer=lambda: 0.0, max_batch=1)
    calm, urgent = session(toy, 1), session(toy, 2)
    scheduler.add(calm)
    scheduler.add(urgent)
    serve(scheduler)
    toy.batches.clear()
    for each, seconds in ((calm, 0.5), (urgent, 1.0)):
        position = round(seconds * SAMPLE_RATE)
        each.playhead(played=position, committed=position, paused=True, now_s=0.0)
    serve(scheduler)
    assert [batch[0][0] for batch in toy.batches[:2]] == [2, 2]
    assert {batch[0][0] for batch in toy.batches} == {1, 2}


def test_other_shapes_wait_for_a_batch_of_their_own() -> None:
    toy = Witness()
    scheduler = Scheduler([toy], timer=lambda: 0.0)
    scheduler.add(session(toy, 1, chunk_frames=10))
    scheduler.add(session(toy, 2, chunk_frames=5))
    assert scheduler.run_once(0.0) == 1
    assert scheduler.run_once(0.0) == 1
    assert [len(batch) for batch in toy.batches] == [1, 1]


def test_a_session_is_served_until_it_is_removed() -> None:
    toy = Witness()
    scheduler = Scheduler([toy], timer=lambda: 0.0)
    gone = session(toy, 1)
    scheduler.add(gone)
    scheduler.remove(gone)
    assert scheduler.run_once(0.0) == 0
    with pytest.raises(KeyError):
        scheduler.remove(gone)


def test_credit_is_never_exceeded() -> None:
    toy = Witness()
    scheduler = Scheduler([toy], timer=lambda: 0.0)
    served: Any = session(toy, 1)
    scheduler.add(served)
    for position in range(0, 3 * SAMPLE_RATE, 7_000):
        served.playhead(played=position, committed=position, paused=True, now_s=0.0)
        serve(scheduler)
        ahead = served.head * 1_920 - position
        assert SAMPLE_RATE <= ahead < SAMPLE_RATE + 10 * 1_920
