"""The types of arrangements (voices, drum lines, kits) and of a bar of music (notes, parts).

Units: levels are intensities in [0, 1] from which a part sounds; velocities are MIDI velocities at intensity 0.5;
registers are MIDI keys; rates are notes a beat; tempos are beats a minute.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple, get_args

from segue.score.composer.scales import SCALES

Role = Literal["melody", "counter", "harmony", "bass", "texture"]
ROLES: Final[tuple[Role, ...]] = get_args(Role)
FAMILY: Final[dict[str, str]] = {
    "melody": "melody",
    "counter": "melody",
    "harmony": "harmony",
    "texture": "texture",
    "bass": "bass",
    "drums": "drums",
}
DRUM_SLOT: Final = 100

_DRUM_LINE: Final = re.compile(r"([.ox!]{8}){1,4}|([.ox!]{12}){1,2}")


class BarNote(NamedTuple):
    """One note of a bar. start and beats: beats from the bar's start, and how long.

    Attributes:
        level: See the module.
    """

    start: float
    beats: float
    pitch: int
    velocity: float
    level: float


class Part(NamedTuple):
    """What one voice plays in one bar.

    Attributes:
        slot: The voice's place among its arrangement's voices, DRUM_SLOT and more for drums.
        program: A drum kit is below 0, see instruments.kit_program.
        through: Whether it goes on while a fill leads into another arrangement.
    """

    slot: int
    role: str
    program: int
    notes: tuple[BarNote, ...]
    through: bool = False


@dataclass(frozen=True, kw_only=True)
class Voice:
    """One instrument's task in an arrangement.

    Attributes:
        programs: General MIDI programmes; a session takes one of them.
        figure: What it plays (figures.FIGURES or "melody").
        register: The key about which it plays.
        velocity, level: See the module.
        rate: Notes a beat at most.
        hold: Sounding share of a note's slot (0.3 staccato, 1 legato).
        tones: Notes of a chord it takes.
        pattern: The figure's own rhythm or shape.
        density: Share of places it fills.
        sections: "A", "B" or "AB", the parts of the form.
        strum: Beats between a chord's notes.
        rooted: Whether its chords have their root lowest, for want of a bass.
        leaps, ornaments: Shares of wide steps and graced notes (melody).
        rhythms: Of a tune, four signs a beat, of which a motif takes one for a bar; none: they are drawn.
        turns: For each bar of a phrase which of the programmes plays, so that instruments share one part; empty: a
            session's choice.
    """

    role: Role
    programs: tuple[int, ...]
    figure: str
    register: int
    velocity: int
    level: float = 0.0
    rate: int = 2
    hold: float = 0.9
    tones: int = 3
    pattern: str = ""
    density: float = 0.5
    sections: str = "AB"
    strum: float = 0.0
    rooted: bool = False
    leaps: float = 0.2
    ornaments: float = 0.0
    rhythms: tuple[str, ...] = ()
    turns: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if not self.programs or not all(0 <= program <= 127 for program in self.programs):
            raise ValueError(f"programs: expected General MIDI programmes 0-127, got {self.programs}")
        if not 1 <= self.velocity <= 127 or not 0 <= self.level <= 1 or not 21 <= self.register <= 108:
            raise ValueError(f"{self.figure}: velocity, level or register out of range")


@dataclass(frozen=True, kw_only=True)
class DrumLine:
    """One drum over a pattern of two, three, four or six beats, or two bars of four.

    Attributes:
        key: General MIDI drum key of the kit that `program` stands for, or the MIDI key of a tuned or low drum that it
            names (timpani, taiko); 0 for timpani stands for the chord's root.
        steps: Four signs a beat: `.` silent, `o` soft, `x` normal, `!` accented.
        chance: Probability that a soft stroke sounds, so that no two bars are alike.
        fills: Whether the line rests during a fill.
    """

    key: int
    steps: str
    velocity: int
    level: float = 0.0
    chance: float = 0.85
    fills: bool = True
    program: int = -1

    def __post_init__(self) -> None:
        if _DRUM_LINE.fullmatch(self.steps) is None:
            raise ValueError(f"steps: expected 8, 12, 16, 24 or 32 of . o x !, got {self.steps!r}")


@dataclass(frozen=True, kw_only=True)
class Kit:
    """An arrangement's drums.

    Attributes:
        grooves: Alternatives, each a set of lines; a phrase takes one.
        fill: Drum keys, high to low, that play before a phrase ends (empty: none); of the programme or drum kit
            `fill_program`.
        crash: The key struck where a phrase begins (0: none).
        own: Whether the drums play where conditioning leaves them to the generator.
        force: Factor on the velocity of every stroke.
    """

    grooves: tuple[tuple[DrumLine, ...], ...]
    fill: tuple[int, ...] = ()
    crash: int = 0
    own: bool = True
    fill_program: int = -1
    force: float = 1.0


class Colours(NamedTuple):
    """How often harmony leaves the plain chords of its scale, as probabilities.

    Attributes:
        secondary: That a chord is led to by its own dominant.
        mixture: That a chord is borrowed from the parallel key.
        pedal: That a phrase begins over a held tonic.
        inversion: That the bass takes a third which lies between two steps.
        suspension: That held chords have a fourth before their third.
    """

    secondary: float = 0.0
    mixture: float = 0.0
    pedal: float = 0.0
    inversion: float = 0.0
    suspension: float = 0.25


PLAIN: Final = Colours()


@dataclass(frozen=True, kw_only=True, eq=False)
class Arrangement:
    """How a style profile sounds. Compared by identity: `arrange.arrange` makes one of a profile once.

    Attributes:
        name: The profile's key.
        notes_key: The profile's `notes_key`, by which notes are drawn.
        tempo_bpm, meter: Natural ones.
        scale: A word of scales.SCALES, used where conditioning leaves the key open.
        minor, major: Progressions of four chords (theory.chord tokens, `a/b` for two in a bar) for scales of either
            third, or of eight or twelve for a whole phrase.
        half: What the fourth bar of a phrase of four-chord progressions becomes, for minor and for major scales:
            cadences with spaces between, of which a phrase takes one.
        full, opened, evaded: The same of its last bar: where it closes, where it leads on (none: it closes), and where
            an extension follows.
        lengths: Bars of the four phrases of a cycle: choices of equal sums, of which a session takes one.
        colours: See Colours.
        valence: -1 dark to 1 bright: which progressions are likelier.
        stretch: Bars a chord lasts.
        swing: Delay of the middle of a beat, in beats; what lies around is stretched.
        sixteenth_swing: The same of the middle of half beats.
        loose: Humanised timing, beats.
        entrance: What marks its arrival (fills.GESTURES).
        gain: Factor on velocities that levels the arrangements' loudness.
        drive: How hard it pushes on, 0 at rest to 1 in the thick of a fight; music that turns to one with more drive is
            built up, to less is let go.
    """

    name: str
    notes_key: str
    tempo_bpm: float
    scale: str
    minor: tuple[str, ...]
    major: tuple[str, ...]
    voices: tuple[Voice, ...]
    kit: Kit
    half: tuple[str, str]
    full: tuple[str, str]
    opened: tuple[str, str]
    evaded: tuple[str, str]
    lengths: tuple[tuple[int, ...], ...]
    colours: Colours
    valence: float
    stretch: int
    meter: int
    swing: float
    sixteenth_swing: float
    loose: float
    entrance: str
    gain: float = 1.0
    drive: float

    def __post_init__(self) -> None:
        if not 0 <= self.drive <= 1:
            raise ValueError(f"{self.name}: drive: expected 0 to 1, got {self.drive}")
        if self.scale not in SCALES:
            raise ValueError(f"{self.name}: scale: expected one of {', '.join(SCALES)}, got {self.scale!r}")
        for progression in (*self.minor, *self.major):
            if len(progression.split()) not in (4, 8, 12):
                raise ValueError(f"{self.name}: expected progressions of 4, 8 or 12 chords, got {progression!r}")
        if not all(
            len(choice) == 4 and set(choice) <= {4, 6, 8, 10, 12} and sum(choice) == sum(self.lengths[0])
            for choice in self.lengths
        ):
            raise ValueError(f"{self.name}: lengths: expected four of 4 to 12 bars with equal sums, got {self.lengths}")
        if not self.tempo_bpm > 0:
            raise ValueError(f"{self.name}: tempo_bpm: expected more than 0, got {self.tempo_bpm}")
