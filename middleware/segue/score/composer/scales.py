"""Scales: the tones that melody and chords may use, and the seven degrees by which chords are written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True, kw_only=True)
class Scale:
    """A scale over its tonic. Tones are semitones above it.

    Attributes:
        degrees: Seven tones, those of the degrees 1 to 7 that chords are written in.
        tones: What a melody uses, rising from 0; equal to `degrees` for a seven-tone scale.
        strict: Whether chords keep to `tones`, too. Otherwise a chord may raise or lower a tone, such as the leading
            tone of a minor key.
        instead: For a degree whose triad no style wants (diminished or augmented), the one that shares most tones.
    """

    degrees: tuple[int, ...]
    tones: tuple[int, ...] = ()
    strict: bool = False
    instead: Mapping[int, int] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "tones", self.tones or self.degrees)
        if len(self.degrees) != 7 or self.degrees[0] != 0 or self.tones[0] != 0:
            raise ValueError(f"degrees: expected seven from 0, got {self.degrees}, {self.tones}")
        if sorted(set(self.tones)) != list(self.tones) or self.tones[-1] > 11:
            raise ValueError(f"tones: expected rising semitones below 12, got {self.tones}")

    @property
    def minor(self) -> bool:
        """Whether the chord of the tonic is minor."""
        return self.degrees[2] == 3


SCALES: Final[Mapping[str, Scale]] = MappingProxyType(
    {
        "major": Scale(degrees=(0, 2, 4, 5, 7, 9, 11), instead={7: 5}),
        "minor": Scale(degrees=(0, 2, 3, 5, 7, 8, 10), instead={2: 4}),
        "dorian": Scale(degrees=(0, 2, 3, 5, 7, 9, 10), instead={6: 4}),
        "phrygian": Scale(degrees=(0, 1, 3, 5, 7, 8, 10), instead={5: 3}),
        "lydian": Scale(degrees=(0, 2, 4, 6, 7, 9, 11), instead={4: 2}),
        "mixolydian": Scale(degrees=(0, 2, 4, 5, 7, 9, 10), instead={3: 1}),
        "harmonic minor": Scale(degrees=(0, 2, 3, 5, 7, 8, 11), strict=True, instead={2: 4, 3: 1, 7: 5}),
        # The maqam hijaz and the Jewish freygish.
        "phrygian dominant": Scale(degrees=(0, 1, 4, 5, 7, 8, 10), strict=True, instead={3: 1, 5: 7, 6: 4}),
        "major pentatonic": Scale(
            degrees=(0, 2, 4, 5, 7, 9, 11), tones=(0, 2, 4, 7, 9), strict=True, instead={4: 6, 7: 5}
        ),
        "minor pentatonic": Scale(
            degrees=(0, 2, 3, 5, 7, 8, 10), tones=(0, 3, 5, 7, 10), strict=True, instead={2: 4, 6: 4}
        ),
        # Its chords are those of the blues, with major thirds against the melody's minor ones.
        "blues": Scale(degrees=(0, 2, 3, 5, 7, 8, 10), tones=(0, 3, 5, 6, 7, 10), instead={2: 4}),
        "whole tone": Scale(degrees=(0, 2, 4, 6, 8, 8, 10), tones=(0, 2, 4, 6, 8, 10), strict=True),
        # The in scale of koto and shamisen (miyako-bushi); in-sen has the tenth semitone for the eighth.
        "in-sen": Scale(degrees=(0, 1, 3, 5, 7, 8, 10), tones=(0, 1, 5, 7, 8), strict=True, instead={3: 6, 7: 4}),
        # Slendro's five nearly equal steps of 240 cents, rounded to semitones.
        "slendro": Scale(degrees=(0, 2, 3, 5, 7, 9, 10), tones=(0, 2, 5, 7, 10), strict=True, instead={3: 7, 6: 4}),
        "chromatic": Scale(degrees=(0, 1, 3, 5, 7, 8, 10), tones=tuple(range(12)), instead={5: 3}),
    }
)
"""The words of style_profile.SCALES; contract.MODES are the first six."""


@lru_cache(maxsize=256)
def signature(tonic: int, mode: str) -> tuple[int, bool]:
    """Return the key signature of a scale on a pitch class.

    Returns:
        The pitch class of the major key with most of the scale's tones (of equals, the tonic's own or its relative),
        and whether it is to be written as that key's relative minor, since the chord of the tonic is minor.
    """
    scale = SCALES[mode]
    tones = {(tonic + tone) % 12 for tone in (*scale.tones, scale.degrees[2])}
    own = (tonic + 3) % 12 if scale.minor else tonic

    def fit(key: int) -> tuple[int, bool]:
        return sum((tone - key) % 12 in SCALES["major"].tones for tone in tones), key == own

    return max(range(12), key=fit), scale.minor
