"""Runs sessions' jobs on generators: the earliest deadline first, but no change that makes other music come too late.

A failure goes to the fallback chain.

One thread plans and completes jobs, others may generate meanwhile: `generate` alone touches no session.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, TypeAlias

import numpy as np

from segue.contract import CHANNELS, FRAME_SIZE, PRE_ROLL_S, SAMPLE_RATE, Generator, Request, Result
from segue.runtime.fallback import FallbackChain
from segue.runtime.jobs import Job, JobSpec
from segue.runtime.session import Session

log = logging.getLogger(__name__)

# So much later comes what may be late because the client goes back to older music, where it is silent otherwise.
_OLDER_SAMPLES: Final = SAMPLE_RATE // 10
_PRE_ROLL_SAMPLES: Final = round(PRE_ROLL_S * SAMPLE_RATE)
# Sessions go to a simpler generator one by one, so that not more go than have to.
_RELIEF_S: Final = 1.0
# Calls may take so many times as long as they usually do.
_HURRY: Final = 1.5

Batch: TypeAlias = list[tuple[Session, Job]]


class _Candidate(NamedTuple):
    """A job that could begin; the least comes first.

    Attributes:
        slack: The samples until it is needed.
        number: Counts the candidates.
        seconds: How much time of its generator it usually takes.
    """

    slack: int
    number: int
    seconds: float
    session: Session
    spec: JobSpec


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
        # When a session went to a simpler generator because the machine was too busy.
        self._relieved_s = -math.inf

    @property
    def sessions(self) -> Iterable[Session]:
        """The sessions that are served."""
        return tuple(self._chains)

    def add(self, session: Session, primary: int | None = None) -> None:
        """Serve a session from now on.

        Args:
            primary: Level of its chosen generator, the session's own if None.
        """
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
        candidates: list[_Candidate] = []
        for session, chain in list(self._chains.items()):
            with self.guarding(session):
                may_leave = now_s - self._relieved_s >= _RELIEF_S
                if chain.relieves(session.latency.underruns, now_s, may_leave=may_leave):
                    self._relieved_s = now_s
                change = chain.take_change()
                if change is not None:
                    session.set_level(change.level, change.reason)
                # A job that cannot begin now is not looked for at every message of every client.
                spec = session.next_job(now_s) if is_free(session.level) else None
                if spec is not None:
                    committed = session.latency.committed(now_s)
                    slack = spec.deadline - committed
                    if session.latency.music_end == committed:
                        # The client stands, silent, until it has so much.
                        slack -= _PRE_ROLL_SAMPLES
                    else:
                        # Older music is not what it should be, but better than silence.
                        older = session.playable_end * FRAME_SIZE - spec.deadline
                        slack += max(0, min(older, _OLDER_SAMPLES))
                    generator = self._generators[spec.level]
                    frames = (spec.end - spec.origin) / (generator.rows * generator.threads)
                    seconds = frames * session.latency.frame_s
                    candidates.append(_Candidate(slack, len(candidates), seconds, session, spec))
        candidates.sort(key=lambda candidate: candidate[:2])
        if not candidates:
            return []
        candidates = _fitting(candidates)
        first = candidates[0].spec
        most = min(self._max_batch, self._generators[first.level].rows)
        batch: Batch = []
        for *_, session, spec in candidates:
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


def _fitting(candidates: list[_Candidate]) -> list[_Candidate]:
    """Return jobs in their order, the changes last if music that is needed would come too late after the first.

    A change that waits is made a little later, in older music that plays; music that comes too late leaves silence.
    """
    if candidates[0].spec.reason != "replace":
        return candidates
    until_s = candidates[0].seconds
    others = [one for one in candidates if one.spec.reason != "replace"]
    for one in others:
        until_s += one.seconds
        if _HURRY * until_s * SAMPLE_RATE > one.slack:
            return [*others, *(change for change in candidates if change.spec.reason == "replace")]
    return candidates


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
