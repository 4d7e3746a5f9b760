"""Places where people live: town, tavern, desert."""

from __future__ import annotations

from typing import Final

from segue.score.composer import instruments as gm
from segue.score.composer.layouts.layout import Layout
from segue.score.composer.vocabulary import DrumLine, Kit, Voice

# A voice reads as one row of a table.
# fmt: off
_TOWN: Final = Layout(
    name="town",
    groove="straight",
    percussion="hand drums",
    level_db=-0.5,
    drive=0.5,
    loose=0.012,
    entrance="pluck",
    voices=(
        Voice(role="melody", programs=(gm.FLUTE, gm.CLARINET), figure="melody", register=76, velocity=88, density=0.5,
              leaps=0.25, hold=0.8, ornaments=0.08),
        Voice(role="harmony", programs=(gm.NYLON_GUITAR,), figure="stabs", register=60, velocity=76, hold=0.6,
              strum=0.015, pattern="..x...xo..x...x."),
        Voice(role="bass", programs=(gm.PIZZICATO,), figure="line", register=40, velocity=84, rate=1, hold=0.5,
              pattern="r f r a"),
        Voice(role="counter", programs=(gm.CLARINET,), figure="counter", register=62, velocity=74, level=0.3,
              density=0.9),
        Voice(role="texture", programs=(gm.GLOCKENSPIEL,), figure="sparkle", register=86, velocity=60, level=0.42,
              density=0.22, hold=0.5),
        Voice(role="harmony", programs=(gm.STRINGS,), figure="pad", register=65, velocity=64, level=0.55, tones=3),
        Voice(role="texture", programs=(gm.PIZZICATO,), figure="arpeggio", register=67, velocity=70, level=0.68,
              rate=2, hold=0.4, tones=4, pattern="broken", density=0.8),
        Voice(role="texture", programs=(gm.PICCOLO,), figure="run", register=86, velocity=66, level=0.6, rate=4,
              pattern="up"),
        Voice(role="texture", programs=(gm.XYLOPHONE,), figure="ostinato", register=77, velocity=66, level=0.82,
              rate=4, hold=0.3, pattern="0 . 2 4 . 2 4 2"),
    ),
    kit=Kit(
        own=True,
        grooves=(
            (
                DrumLine(key=gm.TAMBOURINE, steps="....x.......x..o", velocity=56, level=0.15),
                DrumLine(key=gm.SHAKER, steps="x.o.x.o.x.o.x.o.", velocity=48, level=0.3),
                DrumLine(key=gm.KICK, steps="x.......x.......", velocity=70, level=0.45),
                DrumLine(key=gm.RIM, steps="....x..o....x...", velocity=60, level=0.55),
                DrumLine(key=gm.HIGH_WOOD, steps="..x..o..x.o..x..", velocity=52, level=0.72),
            ),
        ),
        fill=(gm.HIGH_WOOD, gm.LOW_WOOD),
    ),
)

_TAVERN: Final = Layout(
    name="tavern",
    groove="hand drums",
    percussion="hand drums",
    level_db=1.0,
    drive=0.6,
    loose=0.016,
    entrance="pluck",
    voices=(
        Voice(role="melody", programs=(gm.VIOLIN, gm.ACCORDION), figure="melody", register=74, velocity=94,
              density=0.68, rate=2, leaps=0.2, hold=0.75, ornaments=0.22),
        Voice(role="harmony", programs=(gm.ACCORDION,), figure="stabs", register=64, velocity=78, hold=0.4,
              pattern="..x...x...x...x."),
        Voice(role="bass", programs=(gm.ACOUSTIC_BASS,), figure="line", register=38, velocity=90, rate=1, hold=0.6,
              pattern="r f r f"),
        Voice(role="harmony", programs=(gm.BANJO,), figure="arpeggio", register=64, velocity=74, level=0.22, rate=2,
              hold=0.7, tones=4, pattern="broken", density=0.9),
        Voice(role="counter", programs=(gm.RECORDER,), figure="melody", register=81, velocity=70, level=0.5,
              density=0.5, leaps=0.15, hold=0.8, ornaments=0.15),
        Voice(role="harmony", programs=(gm.STEEL_GUITAR,), figure="stabs", register=57, velocity=78, level=0.62,
              hold=0.5, strum=0.02, pattern="x.o.x.oox.o.x.oo"),
        Voice(role="texture", programs=(gm.VIOLIN,), figure="ostinato", register=69, velocity=70, level=0.8, rate=4,
              hold=0.5, pattern="0 4 2 4 0 4 2 1"),
    ),
    kit=Kit(
        own=True,
        grooves=(
            (
                DrumLine(key=gm.LOW_CONGA, steps="x.....o.x.....o.", velocity=82),
                DrumLine(key=gm.TAMBOURINE, steps="..x.x.x...x.x.x.", velocity=62, level=0.1),
                DrumLine(key=gm.CLAP, steps="....x.......x...", velocity=74, level=0.4),
                DrumLine(key=gm.HIGH_BONGO, steps="..o.x.oo..o.x.oo", velocity=66, level=0.55),
                DrumLine(key=gm.KICK, steps="x...x...x...x...", velocity=84, level=0.7),
            ),
        ),
        fill=(gm.HIGH_BONGO, gm.LOW_BONGO, gm.LOW_CONGA),
    ),
)

