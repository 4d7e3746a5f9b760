"""Gestures, fills and pickups: the notes that lead into an arrangement and mark its arrival.

Beats count from the arrival: those before it are negative.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final, NamedTuple

from segue.score.composer import instruments as gm
from segue.score.composer.keyed_random import KeyedRandom
from segue.score.composer.motif import GRID, Motif
from segue.score.composer.theory import Chord, nearest_step, place, step_pitch
from segue.score.composer.vocabulary import DRUM_SLOT, Arrangement, BarNote, Part

_LENGTH: Final = 0.25
# Entrances of music without any drive have this share of their velocities.
_AT_REST: Final = 0.5
# A reversed cymbal on key 60 is loudest after this long and then breaks off; higher keys sooner, as they play faster.
_REVERSE_PEAK_S: Final = 1.38
_REVERSE_KEY, _REVERSE_LOW, _REVERSE_HIGH = 60, 48, 72
# From these intensities on a fill has its off-beats and its sixteenths.
_HALVES, _QUARTERS = 0.1, 0.3
_EARLY: Final = ((0.0, 0.5), (0.0, 0.5, 0.75), (0.0, 0.25, 0.5))
_FULL: Final = (0.0, 0.25, 0.5, 0.75)


def _chord_keys(chord: Chord, near: int) -> list[int]:
    return sorted({place(tone, near) for tone in chord.tones})


def _hit(chord: Chord) -> list[Part]:
    """Return crash, taiko, timpani and low brass together."""
    root = place(chord.root, gm.TIMPANI_CENTRE)
    brass = tuple(BarNote(0.0, 0.8, key, 94, 0.0) for key in (root, *_chord_keys(chord, 60)))
    return [
        Part(
            DRUM_SLOT,
            "drums",
            gm.KIT_PROGRAM,
            (BarNote(0.0, 1.0, gm.CRASH, 86, 0.0), BarNote(0.0, 0.3, gm.KICK, 96, 0.0)),
        ),
        Part(DRUM_SLOT, "drums", gm.TAIKO, (BarNote(0.0, 0.5, 45, 102, 0.0), BarNote(0.5, 0.5, 48, 86, 0.0))),
        Part(DRUM_SLOT, "drums", gm.TIMPANI, (BarNote(0.0, 0.8, root, 96, 0.0),)),
        Part(DRUM_SLOT, "harmony", gm.TROMBONE, brass),
    ]


def _band(chord: Chord) -> list[Part]:
    """Return crash and kick with the band's downbeat."""
    return [
        Part(
            DRUM_SLOT,
            "drums",
            gm.KIT_PROGRAM,
            (BarNote(0.0, 1.0, gm.CRASH, 86, 0.0), BarNote(0.0, 0.3, gm.KICK, 98, 0.0)),
        )
    ]


def _roll(chord: Chord) -> list[Part]:
    """Return a timpani roll of a beat that grows into the next."""
    root = place(chord.root, gm.TIMPANI_CENTRE)
    notes = tuple(BarNote(step / 8, 0.2, root, 56 + 5 * step, 0.0) for step in range(8))
    return [Part(DRUM_SLOT, "drums", gm.TIMPANI, (*notes, BarNote(1.0, 0.8, root, 104, 0.0)))]


def _glissando(chord: Chord) -> list[Part]:
    """Return a harp run up two octaves in a beat."""
    base = nearest_step(chord, 60)
    notes = tuple(BarNote(step / 12, 0.6, step_pitch(chord, base + step), 58 + 2 * step, 0.0) for step in range(13))
    return [Part(DRUM_SLOT, "texture", gm.HARP, notes)]


def _bell(chord: Chord) -> list[Part]:
    """Return a bell's root, low, with its fifth above."""
    root = place(chord.root, 62)
    return [Part(DRUM_SLOT, "texture", gm.BELLS, (BarNote(0.0, 3.0, root, 84, 0.0),))]


def _shimmer(chord: Chord) -> list[Part]:
    """Return celesta tones falling."""
    keys = [key + 12 * octave for octave in (1, 0) for key in reversed(_chord_keys(chord, 78))]
    notes = tuple(BarNote(index / 6, 0.8, key, 78 - 3 * index, 0.0) for index, key in enumerate(keys))
    return [Part(DRUM_SLOT, "texture", gm.CELESTA, notes)]


def _sting(chord: Chord) -> list[Part]:
    """Return strings that shudder on the root's octaves."""
    root = place(chord.root, 57)
    notes = tuple(BarNote(0.0, 1.8, key, 96, 0.0) for key in (root, root + 12, root + 24))
    return [Part(DRUM_SLOT, "texture", gm.TREMOLO_STRINGS, notes)]


def _bleep(chord: Chord) -> list[Part]:
    """Return a square wave's fast rise through the chord."""
    keys = [key + 12 * octave for octave in (0, 1) for key in _chord_keys(chord, 67)]
    notes = tuple(BarNote(index / 8, 0.12, key, 92, 0.0) for index, key in enumerate(keys))
    return [Part(DRUM_SLOT, "texture", gm.SQUARE, notes)]


