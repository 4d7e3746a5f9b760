"""Runs sessions' jobs on generators: sessions about to underrun first, then the earliest deadline.

A failure goes to the fallback chain.

One thread plans and completes jobs, others may generate meanwhile: `generate` alone touches no session.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np

from segue.contract import CHANNELS, FRAME_SIZE, SAMPLE_RATE, Generator, Request, Result
from segue.runtime.fallback import FallbackChain
from segue.runtime.jobs import Job, JobSpec
from segue.runtime.session import Session

log = logging.getLogger(__name__)

# A client with so little music left comes before all others. That is early enough, because a job takes a fraction of
# it. More would be worse: on a busy machine all sessions come near it, and changes would have to wait for them.
_NEARLY_EMPTY_SAMPLES: Final = SAMPLE_RATE // 5

Batch: TypeAlias = list[tuple[Session, Job]]


@dataclass(frozen=True, kw_only=True)
class JobResult:
    """What the jobs of a batch gave.

    Attributes:
        results: One for each job, in order; none if the batch failed.
        failure: Why it failed, "" if it did not.
        seconds: How long the generator took.
    """

    results: tuple[Result[Any], ...] = ()
    failure: str = ""
    seconds: float


class Scheduler:
    """Serves sessions that share one fallback chain of generators."""

    def __init__(
        self, generators: Sequence[Generator[Any]], timer: Callable[[], float], *, max_batch: int = 16
    ) -> None:
        """Serve no session yet.

        Args:
            generators: The fallback chain.
            timer: Gives the seconds of a clock that measures generation.
            max_batch: Most rows generated in one call.
        """
        self._generators = tuple(generators)
        self._timer = timer
        self._max_batch = max_batch
        self._chains: dict[Session, FallbackChain] = {}
        self._broken: list[Session] = []

    @property
    def sessions(self) -> Iterable[Session]:
        """The sessions that are served."""
        return tuple(self._chains)

    def add(self, session: Session, primary: int | None = None) -> None:
        """Serve a session from now on. primary: level of its chosen generator, the session's own if None."""
        primary = session.primary if primary is None else primary
        self._chains[session] = FallbackChain(levels=len(self._generators), primary=primary)
        self.set_primary(session, primary)

    def remove(self, session: Session) -> None:
        """Stop serving a session, and give up its job in flight."""
        self._chains.pop(session, None)
        if session.in_flight is not None:
            session.fail(session.in_flight)

    def set_primary(self, session: Session, primary: int) -> None:
        """Choose a session's generator, by its level, and forget all failures; sessions not served are ignored."""
        if session not in self._chains:
            return
        self._chains[session] = FallbackChain(levels=len(self._generators), primary=primary)
        if (session.primary, session.level) != (primary, primary):
            session.set_primary(primary)

    def next_batch(self, now_s: float, is_free: Callable[[int], bool] = lambda level: True) -> Batch:
        """Return the most urgent job and those that can be generated with it, all in flight now.

        Args:
            now_s: The present time.
            is_free: Whether a batch of this level can be generated now; others wait.

        Returns:
            The batch, empty if there is nothing to do.
        """
        specs: list[tuple[bool, int, int, Session, JobSpec]] = []
        for session, chain in list(self._chains.items()):
            with self.guarding(session):
                change = chain.take_change()
                if change is not None:
                    session.set_level(change.level, change.reason)
                # A job that cannot begin now is not looked for at every message of every client.
                spec = session.next_job(now_s) if is_free(session.level) else None
                if spec is not None:
                    committed = session.latency.committed(now_s)
                    slack = spec.deadline - committed
                    # A change can wait while the old music plays, and so can what follows it; silence cannot.
                    remaining = session.playable_end * FRAME_SIZE - committed
                    can_wait = spec.reason == "replace" or remaining >= _NEARLY_EMPTY_SAMPLES
                    specs.append((can_wait, slack, len(specs), session, spec))
        specs.sort(key=lambda entry: entry[:3])
        if not specs:
            return []
        first = specs[0][4]
        most = min(self._max_batch, self._generators[first.level].rows)
        batch: Batch = []
        for *_, session, spec in specs:
            if spec.shape == first.shape and len(batch) < most:
                with self.guarding(session):
                    batch.append((session, session.begin(spec, now_s)))
        return batch

    def idle_s(self, now_s: float) -> float:
        """Return for how many seconds no session has a next job unless something happens; inf without sessions."""
        least = math.inf
        for session in list(self._chains):
            with self.guarding(session):
                least = min(least, session.idle_s(now_s))
        return least

    def generate(self, batch: Batch) -> JobResult:
        """Play a batch's jobs; another thread may call it, because it touches no session.

        A generator's exception becomes a failure in the result.
        """
        generator = self._generators[batch[0][1].spec.level]
        requests = [job.request for _, job in batch]
        started = self._timer()
        try:
            results = tuple(generator.generate(requests))
            _check(requests, results)
        # A generator is foreign code: whatever it raises steps down a level and never ends the music.
        except Exception as error:
            log.exception("generator %s failed", generator.name)
            return JobResult(failure=f"{type(error).__name__}: {error}", seconds=self._timer() - started)
        return JobResult(results=results, seconds=self._timer() - started)

    def complete(self, batch: Batch, result: JobResult, now_s: float) -> None:
        """Give each session its sound, or its fallback chain a failure.

        Sessions removed and jobs abandoned meanwhile get neither.
        """
        if result.failure:
            self.abandon(batch, now_s, result.failure)
            return
        for (session, job), one in zip(batch, result.results, strict=True):
            with self.guarding(session):
                if self._is_in_flight(session, job):
                    session.complete(job, one, result.seconds, now_s)
                    self._chains[session].succeeded(now_s)

    def abandon(self, batch: Batch, now_s: float, reason: str) -> None:
        """Stop waiting for a batch: its jobs fail, and its sessions step down a level."""
        for session, job in batch:
            with self.guarding(session):
                if self._is_in_flight(session, job):
                    session.fail(job)
                    self._chains[session].failed(now_s, reason)

    def broken(self) -> list[Session]:
        """Return the sessions given up since the last call because their own code raised; they are not served."""
        broken, self._broken = self._broken, []
        return broken

    @contextmanager
    def guarding(self, session: Session) -> Iterator[None]:
        """Do something for a session; if it raises, give up this session alone."""
        try:
            yield
        except Exception:
            log.exception("a session failed and is given up")
            self._chains.pop(session, None)
            self._broken.append(session)

    def _is_in_flight(self, session: Session, job: Job) -> bool:
        return session in self._chains and session.in_flight is job


def _check(requests: Sequence[Request[Any]], results: Sequence[Result[Any]]) -> None:
    """Check that clients can play the sound.

    Raises:
        ValueError: They cannot.
    """
    if len(results) != len(requests):
        raise ValueError(f"expected {len(requests)} results, got {len(results)}")
    for request, result in zip(requests, results, strict=True):
        samples, expected = result.chunk.samples, (request.conditioning.num_frames * FRAME_SIZE, CHANNELS)
        if samples.shape != expected or not np.isfinite(samples).all():
            raise ValueError(f"expected finite samples of shape {expected}, got {samples.shape}")
