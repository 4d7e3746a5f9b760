"""Plays the journal of a session again: the same operations give the same messages, byte for byte."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from segue.contract import Generator
from segue.runtime.jobs import Job
from segue.runtime.journal import Operation
from segue.runtime.messages import SessionMessage
from segue.runtime.planner import RulesVersion
from segue.runtime.recording import RecordedOperation, RecordedRestorePoint, RecordedRules, RecordingError
from segue.runtime.restore import RestorePoint, make_restore_point
from segue.runtime.session import Session
from segue_rules.model import Rules


def replay(
    session: Session, generators: Sequence[Generator[Any]], operations: Iterable[Operation]
) -> Iterator[SessionMessage]:
    """Do a journal's operations again on a fresh session, one job at a time.

    Args:
        session: A session that begins like the recorded one.
        generators: Its fallback chain.
        operations: The journal.

    Yields:
        The session's messages.

    Raises:
        ValueError: The operations are not those of a session.
    """
    job: Job | None = None
    for operation in operations:
        match operation:
            case ("event", event, frame):
                session.apply_event(event, frame)
            case ("reload", rules_version, frame):
                session.apply_reload(rules_version, frame)
            case ("restore", point, frame, take):
                session.apply_restore(point, frame, take)
            case ("primary", primary):
                session.set_primary(primary)
            case ("begun", spec):
                job = session.begin(spec, now_s=0.0)
            case (kind, spec):
                if job is None or job.spec != spec._replace(change=job.spec.change):
                    raise ValueError(f"expected a job to have begun before it is {kind}: {spec}")
                if kind == "done":
                    (result,) = generators[spec.level].generate([job.request])
                    session.complete(job, result, seconds=0.0, opening=spec.change)
                else:
                    session.fail(job)
        # The recorded session did so at its client's reports, which a journal does not hold.
        session.announce()
        yield from session.messages()


def resolve_operations(
    operations: Iterable[RecordedOperation],
    rules: Rules,
    generators: Sequence[Generator[Any]],
    load: Callable[[RecordedRules], RulesVersion],
) -> Iterator[Operation]:
    """Yield a recording's operations as a session takes them: with rules loaded and restore points made again.

    Args:
        operations: The recorded operations.
        rules: The rules that the session begins with.
        generators: Its fallback chain.
        load: Loads rules and styles from the recorded texts.

    Raises:
        RecordingError: A restore gives less than it did when it was recorded, or more.
    """
    for operation in operations:
        match operation:
            case ("reload", texts, frame):
                rules_version = load(texts)
                rules = rules_version.rules
                yield "reload", rules_version, frame
            case ("restore", recorded, frame, take):
                yield "restore", remake_restore_point(recorded, rules, generators), frame, take
            case _:
                yield operation


def remake_restore_point(
    recorded: RecordedRestorePoint, rules: Rules, generators: Sequence[Generator[Any]]
) -> RestorePoint:
    """Make a recorded restore point again.

    Raises:
        RecordingError: It gives less than it did when it was recorded, or more.
    """
    snapshot, frame, seed, primary, outcome = recorded.origin
    point, now = make_restore_point(
        snapshot, rules=rules, generators=generators, primary=primary, frame=frame, seed=seed, take=recorded.take
    )
    if now != outcome:
        raise RecordingError(f"a restore at frame {frame} gave {outcome!r} when it was recorded, now {now!r}")
    return point
