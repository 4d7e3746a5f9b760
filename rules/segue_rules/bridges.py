"""Bridges of transition rows, written out as states that play before the state that is entered (SEMANTICS 20)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields, replace
from fractions import Fraction

from segue_rules.model import (
    PIECE_SEPARATOR,
    Bridge,
    Layer,
    LayerState,
    Music,
    MusicalTime,
    Piece,
    Transition,
)

_ANY = "any"


def bridge_name(row: Transition, state: str) -> str:
    """The name of the state that a row's bridge plays as.

    Args:
        state: The state entered, as in the file.
    """
    place = f"_{row.place + 1}" if row.place else ""
    return f"{state}{PIECE_SEPARATOR}from_{row.from_state or _ANY}{place}"


def with_bridges(layer: Layer, rows: Sequence[Transition], most: int | None = None) -> Layer:
    """The layer with a state for each bridge that may lead into one of its states, behind the pieces of that state.

    Args:
        most: Once there are more states than these, the others are left out: rows times states may be too many to make.
    """
    if not any(row.bridge is not None for row in rows):
        return layer
    known = {name for state in layer.states for name in (state.written, *state.groups)}
    fitting = [
        row for row in rows if row.layer in (None, layer.name) and (row.from_state in known or not row.from_state)
    ]
    states: list[LayerState] = []
    for name in dict.fromkeys(state.written for state in layer.states):
        pieces = [state for state in layer.states if state.written == name]
        states += pieces
        for row in _rows_into(pieces[0], fitting):
            if row.bridge is not None:
                states.append(_bridged(pieces[0], row, row.bridge))
        if most is not None and len(states) > most:
            break
    return replace(layer, states=tuple(states))


def _rows_into(state: LayerState, rows: Sequence[Transition]) -> Iterator[Transition]:
    """For each state or group left, and for any, the rows that name it and may count where `state` is entered.

    That is the most specific one; where chance decides that one, also the next.
    """
    entered = (state.written, *state.groups, None)
    of: dict[str | None, list[Transition]] = {row.from_state: [] for row in rows}
    for row in rows:
        if row.to_state in entered:
            of[row.from_state].append(row)
    for left, into in of.items():
        if into and left != state.written:
            for row in sorted(into, key=lambda row: (entered.index(row.to_state), row.layer is None, row.place)):
                yield row
                if row.chance >= 1:
                    break


def _bridged(state: LayerState, row: Transition, bridge: Bridge) -> LayerState:
    asked = {each.name: getattr(bridge.music, each.name) for each in fields(Music) if each.name != "mark"}
    return replace(
        state,
        name=bridge_name(row, state.written),
        mix=state.mix if bridge.mix is None else bridge.mix,
        music=replace(state.music, **{name: value for name, value in asked.items() if value is not None}),
        theme=bridge.theme or state.theme,
        # Those of the state begin with it.
        clips=(),
        clip_leads=False,
        piece=Piece(
            order="sequence",
            avoid_last=0,
            length=MusicalTime(count=Fraction(bridge.bars), unit="bar"),
            bridge=True,
            state_mark=state.mark if state.piece is None else state.piece.state_mark,
        ),
        mark=row.mark,
    )
