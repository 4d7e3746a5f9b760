"""The fields of a rule-test file. Names in it are looked up once the rules are loaded (see check_reading)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, TypeAlias, cast, get_args

from segue_rules.controls import CONTROL_NAMES
from segue_rules.loading.scripts import EVENTS
from segue_rules.loading.time_kinds import Time
from segue_rules.model import LARGEST_SEED, Comparison
from segue_rules.plan import ChangeKind
from segue_rules.ruletest.checks import WITHIN
from segue_yaml.containers import ListOf
from segue_yaml.core_schema import NumberError, resolve_plain
from segue_yaml.kinds import Choice, Kind, Number, Schema, Text, Word
from segue_yaml.nodes import Entry, ListNode, MapNode, Node, Scalar
from segue_yaml.quantities import TIME
from segue_yaml.report import Scope
from segue_yaml.tables import Field, Object, Record, Table

MOST_TESTS: Final = 1_000
MOST_EXPECTATIONS: Final = 1_000
_TIME: Final = Time(high=Fraction(3600), moment=True)
_COMPARISON: Final = re.compile(r"(==|!=|<=|>=|<|>)\s*(.*)", re.DOTALL)

Interval: TypeAlias = tuple[Fraction, Fraction]


@dataclass(frozen=True, kw_only=True)
class MomentRange(Kind[Interval]):
    """`[2s, 8s]`, the earlier first."""

    @property
    def expected(self) -> str:
        return "two moments such as [2s, 8s]"

    def read(self, node: Node, scope: Scope) -> Interval | None:
        if not isinstance(node, ListNode) or len(node.items) != 2:
            text = node.text if isinstance(node, Scalar) else ""
            match = re.fullmatch(rf"({TIME})\s*(?:\.\.|-|–|to)\s*({TIME})", text)
            scope.expected(self.expected, node, f"[{match[1]}, {match[4]}]" if match else "")
            return None
        start, end = (_TIME.read(item, scope) for item in node.items)
        if start is None or end is None:
            return None
        if end < start:
            scope.problem(node.mark, f"expected {self.expected}, the earlier first")
            return None
        return start, end

    def schema(self) -> Schema:
        return {"type": "array", "items": _TIME.schema(), "minItems": 2, "maxItems": 2}


_SEED: Final = Number(low=0, high=LARGEST_SEED, whole=True)
_ANY_SEEDS: Final = 16
_MOST_SEEDS: Final = 100


@dataclass(frozen=True, kw_only=True)
class Seeds(Kind[tuple[int, ...]]):
    """A seed, a list of seeds, or `any` for some of them."""

    @property
    def expected(self) -> str:
        return "a seed, a list of seeds, or any"

    def read(self, node: Node, scope: Scope) -> tuple[int, ...] | None:
        if isinstance(node, Scalar) and node.value == "any":
            return tuple(range(_ANY_SEEDS))
        if isinstance(node, Scalar) and isinstance(node.value, str):
            scope.expected(self.expected, node)
            return None
        nodes = node.items if isinstance(node, ListNode) else (node,)
        if not 0 < len(nodes) <= _MOST_SEEDS:
            scope.problem(node.mark, f"expected 1 to {_MOST_SEEDS} seeds, got {len(nodes)}")
            return None
        seeds = [_SEED.read(each, scope) for each in nodes]
        known = tuple(int(seed) for seed in seeds if seed is not None)
        return known if len(known) == len(nodes) else None

    def schema(self) -> Schema:
        several: Schema = {"type": "array", "items": _SEED.schema(), "minItems": 1, "maxItems": _MOST_SEEDS}
        return {"anyOf": [{"enum": ["any"]}, _SEED.schema(), several]}


@dataclass(frozen=True, kw_only=True)
class ByName(Kind[tuple[Entry, ...]]):
    """What is expected, by name. what: "layer", "style". example: One of them. names: All that exist, if known."""

    what: str
    example: str
    names: tuple[str, ...] = ()

    @property
    def expected(self) -> str:
        return f"a map of {self.what}s and what is expected of them, such as {self.example}"

    def read(self, node: Node, scope: Scope) -> tuple[Entry, ...] | None:
        if not isinstance(node, MapNode) or not node.entries:
            scope.expected(self.expected, node)
            return None
        return node.entries

    def schema(self) -> Schema:
        schema: Schema = {"type": "object", "minProperties": 1}
        if self.names:
            schema |= {"properties": {name: {} for name in self.names}, "additionalProperties": False}
        return schema


@dataclass(frozen=True, kw_only=True)
class AnyValue(Kind[Node]):
    """Any value, read once the rules are known. shown: What it should be."""

    shown: str

    @property
    def expected(self) -> str:
        return self.shown

    def read(self, node: Node, scope: Scope) -> Node | None:
        return node

    def schema(self) -> Schema:
        return {}


@dataclass(frozen=True, kw_only=True)
class EventsOrScript(Kind[tuple[Record, ...] | Word]):
    """Events one by one, or the path of a script."""

    @property
    def expected(self) -> str:
        return "a list of events, or the path of an event script"

    def read(self, node: Node, scope: Scope) -> tuple[Record, ...] | Word | None:
        if isinstance(node, Scalar) and isinstance(node.value, str):
            return Word(text=node.value, mark=node.mark)
        if isinstance(node, ListNode):
            return EVENTS.read(node, scope)
        scope.expected(self.expected, node)
        return None

    def schema(self) -> Schema:
        return {"anyOf": [{"type": "string"}, EVENTS.schema()]}


@dataclass(frozen=True, kw_only=True)
class Compared(Kind[tuple[Comparison | None, float]]):
    """A value, or a comparison with one: `0.5`, `">= 0.4"`, `140bpm`, `"> 120bpm"`."""

    of: Kind[float]

    @property
    def expected(self) -> str:
        return f"{self.of.expected}, or a comparison with one"

    def read(self, node: Node, scope: Scope) -> tuple[Comparison | None, float] | None:
        op, inner = split_comparison(node)
        value = self.of.read(inner, scope)
        return None if value is None else (op, value)

    def schema(self) -> Schema:
        return {"anyOf": [self.of.schema(), {"type": "string", "pattern": f"^{_COMPARISON.pattern}$"}]}


def split_comparison(node: Node) -> tuple[Comparison | None, Node]:
    """`">= 0.4"` as (">=", 0.4), with the place of the node; any other node as it is."""
    match = _COMPARISON.fullmatch(node.value) if isinstance(node, Scalar) and isinstance(node.value, str) else None
    if match is None:
        return None, node
    op, text = cast(Comparison, match[1]), match[2]
    try:
        value = resolve_plain(text)
    except NumberError:
        value = text
    return op, Scalar(mark=node.mark, value=value, text=text)


_BY_CONTROL: Final = ByName(what="control", example="{tempo: 140bpm}", names=CONTROL_NAMES)


class ChangeTable(Table):
    """A change of a layer's state, as it was decided or as it starts."""

    title = "expected_change"
    example = "{layer: action, to: combat}"
    layer = Field(AnyValue(shown="the name of a layer"), "The layer that changes.", example="action", required=True)
    to = Field(AnyValue(shown="the name of a state"), "The state it changes to.", example="combat")
    from_ = Field(AnyValue(shown="the name of a state"), "The state it leaves.", example="calm")
    kind = Field(
        Choice(words=get_args(ChangeKind)),
        "Whether it starts here, is decided here and waits for its boundary, or is given up.",
        default="started",
        example="withdrawn",
    )
    ramp = Field(_TIME, "The length of its ramp; of two fades, the longer one.", example="400ms")
    fade_out = Field(_TIME, "The time in which the old mix goes: the fade of its row, or its ramp.", example="4s")
    fade_in = Field(_TIME, "The time in which the new mix comes: the fade of its row, or its ramp.", example="400ms")
    at = Field(
        AnyValue(shown="immediate, eighth, beat, bar, N bars or bar K of N"),
        "The boundary it waits for.",
        example="bar",
    )
    because = Field(AnyValue(shown="the name of an input"), "An input among its causes.", example="threat")


