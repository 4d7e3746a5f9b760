"""Keeps a fault of our own to where it happened: it ends one session, or one turn of a task, and nothing else.

All that is done for one session runs under `session`, or calls `fault` where it handles the exception itself. All that
the service does in turns runs under `turn`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from segue.service.live import LiveSession
from segue.service.metrics import Metrics

log = logging.getLogger(__name__)


class Guard:
    """give_up: ends a session and tells its client so; set by whoever knows the clients."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self.give_up: Callable[[LiveSession], None] = lambda live: None

    @contextmanager
    def session(self, live: LiveSession, where: str) -> Iterator[None]:
        """Do something for a session: whatever it raises ends that session. where: for the log and the metrics."""
        try:
            yield
        except Exception:
            self.fault(where, live)

    @contextmanager
    def turn(self, where: str) -> Iterator[None]:
        """Do something for the service: whatever it raises is logged, and the service goes on."""
        try:
            yield
        except Exception:
            self.fault(where)

    def fault(self, where: str, live: LiveSession | None = None) -> None:
        """An exception is being handled that should not have been raised. live: whose session ends for it.

        Raises nothing.
        """
        # A log or a counter that fails must not keep the session from being ended.
        with suppress(Exception):
            name = live.name if live is not None else ""
            log.exception("a fault of the service", extra={"where": where, "session": name})
        with suppress(Exception):
            self._metrics.fault(where)
        if live is not None:
            try:
                self.give_up(live)
            except Exception:
                with suppress(Exception):
                    log.exception("a broken session could not be ended", extra={"where": where, "session": live.name})
