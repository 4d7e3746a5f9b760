"""The tune: the keys of a phrase's plan, found by `line_search`, and the notes that play them.

`tune_plan` says which motif sounds where; here chords, the range and the bass decide the keys.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Final

from segue.score.composer.figures import FIGURES
from segue.score.composer.harmony import Segment, half_bar
from segue.score.composer.keyed_random import KeyedRandom
from segue.score.composer.line_search import Target, best_line, priced
from segue.score.composer.motif import GRID, OCTAVE
from segue.score.composer.ranges import range_of
from segue.score.composer.scene import Scene
from segue.score.composer.theory import chord_step, degree_above, nearest_step, place, step_pitch
from segue.score.composer.tune_plan import QUOTED, UNIT_BARS, Spot, phrase_spots
from segue.score.composer.vocabulary import BarNote

# How far from the wanted key a note may be, in steps of the scale.
_REACH: Final = 3
# A note of more beats than this counts as harmony, wherever it starts.
_PASSING: Final = 1.0
# How long the upper neighbour of an ornament lasts, in beats, at most.
_GRACE: Final = 0.125
# Costs of a key that does not fit its cadence or the chord that it is held into.
_WRONG_CADENCE, _HELD_FOREIGN = 1.3, 0.9
_APPOGGIATURA: Final = 0.4
# The share for which notes of more than two beats sound: before the next phrase, singers and players breathe.
_CADENCE_HELD, _LONG_HELD = 0.7, 0.86
# Keys about the register that a line may use.
_BELOW, _ABOVE = 10, 12
# The highest note is so many keys above its wanted one at most.
_HIGHEST_LEAP: Final = 5


def melody(scene: Scene) -> list[BarNote]:
    """Return the voice's tune in this bar; silent in the sections that the voice rests."""
    if scene.plan.letter not in scene.voice.sections:
        return []
    return list(_phrase(PhraseKey(scene))[scene.bar])


def thirds(scene: Scene) -> list[BarNote]:
    """Return a third (or the next chord tone) below the tune of the arrangement's first melody voice."""
    notes = []
    for note in melody(leading(scene)):
        chord = scene.segment_at(note.start).chord
        pitch = degree_above(chord, note.pitch, -2)
        if note.beats > _PASSING or note.pitch % 12 in chord.tones:
            pitch = step_pitch(chord, chord_step(chord, nearest_step(chord, pitch), -1))
        if pitch >= note.pitch:
            pitch -= 12
        notes.append(note._replace(pitch=pitch, level=max(note.level, scene.voice.level)))
    return notes


def octaves(scene: Scene) -> list[BarNote]:
    """Return the tune of the arrangement's first melody voice an octave above, or below where that is beyond the
    register.
    """
    lead = leading(scene)
    shift = 12 if scene.voice.register >= lead.voice.register else -12
    return [note._replace(pitch=note.pitch + shift, level=max(note.level, scene.voice.level)) for note in melody(lead)]


def canon(scene: Scene) -> list[BarNote]:
    """Return the tune of the arrangement's first melody voice a bar later, over the chords of its own bars."""
    return list(_phrase(PhraseKey(scene, delayed=True))[scene.bar])


def leading(scene: Scene) -> Scene:
    """Return the scene of the arrangement's first melody voice, or the same if it has none."""
    voices = scene.arrangement.voices
    slot = next((slot for slot, voice in enumerate(voices) if voice.role == "melody"), scene.slot)
    return scene.of(slot)


class PhraseKey:
    """What a voice's line over a phrase depends on, as a cache key."""

    __slots__ = ("delayed", "key", "scene")

    def __init__(self, scene: Scene, *, delayed: bool = False) -> None:
        self.scene = scene
        self.delayed = delayed
        self.key = (scene.arrangement.name, scene.slot, id(scene.plan), scene.seed, delayed, scene.theme)

    def __hash__(self) -> int:
        return hash(self.key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PhraseKey) and self.key == other.key and self.scene.plan is other.scene.plan


@lru_cache(maxsize=512)
def _phrase(tune: PhraseKey) -> tuple[tuple[BarNote, ...], ...]:
    scene = tune.scene
    if tune.delayed:
        spots = [spot._replace(bar=spot.bar + 1, cadence="") for spot in phrase_spots(leading(scene))]
        spots = [spot for spot in spots if spot.bar < scene.plan.length]
    else:
        spots = phrase_spots(scene)
    keys = best_line(_targets(scene, spots), scene.voice.register, bass_keys(scene)) if spots else []
    bars: list[list[BarNote]] = [[] for _ in range(scene.plan.length)]
    random = scene.phrase_random(40)
    for spot, key in zip(spots, keys, strict=True):
        bars[spot.bar].extend(_played(scene.at(spot.bar), spot, key, random))
    return tuple(tuple(notes) for notes in bars)


