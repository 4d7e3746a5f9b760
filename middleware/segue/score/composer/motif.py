"""Motifs: short tunes apart from key, chord and tempo, with the transformations by which composers develop them.

A motif holds a rhythm and heights in degrees of a scale, so it can be played in any key, scale and meter. The composer
invents motifs; themes of a rule file become motifs too.
"""

from __future__ import annotations

import hashlib
import math
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final, NamedTuple

from segue.score.composer.scales import SCALES

# Parts of a beat: sixteenths have 6 parts, triplets 8.
GRID: Final = 24
MOST_NOTES: Final = 64
MOST_BEATS: Final = 64
# Degrees of a scale in an octave, whatever the number of its tones.
OCTAVE: Final = 7
# The farthest that a note lies from the tonic's degree 0, and the longest note or distance between two notes.
_MOST_DEGREE: Final = 31
_MOST_PARTS: Final = MOST_BEATS * GRID
# Places within a beat to which notes are moved: thirty-seconds and triplets.
_PLACES: Final = (0, 3, 6, 8, 9, 12, 15, 16, 18, 21, 24)
# Velocities so far above and below the mean are accents and soft notes.
_ACCENTED: Final = 8
_COUNT: Final = struct.Struct("<BH")
_NOTE: Final = struct.Struct("<HHB")


class MotifNote(NamedTuple):
    """A note of a motif.

    Attributes:
        start, length: Parts of a beat (1 / GRID) from the motif's start, and how long.
        degree: Degrees of the scale above the tonic; 7 is the tonic an octave higher.
        accent: 0 soft, 1 normal, 2 accented.
    """

    start: int
    length: int
    degree: int
    accent: int = 1


