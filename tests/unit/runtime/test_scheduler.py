"""Which sessions are served first, and which share a batch."""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from segue.contract import SAMPLE_RATE, Request, Result, Samples
from segue.runtime.messages import ChunkOut
from segue.runtime.scheduler import Scheduler
from segue.runtime.session import Session
from segue.runtime.session_config import SessionConfig
from segue_rules.events import Event
from unit.runtime.rule_files import BANK, RULES
from unit.runtime.scheduling import run_once
from unit.runtime.toy_generator import ToyGenerator, ToyState


class LoggingGenerator(ToyGenerator):
    """Keeps the seed and the first frame of each row of each batch."""

    def __init__(self) -> None:
        super().__init__()
        self.batches: list[list[tuple[int, int]]] = []

    def generate(self, requests: Sequence[Request[ToyState]]) -> list[Result[ToyState]]:
        self.batches.append([(request.state.seed, request.conditioning.frame) for request in requests])
        return super().generate(requests)


def session(toy: LoggingGenerator, seed: int, chunk_frames: int = 10) -> Session:
    return Session(RULES, BANK, [toy], SessionConfig(seed=seed, chunk_frames=chunk_frames, lookahead_s=1.0))


def sound(played: Session) -> bytes:
    return b"".join(m.samples.tobytes() for m in played.messages() if isinstance(m, ChunkOut))


def serve(scheduler: Scheduler, now_s: float = 0.0) -> None:
    while run_once(scheduler, now_s):
        pass


def test_sessions_of_one_shape_share_a_batch_and_do_not_affect_each_other() -> None:
    toy = LoggingGenerator()
    scheduler = Scheduler([toy], timer=lambda: 0.0)
    sessions = [session(toy, seed) for seed in (1, 2, 3)]
    for each in sessions:
        scheduler.add(each)
    serve(scheduler)
    assert toy.batches == [[(seed, frame) for seed in (1, 2, 3)] for frame in (0, 10, 20)]
    alone_toy = LoggingGenerator()
    alone = session(alone_toy, 2)
    lonely = Scheduler([alone_toy], timer=lambda: 0.0)
    lonely.add(alone)
    serve(lonely)
    assert sound(sessions[1]) == sound(alone)


def test_a_batch_has_no_more_rows_than_the_generator_wants() -> None:
    toy = LoggingGenerator()
    toy.rows = 2
    scheduler = Scheduler([toy], timer=lambda: 0.0)
    for seed in (1, 2, 3):
        scheduler.add(session(toy, seed))
    serve(scheduler)
    assert [len(batch) for batch in toy.batches] == [2, 2, 2, 2, 1]


def test_the_session_with_the_least_music_comes_first() -> None:
    toy = LoggingGenerator()
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


def test_a_change_waits_for_a_client_that_runs_dry() -> None:
    toy = LoggingGenerator()
    scheduler = Scheduler([toy], timer=lambda: 0.0, max_batch=1)
    changing, dry = session(toy, 1), session(toy, 2)
    for each in (changing, dry):
        scheduler.add(each)
    serve(scheduler)
    toy.batches.clear()
    changing.send(Event(sequence=1, set={"threat": 1.0}), position=0, now_s=0.0)
    position = round(1.1 * SAMPLE_RATE)
    dry.playhead(played=position, committed=position, paused=True, now_s=0.0)
    serve(scheduler)
    seeds = [batch[0][0] for batch in toy.batches]
    # The dry client gets its next chunk, then the change is made, then the rest.
    assert seeds[:2] == [2, 1]
    assert 2 in seeds[2:]


