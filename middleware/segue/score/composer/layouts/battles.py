"""Fights and what ends them: combat, boss, chase, metal, victory."""

from __future__ import annotations

from typing import Final

from segue.score.composer import instruments as gm
from segue.score.composer.layouts.layout import Layout
from segue.score.composer.vocabulary import DrumLine, Kit, Voice

# A voice reads as one row of a table.
# fmt: off
_COMBAT: Final = Layout(
    name="combat",
    groove="war drums",
    percussion="orchestral",
    drive=0.9,
    entrance="hit",
    loose=0.008,
    voices=(
        Voice(role="texture", programs=(gm.STRINGS,), figure="ostinato", register=57, velocity=92, rate=4, hold=0.55,
              pattern="0 0 4 0 2 0 4 5"),
        Voice(role="bass", programs=(gm.CONTRABASS,), figure="line", register=36, velocity=96, rate=2, hold=0.6,
              pattern="r . r r r . f a"),
        Voice(role="melody", programs=(gm.HORN, gm.TRUMPET), figure="melody", register=69, velocity=100, level=0.12,
              density=0.42, leaps=0.3, pattern="chordal"),
        Voice(role="harmony", programs=(gm.TROMBONE,), figure="stabs", register=60, velocity=96, level=0.32,
              hold=0.45, pattern="!..x..x...x.x... !.....x...x..... !..x..x........."),
        Voice(role="harmony", programs=(gm.TROMBONE,), figure="pad", register=53, velocity=80, level=0.74, tones=2),
        Voice(role="texture", programs=(gm.STRINGS,), figure="ostinato", register=76, velocity=84, level=0.42, rate=4,
              hold=0.5, pattern="0 2 4 2 7 4 2 4"),
        Voice(role="counter", programs=(gm.TRUMPET,), figure="counter", register=72, velocity=88, level=0.82,
              density=0.6),
    ),
    kit=Kit(
        grooves=(
            (
                DrumLine(key=43, steps="!..o..x.x..oo.x.", velocity=112, program=gm.TAIKO),
                DrumLine(key=0, steps="!...........x...", velocity=100, level=0.15, program=gm.TIMPANI),
                DrumLine(key=gm.SNARE, steps="..oox..o..oox.oo", velocity=86, level=0.12),
                DrumLine(key=gm.KICK, steps="!.....x.x..x....", velocity=108, level=0.3),
                DrumLine(key=gm.CLOSED_HAT, steps="x.xxx.xxx.xxx.xx", velocity=72, level=0.5),
            ),
            (
                DrumLine(key=41, steps="!.x.o.x.x.o.o.xx", velocity=112, program=gm.TAIKO),
                DrumLine(key=0, steps="!.....x.........", velocity=100, level=0.15, program=gm.TIMPANI),
                DrumLine(key=gm.SNARE, steps="....!..o....!.oo", velocity=90, level=0.12),
                DrumLine(key=gm.KICK, steps="!..x....x.x.....", velocity=108, level=0.3),
                DrumLine(key=gm.CLOSED_HAT, steps="x.x.x.xxx.x.x.xx", velocity=72, level=0.5),
            ),
        ),
        fill=(60, 55, 48, 43),
        fill_program=gm.TAIKO,
        crash=gm.CRASH,
    ),
)

_BOSS: Final = Layout(
    name="boss",
    groove="giant drums",
    percussion="orchestral",
    level_db=-1.5,
    drive=0.95,
    entrance="hit",
    loose=0.008,
    voices=(
        Voice(role="harmony", programs=(gm.CHOIR,), figure="pad", register=64, velocity=104, tones=4, pattern="half",
              hold=1.0),
        Voice(role="texture", programs=(gm.ORGAN,), figure="arpeggio", register=67, velocity=84, rate=4, hold=0.9,
              tones=4, pattern="updown", density=0.9),
        Voice(role="bass", programs=(gm.TUBA,), figure="line", register=36, velocity=108, rate=2, hold=0.85,
              pattern="r . . r r . r a"),
        Voice(role="harmony", programs=(gm.ORGAN,), figure="pad", register=48, velocity=82, level=0.15, tones=3),
        Voice(role="melody", programs=(gm.TROMBONE, gm.HORN), figure="melody", register=58, velocity=108, level=0.25,
              density=0.25, rate=2, leaps=0.35, hold=0.95, pattern="chordal"),
        Voice(role="texture", programs=(gm.BELLS,), figure="toll", register=65, velocity=92, level=0.35,
              pattern="!.x."),
        Voice(role="texture", programs=(gm.STRINGS,), figure="ostinato", register=60, velocity=92, level=0.5, rate=4,
              hold=0.5, pattern="0 1 0 4 0 1 0 -1"),
        Voice(role="harmony", programs=(gm.TROMBONE,), figure="stabs", register=58, velocity=104, level=0.7, hold=0.6,
              pattern="!.......x..x...."),
    ),
    kit=Kit(
        grooves=(
            (
                DrumLine(key=38, steps="!...!.x.!...x.xx", velocity=116, program=gm.TAIKO),
                DrumLine(key=0, steps="!......x!.......", velocity=112, program=gm.TIMPANI),
                DrumLine(key=gm.LOW_KICK, steps="!.xx....!.xx....", velocity=108, level=0.4),
                DrumLine(key=gm.CHINA, steps="....x.......x...", velocity=82, level=0.62),
                DrumLine(key=gm.SNARE, steps="....!..o....!ooo", velocity=92, level=0.5),
            ),
            (
                DrumLine(key=38, steps="!..!..!.!..!..xx", velocity=116, program=gm.TAIKO),
                DrumLine(key=0, steps="!...........x.x.", velocity=112, program=gm.TIMPANI),
                DrumLine(key=gm.LOW_KICK, steps="!x..!x..!x..!x..", velocity=108, level=0.4),
                DrumLine(key=gm.CHINA, steps="x.......x.......", velocity=82, level=0.62),
                DrumLine(key=gm.SNARE, steps="....!.......!..o", velocity=92, level=0.5),
            ),
        ),
        fill=(57, 50, 43, 38),
        fill_program=gm.TAIKO,
        crash=gm.SECOND_CRASH,
    ),
)

