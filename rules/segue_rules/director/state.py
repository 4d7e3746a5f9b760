"""The director's state: everything that a frame needs to know of the frames before it.

It consists of named tuples of plain values. Times are absolute frames, so a state at rest stays equal while time
passes.
"""

from __future__ import annotations

from typing import Final, NamedTuple, TypeAlias

from segue_rules.model import InputValue
from segue_rules.plan import Cause, MusicalClock

# A frame before all others, for what has never happened.
NEVER: Final = -(1 << 40)

Vector: TypeAlias = tuple[float, ...]


class InputNow(NamedTuple):
    """An input.

    origin: Its value in frame `since`, in which the target was set. sequence: The event that set it, -1 for none.
    Of a trigger only `since` counts: the frame of its last firing.
    """

    origin: InputValue
    target: InputValue
    since: int
    sequence: int


class ConditionRun(NamedTuple):
    """The present unbroken run of a condition being true or false. since: Its first frame."""

    holds: bool
    since: int


class Pending(NamedTuple):
    """A decided change that waits for its boundary.

    state: Index in the layer. row: Index of its transition row. predicted: The start as predicted when it was decided.
    """

    state: int
    decided: int
    row: int
    predicted: int
    causes: tuple[Cause, ...]


class LayerNow(NamedTuple):
    """A layer.

    active: Index of the active state, since frame `start`. origin: The mix in which its ramp began.
    row: The transition row of that ramp. runs, cooldowns: For each state, the run of its condition and the end of its
    cooldown.
    """

    active: int
    start: int
    origin: Vector
    row: int
    pending: Pending | None
    runs: tuple[ConditionRun, ...]
    cooldowns: tuple[int, ...]


class StingerNow(NamedTuple):
    """A stinger.

    waiting: Whether it waits for its boundary. start: Of the last one, or NEVER. origin: The envelope of a burst at its
    start.
    """

    waiting: bool
    start: int
    origin: float


class ControlNow(NamedTuple):
    """A continuous control.

    source, active: The layer that decides it (-1 for the top level), and the active state of that layer.
    The ramp leads from `origin` in frame `since` over `frames` (at least 1) along `curve`.
    """

    source: int
    active: int
    origin: float
    since: int
    frames: int
    curve: str


class SwitchNow(NamedTuple):
    """Meter, key or drums. value: In force. source: The layer that decided it."""

    value: int | str
    source: int


class DirectorState(NamedTuple):
    """The state before `frame`.

    weights: Of the layers, as moved. last_mix: The last mix that was not empty.
    """

    frame: int
    clock: MusicalClock
    inputs: tuple[InputNow, ...]
    latches: tuple[bool, ...]
    layers: tuple[LayerNow, ...]
    weights: Vector
    stingers: tuple[StingerNow, ...]
    continuous: tuple[ControlNow, ...]
    switches: tuple[SwitchNow, ...]
    last_mix: Vector


def drop_pending(state: DirectorState) -> DirectorState:
    """The state with no change waiting for its boundary: the next frame decides anew."""
    return state._replace(layers=tuple(now._replace(pending=None) for now in state.layers))


def shift_state(state: DirectorState, frames: int) -> DirectorState:
    """The same state `frames` later, or earlier if negative. The plans that follow are equal but for their frames."""

    def at(time: int) -> int:
        return NEVER if time == NEVER else time + frames

    def layer(now: LayerNow) -> LayerNow:
        pending = now.pending
        return now._replace(
            start=at(now.start),
            pending=pending
            and pending._replace(decided=pending.decided + frames, predicted=pending.predicted + frames),
            runs=tuple(run._replace(since=at(run.since)) for run in now.runs),
            cooldowns=tuple(at(end) for end in now.cooldowns),
        )

    return state._replace(
        frame=state.frame + frames,
        inputs=tuple(now._replace(since=at(now.since)) for now in state.inputs),
        layers=tuple(map(layer, state.layers)),
        stingers=tuple(now._replace(start=at(now.start)) for now in state.stingers),
        continuous=tuple(now._replace(since=now.since + frames) for now in state.continuous),
    )
