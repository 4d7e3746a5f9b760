"""Kinds of times in rule files: seconds, beats and bars, ranges, and comparisons with what has passed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, NamedTuple

from segue_rules.model import FRAME_RATE, SAMPLE_RATE, Length, MusicalTime, TimeRange
from segue_yaml.kinds import Kind, Schema, number, spelling
from segue_yaml.nodes import ListNode, Node, Scalar, describe
from segue_yaml.quantities import TIME, Duration
from segue_yaml.report import Scope

FRAME: Final = Fraction(1, FRAME_RATE)
"""Seconds of a frame."""
BARS: Final = r"([0-9]{1,3}) ?bars?"


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
        if isinstance(node, Scalar) and re.fullmatch(BARS + r"|beat|bar|[0-9]+ ?beats?", node.text):
            return (
                "; beats and bars are for at, attack, hold, min_time, cooldown, max_wait and times of rows, bursts "
                "and pieces"
            )
        return super().hint(node)


_MUSICAL: Final = r"([0-9]{1,4}(?:\.[0-9]{1,3})?) ?(beat|bar)s?"
_COUNTED: Final = r"([-+]?[0-9]+(?:\.[0-9]+)?(?:e[-+]?[0-9]+)?) ?(beat|bar)s?"
_NEARLY_MUSICAL: Final = r"([0-9]{0,4}(?:[.,][0-9]{1,4})?|[0-9]{1,4}/[1-9][0-9]{0,3})\s*(beat|bar|measure|eighth)s?"
MOST_BEATS: Final = 1024


@dataclass(frozen=True, kw_only=True)
class TimeOrBeats(Kind[Fraction | MusicalTime]):
    """A time, in seconds or in beats or bars."""

    time: Time

    @property
    def expected(self) -> str:
        return f"{self.time.expected}, or beats or bars such as 2 bars"

    def read(self, node: Node, scope: Scope) -> Fraction | MusicalTime | None:
        text = node.value if isinstance(node, Scalar) and isinstance(node.value, str) else ""
        match = re.fullmatch(_MUSICAL, text)
        if not match:
            if text in ("beat", "bar"):
                scope.expected(self.expected, node, f"1 {text}")
                return None
            if re.fullmatch(TIME, text):
                return self.time.read(node, scope)
            if counted := re.fullmatch(_COUNTED, text):
                self._beyond(node, counted[2], scope)
                return None
            hint = _meant_musical(text) or self.time.hint(node)
            scope.problem(node.mark, f"expected {self.expected}, got {describe(node)}{hint}")
            return None
        count = Fraction(match[1])
        if not 0 < count <= MOST_BEATS:
            self._beyond(node, match[2], scope)
            return None
        return MusicalTime(count=count, unit="beat" if match[2] == "beat" else "bar")

    def _beyond(self, node: Node, unit: str, scope: Scope) -> None:
        """Report a count of beats or bars that is out of bounds or too fine."""
        bounds = f"expected more than 0 and at most {MOST_BEATS} {unit}s, in thousandths at the finest"
        scope.problem(node.mark, f"{bounds}, got {describe(node)}")

    def schema(self) -> Schema:
        return {"anyOf": [self.time.schema(), spelling(_MUSICAL, self.expected)]}


def _meant_musical(text: str) -> str:
    """What was meant by `2 Bars`, `.5 bars`, `1/2 bar`, `1 measure` or `2 eighths`, as the end of a message."""
    match = re.fullmatch(_NEARLY_MUSICAL, text.lower())
    if not match or not match[1]:
        return ""
    count = Fraction(match[1].replace(",", "."))
    unit = match[2].replace("measure", "bar")
    if unit == "eighth":
        count, unit = count / 2, "beat"
    if not 0 < count <= MOST_BEATS or (count * 1000).denominator != 1:
        return ""
    return f"; did you mean {number(float(count))} {unit}{'' if count == 1 else 's'}?"


def drawn_time(time: Fraction | tuple[Fraction, Fraction]) -> int | TimeRange:
    """A time or a range of times as the model has it."""
    return TimeRange(low=frames(time[0]), high=frames(time[1])) if isinstance(time, tuple) else frames(time)


def duration(time: Fraction | MusicalTime) -> Length:
    """A time of a rule file as the model has it."""
    return time if isinstance(time, MusicalTime) else frames(time)


_RANGE_OF_TIMES: Final = rf"{TIME}\s*\.\.(?!\.)\s*{TIME}"
_NEARLY_A_RANGE: Final = rf"([0-9]+(?:\.[0-9]+)?) ?(ms|s|min|h)?\s*(?:-|–|to)\s*{TIME}"


def _meant_range(node: Node) -> str:
    """What was meant by `20-40s`, `20s to 1min` or `[20s, 40s]`, as the end of a message; "" if that is unclear."""
    text = node.text if isinstance(node, Scalar) else ""
    if isinstance(node, ListNode) and len(node.items) == 2:
        text = " - ".join(item.text if isinstance(item, Scalar) else "" for item in node.items)
    match = re.fullmatch(_NEARLY_A_RANGE, text)
    if not match:
        return ""
    low, low_unit, high, high_unit = match.groups()
    return f"; did you mean {low}{low_unit or high_unit}..{high}{high_unit}?"


@dataclass(frozen=True, kw_only=True)
class TimeOrRange(Kind[Fraction | tuple[Fraction, Fraction]]):
    """A time, or a range of times from which one is drawn."""

    time: Time

    @property
    def expected(self) -> str:
        return f"{self.time.expected}, or a range of times such as 30s..2min"

    def read(self, node: Node, scope: Scope) -> Fraction | tuple[Fraction, Fraction] | None:
        if isinstance(node, Scalar) and ".." in node.text:
            return read_range(node, self.time, self.expected, scope)
        if isinstance(node, Scalar) and isinstance(node.value, str) and re.fullmatch(TIME, node.value):
            return self.time.read(node, scope)
        hint = _meant_range(node) or self.time.hint(node)
        scope.problem(node.mark, f"expected {self.expected}, got {describe(node)}{hint}")
        return None

    def schema(self) -> Schema:
        return {"anyOf": [self.time.schema(), spelling(_RANGE_OF_TIMES, self.expected)]}


def read_range(node: Scalar, time: Time, expected: str, scope: Scope) -> tuple[Fraction, Fraction] | None:
    """A range of times, or None once its mistake is reported.

    Args:
        expected: What may stand here, for messages.
    """
    if not re.fullmatch(_RANGE_OF_TIMES, node.text):
        hint = "; a range is one of times, not of beats or bars" if re.search("beat|bar", node.text) else ""
        if short := re.fullmatch(rf"([0-9.]*[0-9])\s*\.\.(?!\.)\s*{TIME}", node.text):
            low, high, unit = short.groups()
            hint = f"; did you mean {low}{unit}..{high}{unit}?"
        scope.problem(node.mark, f"expected {expected}, got {describe(node)}{hint}")
        return None
    texts = [text.strip() for text in node.text.split("..")]
    low, high = (time.read(Scalar(mark=node.mark, value=text, text=text), scope) for text in texts)
    if low is None or high is None:
        return None
    if low >= high:
        hint = f"; did you mean {texts[1]}..{texts[0]}?" if low > high else ""
        scope.problem(node.mark, f"expected a range from a shorter to a longer time, got {describe(node)}{hint}")
        return None
    return low, high


_ELAPSED: Final = rf"(<=|>=|<|>)\s*({TIME})"


class Elapsed(NamedTuple):
    """A stretch of time since something happened, in frames: from `low` on, and before `high`; None is open."""

    low: int | None
    high: int | None


def _meant_elapsed(text: str) -> str:
    """The comparison that was meant by `10s`, or by `">= 10"` without a unit; "" if that is unclear."""
    bare = re.fullmatch(r"(<=|>=|<|>)\s*([0-9]{1,4})", text)
    return f'"{bare[1]} {bare[2]}s"' if bare else f'">= {text}"' if re.fullmatch(TIME, text) else ""


@dataclass(frozen=True, kw_only=True)
class ElapsedTime(Kind[Elapsed]):
    """How long ago something is: `"< 20s"`, `">= 30s"` or `10s..30s`."""

    time: Time

    @property
    def expected(self) -> str:
        return 'a comparison with a time such as ">= 30s", or a range of times such as 10s..30s'

    def read(self, node: Node, scope: Scope) -> Elapsed | None:
        if isinstance(node, Scalar) and ".." in node.text:
            ends = read_range(node, self.time, self.expected, scope)
            return None if ends is None else Elapsed(frames(ends[0]), frames(ends[1]) + 1)
        match = re.fullmatch(_ELAPSED, node.text.strip()) if isinstance(node, Scalar) else None
        if match is None:
            scope.expected(self.expected, node, _meant_elapsed(node.text.strip()) if isinstance(node, Scalar) else "")
            return None
        time = self.time.read(Scalar(mark=node.mark, value=match[2], text=match[2]), scope)
        if time is None:
            return None
        beyond = frames(time) + (match[1] in ("<=", ">"))
        return Elapsed(None, beyond) if match[1].startswith("<") else Elapsed(beyond, None)

    def schema(self) -> Schema:
        return {"anyOf": [spelling(_ELAPSED, self.expected), spelling(_RANGE_OF_TIMES, self.expected)]}


@dataclass(frozen=True, kw_only=True)
class PieceLength(Kind[Fraction | MusicalTime | tuple[Fraction, Fraction]]):
    """How long a piece plays: a time, beats or bars, or a range of times from which one is drawn."""

    time: Time

    @property
    def expected(self) -> str:
        return f"{self.time.expected}, beats or bars such as 8 bars, or a range of times such as 30s..2min"

    def read(self, node: Node, scope: Scope) -> Fraction | MusicalTime | tuple[Fraction, Fraction] | None:
        if isinstance(node, Scalar) and ".." in node.text:
            return read_range(node, self.time, self.expected, scope)
        if hint := _meant_range(node):
            scope.problem(node.mark, f"expected {self.expected}, got {describe(node)}{hint}")
            return None
        length = TimeOrBeats(time=self.time).read(node, scope)
        if isinstance(length, MusicalTime) and length.unit == "bar" and length.count.denominator != 1:
            scope.problem(node.mark, f"expected a whole number of bars, or beats, got {describe(node)}")
            return None
        return length

    def schema(self) -> Schema:
        return {"anyOf": [*TimeOrBeats(time=self.time).schema()["anyOf"], spelling(_RANGE_OF_TIMES, self.expected)]}


BEATS: Final = TimeOrBeats(time=Time())
