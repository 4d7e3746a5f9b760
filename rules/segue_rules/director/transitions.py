"""Which transition row a change takes: the most specific one that fits."""

from __future__ import annotations

from collections.abc import Sequence

from segue_rules.model import Transition


def choose_row(rows: Sequence[Transition], layer: str, from_state: str, to_state: str) -> int:
    """Index of the row for a change of `layer`. Of two equally specific rows the first; one of the rows must fit."""
    fitting = [
        i
        for i, row in enumerate(rows)
        if row.layer in (None, layer) and row.from_state in (None, from_state) and row.to_state in (None, to_state)
    ]
    return max(fitting, key=lambda i: (_specificity(rows[i]), -i))


def _specificity(row: Transition) -> tuple[bool, bool, bool]:
    return (row.to_state is not None, row.from_state is not None, row.layer is not None)
