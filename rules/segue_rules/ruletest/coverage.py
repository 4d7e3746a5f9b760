"""Coverage of rule tests: which states, transition rows and stingers of a rule file they reach.

A state is reached where a test plays a frame in which it is active; a row, where a change that it fits starts; a
stinger, where it starts. Whether a test expects anything of it is not asked.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from segue_rules.analysis.reachability import describe
from segue_rules.director import Span
from segue_rules.model import Rules
from segue_yaml.nodes import Mark

PartKind: TypeAlias = Literal["state", "row", "stinger"]
PART_KINDS: Final[dict[PartKind, str]] = {"state": "states", "row": "transition rows", "stinger": "stingers"}
"""What coverage counts, and how it is called in a sentence."""


@dataclass(frozen=True, kw_only=True)
class Part:
    """Something of a rule file that tests can reach.

    Attributes:
        where: As in problems: 'layer "action", state "combat"'.
    """

    kind: PartKind
    where: str
    mark: Mark


PartKey: TypeAlias = tuple[PartKind, int, int]
"""A part by its place in the rules: layer and state, or the row or stinger and 0."""


def reached_parts(rules: Rules, spans: Iterable[Span]) -> frozenset[PartKey]:
    """Return what is reached in frames that a director of these rules played."""
    state_keys: list[dict[str, PartKey]] = [
        {state.name: ("state", i, j) for j, state in enumerate(layer.states)} for i, layer in enumerate(rules.layers)
    ]
    layers = {layer.name: i for i, layer in enumerate(rules.layers)}
    stingers = {stinger.name: i for i, stinger in enumerate(rules.stingers)}
    reached: set[PartKey] = set()
    before: tuple[str, ...] = ()
    for span in spans:
        plan = span.plan
        if plan.states != before:
            before = plan.states
            reached.update(keys[name] for keys, name in zip(state_keys, plan.states, strict=True))
        for change in plan.changes:
            if change.kind == "started":
                # The director knows which row it took. The built-in one comes after those of the file.
                row = span.state.layers[layers[change.layer]].row
                if row < len(rules.transitions):
                    reached.add(("row", row, 0))
        reached.update(("stinger", stingers[cue.stinger], 0) for cue in plan.stingers if cue.kind == "started")
    return frozenset(reached)


@dataclass(frozen=True, kw_only=True)
class Coverage:
    """What the tests of a rule file reach, in file order.

    Attributes:
        missed: Parts that no test reaches.
        reached, total: How many parts, by kind.
    """

    missed: tuple[Part, ...]
    reached: dict[PartKind, int]
    total: dict[PartKind, int]

    @property
    def percent(self) -> float:
        """The share of all parts that is reached, 0 to 100. Rules always have a state."""
        return 100 * sum(self.reached.values()) / sum(self.total.values())


def coverage(rules: Rules, reached: frozenset[PartKey]) -> Coverage:
    """Count what is reached of the rules by all their tests together."""
    parts = _parts(rules)
    kinds = [key[0] for key in parts]
    return Coverage(
        missed=tuple(sorted((part for key, part in parts.items() if key not in reached), key=_place)),
        reached={kind: sum(key[0] == kind for key in reached) for kind in PART_KINDS},
        total={kind: kinds.count(kind) for kind in PART_KINDS},
    )


def _place(part: Part) -> tuple[Mark, PartKind]:
    return part.mark, part.kind


def _parts(rules: Rules) -> dict[PartKey, Part]:
    parts: dict[PartKey, Part] = {}
    for i, layer in enumerate(rules.layers):
        for j, state in enumerate(layer.states):
            where = f'layer "{layer.name}", state "{state.name}"'
            parts["state", i, j] = Part(kind="state", where=where, mark=state.mark)
    for i, row in enumerate(rules.transitions):
        parts["row", i, 0] = Part(kind="row", where=describe(row), mark=row.mark)
    for i, stinger in enumerate(rules.stingers):
        parts["stinger", i, 0] = Part(kind="stinger", where=f'stinger "{stinger.name}"', mark=stinger.mark)
    return parts