_CHASE: Final = Layout(
    name="chase",
    groove="driving",
    drive=0.9,
    entrance="band",
    loose=0.004,
    voices=(
        Voice(role="bass", programs=(gm.SYNTH_BASS,), figure="line", register=36, velocity=100, rate=4, hold=0.8,
              pattern="r . r o r . r o r . r o r . f a"),
        Voice(role="texture", programs=(gm.SAW,), figure="arpeggio", register=72, velocity=78, rate=4, hold=0.4,
              tones=4, pattern="up", density=0.9),
        Voice(role="melody", programs=(gm.SAW,), figure="melody", register=79, velocity=92, level=0.35, density=0.5,
              rate=2, leaps=0.3, hold=0.8),
        Voice(role="harmony", programs=(gm.CLEAN_GUITAR,), figure="stabs", register=62, velocity=80, level=0.5,
              hold=0.4, pattern="..x...x...x...xx", strum=0.01),
        Voice(role="harmony", programs=(gm.SWEEP_PAD,), figure="pad", register=67, velocity=72, level=0.6),
        Voice(role="texture", programs=(gm.STRINGS,), figure="ostinato", register=76, velocity=84, level=0.18, rate=4,
              hold=0.45, pattern="0 0 2 0 4 0 2 1"),
        Voice(role="harmony", programs=(gm.TROMBONE,), figure="stabs", register=62, velocity=92, level=0.8, hold=0.4,
              pattern="!.....x.....x..."),
    ),
    kit=Kit(
        grooves=(
            (
                DrumLine(key=gm.KICK, steps="!...!...!...!...", velocity=112),
                DrumLine(key=gm.CLOSED_HAT, steps="x.x.x.x.x.x.x.x.", velocity=78, fills=False),
                DrumLine(key=gm.TIGHT_SNARE, steps="....!.......!..o", velocity=100, level=0.12),
                DrumLine(key=gm.HIGH_BONGO, steps="x.xxoxx.xoxxx.xx", velocity=84, level=0.25),
                DrumLine(key=gm.LOW_BONGO, steps="..x...x.x...x.o.", velocity=86, level=0.4),
                DrumLine(key=gm.SHAKER, steps="xoxoxoxoxoxoxoxo", velocity=70, level=0.7),
            ),
            (
                DrumLine(key=gm.KICK, steps="!.....x.!.x...x.", velocity=112),
                DrumLine(key=gm.CLOSED_HAT, steps="x.xxx.x.x.xxx.x.", velocity=78, fills=False),
                DrumLine(key=gm.TIGHT_SNARE, steps="....!..o.o..!...", velocity=100, level=0.12),
                DrumLine(key=gm.HIGH_BONGO, steps="xx.xoxxx.xoxx.xx", velocity=84, level=0.25),
                DrumLine(key=gm.LOW_BONGO, steps="..x...x.x...x.o.", velocity=86, level=0.4),
                DrumLine(key=gm.SHAKER, steps="xoxoxoxoxoxoxoxo", velocity=70, level=0.7),
            ),
        ),
        fill=(gm.TIGHT_SNARE, gm.HIGH_TOM, gm.MID_TOM, gm.FLOOR_TOM),
        crash=gm.CRASH,
    ),
)

