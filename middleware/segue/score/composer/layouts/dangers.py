"""Threat that has not struck: stealth, dungeon, horror, mystery."""

from __future__ import annotations

from typing import Final

from segue.score.composer import instruments as gm
from segue.score.composer.layouts.layout import Layout
from segue.score.composer.vocabulary import DrumLine, Kit, Voice

# A voice reads as one row of a table.
# fmt: off
_STEALTH: Final = Layout(
    name="stealth",
    groove="tension",
    level_db=-1.0,
    drive=0.4,
    loose=0.012,
    entrance="none",
    voices=(
        Voice(role="bass", programs=(gm.ACOUSTIC_BASS,), figure="walk", register=38, velocity=84, hold=0.55),
        Voice(role="harmony", programs=(gm.PIZZICATO,), figure="stabs", register=62, velocity=78, hold=0.3, tones=2,
              pattern="..x...o....x..o."),
        Voice(role="melody", programs=(gm.PIZZICATO, gm.BASSOON), figure="melody", register=67, velocity=84,
              level=0.1, density=0.42, leaps=0.35, hold=0.35),
        Voice(role="texture", programs=(gm.VIBRAPHONE,), figure="sparkle", register=70, velocity=66, level=0.25,
              density=0.16, hold=1.2),
        Voice(role="texture", programs=(gm.PIZZICATO,), figure="ostinato", register=50, velocity=72, level=0.45,
              rate=2, hold=0.35, pattern="0 . 4 . 2 . 4 5"),
        Voice(role="harmony", programs=(gm.MUTED_GUITAR,), figure="stabs", register=55, velocity=66, level=0.6,
              hold=0.3, tones=2, pattern="x.o.x.oox.o.x.oo"),
        Voice(role="texture", programs=(gm.TREMOLO_STRINGS,), figure="pad", register=74, velocity=58, level=0.78,
              tones=2),
    ),
    kit=Kit(
        grooves=(
            (
                DrumLine(key=gm.CLOSED_HAT, steps="..x...x...x...xo", velocity=58),
                DrumLine(key=gm.RIM, steps="....x.......x...", velocity=66, level=0.15),
                DrumLine(key=gm.LOW_BONGO, steps="o..o..x...o..x..", velocity=62, level=0.4),
                DrumLine(key=gm.SHAKER, steps="xoxoxoxoxoxoxoxo", velocity=54, level=0.55),
                DrumLine(key=gm.KICK, steps="x......o..x.....", velocity=80, level=0.7),
            ),
            (
                DrumLine(key=gm.CLOSED_HAT, steps="x..ox..ox..ox..o", velocity=58),
                DrumLine(key=gm.RIM, steps="......x.....x..o", velocity=66, level=0.15),
                DrumLine(key=gm.HIGH_BONGO, steps="..o..x....o.x...", velocity=62, level=0.4),
                DrumLine(key=gm.SHAKER, steps="xoxoxoxoxoxoxoxo", velocity=54, level=0.55),
                DrumLine(key=gm.KICK, steps="x.....o.x.......", velocity=80, level=0.7),
            ),
        ),
    ),
)

_DUNGEON: Final = Layout(
    name="dungeon",
    groove="sparse",
    percussion="orchestral",
    level_db=1.0,
    drive=0.25,
    loose=0.02,
    entrance="bell",
    voices=(
        Voice(role="bass", programs=(gm.CONTRABASS,), figure="moving pedal", register=33, velocity=100, hold=1.0),
        Voice(role="texture", programs=(gm.VOICES,), figure="drone", register=48, velocity=84, tones=2, hold=1.0),
        Voice(role="texture", programs=(gm.KALIMBA,), figure="sparkle", register=79, velocity=64, density=0.14,
              hold=0.8),
        Voice(role="melody", programs=(gm.BASSOON, gm.CELLO), figure="melody", register=50, velocity=88, level=0.15,
              density=0.2, leaps=0.15, hold=0.95),
        Voice(role="harmony", programs=(gm.CELLO,), figure="pad", register=50, velocity=78, level=0.3, tones=2,
              pattern="half"),
        Voice(role="texture", programs=(gm.BELLS,), figure="toll", register=60, velocity=72, level=0.42,
              pattern="!..."),
        Voice(role="texture", programs=(gm.CONTRABASS,), figure="ostinato", register=43, velocity=86, level=0.6,
              rate=2, hold=0.5, pattern="0 . 0 1 0 . -1 ."),
        Voice(role="texture", programs=(gm.GLASS_PAD,), figure="pad", register=67, velocity=66, level=0.75, tones=2),
    ),
    kit=Kit(
        own=True,
        grooves=(
            (
                DrumLine(key=40, steps="o.......o.......", velocity=92, level=0.2, program=gm.TAIKO),
                DrumLine(key=gm.LOW_WOOD, steps="......o.......o.", velocity=54, level=0.1, chance=0.5),
                DrumLine(key=0, steps="x..............o", velocity=84, level=0.5, program=gm.TIMPANI),
                DrumLine(key=40, steps="....o......ox...", velocity=90, level=0.68, program=gm.TAIKO),
            ),
        ),
    ),
)

