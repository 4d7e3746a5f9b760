"""Scales and chords: what a degree of a progression means in a given key."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from segue.score.composer.scales import SCALES

NOTE_NAMES: Final = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")

_TOKEN: Final = re.compile(r"(?P<flat>b?)(?P<degree>[1-7])(?P<third>[Mm]?)(?P<colour>7|9|s|5|6|j|D|q)?")
# The intervals by which a strict scale's chord has its third and its fifth, the best first.
_THIRDS: Final = (4, 3, 5, 2)
_FIFTHS: Final = (7, 8, 9)
_HARSH: Final = (1, 6)


@dataclass(frozen=True, kw_only=True)
class Chord:
    """A chord in a key.

    Attributes:
        name: As a musician writes it ("Dm", "Bb", "Asus4").
        root: Pitch class.
        tones: Pitch classes, root first.
        steps: Semitones above the tonic, rising, that a melody may use while the chord sounds.
        degrees: The same of the scale's seven degrees.
        tonic: Pitch class of the key.
        degree: 1 to 7.
    """

    name: str
    root: int
    tones: tuple[int, ...]
    steps: tuple[int, ...]
    degrees: tuple[int, ...]
    tonic: int
    degree: int


def minor_third(mode: str) -> bool:
    """Return whether a scale's tonic triad is minor."""
    return SCALES[mode].minor


@lru_cache(maxsize=4096)
def chord(token: str, tonic: int, mode: str) -> Chord:
    """Return the chord that `token` names in a key.

    Args:
        token: A degree 1-7 of the scale, "b" before it for a lowered root with a major triad, "M" or "m" after it for
            a major or minor triad whatever the scale, then one colour: "7" a seventh (a ninth where the seventh would
            be major), "j" the scale's seventh, major or minor, "D" a dominant seventh whatever the scale, "6" an added
            sixth, "9" an added ninth, "s" a fourth for the third, "5" no third, "q" a stack of fourths. A strict scale
            keeps the tones that it has.
        tonic: Pitch class of the key.
        mode: One of scales.SCALES.
    Raises:
        ValueError: For an invalid token or scale.
    """
    match = _TOKEN.fullmatch(token)
    if match is None or mode not in SCALES:
        raise ValueError(
            f"expected a chord such as 1, 5M7 or b2 in one of {', '.join(SCALES)}, got {token!r} in {mode!r}"
        )
    scale = SCALES[mode]
    degree = int(match["degree"])
    degrees = list(scale.degrees)
    if match["flat"]:
        degrees[degree - 1] = (SCALES["major"].degrees[degree - 1] - 1) % 12
    elif degree in scale.instead and (scale.strict or (not match["third"] and match["colour"] != "D")):
        degree = scale.instead[degree]
    root, third_at, fifth_at, seventh_at = (degrees[degree - 1], *((degree + above) % 7 for above in (1, 3, 5)))
    if match["third"] or match["flat"] or match["colour"] == "D":
        degrees[third_at] = (root + (3 if match["third"] == "m" else 4)) % 12
        degrees[fifth_at] = (root + 7) % 12
    if match["colour"] == "D":
        degrees[seventh_at] = (root + 10) % 12
    third, fifth = (degrees[third_at] - root) % 12, (degrees[fifth_at] - root) % 12
    intervals, suffix = _colour(match["colour"], third, fifth, degree, root, degrees)
    if scale.strict:
        degrees = list(scale.degrees)
        root, intervals, suffix = _within(scale.tones, root, intervals, open_fifth=match["colour"] == "5")
    pitch = (tonic + root) % 12
    return Chord(
        name=NOTE_NAMES[pitch] + suffix,
        root=pitch,
        tones=tuple((pitch + interval) % 12 for interval in intervals),
        steps=tuple(degrees) if scale.tones == scale.degrees else scale.tones,
        degrees=tuple(degrees),
        tonic=tonic,
        degree=degree,
    )


