"""Kinds of values that hold others: lists, maps of named things and ranges."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from segue_yaml.guesses import cut_values, decimal_comma
from segue_yaml.kinds import NAME, Kind, Name, Number, Schema, meant_number, number, tidy_name
from segue_yaml.nodes import ListNode, MapNode, Mark, Node, Scalar, describe
from segue_yaml.report import Scope

T = TypeVar("T")

_MOST_SHOWN: Final = 6
_END: Final = r"[-+]?[0-9]+(?:\.[0-9]+)?%?"
_ENDS: Final = re.compile(r"(?<![0-9])[-+]?[0-9]+(?:\.[0-9]+)?%?")
_BETWEEN: Final = rf"[\[(]?\s*{_END}\s*(?:,|;|-|–|\.\.+|to|\s)\s*{_END}\s*[\])]?"
"""Two numbers with something between them that people write for a range."""


@dataclass(frozen=True, kw_only=True)
class ListOf(Kind[tuple[T, ...]]):
    """A list.

    Attributes:
        item: What messages call an element, as in 'transition 3'.
    """

    of: Kind[T]
    item: str
    least: int = 0
    most: int

    @property
    def expected(self) -> str:
        bounds = f"{self.least} to" if self.least else "at most"
        return f"a list of {bounds} {self.most} {self.item}s"

    def read(self, node: Node, scope: Scope) -> tuple[T, ...] | None:
        if isinstance(node, MapNode) and node.entries:
            text = f"expected {self.expected}, got {describe(node)}; begin each {self.item} with '- '"
            scope.problem(node.mark, text)
            return None
        if not isinstance(node, ListNode):
            scope.expected(self.expected, node, _listed(node))
            return None
        if not self.least <= len(node.items) <= self.most:
            scope.problem(node.mark, f"expected {self.expected}, got {len(node.items)}")
        values: list[T] = []
        labels = node.labels or map(str, range(1, len(node.items) + 1))
        for label, item in zip(labels, node.items[: self.most], strict=False):
            value = self.of.read(item, scope.outside().inside(f"{self.item} {label}"))
            if value is not None:
                values.append(value)
        return tuple(values)

    def schema(self) -> Schema:
        schema = {"type": "array", "items": self.of.schema(), "maxItems": self.most}
        return {**schema, "minItems": self.least} if self.least else schema


def _listed(node: Node) -> str:
    """The list that was meant by `"[a, b]"`, `"a, b"` or `a`."""
    if isinstance(node, Scalar) and not node.quoted and isinstance(node.value, str):
        return f"[{node.text}]" if re.fullmatch(r"[\w./-]{1,64}", node.text) else ""
    if not isinstance(node, Scalar) or not node.quoted:
        return ""
    names = re.split(r"\s*,\s*", node.text.strip(" []"))
    fit = 2 <= len(names) <= _MOST_SHOWN and all(re.fullmatch(NAME, name) for name in names)
    return f"[{', '.join(names)}] without quotes" if fit else ""


@dataclass(frozen=True, kw_only=True)
class OneOrMore(Kind[tuple[T, ...]]):
    """One value, or a list of several."""

    of: Kind[T]
    many: ListOf[T]

    @property
    def expected(self) -> str:
        return f"{self.of.expected}, or a list of them"

    def read(self, node: Node, scope: Scope) -> tuple[T, ...] | None:
        if isinstance(node, ListNode):
            return self.many.read(node, scope)
        value = self.of.read(node, scope)
        return None if value is None else (value,)

    def schema(self) -> Schema:
        return {"anyOf": [self.of.schema(), self.many.schema()]}


@dataclass(frozen=True, kw_only=True)
class Item(Generic[T]):
    """A named thing of a map.

    Attributes:
        mark: The place of the name.
        value: None if it could not be read, which is reported by then.
    """

    name: str
    mark: Mark
    value: T | None
    value_mark: Mark


@dataclass(frozen=True, kw_only=True)
class MapOf(Kind[tuple[Item[T], ...]]):
    """Things by name.

    Attributes:
        labelled: Whether messages call an item 'layer "action"' rather than only by its name.
        sample: A short example.
    """

    key: Name
    of: Kind[T]
    least: int = 0
    most: int
    labelled: bool = True
    sample: str = ""

    @property
    def expected(self) -> str:
        return f"a map such as {self.sample}" if self.sample else f"a map of {self.key.what}s by name"

    def read(self, node: Node, scope: Scope) -> tuple[Item[T], ...] | None:
        if isinstance(node, ListNode) and any(isinstance(item, MapNode) for item in node.items):
            text = (
                f"expected {self.expected}, got a list; begin each {self.key.what} with its name and a colon, not '-'"
            )
            scope.problem(node.mark, text)
            return None
        if not isinstance(node, MapNode):
            scope.expected(self.expected, node, self._hint(node))
            return None
        if not self.least <= len(node.entries) <= self.most:
            bounds = f"{self.least} to {self.most}" if self.least else f"at most {self.most}"
            wanted = f"one {self.key.what}" if self.least == self.most == 1 else f"{bounds} {self.key.what}s"
            scope.problem(node.mark, f"expected {wanted}, got {len(node.entries)}")
        items: list[Item[T]] = []
        commas = {first.key: (rest[0].key, decimal_comma(first, rest)) for first, rest in cut_values(node)}
        skipped = {key for key, meant in commas.values() if meant}
        names = {entry.key for entry in node.entries}
        for entry in node.entries[: self.most]:
            if entry.key in skipped:
                continue
            name = entry.key
            if not self.key.allows(name, entry.mark, scope) and name not in self.key.reserved:
                # It is read on by the name that was meant, as one with a reserved name is by that, so that what names
                # it has no mistake of its own.
                name = tidy_name(name)
                if not name or name in names or name in self.key.reserved or not self.labelled:
                    continue
                names.add(name)
            part = f'{self.key.what} "{entry.key}"{entry.note}'
            label = scope.outside().inside(part) if self.labelled else scope.inside(entry.key)
            meant = commas.get(entry.key, ("", ""))[1]
            if meant:
                label.problem(entry.value.mark, f"a comma ends the value; did you mean {meant}?")
            value = None if meant else self.of.read(entry.value, label)
            items.append(Item(name=name, mark=entry.mark, value=value, value_mark=entry.value.mark))
        return tuple(items)

    def _hint(self, node: Node) -> str:
        """What was meant by names alone, where names with numbers are expected: `{battle: 1}` for `battle`."""
        scalars = node.items if isinstance(node, ListNode) else (node,)
        names = [each.text for each in scalars if isinstance(each, Scalar)]
        if not isinstance(self.of, Number) or len(names) != len(scalars) or len(names) > _MOST_SHOWN:
            return ""
        fit = names and all(re.fullmatch(NAME, name) for name in names)
        return f"{{{', '.join(f'{name}: 1' for name in names)}}}" if fit else ""

    def schema(self) -> Schema:
        schema: Schema = {
            "type": "object",
            "propertyNames": self.key.schema(),
            "additionalProperties": self.of.schema(),
            "maxProperties": self.most,
        }
        return {**schema, "minProperties": self.least} if self.least else schema


@dataclass(frozen=True, kw_only=True)
class Range(Kind[tuple[float, float]]):
    """`[low, high]`, with low below high."""

    bound: Number

    @property
    def expected(self) -> str:
        return "a range such as [0, 1], the low end first"

    def read(self, node: Node, scope: Scope) -> tuple[float, float] | None:
        if not isinstance(node, ListNode) or len(node.items) != 2:
            hint = self._hint(node)
            if isinstance(node, ListNode) and node.items:
                meant = f"; did you mean {hint}?" if hint else ""
                scope.problem(node.mark, f"expected {self.expected}, got a list of {len(node.items)}{meant}")
            else:
                scope.expected(self.expected, node, hint)
            return None
        low, high = (self.bound.read(item, scope) for item in node.items)
        if low is None or high is None:
            return None
        if low >= high:
            text = f"expected a range with its low end first, got [{number(low)}, {number(high)}]"
            hint = f"; did you mean [{number(high)}, {number(low)}]?" if low > high else ""
            scope.problem(node.mark, text + hint)
            return None
        return low, high

    def _hint(self, node: Node) -> str:
        """The range that was meant by `"[0, 1]"`, `0..1`, `0 to 1` or `{min: 0, max: 1}`."""
        if isinstance(node, MapNode):
            ends = [entry.value for entry in sorted(node.entries, key=lambda entry: entry.key, reverse=True)]
            keys = {entry.key for entry in node.entries}
            known = keys in ({"min", "max"}, {"low", "high"})
            texts = [end.text for end in ends if isinstance(end, Scalar)] if known else []
        elif isinstance(node, ListNode):
            texts = [item.text for item in node.items if isinstance(item, Scalar)]
            texts = _ENDS.findall(texts[0]) if len(texts) == len(node.items) == 1 else []
        else:
            texts = _ENDS.findall(node.text) if re.fullmatch(_BETWEEN, node.text) else []
        if len(texts) != 2:
            return ""
        meant = sorted(value for value in map(meant_number, texts) if value is not None)
        if (
            len(meant) != 2
            or meant[0] == meant[1]
            or not all(self.bound.low <= end <= self.bound.high for end in meant)
        ):
            return ""
        quotes = " without quotes" if isinstance(node, Scalar) and node.quoted else ""
        return f"[{number(meant[0])}, {number(meant[1])}]{quotes}"

    def schema(self) -> Schema:
        return {"type": "array", "items": self.bound.schema(), "minItems": 2, "maxItems": 2}
