"""Scales and chords: what a degree written in the table means in a given key."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from segue.contract import MODES

NOTE_NAMES: Final = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")

# Semitones above the tonic of the seven degrees, in the order of contract.MODES.
SCALES: Final[dict[str, tuple[int, ...]]] = {
    "major": (0, 2, 4, 5, 7, 9, 11),
    "minor": (0, 2, 3, 5, 7, 8, 10),
    "dorian": (0, 2, 3, 5, 7, 9, 10),
    "phrygian": (0, 1, 3, 5, 7, 8, 10),
    "lydian": (0, 2, 4, 6, 7, 9, 11),
    "mixolydian": (0, 2, 4, 5, 7, 9, 10),
}

# Each mode has one diminished triad, which no situation wants; the triad a third away shares two of its tones.
_STAND_IN: Final = {
    "major": (7, 5),
    "minor": (2, 4),
    "dorian": (6, 4),
    "phrygian": (5, 3),
    "lydian": (4, 2),
    "mixolydian": (3, 1),
}

_TOKEN: Final = re.compile(r"(?P<flat>b?)(?P<degree>[1-7])(?P<third>M?)(?P<colour>7|9|s|5)?")


@dataclass(frozen=True, kw_only=True)
class Chord:
    """A chord in a key.

    Attributes:
        name: As a musician writes it ("Dm", "Bb", "Asus4").
        root: Pitch class.
        tones: Pitch classes, root first.
        steps: Semitones above the tonic of the seven degrees that a melody may use while the chord sounds.
        tonic: Pitch class of the key.
        degree: 1 to 7.
    """

    name: str
    root: int
    tones: tuple[int, ...]
    steps: tuple[int, ...]
    tonic: int
    degree: int


def minor_third(mode: str) -> bool:
    """Whether a mode's tonic triad is minor."""
    return SCALES[mode][2] == 3


@lru_cache(maxsize=4096)
def chord(token: str, tonic: int, mode: str) -> Chord:
    """The chord that `token` names in a key.

    Args:
        token: A degree 1-7 of the mode, "b" before it for a lowered root with a major triad, "M" after it for a major
            third whatever the mode, then one colour: "7" a seventh (a ninth where the seventh would be major), "9" an
            added ninth, "s" a fourth for the third, "5" no third.
        tonic: Pitch class of the key.
        mode: One of contract.MODES.
    Raises:
        ValueError: For an invalid token or mode.
    """
    match = _TOKEN.fullmatch(token)
    if match is None or mode not in MODES:
        raise ValueError(f"expected a chord such as 1, 5M7 or b2 in one of {MODES}, got {token!r} in {mode!r}")
    degree = int(match["degree"])
    steps = list(SCALES[mode])
    if match["flat"]:
        steps[degree - 1] = (SCALES["major"][degree - 1] - 1) % 12
    elif not match["third"] and degree == _STAND_IN[mode][0]:
        degree = _STAND_IN[mode][1]
    root, third_at, fifth_at = steps[degree - 1], (degree + 1) % 7, (degree + 3) % 7
    if match["third"] or match["flat"]:
        steps[third_at] = (root + 4) % 12
        steps[fifth_at] = (root + 7) % 12
    third, fifth = (steps[third_at] - root) % 12, (steps[fifth_at] - root) % 12
    intervals, suffix = _colour(match["colour"], third, fifth, degree, root, steps)
    pitch = (tonic + root) % 12
    return Chord(
        name=NOTE_NAMES[pitch] + suffix,
        root=pitch,
        tones=tuple((pitch + interval) % 12 for interval in intervals),
        steps=tuple(steps),
        tonic=tonic,
        degree=degree,
    )


def _colour(
    colour: str | None, third: int, fifth: int, degree: int, root: int, steps: list[int]
) -> tuple[tuple[int, ...], str]:
    """Intervals above the root, and the name's ending. A colour that would rub against the bass is left out."""
    quality = "m" if third == 3 else ""
    seventh = (steps[(degree + 5) % 7] - root) % 12
    ninth = (steps[degree % 7] - root) % 12
    fourth = (steps[(degree + 2) % 7] - root) % 12
    if colour == "5":
        return (0, fifth), "5"
    if colour == "s" and fourth == 5:
        return (0, 5, fifth), "sus4"
    if colour == "7" and seventh == 10:
        return (0, third, fifth, 10), quality + "7"
    if colour in ("7", "9") and ninth == 2:
        return (0, third, fifth, 2), quality + "add9"
    return (0, third, fifth), quality


def step_pitch(chord: Chord, index: int) -> int:
    """MIDI key of diatonic step `index`, 0 being the tonic in MIDI octave 0 (keys 0 to 11), 7 the one above."""
    octave, degree = divmod(index, 7)
    return chord.tonic + 12 * octave + chord.steps[degree]


def nearest_step(chord: Chord, pitch: int) -> int:
    """The diatonic step nearest to a MIDI key; the lower one of two."""
    index = (pitch - chord.tonic) * 7 // 12
    return min(range(index - 1, index + 3), key=lambda step: (abs(step_pitch(chord, step) - pitch), step))


def chord_step(chord: Chord, index: int, lean: int) -> int:
    """The step nearest to `index` that belongs to the chord; of two equally near, the one toward `lean` (+1, -1)."""
    for distance in (0, lean, -lean, 2 * lean, -2 * lean, 3 * lean, -3 * lean):
        if step_pitch(chord, index + distance) % 12 in chord.tones:
            return index + distance
    return index


def place(pitch_class: int, near: int) -> int:
    """The MIDI key of a pitch class nearest to `near`; the lower one of two."""
    below = near - (near - pitch_class) % 12
    return below if near - below <= below + 12 - near else below + 12


def fit_range(pitch: int, low: int, high: int) -> int:
    """`pitch` moved by octaves into [low, high] (which spans at least an octave)."""
    while pitch > high:
        pitch -= 12
    while pitch < low:
        pitch += 12
    return pitch
