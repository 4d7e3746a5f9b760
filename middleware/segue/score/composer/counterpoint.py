"""Counter-lines: a second voice that moves against the tune and fills its rests."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Final, NamedTuple

from segue.score.composer.line_search import Target, best_line
from segue.score.composer.melody import PhraseKey, bass_keys, leading, melody
from segue.score.composer.ranges import range_of
from segue.score.composer.scene import Scene
from segue.score.composer.theory import nearest_step, place, step_pitch
from segue.score.composer.vocabulary import BarNote

# The tune leaves room where it starts no note for so many half beats.
_ROOM: Final = 4
# How far a counter-line mirrors the tune: half a semitone down for each that the tune is above its register.
_MIRROR: Final = 0.5
# Keys about the register that the line uses, and the least distance from the tune.
_REACH: Final = 8
_APART: Final = 3
# Costs: crossing the tune, a dissonance with it, a perfect consonance; thirds and sixths are what is wanted.
_CROSSING, _DISSONANT, _PERFECT = 3.0, 2.0, 0.35
_OFF_WANTED: Final = 0.08
_CONSONANT: Final = (0, 3, 4, 5, 7, 8, 9)
_HOLLOW: Final = (0, 5, 7)
# A note in the tune's rests sounds from this much more intensity on.
_FILL_LEVEL: Final = 0.1


class _Place(NamedTuple):
    """A note to be: bar, beats from its start, until the next note, whether the chord changes there."""

    bar: int
    start: float
    end: float
    strong: bool


def counter(scene: Scene) -> list[BarNote]:
    """Return a second line under (or over) the tune: long notes with the chords, and motion where the tune rests."""
    return list(_phrase(PhraseKey(scene))[scene.bar])


@lru_cache(maxsize=256)
def _phrase(line: PhraseKey) -> tuple[tuple[BarNote, ...], ...]:
    scene, voice = line.scene, line.scene.voice
    bars: list[list[BarNote]] = [[] for _ in range(scene.plan.length)]
    lead = leading(scene)
    tune = [melody(lead.at(bar)) if lead.slot != scene.slot else [] for bar in range(scene.plan.length)]
    places = [place for bar in range(scene.plan.length) for place in _places(scene.at(bar), tune[bar])]
    # Above the tune only where the layout puts it well above; then the bass is its other outer voice.
    above = voice.register > lead.voice.register + 4
    heard = bass_keys(scene) if above else _beats(tune, scene.plan.meter)
    targets = [_target(scene, spot, tune[spot.bar], lead.voice.register, above=above) for spot in places]
    keys = best_line(targets, voice.register, heard)
    for spot, key in zip(places, keys, strict=True):
        velocity = 0.95 if spot.strong else 0.88
        level = voice.level + (0.0 if spot.strong else _FILL_LEVEL)
        bars[spot.bar].append(BarNote(spot.start, (spot.end - spot.start) * voice.hold, key, velocity, level))
    return tuple(tuple(notes) for notes in bars)


def _places(scene: Scene, tune: list[BarNote]) -> list[_Place]:
    """Return the line's rhythm in a bar: a note for each chord, more where the tune leaves room."""
    random, density = scene.random(8), scene.voice.density
    starts = {float(segment.start) for segment in scene.segments}
    steps = 2 * scene.meter
    struck = {int(2 * note.start + 0.1) for note in tune}
    run = 0
    for step in range(steps):
        run = 0 if step in struck else run + 1
        # On the beats of the room that the tune leaves, once it has left some.
        if step % 2 == 0 and run >= _ROOM - 1 and random.chance(0.15 + 0.45 * density if tune else 0.3 * density):
            starts.add(step / 2)
    ordered = sorted(starts)
    changes = {segment.start for segment in scene.segments}
    return [
        _Place(scene.bar, start, end, start in changes)
        for start, end in zip(ordered, [*ordered[1:], float(scene.meter)], strict=True)
    ]


def _beats(tune: list[list[BarNote]], meter: int) -> tuple[int, ...]:
    """Return the tune's key at each beat of the phrase, -1 where it rests."""
    beats = [-1] * (len(tune) * meter)
    for bar, notes in enumerate(tune):
        for note in notes:
            first = bar * meter + math.ceil(note.start - 0.05)
            last = bar * meter + math.ceil(note.start + note.beats - 0.02)
            for beat in range(first, min(len(beats), last)):
                beats[beat] = note.pitch
    return tuple(beats)


def _target(scene: Scene, spot: _Place, tune: list[BarNote], centre: int, *, above: bool) -> Target:
    """Return what a note of the line is to be, given the tune that sounds with it."""
    voice, chord = scene.voice, scene.at(spot.bar).segment_at(spot.start).chord
    low, high = range_of(voice.programs[0])
    sounding = [note.pitch for note in tune if note.start <= spot.start + 0.05 < note.start + note.beats]
    wanted = voice.register
    if sounding:
        wanted -= round(_MIRROR * max(-8, min(8, sounding[-1] - centre)))
    step = nearest_step(chord, wanted)
    near = [step_pitch(chord, step + offset) for offset in range(-5, 6)]
    firm = spot.strong or spot.end - spot.start > 1
    keys = [
        key
        for key in near
        if max(low, voice.register - _REACH) <= key <= min(high, voice.register + _REACH)
        and (not firm or key % 12 in chord.tones)
    ] or [place(chord.root, voice.register)]
    priced = tuple((key, _OFF_WANTED * abs(key - wanted) + _against(key, sounding, above=above)) for key in keys)
    beat = spot.bar * scene.meter
    first, last = math.ceil(beat + spot.start - 0.05), math.ceil(beat + spot.end - 0.02) - 1
    # No motif is behind the line: the wanted interval counts little.
    return Target(wanted, priced, chord.tones, first, last, 0.3)


def _against(key: int, sounding: list[int], *, above: bool) -> float:
    """Return what a key costs against the tune's."""
    if not sounding:
        return 0.0
    distance = key - sounding[-1] if above else sounding[-1] - key
    cost = 0.0 if distance >= _APART else _CROSSING
    within = abs(key - sounding[-1]) % 12
    return cost + (_DISSONANT if within not in _CONSONANT else _PERFECT if within in _HOLLOW else 0.0)


COUNTERPOINT: Final = {"counter": counter}
