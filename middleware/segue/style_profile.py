"""The style profile: a point on the axes of style that composers read, with its distance and blending.

A text or a recording is read as a profile; a composer plays a profile and never asks for a name of a style. Choices
are words of the tables below, of which a composer has one part each; numbers have documented units and ranges.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property
from hashlib import sha256
from typing import Any, Final

from segue.instruments import PROGRAMS

LAYOUTS: Final[tuple[str, ...]] = (
    # The orchestral and other arrangements of game situations.
    *("combat", "boss", "chase", "metal", "victory", "stealth", "dungeon", "mystery", "horror", "calm"),
    *("sad", "temple", "town", "tavern", "exploration", "desert", "snow", "ocean", "space", "tribal"),
    # Bands and players of a genre.
    *("solo", "chamber", "piano solo", "jazz combo", "big band", "rock band", "funk band", "reggae band"),
    *("bossa trio", "latin band", "mariachi", "polka band", "folk dance", "bluegrass band", "country band"),
    *("surf band", "plucked duo", "koto garden", "gamelan", "drone", "ambient", "synthwave", "club", "breaks"),
    *("trap", "lo-fi", "chiptune", "music box", "ragtime", "baroque", "military band", "waltz orchestra"),
)
"""How voices are laid out: their roles, figures, registers and the intensities from which they play."""

GROOVES: Final[tuple[str, ...]] = (
    *("none", "straight", "rock", "swing", "shuffle", "breakbeat", "four on the floor", "half-time", "trap"),
    *("bossa", "samba", "clave", "one drop", "polka", "waltz", "jig", "reel", "march", "taiko", "tribal"),
    *("ballad brushes", "funk", "boom bap", "surf", "train", "blast", "hand drums", "war drums", "giant drums"),
    *("driving", "fanfare", "tension", "sparse"),
)
"""Rhythmic patterns of drums and of what follows them."""

PERCUSSION: Final[tuple[str, ...]] = (
    *("kit", "brushes", "electronic", "808", "taiko", "orchestral", "hand drums", "snare drum", "metal kit", "chip"),
    *("kit without kick", "brushes without kick", "electronic without kick", "808 without kick"),
    *("metal kit without kick", "chip without kick"),
)
"""The drums that play a groove."""

SCALES: Final[tuple[str, ...]] = (
    *("major", "minor", "dorian", "phrygian", "lydian", "mixolydian"),
    *("harmonic minor", "phrygian dominant", "major pentatonic", "minor pentatonic", "blues", "whole tone"),
    *("in-sen", "slendro", "chromatic"),
)
"""Scales; the first six are contract.MODES."""

HARMONIES: Final[tuple[str, ...]] = (
    *("functional", "modal", "jazz", "drone", "power", "quartal", "pedal", "minimal", "blues", "dark", "epic"),
)
"""Kinds of chords and progressions."""

FIGURATIONS: Final[tuple[str, ...]] = (
    *("layout", "sustained", "arpeggio", "ostinato", "strum", "stabs", "off-beat", "walking", "tremolo", "alberti"),
    *("stride",),
)
"""What accompaniment plays; "layout": as the layout has it."""


@dataclass(frozen=True, kw_only=True)
class Ensemble:
    """The instruments of each role, names of `instruments.NAMES`, the most prominent first; () leaves a role out."""

    melody: tuple[str, ...] = ()
    counter: tuple[str, ...] = ()
    harmony: tuple[str, ...] = ()
    bass: tuple[str, ...] = ()
    texture: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for role, names in self.by_role():
            if not isinstance(names, tuple):
                raise ValueError(f"ensemble: {role}: expected a tuple of names, got {names!r}")
            for name in names:
                if name not in PROGRAMS:
                    raise ValueError(f"ensemble: {role}: {name!r} is no instrument")

    def by_role(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """Return each role with its instruments, in the order of the fields."""
        return tuple((field.name, getattr(self, field.name)) for field in fields(self))

    @property
    def instruments(self) -> frozenset[str]:
        return frozenset(name for _, names in self.by_role() for name in names)


@dataclass(frozen=True, kw_only=True)
class AxisRange:
    """The bounds of a number axis, and how it is blended.

    Attributes:
        low, high: Inclusive.
        logarithmic: Whether blending and distance take its logarithm.
    """

    low: float
    high: float
    logarithmic: bool = False

    def position(self, value: float) -> float:
        """Return where a value lies in the range, in [0, 1]."""
        if self.logarithmic:
            return math.log(value / self.low) / math.log(self.high / self.low)
        return (value - self.low) / (self.high - self.low)

    def at(self, position: float) -> float:
        """Return the value at a position in [0, 1], the inverse of `position`."""
        if self.logarithmic:
            return self.low * math.exp(position * math.log(self.high / self.low))
        return self.low + position * (self.high - self.low)


RANGES: Final = {
    "tempo_bpm": AxisRange(low=30.0, high=300.0, logarithmic=True),
    "density": AxisRange(low=0.0, high=1.0),
    "register": AxisRange(low=-24.0, high=24.0),
    "articulation": AxisRange(low=0.0, high=1.0),
    "room": AxisRange(low=0.0, high=1.0),
    "width": AxisRange(low=0.0, high=1.0),
    "low_pass_hz": AxisRange(low=500.0, high=20_000.0, logarithmic=True),
    "wow": AxisRange(low=0.0, high=1.0),
    "saturation": AxisRange(low=0.0, high=1.0),
    "pump": AxisRange(low=0.0, high=1.0),
    "bits": AxisRange(low=4.0, high=16.0),
    "valence": AxisRange(low=-1.0, high=1.0),
    "arousal": AxisRange(low=0.0, high=1.0),
    "tension": AxisRange(low=0.0, high=1.0),
}
CHOICES: Final = {
    "layout": LAYOUTS,
    "groove": GROOVES,
    "percussion": PERCUSSION,
    "scale": SCALES,
    "harmony": HARMONIES,
    "figuration": FIGURATIONS,
}
PRODUCTION: Final = ("room", "width", "low_pass_hz", "wow", "saturation", "pump", "bits")
"""The axes of what is done to the finished sound. No note depends on them."""
METERS: Final = (2, 3, 4, 5, 6, 7, 9, 11, 12)


@dataclass(frozen=True, kw_only=True)
class StyleProfile:
    """A point on the axes of style.

    Attributes:
        ensemble: Instruments by role.
        layout, groove, percussion, scale, harmony, figuration: Words of CHOICES.
        tempo_bpm: Beats a minute.
        meter: Beats a bar, one of METERS.
        density: How many notes; 0.5 as the layout has it.
        register: Semitones above (below) the layout's.
        articulation: 0 short, 0.5 as the layout has it, 1 held.
        room: 0 dry, 0.5 the instruments' own seats, 1 a cathedral.
        width: 0 mono, 0.5 the instruments' own, 1 all around.
        low_pass_hz: Cut-off of a low-pass over the music; 20 000 is open.
        wow: Uneven speed of a tape, 0 to 1.
        saturation: 0 clean to 1 driven.
        pump: How far the kick pushes the rest down, 0 to 1.
        bits: Depth of samples; 16 is clean.
        valence: -1 dark to 1 bright. arousal: 0 at rest to 1 excited. tension: 0 at ease to 1.
    """

    ensemble: Ensemble
    layout: str
    groove: str = "none"
    percussion: str = "kit"
    scale: str = "major"
    harmony: str = "functional"
    figuration: str = "layout"
    tempo_bpm: float = 100.0
    meter: int = 4
    density: float = 0.5
    register: float = 0.0
    articulation: float = 0.5
    room: float = 0.5
    width: float = 0.5
    low_pass_hz: float = 20_000.0
    wow: float = 0.0
    saturation: float = 0.0
    pump: float = 0.0
    bits: float = 16.0
    valence: float = 0.0
    arousal: float = 0.5
    tension: float = 0.3

    def __post_init__(self) -> None:
        if not isinstance(self.ensemble, Ensemble):
            raise ValueError(f"ensemble: expected an Ensemble, got {self.ensemble!r}")
        for axis, words in CHOICES.items():
            if getattr(self, axis) not in words:
                raise ValueError(f"{axis}: expected one of {', '.join(words)}, got {getattr(self, axis)!r}")
        for axis, bounds in RANGES.items():
            value = getattr(self, axis)
            if isinstance(value, bool) or not isinstance(value, int | float) or not bounds.low <= value <= bounds.high:
                raise ValueError(f"{axis}: expected {bounds.low:g} to {bounds.high:g}, got {value!r}")
            # Equal profiles must have one key: 100 becomes 100.0, -0.0 becomes 0.0.
            object.__setattr__(self, axis, float(value) + 0.0)
        if not isinstance(self.meter, int) or self.meter not in METERS:
            raise ValueError(f"meter: expected one of {', '.join(map(str, METERS))}, got {self.meter!r}")

    @cached_property
    def key(self) -> str:
        """A name of the profile by its content: 12 hexadecimal digits, equal for equal profiles."""
        return sha256(repr(self).encode()).hexdigest()[:12]

    @cached_property
    def notes_key(self) -> str:
        """The key of the profile with neutral production: equal for profiles that differ only in how they are mixed."""
        neutral: dict[str, Any] = {axis.name: axis.default for axis in fields(self) if axis.name in PRODUCTION}
        return replace(self, **neutral).key


# How much a wholly different value of each axis adds to a distance; these sum to 1.
_WEIGHTS: Final = {
    "ensemble": 0.24,
    "layout": 0.10,
    "groove": 0.14,
    "percussion": 0.04,
    "scale": 0.08,
    "harmony": 0.04,
    "figuration": 0.04,
    "tempo_bpm": 0.10,
    "meter": 0.05,
    "density": 0.03,
    "register": 0.02,
    "articulation": 0.02,
    "room": 0.01,
    "width": 0.005,
    "low_pass_hz": 0.01,
    "wow": 0.005,
    "saturation": 0.01,
    "pump": 0.005,
    "bits": 0.015,
    "valence": 0.02,
    "arousal": 0.01,
    "tension": 0.01,
}


def distance(one: StyleProfile, other: StyleProfile) -> float:
    """Return how different two profiles sound, 0 (the same) to 1 (nothing in common)."""
    total = _WEIGHTS["ensemble"] * _ensemble_distance(one.ensemble, other.ensemble)
    for axis in (*CHOICES, "meter"):
        total += _WEIGHTS[axis] * (getattr(one, axis) != getattr(other, axis))
    for axis, bounds in RANGES.items():
        total += _WEIGHTS[axis] * abs(bounds.position(getattr(one, axis)) - bounds.position(getattr(other, axis)))
    return total


def _ensemble_distance(one: Ensemble, other: Ensemble) -> float:
    """The share of instruments in one ensemble alone; the melody's counts half."""
    both = one.instruments | other.instruments
    overall = len(one.instruments ^ other.instruments) / len(both) if both else 0.0
    return 0.5 * overall + 0.5 * (one.melody[:1] != other.melody[:1])


