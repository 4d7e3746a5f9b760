"""Frame by frame: which notes start now, from the musical clock, the mix of situations and what has sounded so far.

A frame decides from conditioning up to itself alone, so chunks of any size give the same notes. What must not change in
the middle of a bar (plan, key, who plays the bass) is settled where the bar begins.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final, NamedTuple

from segue.contract import FRAME_SIZE, MODES, TICKS_PER_BEAT, NoteEvent
from segue.score.composer.bar import Bar, Onset, compose_bar
from segue.score.composer.dice import Dice
from segue.score.composer.entrance import GESTURES
from segue.score.composer.harmony import PHRASE_BARS, phrase
from segue.score.composer.table import NAMES, TABLE
from segue.score.composer.theory import Chord
from segue.score.composer.vocabulary import FAMILY, Situation

# Another situation takes the lead, the bass or the drums when it outweighs the holder by this much.
HYSTERESIS: Final = 0.08
# A situation below this weight is silent.
FLOOR: Final = 0.06
# Roles that only one situation plays at a time.
SOLO_ROLES: Final = ("melody", "bass", "drums")
_ORDER: Final = {name: index for index, name in enumerate(NAMES)}
# A note left to sound at an arrival is struck again if at least this much of it remains.
_WORTH_RESTRIKING: Final = TICKS_PER_BEAT // 2
_SHORTEST_SAMPLES: Final = 480
# No gesture begins a note later than this after its beat.
GESTURE_TICKS: Final = 2 * TICKS_PER_BEAT


class Moment(NamedTuple):
    """Conditioning of one frame.

    mix: (situation, weight) pairs, weights summing to 1. tempo: milli-bpm, which is the ticks of one frame. tonic: -1
    for the composer's choice. The rest as in contract.Conditioning.
    """

    frame: int
    mix: tuple[tuple[str, float], ...]
    tempo: int
    ticks: int
    bar: int
    bar_ticks: int
    meter: int
    tonic: int
    mode: int
    drums: int
    intensity: float


@dataclass(frozen=True, kw_only=True)
class Form:
    """Where the music stands between two frames.

    seed: the session's. frame: the next one. bar: the last bar settled, None before the first. leader: the situation
    that leads the mix. plan: the one whose harmony the bar follows, since bar `origin`. tonic, mode: the bar's key.
    holders: who plays melody, bass and drums ("" nobody). arrival: tick of the leader's entrance, -1 when it is past.
    """

    seed: int
    frame: int
    bar: int | None = None
    leader: str = ""
    plan: str = ""
    origin: int = 0
    tonic: int = 0
    mode: str = "major"
    holders: tuple[str, str, str] = ("", "", "")
    arrival: int = -1


def advance(form: Form, moment: Moment) -> tuple[Form, list[NoteEvent]]:
    """The form after a frame and the notes that start in it, ordered by start.

    Raises: ValueError if the frame is not the form's next.
    """
    if moment.frame != form.frame:
        raise ValueError(f"frame: expected {form.frame}, got {moment.frame}")
    form = _led(form, moment)
    end = moment.ticks + moment.tempo
    next_bar = moment.bar_ticks + moment.meter * TICKS_PER_BEAT
    if form.bar != moment.bar:
        form = _settled(form, moment, moment.bar)
    form = replace(form, frame=form.frame + 1, holders=_holders(form.holders, moment.mix, moment.drums))
    notes = list(_bar_notes(form, moment, moment.bar, moment.bar_ticks, moment.ticks, min(end, next_bar)))
    bar_ticks = moment.bar_ticks
    if end > next_bar:
        # The bar's first notes fall inside this frame; the frame that starts in the bar would sound them late.
        form, bar_ticks = _settled(form, moment, moment.bar + 1), next_bar
        notes.extend(_bar_notes(form, moment, moment.bar + 1, next_bar, next_bar, end))
    if 0 <= form.arrival < end:
        notes.extend(_arrival(form, moment, bar_ticks))
        if moment.ticks > form.arrival + GESTURE_TICKS:
            form = replace(form, arrival=-1)
    notes.sort(key=lambda note: (note.start, note.program, note.pitch))
    return form, notes


def _led(form: Form, moment: Moment) -> Form:
    """The leader, with hysteresis; a new one is announced on the next beat."""
    weights = dict(moment.mix)
    best = max(moment.mix, key=lambda pair: (pair[1], -_ORDER[pair[0]]))[0]
    if best == form.leader or weights[best] <= weights.get(form.leader, 0.0) + (HYSTERESIS if form.leader else 0.0):
        return form
    if not form.leader:
        return replace(form, leader=best)
    since_bar = moment.ticks - moment.bar_ticks
    beat = moment.bar_ticks + -(-since_bar // TICKS_PER_BEAT) * TICKS_PER_BEAT
    return replace(form, leader=best, arrival=beat)


def _settled(form: Form, moment: Moment, bar: int) -> Form:
    """What a bar keeps from its first frame on: whose plan it follows, from where, and in which key."""
    if form.bar == bar:
        return form
    leader = TABLE[form.leader]
    plan, origin = form.plan, form.origin
    if plan != form.leader or bar < origin:
        plan, origin = form.leader, bar
    if moment.tonic >= 0:
        tonic, mode = moment.tonic, MODES[moment.mode]
    else:
        tonic = Dice(form.seed, 61).below(12)
        mode = leader.modes[Dice(form.seed, 62, _ORDER[leader.name]).below(len(leader.modes))]
    return replace(form, bar=bar, plan=plan, origin=origin, tonic=tonic, mode=mode)


def _plays(situation: Situation, role: str, drums: int) -> bool:
    if role == "drums":
        return situation.kit.own or drums == 1
    return any(voice.role == role for voice in situation.voices)


@lru_cache(maxsize=1024)
def _holders(holders: tuple[str, str, str], mix: tuple[tuple[str, float], ...], drums: int) -> tuple[str, str, str]:
    """Who plays each solo role: the heaviest that has it, unless the holder is nearly as heavy."""
    result = []
    for role, holder in zip(SOLO_ROLES, holders, strict=True):
        able = [
            (weight + (HYSTERESIS if name == holder else 0.0), -_ORDER[name], name)
            for name, weight in mix
            if weight >= FLOOR and _plays(TABLE[name], role, drums)
        ]
        if role == "drums" and drums == 1:
            native = [row for row in able if TABLE[row[2]].kit.own]
            able = native or able
        result.append("" if not able or (role == "drums" and drums == 0) else max(able)[2])
    return result[0], result[1], result[2]


def _bar_notes(form: Form, moment: Moment, bar: int, bar_ticks: int, start: int, end: int) -> Iterator[NoteEvent]:
    """Notes of all sounding situations whose tick lies in [start, end)."""
    for name, weight in moment.mix:
        if weight < FLOOR:
            continue
        written = _written(form, moment, name, bar)
        low = bisect_left(written.ticks, start - bar_ticks)
        high = bisect_left(written.ticks, end - bar_ticks)
        for onset in written.onsets[low:high]:
            if _sounds(form, moment, name, weight, onset):
                yield _event(moment, name == form.leader, weight, onset, bar_ticks + onset.tick, onset.ticks)


def _written(form: Form, moment: Moment, name: str, bar: int) -> Bar:
    return compose_bar(TABLE[name], TABLE[form.plan], form.seed, bar - form.origin, moment.meter, form.tonic, form.mode)


def _sounds(form: Form, moment: Moment, name: str, weight: float, onset: Onset) -> bool:
    """Whether a written note is heard: intensity reaches its level, its role is not another's, the weight carries."""
    if onset.level > moment.intensity + 1e-6 or (onset.family == "drums" and moment.drums == 0):
        return False
    if onset.role in SOLO_ROLES and form.holders[SOLO_ROLES.index(onset.role)] != name:
        return False
    if name == form.leader or onset.role == "drums":
        return True
    if onset.role == "counter":
        return False
    # Of a situation that does not lead, the first rows of its table sound first.
    voices = len(TABLE[name].voices)
    return weight >= 2 * FLOOR + 0.6 * onset.slot / voices


