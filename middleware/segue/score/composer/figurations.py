"""Figurations: what accompaniment plays instead of what a layout has, for every word of style_profile.FIGURATIONS."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any, Final

from segue.score.composer.scene import MOVING_PEDAL
from segue.score.composer.vocabulary import Voice

# Changes to the first voice of harmony or, where there is none, of texture.
_CHORDS: Final[Mapping[str, Mapping[str, Any]]] = MappingProxyType(
    {
        "arpeggio": {"figure": "arpeggio", "rate": 2, "pattern": "updown", "density": 0.9, "hold": 0.9, "tones": 4},
        "ostinato": {"figure": "ostinato", "rate": 2, "pattern": "0 4 2 4 0 4 7 4", "hold": 0.5},
        "strum": {"figure": "stabs", "pattern": "x...x.o.x..ox.oo", "strum": 0.018, "hold": 0.7, "tones": 4},
        "stabs": {"figure": "stabs", "pattern": "!..x..x...x.x... !.....x...x.....", "hold": 0.35, "tones": 3},
        "off-beat": {"figure": "stabs", "pattern": "..x...x...x...x.", "hold": 0.4, "tones": 3},
        "tremolo": {"figure": "tremolo", "rate": 4, "pattern": "", "tones": 3},
        "alberti": {"figure": "arpeggio", "rate": 2, "pattern": "alberti", "density": 1.0, "hold": 0.8, "tones": 3},
        "stride": {"figure": "stride", "pattern": "", "hold": 0.7, "tones": 3},
    }
)
_SUSTAINED: Final[Mapping[str, Any]] = {
    "figure": "pad",
    "pattern": "half",
    "hold": 1.0,
    "strum": 0.0,
    "rate": 2,
    "tones": 3,
}
# Figures that move, which sustained accompaniment holds instead.
_MOVING: Final = frozenset(("stabs", "arpeggio", "ostinato", "chug", "stride", "tremolo", "swell"))
_HEARD: Final = 0.1

FIGURATIONS: Final[tuple[str, ...]] = ("layout", "sustained", "walking", *_CHORDS)


def refigured(voices: Sequence[Voice], figuration: str, bass: str = "") -> list[Voice]:
    """Return voices with the figures of a word of FIGURATIONS.

    Args:
        bass: A figure for bass lines; "" for their own.
    """
    lines = ("line", "walk", MOVING_PEDAL)
    result = [replace(voice, figure=bass) if bass and voice.figure in lines else voice for voice in voices]
    if figuration == "walking":
        return [_walking(voice) if voice.role == "bass" else voice for voice in result]
    if figuration == "sustained":
        chords = ("harmony", "texture")
        return [
            replace(voice, **_SUSTAINED) if voice.role in chords and voice.figure in _MOVING else voice
            for voice in result
        ]
    if figuration != "layout":
        first = next(
            (index for role in ("harmony", "texture") for index, voice in enumerate(result) if voice.role == role), None
        )
        if first is not None:
            level = min(_HEARD, result[first].level)
            result[first] = replace(result[first], level=level, **_CHORDS[figuration])
    return result


def _plays(voice: Voice, figuration: str) -> bool:
    """Whether a layout's voice plays a figuration already, in a way of its own."""
    if voice.figure != _CHORDS[figuration]["figure"]:
        return False
    if figuration == "off-beat":
        return all(sign == "." for rhythm in voice.pattern.split() for sign in rhythm[::4])
    if figuration == "alberti":
        return voice.pattern == "alberti"
    return (figuration == "strum") == (voice.strum > 0)


def _walking(voice: Voice) -> Voice:
    return replace(voice, figure="walk", hold=0.85, pattern="", rate=1)
