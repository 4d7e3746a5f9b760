"""Does a recorded session's operations again: same operations, same bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from segue.contract import Generator
from segue.runtime.edition import Edition
from segue.runtime.journal import Operation
from segue.runtime.messages import Message
from segue.runtime.opening import Opening, opening
from segue.runtime.recorder import Recorded, RecordedOpening, RecordedRules, RecordingError
from segue.runtime.session import Session
from segue.runtime.wants import Job
from segue_rules.model import Rules


def replay(
    session: Session, generators: Sequence[Generator[Any]], operations: Iterable[Operation]
) -> Iterator[Message]:
    """Run a journal on a fresh session, batch of one. Yields: what the session says, in order.

    Raises: ValueError if the journal is not one of a session's.
    """
    job: Job | None = None
    for operation in operations:
        match operation:
            case ("event", event, frame):
                session.apply(event, frame)
            case ("reload", edition, frame):
                session.take_up(edition, frame)
            case ("restore", opened, frame, take):
                session.take_over(opened, frame, take)
            case ("reset", frame):
                session.start_over(frame)
            case ("home", home):
                session.go_home(home)
            case ("begun", want):
                job = session.begin(want, now_s=0.0)
            case (kind, want):
                if job is None or job.want != want:
                    raise ValueError(f"expected a job to have begun before it is {kind}: {want}")
                if kind == "done":
                    (result,) = generators[want.rung].generate([job.request])
                    session.complete(job, result, seconds=0.0)
                else:
                    session.fail(job)
        yield from session.messages()


def revived(
    operations: Iterable[Recorded],
    rules: Rules,
    generators: Sequence[Generator[Any]],
    load: Callable[[RecordedRules], Edition],
) -> Iterator[Operation]:
    """A recording's operations as a session takes them: rules loaded, openings made again.

    Args: rules: those the session begins with. load: rules and styles from the recorded texts.
    Raises: RecordingError if an opening takes up less than it did, or more.
    """
    for operation in operations:
        match operation:
            case ("reload", texts, frame):
                edition = load(texts)
                rules = edition.rules
                yield "reload", edition, frame
            case ("restore", saved, frame, take):
                yield "restore", reopened(saved, rules, generators), frame, take
            case _:
                yield operation


def reopened(saved: RecordedOpening, rules: Rules, generators: Sequence[Generator[Any]]) -> Opening:
    """A recorded opening, made again. Raises: RecordingError if it does not come out as it did."""
    snapshot, frame, seed, home, outcome = saved.origin
    made, now = opening(
        snapshot, rules=rules, generators=generators, home=home, frame=frame, seed=seed, take=saved.take
    )
    if now != outcome:
        raise RecordingError(f"a restore at frame {frame} took up {outcome!r} when it was recorded, now {now!r}")
    return made