class ExpectTable(Table):
    """What is expected of a moment. All that one item names must hold in the same frame."""

    title = "expectation"
    example = "{at: 2s, state: {action: combat}}"
    exactly_one = ("at", "during", "between", "never")
    at = Field(_TIME, "In the frame that contains this moment.", example="24s")
    during = Field(MomentRange(), "In every frame from the first moment to the second.", example="[2s, 8s]")
    between = Field(MomentRange(), "In at least one frame from the first moment to the second.", example="[2s, 4s]")
    never = Field(MomentRange(), "In no frame from the first moment to the second.", example="[0s, 8s]")
    state = Field(
        ByName(what="layer", example="{action: combat}"),
        'The active state of layers: a name, a list of names (any of them), or "!= name".',
        example="{action: combat, place: [forest, crypt]}",
    )
    pending = Field(
        ByName(what="layer", example="{action: combat}"),
        "The state a layer has decided to change to and waits for its beat or bar to start.",
        example="{action: calm}",
    )
    mix = Field(
        ByName(what="style", example='{battle: ">= 0.4"}'),
        "Shares of the mix, 0 to 1.",
        example='{battle: ">= 0.4", woodland: 0.2}',
    )
    weight = Field(
        ByName(what="layer", example='{action: "> 2"}'), "Weights of layers, as slewed.", example='{action: "> 2"}'
    )
    input = Field(
        ByName(what="input", example='{threat: "< 0.3"}'),
        "Inputs, as moved by rise and fall.",
        example='{threat: "< 0.3"}',
    )
    music = Field(_BY_CONTROL, "Controls of the music.", example='{tempo: 140bpm, drums: "on"}')
    source = Field(
        _BY_CONTROL,
        'The layer that decides a control, or "music".',
        example="{tempo: action}",
    )
    change = Field(Object(table=ChangeTable), "A change in this frame.", example="{layer: action, to: combat}")
    stinger = Field(
        ByName(what="stinger", example="{victory: started}"),
        "A stinger that is scheduled, started or dropped in this frame.",
        example="{victory: started}",
    )
    clip = Field(
        ByName(what="clip", example="{siege: playing}"),
        "Clips: playing, silent, starts (it comes in in this frame), outro, or a level in dB.",
        example='{siege: playing, drums: "< -20dB"}',
    )
    receipt = Field(
        AnyValue(shown="accepted, refused or a receipt's code"),
        "The answer to an event of this frame. An event that is refused without this being expected fails the test.",
        example="clamped",
    )
    on = Field(Choice(words=("beat", "bar")), "A beat or a bar line falls in this frame.", example="bar")
    bar = Field(
        Compared(of=Number(low=1, high=1_000_000, whole=True)),
        "The bar the frame starts in; the first is bar 1.",
        example='">= 9"',
    )
    warning = Field(Choice(words=("empty_mix",)), "A warning of this frame.", example="empty_mix")
    within = Field(
        Number(low=0, high=1_000),
        "How far a plain number of this item may be off, in its own unit.",
        default=str(WITHIN),
        example="0.05",
    )


