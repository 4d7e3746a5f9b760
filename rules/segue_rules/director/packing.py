"""The director's state as plain data and back: under the same rules, under edited ones, or at the start again.

The data holds names, not indexes. What still exists by name and fits goes on; the rest starts as in a new session. Data
may come from anywhere: `unpack` gives a state that the director can go on from, or raises ValueError.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from segue_rules.controls import AUTO, CONTROLS, METER, NumberControl, WordControl
from segue_rules.director import plain_data
from segue_rules.director.controls import CONTINUOUS, DISCRETE, TOP_LEVEL, control_spec, control_value
from segue_rules.director.inputs import input_value
from segue_rules.director.layers import TransitionRows
from segue_rules.director.state import (
    NEVER,
    ConditionRun,
    ControlNow,
    DirectorState,
    InputNow,
    LayerNow,
    Pending,
    StingerNow,
    SwitchNow,
    Vector,
    drop_pending,
)
from segue_rules.director.timing import follow
from segue_rules.model import (
    BUILT_IN_TRANSITION,
    CURVES,
    Binding,
    ChoiceInput,
    FlagInput,
    Input,
    InputValue,
    IntegerInput,
    Latch,
    Layer,
    LayerState,
    NumberInput,
    Rules,
    Transition,
    TriggerInput,
)
from segue_rules.plan import TICKS_PER_BEAT, Cause, MusicalClock


def pack(state: DirectorState, rules: Rules) -> dict[str, Any]:
    """A state as nested maps and lists of numbers, texts, booleans and None, for MessagePack or JSON.

    Runs, cooldowns, stingers and latches that are as at the start are left out, as there may be many.
    """
    values = {
        item.name: input_value(item, now, state.frame) for item, now in zip(rules.inputs, state.inputs, strict=True)
    }
    layers = zip(rules.layers, state.layers, state.weights or (None,) * len(rules.layers), strict=True)
    return {
        "frame": state.frame,
        "clock": list(state.clock),
        "inputs": {
            item.name: _pack_input(item, now, values[item.name])
            for item, now in zip(rules.inputs, state.inputs, strict=True)
        },
        "latches": [latch_name(rules.latches[i]) for i, held in enumerate(state.latches) if held],
        "layers": {layer.name: _pack_layer(rules, layer, now, weight, state.frame) for layer, now, weight in layers},
        "stingers": {
            stinger.name: [now.waiting, _pack_time(now.start), now.origin]
            for stinger, now in zip(rules.stingers, state.stingers, strict=True)
            if now.waiting or now.start != NEVER
        },
        "controls": {
            name: _pack_control(rules, name, now, values.__getitem__, state.frame)
            for name, now in zip(CONTINUOUS, state.continuous, strict=False)
        },
        "switches": {
            name: [now.value, _layer_name(rules, now.source)]
            for name, now in zip(DISCRETE, state.switches, strict=False)
        },
        "last_mix": _pack_mix(rules, state.last_mix),
    }


def latch_name(latch: Latch) -> str:
    """A name that tells latches apart. Two latches of the same name are always set and cleared together."""
    enter, leave = latch.enter, latch.exit
    return f"{enter.input} {enter.op} {enter.value!r}, {leave.input} {leave.op} {leave.value!r}"


def row_name(row: Transition) -> list[str | None] | None:
    """The pattern of a transition row, unique in its file; None for the built-in row."""
    return None if row is BUILT_IN_TRANSITION else [row.layer, row.from_state, row.to_state]


def _pack_input(item: Input, now: InputNow, value: InputValue) -> list[Any]:
    if isinstance(item, TriggerInput):
        return [_pack_time(now.since), now.sequence]
    return [now.origin, now.target, now.since, now.sequence, value]


def _pack_layer(rules: Rules, layer: Layer, now: LayerNow, weight: float | None, frame: int) -> dict[str, Any]:
    row = (*rules.transitions, BUILT_IN_TRANSITION)[now.row]
    names = [state.name for state in layer.states]
    pending = now.pending
    return {
        "active": names[now.active],
        "start": _pack_time(now.start),
        "row": row_name(row),
        "settled": frame - now.start >= row.ramp_frames,
        "origin": _pack_mix(rules, now.origin),
        "weight": weight,
        "pending": pending
        and [names[pending.state], pending.decided, pending.predicted, [list(cause) for cause in pending.causes]],
        "runs": {
            name: [run.holds, _pack_time(run.since)]
            for name, run in zip(names, now.runs, strict=True)
            if run.holds or run.since != NEVER
        },
        "cooldowns": {name: end for name, end in zip(names, now.cooldowns, strict=True) if end != NEVER},
    }


def _pack_control(rules: Rules, name: str, now: ControlNow, read: Callable[[str], InputValue], frame: int) -> list[Any]:
    spec = control_spec(rules, name, now.source, now.active)
    value = control_value(spec, now, float(read(spec.input)) if isinstance(spec, Binding) else 0.0, frame)
    layer = _layer_name(rules, now.source)
    state = None if layer is None else rules.layers[now.source].states[now.active].name
    return [layer, state, now.origin, now.since, now.frames, now.curve, value]


def _layer_name(rules: Rules, index: int) -> str | None:
    return None if index == TOP_LEVEL else rules.layers[index].name


def _pack_mix(rules: Rules, mix: Vector) -> dict[str, float]:
    return {style.name: share for style, share in zip(rules.styles, mix, strict=True) if share != 0.0}


def _pack_time(frame: int) -> int | None:
    return None if frame == NEVER else frame


_SEQUENCES: Final = (-1, plain_data.LARGEST_INTEGER)
_MOST_WEIGHT: Final = 1e9
_MOST_CAUSES: Final = 256
_MOST_RAMP: Final = 1 << 31
_RANGES: Final = {
    control.field: (control.low, control.high) for control in CONTROLS if isinstance(control, NumberControl)
}
_WORDS: Final = {each.field: frozenset(each.words) for each in CONTROLS if isinstance(each, WordControl)}
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
    """The state that `pack` packed, under these rules or others. Under equal rules it equals the packed one.

    Raises:
        ValueError: The data is not a packed state, or no director could go on from it.
    """
    fields = plain_data.mapping(data)
    if any(name not in fields for name in _FIELDS):
        raise ValueError(f"expected a packed director state with {', '.join(_FIELDS)}")
    frame = plain_data.integer(fields["frame"], 0, plain_data.LAST_FRAME)
    packed = {
        name: plain_data.mapping(fields[name]) for name in ("inputs", "layers", "stingers", "controls", "switches")
    }
    inputs = tuple(_read_input(item, packed["inputs"].get(item.name), frame) for item in rules.inputs)
    values = {item.name: input_value(item, now, frame) for item, now in zip(rules.inputs, inputs, strict=True)}
    held = frozenset(plain_data.text(name, 1_000) for name in plain_data.sequence(fields["latches"], 0, 8_192))
    # Before its first frame a state has neither controls nor weights: that frame gives them their values.
    begun = bool(packed["controls"])
    layers = packed["layers"]
    return DirectorState(
        frame=frame,
        clock=_read_clock(fields["clock"]),
        inputs=inputs,
        latches=tuple(latch_name(latch) in held for latch in rules.latches),
        layers=tuple(_read_layer(rules, layer, layers.get(layer.name), frame) for layer in rules.layers),
        weights=tuple(_read_weight(layer, layers.get(layer.name), values) for layer in rules.layers) if begun else (),
        stingers=tuple(_read_stinger(packed["stingers"].get(stinger.name), frame) for stinger in rules.stingers),
        continuous=tuple(_read_control(rules, name, packed["controls"].get(name), frame) for name in CONTINUOUS)
        if begun
        else (),
        switches=tuple(_read_switch(rules, name, packed["switches"].get(name)) for name in DISCRETE) if begun else (),
        last_mix=_read_last_mix(rules, fields["last_mix"]),
    )


def first_weight(layer: Layer, values: Mapping[str, InputValue]) -> float:
    """The weight of a layer that has none yet. values: All inputs, as moved."""
    return (
        follow(layer.weight, float(values[layer.weight.input])) if isinstance(layer.weight, Binding) else layer.weight
    )


def _read_clock(data: Any) -> MusicalClock:
    ticks, bar, bar_ticks, meter = plain_data.sequence(data, 4, 4)
    clock = MusicalClock(
        plain_data.integer(ticks, 0, 1 << 52),
        plain_data.integer(bar, 0, 1 << 30),
        plain_data.integer(bar_ticks, 0, 1 << 52),
        plain_data.integer(meter, int(METER.low), int(METER.high)),
    )
    if clock.bar_ticks % TICKS_PER_BEAT or not 0 <= clock.ticks - clock.bar_ticks < clock.meter * TICKS_PER_BEAT:
        raise ValueError("expected a clock within its bar, which begins at a beat")
    return clock


def _read_input(item: Input, data: Any, frame: int) -> InputNow:
    if isinstance(item, TriggerInput):
        if data is None or len(plain_data.sequence(data, 2, 5)) != 2:
            return InputNow(False, False, NEVER, -1)
        return InputNow(False, False, plain_data.time(data[0], frame), plain_data.integer(data[1], *_SEQUENCES))
    start = InputNow(item.default, item.default, 0, -1)
    if data is None or len(plain_data.sequence(data, 2, 5)) != 5:
        return start
    origin, target, value = (plain_data.scalar(data[i]) for i in (0, 1, 4))
    since, sequence = plain_data.time(data[2], frame), plain_data.integer(data[3], *_SEQUENCES)
    if not (_fits(item, origin) and _fits(item, target) and _fits(item, value)):
        return start
    now = InputNow(origin, target, since, sequence)
    # Under another rise or fall it goes on from the value it has.
    return now if input_value(item, now, frame) == value else InputNow(value, target, frame, sequence)


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


def _read_layer(rules: Rules, layer: Layer, data: Any, frame: int) -> LayerNow:
    fields = plain_data.mapping(data) if data is not None else {}
    names = [state.name for state in layer.states]
    runs, cooldowns = plain_data.mapping(fields.get("runs", {})), plain_data.mapping(fields.get("cooldowns", {}))
    active = fields.get("active")
    if active is not None and plain_data.text(active) in names:
        now = _read_active(rules, layer, fields, names.index(active), frame)
    else:
        default = layer.default_index
        now = LayerNow(default, NEVER, _vector(rules, layer.states[default].mix), len(rules.transitions), None, (), ())
    return now._replace(
        runs=tuple(_read_run(runs.get(name), frame) for name in names),
        cooldowns=tuple(_read_cooldown(state, cooldowns.get(state.name), frame) for state in layer.states),
    )


def _read_active(rules: Rules, layer: Layer, fields: dict[Any, Any], active: int, frame: int) -> LayerNow:
    """A layer whose active state still exists, without its runs and cooldowns."""
    start = plain_data.time(fields.get("start"), frame)
    origin = _read_mix(rules, fields.get("origin"))
    row = _find_row(rules, fields.get("row"))
    frames = rules.transitions[row].ramp_frames if row is not None and row < len(rules.transitions) else None
    if row == len(rules.transitions):
        frames = BUILT_IN_TRANSITION.ramp_frames
    settled = plain_data.boolean(fields.get("settled", True))
    if frames is None or (settled and frame - start < frames):
        origin = _vector(rules, layer.states[active].mix)
    pending = fields.get("pending")
    return LayerNow(
        active,
        start,
        origin,
        len(rules.transitions) if row is None else row,
        None if pending is None else _read_pending(rules, layer, active, pending, frame),
        (),
        (),
    )


def _find_row(rules: Rules, data: Any) -> int | None:
    """The row with this pattern; None if there is none any more."""
    if data is None:
        return len(rules.transitions)
    wanted = [part if part is None else plain_data.text(part) for part in plain_data.sequence(data, 3, 3)]
    return next((i for i, row in enumerate(rules.transitions) if row_name(row) == wanted), None)


def _read_pending(rules: Rules, layer: Layer, active: int, data: Any, frame: int) -> Pending | None:
    """A pending change whose state still exists, with the row that fits it now."""
    state, decided, predicted, causes = plain_data.sequence(data, 4, 4)
    names = [state.name for state in layer.states]
    read = tuple(_read_cause(cause) for cause in plain_data.sequence(causes, 0, _MOST_CAUSES))
    decided = plain_data.integer(decided, -plain_data.LAST_FRAME, frame)
    predicted = plain_data.integer(predicted, -plain_data.LAST_FRAME, frame + _MOST_RAMP)
    if plain_data.text(state) not in names:
        return None
    row = TransitionRows(rules).between(layer.name, names[active], state)
    return Pending(names.index(state), decided, row, predicted, read)


def _read_cause(data: Any) -> Cause:
    name, value, sequence, text = plain_data.sequence(data, 4, 4)
    return Cause(
        plain_data.text(name),
        plain_data.scalar(value),
        plain_data.integer(sequence, *_SEQUENCES),
        plain_data.text(text, 1_000),
    )


def _read_run(data: Any, frame: int) -> ConditionRun:
    if data is None:
        return ConditionRun(False, NEVER)
    holds, since = plain_data.sequence(data, 2, 2)
    return ConditionRun(plain_data.boolean(holds), plain_data.time(since, frame))


def _read_cooldown(state: LayerState, data: Any, frame: int) -> int:
    return NEVER if data is None else min(plain_data.time(data, frame + _MOST_RAMP), frame + state.cooldown_frames)


def _read_weight(layer: Layer, data: Any, values: Mapping[str, InputValue]) -> float:
    weight = None if data is None else plain_data.mapping(data).get("weight")
    if weight is None or not isinstance(layer.weight, Binding):
        return first_weight(layer, values)
    levels = [level for _, level in layer.weight.curve]
    return min(max(plain_data.real(weight, 0.0, _MOST_WEIGHT), min(levels)), max(levels))


def _read_stinger(data: Any, frame: int) -> StingerNow:
    if data is None:
        return StingerNow(False, NEVER, 0.0)
    waiting, start, origin = plain_data.sequence(data, 3, 3)
    return StingerNow(plain_data.boolean(waiting), plain_data.time(start, frame), plain_data.real(origin, 0.0, 1.0))


def _read_control(rules: Rules, name: str, data: Any, frame: int) -> ControlNow:
    """A continuous control. If its source no longer names it, it moves from the value it has."""
    if data is None:
        return ControlNow(TOP_LEVEL, -1, 0.0, frame, 0, "linear")
    layer, state, origin, since, frames, curve, value = plain_data.sequence(data, 7, 7)
    low, high = _RANGES[name]
    since, frames = plain_data.time(since, frame), plain_data.integer(frames, 0, _MOST_RAMP)
    # A ramp that is over does not need its origin. At the start of a session that is no value of the control.
    origin = plain_data.real(origin, *((low, high) if frame - since < frames else (-1e3, 1e3)))
    value = plain_data.real(value, low, high)
    if curve not in CURVES:
        raise ValueError(f"expected a curve, one of {', '.join(CURVES)}")
    if layer is None:
        return ControlNow(TOP_LEVEL, -1, origin, since, frames, curve)
    place = _find_state(rules, plain_data.text(layer), plain_data.text(state))
    if place is not None and _names(rules, rules.layers[place[0]].states[place[1]], name):
        return ControlNow(*place, origin, since, frames, curve)
    built_in = BUILT_IN_TRANSITION
    return ControlNow(TOP_LEVEL, -1, value, frame, built_in.ramp_frames, built_in.curve)


def _names(rules: Rules, state: LayerState, name: str) -> bool:
    """Whether a state can be the source of a control: its music names it, or its styles answer for `auto`."""
    return getattr(state.music, name) is not None or bool(state.mix and getattr(rules.music, name) == AUTO)


def _find_state(rules: Rules, layer: str, state: str) -> tuple[int, int] | None:
    """Layer and state by index, or None."""
    for i, found in enumerate(rules.layers):
        if found.name == layer:
            return next(((i, j) for j, item in enumerate(found.states) if item.name == state), None)
    return None


def _read_switch(rules: Rules, name: str, data: Any) -> SwitchNow:
    """Meter, key or drums, which keep their value until a bar line falls."""
    if data is None:
        spec = control_spec(rules, name, TOP_LEVEL, -1)
        return SwitchNow(spec if isinstance(spec, int | str) else str(spec), TOP_LEVEL)
    value, layer = plain_data.sequence(data, 2, 2)
    if name == METER.field:
        value = plain_data.integer(value, int(METER.low), int(METER.high))
    elif plain_data.text(value) not in _WORDS[name]:
        raise ValueError(f"expected a {name}")
    source = None if layer is None else plain_data.text(layer)
    return SwitchNow(value, next((i for i, item in enumerate(rules.layers) if item.name == source), TOP_LEVEL))


def _vector(rules: Rules, mix: Mapping[str, float]) -> Vector:
    return tuple(mix.get(style.name, 0.0) for style in rules.styles)


def _read_mix(rules: Rules, data: Any) -> Vector:
    """Weights of the styles that still exist."""
    mix = plain_data.mapping(data)
    return tuple(plain_data.real(mix.get(style.name, 0.0), 0.0, _MOST_WEIGHT) for style in rules.styles)


def _read_last_mix(rules: Rules, data: Any) -> Vector:
    """The last mix among the styles that still exist, summing to 1."""
    mix = _read_mix(rules, data)
    whole = sum(mix)
    if abs(whole - 1.0) < 1e-9:
        return mix
    return tuple(share / whole for share in mix) if whole > 1e-9 else (1.0 / len(mix),) * len(mix) if mix else ()


def carry(state: DirectorState, old_rules: Rules, new_rules: Rules) -> DirectorState:
    """The state under other rules, from the same frame on. What exists by name and fits goes on.

    The musical clock goes on. Pending changes are decided anew.
    """
    return drop_pending(unpack(pack(state, old_rules), new_rules))
