"""The director's state as plain data that holds names, not places, so that edited rules can take it up again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from segue_rules.director.controls import CONTINUOUS, DISCRETE, TOP_LEVEL, control_value
from segue_rules.director.inputs import moved
from segue_rules.director.state import NEVER, ControlNow, DirectorState, InputNow, LayerNow, Vector
from segue_rules.model import (
    BUILT_IN_TRANSITION,
    Binding,
    Input,
    InputValue,
    Latch,
    Layer,
    Rules,
    Transition,
    TriggerInput,
)


def pack(state: DirectorState, rules: Rules) -> dict[str, Any]:
    """A state under `rules` as nested maps and lists of numbers, texts, booleans and nil, for msgpack or JSON.

    What is as at the start is left out where there may be much of it: runs, cooldowns, stingers, latches.
    """
    values = {item.name: moved(item, now, state.frame) for item, now in zip(rules.inputs, state.inputs, strict=True)}
    layers = zip(rules.layers, state.layers, state.weights or (None,) * len(rules.layers), strict=True)
    return {
        "frame": state.frame,
        "clock": list(state.clock),
        "inputs": {
            item.name: _input(item, now, values[item.name])
            for item, now in zip(rules.inputs, state.inputs, strict=True)
        },
        "latches": [latch_name(rules.latches[i]) for i, held in enumerate(state.latches) if held],
        "layers": {layer.name: _layer(rules, layer, now, weight, state.frame) for layer, now, weight in layers},
        "stingers": {
            stinger.name: [now.waiting, _time(now.start), now.origin]
            for stinger, now in zip(rules.stingers, state.stingers, strict=True)
            if now.waiting or now.start != NEVER
        },
        "controls": {
            name: _control(rules, name, now, values.__getitem__, state.frame)
            for name, now in zip(CONTINUOUS, state.continuous, strict=False)
        },
        "switches": {
            name: [now.value, _layer_name(rules, now.source)]
            for name, now in zip(DISCRETE, state.switches, strict=False)
        },
        "last_mix": _mix(rules, state.last_mix),
    }


def latch_name(latch: Latch) -> str:
    """What tells a latch from another; two of the same name are always set and cleared together."""
    enter, leave = latch.enter, latch.exit
    return f"{enter.input} {enter.op} {enter.value!r}, {leave.input} {leave.op} {leave.value!r}"


def row_name(row: Transition) -> list[str | None] | None:
    """The pattern of a transition row, which no other of its file has; None for the built-in one."""
    return None if row is BUILT_IN_TRANSITION else [row.layer, row.from_state, row.to_state]


def _input(item: Input, now: InputNow, value: InputValue) -> list[Any]:
    if isinstance(item, TriggerInput):
        return [_time(now.since), now.sequence]
    return [now.origin, now.target, now.since, now.sequence, value]


def _layer(rules: Rules, layer: Layer, now: LayerNow, weight: float | None, frame: int) -> dict[str, Any]:
    row = (*rules.transitions, BUILT_IN_TRANSITION)[now.row]
    names = [state.name for state in layer.states]
    pending = now.pending
    return {
        "active": names[now.active],
        "start": _time(now.start),
        "row": row_name(row),
        "settled": frame - now.start >= row.ramp_frames,
        "origin": _mix(rules, now.origin),
        "weight": weight,
        "pending": pending
        and [names[pending.state], pending.decided, pending.predicted, [list(cause) for cause in pending.causes]],
        "runs": {
            name: [run.holds, _time(run.since)]
            for name, run in zip(names, now.runs, strict=True)
            if run.holds or run.since != NEVER
        },
        "cooldowns": {name: end for name, end in zip(names, now.cooldowns, strict=True) if end != NEVER},
    }


def _control(rules: Rules, name: str, now: ControlNow, read: Callable[[str], InputValue], frame: int) -> list[Any]:
    music = rules.music if now.source == TOP_LEVEL else rules.layers[now.source].states[now.active].music
    spec = getattr(music, name)
    value = control_value(spec, now, float(read(spec.input)) if isinstance(spec, Binding) else 0.0, frame)
    layer = _layer_name(rules, now.source)
    state = None if layer is None else rules.layers[now.source].states[now.active].name
    return [layer, state, now.origin, now.since, now.frames, now.curve, value]


def _layer_name(rules: Rules, index: int) -> str | None:
    return None if index == TOP_LEVEL else rules.layers[index].name


def _mix(rules: Rules, mix: Vector) -> dict[str, float]:
    return {style.name: share for style, share in zip(rules.styles, mix, strict=True) if share != 0.0}


def _time(frame: int) -> int | None:
    return None if frame == NEVER else frame
