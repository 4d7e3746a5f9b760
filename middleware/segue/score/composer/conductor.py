"""The notes that start in each frame, from the musical clock, the mix of situations and the form so far.

A frame depends on conditioning up to itself alone, so chunks of any size give the same notes. What must not change in
the middle of a bar (plan, key, who plays the bass) is settled where the bar begins.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

from segue.contract import FRAME_SIZE, MODES, TICKS_PER_BEAT, NoteEvent
from segue.score.composer.bar import Bar, Onset, compose_bar, program_of
from segue.score.composer.fills import GESTURES, PickupVoice
from segue.score.composer.harmony import FORM, PHRASE_BARS, phrase
from segue.score.composer.instruments import kit_program
from segue.score.composer.keyed_random import KeyedRandom, text_key
from segue.score.composer.lead_in import NO_LEAD_IN, LeadIn, Turn, lead_in
from segue.score.composer.moment import PATIENCE, Arrangements, Cue, Mix, Moment, follow
from segue.score.composer.theory import Chord
from segue.score.composer.vocabulary import FAMILY, Situation

# Another situation takes the lead, the bass or the drums when it outweighs the holder by this much.
HYSTERESIS: Final = 0.08
# A situation below this weight is silent.
FLOOR: Final = 0.06
# An arrangement of this weight plays all its voices; one of half of it, half of them.
_ALL_VOICES: Final = 0.85
# Cycles of the form among which a high temperature chooses.
_FAR_CYCLES: Final = 1_000
# Roles that only one arrangement plays at a time, if it has this share of the heaviest's weight.
SOLO_ROLES: Final = ("melody", "bass", "drums")
_SOLO_SHARE: Final = 0.25
# A note left to sound at an arrival is struck again if at least this much of it remains.
_WORTH_RESTRIKING: Final = TICKS_PER_BEAT // 2
_SHORTEST_SAMPLES: Final = 480
# No gesture begins a note later than this after its beat.
GESTURE_TICKS: Final = 2 * TICKS_PER_BEAT


@dataclass(frozen=True, kw_only=True)
class Form:
    """Where the music stands between two frames.

    Attributes:
        seed: The session's.
        frame: The next one.
        bar: The last bar settled, None before the first.
        leader: The situation that leads the mix.
        plan: The one whose harmony the bar follows, since bar `origin`.
        number: The phrase that the bar belongs to, counted from `origin`; -1 before the first.
        edition: The phrase that is played as it: its own number, an earlier one again, or one from far on.
        tonic, mode: The bar's key.
        holders: Who plays melody, bass and drums ("" nobody).
        arrival: Tick of the leader's entrance, -1 when it is past.
        cue: The change that is led into, or just was.
        awaited: The situation whose arrival has been marked already, which the plan follows until it leads, at most to
            `awaited_until`.
    """

    seed: int
    frame: int
    bar: int | None = None
    leader: str = ""
    plan: str = ""
    origin: int = 0
    number: int = -1
    edition: int = 0
    tonic: int = 0
    mode: str = "major"
    holders: tuple[str, str, str] = ("", "", "")
    arrival: int = -1
    cue: Cue | None = None
    awaited: str = ""
    awaited_until: int = 0


def advance(form: Form, moment: Moment) -> tuple[Form, list[NoteEvent]]:
    """Return the form after a frame and the notes that start in it, ordered by start.

    Raises:
        ValueError: If the frame is not the form's next.
    """
    if moment.frame != form.frame:
        raise ValueError(f"frame: expected {form.frame}, got {moment.frame}")
    form = _known(form, moment.arrangements)
    end = moment.ticks + moment.tempo
    next_bar = moment.bar_ticks + moment.meter * TICKS_PER_BEAT
    form = _expecting(_led(form, moment), moment)
    begins = form.bar is None
    if form.bar != moment.bar:
        form = _settled(form, moment, moment.bar, moment.bar_ticks)
    sounding = tuple((moment.arrangements[name], weight) for name, weight in moment.mix)
    form = replace(form, frame=form.frame + 1, holders=_holders(form.holders, sounding, moment.drums))
    lead = _lead_in(form, moment)
    notes = list(_lead_notes(form, moment, lead))
    notes.extend(_bar_notes(form, moment, lead, moment.bar_ticks, moment.ticks, min(end, next_bar)))
    if begins:
        # Music that begins within a bar begins with what would sound there.
        notes.extend(_struck_again(form, moment, moment.bar_ticks, moment.ticks))
    bar_ticks = moment.bar_ticks
    if end > next_bar:
        # The bar's first notes fall inside this frame; the frame that starts in the bar would sound them late.
        form, bar_ticks = _settled(form, moment, moment.bar + 1, next_bar), next_bar
        notes.extend(_bar_notes(form, moment, lead, next_bar, next_bar, end))
    if 0 <= form.arrival < end:
        notes.extend(_arrival(form, moment, bar_ticks))
        if moment.ticks > form.arrival + GESTURE_TICKS:
            form = replace(form, arrival=-1)
    notes.sort(key=lambda note: (note.start, note.program, note.pitch))
    return form, notes


def _known(form: Form, arrangements: Arrangements) -> Form:
    """Return the form without arrangements that there are no more, as after new rules: others take their places."""
    if all(name in arrangements for name in (form.leader, form.plan, form.awaited, *form.holders) if name) and (
        form.cue is None or (form.cue.out_of in arrangements and form.cue.into in arrangements)
    ):
        return form
    kept = [name if name in arrangements else "" for name in (form.leader, form.plan, form.awaited, *form.holders)]
    cue = form.cue
    if cue is not None and not (cue.out_of in arrangements and cue.into in arrangements):
        cue = None
    return replace(
        form,
        leader=kept[0],
        plan=kept[1],
        bar=form.bar if kept[1] else None,
        awaited=kept[2],
        holders=(kept[3], kept[4], kept[5]),
        cue=cue,
        arrival=form.arrival if kept[0] else -1,
    )


def _leader_of(leader: str, mix: Mix) -> str:
    """Return the arrangement that leads a mix: the heaviest, unless the leader so far is nearly as heavy."""
    weights = dict(mix)
    best = max(mix, key=lambda pair: pair[1])[0]
    return best if weights[best] > weights.get(leader, 0.0) + (HYSTERESIS if leader else 0.0) else leader


def _led(form: Form, moment: Moment) -> Form:
    """Return the form with its leader, chosen with hysteresis; the entrance of a new one is on the next beat."""
    best = _leader_of(form.leader, moment.mix)
    if best == form.leader:
        return form
    if not form.leader:
        return replace(form, leader=best)
    since_bar = moment.ticks - moment.bar_ticks
    beat = moment.bar_ticks + -(-since_bar // TICKS_PER_BEAT) * TICKS_PER_BEAT
    return replace(form, leader=best, arrival=beat, awaited=form.awaited if form.awaited == best else "")


def _expecting(form: Form, moment: Moment) -> Form:
    """Return the form with the coming change, and with its situation awaited where it arrives in this frame."""
    if form.cue is None and moment.to_change < 0:
        return form
    into = _leader_of(form.leader, moment.next_mix) if moment.to_change >= 0 else ""
    cue = follow(form.cue, moment, form.leader, into)
    form = replace(form, cue=cue)
    arrives = cue is not None and cue.certain and moment.ticks <= cue.arrival < moment.ticks + moment.tempo
    if cue is None or not arrives or cue.into == form.leader:
        return form
    return replace(form, awaited=cue.into, awaited_until=cue.arrival + PATIENCE)


def _settled(form: Form, moment: Moment, bar: int, bar_ticks: int) -> Form:
    """Return the form with what holds for a whole bar: its plan, the plan's origin and the key."""
    if form.bar == bar:
        return form
    plan, origin = form.plan, form.origin
    head = form.awaited if form.awaited and bar_ticks < form.awaited_until else form.leader
    if plan != head or bar < origin:
        plan, origin = head, bar
    if (plan, origin) != (form.plan, form.origin):
        form = replace(form, plan=plan, origin=origin, number=-1, edition=0)
    number = (bar - origin) // PHRASE_BARS
    edition = _edition(form, moment, number)
    tonic, mode = _key(form, moment, moment.arrangements[plan])
    return replace(form, bar=bar, number=number, edition=edition, tonic=tonic, mode=mode)


