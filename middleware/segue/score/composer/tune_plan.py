"""What becomes of a motif over a phrase: a plan of rhythm and heights, before chords decide the keys.

A motif fills two bars. A phrase states it, answers, develops it (in sequence, inverted, in fragments, augmented) and
closes with a cadence; a theme takes the motif's place.
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple

from segue.score.composer.keyed_random import KeyedRandom
from segue.score.composer.motif import GRID, OCTAVE, Motif, MotifNote, fitted
from segue.score.composer.scene import Scene
from segue.score.composer.tune_rhythms import Beat, bar_rhythm, ending

# Bars of a motif.
UNIT_BARS: Final = 2
# What the units of a phrase do with the motif, by the phrase's bars: periods, sentences, bar forms.
_PLANS: Final = {
    4: (("state", "close"),),
    6: (("state", "answer", "close"), ("state", "sequence", "close"), ("state", "fragment", "close")),
    8: (
        ("state", "answer", "state", "close"),
        ("state", "answer", "contrast", "close"),
        ("state", "sequence", "fragment", "close"),
        ("state", "answer", "sequence", "close"),
    ),
    10: (("state", "answer", "state", "contrast", "close"), ("state", "answer", "sequence", "fragment", "close")),
    12: (
        ("state", "answer", "state", "answer", "contrast", "close"),
        ("state", "answer", "contrast", "sequence", "fragment", "close"),
    ),
}
_CONTRASTS: Final = ("invert", "augment", "retrograde", "fragment")
_SHAPES: Final = ("arch", "fall", "rise", "wave")
# How closely the keys of a theme are kept, see line_search.Target.
QUOTED, _DEVELOPED = 5.0, 2.0
# How far a motif goes from where it begins, in degrees.
_SPREAD: Final = 5
# The widest leap from one unit to the next, in degrees.
_JOIN: Final = 5
# A theme's mean notes a second beyond which it is played at half or at double speed.
_HASTY, _DRAGGING = 7.0, 0.45


class Spot(NamedTuple):
    """A note to be.

    Attributes:
        bar: Of the phrase.
        start, length, gap: Parts of a beat: from the bar's start, sounding, until the next note or the bar's end.
        degree: As in MotifNote.
        accent: As in MotifNote.
        cadence: "open" for the last note before the half cadence, "close" for the phrase's last.
        closeness: As in line_search.Target.
    """

    bar: int
    start: int
    length: int
    gap: int
    degree: int
    accent: int = 1
    cadence: str = ""
    closeness: float = 1.0


class PhraseForm(NamedTuple):
    """How a phrase is made of its motif.

    Attributes:
        names: What its units do with the motif.
        contrast: What the unit "contrast" does.
        step: Degrees by which a sequence moves.
        themed: Whether the theme takes the motif's place.
    """

    names: tuple[str, ...]
    contrast: str
    step: int
    themed: bool


def quotes_theme(scene: Scene) -> bool:
    """Return whether the voice's phrase is made of the theme."""
    return _phrase_form(scene, scene.phrase_random(3)).themed


def _phrase_form(scene: Scene, own: KeyedRandom) -> PhraseForm:
    names = own.choice(_PLANS[scene.plan.length])
    contrast = own.choice(_CONTRASTS)
    step = own.choice((1, -1, 2, -2))
    return PhraseForm(names, contrast, step, scene.theme is not None and own.chance(scene.theme.strength))


def phrase_spots(scene: Scene) -> list[Spot]:
    """Return the phrase's notes to be: the motif, or a theme, under a plan of the phrase."""
    own = scene.phrase_random(3)
    names, contrast, step, themed = _phrase_form(scene, own)
    if themed:
        return _themed(scene, names, contrast, step)
    motif = _invented(scene)
    units: list[Motif] = []
    for name in names:
        unit = _treated(motif, contrast if name == "contrast" else name, step, scene.meter)
        if units and name in ("state", "sequence", "answer") and own.chance(0.6):
            unit = _varied(unit, own)
        if units:
            unit = _joining(units[-1], unit)
        units.append(_closed(scene, unit) if name == "close" else unit)
    return _laid_out(scene, units, [1.0] * len(units))


