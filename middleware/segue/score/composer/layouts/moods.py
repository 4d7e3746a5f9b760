"""Moods: calm, sad, snow, temple."""

from __future__ import annotations

from typing import Final

from segue.score.composer import instruments as gm
from segue.score.composer.layouts.layout import Layout
from segue.score.composer.vocabulary import DrumLine, Kit, Voice

# A voice reads as one row of a table.
# fmt: off
_CALM: Final = Layout(
    name="calm",
    percussion="hand drums",
    level_db=1.5,
    drive=0.1,
    loose=0.018,
    entrance="pluck",
    voices=(
        Voice(role="texture", programs=(gm.HARP,), figure="arpeggio", register=60, velocity=78, rate=2, hold=1.6,
              tones=5, pattern="updown", density=0.9),
        Voice(role="harmony", programs=(gm.SLOW_STRINGS,), figure="pad", register=62, velocity=66, tones=3, hold=1.0,
              pattern="half"),
        Voice(role="melody", programs=(gm.PIANO,), figure="melody", register=74, velocity=82, level=0.12, density=0.3,
              leaps=0.25, hold=1.1),
        Voice(role="bass", programs=(gm.CELLO,), figure="line", register=43, velocity=66, level=0.2, rate=1, hold=1.0,
              pattern="r . . ."),
        Voice(role="harmony", programs=(gm.PIANO,), figure="arpeggio", register=58, velocity=62, level=0.38, rate=2,
              hold=1.2, tones=4, pattern="up", density=0.7),
        Voice(role="counter", programs=(gm.OBOE,), figure="counter", register=70, velocity=66, level=0.55,
              density=0.9),
        Voice(role="harmony", programs=(gm.STRINGS,), figure="pad", register=72, velocity=66, level=0.7, tones=3,
              pattern="half"),
        Voice(role="texture", programs=(gm.HARP,), figure="run", register=77, velocity=72, level=0.5, rate=6,
              hold=2.5, pattern="up"),
        Voice(role="texture", programs=(gm.HARP,), figure="arpeggio", register=74, velocity=66, level=0.8, rate=4,
              hold=1.2, tones=4, pattern="updown", density=0.9),
    ),
    kit=Kit(
        own=False,
        grooves=(
            (
                DrumLine(key=gm.SHAKER, steps="x.o.x.o.x.o.x.o.", velocity=50),
                DrumLine(key=gm.RIM, steps="........x.......", velocity=50, level=0.3),
                DrumLine(key=gm.TRIANGLE, steps="x...............", velocity=46, level=0.5),
            ),
        ),
    ),
)

_SAD: Final = Layout(
    name="sad",
    percussion="orchestral",
    level_db=1.0,
    drive=0.05,
    loose=0.025,
    entrance="none",
    voices=(
        Voice(role="melody", programs=(gm.VIOLIN, gm.CELLO), figure="melody", register=70, velocity=92, density=0.26,
              leaps=0.3, hold=1.0, ornaments=0.08),
        Voice(role="harmony", programs=(gm.PIANO,), figure="arpeggio", register=55, velocity=68, rate=2, hold=1.0,
              tones=4, pattern="alberti", density=0.75),
        Voice(role="bass", programs=(gm.PIANO,), figure="line", register=40, velocity=66, rate=1, hold=1.0,
              pattern="r . . ."),
        Voice(role="harmony", programs=(gm.SLOW_STRINGS,), figure="pad", register=57, velocity=66, level=0.28,
              tones=3, pattern="half"),
        Voice(role="counter", programs=(gm.CELLO,), figure="counter", register=55, velocity=84, level=0.45,
              density=0.9),
        Voice(role="harmony", programs=(gm.STRINGS,), figure="pad", register=67, velocity=74, level=0.62, tones=3,
              pattern="half"),
        Voice(role="texture", programs=(gm.PIANO,), figure="arpeggio", register=67, velocity=62, level=0.76, rate=4,
              hold=0.8, tones=4, pattern="broken", density=0.8),
    ),
    kit=Kit(
        own=False,
        grooves=(
            (
                DrumLine(key=0, steps="o...........o.oo", velocity=58, program=gm.TIMPANI),
                DrumLine(key=gm.RIDE, steps="o.......o.......", velocity=44, level=0.4),
            ),
        ),
    ),
)

