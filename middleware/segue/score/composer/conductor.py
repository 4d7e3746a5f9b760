"""The notes that start in each frame, from the musical clock, the mix of arrangements and the form so far.

A frame depends on conditioning up to itself alone, so chunks of any size give the same notes.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from segue.contract import FRAME_SIZE, TICKS_PER_BEAT, NoteEvent
from segue.score.composer.allocation import allocated
from segue.score.composer.bar import Onset, program_of
from segue.score.composer.ending import CADENCE_TICKS, cadence, expected_end
from segue.score.composer.fills import GESTURES, PickupVoice, entrance_gain
from segue.score.composer.form import (
    Form,
    bar_key,
    chord_at,
    edition_of,
    known,
    section_place,
    settled,
    written_bar,
)
from segue.score.composer.harmony import phrase, place_of
from segue.score.composer.instruments import kit_program
from segue.score.composer.lead_in import NO_LEAD_IN, LeadIn, Turn, lead_in
from segue.score.composer.mix_level import mix_gain, share_gain
from segue.score.composer.moment import Cue, Moment, first_beat, opened
from segue.score.composer.playing import (
    FLOOR,
    SOLO_ROLES,
    aimed,
    expecting,
    holders_of,
    led,
    loudness_weight,
    presence,
)
from segue.score.composer.vocabulary import FAMILY

# Voices enter and leave on this grid.
_ENTRY_GRID: Final = TICKS_PER_BEAT // 4
# A held note of a voice that enters is struck there if at least this much of it remains.
_WORTH_RESTRIKING: Final = TICKS_PER_BEAT // 2
_SHORTEST_SAMPLES: Final = 480
# No gesture begins a note later than this after its beat.
GESTURE_TICKS: Final = 2 * TICKS_PER_BEAT


def advance(form: Form, moment: Moment) -> tuple[Form, list[NoteEvent]]:
    """Return the form after a frame and the notes that start in it, ordered by start.

    Raises:
        ValueError: If the frame is not the form's next.
    """
    if moment.frame != form.frame:
        raise ValueError(f"frame: expected {form.frame}, got {moment.frame}")
    if form.ending >= 0 and not moment.silent:
        # Music that comes back from silence begins as at the start.
        form = Form(seed=form.seed, frame=form.frame)
    if moment.silent and (form.ending < 0 or moment.ticks > form.ending):
        if form.ending >= 0 or not form.plan:
            ending = form.ending if form.ending >= 0 else moment.ticks
            return replace(Form(seed=form.seed, frame=form.frame + 1), ending=ending), []
        form = replace(form, ending=first_beat(moment._replace(to_change=0)))
    return _closing(*_playing_on(known(form, moment.arrangements), moment), moment)


def present(form: Form, moment: Moment) -> frozenset[str]:
    """Return the arrangements that are part of the music in a frame, after which the form is `form`.

    What has left a mix plays to the next place of the entry grid, where others take its part.
    """
    return frozenset(name for name, _ in presence(form, moment)) | {name for name, _ in form.playing}


def _playing_on(form: Form, moment: Moment) -> tuple[Form, list[NoteEvent]]:
    """Return the form after a frame and the notes that start in it, were the music to go on."""
    end = moment.ticks + moment.tempo
    next_bar = moment.bar_ticks + moment.meter * TICKS_PER_BEAT
    form = led(expecting(aimed(form, moment), moment), moment)
    begins = form.bar is None
    if form.bar != moment.bar:
        form = settled(form, moment, moment.bar, moment.bar_ticks)
    sounding = tuple((moment.arrangements[name], weight) for name, weight in form.goal or moment.mix)
    form = replace(form, frame=form.frame + 1, holders=holders_of(form.holders, sounding, moment.drums))
    lead = _lead_in(form, moment)
    notes = list(_lead_notes(form, moment, lead))
    # Music that begins within a bar begins with what would sound there.
    entry = moment.ticks if begins else -(-moment.ticks // _ENTRY_GRID) * _ENTRY_GRID
    bar_ticks = moment.bar_ticks
    notes.extend(_bar_notes(form, moment, lead, bar_ticks, moment.ticks, min(end, next_bar, entry)))
    if entry < next_bar and entry < end:
        form, entered = _entering(form, moment, lead, bar_ticks, entry)
        notes.extend(entered)
        notes.extend(_bar_notes(form, moment, lead, bar_ticks, entry, min(end, next_bar)))
    if end > next_bar:
        # The bar's first notes fall inside this frame; the frame that starts in the bar would sound them late.
        moment, bar_ticks = opened(moment), next_bar
        form = settled(form, moment, moment.bar + 1, next_bar)
        form, entered = _entering(form, moment, lead, next_bar, next_bar)
        notes.extend(entered)
        notes.extend(_bar_notes(form, moment, lead, next_bar, next_bar, end))
    if 0 <= form.arrival < end:
        if not _marked(form):
            notes.extend(_gesture(form, moment, bar_ticks))
        if moment.ticks > form.arrival + GESTURE_TICKS:
            form = replace(form, arrival=-1)
    notes.sort(key=lambda note: (note.start, note.program, note.pitch))
    return form, notes


def _closing(form: Form, notes: list[NoteEvent], moment: Moment) -> tuple[Form, list[NoteEvent]]:
    """Return the form and the notes of a frame with what closes music that falls silent, now or in the next bar."""
    expected = expected_end(moment)
    last = form.ending if form.ending >= 0 else expected
    if last < 0:
        return (replace(form, closing=-1) if form.closing >= 0 else form), notes
    start, end = moment.ticks, moment.ticks + moment.tempo
    if start <= last - CADENCE_TICKS < end and form.ending < 0:
        form = replace(form, closing=last)
    elif form.closing != last:
        form = replace(form, closing=-1)
    # Before the cadence it may still come; after its place without it there is only the last chord.
    cut = last - CADENCE_TICKS if form.closing == last or start < last - CADENCE_TICKS else last
    notes = [kept for note in notes if (kept := _before(note, moment, cut)) is not None]
    place = section_place(form, moment, form.leader)
    weight = loudness_weight(form, moment, form.leader)
    force = place.force(moment.intensity) * mix_gain(form, moment)
    for onset in cadence(moment.arrangements[form.leader], form.tonic, form.mode):
        tick = last + onset.tick
        allowed = onset.level <= place.intensity(moment.intensity) and not (onset.role == "drums" and not moment.drums)
        due = form.closing == last if onset.tick < 0 else form.ending == last
        if start <= tick < end and allowed and due:
            notes.append(_event(moment, True, weight, onset, tick, onset.ticks, force))
    notes.sort(key=lambda note: (note.start, note.program, note.pitch))
    return form, notes


def _before(note: NoteEvent, moment: Moment, cut: int) -> NoteEvent | None:
    """Return a note of the frame that ends where the music closes, at tick `cut`; None if it begins there or later."""
    last = moment.frame * FRAME_SIZE + (cut - moment.ticks) * FRAME_SIZE // moment.tempo
    if note.start >= last:
        return None
    if note.start + note.duration <= last:
        return note
    return replace(note, duration=max(_SHORTEST_SAMPLES, last - note.start))


def _bar_notes(form: Form, moment: Moment, lead: LeadIn, bar_ticks: int, start: int, end: int) -> Iterator[NoteEvent]:
    """Return the notes of all sounding arrangements whose tick lies in [start, end), as `lead` changes them."""
    arrival = form.cue.arrival if form.cue else 0
    playing, level = dict(form.playing), mix_gain(form, moment)
    for name in playing:
        weight = loudness_weight(form, moment, name)
        written, left = written_bar(form, moment, name), form.cue is not None and name == form.cue.out_of
        place = section_place(form, moment, name)
        low = bisect_left(written.ticks, start - bar_ticks)
        high = bisect_left(written.ticks, end - bar_ticks)
        for onset in written.onsets[low:high]:
            tick = bar_ticks + onset.tick
            position = tick - arrival
            intensity = place.intensity(moment.intensity) * lead.intensity(position, left=left)
            sounds = _sounds(form, moment, playing[name], name, onset, intensity)
            if sounds and not lead.silences(onset, position, left=left):
                ticks = lead.lasting(onset, position)
                force = lead.velocity(position, left=left) * place.force(moment.intensity) * level
                yield _event(moment, name == form.leader, weight, onset, tick, ticks, force, style=name)


def _entering(form: Form, moment: Moment, lead: LeadIn, bar_ticks: int, tick: int) -> tuple[Form, list[NoteEvent]]:
    """Return the form with the voices that play from a tick on, and the held notes of those that enter there.

    Args:
        bar_ticks: Where the settled bar begins.
    """
    rows = moment.arrangements
    sounding = tuple((rows[name], weight) for name, weight in presence(form, moment) if weight >= FLOOR)
    playing = allocated(sounding, form.holders, form.leader, round(moment.intensity, 1), moment.meter)
    before, notes = dict(form.playing), []
    form = replace(form, playing=playing)
    arrival, level = form.cue.arrival if form.cue else 0, mix_gain(form, moment)
    for name, voices in playing:
        entered = voices & ~before.get(name, 0)
        if not entered or tick == bar_ticks:
            continue
        left = form.cue is not None and name == form.cue.out_of
        weight, place = loudness_weight(form, moment, name), section_place(form, moment, name)
        for onset in written_bar(form, moment, name).onsets:
            rest = bar_ticks + onset.tick + onset.ticks - tick
            if onset.tick >= tick - bar_ticks or rest < _WORTH_RESTRIKING or onset.family == "drums":
                continue
            if not _sounds(form, moment, entered, name, onset, place.intensity(moment.intensity)):
                continue
            if not lead.silences(onset, tick - arrival, left=left):
                force = place.force(moment.intensity) * level
                notes.append(_event(moment, name == form.leader, weight, onset, tick, rest, force, style=name))
    return form, notes


def _sounds(form: Form, moment: Moment, voices: int, name: str, onset: Onset, intensity: float) -> bool:
    """Return whether a written note sounds: by intensity, and by whether its voice is one of `voices`."""
    if onset.level > intensity + 1e-6:
        return False
    if onset.role == "drums":
        return moment.drums != 0 and form.holders[2] == name
    return bool(voices >> onset.slot & 1)


def loudness(intensity: float) -> float:
    """Return the factor on velocities: restrained at rest, full at the height."""
    return 0.82 + 0.33 * intensity


def _event(
    moment: Moment,
    leads: bool,
    weight: float,
    onset: Onset,
    tick: int,
    ticks: int,
    force: float = 1.0,
    *,
    style: str = "",
) -> NoteEvent:
    """Return the onset as a note on the sample clock; tempo is constant within a frame, so the position is exact.

    Args:
        force: Factor on its velocity.
        style: The arrangement that it ends with.
    """
    velocity = round(onset.velocity * loudness(moment.intensity) * share_gain(weight, leads=leads) * force)
    offset = min(FRAME_SIZE - 1, max(0, (tick - moment.ticks) * FRAME_SIZE // moment.tempo))
    return NoteEvent(
        start=moment.frame * FRAME_SIZE + offset,
        duration=max(_SHORTEST_SAMPLES, ticks * FRAME_SIZE // moment.tempo),
        program=onset.program if onset.program >= 0 else kit_program(onset.program),
        pitch=onset.pitch,
        velocity=max(1, min(127, velocity)),
        drums=onset.program < 0,
        family=onset.family,
        role=onset.role,
        style=style,
    )


def _lead_in(form: Form, moment: Moment) -> LeadIn:
    """Return the lead-in to the coming change, for the settled bar."""
    cue = form.cue
    if cue is None:
        return NO_LEAD_IN
    target = chord_at(form, moment, moment.bar_ticks, cue.arrival)
    on_bar = (cue.arrival - moment.bar_ticks) % (moment.meter * TICKS_PER_BEAT) == 0
    if on_bar and cue.into != form.plan:
        # The bar that opens there is the first of its plan.
        tonic, mode = bar_key(form, moment, moment.arrangements[cue.into])
        coming = replace(form, plan=cue.into, visit=moment.next_visit, number=-1, edition=0)
        bars = max(0, _bars_of_next_visit(moment, cue))
        edition = edition_of(coming, moment, place_of(moment.arrangements[cue.into], form.seed, bars).number)
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
            chord=chord_at(form, moment, moment.bar_ticks, cue.arrival - 1),
            target=target,
            bass=_player(form, moment, "bass"),
            tune=_player(form, moment, "melody"),
            beat_ms=round(60_000_000 / moment.tempo),
            theme=moment.next_theme or moment.themes.get(form.theme),
        )
    )


def _bars_of_next_visit(moment: Moment, cue: Cue) -> int:
    """Return the bars by which the form of the visit that a cue leads to has advanced when it arrives."""
    if (moment.next_visit, moment.next_visit_bar) != (moment.visit, moment.visit_bar):
        return moment.bar - moment.next_visit_bar
    return moment.bar + (cue.arrival - moment.bar_ticks) // (moment.meter * TICKS_PER_BEAT) - moment.visit_bar


def _lead_notes(form: Form, moment: Moment, lead: LeadIn) -> Iterator[NoteEvent]:
    """Return the notes of a lead-in in this frame; those at the arrival only if the change has started."""
    if form.cue is None:
        return
    arrival, weight = form.cue.arrival, loudness_weight(form, moment, form.leader)
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


def _marked(form: Form) -> bool:
    """Return whether a lead-in marks the leader's entrance."""
    cue = form.cue
    led_in = cue is not None and cue.certain and (cue.into, cue.arrival) == (form.leader, form.arrival)
    return led_in or form.awaited == form.leader


def _gesture(form: Form, moment: Moment, bar_ticks: int) -> Iterator[NoteEvent]:
    """Return the notes of the leader's entrance in this frame."""
    leader, weight = moment.arrangements[form.leader], loudness_weight(form, moment, form.leader)
    position = moment.ticks - form.arrival
    for part in GESTURES[leader.entrance](chord_at(form, moment, bar_ticks, moment.ticks + moment.tempo - 1)):
        family = FAMILY[part.role]
        if family == "drums" and moment.drums == 0:
            continue
        for note in part.notes:
            tick = round(note.start * TICKS_PER_BEAT)
            if position <= tick < position + moment.tempo:
                ticks, velocity = round(note.beats * TICKS_PER_BEAT), note.velocity * entrance_gain(leader, family)
                onset = Onset(tick, ticks, part.program, note.pitch, velocity, 0.0, part.role, family, part.slot)
                yield _event(moment, True, weight, onset, form.arrival + tick, ticks)
