"""How written notes are performed: the phrase's arc, timing by role, and unevenness.

Every draw is a pure function of seed, phrase, bar and voice.

Source: Friberg, Bresin and Sundberg 2006 (rules of performance: phrase arch, high loud, melodic timing).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise
from types import MappingProxyType
from typing import Final

from segue.contract import TICKS_PER_BEAT
from segue.score.composer.harmony import Phrase
from segue.score.composer.keyed_random import KeyedRandom, text_key
from segue.score.composer.meters import group_starts
from segue.score.composer.vocabulary import Arrangement, Part

# The first beat's notes are louder, to mark the bar. Where the rules say its groups, so are the first of each group,
# and the others are softer.
_DOWNBEAT: Final = 1.1
_GROUP_HEAD, _WITHIN_GROUP = 1.08, 0.88
# A phrase's arc: factors on velocities by the place in it. It grows, breathes at its half, and settles after its peak.
_ARC: Final = ((0.0, 0.88), (0.35, 0.98), (0.46, 0.99), (0.51, 0.92), (0.8, 1.12), (0.92, 1.04), (1.0, 0.88))
_CONTRAST: Final = 1.04
# How deep the arc is, of music at rest and of music in the thick of a fight.
_DEEP_AT_REST, _DEEP_IN_FIGHT = 1.7, 1.2
# How far a role follows the arc.
_FOLLOWS: Final[Mapping[str, float]] = MappingProxyType({"bass": 0.8, "drums": 0.7})
# How unevenly a role plays: shares of its velocity, from note to note between beats and from bar to bar. On beats a
# player is steadier by a factor.
_UNEVEN: Final[Mapping[str, float]] = MappingProxyType({"drums": 0.22, "bass": 0.15})
_UNEVEN_NOTES, _UNEVEN_BARS, _ON_BEAT = 0.2, 0.06, 0.7
# How late a role plays, in seconds, and how loosely, against its arrangement: whoever leads plays behind the rhythm.
_LATE: Final[Mapping[str, float]] = MappingProxyType({"melody": 0.008, "counter": 0.011, "harmony": 0.004})
_LOOSE: Final[Mapping[str, float]] = MappingProxyType({"melody": 1.3, "counter": 1.3, "bass": 0.7, "drums": 0.6})
# Higher is louder: the factor on a line's velocity for each semitone above its register, to either side at most so far.
_HIGH_LOUD, _HIGHEST = 1.012, 12
_LINES: Final = ("melody", "counter")


def performed(arrangement: Arrangement, part: Part, plan: Phrase, bar: int, seed: int) -> Iterator[tuple[int, float]]:
    """Return for each note of a part in a bar of a phrase its tick, within the bar, and its velocity."""
    random = KeyedRandom(seed, plan.key, bar, part.slot, text_key(arrangement.notes_key), 52)
    even = arrangement.gain * (1 + random.spread(_UNEVEN_BARS)) * (_CONTRAST if plan.letter == "B" else 1.0)
    uneven, follows = _UNEVEN.get(part.role, _UNEVEN_NOTES), _FOLLOWS.get(part.role, 1.0)
    late = _LATE.get(part.role, 0.0) * arrangement.tempo_bpm / 60
    loose = arrangement.loose * _LOOSE.get(part.role, 1.0)
    register = arrangement.voices[part.slot].register if part.role in _LINES else None
    follows *= _DEEP_AT_REST + arrangement.drive * (_DEEP_IN_FIGHT - _DEEP_AT_REST)
    last, heads = plan.meter * TICKS_PER_BEAT - 1, tuple(group_starts(plan.groups))
    for note in part.notes:
        weight = _DOWNBEAT if note.start < 0.1 else _in_group(note.start, heads)
        if register is not None:
            weight *= _HIGH_LOUD ** max(-_HIGHEST, min(_HIGHEST, note.pitch - register))
        weight *= 1 + follows * (_arc((bar + note.start / plan.meter) / plan.length) - 1)
        start = _swung(note.start, arrangement.swing, arrangement.sixteenth_swing) + late + random.spread(loose)
        tick = min(last, max(0, round(start * TICKS_PER_BEAT)))
        most = uneven * (_ON_BEAT if min(note.start % 1, -note.start % 1) < 0.1 else 1.0)
        yield tick, note.velocity * even * weight * (1 + most * (2 * random.uniform() - 1))


def _in_group(start: float, heads: tuple[int, ...]) -> float:
    """Return the factor on the velocity of a note in a bar whose groups begin on these beats, if the rules say them."""
    if not heads:
        return 1.0
    return _GROUP_HEAD if min(abs(start - head) for head in heads) < 0.1 else _WITHIN_GROUP


def _arc(place: float) -> float:
    """Return the factor on a velocity at a place of a phrase, 0 to 1."""
    place = min(1.0, place)
    return next(
        low + (high - low) * (place - begin) / (end - begin)
        for (begin, low), (end, high) in pairwise(_ARC)
        if place <= end
    )


def _swung(start: float, swing: float, sixteenth_swing: float) -> float:
    """Return a place of a bar, in beats, with the middle of its beat and of its half beat late. Triplets stay."""
    if min(start * 3 % 1, -start * 3 % 1) < 0.06 and min(start * 4 % 1, -start * 4 % 1) >= 0.06:
        return start
    start = _bent(start, 1.0, swing)
    return _bent(start, 0.5, sixteenth_swing) if not swing else start


def _bent(start: float, span: float, delay: float) -> float:
    whole, rest = divmod(start, span)
    half = span / 2
    if rest <= half:
        return whole * span + rest * (half + delay) / half
    return whole * span + half + delay + (rest - half) * (half - delay) / half
