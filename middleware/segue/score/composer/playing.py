"""The arrangement that leads the mix, and the arrangements that hold the solo roles."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import Final

from segue.contract import TICKS_PER_BEAT
from segue.score.composer.form import Form
from segue.score.composer.moment import LEAST_TURN, PATIENCE, Mix, Moment, follow, turn
from segue.score.composer.vocabulary import Arrangement

# Another arrangement takes the lead, the bass or the drums when it outweighs the holder by this much.
HYSTERESIS: Final = 0.08
# An arrangement below this weight is silent.
FLOOR: Final = 0.06
# Roles that only one arrangement plays at a time, if it has this share of the heaviest's weight.
SOLO_ROLES: Final = ("melody", "bass", "drums")
_SOLO_SHARE: Final = 0.25
# A change whose ramp is no longer is swift: what arrives plays from its start on, and the ramp only fades.
_SWIFT: Final = 8 * TICKS_PER_BEAT


def _leader_of(leader: str, mix: Mix) -> str:
    """Return the arrangement that leads a mix: the heaviest, unless the leader so far is nearly as heavy."""
    weights = dict(mix)
    best = max(mix, key=lambda pair: pair[1])[0]
    return best if weights[best] > weights.get(leader, 0.0) + (HYSTERESIS if leader else 0.0) else leader


def aimed(form: Form, moment: Moment) -> Form:
    """Return the form with the mix that a swift change leads to, from the frame on in which it starts."""
    if moment.to_change == 0 and turn(moment.mix, moment.next_mix) >= LEAST_TURN:
        ticks = moment.ramp * moment.tempo
        if 0 <= ticks <= _SWIFT:
            # In frames: a ramp lasts as long in any tempo that it leads to.
            return replace(form, goal=moment.next_mix, goal_until=moment.frame + moment.ramp)
        return replace(form, goal=())
    return replace(form, goal=()) if form.goal and moment.frame > form.goal_until else form


def presence(form: Form, moment: Moment) -> Mix:
    """Return the mix by which voices play: what arrives by a swift change counts as it will weigh after it."""
    if not form.goal:
        return moment.mix
    goal, now = dict(form.goal), dict(moment.mix)
    return tuple((name, max(now.get(name, 0.0), goal.get(name, 0.0))) for name in {**now, **goal})


def loudness_weight(form: Form, moment: Moment, name: str) -> float:
    """Return the weight by which an arrangement is loud: of one that arrives, half way to what it will be."""
    weight = dict(moment.mix).get(name, 0.0)
    return max(weight, (weight + dict(form.goal).get(name, 0.0)) / 2)


def led(form: Form, moment: Moment) -> Form:
    """Return the form with its leader, chosen with hysteresis; the entrance of a new one is on the next beat."""
    best = _leader_of(form.leader, form.goal or moment.mix)
    if best == form.leader:
        return form
    if not form.leader:
        return replace(form, leader=best)
    cue = form.cue
    if cue is not None and cue.certain and cue.out_of == best:
        # What was left has come back, so it is let go no longer.
        form = replace(form, cue=None)
    since_bar = moment.ticks - moment.bar_ticks
    beat = moment.bar_ticks + -(-since_bar // TICKS_PER_BEAT) * TICKS_PER_BEAT
    return replace(form, leader=best, arrival=beat, awaited=form.awaited if form.awaited == best else "")


def expecting(form: Form, moment: Moment) -> Form:
    """Return the form with the coming change, and with its arrangement awaited where it arrives in this frame."""
    if not form.leader or (form.cue is None and moment.to_change < 0):
        return form
    if moment.silent or moment.next_silent:
        # What falls silent leads into nothing.
        return replace(form, cue=None)
    into = _leader_of(form.leader, moment.next_mix) if moment.to_change >= 0 else ""
    cue = follow(form.cue, moment, form.leader, into)
    form = replace(form, cue=cue)
    arrives = cue is not None and cue.certain and moment.ticks <= cue.arrival < moment.ticks + moment.tempo
    if cue is None or not arrives or cue.into == form.leader:
        return form
    return replace(form, awaited=cue.into, awaited_until=cue.arrival + PATIENCE)


def _plays(arrangement: Arrangement, role: str, drums: int) -> bool:
    if role == "drums":
        return arrangement.kit.own or drums == 1
    return any(voice.role == role for voice in arrangement.voices)


@lru_cache(maxsize=1024)
def holders_of(
    holders: tuple[str, str, str], mix: tuple[tuple[Arrangement, float], ...], drums: int
) -> tuple[str, str, str]:
    """Return the holder of each solo role: the heaviest arrangement that has it, or a holder that is nearly as heavy.

    One that is far lighter than the heaviest of all plays none, so that a trace of a march brings no drums to a lament.
    """
    result = []
    least = max(FLOOR, _SOLO_SHARE * max(weight for _, weight in mix))
    for role, holder in zip(SOLO_ROLES, holders, strict=True):
        asked = role == "drums" and drums == 1
        able = [
            (row, weight) for row, weight in mix if weight >= (FLOOR if asked else least) and _plays(row, role, drums)
        ]
        if role == "drums" and drums == 1:
            able = [(row, weight) for row, weight in able if row.kit.own] or able
        if not able or (role == "drums" and drums == 0):
            result.append("")
        else:
            heaviest = max(able, key=lambda pair: pair[1] + (HYSTERESIS if pair[0].name == holder else 0.0))
            result.append(heaviest[0].name)
    return result[0], result[1], result[2]
