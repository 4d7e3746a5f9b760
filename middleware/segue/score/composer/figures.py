"""Figures: what the voices of harmony, texture and bass play over the plan, one bar at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from segue.score.composer.harmony import Segment
from segue.score.composer.meters import folded_beats
from segue.score.composer.scales import SCALES
from segue.score.composer.scene import MOVING_PEDAL, Scene
from segue.score.composer.theory import degree_above, nearest_step, step_pitch
from segue.score.composer.vocabulary import BarNote

Figure = Callable[[Scene], list[BarNote]]

_ACCENT: Final = {"o": 0.72, "x": 0.9, "!": 1.12}


def _strokes(scene: Scene) -> list[tuple[float, float, float]]:
    """Return the voice's rhythm, four signs a beat, folded onto the meter: (beat, beats until the next stroke, accent).

    Of several rhythms, with spaces between, a bar takes one.
    """
    rhythms = scene.voice.pattern.split()
    rhythm = rhythms[0] if len(rhythms) == 1 else scene.random(13).choice(rhythms)
    places = []
    for beat, source in enumerate(folded_beats(scene.meter, len(rhythm) // 4, scene.bar, scene.plan.groups)):
        for step, sign in enumerate(rhythm[source * 4 : source * 4 + 4]):
            if sign != ".":
                places.append((beat + step / 4, _ACCENT[sign]))
    ends = [*(start for start, _ in places[1:]), float(scene.meter)]
    return [(start, end - start, accent) for (start, accent), end in zip(places, ends, strict=False)]


def _thinned(scene: Scene, step: int, rate: int) -> float:
    """Return the level of a running figure's note: the beat sounds first, then halves, then the rest."""
    position = step % rate
    if position == 0:
        return scene.voice.level
    return scene.voice.level + (0.1 if position * 2 == rate else 0.22 if rate > 2 else 0.12)


def pad(scene: Scene) -> list[BarNote]:
    """Return held chords, one a segment; pattern "half" often strikes long ones again halfway, "open" spreads them."""
    notes = []
    voice = scene.voice
    # Half phrases differ in whether long chords are struck again.
    struck = "half" in voice.pattern and scene.half_random(15).chance(0.65)
    for segment in scene.segments:
        keys = scene.voicing(segment, open_position="open" in voice.pattern)
        pieces = [(segment.start, segment.beats)]
        if struck and segment.beats >= 3:
            middle = (segment.beats + 1) // 2
            pieces = [(segment.start, middle), (segment.start + middle, segment.beats - middle)]
        for piece, (start, beats) in enumerate(pieces):
            for tone, key in enumerate(keys):
                level = voice.level + (0.12 if tone == 1 and len(keys) > 2 else 0.0)
                at = start + tone * voice.strum
                notes.append(BarNote(at, beats * voice.hold - tone * voice.strum, key, 1.0 - 0.1 * piece, level))
    return _suspended(scene, notes)


def _suspended(scene: Scene, notes: list[BarNote]) -> list[BarNote]:
    """Let the third arrive a beat late now and then, from the fourth above it: a suspension and its resolution."""
    segment = scene.segments[0]
    tones = segment.chord.tones
    if segment.beats < 3 or len(tones) < 3 or not scene.random(31).chance(scene.arrangement.colours.suspension):
        return notes
    third = tones[1]
    result = []
    for note in notes:
        fourth = step_pitch(segment.chord, nearest_step(segment.chord, note.pitch) + 1)
        if note.start == segment.start and note.pitch % 12 == third and (fourth - segment.chord.root) % 12 == 5:
            result.append(note._replace(beats=0.95, pitch=fourth))
            result.append(note._replace(start=note.start + 1, beats=note.beats - 1, velocity=note.velocity * 0.9))
        else:
            result.append(note)
    return result


