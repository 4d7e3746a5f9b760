"""Keeps the generators busy with the most urgent batches; a call that hangs is left behind before it is heard.

Each generator has workers of its own, as many as it says it may be called by at once. A session has one job at a time,
so its jobs are made in order whichever worker makes them; and a generator that is slow, or hangs, does not hold up
another.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Any, Final

from segue.contract import FRAME_SIZE, SAMPLE_RATE, Generator
from segue.runtime.scheduler import Batch, JobResult, Scheduler
from segue.runtime.session import Session
from segue.service.guard import Guard
from segue.service.metrics import Metrics
from segue.service.worker import Worker

log = logging.getLogger(__name__)

# How often jobs are looked for while nobody calls `wake`: credit grows with time.
_IDLE_S: Final = 0.02
# Where waiting for a moment took so long, the process stood still.
_AWAY_S: Final = 0.5
# A call that takes long is left alone while every session has more sound than this.
_STARVING_S: Final = 1.0


class Generation:
    """The only user of the scheduler and of the generators' workers. All but the calls happens in one event loop."""

    def __init__(
        self,
        scheduler: Scheduler,
        generators: Sequence[Generator[Any]],
        clock: Callable[[], float],
        *,
        stall_s: float,
        landed: Callable[[Batch], None],
        broke: Callable[[Session], None],
        metrics: Metrics,
        guard: Guard,
    ) -> None:
        """generators: the scheduler's, of which each gets its workers. stall_s: a call that runs longer is suspect.

        landed: told of each batch whose sessions have news. broke: told of a session that was given up.
        """
        self._scheduler = scheduler
        self._clock = clock
        self._stall_s = stall_s
        self._landed = landed
        self._broke = broke
        self._metrics = metrics
        self._guard = guard
        self._awake = asyncio.Event()
        # By level: the workers that have nothing to do, and whether calls that were left behind still run there.
        self._free = [[Worker(f"{one.name} {number}") for number in range(one.threads)] for one in generators]
        self._hanging: dict[int, list[Callable[[], bool]]] = {}
        self._running: set[asyncio.Task[None]] = set()

    def wake(self) -> None:
        """Something came that may want music at once."""
        self._awake.set()

    async def run(self) -> None:
        """For ever, until cancelled; then the calls that run are let go."""
        try:
            while True:
                self._awake.clear()
                with self._guard.turn("generation"):
                    self._begin_all()
                # Not asyncio.wait_for: before Python 3.12 it loses a cancellation that comes together with a wake.
                timer = asyncio.get_running_loop().call_later(_IDLE_S, self._awake.set)
                try:
                    await self._awake.wait()
                finally:
                    timer.cancel()
                for task in [task for task in self._running if task.done()]:
                    self._running.remove(task)
                    task.result()
        finally:
            for task in self._running:
                task.cancel()

    def close(self, patience_s: float) -> None:
        """End the threads, waiting for none longer than that."""
        for workers in self._free:
            for worker in workers:
                worker.close(patience_s)

    def _begin_all(self) -> None:
        """Give every worker that is free the most urgent batch there is for it."""
        while batch := self._scheduler.next_batch(self._clock(), self._is_free):
            level = batch[0][1].spec.level
            if self._hangs(level):
                self._scheduler.abandon(batch, self._clock(), "the generator still hangs")
                self._landed(batch)
                continue
            task = asyncio.ensure_future(self._generate(batch, level, self._free[level].pop()))
            task.add_done_callback(lambda done: self.wake())
            self._running.add(task)
        for session in self._scheduler.broken():
            self._broke(session)

    def _is_free(self, level: int) -> bool:
        """Whether a batch of this level can be dealt with now; where it hangs, by refusing it, if there is another."""
        if self._hangs(level):
            return level < len(self._free) - 1
        return bool(self._free[level])

    def _hangs(self, level: int) -> bool:
        """Whether a call that was left behind there has not come back."""
        still = [runs for runs in self._hanging.pop(level, ()) if runs()]
        if still:
            self._hanging[level] = still
        return bool(still)

    async def _generate(self, batch: Batch, level: int, worker: Worker) -> None:
        with self._guard.turn("generation"):
            try:
                outcome = await self._outcome(batch, level, worker)
                if outcome is not None:
                    self._metrics.generated(seconds=outcome.seconds, sessions=len(batch))
                    self._scheduler.complete(batch, outcome, self._clock())
            except BaseException as error:
                # Nobody waits for these jobs any more.
                self._scheduler.abandon(batch, self._clock(), f"{type(error).__name__}: {error}")
                raise
            finally:
                self._free[level].append(worker)
                self._landed(batch)

    async def _outcome(self, batch: Batch, level: int, worker: Worker) -> JobResult | None:
        """What came of the batch; None if its call was left behind, and its jobs given up."""
        started_s = self._clock()
        call = asyncio.ensure_future(worker.call(self._scheduler.generate, batch))
        try:
            while not call.done():
                waited_s = self._clock()
                await asyncio.wait({call}, timeout=_IDLE_S)
                # While this process stood still, so did the call.
                started_s += max(0.0, self._clock() - waited_s - _AWAY_S)
                seconds = self._clock() - started_s
                if not call.done() and seconds > self._stall_s and self._starving():
                    self._hanging.setdefault(level, []).append(worker.abandon())
                    log.error("the generator hangs", extra={"rung": level, "seconds": round(seconds, 3)})
                    self._scheduler.abandon(batch, self._clock(), f"the generator did not return for {seconds:.1f} s")
                    self._metrics.stalled()
                    return None
            return call.result()
        finally:
            call.cancel()

    def _starving(self) -> bool:
        """Whether a session will soon run dry. One that is held wants nothing: its client never said where it is."""
        now_s = self._clock()
        for session in self._scheduler.sessions:
            with self._scheduler.guarding(session):
                if not session.held and buffered_s(session, now_s) < _STARVING_S:
                    return True
        return False


def buffered_s(session: Session, now_s: float) -> float:
    """Seconds of sound that a session's client has not handed to its engine yet."""
    return (session.head * FRAME_SIZE - session.latency.committed(now_s)) / SAMPLE_RATE
