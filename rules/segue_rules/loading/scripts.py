"""Event scripts: what a game sends and when, as a YAML list or as the JSON lines that a service records."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Final

from segue_rules.errors import rule_report
from segue_rules.events import Event, ScriptedEvent
from segue_rules.loading.comparisons import kind_of
from segue_rules.loading.limits import MOST_INPUTS
from segue_rules.loading.time_kinds import Time
from segue_rules.model import (
    FRAME_RATE,
    ChoiceInput,
    FlagInput,
    Input,
    InputValue,
    IntegerInput,
    NumberInput,
    Rules,
    TriggerInput,
)
from segue_yaml.containers import Item, ListOf, MapOf, OneOrMore
from segue_yaml.document import read_document
from segue_yaml.json_lines import LARGEST_RECORDING, holds_json_lines, read_json_lines
from segue_yaml.kinds import Boolean, Kind, Name, Schema, Word, number
from segue_yaml.nodes import NOWHERE, Mark, Node, Scalar, describe
from segue_yaml.quantities import time_text
from segue_yaml.report import Problem, Report, Scope, did_you_mean
from segue_yaml.tables import Field, Object, Record, Table

MOST_EVENTS: Final = 1_000_000
_DAY: Final = Fraction(86_400)
_REFUSED_AS_EMPTY: Final = "resets, sets and fires nothing; the service refuses such an event"


@dataclass(frozen=True, kw_only=True)
class Value(Kind[InputValue]):
    """A value for an input of any type. Whether it fits the input is checked later."""

    @property
    def expected(self) -> str:
        return "a number, a name, true or false"

    def read(self, node: Node, scope: Scope) -> InputValue | None:
        if isinstance(node, Scalar) and node.value is not None:
            return node.value
        scope.expected(self.expected, node)
        return None

    def schema(self) -> Schema:
        return {"type": ["number", "string", "boolean"]}


_TRIGGER: Final = Name(what="trigger")


class EventTable(Table):
    """One event: what the game resets, sets and fires at a time, in this order."""

    title = "event"
    example = "{at: 2s, set: {threat: 0.8}}"
    at = Field(Time(high=_DAY, moment=True), "When it happens, from the start.", example="1.5s", required=True)
    reset = Field(
        Boolean(),
        "Whether all inputs and states first return to the start. The music goes on.",
        default="false",
        example="true",
    )
    set = Field(
        MapOf(key=Name(what="input"), of=Value(), most=MOST_INPUTS, labelled=False, sample="{threat: 0.8}"),
        "Values of inputs.",
        example="{threat: 0.8}",
    )
    fire = Field(
        OneOrMore(of=_TRIGGER, many=ListOf(of=_TRIGGER, item="trigger", least=1, most=MOST_INPUTS)),
        "A trigger to fire, or a list of them.",
        example="boss_dead",
    )


EVENTS: Final = ListOf(of=Object(table=EventTable), item="event", most=MOST_EVENTS)
"""The kind of an event list, for tables that hold one."""


@dataclass(frozen=True, kw_only=True)
class Script:
    """An event script.

    Attributes:
        warnings: What will be played otherwise than written, or not at all.
    """

    events: tuple[ScriptedEvent, ...]
    warnings: tuple[Problem, ...]


def load_events(path: Path | str, rules: Rules | None = None) -> tuple[ScriptedEvent, ...]:
    """The events of a script in the order of their times. Events of one time stay in file order.

    Args:
        rules: Inputs and values are checked against these; None checks neither. Values out of range are clamped.

    Raises:
        RuleError: The script has mistakes; it holds all of them.
    """
    return load_script(path, rules).events


def load_script(path: Path | str, rules: Rules | None = None) -> Script:
    """Load a script as `load_events` does, with warnings: clamped values, refused events, a changed order."""
    path = Path(path)
    report = rule_report()
    name = path.as_posix()
    if holds_json_lines(path):
        node: Node | None = read_json_lines(path, report, name=name)
    else:
        lines = path.with_suffix(".jsonl").name
        longest = LARGEST_RECORDING >> 20
        instead = f"; write a longer script as JSON lines, one event a line ({lines}), which may have {longest} MiB"
        node = read_document(path, report, name=name, instead=instead)
    records = EVENTS.read(node, report.scope("events")) if node is not None else None
    events = build_events(records or (), rules)
    report.raise_problems()
    return Script(events=events, warnings=tuple(report.warnings))


def build_events(records: Iterable[Record], rules: Rules | None = None) -> tuple[ScriptedEvent, ...]:
    """Scripted events from records of EventTable, sorted by time and numbered in that order.

    Mistakes and warnings go to the report of the records.
    """
    inputs = None if rules is None else {each.name: each for each in rules.inputs}
    timed: list[tuple[Fraction, Record]] = []
    for record in records:
        if not any(record.has(field) for field in (EventTable.reset, EventTable.set, EventTable.fire)):
            record.scope.problem(record.mark, "expected one of the fields reset, set or fire, got none")
        elif inputs is not None and _is_empty(record):
            record.scope.warning(record.mark, _REFUSED_AS_EMPTY)
        if inputs is not None:
            _check(record, inputs)
        at = record.get(EventTable.at)
        if at is not None:
            if timed and at < timed[-1][0]:
                text = (
                    f"at {time_text(at)}, after an event at {time_text(timed[-1][0])}; events are played by their time"
                )
                record.scope.warning(record.mark, text)
            timed.append((at, record))
    timed.sort(key=lambda each: each[0])
    return tuple(_event(sequence, at, record) for sequence, (at, record) in enumerate(timed))


def check_events(events: Iterable[ScriptedEvent], rules: Rules) -> tuple[Problem, ...]:
    """Check events that are loaded already against rules, as `load_script` checks a script.

    An event without a place in a file is named by its number, from 1.

    Returns:
        Warnings: clamped and refused events.
    Raises:
        RuleError: Events name inputs that the rules do not have, or have values of the wrong type; all mistakes.
    """
    report = rule_report()
    inputs = {each.name: each for each in rules.inputs}
    for number_of_event, scripted in enumerate(events, start=1):
        record = _record(scripted, number_of_event, report)
        if not record.values:
            record.scope.warning(record.mark, _REFUSED_AS_EMPTY)
        _check(record, inputs)
    report.raise_problems()
    return tuple(report.warnings)


def _record(scripted: ScriptedEvent, number_of_event: int, report: Report) -> Record:
    """The record that a loaded event was made of, as far as it is checked."""
    mark = Mark(file="events", line=number_of_event, column=1) if scripted.mark == NOWHERE else scripted.mark
    values: dict[str, object] = {}
    if scripted.event.reset:
        values["reset"] = True
    if scripted.event.set:
        items = scripted.event.set.items()
        values["set"] = tuple(Item(name=name, mark=mark, value=value, value_mark=mark) for name, value in items)
    if scripted.event.fire:
        values["fire"] = tuple(Word(text=name, mark=mark) for name in scripted.event.fire)
    scope = report.scope(f"event {number_of_event}")
    return Record(table=EventTable, mark=mark, scope=scope, values=values, marks=dict.fromkeys(values, mark))


def _is_empty(record: Record) -> bool:
    """Whether an event says nothing, though all of it could be read."""
    says = [name for name in ("set", "fire") if name in record.marks and record.values.get(name) != ()]
    return not says and not record.get(EventTable.reset)


def _event(sequence: int, at: Fraction, record: Record) -> ScriptedEvent:
    values = {item.name: item.value for item in record.get(EventTable.set) or () if item.value is not None}
    fired = tuple(word.text for word in record.get(EventTable.fire) or ())
    event = Event(sequence=sequence, reset=record.get(EventTable.reset) or False, set=values, fire=fired)
    return ScriptedEvent(at_s=float(at), frame=math.floor(at * FRAME_RATE), event=event, mark=record.mark)


def _check(record: Record, inputs: dict[str, Input]) -> None:
    """Report inputs that the rules do not have, and values of the wrong type."""
    scope = record.scope.inside(EventTable.set.name)
    for item in record.get(EventTable.set) or ():
        source = inputs.get(item.name)
        if source is None:
            scope.unknown(item.mark, "input", item.name, inputs)
        elif isinstance(source, TriggerInput):
            scope.problem(item.mark, f"'{item.name}' is a trigger and cannot be set; did you mean 'fire: {item.name}'?")
        elif item.value is not None and not _fits(source, item.value):
            hint = did_you_mean(str(item.value), source.of) if isinstance(source, ChoiceInput) else ""
            wanted = "true or false" if isinstance(source, FlagInput) else kind_of(source)
            scope.inside(item.name).problem(item.value_mark, f"expected {wanted}, got {_shown(item)}{hint}")
        elif (
            isinstance(source, (NumberInput, IntegerInput))
            and isinstance(item.value, (int, float))
            and not source.low <= item.value <= source.high
        ):
            played = number(source.low if item.value < source.low else source.high)
            text = f"expected {kind_of(source)}, got {_shown(item)}; it is played as {played}"
            scope.inside(item.name).warning(item.value_mark, text)
    triggers = [name for name, each in inputs.items() if isinstance(each, TriggerInput)]
    scope = record.scope.inside(EventTable.fire.name)
    for word in record.get(EventTable.fire) or ():
        if word.text not in inputs:
            scope.unknown(word.mark, "trigger", word.text, triggers)
        elif word.text not in triggers:
            scope.problem(word.mark, f"expected a trigger, got '{word.text}', which is set and not fired")


def _shown(item: Item[InputValue]) -> str:
    """A value as a message quotes it."""
    return describe(Scalar(mark=item.value_mark, value=item.value, text=str(item.value)))


def _fits(source: Input, value: InputValue) -> bool:
    """Whether a value has the type of the input, whatever its range."""
    if isinstance(source, ChoiceInput):
        return value in source.of
    if isinstance(source, FlagInput):
        return isinstance(value, bool)
    if isinstance(value, (bool, str)):
        return False
    return not isinstance(source, IntegerInput) or float(value).is_integer()
