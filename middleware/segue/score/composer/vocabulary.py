"""The types of the composer's table (voices, drum lines, kits, situations) and of a bar of music (notes, parts).

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
        slot: The voice's place in its situation's row, DRUM_SLOT and more for drums.
        program: A drum kit is below 0, see instruments.kit_program.
        through: Whether it goes on while a fill leads into another situation.
    """

    slot: int
    role: str
    program: int
    notes: tuple[BarNote, ...]
    through: bool = False


@dataclass(frozen=True, kw_only=True)
class Voice:
    """One instrument's task in a situation.

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
    """A situation's drums.

    Attributes:
        grooves: Alternatives, each a set of lines; a phrase takes one.
        fill: Drum keys, high to low, that play before a phrase ends (empty: none); of the programme or drum kit
            `fill_program`.
        crash: The key struck where a phrase begins (0: none).
        own: Whether the drums play where conditioning leaves them to the generator.
    """

    grooves: tuple[tuple[DrumLine, ...], ...]
    fill: tuple[int, ...] = ()
    crash: int = 0
    own: bool = True
    fill_program: int = -1


@dataclass(frozen=True, kw_only=True, eq=False)
class Situation:
    """One row of the table: how a game's moment sounds. Compared by identity: rows are made once.

    Attributes:
        tempo: Its natural range.
        modes: Words of scales.SCALES, used where conditioning leaves the key open.
        minor, major: Progressions of four chords (theory.chord tokens, `a/b` for two in a bar) for scales of either
            third, or of eight for a whole phrase.
        half, full: What the fourth and the eighth bar of a phrase of four-chord progressions become, for minor and for
            major scales: cadences with spaces between, of which a phrase takes one.
        stretch: Bars a chord lasts.
        meters: Natural ones.
        swing: Delay of the middle of a beat, in beats; what lies around is stretched.
        sixteenth_swing: The same of the middle of half beats.
        loose: Humanised timing, beats.
        entrance: What marks its arrival (fills.GESTURES).
        gain: Factor on velocities that levels the situations' loudness.
        most_notes: Notes a beat at most, of all voices together.
        drive: How hard it pushes on, 0 at rest to 1 in the thick of a fight; music that turns to one with more drive is
            built up, to less is let go.
    """

    name: str
    tempo: tuple[float, float]
    modes: tuple[str, ...]
    minor: tuple[str, ...]
    major: tuple[str, ...]
    voices: tuple[Voice, ...]
    kit: Kit
    half: tuple[str, str] = ("5M", "5")
    full: tuple[str, str] = ("4/5M", "4/5")
    stretch: int = 1
    meters: tuple[int, ...] = (4,)
    swing: float = 0.0
    sixteenth_swing: float = 0.0
    loose: float = 0.01
    entrance: str = "none"
    gain: float = 1.0
    drive: float = 0.5
    most_notes: float = 100.0

    def __post_init__(self) -> None:
        if not 0 <= self.drive <= 1:
            raise ValueError(f"{self.name}: drive: expected 0 to 1, got {self.drive}")
        if not self.modes or not all(mode in SCALES for mode in self.modes):
            raise ValueError(f"{self.name}: modes: expected some of {', '.join(SCALES)}, got {self.modes}")
        for progression in (*self.minor, *self.major):
            if len(progression.split()) not in (4, 8):
                raise ValueError(f"{self.name}: expected progressions of four or eight chords, got {progression!r}")
        if not 0 < self.tempo[0] <= self.tempo[1]:
            raise ValueError(f"{self.name}: tempo: expected a range, got {self.tempo}")
