"""Whether a condition can hold at all: it is tried in every case that it can tell apart.

A case gives every input a value, every trigger an age, every latch its memory and every layer a state. Conditions tell
finitely many of each apart (a number below, at and above each threshold, and so on). Trying all combinations of the
few inputs that a condition speaks of is therefore exact.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from itertools import pairwise, product
from typing import Final, Literal, NamedTuple

from segue_rules.director.conditions import Conditions, FrameView, Test, group_members
from segue_rules.director.state import InputNow
from segue_rules.model import (
    All,
    Any,
    ChoiceInput,
    Compare,
    Condition,
    Counted,
    Fired,
    FlagInput,
    InGroup,
    Input,
    InputValue,
    InState,
    IntegerInput,
    Latch,
    Lately,
    LayerState,
    Not,
    NumberInput,
    OneOf,
    Rules,
    TriggerInput,
)

# How many cases are tried for one condition (some tenths of a second) and for a file (some seconds). A condition with
# more cases counts as one that can hold.
MOST_CASES: Final = 20_000
MOST_CASES_OF_A_FILE: Final = 500_000
_LONG_AGO: Final = 1 << 40

Leaf = Compare | OneOf | Latch | InState | InGroup | Fired | Counted | Lately


def leaves(condition: Condition | None) -> Iterator[Leaf]:
    """The comparisons of a condition. A latch counts as one."""
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
    """The comparisons with an input that a leaf makes."""
    match leaf:
        case Compare():
            return (leaf,)
        case Latch(enter=enter, exit=leave):
            return (enter, leave)
    return ()


def whole(state: LayerState) -> Condition:
    """The whole condition of a state: `when` and not `unless`."""
    parts = [] if state.when is None else [state.when]
    return All(of=(*parts, *([] if state.unless is None else [Not(of=state.unless)])))


@dataclass
class _Mentions:
    """What some conditions speak of.

    Attributes:
        values: Input to what it is compared with.
        windows, stays: Trigger, and the index of a stay, to frames.
    """

    values: dict[str, set[InputValue]] = field(default_factory=dict)
    windows: dict[str, set[int]] = field(default_factory=dict)
    latches: dict[int, None] = field(default_factory=dict)
    layers: dict[str, None] = field(default_factory=dict)
    counts: dict[int, set[int]] = field(default_factory=dict)
    stays: dict[int, set[int]] = field(default_factory=dict)

    def add(self, condition: Condition) -> None:
        for leaf in leaves(condition):
            for compare in comparisons(leaf):
                self.values.setdefault(compare.input, set()).add(compare.value)
            match leaf:
                case OneOf(input=name, values=values):
                    self.values.setdefault(name, set()).update(values)
                case Latch(index=index):
                    self.latches[index] = None
                case InState(layer=layer) | InGroup(layer=layer):
                    self.layers[layer] = None
                case Counted(index=index, value=value):
                    self.counts.setdefault(index, set()).add(value)
                case Lately(index=index, frames=frames):
                    self.stays.setdefault(index, set()).add(frames)
                case Fired(trigger=trigger, frames=frames):
                    self.windows.setdefault(trigger, set()).add(frames)


# What a case gives a value to: an input, the frames since a trigger was fired or a stay ended, a layer, or a counter.
_Slot = Literal["value", "age", "stay", "state", "count"]
_Choice = tuple[_Slot, int, InputValue]


class Case(NamedTuple):
    """A case in which a condition holds.

    Attributes:
        spoken_of: The (slot, index) pairs in the condition; others are at rest.
    """

    view: FrameView
    spoken_of: frozenset[tuple[_Slot, int]]


class Guard(NamedTuple):
    """What a condition cannot hold without: one of some values of one input, layer or trigger.

    Attributes:
        place: Its (slot, index) in a case.
        values: An input's values, a layer's states by index, True for a fired trigger.
    """

    place: tuple[_Slot, int]
    values: frozenset[InputValue]

    def met_in(self, view: FrameView) -> bool:
        return value_in(view, self.place) in self.values


def value_in(view: FrameView, place: tuple[_Slot, int]) -> InputValue:
    """What a case has in a place, in terms of Guard.values."""
    slot, index = place
    if slot == "count":
        return view.counts[index]
    if slot == "value":
        return view.values[index]
    if slot == "stay":
        return view.left[index] != -_LONG_AGO
    return view.active[index] if slot == "state" else view.inputs[index].since != -_LONG_AGO


class ConditionSolver:
    """Tries the conditions of one rule file.

    Attributes:
        cases: How many cases it has counted, of MOST_CASES_OF_A_FILE.
    """

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self.cases = 0
        self._conditions = Conditions(rules)
        self._groups = group_members(rules)
        self._index = {item.name: i for i, item in enumerate(rules.inputs)}
        self._values = [False if isinstance(item, TriggerInput) else item.default for item in rules.inputs]
        self._ages = [InputNow(False, False, -_LONG_AGO, -1)] * len(rules.inputs)
        self._states = [layer.default_index for layer in rules.layers]
        # Each latch: whether it is entered, whether it is left, and whether it can be entered in any case.
        self._latches: tuple[tuple[Test, Test, bool], ...] = ()
        self._latches = tuple(
            (
                self._conditions.compile(latch.enter),
                self._conditions.compile(latch.exit),
                self.can_hold(latch.enter, {}),
            )
            for latch in rules.latches
        )

    @property
    def at_rest(self) -> FrameView:
        """Inputs, triggers and layers as at the start."""
        return FrameView(0, tuple(self._values), tuple(self._ages), tuple(self._states))

    def compile(self, condition: Condition) -> Test:
        """The condition as a function of a case."""
        return self._conditions.compile(condition)

    def can_hold(self, condition: Condition, states: Mapping[str, Set[str]]) -> bool:
        """Whether the condition holds in some case; true where there are too many to try.

        Args:
            states: The possible states of each layer the condition speaks of.
        """
        return self.solve(condition, states)[0]

    def solve(self, condition: Condition, states: Mapping[str, Set[str]]) -> tuple[bool, Case | None]:
        """As `can_hold`, with a case in which the condition holds; None where there is none or too many to try.

        Inputs, triggers, layers and latches that the condition does not speak of are as at the start.
        """
        mentions = _Mentions()
        mentions.add(condition)
        choices = self._choices(mentions, states)
        count = math.prod(map(len, choices)) * 2 ** len(mentions.latches)
        if count > min(MOST_CASES, MOST_CASES_OF_A_FILE - self.cases):
            return True, None
        self.cases += count
        test = self._conditions.compile(condition)
        found = next(filter(test, self._views(mentions, choices)), None)
        if found is None:
            return False, None
        # The condition's test asks for none of the other latches: finding them is left until a case is found.
        found.latches = tuple(
            held if index in mentions.latches else self._memories(index, found)[0]
            for index, held in enumerate(found.latches)
        )
        return True, Case(found, frozenset((slot, i) for (slot, i, _), *_ in choices))

    def guard(self, condition: Condition) -> Guard | None:
        """What the condition cannot hold without; None where no single place decides."""
        match condition:
            case Compare(input=name, op="==", value=value):
                return Guard(("value", self._index[name]), frozenset({value}))
            case OneOf(input=name, values=values):
                return Guard(("value", self._index[name]), frozenset(values))
            case Fired(trigger=name):
                return Guard(("age", self._index[name]), frozenset({True}))
            case InState(layer=name, state=state):
                i = next(i for i, layer in enumerate(self._rules.layers) if layer.name == name)
                states = enumerate(self._rules.layers[i].states)
                return Guard(("state", i), frozenset(j for j, each in states if state in (each.name, each.written)))
            case InGroup(layer=name, group=group):
                i = next(i for i, layer in enumerate(self._rules.layers) if layer.name == name)
                return Guard(("state", i), frozenset(self._groups[name, group]))
            case All(of=parts):
                return next(filter(None, map(self.guard, parts)), None)
            case Any(of=parts):
                guards = [each for each in map(self.guard, parts) if each is not None]
                if guards and len(guards) == len(parts) and len({each.place for each in guards}) == 1:
                    return guards[0]._replace(values=frozenset().union(*(each.values for each in guards)))
        return None

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

    def _choices(self, mentions: _Mentions, states: Mapping[str, Set[str]]) -> list[list[_Choice]]:
        """For each input, trigger and layer mentioned, what to try."""
        choices: list[list[_Choice]] = []
        for name, values in mentions.values.items():
            i = self._index[name]
            choices.append([("value", i, value) for value in _cells(self._rules.inputs[i], values)])
        for name, windows in mentions.windows.items():
            choices.append([("age", self._index[name], age) for age in sorted({0, *windows, _LONG_AGO})])
        for i, windows in mentions.stays.items():
            # A state that a layer is in counts as one that has just ended.
            choices.append([("stay", i, age) for age in sorted({0, *windows, _LONG_AGO})])
        for i, thresholds in mentions.counts.items():
            near = {threshold + step for threshold in thresholds for step in (-1, 0, 1)}
            choices.append([("count", i, n) for n in sorted({0} | {n for n in near if n > 0})])
        for i, layer in enumerate(self._rules.layers):
            if layer.name in mentions.layers:
                possible = [j for j, state in enumerate(layer.states) if state.name in states[layer.name]]
                choices.append([("state", i, j) for j in possible])
        return choices

    def _views(self, mentions: _Mentions, choices: list[list[_Choice]]) -> Iterator[FrameView]:
        """Every case, with the latches that are mentioned alone. A view is good until the next one is taken."""
        values, ages, states = self._values.copy(), self._ages.copy(), self._states.copy()
        counts, left = [0] * len(self._rules.counters), [-_LONG_AGO] * len(self._rules.stays)
        latches = [False] * len(self._latches)
        for chosen in product(*choices):
            for slot, i, value in chosen:
                if slot == "value":
                    values[i] = value
                elif slot == "age":
                    ages[i] = InputNow(False, False, -int(value), -1)
                elif slot == "stay":
                    left[i] = -int(value)
                elif slot == "count":
                    counts[i] = int(value)
                else:
                    states[i] = int(value)
            view = FrameView(0, tuple(values), tuple(ages), tuple(states))
            view.counts, view.left = tuple(counts), tuple(left)
            for memory in product(*(self._memories(index, view) for index in mentions.latches)):
                for index, held in zip(mentions.latches, memory, strict=True):
                    latches[index] = held
                view.latches = tuple(latches)
                yield view

    def _memories(self, index: int, view: FrameView) -> tuple[bool, ...]:
        """What the latch may be in a case: what its thresholds make it, or what was before."""
        enter, leave, enterable = self._latches[index]
        if enter(view):
            return (True,)
        return (False,) if leave(view) or not enterable else (False, True)


def _cells(item: Input, thresholds: Set[InputValue]) -> list[InputValue]:
    """One value for each way in which an input can stand to the thresholds."""
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
