"""Grooves: rhythms of abstract drums for every word of style_profile.GROOVES, and percussion that plays them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from segue.score.composer.percussion import DRUMS, Percussion
from segue.score.composer.vocabulary import DrumLine, Kit

# Velocity of a drum, and the intensity from which it plays unless a groove says otherwise.
_PLAYED: Final[Mapping[str, tuple[int, float]]] = MappingProxyType(
    {
        "low": (106, 0.0),
        "mid": (98, 0.05),
        "rim": (80, 0.05),
        "clap": (84, 0.3),
        "high": (72, 0.08),
        "open": (72, 0.4),
        "ride": (72, 0.05),
        "bell": (66, 0.5),
        "colour": (60, 0.35),
        "tom": (92, 0.45),
        "high tom": (88, 0.5),
    }
)

Bar = Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Groove:
    """A rhythm.

    Attributes:
        bars: Alternatives, of which a phrase takes one: what each drum plays, in the signs of DrumLine.
        levels: Intensities from which drums play, where not the usual ones.
        keeps: Drums that go on during a fill.
        force: Factor on velocities.
        swing, sixteenth_swing: As in Situation; all voices swing.
        fill, crash: Whether a fill ends a phrase and a crash begins it.
        chance: As in DrumLine.
    """

    bars: tuple[Bar, ...]
    levels: Mapping[str, float]
    keeps: frozenset[str]
    force: float
    swing: float
    sixteenth_swing: float
    fill: bool
    crash: bool
    chance: float


def _groove(
    *bars: Bar,
    levels: Mapping[str, float] | None = None,
    keeps: tuple[str, ...] = ("high", "ride"),
    force: float = 1.0,
    swing: float = 0.0,
    sixteenth_swing: float = 0.0,
    fill: bool = True,
    crash: bool = False,
    chance: float = 0.85,
) -> Groove:
    for drum in {drum for bar in bars for drum in bar}:
        if drum not in DRUMS:
            raise ValueError(f"drum: expected one of {', '.join(DRUMS)}, got {drum!r}")
    return Groove(
        bars=bars,
        levels=levels or {},
        keeps=frozenset(keeps),
        force=force,
        swing=swing,
        sixteenth_swing=sixteenth_swing,
        fill=fill,
        crash=crash,
        chance=chance,
    )


# The off-beat eighth of a triplet: two thirds of the beat.
TRIPLET: Final = 1 / 6

GROOVES: Final[Mapping[str, Groove]] = MappingProxyType(
    {
        "none": _groove({}, fill=False),
        "straight": _groove(
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
        "rock": _groove(
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
        "swing": _groove(
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
        "shuffle": _groove(
            {
                "low": "!.....x.x.......",
                "mid": "....!.......!...",
                "high": "x.x.x.x.x.x.x.x.",
                "bell": "x...x...x...x...",
            },
            {"low": "!.......x.x...x.", "mid": "....!..o....!..o", "ride": "x.x.x.x.x.x.x.x."},
            swing=TRIPLET,
        ),
        "breakbeat": _groove(
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
        "four on the floor": _groove(
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
        "half-time": _groove(
            {"low": "!.........x.....", "mid": "........!.......", "high": "x.x.x.x.x.x.x.x."},
            {
                "low": "!..x......x..x..",
                "mid": "........!.......",
                "high": "x...x...x...x.x.",
                "open": "..............x.",
            },
            crash=True,
        ),
        "trap": _groove(
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
        "bossa": _groove(
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
        "samba": _groove(
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
        "clave": _groove(
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
        "one drop": _groove(
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
        "polka": _groove(
            {"low": "x...x...", "mid": "..x...x.", "colour": "..x...x."},
            {"low": "x...x...", "mid": "..x...xo", "high": "..x...x."},
            levels={"mid": 0.0},
            force=0.8,
        ),
        "waltz": _groove(
            {"low": "x...........", "mid": "....x...x...", "high": "....x...x...", "colour": "....o...x..."},
            {"low": "x...........", "mid": "....x...x.o.", "high": "....x...x...", "colour": "........x..."},
            levels={"mid": 0.12, "high": 0.05},
            force=0.66,
            fill=False,
        ),
        "jig": _groove(
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
        "reel": _groove(
            {"low": "x.....o.x.....o.", "mid": "o.x.x.x.o.x.x.x.", "colour": "....x.......x..."},
            {"low": "x.......x..o....", "mid": "x.o.x.o.x.o.x.oo", "colour": "..x...x...x...x."},
            force=0.8,
        ),
        "march": _groove(
            {"low": "!...x...", "mid": "x..ox.xx"},
            {"low": "!...x...!...x...", "mid": "x.ooxoooxoooxoxo"},
            {"low": "!...x...!...x...", "mid": "x..ox.oox..oxoxx"},
            levels={"mid": 0.0},
            force=0.9,
            crash=True,
        ),
        "taiko": _groove(
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
        "tribal": _groove(
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
        "ballad brushes": _groove(
            {"low": "x.......o.......", "mid": "....x..o....x...", "ride": "x...x.x.x...x.x."},
            {"low": "x.......x.......", "mid": "....x.......x..o", "ride": "x.x.x.x.x.x.x.x."},
            force=0.66,
            swing=0.12,
        ),
        "funk": _groove(
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
        "boom bap": _groove(
            {"low": "!......x..x.....", "mid": "....!.......!...", "high": "x.x.x.x.x.x.x.x."},
            {"low": "!.x....x.x......", "mid": "....!.......!..o", "high": "x.x.x.xxx.x.x.x."},
            sixteenth_swing=0.07,
            force=0.85,
        ),
        "surf": _groove(
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
        "train": _groove(
            {"low": "x...x...x...x...", "mid": "..o.!.oo..o.!.oo", "colour": "xoxoxoxoxoxoxoxo"},
            {"low": "x...x...x...x...", "mid": "..oo!.o...oo!.o.", "high": "..x...x...x...x."},
            force=0.75,
        ),
        "blast": _groove(
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
        "hand drums": _groove(
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
        "war drums": _groove(
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
        "giant drums": _groove(
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
        "driving": _groove(
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
        "fanfare": _groove(
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
        "tension": _groove(
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
        "sparse": _groove(
            {"low": "o.......o.......", "rim": "......o.......o.", "tom": "....o......ox..."},
            {"low": "x..............o", "rim": "..........o.....", "high": "........o......."},
            levels={"low": 0.1, "rim": 0.2, "tom": 0.5, "high": 0.3},
            force=0.85,
            fill=False,
            chance=0.7,
        ),
    }
)


def kit(groove: Groove, percussion: Percussion, *, force: float = 1.0) -> Kit:
    """Return a groove played by a set of percussion, `force` times as strong, where rules leave drums to the style."""
    alternatives = tuple(
        tuple(_line(groove, drum, steps, percussion, force) for drum, steps in bar.items() if drum in percussion.drums)
        for bar in groove.bars
    )
    return Kit(
        grooves=alternatives,
        fill=percussion.fill if groove.fill else (),
        fill_program=percussion.fill_program,
        crash=percussion.crash if groove.crash else 0,
        own=any(alternatives),
    )


def _line(groove: Groove, drum: str, steps: str, percussion: Percussion, force: float) -> DrumLine:
    player = percussion.drums[drum]
    velocity, level = _PLAYED[drum]
    return DrumLine(
        key=player.key,
        program=player.program,
        steps=steps,
        velocity=max(1, min(127, round(velocity * player.force * groove.force * force))),
        level=groove.levels.get(drum, level),
        chance=groove.chance,
        fills=drum not in groove.keeps,
    )
