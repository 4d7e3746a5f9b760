"""Runs sessions' jobs on generators: earliest deadline first, equal shapes as a batch, failures to the ladder."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from segue.contract import Generator
from segue.runtime.ladder import Ladder
from segue.runtime.session import Job, Session, Want

log = logging.getLogger(__name__)

Batch: TypeAlias = list[tuple[Session, Job]]


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

    def add(self, session: Session) -> None:
        """Serve a session from now on."""
        self._ladders[session] = Ladder(rungs=len(self._generators))

    def remove(self, session: Session) -> None:
        """Serve a session no longer. Raises: KeyError if it is not served."""
        del self._ladders[session]

    def run_once(self, now_s: float) -> int:
        """Generate the most urgent batch. Returns: how many jobs it held, 0 if no session wants any."""
        batch = self.next_batch(now_s)
        if batch:
            self.run(batch, now_s)
        return len(batch)

    def next_batch(self, now_s: float) -> Batch:
        """The most urgent job and those that can be generated with it; all of them are in flight."""
        wants: list[tuple[int, int, Session, Want]] = []
        for session, ladder in self._ladders.items():
            step = ladder.due()
            if step is not None:
                session.step_ladder(step.rung, step.reason)
            want = session.want(now_s)
            if want is not None:
                slack = want.deadline - session.pace.committed(now_s)
                wants.append((slack, len(wants), session, want))
        wants.sort(key=lambda entry: entry[:2])
        shape = wants[0][3].shape if wants else None
        alike = [(session, want) for _, _, session, want in wants if want.shape == shape]
        return [(session, session.begin(want, now_s)) for session, want in alike[: self._max_batch]]

    def run(self, batch: Batch, now_s: float) -> None:
        """Generate a batch; each session gets its sound, or its ladder a failure."""
        generator = self._generators[batch[0][1].want.rung]
        started = self._timer()
        try:
            results = generator.generate([job.request for _, job in batch])
        # A generator is foreign code: whatever it raises is a step down the ladder, never the end of the music.
        except Exception as error:
            log.exception("generator %s failed", generator.name)
            for session, job in batch:
                session.fail(job)
                self._ladders[session].failed(now_s, f"{type(error).__name__}: {error}")
            return
        seconds = self._timer() - started
        for (session, job), result in zip(batch, results, strict=True):
            session.complete(job, result, seconds)
            self._ladders[session].succeeded(now_s)
