"""The grammar of inputs and of the conditions on them. The rest, and what it is for: see grammar."""

from __future__ import annotations

from typing import Final

from segue_rules.loading.limits import MOST_CHOICES, MOST_LAYERS, MOST_LEAVES, MOST_STATES
from segue_rules.loading.rule_kinds import FRAME, LAYER_NAME, STATE_NAME, ComparisonKind, ConditionKind, Time
from segue_yaml.containers import ListOf, MapOf, OneOrMore, Range
from segue_yaml.kinds import LARGEST_NUMBER, Boolean, Choice, Name, Number, Schema
from segue_yaml.quantities import Quantity
from segue_yaml.tables import Field, Object, Table, Tagged

RESERVED_INPUTS: Final = ("all", "any", "not", "state")
"""Words of the condition language."""
INPUT_NAME: Final = Name(what="input", reserved=RESERVED_INPUTS)

_RATE: Final = Quantity(unit="/s", what="a rate", low=0.001, high=1_000_000, example="0.5/s")
_NUMBER: Final = Number(low=-LARGEST_NUMBER, high=LARGEST_NUMBER)
_WHOLE: Final = Number(low=-LARGEST_NUMBER, high=LARGEST_NUMBER, whole=True)


class NumberInputTable(Table):
    """A real number that the game sets; conditions and curves see it move there at rise and fall."""

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
    rise = Field(_RATE, "How fast the value may grow, a second; at once if left out.", example="2/s")
    fall = Field(_RATE, "How fast the value may shrink, a second; at once if left out.", example="0.25/s")


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


class FlagInputTable(Table):
    """True or false."""

    title = "flag_input"
    example = "{type: flag}"
    type = Field(Choice(words=("flag",)), "True or false.", example="flag", required=True)
    default = Field(Boolean(), "Value before the game sends one.", default="false", example="true")


class TriggerInputTable(Table):
    """Something that happens rather than is: the game fires it."""

    title = "trigger_input"
    example = "{type: trigger}"
    type = Field(Choice(words=("trigger",)), "Something that happens.", example="trigger", required=True)


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
    """A comparison with a memory: true from when `enter` holds until `exit` holds. Never may both hold."""

    title = "latch"
    example = '{enter: ">= 0.6", exit: "< 0.3"}'
    enter = Field(ComparisonKind(), "Turns it true.", example='">= 0.6"', required=True)
    exit = Field(ComparisonKind(), "Turns it false.", example='"< 0.3"', required=True)


class StretchTable(Table):
    """A trigger that counts for a while: true from its firing, for this long."""

    title = "stretch"
    example = "{for: 2s}"
    for_ = Field(Time(low=FRAME), "How long the trigger counts.", example="2s", required=True)


class ConditionTable(Table):
    """What must hold: every entry of the map. Any other name is an input and what it is compared with.

    A number or integer takes a value, a comparison (`== != < <= > >=`, in quotes) or a latch; a choice takes a name,
    a list of names, `"!= name"` or a latch; a flag takes true or false; a trigger takes true or `{for: 2s}`.
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
            key=LAYER_NAME,
            of=OneOrMore(of=STATE_NAME, many=ListOf(of=STATE_NAME, item="state", least=1, most=MOST_STATES)),
            least=1,
            most=MOST_LAYERS,
            labelled=False,
            sample="{place: crypt}",
        ),
        "Layers and the state (or one of the states) each must have been in, a frame before.",
        example="{place: crypt}",
    )

    @classmethod
    def definition(cls) -> Schema:
        """As of any table, and inputs by name beside the fields."""
        names: Schema = {"type": "array", "items": Name(what="choice").schema(), "minItems": 1}
        latch, stretch = Object(table=LatchTable).schema(), Object(table=StretchTable).schema()
        test = {"anyOf": [*ComparisonKind().schema()["anyOf"], names, latch, stretch]}
        return {**super().definition(), "additionalProperties": test, "minProperties": 1}
