"""The level of a mix: about as loud as its styles alone, by their weights, whichever of their voices play.

Voices are allocated by notes, and a chord that is held has few of them: two styles with pads would be 3 dB louder
together than either, one with a few soft voices of a loud style softer than both.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Final

from segue.score.composer.form import Form
from segue.score.composer.loudness import voice_powers
from segue.score.composer.moment import Moment
from segue.score.composer.playing import loudness_weight

# The most that a mix is moved, dB.
_MOST_DB: Final = 4.0
_powers: Final = lru_cache(maxsize=1024)(voice_powers)


def share_gain(weight: float, *, leads: bool) -> float:
    """Return the factor on the velocities of an arrangement with a weight in the mix.

    The leader must stand out from what is blended in, so others are softer even at equal weight.
    """
    share = min(1.0, weight / 0.5)
    return 0.8 + 0.2 * share if leads else 0.45 + 0.4 * share


def mix_gain(form: Form, moment: Moment) -> float:
    """Return the factor on all velocities of a mix that brings it to the mean level of its arrangements, in dB."""
    if len(form.playing) < 2:
        return 1.0
    drummer = form.holders[2]
    intensity, power, level_db, total = round(moment.intensity, 1), 0.0, 0.0, 0.0
    for name, voices in form.playing:
        row, weight = moment.arrangements[name], loudness_weight(form, moment, name)
        powers = _powers(row, intensity, moment.meter)
        # Drums sound alone only where any do in the mix.
        alone = math.fsum(powers if drummer and (row.kit.own or drummer == name) else powers[:-1])
        if alone <= 0 or weight <= 0:
            continue
        total += weight
        level_db += weight * 10 * math.log10(alone)
        playing = math.fsum(one for slot, one in enumerate(powers[:-1]) if voices >> slot & 1)
        playing += powers[-1] if drummer == name else 0.0
        power += playing * share_gain(weight, leads=name == form.leader) ** 4
    if power <= 0:
        return 1.0
    moved_db = level_db / total - 10 * math.log10(power)
    return float(10 ** (max(-_MOST_DB, min(_MOST_DB, moved_db)) / 40))