_SNOW: Final = Layout(
    name="snow",
    groove="sparse",
    percussion="orchestral",
    level_db=2.5,
    drive=0.3,
    loose=0.014,
    entrance="shimmer",
    voices=(
        Voice(role="texture", programs=(gm.CELESTA,), figure="arpeggio", register=84, velocity=76, rate=2, hold=1.2,
              tones=4, pattern="down", density=0.75),
        Voice(role="melody", programs=(gm.MUSIC_BOX, gm.GLOCKENSPIEL), figure="melody", register=81, velocity=84,
              density=0.36, leaps=0.3, hold=1.3),
        Voice(role="harmony", programs=(gm.SLOW_STRINGS,), figure="pad", register=72, velocity=60, level=0.15,
              tones=3, pattern="half"),
        Voice(role="bass", programs=(gm.VOICES,), figure="line", register=50, velocity=62, level=0.3, rate=1,
              hold=1.0, pattern="r . . ."),
        Voice(role="texture", programs=(gm.GLOCKENSPIEL,), figure="sparkle", register=91, velocity=62, level=0.4,
              density=0.2, rate=4, hold=0.8),
        Voice(role="counter", programs=(gm.CELESTA,), figure="counter", register=77, velocity=72, level=0.52,
              density=0.9),
        Voice(role="texture", programs=(gm.CELESTA,), figure="arpeggio", register=79, velocity=66, level=0.66, rate=4,
              hold=0.7, tones=4, pattern="updown", density=0.85),
        Voice(role="texture", programs=(gm.BELLS,), figure="toll", register=72, velocity=66, level=0.75,
              pattern="!.x."),
    ),
    kit=Kit(
        own=True,
        grooves=(
            (
                DrumLine(key=gm.SLEIGH_BELLS, steps="x.o.x.o.x.o.x.o.", velocity=56, level=0.05),
                DrumLine(key=gm.TRIANGLE, steps="x.......o.......", velocity=52, level=0.35),
                DrumLine(key=gm.SLEIGH_BELLS, steps=".o.x.o.x.o.x.o.x", velocity=54, level=0.6),
            ),
        ),
    ),
)

_TEMPLE: Final = Layout(
    name="temple",
    level_db=1.0,
    percussion="orchestral",
    drive=0.15,
    loose=0.02,
    entrance="bell",
    voices=(
        Voice(role="harmony", programs=(gm.CHOIR,), figure="pad", register=62, velocity=84, tones=4, hold=1.0,
              pattern="half open"),
        Voice(role="bass", programs=(gm.ORGAN,), figure="moving pedal", register=40, velocity=76, hold=1.0),
        Voice(role="melody", programs=(gm.CHOIR, gm.VOICES), figure="melody", register=69, velocity=92, level=0.1,
              density=0.22, leaps=0.1, hold=1.0),
        Voice(role="texture", programs=(gm.BELLS,), figure="toll", register=67, velocity=76, level=0.2,
              pattern="!..."),
        Voice(role="harmony", programs=(gm.ORGAN,), figure="pad", register=60, velocity=66, level=0.35, tones=3,
              pattern="half"),
        Voice(role="counter", programs=(gm.VOICES,), figure="counter", register=57, velocity=84, level=0.48,
              density=1.0),
        Voice(role="harmony", programs=(gm.ORGAN,), figure="pad", register=74, velocity=74, level=0.62, tones=3,
              pattern="half"),
        Voice(role="texture", programs=(gm.BELLS,), figure="arpeggio", register=72, velocity=66, level=0.74, rate=1,
              hold=1.4, tones=3, pattern="down", density=1.0),
        Voice(role="texture", programs=(gm.ORGAN,), figure="arpeggio", register=79, velocity=62, level=0.82, rate=2,
              hold=0.9, tones=4, pattern="updown", density=0.9),
    ),
    kit=Kit(
        own=False,
        grooves=(
            (
                DrumLine(key=38, steps="x.......o.......", velocity=70, program=gm.TAIKO),
                DrumLine(key=gm.TRIANGLE, steps="....o.......o...", velocity=48, level=0.4),
            ),
        ),
    ),
)

LAYOUTS: Final = (_CALM, _SAD, _SNOW, _TEMPLE)
