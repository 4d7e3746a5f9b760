"""Weights, mixes, gains and filters that leave nothing of the music, or less than is meant."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice, product
from typing import Final

from segue_rules.analysis.finding import Finding, state_finding
from segue_rules.analysis.reachability import Reachability
from segue_rules.controls import CONTROLS, SILENT_DB
from segue_rules.model import Binding, IntegerInput, Layer, LayerState, Music, NumberInput, Rules
from segue_yaml.report import listing

# Of the factors of layers' weights that may be 0 together; a file with more of them is not warned of an empty mix.
_MOST_CHOICES: Final = 4_096


def levels(rules: Rules, reachability: Reachability) -> Iterator[Finding]:
    """Silent layers, controls and gains that add little or nothing, empty mixes and crossed filters."""
    yield from _silent_layers(rules)
    yield from _partial_controls(rules)
    yield from _gains_of_nothing(rules)
    yield from _empty_mix(rules, reachability)
    yield from _crossed_filters(rules, reachability)


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
    least = most = 1.0
    for factor in layer.weight.factors:
        values = [factor.along_curve(x) for x in _knots(rules, [factor])]
        least, most = least * min(values), most * max(values)
    return least, most


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


def _adds_nothing(state: LayerState) -> bool:
    """Whether a state leaves the music without anything to play, though it is to be heard."""
    return not state.mix and not state.clips and not _silences(state)


def _empty_mix(rules: Rules, reachability: Reachability) -> Iterator[Finding]:
    """If each layer has a way to add nothing, so may all of them together."""
    ways: list[str] = []
    vanishing: list[list[Binding]] = []
    for layer in rules.layers:
        states = reachability.states_of(layer)
        empty = next((state.name for state in states if _adds_nothing(state)), None)
        if empty is not None:
            ways.append(f'"{layer.name}" in "{empty}"')
        elif weights(rules, layer)[0] <= 0:
            ways.append(f'"{layer.name}" at weight 0')
            if isinstance(layer.weight, Binding):
                vanishing.append([each for each in layer.weight.factors if _can_vanish(rules, [each])])
        else:
            return
    if not ways or not _vanish_together(rules, vanishing):
        return
    text = f"there is nothing to play with {', '.join(ways)}: the last mix stays; give one of them a mix"
    mark = rules.layers[0].mark
    yield Finding(mark=mark, where="layers", code="empty_mix", text=text)


def _vanish_together(rules: Rules, weights: Sequence[Sequence[Binding]]) -> bool:
    """Whether all weights can be 0 at once. One factor that is 0 is enough for each.

    Args:
        weights: For each weight, those of its factors that can be 0.
    """
    for chosen in islice(product(*weights), _MOST_CHOICES):
        followed: dict[str, list[Binding]] = {}
        for binding in chosen:
            followed.setdefault(binding.input, []).append(binding)
        if all(_can_vanish(rules, bindings) for bindings in followed.values()):
            return True
    return False


def _can_vanish(rules: Rules, bindings: Sequence[Binding]) -> bool:
    """Whether curves that follow one input are 0 at the same value of it: for such curves at one of their knots."""
    return any(all(binding.along_curve(x) <= 0 for binding in bindings) for x in _knots(rules, bindings))


def _crossed_filters(rules: Rules, reachability: Reachability) -> Iterator[Finding]:
    """Music that takes away what is lower than a frequency, and what is higher than one below it."""
    text = _crossed(rules.music)
    if text:
        yield Finding(mark=rules.music.mark, where="music", code="crossed_filters", text=text)
    for layer in rules.layers:
        for state in reachability.states_of(layer):
            text = _crossed(state.music)
            if text:
                yield state_finding(layer, state, "crossed_filters", text)


def _crossed(music: Music) -> str:
    """What is wrong with the filters that a state or the top level names; "" if nothing is."""
    if music.low_pass_hz is None or music.high_pass_hz is None:
        return ""
    highest, lowest = _range(music.low_pass_hz)[1], _range(music.high_pass_hz)[0]
    if lowest <= highest:
        return ""
    return (
        f"low_pass leaves what is below {highest:g}Hz and high_pass what is above {lowest:g}Hz, so "
        "little is left of the music; let high_pass be lower than low_pass"
    )


def _range(frequency: float | Binding) -> tuple[float, float]:
    """The lowest and the highest value."""
    if not isinstance(frequency, Binding):
        return frequency, frequency
    return frequency.range