_METAL: Final = Layout(
    name="metal",
    level_db=-3.0,
    groove="driving",
    percussion="metal kit",
    drive=1.0,
    entrance="band",
    loose=0.006,
    voices=(
        Voice(role="harmony", programs=(gm.DISTORTION_GUITAR,), figure="chug", register=43, velocity=104, tones=3,
              hold=0.9, pattern="!.xxx.xx!.xxxx!."),
        Voice(role="bass", programs=(gm.FINGER_BASS,), figure="line", register=33, velocity=104, rate=4, hold=0.8,
              pattern="r . r r r . r r r . r r r r a ."),
        Voice(role="melody", programs=(gm.DISTORTION_GUITAR,), figure="melody", register=69, velocity=92, level=0.35,
              density=0.62, rate=4, leaps=0.25, hold=0.9, ornaments=0.1),
        Voice(role="harmony", programs=(gm.DISTORTION_GUITAR,), figure="stabs", register=55, velocity=84, level=0.6,
              tones=2, hold=0.95, pattern="!.......!......."),
        Voice(role="texture", programs=(gm.DISTORTION_GUITAR,), figure="arpeggio", register=72, velocity=66,
              level=0.8, rate=4, hold=0.6, tones=3, pattern="down", density=0.9),
    ),
    kit=Kit(
        grooves=(
            (
                DrumLine(key=gm.KICK, steps="!.x.x.x.!.x.x.x.", velocity=114),
                DrumLine(key=gm.SNARE, steps="....!.......!...", velocity=114),
                DrumLine(key=gm.CLOSED_HAT, steps="x...x...x...x...", velocity=88, fills=False),
                DrumLine(key=gm.LOW_KICK, steps=".x.x.x.x.x.x.x.x", velocity=104, level=0.55),
                DrumLine(key=gm.CHINA, steps="x.......x.......", velocity=90, level=0.3),
            ),
            (
                DrumLine(key=gm.KICK, steps="!..xx..x!..xx..x", velocity=114),
                DrumLine(key=gm.SNARE, steps="....!..o....!.o.", velocity=114),
                DrumLine(key=gm.OPEN_HAT, steps="x...x...x...x...", velocity=86, fills=False),
                DrumLine(key=gm.LOW_KICK, steps=".xx..xx..xx..xx.", velocity=104, level=0.55),
                DrumLine(key=gm.RIDE_BELL, steps="x...x...x...x...", velocity=90, level=0.3),
            ),
        ),
        fill=(gm.SNARE, gm.HIGH_TOM, gm.MID_TOM, gm.LOW_TOM, gm.FLOOR_TOM),
        crash=gm.CRASH,
    ),
)

_VICTORY: Final = Layout(
    name="victory",
    groove="fanfare",
    percussion="orchestral",
    drive=0.75,
    entrance="roll",
    loose=0.008,
    voices=(
        Voice(role="melody", programs=(gm.TRUMPET,), figure="melody", register=70, velocity=110, density=0.5, rate=4,
              leaps=0.45, hold=0.8, pattern="chordal"),
        Voice(role="harmony", programs=(gm.TROMBONE,), figure="stabs", register=60, velocity=94, hold=0.7,
              pattern="!..x..x.!...x.x."),
        Voice(role="bass", programs=(gm.TUBA,), figure="line", register=36, velocity=98, rate=1, hold=0.7,
              pattern="r f r a"),
        Voice(role="harmony", programs=(gm.STRINGS,), figure="pad", register=67, velocity=84, level=0.3, tones=4),
        Voice(role="counter", programs=(gm.HORN,), figure="counter", register=62, velocity=96, level=0.45,
              density=0.9),
        Voice(role="texture", programs=(gm.GLOCKENSPIEL,), figure="arpeggio", register=84, velocity=70, level=0.6,
              rate=2, pattern="up", density=0.8),
        Voice(role="texture", programs=(gm.PICCOLO,), figure="run", register=86, velocity=78, level=0.7, rate=4,
              pattern="up"),
        Voice(role="harmony", programs=(gm.CHOIR,), figure="pad", register=65, velocity=84, level=0.8, tones=3),
    ),
    kit=Kit(
        grooves=(
            (
                DrumLine(key=gm.SNARE, steps="x.ooxoooxoooxooo", velocity=88, chance=1.0),
                DrumLine(key=0, steps="!.......x.....x.", velocity=104, program=gm.TIMPANI),
                DrumLine(key=gm.KICK, steps="!.......!.......", velocity=100, level=0.35),
                DrumLine(key=gm.CRASH, steps="x...............", velocity=82, level=0.55),
            ),
            (
                DrumLine(key=gm.SNARE, steps="xoooxoo.xoooxoxo", velocity=88, chance=1.0),
                DrumLine(key=0, steps="!.x.....!.......", velocity=104, program=gm.TIMPANI),
                DrumLine(key=gm.KICK, steps="!...x...!...x...", velocity=100, level=0.35),
                DrumLine(key=gm.CRASH, steps="x...............", velocity=82, level=0.55),
            ),
        ),
        fill=(gm.SNARE,),
        crash=gm.CRASH,
    ),
)

LAYOUTS: Final = (_COMBAT, _BOSS, _CHASE, _METAL, _VICTORY)