def blend(profiles: Sequence[StyleProfile], weights: Sequence[float]) -> StyleProfile:
    """Return the profile between some, for a style that is made of several prompts.

    Numbers are weighted means (of the logarithm where it says so in RANGES). A choice is the one with the greatest
    weight, the earlier of equals; ensemble and layout are those of the heaviest profile.

    Args:
        profiles: At least one.
        weights: One each, >= 0, not all 0.

    Raises:
        ValueError: For no profile, or weights that do not fit.
    """
    total = sum(weights)
    # A comparison that NaN fails as well.
    if not profiles or len(weights) != len(profiles) or min(weights) < 0 or not 0 < total < math.inf:
        raise ValueError(f"weights: expected {len(profiles)} >= 0, finite, not all 0, got {list(weights)}")
    heaviest = profiles[max(range(len(profiles)), key=lambda index: (weights[index], -index))]
    values: dict[str, object] = {"ensemble": heaviest.ensemble, "layout": heaviest.layout}
    for axis in (*CHOICES, "meter"):
        if axis not in values:
            votes: dict[object, float] = {}
            for profile, weight in zip(profiles, weights, strict=True):
                votes[getattr(profile, axis)] = votes.get(getattr(profile, axis), 0.0) + weight
            values[axis] = max(votes, key=lambda value: votes[value])
    for axis, bounds in RANGES.items():
        places = [bounds.position(getattr(profile, axis)) for profile in profiles]
        mean = sum(place * weight for place, weight in zip(places, weights, strict=True)) / total
        values[axis] = min(bounds.high, max(bounds.low, round(bounds.at(mean), 4)))
    return StyleProfile(**values)  # type: ignore[arg-type]
