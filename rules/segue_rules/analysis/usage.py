"""What is declared and never used, and mixes that are empty."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from segue_rules.analysis.finding import Finding, state_finding, written_finding
from segue_rules.analysis.reachability import Reachability, describe
from segue_rules.analysis.satisfiability import comparisons, leaves
from segue_rules.controls import CONTROLS, SILENT_DB
from segue_rules.director.timing import follow
from segue_rules.model import (
    Binding,
    Burst,
    Counted,
    Fired,
    InGroup,
    IntegerInput,
    Lately,
    Layer,
    LayerState,
    Music,
    NumberInput,
    OneOf,
    Rules,
)
from segue_yaml.report import listing


def usage(rules: Rules, reachability: Reachability) -> Iterator[Finding]:
    """Everything unused, silent layers and empty mixes."""
    yield from _inputs(rules)
    yield from _styles(rules)
    yield from _themes(rules)
    yield from _transitions(rules, reachability)
    yield from _groups(rules)
    yield from _returns(rules)
    yield from _silent_layers(rules)
    yield from _partial_controls(rules)
    yield from _gains_of_nothing(rules)
    yield from _empty_mix(rules, reachability)


def _inputs(rules: Rules) -> Iterator[Finding]:
    used = set(_used_inputs(rules))
    for item in rules.inputs:
        if item.name not in used:
            text = "is declared but no condition, curve or stinger uses it"
            yield Finding(mark=item.mark, where=f'input "{item.name}"', code="unused_input", text=text)


def _used_inputs(rules: Rules) -> Iterator[str]:
    """The names of all inputs that something uses."""
    yield from (stinger.trigger for stinger in rules.stingers)
    yield from _bound(rules.music)
    for layer in rules.layers:
        if isinstance(layer.weight, Binding):
            yield layer.weight.input
        for state in layer.states:
            yield from _bound(state.music)
            for condition in (state.when, state.unless):
                for leaf in leaves(condition):
                    yield from (compare.input for compare in comparisons(leaf))
                    if isinstance(leaf, OneOf):
                        yield leaf.input
                    elif isinstance(leaf, Fired):
                        yield leaf.trigger
                    elif isinstance(leaf, Counted):
                        yield leaf.counter.trigger
                        if leaf.counter.after is not None:
                            yield leaf.counter.after


def _bound(music: Music) -> Iterator[str]:
    for control in CONTROLS:
        value = getattr(music, control.field)
        if isinstance(value, Binding):
            yield value.input


def _styles(rules: Rules) -> Iterator[Finding]:
    mixes = [state.mix for layer in rules.layers for state in layer.states]
    mixes += [stinger.mix for stinger in rules.stingers if isinstance(stinger, Burst)]
    played = {name for mix in mixes for name in mix}
    for style in rules.styles:
        if style.name not in played:
            text = "is declared but no state or stinger plays it"
            yield Finding(mark=style.mark, where=f'style "{style.name}"', code="unused_style", text=text)


def _themes(rules: Rules) -> Iterator[Finding]:
    uses = [layer.theme for layer in rules.layers]
    uses += [state.theme for layer in rules.layers for state in layer.states]
    uses += [stinger.theme for stinger in rules.stingers if isinstance(stinger, Burst)]
    played = {use.name for use in uses if use is not None and use.strength > 0}
    for theme in rules.themes:
        if theme.name not in played:
            text = "is declared but no state, layer or stinger plays it"
            yield Finding(mark=theme.mark, where=f'theme "{theme.name}"', code="unused_theme", text=text)


def _transitions(rules: Rules, reachability: Reachability) -> Iterator[Finding]:
    taken = set(map(id, reachability.taken_rows))
    for row in rules.transitions:
        if id(row) not in taken:
            text = "no change takes this row: more specific rows come first, or there is no such change"
            yield Finding(mark=row.mark, where=describe(row), code="unused_transition", text=text)


def _groups(rules: Rules) -> Iterator[Finding]:
    named: set[tuple[str | None, str | None]] = set()
    for row in rules.transitions:
        named |= {(row.layer, row.from_state), (row.layer, row.to_state)}
    for layer in rules.layers:
        for state in layer.states:
            for condition in (state.when, state.unless):
                parts = [leaf.of if isinstance(leaf, Lately) else leaf for leaf in leaves(condition)]
                named |= {(leaf.layer, leaf.group) for leaf in parts if isinstance(leaf, InGroup)}
    for layer in rules.layers:
        told: set[str] = set()
        for state in layer.states:
            for group in state.groups:
                if group not in told and not named & {(layer.name, group), (None, group)}:
                    told.add(group)
                    text = f'no row and no condition names its group "{group}"'
                    yield written_finding(layer, state, "unused_group", text)


def _returns(rules: Rules) -> Iterator[Finding]:
    for layer in rules.layers:
        for state in layer.states:
            if not state.mix and state.piece is None and state.on_return != LayerState.on_return:
                text = (
                    f"on_return: {state.on_return} has no effect in a state without a mix, which never leads the music"
                )
                yield state_finding(layer, state, "unused_on_return", text)


def _silent_layers(rules: Rules) -> Iterator[Finding]:
    for layer in rules.layers:
        if weights(rules, layer)[1] <= 0:
            text = "its weight is 0 whatever happens, so its states add nothing and decide nothing"
            yield Finding(mark=layer.mark, where=f'layer "{layer.name}"', code="silent_layer", text=text)


def _partial_controls(rules: Rules) -> Iterator[Finding]:
    for layer in rules.layers:
        most = weights(rules, layer)[1]
        if not 0 < most < 1:
            continue
        for state in layer.states:
            named = [control.name for control in CONTROLS if getattr(state.music, control.field) is not None]
            if named:
                count = "counts" if len(named) == 1 else "count"
                text = (
                    f"its {listing(named, 'and')} {count} by {most:g} at most, which is the layer's weight: name "
                    f"{'it' if len(named) == 1 else 'them'} in a layer of weight 1 to count wholly"
                )
                yield state_finding(layer, state, "partial_control", text)


def _gains_of_nothing(rules: Rules) -> Iterator[Finding]:
    naming = [layer.name for layer in rules.layers for state in layer.states if state.music.gain_db not in (None, 0.0)]
    for layer in rules.layers:
        others = [name for name in naming if name != layer.name]
        for state in layer.states:
            if state.music.gain_db == 0.0 and others:
                text = (
                    f"gain: 0dB adds nothing to the gain of layer '{others[0]}', as gains add up: leave it out, or say "
                    f"in a condition of '{others[0]}' when its gain does not count"
                )
                yield state_finding(layer, state, "gain_adds_nothing", text)


def weights(rules: Rules, layer: Layer) -> tuple[float, float]:
    """The least and the greatest weight of a layer."""
    if not isinstance(layer.weight, Binding):
        return layer.weight, layer.weight
    values = [follow(layer.weight, x) for x in _knots(rules, [layer.weight])]
    return min(values), max(values)


def _knots(rules: Rules, bindings: Sequence[Binding]) -> list[float]:
    """Where curves that follow one input can turn: the ends of the range and the points of the curves within it."""
    source = next(item for item in rules.inputs if item.name == bindings[0].input)
    if not isinstance(source, NumberInput | IntegerInput):
        raise ValueError(f'expected a number or integer behind the weights that follow "{source.name}"')
    points = (x for binding in bindings for x, _ in binding.curve)
    return [source.low, source.high, *(x for x in points if source.low <= x <= source.high)]


def _silences(state: LayerState) -> bool:
    """Whether nothing can be heard while the state is on."""
    gain = state.music.gain_db
    return isinstance(gain, float | int) and gain <= SILENT_DB


def _empty_mix(rules: Rules, reachability: Reachability) -> Iterator[Finding]:
    """If each layer has a way to add nothing, so may all of them together."""
    ways: list[str] = []
    vanishing: dict[str, list[Binding]] = {}
    for layer in rules.layers:
        states = reachability.states_of(layer)
        empty = next((state.name for state in states if not state.mix and not _silences(state)), None)
        if empty is not None:
            ways.append(f'"{layer.name}" in "{empty}"')
        elif weights(rules, layer)[0] <= 0:
            ways.append(f'"{layer.name}" at weight 0')
            if isinstance(layer.weight, Binding):
                vanishing.setdefault(layer.weight.input, []).append(layer.weight)
        else:
            return
    # Weights that follow the same input must be 0 at the same value of it. For such curves that is one of their knots.
    for bindings in vanishing.values():
        if not any(all(follow(binding, x) <= 0 for binding in bindings) for x in _knots(rules, bindings)):
            return
    if not ways:
        return
    text = f"there is nothing to play with {', '.join(ways)}: the last mix stays; give one of them a mix"
    mark = rules.layers[0].mark
    yield Finding(mark=mark, where="layers", code="empty_mix", text=text)
