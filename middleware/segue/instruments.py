"""The General MIDI programmes by name. One table, which styles, orchestra and reports read.

Source: General MIDI System Level 1, the sound set; programmes are counted from 0.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

NAMES: Final[tuple[str, ...]] = (
    *("piano", "bright piano", "electric grand", "honky-tonk piano"),
    *("electric piano", "FM electric piano", "harpsichord", "clavinet"),
    *("celesta", "glockenspiel", "music box", "vibraphone"),
    *("marimba", "xylophone", "tubular bells", "dulcimer"),
    *("drawbar organ", "percussive organ", "rock organ", "church organ"),
    *("reed organ", "accordion", "harmonica", "bandoneon"),
    *("nylon guitar", "steel guitar", "jazz guitar", "clean guitar"),
    *("muted guitar", "overdriven guitar", "distortion guitar", "guitar harmonics"),
    *("acoustic bass", "finger bass", "picked bass", "fretless bass"),
    *("slap bass", "popped bass", "synth bass", "soft synth bass"),
    *("violin", "viola", "cello", "contrabass"),
    *("tremolo strings", "pizzicato strings", "harp", "timpani"),
    *("strings", "slow strings", "synth strings", "soft synth strings"),
    *("choir", "voices", "synth voice", "orchestra hit"),
    *("trumpet", "trombone", "tuba", "muted trumpet"),
    *("horn", "brass", "synth brass", "soft synth brass"),
    *("soprano saxophone", "alto saxophone", "tenor saxophone", "baritone saxophone"),
    *("oboe", "english horn", "bassoon", "clarinet"),
    *("piccolo", "flute", "recorder", "pan flute"),
    *("bottle", "shakuhachi", "whistle", "ocarina"),
    *("square lead", "saw lead", "calliope lead", "chiff lead"),
    *("charang lead", "voice lead", "fifths lead", "bass lead"),
    *("fantasia pad", "warm pad", "polysynth pad", "choir pad"),
    *("glass pad", "metal pad", "halo pad", "sweep pad"),
    *("rain", "soundtrack pad", "crystal", "atmosphere"),
    *("brightness", "goblins", "echoes", "star theme"),
    *("sitar", "banjo", "shamisen", "koto"),
    *("kalimba", "bagpipe", "fiddle", "shanai"),
    *("tinkle bell", "agogo", "steel drums", "woodblock"),
    *("taiko", "melodic tom", "synth drum", "reverse cymbal"),
    *("fret noise", "breath", "seashore", "birds"),
    *("telephone", "helicopter", "applause", "gunshot"),
)
"""The name of each programme, 128."""

PROGRAMS: Final = MappingProxyType({name: program for program, name in enumerate(NAMES)})
"""The programme of each name."""