_DESERT: Final = Layout(
    name="desert",
    groove="hand drums",
    percussion="hand drums",
    level_db=1.0,
    drive=0.5,
    loose=0.014,
    entrance="pluck",
    voices=(
        Voice(role="texture", programs=(gm.SITAR,), figure="drone", register=48, velocity=78, tones=2, hold=0.95),
        Voice(role="melody", programs=(gm.ENGLISH_HORN, gm.OBOE), figure="melody", register=70, velocity=92,
              density=0.5, rate=4, leaps=0.1, hold=0.95, ornaments=0.45),
        Voice(role="harmony", programs=(gm.DULCIMER,), figure="ostinato", register=62, velocity=76, level=0.1, rate=4,
              hold=0.6, pattern="0 . 1 0 . 4 3 2"),
        Voice(role="bass", programs=(gm.ACOUSTIC_BASS,), figure="line", register=38, velocity=84, level=0.15, rate=2,
              hold=0.7, pattern="r . . r . f r ."),
        Voice(role="texture", programs=(gm.SITAR,), figure="arpeggio", register=60, velocity=72, level=0.35, rate=4,
              hold=0.7, tones=3, pattern="broken", density=0.45),
        Voice(role="counter", programs=(gm.SHAKUHACHI,), figure="counter", register=67, velocity=70, level=0.5,
              density=0.9),
        Voice(role="harmony", programs=(gm.STRINGS,), figure="ostinato", register=65, velocity=70, level=0.65, rate=2,
              hold=0.8, pattern="0 1 2 1 0 -1 0 1"),
        Voice(role="texture", programs=(gm.DULCIMER,), figure="arpeggio", register=72, velocity=66, level=0.8, rate=4,
              hold=0.5, tones=3, pattern="updown", density=0.9),
    ),
    kit=Kit(
        own=True,
        grooves=(
            (
                DrumLine(key=gm.LOW_CONGA, steps="!.....x.x.......", velocity=88),
                DrumLine(key=gm.HIGH_BONGO, steps="..x.x.o...x.x.oo", velocity=72, level=0.08),
                DrumLine(key=gm.TAMBOURINE, steps="....x.......x.x.", velocity=58, level=0.35),
                DrumLine(key=gm.CASTANETS, steps="x..x..x.x..x..x.", velocity=54, level=0.55),
                DrumLine(key=gm.MUTED_CONGA, steps=".o.o.o.o.o.o.o.o", velocity=64, level=0.7),
            ),
            (
                DrumLine(key=gm.LOW_CONGA, steps="!..x....!...x...", velocity=88),
                DrumLine(key=gm.HIGH_BONGO, steps=".o..x.x..o..x.xo", velocity=72, level=0.08),
                DrumLine(key=gm.TAMBOURINE, steps="....x...x...x...", velocity=58, level=0.35),
                DrumLine(key=gm.CASTANETS, steps="x..x..x.x..x..x.", velocity=54, level=0.55),
                DrumLine(key=gm.MUTED_CONGA, steps=".o.o.o.o.o.o.o.o", velocity=64, level=0.7),
            ),
        ),
        fill=(gm.HIGH_BONGO, gm.LOW_BONGO, gm.MUTED_CONGA, gm.LOW_CONGA),
    ),
)

LAYOUTS: Final = (_TOWN, _TAVERN, _DESERT)
