"""Where the music stands between two frames, and what holds for a whole bar of it: plan, phrase, section, theme, key.

What must not change in the middle of a bar is settled where the bar begins.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, NamedTuple

from segue.contract import MODES, TICKS_PER_BEAT
from segue.score.composer.bar import Bar
from segue.score.composer.harmony import first_bar, phrase, phrase_lengths, place_of
from segue.score.composer.keyed_random import KeyedRandom, text_key
from segue.score.composer.moment import Arrangements, Cue, Mix, Moment
from segue.score.composer.motif import Theme
from segue.score.composer.progressions import FORM, VISIT_PHRASES
from segue.score.composer.scales import SCALES
from segue.score.composer.sections import SectionPlace, place_in_section, section_bar
from segue.score.composer.theory import Chord
from segue.score.composer.vocabulary import Arrangement

# The keys that ask for no more than a third.
PLAIN: Final = ("major", "minor")
# Strengths of themes differ by this part at least, since the bars of each are composed on their own.
THEME_PARTS: Final = 8
# Bars are composed for tempi rounded to a multiple of this, in bpm.
_TEMPO_STEP: Final = 10
# Cycles of the form among which a high temperature chooses.
_FAR_CYCLES: Final = 1_000


class SoundingArrangement(NamedTuple):
    """An arrangement that sounds.

    Attributes:
        voices: Bit n says whether voice n plays.
    """

    name: str
    voices: int


@dataclass(frozen=True, kw_only=True)
class Form:
    """Where the music stands between two frames.

    Attributes:
        seed: The session's.
        frame: The next one.
        bar: The last bar settled, None before the first.
        leader: The arrangement that leads the mix.
        plan: The one whose harmony the bar follows, as if since bar `origin`.
        visit: The number of the visit in which the plan was taken up.
        number: The phrase that the bar belongs to, counted from `origin`; -1 before the first.
        edition: The phrase of the visit that is played as it: its own number, an earlier one again, or one from far on.
        theme: The key of the motif that the phrase quotes, "" for none.
        theme_parts: How strongly, in parts of THEME_PARTS.
        tonic, mode: The bar's key.
        holders: Who plays melody, bass and drums ("" nobody).
        arrival: Tick of the leader's entrance, -1 when it is past.
        cue: The change that is led into, or just was.
        awaited: The arrangement whose arrival has been marked already, which the plan follows until it leads, at most
            to `awaited_until`.
        goal: The mix that a swift change leads to, while it is under way, at most to frame `goal_until`.
        playing: Who plays, since the last place of the entry grid.
        closing: Tick of the last chord whose cadence has begun, -1 without one.
        ending: Tick of the last chord of music that falls silent, -1 while it goes on.
    """

    seed: int
    frame: int
    bar: int | None = None
    leader: str = ""
    plan: str = ""
    origin: int = 0
    visit: int = 0
    number: int = -1
    edition: int = 0
    theme: str = ""
    theme_parts: int = 0
    tonic: int = 0
    mode: str = "major"
    holders: tuple[str, str, str] = ("", "", "")
    arrival: int = -1
    cue: Cue | None = None
    awaited: str = ""
    awaited_until: int = 0
    goal: Mix = ()
    goal_until: int = 0
    playing: tuple[SoundingArrangement, ...] = ()
    closing: int = -1
    ending: int = -1


def known(form: Form, arrangements: Arrangements) -> Form:
    """Return the form without arrangements that there are no more, as after new rules: others take their places."""
    named = (form.leader, form.plan, form.awaited, *form.holders, *(name for name, _ in form.goal))
    if all(name in arrangements for name in (*named, *(one.name for one in form.playing)) if name) and (
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
        goal=form.goal if all(name in arrangements for name, _ in form.goal) else (),
        playing=tuple(one for one in form.playing if one.name in arrangements),
    )


def settled(form: Form, moment: Moment, bar: int, bar_ticks: int) -> Form:
    """Return the form with what holds for a whole bar: its plan, the plan's origin and the key."""
    if form.bar == bar:
        return form
    plan, origin = form.plan, form.origin
    head = form.awaited if form.awaited and bar_ticks < form.awaited_until else form.leader
    if plan != head or bar < origin:
        # The phrase at which the visit has arrived, from its beginning on.
        visited = max(0, bar - moment.visit_bar)
        plan, origin = head, bar - visited + place_of(moment.arrangements[head], form.seed, visited).bar
        form = replace(form, plan=plan, origin=origin, visit=moment.visit, number=-1, edition=0)
    number = place_of(moment.arrangements[plan], form.seed, bar - origin).number
    edition = edition_of(form, moment, number)
    if number != form.number:
        parts = round(THEME_PARTS * moment.theme.strength) if moment.theme else 0
        form = replace(form, theme=moment.theme.motif.key if moment.theme and parts else "", theme_parts=parts)
    tonic, mode = bar_key(form, moment, moment.arrangements[plan])
    return replace(form, bar=bar, number=number, edition=edition, tonic=tonic, mode=mode)


