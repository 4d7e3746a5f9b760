"""Workers that cannot play, that are lost, and what the pool does about them; the programs are a few lines each."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest

from processes import is_running
from segue.contract import GeneratorError
from segue.service.rule_store import RuleStore
from segue.service.settings.configuration import ServiceConfig
from segue.service.workers.control import Edited, Places
from segue.service.workers.figures import EdgeMetrics
from segue.service.workers.pool import WorkerPool
from segue.service.workers.process import State, WorkerProcess
from unit.service.listening import until

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there are no workers on Windows")

TOY: Final = Path(__file__).with_name("toy_worker.py")


def pool_of(mode: str, workers: int = 2) -> tuple[WorkerPool, EdgeMetrics]:
    config = ServiceConfig(rules={}, max_sessions=5, workers=workers, drain_ms=0)
    metrics = EdgeMetrics()
    store = RuleStore(config, [], loaded={})
    return WorkerPool(config, [sys.executable, str(TOY), mode], store, metrics, "test"), metrics


def run(body: Callable[[WorkerPool], Any], mode: str = "play") -> None:
    async def scenario() -> None:
        pool, _ = pool_of(mode)
        try:
            await body(pool)
        finally:
            pool.kill()
            await until(lambda: not pool._workers)

    asyncio.run(scenario())


def workers_of(pool: WorkerPool) -> list[WorkerProcess]:
    return list(pool._workers.values())


async def begin(pool: WorkerPool) -> None:
    assert await pool.start(asyncio.get_running_loop().create_future())


@pytest.mark.parametrize(
    ("mode", "message"),
    [("fail", "^no sound here$"), ("exit", "^a worker ended before it could play; its log says why$")],
)
def test_a_service_whose_workers_cannot_play_does_not_start(mode: str, message: str) -> None:
    async def body(pool: WorkerPool) -> None:
        with pytest.raises(GeneratorError, match=message):
            await begin(pool)

    run(body, mode)


def test_a_program_that_is_not_there_is_an_error_of_the_system() -> None:
    async def body() -> None:
        config = ServiceConfig(rules={}, workers=1)
        pool = WorkerPool(config, ["/no/such/program"], RuleStore(config, [], loaded={}), EdgeMetrics(), "test")
        with pytest.raises(FileNotFoundError):
            await begin(pool)

    asyncio.run(body())


def test_a_start_that_is_stopped_ends() -> None:
    async def body(pool: WorkerPool) -> None:
        stopping = asyncio.get_running_loop().create_future()
        stopping.set_result(None)
        assert not await pool.start(stopping)

    run(body, "sleep")


def test_new_clients_get_the_worker_with_the_most_free_places() -> None:
    async def body(pool: WorkerPool) -> None:
        await begin(pool)
        first, second = sorted(workers_of(pool), key=lambda worker: -worker.places)
        assert (first.places, second.places) == (3, 2)
        chosen = []
        for number in range(5):
            worker = pool.choose(0)
            assert worker is not None
            chosen.append(worker)
            worker.connections.add(number)
        assert chosen.count(first) == 3
        assert chosen.count(second) == 2
        # All are full: then whoever has sessions that may be closed.
        second.idle = 1
        assert pool.choose(0) is second
        # A session is where it is, unless its worker is gone.
        assert pool.choose(first.number) is first
        assert pool.choose(99) is second
        assert pool.choose(second.number, [second]) is first
        assert pool.choose(0, [first, second]) is None

    run(body)


def test_a_spare_worker_takes_the_place_of_one_that_is_lost_and_another_is_spare() -> None:
    async def body(pool: WorkerPool) -> None:
        await begin(pool)
        pool.tend(0.05)
        await until(lambda: [worker.state for worker in workers_of(pool)].count(State.SPARE) == 1)
        lost = workers_of(pool)[0]
        lost.end("died")
        await until(lambda: lost.state is State.GONE)
        assert len(pool) == 2
        assert sorted(worker.places for worker in workers_of(pool)) == [2, 3]
        # The next one starts after a pause, of virtual time.
        pool.tend(0.1)
        assert len(workers_of(pool)) == 2
        pool.tend(0.5)
        await until(lambda: [worker.state for worker in workers_of(pool)].count(State.SPARE) == 1)
        assert sorted(worker.number for worker in workers_of(pool)) == [2, 3, 4]
        await lost.ended()
        assert not is_running(lost.pid)

    run(body)


def test_a_worker_that_does_not_answer_is_ended_and_one_that_does_is_not() -> None:
    async def body(pool: WorkerPool) -> None:
        await begin(pool)
        silent, other = workers_of(pool)
        pool.tend(0.0)
        await until(lambda: silent._answered and other._answered)
        silent._popen.send_signal(signal.SIGSTOP)
        # Long steps count little: the edge itself was suspended.
        pool.tend(60.0)
        assert silent.state is State.SERVING
        for _ in range(20):
            pool.tend(0.2)
            await until(lambda: other._answered)
        await until(lambda: silent.state is State.GONE)
        assert other.state is State.SERVING

    run(body)


def test_workers_get_their_places_and_edits_and_stop_when_they_are_told() -> None:
    async def scenario() -> None:
        pool, metrics = pool_of("play")
        await begin(pool)
        pool.tend(0.05)
        workers = workers_of(pool)
        for worker in workers:
            worker.send(Places(1))
            worker.send(Edited(edit=None))  # type: ignore[arg-type]
        # Each tells in its metrics how many messages it got.
        await until(lambda: "segue_events_total" in metrics.exposition().decode())
        await pool.stop()
        assert not workers_of(pool)
        assert not any(is_running(worker.pid) for worker in workers)
        assert 'segue_workers{state="serving"} 2.0' in metrics.exposition().decode()

    asyncio.run(scenario())