def bass_keys(scene: Scene) -> tuple[int, ...]:
    """Return the lowest key of the arrangement's first bass voice at each beat of the phrase, -1 for none."""
    voices = enumerate(scene.arrangement.voices)
    slot = next((slot for slot, voice in voices if voice.role == "bass" and voice.figure in FIGURES), None)
    if slot is None:
        return ()
    return _bass_beats(PhraseKey(scene.of(slot)))


@lru_cache(maxsize=256)
def _bass_beats(line: PhraseKey) -> tuple[int, ...]:
    scene, plan = line.scene, line.scene.plan
    beats = [-1] * (plan.length * plan.meter)
    for bar in range(plan.length):
        for note in FIGURES[scene.voice.figure](scene.at(bar)):
            first = math.ceil(note.start - 0.05)
            last = math.ceil(note.start + note.beats - 0.02)
            for beat in range(bar * plan.meter + first, min(len(beats), bar * plan.meter + last)):
                if beats[beat] < 0 or note.pitch < beats[beat]:
                    beats[beat] = note.pitch
    return tuple(beats)


def _targets(scene: Scene, spots: list[Spot]) -> list[Target]:
    """Return what the search is to find: keys about the wanted ones, and the phrase's one highest note."""
    plan, register = scene.plan, scene.voice.register
    low, high = range_of(scene.voice.programs[0])
    if spots[0].closeness < QUOTED:
        low, high = max(low, register - _BELOW), min(high, register + _ABOVE)
    segments = [scene.at(spot.bar).segment_at(spot.start / GRID) for spot in spots]
    # Phrases that share a motif lie in one octave: that of the motif, or of the whole theme.
    count = len(spots) if spots[0].closeness >= QUOTED else sum(spot.bar < UNIT_BARS for spot in spots)
    tonic = _anchor(spots[:count] or spots, segments, register, low, high)
    wanted = [_reflected(_degree_key(segment, tonic, spot.degree), low, high)
              for segment, spot in zip(segments, spots, strict=True)]  # fmt: skip
    firm = [_is_firm(scene, spot) for spot in spots]
    top, apex = _apex(spots, segments, wanted, firm, high)
    targets = []
    for index, (spot, segment) in enumerate(zip(spots, segments, strict=True)):
        start = spot.bar * plan.meter + spot.start / GRID
        first, last = math.ceil(start - 0.05), math.ceil(start + spot.length / GRID - 0.02) - 1
        if index == apex:
            keys: tuple[tuple[int, float], ...] = ((top, 0.0),)
        else:
            near = _keys(segment, wanted[index], low, high, firm=firm[index])
            keys = priced(near, wanted[index], spot.closeness, top, apex < 0)
            if spot.closeness >= QUOTED and not spot.cadence and wanted[index] not in near:
                # A theme keeps its note against the chord, as an appoggiatura.
                keys = (*keys, (wanted[index], _APPOGGIATURA))
            keys = _cadential(scene, spot, segment, keys)
        targets.append(Target(wanted[index], keys, segment.chord.tones, first, last, spot.closeness))
    return targets


def _anchor(spots: list[Spot], segments: list[Segment], register: int, low: int, high: int) -> int:
    """Return the tonic that lets the tune lie about the register, and within the range as far as any octave does."""
    tonic = place(segments[0].chord.tonic, register)

    def cost(octave: int) -> tuple[int, int]:
        keys = [
            _degree_key(segment, tonic + octave, spot.degree) for segment, spot in zip(segments, spots, strict=False)
        ]
        return sum(not low <= key <= high for key in keys), abs(sum(keys) - register * len(keys))

    return tonic + min((0, -12, 12), key=cost)


def _degree_key(segment: Segment, tonic: int, degree: int) -> int:
    octave, within = divmod(degree, OCTAVE)
    return tonic + 12 * octave + segment.chord.degrees[within]


def _reflected(key: int, low: int, high: int) -> int:
    """Return a key mirrored at the bound that it is beyond, so that a line turns there instead of standing still."""
    return max(low, min(high, 2 * low - key if key < low else 2 * high - key if key > high else key))


def _is_firm(scene: Scene, spot: Spot) -> bool:
    """Return whether a note must belong to its chord: a long one, one on a strong beat, a unit's last."""
    strong = spot.start in (0, half_bar(scene.meter, scene.plan.groups) * GRID)
    return strong or spot.gap > _PASSING * GRID or spot.cadence != ""


