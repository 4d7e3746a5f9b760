"""Builds layers and their states from what the files say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

from segue_rules.loading.bindings import WeightBindingTable, WrittenBinding
from segue_rules.loading.clips import build_uses, with_leader
from segue_rules.loading.conditions import ConditionReader
from segue_rules.loading.extending import ONLY_CONDITIONAL
from segue_rules.loading.grammar_layers import LayerTable, StateTable
from segue_rules.loading.inputs import DeclaredInputs, check_distinct
from segue_rules.loading.limits import MOST_STATES
from segue_rules.loading.music import build_mix, build_music, resolve
from segue_rules.loading.playlists import pieces_of
from segue_rules.loading.sources import MergedLayer, Sources
from segue_rules.loading.themes import theme_use
from segue_rules.loading.time_kinds import duration, frames
from segue_rules.model import (
    Binding,
    Clip,
    Condition,
    IntegerInput,
    Layer,
    LayerState,
    NumberInput,
    OnReturn,
    ThemeUse,
)
from segue_yaml.containers import Item
from segue_yaml.nodes import Mark, Node
from segue_yaml.report import Scope
from segue_yaml.tables import Field, Record


def build_layers(
    sources: Sources, inputs: DeclaredInputs, conditions: ConditionReader, clips: Mapping[str, Clip]
) -> tuple[Layer, ...]:
    """All layers in merged order. A layer without exactly one default state is reported."""
    return tuple(_layer(layer, sources, inputs, conditions, clips) for layer in sources.layers.values())


def _layer(
    merged: MergedLayer,
    sources: Sources,
    inputs: DeclaredInputs,
    conditions: ConditionReader,
    clips: Mapping[str, Clip],
) -> Layer:
    scope = sources.report.scope(f'layer "{merged.name}"')
    _check_default(merged, scope)
    weight = merged.weight.value(LayerTable.weight) if merged.weight is not None else 1.0
    ramp_frames = Layer.weight_ramp_frames
    if isinstance(weight, WrittenBinding):
        ramp_frames = frames(weight.record.value(WeightBindingTable.ramp))
    resolved = resolve(weight, inputs)
    built = ((item, _state(item, merged.name, sources, inputs, conditions)) for item in merged.states.values())
    states = tuple(
        with_leader(piece, clips)
        for item, state in built
        if state is not None and item.value is not None
        for piece in pieces_of(state, item.value, sources, inputs)
    )
    _check_cues(merged, states, clips)
    if len(states) > MOST_STATES >= len(merged.states):
        scope.problem(merged.mark, f"expected at most {MOST_STATES} states and pieces of playlists, got {len(states)}")
    return Layer(
        name=merged.name,
        states=states,
        weight=1.0 if resolved is None else resolved,
        weight_ramp_frames=ramp_frames,
        theme=_layer_theme(merged, sources),
        mark=merged.mark,
    )


def _layer_theme(merged: MergedLayer, sources: Sources) -> ThemeUse | None:
    if merged.theme is None:
        return None
    return theme_use(merged.theme.get(LayerTable.theme), sources.themes, merged.theme.scope.inside("theme"))


def _is_unread(record: Record, field: Field[Any]) -> bool:
    """Whether a field was written and could not be read, which is reported."""
    return record.has(field) and record.get(field) is None


def _check_default(merged: MergedLayer, scope: Scope) -> None:
    """Report a layer without a default state, or with several."""
    records = [(item, item.value) for item in merged.states.values()]
    defaults = [item for item, record in records if record is not None and record.value(StateTable.default)]
    unread = any(record is None or _is_unread(record, StateTable.default) for _, record in records)
    if not defaults and not scope.report.partial and not unread:
        names = [item.name for item, record in records if record is not None and not record.has(StateTable.when)]
        hint = f"; did you mean '{names[0]}'?" if len(names) == 1 else ""
        scope.problem(merged.mark, f"expected a state with 'default: true', got none{hint}")
    for item in defaults[1:]:
        text = f"expected one default state, got another; the first is '{defaults[0].name}' at {defaults[0].mark}"
        scope.inside(f'state "{item.name}"').problem(item.mark, text)


def _check_cues(merged: MergedLayer, states: Sequence[LayerState], clips: Mapping[str, Clip]) -> None:
    """Report the cues at which states come in and that none of their clips has."""
    for item in merged.states.values():
        if item.value is None or not (named := item.value.value(StateTable.enter).cue):
            continue
        uses = [use for state in states if state.written == item.name for use in state.clips]
        cues = [cue.name for use in uses if use.clip in clips for cue in clips[use.clip].cues if cue.name]
        if all(use.clip in clips for use in uses) and named not in cues:
            scope = item.value.scope.inside(StateTable.enter.name)
            hint = "" if cues else "; none of its clips has a cue with a name"
            scope.unknown(item.value.mark_of(StateTable.enter), "cue", named, dict.fromkeys(cues), hint)


def _state(
    item: Item[Record], layer: str, sources: Sources, inputs: DeclaredInputs, conditions: ConditionReader
) -> LayerState | None:
    record = item.value
    if record is None:
        return None
    default = record.value(StateTable.default)
    if default:
        for field in ONLY_CONDITIONAL:
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
        attack_frames=duration(record.value(StateTable.attack)),
        hold_frames=duration(record.value(StateTable.hold)),
        min_time_frames=duration(record.value(StateTable.min_time)),
        resist=_resists(record),
        cooldown_frames=duration(record.value(StateTable.cooldown)),
        mix=build_mix(record.get(StateTable.mix), sources.styles, record.scope.inside("mix")),
        music=build_music([music] if music else [], inputs),
        on_return=cast(OnReturn, record.value(StateTable.on_return)),
        theme=theme_use(record.get(StateTable.theme), sources.themes, record.scope.inside("theme")),
        mute=_muted(record, layer, sources),
        solo=record.value(StateTable.solo),
        clips=build_uses(record.get(StateTable.clips), sources.clips, inputs, record.scope.inside("clips")),
        enter=record.value(StateTable.enter).enter,
        cue=record.value(StateTable.enter).cue,
        groups=_groups(record, layer, sources),
        mark=item.mark,
    )


def _resists(record: Record) -> bool:
    """Whether a state resists others for its min_time. A state without one is reported."""
    resists: bool = record.value(StateTable.resist)
    # One that could not be read is reported already.
    unread = record.has(StateTable.min_time) and record.get(StateTable.min_time) is None
    if resists and not unread and not record.value(StateTable.min_time) and not record.value(StateTable.default):
        record.problem(StateTable.resist, "a state resists for its min_time, and this one has none")
    return resists


def _muted(record: Record, layer: str, sources: Sources) -> tuple[str, ...]:
    """The layers that a state mutes. Unknown layers and its own are reported."""
    muted: list[str] = []
    solo: bool = record.value(StateTable.solo)
    scope = record.scope.inside("mute")
    for word in record.get(StateTable.mute) or ():
        if word.text not in sources.layers:
            hint = "; did you mean solo: true?" if word.text in ("all", "any") else ""
            scope.unknown(word.mark, "layer", word.text, sources.layers, hint)
        elif word.text == layer:
            scope.problem(word.mark, f"expected other layers, got the state's own, '{layer}'; did you mean solo: true?")
        elif word.text in muted:
            scope.problem(word.mark, f"the layer '{word.text}' is named twice")
        else:
            muted.append(word.text)
    if muted and solo:
        record.problem(StateTable.mute, "'solo: true' mutes all other layers, so there is no mute beside it")
    return tuple(muted)


def _groups(record: Record, layer: str, sources: Sources) -> tuple[str, ...]:
    """The groups of a state. One with the name of a state of the layer is reported."""
    words = record.get(StateTable.group) or ()
    check_distinct(words, record, StateTable.group)
    for word in words:
        if word.text in sources.layers[layer].states:
            text = f"expected a name that no state of the layer has, got '{word.text}', which is a state"
            record.scope.inside(StateTable.group.name).problem(word.mark, text)
    return tuple(dict.fromkeys(word.text for word in words))


def _condition(record: Record, field: Field[Node], conditions: ConditionReader) -> Condition | None:
    node = record.get(field)
    return None if node is None else conditions.read(node, record.scope.inside(field.name))


def check_first_mix(layers: Iterable[Layer], inputs: DeclaredInputs, mark: Mark, scope: Scope) -> None:
    """Report a soundtrack whose first mix, with every input at its default, would be empty."""
    for layer in layers:
        defaults = [state for state in layer.states if state.default]
        heard = any(state.mix or state.clips for state in defaults)
        if not defaults or (heard and _first_weight(layer, inputs) > 0):
            return
    scope.problem(
        mark,
        "expected a style or a clip to begin with, got none: each default state has an empty mix or a layer that "
        "begins at 0",
    )


def _first_weight(layer: Layer, inputs: DeclaredInputs) -> float:
    """The weight of the layer with its inputs at their defaults."""
    if not isinstance(layer.weight, Binding):
        return layer.weight
    numbers = [item for item in inputs.by_name.values() if isinstance(item, NumberInput | IntegerInput)]
    return layer.weight.value({item.name: item.default for item in numbers})