def _wash(chord: Chord) -> list[Part]:
    """Return a glassy chord that opens."""
    notes = tuple(BarNote(0.0, 3.5, key, 84, 0.0) for key in _chord_keys(chord, 67))
    return [Part(DRUM_SLOT, "texture", gm.GLASS_PAD, notes)]


def _pluck(chord: Chord) -> list[Part]:
    """Return a rolled chord of plucked strings."""
    keys = [key + 12 * octave for octave in (0, 1) for key in _chord_keys(chord, 55)]
    notes = tuple(BarNote(index * 0.04, 1.2, key, 80, 0.0) for index, key in enumerate(keys))
    return [Part(DRUM_SLOT, "harmony", gm.HARP, notes)]


GESTURES: Final[dict[str, Callable[[Chord], list[Part]]]] = {
    "hit": _hit,
    "band": _band,
    "roll": _roll,
    "glissando": _glissando,
    "bell": _bell,
    "shimmer": _shimmer,
    "sting": _sting,
    "bleep": _bleep,
    "wash": _wash,
    "pluck": _pluck,
    "none": lambda chord: [],
}


def entrance_gain(arrangement: Arrangement, family: str) -> float:
    """Return the factor on the velocities of an entrance: quiet music is not entered with a battle's stroke."""
    if family in ("melody", "bass"):
        return arrangement.gain
    force = arrangement.kit.force if family == "drums" else 1.0
    return arrangement.gain * force * (_AT_REST + (1 - _AT_REST) * arrangement.drive)


class PickupVoice(NamedTuple):
    """A voice that may play a pickup.

    Attributes:
        program, register: Its instrument, and the key about which it plays.
        velocity, level: As in Voice.
    """

    role: str
    program: int
    register: int
    velocity: float
    level: float


