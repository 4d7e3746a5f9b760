"""Controls of packed states, and how they go on where the rules give them other values."""

from __future__ import annotations

from typing import Any, Final

from segue_rules.controls import AUTO, CONTROLS, METER, TEMPO, WordControl
from segue_rules.director import plain_data
from segue_rules.director.levels import (
    CONTINUOUS,
    GLIDE_CURVE,
    GLIDE_FRAMES,
    NO_STYLES_TEMPO,
    TOP_LEVEL,
    Levels,
    glided,
)
from segue_rules.director.packed_names import MOST_RAMP, RANGES, find_state, levels_before, mixing_before
from segue_rules.director.state import DirectorState, Glide, StylesTempo, SwitchNow
from segue_rules.meters import LARGEST_GROUP, SMALLEST_GROUP, Meter, is_meter
from segue_rules.model import CURVES, InputValue, Rules
from segue_rules.tempos import FALLBACK

_WORDS: Final = {each.field: frozenset(each.words) for each in CONTROLS if isinstance(each, WordControl)}
# Of a way that is over, the value of any control fits.
_MOST_ORIGIN: Final = 1e6


def with_controls(
    rules: Rules, state: DirectorState, packed: dict[Any, Any], values: tuple[InputValue, ...]
) -> DirectorState:
    """The state with the continuous controls on their way. What has another value now moves from the one it had."""
    model, frame = Levels(rules), state.frame
    if state.styles_tempo == NO_STYLES_TEMPO:
        weights = model.weights(state.weights, state.layers, frame, range(len(rules.layers)))
        state = state._replace(styles_tempo=model.follow_styles(NO_STYLES_TEMPO, state.layers, weights, values, frame))
    state = state._replace(layers=model.settled(state.layers, mixing_before(model, state, values, over=True)))
    levels = levels_before(model, state, values)
    glides = []
    for i, (name, level) in enumerate(zip(CONTINUOUS, levels, strict=True)):
        glide, value = _read_control(name, packed.get(name), frame)
        if value is not None and glided(i, glide, level, frame) != value:
            # A clip that leads is on the beat from its beginning on.
            leads = name == TEMPO.field and any(
                layer.states[now.active].clip_leads for layer, now in zip(rules.layers, state.layers, strict=True)
            )
            glide = Glide(value, frame, 1 if leads else GLIDE_FRAMES, GLIDE_CURVE)
        glides.append(glide)
    return state._replace(glides=tuple(glides))


def _read_control(name: str, data: Any, frame: int) -> tuple[Glide, float | None]:
    """The way of a continuous control, and the value that it had; None for a control that is new.

    States of an earlier version have their values last, too.
    """
    over = Glide(0.0, 0, 0, "linear")
    if data is None:
        return over, None
    *way, value = plain_data.sequence(data, 5, 7)
    low, high = RANGES[name]
    value = plain_data.real(value, low, high)
    if len(way) != len(Glide._fields):
        return over, value
    origin, since, frames, curve = way
    since, frames = plain_data.time(since, frame), plain_data.integer(frames, 0, MOST_RAMP)
    # A way that is over does not need its origin. At the start of a session that is no value of the control.
    origin = plain_data.real(origin, *((low, high) if frame - since < frames else (-_MOST_ORIGIN, _MOST_ORIGIN)))
    return Glide(origin, since, frames, _read_curve(curve)), value


def _read_curve(data: Any) -> str:
    if data not in CURVES:
        raise ValueError(f"expected a curve, one of {', '.join(CURVES)}")
    return str(data)


def read_styles_tempo(rules: Rules, data: Any, frame: int) -> StylesTempo:
    """Where the tempo of the styles comes from; undecided if that is gone."""
    if data is None:
        return NO_STYLES_TEMPO
    layer, state, origin, since, frames, curve = plain_data.sequence(data, 6, 6)
    place = (TOP_LEVEL, -1)
    if layer is not None:
        found = find_state(rules, plain_data.text(layer), plain_data.text(state))
        if found is None or not rules.layers[found[0]].states[found[1]].mix:
            return NO_STYLES_TEMPO
        place = found
    since, frames = plain_data.time(since, frame), plain_data.integer(frames, 0, MOST_RAMP)
    low, high = RANGES[TEMPO.field]
    origin = plain_data.real(origin, *((low, high) if frame - since < frames else (-1e3, 1e3)))
    return StylesTempo(*place, origin, since, frames, _read_curve(curve))


def read_meter(data: Any) -> Meter:
    """A meter: its beats, or those of each of its groups."""
    if isinstance(data, list | tuple):
        groups = tuple(plain_data.integer(size, SMALLEST_GROUP, LARGEST_GROUP) for size in data[: int(METER.high)])
        if len(groups) < len(data) or not is_meter(groups):
            raise ValueError("expected the groups of a bar")
        return groups
    return plain_data.integer(data, int(METER.low), int(METER.high))


def read_switch(rules: Rules, name: str, data: Any) -> SwitchNow:
    """Meter, key or drums, which keep their value until a bar line falls."""
    if data is None:
        spec = getattr(rules.music, name)
        if name == METER.field and spec == AUTO:
            spec = FALLBACK.meter
        return SwitchNow(spec if isinstance(spec, int | str | tuple) else str(spec), TOP_LEVEL)
    value, layer = plain_data.sequence(data, 2, 2)
    if name == METER.field:
        value = read_meter(value)
    elif plain_data.text(value) not in _WORDS[name]:
        raise ValueError(f"expected a {name}")
    source = None if layer is None else plain_data.text(layer)
    return SwitchNow(value, next((i for i, item in enumerate(rules.layers) if item.name == source), TOP_LEVEL))
