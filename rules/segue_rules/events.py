"""What a game sends to the director, and the answer each event gets."""

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
    """Inputs set and triggers fired together, all or nothing. sequence: unique and growing within a session."""

    sequence: int
    set: Mapping[str, InputValue] = field(default_factory=dict)
    fire: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """The immediate, final answer to an event. frame: where it took effect. text: the refusal, or what was clamped."""

    sequence: int
    accepted: bool
    code: ReceiptCode
    frame: int
    text: str = ""


@dataclass(frozen=True, kw_only=True)
class ScriptedEvent:
    """One line of an event script: an event and when it happens. at_s: seconds; frame: the frame that contains it."""

    at_s: float
    frame: int
    event: Event
    mark: Mark
