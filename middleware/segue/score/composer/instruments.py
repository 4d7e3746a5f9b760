"""Names for the General MIDI programmes and drum keys that the layouts orchestrate with."""

from __future__ import annotations

from typing import Final

KIT_PROGRAM: Final = -1
"""No programme: the notes are keys of the standard drum kit. Further kits are below it, see `kit_program`."""


def kit_program(kit: int) -> int:
    """Return what stands for a drum kit where programmes stand; and the kit again for what stands for it.

    Args:
        kit: A number of sampler.kits.KITS; 0 is the standard kit, KIT_PROGRAM.
    """
    return KIT_PROGRAM - kit


POWER_KIT: Final = kit_program(16)
ELECTRONIC_KIT: Final = kit_program(24)
KIT_808: Final = kit_program(25)
BRUSH_KIT: Final = kit_program(40)
ORCHESTRA_KIT: Final = kit_program(48)
CHIP_KIT: Final = kit_program(80)

PIANO: Final = 0
HONKY_TONK: Final = 3
ELECTRIC_PIANO: Final = 4
HARPSICHORD: Final = 6
CLAVINET: Final = 7
CELESTA: Final = 8
GLOCKENSPIEL: Final = 9
MUSIC_BOX: Final = 10
VIBRAPHONE: Final = 11
MARIMBA: Final = 12
XYLOPHONE: Final = 13
BELLS: Final = 14
DULCIMER: Final = 15
DRAWBAR_ORGAN: Final = 16
ROCK_ORGAN: Final = 18
ORGAN: Final = 19
REED_ORGAN: Final = 20
ACCORDION: Final = 21
HARMONICA: Final = 22
NYLON_GUITAR: Final = 24
STEEL_GUITAR: Final = 25
JAZZ_GUITAR: Final = 26
CLEAN_GUITAR: Final = 27
MUTED_GUITAR: Final = 28
OVERDRIVEN_GUITAR: Final = 29
DISTORTION_GUITAR: Final = 30
ACOUSTIC_BASS: Final = 32
FINGER_BASS: Final = 33
PICKED_BASS: Final = 34
SLAP_BASS: Final = 36
SYNTH_BASS: Final = 38
SOFT_SYNTH_BASS: Final = 39
VIOLIN: Final = 40
VIOLA: Final = 41
CELLO: Final = 42
CONTRABASS: Final = 43
TREMOLO_STRINGS: Final = 44
PIZZICATO: Final = 45
HARP: Final = 46
TIMPANI: Final = 47
STRINGS: Final = 48
SLOW_STRINGS: Final = 49
SYNTH_STRINGS: Final = 50
SLOW_SYNTH_STRINGS: Final = 51
CHOIR: Final = 52
VOICES: Final = 53
SYNTH_VOICES: Final = 54
TRUMPET: Final = 56
TROMBONE: Final = 57
TUBA: Final = 58
HORN: Final = 60
BRASS: Final = 61
ALTO_SAX: Final = 65
TENOR_SAX: Final = 66
OBOE: Final = 68
ENGLISH_HORN: Final = 69
BASSOON: Final = 70
CLARINET: Final = 71
PICCOLO: Final = 72
FLUTE: Final = 73
RECORDER: Final = 74
SHAKUHACHI: Final = 77
WHISTLE: Final = 78
OCARINA: Final = 79
SQUARE: Final = 80
SAW: Final = 81
BASS_LEAD: Final = 87
FANTASIA: Final = 88
WARM_PAD: Final = 89
POLYSYNTH: Final = 90
CHOIR_PAD: Final = 91
GLASS_PAD: Final = 92
HALO_PAD: Final = 94
SWEEP_PAD: Final = 95
SITAR: Final = 104
BANJO: Final = 105
KOTO: Final = 107
KALIMBA: Final = 108
STEEL_DRUMS: Final = 114
TAIKO: Final = 116
REVERSE_CYMBAL: Final = 119

PLUCKED: Final = frozenset(
    (*range(16), *range(24, 29), 31, *range(32, 38), 45, 46, 47, *range(104, 109), *range(112, 119))
)
"""Programmes whose tone dies away, struck or plucked."""

LOW_KICK: Final = 35
KICK: Final = 36
RIM: Final = 37
SNARE: Final = 38
CLAP: Final = 39
TIGHT_SNARE: Final = 40
FLOOR_TOM: Final = 43
LOW_TOM: Final = 45
MID_TOM: Final = 47
HIGH_TOM: Final = 50
CLOSED_HAT: Final = 42
PEDAL_HAT: Final = 44
OPEN_HAT: Final = 46
CRASH: Final = 49
RIDE: Final = 51
CHINA: Final = 52
RIDE_BELL: Final = 53
TAMBOURINE: Final = 54
COWBELL: Final = 56
SECOND_CRASH: Final = 57
HIGH_BONGO: Final = 60
LOW_BONGO: Final = 61
MUTED_CONGA: Final = 62
HIGH_CONGA: Final = 63
LOW_CONGA: Final = 64
CABASA: Final = 69
MARACAS: Final = 70
CLAVES: Final = 75
HIGH_WOOD: Final = 76
LOW_WOOD: Final = 77
TRIANGLE: Final = 81
SHAKER: Final = 82
SLEIGH_BELLS: Final = 83
CASTANETS: Final = 85

SLOW: Final = frozenset(
    (
        *(SLOW_STRINGS, SLOW_SYNTH_STRINGS, CHOIR, VOICES, SYNTH_VOICES),
        *(WARM_PAD, CHOIR_PAD, GLASS_PAD, HALO_PAD, SWEEP_PAD),
    )
)
"""Programmes that take so long to speak that a short note is hardly heard: strings, choirs and pads."""

TIMPANI_CENTRE: Final = 45
"""The MIDI key that timpani are written around."""