@dataclass(frozen=True)
class Motif:
    """A short tune in degrees of a scale. What no note covers is a rest.

    Attributes:
        notes: By start, none overlapping the next.
        span: Parts of a beat from the start to where the motif may begin again, whole beats.
        key: 12 hexadecimal digits that depend on notes and span alone: equal for equal motifs.

    Raises:
        ValueError: Without notes, with more than MOST_NOTES or MOST_BEATS, or with notes out of order or out of bounds.
    """

    notes: tuple[MotifNote, ...]
    span: int
    key: str = field(init=False, compare=False)

    def __post_init__(self) -> None:
        if not 1 <= len(self.notes) <= MOST_NOTES:
            raise ValueError(f"motif: expected 1 to {MOST_NOTES} notes, got {len(self.notes)}")
        if not 0 < self.span <= MOST_BEATS * GRID or self.span % GRID:
            raise ValueError(f"motif: expected a span of 1 to {MOST_BEATS} whole beats, got {self.span / GRID:g} beats")
        at = 0
        for note in self.notes:
            if not (
                at <= note.start <= at + _MOST_PARTS
                and 1 <= note.length <= _MOST_PARTS
                and abs(note.degree) <= _MOST_DEGREE
                and note.accent in (0, 1, 2)
            ):
                raise ValueError(f"motif: expected a note from {at / GRID:g} beats on, within bounds, got {note}")
            at = note.start + note.length
        if at > self.span:
            raise ValueError(f"motif: expected notes within {self.span / GRID:g} beats, got {self.notes[-1]}")
        object.__setattr__(self, "key", hashlib.blake2b(self.pack(), digest_size=6).hexdigest())

    def __hash__(self) -> int:
        return hash(self.key)

    @property
    def beats(self) -> int:
        """The span in beats."""
        return self.span // GRID

    @property
    def contour(self) -> tuple[int, ...]:
        """Degrees from each note to the next."""
        return tuple(after.degree - before.degree for before, after in pairwise(self.notes))

    @property
    def rhythm(self) -> tuple[int, ...]:
        """Parts of a beat from each note's start to the next one's, the last to the end of the span."""
        ends = [*(note.start for note in self.notes[1:]), self.span]
        return tuple(end - note.start for note, end in zip(self.notes, ends, strict=True))

    def sequence(self, degrees: int) -> Motif:
        """Return the motif `degrees` higher, at the octave nearest to that where it would leave the bounds."""
        return self.with_heights([note.degree + degrees for note in self.notes])

    def inversion(self, axis: int | None = None) -> Motif:
        """Return the motif upside down about a degree, by default its first note's."""
        axis = self.notes[0].degree if axis is None else axis
        return self.with_heights([2 * axis - note.degree for note in self.notes])

    def augmentation(self, factor: int = 2) -> Motif:
        """Return the motif `factor` times as long, as far as it fits the bounds: its last notes are left out."""
        notes = [note._replace(start=note.start * factor, length=note.length * factor) for note in self.notes]
        return fitted(notes, self.span * factor)

    def diminution(self, factor: int = 2) -> Motif:
        """Return the motif in a `factor`-th of its time."""
        notes = [note._replace(start=note.start // factor, length=max(1, note.length // factor)) for note in self.notes]
        return fitted(notes, self.span // factor)

    def fragment(self, beats: float, begin: float = 0.0) -> Motif:
        """Return the notes that start in `beats` beats from `begin` on, moved to the start; at least one note."""
        low, high = round(begin * GRID), round((begin + beats) * GRID)
        kept = [note for note in self.notes if low <= note.start < high] or [self.notes[0]._replace(start=low)]
        return fitted([note._replace(start=note.start - low) for note in kept], high - low)

    def retrograde(self) -> Motif:
        """Return the heights backward in the same rhythm, so that it is tapped as before."""
        return self.with_heights([note.degree for note in reversed(self.notes)])

    def with_heights(self, degrees: Sequence[int]) -> Motif:
        """Return the same rhythm with other degrees, one a note, moved by octaves into the bounds."""
        low, high = min(degrees), max(degrees)
        shift = OCTAVE * min(0, (_MOST_DEGREE - high) // OCTAVE) or OCTAVE * max(0, -((low + _MOST_DEGREE) // OCTAVE))
        bounded = (max(-_MOST_DEGREE, min(_MOST_DEGREE, degree + shift)) for degree in degrees)
        notes = (note._replace(degree=degree) for note, degree in zip(self.notes, bounded, strict=True))
        return Motif(tuple(notes), self.span)

    def pack(self) -> bytes:
        """Return the motif in 3 bytes, and 5 more for each note."""
        packed = bytearray(_COUNT.pack(len(self.notes), self.span))
        at = 0
        for note in self.notes:
            packed += _NOTE.pack(note.start - at, note.length, (note.degree + _MOST_DEGREE) << 2 | note.accent)
            at = note.start + note.length
        return bytes(packed)


def unpack(data: bytes) -> Motif:
    """Return the inverse of `Motif.pack`.

    Raises:
        ValueError: For bytes that hold no motif.
    """
    if len(data) < _COUNT.size or len(data) != _COUNT.size + _NOTE.size * data[0]:
        raise ValueError(f"expected the bytes of a motif, got {len(data)}")
    _, span = _COUNT.unpack_from(data)
    notes = []
    at = 0
    for gap, length, height in _NOTE.iter_unpack(data[_COUNT.size :]):
        notes.append(MotifNote(at + gap, length, (height >> 2) - _MOST_DEGREE, height & 3))
        at += gap + length
    return Motif(tuple(notes), span)


class PlayedNote(NamedTuple):
    """A note as it is written or recorded.

    Attributes:
        start, beats: When it begins and how long it lasts, in beats.
        pitch, velocity: As in MIDI.
    """

    start: float
    beats: float
    pitch: int
    velocity: int = 96


def motif_of(notes: Iterable[PlayedNote], *, tonic: int, mode: str) -> Motif:
    """Return the tune of notes in a key as a motif.

    Starts move to the nearest thirty-second or triplet. Of notes that start together the highest stays, and a note
    ends where the next starts. A pitch foreign to the scale takes the nearest degree. The octave in which most notes
    lie is that of degree 0. Rests before the first note's beat are left out.

    Args:
        tonic: Pitch class.
        mode: One of scales.SCALES, which says what the seven degrees are.
    Raises:
        ValueError: Without notes, with too many or too long ones, see Motif.
    """
    top: dict[int, PlayedNote] = {}
    for note in notes:
        start = _snapped(note.start)
        if start not in top or note.pitch > top[start].pitch:
            top[start] = note
    if not top:
        raise ValueError("motif: expected at least one note")
    starts = sorted(top)
    origin = starts[0] // GRID * GRID
    degrees = [_degree(top[start].pitch - tonic, SCALES[mode].degrees) for start in starts]
    lower = OCTAVE * (sorted(degrees)[len(degrees) // 2] // OCTAVE)
    mean = sum(note.velocity for note in top.values()) / len(top)
    result = []
    for index, start in enumerate(starts):
        note = top[start]
        length = max(1, round(note.beats * GRID))
        if index + 1 < len(starts):
            length = min(length, starts[index + 1] - start)
        accent = 2 if note.velocity > mean + _ACCENTED else 0 if note.velocity < mean - _ACCENTED else 1
        result.append(MotifNote(start - origin, length, degrees[index] - lower, accent))
    end = result[-1].start + result[-1].length
    return Motif(tuple(result), -(-end // GRID) * GRID)


# How well each pitch class fits a key, from its tonic on. Source: Krumhansl and Kessler (1982), probe-tone ratings.
_PROFILES: Final = {
    "major": (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88),
    "minor": (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17),
}


def key_of(notes: Sequence[PlayedNote]) -> tuple[int, str]:
    """Return the tonic and "major" or "minor" that the notes suggest, for themes that name no key.

    Source: the key-finding algorithm of Krumhansl and Schmuckler (Krumhansl 1990), with the last note counted twice.
    """
    held = [0.0] * 12
    for note in notes:
        held[note.pitch % 12] += note.beats
    if notes:
        held[notes[-1].pitch % 12] += notes[-1].beats

    def fit(tonic: int, mode: str) -> float:
        profile = _PROFILES[mode]
        mean = sum(profile) / 12
        norm = math.sqrt(sum((value - mean) ** 2 for value in profile))
        # All candidates share the norm of the notes.
        return sum(held[(tonic + step) % 12] * (profile[step] - mean) for step in range(12)) / norm

    return max(((tonic, mode) for tonic in range(12) for mode in _PROFILES), key=lambda key: fit(*key))


class Theme(NamedTuple):
    """A motif that a voice's tune quotes.

    Attributes:
        strength: 0 not at all, to 1: every phrase is made of it.
    """

    motif: Motif
    strength: float


def fitted(notes: Iterable[MotifNote], span: int) -> Motif:
    """Return notes within the bounds and without overlaps, in the least whole beats from `span` parts on."""
    span = max(GRID, min(MOST_BEATS * GRID, -(-span // GRID) * GRID))
    kept: list[MotifNote] = []
    for note in notes:
        if note.start >= span:
            break
        if kept and note.start <= kept[-1].start:
            continue
        if kept and kept[-1].start + kept[-1].length > note.start:
            kept[-1] = kept[-1]._replace(length=note.start - kept[-1].start)
        kept.append(note._replace(length=min(note.length, span - note.start, _MOST_PARTS)))
    return Motif(tuple(kept), span)


def _snapped(beats: float) -> int:
    """Return a time in beats as parts, at the nearest place of its beat."""
    whole = int(beats // 1)
    within = (beats - whole) * GRID
    return whole * GRID + min(_PLACES, key=lambda place: abs(place - within))


def _degree(semitones: int, degrees: tuple[int, ...]) -> int:
    """Return the degree of a scale nearest to a distance from the tonic; of two, the lower."""
    octave, within = divmod(semitones, 12)
    near = [(abs(degree + 12 * shift - within), index + OCTAVE * shift) for shift in (-1, 0, 1)
            for index, degree in enumerate(degrees)]  # fmt: skip
    return OCTAVE * octave + min(near)[1]
