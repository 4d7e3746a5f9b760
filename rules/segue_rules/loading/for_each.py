"""`for_each`: the lists of elements that a template is written out for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from segue_rules.loading.limits import MOST_ELEMENTS, MOST_LISTS
from segue_yaml.kinds import NAME, Kind, Schema
from segue_yaml.nodes import ListNode, MapNode, Node, Scalar, describe, quote
from segue_yaml.report import Scope
from segue_yaml.tables import Field

PLACEHOLDER: Final = rf"<({NAME})(?:\.({NAME}))?>"
"""What stands in a template for an element (`<region>`) or for one of its values (`<region.tempo>`)."""


@dataclass(frozen=True, kw_only=True)
class Element:
    """One element of a list.

    Attributes:
        values: What it gives to the template beside its name.
    """

    name: Scalar
    values: Mapping[str, Node] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class ElementList:
    """A list of a `for_each`, with the name that stands for its elements."""

    name: str
    elements: tuple[Element, ...]


@dataclass(frozen=True, kw_only=True)
class ForEach(Kind[tuple[ElementList, ...]]):
    """Lists by name: of names, or of names with values of their own."""

    @property
    def expected(self) -> str:
        return "lists by name such as {region: [forest, crypt]}"

    def read(self, node: Node, scope: Scope) -> tuple[ElementList, ...] | None:
        if not isinstance(node, MapNode) or not node.entries:
            scope.expected(self.expected, node)
            return None
        if len(node.entries) > MOST_LISTS:
            scope.problem(node.mark, f"expected at most {MOST_LISTS} lists, got {len(node.entries)}")
            return None
        found: list[ElementList] = []
        for entry in node.entries:
            inside = scope.inside(entry.key)
            if not re.fullmatch(NAME, entry.key):
                scope.problem(entry.mark, f"expected a name of a-z, 0-9 and _, got {quote(entry.key)}")
                continue
            elements = _elements(entry.value, inside)
            if elements is not None:
                found.append(ElementList(name=entry.key, elements=elements))
        return tuple(found) if len(found) == len(node.entries) else None

    def schema(self) -> Schema:
        scalar: Schema = {"type": ["string", "number", "boolean"]}
        names: Schema = {"type": "array", "items": scalar, "minItems": 1, "maxItems": MOST_ELEMENTS}
        values: Schema = {
            "type": "object",
            "additionalProperties": {"type": ["object", "null"]},
            "minProperties": 1,
            "maxProperties": MOST_ELEMENTS,
        }
        return {"type": "object", "additionalProperties": {"anyOf": [names, values]}, "minProperties": 1}


_ELEMENTS: Final = "a list such as [forest, crypt], or names with values such as {forest: {tempo: 90bpm}}"


def _elements(node: Node, scope: Scope) -> tuple[Element, ...] | None:
    """The elements of one list, or None once its mistakes are reported."""
    count = len(node.items) if isinstance(node, ListNode) else len(node.entries) if isinstance(node, MapNode) else 0
    if not count:
        scope.expected(_ELEMENTS, node)
        return None
    if count > MOST_ELEMENTS:
        scope.problem(node.mark, f"expected at most {MOST_ELEMENTS} elements, got {count}")
        return None
    return _named(node, scope) if isinstance(node, MapNode) else _listed(node, scope)


def _listed(node: Node, scope: Scope) -> tuple[Element, ...] | None:
    assert isinstance(node, ListNode)
    found: dict[str, Element] = {}
    for item in node.items:
        if not isinstance(item, Scalar) or item.value is None:
            scope.problem(item.mark, f"expected a name or a value, got {describe(item)}")
        elif item.text in found:
            scope.problem(item.mark, f"{quote(item.text)} stands in the list twice")
        else:
            found[item.text] = Element(name=item)
    return tuple(found.values()) if len(found) == len(node.items) else None


def _named(node: MapNode, scope: Scope) -> tuple[Element, ...] | None:
    found: list[Element] = []
    for entry in node.entries:
        inside = scope.inside(entry.key)
        name = Scalar(mark=entry.mark, value=entry.key, text=entry.key)
        value = entry.value
        if isinstance(value, MapNode):
            wrong = [each for each in value.entries if not re.fullmatch(NAME, each.key)]
            for each in wrong:
                inside.problem(each.mark, f"expected a name of a-z, 0-9 and _, got {quote(each.key)}")
            if not wrong:
                found.append(Element(name=name, values={each.key: each.value for each in value.entries}))
        elif isinstance(value, Scalar) and value.value is None:
            found.append(Element(name=name))
        else:
            inside.expected("values by name such as {tempo: 90bpm}", value)
    return tuple(found) if len(found) == len(node.entries) else None


FOR_EACH: Final = Field(
    ForEach(),
    "Writes this out once for each element of a list, or for each combination of several; `<region>` stands for the "
    "element.",
    example="{region: [forest, crypt], mood: [calm, battle]}",
)
"""The field of everything that may be a template."""
