"""Runs sessions' jobs on generators: who runs dry first, then the earliest deadline; failures go to the ladder.

One thread plans and lands, others may generate meanwhile: `generate` alone touches no session.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np

from segue.contract import CHANNELS, FRAME_SIZE, SAMPLE_RATE, Generator, Request, Result
from segue.runtime.ladder import Ladder
from segue.runtime.session import Session
from segue.runtime.wants import Job, Want

log = logging.getLogger(__name__)

# A client with so little music left comes before all others. In time enough: a job takes a fraction of it; and no more
# than that, for on a busy machine all sessions come near it, and changes would have to wait for them.
_NEARLY_DRY: Final = SAMPLE_RATE // 5

Batch: TypeAlias = list[tuple[Session, Job]]


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of a batch. results: one for each job, in order; none if `failure` says why. seconds: it took."""

    results: tuple[Result[Any], ...] = ()
    failure: str = ""
    seconds: float


class Scheduler:
    """Serves sessions that share one ladder of generators.

    timer: seconds of a clock that measures generation. max_batch: rows generated in one call.
    """

    def __init__(
        self, generators: Sequence[Generator[Any]], timer: Callable[[], float], *, max_batch: int = 16
    ) -> None:
        self._generators = tuple(generators)
        self._timer = timer
        self._max_batch = max_batch
        self._ladders: dict[Session, Ladder] = {}
        self._broken: list[Session] = []

    @property
    def sessions(self) -> Iterable[Session]:
        """Those that are served."""
        return tuple(self._ladders)

    def add(self, session: Session, home: int | None = None) -> None:
        """Serve a session from now on. home: the rung of its chosen generator, the session's own if None."""
        home = session.home if home is None else home
        self._ladders[session] = Ladder(rungs=len(self._generators), home=home)
        self.go_home(session, home)

    def remove(self, session: Session) -> None:
        """Serve a session no longer; its job in flight comes to nothing."""
        self._ladders.pop(session, None)
        if session.in_flight is not None:
            session.fail(session.in_flight)

    def go_home(self, session: Session, home: int) -> None:
        """Choose a session's generator, with all failures forgiven. Nothing happens to one that is not served."""
        if session not in self._ladders:
            return
        self._ladders[session] = Ladder(rungs=len(self._generators), home=home)
        if (session.home, session.rung) != (home, home):
            session.go_home(home)

    def run_once(self, now_s: float) -> int:
        """Generate the most urgent batch. Returns: how many jobs it held, 0 if no session wants any."""
        batch = self.next_batch(now_s)
        if batch:
            self.run(batch, now_s)
        return len(batch)

    def run(self, batch: Batch, now_s: float) -> None:
        """Generate a batch; each session gets its sound, or its ladder a failure."""
        self.land(batch, self.generate(batch), now_s)

    def next_batch(self, now_s: float, is_free: Callable[[int], bool] = lambda rung: True) -> Batch:
        """The most urgent job and those that can be generated with it, now in flight; empty if nothing is wanted.

        is_free: whether a batch of this rung can be generated now; others wait.
        """
        wants: list[tuple[bool, int, int, Session, Want]] = []
        for session, ladder in list(self._ladders.items()):
            with self.guarding(session):
                step = ladder.due()
                if step is not None:
                    session.step_ladder(step.rung, step.reason)
                # What nobody could make now is not asked for at each message of each client.
                want = session.want(now_s) if is_free(session.rung) else None
                if want is not None:
                    committed = session.pace.committed(now_s)
                    slack = want.deadline - committed
                    # A change can wait behind the old music, and so can what follows it; who has no music cannot.
                    can_wait = want.reason == "replace" or session.lasts * FRAME_SIZE - committed >= _NEARLY_DRY
                    wants.append((can_wait, slack, len(wants), session, want))
        wants.sort(key=lambda entry: entry[:3])
        if not wants:
            return []
        first = wants[0][4]
        most = min(self._max_batch, self._generators[first.rung].rows)
        batch: Batch = []
        for *_, session, want in wants:
            if want.shape == first.shape and len(batch) < most:
                with self.guarding(session):
                    batch.append((session, session.begin(want, now_s)))
        return batch

    def generate(self, batch: Batch) -> Outcome:
        """Play a batch's jobs. For another thread: it touches no session, and a generator's failure is an outcome."""
        generator = self._generators[batch[0][1].want.rung]
        requests = [job.request for _, job in batch]
        started = self._timer()
        try:
            results = tuple(generator.generate(requests))
            _check(requests, results)
        # A generator is foreign code: whatever it raises is a step down the ladder, never the end of the music.
        except Exception as error:
            log.exception("generator %s failed", generator.name)
            return Outcome(failure=f"{type(error).__name__}: {error}", seconds=self._timer() - started)
        return Outcome(results=results, seconds=self._timer() - started)

    def land(self, batch: Batch, outcome: Outcome, now_s: float) -> None:
        """Give each session its sound, or its ladder a failure; sessions removed and jobs abandoned get neither."""
        if outcome.failure:
            self.abandon(batch, now_s, outcome.failure)
            return
        for (session, job), result in zip(batch, outcome.results, strict=True):
            with self.guarding(session):
                if self._waits(session, job):
                    session.complete(job, result, outcome.seconds, now_s)
                    self._ladders[session].succeeded(now_s)

    def abandon(self, batch: Batch, now_s: float, reason: str) -> None:
        """Wait no longer for a batch: its jobs fail, and their ladders step down."""
        for session, job in batch:
            with self.guarding(session):
                if self._waits(session, job):
                    session.fail(job)
                    self._ladders[session].failed(now_s, reason)

    def broken(self) -> list[Session]:
        """The sessions given up since the last call, for a fault of ours: they are not served any more."""
        broken, self._broken = self._broken, []
        return broken

    @contextmanager
    def guarding(self, session: Session) -> Iterator[None]:
        """Do something for a session: one session's fault must not silence the others."""
        try:
            yield
        except Exception:
            log.exception("a session broke and is given up")
            self._ladders.pop(session, None)
            self._broken.append(session)

    def _waits(self, session: Session, job: Job) -> bool:
        return session in self._ladders and session.in_flight is job


def _check(requests: Sequence[Request[Any]], results: Sequence[Result[Any]]) -> None:
    """Raises: ValueError for sound that no client could play."""
    if len(results) != len(requests):
        raise ValueError(f"expected {len(requests)} results, got {len(results)}")
    for request, result in zip(requests, results, strict=True):
        samples, expected = result.chunk.samples, (request.conditioning.num_frames * FRAME_SIZE, CHANNELS)
        if samples.shape != expected or not np.isfinite(samples).all():
            raise ValueError(f"expected finite samples of shape {expected}, got {samples.shape}")
