"""The axes of a profile while a text sets them, and the record of the words that did."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from segue.style_profile import RANGES, Ensemble, StyleProfile


@dataclass(frozen=True, kw_only=True)
class StyleSource:
    """Where a value of a profile comes from.

    Attributes:
        axis: A field of StyleProfile, or "style" for the base.
        value: What was read.
        words: The text's words, or how the value was found.
    """

    axis: str
    value: str
    words: str


def bounded(axis: str, value: float) -> float:
    """Return a value of a number axis within its range, rounded to hundredths."""
    bounds = RANGES[axis]
    return min(bounds.high, max(bounds.low, round(value, 2)))


class Changes:
    """The axes of a profile while a text sets them, and where from."""

    def __init__(self, profile: StyleProfile) -> None:
        self.values: dict[str, Any] = {name: getattr(profile, name) for name in StyleProfile.__dataclass_fields__}
        self.sources: list[StyleSource] = []

    def set(self, axis: str, value: Any, words: str) -> None:
        """Set an axis, and record the words that did."""
        self.values[axis] = value
        self.sources.append(StyleSource(axis=axis, value=_shown(value), words=words))

    def pull(self, axis: str, target: float, share: float, words: str) -> None:
        """Draw a number axis to a target, by a share of the way."""
        value = self.values[axis]
        self.set(axis, bounded(axis, value + share * (target - value)), words)

    def pull_tempo(self, target: float, share: float, words: str) -> None:
        """Draw the tempo to a target, by a share of the way on the scale of octaves."""
        tempo = self.values["tempo_bpm"]
        self.set("tempo_bpm", bounded("tempo_bpm", tempo ** (1 - share) * target**share), words)


def _shown(value: Any) -> str:
    if isinstance(value, Ensemble):
        return "; ".join(f"{role}: {', '.join(names)}" for role, names in value.by_role() if names) or "nobody"
    return f"{value:g}" if isinstance(value, float) else str(value)
