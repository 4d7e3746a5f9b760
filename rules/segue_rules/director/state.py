"""The director's state: all that a frame needs to know of the frames before it.

Named tuples of plain values. Times are absolute frames, so a state at rest stays equal while time passes.
"""

from __future__ import annotations

from typing import Final, NamedTuple, TypeAlias

from segue_rules.model import InputValue
from segue_rules.plan import Cause, MusicalClock

# A frame before every other, for what has never been.
NEVER: Final = -(1 << 40)

Vector: TypeAlias = tuple[float, ...]


class InputNow(NamedTuple):
    """origin: value at frame `since`, where the target was set. sequence: the event that set it, -1 for none.

    A trigger has `since`, the frame of its last firing, alone.
    """

    origin: InputValue
    target: InputValue
    since: int
    sequence: int


class ConditionRun(NamedTuple):
    """A condition's present unbroken run. holds: true or false. since: its first frame."""

    holds: bool
    since: int


class Pending(NamedTuple):
    """A decided change that waits for its boundary. state: index in the layer. row: index of its transition row.

    predicted: the frame it was to start when it was decided.
    """

    state: int
    decided: int
    row: int
    predicted: int
    causes: tuple[Cause, ...]


class LayerNow(NamedTuple):
    """active: index of the active state, since `start`. origin: the mix its ramp began from. row: the row of that ramp.

    runs, cooldowns: for each state of the layer, its condition's run and the frame its cooldown ends.
    """

    active: int
    start: int
    origin: Vector
    row: int
    pending: Pending | None
    runs: tuple[ConditionRun, ...]
    cooldowns: tuple[int, ...]


class StingerNow(NamedTuple):
    """waiting: pending for its boundary. start: of the last one, or NEVER. origin: a burst's envelope at its start."""

    waiting: bool
    start: int
    origin: float


class ControlNow(NamedTuple):
    """A continuous control. source, active: the layer that decides it (-1: top level) and that layer's active state.

    The ramp runs from `origin` at frame `since` over `frames` (>= 1) along `curve`.
    """

    source: int
    active: int
    origin: float
    since: int
    frames: int
    curve: str


class SwitchNow(NamedTuple):
    """A discrete control. value: in force. source: the layer that decided it."""

    value: int | str
    source: int


class DirectorState(NamedTuple):
    """Before `frame`. weights: a layer's slewed weight. last_mix: the last mix that was not empty."""

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
    """The same state `frames` later, or earlier if negative: the plans that follow are equal but for their frames."""

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
