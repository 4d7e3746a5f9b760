"""Does a recorded session's operations again: same operations, same bytes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from segue.contract import Generator
from segue.runtime.messages import Message
from segue.runtime.session import Operation, Session


def replay(
    session: Session, generators: Sequence[Generator[Any]], operations: Iterable[Operation]
) -> Iterator[Message]:
    """Run a journal on a fresh session, batch of one. Yields: what the session says, in order.

    Raises: ValueError if the journal does not fit the session's rules or starts elsewhere.
    """
    for operation in operations:
        if operation[0] == "event":
            session.apply(operation[1], operation[2])
        else:
            want = operation[1]
            job = session.begin(want, now_s=0.0)
            (result,) = generators[want.rung].generate([job.request])
            session.complete(job, result, seconds=0.0)
        yield from session.messages()
