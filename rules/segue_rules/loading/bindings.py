"""Values that follow inputs: `{from: threat, curve: [[0, 1], [1, 3]]}`, allowed in place of many plain values."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Final, TypeAlias

from segue_rules.loading.time_kinds import Time
from segue_yaml.containers import ListOf, OneOrMore
from segue_yaml.kinds import LARGEST_NUMBER, Kind, Name, Number, Schema, Word, number
from segue_yaml.nodes import ListNode, MapNode, Mark, Node
from segue_yaml.report import Scope
from segue_yaml.tables import Field, Object, Record, Table

MOST_POINTS: Final = 64
MOST_FACTORS: Final = 3
"""How many other values a binding may be multiplied by."""
_X: Final = Number(low=-LARGEST_NUMBER, high=LARGEST_NUMBER)

_RawPoints: TypeAlias = tuple[tuple[float | None, Node], ...]
Points: TypeAlias = tuple[tuple[float, float], ...]


@dataclass(frozen=True, kw_only=True)
class _Curve(Kind[_RawPoints]):
    """Points [input, value] with rising inputs; None for an input that is wrong.

    The values are read by the kind of the control that is bound.
    """

    @property
    def expected(self) -> str:
        return "a list of [input, value] points such as [[0, 1], [1, 3]]"

    def read(self, node: Node, scope: Scope) -> _RawPoints | None:
        if not isinstance(node, ListNode):
            scope.expected(self.expected, node)
            return None
        if not 2 <= len(node.items) <= MOST_POINTS:
            scope.problem(node.mark, f"expected 2 to {MOST_POINTS} points, got {len(node.items)}")
            return None
        points: list[tuple[float | None, Node]] = []
        before: float | None = None
        for item in node.items:
            if not isinstance(item, ListNode) or len(item.items) != 2:
                scope.expected("a point such as [0.5, 2]", item)
                continue
            x = _X.read(item.items[0], scope)
            if x is not None and before is not None and x <= before:
                text = f"expected points with rising inputs, got {number(x)} after {number(before)}"
                scope.problem(item.items[0].mark, text)
                x = None
            before = before if x is None else x
            points.append((x, item.items[1]))
        return tuple(points) if len(points) == len(node.items) else None

    def schema(self) -> Schema:
        point = {"type": "array", "items": [_X.schema(), {"type": ["number", "string"]}], "minItems": 2, "maxItems": 2}
        return {"type": "array", "items": point, "minItems": 2, "maxItems": MOST_POINTS}


class FactorTable(Table):
    """What a bound value is multiplied by: it follows another input, as a binding does."""

    title = "factor"
    example = "{from: storm}"
    from_ = Field(Name(what="input"), "The number or integer input to follow.", example="threat", required=True)
    curve = Field(
        _Curve(),
        "Points [input, value], the inputs rising; without a curve the value is the input's own.",
        example="[[0, 0.2], [1, 0.9]]",
    )


@dataclass(frozen=True, kw_only=True)
class WrittenBinding:
    """A binding as written.

    Attributes:
        points: None for the input's own value.
        low, high: Bounds of the values.
        times: What it is multiplied by.
    """

    input: Word
    points: Points | None
    low: float
    high: float
    times: tuple[WrittenBinding, ...] = ()
    record: Record

    @property
    def mark(self) -> Mark:
        return self.record.mark


@dataclass(frozen=True, kw_only=True)
class Bound(Kind[WrittenBinding]):
    """A value that follows an input.

    Attributes:
        of: The kind of the values of its curve.
        low, high: Bounds of the values.
    """

    of: Kind[float]
    low: float
    high: float
    table: type[FactorTable]

    @property
    def expected(self) -> str:
        return f"a binding such as {self.table.example}"

    def read(self, node: Node, scope: Scope) -> WrittenBinding | None:
        record = Object(table=self.table).read(node, scope)
        if record is None:
            return None
        source, raw = record.get(FactorTable.from_), record.get(FactorTable.curve)
        points: Points | None = None
        if raw is not None:
            read = [(x, self.of.read(value, scope.inside("curve"))) for x, value in raw]
            points = tuple((float(x), float(y)) for x, y in read if x is not None and y is not None)
            if len(points) < len(read):
                return None
        if source is None or (points is None and record.has(FactorTable.curve)):
            return None
        times: tuple[WrittenBinding, ...] = ()
        if issubclass(self.table, BindingTable) and record.has(BindingTable.times):
            factors = record.get(BindingTable.times)
            if factors is None:
                return None
            times = factors
        return WrittenBinding(input=source, points=points, low=self.low, high=self.high, times=times, record=record)

    def schema(self) -> Schema:
        return Object(table=self.table).schema()


_FACTOR_BOUNDS: Final = 0, 1000
_FACTOR: Final = Bound(
    of=Number(low=_FACTOR_BOUNDS[0], high=_FACTOR_BOUNDS[1]),
    low=_FACTOR_BOUNDS[0],
    high=_FACTOR_BOUNDS[1],
    table=FactorTable,
)


class BindingTable(FactorTable):
    """A value that follows a number or integer input, along straight lines between points and flat beyond them."""

    title = "binding"
    example = "{from: threat, curve: [[0, 0.2], [1, 0.9]]}"
    times = Field(
        OneOrMore(of=_FACTOR, many=ListOf(of=_FACTOR, item="factor", least=1, most=MOST_FACTORS)),
        "Numbers that follow other inputs, by which the value is multiplied.",
        example="{from: storm, curve: [[0, 0], [1, 1]]}",
    )


class WeightBindingTable(BindingTable):
    """A layer's weight that follows a number or integer input."""

    title = "weight_binding"
    example = "{from: threat, curve: [[0, 1], [1, 3]]}"
    ramp = Field(
        Time(high=Fraction(600)),
        "The shortest time in which the weight crosses its whole range: of its curve, or of the product of curves.",
        default="200ms",
        example="500ms",
    )


@dataclass(frozen=True, kw_only=True)
class Bindable(Kind[float | WrittenBinding]):
    """A plain value, or a binding whose values are of the same kind.

    Attributes:
        low, high: Bounds of the values.
    """

    of: Kind[float]
    low: float
    high: float
    table: type[BindingTable] = BindingTable

    @property
    def expected(self) -> str:
        return f"{self.of.expected}, or a binding such as {self.table.example}"

    def read(self, node: Node, scope: Scope) -> float | WrittenBinding | None:
        if not isinstance(node, MapNode):
            return self.of.read(node, scope)
        return Bound(of=self.of, low=self.low, high=self.high, table=self.table).read(node, scope)

    def schema(self) -> Schema:
        return {"anyOf": [self.of.schema(), Object(table=self.table).schema()]}
