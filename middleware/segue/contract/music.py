"""What a generator plays: sound, and the notes and bars behind it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from segue.contract.constants import Samples


@dataclass(frozen=True, kw_only=True)
class NoteEvent:
    """One note as played.

    Attributes:
        start: Sample position (48 kHz, session clock).
        duration: Samples.
        program: General MIDI programme 0-127; when drums, the number of the kit (0 the standard kit).
        pitch: MIDI key (a drum key when drums).
        velocity: 1-127.
        family: The stem it belongs to: drums, bass, harmony, melody or texture.
        role: What it plays: its family or, in the family melody, counter; "" where that is not known. It is not heard,
            so equal notes may differ in it.
        style: The key of the style profile that plays it, "" for what belongs to none, such as a fill.
        released: Sample position from which it fades out though it is written longer, None for most notes.
    """

    start: int
    duration: int
    program: int
    pitch: int
    velocity: int
    drums: bool
    family: str
    role: str = field(default="", compare=False)
    style: str = ""
    released: int | None = None


class NoteRelease(NamedTuple):
    """The release of all notes of a style that began before, drums excepted.

    Attributes:
        start: Sample position.
        style: Its key.
    """

    start: int
    style: str


class ComposedChord(NamedTuple):
    """A chord of a bar.

    Attributes:
        tick: Musical position from which it holds.
        name: As a musician writes it ("Dm7", "C/E").
    """

    tick: int
    name: str


@dataclass(frozen=True, kw_only=True)
class ComposedBar:
    """What a composer plays in one bar, for who reads the music: reports and scores.

    Attributes:
        start: Sample position (48 kHz, session clock) from which it holds: the bar line, or where music begins or ends
            within a bar.
        tick: The musical position of that, in ticks.
        ends: The musical position at which it ends, unless another one begins before.
        section: Its section of the form, such as "climax"; "ending" for the cadence before a silence.
        opens: Whether a section begins here.
        tonic: Pitch class of the key.
        mode: The key's scale by name, such as "dorian" or "blues".
        key, minor: The key signature that suits the scale best: the pitch class of its major key, and whether it is to
            be written as that key's relative minor.
        chords: In order; the first one holds from `tick` on.
        theme: The theme of the rules that the tune quotes here; "" for none.
    """

    start: int
    tick: int
    ends: int
    section: str
    opens: bool
    tonic: int
    mode: str
    key: int
    minor: bool
    chords: tuple[ComposedChord, ...]
    theme: str = ""


@dataclass(frozen=True, kw_only=True)
class Chunk:
    """Sound for consecutive frames.

    Attributes:
        samples: float32 [S, 2] in [-1, 1].
        frame: Index of the first.
        notes: The notes that start in the chunk as they are written, where the generator knows them.
        bars: The bars that begin in the chunk, where the generator composes.
        releases: Of notes that are written longer, by start.
        stems: Family -> float32 [S, 2], summing to `samples` up to the loudness stage; empty unless asked for.
    """

    frame: int
    samples: Samples
    notes: tuple[NoteEvent, ...] = ()
    bars: tuple[ComposedBar, ...] = ()
    releases: tuple[NoteRelease, ...] = ()
    stems: Mapping[str, Samples] = field(default_factory=dict)
