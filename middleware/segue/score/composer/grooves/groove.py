"""The type of a groove: a rhythm of abstract drums, and the kit that a set of percussion makes of it."""

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
        swing, sixteenth_swing: As in Arrangement; all voices swing.
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


def rhythm(
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
    """Return a groove; arguments as its attributes.

    Raises:
        ValueError: For a drum that there is not.
    """
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