@pytest.mark.parametrize(("call_s", "place"), [(0.0, 0), (0.25, 5)])
def test_a_change_waits_if_music_of_others_would_come_too_late_after_it(call_s: float, place: int) -> None:
    toy = LoggingGenerator()
    toy.rows = 1
    times = itertools.count(0.0, call_s)
    scheduler = Scheduler([toy], timer=lambda: next(times))
    changing, *others = (session(toy, seed) for seed in range(6))
    for each in (changing, *others):
        scheduler.add(each)
    serve(scheduler)
    toy.batches.clear()
    changing.send(Event(sequence=1, set={"threat": 1.0}), position=0, now_s=0.0)
    # Each has 0.9 s left, later than the change is due: enough for three calls of 0.25 s, but not for six.
    position = round(0.3 * SAMPLE_RATE)
    for each in others:
        each.playhead(played=position, committed=position, paused=True, now_s=0.0)
    serve(scheduler)
    assert [batch[0][0] for batch in toy.batches].index(changing.config.seed) == place


def test_music_after_a_change_waits_for_another_change() -> None:
    """The first client still has its older music, so the earlier deadline comes first."""
    toy = LoggingGenerator()
    scheduler = Scheduler([toy], timer=lambda: 0.0, max_batch=1)
    first, second = session(toy, 1), session(toy, 2)
    for each in (first, second):
        scheduler.add(each)
    serve(scheduler)
    first.send(Event(sequence=1, set={"threat": 1.0}), position=0, now_s=0.0)
    assert run_once(scheduler, 0.0) == 1
    toy.batches.clear()
    second.send(Event(sequence=1, set={"threat": 1.0}), position=0, now_s=0.0)
    serve(scheduler)
    assert [batch[0][0] for batch in toy.batches][:2] == [2, 1]


def test_the_first_chunk_of_a_replacement_is_short_and_the_next_ends_with_a_chunk() -> None:
    toy = LoggingGenerator()
    scheduler = Scheduler([toy], timer=lambda: 0.0)
    served = session(toy, 1)
    scheduler.add(served)
    serve(scheduler)
    served.messages()
    for second in (1, 2, 3):
        # The generation time is known after a while.
        position = second * SAMPLE_RATE
        served.playhead(played=position, committed=position, paused=True, now_s=float(second))
        serve(scheduler, float(second))
        served.messages()
        served.send(Event(sequence=second, set={"threat": float(second % 2)}), position=position, now_s=float(second))
        serve(scheduler, float(second))
        chunks = [message for message in served.messages() if isinstance(message, ChunkOut)]
        replaced = next(index for index, chunk in enumerate(chunks) if chunk.reason == "replace")
    assert len(chunks[replaced].plans) == 3
    assert (chunks[replaced + 1].start + len(chunks[replaced + 1].samples)) % (10 * 1_920) == 0
    assert {len(chunk.plans) for chunk in chunks[replaced + 2 :]} == {10}


def test_only_free_levels_are_served() -> None:
    first, second = LoggingGenerator(), LoggingGenerator()
    generators = [first, second]
    scheduler = Scheduler(generators, timer=lambda: 0.0)
    sessions = [
        Session(RULES, BANK, generators, SessionConfig(seed=seed, lookahead_s=1.0), primary=primary)
        for seed, primary in ((1, 0), (2, 1))
    ]
    for each in sessions:
        scheduler.add(each)
    assert [job.spec.level for _, job in scheduler.next_batch(0.0, lambda level: level == 1)] == [1]
    assert scheduler.next_batch(0.0, lambda level: level == 1) == []
    assert [job.spec.level for _, job in scheduler.next_batch(0.0)] == [0]


def test_jobs_of_other_shapes_get_batches_of_their_own() -> None:
    toy = LoggingGenerator()
    scheduler = Scheduler([toy], timer=lambda: 0.0)
    scheduler.add(session(toy, 1, chunk_frames=10))
    scheduler.add(session(toy, 2, chunk_frames=5))
    assert run_once(scheduler, 0.0) == 1
    assert run_once(scheduler, 0.0) == 1
    assert [len(batch) for batch in toy.batches] == [1, 1]


def test_a_session_is_served_until_it_is_removed() -> None:
    toy = LoggingGenerator()
    scheduler = Scheduler([toy], timer=lambda: 0.0)
    gone = session(toy, 1)
    scheduler.add(gone)
    scheduler.remove(gone)
    assert run_once(scheduler, 0.0) == 0
    assert list(scheduler.sessions) == []