def _edition(form: Form, moment: Moment, number: int) -> int:
    """Return the phrase that is played as phrase `number` of the plan, from the temperature where it begins.

    Below a temperature of 1 the edition before may be played again: at 0.5 every second phrase repeats. Above 1 a
    phrase may come from a far cycle of the same form, with a tune and chords of its own: at 2 every one does.
    """
    if number == form.number:
        return form.edition
    random = KeyedRandom(form.seed, text_key(form.plan), number, 63)
    if moment.temperature < 1:
        return form.edition if form.number >= 0 and random.chance(1 - moment.temperature) else number
    if random.chance(moment.temperature - 1):
        return number + len(FORM) * (1 + random.below(_FAR_CYCLES))
    return number


def _key(form: Form, moment: Moment, situation: Situation) -> tuple[int, str]:
    """Return the key that is asked for; if none is, the seed's tonic, in one of the situation's modes."""
    if moment.tonic >= 0:
        return moment.tonic, MODES[moment.mode]
    random = KeyedRandom(form.seed, 62, text_key(situation.name))
    return KeyedRandom(form.seed, 61).below(12), situation.modes[random.below(len(situation.modes))]


def _plays(situation: Situation, role: str, drums: int) -> bool:
    if role == "drums":
        return situation.kit.own or drums == 1
    return any(voice.role == role for voice in situation.voices)