def stabs(scene: Scene) -> list[BarNote]:
    """Return struck chords in the voice's rhythm; `strum` spreads each over time."""
    notes = []
    for start, gap, accent in _strokes(scene):
        keys = scene.voicing(scene.segment_at(start))
        length = max(0.1, gap * scene.voice.hold)
        level = scene.voice.level + (0.15 if accent < 0.8 else 0.0)
        if scene.voice.strum and start % 1 >= 0.5:
            keys = tuple(reversed(keys))
        for tone, key in enumerate(keys):
            notes.append(BarNote(start + tone * scene.voice.strum, length, key, accent, level))
    return notes


def _up_and_down(step: int, size: int) -> int:
    return (size - 1) - abs(step % (2 * size - 2) - (size - 1)) if size > 1 else 0


_SHAPES: Final[dict[str, Callable[[int, int], int]]] = {
    "up": lambda step, size: step % size,
    "down": lambda step, size: size - 1 - step % size,
    "updown": _up_and_down,
    "alberti": lambda step, size: (0, size - 1, 1, size - 1)[step % 4],
    "broken": lambda step, size: (0, 2, 1, size - 1, 2, 1)[step % 6] % size,
    # Rises and falls as "updown" does, and swells with its height.
    "wave": _up_and_down,
    # A banjo's forward roll.
    "roll": lambda step, size: (1, 2, 3, 0, 2, 3, 0, 3)[step % 8] % size,
}

# Accents of a wave's lowest and highest notes.
_TROUGH, _CREST = 0.7, 1.12

# The shapes that take each other's places, and how often one does for half a phrase.
_TURNS: Final = ("up", "down", "updown", "broken")
_TURNED: Final = 0.5


