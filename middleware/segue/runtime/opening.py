"""Where a session's music goes on from: the start, or what a snapshot lets be taken up of another session's."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any, Literal, NamedTuple, TypeAlias

from segue.contract import Generator
from segue.runtime import mastering
from segue.runtime.snapshot import Snapshot
from segue_rules.director import Director, DirectorState, drop_pending, pack, shift_state, unpack
from segue_rules.events import Event
from segue_rules.model import Rules

log = logging.getLogger(__name__)

# What was taken up: rules and sound; the rules' side alone; neither.
Outcome: TypeAlias = Literal["all", "rules", "nothing"]


class Origin(NamedTuple):
    """What an opening was made from, so that it can be made again."""

    snapshot: Snapshot | None
    frame: int
    seed: int
    home: int
    outcome: Outcome


class Opening(NamedTuple):
    """All that a session needs to go on before `frame`. take: of its first chunk. state: of the generator on `rung`.

    director: under `rules`. events: still to take effect, by frame. last_event: the greatest number taken before.
    """

    frame: int
    take: int
    rung: int
    rules: Rules
    director: DirectorState
    state: Any
    master: mastering.MasterState
    events: tuple[tuple[int, Event], ...]
    last_event: int
    origin: Origin


def opening(
    snapshot: Snapshot | None,
    *,
    rules: Rules,
    generators: Sequence[Generator[Any]],
    home: int,
    frame: int,
    seed: int,
    take: int = 0,
) -> tuple[Opening, Outcome]:
    """Take up what can be of a snapshot, so that it goes on at `frame`; begin anew with the rest.

    A pure function, for another thread: a generator may need a second to reach its state.
    Args: seed: of music that begins anew. take: of the first chunk.
    """
    generator = generators[home]
    director = shift_state(Director(rules).start(), frame)
    events: tuple[tuple[int, Event], ...] = ()
    outcome: Outcome = "nothing"
    state = None
    if snapshot is not None and (memory := _remembered(snapshot, rules, frame)) is not None:
        (director, events), outcome = memory, "rules"
        state = _played(snapshot, generator, frame)
    if snapshot is not None and state is not None:
        outcome, master = "all", mastering.unpack(snapshot.master)
    else:
        state = generator.start(seed=seed, frame=frame)
        master = mastering.start(Director(rules).step(director, frame)[1])
    made = Opening(
        frame=frame,
        take=take,
        rung=home,
        rules=rules,
        director=director,
        state=state,
        master=master,
        events=events,
        last_event=snapshot.last_event if snapshot is not None and outcome != "nothing" else 0,
        origin=Origin(snapshot=snapshot, frame=frame, seed=seed, home=home, outcome=outcome),
    )
    return made, outcome


def _remembered(
    snapshot: Snapshot, rules: Rules, frame: int
) -> tuple[DirectorState, tuple[tuple[int, Event], ...]] | None:
    """The director's state before `frame` and the events still to come; None if it cannot be used."""
    memory = snapshot.memory()
    try:
        state = unpack(memory.state, rules)
    except ValueError as error:
        log.warning("saved rules' state not taken up: %s", error)
        return None
    shift = frame - state.frame
    if shift or pack(state, rules) != memory.state:
        # At another place, or under other rules, what waited was promised to nobody and may not fit.
        state = drop_pending(shift_state(state, shift))
    return state, tuple((max(frame, at + shift), event) for at, event in memory.events)


def _played(snapshot: Snapshot, generator: Generator[Any], frame: int) -> Any:
    """The generator's state before `frame`; None where another model played, or none that can be taken up."""
    if not snapshot.history or snapshot.model != generator.model:
        return None
    try:
        return generator.unpack(snapshot.history, frame=frame)
    except ValueError as error:
        log.warning("saved sound not taken up by %s: %s", generator.name, error)
        return None
