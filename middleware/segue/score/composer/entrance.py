"""Gestures that mark the arrival of a situation on its first beat: a hit, a roll, a run, a bell."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from segue.score.composer import instruments as gm
from segue.score.composer.theory import Chord, nearest_step, place, step_pitch
from segue.score.composer.vocabulary import DRUM_SLOT, BarNote, Part


def _chord_keys(chord: Chord, near: int) -> list[int]:
    return sorted({place(tone, near) for tone in chord.tones})


def _hit(chord: Chord) -> list[Part]:
    """Crash, taiko, timpani and low brass together."""
    root = place(chord.root, 45)
    brass = tuple(BarNote(0.0, 0.8, key, 108, 0.0) for key in (root, *_chord_keys(chord, 60)))
    return [
        Part(
            DRUM_SLOT,
            "drums",
            gm.KIT_PROGRAM,
            (BarNote(0.0, 1.0, gm.CRASH, 100, 0.0), BarNote(0.0, 0.3, gm.KICK, 110, 0.0)),
        ),
        Part(DRUM_SLOT, "drums", gm.TAIKO, (BarNote(0.0, 0.5, 45, 118, 0.0), BarNote(0.5, 0.5, 48, 100, 0.0))),
        Part(DRUM_SLOT, "drums", gm.TIMPANI, (BarNote(0.0, 0.8, root, 112, 0.0),)),
        Part(DRUM_SLOT, "harmony", gm.TROMBONE, brass),
    ]


def _band(chord: Chord) -> list[Part]:
    """Crash and kick with the band's downbeat."""
    return [
        Part(
            DRUM_SLOT,
            "drums",
            gm.KIT_PROGRAM,
            (BarNote(0.0, 1.0, gm.CRASH, 100, 0.0), BarNote(0.0, 0.3, gm.KICK, 112, 0.0)),
        )
    ]


def _roll(chord: Chord) -> list[Part]:
    """A timpani roll of a beat that grows into the next."""
    root = place(chord.root, 45)
    notes = tuple(BarNote(step / 8, 0.2, root, 56 + 5 * step, 0.0) for step in range(8))
    return [Part(DRUM_SLOT, "drums", gm.TIMPANI, (*notes, BarNote(1.0, 0.8, root, 104, 0.0)))]


def _glissando(chord: Chord) -> list[Part]:
    """A harp run up two octaves in a beat."""
    base = nearest_step(chord, 60)
    notes = tuple(BarNote(step / 12, 0.6, step_pitch(chord, base + step), 58 + 2 * step, 0.0) for step in range(13))
    return [Part(DRUM_SLOT, "texture", gm.HARP, notes)]


def _bell(chord: Chord) -> list[Part]:
    """A bell's root, low, with its fifth above."""
    root = place(chord.root, 62)
    return [Part(DRUM_SLOT, "texture", gm.BELLS, (BarNote(0.0, 3.0, root, 84, 0.0),))]


def _shimmer(chord: Chord) -> list[Part]:
    """Celesta tones falling."""
    keys = [key + 12 * octave for octave in (1, 0) for key in reversed(_chord_keys(chord, 78))]
    notes = tuple(BarNote(index / 6, 0.8, key, 78 - 3 * index, 0.0) for index, key in enumerate(keys))
    return [Part(DRUM_SLOT, "texture", gm.CELESTA, notes)]


def _sting(chord: Chord) -> list[Part]:
    """Strings shudder on the root's octaves."""
    root = place(chord.root, 57)
    notes = tuple(BarNote(0.0, 1.8, key, 96, 0.0) for key in (root, root + 12, root + 24))
    return [Part(DRUM_SLOT, "texture", gm.TREMOLO_STRINGS, notes)]


def _bleep(chord: Chord) -> list[Part]:
    """A square wave's fast rise through the chord."""
    keys = [key + 12 * octave for octave in (0, 1) for key in _chord_keys(chord, 67)]
    notes = tuple(BarNote(index / 8, 0.12, key, 92, 0.0) for index, key in enumerate(keys))
    return [Part(DRUM_SLOT, "texture", gm.SQUARE, notes)]


def _wash(chord: Chord) -> list[Part]:
    """A glassy chord that opens."""
    notes = tuple(BarNote(0.0, 3.5, key, 84, 0.0) for key in _chord_keys(chord, 67))
    return [Part(DRUM_SLOT, "texture", gm.GLASS_PAD, notes)]


def _pluck(chord: Chord) -> list[Part]:
    """A rolled chord of plucked strings."""
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