@lru_cache(maxsize=1024)
def _holders(
    holders: tuple[str, str, str], mix: tuple[tuple[Situation, float], ...], drums: int
) -> tuple[str, str, str]:
    """Return who plays each solo role: the heaviest that has it, unless the holder is nearly as heavy.

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


def _bar_notes(form: Form, moment: Moment, lead: LeadIn, bar_ticks: int, start: int, end: int) -> Iterator[NoteEvent]:
    """Return the notes of all sounding situations whose tick lies in [start, end), as `lead` changes them."""
    arrival = form.cue.arrival if form.cue else 0
    for name, weight in moment.mix:
        if weight < FLOOR:
            continue
        written, left = _written(form, moment, name), form.cue is not None and name == form.cue.out_of
        low = bisect_left(written.ticks, start - bar_ticks)
        high = bisect_left(written.ticks, end - bar_ticks)
        for onset in written.onsets[low:high]:
            tick = bar_ticks + onset.tick
            position = tick - arrival
            intensity = moment.intensity * lead.intensity(position, left=left)
            if _sounds(form, moment, name, weight, onset, intensity) and not lead.silences(onset, position, left=left):
                ticks, force = lead.lasting(onset, position), lead.velocity(position, left=left)
                yield _event(moment, name == form.leader, weight, onset, tick, ticks, force)


def _written(form: Form, moment: Moment, name: str) -> Bar:
    """Return the written notes of a situation in the settled bar."""
    bar = form.edition * PHRASE_BARS + ((form.bar or 0) - form.origin) % PHRASE_BARS
    rows = moment.arrangements
    return compose_bar(rows[name], rows[form.plan], form.seed, bar, moment.meter, form.tonic, form.mode)


def _sounds(form: Form, moment: Moment, name: str, weight: float, onset: Onset, intensity: float) -> bool:
    """Return whether a written note sounds: by intensity, by who plays its role, and by the situation's weight."""
    if onset.level > intensity + 1e-6 or (onset.family == "drums" and moment.drums == 0):
        return False
    if onset.role in SOLO_ROLES and form.holders[SOLO_ROLES.index(onset.role)] != name:
        return False
    if onset.role in SOLO_ROLES:
        return True
    if onset.role == "counter" and name != form.leader:
        return False
    # The first rows of an arrangement sound first. All of them together keep about one arrangement's number of voices.
    voices = len(moment.arrangements[name].voices)
    return weight >= _ALL_VOICES * (onset.slot + 0.5) / voices


def loudness(intensity: float) -> float:
    """Return the factor on velocities: restrained at rest, full at the height."""
    return 0.82 + 0.33 * intensity


