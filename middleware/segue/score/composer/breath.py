"""Breath: what players of brass and woodwinds leave out, so that people could play what the composer writes.

A breath is taken every few bars. Repeated chords and running figures rest for parts of a group of four bars, as such
parts are written. What lies in a rest is left out, and what sounds into it ends there.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from segue.score.composer.keyed_random import KeyedRandom
from segue.score.composer.progressions import HALF_BARS
from segue.score.composer.scene import Scene
from segue.score.composer.vocabulary import BarNote

BLOWN: Final = frozenset(range(56, 80))
"""The programmes of brass, reeds and pipes."""

# The longest that a player goes on without a breath, and how long one takes, in seconds.
LONGEST_S: Final = 6.0
BREATH_S: Final = 0.3
# Figures that run on, and how many strokes a second of them are tiring.
_RUNNING: Final = frozenset(("stabs", "ostinato", "arpeggio", "swell", "tremolo", "chug"))
_TIRING: Final = 1.6
# How much of each of four bars a tiring figure fills.
_FILLED: Final = ((1.0, 0.5, 1.0, 0.25), (1.0, 1.0, 0.5, 0.25), (0.5, 1.0, 0.5, 0.5), (1.0, 0.5, 0.75, 0.25))
_SHORTEST: Final = 0.1


def breathed(notes: list[BarNote], scene: Scene, program: int, beat_s: float) -> list[BarNote]:
    """Return a voice's notes in a bar, with rests where a wind player breathes; other voices keep their notes.

    Args:
        program: The instrument that plays them, General MIDI 0-127.
        beat_s: How long a beat lasts, in seconds.
    """
    if program not in BLOWN or not notes:
        return notes
    rests = _rests(scene, program, beat_s, strokes=len({round(note.start, 2) for note in notes}))
    return [kept for note in notes if (kept := _outside(note, rests)) is not None]


def _rests(scene: Scene, program: int, beat_s: float, strokes: int) -> list[tuple[float, float]]:
    """Return the rests of the bar: (begin, end) in beats."""
    meter, bar_s = scene.meter, scene.meter * beat_s
    breath = BREATH_S / beat_s
    rests = []
    if bar_s > LONGEST_S:
        # A slow bar has room for several breaths, each before a beat.
        group = max(1, int(LONGEST_S / beat_s))
        rests += [(end - breath, float(end)) for end in range(group, meter, group)]
    if (scene.bar + 1) % max(1, int(LONGEST_S / bar_s)) == 0 or scene.last_of_half:
        rests.append((meter - breath, float(meter)))
    if scene.voice.figure in _RUNNING and strokes / bar_s > _TIRING:
        # The players of one instrument rest together.
        random = KeyedRandom(scene.seed, scene.plan.key, scene.bar // HALF_BARS, program, 16)
        filled = random.choice(_FILLED)[scene.bar % HALF_BARS]
        if filled < 1:
            rests.append((filled * meter, float(meter)))
    return rests


def _outside(note: BarNote, rests: Iterable[tuple[float, float]]) -> BarNote | None:
    """Return a note that ends where a rest begins; None if it begins within one."""
    for begin, end in rests:
        if begin - 0.01 <= note.start < end:
            return None
        if note.start < begin < note.start + note.beats:
            note = note._replace(beats=max(_SHORTEST, begin - note.start))
    return note
