"""What is declared and never used, and mixes of nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from segue_rules.analysis.finding import Finding
from segue_rules.analysis.reachability import Reachability, describe
from segue_rules.analysis.satisfiability import comparisons, leaves
from segue_rules.controls import CONTROLS
from segue_rules.director.timing import follow
from segue_rules.model import Binding, Burst, Fired, IntegerInput, Layer, Music, NumberInput, OneOf, Rules


def usage(rules: Rules, reachability: Reachability) -> Iterator[Finding]:
    yield from _inputs(rules)
    yield from _styles(rules)
    yield from _transitions(rules, reachability)
    yield from _silent_layers(rules)
    yield from _empty_mix(rules, reachability)


def _inputs(rules: Rules) -> Iterator[Finding]:
    heard = set(_heard(rules))
    for item in rules.inputs:
        if item.name not in heard:
            text = "is declared but no condition, curve or stinger listens to it"
            yield Finding(mark=item.mark, where=f'input "{item.name}"', code="unused_input", text=text)


def _heard(rules: Rules) -> Iterator[str]:
    """The names of all inputs that something listens to."""
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


def _transitions(rules: Rules, reachability: Reachability) -> Iterator[Finding]:
    taken = set(map(id, reachability.taken_rows))
    for row in rules.transitions:
        if id(row) not in taken:
            text = "no change takes this row: more specific rows come first, or there is no such change"
            yield Finding(mark=row.mark, where=describe(row), code="unused_transition", text=text)


def _silent_layers(rules: Rules) -> Iterator[Finding]:
    for layer in rules.layers:
        if _weights(rules, layer)[1] <= 0:
            text = "its weight is 0 whatever happens, so its states add nothing and decide nothing"
            yield Finding(mark=layer.mark, where=f'layer "{layer.name}"', code="silent_layer", text=text)


def _weights(rules: Rules, layer: Layer) -> tuple[float, float]:
    """The least and the most a layer can weigh."""
    if not isinstance(layer.weight, Binding):
        return layer.weight, layer.weight
    values = [follow(layer.weight, x) for x in _knots(rules, [layer.weight])]
    return min(values), max(values)


def _knots(rules: Rules, bindings: Sequence[Binding]) -> list[float]:
    """Where curves that follow one input can turn: the range's ends and the curves' points within."""
    source = next(item for item in rules.inputs if item.name == bindings[0].input)
    if not isinstance(source, NumberInput | IntegerInput):
        raise ValueError(f'expected a number or integer behind the weights that follow "{source.name}"')
    points = (x for binding in bindings for x, _ in binding.curve)
    return [source.low, source.high, *(x for x in points if source.low <= x <= source.high)]


def _empty_mix(rules: Rules, reachability: Reachability) -> Iterator[Finding]:
    """Each layer has a way to add nothing: then so may all of them together."""
    ways: list[str] = []
    vanishing: dict[str, list[Binding]] = {}
    for layer in rules.layers:
        empty = next((state.name for state in reachability.states_of(layer) if not state.mix), None)
        if empty is not None:
            ways.append(f'"{layer.name}" in "{empty}"')
        elif _weights(rules, layer)[0] <= 0:
            ways.append(f'"{layer.name}" at weight 0')
            if isinstance(layer.weight, Binding):
                vanishing.setdefault(layer.weight.input, []).append(layer.weight)
        else:
            return
    # Weights that follow the same input must vanish at the same place, which for such curves is one of their knots.
    for bindings in vanishing.values():
        if not any(all(follow(binding, x) <= 0 for binding in bindings) for x in _knots(rules, bindings)):
            return
    if not ways:
        return
    text = f"there is nothing to play with {', '.join(ways)}: the last mix stays; give one of them a mix"
    mark = rules.layers[0].mark
    yield Finding(mark=mark, where="layers", code="empty_mix", text=text)
