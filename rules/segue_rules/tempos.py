"""What `auto` means for tempo and meter: those of the styles that a state mixes (SEMANTICS 13)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

from segue_rules.controls import AUTO, METER, TEMPO
from segue_rules.meters import Meter
from segue_rules.model import Rules, Style


class StyleTempo(NamedTuple):
    """The tempo, in beats a minute, and the meter that a style has by itself."""

    tempo_bpm: float
    meter: Meter


FALLBACK = StyleTempo(float(TEMPO.default), int(METER.default))
"""For music without a style."""


def uses_auto(rules: Rules) -> bool:
    """Return whether tempo or meter may come from a style, so that `with_tempos` makes a difference."""
    musics = (rules.music, *(state.music for layer in rules.layers for state in layer.states))
    return any(AUTO in (music.tempo_bpm, music.meter) for music in musics)


def with_tempos(rules: Rules, tempos: Mapping[str, StyleTempo]) -> Rules:
    """Return the rules with what was read from the prompts of each style, held to the bounds of the controls.

    Args:
        rules: The rules.
        tempos: By the name of the style. A style that is left out keeps what it has.
    """
    return replace(rules, styles=tuple(_with_tempo(style, tempos.get(style.name)) for style in rules.styles))


def _with_tempo(style: Style, read: StyleTempo | None) -> Style:
    if read is None:
        return style
    tempo = min(float(TEMPO.high), max(float(TEMPO.low), read.tempo_bpm))
    meter = read.meter if isinstance(read.meter, tuple) else min(int(METER.high), max(int(METER.low), read.meter))
    return replace(style, tempo_bpm=tempo, meter=meter)


def of_mix(mix: Mapping[str, float], styles: Mapping[str, Style]) -> StyleTempo:
    """Return tempo and meter of a mix of styles, not empty.

    The meter is that of the heaviest style, the first of equals. The tempo is the weighted geometric mean, each tempo
    doubled or halved until it is nearest to the heaviest style's: 85 and 172 are nearly the same to a listener.
    """
    heaviest = styles[max(mix, key=lambda name: mix[name])]
    centre, total = math.log2(heaviest.tempo_bpm), 0.0
    for name, weight in mix.items():
        octaves = math.log2(styles[name].tempo_bpm) - centre
        total += weight * (octaves - round(octaves))
    tempo = heaviest.tempo_bpm * 2.0 ** (total / sum(mix.values()))
    return StyleTempo(min(float(TEMPO.high), max(float(TEMPO.low), round(tempo, 3))), heaviest.meter)
