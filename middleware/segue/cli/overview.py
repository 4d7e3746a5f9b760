"""An overview of a soundtrack in characters: a column for each second, a row for each layer and style."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from segue_rules.controls import EFFECTS, SILENCE_DB
from segue_rules.model import FRAME_RATE, Rules
from segue_rules.plan import FramePlan
from segue_rules.timeline import clip_levels, effect_text, switch

COLUMNS: Final = 80
"""Seconds side by side; longer timelines go on below. With the labels a line has at most 98 characters."""
_LABEL: Final = 16
_AUDIBLE: Final = 0.02
"""A share of the mix below this is not drawn: about -34 dB."""

_LEVELS_DB: Final = 40.0
"""How far below 0 dB the level of a clip is drawn."""


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
        if start:
            yield ""
        yield _row("", _ruler(start, len(seconds[start : start + COLUMNS])))
        yield _row("", "".join(marks[start : start + COLUMNS]))
        yield from (_row(row.label, row.cells) for row in _rows(rules, seconds, start, ink))


def draw_both(
    before: tuple[Rules, Sequence[FramePlan]], after: tuple[Rules, Sequence[FramePlan]], ink: Ink
) -> Iterator[str]:
    """Draw the rows that differ in at least two seconds, one below the other, in lines of at most 100 characters.

    Args:
        before: With the plan at each full second.
        after: As many plans.
        ink: The characters to draw with.
    """
    drawn = False
    for start in range(0, len(before[1]), COLUMNS):
        old, new = ({(row.kind, row.label): row for row in _rows(*each, start, ink)} for each in (before, after))
        keys = sorted(dict.fromkeys([*new, *old]), key=lambda key: _KINDS.index(key[0]))
        keys = [key for key in keys if _differ(old.get(key), new.get(key))]
        if not keys:
            continue
        if drawn:
            yield ""
        drawn = True
        yield "  " + _row("", _ruler(start, len(before[1][start : start + COLUMNS])))
        for key in keys:
            for sign, rows in (("-", old), ("+", new)):
                if key in rows:
                    yield f"{sign} {_row(key[1], rows[key].cells)}"


_KINDS: Final = ("layer", "style", "clip", "control")


@dataclass(frozen=True, kw_only=True)
class _DrawnRow:
    """A row of the overview.

    Attributes:
        kind: One of _KINDS.
        cells: A character for each second.
        values: What is drawn of each second.
    """

    kind: str
    label: str
    cells: str
    values: Sequence[str]


def _differ(old: _DrawnRow | None, new: _DrawnRow | None) -> bool:
    """Whether rows differ in more than the single second by which something that waits for a beat may move."""
    if old is None or new is None:
        row = old or new
        return row is not None and len(row.cells.strip()) > 1
    return sum(one != other for one, other in zip(old.values, new.values, strict=True)) > 1


def _rows(rules: Rules, seconds: Sequence[FramePlan], start: int, ink: Ink) -> Iterator[_DrawnRow]:
    """The rows of COLUMNS seconds from `start` on: layers, audible styles and clips, and controls that change."""
    part = seconds[start : start + COLUMNS]

    def levels(kind: str, label: str, values: Sequence[float]) -> _DrawnRow:
        cells = "".join(_level(value, ink) for value in values)
        return _DrawnRow(kind=kind, label=label, cells=cells, values=cells)

    def settled(label: str, values: Sequence[str]) -> _DrawnRow:
        return _DrawnRow(kind="control", label=label, cells=_settled(values, ink), values=values)

    for i, layer in enumerate(rules.layers):
        states = [plan.states[i] for plan in part]
        yield _DrawnRow(kind="layer", label=layer.name, cells=_words(states, ink), values=states)
    for i, style in enumerate(rules.styles):
        shares = [plan.mix[i] for plan in part]
        if max(shares) >= _AUDIBLE:
            yield levels("style", f"  {style.name}", shares)
    for clip in rules.clips:
        loudness = [_share(clip_levels(plan).get(clip.name, float(SILENCE_DB))) for plan in part]
        if max(loudness) > 0:
            yield levels("clip", f"  {clip.name}", loudness)
    yield settled("tempo", [f"{plan.controls.tempo_mbpm / 1000:.0f}" for plan in part])
    for name in ("meter", "key", "drums"):
        if len({switch(plan.controls, name) for plan in seconds}) > 1:
            yield settled(name, [switch(plan.controls, name) for plan in part])
    if len({plan.controls.intensity for plan in seconds}) > 1:
        yield levels("control", "intensity", [plan.controls.intensity for plan in part])
    if any(plan.controls.gain_db for plan in seconds):
        yield settled("gain", [f"{round(plan.controls.gain_db)}dB" for plan in part])
    for effect in EFFECTS:
        if any(getattr(plan.controls, effect.field) != effect.default for plan in seconds):
            yield settled(effect.name, [effect_text(effect, plan.controls) for plan in part])


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
    """Return the second that a frame belongs to."""
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


def _share(level_db: float) -> float:
    """How high a level is drawn, from 0 at -40 dB and below to 1 at 0 dB and above."""
    return min(1.0, max(0.0, 1 + level_db / _LEVELS_DB))


def _level(share: float, ink: Ink) -> str:
    if share < _AUDIBLE:
        return ink.levels[0]
    return ink.levels[max(1, round(share * (len(ink.levels) - 1)))]