def _event(
    moment: Moment, leads: bool, weight: float, onset: Onset, tick: int, ticks: int, force: float = 1.0
) -> NoteEvent:
    """Return the onset as a note on the sample clock; tempo is constant within a frame, so the position is exact.

    Args:
        force: Factor on its velocity.
    """
    share = min(1.0, weight / 0.5)
    # The leader must stand out from what is blended in, so others are softer even at equal weight.
    gain = 0.8 + 0.2 * share if leads else 0.3 + 0.5 * share
    velocity = round(onset.velocity * loudness(moment.intensity) * gain * force)
    offset = min(FRAME_SIZE - 1, max(0, (tick - moment.ticks) * FRAME_SIZE // moment.tempo))
    return NoteEvent(
        start=moment.frame * FRAME_SIZE + offset,
        duration=max(_SHORTEST_SAMPLES, ticks * FRAME_SIZE // moment.tempo),
        program=onset.program if onset.program >= 0 else kit_program(onset.program),
        pitch=onset.pitch,
        velocity=max(1, min(127, velocity)),
        drums=onset.program < 0,
        family=onset.family,
    )


def _lead_in(form: Form, moment: Moment) -> LeadIn:
    """Return the lead-in to the coming change, for the settled bar."""
    cue = form.cue
    if cue is None:
        return NO_LEAD_IN
    target = _chord(form, moment, moment.bar_ticks, cue.arrival)
    on_bar = (cue.arrival - moment.bar_ticks) % (moment.meter * TICKS_PER_BEAT) == 0
    if on_bar and cue.into not in (form.plan, form.leader):
        # The bar that opens there is the first of its plan.
        tonic, mode = _key(form, moment, moment.arrangements[cue.into])
        edition = _edition(replace(form, plan=cue.into, number=-1, edition=0), moment, 0)
        target = phrase(moment.arrangements[cue.into], form.seed, edition, moment.meter, tonic, mode).bars[0][0].chord
    return lead_in(
        Turn(
            out_of=moment.arrangements[cue.out_of],
            into=moment.arrangements[cue.into],
            seed=form.seed,
            beat=cue.arrival // TICKS_PER_BEAT,
            known=(cue.arrival - cue.since) / TICKS_PER_BEAT,
            meter=moment.meter,
            drums=moment.drums,
            chord=_chord(form, moment, moment.bar_ticks, cue.arrival - 1),
            target=target,
            bass=_player(form, moment, "bass"),
            tune=_player(form, moment, "melody"),
            beat_ms=round(60_000_000 / moment.tempo),
        )
    )


def _lead_notes(form: Form, moment: Moment, lead: LeadIn) -> Iterator[NoteEvent]:
    """Return the notes of a lead-in in this frame; those at the arrival only if the change has started."""
    if form.cue is None:
        return
    arrival, weight = form.cue.arrival, dict(moment.mix).get(form.leader, 0.0)
    low = bisect_left(lead.ticks, moment.ticks - arrival)
    high = bisect_left(lead.ticks, moment.ticks + moment.tempo - arrival)
    for onset in lead.onsets[low:high]:
        allowed = onset.level <= moment.intensity and not (onset.family == "drums" and moment.drums == 0)
        if allowed and (onset.tick < 0 or form.cue.certain):
            yield _event(moment, True, weight, onset, arrival + onset.tick, onset.ticks)


def _player(form: Form, moment: Moment, role: str) -> PickupVoice | None:
    """Return the voice that plays a solo role in the settled bar, if it has one to play."""
    holder = form.holders[SOLO_ROLES.index(role)]
    if not holder:
        return None
    plan = moment.arrangements[form.plan]
    letter = phrase(plan, form.seed, form.edition, moment.meter, form.tonic, form.mode).letter
    slot, voice = next(
        (slot, voice) for slot, voice in enumerate(moment.arrangements[holder].voices) if voice.role == role
    )
    if letter not in voice.sections:
        return None
    program = program_of(moment.arrangements[holder], slot, letter, form.seed)
    return PickupVoice(role, program, voice.register, voice.velocity, voice.level)


def _arrival(form: Form, moment: Moment, bar_ticks: int) -> Iterator[NoteEvent]:
    """Return the notes of the leader's entrance in this frame: its gesture, and on the beat its held notes struck
    again.
    """
    leader, weight = moment.arrangements[form.leader], dict(moment.mix).get(form.leader, 0.0)
    if form.awaited != form.leader:
        yield from _gesture(form, moment, leader, weight, bar_ticks)
    if not moment.ticks <= form.arrival < moment.ticks + moment.tempo or form.bar is None:
        return
    yield from _struck_again(form, moment, bar_ticks, form.arrival)


def _struck_again(form: Form, moment: Moment, bar_ticks: int, tick: int) -> Iterator[NoteEvent]:
    """Return the leader's notes of the settled bar that are held at a tick, struck again there."""
    weight, struck = dict(moment.mix).get(form.leader, 0.0), tick - bar_ticks
    for onset in _written(form, moment, form.leader).onsets:
        left = onset.tick + onset.ticks - struck
        held = onset.tick < struck and left >= _WORTH_RESTRIKING and onset.family != "drums"
        if held and _sounds(form, moment, form.leader, weight, onset, moment.intensity):
            yield _event(moment, True, weight, onset, tick, left)


def _gesture(form: Form, moment: Moment, leader: Situation, weight: float, bar_ticks: int) -> Iterator[NoteEvent]:
    position = moment.ticks - form.arrival
    for part in GESTURES[leader.entrance](_chord(form, moment, bar_ticks, moment.ticks + moment.tempo - 1)):
        family = FAMILY[part.role]
        if family == "drums" and moment.drums == 0:
            continue
        for note in part.notes:
            tick = round(note.start * TICKS_PER_BEAT)
            if position <= tick < position + moment.tempo:
                ticks, velocity = round(note.beats * TICKS_PER_BEAT), note.velocity * leader.gain
                onset = Onset(tick, ticks, part.program, note.pitch, velocity, 0.0, part.role, family, part.slot)
                yield _event(moment, True, weight, onset, form.arrival + tick, ticks)


def _chord(form: Form, moment: Moment, bar_ticks: int, tick: int) -> Chord:
    """Return the chord at a tick of the settled bar, which begins at `bar_ticks`, or later, if its plan goes on."""
    bars, beat = divmod(max(0, (tick - bar_ticks) // TICKS_PER_BEAT), moment.meter)
    number, bar = divmod((form.bar or 0) - form.origin + bars, PHRASE_BARS)
    edition = _edition(form, moment, number)
    plan = phrase(moment.arrangements[form.plan], form.seed, edition, moment.meter, form.tonic, form.mode)
    return [segment for segment in plan.bars[bar] if segment.start <= beat][-1].chord
