"""The source of the bundled orchestra, and the distance between the samples of each programme."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from segue.score.sampler.kits import CHIP, DRUM_KIT, KITS
from segue.score.sampler.orchestra import ORCHESTRA
from segue.score.sampler.soundfont import DRUM_BANK
from segue.training.orchestra.cut import Wanted

PACKAGE: Final = "fluidr3mono-gm-soundfont"
PACKAGE_VERSION: Final = "2.315-7"
PACKAGE_FILE: Final = f"{PACKAGE}_{PACKAGE_VERSION}_all.deb"
PACKAGE_SHA256: Final = "4098301bf29f4253c2f5799a844f42dd4aa733d91a210071ad16d7757dea51d6"
SOUNDFONT_PATH: Final = "usr/share/fluidr3mono-gm-soundfont/FluidR3Mono_GM.sf3"
COPYRIGHT_PATH: Final = "usr/share/doc/fluidr3mono-gm-soundfont/copyright"
MAX_BYTES: Final = 16 << 20

# A sample every major third keeps every voice within a tone of a recording; where a programme's samples are long and
# blend well, a fourth saves what others need.
_SPACING: Final = 4
_WIDER: Final[Mapping[int, int]] = dict.fromkeys(
    (0, 1, 3, 17, 18, 19, 24, 25, 29, 30, 33, 44, 48, 49, 61, 66, 67, 102, 105), 5
)

# Bells, skins, cymbals, chords and noises: what pitch they have is not a harmonic one.
_UNPITCHED: Final = frozenset({9, 14, 47, 55, 86, 112, 113, 115, 116, 117, 118, 119, *range(120, 128)})


def pitched() -> list[int]:
    """Programmes whose samples are to be in tune."""
    return [program for program in ORCHESTRA if program not in _UNPITCHED]


def wanted() -> list[Wanted]:
    """Every programme of the orchestra table over its range, and the keys of every kit as they are."""
    programs = [
        Wanted(
            bank=0,
            program=seat.program,
            keys=frozenset(range(seat.low, seat.high + 1)),
            spacing=_WIDER.get(seat.program, _SPACING),
        )
        for seat in ORCHESTRA.values()
    ]
    kits = [Wanted(bank=DRUM_BANK, program=kit, keys=frozenset(DRUM_KIT), spacing=0) for kit in KITS if kit != CHIP]
    return [*programs, *kits]
