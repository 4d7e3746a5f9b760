"""Wide worlds: exploration, ocean, space, and the small world of an old console: chiptune."""

from __future__ import annotations

from typing import Final

from segue.score.composer import instruments as gm
from segue.score.composer.layouts.layout import Layout
from segue.score.composer.vocabulary import DrumLine, Kit, Voice

# A voice reads as one row of a table.
# fmt: off
_EXPLORATION: Final = Layout(
    name="exploration",
    groove="straight",
    percussion="orchestral",
    drive=0.5,
    loose=0.012,
    entrance="glissando",
    voices=(
        Voice(role="harmony", programs=(gm.STRINGS,), figure="pad", register=60, velocity=74, tones=3),
        Voice(role="melody", programs=(gm.HORN, gm.FLUTE), figure="melody", register=71, velocity=96, density=0.36,
              leaps=0.4, hold=0.95),
        Voice(role="bass", programs=(gm.CONTRABASS,), figure="line", register=38, velocity=84, rate=1, hold=0.9,
              pattern="r . f ."),
        Voice(role="texture", programs=(gm.STRINGS,), figure="ostinato", register=67, velocity=80, rate=2, hold=0.5,
              pattern="0 4 2 4 0 4 7 4"),
        Voice(role="texture", programs=(gm.HARP,), figure="arpeggio", register=67, velocity=80, level=0.12, rate=2,
              hold=1.2, tones=5, pattern="up", density=0.8),
        Voice(role="counter", programs=(gm.CELLO,), figure="counter", register=57, velocity=84, level=0.45,
              density=0.9),
        Voice(role="harmony", programs=(gm.HORN,), figure="pad", register=58, velocity=78, level=0.6, tones=3),
        Voice(role="texture", programs=(gm.STRINGS,), figure="ostinato", register=74, velocity=72, level=0.72, rate=4,
              hold=0.5, pattern="0 2 4 2 4 2 4 7"),
        Voice(role="harmony", programs=(gm.TRUMPET,), figure="stabs", register=67, velocity=84, level=0.82, hold=0.8,
              pattern="!.....x.!......."),
        Voice(role="texture", programs=(gm.FLUTE,), figure="run", register=81, velocity=72, level=0.5, rate=4,
              pattern="up"),
    ),
    kit=Kit(
        own=True,
        grooves=(
            (
                DrumLine(key=0, steps="x...........o...", velocity=82, level=0.25, program=gm.TIMPANI),
                DrumLine(key=gm.SHAKER, steps="x.o.x.o.x.o.x.o.", velocity=54, level=0.1),
                DrumLine(key=gm.SNARE, steps="x.oo..o.x.oo....", velocity=60, level=0.55),
                DrumLine(key=45, steps="x.......x..o....", velocity=80, level=0.65, program=gm.TAIKO),
                DrumLine(key=gm.RIDE, steps="x...x...x...x...", velocity=58, level=0.78),
            ),
        ),
        fill=(50, 47, 43),
        fill_program=gm.TAIKO,
    ),
)

_OCEAN: Final = Layout(
    name="ocean",
    groove="waltz",
    percussion="orchestral",
    drive=0.35,
    loose=0.018,
    entrance="glissando",
    voices=(
        Voice(role="texture", programs=(gm.HARP,), figure="arpeggio", register=60, velocity=76, rate=2, hold=1.8,
              tones=7, pattern="wave", density=1.0),
        Voice(role="harmony", programs=(gm.SLOW_STRINGS,), figure="pad", register=53, velocity=74, tones=4, hold=1.05,
              pattern="half open"),
        Voice(role="bass", programs=(gm.CONTRABASS,), figure="line", register=36, velocity=80, rate=1, hold=1.0,
              pattern="r . . f . ."),
        Voice(role="melody", programs=(gm.HORN, gm.CELLO), figure="melody", register=62, velocity=92, level=0.1,
              density=0.14, rate=1, leaps=0.35, hold=1.05),
        Voice(role="counter", programs=(gm.FLUTE,), figure="counter", register=74, velocity=72, level=0.4,
              density=0.6),
        Voice(role="texture", programs=(gm.CELESTA,), figure="sparkle", register=81, velocity=60, level=0.35,
              density=0.12, hold=1.6),
        Voice(role="harmony", programs=(gm.HORN,), figure="pad", register=57, velocity=74, level=0.55, tones=3),
        Voice(role="texture", programs=(gm.HARP,), figure="run", register=77, velocity=70, level=0.5, rate=6,
              hold=2.5, pattern="up"),
        Voice(role="harmony", programs=(gm.STRINGS,), figure="swell", register=62, velocity=76, level=0.7, rate=2,
              hold=1.0, tones=3),
    ),
    kit=Kit(
        own=True,
        grooves=(
            (
                DrumLine(key=gm.LOW_KICK, steps="x...........o...........", velocity=76, level=0.15,
                         program=gm.ORCHESTRA_KIT),
                DrumLine(key=gm.SHAKER, steps="o...x...o...o...x...o...", velocity=48, level=0.25),
                DrumLine(key=0, steps="x...............o.o.ooo.", velocity=74, level=0.45, program=gm.TIMPANI),
                DrumLine(key=gm.TRIANGLE, steps="x.......................", velocity=50, level=0.55),
                DrumLine(key=gm.CRASH, steps="x.......................", velocity=52, level=0.8, chance=0.6),
            ),
        ),
    ),
)

