"""The director's state: all that a frame needs to know of the frames before it.

Named tuples of plain values. Times are absolute frames, so a state at rest stays equal while time passes.
"""

from __future__ import annotations

from typing import Final, NamedTuple, TypeAlias

from segue_rules.model import InputValue
from segue_rules.plan import Cause, Clock

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


class Run(NamedTuple):
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
    runs: tuple[Run, ...]
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
    clock: Clock
    inputs: tuple[InputNow, ...]
    latches: tuple[bool, ...]
    layers: tuple[LayerNow, ...]
    weights: Vector
    stingers: tuple[StingerNow, ...]
    continuous: tuple[ControlNow, ...]
    switches: tuple[SwitchNow, ...]
    last_mix: Vector
