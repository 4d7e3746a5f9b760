"""The orchestra: which General MIDI programmes and drum keys may be played, their ranges and their places in the mix.

The table is what the composer orchestrates from, what the bundled soundfont is cut to and what the sampler mixes by.
`level_db` is a seat in the mix, not a correction: the sampler levels each programme by its measured loudness first.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from segue.contract import FAMILIES

NUM_PROGRAMS: Final = 128
NUM_KEYS: Final = 128


@dataclass(frozen=True, kw_only=True)
class Instrument:
    """A programme and its seat.

    Attributes:
        program: General MIDI 0-127.
        low, high: MIDI keys that sound right, inclusive.
        family: The stem it usually plays in.
        pan: -1 left to 1 right.
        level_db: Relative to the others, for equal velocity.
        send: Reverb, 0 dry to 1 far away.
        width: Amplitude of what differs between left and right, 0 a point to 1 all around; for mono samples.
    """

    program: int
    name: str
    low: int
    high: int
    family: str
    pan: float
    level_db: float
    send: float
    width: float

    def __post_init__(self) -> None:
        if not 0 <= self.program < NUM_PROGRAMS or not 0 <= self.low < self.high < NUM_KEYS:
            raise ValueError(f"{self.name}: programme {self.program}, keys {self.low}-{self.high}: out of range")
        if self.family not in FAMILIES:
            raise ValueError(f"{self.name}: family {self.family!r}: expected one of {', '.join(FAMILIES)}")
        if not -1 <= self.pan <= 1 or not 0 <= self.send <= 1 or not 0 <= self.width <= 1:
            raise ValueError(f"{self.name}: pan {self.pan}, send {self.send}, width {self.width}: out of range")


@dataclass(frozen=True, kw_only=True)
class DrumKey:
    """A key of the drum kit and its seat; fields as in Instrument."""

    key: int
    name: str
    pan: float
    level_db: float
    send: float


def _instrument(
    program: int,
    name: str,
    low: int,
    high: int,
    family: str,
    pan: float,
    level_db: float,
    send: float,
    width: float,
) -> Instrument:
    return Instrument(
        program=program,
        name=name,
        low=low,
        high=high,
        family=family,
        pan=pan,
        level_db=level_db,
        send=send,
        width=width,
    )


# Seats follow the concert stage as the listener sees it (violins left, basses right, percussion and brass far back);
# band instruments sit as on a record. What carries the low end stays in the middle.
_INSTRUMENTS: Final = (
    # program, name, low, high, family, pan, level_db, send, width
    _instrument(0, "piano", 28, 100, "harmony", -0.10, 0.0, 0.25, 0.35),
    _instrument(4, "electric piano", 36, 96, "harmony", 0.20, -1.0, 0.25, 0.30),
    _instrument(6, "harpsichord", 36, 89, "harmony", 0.25, -3.0, 0.25, 0.25),
    _instrument(8, "celesta", 60, 108, "melody", 0.35, -2.0, 0.40, 0.30),
    _instrument(9, "glockenspiel", 67, 103, "melody", 0.40, -5.0, 0.40, 0.20),
    _instrument(10, "music box", 55, 96, "melody", -0.30, -2.0, 0.40, 0.30),
    _instrument(11, "vibraphone", 53, 89, "melody", 0.35, -1.0, 0.40, 0.30),
    _instrument(12, "marimba", 40, 96, "harmony", -0.35, 0.0, 0.25, 0.25),
    _instrument(13, "xylophone", 60, 103, "melody", 0.45, -3.0, 0.30, 0.20),
    _instrument(14, "tubular bells", 55, 84, "texture", 0.50, -3.0, 0.50, 0.30),
    _instrument(15, "dulcimer", 45, 88, "harmony", 0.40, -2.0, 0.30, 0.35),
    _instrument(19, "church organ", 36, 91, "texture", 0.00, -2.0, 0.50, 0.60),
    _instrument(20, "reed organ", 36, 88, "harmony", -0.20, -3.0, 0.30, 0.40),
    _instrument(21, "accordion", 48, 93, "melody", -0.25, -3.0, 0.20, 0.35),
    _instrument(24, "nylon guitar", 40, 84, "harmony", -0.35, 0.0, 0.20, 0.20),
    _instrument(25, "steel guitar", 40, 84, "harmony", 0.40, -1.0, 0.20, 0.25),
    _instrument(27, "clean guitar", 40, 84, "harmony", -0.40, -1.0, 0.25, 0.30),
    _instrument(28, "muted guitar", 36, 72, "harmony", 0.45, -1.0, 0.10, 0.15),
    _instrument(30, "distortion guitar", 36, 84, "harmony", -0.50, -3.0, 0.10, 0.30),
    _instrument(32, "acoustic bass", 28, 60, "bass", 0.00, 1.0, 0.10, 0.00),
    _instrument(33, "finger bass", 26, 60, "bass", 0.00, 1.0, 0.05, 0.00),
    _instrument(38, "synth bass", 24, 60, "bass", 0.00, 0.0, 0.05, 0.00),
    _instrument(39, "soft synth bass", 24, 60, "bass", 0.00, 0.0, 0.05, 0.00),
    _instrument(40, "violin", 55, 98, "melody", -0.40, 0.0, 0.35, 0.10),
    _instrument(41, "viola", 48, 88, "harmony", 0.20, -1.0, 0.35, 0.15),
    _instrument(42, "cello", 36, 79, "melody", 0.30, 0.0, 0.35, 0.10),
    _instrument(43, "contrabass", 28, 62, "bass", 0.35, 1.0, 0.30, 0.10),
    _instrument(44, "tremolo strings", 36, 93, "texture", -0.30, -2.0, 0.40, 0.60),
    _instrument(45, "pizzicato strings", 36, 93, "harmony", -0.20, 0.0, 0.35, 0.50),
    _instrument(46, "harp", 28, 98, "harmony", -0.50, 0.0, 0.35, 0.35),
    _instrument(47, "timpani", 36, 62, "drums", 0.20, 2.0, 0.40, 0.20),
    _instrument(48, "strings", 36, 93, "harmony", -0.25, -1.0, 0.40, 0.60),
    _instrument(49, "slow strings", 36, 93, "texture", 0.25, -2.0, 0.45, 0.65),
    _instrument(52, "choir aahs", 43, 84, "texture", 0.00, -2.0, 0.50, 0.65),
    _instrument(53, "voice oohs", 43, 84, "texture", -0.10, -2.0, 0.50, 0.60),
    _instrument(56, "trumpet", 55, 85, "melody", 0.30, 0.0, 0.35, 0.10),
    _instrument(57, "trombone", 36, 74, "harmony", 0.45, 0.0, 0.35, 0.10),
    _instrument(58, "tuba", 26, 62, "bass", 0.40, 0.0, 0.30, 0.05),
    _instrument(60, "french horn", 36, 79, "harmony", -0.35, 0.0, 0.45, 0.35),
    _instrument(68, "oboe", 58, 91, "melody", -0.10, -1.0, 0.35, 0.10),
    _instrument(69, "english horn", 52, 84, "melody", 0.05, -1.0, 0.35, 0.10),
    _instrument(70, "bassoon", 34, 75, "harmony", 0.20, -1.0, 0.35, 0.10),
    _instrument(71, "clarinet", 50, 91, "melody", 0.10, -1.0, 0.35, 0.10),
    _instrument(72, "piccolo", 74, 105, "melody", -0.25, -5.0, 0.35, 0.10),
    _instrument(73, "flute", 60, 96, "melody", -0.20, -1.0, 0.35, 0.10),
    _instrument(74, "recorder", 65, 96, "melody", 0.20, -2.0, 0.30, 0.10),
    _instrument(75, "pan flute", 60, 96, "melody", -0.30, -1.0, 0.40, 0.15),
    _instrument(77, "shakuhachi", 55, 88, "melody", 0.15, -1.0, 0.45, 0.20),
    _instrument(79, "ocarina", 60, 89, "melody", 0.10, -2.0, 0.35, 0.15),
    _instrument(80, "square lead", 36, 96, "melody", -0.15, -4.0, 0.10, 0.10),
    _instrument(81, "saw lead", 36, 96, "melody", 0.15, -4.0, 0.15, 0.20),
    _instrument(87, "bass lead", 28, 72, "bass", 0.00, -2.0, 0.05, 0.00),
    _instrument(88, "fantasia pad", 36, 90, "texture", 0.25, -3.0, 0.40, 0.60),
    _instrument(89, "warm pad", 36, 90, "texture", -0.25, -3.0, 0.40, 0.65),
    _instrument(92, "bowed glass pad", 36, 90, "texture", 0.30, -4.0, 0.50, 0.60),
    _instrument(95, "sweep pad", 36, 90, "texture", -0.30, -4.0, 0.45, 0.60),
    _instrument(104, "sitar", 45, 82, "melody", 0.30, -1.0, 0.25, 0.25),
    _instrument(105, "banjo", 48, 84, "harmony", 0.35, -2.0, 0.15, 0.15),
    _instrument(106, "shamisen", 48, 84, "melody", -0.30, -1.0, 0.25, 0.15),
    _instrument(107, "koto", 48, 86, "harmony", 0.30, 0.0, 0.30, 0.25),
    _instrument(108, "kalimba", 48, 88, "harmony", -0.40, 0.0, 0.30, 0.25),
    _instrument(114, "steel drums", 52, 86, "melody", 0.40, -1.0, 0.25, 0.25),
    _instrument(116, "taiko", 36, 72, "drums", -0.10, 3.0, 0.35, 0.30),
    _instrument(117, "melodic tom", 36, 72, "drums", 0.30, 1.0, 0.25, 0.25),
    _instrument(119, "reverse cymbal", 48, 72, "texture", 0.00, -4.0, 0.30, 0.50),
)

_DRUM_KEYS: Final = (
    DrumKey(key=35, name="low kick", pan=0.0, level_db=0.0, send=0.05),
    DrumKey(key=36, name="kick", pan=0.0, level_db=0.0, send=0.05),
    DrumKey(key=37, name="rim", pan=-0.10, level_db=0.0, send=0.15),
    DrumKey(key=38, name="snare", pan=-0.05, level_db=0.0, send=0.15),
    DrumKey(key=39, name="clap", pan=0.10, level_db=0.0, send=0.20),
    DrumKey(key=40, name="tight snare", pan=-0.05, level_db=0.0, send=0.15),
    DrumKey(key=41, name="low floor tom", pan=0.45, level_db=0.0, send=0.15),
    DrumKey(key=42, name="closed hi-hat", pan=-0.35, level_db=-2.0, send=0.05),
    DrumKey(key=43, name="floor tom", pan=0.35, level_db=0.0, send=0.15),
    DrumKey(key=44, name="pedal hi-hat", pan=-0.35, level_db=-2.0, send=0.05),
    DrumKey(key=45, name="low tom", pan=0.20, level_db=0.0, send=0.15),
    DrumKey(key=46, name="open hi-hat", pan=-0.35, level_db=-2.0, send=0.10),
    DrumKey(key=47, name="mid tom", pan=0.05, level_db=0.0, send=0.15),
    DrumKey(key=48, name="high mid tom", pan=-0.10, level_db=0.0, send=0.15),
    DrumKey(key=49, name="crash", pan=-0.45, level_db=-1.0, send=0.20),
    DrumKey(key=50, name="high tom", pan=-0.25, level_db=0.0, send=0.15),
    DrumKey(key=51, name="ride", pan=0.45, level_db=-2.0, send=0.10),
    DrumKey(key=52, name="china", pan=0.50, level_db=-2.0, send=0.20),
    DrumKey(key=53, name="ride bell", pan=0.45, level_db=-2.0, send=0.10),
    DrumKey(key=54, name="tambourine", pan=0.30, level_db=-2.0, send=0.20),
    DrumKey(key=55, name="splash", pan=-0.30, level_db=-2.0, send=0.20),
    DrumKey(key=56, name="cowbell", pan=0.25, level_db=-3.0, send=0.15),
    DrumKey(key=57, name="second crash", pan=0.40, level_db=-1.0, send=0.20),
    DrumKey(key=59, name="second ride", pan=0.40, level_db=-2.0, send=0.10),
    DrumKey(key=60, name="high bongo", pan=-0.40, level_db=0.0, send=0.15),
    DrumKey(key=61, name="low bongo", pan=-0.25, level_db=0.0, send=0.15),
    DrumKey(key=62, name="muted conga", pan=0.25, level_db=0.0, send=0.15),
    DrumKey(key=63, name="high conga", pan=0.35, level_db=0.0, send=0.15),
    DrumKey(key=64, name="low conga", pan=0.40, level_db=0.0, send=0.15),
    DrumKey(key=65, name="high timbale", pan=-0.30, level_db=0.0, send=0.20),
    DrumKey(key=66, name="low timbale", pan=-0.20, level_db=0.0, send=0.20),
    DrumKey(key=69, name="cabasa", pan=-0.45, level_db=-2.0, send=0.10),
    DrumKey(key=70, name="maracas", pan=0.50, level_db=-2.0, send=0.10),
    DrumKey(key=73, name="short guiro", pan=-0.40, level_db=-2.0, send=0.15),
    DrumKey(key=75, name="claves", pan=0.35, level_db=-2.0, send=0.20),
    DrumKey(key=76, name="high wood block", pan=-0.30, level_db=-2.0, send=0.20),
    DrumKey(key=77, name="low wood block", pan=-0.20, level_db=-2.0, send=0.20),
    DrumKey(key=80, name="muted triangle", pan=0.40, level_db=-3.0, send=0.25),
    DrumKey(key=81, name="triangle", pan=0.40, level_db=-3.0, send=0.30),
    DrumKey(key=82, name="shaker", pan=0.40, level_db=-2.0, send=0.10),
    DrumKey(key=83, name="sleigh bells", pan=-0.40, level_db=-2.0, send=0.30),
    DrumKey(key=85, name="castanets", pan=-0.35, level_db=-2.0, send=0.20),
    DrumKey(key=86, name="short drum hit", pan=0.0, level_db=1.0, send=0.35),
    DrumKey(key=87, name="long drum hit", pan=0.0, level_db=1.0, send=0.35),
)

ORCHESTRA: Final[dict[int, Instrument]] = {row.program: row for row in _INSTRUMENTS}
DRUM_KIT: Final[dict[int, DrumKey]] = {row.key: row for row in _DRUM_KEYS}
