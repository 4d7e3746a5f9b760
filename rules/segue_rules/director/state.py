"""The director's state: all that a frame needs to know of the frames before it.

Named tuples of plain values. Times are absolute frames, so a state at rest stays equal while time passes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple, TypeAlias

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


def pack(state: DirectorState) -> list[Any]:
    """The state as nested lists of numbers, strings and booleans, for msgpack or JSON."""

    def plain(value: Any) -> Any:
        return [plain(item) for item in value] if isinstance(value, tuple) else value

    return [plain(field) for field in state]


def unpack(data: Sequence[Any]) -> DirectorState:
    """The state that `pack` packed. Raises: ValueError if the data has another shape."""
    try:
        frame, clock, inputs, latches, layers, weights, stingers, continuous, switches, last_mix = data
        return DirectorState(
            int(frame),
            Clock(*clock),
            tuple(InputNow(*item) for item in inputs),
            tuple(map(bool, latches)),
            tuple(_unpack_layer(item) for item in layers),
            tuple(map(float, weights)),
            tuple(StingerNow(*item) for item in stingers),
            tuple(ControlNow(*item) for item in continuous),
            tuple(SwitchNow(*item) for item in switches),
            tuple(map(float, last_mix)),
        )
    except TypeError as error:
        raise ValueError(f"expected a packed director state: {error}") from None


def _unpack_layer(data: Sequence[Any]) -> LayerNow:
    active, start, origin, row, pending, runs, cooldowns = data
    if pending is not None:
        waiting, decided, pending_row, predicted, causes = pending
        pending = Pending(waiting, decided, pending_row, predicted, tuple(Cause(*cause) for cause in causes))
    return LayerNow(
        active, start, tuple(origin), row, pending, tuple(Run(*run) for run in runs), tuple(map(int, cooldowns))
    )