_HORROR: Final = Layout(
    name="horror",
    groove="sparse",
    percussion="orchestral",
    level_db=0.5,
    drive=0.4,
    stretch=2,
    loose=0.04,
    entrance="sting",
    voices=(
        Voice(role="texture", programs=(gm.TREMOLO_STRINGS,), figure="cluster", register=78, velocity=92,
              density=0.95, tones=3, hold=0.9),
        Voice(role="bass", programs=(gm.CONTRABASS,), figure="moving pedal", register=31, velocity=92, hold=1.0),
        Voice(role="texture", programs=(gm.GLASS_PAD,), figure="cluster", register=70, velocity=80, density=0.7,
              tones=2, hold=1.0),
        Voice(role="texture", programs=(gm.PIANO,), figure="sparkle", register=34, velocity=84, level=0.12,
              density=0.1, hold=1.6, rate=1),
        Voice(role="melody", programs=(gm.MUSIC_BOX,), figure="melody", register=79, velocity=72, level=0.2,
              density=0.3, leaps=0.5, hold=1.0, sections="A"),
        Voice(role="texture", programs=(gm.TREMOLO_STRINGS,), figure="swell", register=58, velocity=84, level=0.45,
              rate=4, tones=2, hold=0.9),
        Voice(role="texture", programs=(gm.VOICES,), figure="cluster", register=66, velocity=84, level=0.6,
              density=0.8, tones=3, hold=0.9),
        Voice(role="texture", programs=(gm.REVERSE_CYMBAL,), figure="toll", register=60, velocity=84, level=0.4,
              pattern=".!.!"),
        Voice(role="texture", programs=(gm.VIOLIN,), figure="ostinato", register=88, velocity=80, level=0.75, rate=4,
              hold=0.4, pattern="0 0 1 0"),
    ),
    kit=Kit(
        own=True,
        grooves=(
            (
                DrumLine(key=38, steps="o..............o", velocity=100, level=0.1, chance=0.6, program=gm.TAIKO),
                DrumLine(key=0, steps="............oooo", velocity=78, level=0.35, chance=0.9, program=gm.TIMPANI),
                DrumLine(key=38, steps="x..x............", velocity=104, level=0.6, program=gm.TAIKO),
            ),
        ),
    ),
)

_MYSTERY: Final = Layout(
    name="mystery",
    percussion="hand drums",
    level_db=1.5,
    drive=0.25,
    loose=0.012,
    entrance="none",
    voices=(
        Voice(role="texture", programs=(gm.MARIMBA,), figure="arpeggio", register=60, velocity=82, rate=2, hold=0.5,
              tones=4, pattern="broken", density=0.8),
        Voice(role="melody", programs=(gm.CLARINET, gm.VIBRAPHONE), figure="melody", register=74, velocity=86,
              density=0.36, leaps=0.35, hold=0.9, ornaments=0.12),
        Voice(role="bass", programs=(gm.PIZZICATO,), figure="line", register=40, velocity=82, rate=1, hold=0.4,
              pattern="r . f ."),
        Voice(role="texture", programs=(gm.CELESTA,), figure="sparkle", register=84, velocity=66, level=0.2,
              density=0.2, hold=0.8),
        Voice(role="harmony", programs=(gm.VIBRAPHONE,), figure="pad", register=65, velocity=70, level=0.35, tones=3,
              strum=0.08),
        Voice(role="counter", programs=(gm.BASSOON,), figure="counter", register=53, velocity=80, level=0.5,
              density=0.8),
        Voice(role="texture", programs=(gm.MARIMBA,), figure="ostinato", register=72, velocity=72, level=0.68, rate=4,
              hold=0.4, pattern="0 2 4 2 1 2 4 2"),
        Voice(role="harmony", programs=(gm.SLOW_STRINGS,), figure="pad", register=60, velocity=62, level=0.8,
              tones=3),
    ),
    kit=Kit(
        own=False,
        grooves=(
            (
                DrumLine(key=gm.HIGH_WOOD, steps="x.....o...x...o.", velocity=58),
                DrumLine(key=gm.TRIANGLE, steps="........x.......", velocity=56, level=0.3),
                DrumLine(key=gm.SHAKER, steps="x.o.x.o.x.o.x.o.", velocity=50, level=0.5),
                DrumLine(key=gm.CLAVES, steps="...x.....x......", velocity=52, level=0.7),
            ),
        ),
    ),
)

LAYOUTS: Final = (_STEALTH, _DUNGEON, _HORROR, _MYSTERY)
