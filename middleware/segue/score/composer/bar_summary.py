"""What the composer plays in a bar, in words: section, key, chords and the theme that the tune quotes.

Reports and exported scores show it; no note depends on it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from segue.contract import FRAME_SIZE, TICKS_PER_BEAT, ComposedBar, ComposedChord
from segue.score.composer.ending import CADENCE_TICKS, LAST_TICKS, cadence_chords
from segue.score.composer.form import THEME_PARTS, Form, section_place, written_bar
from segue.score.composer.harmony import Phrase, Segment, phrase, place_of
from segue.score.composer.moment import Moment, opened
from segue.score.composer.motif import Theme
from segue.score.composer.scales import signature
from segue.score.composer.scene import Scene
from segue.score.composer.theory import NOTE_NAMES
from segue.score.composer.tune_plan import quotes_theme

_ENDING: Final = "ending"


def composed_bar(earlier: Form, form: Form, moment: Moment, themes: Mapping[str, str]) -> ComposedBar | None:
    """Return the bar that begins in a frame, or what ends the music: the cadence or its last chord; else None.

    Args:
        earlier: The form before the frame.
        form: The form after it.
        moment: Conditioning of the frame.
        themes: The name of the theme behind each motif's key.
    """
    now, dominant, last = range(moment.ticks, moment.ticks + moment.tempo), *cadence_chords(form.tonic, form.mode)
    if form.closing - CADENCE_TICKS in now:
        return _ending(form, moment, form.closing - CADENCE_TICKS, dominant.name, opens=True)
    if form.ending in now:
        return _ending(form, moment, form.ending, last.name, opens=form.closing != form.ending)
    fresh = earlier.bar is None or earlier.ending >= 0 > form.ending
    if form.bar is None or (form.bar == earlier.bar and not fresh):
        return None
    line, bar_moment = _bar_line(form.bar, moment)
    tick = max(line, moment.ticks)
    if 0 <= form.closing <= tick + CADENCE_TICKS:
        return None
    plan, bar = _phrase_of(form, bar_moment)
    place = section_place(form, bar_moment, form.plan)
    key, minor = signature(form.tonic, form.mode)
    known = (form.plan, form.visit, form.number)
    return ComposedBar(
        start=_sample(tick, moment),
        tick=tick,
        ends=line + bar_moment.meter * TICKS_PER_BEAT,
        section=place.section.name,
        opens=fresh or place.bar == 0 or known != (earlier.plan, earlier.visit, earlier.number),
        tonic=form.tonic,
        mode=form.mode,
        key=key,
        minor=minor,
        chords=_chords(plan, bar, line, tick),
        theme=themes.get(form.theme, "") if _quotes(form, bar_moment, plan, bar) else "",
    )


def _bar_line(bar: int, moment: Moment) -> tuple[int, Moment]:
    """Return the tick of the line that opens the settled bar, and the moment with that bar's meter."""
    if bar == moment.bar:
        return moment.bar_ticks, moment
    return moment.bar_ticks + moment.meter * TICKS_PER_BEAT, opened(moment)


def _sample(tick: int, moment: Moment) -> int:
    return moment.frame * FRAME_SIZE + (tick - moment.ticks) * FRAME_SIZE // moment.tempo


def _phrase_of(form: Form, moment: Moment) -> tuple[Phrase, int]:
    """Return the phrase that the settled bar belongs to, and the bar within it."""
    arrangement = moment.arrangements[form.plan]
    place = place_of(arrangement, form.seed, (form.bar or 0) - form.origin)
    plan = phrase(arrangement, form.seed, form.edition, moment.meter, form.tonic, form.mode, moment.groups)
    return plan, place.bar


def _chords(plan: Phrase, bar: int, line: int, tick: int) -> tuple[ComposedChord, ...]:
    """Return the chords from a tick on of a bar that begins at tick `line`."""
    return tuple(
        ComposedChord(max(tick, line + segment.start * TICKS_PER_BEAT), _name(segment))
        for segment in plan.bars[bar]
        if line + (segment.start + segment.beats) * TICKS_PER_BEAT > tick
    )


def _name(segment: Segment) -> str:
    """Return the chord's name, with its bass where that is another tone than the root."""
    name, root = segment.chord.name, segment.chord.root
    return name if segment.bass == root else f"{name}/{NOTE_NAMES[segment.bass]}"


def _ending(form: Form, moment: Moment, tick: int, chord: str, *, opens: bool) -> ComposedBar:
    """Return what ends the music from a tick on: the cadence, or the last chord, until that has faded."""
    key, minor = signature(form.tonic, form.mode)
    return ComposedBar(
        start=_sample(tick, moment),
        tick=tick,
        ends=tick + LAST_TICKS,
        section=_ENDING,
        opens=opens,
        tonic=form.tonic,
        mode=form.mode,
        key=key,
        minor=minor,
        chords=(ComposedChord(tick, chord),),
    )


def _quotes(form: Form, moment: Moment, plan: Phrase, bar: int) -> bool:
    """Return whether a tune that sounds in the settled bar quotes the phrase's theme."""
    motif, holder = moment.themes.get(form.theme), form.holders[0]
    if motif is None or not holder:
        return False
    arrangement, theme = moment.arrangements[holder], Theme(motif, form.theme_parts / THEME_PARTS)
    slot = next((slot for slot, voice in enumerate(arrangement.voices) if voice.role == "melody"), -1)
    if slot < 0 or not dict(form.playing).get(holder, 0) >> slot & 1:
        return False
    scene = Scene(
        arrangement=arrangement,
        voice=arrangement.voices[slot],
        slot=slot,
        plan=plan,
        bar=bar,
        seed=form.seed,
        theme=theme,
    )
    intensity = section_place(form, moment, holder).intensity(moment.intensity)
    return quotes_theme(scene) and any(
        onset.slot == slot and onset.level <= intensity for onset in written_bar(form, moment, holder).onsets
    )
