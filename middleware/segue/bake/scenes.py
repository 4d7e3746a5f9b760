"""What the states of a rule file can sound like together: a scene for each, and a loop for all that sound alike.

A *scene* is one state of every layer that is baked, with one sampled value of every input that the sound follows. Its
sound is what the director plans once everything has settled.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Final

from segue.bake.machine import states_of
from segue_rules.director import Director
from segue_rules.model import Binding, Input, IntegerInput, Layer, LayerState, Music, NumberInput, Rules
from segue_rules.plan import FramePlan
from segue_yaml.report import did_you_mean

SILENCE: Final = -1
"""In place of a loop: the rules let the music be silent."""
KEEP: Final = -2
"""In place of a loop: no style has a weight, and what plays goes on."""
MOST_SCENES: Final = 4_096
"""More combinations take minutes to look at, and no game hears them all."""
MOST_POINTS: Final = 16
LESS: Final = "bake fewer with --layers NAME,… or hold inputs with --input NAME=VALUE"
_PLACES: Final = 9


class BakeError(ValueError):
    """A bake that cannot be made as asked; the message says what to do."""


@dataclass(frozen=True, kw_only=True)
class SampledInput:
    """An input that the sound follows, at the values that are baked.

    Attributes:
        points: In increasing order.
    """

    name: str
    points: tuple[float, ...]


@dataclass(frozen=True, kw_only=True)
class Sound:
    """What a loop plays.

    Attributes:
        label: The states in which it was found first, for the names of files.
        rules: The rules held in those states, at those values.
        plan: The plan of all its frames but for their time.
    """

    label: str
    rules: Rules
    plan: FramePlan


@dataclass(frozen=True, kw_only=True)
class Scenes:
    """All scenes of a rule file.

    Attributes:
        layers: The names of the layers that are baked. The others are held in their default state.
        sampled: The inputs that are sampled.
        loops: The loop of each scene, or SILENCE or KEEP: the states of the first layer are the slowest to change, the
            points of the last input the fastest.
        sounds: Of each loop.
    """

    layers: tuple[str, ...]
    sampled: tuple[SampledInput, ...]
    loops: tuple[int, ...]
    sounds: tuple[Sound, ...]


def find_scenes(
    rules: Rules, *, layers: Sequence[str] | None = None, inputs: Mapping[str, Sequence[float]] | None = None
) -> Scenes:
    """All scenes of a rule file.

    Args:
        rules: With the tempos of their styles.
        layers: Those that are baked; None for all that have several states.
        inputs: The values at which inputs are sampled. Those that the sound follows and that are not named here are
            sampled where their curves begin and end.
    Raises:
        BakeError: A layer or an input is not known, a value does not fit, or there are too many scenes.
    """
    baked = _baked(rules, layers)
    sampled = _sampled(rules, baked, inputs or {})
    choices = [states_of(layer) if layer.name in baked else (_default(layer),) for layer in rules.layers]
    points = [each.points for each in sampled]
    count = math.prod(map(len, choices)) * math.prod(map(len, points))
    if count > MOST_SCENES:
        raise BakeError(
            f"{_factors(rules, baked, sampled)} make {count} scenes, expected at most {MOST_SCENES}; {LESS}"
        )
    found: dict[object, int] = {}
    loops: list[int] = []
    sounds: list[Sound] = []
    for states in itertools.product(*choices):
        for values in itertools.product(*points):
            held = _held(rules, states, dict(zip([each.name for each in sampled], values, strict=True)))
            plan = _settled(held)
            if plan.silent:
                loops.append(SILENCE)
            elif plan.warnings:
                loops.append(KEEP)
            else:
                key = _sounds_like(plan)
                if key not in found:
                    found[key] = len(sounds)
                    sounds.append(Sound(label=_label(rules, states, baked), rules=held, plan=plan))
                loops.append(found[key])
    if not sounds:
        raise BakeError("no state is heard: there is nothing to bake")
    return Scenes(layers=baked, sampled=sampled, loops=tuple(loops), sounds=tuple(sounds))


def _baked(rules: Rules, wanted: Sequence[str] | None) -> tuple[str, ...]:
    names = [layer.name for layer in rules.layers]
    for name in wanted or ():
        if name not in names:
            raise BakeError(f"--layers: no layer {name!r}{did_you_mean(name, names)}")
    several = [layer.name for layer in rules.layers if len(states_of(layer)) > 1]
    return tuple(name for name in names if name in (several if wanted is None else wanted))


def _sampled(rules: Rules, baked: Sequence[str], asked: Mapping[str, Sequence[float]]) -> tuple[SampledInput, ...]:
    bound: dict[str, list[float]] = {}
    for binding in _bindings(rules, baked):
        for factor in binding.factors:
            bound.setdefault(factor.input, []).extend([x for x, _ in factor.curve])
    known = {item.name: item for item in rules.inputs}
    for name in asked:
        if name not in known:
            raise BakeError(f"--input: no input {name!r}{did_you_mean(name, known)}")
        if name not in bound:
            raise BakeError(f"--input: no weight and no control of the baked layers follows {name}; leave it out")
    sampled = []
    for item in rules.inputs:
        if item.name in bound:
            assert isinstance(item, NumberInput | IntegerInput)
            points = asked.get(item.name)
            ends = (min(bound[item.name]), max(bound[item.name]))
            values = [_within(item, end) for end in ends] if points is None else [_given(item, x) for x in points]
            sampled.append(SampledInput(name=item.name, points=tuple(sorted(set(values)))))
    return tuple(sampled)


def _bindings(rules: Rules, baked: Sequence[str]) -> Iterator[Binding]:
    """Every binding that the sound of the scenes follows."""
    yield from _bound_controls(rules.music)
    for layer in rules.layers:
        if isinstance(layer.weight, Binding):
            yield layer.weight
        for state in states_of(layer) if layer.name in baked else (_default(layer),):
            yield from _bound_controls(state.music)


def _bound_controls(music: Music) -> Iterator[Binding]:
    for field in fields(music):
        value = getattr(music, field.name)
        if isinstance(value, Binding):
            yield value


def _within(item: NumberInput | IntegerInput, value: float) -> float:
    """The end of a curve as the input can have it."""
    held = min(max(value, item.low), item.high)
    return float(round(held)) if isinstance(item, IntegerInput) else float(held)


def _given(item: NumberInput | IntegerInput, value: float) -> float:
    if not item.low <= value <= item.high:
        raise BakeError(f"--input: {item.name} is from {item.low:g} to {item.high:g}, got {value:g}")
    if isinstance(item, IntegerInput) and value != int(value):
        raise BakeError(f"--input: {item.name} takes whole numbers, got {value:g}")
    return float(value)


def _default(layer: Layer) -> LayerState:
    name = layer.states[layer.default_index].written
    return next(state for state in states_of(layer) if state.written == name)


def _held(rules: Rules, states: Sequence[LayerState], values: Mapping[str, float]) -> Rules:
    """The rules with one state in each layer, and inputs at these values."""
    layers = tuple(
        replace(layer, states=(replace(state, default=True, when=None, unless=None, piece=None),))
        for layer, state in zip(rules.layers, states, strict=True)
    )
    inputs = tuple(_at_value(item, values.get(item.name)) for item in rules.inputs)
    return replace(rules, layers=layers, inputs=inputs, transitions=(), stingers=(), latches=(), counters=(), stays=())


def _at_value(item: Input, value: float | None) -> Input:
    match item:
        case NumberInput() if value is not None:
            return replace(item, default=value)
        case IntegerInput() if value is not None:
            return replace(item, default=int(value))
    return item


def _settled(rules: Rules) -> FramePlan:
    """The plan of a rule file in which nothing ever changes: its first is that of all frames."""
    director = Director(rules)
    return director.step(director.start(), 0)[1]


def _sounds_like(plan: FramePlan) -> object:
    """Equal for plans that sound alike."""
    mix = tuple(round(weight, _PLACES) for weight in plan.mix)
    return mix, plan.controls._replace(sources=()), plan.theme


def _label(rules: Rules, states: Sequence[LayerState], baked: Sequence[str]) -> str:
    """What the baked layers are in; of several layers those that have left their default state, if any."""
    pairs = [(layer, state) for layer, state in zip(rules.layers, states, strict=True) if layer.name in baked]
    told = [state.written for layer, state in pairs if state.written != _default(layer).written]
    return "-".join(
        told or [state.written for _, state in pairs if state.mix][:1] or [rules.layers[0].states[0].written]
    )


def _factors(rules: Rules, baked: Sequence[str], sampled: Sequence[SampledInput]) -> str:
    parts = [f"{len(states_of(layer))} states of {layer.name}" for layer in rules.layers if layer.name in baked]
    parts += [f"{len(each.points)} values of {each.name}" for each in sampled if len(each.points) > 1]
    return ", ".join(parts)