@pytest.mark.parametrize("where", ["next_job", "begin", "complete"])
def test_a_session_that_raises_silences_no_other(where: str, monkeypatch: pytest.MonkeyPatch) -> None:
    toy = LoggingGenerator()
    scheduler = Scheduler([toy], timer=lambda: 0.0)
    broken, well = session(toy, 1), session(toy, 2)
    for each in (broken, well):
        scheduler.add(each)

    def fault(*arguments: object) -> None:
        raise ArithmeticError("a test")

    monkeypatch.setattr(broken, where, fault)
    serve(scheduler)
    assert scheduler.broken() == [broken]
    assert scheduler.broken() == []
    assert list(scheduler.sessions) == [well]
    assert well.head == 30


def test_the_lookahead_is_never_exceeded_by_more_than_a_chunk() -> None:
    toy = LoggingGenerator()
    scheduler = Scheduler([toy], timer=lambda: 0.0)
    served: Any = session(toy, 1)
    scheduler.add(served)
    for position in range(0, 3 * SAMPLE_RATE, 7_000):
        served.playhead(played=position, committed=position, paused=True, now_s=0.0)
        serve(scheduler)
        ahead = served.head * 1_920 - position
        assert SAMPLE_RATE <= ahead < SAMPLE_RATE + 10 * 1_920


def test_nothing_is_due_until_the_buffer_falls_below_the_lookahead() -> None:
    toy = LoggingGenerator()
    scheduler = Scheduler([toy], timer=lambda: 0.0)
    assert scheduler.idle_s(0.0) == math.inf
    served = session(toy, 1, chunk_frames=7)
    scheduler.add(served)
    assert scheduler.idle_s(0.0) == 0.0
    serve(scheduler)
    served.playhead(played=0, committed=0, paused=False, now_s=0.0)
    idle_s = scheduler.idle_s(0.0)
    assert idle_s == pytest.approx(served.head / 25 - 1.0)
    assert idle_s > 0.1
    assert scheduler.next_batch(idle_s - 0.01) == []
    assert scheduler.idle_s(idle_s) == pytest.approx(0.0)
    served.send(Event(sequence=1, set={"threat": 1.0}), position=0, now_s=0.05)
    assert scheduler.idle_s(0.05) == 0.0
    batch = scheduler.next_batch(0.05)
    assert scheduler.idle_s(0.05) == math.inf
    scheduler.complete(batch, scheduler.generate(batch), 0.05)
    served.held = True
    assert scheduler.idle_s(9.0) == math.inf


def test_events_may_come_while_a_batch_is_generated() -> None:
    toy = LoggingGenerator()
    scheduler = Scheduler([toy], timer=lambda: 0.0)
    served = session(toy, 1)
    scheduler.add(served)
    batch = scheduler.next_batch(0.0)
    result = scheduler.generate(batch)
    served.send(Event(sequence=1, set={"threat": 1.0}), position=0, now_s=0.0)
    assert scheduler.next_batch(0.0) == []
    scheduler.complete(batch, result, 0.0)
    assert served.head == 10


def test_an_abandoned_batch_steps_down_a_level_and_its_late_sound_is_ignored() -> None:
    toy, safety = LoggingGenerator(), ToyGenerator("safety")
    scheduler = Scheduler([toy, safety], timer=lambda: 0.0)
    served = Session(RULES, BANK, [toy, safety], SessionConfig(seed=1, lookahead_s=1.0))
    scheduler.add(served)
    batch = scheduler.next_batch(0.0)
    result = scheduler.generate(batch)
    scheduler.abandon(batch, 1.0, "hangs")
    with pytest.raises(ValueError, match="in flight"):
        served.complete(batch[0][1], result.results[0], 0.1)
    assert run_once(scheduler, 1.0) == 1
    assert (served.level, served.head) == (1, 10)
    after = sound(served)
    scheduler.complete(batch, result, 2.0)
    scheduler.abandon(batch, 2.0, "hangs")
    assert (served.level, served.head, sound(served)) == (1, 10, b"")
    assert after


