"""Kinds of values that only rule files have: names, counts, boundaries, keys, conditions and state patterns."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Generic, Literal, NamedTuple, TypeVar, cast

from segue_rules.controls import AUTO, METER, MODES, NumberControl
from segue_rules.loading.time_kinds import BARS
from segue_rules.meters import EIGHTHS, GROUPS, LARGEST_GROUP, SIGNATURE, SMALLEST_GROUP, Meter, read_groups
from segue_rules.model import PIECE_SEPARATOR, At, Comparison, Key, written_name
from segue_yaml.kinds import NAME, Kind, Name, Number, Schema, Word, meant_number, number, spelling
from segue_yaml.nodes import ListNode, Node, Scalar, as_number, describe
from segue_yaml.quantities import TIME, Quantity
from segue_yaml.report import Scope

T = TypeVar("T")

# There is one way to match a text, so that a long number costs no more than its length.
PLAIN_NUMBER: Final = r"[-+]?(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?"
RANGE: Final = rf"{PLAIN_NUMBER}\s*\.\.(?!\.)\s*{PLAIN_NUMBER}"
"""A range of a condition. "0...5" is none: it would be one to 0.5."""
_BAR_OF: Final = r"bar ([0-9]{1,3}) of ([0-9]{1,3})"
NAMED_CUE: Final = rf"cue ({NAME})"
"""A cue of a clip."""
MOST_BARS: Final = 64
LANGUAGE_VERSION: Final = 1
LAYER_NAME: Final = Name(what="layer", reserved={"any": "every layer", "music": "the music of the whole file"})
STATE_NAME: Final = Name(what="state", reserved={"any": "every state"})
GROUP_NAME: Final = Name(what="group", reserved={"any": "every state"})
BETWEEN: Final = "between"
PIECE_NAME: Final = Name(what="piece", reserved={BETWEEN: "what is played between two pieces"})
# Where a layer or a state is named that stands elsewhere. What it may be called is told there.
NAMED_LAYER: Final = Name(what="layer")
NAMED_STATE: Final = Name(what="state")


_COUNT: Final = r"(==|!=|<=|>=|<|>)\s*([0-9]{1,6})"
_RANGE_OF_COUNTS: Final = r"([0-9]{1,6})\s*\.\.(?!\.)\s*([0-9]{1,6})"
_MOST_COUNTED: Final = 999_999
"""What a count is compared with at most; more digits match no comparison."""


class Count(NamedTuple):
    """A comparison with how often something was."""

    op: Comparison
    value: int


@dataclass(frozen=True, kw_only=True)
class CountKind(Kind[tuple[Count, ...]]):
    """How often something was: a whole number, which means as often, a comparison with one, or a range of them.

    A range is two comparisons, which must both hold.
    """

    @property
    def expected(self) -> str:
        return f'a whole number up to {_MOST_COUNTED}, a comparison with one such as ">= 3", or a range such as 2..4'

    def read(self, node: Node, scope: Scope) -> tuple[Count, ...] | None:
        if isinstance(node, Scalar) and re.fullmatch("[0-9]{1,6}", node.text) and not node.quoted:
            return (Count("==", int(node.text)),)
        ends = re.fullmatch(_RANGE_OF_COUNTS, node.text) if isinstance(node, Scalar) else None
        if ends is not None and int(ends[1]) >= int(ends[2]):
            hint = f"; did you mean {ends[2]}..{ends[1]}?" if int(ends[1]) > int(ends[2]) else ""
            scope.problem(node.mark, f"expected a range from a smaller to a greater number, got {describe(node)}{hint}")
            return None
        if ends is not None:
            return Count(">=", int(ends[1])), Count("<=", int(ends[2]))
        match = re.fullmatch(_COUNT, node.text.strip()) if isinstance(node, Scalar) else None
        if match is None:
            scope.expected(self.expected, node)
            return None
        return (Count(cast(Comparison, match[1]), int(match[2])),)

    def schema(self) -> Schema:
        whole: Schema = {"type": "integer", "minimum": 0, "maximum": _MOST_COUNTED}
        return {"anyOf": [whole, spelling(_COUNT, self.expected), spelling(_RANGE_OF_COUNTS, self.expected)]}


_NEARLY: Final = {
    "immediately": "immediate",
    "now": "immediate",
    "instant": "immediate",
    "instantly": "immediate",
    "beats": "beat",
    "eighths": "eighth",
    "groups": "group",
    "1/8": "eighth",
    "bars": "bar",
    "downbeat": "bar",
    "measure": "bar",
}


@dataclass(frozen=True, kw_only=True)
class Boundary(Kind[At]):
    """When a change may start: `immediate`, `eighth`, `beat`, `group`, `bar`, `N bars`, `bar K of N`.

    Attributes:
        cues: Whether it may also be `cue` or `cue NAME`, of a clip that plays.
    """

    cues: bool = False

    @property
    def expected(self) -> str:
        if self.cues:
            return (
                "immediate, eighth, beat, group, bar, cue, a number of bars such as 4 bars, a bar such as bar 3 of 8, "
                "or a cue by its name such as cue chorus"
            )
        return "immediate, eighth, beat, group, bar, a number of bars such as 4 bars, or a bar such as bar 3 of 8"

    def read(self, node: Node, scope: Scope) -> At | None:
        text = node.value if isinstance(node, Scalar) and isinstance(node.value, str) else ""
        if text == "immediate":
            return At(unit="immediate")
        if text == "beat":
            return At(unit="beat")
        if text == "eighth":
            return At(unit="eighth")
        if text == "group":
            return At(unit="group")
        if text == "bar":
            return At(unit="bar")
        named = re.fullmatch(NAMED_CUE, text)
        if text == "cue" or named:
            if self.cues:
                return At(unit="cue", cue=named[1] if named else "")
            scope.problem(node.mark, f"expected {self.expected}, got {describe(node)}; transitions alone start at cues")
            return None
        bars = re.fullmatch(BARS, text)
        if bars and 1 <= int(bars[1]) <= MOST_BARS:
            return At(unit="bar", every=int(bars[1]))
        if place := re.fullmatch(_BAR_OF, text):
            return self._bar_of(int(place[1]), int(place[2]), node, scope)
        if bars:
            scope.problem(node.mark, f"expected 1 to {MOST_BARS} bars, got {bars[1]}")
        else:
            if re.fullmatch(TIME, text):
                text = f"expected {self.expected}, got {describe(node)}; 'at' names a beat or bar, max_wait a time"
                scope.problem(node.mark, text)
                return None
            hint = self._hint(node)
            scope.expected(self.expected, node, hint)
        return None

    def _bar_of(self, bar: int, every: int, node: Node, scope: Scope) -> At | None:
        if not 1 <= bar <= every <= MOST_BARS:
            scope.problem(node.mark, f"expected a bar from 1 to N of N, at most {MOST_BARS}, got {describe(node)}")
            return None
        return At(unit="bar", every=every, first=bar - 1)

    def _hint(self, node: Node) -> str:
        count = as_number(node)
        if count is not None:
            whole = float(count).is_integer() and 1 <= count <= MOST_BARS
            return ("bar" if count == 1 else f"{int(count)} bars") if whole else ""
        text = node.text.lower().removeprefix("next ") if isinstance(node, Scalar) else ""
        bars = re.fullmatch(rf"{BARS}|([0-9]{{1,3}}) measures?", text)
        if bars:
            count = int(bars[1] or bars[2])
            return f"{count} bars" if 1 <= count <= MOST_BARS else ""
        return _NEARLY.get(text, text if text in ("immediate", "eighth", "beat", "group", "bar") else "")

    def schema(self) -> Schema:
        units: Schema = {"enum": ["immediate", "eighth", "beat", "group", "bar", *(["cue"] if self.cues else [])]}
        cues = [spelling(NAMED_CUE, self.expected)] if self.cues else []
        return {"anyOf": [units, spelling(BARS, self.expected), spelling(_BAR_OF, self.expected), *cues]}


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
    match = re.fullmatch(r"([a-hA-H])(?: ?(#|b|♯|♭|sharp|flat|is|es))?(?: |-)*([A-Za-z]*)", text)
    if not match:
        return ""
    accidental = {"#": "#", "♯": "#", "sharp": "#", "is": "#", None: ""}.get(match[2], "b")
    word = match[3].lower()
    mode = {"": "major", "m": "minor", "min": "minor", "maj": "major", "ionian": "major", "aeolian": "minor"}.get(
        word, word
    )
    # The German name of B.
    tonic = match[1].upper().replace("H", "B")
    return f"{tonic}{accidental} {mode}" if mode in MODES else ""


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
    """What a transition leaves or enters: `any`, `state`, `layer.state` or `layer.any`; a group as a state."""

    @property
    def expected(self) -> str:
        return "any, a state, a group, layer.state or layer.any"

    def read(self, node: Node, scope: Scope) -> Word | None:
        if isinstance(node, Scalar) and isinstance(node.value, str) and re.fullmatch(rf"{NAME}(\.{NAME})?", node.value):
            return Word(text=node.value, mark=node.mark)
        hint = ""
        if isinstance(node, ListNode):
            text = f"expected {self.expected}, got {describe(node)}; give the states a group, and name the group here"
            scope.problem(node.mark, text)
            return None
        if isinstance(node, Scalar) and node.text in ("*", "all"):
            hint = "any"
        elif isinstance(node, Scalar) and re.fullmatch(rf"({NAME}\.)?{NAME}{PIECE_SEPARATOR}{NAME}", node.text):
            # A row is of states; all pieces of one have its rows.
            hint = written_name(node.text)
        scope.expected(self.expected, node, hint)
        return None

    def schema(self) -> Schema:
        return spelling(rf"{NAME}(\.{NAME})?", self.expected)


@dataclass(frozen=True, kw_only=True)
class StateOf(Kind[Word]):
    """One state: of the same layer, or `layer.state`."""

    @property
    def expected(self) -> str:
        return "a state of the layer, or layer.state"

    def read(self, node: Node, scope: Scope) -> Word | None:
        if isinstance(node, Scalar) and isinstance(node.value, str) and re.fullmatch(rf"{NAME}(\.{NAME})?", node.value):
            return Word(text=node.value, mark=node.mark)
        scope.expected(self.expected, node)
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
        single = spelling(rf"((==|!=|<=|>=|<|>)\s*[^\s=<>!].*|{RANGE}|{NAME})", self.expected)
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


@dataclass(frozen=True, kw_only=True)
class MeterKind(Kind[Meter]):
    """The beats of a bar, their groups, or a time signature: `4`, `2+2+3`, `6/8`."""

    @property
    def expected(self) -> str:
        return f"{_BEATS.expected}, groups of beats such as 2+2+3, or a time signature such as 6/8"

    def read(self, node: Node, scope: Scope) -> Meter | None:
        if as_number(node) is not None:
            beats = _BEATS.read(node, scope)
            return None if beats is None else int(beats)
        text = node.value.replace(" ", "") if isinstance(node, Scalar) and isinstance(node.value, str) else ""
        meter = read_groups(text)
        if meter is None:
            scope.problem(node.mark, f"expected {self.expected}, got {describe(node)}{_meter_hint(text)}")
        return meter

    def schema(self) -> Schema:
        texts = spelling(GROUPS, self.expected), spelling(SIGNATURE, self.expected)
        return {"anyOf": [_BEATS.schema(), *texts]}


_BEATS: Final = Number(low=METER.low, high=METER.high, whole=True)


def _meter_hint(text: str) -> str:
    """What is wrong with a meter, as the end of a message; "" if that is not known."""
    if re.fullmatch(SIGNATURE, text):
        known = ", ".join(f"{beats}/8" for beats in EIGHTHS)
        return f"; of the signatures in eighths there are {known}, for another write its groups"
    if re.fullmatch(r"[0-9]+(\+[0-9]+)+", text):
        return f"; a bar has up to {METER.high} beats in groups of {SMALLEST_GROUP} to {LARGEST_GROUP}"
    meant = meant_number(text)
    whole = meant is not None and meant.is_integer() and METER.low <= meant <= METER.high
    return f"; did you mean {number(meant)}?" if whole and meant is not None else ""


def control_kind(control: NumberControl) -> Kind[float]:
    """What may be written for a control that is a number: with its unit, within its bounds."""
    if not control.unit:
        return Number(low=control.low, high=control.high, whole=control.whole, words=control.words)
    return Quantity(unit=control.unit, what=control.what, low=control.low, high=control.high, example=control.example)
