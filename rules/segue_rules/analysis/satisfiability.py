"""Tries a condition in every world that it can tell apart: each input below, at and above each threshold, and so on.

A world gives every input a value, every trigger an age, every latch its memory and every layer a state. Conditions know
only finitely many kinds of each, so for the few inputs that a condition speaks of, trying them all is exact.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from itertools import pairwise, product
from typing import Final

from segue_rules.director.conditions import Conditions, FrameView
from segue_rules.director.state import InputNow
from segue_rules.model import (
    All,
    Any,
    ChoiceInput,
    Compare,
    Condition,
    Fired,
    FlagInput,
    Input,
    InputValue,
    InState,
    IntegerInput,
    Latch,
    LayerState,
    Not,
    NumberInput,
    OneOf,
    Rules,
    TriggerInput,
)

# What is tried for one condition, and for all of a file: some tenths of a second, and some seconds. A condition beyond
# that counts as one that may hold.
MOST_CASES: Final = 20_000
MOST_CASES_OF_A_FILE: Final = 500_000
_LONG_AGO: Final = 1 << 40

Leaf = Compare | OneOf | Latch | InState | Fired


def leaves(condition: Condition | None) -> Iterator[Leaf]:
    """The leaves of a condition, a latch's two comparisons not among them."""
    match condition:
        case None:
            return
        case All(of=parts) | Any(of=parts):
            for part in parts:
                yield from leaves(part)
        case Not(of=part):
            yield from leaves(part)
        case _:
            yield condition


def comparisons(leaf: Leaf) -> tuple[Compare, ...]:
    """The comparisons a leaf makes."""
    match leaf:
        case Compare():
            return (leaf,)
        case Latch(enter=enter, exit=leave):
            return (enter, leave)
    return ()


def whole(state: LayerState) -> Condition:
    """A state's condition C: `when` and not `unless`."""
    parts = [] if state.when is None else [state.when]
    return All(of=(*parts, *([] if state.unless is None else [Not(of=state.unless)])))


@dataclass
class _Mentions:
    """What some conditions speak of. values: input -> what it is compared with. windows: trigger -> frames."""

    values: dict[str, set[InputValue]] = field(default_factory=dict)
    windows: dict[str, set[int]] = field(default_factory=dict)
    latches: dict[int, None] = field(default_factory=dict)
    layers: dict[str, None] = field(default_factory=dict)

    def add(self, condition: Condition) -> None:
        for leaf in leaves(condition):
            for compare in comparisons(leaf):
                self.values.setdefault(compare.input, set()).add(compare.value)
            match leaf:
                case OneOf(input=name, values=values):
                    self.values.setdefault(name, set()).update(values)
                case Latch(index=index):
                    self.latches[index] = None
                case InState(layer=layer):
                    self.layers[layer] = None
                case Fired(trigger=trigger, frames=frames):
                    self.windows.setdefault(trigger, set()).add(frames)


class ConditionSolver:
    """The worlds of one rule file."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._left = MOST_CASES_OF_A_FILE
        self._conditions = Conditions(rules)
        self._index = {item.name: i for i, item in enumerate(rules.inputs)}
        # Each latch: whether it is entered, whether it is left, and whether it can be entered in any world.
        self._latches = tuple(
            (
                self._conditions.compile(latch.enter),
                self._conditions.compile(latch.exit),
                self.can_hold(latch.enter, {}),
            )
            for latch in rules.latches
        )

    def can_hold(self, condition: Condition, states: Mapping[str, Set[str]]) -> bool:
        """Whether the condition holds in some world; true where there are too many to try.

        Args: states: the possible states of each layer the condition speaks of.
        """
        mentions = _Mentions()
        mentions.add(condition)
        choices = self._choices(mentions, states)
        count = math.prod(map(len, choices)) * 2 ** len(mentions.latches)
        if count > min(MOST_CASES, self._left):
            return True
        self._left -= count
        test = self._conditions.compile(condition)
        return any(test(view) for view in self._views(mentions, choices))

    def settings(self, conditions: Sequence[Condition]) -> Iterator[dict[str, InputValue]]:
        """Every combination of input values that the conditions tell apart; nothing where there are too many."""
        mentions = _Mentions()
        for condition in conditions:
            mentions.add(condition)
        inputs = [self._rules.inputs[self._index[name]] for name in mentions.values]
        choices = [_cells(item, mentions.values[item.name]) for item in inputs]
        if math.prod(map(len, choices)) <= MOST_CASES:
            for values in product(*choices):
                yield {item.name: value for item, value in zip(inputs, values, strict=True)}

    def _choices(self, mentions: _Mentions, states: Mapping[str, Set[str]]) -> list[Sequence[tuple[str, InputValue]]]:
        """For each thing mentioned, the (name, value) pairs to try: inputs, triggers' ages, layers' states."""
        choices: list[Sequence[tuple[str, InputValue]]] = []
        for name, values in mentions.values.items():
            choices.append([(name, value) for value in _cells(self._rules.inputs[self._index[name]], values)])
        for name, windows in mentions.windows.items():
            choices.append([(name, age) for age in sorted({0, *windows, _LONG_AGO})])
        for layer in self._rules.layers:
            if layer.name in mentions.layers:
                possible = [i for i, state in enumerate(layer.states) if state.name in states[layer.name]]
                choices.append([(f"layer {layer.name}", i) for i in possible])
        return choices

    def _views(self, mentions: _Mentions, choices: list[Sequence[tuple[str, InputValue]]]) -> Iterator[FrameView]:
        for chosen in product(*choices):
            world = dict(chosen)
            view = FrameView(
                0,
                tuple(world.get(item.name, False) for item in self._rules.inputs),
                tuple(
                    InputNow(False, False, -int(world[item.name]) if item.name in mentions.windows else -_LONG_AGO, -1)
                    for item in self._rules.inputs
                ),
                tuple(int(world.get(f"layer {layer.name}", 0)) for layer in self._rules.layers),
            )
            for memory in product(*(self._memories(index, view) for index in mentions.latches)):
                held = dict(zip(mentions.latches, memory, strict=True))
                view.latches = tuple(held.get(i, False) for i in range(len(self._rules.latches)))
                yield view

    def _memories(self, index: int, view: FrameView) -> tuple[bool, ...]:
        """What the latch may be in a world: what its thresholds make it, or what was before."""
        enter, leave, enterable = self._latches[index]
        if enter(view):
            return (True,)
        return (False,) if leave(view) or not enterable else (False, True)


def _cells(item: Input, thresholds: Set[InputValue]) -> list[InputValue]:
    """One value for each way an input can stand to the thresholds."""
    match item:
        case FlagInput():
            return [False, True]
        case ChoiceInput(of=of):
            other = next((name for name in of if name not in thresholds), None)
            return [name for name in of if name in thresholds or name == other]
        case IntegerInput(low=least, high=most):
            near = {int(float(t)) + step for t in thresholds for step in (-1, 0, 1)}
            return sorted({least, most} | {n for n in near if least <= n <= most})
        case NumberInput(low=low, high=high):
            points = sorted({low, high} | {float(t) for t in thresholds if low <= float(t) <= high})
            return sorted({*points, *((a + b) / 2 for a, b in pairwise(points))})
        case TriggerInput():
            return [False]
