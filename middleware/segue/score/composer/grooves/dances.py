"""Grooves of dances and of drums played by hand or with sticks, from many places."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from segue.score.composer.grooves.groove import Groove, rhythm

GROOVES: Final[Mapping[str, Groove]] = MappingProxyType(
    {
        "bossa": rhythm(
            {
                "low": "x.....x.x.....x.",
                "rim": "x.....x.....x.......x.....x.....",
                "high": "x.x.x.x.x.x.x.x.",
                "colour": "xoxoxoxoxoxoxoxo",
            },
            {
                "low": "x.....x.x.....x.",
                "rim": "....x.....x.....x.....x.....x...",
                "high": "x.x.x.x.x.x.x.x.",
            },
            force=0.72,
            fill=False,
        ),
        "samba": rhythm(
            {
                "low": "o.....x.!.....x.",
                "rim": "x.x..xx.x.x.xx..",
                "colour": "xooxxooxxooxxoox",
                "bell": "x.x.x.xx.x.x.xx.",
                "tom": "o...!...o...!...",
            },
            levels={"colour": 0.0, "tom": 0.2},
            force=0.85,
            keeps=("colour", "low"),
        ),
        "clave": rhythm(
            {
                "low": "......x.......xx",
                "mid": "....x.......x...",
                "rim": "x..x..x.....x.x.",
                "high": "x.xxx.xxx.xxx.xx",
                "bell": "x...x.x.x...x.x.",
                "tom": "..oo.x.o..oo.x.o",
            },
            {
                "low": "......x.......xx",
                "mid": "....x...x...x...",
                "rim": "....x.x...x..x..",
                "high": "x.xxx.xxx.xxx.xx",
                "bell": "x.x.x.x.x.x.x.x.",
                "high tom": "x.o.x.o.x.o.x.ox",
            },
            levels={"bell": 0.3, "rim": 0.0},
            force=0.88,
        ),
        "polka": rhythm(
            {"low": "x...x...", "mid": "..x...x.", "colour": "..x...x."},
            {"low": "x...x...", "mid": "..x...xo", "high": "..x...x."},
            levels={"mid": 0.0},
            force=0.8,
        ),
        "waltz": rhythm(
            {"low": "x...........", "mid": "....x...x...", "high": "....x...x...", "colour": "....o...x..."},
            {"low": "x...........", "mid": "....x...x.o.", "high": "....x...x...", "colour": "........x..."},
            levels={"mid": 0.12, "high": 0.05},
            force=0.66,
            fill=False,
        ),
        "jig": rhythm(
            {
                "low": "x...........x...........",
                "mid": "x...o...x...x...o...x...",
                "colour": "....o...x.......o...x...",
                "tom": "x..........ox...........",
            },
            {
                "low": "x.......o...x...........",
                "mid": "x...o.o.x...x...o...x.o.",
                "colour": "x...o...o...x...o...o...",
            },
            force=0.8,
        ),
        "reel": rhythm(
            {"low": "x.....o.x.....o.", "mid": "o.x.x.x.o.x.x.x.", "colour": "....x.......x..."},
            {"low": "x.......x..o....", "mid": "x.o.x.o.x.o.x.oo", "colour": "..x...x...x...x."},
            force=0.8,
        ),
        "march": rhythm(
            {"low": "!...x...", "mid": "x..ox.xx"},
            {"low": "!...x...!...x...", "mid": "x.ooxoooxoooxoxo"},
            {"low": "!...x...!...x...", "mid": "x..ox.oox..oxoxx"},
            levels={"mid": 0.0},
            force=0.9,
            crash=True,
        ),
        "taiko": rhythm(
            {
                "low": "!..x..x.!..x..xx",
                "mid": "....x.x.....x.x.",
                "rim": "x.x.x.x.x.x.x.x.",
                "tom": "..x...xx..x...xx",
                "high": "..xx..xx..xx..xx",
            },
            {
                "low": "!...x...!..xx.x.",
                "mid": "..x...x...x...xx",
                "rim": "x..x..x.x..x..x.",
                "high tom": "x.xxx.xxx.xxx.xx",
            },
            levels={"rim": 0.2, "high": 0.6},
        ),
        "tribal": rhythm(
            {
                "low": "!..x..x.x..x..x.",
                "tom": "..x.x..x..x.x.xx",
                "high tom": "x.x.xxx.x.x.xxx.",
                "colour": "x.x.x.x.x.x.x.x.",
                "mid": "....x.......x.o.",
            },
            {
                "low": "!.....x.!..x....",
                "tom": "x..xx..xx..xx.xx",
                "mid": "..x.x...x.x.x...",
                "rim": "x..x..x...x.x...",
                "colour": "xoxoxoxoxoxoxoxo",
            },
            levels={"tom": 0.1, "high tom": 0.35, "colour": 0.2},
        ),
        "hand drums": rhythm(
            {
                "low": "!.....x.x.......",
                "mid": "..x.o...x.x.o.xx",
                "tom": "..o.x.oo..o.x.oo",
                "colour": "....x.......x...",
                "high": "x.o.x.o.x.o.x.o.",
            },
            {
                "low": "!..x....!...x...",
                "mid": ".o..x.x..o..x.xo",
                "high tom": "..o.x..o..o.x.oo",
                "colour": "..x...x...x...x.",
            },
            levels={"mid": 0.08, "high": 0.3},
            force=0.85,
        ),
    }
)
