"""From transition rows to the model's: which layer and states a row means, and whether it can ever fit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias, cast

from segue_rules.loading.grammar import TransitionTable
from segue_rules.loading.rule_kinds import frames
from segue_rules.loading.sources import Sources
from segue_rules.model import Curve, Transition
from segue_yaml.kinds import Word
from segue_yaml.report import did_you_mean, listing
from segue_yaml.tables import Field, Record

_ANY: Final = "any"

_Pattern: TypeAlias = tuple[str | None, str | None, str | None]
"""Layer, state left, state entered; None stands for any."""


@dataclass(frozen=True, kw_only=True)
class _End:
    """One side of a row. state: None for any. layers: where it may be; None for anywhere."""

    state: str | None
    layers: frozenset[str] | None


def build_transitions(sources: Sources) -> tuple[Transition, ...]:
    """All rows in merged order; rows that can never fit, or say the same as another, are reported."""
    states = {name: tuple(layer.states) for name, layer in sources.layers.items()}
    rows: list[Transition] = []
    seen: dict[_Pattern, Record] = {}
    for record in sources.transitions:
        row = _row(record, states)
        if row is None:
            continue
        pattern = (row.layer, row.from_state, row.to_state)
        if pattern in seen:
            _report_twice(record, seen[pattern], row)
        else:
            seen[pattern] = record
            rows.append(row)
    return tuple(rows)


def _report_twice(record: Record, first: Record, row: Transition) -> None:
    layer = f"{row.layer}." if row.layer else ""
    pattern = f"from {layer}{row.from_state or _ANY} to {layer}{row.to_state or _ANY}"
    for here, there in ((record, first), (first, record)):
        here.scope.problem(here.mark, f"two rows {pattern}; also at {there.mark}")


def _row(record: Record, states: Mapping[str, tuple[str, ...]]) -> Transition | None:
    at, max_wait = record.value(TransitionTable.at), record.get(TransitionTable.max_wait)
    if max_wait is not None and at.unit == "immediate":
        record.problem(TransitionTable.max_wait, "'at: immediate' never waits, so it has no max_wait")
    leave = _end(record, TransitionTable.from_, states)
    enter = _end(record, TransitionTable.to, states)
    if leave is None or enter is None:
        return None
    pattern = _pattern(record, leave, enter)
    if pattern is None:
        return None
    layer, from_state, to_state = pattern
    return Transition(
        layer=layer,
        from_state=from_state,
        to_state=to_state,
        at=at,
        max_wait_frames=None if max_wait is None else frames(max_wait),
        ramp_frames=frames(record.value(TransitionTable.ramp)),
        curve=cast(Curve, record.value(TransitionTable.curve)),
        mark=record.mark,
    )


def _end(record: Record, field: Field[Word], states: Mapping[str, tuple[str, ...]]) -> _End | None:
    """What one side names; None once reported that there is no such layer or state."""
    if record.has(field) and record.get(field) is None:
        return None
    text = record.value(field).text
    layer, dot, state = text.rpartition(".")
    scope, mark = record.scope.inside(field.name), record.mark_of(field)
    if dot and layer not in states:
        scope.unknown(mark, "layer", layer, states)
        return None
    if state == _ANY:
        return _End(state=None, layers=frozenset({layer}) if dot else None)
    homes = frozenset(name for name, names in states.items() if state in names)
    if dot and layer not in homes:
        has = f"; layer '{layer}' has {listing(states[layer][:8], 'and')}" if states[layer] else ""
        scope.unknown(mark, "state", state, (), did_you_mean(state, states[layer]) or has)
        return None
    if not homes:
        known = sorted({name for names in states.values() for name in names} | {_ANY})
        scope.unknown(mark, "state", state, known, f"; did you mean '{state}.any'?" if state in states else "")
        return None
    return _End(state=state, layers=frozenset({layer}) if dot else homes)


def _pattern(record: Record, leave: _End, enter: _End) -> _Pattern | None:
    """What a row fits, or None once reported that it fits nothing, or might mean several layers."""
    layers = enter.layers if leave.layers is None else leave.layers
    if leave.layers is not None and enter.layers is not None:
        layers = leave.layers & enter.layers
        if not layers:
            here, there = min(leave.layers), min(enter.layers)
            text = f"expected two states of the same layer, got one of '{here}' and one of '{there}'"
            record.problem(TransitionTable.to, text)
            return None
    if leave.state is not None and leave.state == enter.state:
        record.problem(TransitionTable.to, f"expected another state than the one left, got '{leave.state}' for both")
        return None
    if layers is None:
        return None, leave.state, enter.state
    if len(layers) > 1:
        field = TransitionTable.from_ if leave.state is not None else TransitionTable.to
        state = leave.state or enter.state
        choices = listing(f"{layer}.{state}" for layer in sorted(layers))
        record.problem(field, f"the state '{state}' is in several layers; expected {choices}, got '{state}'")
        return None
    return next(iter(layers)), leave.state, enter.state
