"""Conditions compiled to functions of a frame, and the comparisons that explain their result."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from segue_rules.director.state import NEVER, STILL, InputNow
from segue_rules.model import (
    COMPARISONS,
    FRAME_RATE,
    All,
    Any,
    Compare,
    Condition,
    Counted,
    Fired,
    InGroup,
    InputValue,
    InState,
    Latch,
    Lately,
    Not,
    OneOf,
    Rules,
)
from segue_rules.plan import Cause
from segue_yaml.report import listing


class FrameView:
    """What conditions see of a frame.

    Attributes:
        values: Inputs as moved.
        active: The active state of each layer in the frame before, by index.
    """

    __slots__ = ("active", "counts", "frame", "inputs", "latches", "left", "values")

    def __init__(
        self,
        frame: int,
        values: tuple[InputValue, ...],
        inputs: tuple[InputNow, ...],
        active: tuple[int, ...],
    ) -> None:
        self.frame = frame
        self.values = values
        self.inputs = inputs
        self.active = active
        self.latches: tuple[bool, ...] = ()
        self.counts: tuple[int, ...] = ()
        self.left: tuple[int, ...] = ()


Test: TypeAlias = Callable[[FrameView], bool]


def group_members(rules: Rules) -> dict[tuple[str, str], frozenset[int]]:
    """The indexes of the states of each group, by layer and group."""
    members: dict[tuple[str, str], set[int]] = {}
    for layer in rules.layers:
        for i, state in enumerate(layer.states):
            for group in state.groups:
                members.setdefault((layer.name, group), set()).add(i)
    return {place: frozenset(states) for place, states in members.items()}


class Conditions:
    """Compiles and explains the conditions of one rule file."""

    def __init__(self, rules: Rules) -> None:
        self._input = {item.name: i for i, item in enumerate(rules.inputs)}
        self._layer = {layer.name: i for i, layer in enumerate(rules.layers)}
        self._states = {layer.name: layer.states for layer in rules.layers}
        self._names = {layer.name: tuple(state.name for state in layer.states) for layer in rules.layers}
        self._groups = group_members(rules)
        self._counters = tuple(
            (self._input[each.trigger], None if each.after is None else self._input[each.after])
            for each in rules.counters
        )
        # Every trigger condition: the trigger's index and for how many frames it holds.
        self.fired: set[tuple[int, int]] = set()
        # Every condition on the end of a state: the index of the stay and for how many frames it holds.
        self.lately: set[tuple[int, int]] = set()
        self._stays = tuple(map(self.compile, rules.stays))
        self._latches = tuple((self.compile(latch.enter), self.compile(latch.exit)) for latch in rules.latches)

    def update_counts(self, view: FrameView, before: tuple[int, ...]) -> tuple[int, ...]:
        """All counters in this frame: from 0 where their `after` is fired, and one more where their trigger is."""
        fired = view.values
        return tuple(
            [
                (0 if after is not None and fired[after] else count) + (fired[i] is True)
                for count, (i, after) in zip(before, self._counters, strict=True)
            ]
        )

    def update_stays(self, view: FrameView, before: tuple[int, ...]) -> tuple[int, ...]:
        """When each stay ended, in this frame."""
        return tuple(
            [
                STILL if holds(view) else view.frame if end == STILL else end
                for end, holds in zip(before, self._stays, strict=True)
            ]
        )

    def update_latches(self, view: FrameView, before: tuple[bool, ...]) -> tuple[bool, ...]:
        """All latches in this frame: set by `enter`, else cleared by `exit`, else as before."""
        return tuple(
            [
                enter(view) or (held and not leave(view))
                for held, (enter, leave) in zip(before, self._latches, strict=True)
            ]
        )

    def compile(self, condition: Condition) -> Test:
        """The condition as a function of a view with updated latches."""
        match condition:
            case Compare(input=name, op=op, value=value):
                i, compare = self._input[name], COMPARISONS[op]
                return lambda view: compare(view.values[i], value)
            case OneOf(input=name, values=values):
                i = self._input[name]
                return lambda view: view.values[i] in values
            case Latch(index=index):
                return lambda view: view.latches[index]
            case InState(layer=layer, state=state):
                # Any piece of a state with a playlist.
                at, of = self._layer[layer], self._states[layer]
                wanted = frozenset(i for i, each in enumerate(of) if state in (each.name, each.written))
                return lambda view: view.active[at] in wanted
            case InGroup(layer=layer, group=group):
                at, members = self._layer[layer], self._groups[layer, group]
                return lambda view: view.active[at] in members
            case Fired(trigger=trigger, frames=frames):
                i = self._input[trigger]
                self.fired.add((i, frames))
                return lambda view: view.frame - view.inputs[i].since < frames
            case Counted(index=index, op=op, value=value):
                compare = COMPARISONS[op]
                return lambda view: compare(view.counts[index], value)
            case Lately(index=index, frames=frames):
                self.lately.add((index, frames))
                return lambda view: view.frame - view.left[index] < frames
            case All(of=parts):
                tests = tuple(map(self.compile, parts))
                return lambda view: all(test(view) for test in tests)
            case Any(of=parts):
                tests = tuple(map(self.compile, parts))
                return lambda view: any(test(view) for test in tests)
            case Not(of=part):
                test = self.compile(part)
                return lambda view: not test(view)

    def explain(self, condition: Condition, view: FrameView, *, wanted: bool = True) -> tuple[Cause, ...]:
        """The comparisons that make the condition `wanted` in this frame; empty if it is not."""
        match condition:
            case All(of=parts) | Any(of=parts):
                causes = tuple(cause for part in parts for cause in self.explain(part, view, wanted=wanted))
                return causes if self.compile(condition)(view) == wanted else ()
            case Not(of=part):
                return self.explain(part, view, wanted=not wanted)
        if self.compile(condition)(view) != wanted:
            return ()
        return (self._leaf(condition, view, holds=wanted),)

    def _leaf(
        self,
        leaf: Compare | OneOf | Latch | InState | InGroup | Fired | Counted | Lately,
        view: FrameView,
        *,
        holds: bool,
    ) -> Cause:
        match leaf:
            case Lately(index=index, of=of):
                name = of.state if isinstance(of, InState) else of.group
                return Cause("", name, -1, _last_stay(of.layer, name, view.frame, view.left[index]))
            case InState(layer=layer, state=state):
                return Cause("", state, -1, f"{layer} {'is' if holds else 'is not'} {state}")
            case InGroup(layer=layer, group=group):
                state = self._names[layer][view.active[self._layer[layer]]]
                return Cause("", state, -1, f"{layer} is {state}{f' ({group})' if holds else f', not {group}'}")
            case Fired(trigger=name):
                text = f"{name} fired" if holds else f"{name} has not fired lately"
                return Cause(name, holds, view.inputs[self._input[name]].sequence, text)
            case Counted(index=index, counter=counter):
                last = view.inputs[self._input[counter.trigger]].sequence
                return Cause(counter.trigger, view.counts[index], last, _counted(leaf, view.counts[index], holds=holds))
            case Latch(enter=enter):
                name = enter.input
                about = self._latch(leaf, view, holds=holds)
            case OneOf(input=name, values=values):
                about = f" ({listing(values)})" if holds else f", not {listing(values)}"
            case Compare(input=name):
                about = _comparison(leaf, holds=holds)
        i = self._input[name]
        value = view.values[i]
        return Cause(name, value, view.inputs[i].sequence, f"{name} is {_show(value)}{about}")

    def _latch(self, latch: Latch, view: FrameView, *, holds: bool) -> str:
        """Which of the two comparisons decides: `enter` has the last word where it holds, and `exit` below it."""
        enters, leaves = self.compile(latch.enter)(view), self.compile(latch.exit)(view)
        if holds:
            decides, met = (latch.enter, True) if enters else (latch.exit, False)
        else:
            decides, met = (latch.exit, True) if leaves else (latch.enter, False)
        word = "enter" if decides is latch.enter else "exit"
        return f" ({word} {_rule(decides)} is {'met' if met else 'not met'})"


def _comparison(compare: Compare, *, holds: bool) -> str:
    """What a comparison adds to "name is value"."""
    if compare.op not in ("==", "!="):
        return f" ({_rule(compare)})" if holds else f" ({_rule(compare)} is not met)"
    # The value itself says all about a flag, and about what is equal.
    if isinstance(compare.value, bool) or (compare.op == "==") == holds:
        return ""
    return f", not {_show(compare.value)}"


def _counted(counted: Counted, times: int, *, holds: bool) -> str:
    """How often a trigger was fired, and what that is compared with."""
    since = "" if counted.counter.after is None else f" since {counted.counter.after}"
    often = "1 time" if times == 1 else f"{times} times"
    met = "" if holds else " is not met"
    return f"{counted.counter.trigger} fired {often}{since} ({counted.op} {counted.value}{met})"


def _last_stay(layer: str, name: str, frame: int, end: int) -> str:
    """How long ago a layer left a state or group."""
    if end == STILL:
        return f"{layer} is {name}"
    return f"{layer} has not been {name}{'' if end == NEVER else f' for {(frame - end) / FRAME_RATE:.4g} s'}"


def _rule(compare: Compare) -> str:
    return f"{compare.op} {_show(compare.value)}"


def _show(value: InputValue) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:.4g}" if isinstance(value, float) else str(value)
