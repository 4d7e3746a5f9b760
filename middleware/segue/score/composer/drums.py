"""Drums: grooves folded onto the meter, ghost strokes, fills before a phrase ends, a crash where one begins."""

from __future__ import annotations

from typing import Final

from segue.score.composer import instruments as gm
from segue.score.composer.harmony import Phrase
from segue.score.composer.keyed_random import KeyedRandom, text_key
from segue.score.composer.meters import folded_beats
from segue.score.composer.scales import SCALES
from segue.score.composer.theory import place
from segue.score.composer.vocabulary import DRUM_SLOT, Arrangement, BarNote, DrumLine, Kit, Part

_KICKS: Final = (gm.LOW_KICK, gm.KICK)
_SNARES: Final = (gm.SNARE, gm.TIGHT_SNARE)
_STROKE: Final = {"o": 0.66, "x": 0.88, "!": 1.1}
# A bar of six or seven has two beats that play the pattern's first; the second must not sound like a new bar.
_INNER: Final = 0.85
_LENGTH: Final = 0.25
_FILL_LEVEL: Final = 0.25


def drum_parts(arrangement: Arrangement, plan: Phrase, bar: int, seed: int) -> list[Part]:
    """Return the drums of one bar: one part a line, then the fill and the crash."""
    kit = arrangement.kit
    random = KeyedRandom(seed, plan.key, bar, text_key(arrangement.notes_key), 21)
    groove = kit.grooves[KeyedRandom(seed, plan.motif_key, 22).below(len(kit.grooves))]
    fill_beats = _fill_beats(arrangement, plan, bar, random)
    parts = []
    for slot, line in enumerate(groove):
        end = plan.meter - (fill_beats if line.fills else 0)
        notes = tuple(note for note in _strokes(line, plan, bar, random) if note.start < end)
        parts.append(Part(DRUM_SLOT + slot, "drums", line.program, notes, _goes_on(line, kit)))
    slot = DRUM_SLOT + len(groove)
    if fill_beats:
        parts.append(Part(slot, "drums", kit.fill_program, tuple(_fill(arrangement, plan, fill_beats, random))))
    if kit.crash and bar % 4 == 0 and (bar == 0 or random.chance(0.35)):
        crash = BarNote(0.0, 1.0, kit.crash, 84 if bar == 0 else 70, 0.2 if bar == 0 else 0.5)
        parts.append(Part(slot + 1, "drums", gm.KIT_PROGRAM, (crash,)))
    return [part._replace(notes=tuple(_forced(note, kit) for note in part.notes)) for part in parts]


def _forced(note: BarNote, kit: Kit) -> BarNote:
    return note._replace(velocity=note.velocity * kit.force)


def _goes_on(line: DrumLine, kit: Kit) -> bool:
    """Return whether a line goes on while a fill leads into another arrangement.

    A drummer at a set plays the fill with both hands and goes on with the kick. Where several musicians play, only
    those who play the fill leave their own lines.
    """
    if line.program >= 0:
        return not line.fills
    at_a_set = kit.fill_program < 0 and any(key in _SNARES for key in kit.fill)
    playing = (*_SNARES, *(kit.fill if kit.fill_program < 0 else ()))
    return not line.fills or line.key in _KICKS or (not at_a_set and line.key not in playing)


def _strokes(line: DrumLine, plan: Phrase, bar: int, random: KeyedRandom) -> list[BarNote]:
    notes = []
    for beat, source in enumerate(folded_beats(plan.meter, len(line.steps) // 4, bar, plan.groups)):
        for step, sign in enumerate(line.steps[source * 4 : source * 4 + 4]):
            if sign == "." or (sign == "o" and not random.chance(line.chance)):
                continue
            key = line.key
            if line.program == gm.TIMPANI and key == 0:
                segments = plan.bars[bar]
                root = segments[-1] if beat >= segments[-1].start else segments[0]
                key = place(root.chord.root, gm.TIMPANI_CENTRE)
            elif line.program == gm.TAIKO:
                key = _tuned(key, plan)
            inner = _INNER if source % 4 == 0 and beat else 1.0
            velocity = line.velocity * _STROKE[sign] * inner * (1 + random.spread(0.06))
            level = line.level + (0.15 if sign == "o" else 0.0)
            notes.append(BarNote(beat + step / 4, _LENGTH, key, velocity, level))
    return notes


def _tuned(key: int, plan: Phrase) -> int:
    """The key nearest to a drum's own that is the tonic or, where the scale has it, the fifth."""
    fifths = [7] if 7 in SCALES[plan.mode].tones else []
    return min(
        (place((plan.tonic + tone) % 12, key) for tone in (0, *fifths)), key=lambda near: (abs(near - key), near)
    )


def _fill_beats(arrangement: Arrangement, plan: Phrase, bar: int, random: KeyedRandom) -> int:
    """Return the beats of fill that end this bar: more at the phrase's end than at its half."""
    last = bar + 1 == plan.length
    if not arrangement.kit.fill or not (last or bar % 4 == 3):
        return 0
    return min(plan.meter - 1, 2 if last else 1) if last or random.chance(0.6) else 0


def _fill(arrangement: Arrangement, plan: Phrase, beats: int, random: KeyedRandom) -> list[BarNote]:
    """Return a roll down the fill's drums, growing louder, in one of four rhythms."""
    rhythm = random.choice(((0, 1, 2, 3), (0, 2, 3), (0, 1, 2), (0, 1.5, 3)))
    places = [plan.meter - beats + beat + step / 4 for beat in range(beats) for step in rhythm]
    keys = arrangement.kit.fill
    count = len(places)
    return [
        BarNote(
            start,
            _LENGTH,
            keys[min(index * len(keys) // count, len(keys) - 1)],
            78 + 34 * index / count + random.spread(5),
            _FILL_LEVEL + (0.2 if start % 0.5 else 0.0),
        )
        for index, start in enumerate(places)
    ]
