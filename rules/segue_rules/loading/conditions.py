"""Conditions: read from a file into the model, each comparison checked against its input."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from segue_rules.loading.comparisons import (
    Valued,
    kind_of,
    mismatch,
    overlap,
    range_hint,
    read_choice,
    read_compare,
    verdict,
    warn_if_constant,
)
from segue_rules.loading.grammar_inputs import RESERVED_INPUTS, LatchTable, StayTable, StretchTable
from segue_rules.loading.inputs import DeclaredInputs
from segue_rules.loading.limits import MOST_LEAVES
from segue_rules.loading.rule_kinds import RANGE
from segue_rules.loading.time_kinds import Elapsed, frames
from segue_rules.model import (
    All,
    Any,
    ChoiceInput,
    Compare,
    Condition,
    Counted,
    Counter,
    Fired,
    FlagInput,
    InGroup,
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
from segue_yaml.kinds import number
from segue_yaml.nodes import Entry, ListNode, MapNode, Mark, Node, Scalar, describe
from segue_yaml.quantities import TIME
from segue_yaml.report import Scope
from segue_yaml.tables import Object, Record

_MEANT_WORDS: Final = {"or": "any", "and": "all", "either": "any", "both": "all", "none": "not", "nor": "not"}
"""Words of other languages in the place of an input, with those of this one."""


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
            warn_if_constant(source, compare, value, scope)
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
        warn_if_constant(source, enter, first, scope.inside("enter"))
        warn_if_constant(source, leave, second, scope.inside("exit"))
        latch = Latch(index=len(self.latches), enter=enter, exit=leave, mark=mark)
        self.latches.append(latch)
        return latch

    def _one_of(self, source: Valued, node: ListNode, mark: Mark, scope: Scope) -> OneOf | None:
        if not isinstance(source, ChoiceInput) or not node.items:
            mismatch(source, node, scope, range_hint(source, node))
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