def _colour(
    colour: str | None, third: int, fifth: int, degree: int, root: int, degrees: list[int]
) -> tuple[tuple[int, ...], str]:
    """Return intervals above the root, and the name's ending. A colour that would rub against the bass is left out."""
    quality = "m" if third == 3 else ""
    seventh = (degrees[(degree + 5) % 7] - root) % 12
    ninth = (degrees[degree % 7] - root) % 12
    fourth = (degrees[(degree + 2) % 7] - root) % 12
    sixth = (degrees[(degree + 4) % 7] - root) % 12
    if colour == "5":
        return (0, fifth), "5"
    if colour == "s" and fourth == 5:
        return (0, 5, fifth), "sus4"
    if colour == "q" and fourth == 5:
        return ((0, 5, 10), "7sus4") if seventh == 10 else ((0, 5, fifth), "sus4")
    if colour == "j" and seventh == 11:
        return (0, third, fifth, 11), quality + "maj7"
    if colour in ("7", "j", "D") and seventh == 10:
        return (0, third, fifth, 10), quality + "7"
    if colour == "6" and sixth == 9:
        return (0, third, fifth, 9), quality + "6"
    if colour in ("7", "9") and ninth == 2:
        return (0, third, fifth, 2), quality + "add9"
    return (0, third, fifth), quality


def _within(
    tones: tuple[int, ...], root: int, intervals: tuple[int, ...], *, open_fifth: bool
) -> tuple[int, tuple[int, ...], str]:
    """A chord's root, intervals and the name's ending in a scale that has these tones alone."""
    if root not in tones:
        root = min(tones, key=lambda tone: ((root - tone) % 12, tone))
    above = {(tone - root) % 12 for tone in tones}
    kept = [interval for interval in intervals if interval in above and interval not in _HARSH]
    wanted = [kept[0]]
    # A fifth without a third stays so, where the scale has one.
    bare = open_fifth and 7 in kept
    for choices in (_FIFTHS,) if bare else (_THIRDS, _FIFTHS):
        if not any(interval in kept for interval in choices):
            kept += [interval for interval in choices if interval in above][:1]
        wanted += [interval for interval in choices if interval in kept and interval not in wanted][:1]
    wanted += [interval for interval in kept if interval not in wanted]
    third = wanted[1] if len(wanted) > 1 and not bare else 0
    return root, tuple(wanted), {3: "m", 4: "", 5: "sus4", 2: "sus2"}.get(third, "5")


def step_pitch(chord: Chord, index: int) -> int:
    """Return the MIDI key of the scale's step `index`, 0 being the tonic in MIDI octave 0 (keys 0 to 11)."""
    octave, step = divmod(index, len(chord.steps))
    return chord.tonic + 12 * octave + chord.steps[step]


def nearest_step(chord: Chord, pitch: int) -> int:
    """Return the step of the scale nearest to a MIDI key; the lower one of two."""
    index = (pitch - chord.tonic) * len(chord.steps) // 12
    return min(range(index - 2, index + 4), key=lambda step: (abs(step_pitch(chord, step) - pitch), step))


def degree_above(chord: Chord, pitch: int, offset: int) -> int:
    """Return the key `offset` degrees of the scale above a key, moved to the nearest tone that the scale has."""
    octave, degree = divmod(pitch - chord.tonic, 12)
    index = min(range(7), key=lambda other: (abs(chord.degrees[other] - degree), other)) + offset
    target = chord.tonic + 12 * (octave + index // 7) + chord.degrees[index % 7]
    return step_pitch(chord, nearest_step(chord, target))


def chord_step(chord: Chord, index: int, lean: int) -> int:
    """Return the step nearest to `index` that belongs to the chord; of two equally near, the one toward `lean` (+1,
    -1).
    """
    for distance in (0, lean, -lean, 2 * lean, -2 * lean, 3 * lean, -3 * lean):
        if step_pitch(chord, index + distance) % 12 in chord.tones:
            return index + distance
    return index


def place(pitch_class: int, near: int) -> int:
    """Return the MIDI key of a pitch class nearest to `near`; the lower one of two."""
    below = near - (near - pitch_class) % 12
    return below if near - below <= below + 12 - near else below + 12


def fit_range(pitch: int, low: int, high: int) -> int:
    """Return `pitch` moved by octaves into [low, high] (which spans at least an octave)."""
    while pitch > high:
        pitch -= 12
    while pitch < low:
        pitch += 12
    return pitch
