"""States that extend another: they take over its fields, once the layers of all files are put together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final, TypeAlias

from segue_rules.loading.grammar_layers import StateTable
from segue_yaml.containers import Item
from segue_yaml.kinds import Word
from segue_yaml.report import Scope
from segue_yaml.tables import Field, Record

ONLY_CONDITIONAL: Final[tuple[Field[Any], ...]] = (
    StateTable.when,
    StateTable.unless,
    StateTable.priority,
    StateTable.attack,
    StateTable.hold,
    StateTable.min_time,
    StateTable.resist,
    StateTable.cooldown,
)
"""What a default state cannot have."""

_OWN: Final[tuple[Field[Any], ...]] = (StateTable.default, StateTable.extends)
"""What a state never takes over."""
_MUTING: Final = frozenset({StateTable.mute.name, StateTable.solo.name})
"""A state has one of these at most, so either replaces both."""

_States: TypeAlias = Mapping[str, dict[str, Item[Record]]]
_Place: TypeAlias = tuple[str, str]
"""A layer and one of its states."""


def extend_states(states: _States) -> None:
    """Give every state that extends another what it takes over. Unknown states and circles are reported.

    Args:
        states: The states of each layer, which are changed in place.
    """
    done: set[_Place] = set()
    for layer, items in states.items():
        for name in items:
            _extend((layer, name), states, done)


def _extend(place: _Place, states: _States, done: set[_Place]) -> None:
    """Make the record of a state whole, and those of all that it extends, one through the other."""
    # A list, not a recursion: states of several layers may extend each other thousands deep.
    chain: list[_Place] = []
    while place not in done:
        done.add(place)
        record = states[place[0]][place[1]].value
        word = record.get(StateTable.extends) if record is not None else None
        if record is None or word is None:
            break
        scope = record.scope.inside(StateTable.extends.name)
        found = _find(word, place[0], states, scope)
        if found is None:
            break
        if found == place or found in chain:
            names = [each[1] for each in (*chain, place, found)]
            scope.problem(word.mark, f"the states extend each other in a circle: {' -> '.join(names)}")
            break
        chain.append(place)
        place = found
    for below in reversed(chain):
        item, base = states[below[0]][below[1]], states[place[0]][place[1]].value
        if item.value is not None and base is not None:
            states[below[0]][below[1]] = replace(item, value=_taken_over(item.value, base))
        place = below


def _find(word: Word, layer: str, states: _States, scope: Scope) -> _Place | None:
    """The state that is extended, or None once it is reported that there is none."""
    home, dot, name = word.text.rpartition(".")
    home = home if dot else layer
    if home not in states:
        scope.unknown(word.mark, "layer", home, states)
        return None
    if name not in states[home]:
        elsewhere = [layer for layer, items in states.items() if name in items]
        hint = "" if dot or not elsewhere else f"; did you mean '{elsewhere[0]}.{name}'?"
        scope.unknown(word.mark, "state", name, states[home], hint)
        return None
    return home, name


def _taken_over(own: Record, base: Record) -> Record:
    """The record of a state with what it takes over; the controls of its music one by one."""
    left = {field.name for field in _OWN}
    if own.get(StateTable.default):
        left |= {field.name for field in ONLY_CONDITIONAL}
    if own.has(StateTable.mute) or own.has(StateTable.solo):
        left |= _MUTING
    merged = _over(own, base, left)
    mine, theirs = own.get(StateTable.music), base.get(StateTable.music)
    if mine is None or theirs is None:
        return merged
    return replace(merged, values={**merged.values, StateTable.music.name: _over(mine, theirs, set())})


def _over(own: Record, base: Record, left: set[str]) -> Record:
    """The fields of a record, and those of another that it does not write and that are not left out."""
    left = left | own.marks.keys()
    values = {name: value for name, value in base.values.items() if name not in left}
    marks = {name: mark for name, mark in base.marks.items() if name not in left}
    return replace(own, values={**values, **own.values}, marks={**marks, **own.marks})
