"""Objects that come in several shapes, told apart by what a field says or by which field is there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from segue_rules.loading.kinds import Kind, Schema
from segue_rules.loading.nodes import MapNode, Node, Scalar, describe, quote
from segue_rules.loading.report import Scope, did_you_mean, listing, nearest
from segue_rules.loading.tables import Object, Record, Table


@dataclass(frozen=True, kw_only=True)
class Tagged(Kind[Record]):
    """An object whose field `tag` says by which of several tables it is read."""

    tag: str
    tables: Mapping[str, type[Table]]
    also: Mapping[str, str] = field(default_factory=dict)
    """What other programs call them."""

    @property
    def expected(self) -> str:
        return f"a map such as {next(iter(self.tables.values())).example}"

    def read(self, node: Node, scope: Scope) -> Record | None:
        if not isinstance(node, MapNode):
            scope.expected(self.expected, node)
            return None
        tag = next((entry.value for entry in node.entries if entry.key == self.tag), None)
        if tag is None:
            text = f"expected a field '{self.tag}' ({listing(self.tables)}), got none"
            _report_missing(node, (self.tag,), text, scope)
            return None
        if isinstance(tag, Scalar) and tag.value in self.tables:
            return Object(table=self.tables[tag.text], foreign=self._foreign(tag.text)).read(node, scope)
        hint = ""
        if isinstance(tag, Scalar):
            meant = self.also.get(tag.text.lower())
            hint = f"; did you mean '{meant}'?" if meant else did_you_mean(tag.text, self.tables)
        scope.inside(self.tag).problem(tag.mark, f"expected {listing(self.tables)}, got {describe(tag)}{hint}")
        return None

    def _foreign(self, chosen: str) -> dict[str, str]:
        mine = self.tables[chosen].fields
        owners: dict[str, list[str]] = {}
        for name, table in self.tables.items():
            for field_name in table.fields:
                if field_name not in mine:
                    owners.setdefault(field_name, []).append(name)
        return {name: f"{self.tag}: {listing(those)}, not with {chosen}" for name, those in owners.items()}

    def schema(self) -> Schema:
        return {
            "type": "object",
            "required": [self.tag],
            "properties": {self.tag: {"enum": list(self.tables)}},
            "allOf": [
                {
                    "if": {"properties": {self.tag: {"const": name}}, "required": [self.tag]},
                    "then": {"$ref": f"#/definitions/{table.title}"},
                }
                for name, table in self.tables.items()
            ],
        }


@dataclass(frozen=True, kw_only=True)
class ByField(Kind[Record]):
    """An object read by the one of several tables whose own field it has: `audio` or `mix`."""

    tables: Mapping[str, type[Table]]

    @property
    def expected(self) -> str:
        return f"a map such as {next(iter(self.tables.values())).example}"

    def read(self, node: Node, scope: Scope) -> Record | None:
        if not isinstance(node, MapNode):
            scope.expected(self.expected, node)
            return None
        chosen = [entry for entry in node.entries if entry.key in self.tables]
        if not chosen:
            _report_missing(node, self.tables, f"expected one of the fields {listing(self.tables)}, got none", scope)
            return None
        for extra in chosen[1:]:
            scope.problem(extra.mark, f"expected only one of {listing(self.tables)}, got {listing(self.tables, 'and')}")
        if chosen[1:]:
            return None
        key = chosen[0].key
        mine = self.tables[key].fields
        foreign = {
            name: f"'{owner}', not with '{key}'"
            for owner, table in self.tables.items()
            for name in table.fields
            if name not in mine
        }
        return Object(table=self.tables[key], foreign=foreign).read(node, scope)

    def schema(self) -> Schema:
        return {"type": "object", "oneOf": [{"$ref": f"#/definitions/{table.title}"} for table in self.tables.values()]}


def _report_missing(node: MapNode, wanted: Iterable[str], text: str, scope: Scope) -> None:
    """Report that a deciding field is missing, or rather misspelt."""
    names = list(wanted)
    for entry in node.entries:
        if nearest(entry.key, names):
            scope.problem(entry.mark, f"unknown field {quote(entry.key)}{did_you_mean(entry.key, names)}")
            return
    scope.problem(node.mark, text)
