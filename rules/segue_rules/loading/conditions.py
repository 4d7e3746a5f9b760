"""From the conditions of a file to the model's, each comparison checked against its input."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from segue_rules.loading.comparisons import Valued, kind_of, mismatch, overlap, read_choice, read_compare, verdict
from segue_rules.loading.grammar_inputs import RESERVED_INPUTS, LatchTable, StretchTable
from segue_rules.loading.inputs import Inputs
from segue_rules.loading.limits import MOST_LEAVES
from segue_rules.loading.rule_kinds import frames
from segue_rules.model import (
    All,
    Any,
    ChoiceInput,
    Compare,
    Condition,
    Fired,
    InState,
    Latch,
    Not,
    NumberInput,
    OneOf,
    TriggerInput,
)
from segue_yaml.kinds import number
from segue_yaml.nodes import Entry, ListNode, MapNode, Mark, Node, Scalar, describe
from segue_yaml.report import Scope
from segue_yaml.tables import Object


@dataclass(kw_only=True)
class ConditionReader:
    """Reads the conditions of one soundtrack. states: of every layer, its states. latches: all so far, by index."""

    inputs: Inputs
    states: Mapping[str, tuple[str, ...]]
    latches: list[Latch] = field(default_factory=list)
    _leaves: int = 0

    def read(self, node: Node, scope: Scope) -> Condition | None:
        """The condition, or None once what is wrong with it is reported."""
        self._leaves = 0
        condition = self._condition(node, scope)
        if self._leaves > MOST_LEAVES:
            scope.problem(node.mark, f"expected a condition of at most {MOST_LEAVES} comparisons, got {self._leaves}")
        return condition

    def _condition(self, node: Node, scope: Scope) -> Condition | None:
        if not isinstance(node, MapNode) or not node.entries:
            scope.expected('a condition such as {threat: ">= 0.6"}', node)
            return None
        parts = [self._entry(entry, scope) for entry in node.entries]
        return _join(parts, node.mark)

    def _entry(self, entry: Entry, scope: Scope) -> Condition | None:
        inside = scope.inside(entry.key)
        if entry.key in ("all", "any"):
            return self._several(entry, inside)
        if entry.key == "not":
            of = self._condition(entry.value, inside)
            return None if of is None else Not(of=of, mark=entry.mark)
        if entry.key == "state":
            return self._in_state(entry, inside)
        return self._input(entry, scope, inside)

    def _several(self, entry: Entry, scope: Scope) -> Condition | None:
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
            scope.expected("a map of layers and states such as {place: crypt}", entry.value)
            return None
        return _join([self._layer_state(part, scope) for part in entry.value.entries], entry.mark)

    def _layer_state(self, entry: Entry, scope: Scope) -> Condition | None:
        states = self.states.get(entry.key)
        if states is None:
            scope.unknown(entry.mark, "layer", entry.key, self.states)
            return None
        inside = scope.inside(entry.key)
        nodes = entry.value.items if isinstance(entry.value, ListNode) else (entry.value,)
        found: list[Condition] = []
        for node in nodes:
            self._leaves += 1
            if isinstance(node, Scalar) and node.value in states:
                found.append(InState(layer=entry.key, state=node.text, mark=node.mark))
            elif isinstance(node, Scalar) and isinstance(node.value, str):
                inside.unknown(node.mark, "state", node.text, states)
            else:
                inside.expected("the name of a state", node)
        if not found or len(found) < len(nodes):
            if not nodes:
                inside.expected("the name of a state", entry.value)
            return None
        return found[0] if len(found) == 1 else Any(of=tuple(found), mark=entry.mark)

    def _input(self, entry: Entry, scope: Scope, inside: Scope) -> Condition | None:
        self._leaves += 1
        source = self.inputs.by_name.get(entry.key)
        if source is not None:
            if isinstance(source, TriggerInput):
                return _fired(source, entry, inside)
            return self._test(source, entry, inside)
        if entry.key not in self.inputs.declared:
            scope.unknown(entry.mark, "input", entry.key, (*sorted(self.inputs.declared), *RESERVED_INPUTS))
        return None

    def _test(self, source: Valued, entry: Entry, scope: Scope) -> Condition | None:
        value = entry.value
        if isinstance(value, MapNode) and any(part.key == "for" for part in value.entries):
            scope.problem(value.mark, f"'for' goes with triggers only; '{source.name}' is {kind_of(source)}")
            return None
        if isinstance(value, MapNode):
            return self._latch(source, value, entry.mark, scope)
        if isinstance(value, ListNode):
            return self._one_of(source, value, entry.mark, scope)
        compare = read_compare(source, value, entry.mark, scope)
        if compare is not None:
            _doubt(source, compare, value, scope)
        return compare

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
            mismatch(source, node, scope)
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


def _doubt(source: Valued, compare: Compare, node: Node, scope: Scope) -> None:
    """Warn of a comparison that is never or always true, or true at a single point of a number that moves."""
    always = verdict(source, compare)
    if always is not None:
        scope.warning(node.mark, f"{'always' if always else 'never'} true: '{source.name}' is {kind_of(source)}")
    elif isinstance(source, NumberInput) and compare.op == "==" and source.low < float(compare.value) < source.high:
        value = number(float(compare.value))
        scope.warning(node.mark, f'true only at exactly {value}, which a number rarely is; did you mean ">= {value}"?')


def _join(parts: list[Condition | None], mark: Mark) -> Condition | None:
    """All of the parts; None if one of them is."""
    known = tuple(part for part in parts if part is not None)
    if len(known) < len(parts):
        return None
    return known[0] if len(known) == 1 else All(of=known, mark=mark)


def _fired(source: TriggerInput, entry: Entry, scope: Scope) -> Fired | None:
    node = entry.value
    if isinstance(node, Scalar) and node.value is True:
        return Fired(trigger=source.name, mark=entry.mark)
    if isinstance(node, MapNode):
        record = Object(table=StretchTable).read(node, scope)
        stretch = record.get(StretchTable.for_) if record else None
        return None if stretch is None else Fired(trigger=source.name, frames=frames(stretch), mark=entry.mark)
    hint = f"; '{source.name}' is a trigger"
    if isinstance(node, Scalar) and node.value is False:
        hint = f"; did you mean {{not: {{{source.name}: true}}}}?"
    scope.problem(node.mark, f"expected true or {StretchTable.example}, got {describe(node)}{hint}")
    return None
