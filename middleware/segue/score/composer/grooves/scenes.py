"""Grooves of scenes in games and films, and none."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from segue.score.composer.grooves.groove import Groove, rhythm

GROOVES: Final[Mapping[str, Groove]] = MappingProxyType(
    {
        "none": rhythm({}, fill=False),
        "war drums": rhythm(
            {
                "low": "!..o..x.x..oo.x.",
                "mid": "..oox..o..oox.oo",
                "tom": "!.....x.x..x....",
                "high": "x.xxx.xxx.xxx.xx",
            },
            {
                "low": "!.x.o.x.x.o.o.xx",
                "mid": "....!..o....!.oo",
                "tom": "!..x....x.x.....",
                "high": "x.x.x.xxx.x.x.xx",
            },
            levels={"tom": 0.25, "high": 0.5, "mid": 0.1},
            crash=True,
        ),
        "giant drums": rhythm(
            {
                "low": "!...!.x.!...x.xx",
                "tom": "!.xx....!.xx....",
                "open": "....x.......x...",
                "mid": "....!..o....!ooo",
            },
            {
                "low": "!..!..!.!..!..xx",
                "tom": "!x..!x..!x..!x..",
                "open": "x.......x.......",
                "mid": "....!.......!..o",
            },
            levels={"tom": 0.35, "mid": 0.45, "open": 0.6},
            crash=True,
        ),
        "driving": rhythm(
            {
                "low": "!...!...!...!...",
                "mid": "....!.......!..o",
                "high": "x.x.x.x.x.x.x.x.",
                "tom": "x.xxoxx.xoxxx.xx",
            },
            {
                "low": "!.....x.!.x...x.",
                "mid": "....!..o.o..!...",
                "high": "x.xxx.x.x.xxx.x.",
                "colour": "xoxoxoxoxoxoxoxo",
            },
            levels={"mid": 0.1, "tom": 0.4, "colour": 0.5},
            crash=True,
        ),
        "fanfare": rhythm(
            {
                "mid": "x.ooxoooxoooxooo",
                "low": "!.......x.....x.",
                "open": "x...............",
                "tom": "!.......!.......",
            },
            {
                "mid": "xoooxoo.xoooxoxo",
                "low": "!.x.....!.......",
                "open": "x...............",
                "tom": "!...x...!...x...",
            },
            levels={"mid": 0.0, "open": 0.5, "tom": 0.35},
            crash=True,
            chance=1.0,
        ),
        "tension": rhythm(
            {
                "high": "..x...x...x...xo",
                "rim": "....x.......x...",
                "tom": "o..o..x...o..x..",
                "low": "x......o..x.....",
            },
            {
                "high": "x..ox..ox..ox..o",
                "rim": "......x.....x..o",
                "tom": "..o..x....o.x...",
                "low": "x.....o.x.......",
            },
            levels={"high": 0.0, "rim": 0.15, "low": 0.5},
            force=0.8,
            fill=False,
        ),
        "sparse": rhythm(
            {"low": "o.......o.......", "rim": "......o.......o.", "tom": "....o......ox..."},
            {"low": "x..............o", "rim": "..........o.....", "high": "........o......."},
            levels={"low": 0.1, "rim": 0.2, "tom": 0.5, "high": 0.3},
            force=0.85,
            fill=False,
            chance=0.7,
        ),
    }
)
