"""Quantities that are always written with a unit: times, and numbers such as `-8dB` or `2/s`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from segue_yaml.guesses import look_alike_hint
from segue_yaml.kinds import Kind, Schema, number, spelling
from segue_yaml.nodes import Node, Scalar, describe
from segue_yaml.report import Scope, listing

_NUMBER: Final = r"[0-9]{1,9}(?:\.[0-9]{1,9})?"
_SIGNED: Final = rf"[-+]?{_NUMBER}"
_TIME_UNITS: Final = {"ms": Fraction(1, 1000), "s": Fraction(1), "min": Fraction(60), "h": Fraction(3600)}
TIME: Final = rf"({_NUMBER}) ?(ms|s|min|h)"


def time_text(seconds: Fraction) -> str:
    """A time as it is written in a file: 0s, 300ms, 1.5s, 2min, 1h."""
    if not seconds:
        return "0s"
    for unit in ("h", "min", "s"):
        count = seconds / _TIME_UNITS[unit]
        if count >= 1 and (count * 100).denominator == 1 and (unit == "s" or count.denominator == 1):
            return f"{number(float(count))}{unit}"
    return f"{number(float(seconds * 1000))}ms"


@dataclass(frozen=True, kw_only=True)
class Duration(Kind[Fraction]):
    """A time, read as exact seconds.

    Attributes:
        low, high: Bounds in seconds.
        moment: Whether it says when something happens rather than how long it takes.
    """

    low: Fraction = Fraction(0)
    high: Fraction = Fraction(3600)
    moment: bool = False

    @property
    def expected(self) -> str:
        floor = f" of at least {time_text(self.low)}" if self.low else ""
        return f"a time{floor} such as 300ms or 4s"

    def read(self, node: Node, scope: Scope) -> Fraction | None:
        match = re.fullmatch(TIME, node.value) if isinstance(node, Scalar) and isinstance(node.value, str) else None
        if not match:
            scope.problem(node.mark, f"expected {self.expected}, got {describe(node)}{self.hint(node)}")
            return None
        seconds = Fraction(match[1]) * _TIME_UNITS[match[2]]
        if not self.low <= seconds <= self.high:
            bounds = f"a time from {time_text(self.low)} to {time_text(self.high)}"
            scope.problem(node.mark, f"expected {bounds}, got {describe(node)}")
            return None
        return seconds

    def hint(self, node: Node) -> str:
        """What was probably meant, as the end of a message; "" if that is unclear."""
        if not isinstance(node, Scalar) or node.value is None:
            return ""
        bare = re.fullmatch(r"[0-9]{0,9}[.,]?[0-9]{1,9}", node.text)
        if bare:
            return self._either(Fraction(node.text.replace(",", ".")))
        clock = re.fullmatch(r"([0-9]{1,2}):([0-5][0-9])", node.text)
        if clock:
            return self._meant(Fraction(int(clock[1]) * 60 + int(clock[2])), "s")
        comma = re.fullmatch(rf"([0-9]{{1,9}}),([0-9]{{1,9}}) ?({'|'.join(_TIME_UNITS)})", node.text)
        if comma:
            return self._meant(Fraction(f"{comma[1]}.{comma[2]}"), comma[3])
        minutes = re.fullmatch(r"([0-9]{1,3}) ?min ([0-9]{1,2}) ?s", node.text)
        if minutes:
            return self._meant(Fraction(int(minutes[1]) * 60 + int(minutes[2])), "s")
        spelt = re.fullmatch(
            rf"({_NUMBER}) ?(seconds?|secs?|sek|m|minutes?|mins?|milliseconds?|msecs?|S|MS|Ms|hours?)", node.text
        )
        if spelt:
            unit = spelt[2].lower()
            short = "ms" if unit.startswith(("ms", "mil")) else unit[0] if unit[0] in "sh" else "min"
            return f"; did you mean {spelt[1]}{short}?"
        return look_alike_hint(node.text)

    def _either(self, count: Fraction) -> str:
        """What was meant by a number without a unit: seconds for a moment, else the unit usual for its size."""
        if self.moment or count < 30:
            return self._meant(count, "s")
        if count < 200 and self.high > 60:
            return self._meant(count, "ms", "s")
        return self._meant(count, "ms")

    def _meant(self, count: Fraction, *units: str) -> str:
        fit = [unit for unit in units if self.low <= count * _TIME_UNITS[unit] <= self.high]
        return f"; did you mean {listing(f'{number(float(count))}{unit}' for unit in fit)}?" if fit else ""

    def schema(self) -> Schema:
        return spelling(TIME, self.expected)


_ALSO: Final = {"/s": ("/sec", "/second", " per second"), "bpm": ("bmp",)}
"""Other spellings of units."""


@dataclass(frozen=True, kw_only=True)
class Quantity(Kind[float]):
    """A number with one unit, such as `-8dB`, `96bpm` or `2/s`.

    Attributes:
        what: The noun in messages.
    """

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
        """The quantity that was meant by `-6`, `96BPM`, `1/sec`, `0,5/s` or `-inf`; "" if that is unclear."""
        spellings = "|".join(map(re.escape, (self.unit, *_ALSO.get(self.unit, ()))))
        bare = re.fullmatch(rf"([-+]?[0-9]{{0,9}}[.,]?[0-9]{{1,9}}) ?({spellings})?", text, re.IGNORECASE)
        if bare:
            meant = bare[1].replace(",", ".")
            return f"{meant}{self.unit}" if self.low <= float(meant) <= self.high else ""
        thousands = re.fullmatch(rf"([0-9]{{1,3}}(?:[.,][0-9]{{1,3}})?) ?k{self.unit}", text, re.IGNORECASE)
        if thousands and self.low <= (value := float(thousands[1].replace(",", ".")) * 1000) <= self.high:
            return f"{number(value)}{self.unit}"
        silence = self.unit == "dB" and re.fullmatch(
            r"-\.?inf(inity)? ?(dB)?|silence|silent|mute|muted|off", text, re.IGNORECASE
        )
        return f"{number(self.low)}{self.unit}" if silence else ""

    def schema(self) -> Schema:
        return spelling(f"{_SIGNED} ?{re.escape(self.unit)}", self.expected)