def drum_fill(drummer: Arrangement, span: float, quiet: float, random: KeyedRandom) -> list[Part]:
    """Return a fill of `span` beats down the kit's drums: thicker toward its end, and louder from velocity `quiet` to
    120.
    """
    places: list[float] = []
    for beat in range(math.ceil(span)):
        start = -span + beat
        rhythm = _FULL if start >= -1 else random.choice(_EARLY)
        places += [start + step for step in rhythm if start + step < 0]
    keys = drummer.kit.fill
    notes = tuple(
        BarNote(
            at,
            _LENGTH,
            keys[min(index * len(keys) // len(places), len(keys) - 1)],
            quiet + (120 - quiet) * (index + 1) / len(places) + random.spread(4),
            0.0 if at % 1 == 0 else _HALVES if at % 0.5 == 0 else _QUARTERS,
        )
        for index, at in enumerate(places)
    )
    return [Part(DRUM_SLOT, "drums", drummer.kit.fill_program, notes)]


def snare_roll(span: float) -> list[Part]:
    """Return sixteenths on the snare, growing, the last half beat doubled."""
    places = [-span + step / 4 for step in range(round(4 * span) - 2)] + [-0.5 + step / 8 for step in range(4)]
    count = len(places)
    notes = tuple(
        BarNote(at, 0.12, gm.SNARE, 54 + 56 * (index + 1) / count, _HALVES if at % 0.25 == 0 else _QUARTERS)
        for index, at in enumerate(places)
    )
    return [Part(DRUM_SLOT, "drums", gm.KIT_PROGRAM, notes)]


def timpani_roll(chord: Chord, span: float) -> list[Part]:
    """Return six strokes a beat on the chord's root, growing."""
    count = round(6 * span)
    root = place(chord.root, gm.TIMPANI_CENTRE)
    notes = tuple(
        BarNote(-span + step / 6, 0.2, root, 48 + 60 * (step + 1) / count, 0.0 if step % 2 == 0 else _HALVES)
        for step in range(count)
    )
    return [Part(DRUM_SLOT, "drums", gm.TIMPANI, notes)]


def reverse_cymbal(span: float, beat_s: float) -> list[Part]:
    """Return a cymbal's echo before its stroke, over `span` beats; none if that is too short or too long for the
    sample.
    """
    key = _REVERSE_KEY + round(12 * math.log2(_REVERSE_PEAK_S / (span * beat_s)))
    if not _REVERSE_LOW <= key <= _REVERSE_HIGH:
        return []
    return [Part(DRUM_SLOT, "drums", gm.REVERSE_CYMBAL, (BarNote(-span, span, key, 92, _HALVES),))]


def last_stroke(drummer: Arrangement, chord: Chord) -> list[Part]:
    """Return one low stroke a beat before the arrival, and then nothing."""
    if drummer.kit.fill_program < 0 and drummer.kit.fill:
        return [
            Part(DRUM_SLOT, "drums", drummer.kit.fill_program, (BarNote(-1.0, 0.5, drummer.kit.fill[-1], 84, 0.0),))
        ]
    return [Part(DRUM_SLOT, "drums", gm.TIMPANI, (BarNote(-1.0, 0.9, place(chord.root, gm.TIMPANI_CENTRE), 76, 0.0),))]


def _harp_up(chord: Chord, span: float) -> list[Part]:
    """Return a harp's run up to the arrival, twelve notes a beat."""
    count = round(12 * span)
    top = nearest_step(chord, 82)
    notes = tuple(
        BarNote(-span + step / 12, 0.6, step_pitch(chord, top - count + step), 52 + 38 * step / count, 0.0)
        for step in range(count)
    )
    return [Part(DRUM_SLOT, "texture", gm.HARP, notes)]


def _rising(program: int, rate: int, low: int, velocity: float) -> Callable[[Chord, float], list[Part]]:
    """Return chord tones from key `low` up, `rate` a beat, growing to `velocity`."""

    def rise(chord: Chord, span: float) -> list[Part]:
        count = round(rate * span)
        tones = sorted(place(tone, low + 6) + 12 * octave for tone in chord.tones for octave in range(3))
        notes = tuple(
            BarNote(-span + step / rate, 1.2 / rate, tones[step], velocity * (0.6 + 0.4 * (step + 1) / count), 0.0)
            for step in range(min(count, len(tones)))
        )
        return [Part(DRUM_SLOT, "texture", program, notes)]

    return rise


def _strings_swell(chord: Chord, span: float) -> list[Part]:
    """Return trembling strings on the chord, struck again each half beat, growing."""
    count = round(2 * span)
    keys = sorted({place(tone, 65) for tone in chord.tones})
    notes = tuple(
        BarNote(-span + step / 2, 0.55, key, 62 + 54 * (step + 1) / count, 0.0) for step in range(count) for key in keys
    )
    return [Part(DRUM_SLOT, "texture", gm.TREMOLO_STRINGS, notes)]


def strings_up(chord: Chord, span: float) -> list[Part]:
    """Return a run of strings up the scale in sixteenths, growing: the drums of a fight that comes without drums."""
    count = round(4 * span)
    top = nearest_step(chord, place(chord.root, 76))
    notes = tuple(
        BarNote(-span + step / 4, 0.3, step_pitch(chord, top - count + step), 64 + 46 * (step + 1) / count, 0.0)
        for step in range(count)
    )
    return [Part(DRUM_SLOT, "texture", gm.STRINGS, notes)]


# How an entrance is led to without drums.
SOFT: Final[dict[str, Callable[[Chord, float], list[Part]]]] = {
    "glissando": _harp_up,
    "pluck": _harp_up,
    "shimmer": _rising(gm.CELESTA, 6, 72, 76),
    "bleep": _rising(gm.SQUARE, 6, 66, 88),
    **dict.fromkeys(("hit", "band", "roll", "bell", "sting", "wash", "none"), _strings_swell),
}


def bass_pickup(player: PickupVoice, chord: Chord, target: Chord, *, busy: bool) -> Part:
    """Return steps to the coming root from where the line is: three notes in the last beat, one if not `busy`."""
    here, there = place(chord.root, player.register), place(target.root, player.register)
    step = nearest_step(chord, there)
    side = 1 if here > there else -1
    near, far = step_pitch(chord, step + side), step_pitch(chord, step + 2 * side)
    line = [(-1.0, here, 0.9), (-0.5, far, 0.95), (-0.25, near, 1.0)] if busy else [(-0.5, near, 0.85)]
    notes = tuple(BarNote(at, -at if not busy else 0.25, key, player.velocity * v, player.level) for at, key, v in line)
    return Part(DRUM_SLOT, player.role, player.program, notes)


def tune_pickup(player: PickupVoice, chord: Chord, target: Chord, places: tuple[float, ...], *, down: bool) -> Part:
    """Scale steps at `places` into a tone of the coming chord: `down` and soft, or up and growing."""
    there = nearest_step(chord, place(target.tones[-1 if down else 0], player.register))
    count = len(places)
    ends = [*places[1:], 0.0]
    notes = tuple(
        BarNote(
            at,
            0.9 * (end - at),
            step_pitch(chord, there + (count - index) * (1 if down else -1)),
            player.velocity * (0.6 if down else 0.8 + 0.2 * (index + 1) / count),
            player.level,
        )
        for index, (at, end) in enumerate(zip(places, ends, strict=True))
    )
    return Part(DRUM_SLOT, player.role, player.program, notes)


def theme_pickup(player: PickupVoice, theme: Motif, chord: Chord, target: Chord, span: float) -> Part | None:
    """Return the head of a theme at double speed, which ends beside a tone of the coming chord; None if too short.

    Args:
        span: Beats that it may take.
    """
    head = theme.fragment(2 * span).diminution()
    notes = [note for note in head.notes if note.start < span * GRID]
    if len(notes) < 2:
        return None
    last = nearest_step(chord, place(target.root, player.register)) - 1
    ends = [*(note.start for note in notes[1:]), round(span * GRID)]
    played = tuple(
        BarNote(
            note.start / GRID - span,
            0.9 * (end - note.start) / GRID,
            step_pitch(chord, last + note.degree - notes[-1].degree),
            player.velocity * (0.8 + 0.2 * (index + 1) / len(notes)),
            player.level,
        )
        for index, (note, end) in enumerate(zip(notes, ends, strict=True))
    )
    return Part(DRUM_SLOT, player.role, player.program, played)
