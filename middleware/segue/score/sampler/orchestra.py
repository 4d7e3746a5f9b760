"""The orchestra: every General MIDI programme with its range and its place in the mix.

The table is what the composer orchestrates from, what the bundled soundfont is cut to and what the sampler mixes by.
`level_db` is a seat in the mix, not a correction: the sampler levels each programme by its measured loudness first.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from segue.contract import FAMILIES
from segue.instruments import NAMES, PROGRAMS

NUM_PROGRAMS: Final = len(NAMES)
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
    low: int
    high: int
    family: str
    pan: float
    level_db: float
    send: float
    width: float

    def __post_init__(self) -> None:
        if not 0 <= self.program < NUM_PROGRAMS or not 0 <= self.low < self.high < NUM_KEYS:
            raise ValueError(f"programme {self.program}, keys {self.low}-{self.high}: out of range")
        if self.family not in FAMILIES:
            raise ValueError(f"{self.name}: family {self.family!r}: expected one of {', '.join(FAMILIES)}")
        if not -1 <= self.pan <= 1 or not 0 <= self.send <= 1 or not 0 <= self.width <= 1:
            raise ValueError(f"{self.name}: pan {self.pan}, send {self.send}, width {self.width}: out of range")

    @property
    def name(self) -> str:
        return NAMES[self.program]


def _seat(
    name: str, low: int, high: int, family: str, pan: float, level_db: float, send: float, width: float
) -> Instrument:
    return Instrument(
        program=PROGRAMS[name],
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
    # name, low, high, family, pan, level_db, send, width
    _seat("piano", 28, 100, "harmony", -0.10, 0.0, 0.25, 0.65),
    _seat("bright piano", 28, 100, "harmony", -0.10, 0.0, 0.20, 0.65),
    _seat("electric grand", 28, 100, "harmony", 0.10, -1.0, 0.20, 0.65),
    _seat("honky-tonk piano", 28, 100, "harmony", 0.20, -1.0, 0.15, 0.60),
    _seat("electric piano", 36, 96, "harmony", 0.20, -1.0, 0.25, 0.60),
    _seat("FM electric piano", 36, 96, "harmony", 0.20, -1.0, 0.25, 0.70),
    _seat("harpsichord", 36, 89, "harmony", 0.25, -3.0, 0.25, 0.50),
    _seat("clavinet", 36, 84, "harmony", -0.30, -2.0, 0.10, 0.15),
    _seat("celesta", 60, 108, "melody", 0.35, -2.0, 0.40, 0.55),
    _seat("glockenspiel", 67, 103, "melody", 0.40, -5.0, 0.40, 0.40),
    _seat("music box", 55, 96, "melody", -0.30, -2.0, 0.40, 0.50),
    _seat("vibraphone", 53, 89, "melody", 0.35, -1.0, 0.40, 0.60),
    _seat("marimba", 40, 96, "harmony", -0.35, 0.0, 0.25, 0.55),
    _seat("xylophone", 60, 103, "melody", 0.45, -3.0, 0.30, 0.20),
    _seat("tubular bells", 55, 84, "texture", 0.50, -3.0, 0.50, 0.50),
    _seat("dulcimer", 45, 88, "harmony", 0.40, -2.0, 0.30, 0.55),
    _seat("drawbar organ", 36, 96, "harmony", -0.25, -3.0, 0.20, 0.70),
    _seat("percussive organ", 36, 96, "harmony", -0.25, -3.0, 0.20, 0.70),
    _seat("rock organ", 36, 96, "harmony", -0.25, -3.0, 0.20, 0.75),
    _seat("church organ", 36, 91, "texture", 0.00, -2.0, 0.50, 0.90),
    _seat("reed organ", 36, 88, "harmony", -0.20, -3.0, 0.30, 0.65),
    _seat("accordion", 48, 93, "melody", -0.25, -3.0, 0.20, 0.55),
    _seat("harmonica", 55, 91, "melody", 0.10, -2.0, 0.25, 0.10),
    _seat("bandoneon", 45, 91, "melody", -0.15, -3.0, 0.20, 0.50),
    _seat("nylon guitar", 40, 84, "harmony", -0.35, 0.0, 0.20, 0.40),
    _seat("steel guitar", 40, 84, "harmony", 0.40, -1.0, 0.20, 0.50),
    _seat("jazz guitar", 40, 84, "harmony", -0.35, 0.0, 0.15, 0.35),
    _seat("clean guitar", 40, 84, "harmony", -0.40, -1.0, 0.25, 0.60),
    _seat("muted guitar", 36, 72, "harmony", 0.45, -1.0, 0.10, 0.15),
    _seat("overdriven guitar", 36, 84, "harmony", 0.65, 0.5, 0.10, 0.80),
    _seat("distortion guitar", 36, 84, "harmony", -0.65, 0.5, 0.10, 0.80),
    _seat("guitar harmonics", 52, 88, "texture", 0.35, -3.0, 0.30, 0.60),
    _seat("acoustic bass", 28, 60, "bass", 0.00, 1.0, 0.10, 0.00),
    _seat("finger bass", 26, 60, "bass", 0.00, 1.0, 0.05, 0.00),
    _seat("picked bass", 26, 60, "bass", 0.00, 1.0, 0.05, 0.00),
    _seat("fretless bass", 26, 60, "bass", 0.00, 1.0, 0.10, 0.00),
    _seat("slap bass", 26, 60, "bass", 0.00, 0.0, 0.05, 0.00),
    _seat("popped bass", 26, 60, "bass", 0.00, 0.0, 0.05, 0.00),
    _seat("synth bass", 24, 60, "bass", 0.00, 0.0, 0.05, 0.00),
    _seat("soft synth bass", 24, 60, "bass", 0.00, -3.0, 0.05, 0.00),
    _seat("violin", 55, 98, "melody", -0.40, 0.0, 0.35, 0.10),
    _seat("viola", 48, 88, "harmony", 0.20, -1.0, 0.35, 0.15),
    _seat("cello", 36, 79, "melody", 0.30, 0.0, 0.35, 0.10),
    _seat("contrabass", 28, 62, "bass", 0.35, 1.0, 0.30, 0.10),
    _seat("tremolo strings", 36, 93, "texture", -0.30, -2.0, 0.40, 0.95),
    _seat("pizzicato strings", 36, 93, "harmony", -0.20, 0.0, 0.35, 0.85),
    _seat("harp", 28, 98, "harmony", -0.50, 0.0, 0.35, 0.60),
    _seat("timpani", 36, 62, "drums", 0.20, 2.0, 0.40, 0.40),
    _seat("strings", 36, 93, "harmony", -0.25, -1.0, 0.40, 0.95),
    _seat("slow strings", 36, 93, "texture", 0.25, -2.0, 0.45, 1.00),
    _seat("synth strings", 36, 93, "texture", -0.15, -3.0, 0.35, 0.95),
    _seat("soft synth strings", 36, 93, "texture", 0.15, -3.0, 0.40, 1.00),
    _seat("choir", 43, 84, "texture", 0.00, -2.0, 0.50, 1.00),
    _seat("voices", 43, 84, "texture", -0.10, -2.0, 0.50, 0.95),
    _seat("synth voice", 43, 84, "texture", 0.10, -3.0, 0.45, 0.95),
    _seat("orchestra hit", 36, 84, "harmony", 0.00, -2.0, 0.30, 0.80),
    _seat("trumpet", 55, 85, "melody", 0.30, 0.0, 0.35, 0.10),
    _seat("trombone", 36, 74, "harmony", 0.45, 0.0, 0.35, 0.35),
    _seat("tuba", 26, 62, "bass", 0.40, 0.0, 0.30, 0.05),
    _seat("muted trumpet", 55, 85, "melody", 0.20, -2.0, 0.25, 0.10),
    _seat("horn", 36, 79, "harmony", -0.35, 0.0, 0.45, 0.55),
    _seat("brass", 36, 84, "harmony", 0.35, -1.0, 0.30, 0.80),
    _seat("synth brass", 36, 91, "harmony", -0.20, -3.0, 0.20, 0.80),
    _seat("soft synth brass", 36, 91, "harmony", 0.20, -3.0, 0.25, 0.80),
    _seat("soprano saxophone", 56, 88, "melody", 0.10, -1.0, 0.25, 0.10),
    _seat("alto saxophone", 49, 81, "melody", -0.15, -1.0, 0.25, 0.10),
    _seat("tenor saxophone", 44, 76, "melody", 0.15, -1.0, 0.25, 0.10),
    _seat("baritone saxophone", 36, 69, "harmony", 0.30, -1.0, 0.20, 0.10),
    _seat("oboe", 58, 91, "melody", -0.10, -1.0, 0.35, 0.10),
    _seat("english horn", 52, 84, "melody", 0.05, -1.0, 0.35, 0.10),
    _seat("bassoon", 34, 75, "harmony", 0.20, -1.0, 0.35, 0.10),
    _seat("clarinet", 50, 91, "melody", 0.10, -1.0, 0.35, 0.10),
    _seat("piccolo", 74, 105, "melody", -0.25, -5.0, 0.35, 0.10),
    _seat("flute", 60, 96, "melody", -0.20, -1.0, 0.35, 0.10),
    _seat("recorder", 65, 96, "melody", 0.20, -2.0, 0.30, 0.10),
    _seat("pan flute", 60, 96, "melody", -0.30, -1.0, 0.40, 0.15),
    _seat("bottle", 48, 84, "texture", -0.25, -3.0, 0.40, 0.25),
    _seat("shakuhachi", 55, 88, "melody", 0.15, -1.0, 0.45, 0.20),
    _seat("whistle", 65, 96, "melody", -0.10, -4.0, 0.35, 0.10),
    _seat("ocarina", 60, 89, "melody", 0.10, -2.0, 0.35, 0.15),
    _seat("square lead", 36, 96, "melody", -0.30, -1.5, 0.10, 0.40),
    _seat("saw lead", 36, 96, "melody", 0.30, -1.5, 0.15, 0.40),
    _seat("calliope lead", 28, 96, "melody", 0.10, -1.5, 0.10, 0.25),
    _seat("chiff lead", 36, 96, "melody", -0.20, -1.5, 0.25, 0.35),
    _seat("charang lead", 36, 91, "melody", 0.20, -1.5, 0.15, 0.25),
    _seat("voice lead", 48, 84, "melody", 0.00, -1.5, 0.40, 0.35),
    _seat("fifths lead", 36, 84, "melody", 0.00, -1.5, 0.20, 0.30),
    _seat("bass lead", 28, 72, "bass", 0.00, -2.0, 0.05, 0.00),
    _seat("fantasia pad", 36, 90, "texture", 0.25, -3.0, 0.40, 0.90),
    _seat("warm pad", 36, 90, "texture", -0.25, -3.0, 0.40, 1.00),
    _seat("polysynth pad", 36, 90, "harmony", 0.15, -4.0, 0.25, 0.90),
    _seat("choir pad", 36, 90, "texture", 0.00, -3.0, 0.50, 1.00),
    _seat("glass pad", 36, 90, "texture", 0.30, -4.0, 0.50, 0.95),
    _seat("metal pad", 36, 90, "texture", -0.20, -4.0, 0.50, 0.95),
    _seat("halo pad", 36, 90, "texture", 0.20, -4.0, 0.50, 1.00),
    _seat("sweep pad", 36, 90, "texture", -0.30, -4.0, 0.45, 0.95),
    _seat("rain", 48, 96, "texture", -0.20, -4.0, 0.50, 0.90),
    _seat("soundtrack pad", 36, 90, "texture", 0.00, -3.0, 0.50, 1.00),
    _seat("crystal", 60, 103, "texture", 0.35, -4.0, 0.50, 0.80),
    _seat("atmosphere", 40, 90, "texture", -0.30, -3.0, 0.45, 0.80),
    _seat("brightness", 48, 96, "texture", 0.30, -4.0, 0.45, 0.90),
    _seat("goblins", 36, 84, "texture", -0.30, -4.0, 0.60, 1.00),
    _seat("echoes", 48, 91, "texture", 0.25, -4.0, 0.55, 0.90),
    _seat("star theme", 48, 96, "texture", -0.15, -4.0, 0.50, 0.90),
    _seat("sitar", 45, 82, "melody", 0.30, -1.0, 0.25, 0.40),
    _seat("banjo", 48, 84, "harmony", 0.35, -2.0, 0.15, 0.15),
    _seat("shamisen", 48, 84, "melody", -0.30, -1.0, 0.25, 0.15),
    _seat("koto", 48, 86, "harmony", 0.30, 0.0, 0.30, 0.45),
    _seat("kalimba", 48, 88, "harmony", -0.40, 0.0, 0.30, 0.45),
    _seat("bagpipe", 55, 86, "melody", 0.00, -3.0, 0.30, 0.20),
    _seat("fiddle", 55, 98, "melody", -0.20, 0.0, 0.15, 0.10),
    _seat("shanai", 55, 86, "melody", 0.20, -3.0, 0.25, 0.10),
    _seat("tinkle bell", 60, 103, "texture", -0.40, -5.0, 0.40, 0.30),
    _seat("agogo", 55, 84, "drums", 0.30, -3.0, 0.20, 0.10),
    _seat("steel drums", 52, 86, "melody", 0.40, -1.0, 0.25, 0.50),
    _seat("woodblock", 48, 84, "drums", -0.30, -3.0, 0.20, 0.10),
    _seat("taiko", 36, 72, "drums", -0.10, 0.0, 0.35, 0.55),
    _seat("melodic tom", 36, 72, "drums", 0.30, 1.0, 0.25, 0.50),
    _seat("synth drum", 36, 72, "drums", -0.25, 0.0, 0.15, 0.15),
    _seat("reverse cymbal", 48, 72, "texture", 0.00, -4.0, 0.30, 0.50),
    # Noises: one key is as good as another.
    _seat("fret noise", 48, 72, "texture", -0.30, -8.0, 0.20, 0.10),
    _seat("breath", 48, 72, "texture", 0.20, -8.0, 0.30, 0.20),
    _seat("seashore", 48, 72, "texture", 0.00, -8.0, 0.20, 0.80),
    _seat("birds", 48, 72, "texture", 0.30, -8.0, 0.40, 0.60),
    _seat("telephone", 48, 72, "texture", 0.30, -8.0, 0.20, 0.10),
    _seat("helicopter", 48, 72, "texture", 0.00, -8.0, 0.20, 0.50),
    _seat("applause", 48, 72, "texture", 0.00, -8.0, 0.30, 0.80),
    _seat("gunshot", 48, 72, "drums", 0.00, -3.0, 0.40, 0.20),
)

ORCHESTRA: Final[Mapping[int, Instrument]] = {row.program: row for row in _INSTRUMENTS}
"""The seat of every programme."""
