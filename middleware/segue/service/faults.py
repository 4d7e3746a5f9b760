"""Contains faults of the service's own code: a fault ends one session, or one pass of a task, and nothing else."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from segue.service.monitoring import Metrics
from segue.service.server_session import ServerSession

log = logging.getLogger(__name__)


class FaultGuard:
    """Runs code so that an exception in it is logged, counted and contained.

    Work for one session runs under `session`, work for the whole service under `task`. Code that handles exceptions
    itself calls `fault`.

    Attributes:
        end_session: Ends a session and tells its client; set by the connection handler.
    """

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self.end_session: Callable[[ServerSession], None] = lambda session: None

    @contextmanager
    def session(self, session: ServerSession, where: str) -> Iterator[None]:
        """Run the block for a session; an exception ends that session.

        Args:
            where: For the log and the metrics.
        """
        try:
            yield
        except Exception:
            self.fault(where, session)

    @contextmanager
    def task(self, where: str) -> Iterator[None]:
        """Run the block for the service; after an exception the service goes on.

        Args:
            where: For the log and the metrics.
        """
        try:
            yield
        except Exception:
            self.fault(where)

    def fault(self, where: str, session: ServerSession | None = None) -> None:
        """Log and count the exception being handled. Raises nothing.

        Args:
            where: What was being done, for the log and the metrics.
            session: The session to end because of it.
        """
        # A log or a counter that fails must not keep the session from being ended.
        with suppress(Exception):
            name = session.name if session is not None else ""
            log.exception("a fault of the service", extra={"where": where, "session": name})
        with suppress(Exception):
            self._metrics.fault(where)
        if session is not None:
            try:
                self.end_session(session)
            except Exception:
                with suppress(Exception):
                    fields = {"where": where, "session": session.name}
                    log.exception("a broken session could not be ended", extra=fields)
