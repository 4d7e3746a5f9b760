"""What packing and unpacking a state share: the names of its parts, the bounds of its values, and its controls."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from segue_rules.controls import CONTROLS, NumberControl
from segue_rules.director import plain_data
from segue_rules.director.levels import Levels, Mixing
from segue_rules.director.state import DirectorState, Vector
from segue_rules.model import (
    BUILT_IN_TRANSITION,
    Counter,
    InGroup,
    InputValue,
    InState,
    Latch,
    Layer,
    Rules,
    Transition,
    written_name,
)

SEQUENCES: Final = (-1, plain_data.LARGEST_INTEGER)
MOST_WEIGHT: Final = 1e9
MOST_RAMP: Final = 1 << 31
MOST_ROWS: Final = 1 << 16
RANGES: Final = {
    control.field: (control.low, control.high) for control in CONTROLS if isinstance(control, NumberControl)
}


def latch_name(latch: Latch) -> str:
    """A name that tells latches apart. Two latches of the same name are always set and cleared together."""
    enter, leave = latch.enter, latch.exit
    return f"{enter.input} {enter.op} {enter.value!r}, {leave.input} {leave.op} {leave.value!r}"


def counter_name(counter: Counter) -> str:
    """A name that tells counters apart."""
    return counter.trigger if counter.after is None else f"{counter.trigger} after {counter.after}"


def stay_name(stay: InState | InGroup) -> str:
    """A name that tells stays apart."""
    return f"{stay.layer}.{stay.state}" if isinstance(stay, InState) else f"{stay.layer}.{stay.group} (group)"


def row_name(row: Transition) -> list[str | int | None] | None:
    """The pattern of a transition row, with its place if others have it, too; None for the built-in row."""
    if row is BUILT_IN_TRANSITION:
        return None
    return [row.layer, row.from_state, row.to_state, *([row.place] if row.place else [])]


def find_row(rules: Rules, data: Any) -> int | None:
    """The index of the row with this name; None if there is none any more."""
    if data is None:
        return len(rules.transitions)
    *ends, place = [*plain_data.sequence(data, 3, 4), 0][:4]
    wanted = (
        *(part if part is None else plain_data.text(part) for part in ends),
        plain_data.integer(place, 0, MOST_ROWS),
    )
    rows = ((row.layer, row.from_state, row.to_state, row.place) for row in rules.transitions)
    return next((i for i, row in enumerate(rows) if row == wanted), None)


def find_state(rules: Rules, layer: str, state: str) -> tuple[int, int] | None:
    """Layer and state by index, or None. For a piece that is gone, the first of its state."""
    for i, found in enumerate(rules.layers):
        if found.name == layer:
            j = state_index(found, state)
            return None if j is None else (i, j)
    return None


def state_index(layer: Layer, state: str) -> int | None:
    """The state of this name, or else the first piece of the state that the file writes so; None without one."""
    names = [each.name for each in layer.states]
    if state in names:
        return names.index(state)
    return next((j for j, each in enumerate(layer.states) if each.written == written_name(state)), None)


def mix_vector(rules: Rules, mix: Mapping[str, float]) -> Vector:
    """Return a mix as N weights, one for each style of the rules."""
    return tuple(mix.get(style.name, 0.0) for style in rules.styles)


def read_mix(rules: Rules, data: Any) -> Vector:
    """Weights of the styles that still exist."""
    mix = plain_data.mapping(data)
    return tuple(plain_data.real(mix.get(style.name, 0.0), 0.0, MOST_WEIGHT) for style in rules.styles)


def levels_before(model: Levels, state: DirectorState, values: tuple[InputValue, ...]) -> list[float]:
    """The continuous controls before the changes of frame state.frame, with the weights of the frame before."""
    return model.levels(mixing_before(model, state, values))


def mixing_before(model: Levels, state: DirectorState, values: tuple[InputValue, ...], *, over: bool = False) -> Mixing:
    """Return what the controls of frame state.frame were made of before its changes.

    Args:
        over: Whether all ramps count as over.
    """
    every = range(len(state.layers)) if over else ()
    weights = model.weights(state.weights, state.layers, state.frame, every)
    return Mixing(
        state.frame, state.layers, weights, values, model.styles_tempo(state.styles_tempo, values, state.frame)
    )
