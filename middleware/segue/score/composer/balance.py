"""The balance of an arrangement: the tune in front, drums that do not cover it, and a bass that is heard."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from segue.score.composer.loudness import family_powers
from segue.score.composer.vocabulary import FAMILY, Arrangement

# The tune lies at least so far above all else together as estimated, in LU, at two tempi in bpm and on a straight line
# between them: of the stems of 20 situations the tunes of slow ones are louder than estimated, of fast ones softer.
_SLOW_BPM, _SLOW_ABOVE, _FAST_BPM, _FAST_ABOVE = 70.0, -2.5, 130.0, 1.0
# The bass lies at most so far below the loudest of what accompanies, in LU, the drums at most so far above the loudest.
_BASS_BELOW, _DRUMS_ABOVE = 4.5, 1.0
# The most that a family is moved, dB. Of what the tune lacks, it gains a third and all else loses the rest.
_MOST_DB: Final = 12.0
_RAISED: Final = 1 / 3
# No voice is raised above this velocity, so that it has room to grow.
_LOUDEST: Final = 102


def balanced(arrangement: Arrangement) -> Arrangement:
    """Return the arrangement with the velocities of its voices and the force of its drums brought into balance."""
    shifts = _shifts(arrangement)
    voices = tuple(
        replace(voice, velocity=min(127, max(1, round(voice.velocity * _factor(shifts[FAMILY[voice.role]])))))
        for voice in arrangement.voices
    )
    kit = replace(arrangement.kit, force=arrangement.kit.force * _factor(shifts["drums"]))
    return replace(arrangement, voices=voices, kit=kit)


def _shifts(arrangement: Arrangement) -> dict[str, float]:
    """Return the change of each family's level, dB."""
    levels = {family: 10 * math.log10(power) for family, power in family_powers(arrangement).items() if power > 0}
    shifts = dict.fromkeys(FAMILY.values(), 0.0)
    tuned = {family: level for family, level in levels.items() if family != "drums"}
    if "bass" in tuned and len(tuned) > 1:
        accompanying = [level for family, level in tuned.items() if family not in ("bass", "melody")]
        lacking = max(accompanying or [tuned["melody"]]) - _BASS_BELOW - tuned["bass"]
        shifts["bass"] = min(_MOST_DB, max(0.0, lacking))
        tuned["bass"] += shifts["bass"]
    drums = levels.get("drums")
    if drums is not None and tuned:
        shifts["drums"] = max(-_MOST_DB, min(0.0, max(tuned.values()) + _DRUMS_ABOVE - drums))
    heard = {family: level for family, level in tuned.items() if family != "melody"}
    if drums is not None and arrangement.kit.own:
        heard["drums"] = drums + shifts["drums"]
    if heard and "melody" in tuned:
        lacking = min(_MOST_DB, max(0.0, _sum(heard) + _above(arrangement.tempo_bpm) - tuned["melody"]))
        raised = min(_RAISED * lacking, _room(arrangement, "melody"))
        for family in shifts:
            shifts[family] += raised if family == "melody" else raised - lacking
    if shifts["bass"] > 0:
        shifts["bass"] = min(shifts["bass"], _room(arrangement, "bass"))
    return shifts


def _above(tempo_bpm: float) -> float:
    """Return how far the tune lies above all else together at a tempo, in LU as estimated."""
    share = min(1.0, max(0.0, (tempo_bpm - _SLOW_BPM) / (_FAST_BPM - _SLOW_BPM)))
    return _SLOW_ABOVE + share * (_FAST_ABOVE - _SLOW_ABOVE)


def _room(arrangement: Arrangement, family: str) -> float:
    """Return how far a family can be raised, dB."""
    loudest = max(voice.velocity for voice in arrangement.voices if FAMILY[voice.role] == family)
    return min(_MOST_DB, max(0.0, 40 * math.log10(_LOUDEST / loudest)))


def _sum(levels: Mapping[str, float]) -> float:
    """Return the level of all together, dB."""
    return 10 * math.log10(math.fsum(10 ** (level / 10) for level in levels.values()))


def _factor(shift_db: float) -> float:
    """Return the factor on a velocity that changes its level by `shift_db`, by the sampler's curve."""
    return float(10 ** (shift_db / 40))
