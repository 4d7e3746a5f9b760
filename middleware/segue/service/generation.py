"""Keeps the generator busy with the most urgent batch; a call that hangs is left behind before it is heard."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from typing import Final

from segue.contract import FRAME_SIZE, SAMPLE_RATE
from segue.runtime.scheduler import Batch, Scheduler
from segue.runtime.session import Session
from segue.service.metrics import Metrics
from segue.service.worker import Worker

log = logging.getLogger(__name__)

# How often wants are looked for while nobody calls `wake`: credit grows with time.
_IDLE_S: Final = 0.02
# A call that takes long is left alone while every session has more sound than this.
_STARVING_S: Final = 1.0


class Generation:
    """The only user of the scheduler and of the generator's thread."""

    def __init__(
        self,
        scheduler: Scheduler,
        worker: Worker,
        clock: Callable[[], float],
        *,
        stall_s: float,
        landed: Callable[[Batch], None],
        broke: Callable[[Session], None],
        metrics: Metrics,
    ) -> None:
        """stall_s: a call that runs longer is suspect. landed: told of each batch whose sessions have news.

        broke: told of a session that was given up.
        """
        self._scheduler = scheduler
        self._worker = worker
        self._clock = clock
        self._stall_s = stall_s
        self._landed = landed
        self._broke = broke
        self._metrics = metrics
        self._awake = asyncio.Event()
        # By rung: whether a call that was left behind still runs there.
        self._hanging: dict[int, Callable[[], bool]] = {}

    def wake(self) -> None:
        """Something came that may want music at once."""
        self._awake.set()

    async def run(self) -> None:
        """For ever, until cancelled."""
        while True:
            self._awake.clear()
            batch = self._scheduler.next_batch(self._clock())
            for session in self._scheduler.broken():
                self._broke(session)
            if batch:
                await self._generate(batch)
                self._landed(batch)
            else:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._awake.wait(), _IDLE_S)

    async def _generate(self, batch: Batch) -> None:
        rung, started = batch[0][1].want.rung, self._clock()
        if rung in self._hanging:
            if self._hanging[rung]():
                self._scheduler.abandon(batch, started, "the generator still hangs")
                return
            del self._hanging[rung]
        call = asyncio.ensure_future(self._worker.call(self._scheduler.generate, batch))
        while not call.done():
            await asyncio.wait({call}, timeout=_IDLE_S)
            seconds = self._clock() - started
            if not call.done() and seconds > self._stall_s and self._starving():
                self._hanging[rung] = self._worker.abandon()
                call.cancel()
                log.error("the generator hangs", extra={"rung": rung, "seconds": round(seconds, 3)})
                self._scheduler.abandon(batch, self._clock(), f"the generator did not return for {seconds:.1f} s")
                self._metrics.stalled()
                return
        outcome = call.result()
        self._metrics.generated(seconds=outcome.seconds, sessions=len(batch))
        self._scheduler.land(batch, outcome, self._clock())

    def _starving(self) -> bool:
        """Whether a session will soon run dry."""
        now_s = self._clock()
        return any(buffered_s(session, now_s) < _STARVING_S for session in self._scheduler.sessions)


def buffered_s(session: Session, now_s: float) -> float:
    """Seconds of sound that a session's client has not handed to its engine yet."""
    return (session.head * FRAME_SIZE - session.pace.committed(now_s)) / SAMPLE_RATE
