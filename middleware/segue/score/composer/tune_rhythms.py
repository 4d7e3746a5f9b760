"""Rhythms of tunes: how many notes a bar has, where they fall, and where the tune rests."""

from __future__ import annotations

import math
from typing import Final, NamedTuple

from segue.score.composer.keyed_random import KeyedRandom
from segue.score.composer.meters import bar_groups, folded_beats
from segue.score.composer.motif import GRID
from segue.score.composer.vocabulary import Voice

# Rhythms of two and of three beats in sixteenths with how common they are: x a note, r a rest, . goes on.
_PAIRS: Final = (
    ("x.......", 1.0), ("x...x...", 1.2), ("x.....x.", 0.9), ("x...x.x.", 1.0), ("x.x.x...", 0.9), ("x.x.x.x.", 0.8),
    ("r...x...", 0.35), ("r.x.x...", 0.25), ("x..x..x.", 0.4), ("x.x.r.x.", 0.3), ("r.......", 0.35),
    ("x...x.xx", 0.3), ("xxx.x.x.", 0.3), ("x.xxx...", 0.3), ("x..xx.x.", 0.25),
)  # fmt: skip
_TRIPLES: Final = (
    ("x...........", 1.0), ("x.......x...", 1.2), ("x...x.......", 0.5), ("x...x...x...", 1.1), ("x.....x.x...", 0.9),
    ("x.x.x...x...", 0.7), ("x...x...x.x.", 0.6), ("x.......x.x.", 0.6), ("x.x.x.x.x...", 0.5), ("r...x...x...", 0.25),
    ("r...........", 0.3), ("x.x.x.x.x.x.", 0.4), ("x.....xxx...", 0.2),
)  # fmt: skip
# The last note of a unit, in beats, at most.
_LONGEST: Final = 6
# How strictly a bar keeps to the number of notes that is wanted.
_STRICT: Final = 0.9
_SIXTEENTH: Final = GRID // 4
# A tune of a voice of density 0 has so many notes a beat at 100 bpm, and so many more at 1.
_LEAST, _MORE = 0.45, 1.1


class Beat(NamedTuple):
    """A note's place in a bar: parts of a beat from the bar's start, and how long it sounds."""

    start: int
    length: int


def notes_per_beat(voice: Voice, tempo_bpm: float) -> float:
    """Return how many notes a beat suit a voice: fewer the faster the beats are."""
    return float((_LEAST + _MORE * voice.density) * (100.0 / tempo_bpm) ** 0.4)


def bar_rhythm(
    voice: Voice, meter: int, tempo_bpm: float, random: KeyedRandom, said: tuple[int, ...] = ()
) -> tuple[Beat, ...]:
    """Return one bar: one of the voice's own rhythms, or drawn group by group; its first beat has a note.

    Args:
        said: The groups of the bar if the rules say them.
    """
    if voice.rhythms:
        return _written(voice, meter, random, said)
    wanted = notes_per_beat(voice, tempo_bpm)
    beats: list[Beat] = []
    start = 0
    for index, size in enumerate(bar_groups(meter, said)):
        beats += _group(voice, size, wanted * size, start, random, first=index == 0)
        start += size
    return tuple(beats)


def ending(rhythm: tuple[Beat, ...], meter: int, last: int) -> tuple[Beat, ...]:
    """Return the bar's rhythm up to beat `last`, where a long note begins, with a rest after it.

    A note of four beats and more leaves half of them to the rest, as singers breathe between two lines.
    """
    at, room = last * GRID, (meter - last) * GRID
    rest = (room // (2 * GRID)) * GRID if room >= 2 * GRID else GRID // 2
    before = (beat._replace(length=min(beat.length, at - beat.start)) for beat in rhythm if beat.start < at)
    return (*before, Beat(at, min(room - rest, _LONGEST * GRID)))


def _group(voice: Voice, size: int, wanted: float, start: int, random: KeyedRandom, *, first: bool) -> list[Beat]:
    """Return the notes of a group of beats from beat `start` on, about `wanted` many."""
    if size == 1:
        return [Beat(start * GRID, GRID)]
    step = 4 if voice.rate == 1 else 1 if voice.rate >= 4 else 2
    choices = []
    for signs, weight in _PAIRS if size == 2 else _TRIPLES:
        if (first and signs[0] == "r") or any(sign != "." and at % step for at, sign in enumerate(signs)):
            continue
        off = signs.count("x") - wanted
        choices.append((signs, weight * math.exp(-_STRICT * off * off)))
    return _places(random.weighted(choices), start, triplets=voice.rate == 3)


def _places(signs: str, start: int, *, triplets: bool = False) -> list[Beat]:
    marks = [(at, sign) for at, sign in enumerate(signs) if sign != "."]
    ends = [*(at for at, _ in marks[1:]), len(signs)]

    def part(at: int) -> int:
        # In triplets the middle of a beat falls on its last third.
        return start * GRID + (at // 4 * GRID + 2 * GRID // 3 if triplets and at % 4 == 2 else at * _SIXTEENTH)

    return [Beat(part(at), part(end) - part(at)) for (at, sign), end in zip(marks, ends, strict=True) if sign == "x"]


def _written(voice: Voice, meter: int, random: KeyedRandom, said: tuple[int, ...]) -> tuple[Beat, ...]:
    """Return one of the voice's rhythms folded onto the meter, without some weak notes if the voice is sparse."""
    rhythm = random.choice(voice.rhythms)
    signs = "".join(
        "x" if sign != "." and step * voice.rate % 4 == 0 and (step == 0 or random.chance(0.3 + 1.4 * voice.density))
        else "."
        for source in folded_beats(meter, len(rhythm) // 4, groups=said)
        for step, sign in enumerate(rhythm[source * 4 : source * 4 + 4])
    )  # fmt: skip
    return tuple(_places(signs if "x" in signs else "x" + signs[1:], 0))
