"""The grammar of inputs, and of the conditions on them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from segue_rules.loading.for_each import FOR_EACH
from segue_rules.loading.limits import MOST_CHOICES, MOST_LAYERS, MOST_LEAVES, MOST_STATES
from segue_rules.loading.rule_kinds import NAMED_LAYER, NAMED_STATE, ComparisonKind, ConditionKind, CountKind
from segue_rules.loading.time_kinds import FRAME, ElapsedTime, Time, TimeOrRange
from segue_yaml.containers import ListOf, MapOf, OneOrMore, Range
from segue_yaml.kinds import LARGEST_NUMBER, Boolean, Choice, Kind, Name, Number, Schema
from segue_yaml.nodes import Node
from segue_yaml.quantities import Quantity
from segue_yaml.report import Scope
from segue_yaml.tables import Field, Object, Table, Tagged

RESERVED_INPUTS: Final = {
    "all": "a list of conditions that must all hold",
    "any": "a list of conditions of which one must hold",
    "not": "the opposite of a condition",
}
"""Words of the condition language. An input may be called `state`, which is told from the states of layers."""
INPUT_NAME: Final = Name(what="input", reserved=RESERVED_INPUTS)

_RATE: Final = Quantity(unit="/s", what="a rate", low=0.001, high=1_000_000, example="0.5/s")
_NUMBER: Final = Number(low=-LARGEST_NUMBER, high=LARGEST_NUMBER)
_WHOLE: Final = Number(low=-LARGEST_NUMBER, high=LARGEST_NUMBER, whole=True)


class NumberInputTable(Table):
    """A real number that the game sets. Conditions and curves see it move to that value by rise and fall."""

    title = "number_input"
    example = "{type: number, range: [0, 1]}"
    type = Field(Choice(words=("number",)), "A real number.", example="number", required=True)
    range = Field(
        Range(bound=_NUMBER),
        "Lowest and highest value; the game's values are clamped to it.",
        example="[0, 1]",
        required=True,
    )
    default = Field(_NUMBER, "Value before the game sends one; the low end of the range if left out.", example="0")
    rise = Field(_RATE, "How fast the value grows, in units per second; at once if left out.", example="2/s")
    fall = Field(_RATE, "How fast the value shrinks, in units per second; at once if left out.", example="0.25/s")
    for_each = FOR_EACH


class IntegerInputTable(Table):
    """A whole number that the game sets."""

    title = "integer_input"
    example = "{type: integer, range: [0, 64]}"
    type = Field(Choice(words=("integer",)), "A whole number.", example="integer", required=True)
    range = Field(
        Range(bound=_WHOLE),
        "Lowest and highest value; the game's values are clamped to it.",
        example="[0, 64]",
        required=True,
    )
    default = Field(_WHOLE, "Value before the game sends one; the low end of the range if left out.", example="0")
    for_each = FOR_EACH


class ChoiceInputTable(Table):
    """One name of a fixed set: a switch."""

    title = "choice_input"
    example = "{type: choice, of: [forest, crypt]}"
    type = Field(Choice(words=("choice",)), "One name of a fixed set.", example="choice", required=True)
    of = Field(
        ListOf(of=Name(what="choice"), item="choice", least=1, most=MOST_CHOICES),
        "The names to choose from.",
        example="[forest, crypt, town]",
        required=True,
    )
    default = Field(Name(what="choice"), "Name before the game sends one; the first if left out.", example="forest")
    for_each = FOR_EACH


class FlagInputTable(Table):
    """True or false."""

    title = "flag_input"
    example = "{type: flag}"
    type = Field(Choice(words=("flag",)), "True or false.", example="flag", required=True)
    default = Field(Boolean(), "Value before the game sends one.", default="false", example="true")
    for_each = FOR_EACH


class TriggerInputTable(Table):
    """Something that happens rather than is: the game fires it, or a timer does."""

    title = "trigger_input"
    example = "{type: trigger}"
    type = Field(Choice(words=("trigger",)), "Something that happens.", example="trigger", required=True)
    every = Field(
        TimeOrRange(time=Time(low=FRAME)),
        "Makes it a timer: it is also fired by itself, this long after the start and after each time that it was "
        "fired; of a range of times, one is drawn each time.",
        example="20s..1min",
    )
    for_each = FOR_EACH


INPUT: Final = Tagged(
    tag="type",
    tables={
        "number": NumberInputTable,
        "integer": IntegerInputTable,
        "choice": ChoiceInputTable,
        "flag": FlagInputTable,
        "trigger": TriggerInputTable,
    },
    also={
        **dict.fromkeys(("float", "double", "real", "decimal", "percent", "num", "range"), "number"),
        **dict.fromkeys(("int", "long", "count", "counter"), "integer"),
        **dict.fromkeys(("enum", "string", "str", "text", "list", "option", "options", "switch", "state"), "choice"),
        **dict.fromkeys(("bool", "boolean", "toggle"), "flag"),
        **dict.fromkeys(("event", "signal", "pulse", "action", "button"), "trigger"),
    },
)


class LatchTable(Table):
    """A comparison with memory: true from when `enter` holds until `exit` holds. The two may never hold together."""

    title = "latch"
    example = '{enter: ">= 0.6", exit: "< 0.3"}'
    enter = Field(ComparisonKind(), "Turns it true.", example='">= 0.6"', required=True)
    exit = Field(ComparisonKind(), "Turns it false.", example='"< 0.3"', required=True)


class StretchTable(Table):
    """A trigger beyond its frame: for a time from its firing on, by how long ago it was, or by how often."""

    title = "stretch"
    example = "{for: 2s}"
    exactly_one = ("for", "since", "count")
    for_ = Field(Time(low=FRAME), "How long the trigger counts.", example="2s")
    since = Field(
        ElapsedTime(time=Time(low=FRAME)),
        "How long ago it was fired last: a comparison or a range of times. Before it is first fired, that is longer "
        "than any time.",
        example='">= 30s"',
    )
    count = Field(
        CountKind(),
        "How often it was fired since the start, or since another trigger; several times in one frame count once.",
        example='">= 3"',
    )
    after = Field(Name(what="trigger"), "The trigger from whose latest firing on it is counted.", example="wave")


class StayTable(Table):
    """How long ago a layer was last in a state or group: as long as it is there, no time at all."""

    title = "stay"
    example = '{since: ">= 30s"}'
    since = Field(
        ElapsedTime(time=Time(low=FRAME)),
        "How long ago it was left: a comparison or a range of times. Before it is first active, that is longer than "
        "any time.",
        example='">= 30s"',
        required=True,
    )


_SOME_STATE: Final = OneOrMore(of=NAMED_STATE, many=ListOf(of=NAMED_STATE, item="state", least=1, most=MOST_STATES))
_STAYS: Final = MapOf(
    key=NAMED_STATE, of=Object(table=StayTable), least=1, most=MOST_STATES, labelled=False, sample=StayTable.example
)


@dataclass(frozen=True, kw_only=True)
class WhereLayerIs(Kind[Node]):
    """The states or groups that a layer is in, or was in some time ago. `ConditionReader` reads it."""

    @property
    def expected(self) -> str:
        return f"{_SOME_STATE.expected}, or a map of them such as {{combat: {StayTable.example}}}"

    def read(self, node: Node, scope: Scope) -> Node | None:
        return node

    def schema(self) -> Schema:
        return {"anyOf": [*_SOME_STATE.schema()["anyOf"], _STAYS.schema()]}


class ConditionTable(Table):
    """What must hold: every entry of the map. Any other name is an input and what it is compared with.

    A number or integer takes a value, a comparison (`== != < <= > >=`, in quotes), a range (`0.2..0.5`, both ends
    included) or a latch; a choice takes a name, a list of names, `"!= name"` or a latch; a flag takes true or false; a
    trigger takes true, `{for: 2s}`, `{since: ">= 30s"}` or `{count: ">= 3"}`.
    """

    title = "condition"
    example = '{threat: ">= 0.6", cutscene: false}'
    all = Field(
        ListOf(of=ConditionKind(), item="condition", least=1, most=MOST_LEAVES),
        "Conditions that must all hold.",
        example='[{threat: ">= 0.6"}, {region: crypt}]',
    )
    any = Field(
        ListOf(of=ConditionKind(), item="condition", least=1, most=MOST_LEAVES),
        "Conditions of which at least one must hold.",
        example='[{threat: ">= 0.6"}, {enemies: ">= 3"}]',
    )
    not_ = Field(ConditionKind(), "A condition that must not hold.", example="{region: town}")
    state = Field(
        MapOf(
            key=NAMED_LAYER,
            of=WhereLayerIs(),
            least=1,
            most=MOST_LAYERS,
            labelled=False,
            sample="{place: crypt}",
        ),
        "For each layer, the state or group (or one of several) that it must have been in in the frame before, or how "
        'long ago it was there: `{action: {combat: {since: ">= 30s"}}}`.',
        example="{place: crypt}",
    )

    @classmethod
    def definition(cls) -> Schema:
        """As of any table, and inputs by name beside the fields."""
        names: Schema = {"type": "array", "items": Name(what="choice").schema(), "minItems": 1}
        latch, stretch = Object(table=LatchTable).schema(), Object(table=StretchTable).schema()
        test = {"anyOf": [*ComparisonKind().schema()["anyOf"], names, latch, stretch]}
        whole = {**super().definition(), "additionalProperties": test, "minProperties": 1}
        state = whole["properties"]["state"]
        # An input may be called state, too.
        whole["properties"]["state"] = {
            "anyOf": [cls.state.kind.schema(), *test["anyOf"]],
            **{key: state[key] for key in ("description", "markdownDescription")},
        }
        return whole
