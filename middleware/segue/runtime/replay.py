"""Does a recorded session's operations again: same operations, same bytes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from segue.contract import Generator
from segue.runtime.messages import Message
from segue.runtime.session import Job, Operation, Session


def replay(
    session: Session, generators: Sequence[Generator[Any]], operations: Iterable[Operation]
) -> Iterator[Message]:
    """Run a journal on a fresh session, batch of one. Yields: what the session says, in order.

    Raises: ValueError if the journal is not one of a session's.
    """
    job: Job | None = None
    for operation in operations:
        if operation[0] == "event":
            session.apply(operation[1], operation[2])
        elif operation[0] == "begun":
            job = session.begin(operation[1], now_s=0.0)
        elif job is None or job.want != operation[1]:
            raise ValueError(f"expected a job to have begun before it is {operation[0]}: {operation[1]}")
        elif operation[0] == "done":
            (result,) = generators[job.want.rung].generate([job.request])
            session.complete(job, result, seconds=0.0)
        else:
            session.fail(job)
        yield from session.messages()
