"""Which styles play so much alike that a listener takes them for one."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cache
from itertools import combinations
from typing import Final

from segue.style_profile import StyleProfile, distance

# Profiles nearer than this differ in moods and shares of the sound: their music differs about as much as that of one
# profile with another seed (python -m segue.training.words.calibrate; segue/weights/words/WORDS.md).
ALIKE: Final = 0.02
# Tempos further apart than this ratio are heard as two, however near the profiles.
_SAME_TEMPO: Final = 1.08


def alike(profiles: Mapping[str, StyleProfile], threshold: float = ALIKE) -> list[tuple[str, str, float]]:
    """Return the pairs of styles that play alike, the most alike first.

    Args:
        profiles: By the styles' names.
        threshold: Of the distance between profiles, at most 0.08.

    Returns:
        (name, name, distance), the names in the order of `profiles`.
    """
    # Layout, groove or scale alone sets two profiles 0.08 or more apart: only those that share them are compared.
    groups: dict[tuple[str, str, str], list[str]] = {}
    for name, profile in profiles.items():
        groups.setdefault((profile.layout, profile.groove, profile.scale), []).append(name)
    # Many styles of a large file may have one profile: each is compared once.
    numbers: dict[StyleProfile, int] = {}
    number_of = {name: numbers.setdefault(profile, len(numbers)) for name, profile in profiles.items()}
    different = list(numbers)

    @cache
    def between(one: int, other: int) -> float:
        """The distance of two profiles; infinite where their tempos are heard as two."""
        first, second = different[one], different[other]
        return distance(first, second) if _same_tempo(first, second) else math.inf

    pairs = [
        (one, other, between(number_of[one], number_of[other]))
        for names in groups.values()
        for one, other in combinations(names, 2)
    ]
    return sorted((pair for pair in pairs if pair[2] < threshold), key=lambda pair: pair[2])


def _same_tempo(one: StyleProfile, other: StyleProfile) -> bool:
    slow, fast = sorted((one.tempo_bpm, other.tempo_bpm))
    return fast <= slow * _SAME_TEMPO
