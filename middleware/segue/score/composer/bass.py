"""Bass lines: written patterns over the roots, walking lines, pedals."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from segue.score.composer.harmony import Segment
from segue.score.composer.scene import Scene, folded_beats
from segue.score.composer.theory import nearest_step, step_pitch
from segue.score.composer.vocabulary import BarNote


def line(scene: Scene) -> list[BarNote]:
    """A written pattern, `rate` tokens a beat for four beats: r root, f fifth, o octave, t third, a approach, `.` rest.

    A token holds until the next one; an approach is the scale's step below or above the root to come.
    """
    voice, random = scene.voice, scene.random(11)
    tokens = voice.pattern.split()
    places: list[tuple[float, str]] = []
    for beat, source in enumerate(folded_beats(scene.meter)):
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
    """The step next to the coming root on the side where the line already is."""
    following = scene.next_segment(segment)
    target, here = scene.root(following), scene.root(segment)
    step = nearest_step(segment.chord, target)
    if target == here:
        return step_pitch(segment.chord, step - 1) if here > scene.voice.register else here + 7
    return step_pitch(segment.chord, step + (1 if here > target else -1))


def walk(scene: Scene) -> list[BarNote]:
    """Quarter notes from root to root: chord tones and steps, the last a neighbour of the root to come."""
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
    """The tonic under everything that bears it, else the root; struck once a chord."""
    notes = []
    for segment in scene.segments:
        tonic, root = segment.chord.tonic, scene.root(segment)
        rubs = any((tone - tonic) % 12 in (1, 11) for tone in segment.chord.tones)
        pitch = root if rubs else root + (tonic - root + 5) % 12 - 5
        notes.append(BarNote(segment.start, segment.beats * scene.voice.hold, pitch, 1.0, scene.voice.level))
    return notes


FIGURES: Final[dict[str, Callable[[Scene], list[BarNote]]]] = {"line": line, "walk": walk, "pedal": pedal}