def _themed(scene: Scene, names: tuple[str, ...], contrast: str, step: int) -> list[Spot]:
    """Return the phrase made of its theme: stated as it is, as far as it goes, then developed."""
    assert scene.theme is not None
    meter = scene.meter
    whole = metered(scene.theme.motif, meter, scene.arrangement.tempo_bpm)
    width = UNIT_BARS * meter
    parts = [whole.fragment(width, begin) for begin in range(0, whole.beats, width) if _begins(whole, begin, width)]
    units: list[Motif] = []
    closeness: list[float] = []
    for index, name in enumerate(names):
        close = name == "close"
        if index < len(parts) or name in ("state", "answer"):
            unit = parts[index % len(parts)]
            closeness.append(QUOTED)
        else:
            unit = _treated(parts[0], contrast if name == "contrast" else name, step, meter)
            closeness.append(_DEVELOPED)
        units.append(_closed(scene, unit) if close else unit)
    return _laid_out(scene, units, closeness)


def _begins(motif: Motif, begin: int, width: int) -> bool:
    return any(begin * GRID <= note.start < (begin + width) * GRID for note in motif.notes)


def metered(motif: Motif, meter: int, tempo_bpm: float) -> Motif:
    """Return a motif for bars of `meter` beats, at half or double speed where it would be hasty or drag.

    A motif of whole bars of four, else of three, beats is taken to be written in them; each of its bars fills one.
    """
    source = 4 if motif.beats % 4 == 0 else 3 if motif.beats % 3 == 0 else meter
    if source != meter:
        # To eighths, which keeps the order and the beats that begin bars.
        half = GRID // 2
        starts = [math.floor(note.start * meter / source / half + 0.5) * half for note in motif.notes]
        ends = [*starts[1:], motif.span * meter // source]
        notes = [
            MotifNote(start, max(1, min(note.length * meter // source, end - start)), note.degree, note.accent)
            for note, start, end in zip(motif.notes, starts, ends, strict=True)
            if end > start
        ]
        motif = Motif(tuple(notes), -(-ends[-1] // GRID) * GRID)
    pace = len(motif.notes) / motif.beats * tempo_bpm / 60
    if pace > _HASTY:
        return motif.augmentation()
    return motif.diminution() if pace < _DRAGGING and motif.beats % 2 == 0 else motif


def _invented(scene: Scene) -> Motif:
    """Return the motif of the phrases that share a tune: two bars of rhythm, and heights."""
    random = KeyedRandom(scene.motif_key(1))
    meter, tempo = scene.meter, scene.arrangement.tempo_bpm
    said = scene.plan.groups
    first = bar_rhythm(scene.voice, meter, tempo, random, said)
    second = first if random.chance(0.45) else bar_rhythm(scene.voice, meter, tempo, random, said)
    # The unit ends on a long note, earlier in a sparse tune, and breathes.
    sizes = scene.groups
    last = meter - sizes[-1] if len(second) >= len(sizes) and len(sizes) > 1 and random.chance(0.7) else 0
    if len(sizes) == 1 and len(second) > 1 and random.chance(0.5):
        last = sizes[0] - 1
    second = ending(second, meter, last)
    beats = [*first, *(Beat(beat.start + meter * GRID, beat.length) for beat in second)]
    heights = _heights(len(beats), random, scene.voice.leaps)
    notes = (MotifNote(beat.start, beat.length, height) for beat, height in zip(beats, heights, strict=True))
    return Motif(tuple(notes), UNIT_BARS * meter * GRID)


def _heights(count: int, random: KeyedRandom, leaps: float) -> list[int]:
    """Return degrees of `count` notes: mostly steps in one of four shapes, perhaps with one leap, turned back by a
    step.
    """
    shape = random.choice(_SHAPES)
    height = {"arch": random.choice((0, 2)), "fall": random.choice((4, 7)), "rise": 0, "wave": 2}[shape]
    leap_at = 1 + random.below(count - 2) if count > 4 and random.chance(min(0.9, 0.15 + 1.5 * leaps)) else -1
    heights = [height]
    back = 0
    for index in range(1, count):
        along = index / max(1, count - 1)
        up = {"arch": along < 0.6, "fall": False, "rise": True, "wave": index // 3 % 2 == 0}[shape]
        direction = 1 if up else -1
        if back:
            move, back = back, 0
        elif index == leap_at:
            direction = direction if random.chance(0.7) else -direction
            move = direction * random.weighted(((3, 1.0), (4, 0.8), (5, 0.4), (2, 1.0)))
            back = -direction
        else:
            move = random.weighted(((direction, 0.62), (-direction, 0.16), (0, 0.1), (2 * direction, 0.12)))
        height = max(heights[0] - _SPREAD, min(heights[0] + _SPREAD, height + move))
        heights.append(height)
    return heights


def _treated(motif: Motif, name: str, step: int, meter: int) -> Motif:
    if name == "answer":
        # The same rhythm with another end; `_laid_out` opens it.
        return motif if step > 0 else _moved_tail(motif, meter, -step)
    if name == "sequence":
        return motif.sequence(step)
    if name == "invert":
        heights = sorted(note.degree for note in motif.notes)
        return motif.inversion(heights[len(heights) // 2])
    if name == "retrograde":
        return motif.retrograde()
    if name == "augment":
        return motif.fragment(meter).augmentation().sequence(1)
    if name == "fragment":
        head = motif.fragment(meter)
        return _joined(head.sequence(step), head.sequence(2 * step), meter)
    return motif


def _joining(before: Motif, unit: Motif) -> Motif:
    """Return a unit moved to where the one before can reach it without a wide leap."""
    leap = unit.notes[0].degree - before.notes[-1].degree
    if abs(leap) <= _JOIN:
        return unit
    return unit.sequence(_JOIN - leap if leap > 0 else -_JOIN - leap)


def _moved_tail(motif: Motif, meter: int, step: int) -> Motif:
    """Return the motif with its second bar a step away."""
    notes = [note._replace(degree=note.degree + step * (note.start >= meter * GRID)) for note in motif.notes]
    return motif.with_heights([note.degree for note in notes])


def _joined(first: Motif, second: Motif, meter: int) -> Motif:
    """Return two motifs of a bar as one of two."""
    shift = meter * GRID
    after = (note._replace(start=note.start + shift) for note in second.notes)
    return Motif((*first.notes, *after), UNIT_BARS * meter * GRID)


def _closed(scene: Scene, motif: Motif) -> Motif:
    """Return the motif's first bar, and in the second a way to the tonic, on which the phrase's last chord begins."""
    meter = scene.meter
    last = scene.plan.bars[-1][-1].start
    bar = meter * GRID
    head = [note for note in motif.notes if note.start < bar]
    tail = [note._replace(start=note.start - bar) for note in motif.notes if note.start >= bar]
    rhythm = ending(tuple(Beat(note.start, note.length) for note in tail or head), meter, last)
    if not head:
        head = [MotifNote(0, bar, motif.notes[0].degree)]
    below = head[-1].degree
    goal = OCTAVE * round(below / OCTAVE)
    count = len(rhythm) - 1
    # A straight way from where the line is to a step beside the goal.
    beside = goal + (1 if below >= goal else -1)
    heights = [below + round((beside - below) * (at + 1) / count) for at in range(count)]
    notes = [
        MotifNote(bar + beat.start, beat.length, height) for beat, height in zip(rhythm, [*heights, goal], strict=True)
    ]
    return fitted((*head, *notes), UNIT_BARS * bar)


def _varied(motif: Motif, random: KeyedRandom) -> Motif:
    """Return one note of the motif moved by a step, or one split."""
    at = random.below(len(motif.notes))
    note = motif.notes[at]
    if at and random.chance(0.5):
        heights = [other.degree for other in motif.notes]
        heights[at] += random.choice((1, -1))
        return motif.with_heights(heights)
    half = note.length // 2
    if note.length < GRID or half % (GRID // 2):
        return motif
    split = (note._replace(length=half), note._replace(start=note.start + half, length=half, degree=note.degree - 1))
    return Motif((*motif.notes[:at], *split, *motif.notes[at + 1 :]), motif.span)


def _laid_out(scene: Scene, units: list[Motif], closeness: list[float]) -> list[Spot]:
    """Return the notes of the phrase's units, bar by bar, with what their cadences ask for."""
    bar_parts = scene.meter * GRID
    spots: list[Spot] = []
    for index, (unit, close) in enumerate(zip(units, closeness, strict=True)):
        first = index * UNIT_BARS
        notes = [note for note in unit.notes if note.start < UNIT_BARS * bar_parts]
        for at, note in enumerate(notes):
            bar, start = divmod(note.start, bar_parts)
            following = notes[at + 1].start if at + 1 < len(notes) else (bar + 1) * bar_parts
            gap = min(following, (bar + 1) * bar_parts) - note.start
            cadence = ""
            if at == len(notes) - 1:
                cadence = "close" if index == len(units) - 1 else "open" if first + UNIT_BARS == scene.plan.half else ""
            length = min(note.length, gap)
            spots.append(Spot(first + bar, start, length, gap, note.degree, note.accent, cadence, close))
    return spots
