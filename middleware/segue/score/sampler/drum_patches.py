"""Drums that are synthesised: an 808, an electronic kit and the drums of a sound chip.

A patch is data; `drum_synthesiser` makes sound of it. Levels make each drum about as loud as the standard kit's,
the kicks louder and the hi-hats softer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from segue.score.sampler.kits import CHIP

# The oscillators of the 808's cymbals; the last two are its cowbell.
_METAL_HZ: Final = (205.3, 304.4, 369.6, 522.7, 540.0, 800.0)


@dataclass(frozen=True, kw_only=True)
class DrumPatch:
    """A synthesised drum: tones that fall in pitch, and filtered noise or metal.

    Attributes:
        tones: Frequency in Hz, octaves above it at the stroke, time for those to fall to 1/e, decay to 1/e, amplitude.
        noise: "white", "metal" (squares), "chip" (a shift register) or "".
        metal_hz: Frequencies of the squares, which do not fit each other.
        noise_level: Amplitude.
        noise_decay_s: Time to fall to 1/e.
        low_hz, high_hz: What of the noise passes; 0 for open ends.
        bursts: Times in seconds at which the noise starts again, as the hands of a clap do.
        hold: Samples that each value of the chip's noise is held.
        drive: Saturation of the sum; 0 for none.
        length_s: After which it is over.
        gain_db: Level in the kit.
    """

    tones: tuple[tuple[float, float, float, float, float], ...] = ()
    noise: Literal["", "white", "metal", "chip"] = ""
    metal_hz: tuple[float, ...] = _METAL_HZ
    noise_level: float = 1.0
    noise_decay_s: float = 0.05
    low_hz: float = 0.0
    high_hz: float = 0.0
    bursts: tuple[float, ...] = (0.0,)
    hold: int = 1
    drive: float = 0.0
    length_s: float = 0.5
    gain_db: float = 0.0


def _hat(decay_s: float, length_s: float, gain_db: float) -> DrumPatch:
    return DrumPatch(noise="metal", noise_decay_s=decay_s, low_hz=7_000.0, length_s=length_s, gain_db=gain_db)


def _tom(hertz: float, decay_s: float = 0.16, *, gain_db: float) -> DrumPatch:
    return DrumPatch(
        tones=((hertz, 0.6, 0.05, decay_s, 1.0),),
        noise="white",
        noise_level=0.06,
        noise_decay_s=0.04,
        high_hz=2_500.0,
        length_s=1.0,
        gain_db=gain_db,
    )


def _chip(hold: int, decay_s: float, gain_db: float, length_s: float = 0.5) -> DrumPatch:
    return DrumPatch(noise="chip", noise_decay_s=decay_s, hold=hold, length_s=length_s, gain_db=gain_db)


_CLAP: Final = DrumPatch(
    gain_db=6.0,
    noise="white",
    noise_decay_s=0.055,
    bursts=(0.0, 0.011, 0.022, 0.033),
    low_hz=800.0,
    high_hz=2_200.0,
    length_s=0.5,
)
_808: Final[Mapping[int, DrumPatch]] = {
    35: DrumPatch(tones=((46.0, 1.3, 0.018, 0.55, 1.0),), drive=1.2, length_s=2.4, gain_db=-8.0),
    36: DrumPatch(tones=((52.0, 1.6, 0.014, 0.28, 1.0),), drive=1.2, length_s=1.4, gain_db=-8.0),
    37: DrumPatch(tones=((1_700.0, 0.0, 1.0, 0.012, 0.7), (455.0, 0.0, 1.0, 0.014, 0.6)), length_s=0.12, gain_db=-4.0),
    38: DrumPatch(
        tones=((185.0, 0.3, 0.01, 0.07, 0.8), (331.0, 0.2, 0.01, 0.05, 0.5)),
        noise="white",
        noise_level=0.55,
        noise_decay_s=0.075,
        low_hz=1_400.0,
        length_s=0.6,
        gain_db=-8.0,
    ),
    39: _CLAP,
    40: DrumPatch(
        tones=((210.0, 0.3, 0.01, 0.05, 0.6), (370.0, 0.2, 0.01, 0.04, 0.4)),
        noise="white",
        noise_level=0.7,
        noise_decay_s=0.11,
        low_hz=1_800.0,
        length_s=0.7,
        gain_db=-11.0,
    ),
    41: _tom(80.0, 0.24, gain_db=-9.0),
    42: _hat(0.022, 0.2, 18.0),
    43: _tom(95.0, 0.22, gain_db=-7.0),
    44: _hat(0.035, 0.3, 16.0),
    45: _tom(113.0, gain_db=-11.0),
    46: _hat(0.18, 1.2, 8.0),
    47: _tom(135.0, gain_db=-10.0),
    48: _tom(160.0, gain_db=-10.0),
    49: DrumPatch(noise="metal", noise_decay_s=0.45, low_hz=3_500.0, length_s=2.5, gain_db=9.0),
    50: _tom(190.0, gain_db=-12.0),
    56: DrumPatch(
        noise="metal",
        metal_hz=_METAL_HZ[-2:],
        noise_decay_s=0.11,
        low_hz=500.0,
        high_hz=2_600.0,
        length_s=0.8,
        gain_db=-12.0,
    ),
    62: _tom(370.0, 0.06, gain_db=-12.0),
    63: _tom(310.0, 0.1, gain_db=-9.0),
    64: _tom(220.0, 0.12, gain_db=-8.0),
    70: DrumPatch(noise="white", noise_decay_s=0.012, low_hz=5_000.0, length_s=0.12, gain_db=-4.0),
    75: DrumPatch(tones=((2_500.0, 0.0, 1.0, 0.02, 1.0),), length_s=0.2, gain_db=-5.0),
}
_ELECTRONIC: Final[Mapping[int, DrumPatch]] = {
    35: DrumPatch(tones=((50.0, 2.6, 0.016, 0.22, 1.0),), drive=2.0, length_s=1.0, gain_db=-10.0),
    36: DrumPatch(
        tones=((54.0, 2.9, 0.012, 0.15, 1.0),),
        noise="white",
        noise_level=0.15,
        noise_decay_s=0.004,
        low_hz=2_000.0,
        drive=2.2,
        length_s=0.8,
        gain_db=-9.0,
    ),
    38: DrumPatch(
        tones=((200.0, 0.8, 0.012, 0.09, 0.8),),
        noise="white",
        noise_level=0.6,
        noise_decay_s=0.09,
        low_hz=900.0,
        length_s=0.7,
        gain_db=-9.0,
    ),
    39: _CLAP,
    40: DrumPatch(
        tones=((240.0, 0.8, 0.01, 0.06, 0.7),),
        noise="white",
        noise_level=0.8,
        noise_decay_s=0.14,
        low_hz=1_300.0,
        length_s=0.9,
        gain_db=-13.0,
    ),
    42: _hat(0.028, 0.25, 17.0),
    44: _hat(0.045, 0.3, 15.0),
    46: _hat(0.15, 1.0, 8.0),
}
_CHIP_KIT: Final[Mapping[int, DrumPatch]] = {
    35: DrumPatch(tones=((55.0, 2.0, 0.03, 0.09, 1.0),), drive=3.0, length_s=0.5, gain_db=-11.0),
    36: DrumPatch(tones=((65.0, 2.2, 0.022, 0.07, 1.0),), drive=3.0, length_s=0.4, gain_db=-10.0),
    37: _chip(3, 0.012, -9.0, 0.1),
    38: _chip(5, 0.06, -12.0),
    39: _chip(4, 0.05, -11.0),
    40: _chip(4, 0.08, -16.0),
    **{
        key: DrumPatch(tones=((hertz, 1.2, 0.05, 0.1, 1.0),), drive=3.0, length_s=0.6, gain_db=-13.0)
        for key, hertz in ((41, 90.0), (43, 105.0), (45, 125.0), (47, 150.0), (48, 180.0), (50, 215.0))
    },
    42: _chip(1, 0.014, -5.0, 0.12),
    44: _chip(1, 0.025, -7.0, 0.2),
    46: _chip(1, 0.1, -14.0, 0.7),
    49: _chip(2, 0.3, -13.0, 1.6),
    51: _chip(1, 0.16, -19.0, 1.0),
    57: _chip(3, 0.3, -14.0, 1.6),
    70: _chip(1, 0.01, -8.0, 0.1),
}
DRUM_PATCHES: Final[Mapping[tuple[int, int], DrumPatch]] = {
    (kit, key): patch for kit, keys in ((24, _ELECTRONIC), (25, _808), (CHIP, _CHIP_KIT)) for key, patch in keys.items()
}
"""(kit, key) of the drums that are synthesised."""
