"""Reads what a rule test expects into checks: names are looked up in the rules, values read in their own unit."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final, TypeVar, cast, get_args

from segue_rules.controls import CONTROL_NAMES, CONTROLS, DRUMS, GAIN, METER, NumberControl
from segue_rules.events import ReceiptCode
from segue_rules.loading.rule_kinds import Boundary, KeySignature, MeterKind, control_kind
from segue_rules.loading.time_kinds import frames
from segue_rules.meters import meter_text
from segue_rules.model import ChoiceInput, FlagInput, InputValue, IntegerInput, Layer, NumberInput, Rules
from segue_rules.plan import CueKind
from segue_rules.ruletest.checks import (
    WITHIN,
    BarIs,
    ChangeIs,
    ClipIs,
    ClipLevelIs,
    ClipStatus,
    ExpectedNumber,
    LevelIs,
    LineIs,
    NumberField,
    PendingIs,
    ReceiptIs,
    SourceIs,
    StateIs,
    StingerIs,
    WarningIs,
    WordField,
    WordIs,
)
from segue_rules.ruletest.expectation import Check
from segue_rules.ruletest.tables import ChangeTable, Compared, ExpectTable, split_comparison
from segue_yaml.kinds import LARGEST_NUMBER, Boolean, Choice, Kind, Number
from segue_yaml.nodes import Entry, ListNode, Mark, Node, Scalar, as_number, describe, quote
from segue_yaml.report import Scope, did_you_mean, listing
from segue_yaml.tables import Field, Record

T = TypeVar("T")

_ANY_NUMBER: Final = Number(low=-LARGEST_NUMBER, high=LARGEST_NUMBER)
_NUMBER_CONTROLS: Final = {control.name: control for control in CONTROLS if isinstance(control, NumberControl)}
_DRUMS: Final = Choice(words=DRUMS.words)
_CUES: Final = Choice(words=get_args(CueKind))
_STATUSES: Final = Choice(words=get_args(ClipStatus))
_CODES: Final = Choice(words=("refused", *get_args(ReceiptCode)))


class CheckReader:
    """Reads checks for one rule file."""

    def __init__(self, rules: Rules) -> None:
        self._layers = {layer.name: (i, layer) for i, layer in enumerate(rules.layers)}
        self._styles = {style.name: i for i, style in enumerate(rules.styles)}
        self._inputs = {item.name: (i, item) for i, item in enumerate(rules.inputs)}
        self._clips = {clip.name for clip in rules.clips}
        self._stingers = {stinger.name for stinger in rules.stingers}

    def checks(self, record: Record) -> tuple[Check, ...]:
        """The checks of one item of `expect`. Mistakes go to the report of the record."""
        within = record.get(ExpectTable.within)
        tolerance = WITHIN if within is None else float(within)
        made: list[Check | None] = []
        made += self._each(record, ExpectTable.state, self._state)
        made += self._each(record, ExpectTable.pending, self._pending)
        made += self._each(record, ExpectTable.mix, lambda entry, scope: self._mix(entry, tolerance, scope))
        made += self._each(record, ExpectTable.weight, lambda entry, scope: self._weight(entry, tolerance, scope))
        made += self._each(record, ExpectTable.input, lambda entry, scope: self._input(entry, tolerance, scope))
        made += self._each(record, ExpectTable.music, lambda entry, scope: _music(entry, tolerance, scope))
        made += self._each(record, ExpectTable.source, self._source)
        made += self._each(record, ExpectTable.stinger, self._stinger)
        made += self._each(record, ExpectTable.clip, lambda entry, scope: self._clip(entry, tolerance, scope))
        made += self._single(record)
        found = tuple(check for check in made if check is not None)
        if not made and not _names_anything(record):
            what = listing(name for name in ExpectTable.fields if name not in (*ExpectTable.exactly_one, "within"))
            record.scope.problem(record.mark, f"expected something to check ({what}), got none")
        return found

    def _each(
        self,
        record: Record,
        field: Field[tuple[Entry, ...]],
        read: Callable[[Entry, Scope], Check | None],
    ) -> Iterator[Check | None]:
        for entry in record.get(field) or ():
            yield read(entry, record.scope.inside(field.name))

    def _single(self, record: Record) -> Iterator[Check | None]:
        change, receipt = record.get(ExpectTable.change), record.get(ExpectTable.receipt)
        line, bar, warning = record.get(ExpectTable.on), record.get(ExpectTable.bar), record.get(ExpectTable.warning)
        if change is not None:
            yield self._change(change)
        if receipt is not None:
            code = _CODES.read(receipt, record.scope.inside("receipt"))
            yield ReceiptIs(mark=receipt.mark, code=code) if code else None
        if line is not None:
            yield LineIs(mark=record.mark_of(ExpectTable.on), line="beat" if line == "beat" else "bar")
        if bar is not None:
            # Bars are whole, so "bar: 5" is exact.
            yield BarIs(mark=record.mark_of(ExpectTable.bar), bound=ExpectedNumber(op=bar[0] or "==", value=bar[1]))
        if warning is not None:
            yield WarningIs(mark=record.mark_of(ExpectTable.warning), code=warning)

    def _layer(self, entry: Entry, scope: Scope) -> tuple[int, Layer] | None:
        return _known("layer", entry.key, entry.mark, self._layers, scope)

    def _state(self, entry: Entry, scope: Scope) -> Check | None:
        found = self._layer(entry, scope)
        if found is None:
            return None
        index, layer = found
        nodes = entry.value.items if isinstance(entry.value, ListNode) and entry.value.items else (entry.value,)
        op, first = split_comparison(nodes[0]) if len(nodes) == 1 else (None, nodes[0])
        if op not in (None, "==", "!="):
            scope.inside(entry.key).problem(first.mark, f"a state takes == and != only, got {op}")
            return None
        names = [_states_of(layer, node, scope.inside(entry.key)) for node in ((first,) if op else nodes)]
        if None in names:
            return None
        states = tuple(dict.fromkeys(state for found in names if found is not None for state in found))
        return StateIs(mark=entry.value.mark, layer=layer.name, index=index, states=states, unlike=op == "!=")

    def _pending(self, entry: Entry, scope: Scope) -> Check | None:
        found = self._layer(entry, scope)
        states = _states_of(found[1], entry.value, scope.inside(entry.key)) if found else None
        if found is None or states is None:
            return None
        return PendingIs(mark=entry.value.mark, layer=entry.key, index=found[0], states=states)

    def _mix(self, entry: Entry, within: float, scope: Scope) -> Check | None:
        index = _known("style", entry.key, entry.mark, self._styles, scope)
        if index is None:
            return None
        return _level("mix", entry, index, Number(low=0, high=1), within, scope)

    def _weight(self, entry: Entry, within: float, scope: Scope) -> Check | None:
        found = self._layer(entry, scope)
        return _level("weight", entry, found[0], _ANY_NUMBER, within, scope) if found else None

    def _input(self, entry: Entry, within: float, scope: Scope) -> Check | None:
        found = _known("input", entry.key, entry.mark, self._inputs, scope)
        if found is None:
            return None
        index, item = found
        if isinstance(item, NumberInput | IntegerInput):
            return _level("input", entry, index, _ANY_NUMBER, within, scope)
        if isinstance(item, ChoiceInput):
            return _word("input", entry, index, Choice(words=item.of), scope)
        if isinstance(item, FlagInput):
            return _word("input", entry, index, Boolean(), scope)
        scope.problem(entry.mark, f"a trigger has no value; expect what '{entry.key}' causes")
        return None

    def _source(self, entry: Entry, scope: Scope) -> Check | None:
        index = _known("control", entry.key, entry.mark, {name: i for i, name in enumerate(CONTROL_NAMES)}, scope)
        source = _word_of(entry.value, "layer", (*self._layers, "music"), scope.inside(entry.key))
        if index is None or source is None:
            return None
        return SourceIs(mark=entry.value.mark, control=entry.key, index=index, source=source)

    def _stinger(self, entry: Entry, scope: Scope) -> Check | None:
        known = _word_of(Scalar(mark=entry.mark, value=entry.key, text=entry.key), "stinger", self._stingers, scope)
        kind = _CUES.read(entry.value, scope.inside(entry.key))
        return StingerIs(mark=entry.mark, stinger=known, kind=kind) if known and kind else None

    def _clip(self, entry: Entry, within: float, scope: Scope) -> Check | None:
        known = _word_of(Scalar(mark=entry.mark, value=entry.key, text=entry.key), "clip", self._clips, scope)
        inside = scope.inside(entry.key)
        if isinstance(entry.value, Scalar) and entry.value.value in _STATUSES.words:
            status = cast(ClipStatus, entry.value.value)
            return ClipIs(mark=entry.value.mark, clip=known, status=status) if known else None
        op, inner = split_comparison(entry.value)
        level = control_kind(GAIN).read(inner, inside) if _is_level(inner) else None
        if level is None:
            if not _is_level(inner):
                inside.expected(f"{listing(_STATUSES.words)}, or a level such as -6dB", inner)
            return None
        bound = ExpectedNumber(op=op, value=level, within=within, unit=GAIN.unit)
        return ClipLevelIs(mark=entry.value.mark, clip=known, bound=bound) if known else None

    def _change(self, record: Record) -> Check | None:
        scope = record.scope
        node = record.get(ChangeTable.layer)
        name = None if node is None else _word_of(node, "layer", self._layers, scope.inside("layer"))
        if name is None:
            return None
        layer = self._layers[name][1]
        at_node, because_node = record.get(ChangeTable.at), record.get(ChangeTable.because)
        at = None if at_node is None else Boundary(cues=True).read(at_node, scope.inside("at"))
        because = (
            None if because_node is None else _word_of(because_node, "input", self._inputs, scope.inside("because"))
        )
        ramp, out, enter = (
            record.get(field) for field in (ChangeTable.ramp, ChangeTable.fade_out, ChangeTable.fade_in)
        )
        return ChangeIs(
            mark=record.mark,
            layer=name,
            kind=record.value(ChangeTable.kind),
            to_states=_end_of(record, ChangeTable.to, layer),
            from_states=_end_of(record, ChangeTable.from_, layer),
            ramp_frames=None if ramp is None else frames(ramp),
            fade_out_frames=None if out is None else frames(out),
            fade_in_frames=None if enter is None else frames(enter),
            at=None if at is None else str(at),
            because=because,
        )


def _is_level(node: Node) -> bool:
    return isinstance(node, Scalar) and node.text.endswith(GAIN.unit)


def _end_of(record: Record, field: Field[Node], layer: Layer) -> tuple[str, ...] | None:
    """The states of which a change leaves or enters one; None where the test does not say."""
    node = record.get(field)
    return None if node is None else _states_of(layer, node, record.scope.inside(field.name))


def _music(entry: Entry, within: float, scope: Scope) -> Check | None:
    index = _known("control", entry.key, entry.mark, {name: i for i, name in enumerate(CONTROL_NAMES)}, scope)
    if index is None:
        return None
    op, inner = split_comparison(entry.value)
    if entry.key == METER.name and as_number(inner) is None:
        # As its groups: "6/8" and "3+3" are one meter.
        meter = MeterKind().read(inner, scope.inside(entry.key))
        return None if meter is None else _word_is("music", entry, index, op, meter_text(meter), scope)
    control = _NUMBER_CONTROLS.get(entry.key)
    if control is not None:
        return _level("music", entry, index, control_kind(control), within, scope, control.unit)
    if entry.key == DRUMS.name:
        return _word("music", entry, index, _DRUMS, scope)
    key = KeySignature().read(inner, scope.inside("key"))
    # As text: "Db major" and "C# major" are one key, and str() of a Key writes it one way.
    return None if key is None else _word_is("music", entry, index, op, str(key), scope)


def _level(
    field: NumberField, entry: Entry, index: int, kind: Kind[float], within: float, scope: Scope, unit: str = ""
) -> Check | None:
    read = Compared(of=kind).read(entry.value, scope.inside(entry.key))
    if read is None:
        return None
    bound = ExpectedNumber(op=read[0], value=float(read[1]), within=within, unit=unit)
    return LevelIs(mark=entry.value.mark, field=field, name=entry.key, index=index, bound=bound)


def _word(field: WordField, entry: Entry, index: int, kind: Kind[InputValue], scope: Scope) -> Check | None:
    op, inner = split_comparison(entry.value)
    value = kind.read(inner, scope.inside(entry.key))
    return None if value is None else _word_is(field, entry, index, op, value, scope)


def _word_is(
    field: WordField, entry: Entry, index: int, op: str | None, value: InputValue, scope: Scope
) -> Check | None:
    if op not in (None, "==", "!="):
        scope.problem(entry.value.mark, f"'{entry.key}' takes == and != only, got {op}")
        return None
    return WordIs(mark=entry.value.mark, field=field, name=entry.key, index=index, value=value, unlike=op == "!=")


def _known(what: str, name: str, mark: Mark, names: Mapping[str, T], scope: Scope) -> T | None:
    if name in names:
        return names[name]
    hint = did_you_mean(name, names) or (f"; there are {listing(names, 'and')}" if names else "; there are none")
    scope.problem(mark, f"unknown {what} {quote(name)}{hint}")
    return None


def _word_of(node: Node, what: str, names: Iterable[str], scope: Scope) -> str | None:
    if not isinstance(node, Scalar) or not isinstance(node.value, str):
        scope.problem(node.mark, f"expected the name of a {what}, got {describe(node)}")
        return None
    return _known(what, node.value, node.mark, {name: name for name in names}, scope)


def _states_of(layer: Layer, node: Node, scope: Scope) -> tuple[str, ...] | None:
    """A state, which may be one piece of a playlist, or all states of a group."""
    groups = dict.fromkeys(group for state in layer.states for group in state.groups)
    names = dict.fromkeys(name for state in layer.states for name in (state.written, state.name))
    name = _word_of(node, "state", (*names, *groups), scope)
    if name in groups:
        return tuple(dict.fromkeys(state.written for state in layer.states if name in state.groups))
    return None if name is None else (name,)


def _names_anything(record: Record) -> bool:
    return any(
        record.has(field)
        for name, field in ExpectTable.fields.items()
        if name not in (*ExpectTable.exactly_one, "within")
    )
