"""Conditions compiled to functions of a frame, and the comparisons that explain their result."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import NamedTuple, TypeAlias

from segue_rules.director.state import NEVER, STILL, DirectorState, InputNow
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
from segue_yaml.quantities import time_text
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

    def update(self, view: FrameView, before: DirectorState) -> None:
        """Let the view see counters, ends of stays and latches in this frame, which conditions ask for."""
        if before.counts:
            view.counts = self._count(view, before.counts)
        if before.left:
            view.left = self._note_stays(view, before.left)
        if before.latches:
            view.latches = self._latched(view, before.latches)

    def _count(self, view: FrameView, before: tuple[int, ...]) -> tuple[int, ...]:
        """All counters in this frame: from 0 where their `after` is fired, and one more where their trigger is."""
        fired = view.values
        return tuple(
            [
                (0 if after is not None and fired[after] else count) + (fired[i] is True)
                for count, (i, after) in zip(before, self._counters, strict=True)
            ]
        )

    def _note_stays(self, view: FrameView, before: tuple[int, ...]) -> tuple[int, ...]:
        """When each stay ended, in this frame."""
        return tuple(
            [
                STILL if holds(view) else view.frame if end == STILL else end
                for end, holds in zip(before, self._stays, strict=True)
            ]
        )

    def _latched(self, view: FrameView, before: tuple[bool, ...]) -> tuple[bool, ...]:
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
        span = _span_of(condition)
        if span is not None:
            holds = self.compile(condition)(view)
            return (self._leaf(span.end, view, holds=holds, span=span.text),) if holds == wanted else ()
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
        span: str = "",
    ) -> Cause:
        """A comparison as a cause.

        Args:
            span: The range that the comparison is the upper end of, as written; "" for a comparison by itself.
        """
        met = "" if not span else f" ({span})" if holds else f" ({span} is not met)"
        match leaf:
            case Lately(index=index, of=of):
                name = of.state if isinstance(of, InState) else of.group
                return Cause("", name, -1, _last_stay(of.layer, name, view.frame, view.left[index]) + met)
            case InState(layer=layer, state=state):
                return Cause("", state, -1, f"{layer} {'is' if holds else 'is not'} {state}")
            case InGroup(layer=layer, group=group):
                state = self._names[layer][view.active[self._layer[layer]]]
                return Cause("", state, -1, f"{layer} is {state}{f' ({group})' if holds else f', not {group}'}")
            case Fired(trigger=name):
                now = view.inputs[self._input[name]]
                return Cause(name, holds, now.sequence, _last_firing(name, view.frame, now.since) + met)
            case Counted(index=index, counter=counter):
                last = view.inputs[self._input[counter.trigger]].sequence
                return Cause(
                    counter.trigger, view.counts[index], last, _counted(leaf, view.counts[index], met, holds=holds)
                )
            case Latch(enter=enter):
                name = enter.input
                about = self._latch(leaf, view, holds=holds)
            case OneOf(input=name, values=values):
                about = f" ({listing(values)})" if holds else f", not {listing(values)}"
            case Compare(input=name):
                about = met or _comparison(leaf, holds=holds)
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


def _counted(counted: Counted, times: int, met: str, *, holds: bool) -> str:
    """How often a trigger was fired, and what that is compared with.

    Args:
        met: The range and whether it is met; "" for a comparison by itself.
    """
    since = "" if counted.counter.after is None else f" since {counted.counter.after}"
    often = "1 time" if times == 1 else f"{times} times"
    met = met or f" ({counted.op} {counted.value}{'' if holds else ' is not met'})"
    return f"{counted.counter.trigger} fired {often}{since}{met}"


def _last_firing(name: str, frame: int, since: int) -> str:
    """How long ago a trigger was fired."""
    if since == frame:
        return f"{name} fired"
    return f"{name} has not fired" if since == NEVER else f"{name} fired {(frame - since) / FRAME_RATE:.4g} s ago"


class _Span(NamedTuple):
    """A range in a condition: two comparisons with the same thing, of which the upper one speaks for both."""

    end: Compare | Fired | Counted | Lately
    text: str


def _span_of(condition: Condition) -> _Span | None:
    """The range that a condition is, such as 9..23, or of times, 1s..12s; None for other conditions."""
    match condition:
        case All(of=(Compare(op=">=", value=low) as start, Compare(op="<=", value=high) as end)):
            return _Span(end, f"{_show(low)}..{_show(high)}") if start.input == end.input else None
        case All(of=(Counted(op=">=", value=low) as start, Counted(op="<=", value=high) as end)):
            return _Span(end, f"{low}..{high}") if start.index == end.index else None
        case All(of=(Not(of=Fired() as start), Fired() as end)):
            return _Span(end, _times(start.frames, end.frames)) if start.trigger == end.trigger else None
        case All(of=(Not(of=Lately() as start), Lately() as end)):
            return _Span(end, _times(start.frames, end.frames)) if start.index == end.index else None
    return None


def _times(low: int, beyond: int) -> str:
    """A range of times as in a rule file, from the frames from which it holds, and those from which no more."""
    return "..".join(time_text(Fraction(frames, FRAME_RATE)) for frames in (low, beyond - 1))


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