def _apex(
    spots: list[Spot], segments: list[Segment], wanted: list[int], firm: list[bool], high: int
) -> tuple[int, int]:
    """Return the key of the phrase's highest note and which note that is; -1 where a theme says so itself."""
    most = max(wanted)
    bars = spots[-1].bar + 1
    able = [
        index
        for index, spot in enumerate(spots)
        if firm[index] and not spot.cadence and spot.closeness <= 1 and 0.45 <= (spot.bar + 0.5) / bars <= 0.9
    ]
    if not able:
        return most + 1, -1
    index = max(able, key=lambda at: (wanted[at], -at))
    tones = segments[index].chord.tones
    rising = [key for key in range(most, min(high, most + 6) + 1) if key % 12 in tones and key > most]
    if not rising or rising[0] - wanted[index] > _HIGHEST_LEAP:
        return most + 1, -1
    return rising[0], index


def _keys(segment: Segment, wanted: int, low: int, high: int, *, firm: bool) -> tuple[int, ...]:
    """Return the keys that a note may have: the scale's about the wanted one, of a firm note the chord's."""
    chord = segment.chord
    step = nearest_step(chord, wanted)
    reach = _REACH + firm
    near = [step_pitch(chord, step + offset) for offset in range(-reach, reach + 1)]
    inside = [key for key in near if low <= key <= high] or near
    if firm:
        return tuple(key for key in inside if key % 12 in chord.tones) or (place(chord.root, wanted),)
    return tuple(inside)


def _cadential(
    scene: Scene, spot: Spot, segment: Segment, keys: tuple[tuple[int, float], ...]
) -> tuple[tuple[int, float], ...]:
    """Return priced keys with what they cost at a cadence, or held into another chord."""
    chord = segment.chord
    if spot.cadence == "close":
        final = [(key, cost) for key, cost in keys if key % 12 in chord.tones[:2]] or [
            (place(chord.root, keys[0][0]), 0.0)
        ]
        best = chord.tonic if chord.tonic in chord.tones[:2] else chord.root
        return tuple((key, cost + (0.0 if key % 12 == best else 0.6)) for key, cost in final)
    if spot.cadence == "open":
        return tuple((key, cost + (_WRONG_CADENCE if key % 12 == chord.tonic else 0.0)) for key, cost in keys)
    following = scene.at(spot.bar).segment_at((spot.start + spot.length) / GRID - 0.01)
    if following is not segment:
        foreign = following.chord.tones
        return tuple((key, cost + (_HELD_FOREIGN if key % 12 not in foreign else 0.0)) for key, cost in keys)
    return keys


def _played(scene: Scene, spot: Spot, key: int, random: KeyedRandom) -> list[BarNote]:
    """Return a note of the line as it sounds; where the chord changes under it, it moves to the new chord."""
    start, sounding = spot.start / GRID, spot.length / GRID
    segment = scene.segment_at(start)
    following = scene.segment_at(start + sounding - 0.01)
    firm = _is_firm(scene, spot)
    if following is segment or key % 12 in following.chord.tones:
        return _sounded(scene, segment, start, sounding, key, spot, firm, random)
    until = following.start - start
    notes = _sounded(scene, segment, start, until, key, spot, firm, random)
    if sounding - until >= 0.5:
        chord = following.chord
        resolved = step_pitch(chord, chord_step(chord, nearest_step(chord, key), -1))
        notes += _sounded(scene, following, float(following.start), sounding - until, resolved, spot, True, random)
    return notes


def _sounded(
    scene: Scene, segment: Segment, start: float, gap: float, pitch: int, spot: Spot, strong: bool, random: KeyedRandom
) -> list[BarNote]:
    """Return a note with its accent, perhaps graced by its upper neighbour."""
    voice = scene.voice
    accent = (1.06 if strong else 0.92) + 0.06 * (spot.accent - 1) + random.spread(0.05)
    level = voice.level + (0.0 if strong or gap >= 1 else 0.15)
    # What rings longer than it is written would fill the rest that follows.
    long = _CADENCE_HELD if spot.cadence else _LONG_HELD
    hold = min(voice.hold, long if gap > 2 else 1.0 if spot.length < spot.gap else voice.hold)
    length = max(0.1, gap * hold)
    if pitch % 12 not in segment.chord.tones:
        length = min(length, _PASSING)
    if voice.ornaments and gap >= 0.5 and random.chance(voice.ornaments):
        upper = step_pitch(segment.chord, nearest_step(segment.chord, pitch) + 1)
        grace = min(_GRACE, gap / 4)
        return [
            BarNote(start, grace, upper, accent * 0.85, level + 0.1),
            BarNote(start + grace, length - grace, pitch, accent, level),
        ]
    return [BarNote(start, length, pitch, accent, level)]


MELODIES: Final = {"melody": melody, "thirds": thirds, "octaves": octaves, "canon": canon}
