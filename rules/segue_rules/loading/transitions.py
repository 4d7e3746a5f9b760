"""Builds transition rows from what the files say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Final, TypeAlias, cast

from segue_rules.loading.bridges import build_bridge
from segue_rules.loading.grammar_changes import TransitionTable
from segue_rules.loading.grammar_layers import StateTable
from segue_rules.loading.inputs import DeclaredInputs
from segue_rules.loading.sources import Sources
from segue_rules.loading.time_kinds import duration
from segue_rules.model import Clip, Curve, Length, MusicalTime, Transition
from segue_yaml.kinds import Word
from segue_yaml.report import did_you_mean, listing
from segue_yaml.tables import Field, Record

_ANY: Final = "any"

_Pattern: TypeAlias = tuple[str | None, str | None, str | None]
"""Layer, state left, state entered; None stands for any."""


@dataclass(frozen=True, kw_only=True)
class _End:
    """One side of a row.

    Attributes:
        state: The name of a state or a group; None for any.
        layers: The layers that it may be in; None for all.
        group: Whether the name is that of a group in one of them.
    """

    state: str | None
    layers: frozenset[str] | None
    group: bool = False


@dataclass(frozen=True, kw_only=True)
class _Names:
    """The states and the groups of every layer.

    Attributes:
        playlists: The layers and states that have one.
    """

    states: Mapping[str, tuple[str, ...]]
    groups: Mapping[str, tuple[str, ...]]
    playlists: frozenset[tuple[str, str]]

    def of(self, layer: str) -> tuple[str, ...]:
        """What a row may name in a layer."""
        return (*self.states[layer], *self.groups[layer])


def groups_of(sources: Sources) -> dict[str, tuple[str, ...]]:
    """The groups of the states of every layer."""
    found: dict[str, dict[str, None]] = {name: {} for name in sources.layers}
    for name, layer in sources.layers.items():
        for item in layer.states.values():
            words = item.value.get(StateTable.group) if item.value is not None else None
            found[name].update(dict.fromkeys(word.text for word in words or ()))
    return {name: tuple(groups) for name, groups in found.items()}


def build_transitions(sources: Sources, inputs: DeclaredInputs, clips: Mapping[str, Clip]) -> tuple[Transition, ...]:
    """All rows in merged order. Rows that never fit, or have the pattern of another, are reported."""
    cues = {cue.name: None for clip in clips.values() for cue in clip.cues if cue.name}
    names = _Names(
        states={name: tuple(layer.states) for name, layer in sources.layers.items()},
        groups=groups_of(sources),
        playlists=frozenset(
            (name, item.name)
            for name, layer in sources.layers.items()
            for item in layer.states.values()
            if item.value is not None and item.value.has(StateTable.playlist)
        ),
    )
    rows: list[Transition] = []
    seen: dict[_Pattern, list[Record]] = {}
    for record in sources.transitions:
        row = _row(record, names)
        bridge = build_bridge(record, sources, inputs)
        if row is None:
            continue
        if row.at.cue and row.at.cue not in cues and len(clips) == len(sources.clips):
            scope = record.scope.inside(TransitionTable.at.name)
            hint = "" if cues else "; no clip has a cue with a name"
            scope.unknown(record.mark_of(TransitionTable.at), "cue", row.at.cue, cues, hint)
        itself = row.from_state is not None and row.from_state == row.to_state
        if bridge is not None and itself and not any(row.from_state in each for each in names.groups.values()):
            text = "the pieces of a playlist follow each other without a bridge; write a piece instead"
            record.problem(TransitionTable.bridge, text)
        alike = seen.setdefault((row.layer, row.from_state, row.to_state), [])
        if alike and _chance(alike[-1]) >= 1:
            _report_twice(record, alike[-1], row)
        else:
            rows.append(replace(row, bridge=bridge, place=len(alike)))
            alike.append(record)
    return tuple(rows)


def _report_twice(record: Record, first: Record, row: Transition) -> None:
    layer = f"{row.layer}." if row.layer else ""
    pattern = f"from {layer}{row.from_state or _ANY} to {layer}{row.to_state or _ANY}"
    hint = (
        "; a row with a chance goes before one without"
        if row.chance < 1
        else "; to choose between them, give all but the last a chance below 1"
    )
    for here, there in ((record, first), (first, record)):
        here.scope.problem(here.mark, f"two rows {pattern}; also at {there.mark}{hint}")


def _chance(record: Record) -> float:
    chance = record.value(TransitionTable.chance)
    return 1.0 if chance is None else float(chance)


def _row(record: Record, names: _Names) -> Transition | None:
    at, max_wait = record.value(TransitionTable.at), record.get(TransitionTable.max_wait)
    if max_wait is not None and at.unit == "immediate":
        record.problem(TransitionTable.max_wait, "'at: immediate' never waits, so it has no max_wait")
    leave = _end(record, TransitionTable.from_, names)
    enter = _end(record, TransitionTable.to, names)
    if leave is None or enter is None:
        return None
    pattern = _pattern(record, leave, enter, names)
    if pattern is None:
        return None
    layer, from_state, to_state = pattern
    return Transition(
        layer=layer,
        from_state=from_state,
        to_state=to_state,
        at=at,
        max_wait_frames=None if max_wait is None else duration(max_wait),
        ramp_frames=duration(record.value(TransitionTable.ramp)),
        curve=cast(Curve, record.value(TransitionTable.curve)),
        fade_out_frames=_fade(record, TransitionTable.fade_out),
        fade_in_frames=_fade(record, TransitionTable.fade_in),
        chance=_chance(record),
        mark=record.mark,
    )


def _fade(record: Record, field: Field[Fraction | MusicalTime]) -> Length | None:
    time = record.get(field)
    return None if time is None else duration(time)


def _end(record: Record, field: Field[Word], names: _Names) -> _End | None:
    """What one side of a row names, or None once it is reported that there is no such layer, state or group."""
    states = names.states
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
    homes = frozenset(name for name in states if state in names.of(name))
    if dot and layer not in homes:
        has = f"; layer '{layer}' has {listing(states[layer][:8], 'and')}" if states[layer] else ""
        scope.unknown(mark, "state or group", state, (), did_you_mean(state, names.of(layer)) or has)
        return None
    if not homes:
        known = sorted({name for each in states for name in names.of(each)} | {_ANY})
        scope.unknown(mark, "state or group", state, known, f"; did you mean '{state}.any'?" if state in states else "")
        return None
    layers = frozenset({layer}) if dot else homes
    return _End(state=state, layers=layers, group=any(state in names.groups[each] for each in layers))


def _pattern(record: Record, leave: _End, enter: _End, names: _Names) -> _Pattern | None:
    """What a row fits, or None once it is reported that it fits nothing."""
    layers = enter.layers if leave.layers is None else leave.layers
    if leave.layers is not None and enter.layers is not None:
        layers = leave.layers & enter.layers
        if not layers:
            here, there = min(leave.layers), min(enter.layers)
            text = f"expected two states of the same layer, got one of '{here}' and one of '{there}'"
            record.problem(TransitionTable.to, text)
            return None
    itself = leave.state is not None and leave.state == enter.state and not enter.group
    if itself and not any((layer, leave.state) in names.playlists for layer in layers or ()):
        text = f"expected another state than the one left, got '{leave.state}' for both, which has no playlist"
        record.problem(TransitionTable.to, text)
        return None
    if layers is None:
        return None, leave.state, enter.state
    if len(layers) > 1:
        # The states of this name in all layers that have one.
        return None, leave.state, enter.state
    return next(iter(layers)), leave.state, enter.state
