"""Grooves of popular music: rock, jazz, funk, hip hop, electronic music and country."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from segue.score.composer.grooves.groove import TRIPLET, Groove, rhythm

GROOVES: Final[Mapping[str, Groove]] = MappingProxyType(
    {
        "straight": rhythm(
            {
                "low": "x.......x.......",
                "mid": "....x.......x...",
                "high": "x.x.x.x.x.x.x.x.",
                "colour": "..x...x...x...x.",
            },
            {
                "low": "x.....o.x.......",
                "mid": "....x..o....x...",
                "high": "x.x.x.x.x.x.x.xo",
                "colour": "....x.......x...",
            },
            force=0.8,
        ),
        "rock": rhythm(
            {
                "low": "!.......x.x.....",
                "mid": "....!.......!...",
                "high": "x.x.x.x.x.x.x.x.",
                "open": "..............x.",
            },
            {
                "low": "!......xx.......",
                "mid": "....!.......!..o",
                "high": "x.x.x.x.x.x.x.x.",
                "open": "......x.........",
            },
            {"low": "!.x.....x.x...x.", "mid": "....!.......!...", "ride": "x.x.x.x.x.x.x.x."},
            crash=True,
        ),
        "swing": rhythm(
            {
                "low": "o...o...o...o...",
                "mid": "......o.......o.",
                "high": "....x.......x...",
                "ride": "x...x.x.x...x.x.",
            },
            {
                "low": "o...o...o..xo...",
                "mid": "..o.......o.....",
                "high": "....x.......x...",
                "ride": "x...x.x.x...x.x.",
            },
            levels={"mid": 0.3, "high": 0.0},
            force=0.85,
            swing=TRIPLET,
            chance=0.6,
        ),
        "shuffle": rhythm(
            {
                "low": "!.....x.x.......",
                "mid": "....!.......!...",
                "high": "x.x.x.x.x.x.x.x.",
                "bell": "x...x...x...x...",
            },
            {"low": "!.......x.x...x.", "mid": "....!..o....!..o", "ride": "x.x.x.x.x.x.x.x."},
            swing=TRIPLET,
        ),
        "breakbeat": rhythm(
            {
                "low": "!.x.......xx....",
                "mid": "....!..o.o..!..o",
                "high": "x.x.x.x.x.x.x.x.",
                "ride": "x...x...x...x...",
            },
            {
                "low": "!.x.......x.....",
                "mid": "....!..o.o..!.o.",
                "high": "x.x.x.x.x.x.x.x.",
                "open": "..............x.",
            },
            {"low": "!..x......x..x..", "mid": "....!..o....!..o", "high": "x.xxx.x.x.xxx.x."},
            levels={"ride": 0.6, "high": 0.0},
            crash=True,
        ),
        "four on the floor": rhythm(
            {
                "low": "!...!...!...!...",
                "mid": "....x.......x...",
                "open": "..x...x...x...x.",
                "high": "xoxoxoxoxoxoxoxo",
            },
            {
                "low": "!...!...!...!...",
                "clap": "....x.......x...",
                "open": "..x...x...x...x.",
                "colour": "xoxxxoxxxoxxxoxx",
            },
            levels={"open": 0.1, "high": 0.35, "clap": 0.1, "colour": 0.35},
            keeps=("low", "open", "high", "colour"),
            crash=True,
        ),
        "half-time": rhythm(
            {"low": "!.........x.....", "mid": "........!.......", "high": "x.x.x.x.x.x.x.x."},
            {
                "low": "!..x......x..x..",
                "mid": "........!.......",
                "high": "x...x...x...x.x.",
                "open": "..............x.",
            },
            crash=True,
        ),
        "trap": rhythm(
            {
                "low": "!......x..x.....",
                "mid": "........!.......",
                "high": "xxx.xxxxx.xxxxxx",
                "open": "......x.........",
            },
            {
                "low": "!..x......x...x.",
                "mid": "........!.......",
                "high": "x.xxxxxxxxxxx.xx",
                "bell": "...x......x..x..",
            },
            levels={"high": 0.0},
            keeps=("high", "mid"),
            fill=False,
        ),
        "one drop": rhythm(
            {
                "low": "........!.......",
                "rim": "........x.....o.",
                "high": "x.x.x.x.x.x.x.x.",
                "open": "......x.......x.",
            },
            {
                "low": "........!.......",
                "rim": "........x..o....",
                "high": "..x...x...x...x.",
                "colour": "x.o.x.o.x.o.x.o.",
            },
            levels={"high": 0.0},
            swing=0.05,
            force=0.9,
        ),
        "ballad brushes": rhythm(
            {"low": "x.......o.......", "mid": "....x..o....x...", "ride": "x...x.x.x...x.x."},
            {"low": "x.......x.......", "mid": "....x.......x..o", "ride": "x.x.x.x.x.x.x.x."},
            force=0.66,
            swing=0.12,
        ),
        "funk": rhythm(
            {
                "low": "!.x....x..x.....",
                "mid": "....!..o.o..!..o",
                "high": "x.xxx.x.x.xxx.x.",
                "open": "..............x.",
            },
            {
                "low": "!..x......x..x..",
                "mid": "....!..o....!.o.",
                "high": "xxxxxxxxxxxxxxxx",
                "clap": "....x.......x...",
            },
            levels={"high": 0.0, "open": 0.3},
            sixteenth_swing=0.02,
        ),
        "boom bap": rhythm(
            {"low": "!......x..x.....", "mid": "....!.......!...", "high": "x.x.x.x.x.x.x.x."},
            {"low": "!.x....x.x......", "mid": "....!.......!..o", "high": "x.x.x.xxx.x.x.x."},
            sixteenth_swing=0.07,
            force=0.85,
        ),
        "surf": rhythm(
            {
                "low": "!.......x.x.....",
                "mid": "....!.x.....!...",
                "high": "x.x.x.x.x.x.x.x.",
                "tom": "x.x.x.x.x.x.x.x.",
            },
            {"low": "!...x...x...x...", "mid": "....!.x.....!...", "ride": "x.x.x.x.x.x.x.x."},
            levels={"tom": 0.7},
            crash=True,
        ),
        "train": rhythm(
            {"low": "x...x...x...x...", "mid": "..o.!.oo..o.!.oo", "colour": "xoxoxoxoxoxoxoxo"},
            {"low": "x...x...x...x...", "mid": "..oo!.o...oo!.o.", "high": "..x...x...x...x."},
            force=0.75,
        ),
        "blast": rhythm(
            {
                "low": "!.x.x.x.!.x.x.x.",
                "mid": ".x.x.x.x.x.x.x.x",
                "ride": "x...x...x...x...",
                "open": "x.......x.......",
            },
            {
                "low": "!xx.xxx.!xx.xxx.",
                "mid": "....!.......!...",
                "high": "x...x...x...x...",
                "open": "x...............",
            },
            levels={"mid": 0.0, "open": 0.3},
            crash=True,
        ),
    }
)