_SPACE: Final = Layout(
    name="space",
    percussion="electronic",
    level_db=3.0,
    drive=0.1,
    stretch=2,
    loose=0.006,
    entrance="wash",
    voices=(
        Voice(role="harmony", programs=(gm.WARM_PAD,), figure="pad", register=60, velocity=88, tones=4, hold=1.05,
              pattern="half open"),
        Voice(role="bass", programs=(gm.SOFT_SYNTH_BASS,), figure="line", register=33, velocity=84, rate=1, hold=1.0,
              pattern="r . . ."),
        Voice(role="texture", programs=(gm.FANTASIA,), figure="sparkle", register=79, velocity=70, density=0.16,
              hold=1.5),
        Voice(role="texture", programs=(gm.SAW,), figure="arpeggio", register=65, velocity=48, level=0.22, rate=4,
              hold=0.5, tones=5, pattern="updown", density=0.85),
        Voice(role="melody", programs=(gm.GLASS_PAD, gm.FANTASIA), figure="melody", register=74, velocity=84,
              level=0.18, density=0.16, leaps=0.4, hold=1.1),
        Voice(role="harmony", programs=(gm.SWEEP_PAD,), figure="pad", register=67, velocity=78, level=0.4, tones=3,
              hold=1.0, pattern="half"),
        Voice(role="texture", programs=(gm.ELECTRIC_PIANO,), figure="arpeggio", register=74, velocity=66, level=0.52,
              rate=2, hold=1.0, tones=4, pattern="down", density=0.8),
        Voice(role="texture", programs=(gm.SYNTH_BASS,), figure="ostinato", register=45, velocity=76, level=0.66,
              rate=4, hold=0.5, pattern="0 0 7 0 4 0 7 0"),
        Voice(role="texture", programs=(gm.SAW,), figure="arpeggio", register=79, velocity=44, level=0.8, rate=4,
              hold=0.4, tones=4, pattern="down", density=0.85),
    ),
    kit=Kit(
        own=False,
        grooves=(
            (
                DrumLine(key=gm.KICK, steps="x.......x.......", velocity=74),
                DrumLine(key=gm.CLOSED_HAT, steps="..x...x...x...x.", velocity=48, level=0.3),
                DrumLine(key=gm.CLAP, steps="....x.......x...", velocity=58, level=0.5),
            ),
        ),
    ),
)

_CHIPTUNE: Final = Layout(
    name="chiptune",
    groove="straight",
    percussion="chip",
    level_db=-0.5,
    drive=0.7,
    loose=0.0,
    entrance="bleep",
    voices=(
        Voice(role="melody", programs=(gm.SQUARE,), figure="melody", register=79, velocity=88, density=0.62, rate=4,
              leaps=0.35, hold=0.8),
        Voice(role="texture", programs=(gm.SQUARE,), figure="arpeggio", register=67, velocity=60, rate=4, hold=0.9,
              tones=3, pattern="up", density=1.0),
        Voice(role="bass", programs=(gm.BASS_LEAD,), figure="line", register=40, velocity=92, rate=2, hold=0.7,
              pattern="r o r o r o f o"),
        Voice(role="counter", programs=(gm.SAW,), figure="counter", register=74, velocity=56, level=0.4,
              density=0.9),
        Voice(role="texture", programs=(gm.SQUARE,), figure="arpeggio", register=84, velocity=48, level=0.6, rate=8,
              hold=0.8, tones=3, pattern="up", density=1.0),
        Voice(role="texture", programs=(gm.SQUARE,), figure="run", register=86, velocity=60, level=0.3, rate=6,
              hold=0.8, pattern="up"),
        Voice(role="harmony", programs=(gm.SAW,), figure="stabs", register=62, velocity=60, level=0.78, hold=0.4,
              tones=2, pattern="..x...x...x...xx"),
    ),
    kit=Kit(
        own=True,
        grooves=(
            (
                DrumLine(key=gm.KICK, steps="x...x...x...x...", velocity=88, level=0.1),
                DrumLine(key=gm.TIGHT_SNARE, steps="....x.......x..o", velocity=84, level=0.2),
                DrumLine(key=gm.CLOSED_HAT, steps="..x...x...x...x.", velocity=66, level=0.0),
                DrumLine(key=gm.CLOSED_HAT, steps=".o.o.o.o.o.o.o.o", velocity=60, level=0.5),
                DrumLine(key=gm.COWBELL, steps="x..x..x...x.x...", velocity=54, level=0.75),
            ),
            (
                DrumLine(key=gm.KICK, steps="x.......x...x...", velocity=88, level=0.1),
                DrumLine(key=gm.TIGHT_SNARE, steps="....x..o....x...", velocity=84, level=0.2),
                DrumLine(key=gm.CLOSED_HAT, steps="x.o.x.o.x.o.x.o.", velocity=66, level=0.0),
                DrumLine(key=gm.CLOSED_HAT, steps=".o.x.o.x.o.x.o.x", velocity=60, level=0.5),
                DrumLine(key=gm.COWBELL, steps="..x..x..x..x..x.", velocity=54, level=0.75),
            ),
        ),
        fill=(gm.TIGHT_SNARE, gm.TIGHT_SNARE),
    ),
)

LAYOUTS: Final = (_EXPLORATION, _OCEAN, _SPACE, _CHIPTUNE)
