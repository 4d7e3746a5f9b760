"""Tables: what fields an object of the language has. Reading, JSON Schema and reference all follow from them.

A table is a class whose attributes are `Field`s, in the order the reference lists them:

    class Duck(Table):
        '''How the music steps back under a stinger.'''
        title = "duck"
        example = "{depth: -8dB}"
        depth = Field(Quantity(...), "Level of the music meanwhile.", required=True, example="-8dB")

    duck = Object(Duck).read(node, scope)      # a Record, or None once reported
    duck.get(Duck.depth)                       # float | None, typed by the field's kind
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Generic, TypeVar

from segue_yaml.containers import ListOf, OneOrMore
from segue_yaml.core_schema import resolve_plain
from segue_yaml.guesses import cut_values, decimal_comma, look_alike
from segue_yaml.kinds import NAME, Kind, Schema, Text
from segue_yaml.nodes import NOWHERE, Entry, MapNode, Mark, Node, Scalar, describe, quote
from segue_yaml.report import Report, Scope, did_you_mean, listing, nearest

T = TypeVar("T")


class Field(Generic[T]):
    """A field of a table.

    Attributes:
        doc: One sentence, which editors and the reference show.
        default, example: As written in YAML.
    """

    def __init__(
        self, kind: Kind[T], doc: str, *, example: str, default: str | None = None, required: bool = False
    ) -> None:
        self.name = ""
        self.kind = kind
        self.doc = doc
        self.example = example
        self.required = required
        self.default_text = default
        self.default = None if default is None else _parse_default(kind, default)

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name.rstrip("_")

    def schema(self) -> Schema:
        example = f"{self.doc}\n\nExample: `{self.name}: {self.example}`"
        schema = {**self.kind.schema(), "description": self.doc, "markdownDescription": example}
        if self.default_text is not None:
            schema["default"] = resolve_plain(self.default_text)
        return schema


def _parse_default(kind: Kind[T], text: str) -> T:
    report = Report()
    value = kind.read(Scalar(mark=NOWHERE, value=resolve_plain(text), text=text), report.scope())
    report.raise_problems()
    if value is None:
        raise ValueError(f"the default {text!r} is no value")
    return value


class Table:
    """The fields of one kind of object.

    Attributes:
        title: Its name in the schema.
        example: The shortest sensible object.
        exactly_one: Names of fields of which exactly one must be given.
        contents: The field with what such an object is made of, which is left out at times ("states"); "" for none.
    """

    title: ClassVar[str]
    example: ClassVar[str]
    exactly_one: ClassVar[tuple[str, ...]] = ()
    contents: ClassVar[str] = ""
    fields: ClassVar[dict[str, Field[Any]]] = {}

    def __init_subclass__(cls) -> None:
        own = {value.name: value for value in vars(cls).values() if isinstance(value, Field)}
        cls.fields = {**cls.fields, **own}

    @classmethod
    def definition(cls) -> Schema:
        """The JSON Schema of an object with these fields."""
        schema: Schema = {
            "title": cls.title.replace("_", " "),
            "description": (cls.__doc__ or "").strip(),
            "type": "object",
            "additionalProperties": False,
            "properties": {name: field.schema() for name, field in cls.fields.items()},
        }
        required = [name for name, field in cls.fields.items() if field.required]
        if required:
            schema["required"] = required
        if cls.exactly_one:
            schema["oneOf"] = [{"required": [name]} for name in cls.exactly_one]
        return schema


@dataclass(frozen=True, kw_only=True)
class Record:
    """An object as read by a table. Fields that could not be read are absent; their mistakes are reported.

    Attributes:
        marks: The place of every field that was written, even if it is unreadable or misspelt.
    """

    table: type[Table]
    mark: Mark
    scope: Scope
    values: Mapping[str, Any] = field(default_factory=dict)
    marks: Mapping[str, Mark] = field(default_factory=dict)

    def get(self, field: Field[T]) -> T | None:
        """The value as written, or None."""
        return self.values.get(field.name)

    def value(self, field: Field[T]) -> T:
        """The value as written, or the default of the field.

        Raises:
            LookupError: The field has no default.
        """
        found: T | None = self.values.get(field.name, field.default)
        if found is None:
            raise LookupError(f"the field {field.name} has no default")
        return found

    def has(self, field: Field[Any]) -> bool:
        """Whether the field was written."""
        return field.name in self.marks

    def mark_of(self, field: Field[Any]) -> Mark:
        """The place of the value of the field, or of the object if the field was left out."""
        return self.marks.get(field.name, self.mark)

    def problem(self, field: Field[Any], text: str) -> None:
        """Report a mistake in one field."""
        self.scope.inside(field.name).problem(self.mark_of(field), text)


@dataclass(frozen=True, kw_only=True)
class Object(Kind[Record]):
    """An object that a table describes.

    Attributes:
        foreign: Fields that only other variants have, with the words that say which.
    """

    table: type[Table]
    foreign: Mapping[str, str] = field(default_factory=dict)

    @property
    def expected(self) -> str:
        return f"a map such as {self.table.example}"

    def read(self, node: Node, scope: Scope) -> Record | None:
        if not isinstance(node, MapNode):
            scope.expected(self.expected, node)
            return None
        values: dict[str, Any] = {}
        marks: dict[str, Mark] = {}
        choices = self.table.exactly_one
        instead = _unknown_instead(node, choices, {*self.table.fields, *self.foreign}) if choices else None
        cut, skipped = self._cut(node)
        loose = self._loose(node)
        if loose:
            contents = self.table.contents
            text = f"unknown field {quote(loose[0].key)}; {contents} go under '{contents}:'"
            scope.problem(loose[0].mark, text)
            marks[contents] = loose[0].mark
            skipped = skipped.union(entry.key for entry in loose)
        for entry in node.entries:
            known = self.table.fields.get(entry.key)
            if entry.key in skipped:
                continue
            if entry.key in cut:
                marks[entry.key] = entry.value.mark
                scope.inside(entry.key).problem(entry.value.mark, cut[entry.key])
                continue
            if entry is instead:
                scope.problem(entry.mark, _instead_text(entry.key, choices))
                marks.update(dict.fromkeys(choices, entry.mark))
                continue
            if known is None:
                scope.problem(entry.mark, self._unknown(entry.key, entry.value))
                if entry.key not in self.foreign:
                    marks.update(dict.fromkeys(nearest(entry.key, self.table.fields), entry.mark))
                continue
            marks[entry.key] = entry.value.mark
            value = known.kind.read(entry.value, scope.inside(entry.key))
            if value is not None:
                values[entry.key] = value
        self._check_given(node, marks, scope)
        return Record(table=self.table, mark=node.mark, scope=scope, values=values, marks=marks)

    def _cut(self, node: MapNode) -> tuple[dict[str, str], frozenset[str]]:
        """What is wrong with the values that a comma has cut, by field, and the keys that are the rest of them."""
        texts: dict[str, str] = {}
        skipped: set[str] = set()
        for first, rest in cut_values(node):
            known = self.table.fields.get(first.key)
            if known is None or not isinstance(first.value, Scalar) or any(e.key in self.table.fields for e in rest):
                continue
            whole, meant = ", ".join([first.value.text, *(entry.key for entry in rest)]), decimal_comma(first, rest)
            if meant:
                texts[first.key] = f"a comma ends the value; did you mean {meant}?"
            elif isinstance(known.kind, Text):
                texts[first.key] = f'a text with a comma needs quotes; did you mean "{whole}"?'
            elif isinstance(known.kind, (ListOf, OneOrMore)):
                texts[first.key] = f"a list needs brackets; did you mean [{whole}]?"
            else:
                continue
            skipped.update(entry.key for entry in rest)
        return texts, frozenset(skipped)

    def _loose(self, node: MapNode) -> list[Entry]:
        """Maps that belong into the field with the contents and stand beside it, which is missing."""
        contents = self.table.contents
        if not contents or any(entry.key == contents or nearest(entry.key, [contents]) for entry in node.entries):
            return []
        unknown = [entry for entry in node.entries if entry.key not in {*self.table.fields, *self.foreign}]
        return [entry for entry in unknown if isinstance(entry.value, MapNode) and re.fullmatch(NAME, entry.key)]

    def _unknown(self, key: str, value: Node) -> str:
        if key in self.foreign:
            return f"'{key}' goes with {self.foreign[key]}"
        name, colon, rest = key.partition(":")
        if colon and rest and name in self.table.fields and describe(value) == "nothing":
            odd = look_alike(rest[0])
            if odd:
                meant = quote(f"{name}: {rest[1:]}")
                return f"expected a space after the colon, got {odd}; did you mean {meant}?"
            return f"expected a space after the colon, got {quote(key)}; did you mean {quote(f'{name}: {rest}')}?"
        if key == "<<":
            return "unknown field '<<'; merge keys are not part of YAML 1.2, so write the fields out"
        hint = did_you_mean(key, self.table.fields)
        others = "there is only" if len(self.table.fields) == 1 else "there are"
        return f"unknown field {quote(key)}{hint or f'; {others} ' + listing(self.table.fields, 'and')}"

    def _check_given(self, node: MapNode, given: Mapping[str, Mark], scope: Scope) -> None:
        for name, known in self.table.fields.items():
            if known.required and name not in given:
                scope.problem(node.mark, f"expected a field '{name}' ({known.kind.expected}), got none")
        choices = self.table.exactly_one
        chosen = [entry for entry in node.entries if entry.key in choices]
        if choices and not given.keys() & set(choices):
            scope.problem(node.mark, f"expected one of the fields {listing(choices)}, got none")
        for extra in chosen[1:]:
            names = listing([entry.key for entry in chosen], "and")
            scope.problem(extra.mark, f"expected only one of {listing(choices)}, got {names}")

    def schema(self) -> Schema:
        return {"$ref": f"#/definitions/{self.table.title}"}


@dataclass(frozen=True, kw_only=True)
class Tagged(Kind[Record]):
    """An object whose field `tag` says which of several tables describes it.

    Attributes:
        also: Other names of these tables, as other programs have them.
    """

    tag: str
    tables: Mapping[str, type[Table]]
    also: Mapping[str, str] = field(default_factory=dict)

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
    """An object described by the one of several tables whose own field it has, such as `audio` or `mix`."""

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
            known = {name for table in self.tables.values() for name in table.fields}
            instead = _unknown_instead(node, self.tables, known)
            if instead is not None:
                scope.problem(instead.mark, _instead_text(instead.key, self.tables))
                return None
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
    """Report that a deciding field is missing, or misspelt."""
    names = list(wanted)
    for entry in node.entries:
        if nearest(entry.key, names):
            scope.problem(entry.mark, f"unknown field {quote(entry.key)}{did_you_mean(entry.key, names)}")
            return
    scope.problem(node.mark, text)


def _unknown_instead(node: MapNode, wanted: Iterable[str], known: Collection[str]) -> Entry | None:
    """The first field that is like none of the known ones, if all that are wanted are missing; it replaces one."""
    names = set(wanted)
    unknown: Entry | None = None
    for entry in node.entries:
        near = {entry.key} if entry.key in known else set(nearest(entry.key, known))
        if near & names:
            return None
        if not near and unknown is None and re.fullmatch(NAME, entry.key):
            unknown = entry
    return unknown


def _instead_text(key: str, wanted: Iterable[str]) -> str:
    return f"unknown field {quote(key)}; expected one of the fields {listing(wanted)}"