def test_a_session_removed_during_its_job_gets_nothing_and_can_be_added_again() -> None:
    toy = LoggingGenerator()
    scheduler = Scheduler([toy], timer=lambda: 0.0)
    gone, stays = session(toy, 1), session(toy, 2)
    scheduler.add(gone)
    scheduler.add(stays)
    batch = scheduler.next_batch(0.0)
    result = scheduler.generate(batch)
    scheduler.remove(gone)
    scheduler.complete(batch, result, 0.0)
    assert (gone.head, stays.head) == (0, 10)
    assert list(scheduler.sessions) == [stays]
    scheduler.add(gone)
    assert run_once(scheduler, 0.0) == 2
    assert gone.head == 10


class SpoilingGenerator(ToyGenerator):
    """Returns results that no client can play."""

    def __init__(self, spoil: Callable[[list[Result[ToyState]]], list[Result[ToyState]]]) -> None:
        super().__init__("spoiling")
        self.spoil = spoil

    def generate(self, requests: Sequence[Request[ToyState]]) -> list[Result[ToyState]]:
        return self.spoil(super().generate(requests))


def _with_samples(result: Result[ToyState], samples: Samples) -> Result[ToyState]:
    return dataclasses.replace(result, chunk=dataclasses.replace(result.chunk, samples=samples))


@pytest.mark.parametrize(
    "spoil",
    [
        lambda results: [],
        lambda results: [_with_samples(results[0], results[0].chunk.samples[1:])],
        lambda results: [_with_samples(results[0], results[0].chunk.samples * np.float32(np.nan))],
    ],
    ids=["no result", "a sample short", "not finite"],
)
def test_sound_that_no_client_can_play_is_a_failure(spoil: Callable[[Any], Any]) -> None:
    spoiling, safety = SpoilingGenerator(spoil), ToyGenerator("safety")
    scheduler = Scheduler([spoiling, safety], timer=lambda: 0.0)
    served = Session(RULES, BANK, [spoiling, safety], SessionConfig(seed=1, lookahead_s=1.0))
    scheduler.add(served)
    assert run_once(scheduler, 0.0) == 1
    assert served.head == 0
    assert run_once(scheduler, 0.0) == 1
    assert (served.level, served.head) == (1, 10)


def test_a_session_goes_to_another_primary_level_and_returns_to_it() -> None:
    first, second, third = ToyGenerator("first"), ToyGenerator("second"), ToyGenerator("third")
    generators = [first, second, third]
    scheduler = Scheduler(generators, timer=lambda: 0.0)
    served = Session(RULES, BANK, generators, SessionConfig(seed=1, lookahead_s=1.0))
    scheduler.add(served)
    serve(scheduler)
    scheduler.set_primary(served, 1)
    serve(scheduler)
    assert (served.primary, served.level, second.calls > 0) == (1, 1, True)
    calls = first.calls
    second.failing = True
    played_s = 0.0
    while played_s < 30.0:
        played_s += 0.4
        position = round(played_s * SAMPLE_RATE)
        served.playhead(played=position, committed=position, paused=True, now_s=played_s)
        serve(scheduler, played_s)
        second.failing = played_s < 2.0
    assert served.level == 1
    assert third.calls > 0
    assert first.calls == calls


def test_a_session_may_begin_at_another_primary_level() -> None:
    generators = [ToyGenerator("first"), ToyGenerator("second")]
    scheduler = Scheduler(generators, timer=lambda: 0.0)
    served = Session(RULES, BANK, generators, SessionConfig(seed=1, lookahead_s=1.0), primary=1)
    scheduler.add(served, primary=1)
    serve(scheduler)
    assert (generators[0].calls, served.level) == (0, 1)
