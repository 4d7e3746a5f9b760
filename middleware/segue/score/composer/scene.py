"""The input of a figure for one bar: the plan, the voice, the place in the form, and random draws of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from segue.score.composer.harmony import Phrase, Segment, bass_line, voicings
from segue.score.composer.keyed_random import KeyedRandom, mix, text_key
from segue.score.composer.vocabulary import Situation, Voice

# Which beat of a pattern each beat of a bar takes, by the pattern's beats and the bar's. Bars that hold a pattern a
# whole number of times repeat it.
_FOLDS: Final[dict[int, dict[int, tuple[int, ...]]]] = {
    2: {1: (0,), 3: (0, 1, 1), 5: (0, 1, 1, 0, 1), 7: (0, 1, 0, 1, 0, 1, 1), 9: (0, 1, 1) * 3},
    3: {1: (0,), 2: (0, 2), 4: (0, 1, 2, 2), 5: (0, 1, 2, 0, 2), 7: (0, 1, 2, 0, 2, 0, 2)},
    # 3 = down, middle, last; 5 = 3 + 2; 6 = twice 3; 7 = 4 + 3.
    4: {
        1: (0,),
        2: (0, 3),
        3: (0, 1, 3),
        5: (0, 1, 3, 2, 3),
        6: (0, 1, 3, 2, 1, 3),
        7: (0, 1, 2, 3, 0, 1, 3),
        9: (0, 1, 3, 2, 1, 3, 2, 1, 3),
    },
    6: {
        1: (0,),
        2: (0, 3),
        3: (0, 1, 2),
        4: (0, 2, 3, 5),
        5: (0, 1, 2, 3, 5),
        7: (0, 1, 2, 3, 4, 5, 5),
        9: (0, 1, 2, 3, 4, 5, 3, 4, 5),
    },
}


def folded_beats(meter: int, pattern: int = 4, bar: int = 0) -> tuple[int, ...]:
    """Return the beat of a pattern that each beat of a bar takes.

    Args:
        meter: Beats of the bar.
        pattern: Beats of the pattern: 2, 3, 4, 6, or 8 for two bars of four.
        bar: Which half a pattern of two bars is at: the first in even bars.
    """
    if pattern == 8:
        return tuple(beat + 4 * (bar % 2) for beat in folded_beats(meter))
    return _FOLDS[pattern].get(meter) or tuple(beat % pattern for beat in range(meter))


@dataclass(frozen=True, kw_only=True, eq=False)
class Scene:
    """One voice in one bar.

    Attributes:
        bar: Within the phrase, 0 to 7.
        slot: The voice's place in its situation.
    """

    situation: Situation
    voice: Voice
    slot: int
    plan: Phrase
    bar: int
    seed: int

    @property
    def meter(self) -> int:
        return self.plan.meter

    @property
    def segments(self) -> tuple[Segment, ...]:
        return self.plan.bars[self.bar]

    @property
    def last_of_half(self) -> bool:
        """Whether a phrase or half phrase ends with this bar."""
        return self.bar % 4 == 3

    def random(self, salt: int) -> KeyedRandom:
        """Return draws for this voice in this bar alone."""
        return KeyedRandom(self.seed, self.plan.key, self.bar, self.slot, text_key(self.situation.name), salt)

    def phrase_random(self, salt: int) -> KeyedRandom:
        """Return draws that this voice shares over the phrase."""
        return KeyedRandom(self.seed, self.plan.key, self.slot, text_key(self.situation.name), salt)

    def motif_key(self, salt: int) -> int:
        """Return a key that phrases with the same tune share."""
        return mix(self.seed, self.plan.motif_key, text_key(self.situation.name), self.slot, salt)

    def segment_at(self, beat: float) -> Segment:
        """Return the chord that sounds at a beat of the bar."""
        found = self.segments[0]
        for segment in self.segments:
            if segment.start <= beat:
                found = segment
        return found

    def next_segment(self, segment: Segment) -> Segment:
        """Return the chord after one; after the phrase's last, its first (the tune comes round)."""
        segments = self.plan.segments
        return segments[(segment.number + 1) % len(segments)]

    def voicing(self, segment: Segment, *, open_position: bool = False) -> tuple[int, ...]:
        """The voice's layout of a chord, led from the chord before."""
        keys = voicings(self.plan, self.voice.register, self.voice.tones, open_position)[segment.number]
        if not self.voice.rooted or len(keys) < 2:
            return keys
        return (keys[1] - 1 - (keys[1] - 1 - segment.chord.root) % 12, *keys[1:])

    def root(self, segment: Segment) -> int:
        """Return the chord's root about the voice's register."""
        return bass_line(self.plan, self.voice.register)[segment.number]
