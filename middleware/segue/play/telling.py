"""Lines of the log: what changed, why, and what was not chosen, in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from segue_sdk.limits import SAMPLE_RATE
from segue_sdk.messages import Change, InputValue, Receipt


@dataclass(frozen=True, kw_only=True)
class Line:
    """kind: change, event, stinger, rules, status or error. at: sample position it belongs to. details: lines below."""

    kind: str
    at: int
    text: str
    details: tuple[str, ...] = ()


def tell_change(change: Change) -> Line:
    """A change that is heard now."""
    when = "" if change.at == "immediate" else f" at {change.at}"
    because = "; ".join(cause.text for cause in change.causes)
    others = "; ".join(f"{candidate.state}: {candidate.reason}" for candidate in change.candidates)
    details = [text for text, said in ((f"because {because}", because), (f"not {others}", others)) if said]
    text = f"{change.layer}: {change.from_state} → {change.to_state}{when}"
    return Line(kind="change", at=change.audible, text=text, details=tuple(details))


def tell_event(text: str, at: int, reaction_ms: float, receipt: Receipt) -> Line:
    """An event that took effect."""
    clamped = f" ({receipt.text})" if receipt.text else ""
    return Line(kind="event", at=at, text=f"{text}, heard after {reaction_ms:.0f} ms{clamped}")


def tell_said(values: Mapping[str, InputValue], fired: tuple[str, ...]) -> str:
    """What an event said."""
    said = [f"{name} {_shown(value)}" for name, value in values.items()]
    return ", ".join([*said, *(f"{name}!" for name in fired)])


def plain(text: str) -> str:
    """Text from the other side of a wire as text: nothing in it moves a cursor or rings a bell."""
    return "".join(character for character in text if character.isprintable())


def clock_text(position: int) -> str:
    """A sample position as minutes, seconds and tenths."""
    minutes, tenths = divmod(position * 10 // SAMPLE_RATE, 600)
    return f"{minutes}:{tenths // 10:02}.{tenths % 10}"


def _shown(value: InputValue) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return value if isinstance(value, str) else f"{value:.4g}"
