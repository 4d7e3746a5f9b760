"""Kinds of values that only rule files have: times, boundaries, keys, conditions and state patterns."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, Generic, Literal, TypeVar

from segue_rules.controls import AUTO, MODES, NumberControl
from segue_rules.model import FRAME_RATE, SAMPLE_RATE, At, Key
from segue_yaml.kinds import NAME, Kind, Name, Number, Schema, Word, spelling
from segue_yaml.nodes import Node, Scalar, as_number, describe
from segue_yaml.quantities import TIME, Duration, Quantity
from segue_yaml.report import Scope

T = TypeVar("T")

FRAME: Final = Fraction(1, FRAME_RATE)
"""Seconds of a frame."""
_BARS: Final = r"([0-9]{1,3}) ?bars?"
MOST_BARS: Final = 64
LANGUAGE_VERSION: Final = 1
LAYER_NAME: Final = Name(what="layer", reserved=("any", "music"))
STATE_NAME: Final = Name(what="state", reserved=("any",))


def frames(seconds: Fraction) -> int:
    """Whole frames, rounded up."""
    return -int(-seconds * FRAME_RATE // 1)


def samples(seconds: Fraction) -> int:
    """Whole samples, rounded up."""
    return -int(-seconds * SAMPLE_RATE // 1)


@dataclass(frozen=True, kw_only=True)
class Time(Duration):
    """A time in a rule file. Messages say where beats and bars are counted instead."""

    def hint(self, node: Node) -> str:
        """What was probably meant, as the end of a message; "" if that is unclear."""
        if isinstance(node, Scalar) and re.fullmatch(_BARS + r"|beat|bar|[0-9]+ ?beats?", node.text):
            return "; only 'at' counts in bars and beats"
        return super().hint(node)


_NEARLY: Final = {
    "immediately": "immediate",
    "now": "immediate",
    "instant": "immediate",
    "instantly": "immediate",
    "beats": "beat",
    "bars": "bar",
    "downbeat": "bar",
    "measure": "bar",
}


@dataclass(frozen=True, kw_only=True)
class Boundary(Kind[At]):
    """When a change may start: `immediate`, `beat`, `bar` or `N bars`."""

    @property
    def expected(self) -> str:
        return "immediate, beat, bar or a number of bars such as 4 bars"

    def read(self, node: Node, scope: Scope) -> At | None:
        text = node.value if isinstance(node, Scalar) and isinstance(node.value, str) else ""
        if text == "immediate":
            return At(unit="immediate")
        if text == "beat":
            return At(unit="beat")
        if text == "bar":
            return At(unit="bar")
        bars = re.fullmatch(_BARS, text)
        if bars and 1 <= int(bars[1]) <= MOST_BARS:
            return At(unit="bar", every=int(bars[1]))
        if bars:
            scope.problem(node.mark, f"expected 1 to {MOST_BARS} bars, got {bars[1]}")
        else:
            if re.fullmatch(TIME, text):
                text = (
                    f"expected {self.expected}, got {describe(node)}; 'at' counts in beats and bars, max_wait in time"
                )
                scope.problem(node.mark, text)
                return None
            hint = self._hint(node)
            scope.expected(self.expected, node, hint)
        return None

    def _hint(self, node: Node) -> str:
        count = as_number(node)
        if count is not None:
            whole = float(count).is_integer() and 1 <= count <= MOST_BARS
            return ("bar" if count == 1 else f"{int(count)} bars") if whole else ""
        text = node.text.lower().removeprefix("next ") if isinstance(node, Scalar) else ""
        bars = re.fullmatch(rf"{_BARS}|([0-9]+) (?:measures?)", text)
        if bars:
            count = int(bars[1] or bars[2])
            return f"{count} bars" if 1 <= count <= MOST_BARS else ""
        return _NEARLY.get(text, text if text in ("immediate", "beat", "bar") else "")

    def schema(self) -> Schema:
        return {"anyOf": [{"enum": ["immediate", "beat", "bar"]}, spelling(_BARS, self.expected)]}


_PITCHES: Final = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_KEY: Final = rf"([A-G])([#b]?) ({'|'.join(MODES)})"


@dataclass(frozen=True, kw_only=True)
class KeySignature(Kind[Key | Literal["auto"]]):
    """A tonic and a mode, or "auto"."""

    @property
    def expected(self) -> str:
        return "a key such as D minor, F# dorian or Bb major, or auto"

    def read(self, node: Node, scope: Scope) -> Key | Literal["auto"] | None:
        text = node.value if isinstance(node, Scalar) and isinstance(node.value, str) else ""
        if text == AUTO:
            return AUTO
        match = re.fullmatch(_KEY, text)
        if match:
            return Key(tonic=(_PITCHES[match[1]] + {"#": 1, "b": -1, "": 0}[match[2]]) % 12, mode=match[3])
        scope.expected(self.expected, node, _nearest_key(text))
        return None

    def schema(self) -> Schema:
        return {"anyOf": [{"enum": [AUTO]}, spelling(_KEY, self.expected)]}


def _nearest_key(text: str) -> str:
    """The key that was meant by `Dm`, `d MINOR`, `F sharp major` or `A`; "" if that is unclear."""
    match = re.fullmatch(r"([a-gA-G])(?: ?(#|b|♯|♭|sharp|flat|is|es))?(?: |-)*([A-Za-z]*)", text)
    if not match:
        return ""
    accidental = {"#": "#", "♯": "#", "sharp": "#", "is": "#", None: ""}.get(match[2], "b")
    word = match[3].lower()
    mode = {"": "major", "m": "minor", "min": "minor", "maj": "major", "ionian": "major", "aeolian": "minor"}.get(
        word, word
    )
    return f"{match[1].upper()}{accidental} {mode}" if mode in MODES else ""


@dataclass(frozen=True, kw_only=True)
class LanguageVersion(Kind[float]):
    """The version of the language."""

    @property
    def expected(self) -> str:
        return f"language version {LANGUAGE_VERSION}"

    def read(self, node: Node, scope: Scope) -> float | None:
        if isinstance(node, Scalar) and node.value == LANGUAGE_VERSION and not isinstance(node.value, bool):
            return LANGUAGE_VERSION
        scope.expected(self.expected, node, f"{LANGUAGE_VERSION}" if isinstance(node, Scalar) else "")
        return None

    def schema(self) -> Schema:
        return {"const": LANGUAGE_VERSION}


@dataclass(frozen=True, kw_only=True)
class ConditionKind(Kind[Node]):
    """A condition, read later: its meaning depends on the inputs of all files."""

    @property
    def expected(self) -> str:
        return 'a condition such as {threat: ">= 0.6"}'

    def read(self, node: Node, scope: Scope) -> Node | None:
        return node

    def schema(self) -> Schema:
        return {"$ref": "#/definitions/condition"}


@dataclass(frozen=True, kw_only=True)
class StatePattern(Kind[Word]):
    """What a transition leaves or enters: `any`, `state`, `layer.state` or `layer.any`."""

    @property
    def expected(self) -> str:
        return "any, a state, layer.state or layer.any"

    def read(self, node: Node, scope: Scope) -> Word | None:
        if isinstance(node, Scalar) and isinstance(node.value, str) and re.fullmatch(rf"{NAME}(\.{NAME})?", node.value):
            return Word(text=node.value, mark=node.mark)
        hint = "any" if isinstance(node, Scalar) and node.text in ("*", "all") else ""
        scope.expected(self.expected, node, hint)
        return None

    def schema(self) -> Schema:
        return spelling(rf"{NAME}(\.{NAME})?", self.expected)


@dataclass(frozen=True, kw_only=True)
class ComparisonKind(Kind[Node]):
    """What an input is compared with, read later: what fits depends on the type of the input."""

    @property
    def expected(self) -> str:
        return 'a comparison such as ">= 0.6"'

    def read(self, node: Node, scope: Scope) -> Node | None:
        return node

    def schema(self) -> Schema:
        single = spelling(rf"((==|!=|<=|>=|<|>)\s*[^\s=<>!].*|{NAME})", self.expected)
        return {"anyOf": [{"type": ["number", "boolean"]}, single]}


@dataclass(frozen=True, kw_only=True)
class OrAuto(Kind[T | Literal["auto"]], Generic[T]):
    """A value, or `auto` to leave it to the music."""

    of: Kind[T]

    @property
    def expected(self) -> str:
        return f"{self.of.expected}, or {AUTO}"

    def read(self, node: Node, scope: Scope) -> T | Literal["auto"] | None:
        if isinstance(node, Scalar) and node.value == AUTO:
            return AUTO
        return self.of.read(node, scope)

    def schema(self) -> Schema:
        return {"anyOf": [{"enum": [AUTO]}, self.of.schema()]}


def control_kind(control: NumberControl) -> Kind[float]:
    """What may be written for a control that is a number: with its unit, within its bounds."""
    if not control.unit:
        return Number(low=control.low, high=control.high, whole=control.whole)
    return Quantity(unit=control.unit, what=control.what, low=control.low, high=control.high, example=control.example)
