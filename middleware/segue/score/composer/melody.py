"""The tune: a two-bar motif and what becomes of it over a phrase of eight bars.

A motif is a rhythm and a contour in diatonic steps. A phrase states it, repeats it in sequence, contrasts (inverted,
fragmented, augmented or displaced) and closes with a cadence. Strong and long notes are chord tones; the others step
between them.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final, NamedTuple

from segue.score.composer.harmony import PHRASE_BARS, Segment
from segue.score.composer.keyed_random import KeyedRandom
from segue.score.composer.scene import Scene, folded_beats
from segue.score.composer.theory import chord_step, degree_above, nearest_step, place, step_pitch
from segue.score.composer.vocabulary import BarNote

# How the four units of a phrase treat the motif: period, arch, sentence.
_PLANS: Final = (
    ("state", "sequence", "contrast", "close"),
    ("state", "contrast", "sequence", "close"),
    ("state", "state", "fragment", "close"),
    ("state", "sequence", "fragment", "close"),
)
_CONTRASTS: Final = ("invert", "augment", "displace", "fragment")
# How far from the contour a note may be, in steps of the scale.
_REACH: Final = 4
# What a line costs: a semitone off the contour, a note repeated, a third, a fourth and more, a note foreign to the
# chord that is not left or reached by step, a leap that no step back follows.
_OFF_CONTOUR: Final = 0.16
_STANDS: Final = 0.75
_THIRD: Final = 0.8
_LEAP: Final = 1.9
_UNRESOLVED: Final = 4.0
_RECOVERED: Final = 0.7
# Beats of rest after two bars.
_BREATH: Final = 0.75
# A note of more beats than this counts as harmony, wherever it starts.
_PASSING: Final = 1.0
# How long the upper neighbour of an ornament lasts, in beats, at most.
_GRACE: Final = 0.125


class Place(NamedTuple):
    """A note to be: beat within its bar, beats until the next place, diatonic height above the phrase's start."""

    start: float
    gap: float
    height: int


Bar = tuple[Place, ...]


def melody(scene: Scene) -> list[BarNote]:
    """Return the voice's tune in this bar; silent in the sections that the voice rests."""
    if scene.plan.letter not in scene.voice.sections:
        return []
    return list(_phrase(_Tune(scene))[scene.bar])


def thirds(scene: Scene) -> list[BarNote]:
    """Return a third (or the next chord tone) below the tune of the situation's first melody voice."""
    notes = []
    for note in melody(_leading(scene)):
        chord = scene.segment_at(note.start).chord
        pitch = degree_above(chord, note.pitch, -2)
        if note.beats > _PASSING or note.pitch % 12 in chord.tones:
            pitch = step_pitch(chord, chord_step(chord, nearest_step(chord, pitch), -1))
        if pitch >= note.pitch:
            pitch -= 12
        notes.append(note._replace(pitch=pitch, level=max(note.level, scene.voice.level)))
    return notes


def octaves(scene: Scene) -> list[BarNote]:
    """Return the tune of the situation's first melody voice an octave above, or below where that is beyond the
    register.
    """
    lead = _leading(scene)
    shift = 12 if scene.voice.register >= lead.voice.register else -12
    return [note._replace(pitch=note.pitch + shift, level=max(note.level, scene.voice.level)) for note in melody(lead)]


def canon(scene: Scene) -> list[BarNote]:
    """Return the tune of the situation's first melody voice a bar later, over the chords of its own bars."""
    return list(_phrase(_Tune(scene, delayed=True))[scene.bar])


def _leading(scene: Scene) -> Scene:
    """Return the scene of the situation's first melody voice, or the same if it has none."""
    voices = scene.situation.voices
    slot = next((slot for slot, voice in enumerate(voices) if voice.role == "melody"), scene.slot)
    return Scene(
        situation=scene.situation, voice=voices[slot], slot=slot, plan=scene.plan, bar=scene.bar, seed=scene.seed
    )


