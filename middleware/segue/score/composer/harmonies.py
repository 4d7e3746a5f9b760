"""Kinds of harmony: pools of progressions and cadences for every word of style_profile.HARMONIES."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, NamedTuple

from segue.score.composer.vocabulary import PLAIN, Colours


@dataclass(frozen=True, kw_only=True)
class Harmony:
    """Progressions and cadences, in the tokens of theory.chord.

    Attributes:
        rows: Progressions of four chords, or of eight or twelve for a whole phrase, by scale; "minor" and "major" for
            all scales of that third that have no row of their own.
        half, full: What a phrase's fourth and last bar become, by scale as `rows`: choices with spaces between.
        opened: What its last bar becomes where the next phrase goes on from it; none: as `full`.
        evaded: What stands for a close that an extension follows, or that a phrase does without: deceptive cadences.
        colours: Of a style of middling tension, see vocabulary.Colours.
        lengths: See vocabulary.Arrangement; none: phrases of any length.
        stretch: Bars a chord lasts at least.
        bass: The figure of bass voices, where the harmony needs one.
    """

    rows: Mapping[str, tuple[str, ...]]
    half: Mapping[str, str]
    full: Mapping[str, str]
    opened: Mapping[str, str] = field(default_factory=dict)
    evaded: Mapping[str, str] = field(default_factory=dict)
    colours: Colours = PLAIN
    lengths: tuple[tuple[int, ...], ...] = ()
    stretch: int = 1
    bass: str = ""

    def progressions(self, scale: str, third: str) -> tuple[str, ...]:
        """Return the progressions for a scale, whose tonic chord is "minor" or "major"."""
        return self.rows.get(scale) or self.rows[third]

    def cadences(self, scale: str, third: str) -> Cadences:
        """Return the cadences for a scale, see `progressions`."""

        def choices(table: Mapping[str, str]) -> str:
            return table.get(scale) or table.get(third, "")

        return Cadences(choices(self.half), choices(self.full), choices(self.opened), choices(self.evaded))


class Cadences(NamedTuple):
    """Choices of bars with spaces between, as of Harmony."""

    half: str
    full: str
    opened: str
    evaded: str


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
                "minor": "5M 5s/5M 4/5M 6/5M 4 7 6 3",
                "major": "5 5s/5 2/5 4 6 4/5 57 1/5",
                "phrygian dominant": "2 7 4",
                "in-sen": "2 4",
            },
            full={
                "minor": "4/1 5M/1 5s/1 7/1 6/1 5MD/1",
                "major": "5/1 4/1 57/1 2/1 4m/1 5s/1",
                "phrygian dominant": "2/1 7/1 7/2",
                "in-sen": "2/15 4/15",
            },
            opened={"minor": "5M 5s/5M 4/5M 6/7 4 6", "major": "5 2/5 4/5 57 6 4"},
            evaded={"minor": "5M/6 6 7/6 4", "major": "5/6 6 57/4 5/b6"},
            colours=Colours(secondary=0.16, mixture=0.1, pedal=0.1, inversion=0.5, suspension=0.3),
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
                "minor": "7 4 6 5m 3",
                "major": "5s 4 6 5 2",
                "dorian": "4 7 2 5m 3",
                "phrygian": "2 7 6 3 4",
                "lydian": "2 5 6 3 7",
                "mixolydian": "7 4 5m 2 6",
                "phrygian dominant": "2 7 4",
                "in-sen": "2 4",
                "major pentatonic": "5 2 6",
                "minor pentatonic": "7 4 5",
                "slendro": "4 5",
                "harmonic minor": "5 4 6",
            },
            full={
                "minor": "6/1 4/1 7/1 5m/1 1",
                "major": "4/1 2/1 5s/1 5/1 1",
                "dorian": "4/1 7/1 2/1 5m/1 1",
                "phrygian": "2/1 7/1 6/1 2 1",
                "lydian": "2/1 5/1 7/1 2 1",
                "mixolydian": "7/1 4/1 5m/1 7 1",
                "phrygian dominant": "2/1 7/1 7/2",
                "in-sen": "2/15 4/15",
                "major pentatonic": "5/1 2/1 2/5",
                "minor pentatonic": "7/1 4/1 4/7",
                "slendro": "4/1 5/1",
                "harmonic minor": "5/1 4/1 4/5",
            },
            opened={
                "minor": "6/7 7 4 5m 6",
                "major": "4/5s 5 2 6",
                "dorian": "4/7 4 7 5m 2",
                "phrygian": "6/2 2 7 3",
                "lydian": "6/2 2 5 3",
                "mixolydian": "7/4 7 4 5m",
                "major pentatonic": "5 2 6",
                "minor pentatonic": "7 4 5",
                "slendro": "4 5",
                "harmonic minor": "5 4 6",
            },
            evaded={"minor": "7/6 6 4", "major": "5/6 6 4", "dorian": "7/4 4", "mixolydian": "7/4 6"},
            colours=Colours(pedal=0.25, inversion=0.35, suspension=0.25),
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
            full={"minor": "5MD/17 17 47/17", "major": "5D/1j 16 27/1j 4m6/1j"},
            opened={"minor": "17/5MD 47/5MD 6j/5MD", "major": "1j/6D 27/5D 1j/5D 37/6D"},
            evaded={"minor": "5MD/6j 7D/3j", "major": "5D/67 5D/37 4m6/37"},
            colours=Colours(inversion=0.2, suspension=0.2),
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
            colours=Colours(suspension=0.2),
            stretch=2,
            bass="pedal",
        ),
        "power": Harmony(
            rows={
                "minor": ("15 15 65 75", "15 75 65 75", "15 35 75 45", "15 65 35 75", "15 15 45 65"),
                "major": ("15 55 65 45", "15 b75 45 15", "15 45 55 45", "15 45 b75 45", "15 65 45 55"),
                "phrygian": ("15 15 25 15", "15 25 35 25", "15 15 65 75", "15 25 75 15"),
            },
            half={"minor": "55 75 45 65 35", "major": "55 45 b75 65", "phrygian": "25 75 65 35"},
            full={"minor": "65/15 55/15 75/15 15", "major": "45/15 b75/15 55/15 15", "phrygian": "25/15 75/15 15"},
            opened={"minor": "65/75 45/55 75 55", "major": "45/55 b75/45 55", "phrygian": "65/75 25 75"},
            evaded={"minor": "75/65 65", "major": "55/65 b75", "phrygian": "75/65 65"},
            colours=Colours(pedal=0.2),
        ),
        "quartal": Harmony(
            rows={
                "minor": ("1q 4q 7s 4q", "1q 1q 4q 7s", "1q 2q 4q 5q", "4q 1q 7s 1q"),
                "major": ("1q 2q 5q 1q", "2q 6q 5q 1q", "1q 5q 6q 2q", "6q 2q 5q 1q"),
            },
            half={"minor": "5q 4q 7s", "major": "5q 2q 6q"},
            full={"minor": "4q/1q 7s/1q 5q/4q", "major": "5q/1q 2q/5q 2q/1q"},
            opened={"minor": "5q 4q 7s/5q", "major": "5q 2q 6q"},
            colours=Colours(pedal=0.3, suspension=0.2),
        ),
        "pedal": Harmony(
            rows={
                "minor": ("1 4 1 7", "1 6 7 1", "1 1 7 1", "1 7 4 1"),
                "major": ("1 4 1 5", "1 b7 4 1", "1 2 4 1", "1 1 4 5"),
                "phrygian": ("1 2 1 7", "1 1 2 1", "1 2 6 2"),
                "phrygian dominant": ("1 2 1 7", "1 4 2 1", "1 1 2 7", "1 2 4 2"),
                "mixolydian": ("1 7 1 4", "1 4 7 1", "1 1 7 4"),
            },
            half={"minor": "7 4 6 5m", "major": "5 4 b7 2", "phrygian": "2 7", "phrygian dominant": "2 7 4"},
            full={"minor": "7/1 4/1 1", "major": "5/1 4/1 1", "phrygian": "2/1 1", "phrygian dominant": "2/1 7/1 1"},
            bass="pedal",
        ),
        "minimal": Harmony(
            rows={
                "minor": ("1 6 1 4", "1 4 6 1", "1 3 1 7", "1 7 3 4"),
                "major": ("1 4 6 1", "1 6 1 4", "4 1 6 1", "19 2 1 4"),
            },
            half={"minor": "1 6 4 3 7", "major": "1 6 4 2 5"},
            full={"minor": "1 4/1 7/1 6/1", "major": "1 4/1 2/1 6/1"},
            opened={"minor": "7 4 6", "major": "6 4 2"},
            colours=Colours(inversion=0.3, suspension=0.3),
            stretch=2,
        ),
        "blues": Harmony(
            # Twelve bars: four on the tonic, two on the subdominant, the answer from the dominant on.
            rows={
                "minor": (
                    *("17 17 17 17 47 47 17 17 6D 5MD 17 17/5MD", "17 47 17 17 47 47 17 17 5MD 47 17 5MD"),
                    *("17 17 17 17 47 47 17 17 47/6D 5MD 17 5MD", "17 5MD 47 47 17 17 47 6D 5MD 47 17 5MD"),
                ),
                "major": (
                    *("1D 4D 1D 1D 4D 4D 1D 1D 5D 4D 1D 5D", "1D 1D 1D 1D 4D 4D 1D 1D 5D 4D 1D 1D/5D"),
                    *("1D 4D 1D 1D 4D 4D 1D 6D 27 5D 1D/6D 27/5D", "1D 5D 4D 4D 1D 5D 4D 4D 1D 5D 1D 1D/5D"),
                ),
                "blues": (
                    *("1D 4D 1D 1D 4D 4D 1D 1D 5MD 4D 1D 5MD", "1D 1D 1D 1D 4D 4D 1D 1D 5MD 4D 1D 1D/5MD"),
                    *("1D 4D 1D 1D 4D 4D 1D 1D b6 5MD 1D 1D/5MD", "1D 5MD 4D 4D 1D 1D 4D 4D 5MD 4D 1D 1D/5MD"),
                ),
            },
            half={"minor": "47 5MD", "major": "4D 5D"},
            full={"minor": "17/5MD 17", "major": "1D/5D 1D"},
            lengths=((12, 12, 12, 12),),
        ),
        "dark": Harmony(
            rows={
                "minor": (
                    *("1 b2 1 1", "1 6 1 4", "1 1 4 6", "1 7 6 1", "1 b2 1 b2", "1 1 6 b2", "1 4 b2 1", "1 3m 1 6m"),
                ),
                "major": ("1 1 b7 1", "1 4 1 b2", "6 6 4 3", "1 b2 1 b2", "1 b7 b2 1"),
            },
            half={"minor": "b2 4 6 5M 7 3m", "major": "b2 4 b7 3 6"},
            full={"minor": "b2/1 6/1 7/1 5M/1 4/1", "major": "b7/1 b2/1 4/1"},
            opened={"minor": "6/5M b2 5M 6 4", "major": "b2 b7 6 3"},
            evaded={"minor": "5M/6 b2/6 3m", "major": "b7/b6 b6"},
            colours=Colours(mixture=0.15, pedal=0.35, inversion=0.2, suspension=0.4),
        ),
        "epic": Harmony(
            rows={
                "minor": (
                    *("1 6 7 1", "1 1 6 7", "1 6 3 7", "1 6 4 5M", "1 7 6 5M", "1 b2 1 7", "1 6 b2 5M", "1 4 6 5M"),
                    *("6 7 1 1",),
                ),
                "major": ("1 5 6 4", "1 b7 4 1", "6 4 1 5", "1 b7 4 5", "1 4 6 5", "1 1 4 5"),
            },
            half={"minor": "5M 7 b2 6 4 3", "major": "5 5s/5 b7 4 6 b6"},
            full={"minor": "7/1 5M/1 6/1 4/1 6/1M", "major": "5/1 b7/1 4/1 b6/1 57/1"},
            opened={"minor": "7/5M 6/7 6/5M 5s/5M 7", "major": "4/5 b7/4 5 5s/5"},
            evaded={"minor": "5M/6 7/6 b2", "major": "5/6 5/b6 b7"},
            colours=Colours(secondary=0.06, mixture=0.12, pedal=0.25, inversion=0.35, suspension=0.35),
        ),
    }
)
