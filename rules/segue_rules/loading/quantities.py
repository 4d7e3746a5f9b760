"""Kinds of values with a unit: times, rates, levels, tempi, and when in the bar something may start.

Times are read as exact fractions, so that 40 ms is one frame and not, by a rounding error, two.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, Literal

from segue_rules.loading.kinds import Kind, Schema, number, spelling
from segue_rules.loading.nodes import Node, Scalar, as_number, describe
from segue_rules.loading.report import Scope, listing
from segue_rules.model import FRAME_RATE, MODES, SAMPLE_RATE, At, Key

_NUMBER: Final = r"[0-9]{1,9}(?:\.[0-9]{1,9})?"
_SIGNED: Final = rf"[-+]?{_NUMBER}"
_TIME_UNITS: Final = {"ms": Fraction(1, 1000), "s": Fraction(1), "min": Fraction(60), "h": Fraction(3600)}
_TIME: Final = rf"({_NUMBER}) ?(ms|s|min|h)"
_BARS: Final = r"([0-9]{1,3}) ?bars?"
MOST_BARS: Final = 64


def frames(seconds: Fraction) -> int:
    """Whole frames, rounded up."""
    return -int(-seconds * FRAME_RATE // 1)


def samples(seconds: Fraction) -> int:
    """Whole samples, rounded up."""
    return -int(-seconds * SAMPLE_RATE // 1)


def time_text(seconds: Fraction) -> str:
    """A time as it would be written in a rule file: 0s, 300ms, 1.5s, 2min, 1h."""
    if not seconds:
        return "0s"
    for unit in ("h", "min", "s"):
        count = seconds / _TIME_UNITS[unit]
        if count >= 1 and (count * 100).denominator == 1 and (unit == "s" or count.denominator == 1):
            return f"{number(float(count))}{unit}"
    return f"{number(float(seconds * 1000))}ms"


@dataclass(frozen=True, kw_only=True)
class Duration(Kind[Fraction]):
    """Seconds, exactly. low, high: seconds. moment: when something happens, not how long it takes."""

    low: Fraction = Fraction(0)
    high: Fraction = Fraction(3600)
    moment: bool = False

    @property
    def expected(self) -> str:
        floor = f" of at least {time_text(self.low)}" if self.low else ""
        return f"a time{floor} such as 300ms or 4s"

    def read(self, node: Node, scope: Scope) -> Fraction | None:
        match = re.fullmatch(_TIME, node.value) if isinstance(node, Scalar) and isinstance(node.value, str) else None
        if not match:
            scope.problem(node.mark, f"expected {self.expected}, got {describe(node)}{self._hint(node)}")
            return None
        seconds = Fraction(match[1]) * _TIME_UNITS[match[2]]
        if not self.low <= seconds <= self.high:
            bounds = f"a time from {time_text(self.low)} to {time_text(self.high)}"
            scope.problem(node.mark, f"expected {bounds}, got {describe(node)}")
            return None
        return seconds

    def _hint(self, node: Node) -> str:
        if not isinstance(node, Scalar) or node.value is None:
            return ""
        bare = re.fullmatch(r"[0-9]*[.,]?[0-9]+", node.text)
        if bare:
            return self._either(Fraction(node.text.replace(",", ".")))
        clock = re.fullmatch(r"([0-9]{1,2}):([0-5][0-9])", node.text)
        if clock:
            return self._meant(Fraction(int(clock[1]) * 60 + int(clock[2])), "s")
        comma = re.fullmatch(rf"([0-9]+),([0-9]+) ?({'|'.join(_TIME_UNITS)})", node.text)
        if comma:
            return self._meant(Fraction(f"{comma[1]}.{comma[2]}"), comma[3])
        if re.fullmatch(_BARS + r"|beat|bar|[0-9]+ ?beats?", node.text):
            return "; only 'at' counts in bars and beats"
        spelt = re.fullmatch(
            rf"({_NUMBER}) ?(seconds?|secs?|sek|m|minutes?|mins?|milliseconds?|msecs?|S|MS|Ms|hours?)", node.text
        )
        if spelt:
            unit = spelt[2].lower()
            short = "ms" if unit.startswith(("ms", "mil")) else unit[0] if unit[0] in "sh" else "min"
            return f"; did you mean {spelt[1]}{short}?"
        return ""

    def _either(self, count: Fraction) -> str:
        """A number without a unit: a moment is meant in seconds, a stretch of time in what is usual for its size."""
        if self.moment or count < 30:
            return self._meant(count, "s")
        if count < 200 and self.high > 60:
            return self._meant(count, "ms", "s")
        return self._meant(count, "ms")

    def _meant(self, count: Fraction, *units: str) -> str:
        fit = [unit for unit in units if self.low <= count * _TIME_UNITS[unit] <= self.high]
        return f"; did you mean {listing(f'{number(float(count))}{unit}' for unit in fit)}?" if fit else ""

    def schema(self) -> Schema:
        return spelling(_TIME, self.expected)


_ALSO: Final = {"/s": ("/sec", "/second", " per second"), "bpm": ("bmp",)}
"""Other spellings of units."""


@dataclass(frozen=True, kw_only=True)
class Quantity(Kind[float]):
    """A number with one unit that is always written: `-8dB`, `96bpm`, `2/s`."""

    unit: str
    what: str
    low: float
    high: float
    example: str

    @property
    def expected(self) -> str:
        return (
            f"{self.what} from {number(self.low)}{self.unit} to {number(self.high)}{self.unit} such as {self.example}"
        )

    def read(self, node: Node, scope: Scope) -> float | None:
        text = node.value if isinstance(node, Scalar) and isinstance(node.value, str) else ""
        match = re.fullmatch(rf"({_SIGNED}) ?{re.escape(self.unit)}", text)
        if match and self.low <= float(match[1]) <= self.high:
            return float(match[1])
        hint = ""
        if isinstance(node, Scalar) and not match:
            hint = self._hint(node.text)
        scope.expected(self.expected, node, hint)
        return None

    def _hint(self, text: str) -> str:
        """The quantity somebody meant by `-6`, `96BPM`, `1/sec`, `0,5/s` or `-inf`; "" if that cannot be told."""
        spellings = "|".join(map(re.escape, (self.unit, *_ALSO.get(self.unit, ()))))
        bare = re.fullmatch(rf"([-+]?[0-9]*[.,]?[0-9]+) ?({spellings})?", text, re.IGNORECASE)
        if bare:
            value = bare[1].replace(",", ".")
            return f"{value}{self.unit}" if self.low <= float(value) <= self.high else ""
        silence = self.unit == "dB" and re.fullmatch(r"-\.?inf(inity)? ?(dB)?", text, re.IGNORECASE)
        return f"{number(self.low)}{self.unit}" if silence else ""

    def schema(self) -> Schema:
        return spelling(f"{_SIGNED} ?{re.escape(self.unit)}", self.expected)


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
            if re.fullmatch(_TIME, text):
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
        if text == "auto":
            return "auto"
        match = re.fullmatch(_KEY, text)
        if match:
            return Key(tonic=(_PITCHES[match[1]] + {"#": 1, "b": -1, "": 0}[match[2]]) % 12, mode=match[3])
        scope.expected(self.expected, node, _nearest_key(text))
        return None

    def schema(self) -> Schema:
        return {"anyOf": [{"enum": ["auto"]}, spelling(_KEY, self.expected)]}


def _nearest_key(text: str) -> str:
    """The key somebody meant by `Dm`, `d MINOR`, `F sharp major` or `A`; "" if that cannot be told."""
    match = re.fullmatch(r"([a-gA-G])(?: ?(#|b|♯|♭|sharp|flat|is|es))?(?: |-)*([A-Za-z]*)", text)
    if not match:
        return ""
    accidental = {"#": "#", "♯": "#", "sharp": "#", "is": "#", None: ""}.get(match[2], "b")
    word = match[3].lower()
    mode = {"": "major", "m": "minor", "min": "minor", "maj": "major", "ionian": "major", "aeolian": "minor"}.get(
        word, word
    )
    return f"{match[1].upper()}{accidental} {mode}" if mode in MODES else ""
