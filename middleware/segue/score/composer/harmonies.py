"""Kinds of harmony: pools of progressions and cadences for every word of style_profile.HARMONIES."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True, kw_only=True)
class Harmony:
    """Progressions and cadences, in the tokens of theory.chord.

    Attributes:
        rows: Progressions of four chords, or of eight for a whole phrase, by scale; "minor" and "major" for all scales
            of that third that have no row of their own.
        half, full: What a phrase's fourth and eighth bar become, by scale as `rows`: choices with spaces between.
        stretch: Bars a chord lasts at least.
        bass: The figure of bass voices, where the harmony needs one.
    """

    rows: Mapping[str, tuple[str, ...]]
    half: Mapping[str, str]
    full: Mapping[str, str]
    stretch: int = 1
    bass: str = ""

    def progressions(self, scale: str, third: str) -> tuple[str, ...]:
        """Return the progressions for a scale, whose tonic chord is "minor" or "major"."""
        return self.rows.get(scale) or self.rows[third]

    def cadences(self, scale: str, third: str) -> tuple[str, str]:
        """Return the half and the full cadences for a scale, see `progressions`."""
        return self.half.get(scale) or self.half[third], self.full.get(scale) or self.full[third]


# Of the second and seventh degrees a scale such as hijaz makes its cadences, in any kind of harmony.
_HIJAZ: Final = ("1 2 1 7", "1 4 2 1", "1 1 2 7", "1 2 4 2", "1 7 4 2", "1 2 1 1")
_IN_SEN: Final = ("15 2 15 2", "15 15 2 4", "15 4 2 15", "15 2 4 15")

HARMONIES: Final[Mapping[str, Harmony]] = MappingProxyType(
    {
        "functional": Harmony(
            rows={
                "minor": (
                    *("1 6 4 5M", "1 4 5M 1", "1 6 3 7", "1 4 7 3", "1 7 6 5M", "6 7 1 1", "1 3 6 4", "1 4 1 5M"),
                    *("1 3 4 5M", "1 5m 6 4"),
                ),
                "major": (
                    *("1 6 4 5", "1 4 5 1", "1 5 6 4", "1 6 2 5", "1 3 4 5", "4 5 1 6", "1 5 6 3", "1 4 1 5"),
                    *("1 2 5 1", "6 4 1 5"),
                ),
                "phrygian dominant": _HIJAZ,
                "in-sen": _IN_SEN,
            },
            half={
                "minor": "5M 5s/5M 4 7",
                "major": "5 5s/5 2/5 4",
                "phrygian dominant": "2 7 4",
                "in-sen": "2 4",
            },
            full={
                "minor": "4/1 5M/1 4/5M 6/7",
                "major": "5/1 4/1 4/5 57/1",
                "phrygian dominant": "2/1 7/1 7/2",
                "in-sen": "2/15 4/15",
            },
        ),
        "modal": Harmony(
            rows={
                "minor": ("1 7 6 7", "1 6 7 1", "1 3 7 4", "1 4 7 1", "1 7 4 1"),
                "major": ("1 4 1 5", "1 5 4 1", "19 4 1 5s", "1 6 4 1", "1 3 4 19"),
                "dorian": ("1 4 1 4", "1 7 4 1", "1 4 7 1", "1 2 4 1", "1 3 7 4"),
                "phrygian": ("1 2 1 2", "1 2 7 1", "1 7 6 2", "1 2 3 2"),
                "lydian": ("1 2 1 2", "1 2 5 1", "19 2 6 5", "1 3 2 1"),
                "mixolydian": ("1 7 4 1", "1 7 1 4", "1 4 7 1", "1 7 1 7"),
                "phrygian dominant": _HIJAZ,
                "in-sen": _IN_SEN,
                "major pentatonic": ("1 2 1 5", "1 5 2 1", "1 6 1 5", "1 3 6 1"),
                "minor pentatonic": ("1 7 1 4", "1 4 7 1", "1 3 7 1", "1 1 7 4"),
                "slendro": ("1 4 1 5", "1 2 1 4", "1 5 4 1"),
                "harmonic minor": ("1 4 1 5", "1 6 4 5", "1 4 5 1", "1 5 6 5"),
            },
            half={
                "minor": "7 4 6",
                "major": "5s 4 6",
                "dorian": "4 7 2",
                "phrygian": "2 7 6",
                "lydian": "2 5 6",
                "mixolydian": "7 4 5",
                "phrygian dominant": "2 7 4",
                "in-sen": "2 4",
                "major pentatonic": "5 2 6",
                "minor pentatonic": "7 4 5",
                "slendro": "4 5",
                "harmonic minor": "5 4 6",
            },
            full={
                "minor": "6/7 4/1 7/1",
                "major": "4/1 2/1 4/5s",
                "dorian": "4/7 4/1 7/1",
                "phrygian": "2/1 7/1 6/2",
                "lydian": "2/1 5/1 6/2",
                "mixolydian": "7/1 4/1 7/4",
                "phrygian dominant": "2/1 7/1 7/2",
                "in-sen": "2/15 4/15",
                "major pentatonic": "5/1 2/1 2/5",
                "minor pentatonic": "7/1 4/1 4/7",
                "slendro": "4/1 5/1",
                "harmonic minor": "5/1 4/1 4/5",
            },
        ),
        "jazz": Harmony(
            rows={
                "minor": (
                    *("17 47 17 5MD", "17 6j 47 5MD", "47 7D 3j 6j", "17 17 47 5MD", "17 7D 6j 5MD"),
                    *("47 7D 3j 6j 47 5MD 17 17/5MD", "17 17 47 17 6D 5MD 17 47/5MD"),
                ),
                "major": (
                    *("1j 67 27 5D", "27 5D 1j 67", "1j 6D 27 5D", "37 6D 27 5D", "1j 4j 37 67"),
                    *("1j/67 27/5D 37/6D 27/5D 1D 4j/4m6 37/6D 27/5D", "27 5D 1j 1j 4j 4m6 37/6D 27/5D"),
                ),
            },
            half={"minor": "5MD 7D 47/5MD", "major": "5D 27/5D 37/6D"},
            full={"minor": "17/5MD 17 47/5MD", "major": "1j/5D 16 1j/6D 27/5D"},
        ),
        "drone": Harmony(
            rows={
                "minor": ("1 1 1 1", "1 15 1 1s"),
                "major": ("1 1 1 1", "1 15 1 1s"),
                # Their second degree is what these scales are known by.
                "phrygian dominant": ("1 2 1 1", "1 1 2 1", "1 1 1 2"),
                "in-sen": ("15 2 15 15", "15 15 2 15", "15 2 15 2"),
            },
            half={"minor": "1 15 1s", "major": "1 15 1s", "phrygian dominant": "1 2", "in-sen": "2 15"},
            full={"minor": "1 15", "major": "1 15", "phrygian dominant": "1 2/1", "in-sen": "2/15 15"},
            stretch=2,
            bass="pedal",
        ),
        "power": Harmony(
            rows={
                "minor": ("15 15 65 75", "15 75 65 75", "15 35 75 45", "15 65 35 75", "15 15 45 65"),
                "major": ("15 55 65 45", "15 b75 45 15", "15 45 55 45", "15 45 b75 45", "15 65 45 55"),
                "phrygian": ("15 15 25 15", "15 25 35 25", "15 15 65 75", "15 25 75 15"),
            },
            half={"minor": "55 75 45", "major": "55 45 b75", "phrygian": "25 75"},
            full={"minor": "65/75 45/55 75/15", "major": "45/55 b75/45 55/15", "phrygian": "25/15 65/75"},
        ),
        "quartal": Harmony(
            rows={
                "minor": ("1q 4q 7s 4q", "1q 1q 4q 7s", "1q 2q 4q 5q", "4q 1q 7s 1q"),
                "major": ("1q 2q 5q 1q", "2q 6q 5q 1q", "1q 5q 6q 2q", "6q 2q 5q 1q"),
            },
            half={"minor": "5q 4q 7s", "major": "5q 2q 6q"},
            full={"minor": "4q/1q 7s/1q 5q/4q", "major": "5q/1q 2q/5q 2q/1q"},
        ),
        "pedal": Harmony(
            rows={
                "minor": ("1 4 1 7", "1 6 7 1", "1 1 7 1", "1 7 4 1"),
                "major": ("1 4 1 5", "1 b7 4 1", "1 2 4 1", "1 1 4 5"),
                "phrygian": ("1 2 1 7", "1 1 2 1", "1 2 6 2"),
                "phrygian dominant": ("1 2 1 7", "1 4 2 1", "1 1 2 7", "1 2 4 2"),
                "mixolydian": ("1 7 1 4", "1 4 7 1", "1 1 7 4"),
            },
            half={"minor": "7 4 6", "major": "5 4 b7", "phrygian": "2 7", "phrygian dominant": "2 7 4"},
            full={"minor": "7/1 4/1 1", "major": "5/1 4/1 1", "phrygian": "2/1 1", "phrygian dominant": "2/1 7/1 1"},
            bass="pedal",
        ),
        "minimal": Harmony(
            rows={
                "minor": ("1 6 1 4", "1 4 6 1", "1 3 1 7", "1 7 3 4"),
                "major": ("1 4 6 1", "1 6 1 4", "4 1 6 1", "19 2 1 4"),
            },
            half={"minor": "1 6 4", "major": "1 6 4"},
            full={"minor": "1 4/1 7/1", "major": "1 4/1 2/1"},
            stretch=2,
        ),
        "blues": Harmony(
            rows={
                "minor": (
                    *("17 47 17 17 47 47 17 5MD", "17 17 17 17 47 17 6D/5MD 17", "17 17 47 17 47 6D 5MD 17/5MD"),
                    "17 5MD 47 47 17 5MD 17 5MD",
                ),
                "major": (
                    *("1D 4D 1D 1D 4D 4D 1D 5D", "1D 1D 1D 1D 4D 1D 5D 1D/5D", "1D 5D 4D 4D 1D 5D 1D 5D"),
                    *("1D 4D 1D 1D 5D 4D 1D 1D/5D",),
                ),
                "blues": (
                    *("1D 4D 1D 1D 4D 4D 1D 5MD", "1D 1D 1D 1D 4D 1D 5MD 1D/5MD", "1D 5MD 4D 4D 1D 5MD 1D 5MD"),
                    *("1D 4D 1D 1D 5MD 4D 1D 1D/5MD",),
                ),
            },
            half={"minor": "47 5MD", "major": "4D 5D"},
            full={"minor": "17/5MD 17", "major": "1D/5D 1D"},
        ),
        "dark": Harmony(
            rows={
                "minor": (
                    *("1 b2 1 1", "1 6 1 4", "1 1 4 6", "1 7 6 1", "1 b2 1 b2", "1 1 6 b2", "1 4 b2 1", "1 3m 1 6m"),
                ),
                "major": ("1 1 b7 1", "1 4 1 b2", "6 6 4 3", "1 b2 1 b2", "1 b7 b2 1"),
            },
            half={"minor": "b2 4 6", "major": "b2 4 b7"},
            full={"minor": "b2/1 6/5M 7/1", "major": "b7/1 b2/1 4/1"},
        ),
        "epic": Harmony(
            rows={
                "minor": (
                    *("1 6 7 1", "1 1 6 7", "1 6 3 7", "1 6 4 5M", "1 7 6 5M", "1 b2 1 7", "1 6 b2 5M", "1 4 6 5M"),
                    *("6 7 1 1",),
                ),
                "major": ("1 5 6 4", "1 b7 4 1", "6 4 1 5", "1 b7 4 5", "1 4 6 5", "1 1 4 5"),
            },
            half={"minor": "5M 7 b2 6", "major": "5 5s/5 b7 4"},
            full={"minor": "7/5M 6/7 6/5M", "major": "4/5 b7/4 5/1"},
        ),
    }
)
