"""Events that a game sends to the director, and the receipt that answers each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from segue_rules.model import InputValue
from segue_yaml.nodes import Mark

ReceiptCode: TypeAlias = Literal[
    "accepted",
    "clamped",
    "unknown_input",
    "wrong_type",
    "not_finite",
    "unknown_choice",
    "not_settable",
    "not_a_trigger",
    "empty",
]


@dataclass(frozen=True, kw_only=True)
class Event:
    """Inputs to set and triggers to fire together, all or nothing.

    Attributes:
        sequence: Unique in a session, and growing.
        reset: Whether inputs and states first return to the start.
    """

    sequence: int
    reset: bool = False
    set: Mapping[str, InputValue] = field(default_factory=dict)
    fire: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """The immediate and final answer to an event.

    Attributes:
        frame: Where it took effect.
        text: Why it was refused, or what was clamped; "" else.
    """

    sequence: int
    accepted: bool
    code: ReceiptCode
    frame: int
    text: str = ""


@dataclass(frozen=True, kw_only=True)
class ScriptedEvent:
    """One event of an event script, and when it happens.

    Attributes:
        at_s: In seconds.
        frame: The frame that contains this moment.
    """

    at_s: float
    frame: int
    event: Event
    mark: Mark
