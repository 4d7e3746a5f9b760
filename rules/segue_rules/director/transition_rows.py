"""Transition rows: which of them fit a change, the most specific first, and which one it takes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from segue_rules.director.chance import chance
from segue_rules.model import BUILT_IN_TRANSITION, Rules, Transition

_ANY: Final = "any"


class TransitionRows:
    """The transition rows of a rule file, the built-in one last.

    Attributes:
        drawn: Whether chance decides some of them.
    """

    def __init__(self, rules: Rules) -> None:
        self.rows: tuple[Transition, ...] = (*rules.transitions, BUILT_IN_TRANSITION)
        self.drawn = any(row.chance < 1 for row in self.rows)
        self._groups = {(layer.name, state.written): state.groups for layer in rules.layers for state in layer.states}
        # Of each end that rows enter, the rows by the end that they leave and by their layer, in file order.
        self._rows: dict[str | None, dict[str | None, dict[str | None, list[int]]]] = {}
        for index, row in enumerate(self.rows):
            into = self._rows.setdefault(row.to_state, {})
            into.setdefault(row.from_state, {}).setdefault(row.layer, []).append(index)
        self._left = {row.from_state for row in self.rows}
        # What has been asked for: changes repeat, and an analysis asks for those between all states.
        self._into: dict[tuple[str, str, str | None], tuple[int, ...]] = {}
        self._names: dict[tuple[str, str], tuple[str | None, ...]] = {}

    def fitting(self, layer: str, from_state: str, to_state: str) -> tuple[int, ...]:
        """Indexes of the rows that a change of `layer` may take, the most specific first, up to one without a chance.

        A row that names the state entered goes first, then one that names a group of it in the order of its groups,
        then one that names the state left or a group of it, then one that names the layer.
        """
        found: tuple[int, ...] = ()
        for target in self._called(layer, to_state):
            found += self._rows_into(layer, from_state, target)
            if found and self.rows[found[-1]].chance >= 1:
                return found
        raise AssertionError("the built-in row fits every change")

    def taken(self, layer: str, left: Sequence[str], entered: Sequence[str]) -> set[int]:
        """Indexes of the rows that some change from a state of the one to another of the other list may take."""
        alike: dict[str | None, dict[tuple[int, ...], set[str]]] = {}
        found: set[int] = set()
        for to_state in entered:
            open_ = set(left) - {to_state}
            for target in self._called(layer, to_state):
                if target not in alike:
                    alike[target] = {}
                    for state in left:
                        alike[target].setdefault(self._rows_into(layer, state, target), set()).add(state)
                for rows, states in alike[target].items():
                    if rows and not open_.isdisjoint(states):
                        found.update(rows)
                        if self.rows[rows[-1]].chance >= 1:
                            open_ -= states
                if not open_:
                    break
        return found

    def choose(self, layer: str, from_state: str, to_state: str, seed: int, changes: int) -> int:
        """Index of the row that a change takes (SEMANTICS, transition rows).

        Args:
            changes: How many changes of the layer have started so far.
        """
        fitting = self.fitting(layer, from_state, to_state)
        return next(index for index in fitting if self._is_drawn(index, layer, seed, changes))

    def why(self, layer: str, from_state: str, to_state: str, taken: int) -> tuple[str, ...]:
        """What chance had to do with the choice of a row: a text for each row that it decided.

        Args:
            taken: The index of the row.
        """
        texts = []
        for index in self.fitting(layer, from_state, to_state):
            row = self.rows[index]
            if row.chance < 1:
                result = "is drawn" if index == taken else "is not drawn"
                texts.append(f"{row_text(row)} {result}, with chance {row.chance:g}")
            if index == taken:
                break
        return tuple(texts)

    def _is_drawn(self, index: int, layer: str, seed: int, changes: int) -> bool:
        row = self.rows[index]
        if row.chance >= 1:
            return True
        # Layer and ends of a row, and its place among those of the same pattern, are its name.
        name = (row.layer or _ANY, row.from_state or _ANY, row.to_state or _ANY, row.place)
        return chance(seed, layer, *name, "row", changes) < row.chance

    def _rows_into(self, layer: str, from_state: str, target: str | None) -> tuple[int, ...]:
        """The rows that name this end and fit the state left, the most specific first, up to one without a chance."""
        key = layer, from_state, target
        known = self._into.get(key)
        if known is None:
            known = self._into[key] = self._find_into(layer, from_state, target)
        return known

    def _find_into(self, layer: str, from_state: str, target: str | None) -> tuple[int, ...]:
        found: list[int] = []
        rows = self._rows.get(target, {})
        for source in self._called(layer, from_state):
            if source in rows:
                for name in (layer, None):
                    for index in rows[source].get(name, ()):
                        found.append(index)
                        if self.rows[index].chance >= 1:
                            return tuple(found)
        return tuple(found)

    def _called(self, layer: str, state: str) -> tuple[str | None, ...]:
        """What rows may call a state, the most specific first; only what some row names."""
        names = self._names.get((layer, state))
        if names is None:
            called = (state, *self._groups[layer, state], None)
            named = (name for name in called if name in self._rows or name in self._left)
            names = self._names[layer, state] = tuple(named)
        return names


def row_text(row: Transition) -> str:
    """The pattern of a row in a sentence: 'the row from any to combat'."""
    layer = f"{row.layer}." if row.layer is not None else ""
    place = f" (number {row.place + 1})" if row.place else ""
    return f"the row from {layer}{row.from_state or _ANY} to {layer}{row.to_state or _ANY}{place}"
