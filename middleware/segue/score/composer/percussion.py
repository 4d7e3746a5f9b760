"""Sets of percussion: which instrument plays each drum of a groove, for every word of style_profile.PERCUSSION."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final, NamedTuple

from segue.score.composer import instruments as gm
from segue.style_profile import PERCUSSION as PERCUSSION_WORDS

DRUMS: Final = ("low", "mid", "rim", "clap", "high", "open", "ride", "bell", "colour", "tom", "high tom")
"""The drums that grooves are written for, from the kick to colours such as a shaker or a tambourine."""


class Drum(NamedTuple):
    """An instrument that plays a drum.

    Attributes:
        key, program: As in DrumLine.
        force: Factor on velocities.
    """

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
        if not {"mid", "high"} <= set(self.drums) <= set(DRUMS):
            raise ValueError(f"drums: expected low, mid, high and others of {', '.join(DRUMS)}, got {set(self.drums)}")


def _set(kit: int, keys: Mapping[str, int], **forces: float) -> dict[str, Drum]:
    """Return drums of one kit, some of them with a force of their own."""
    return {drum: Drum(key, kit, forces.get(drum, 1.0)) for drum, key in keys.items()}


_KEYS: Final = {
    "low": gm.KICK,
    "mid": gm.SNARE,
    "rim": gm.RIM,
    "clap": gm.CLAP,
    "high": gm.CLOSED_HAT,
    "open": gm.OPEN_HAT,
    "ride": gm.RIDE,
    "bell": gm.COWBELL,
    "colour": gm.TAMBOURINE,
    "tom": gm.FLOOR_TOM,
    "high tom": gm.MID_TOM,
}
_TOMS: Final = (gm.HIGH_TOM, gm.MID_TOM, gm.LOW_TOM, gm.FLOOR_TOM)

_SETS: Final[Mapping[str, Percussion]] = MappingProxyType(
    {
        "kit": Percussion(drums=_set(gm.KIT_PROGRAM, _KEYS), fill=(gm.SNARE, *_TOMS)),
        "brushes": Percussion(
            drums=_set(
                gm.BRUSH_KIT,
                _KEYS | {"high": gm.PEDAL_HAT, "open": gm.PEDAL_HAT, "colour": gm.SHAKER},
                low=0.75,
                mid=0.85,
                rim=0.75,
                ride=0.85,
                colour=0.8,
            ),
            fill=(gm.SNARE,),
            fill_program=gm.BRUSH_KIT,
            crash=0,
        ),
        "electronic": Percussion(
            drums=_set(gm.ELECTRONIC_KIT, _KEYS | {"colour": gm.SHAKER, "rim": gm.TIGHT_SNARE}),
            fill=(gm.SNARE, gm.HIGH_TOM, gm.MID_TOM, gm.FLOOR_TOM),
            fill_program=gm.ELECTRONIC_KIT,
        ),
        "808": Percussion(
            drums=_set(gm.KIT_808, _KEYS | {"rim": gm.CLAP, "colour": gm.MARACAS}, low=1.1),
            fill=(gm.SNARE, gm.CLAP, gm.LOW_TOM),
            fill_program=gm.KIT_808,
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
            drums=_set(
                gm.ORCHESTRA_KIT,
                {
                    "mid": gm.SNARE,
                    "clap": gm.TAMBOURINE,
                    "high": gm.TRIANGLE,
                    "open": gm.TRIANGLE,
                    "bell": gm.SLEIGH_BELLS,
                    "colour": gm.TAMBOURINE,
                },
                high=0.8,
            )
            | {
                "low": Drum(0, gm.TIMPANI),
                "rim": Drum(gm.CASTANETS),
                "ride": Drum(gm.RIDE, force=0.9),
                "tom": Drum(43, gm.TAIKO),
                "high tom": Drum(52, gm.TAIKO),
            },
            fill=(60, 55, 48, 43),
            fill_program=gm.TAIKO,
        ),
        "hand drums": Percussion(
            drums=_set(
                gm.KIT_PROGRAM,
                {
                    "low": gm.LOW_CONGA,
                    "mid": gm.HIGH_CONGA,
                    "rim": gm.CLAVES,
                    "clap": gm.CLAP,
                    "high": gm.MARACAS,
                    "open": gm.CABASA,
                    "ride": gm.SHAKER,
                    "bell": gm.COWBELL,
                    "colour": gm.TAMBOURINE,
                    "tom": gm.LOW_BONGO,
                    "high tom": gm.HIGH_BONGO,
                },
                mid=0.9,
                rim=0.8,
                clap=0.8,
                high=0.9,
                bell=0.8,
            ),
            fill=(gm.HIGH_BONGO, gm.LOW_BONGO, gm.HIGH_CONGA, gm.LOW_CONGA),
            crash=0,
        ),
        "snare drum": Percussion(
            drums=_set(
                gm.KIT_PROGRAM,
                {
                    "low": gm.LOW_KICK,
                    "mid": gm.SNARE,
                    "rim": gm.RIM,
                    "clap": gm.SNARE,
                    "high": gm.SNARE,
                    "ride": gm.SNARE,
                },
                clap=0.7,
                high=0.5,
                ride=0.45,
            ),
            fill=(gm.SNARE,),
        ),
        "metal kit": Percussion(
            drums=_set(gm.POWER_KIT, _KEYS | {"high": gm.OPEN_HAT, "open": gm.CHINA, "ride": gm.RIDE_BELL}),
            fill=(gm.SNARE, *_TOMS),
            fill_program=gm.POWER_KIT,
        ),
        "chip": Percussion(
            drums=_set(
                gm.CHIP_KIT,
                _KEYS | {"rim": gm.SNARE, "clap": gm.SNARE, "ride": gm.CLOSED_HAT, "colour": gm.CLOSED_HAT},
                rim=0.7,
                colour=0.8,
            ),
            fill=(gm.SNARE, gm.SNARE),
            fill_program=gm.CHIP_KIT,
            crash=0,
        ),
    }
)
_WITHOUT: Final = " without kick"


def _without_kick(percussion: Percussion) -> Percussion:
    return replace(percussion, drums={drum: row for drum, row in percussion.drums.items() if drum != "low"})


PERCUSSION: Final[Mapping[str, Percussion]] = MappingProxyType(
    {word: _SETS.get(word) or _without_kick(_SETS[word.removesuffix(_WITHOUT)]) for word in PERCUSSION_WORDS}
)
"""The sets of each word."""