class TestTable(Table):
    """One behaviour: what the game sends, and what is to come of it."""

    title = "rule_test"
    example = "{name: fights are heard, events: [...], expect: [...]}"
    name = Field(Text(longest=200), "What the test proves, as a sentence.", example="combat ends slowly", required=True)
    events = Field(
        EventsOrScript(),
        "What the game sends: a list of events, or the path of an event script.",
        example="[{at: 1s, set: {threat: 0.8}}]",
    )
    seed = Field(
        Seeds(),
        f"Seeds of chance, with each of which the test is played; any stands for 0 to {_ANY_SEEDS - 1}. The rules' own "
        "if left out.",
        example="any",
    )
    expect = Field(
        ListOf(of=Object(table=ExpectTable), item="expectation", least=1, most=MOST_EXPECTATIONS),
        "What is expected, and when.",
        example="[{at: 2s, state: {action: combat}}]",
        required=True,
    )


class RuleTestFileTable(Table):
    """A file of rule tests: `NAME.test.yaml` beside `NAME.yaml`."""

    title = "rule_tests"
    example = "{rules: emberwood.yaml, tests: [...]}"
    rules = Field(Text(longest=1_000), "The rule file, relative to this one.", example="emberwood.yaml", required=True)
    tests = Field(
        ListOf(of=Object(table=TestTable), item="test", least=1, most=MOST_TESTS),
        "The tests.",
        example="[{name: ..., expect: [...]}]",
        required=True,
    )
