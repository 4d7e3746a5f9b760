"""Keeps the generators busy with the most urgent batches, on threads that are abandoned when a call hangs.

Each generator has threads of its own, as many as may call it at once. A session has one job at a time, so its jobs are
done in order, whichever thread does them; and a generator that is slow, or hangs, does not hold up another.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import queue
import threading
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

from segue.contract import FRAME_SIZE, SAMPLE_RATE, Generator
from segue.runtime.scheduler import Batch, JobResult, Scheduler
from segue.runtime.session import Session
from segue.service.faults import FaultGuard
from segue.service.monitoring import Metrics

log = logging.getLogger(__name__)

T = TypeVar("T")

SUSPENDED_S: Final = 0.5
"""A wait that ends this much too late shows that the whole process was suspended meanwhile."""
# Shortest and longest wait between two looks for work, unless `wake` is called.
_SHORTEST_WAIT_S: Final = 0.02
_LONGEST_WAIT_S: Final = 0.25
# After a suspension, what clients sent meanwhile is read first, for so long at most: old playheads would lead to music
# that comes too late, and each of their events to a replacement of the one before.
_MOST_READING_S: Final = 1.0
_READING_POLL_S: Final = 0.005
# A call that takes long is not abandoned while every session has more sound than this.
_STARVING_S: Final = 1.0


class Worker:
    """A thread for calls that take long, one after the other. To be used from one event loop.

    Python threads cannot be ended from outside. A call that does not return is abandoned with its thread: the thread
    is a daemon, its result is dropped, and the next call starts a new thread.
    """

    def __init__(self, name: str, most_s: float | None = None) -> None:
        """Start a thread with the first call.

        Args:
            name: Name of the threads.
            most_s: Seconds after which a call is abandoned; None leaves that to the caller.
        """
        self._name = name
        self._most_s = most_s
        self._thread: _CallThread | None = None

    async def call(self, function: Callable[..., T], *args: Any) -> T:
        """Run a function on the thread.

        Raises:
            TimeoutError: It took too long and was abandoned.
            Exception: Whatever the function raises.
        """
        if self._thread is None:
            self._thread = _CallThread(self._name)
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        begun = asyncio.Event()

        def done(value: Any, error: BaseException | None) -> None:
            if future.cancelled():
                return
            if error is None:
                future.set_result(value)
            else:
                future.set_exception(error)

        def run() -> None:
            value, raised = None, None
            if self._most_s is not None:
                with contextlib.suppress(RuntimeError):
                    loop.call_soon_threadsafe(begun.set)
            try:
                value = function(*args)
            # Whatever it is belongs to the caller, not to this thread; a panic of a compiled library is no Exception.
            except BaseException as error:
                raised = error if isinstance(error, Exception) else RuntimeError(f"{type(error).__name__}: {error}")
            # The caller's loop may be closed when a call that hung returns.
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(done, value, raised)

        self._thread.calls.put(run)
        if self._most_s is None:
            return await future
        # Its time runs from when it begins: the calls before it may take theirs.
        await begun.wait()
        try:
            return await asyncio.wait_for(future, self._most_s)
        except TimeoutError:
            self.abandon()
            raise

    def abandon(self) -> Callable[[], bool]:
        """Leave the thread to its present call; the waiting calls go to a new one.

        Returns:
            A function that says whether the abandoned call still runs.
        """
        thread, self._thread = self._thread, None
        if thread is None:
            return lambda: False
        waiting = thread.end()
        if waiting:
            self._thread = _CallThread(self._name)
            for call in waiting:
                self._thread.calls.put(call)
        return thread.is_alive

    def close(self, timeout_s: float) -> None:
        """End the thread after its present call, and wait for it up to the timeout."""
        if self._thread is not None:
            self._thread.end()
            self._thread.join(timeout_s)
            self._thread = None


class _CallThread(threading.Thread):
    """Runs the calls in its queue; None ends it."""

    def __init__(self, name: str) -> None:
        super().__init__(name=name, daemon=True)
        self.calls: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self.start()

    def end(self) -> list[Callable[[], None]]:
        """Let it end after its present call, and return the calls that were waiting."""
        waiting = []
        with contextlib.suppress(queue.Empty):
            while call := self.calls.get_nowait():
                waiting.append(call)
        self.calls.put(None)
        return waiting

    def run(self) -> None:
        while (call := self.calls.get()) is not None:
            call()


class Generation:
    """Generates the music of all sessions. Everything but the calls of generators happens in one event loop."""

    def __init__(
        self,
        scheduler: Scheduler,
        generators: Sequence[Generator[Any]],
        clock: Callable[[], float],
        *,
        stall_s: float,
        on_batch_done: Callable[[Batch], None],
        on_session_failed: Callable[[Session], None],
        metrics: Metrics,
        guard: FaultGuard,
        has_unread: Callable[[], bool] = lambda: False,
    ) -> None:
        """Prepare threads for the generators.

        Args:
            scheduler: Says what to generate; used by nobody else.
            generators: Those of the scheduler.
            clock: Monotonic seconds.
            stall_s: A call that runs longer may be abandoned.
            on_batch_done: Called with each batch whose sessions have new messages.
            on_session_failed: Called with each session that a fault ended.
            metrics: Counts calls.
            guard: Contains faults.
            has_unread: Returns whether received messages of sessions' clients wait to be handled.
        """
        self._scheduler = scheduler
        self._clock = clock
        self._stall_s = stall_s
        self._on_batch_done = on_batch_done
        self._on_session_failed = on_session_failed
        self._metrics = metrics
        self._guard = guard
        self._has_unread = has_unread
        self._awake = asyncio.Event()
        self._generators = tuple(generators)
        # By level of the fallback chain: the free workers, how many are busy, and whether abandoned calls still run.
        self._free: list[list[Worker]] = [[] for _ in generators]
        self._busy = [0 for _ in generators]
        self._hanging: dict[int, list[Callable[[], bool]]] = {}
        self._running: set[asyncio.Task[None]] = set()

    def wake(self) -> None:
        """Look for work at once: something happened that may want music."""
        self._awake.set()

    async def run(self) -> None:
        """Generate until cancelled."""
        try:
            while True:
                self._awake.clear()
                with self._guard.task("generation"):
                    self._begin_all()
                # Not asyncio.wait_for: before Python 3.12 it loses a cancellation that comes together with a wake.
                due_s = self._clock() + self._wait_s()
                timer = asyncio.get_running_loop().call_later(due_s - self._clock(), self._awake.set)
                try:
                    await self._awake.wait()
                finally:
                    timer.cancel()
                if self._clock() - due_s > SUSPENDED_S:
                    await self._wait_for_reading()
                for task in [task for task in self._running if task.done()]:
                    self._running.remove(task)
                    task.result()
        finally:
            for task in self._running:
                task.cancel()

    async def _wait_for_reading(self) -> None:
        """Begin nothing until the messages that came while the process was suspended are handled."""
        end_s, was_read = self._clock() + _MOST_READING_S, False
        while self._clock() < end_s:
            # In each wait the loop reads what has arrived in the sockets; nothing else shows that it is there.
            await asyncio.sleep(_READING_POLL_S)
            if was_read and not self._has_unread():
                return
            was_read = not self._has_unread()

    def close(self, timeout_s: float) -> None:
        """End the free threads, waiting for each up to the timeout."""
        for workers in self._free:
            for worker in workers:
                worker.close(timeout_s)

    def _wait_s(self) -> float:
        """Return how long to wait until the next work, in seconds."""
        if self._hanging:
            return _SHORTEST_WAIT_S
        return min(max(self._scheduler.idle_s(self._clock()), _SHORTEST_WAIT_S), _LONGEST_WAIT_S)

    def _begin_all(self) -> None:
        """Give each free worker the most urgent batch for it."""
        while batch := self._scheduler.next_batch(self._clock(), self._is_available):
            level = batch[0][1].spec.level
            if self._hangs(level):
                self._scheduler.abandon(batch, self._clock(), "the generator still hangs")
                self._on_batch_done(batch)
                continue
            free = self._free[level]
            worker = free.pop() if free else Worker(f"{self._generators[level].name} {self._busy[level]}")
            self._busy[level] += 1
            task = asyncio.ensure_future(self._generate(batch, level, worker))
            task.add_done_callback(lambda done: self.wake())
            self._running.add(task)
        for session in self._scheduler.broken():
            self._on_session_failed(session)

    def _is_available(self, level: int) -> bool:
        """Return whether a batch of this level can be handled now; a level that hangs refuses it for the next one."""
        if self._hangs(level):
            return level < len(self._generators) - 1
        return self._busy[level] + len(self._hanging.get(level, ())) < self._generators[level].threads

    def _hangs(self, level: int) -> bool:
        """Return whether abandoned calls of this level still run, so many that there is room for no other."""
        still = [runs for runs in self._hanging.pop(level, ()) if runs()]
        if still:
            self._hanging[level] = still
        return len(still) >= self._generators[level].threads

    async def _generate(self, batch: Batch, level: int, worker: Worker) -> None:
        with self._guard.task("generation"):
            try:
                outcome = await self._call(batch, level, worker)
                if outcome is not None:
                    self._metrics.generated(seconds=outcome.seconds, sessions=len(batch))
                    self._scheduler.complete(batch, outcome, self._clock())
            except BaseException as error:
                # Nobody waits for these jobs any more.
                self._scheduler.abandon(batch, self._clock(), f"{type(error).__name__}: {error}")
                raise
            finally:
                self._busy[level] -= 1
                self._free[level].append(worker)
                self._on_batch_done(batch)

    async def _call(self, batch: Batch, level: int, worker: Worker) -> JobResult | None:
        """Generate a batch; None if the call hung and was abandoned with its jobs."""
        started_s = self._clock()
        call = asyncio.ensure_future(worker.call(self._scheduler.generate, batch))
        try:
            while not call.done():
                waited_s = self._clock()
                await asyncio.wait({call}, timeout=_SHORTEST_WAIT_S)
                # While the process was suspended, so was the call.
                started_s += max(0.0, self._clock() - waited_s - SUSPENDED_S)
                seconds = self._clock() - started_s
                if not call.done() and seconds > self._stall_s and self._is_starving():
                    self._hanging.setdefault(level, []).append(worker.abandon())
                    log.error("the generator hangs", extra={"level": level, "seconds": round(seconds, 3)})
                    self._scheduler.abandon(batch, self._clock(), f"the generator did not return for {seconds:.1f} s")
                    self._metrics.stalled()
                    return None
            return call.result()
        finally:
            call.cancel()

    def _is_starving(self) -> bool:
        """Return whether a session will soon have no sound; a held one wants none."""
        now_s = self._clock()
        for session in self._scheduler.sessions:
            with self._scheduler.guarding(session):
                if not session.held and buffered_s(session, now_s) < _STARVING_S:
                    return True
        return False


def buffered_s(session: Session, now_s: float) -> float:
    """Return the seconds of sound that a session's client has not handed to its engine yet."""
    return (session.head * FRAME_SIZE - session.latency.committed(now_s)) / SAMPLE_RATE