def arpeggio(scene: Scene) -> list[BarNote]:
    """Return a broken chord at `rate` notes a beat in the voice's shape; some bars take another shape."""
    voice, random = scene.voice, scene.random(3)
    own, half = voice.pattern or "updown", scene.half_random(14)
    # Each half phrase has a shape, its own one mostly.
    turn = half.choice(_TURNS) if own in _TURNS and half.chance(_TURNED) else own
    shape = _SHAPES[turn]
    if scene.last_of_half or random.chance(0.25):
        shape = _SHAPES["updown" if turn != "updown" else "broken"]
    notes = []
    for segment in scene.segments:
        keys = scene.voicing(segment)
        if own == "wave":
            # The crest is in the middle of the chord, however long that is.
            keys = keys[: max(1, segment.beats * voice.rate // 2 + 1)]
        for step in range(segment.beats * voice.rate):
            start = segment.start + step / voice.rate
            if step % voice.rate and not random.chance(0.5 + voice.density):
                continue
            place = shape(step, len(keys))
            accent = 1.05 if step == 0 else 0.92 if step % voice.rate == 0 else 0.8
            if own == "wave":
                accent = _TROUGH + (_CREST - _TROUGH) * place / max(1, len(keys) - 1)
            level = _thinned(scene, step, voice.rate)
            notes.append(BarNote(start, voice.hold / voice.rate, keys[place], accent, level))
    return notes


def ostinato(scene: Scene) -> list[BarNote]:
    """Return a short figure again and again, moved to each chord: `pattern` lists diatonic steps above the root, `.`
    rests.

    One place in most bars is varied, so that the engine runs without the same bar returning for long.
    """
    voice, random = scene.voice, scene.random(4)
    figure = voice.pattern.split()
    notes = []
    varied = random.below(scene.meter * voice.rate) if random.chance(0.7) else -1
    for step in range(scene.meter * voice.rate):
        token = figure[(scene.bar % 2 * scene.meter * voice.rate + step) % len(figure)]
        if token == ".":
            continue
        start = step / voice.rate
        segment = scene.segment_at(start)
        offset = int(token) + (random.choice((2, 4, 7)) if step == varied and step % voice.rate else 0)
        accent = 1.1 if step == 0 else 0.98 if step % voice.rate == 0 else 0.82
        pitch = degree_above(segment.chord, scene.root(segment), offset)
        notes.append(BarNote(start, voice.hold / voice.rate, pitch, accent, _thinned(scene, step, voice.rate)))
    return notes


def drone(scene: Scene) -> list[BarNote]:
    """Return the pedal (and its fifth, with two tones) held; where a chord would rub against it, the chord's root."""
    notes = []
    for segment in scene.segments:
        low = scene.pedal(segment)
        fifth_fits = (low + 7) % 12 in segment.chord.tones
        keys = [low, low + (7 if fifth_fits else 12), low + 12][: scene.voice.tones]
        for tone, key in enumerate(keys):
            level = scene.voice.level + 0.2 * tone
            notes.append(BarNote(segment.start, segment.beats * scene.voice.hold, key, 1 - 0.08 * tone, level))
    return notes


def sparkle(scene: Scene) -> list[BarNote]:
    """Return scattered chord tones, high and few; every bar falls otherwise."""
    voice, random = scene.voice, scene.random(5)
    notes = []
    last = -1
    for step in range(scene.meter * voice.rate):
        if not random.chance(voice.density * (1.2 if step % voice.rate == 0 else 0.8)):
            continue
        start = step / voice.rate
        keys = scene.voicing(scene.segment_at(start))
        key = random.choice(keys)
        if key == last:
            key = keys[(keys.index(key) + 1) % len(keys)]
        last = key
        level = voice.level + random.uniform() * 0.4
        notes.append(BarNote(start, voice.hold, key, 0.75 + 0.3 * random.uniform(), level))
    return notes


def toll(scene: Scene) -> list[BarNote]:
    """Return a bell on the first beat: `pattern` has a sign for each of four bars; `!` the root, `x` the fifth."""
    sign = scene.voice.pattern[scene.bar % len(scene.voice.pattern)]
    if sign == ".":
        return []
    segment = scene.segments[0]
    pitch = scene.root(segment)
    if sign == "x":
        pitch += (segment.chord.tones[-1] - pitch) % 12
    return [BarNote(0.0, segment.beats * scene.voice.hold, pitch, 1.0, scene.voice.level)]


def run(scene: Scene) -> list[BarNote]:
    """Return a scale into the next phrase half, in its last bar's last beats; `pattern` "up" or "down"."""
    voice = scene.voice
    if not scene.last_of_half and not scene.random(6).chance(voice.density * 0.3):
        return []
    beats = 2 if scene.bar == scene.plan.length - 1 and scene.meter > 3 else 1
    count = beats * voice.rate
    first = scene.meter - beats
    segment = scene.segment_at(first)
    base = nearest_step(segment.chord, voice.register)
    direction = -1 if voice.pattern == "down" else 1
    return [
        BarNote(
            first + step / voice.rate,
            voice.hold / voice.rate,
            step_pitch(segment.chord, base + direction * (step - count // 2)),
            0.7 + 0.35 * step / count,
            voice.level,
        )
        for step in range(count)
    ]


def swell(scene: Scene) -> list[BarNote]:
    """Return repeated chords growing louder toward the bar's end."""
    voice = scene.voice
    count = scene.meter * voice.rate
    notes = []
    for step in range(count):
        keys = scene.voicing(scene.segment_at(step / voice.rate))
        for key in keys:
            level = _thinned(scene, step, voice.rate)
            notes.append(BarNote(step / voice.rate, voice.hold / voice.rate, key, 0.6 + 0.5 * step / count, level))
    return notes


def cluster(scene: Scene) -> list[BarNote]:
    """Return tones a semitone apart, high, each after the last: none lies a semitone from root, tonic or pedal."""
    voice, random = scene.voice, scene.random(7)
    notes = []
    for segment in scene.segments:
        if not random.chance(voice.density):
            continue
        near = list(range(voice.register - 6, voice.register + 7))
        if SCALES[scene.plan.mode].strict:
            near = [key for key in near if (key - segment.chord.tonic) % 12 in segment.chord.steps]
        low = (segment.chord.root, segment.chord.tonic, scene.pedal(segment))
        allowed = [key for key in near if not {(key - tone) % 12 for tone in low} & {1, 11}]
        first = random.below(max(1, len(allowed) - voice.tones))
        start = segment.start + random.choice((0.0, 0.5, 1.0))
        beats = max(0.5, (segment.start + segment.beats - start) * voice.hold)
        for tone, key in enumerate(allowed[first : first + voice.tones]):
            notes.append(
                BarNote(start + 0.12 * tone, beats, key, 0.8 + 0.2 * random.uniform(), voice.level + 0.1 * tone)
            )
    return notes


def chug(scene: Scene) -> list[BarNote]:
    """Return muted low roots (`x`, `o`) and ringing power chords (`!`) in the voice's rhythm, one a phrase half."""
    voice = scene.voice
    notes = []
    for start, gap, accent in _strokes(scene):
        segment = scene.segment_at(start)
        root = scene.root(segment)
        ringing = accent > 1
        length = gap * voice.hold if ringing else min(gap, 0.25) * 0.7
        level = voice.level + (0.0 if start % 0.5 == 0 else 0.12)
        fifth = root + 7 if (root + 7) % 12 in segment.chord.tones else root + 12
        for key in sorted({root, fifth, root + 12})[: voice.tones if ringing else 2]:
            notes.append(BarNote(start, length, key, accent, level))
    return notes


def stride(scene: Scene) -> list[BarNote]:
    """Return the left hand of a stride piano: low roots and fifths in turn, and chords between them."""
    voice = scene.voice
    notes = []
    beats = folded_beats(scene.meter, groups=scene.plan.groups)
    low_beats = [beat for beat, source in enumerate(beats) if source in (0, 2)]
    for beat in range(scene.meter):
        segment = scene.segment_at(beat)
        level = voice.level + (0.0 if beat in low_beats else 0.05)
        if beat not in low_beats:
            notes += [BarNote(beat, voice.hold * 0.6, key, 0.82, level) for key in scene.voicing(segment)]
            continue
        root = scene.root(segment) - 12
        fifth = root + (segment.chord.tones[min(2, len(segment.chord.tones) - 1)] - root) % 12
        low = root if beat == segment.start else fifth - 12 if fifth - root > 5 else fifth
        notes += [BarNote(beat, voice.hold * 0.8, key, 1.0, level) for key in (low, low + 12)]
    return notes


def tremolo(scene: Scene) -> list[BarNote]:
    """Return the top of each chord struck again and again, `rate` times a beat, two tones in turn if it has `tones` of
    2.
    """
    voice = scene.voice
    notes = []
    for segment in scene.segments:
        keys = scene.voicing(segment)[::-1][: max(1, min(2, voice.tones - 1))]
        for step in range(segment.beats * voice.rate):
            start = segment.start + step / voice.rate
            accent = (1.0 if step % voice.rate == 0 else 0.8) * (0.85 + 0.15 * step / (segment.beats * voice.rate))
            notes.append(BarNote(start, 0.9 / voice.rate, keys[step % len(keys)], accent, voice.level))
    return notes


def line(scene: Scene) -> list[BarNote]:
    """Return a written pattern, `rate` tokens a beat: r root, f fifth, o octave, t third, a approach, `.` rest.

    A token holds until the next one; an approach is the scale's step below or above the root to come.
    """
    voice, random = scene.voice, scene.random(11)
    tokens = voice.pattern.split()
    places: list[tuple[float, str]] = []
    folded = folded_beats(scene.meter, len(tokens) // voice.rate, scene.bar, scene.plan.groups)
    for beat, source in enumerate(folded):
        for step in range(voice.rate):
            token = tokens[source * voice.rate + step]
            if token != ".":
                places.append((beat + step / voice.rate, token))
    for segment in scene.segments[1:]:
        if all(start != segment.start for start, _ in places):
            places.append((float(segment.start), "r"))
    places.sort()
    ends = [start for start, _ in places[1:]] + [float(scene.meter)]
    notes = []
    for (start, token), end in zip(places, ends, strict=True):
        if token == "r" and start % 1 and random.chance(0.08):
            token = random.choice("fo")
        pitch = _token_pitch(scene, start, end, token)
        accent = 1.08 if start == 0 else 0.95 if start % 1 == 0 else 0.85
        level = voice.level + (0.0 if start % 1 == 0 else 0.1 if start % 0.5 == 0 else 0.2)
        if voice.rate == 1 or start == 0:
            level = voice.level
        notes.append(BarNote(start, max(0.12, (end - start) * voice.hold), pitch, accent, level))
    return notes


def _token_pitch(scene: Scene, start: float, end: float, token: str) -> int:
    segment = scene.segment_at(start)
    root = scene.root(segment)
    tones = segment.chord.tones
    if token == "o":
        return root + 12
    if token == "f":
        fifth = root + (tones[2 if len(tones) > 2 else 1] - root) % 12
        return fifth if fifth - root <= 7 and root + 7 <= scene.voice.register + 9 else fifth - 12
    if token == "t":
        return root + (tones[1] - root) % 12
    if token == "a" and end >= segment.start + segment.beats:
        return _approach(scene, segment)
    return root


def _approach(scene: Scene, segment: Segment) -> int:
    """Return the step next to the coming root on the side where the line already is."""
    following = scene.next_segment(segment)
    target, here = scene.root(following), scene.root(segment)
    step = nearest_step(segment.chord, target)
    if target == here:
        fifth = here + (segment.chord.tones[min(2, len(segment.chord.tones) - 1)] - here) % 12
        return step_pitch(segment.chord, step - 1) if here > scene.voice.register else fifth
    return step_pitch(segment.chord, step + (1 if here > target else -1))


def walk(scene: Scene) -> list[BarNote]:
    """Return quarter notes from root to root: chord tones and steps, the last a neighbour of the root to come."""
    voice, random = scene.voice, scene.random(12)
    notes = []
    for segment in scene.segments:
        root = scene.root(segment)
        tones = segment.chord.tones
        third = root + (tones[1] - root) % 12
        fifth = root + (tones[2 if len(tones) > 2 else 1] - root) % 12
        middle = random.choice(((third, fifth), (fifth, third), (fifth, root + 12), (third, fifth)))
        for beat in range(segment.beats):
            if beat == 0:
                pitch = root
            elif beat == segment.beats - 1:
                pitch = _approach(scene, segment)
            else:
                pitch = middle[(beat - 1) % 2]
            level = voice.level + (0.0 if beat % 2 == 0 else 0.1)
            notes.append(BarNote(segment.start + beat, voice.hold, pitch, 1.0 if beat == 0 else 0.88, level))
    return notes


def pedal(scene: Scene) -> list[BarNote]:
    """Return the pedal under everything that bears it, else the root; struck once a chord."""
    return [
        BarNote(segment.start, segment.beats * scene.voice.hold, scene.pedal(segment), 1.0, scene.voice.level)
        for segment in scene.segments
    ]


FIGURES: Final[dict[str, Figure]] = {
    "pad": pad,
    "stabs": stabs,
    "arpeggio": arpeggio,
    "ostinato": ostinato,
    "drone": drone,
    "sparkle": sparkle,
    "toll": toll,
    "run": run,
    "swell": swell,
    "cluster": cluster,
    "chug": chug,
    "stride": stride,
    "tremolo": tremolo,
    "line": line,
    "walk": walk,
    "pedal": pedal,
    MOVING_PEDAL: pedal,
}
