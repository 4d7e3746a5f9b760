"""Calls on the generator's thread: in order, their errors with their callers, a hung one left behind."""

from __future__ import annotations

import asyncio
import threading

import pytest

from segue.service.worker import Worker


def test_calls_run_in_order_on_one_other_thread() -> None:
    async def main() -> None:
        worker, names = Worker("generator"), []

        def call(number: int) -> int:
            names.append((number, threading.current_thread().name))
            return number * 2

        assert await asyncio.gather(*(worker.call(call, number) for number in range(5))) == [0, 2, 4, 6, 8]
        assert names == [(number, "generator") for number in range(5)]
        worker.close(patience_s=5.0)

    asyncio.run(main())


def test_errors_belong_to_the_caller() -> None:
    async def main() -> None:
        worker = Worker("generator")
        with pytest.raises(ZeroDivisionError):
            await worker.call(lambda: 1 // 0)
        assert await worker.call(lambda: 7) == 7
        worker.close(patience_s=5.0)

    asyncio.run(main())


def test_a_panic_that_is_no_exception_comes_back_to_the_caller() -> None:
    def panic() -> None:
        raise SystemExit("a compiled library's panic")

    async def main() -> None:
        worker = Worker("generator")
        with pytest.raises(RuntimeError, match="SystemExit: a compiled library's panic"):
            await worker.call(panic)
        assert await worker.call(lambda: 7) == 7
        worker.close(patience_s=5.0)

    asyncio.run(main())


def test_a_hung_call_is_left_behind_and_the_waiting_ones_are_not() -> None:
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
        worker.close(patience_s=5.0)

    asyncio.run(main())


def test_a_call_that_returns_after_its_loop_is_gone_harms_nobody() -> None:
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
    worker.close(patience_s=5.0)


def test_a_call_that_takes_too_long_is_left_behind_and_its_time_runs_from_when_it_begins() -> None:
    async def main() -> None:
        worker, go_on = Worker("restores", most_s=0.05), threading.Event()
        hung = asyncio.ensure_future(worker.call(go_on.wait, 20.0))
        waiting = asyncio.ensure_future(worker.call(lambda: "waited"))
        with pytest.raises(TimeoutError):
            await hung
        assert await waiting == "waited"
        assert await worker.call(lambda: "next") == "next"
        go_on.set()
        worker.close(patience_s=5.0)

    asyncio.run(main())
