"""What the game tells the rules (inputs), and what the rules ask of it (conditions)."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

from segue_rules.model.timing import TimeRange
from segue_yaml.nodes import NOWHERE, Mark

_mark = field(default=NOWHERE, compare=False, repr=False)

# --- inputs ---------------------------------------------------------------------------------------------------------

InputValue: TypeAlias = float | int | bool | str


@dataclass(frozen=True, kw_only=True)
class NumberInput:
    """A real number that moves toward the value that the game set.

    Attributes:
        rise, fall: In units per second; None moves at once.
    """

    name: str
    low: float
    high: float
    default: float
    rise: float | None = None
    fall: float | None = None
    mark: Mark = _mark


@dataclass(frozen=True, kw_only=True)
class IntegerInput:
    """A whole number, which changes at once."""

    name: str
    low: int
    high: int
    default: int
    mark: Mark = _mark


@dataclass(frozen=True, kw_only=True)
class ChoiceInput:
    """One of some names (in Wwise a switch, in FMOD a labelled parameter)."""

    name: str
    of: tuple[str, ...]
    default: str
    mark: Mark = _mark


@dataclass(frozen=True, kw_only=True)
class FlagInput:
    """True or false."""

    name: str
    default: bool = False
    mark: Mark = _mark


@dataclass(frozen=True, kw_only=True)
class TriggerInput:
    """Something that happens: it is fired, not set.

    Attributes:
        every: In frames, how long after the start or its last firing it is fired by itself; None for never.
    """

    name: str
    every: int | TimeRange | None = None
    mark: Mark = _mark


Input: TypeAlias = NumberInput | IntegerInput | ChoiceInput | FlagInput | TriggerInput

# --- conditions -----------------------------------------------------------------------------------------------------

Comparison: TypeAlias = Literal["==", "!=", "<", "<=", ">", ">="]

COMPARISONS: Final[Mapping[Comparison, Callable[..., bool]]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


@dataclass(frozen=True, kw_only=True)
class Compare:
    """`input op value`. Flags and choices have == and != only."""

    input: str
    op: Comparison
    value: InputValue
    mark: Mark = _mark


@dataclass(frozen=True, kw_only=True)
class OneOf:
    """The choice input has one of the values: `{region: [crypt, town]}`."""

    input: str
    values: tuple[str, ...]
    mark: Mark = _mark


@dataclass(frozen=True, kw_only=True)
class Latch:
    """True from when `enter` holds until `exit` holds, whatever state is active.

    Attributes:
        index: Its place in Rules.latches.
    """

    index: int
    enter: Compare
    exit: Compare
    mark: Mark = _mark


@dataclass(frozen=True, kw_only=True)
class InState:
    """The layer had this active state in the frame before."""

    layer: str
    state: str
    mark: Mark = _mark


@dataclass(frozen=True, kw_only=True)
class InGroup:
    """The layer had an active state of this group in the frame before."""

    layer: str
    group: str
    mark: Mark = _mark


@dataclass(frozen=True, kw_only=True)
class Fired:
    """The trigger was fired in this frame or in the `frames` - 1 frames before it."""

    trigger: str
    frames: int = 1
    mark: Mark = _mark


@dataclass(frozen=True, kw_only=True)
class Counter:
    """How often a trigger was fired since another one was.

    Attributes:
        after: The other trigger; None to count from the start.
    """

    trigger: str
    after: str | None = None


@dataclass(frozen=True, kw_only=True)
class Counted:
    """A counter compared with a number.

    Attributes:
        index: Its place in Rules.counters.
    """

    index: int
    counter: Counter
    op: Comparison
    value: int
    mark: Mark = _mark


@dataclass(frozen=True, kw_only=True)
class Lately:
    """The layer had the state, or one of the group, in the frame before or in one of the `frames` frames before that.

    Attributes:
        index: Its place in Rules.stays.
    """

    index: int
    of: InState | InGroup
    frames: int
    mark: Mark = _mark


@dataclass(frozen=True, kw_only=True)
class All:
    """Every part holds."""

    of: tuple[Condition, ...]
    mark: Mark = _mark


@dataclass(frozen=True, kw_only=True)
class Any:
    """At least one part holds."""

    of: tuple[Condition, ...]
    mark: Mark = _mark


@dataclass(frozen=True, kw_only=True)
class Not:
    """The part does not hold."""

    of: Condition
    mark: Mark = _mark


Condition: TypeAlias = Compare | OneOf | Latch | InState | InGroup | Fired | Counted | Lately | All | Any | Not
