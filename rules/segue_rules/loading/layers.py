"""Builds layers, their states and transition rows from what the files say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, TypeAlias, cast

from segue_rules.loading.bindings import WeightBindingTable, WrittenBinding
from segue_rules.loading.conditions import ConditionReader
from segue_rules.loading.grammar import LayerTable, StateTable, TransitionTable
from segue_rules.loading.inputs import DeclaredInputs
from segue_rules.loading.music import build_music, resolve
from segue_rules.loading.rule_kinds import frames
from segue_rules.loading.sources import MergedLayer, Sources
from segue_rules.model import Binding, Condition, Curve, IntegerInput, Layer, LayerState, NumberInput, Transition
from segue_yaml.containers import Item
from segue_yaml.kinds import Word
from segue_yaml.nodes import Mark, Node
from segue_yaml.report import Scope, did_you_mean, listing
from segue_yaml.tables import Field, Record

_ONLY_CONDITIONAL: Final = (
    StateTable.when,
    StateTable.unless,
    StateTable.priority,
    StateTable.attack,
    StateTable.hold,
    StateTable.min_time,
    StateTable.cooldown,
)


def build_layers(sources: Sources, inputs: DeclaredInputs, conditions: ConditionReader) -> tuple[Layer, ...]:
    """All layers in merged order. A layer without exactly one default state is reported."""
    return tuple(_layer(layer, sources, inputs, conditions) for layer in sources.layers.values())


def _layer(merged: MergedLayer, sources: Sources, inputs: DeclaredInputs, conditions: ConditionReader) -> Layer:
    scope = sources.report.scope(f'layer "{merged.name}"')
    _check_default(merged, scope)
    weight = merged.weight.value(LayerTable.weight) if merged.weight is not None else 1.0
    ramp_frames = Layer.weight_ramp_frames
    if isinstance(weight, WrittenBinding):
        ramp_frames = frames(weight.record.value(WeightBindingTable.ramp))
    resolved = resolve(weight, inputs)
    states = (_state(item, sources, inputs, conditions) for item in merged.states.values())
    return Layer(
        name=merged.name,
        states=tuple(state for state in states if state is not None),
        weight=1.0 if resolved is None else resolved,
        weight_ramp_frames=ramp_frames,
        mark=merged.mark,
    )


def _check_default(merged: MergedLayer, scope: Scope) -> None:
    """Report a layer without a default state, or with several."""
    records = [(item, item.value) for item in merged.states.values()]
    defaults = [item for item, record in records if record is not None and record.value(StateTable.default)]
    if not defaults and not scope.report.partial and all(record is not None for _, record in records):
        names = [item.name for item, record in records if record is not None and not record.has(StateTable.when)]
        hint = f"; did you mean '{names[0]}'?" if len(names) == 1 else ""
        scope.problem(merged.mark, f"expected a state with 'default: true', got none{hint}")
    for item in defaults[1:]:
        text = f"expected one default state, got another; the first is '{defaults[0].name}' at {defaults[0].mark}"
        scope.inside(f'state "{item.name}"').problem(item.mark, text)


def _state(
    item: Item[Record], sources: Sources, inputs: DeclaredInputs, conditions: ConditionReader
) -> LayerState | None:
    record = item.value
    if record is None:
        return None
    default = record.value(StateTable.default)
    if default:
        for field in _ONLY_CONDITIONAL:
            if record.has(field):
                record.problem(
                    field, "a default state has no such field: it can always be on, and ranks below every other state"
                )
    music = record.get(StateTable.music)
    return LayerState(
        name=item.name,
        default=default,
        when=_condition(record, StateTable.when, conditions),
        unless=_condition(record, StateTable.unless, conditions),
        priority=int(record.value(StateTable.priority)),
        attack_frames=frames(record.value(StateTable.attack)),
        hold_frames=frames(record.value(StateTable.hold)),
        min_time_frames=frames(record.value(StateTable.min_time)),
        cooldown_frames=frames(record.value(StateTable.cooldown)),
        mix=build_mix(record.get(StateTable.mix), sources.styles, record.scope.inside("mix")),
        music=build_music([music] if music else [], inputs),
        mark=item.mark,
    )


def _condition(record: Record, field: Field[Node], conditions: ConditionReader) -> Condition | None:
    node = record.get(field)
    return None if node is None else conditions.read(node, record.scope.inside(field.name))


def build_mix(items: Iterable[Item[float]] | None, styles: Mapping[str, object], scope: Scope) -> dict[str, float]:
    """Weights by style. Unknown styles are reported."""
    mix: dict[str, float] = {}
    for item in items or ():
        if item.name not in styles:
            scope.unknown(item.mark, "style", item.name, styles)
        elif item.value is not None:
            mix[item.name] = float(item.value)
    return mix


def check_first_mix(layers: Iterable[Layer], inputs: DeclaredInputs, mark: Mark, scope: Scope) -> None:
    """Report a soundtrack whose first mix, with every input at its default, would be empty."""
    for layer in layers:
        default = next((state for state in layer.states if state.default), None)
        if default is None or (default.mix and _first_weight(layer, inputs) > 0):
            return
    scope.problem(
        mark,
        "expected a style to begin with, got none: each default state has an empty mix or a layer that begins at 0",
    )


def _first_weight(layer: Layer, inputs: DeclaredInputs) -> float:
    """The weight of the layer with its input at its default."""
    if not isinstance(layer.weight, Binding):
        return layer.weight
    source = inputs.by_name[layer.weight.input]
    assert isinstance(source, (NumberInput, IntegerInput))
    curve = layer.weight.curve
    if source.default <= curve[0][0]:
        return curve[0][1]
    for (x0, y0), (x1, y1) in pairwise(curve):
        if source.default <= x1:
            return y0 + (y1 - y0) * (source.default - x0) / (x1 - x0)
    return curve[-1][1]


_ANY: Final = "any"

_Pattern: TypeAlias = tuple[str | None, str | None, str | None]
"""Layer, state left, state entered; None stands for any."""


@dataclass(frozen=True, kw_only=True)
class _End:
    """One side of a row. state: None for any. layers: Where it may be; None for anywhere."""

    state: str | None
    layers: frozenset[str] | None


def build_transitions(sources: Sources) -> tuple[Transition, ...]:
    """All rows in merged order. Rows that never fit, or have the pattern of another, are reported."""
    states = {name: tuple(layer.states) for name, layer in sources.layers.items()}
    rows: list[Transition] = []
    seen: dict[_Pattern, Record] = {}
    for record in sources.transitions:
        row = _row(record, states)
        if row is None:
            continue
        pattern = (row.layer, row.from_state, row.to_state)
        if pattern in seen:
            _report_twice(record, seen[pattern], row)
        else:
            seen[pattern] = record
            rows.append(row)
    return tuple(rows)


def _report_twice(record: Record, first: Record, row: Transition) -> None:
    layer = f"{row.layer}." if row.layer else ""
    pattern = f"from {layer}{row.from_state or _ANY} to {layer}{row.to_state or _ANY}"
    for here, there in ((record, first), (first, record)):
        here.scope.problem(here.mark, f"two rows {pattern}; also at {there.mark}")


def _row(record: Record, states: Mapping[str, tuple[str, ...]]) -> Transition | None:
    at, max_wait = record.value(TransitionTable.at), record.get(TransitionTable.max_wait)
    if max_wait is not None and at.unit == "immediate":
        record.problem(TransitionTable.max_wait, "'at: immediate' never waits, so it has no max_wait")
    leave = _end(record, TransitionTable.from_, states)
    enter = _end(record, TransitionTable.to, states)
    if leave is None or enter is None:
        return None
    pattern = _pattern(record, leave, enter)
    if pattern is None:
        return None
    layer, from_state, to_state = pattern
    return Transition(
        layer=layer,
        from_state=from_state,
        to_state=to_state,
        at=at,
        max_wait_frames=None if max_wait is None else frames(max_wait),
        ramp_frames=frames(record.value(TransitionTable.ramp)),
        curve=cast(Curve, record.value(TransitionTable.curve)),
        mark=record.mark,
    )


def _end(record: Record, field: Field[Word], states: Mapping[str, tuple[str, ...]]) -> _End | None:
    """What one side of a row names, or None once it is reported that there is no such layer or state."""
    if record.has(field) and record.get(field) is None:
        return None
    text = record.value(field).text
    layer, dot, state = text.rpartition(".")
    scope, mark = record.scope.inside(field.name), record.mark_of(field)
    if dot and layer not in states:
        scope.unknown(mark, "layer", layer, states)
        return None
    if state == _ANY:
        return _End(state=None, layers=frozenset({layer}) if dot else None)
    homes = frozenset(name for name, names in states.items() if state in names)
    if dot and layer not in homes:
        has = f"; layer '{layer}' has {listing(states[layer][:8], 'and')}" if states[layer] else ""
        scope.unknown(mark, "state", state, (), did_you_mean(state, states[layer]) or has)
        return None
    if not homes:
        known = sorted({name for names in states.values() for name in names} | {_ANY})
        scope.unknown(mark, "state", state, known, f"; did you mean '{state}.any'?" if state in states else "")
        return None
    return _End(state=state, layers=frozenset({layer}) if dot else homes)


def _pattern(record: Record, leave: _End, enter: _End) -> _Pattern | None:
    """What a row fits, or None once it is reported that it fits nothing or is ambiguous."""
    layers = enter.layers if leave.layers is None else leave.layers
    if leave.layers is not None and enter.layers is not None:
        layers = leave.layers & enter.layers
        if not layers:
            here, there = min(leave.layers), min(enter.layers)
            text = f"expected two states of the same layer, got one of '{here}' and one of '{there}'"
            record.problem(TransitionTable.to, text)
            return None
    if leave.state is not None and leave.state == enter.state:
        record.problem(TransitionTable.to, f"expected another state than the one left, got '{leave.state}' for both")
        return None
    if layers is None:
        return None, leave.state, enter.state
    if len(layers) > 1:
        field = TransitionTable.from_ if leave.state is not None else TransitionTable.to
        state = leave.state or enter.state
        choices = listing(f"{layer}.{state}" for layer in sorted(layers))
        record.problem(field, f"the state '{state}' is in several layers; expected {choices}, got '{state}'")
        return None
    return next(iter(layers)), leave.state, enter.state