class _Tune:
    """What a whole phrase's tune depends on, as a cache key: the voice in its situation, the plan, the seed."""

    __slots__ = ("delayed", "key", "scene")

    def __init__(self, scene: Scene, *, delayed: bool = False) -> None:
        self.scene = scene
        self.delayed = delayed
        self.key = (scene.situation.name, scene.slot, id(scene.plan), scene.seed, delayed)

    def __hash__(self) -> int:
        return hash(self.key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Tune) and self.key == other.key and self.scene.plan is other.scene.plan


@lru_cache(maxsize=512)
def _phrase(tune: _Tune) -> tuple[tuple[BarNote, ...], ...]:
    scene = tune.scene
    shapes = [(), *_shapes(_leading(scene))[:-1]] if tune.delayed else _shapes(scene)
    voice = scene.voice
    bars: list[tuple[BarNote, ...]] = []
    previous = voice.register
    for bar in range(PHRASE_BARS):
        here = Scene(situation=scene.situation, voice=voice, slot=scene.slot, plan=scene.plan, bar=bar, seed=scene.seed)
        notes, previous = _realise(here, shapes[bar], previous)
        bars.append(tuple(notes))
    return tuple(bars)


def _rhythm(scene: Scene, random: KeyedRandom) -> tuple[tuple[float, float], ...]:
    """One bar of places (start, gap): one of the voice's rhythms, or drawn beat by beat; denser with its density.

    `rate` 3 divides drawn beats in three.
    """
    voice, meter = scene.voice, scene.meter
    if voice.rhythms:
        return _written_rhythm(scene, random)
    places: list[float] = []
    for beat in range(meter):
        strong = beat in (0, (meter + 1) // 2)
        if random.chance(0.3 + 0.75 * voice.density + (0.3 if strong else 0.0)) or (beat == 0 and random.chance(0.8)):
            places.append(float(beat))
        if voice.rate == 3:
            if random.chance(voice.density * 0.9):
                places.append(beat + 2 / 3)
            if random.chance(max(0.0, voice.density - 0.55)):
                places.append(beat + 1 / 3)
        else:
            if voice.rate >= 2 and random.chance(voice.density * 0.75):
                places.append(beat + 0.5)
            if voice.rate >= 4 and random.chance(max(0.0, voice.density - 0.45)):
                places.append(beat + random.choice((0.25, 0.75)))
    return _with_gaps(sorted(set(places)), meter)


def _written_rhythm(scene: Scene, random: KeyedRandom) -> tuple[tuple[float, float], ...]:
    """One of the voice's rhythms folded onto the meter, without some weak notes if the voice is sparse."""
    voice, meter = scene.voice, scene.meter
    rhythm = random.choice(voice.rhythms)
    places = [
        beat + step / 4
        for beat, source in enumerate(folded_beats(meter, len(rhythm) // 4))
        for step, sign in enumerate(rhythm[source * 4 : source * 4 + 4])
        if sign != "." and (step * voice.rate % 4 == 0) and (step == 0 or random.chance(0.3 + 1.4 * voice.density))
    ]
    return _with_gaps(places, meter)


def _with_gaps(places: list[float], meter: int) -> tuple[tuple[float, float], ...]:
    places = places or [0.0]
    ends = [*places[1:], float(meter)]
    return tuple((start, end - start) for start, end in zip(places, ends, strict=True))


def _contour(count: int, random: KeyedRandom, leaps: float) -> list[int]:
    """Return heights of `count` notes: mostly steps, leaps turned back by a step, an arch over all."""
    heights = [random.choice((0, 0, 2, 4))]
    direction = 1
    leapt = False
    for index in range(1, count):
        if leapt:
            direction, size, leapt = -direction, 1, False
        elif random.chance(leaps):
            size, leapt = random.choice((2, 3, 4)), True
            direction = random.choice((1, -1))
        else:
            size = random.weighted(((1, 0.9), (0, 0.1)))
            direction = random.weighted(((direction, 0.7), (-direction, 0.3)))
        if index > count * 0.6 and heights[-1] > 3:
            direction = -1
        heights.append(max(-4, min(7, heights[-1] + direction * size)))
    return heights


def _motif(scene: Scene) -> tuple[Bar, Bar]:
    random = KeyedRandom(scene.motif_key(1))
    first = _rhythm(scene, random)
    second = first if random.chance(0.4) else _rhythm(scene, random)
    heights = _contour(len(first) + len(second), random, scene.voice.leaps)
    return (
        tuple(Place(start, gap, height) for (start, gap), height in zip(first, heights, strict=False)),
        tuple(Place(start, gap, height) for (start, gap), height in zip(second, heights[len(first) :], strict=True)),
    )


def _shapes(scene: Scene) -> list[Bar]:
    """Return eight bars of places: the motif under the phrase's plan, slightly varied when the phrase repeats one."""
    motif = _motif(scene)
    random = KeyedRandom(scene.motif_key(2))
    plan = random.choice(_PLANS)
    contrast = random.choice(_CONTRASTS)
    step = random.choice((1, -1, 2, -2))
    own = scene.phrase_random(3)
    bars: list[Bar] = []
    for treatment in plan:
        name = contrast if treatment == "contrast" else treatment
        unit = _treated(motif, name, step, scene.meter)
        if treatment in ("sequence", "state") and bars and own.chance(0.6):
            unit = (unit[0], _varied(unit[1], own))
        bars.extend(unit)
    return bars


def _treated(motif: tuple[Bar, Bar], name: str, step: int, meter: int) -> tuple[Bar, Bar]:
    first, second = motif
    if name == "sequence":
        return _moved(first, step), _moved(second, step)
    if name == "invert":
        return _inverted(first), _inverted(second)
    if name == "augment":
        stretched = [Place(p.start * 2, p.gap * 2, p.height + 1) for p in first]
        early = tuple(p for p in stretched if p.start < meter)
        late = tuple(p._replace(start=p.start - meter) for p in stretched if p.start >= meter)
        return early, late or _moved(second, 1)
    if name == "displace":
        return _displaced(first, meter), _displaced(second, meter)
    if name == "fragment":
        head = tuple(p for p in first if p.start < (meter + 1) // 2) or first[:1]
        return head + _echo(head, meter, step), _moved(head, 2 * step) + _echo(head, meter, 3 * step)
    if name == "close":
        return first, second[:1]
    return motif


def _moved(bar: Bar, step: int) -> Bar:
    return tuple(spot._replace(height=spot.height + step) for spot in bar)


def _inverted(bar: Bar) -> Bar:
    return tuple(spot._replace(height=2 - spot.height) for spot in bar)


def _echo(head: Bar, meter: int, step: int) -> Bar:
    """Return the head again in the bar's second half, a step away."""
    half = (meter + 1) // 2
    return tuple(
        spot._replace(start=spot.start + half, height=spot.height + step) for spot in head if spot.start + half < meter
    )


def _displaced(bar: Bar, meter: int) -> Bar:
    """Return the notes half a beat later; what would leave the bar is dropped."""
    return tuple(spot._replace(start=spot.start + 0.5) for spot in bar if spot.start + 0.5 < meter)


def _varied(bar: Bar, random: KeyedRandom) -> Bar:
    """Return one note of the bar moved by a step, or its last note split."""
    if len(bar) > 1 and random.chance(0.5):
        at = random.below(len(bar) - 1) + 1
        return bar[:at] + _moved(bar[at : at + 1], random.choice((1, -1))) + bar[at + 1 :]
    last = bar[-1]
    if last.gap < 1:
        return bar
    half = last.gap / 2
    return (*bar[:-1], last._replace(gap=half), Place(last.start + half, half, last.height - 1))


def _realise(scene: Scene, bar: Bar, previous: int) -> tuple[list[BarNote], int]:
    """Realise places as pitches over the bar's chords. Returns the notes and the last pitch, for the next bar to go on
    from.
    """
    if not bar:
        return [], previous
    random = scene.phrase_random(40 + scene.bar)
    notes: list[BarNote] = []
    ends = [spot.start for spot in bar[1:]] + [float(scene.meter)]
    closing = scene.bar == PHRASE_BARS - 1
    goals = _goals(scene, bar, ends)
    for goal, spot, end, pitch in zip(goals, bar, ends, _path(scene, goals, previous), strict=True):
        final = goal is goals[-1]
        gap = end - spot.start
        # The line breathes where two bars end, the more so at a phrase's end.
        sounding = gap - (_BREATH if final and scene.bar % 2 and gap >= 2 * _BREATH else 0.0)
        segment, following = goal.segment, scene.segment_at(spot.start + sounding - 0.01)
        changed = following is not segment and pitch % 12 not in following.chord.tones
        if changed or (closing and final and following is not segment):
            # The chord changes under the note: it moves to the new chord, the phrase's last one to rest.
            until = following.start - spot.start
            notes.extend(_sounded(scene, segment, spot.start, until, pitch, goal.firm, random))
            pitch = _resolved(following, pitch, closing=closing and final)
            notes.extend(_sounded(scene, following, following.start, sounding - until, pitch, True, random))
        else:
            notes.extend(_sounded(scene, segment, spot.start, sounding, pitch, goal.firm, random))
        previous = pitch
    return _smoothed(scene, notes), previous


class _Goal(NamedTuple):
    """What a place of the contour asks for.

    Attributes:
        pitches: Keys that may be played, the scale's about the wanted height.
        wanted: The height's own key.
        firm: Whether the note must belong to the chord.
        leaps: Whether the contour leaps here.
    """

    segment: Segment
    pitches: tuple[int, ...]
    wanted: int
    firm: bool
    leaps: bool


def _goals(scene: Scene, bar: Bar, ends: list[float]) -> list[_Goal]:
    goals = []
    height = bar[0].height
    for index, (spot, end) in enumerate(zip(bar, ends, strict=True)):
        segment = scene.segment_at(spot.start)
        chord = segment.chord
        final = index == len(bar) - 1
        firm = final or end - spot.start > _PASSING or spot.start in (0.0, (scene.meter + 1) // 2)
        step = _height_step(scene, segment, spot.height)
        pitches = tuple(step_pitch(chord, step + offset) for offset in range(-_REACH, _REACH + 1))
        if firm:
            tones = chord.tones[:2] if final and scene.bar == PHRASE_BARS - 1 else chord.tones
            pitches = tuple(pitch for pitch in pitches if pitch % 12 in tones) or (place(chord.root, pitches[_REACH]),)
        goals.append(_Goal(segment, pitches, step_pitch(chord, step), firm, abs(spot.height - height) >= 2))
        height = spot.height
    return goals


def _height_step(scene: Scene, segment: Segment, height: int) -> int:
    """Return the scale's step at a height of the contour, an octave nearer to the register where it would leave it."""
    chord = segment.chord
    centre = nearest_step(chord, scene.voice.register)
    anchor = centre - 1
    if scene.voice.pattern == "chordal":
        anchor = nearest_step(chord, place(chord.root, scene.voice.register))
    index = anchor + height
    octave = len(chord.steps)
    if index > centre + octave + 1:
        return index - octave
    return index + octave if index < centre - octave + 1 else index


def _path(scene: Scene, goals: list[_Goal], previous: int) -> list[int]:
    """Return the keys through all goals that cost least: near the contour, by steps, and back after a leap."""
    daring = 1.5 - 2.0 * scene.voice.leaps
    # By (key, direction of the leap that led there, whether it passes): the cost and the way so far.
    best: dict[tuple[int, int, bool], tuple[float, tuple[int, ...]]] = {(previous, 0, False): (0.0, ())}
    for goal in goals:
        reached: dict[tuple[int, int, bool], tuple[float, tuple[int, ...]]] = {}
        for (was, leapt, passed), (cost, way) in best.items():
            for pitch in goal.pitches:
                move = pitch - was
                wide = abs(move)
                passing = pitch % 12 not in goal.segment.chord.tones
                total = cost + _OFF_CONTOUR * abs(pitch - goal.wanted)
                if wide == 0:
                    total += _STANDS
                elif wide > 2:
                    total += (
                        daring * (_THIRD if wide <= 4 else _LEAP + 0.15 * (wide - 5)) * (0.6 if goal.leaps else 1.0)
                    )
                    total += _UNRESOLVED * (passing + passed)
                if leapt:
                    back = 0 < wide <= 2 and (move > 0) != (leapt > 0)
                    total += -_RECOVERED if back else _RECOVERED
                state = (pitch, 0 if wide < 5 else 1 if move > 0 else -1, passing)
                if state not in reached or (total, (*way, pitch)) < reached[state]:
                    reached[state] = (total, (*way, pitch))
        best = reached
    return list(min(best.values())[1])


def _resolved(segment: Segment, pitch: int, *, closing: bool) -> int:
    """Return where a held note goes when the chord changes: to the cadence, or to the nearest chord tone, downward
    first.
    """
    if closing:
        return _cadence(segment, pitch)
    return step_pitch(segment.chord, chord_step(segment.chord, nearest_step(segment.chord, pitch), -1))


def _cadence(segment: Segment, pitch: int) -> int:
    """Return the chord's root or, where nearer, its third: the phrase's last note."""
    tones = segment.chord.tones[:2]
    return min(range(pitch - 6, pitch + 7), key=lambda key: (key % 12 not in tones, abs(key - pitch), key))


def _sounded(
    scene: Scene, segment: Segment, start: float, gap: float, pitch: int, strong: bool, random: KeyedRandom
) -> list[BarNote]:
    """Return a note with its accent, perhaps graced by its upper neighbour."""
    voice = scene.voice
    accent = (1.06 if strong else 0.92) + random.spread(0.05)
    level = voice.level + (0.0 if strong or gap >= 1 else 0.15)
    length = max(0.1, gap * voice.hold) if gap <= 2 else gap * min(voice.hold, 0.92)
    if voice.ornaments and gap >= 0.5 and random.chance(voice.ornaments):
        upper = step_pitch(segment.chord, nearest_step(segment.chord, pitch) + 1)
        grace = min(_GRACE, gap / 4)
        return [
            BarNote(start, grace, upper, accent * 0.85, level + 0.1),
            BarNote(start + grace, length - grace, pitch, accent, level),
        ]
    return [BarNote(start, length, pitch, accent, level)]


def _smoothed(scene: Scene, notes: list[BarNote]) -> list[BarNote]:
    """Let weak notes foreign to the chord pass: no leap leads to them and a step leaves them within their beat.

    The others become chord tones.
    """
    result = list(notes)
    # From the end, since a note must step to what the next one has become.
    for index in range(len(notes) - 2, -1, -1):
        note = notes[index]
        chord = scene.segment_at(note.start).chord
        if note.pitch % 12 in chord.tones:
            continue
        leapt = index > 0 and abs(notes[index - 1].pitch - note.pitch) > 4
        target = next((later for later in result[index + 1 :] if later.beats > _GRACE), result[index + 1])
        if (leapt or abs(target.pitch - note.pitch) > 2) and note.beats >= 0.2:
            step = chord_step(chord, nearest_step(chord, note.pitch), 1)
            result[index] = note._replace(pitch=step_pitch(chord, step))
        else:
            result[index] = note._replace(beats=min(note.beats, _PASSING))
    return result


MELODIES: Final = {"melody": melody, "thirds": thirds, "octaves": octaves, "canon": canon}