def edition_of(form: Form, moment: Moment, number: int) -> int:
    """Return the phrase that is played as phrase `number` of the plan, from the temperature where it begins.

    Below a temperature of 1 an earlier one may be played again, the one before where it is as long, else that of the
    cycle before: at 0.5 every second phrase repeats. Above 1 a phrase may come from a far cycle of the same form, with
    a tune and chords of its own: at 2 every one does. Each visit has editions of its own, of the same tunes.
    """
    if number == form.number:
        return form.edition
    own = form.visit * VISIT_PHRASES + number
    random = KeyedRandom(form.seed, text_key(moment.arrangements[form.plan].notes_key), own, 63)
    if moment.temperature < 1:
        lengths = phrase_lengths(moment.arrangements[form.plan], form.seed)
        if form.number < 0 or not random.chance(1 - moment.temperature):
            return own
        if lengths[form.edition % len(FORM)] == lengths[number % len(FORM)]:
            return form.edition
        return own - len(FORM) if number >= len(FORM) else own
    if random.chance(moment.temperature - 1):
        return own + len(FORM) * (1 + random.below(_FAR_CYCLES))
    return own


def bar_key(form: Form, moment: Moment, arrangement: Arrangement) -> tuple[int, str]:
    """Return the bar's key: what is asked for, else the seed's tonic in the arrangement's scale.

    Plain major or minor asks for a third: the arrangement's scale stays if it has it or has none.
    """
    own = arrangement.scale
    if moment.tonic < 0:
        return KeyedRandom(form.seed, 61).below(12), own
    asked = MODES[moment.mode]
    return moment.tonic, own if asked in PLAIN and _has_third_of(own, asked) else asked


def _has_third_of(scale: str, asked: str) -> bool:
    """Return whether chords and melodies of a scale suit a key of `asked`, major or minor."""
    minor, tones = SCALES[scale].minor, SCALES[scale].tones
    return SCALES[asked].minor == minor or not (3 in tones or 4 in tones)


def written_bar(form: Form, moment: Moment, name: str) -> Bar:
    """Return the written notes of an arrangement in the settled bar."""
    rows, plan = moment.arrangements, moment.arrangements[form.plan]
    bar = first_bar(plan, form.seed, form.edition) + place_of(plan, form.seed, (form.bar or 0) - form.origin).bar
    motif = moment.themes.get(form.theme)
    theme = None if motif is None else Theme(motif, form.theme_parts / THEME_PARTS)
    place = section_place(form, moment, name)
    tempo_bpm = _TEMPO_STEP * max(1, round(moment.tempo / (1000 * _TEMPO_STEP)))
    return section_bar(
        place, rows[name], plan, form.seed, bar, moment.meter, form.tonic, form.mode, theme, tempo_bpm, moment.groups
    )


def section_place(form: Form, moment: Moment, name: str) -> SectionPlace:
    """Return the place of the settled bar in the section that an arrangement plays in it.

    What is blended into the plan plays the plan's section. What leads before the plan is its own plays its opening. A
    phrase that is played again is the section that it was.
    """
    plan = moment.arrangements[form.plan]
    at = place_of(plan, form.seed, (form.bar or 0) - form.origin)
    if name == form.leader != form.plan:
        return place_in_section(moment.arrangements[name], form.seed, moment.visit, 0, at.bar, at.length)
    number = min(form.number, form.edition % VISIT_PHRASES)
    return place_in_section(plan, form.seed, form.visit, number, at.bar, at.length)


def chord_at(form: Form, moment: Moment, bar_ticks: int, tick: int) -> Chord:
    """Return the chord at a tick of the settled bar, which begins at `bar_ticks`, or later, if its plan goes on."""
    bars, beat = divmod(max(0, (tick - bar_ticks) // TICKS_PER_BEAT), moment.meter)
    number, bar, _ = place_of(moment.arrangements[form.plan], form.seed, (form.bar or 0) - form.origin + bars)
    edition = edition_of(form, moment, number)
    row = moment.arrangements[form.plan]
    plan = phrase(row, form.seed, edition, moment.meter, form.tonic, form.mode, moment.groups)
    return [segment for segment in plan.bars[bar] if segment.start <= beat][-1].chord
