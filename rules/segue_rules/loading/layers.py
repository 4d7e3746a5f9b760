"""From the merged layers and their states to the model's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Final

from segue_rules.loading.bindings import Bound, WeightBinding
from segue_rules.loading.conditions import ConditionReader
from segue_rules.loading.controls import build_music, resolve
from segue_rules.loading.grammar import LayerTable, StateTable
from segue_rules.loading.inputs import Inputs
from segue_rules.loading.rule_kinds import frames
from segue_rules.loading.sources import MergedLayer, Sources
from segue_rules.model import Binding, Condition, IntegerInput, Layer, LayerState, NumberInput
from segue_yaml.containers import Item
from segue_yaml.nodes import Mark, Node
from segue_yaml.report import Scope
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


def build_layers(sources: Sources, inputs: Inputs, conditions: ConditionReader) -> tuple[Layer, ...]:
    """All layers in merged order, each with exactly one default state, or else with that reported."""
    return tuple(_layer(layer, sources, inputs, conditions) for layer in sources.layers.values())


def _layer(merged: MergedLayer, sources: Sources, inputs: Inputs, conditions: ConditionReader) -> Layer:
    scope = sources.report.scope(f'layer "{merged.name}"')
    _check_default(merged, scope)
    weight = merged.weight.value(LayerTable.weight) if merged.weight is not None else 1.0
    ramp_frames = Layer.weight_ramp_frames
    if isinstance(weight, Bound):
        ramp_frames = frames(weight.record.value(WeightBinding.ramp))
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


def _state(item: Item[Record], sources: Sources, inputs: Inputs, conditions: ConditionReader) -> LayerState | None:
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
    """Weights by style; unknown styles are reported."""
    mix: dict[str, float] = {}
    for item in items or ():
        if item.name not in styles:
            scope.unknown(item.mark, "style", item.name, styles)
        elif item.value is not None:
            mix[item.name] = float(item.value)
    return mix


def check_first_mix(layers: Iterable[Layer], inputs: Inputs, mark: Mark, scope: Scope) -> None:
    """Report a soundtrack whose very first mix, with every input at its default, would be empty."""
    for layer in layers:
        default = next((state for state in layer.states if state.default), None)
        if default is None or (default.mix and _first_weight(layer, inputs) > 0):
            return
    scope.problem(
        mark,
        "expected a style to begin with, got none: each default state has an empty mix or a layer that begins at 0",
    )


def _first_weight(layer: Layer, inputs: Inputs) -> float:
    """The layer's weight with its input at its default."""
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