def loudness(intensity: float) -> float:
    """Factor on velocities: restrained at rest, full at the height."""
    return 0.82 + 0.33 * intensity


def _event(moment: Moment, leads: bool, weight: float, onset: Onset, tick: int, ticks: int) -> NoteEvent:
    """The onset as a note on the sample clock; tempo is constant within a frame, so the position is exact."""
    share = min(1.0, weight / 0.5)
    # The leader must be told by ear from what is blended in, so others stay behind it even at equal weight.
    gain = 0.8 + 0.2 * share if leads else 0.3 + 0.5 * share
    velocity = round(onset.velocity * loudness(moment.intensity) * gain)
    offset = min(FRAME_SIZE - 1, max(0, (tick - moment.ticks) * FRAME_SIZE // moment.tempo))
    return NoteEvent(
        start=moment.frame * FRAME_SIZE + offset,
        duration=max(_SHORTEST_SAMPLES, ticks * FRAME_SIZE // moment.tempo),
        program=max(0, onset.program),
        pitch=onset.pitch,
        velocity=max(1, min(127, velocity)),
        drums=onset.program < 0,
        family=onset.family,
    )


def _arrival(form: Form, moment: Moment, bar_ticks: int) -> Iterator[NoteEvent]:
    """What of the leader's entrance falls in this frame: its gesture, and on the beat its held notes struck anew."""
    leader, weight = TABLE[form.leader], dict(moment.mix).get(form.leader, 0.0)
    position = moment.ticks - form.arrival
    for part in GESTURES[leader.entrance](_chord(form, moment, bar_ticks)):
        family = FAMILY[part.role]
        if family == "drums" and moment.drums == 0:
            continue
        for note in part.notes:
            tick = round(note.start * TICKS_PER_BEAT)
            if position <= tick < position + moment.tempo:
                ticks, velocity = round(note.beats * TICKS_PER_BEAT), note.velocity * leader.gain
                onset = Onset(tick, ticks, part.program, note.pitch, velocity, 0.0, part.role, family, part.slot)
                yield _event(moment, True, weight, onset, form.arrival + tick, ticks)
    if not moment.ticks <= form.arrival < moment.ticks + moment.tempo or form.bar is None:
        return
    struck = form.arrival - bar_ticks
    for onset in _written(form, moment, form.leader, form.bar).onsets:
        left = onset.tick + onset.ticks - struck
        held = onset.tick < struck and left >= _WORTH_RESTRIKING and onset.family != "drums"
        if held and _sounds(form, moment, form.leader, weight, onset):
            yield _event(moment, True, weight, onset, form.arrival, left)


def _chord(form: Form, moment: Moment, bar_ticks: int) -> Chord:
    """The chord of the settled bar at the frame's end."""
    number, bar = divmod((form.bar or 0) - form.origin, PHRASE_BARS)
    plan = phrase(TABLE[form.plan], form.seed, number, moment.meter, form.tonic, form.mode)
    beat = (moment.ticks + moment.tempo - 1 - bar_ticks) // TICKS_PER_BEAT
    return [segment for segment in plan.bars[bar] if segment.start <= max(0, beat)][-1].chord
