"""Sets of percussion: which instrument plays each drum of a groove, for every word of style_profile.PERCUSSION."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, NamedTuple

from segue.score.composer import instruments as gm

DRUMS: Final = ("low", "mid", "rim", "clap", "high", "open", "ride", "bell", "colour", "tom", "high tom")
"""The drums that grooves are written for, from the kick to colours such as a shaker or a tambourine."""


class Drum(NamedTuple):
    """An instrument that plays a drum. key and program as in DrumLine; force: factor on velocities."""

    key: int
    program: int = gm.KIT_PROGRAM
    force: float = 1.0


@dataclass(frozen=True, kw_only=True)
class Percussion:
    """A set of percussion.

    Attributes:
        drums: Of DRUMS; those that a set lacks are left out.
        fill: Keys of a fill, high to low, of the programme `fill_program`.
        crash: Key struck where a phrase begins (0: none).
    """

    drums: Mapping[str, Drum]
    fill: tuple[int, ...]
    fill_program: int = gm.KIT_PROGRAM
    crash: int = gm.CRASH

    def __post_init__(self) -> None:
        if not {"low", "mid", "high"} <= set(self.drums) <= set(DRUMS):
            raise ValueError(f"drums: expected low, mid, high and others of {', '.join(DRUMS)}, got {set(self.drums)}")


_KIT: Final = {
    "low": Drum(gm.KICK),
    "mid": Drum(gm.SNARE),
    "rim": Drum(gm.RIM),
    "clap": Drum(gm.CLAP),
    "high": Drum(gm.CLOSED_HAT),
    "open": Drum(gm.OPEN_HAT),
    "ride": Drum(gm.RIDE),
    "bell": Drum(gm.COWBELL),
    "colour": Drum(gm.TAMBOURINE),
    "tom": Drum(gm.FLOOR_TOM),
    "high tom": Drum(gm.MID_TOM),
}
_TOMS: Final = (gm.HIGH_TOM, gm.MID_TOM, gm.LOW_TOM, gm.FLOOR_TOM)

PERCUSSION: Final[Mapping[str, Percussion]] = MappingProxyType(
    {
        "kit": Percussion(drums=_KIT, fill=(gm.SNARE, *_TOMS)),
        # Played on the kit at half force: soft strokes of its snare, pedal hat, ride.
        "brushes": Percussion(
            drums=_KIT
            | {
                "low": Drum(gm.KICK, force=0.72),
                "mid": Drum(gm.SNARE, force=0.55),
                "rim": Drum(gm.RIM, force=0.75),
                "high": Drum(gm.PEDAL_HAT, force=0.8),
                "open": Drum(gm.PEDAL_HAT, force=0.7),
                "ride": Drum(gm.RIDE, force=0.85),
                "colour": Drum(gm.SHAKER, force=0.8),
            },
            fill=(gm.SNARE,),
            crash=0,
        ),
        "electronic": Percussion(
            drums=_KIT | {"mid": Drum(gm.TIGHT_SNARE), "colour": Drum(gm.SHAKER), "rim": Drum(gm.CLAP)},
            fill=(gm.TIGHT_SNARE, gm.HIGH_TOM, gm.MID_TOM, gm.FLOOR_TOM),
        ),
        "808": Percussion(
            drums=_KIT
            | {
                "low": Drum(gm.LOW_KICK, force=1.1),
                "mid": Drum(gm.CLAP),
                "rim": Drum(gm.TIGHT_SNARE),
                "colour": Drum(gm.MARACAS),
            },
            fill=(gm.TIGHT_SNARE, gm.TIGHT_SNARE, gm.LOW_TOM),
            crash=0,
        ),
        "taiko": Percussion(
            drums={
                "low": Drum(40, gm.TAIKO),
                "mid": Drum(50, gm.TAIKO, 0.95),
                "rim": Drum(gm.HIGH_WOOD, force=0.9),
                "clap": Drum(gm.CLAVES),
                "high": Drum(60, gm.TAIKO, 0.7),
                "ride": Drum(gm.LOW_WOOD, force=0.8),
                "colour": Drum(gm.CASTANETS, force=0.8),
                "tom": Drum(45, gm.TAIKO),
                "high tom": Drum(55, gm.TAIKO, 0.95),
            },
            fill=(60, 55, 48, 43),
            fill_program=gm.TAIKO,
            crash=0,
        ),
        "orchestral": Percussion(
            drums={
                "low": Drum(0, gm.TIMPANI),
                "mid": Drum(gm.SNARE, force=0.9),
                "rim": Drum(gm.CASTANETS),
                "clap": Drum(gm.TAMBOURINE),
                "high": Drum(gm.TRIANGLE, force=0.8),
                "open": Drum(gm.TRIANGLE),
                "ride": Drum(gm.RIDE, force=0.9),
                "bell": Drum(gm.SLEIGH_BELLS),
                "colour": Drum(gm.TAMBOURINE),
                "tom": Drum(43, gm.TAIKO),
                "high tom": Drum(52, gm.TAIKO),
            },
            fill=(60, 55, 48, 43),
            fill_program=gm.TAIKO,
        ),
        "hand drums": Percussion(
            drums={
                "low": Drum(gm.LOW_CONGA),
                "mid": Drum(gm.HIGH_CONGA, force=0.9),
                "rim": Drum(gm.CLAVES, force=0.8),
                "clap": Drum(gm.CLAP, force=0.8),
                "high": Drum(gm.MARACAS, force=0.9),
                "open": Drum(gm.CABASA),
                "ride": Drum(gm.SHAKER),
                "bell": Drum(gm.COWBELL, force=0.8),
                "colour": Drum(gm.TAMBOURINE),
                "tom": Drum(gm.LOW_BONGO),
                "high tom": Drum(gm.HIGH_BONGO),
            },
            fill=(gm.HIGH_BONGO, gm.LOW_BONGO, gm.HIGH_CONGA, gm.LOW_CONGA),
            crash=0,
        ),
        "snare drum": Percussion(
            drums={
                "low": Drum(gm.LOW_KICK),
                "mid": Drum(gm.SNARE),
                "rim": Drum(gm.RIM),
                "clap": Drum(gm.SNARE, force=0.7),
                "high": Drum(gm.SNARE, force=0.5),
                "ride": Drum(gm.SNARE, force=0.45),
            },
            fill=(gm.SNARE,),
        ),
        "metal kit": Percussion(
            drums=_KIT | {"high": Drum(gm.OPEN_HAT), "open": Drum(gm.CHINA), "ride": Drum(gm.RIDE_BELL)},
            fill=(gm.SNARE, *_TOMS),
        ),
        "chip": Percussion(
            drums={
                "low": Drum(gm.KICK),
                "mid": Drum(gm.TIGHT_SNARE),
                "rim": Drum(gm.TIGHT_SNARE, force=0.7),
                "clap": Drum(gm.TIGHT_SNARE),
                "high": Drum(gm.CLOSED_HAT),
                "open": Drum(gm.OPEN_HAT),
                "ride": Drum(gm.CLOSED_HAT),
                "bell": Drum(gm.COWBELL),
                "colour": Drum(gm.CLOSED_HAT, force=0.8),
                "tom": Drum(gm.LOW_TOM),
                "high tom": Drum(gm.HIGH_TOM),
            },
            fill=(gm.TIGHT_SNARE, gm.TIGHT_SNARE),
            crash=0,
        ),
    }
)
