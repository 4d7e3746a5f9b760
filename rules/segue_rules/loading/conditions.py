"""Conditions: read from a file into the model, each comparison checked against its input."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final, TypeAlias, cast

from segue_rules.loading.grammar_inputs import RESERVED_INPUTS, LatchTable, StayTable, StretchTable
from segue_rules.loading.inputs import DeclaredInputs
from segue_rules.loading.limits import MOST_LEAVES
from segue_rules.loading.rule_kinds import PLAIN_NUMBER, RANGE
from segue_rules.loading.time_kinds import Elapsed, frames
from segue_rules.model import (
    COMPARISONS,
    All,
    Any,
    ChoiceInput,
    Compare,
    Comparison,
    Condition,
    Counted,
    Counter,
    Fired,
    FlagInput,
    InGroup,
    InputValue,
    InState,
    IntegerInput,
    Latch,
    Lately,
    Not,
    NumberInput,
    OneOf,
    TriggerInput,
    written_name,
)
from segue_yaml.core_schema import NumberError, resolve_plain
from segue_yaml.guesses import look_alike_hint
from segue_yaml.kinds import LARGEST_NUMBER, meant_boolean, meant_number, number
from segue_yaml.nodes import Entry, ListNode, MapNode, Mark, Node, Scalar, as_number, describe, quote
from segue_yaml.quantities import TIME
from segue_yaml.report import Scope, did_you_mean, listing
from segue_yaml.tables import Object, Record

Valued: TypeAlias = NumberInput | IntegerInput | ChoiceInput | FlagInput
"""The inputs that have a value to compare."""

_COMPARISON: Final = re.compile(r"(==|!=|<=|>=|<|>)\s*([^\s=<>!].*)")
_NEARLY: Final = re.compile(r"(===|=>|=<|<>|!==|=|≥|≤|≠)\s*([^\s=<>!].*)")
_PLAIN: Final = f"({PLAIN_NUMBER})"
_MEANT_WORDS: Final = {"or": "any", "and": "all", "either": "any", "both": "all", "none": "not", "nor": "not"}
"""Words of other languages in the place of an input, with those of this one."""
_MEANT: Final = {
    "=": "==",
    "===": "==",
    "!==": "!=",
    "=>": ">=",
    "=<": "<=",
    "<>": "!=",
    "≥": ">=",
    "≤": "<=",
    "≠": "!=",
}


def kind_of(source: Valued) -> str:
    """The type and range of an input in words: "a number from 0 to 1"."""
    if isinstance(source, NumberInput):
        return f"a number from {number(source.low)} to {number(source.high)}"
    if isinstance(source, IntegerInput):
        return f"an integer from {source.low} to {source.high}"
    if isinstance(source, ChoiceInput):
        return f"one of {listing(source.of[:8])}" if len(source.of) <= 8 else f"one of {len(source.of)} names"
    return "a flag"


def sample_of(source: Valued) -> str:
    """What an input can be compared with, in words: 'a comparison such as ">= 0.5"'."""
    if isinstance(source, (NumberInput, IntegerInput)):
        middle: float = (source.low + source.high) / 2
        return f'a comparison such as ">= {number(math.floor(middle) if isinstance(source, IntegerInput) else middle)}"'
    return "true or false" if isinstance(source, FlagInput) else listing(source.of[:8])


def read_compare(source: Valued, node: Node, mark: Mark, scope: Scope) -> Compare | None:
    """Read `value`, which means equal to it, or `"op value"`.

    Args:
        mark: The place that the comparison gets.

    Returns:
        The comparison, or None once it is reported that it does not fit the type of the input.
    """
    if not isinstance(node, Scalar):
        mismatch(source, node, scope)
        return None
    op, operand = _split(node)
    several = re.fullmatch(r"\[[^\[\]]*\]", operand.text) if op == "!=" and isinstance(source, ChoiceInput) else None
    if several:
        text = (
            f"expected one name behind !=, got {quote(node.text)}; did you mean not: {{{source.name}: {several[0]}}}?"
        )
        scope.problem(node.mark, text)
        return None
    if op not in ("==", "!=") and not isinstance(source, (NumberInput, IntegerInput)):
        scope.problem(node.mark, f"expected == or !=, got {quote(node.text)}; '{source.name}' is {kind_of(source)}")
        return None
    value = _value(source, operand, node, scope)
    return None if value is None else Compare(input=source.name, op=op, value=value, mark=mark)


def read_choice(source: ChoiceInput, node: Node, scope: Scope) -> str | None:
    """One of the names of a choice input, or None once the mistake is reported."""
    if isinstance(node, Scalar) and isinstance(node.value, str) and node.value in source.of:
        return node.value
    near = did_you_mean(node.text, source.of) if isinstance(node, Scalar) else ""
    known = listing(source.of) if len(source.of) <= 8 else f"a name of '{source.name}'"
    scope.problem(node.mark, f"expected {known}, got {describe(node)}{near}")
    return None


def mismatch(source: Valued, node: Node, scope: Scope, hint: str = "") -> None:
    """Report that a value cannot be compared with the input."""
    reason = hint or f"; '{source.name}' is {kind_of(source)}"
    scope.problem(node.mark, f"expected {sample_of(source)}, got {describe(node)}{reason}")


def _split(node: Scalar) -> tuple[Comparison, Scalar]:
    """The operator and the right-hand side. A value alone means ==."""
    match = _COMPARISON.fullmatch(node.value.strip()) if isinstance(node.value, str) else None
    if not match:
        return "==", node
    try:
        value = resolve_plain(match[2])
    except NumberError:
        value = match[2]
    return cast(Comparison, match[1]), Scalar(mark=node.mark, value=value, text=match[2])


def _value(source: Valued, operand: Scalar, node: Scalar, scope: Scope) -> InputValue | None:
    """The right-hand side as a value of the type of the input."""
    if isinstance(source, ChoiceInput):
        return read_choice(source, operand, scope)
    if isinstance(source, FlagInput):
        if isinstance(operand.value, bool):
            return operand.value
        meant = meant_boolean(operand)
        mismatch(source, node, scope, f"; did you mean {meant}?" if meant else "")
        return None
    value = as_number(operand)
    if value is not None:
        if abs(value) > LARGEST_NUMBER:
            limit = number(LARGEST_NUMBER)
            scope.problem(node.mark, f"expected a number from -{limit} to {limit}, got {describe(operand)}")
            return None
        return int(value) if isinstance(source, IntegerInput) and float(value).is_integer() else float(value)
    mismatch(source, node, scope, _number_hint(source, node))
    return None


def _number_hint(source: Valued, node: Scalar) -> str:
    nearly = _NEARLY.fullmatch(node.text.strip())
    if nearly:
        return f'; did you mean "{_MEANT[nearly[1]]} {nearly[2]}"?'
    if node.quoted and re.fullmatch(PLAIN_NUMBER, node.text):
        return f"; did you mean {node.text} without quotes?"
    compared = _COMPARISON.fullmatch(node.text.strip())
    between = re.fullmatch(rf"{_PLAIN}\s*(?:-|–|\.{{3,}}|to)\s*{_PLAIN}", node.text.strip())
    if between:
        return f"; did you mean {'..'.join(between.groups())}?"
    half = re.fullmatch(rf"{_PLAIN}\s*\.{{2,}}|\.{{2,}}\s*{_PLAIN}", node.text.strip())
    if half:
        return f'; did you mean "{f">= {half[1]}" if half[1] else f"<= {half[2]}"}"?'
    both = re.fullmatch(rf"([<>]=?)\s*{_PLAIN}\s*(?:and|&&?|,)?\s*([<>]=?)\s*{_PLAIN}", node.text.strip())
    if both:
        return (
            f'; did you mean all: [{{{source.name}: "{both[1]} {both[2]}"}}, {{{source.name}: "{both[3]} {both[4]}"}}]?'
        )
    if hint := look_alike_hint(node.text):
        return hint
    meant = meant_number(compared[2]) if compared and re.fullmatch(r"[-+0-9.,%\s]+", compared[2]) else None
    return f'; did you mean "{compared[1]} {number(meant)}"?' if compared and meant is not None else ""


def holds(compare: Compare, value: InputValue) -> bool:
    """Whether the comparison holds at a value of its input."""
    return COMPARISONS[compare.op](value, compare.value)


def verdict(source: Valued, compare: Compare) -> bool | None:
    """True if the comparison holds at every value of the input, False if at none, None if at some."""
    found = {holds(compare, value) for value in _witnesses(source, compare)}
    return found.pop() if len(found) == 1 else None


def overlap(source: Valued, first: Compare, second: Compare) -> InputValue | None:
    """A value of the input at which both comparisons hold, or None."""
    values = _witnesses(source, first, second)
    return next((value for value in values if holds(first, value) and holds(second, value)), None)


def _witnesses(source: Valued, *compares: Compare) -> Sequence[InputValue]:
    """Values of the input that show every possible combination of results of the comparisons.

    No result changes between two neighbouring thresholds, so the thresholds and one value of each stretch are enough.
    """
    if isinstance(source, FlagInput):
        return (True, False)
    if isinstance(source, ChoiceInput):
        return source.of
    thresholds = [float(compare.value) for compare in compares]
    if isinstance(source, IntegerInput):
        near = {math.floor(threshold) + step for threshold in thresholds for step in (-1, 0, 1, 2)}
        return sorted({source.low, source.high} | {value for value in near if source.low <= value <= source.high})
    inside = sorted({source.low, source.high} | {value for value in thresholds if source.low <= value <= source.high})
    return sorted([*inside, *((a + b) / 2 for a, b in pairwise(inside))])


@dataclass(kw_only=True)
class ConditionReader:
    """Reads the conditions of one soundtrack.

    Attributes:
        states, groups: Those of every layer.
        latches, counters, stays: All so far, by index.
    """

    inputs: DeclaredInputs
    states: Mapping[str, tuple[str, ...]]
    groups: Mapping[str, tuple[str, ...]]
    latches: list[Latch] = field(default_factory=list)
    counters: list[Counter] = field(default_factory=list)
    stays: list[InState | InGroup] = field(default_factory=list)
    _leaves: int = 0

    def read(self, node: Node, scope: Scope) -> Condition | None:
        """The condition, or None once its mistakes are reported."""
        self._leaves = 0
        condition = self._condition(node, scope)
        if self._leaves > MOST_LEAVES:
            scope.problem(node.mark, f"expected a condition of at most {MOST_LEAVES} comparisons, got {self._leaves}")
        return condition

    def _condition(self, node: Node, scope: Scope) -> Condition | None:
        if isinstance(node, ListNode) and node.items:
            hint = "write {all: [...]} where each must hold, {any: [...]} where one is enough"
            scope.problem(node.mark, f"expected a condition, got a list; {hint}")
            return None
        if not isinstance(node, MapNode) or not node.entries:
            scope.expected('a condition such as {threat: ">= 0.6"}', node, self._meant(node))
            return None
        parts = [self._entry(entry, scope) for entry in node.entries]
        return _join(parts, node.mark)

    def _meant(self, node: Node) -> str:
        """The condition that was meant by `threat > 0.6` or `alert`; "" if that is unclear."""
        match = re.fullmatch(r"(\w+)(?:\s*(==|!=|<=|>=|<|>)\s*(\S+))?", node.text) if isinstance(node, Scalar) else None
        named = None if match is None else self.inputs.by_name.get(match[1])
        if match is None or named is None:
            return ""
        if match[2]:
            return f"{{{named.name}: {match[3]}}}" if match[2] == "==" else f'{{{named.name}: "{match[2]} {match[3]}"}}'
        return f"{{{named.name}: true}}" if isinstance(named, FlagInput | TriggerInput) else ""

    def _entry(self, entry: Entry, scope: Scope) -> Condition | None:
        inside = scope.inside(entry.key)
        if entry.key in ("all", "any"):
            return self._several(entry, inside)
        if entry.key == "not" and (entry.key not in self.inputs.declared or isinstance(entry.value, MapNode)):
            of = self._condition(entry.value, inside)
            return None if of is None else Not(of=of, mark=entry.mark)
        if entry.key == "state" and not self._is_input(entry):
            return self._in_state(entry, inside)
        return self._input(entry, scope, inside)

    def _is_input(self, entry: Entry) -> bool:
        """Whether an entry `state` speaks of an input of that name, and not of the states of layers."""
        keys = {part.key for part in entry.value.entries} if isinstance(entry.value, MapNode) else set()
        return entry.key in self.inputs.declared and keys <= {"enter", "exit", "for"}

    def _several(self, entry: Entry, scope: Scope) -> Condition | None:
        if entry.key in self.inputs.declared and not isinstance(entry.value, ListNode):
            # An input has this name, which is reported.
            return None
        if not isinstance(entry.value, ListNode) or not entry.value.items:
            scope.expected('a list of conditions such as [{threat: ">= 0.6"}, {enemies: ">= 3"}]', entry.value)
            return None
        parts = [self._condition(item, scope) for item in entry.value.items]
        known = tuple(part for part in parts if part is not None)
        if len(known) < len(parts):
            return None
        return All(of=known, mark=entry.mark) if entry.key == "all" else Any(of=known, mark=entry.mark)

    def _in_state(self, entry: Entry, scope: Scope) -> Condition | None:
        if not isinstance(entry.value, MapNode) or not entry.value.entries:
            name = entry.value.text if isinstance(entry.value, Scalar) else None
            owners = [layer for layer in self.states if name in (*self.states[layer], *self.groups[layer])]
            meant = f"{{{owners[0]}: {name}}}" if len(owners) == 1 else ""
            scope.expected("a map of layers and states such as {place: crypt}", entry.value, meant)
            return None
        return _join([self._layer_state(part, scope) for part in entry.value.entries], entry.mark)

    def _layer_state(self, entry: Entry, scope: Scope) -> Condition | None:
        states = self.states.get(entry.key)
        if states is None:
            scope.unknown(entry.mark, "layer", entry.key, self.states)
            return None
        inside = scope.inside(entry.key)
        if isinstance(entry.value, MapNode) and entry.value.entries:
            return _join([self._stay(entry.key, part, inside) for part in entry.value.entries], entry.mark)
        nodes = entry.value.items if isinstance(entry.value, ListNode) else (entry.value,)
        found: list[Condition] = []
        for node in nodes:
            self._leaves += 1
            if isinstance(node, Scalar) and isinstance(node.value, str):
                named = self._named_state(entry.key, node.text, node.mark, inside)
                found += [] if named is None else [named]
            else:
                inside.expected("the name of a state", node)
        if not found or len(found) < len(nodes):
            if not nodes:
                inside.expected("the name of a state", entry.value)
            return None
        return found[0] if len(found) == 1 else Any(of=tuple(found), mark=entry.mark)

    def _named_state(self, layer: str, name: str, mark: Mark, scope: Scope) -> InState | InGroup | None:
        """A state or group of a layer, or None once it is reported that it has none of this name."""
        if name in self.states[layer]:
            return InState(layer=layer, state=name, mark=mark)
        if name in self.groups[layer]:
            return InGroup(layer=layer, group=name, mark=mark)
        whole = written_name(name)
        hint = f"; a condition names the state, '{whole}', and holds with each of its pieces"
        known = (*self.states[layer], *self.groups[layer])
        scope.unknown(mark, "state", name, known, hint if whole in self.states[layer] else "")
        return None

    def _stay(self, layer: str, entry: Entry, scope: Scope) -> Condition | None:
        """How long ago a layer was last in a state or group."""
        self._leaves += 1
        of = self._named_state(layer, entry.key, entry.mark, scope)
        inside = scope.inside(entry.key)
        if not isinstance(entry.value, MapNode):
            inside.expected(StayTable.example, entry.value)
            return None
        record = Object(table=StayTable).read(entry.value, inside)
        since = None if record is None else record.get(StayTable.since)
        if of is None or since is None:
            return None
        if of not in self.stays:
            self.stays.append(of)
        index = self.stays.index(of)

        def within(length: int) -> Condition:
            return Lately(index=index, of=of, frames=length, mark=entry.mark)

        return _since(within, since, entry.mark)

    def _input(self, entry: Entry, scope: Scope, inside: Scope) -> Condition | None:
        self._leaves += 1
        source = self.inputs.by_name.get(entry.key)
        if source is not None:
            if isinstance(source, TriggerInput):
                return self._fired(source, entry, inside)
            return self._test(source, entry, inside)
        if entry.key not in self.inputs.declared:
            meant = _MEANT_WORDS.get(entry.key.lower(), "")
            known = (*sorted(self.inputs.declared), *RESERVED_INPUTS, "state")
            scope.unknown(entry.mark, "input", entry.key, known, f"; did you mean '{meant}'?" if meant else "")
        return None

    def _test(self, source: Valued, entry: Entry, scope: Scope) -> Condition | None:
        value = entry.value
        of_triggers = ("for", "since", "count", "after")
        if isinstance(value, MapNode) and (keys := [e.key for e in value.entries if e.key in of_triggers]):
            scope.problem(value.mark, f"'{keys[0]}' goes with triggers only; '{source.name}' is {kind_of(source)}")
            return None
        if isinstance(value, MapNode):
            return self._latch(source, value, entry.mark, scope)
        if isinstance(value, ListNode):
            return self._one_of(source, value, entry.mark, scope)
        is_range = isinstance(value, Scalar) and re.fullmatch(RANGE, value.text)
        if is_range and isinstance(source, NumberInput | IntegerInput):
            low, _, high = value.text.partition("..")
            return self._between(source, low.strip(), high.strip(), entry, scope)
        compare = read_compare(source, value, entry.mark, scope)
        if compare is not None:
            _doubt(source, compare, value, scope)
        return compare

    def _between(
        self, source: NumberInput | IntegerInput, low: str, high: str, entry: Entry, scope: Scope
    ) -> Condition | None:
        """A range, both ends included: two comparisons."""
        self._leaves += 1
        ends: list[Compare] = []
        for op, text in ((">=", low), ("<=", high)):
            end = Scalar(mark=entry.value.mark, value=f"{op} {text}", text=f"{op} {text}")
            compare = read_compare(source, end, entry.mark, scope)
            if compare is None:
                return None
            ends.append(compare)
        first, second = ends
        if float(first.value) >= float(second.value):
            hint = f"; did you mean {high}..{low}?" if float(first.value) > float(second.value) else ""
            text = f"expected a range from a smaller to a greater number, got {low}..{high}{hint}"
            scope.problem(entry.value.mark, text)
            return None
        if overlap(source, first, second) is None:
            scope.warning(entry.value.mark, f"never true: '{source.name}' is {kind_of(source)}")
        elif verdict(source, first) and verdict(source, second):
            scope.warning(entry.value.mark, f"always true: '{source.name}' is {kind_of(source)}")
        return All(of=(first, second), mark=entry.mark)

    def _latch(self, source: Valued, node: MapNode, mark: Mark, scope: Scope) -> Latch | None:
        record = Object(table=LatchTable).read(node, scope)
        first, second = (record.get(LatchTable.enter), record.get(LatchTable.exit)) if record else (None, None)
        if first is None or second is None:
            return None
        enter = read_compare(source, first, first.mark, scope.inside("enter"))
        leave = read_compare(source, second, second.mark, scope.inside("exit"))
        if enter is None or leave is None:
            return None
        both = overlap(source, enter, leave)
        if both is not None:
            shown = both if isinstance(both, (bool, str)) else number(both)
            scope.problem(node.mark, f"expected enter and exit that never hold together, but both hold at {shown}")
            return None
        _doubt(source, enter, first, scope.inside("enter"))
        _doubt(source, leave, second, scope.inside("exit"))
        latch = Latch(index=len(self.latches), enter=enter, exit=leave, mark=mark)
        self.latches.append(latch)
        return latch

    def _one_of(self, source: Valued, node: ListNode, mark: Mark, scope: Scope) -> OneOf | None:
        if not isinstance(source, ChoiceInput) or not node.items:
            mismatch(source, node, scope, _range_hint(source, node))
            return None
        self._leaves += len(node.items) - 1
        values: list[str] = []
        for item in node.items:
            value = read_choice(source, item, scope)
            if value in values:
                scope.problem(item.mark, f"'{value}' stands in the list twice")
            elif value is not None:
                values.append(value)
        if len(values) < len(node.items):
            return None
        if len(values) == len(source.of):
            scope.warning(node.mark, f"always true: '{source.name}' is {kind_of(source)}")
        return OneOf(input=source.name, values=tuple(values), mark=mark)

    def _fired(self, source: TriggerInput, entry: Entry, scope: Scope) -> Condition | None:
        node = entry.value
        if isinstance(node, Scalar) and node.value is True:
            return Fired(trigger=source.name, mark=entry.mark)
        if isinstance(node, MapNode):
            record = Object(table=StretchTable).read(node, scope)
            return None if record is None else self._of_trigger(source, record, entry.mark)
        hint = f"; '{source.name}' is a trigger"
        if isinstance(node, Scalar) and node.value is False:
            hint = f"; did you mean {{not: {{{source.name}: true}}}}?"
        elif isinstance(node, Scalar) and (meant := _meant_of_trigger(node.text.strip())):
            hint = f"; did you mean {meant}?"
        scope.problem(node.mark, f"expected true or {StretchTable.example}, got {describe(node)}{hint}")
        return None

    def _of_trigger(self, source: TriggerInput, record: Record, mark: Mark) -> Condition | None:
        stretch, since, count = (
            record.get(StretchTable.for_),
            record.get(StretchTable.since),
            record.get(StretchTable.count),
        )
        after = record.get(StretchTable.after)
        if after is not None and not record.has(StretchTable.count):
            record.problem(StretchTable.after, "'after' says from when on a count counts, and there is none")
            return None
        if stretch is not None:
            return Fired(trigger=source.name, frames=frames(stretch), mark=mark)
        if since is not None:
            return _since(lambda within: Fired(trigger=source.name, frames=within, mark=mark), since, mark)
        if count is None or (record.has(StretchTable.after) and after is None):
            return None
        other = None if after is None else self.inputs.trigger(after, record.scope.inside("after"))
        if after is not None and other is None:
            return None
        if other is not None and other.name == source.name:
            text = "expected another trigger: after its own firing a trigger is always counted once"
            record.problem(StretchTable.after, f"{text}, got '{other.name}'")
            return None
        counter = Counter(trigger=source.name, after=None if other is None else other.name)
        if counter not in self.counters:
            self.counters.append(counter)
        index = self.counters.index(counter)
        parts = [Counted(index=index, counter=counter, op=op, value=value, mark=mark) for op, value in count]
        self._leaves += len(parts) - 1
        return _join([*parts], mark)


def _meant_of_trigger(text: str) -> str:
    """What was meant by a number, a time, or a comparison with one, for a trigger; "" for other texts."""
    compared = re.fullmatch(r"(==|!=|<=|>=|<|>)\s*(.*)", text)
    is_count, is_time = (re.fullmatch(each, compared[2] if compared else text) for each in ("[0-9]{1,6}", TIME))
    if compared:
        return f'{{count: "{text}"}}' if is_count else f'{{since: "{text}"}}' if is_time else ""
    return f"{{count: {text}}}" if is_count else f"{{for: {text}}}" if is_time else ""


def _range_hint(source: Valued, node: ListNode) -> str:
    """The range that was meant by a list of two numbers, as the end of a message; "" if none was."""
    ends = [as_number(item) for item in node.items]
    if not isinstance(source, NumberInput | IntegerInput) or len(ends) != 2:
        return ""
    low, high = ends
    return (
        f"; did you mean {number(low)}..{number(high)}?" if low is not None and high is not None and low < high else ""
    )


def _doubt(source: Valued, compare: Compare, node: Node, scope: Scope) -> None:
    """Warn of a comparison that is always or never true, or true only at one point of a moving number."""
    always = verdict(source, compare)
    if always is not None:
        scope.warning(node.mark, f"{'always' if always else 'never'} true: '{source.name}' is {kind_of(source)}")
    elif isinstance(source, NumberInput) and compare.op == "==" and source.low < float(compare.value) < source.high:
        value = number(float(compare.value))
        scope.warning(node.mark, f'true only at exactly {value}, which a number rarely is; did you mean ">= {value}"?')


def _join(parts: list[Condition | None], mark: Mark) -> Condition | None:
    """All of the parts; None if one of them is None."""
    known = tuple(part for part in parts if part is not None)
    if len(known) < len(parts):
        return None
    return known[0] if len(known) == 1 else All(of=known, mark=mark)


def _since(within: Callable[[int], Condition], elapsed: Elapsed, mark: Mark) -> Condition:
    """That something was before the one and within the other of two times.

    Args:
        within: The condition that it was less than so many frames ago.
    """
    parts: list[Condition] = []
    if elapsed.low is not None:
        parts.append(Not(of=within(elapsed.low), mark=mark))
    if elapsed.high is not None:
        parts.append(within(elapsed.high))
    return parts[0] if len(parts) == 1 else All(of=tuple(parts), mark=mark)
