"""An overview of a soundtrack in characters: a column for each second, a row for each layer and style."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from segue_rules.model import FRAME_RATE, Rules
from segue_rules.plan import FramePlan

COLUMNS: Final = 80
"""Seconds side by side; longer timelines go on below. With the labels a line has at most 98 characters."""
_LABEL: Final = 16
_AUDIBLE: Final = 0.02
"""A share of the mix below this is not drawn: about -34 dB."""


@dataclass(frozen=True, kw_only=True)
class Ink:
    """The characters to draw with.

    Attributes:
        levels: From nothing to all.
    """

    levels: str
    edge: str
    rest: str


BLOCKS: Final = Ink(levels=" ▁▂▃▄▅▆▇█", edge="│", rest="·")
ASCII: Final = Ink(levels=" .:-=+*#@", edge="|", rest=".")


def draw(rules: Rules, seconds: Sequence[FramePlan], marks: Sequence[str], ink: Ink) -> Iterator[str]:
    """Draw lines of at most 98 characters.

    Args:
        seconds: The plan at each full second.
        marks: A character for what happened in that second; " " for nothing.
        ink: The characters to draw with.
    """
    for start in range(0, len(seconds), COLUMNS):
        part = seconds[start : start + COLUMNS]
        if start:
            yield ""
        yield _row("", _ruler(start, len(part)))
        yield _row("", "".join(marks[start : start + COLUMNS]))
        for i, layer in enumerate(rules.layers):
            yield _row(layer.name, _words([plan.states[i] for plan in part], ink))
        for i, style in enumerate(rules.styles):
            shares = [plan.mix[i] for plan in part]
            if max(shares) >= _AUDIBLE:
                yield _row(f"  {style.name}", "".join(_level(share, ink) for share in shares))
        yield _row("tempo", _settled([f"{plan.controls.tempo_mbpm / 1000:.0f}" for plan in part], ink))
        if len({plan.controls.meter for plan in seconds}) > 1:
            yield _row("meter", _settled([str(plan.controls.meter) for plan in part], ink))


def mark_of(plan: FramePlan) -> str:
    """Return what happened in a frame, in one character: ! refused, * a stinger, + an event, and " " for nothing."""
    if any(not receipt.accepted for receipt in plan.receipts):
        return "!"
    if any(cue.kind == "started" for cue in plan.stingers):
        return "*"
    return "+" if plan.receipts else " "


def stronger(mark: str, other: str) -> str:
    """Return the mark to show of two in the same second."""
    return min(mark, other, key="!*+ ".index)


def second_of(frame: int) -> int:
    return frame // FRAME_RATE


def _row(label: str, cells: str) -> str:
    name = label if len(label) < _LABEL else label[: _LABEL - 2] + "~"
    return f"{name:<{_LABEL}}  {cells}".rstrip()


def _ruler(start: int, count: int) -> str:
    """ "0:00      0:10      0:20" """
    line = ""
    for second in range(start, start + count):
        if second % 10 == 0:
            line = line.ljust(second - start) + f"{second // 60}:{second % 60:02d}"
    return line


def _words(values: Sequence[str], ink: Ink) -> str:
    """Each value where it begins, cut where the next one begins."""
    line = ""
    start = 0
    for second in range(1, len(values) + 1):
        if second == len(values) or values[second] != values[start]:
            edge = ink.edge if start else ""
            line += (edge + values[start])[: second - start].ljust(second - start, ink.rest)
            start = second
    return line


def _settled(values: Sequence[str], ink: Ink) -> str:
    """As `_words`, without the values of a single second that a ramp passes through."""
    line = _words(values, ink)
    for i in range(1, len(values) - 1):
        if values[i - 1] != values[i] != values[i + 1]:
            line = line[:i] + ink.rest + line[i + 1 :]
    return line


def _level(share: float, ink: Ink) -> str:
    if share < _AUDIBLE:
        return ink.levels[0]
    return ink.levels[max(1, round(share * (len(ink.levels) - 1)))]
