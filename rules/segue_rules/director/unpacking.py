"""Taking up a packed state: what still exists by name and fits goes on, the rest starts as in a new session.

The data may come from anywhere: whatever it holds, it gives a state that the director can go on from, or a ValueError.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from segue_rules.director import reading
from segue_rules.director.controls import CONTINUOUS, DISCRETE, TOP_LEVEL
from segue_rules.director.inputs import moved
from segue_rules.director.packing import latch_name, row_name
from segue_rules.director.ramps import follow
from segue_rules.director.state import (
    NEVER,
    ControlNow,
    DirectorState,
    InputNow,
    LayerNow,
    Pending,
    Run,
    StingerNow,
    SwitchNow,
    Vector,
)
from segue_rules.director.transitions import choose_row
from segue_rules.model import (
    BUILT_IN_TRANSITION,
    MODES,
    TONICS,
    Binding,
    ChoiceInput,
    FlagInput,
    Input,
    InputValue,
    IntegerInput,
    Layer,
    LayerState,
    NumberInput,
    Rules,
    TriggerInput,
)
from segue_rules.plan import TICKS_PER_BEAT, Cause, Clock

_SEQUENCES: Final = (-1, 1 << 53)
_MOST_WEIGHT: Final = 1e9
_MOST_CAUSES: Final = 256
_MOST_RAMP: Final = 1 << 31
_RANGES: Final = {
    "tempo_bpm": (20.0, 300.0),
    "intensity": (0.0, 1.0),
    "temperature": (0.1, 2.0),
    "guidance": (0.0, 10.0),
    "gain_db": (-96.0, 12.0),
}
_KEYS: Final = frozenset({"auto", *(f"{tonic} {mode}" for tonic in TONICS for mode in MODES)})
_CURVES: Final = ("linear", "smooth", "equal_power")
_FIELDS: Final = (
    "frame",
    "clock",
    "inputs",
    "latches",
    "layers",
    "stingers",
    "controls",
    "switches",
    "last_mix",
)


def unpack(data: Any, rules: Rules) -> DirectorState:
    """The state that `pack` packed, under these rules or others; equal to it under equal ones.

    Raises: ValueError if the data is not a packed state, or no director could go on from it.
    """
    fields = reading.mapping(data)
    if any(name not in fields for name in _FIELDS):
        raise ValueError(f"expected a packed director state with {', '.join(_FIELDS)}")
    frame = reading.integer(fields["frame"], 0, reading.LAST_FRAME)
    packed = {name: reading.mapping(fields[name]) for name in ("inputs", "layers", "stingers", "controls", "switches")}
    inputs = tuple(_input(item, packed["inputs"].get(item.name), frame) for item in rules.inputs)
    values = {item.name: moved(item, now, frame) for item, now in zip(rules.inputs, inputs, strict=True)}
    held = frozenset(reading.text(name, 1_000) for name in reading.sequence(fields["latches"], 0, 8_192))
    # Before its first frame a state has neither controls nor weights: that frame gives them their values.
    begun = bool(packed["controls"])
    layers = packed["layers"]
    return DirectorState(
        frame=frame,
        clock=_clock(fields["clock"]),
        inputs=inputs,
        latches=tuple(latch_name(latch) in held for latch in rules.latches),
        layers=tuple(_layer(rules, layer, layers.get(layer.name), frame) for layer in rules.layers),
        weights=tuple(_weight(layer, layers.get(layer.name), values) for layer in rules.layers) if begun else (),
        stingers=tuple(_stinger(packed["stingers"].get(stinger.name), frame) for stinger in rules.stingers),
        continuous=tuple(_control(rules, name, packed["controls"].get(name), frame) for name in CONTINUOUS)
        if begun
        else (),
        switches=tuple(_switch(rules, name, packed["switches"].get(name)) for name in DISCRETE) if begun else (),
        last_mix=_last_mix(rules, fields["last_mix"]),
    )


def first_weight(layer: Layer, values: Mapping[str, InputValue]) -> float:
    """The weight of a layer that has none yet. values: of all inputs, as moved."""
    return (
        follow(layer.weight, float(values[layer.weight.input])) if isinstance(layer.weight, Binding) else layer.weight
    )


def _clock(data: Any) -> Clock:
    ticks, bar, bar_ticks, meter = reading.sequence(data, 4, 4)
    clock = Clock(
        reading.integer(ticks, 0, 1 << 52),
        reading.integer(bar, 0, 1 << 30),
        reading.integer(bar_ticks, 0, 1 << 52),
        reading.integer(meter, 1, 16),
    )
    if clock.bar_ticks % TICKS_PER_BEAT or not 0 <= clock.ticks - clock.bar_ticks < clock.meter * TICKS_PER_BEAT:
        raise ValueError("expected a clock within its bar, which begins at a beat")
    return clock


def _input(item: Input, data: Any, frame: int) -> InputNow:
    if isinstance(item, TriggerInput):
        if data is None or len(reading.sequence(data, 2, 5)) != 2:
            return InputNow(False, False, NEVER, -1)
        return InputNow(False, False, reading.time(data[0], frame), reading.integer(data[1], *_SEQUENCES))
    start = InputNow(item.default, item.default, 0, -1)
    if data is None or len(reading.sequence(data, 2, 5)) != 5:
        return start
    origin, target, value = (reading.scalar(data[i]) for i in (0, 1, 4))
    since, sequence = reading.time(data[2], frame), reading.integer(data[3], *_SEQUENCES)
    if not (_fits(item, origin) and _fits(item, target) and _fits(item, value)):
        return start
    now = InputNow(origin, target, since, sequence)
    # Under another rise or fall it goes on from the value it has.
    return now if moved(item, now, frame) == value else InputNow(value, target, frame, sequence)


def _fits(item: Input, value: InputValue) -> bool:
    """Whether the input can have the value."""
    match item:
        case NumberInput():
            return isinstance(value, int | float) and not isinstance(value, bool) and item.low <= value <= item.high
        case IntegerInput():
            return isinstance(value, int) and not isinstance(value, bool) and item.low <= value <= item.high
        case ChoiceInput():
            return isinstance(value, str) and value in item.of
        case FlagInput():
            return isinstance(value, bool)
        case TriggerInput():
            return False


def _layer(rules: Rules, layer: Layer, data: Any, frame: int) -> LayerNow:
    fields = reading.mapping(data) if data is not None else {}
    names = [state.name for state in layer.states]
    runs, cooldowns = reading.mapping(fields.get("runs", {})), reading.mapping(fields.get("cooldowns", {}))
    active = fields.get("active")
    if active is not None and reading.text(active) in names:
        now = _active(rules, layer, fields, names.index(active), frame)
    else:
        default = layer.default_index
        now = LayerNow(default, NEVER, _vector(rules, layer.states[default].mix), len(rules.transitions), None, (), ())
    return now._replace(
        runs=tuple(_run(runs.get(name), frame) for name in names),
        cooldowns=tuple(_cooldown(state, cooldowns.get(state.name), frame) for state in layer.states),
    )


def _active(rules: Rules, layer: Layer, fields: dict[Any, Any], active: int, frame: int) -> LayerNow:
    """A layer whose active state still exists, but for what concerns its states one by one."""
    start = reading.time(fields.get("start"), frame)
    origin = _read_mix(rules, fields.get("origin"))
    row = _row(rules, fields.get("row"))
    frames = rules.transitions[row].ramp_frames if row is not None and row < len(rules.transitions) else None
    if row == len(rules.transitions):
        frames = BUILT_IN_TRANSITION.ramp_frames
    settled = reading.boolean(fields.get("settled", True))
    if frames is None or (settled and frame - start < frames):
        origin = _vector(rules, layer.states[active].mix)
    pending = fields.get("pending")
    return LayerNow(
        active,
        start,
        origin,
        len(rules.transitions) if row is None else row,
        None if pending is None else _pending(rules, layer, active, pending, frame),
        (),
        (),
    )


def _row(rules: Rules, data: Any) -> int | None:
    """The row of that pattern; None if there is none any more."""
    if data is None:
        return len(rules.transitions)
    wanted = [part if part is None else reading.text(part) for part in reading.sequence(data, 3, 3)]
    return next((i for i, row in enumerate(rules.transitions) if row_name(row) == wanted), None)


def _pending(rules: Rules, layer: Layer, active: int, data: Any, frame: int) -> Pending | None:
    """A pending change whose state still exists, by the row that fits it now."""
    state, decided, predicted, causes = reading.sequence(data, 4, 4)
    names = [state.name for state in layer.states]
    read = tuple(_cause(cause) for cause in reading.sequence(causes, 0, _MOST_CAUSES))
    decided = reading.integer(decided, -reading.LAST_FRAME, frame)
    predicted = reading.integer(predicted, -reading.LAST_FRAME, frame + _MOST_RAMP)
    if reading.text(state) not in names:
        return None
    rows = (*rules.transitions, BUILT_IN_TRANSITION)
    return Pending(names.index(state), decided, choose_row(rows, layer.name, names[active], state), predicted, read)


def _cause(data: Any) -> Cause:
    name, value, sequence, text = reading.sequence(data, 4, 4)
    return Cause(
        reading.text(name), reading.scalar(value), reading.integer(sequence, *_SEQUENCES), reading.text(text, 1_000)
    )


def _run(data: Any, frame: int) -> Run:
    if data is None:
        return Run(False, NEVER)
    holds, since = reading.sequence(data, 2, 2)
    return Run(reading.boolean(holds), reading.time(since, frame))


def _cooldown(state: LayerState, data: Any, frame: int) -> int:
    return NEVER if data is None else min(reading.time(data, frame + _MOST_RAMP), frame + state.cooldown_frames)


def _weight(layer: Layer, data: Any, values: Mapping[str, InputValue]) -> float:
    weight = None if data is None else reading.mapping(data).get("weight")
    if weight is None or not isinstance(layer.weight, Binding):
        return first_weight(layer, values)
    levels = [level for _, level in layer.weight.curve]
    return min(max(reading.real(weight, 0.0, _MOST_WEIGHT), min(levels)), max(levels))


def _stinger(data: Any, frame: int) -> StingerNow:
    if data is None:
        return StingerNow(False, NEVER, 0.0)
    waiting, start, origin = reading.sequence(data, 3, 3)
    return StingerNow(reading.boolean(waiting), reading.time(start, frame), reading.real(origin, 0.0, 1.0))


def _control(rules: Rules, name: str, data: Any, frame: int) -> ControlNow:
    """A continuous control; one that its source says nothing of any more goes on from the value it has."""
    if data is None:
        return ControlNow(TOP_LEVEL, -1, 0.0, frame, 0, "linear")
    layer, state, origin, since, frames, curve, value = reading.sequence(data, 7, 7)
    low, high = _RANGES[name]
    since, frames = reading.time(since, frame), reading.integer(frames, 0, _MOST_RAMP)
    # A ramp that is over has no use for its origin, which at a session's start is no value of the control.
    origin = reading.real(origin, *((low, high) if frame - since < frames else (-1e3, 1e3)))
    value = reading.real(value, low, high)
    if curve not in _CURVES:
        raise ValueError(f"expected a curve, one of {', '.join(_CURVES)}")
    if layer is None:
        return ControlNow(TOP_LEVEL, -1, origin, since, frames, curve)
    place = _state(rules, reading.text(layer), reading.text(state))
    if place is not None and getattr(rules.layers[place[0]].states[place[1]].music, name) is not None:
        return ControlNow(*place, origin, since, frames, curve)
    built_in = BUILT_IN_TRANSITION
    return ControlNow(TOP_LEVEL, -1, value, frame, built_in.ramp_frames, built_in.curve)


def _state(rules: Rules, layer: str, state: str) -> tuple[int, int] | None:
    """Where a state stands in the rules."""
    for i, found in enumerate(rules.layers):
        if found.name == layer:
            return next(((i, j) for j, item in enumerate(found.states) if item.name == state), None)
    return None


def _switch(rules: Rules, name: str, data: Any) -> SwitchNow:
    """A discrete control, which keeps its value until a bar line falls."""
    if data is None:
        spec = getattr(rules.music, name)
        return SwitchNow(spec if isinstance(spec, int | str) else str(spec), TOP_LEVEL)
    value, layer = reading.sequence(data, 2, 2)
    if name == "meter":
        value = reading.integer(value, 1, 16)
    elif reading.text(value) not in (_KEYS if name == "key" else ("on", "off", "auto")):
        raise ValueError(f"expected a {name}")
    source = None if layer is None else reading.text(layer)
    return SwitchNow(value, next((i for i, item in enumerate(rules.layers) if item.name == source), TOP_LEVEL))


def _vector(rules: Rules, mix: Mapping[str, float]) -> Vector:
    return tuple(mix.get(style.name, 0.0) for style in rules.styles)


def _read_mix(rules: Rules, data: Any) -> Vector:
    """Weights of the styles that still exist."""
    mix = reading.mapping(data)
    return tuple(reading.real(mix.get(style.name, 0.0), 0.0, _MOST_WEIGHT) for style in rules.styles)


def _last_mix(rules: Rules, data: Any) -> Vector:
    """The last mix among the styles that still exist, its shares summing to 1."""
    mix = _read_mix(rules, data)
    whole = sum(mix)
    if abs(whole - 1.0) < 1e-9:
        return mix
    return tuple(share / whole for share in mix) if whole > 1e-9 else (1.0 / len(mix),) * len(mix) if mix else ()
