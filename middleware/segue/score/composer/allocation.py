"""Voice allocation: which voices of the arrangements of a mix play, so that together they are no more than one.

A mix is pairs of an arrangement and its weight, all of at least FLOOR where voices are allocated.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Final, NamedTuple

from segue.score.composer.bar import phrase_onsets
from segue.score.composer.form import SoundingArrangement
from segue.score.composer.playing import FLOOR, SOLO_ROLES
from segue.score.composer.progressions import PHRASE_BARS
from segue.score.composer.vocabulary import Arrangement

# An arrangement of this weight plays all its voices; one of half of it, half of them.
_ALL_VOICES: Final = 0.85
# What plays in a mix has at most so many times the notes of the busiest of its arrangements alone: with the first voice
# of each arrangement, and with further ones.
_MOST_NOTES, _MOST_FURTHER = 1.12, 1.0

Sounding = tuple[tuple[Arrangement, float], ...]


@lru_cache(maxsize=1024)
def allocated(
    mix: Sounding, holders: tuple[str, str, str], leader: str, intensity: float, meter: int
) -> tuple[SoundingArrangement, ...]:
    """Return which voices play.

    Solo roles are played by their holders. Of the others an arrangement plays the more the more it weighs, in its own
    order, and the least deserved are left out while all have more notes than the busiest arrangement alone.

    Args:
        holders: Of melody, bass and drums.
        leader: Plays its second voices, too.
        intensity: In [0, 1], rounded, for which notes are counted.
        meter: Beats in the bar, in which they are counted.
    """
    rates = {row.name: _rates(row, intensity, meter) for row, _ in mix}
    claims = sorted(_claims(mix, holders, leader, rates), reverse=True)
    busiest = max((sum(_alone(row, rates[row.name], holders[2])) for row, _ in mix), default=0.0)
    total = rates[holders[2]][-1] if holders[2] in rates else 0.0
    playing = {row.name: 0 for row, _ in mix}
    for claim in claims:
        rate = rates[claim.name][claim.slot]
        most = busiest * (_MOST_NOTES if claim.rank else _MOST_FURTHER)
        if claim.rank < 2 and total + rate > most + 1e-9 and playing[leader or claim.name]:
            continue
        total += rate
        playing[claim.name] |= 1 << claim.slot
    return tuple(SoundingArrangement(name, voices) for name, voices in playing.items())


class _Claim(NamedTuple):
    """A voice that may play; the greater are served first.

    Attributes:
        rank: 2 for solo roles, 1 for an arrangement's first voice, 0 for others.
        share: Weight of the arrangement against the least with which the voice plays.
        order: Earlier arrangements of a mix have the greater.
    """

    rank: int
    share: float
    order: int
    slot: int
    name: str


def _claims(
    mix: Sounding, holders: tuple[str, str, str], leader: str, rates: Mapping[str, tuple[float, ...]]
) -> Iterator[_Claim]:
    for order, (row, weight) in enumerate(mix):
        accompanying = []
        for slot, voice in enumerate(row.voices):
            if voice.role in SOLO_ROLES and holders[SOLO_ROLES.index(voice.role)] == row.name:
                yield _Claim(2, 1.0, -order, slot, row.name)
            elif voice.role not in (*SOLO_ROLES, "counter") or (voice.role == "counter" and row.name == leader):
                accompanying.append(slot)
        if not accompanying and row.name not in holders:
            # One that has nothing but a tune is heard by it.
            accompanying = [slot for slot, voice in enumerate(row.voices) if voice.role == "melody"][:1]
        # Those that have notes at this intensity come first.
        for place, slot in enumerate(sorted(accompanying, key=lambda slot: rates[row.name][slot] == 0)):
            # The first of them sounds as soon as the arrangement does; of all arrangements about as many as of one.
            needed = _ALL_VOICES * (place + 0.5) / len(accompanying) if place else FLOOR
            if weight >= needed:
                yield _Claim(0 if place else 1, weight / needed, -order, slot, row.name)


@lru_cache(maxsize=1024)
def _rates(arrangement: Arrangement, intensity: float, meter: int) -> tuple[float, ...]:
    """Return the notes a beat of each voice of an arrangement in a phrase of its own, and of its drums."""
    counts = [0] * (len(arrangement.voices) + 1)
    for voice, _ in phrase_onsets(arrangement, intensity, meter):
        counts[voice] += 1
    return tuple(count / (PHRASE_BARS * meter) for count in counts)


def _alone(arrangement: Arrangement, rates: tuple[float, ...], drummer: str) -> tuple[float, ...]:
    """Return the rates of what would play without the others; drums only where any play."""
    return rates if drummer and (arrangement.kit.own or drummer == arrangement.name) else rates[:-1]
