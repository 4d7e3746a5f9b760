"""Generator threads: order, hanging calls, and generators that do not wait for each other."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from segue.contract import Request, Result
from segue.runtime.fallback import Loop
from segue.runtime.scheduler import Scheduler
from segue.runtime.session import Session
from segue.runtime.session_config import SessionConfig
from segue.service.faults import FaultGuard
from segue.service.generation import Generation, Worker
from segue.service.monitoring import Metrics
from unit.runtime.rule_files import BANK, RULES
from unit.runtime.scheduling import run_once
from unit.runtime.toy_generator import ToyGenerator, ToyState


def test_calls_run_in_order_on_one_thread() -> None:
    async def main() -> None:
        worker, names = Worker("generator"), []

        def call(number: int) -> int:
            names.append((number, threading.current_thread().name))
            return number * 2

        assert await asyncio.gather(*(worker.call(call, number) for number in range(5))) == [0, 2, 4, 6, 8]
        assert names == [(number, "generator") for number in range(5)]
        worker.close(timeout_s=5.0)

    asyncio.run(main())


def test_exceptions_are_raised_in_the_caller() -> None:
    async def main() -> None:
        worker = Worker("generator")
        with pytest.raises(ZeroDivisionError):
            await worker.call(lambda: 1 // 0)
        assert await worker.call(lambda: 7) == 7
        worker.close(timeout_s=5.0)

    asyncio.run(main())


def test_a_base_exception_is_raised_in_the_caller_as_runtime_error() -> None:
    def panic() -> None:
        raise SystemExit("a compiled library's panic")

    async def main() -> None:
        worker = Worker("generator")
        with pytest.raises(RuntimeError, match="SystemExit: a compiled library's panic"):
            await worker.call(panic)
        assert await worker.call(lambda: 7) == 7
        worker.close(timeout_s=5.0)

    asyncio.run(main())


def test_a_hung_call_is_abandoned_and_the_waiting_ones_run() -> None:
    async def main() -> None:
        worker, go_on, begun = Worker("generator"), threading.Event(), threading.Event()

        def hang() -> str:
            begun.set()
            go_on.wait(20.0)
            return "late"

        hung = asyncio.ensure_future(worker.call(hang))
        await asyncio.to_thread(begun.wait, 20.0)
        waiting = asyncio.ensure_future(worker.call(lambda: "waited"))
        await asyncio.sleep(0)
        still_runs = worker.abandon()
        assert await waiting == "waited"
        assert await worker.call(lambda: "next") == "next"
        assert still_runs()
        assert not hung.done()
        go_on.set()
        assert await hung == "late"
        while still_runs():
            await asyncio.sleep(0.01)
        worker.close(timeout_s=5.0)

    asyncio.run(main())


def test_a_call_that_returns_after_its_loop_is_closed_is_ignored() -> None:
    go_on, begun = threading.Event(), threading.Event()

    def hang() -> None:
        begun.set()
        go_on.wait(20.0)

    async def main() -> Worker:
        worker = Worker("generator")
        hung = asyncio.ensure_future(worker.call(hang))
        await asyncio.to_thread(begun.wait, 20.0)
        hung.cancel()
        return worker

    worker = asyncio.run(main())
    go_on.set()
    worker.close(timeout_s=5.0)


def test_a_call_is_abandoned_after_its_limit_counted_from_its_begin() -> None:
    async def main() -> None:
        worker, go_on = Worker("restores", most_s=0.05), threading.Event()
        hung = asyncio.ensure_future(worker.call(go_on.wait, 20.0))
        waiting = asyncio.ensure_future(worker.call(lambda: "waited"))
        with pytest.raises(TimeoutError):
            await hung
        assert await waiting == "waited"
        assert await worker.call(lambda: "next") == "next"
        go_on.set()
        worker.close(timeout_s=5.0)

    asyncio.run(main())


class Waiting(ToyGenerator):
    """A generator whose calls wait for the test."""

    def __init__(self) -> None:
        super().__init__()
        self.begun, self.let_go = threading.Event(), threading.Event()

    def generate(self, requests: Sequence[Request[ToyState]]) -> list[Result[ToyState]]:
        self.begun.set()
        assert self.let_go.wait(30.0)
        return super().generate(requests)


@pytest.mark.parametrize(("held", "stalls"), [(True, 0), (False, 1)])
def test_a_session_without_a_playhead_does_not_make_calls_be_abandoned(held: bool, stalls: int) -> None:
    """Beside a game with two seconds of music there is a session with none, and a slow generator."""

    async def main() -> None:
        now_s = 100.0
        generator, metrics = Waiting(), Metrics()
        generators: list[Any] = [generator, Loop()]
        scheduler = Scheduler(generators, lambda: now_s)
        game, silent = (Session(RULES, BANK, generators, SessionConfig(seed=1, lookahead_s=4.0)) for _ in range(2))
        silent.held = True
        for session in (game, silent):
            scheduler.add(session, primary=0)
        game.playhead(played=0, committed=0, paused=True, now_s=now_s)
        generator.let_go.set()
        while game.head < 50:
            run_once(scheduler, now_s)
        generator.begun.clear()
        generator.let_go.clear()
        silent.held = held

        def clock() -> float:
            return now_s

        landed = asyncio.Event()
        generation = Generation(
            scheduler,
            generators,
            clock,
            stall_s=0.5,
            on_batch_done=lambda batch: landed.set(),
            on_session_failed=lambda session: None,
            metrics=metrics,
            guard=FaultGuard(metrics),
        )
        running = asyncio.ensure_future(generation.run())
        assert await asyncio.to_thread(generator.begun.wait, 30.0)
        # In steps: a clock that jumps is that of a suspended process.
        for _ in range(10):
            now_s += 0.1
            await asyncio.sleep(0.05)
        assert metrics.registry.get_sample_value("segue_generator_stalls_total") == stalls
        generator.let_go.set()
        await asyncio.wait_for(landed.wait(), 30.0)
        running.cancel()
        generation.close(timeout_s=5.0)

    asyncio.run(main())


class Gated(ToyGenerator):
    """A generator whose calls wait for the test, which can see the calls inside."""

    def __init__(self, name: str, threads: int) -> None:
        super().__init__(name)
        self.threads, self.rows = threads, 1
        self.gate = threading.Semaphore(0)
        self.entered = threading.Semaphore(0)
        self.inside: list[int] = []
        self.at_once: list[tuple[int, ...]] = []
        self._lock = threading.Lock()

    def generate(self, requests: Sequence[Request[ToyState]]) -> list[Result[ToyState]]:
        (seed,) = (request.state.seed for request in requests)
        with self._lock:
            self.inside.append(seed)
            self.at_once.append(tuple(self.inside))
        self.entered.release()
        assert self.gate.acquire(timeout=30.0)
        with self._lock:
            self.inside.remove(seed)
        return super().generate(requests)

    async def expect_entered(self) -> None:
        assert await asyncio.to_thread(self.entered.acquire, timeout=30.0)


class Running:
    """A Generation over sessions, by (seed, primary), that want a second of music each, as an asynchronous context."""

    def __init__(self, generators: list[Any], sessions: Sequence[tuple[int, int]]) -> None:
        self.now_s = 100.0
        self.metrics = Metrics()
        self.scheduler = Scheduler(generators, lambda: self.now_s)
        self.sessions = {
            seed: Session(RULES, BANK, generators, SessionConfig(seed=seed, lookahead_s=1.0), primary=primary)
            for seed, primary in sessions
        }
        for session in self.sessions.values():
            self.scheduler.add(session)
        self._batch_done = asyncio.Event()
        self.has_unread: Callable[[], bool] = lambda: False
        self.generation = Generation(
            self.scheduler,
            generators,
            lambda: self.now_s,
            stall_s=0.5,
            on_batch_done=lambda batch: self._batch_done.set(),
            on_session_failed=lambda session: None,
            metrics=self.metrics,
            guard=FaultGuard(self.metrics),
            has_unread=lambda: self.has_unread(),
        )

    async def __aenter__(self) -> Running:
        self._task = asyncio.ensure_future(self.generation.run())
        return self

    async def __aexit__(self, *error: object) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        self.generation.close(timeout_s=5.0)

    @property
    def stalls(self) -> float:
        return self.metrics.registry.get_sample_value("segue_generator_stalls_total") or 0.0

    async def until_head(self, seed: int, frames: int) -> None:
        """Wait until a session has this much music."""
        async with asyncio.timeout(30.0):
            while self.sessions[seed].head < frames:
                self._batch_done.clear()
                await self._batch_done.wait()


def test_two_threads_never_generate_for_one_session_at_once() -> None:
    async def main() -> None:
        generator = Gated("gated", threads=2)
        async with Running([generator, Loop()], [(1, 0), (2, 0), (3, 0)]) as running:
            await generator.expect_entered()
            await generator.expect_entered()
            assert len(generator.inside) == 2
            for _ in range(30):
                generator.gate.release()
            for seed in running.sessions:
                await running.until_head(seed, 30)
        assert all(len(set(inside)) == len(inside) <= 2 for inside in generator.at_once)

    asyncio.run(main())


def test_one_generator_does_not_wait_for_another() -> None:
    async def main() -> None:
        slow, quick = Gated("slow", threads=1), Gated("quick", threads=1)
        for _ in range(10):
            quick.gate.release()
        async with Running([slow, quick, Loop()], [(1, 0), (2, 1)]) as running:
            await slow.expect_entered()
            await running.until_head(2, 30)
            assert running.sessions[1].head == 0
            for _ in range(10):
                slow.gate.release()
            await running.until_head(1, 30)

    asyncio.run(main())


def test_a_hung_call_blocks_its_thread_alone_and_a_generator_without_a_free_thread_is_not_called() -> None:
    async def main() -> None:
        hanging, safety = Gated("hanging", threads=2), ToyGenerator("safety")
        async with Running([hanging, safety, Loop()], [(1, 0), (2, 0)]) as running:
            await hanging.expect_entered()
            await hanging.expect_entered()
            async with asyncio.timeout(30.0):
                while running.stalls < 2:
                    running.now_s += 0.1
                    await asyncio.sleep(0.01)
            # Both are abandoned, and their sessions fall back to a simpler generator.
            await running.until_head(1, 30)
            await running.until_head(2, 30)
            assert len(hanging.at_once) == 2
            assert [session.level for session in running.sessions.values()] == [1, 1]
            # The chosen generator has no thread for a session that asks for it again.
            running.scheduler.set_primary(running.sessions[1], 0)
            running.sessions[1].playhead(played=48_000, committed=48_000, paused=True, now_s=running.now_s)
            await running.until_head(1, 50)
            assert len(hanging.at_once) == 2
            # One call has returned, the other has not: one thread is free.
            hanging.gate.release()
            async with asyncio.timeout(30.0):
                while len(hanging.at_once) < 3:
                    running.scheduler.set_primary(running.sessions[2], 0)
                    running.sessions[2].playhead(played=48_000, committed=48_000, paused=True, now_s=running.now_s)
                    await asyncio.sleep(0.01)
            for _ in range(30):
                hanging.gate.release()
            await running.until_head(2, 50)

    asyncio.run(main())


def test_after_a_suspension_nothing_is_generated_before_the_messages_that_came_meanwhile_are_read() -> None:
    async def main() -> None:
        async with Running([ToyGenerator("toy"), Loop()], [(1, 0)]) as running:
            await running.until_head(1, 30)
            head, asked, is_read = running.sessions[1].head, 0, False

            def has_unread() -> bool:
                nonlocal asked
                asked += 1
                return not is_read

            running.has_unread = has_unread
            running.now_s += 3.0
            running.sessions[1].playhead(played=48_000, committed=48_000, paused=True, now_s=running.now_s)
            running.generation.wake()
            async with asyncio.timeout(30.0):
                while asked < 5:
                    await asyncio.sleep(0.01)
            assert running.sessions[1].head == head
            is_read = True
            await running.until_head(1, head + 20)

    asyncio.run(main())


def test_messages_that_never_end_hold_generation_up_for_a_second_at_most() -> None:
    async def main() -> None:
        async with Running([ToyGenerator("toy"), Loop()], [(1, 0)]) as running:
            await running.until_head(1, 30)
            head = running.sessions[1].head

            def has_unread() -> bool:
                running.now_s += 0.2
                return True

            running.has_unread = has_unread
            running.now_s += 3.0
            running.sessions[1].playhead(played=48_000, committed=48_000, paused=True, now_s=running.now_s)
            running.generation.wake()
            await running.until_head(1, head + 20)

    asyncio.run(main())


@pytest.mark.parametrize("turns", range(6))
def test_generation_ends_when_it_is_cancelled_while_it_is_woken(turns: int) -> None:
    """With a number of turns of the loop between the two."""

    async def main() -> None:
        generator, metrics = Waiting(), Metrics()
        generators: list[Any] = [generator, Loop()]
        generation = Generation(
            Scheduler(generators, lambda: 0.0),
            generators,
            lambda: 0.0,
            stall_s=0.5,
            on_batch_done=lambda batch: None,
            on_session_failed=lambda session: None,
            metrics=metrics,
            guard=FaultGuard(metrics),
        )
        running = asyncio.ensure_future(generation.run())
        for _ in range(5):
            await asyncio.sleep(0)
        generation.wake()
        for _ in range(turns):
            await asyncio.sleep(0)
        running.cancel()
        done, _ = await asyncio.wait({running}, timeout=10.0)
        assert done
        assert running.cancelled()
        generation.close(timeout_s=5.0)

    asyncio.run(main())
