"""The input of a figure for one bar: the plan, the voice, the place in the form, and random draws of its own."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from segue.score.composer.harmony import Phrase, Segment, bass_line, pedal_tones, voicings
from segue.score.composer.keyed_random import KeyedRandom, mix, text_key
from segue.score.composer.motif import Theme
from segue.score.composer.progressions import HALF_BARS
from segue.score.composer.vocabulary import Arrangement, Voice

# The figure of a bass whose pedal moves.
MOVING_PEDAL: Final = "moving pedal"
# Which beat of a pattern each beat of a bar takes, by the pattern's beats and the bar's. Bars that hold a pattern a
# whole number of times repeat it.
_FOLDS: Final[dict[int, dict[int, tuple[int, ...]]]] = {
    2: {1: (0,), 3: (0, 1, 1), 5: (0, 1, 1, 0, 1), 7: (0, 1, 0, 1, 0, 1, 1), 9: (0, 1, 1) * 3},
    3: {1: (0,), 2: (0, 2), 4: (0, 1, 2, 2), 5: (0, 1, 2, 0, 2), 7: (0, 1, 2, 0, 2, 0, 2)},
    # 3 = down, middle, last; 5 = 3 + 2; 6 = twice 3; 7 = 4 + 3; 11 = three times 3 and 2.
    4: {
        1: (0,),
        2: (0, 3),
        3: (0, 1, 3),
        5: (0, 1, 3, 2, 3),
        6: (0, 1, 3, 2, 1, 3),
        7: (0, 1, 2, 3, 0, 1, 3),
        9: (0, 1, 3, 2, 1, 3, 2, 1, 3),
        11: (0, 1, 3, 2, 1, 3, 2, 1, 3, 2, 3),
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
        bar: Within the phrase.
        slot: The voice's place in its arrangement.
        theme: What the tune quotes and develops.
    """

    arrangement: Arrangement
    voice: Voice
    slot: int
    plan: Phrase
    bar: int
    seed: int
    theme: Theme | None = None

    @property
    def meter(self) -> int:
        return self.plan.meter

    @property
    def segments(self) -> tuple[Segment, ...]:
        return self.plan.bars[self.bar]

    def at(self, bar: int) -> Scene:
        """Return the same voice in another bar of the phrase."""
        return replace(self, bar=bar)

    def of(self, slot: int) -> Scene:
        """Return another voice of the arrangement in this bar."""
        return replace(self, slot=slot, voice=self.arrangement.voices[slot])

    @property
    def last_of_half(self) -> bool:
        """Whether a phrase or half phrase ends with this bar."""
        return self.bar + 1 in (self.plan.half, self.plan.length)

    def random(self, salt: int) -> KeyedRandom:
        """Return draws for this voice in this bar alone."""
        return KeyedRandom(self.seed, self.plan.key, self.bar, self.slot, text_key(self.arrangement.name), salt)

    def phrase_random(self, salt: int) -> KeyedRandom:
        """Return draws that this voice shares over the phrase."""
        return KeyedRandom(self.seed, self.plan.key, self.slot, text_key(self.arrangement.name), salt)

    def half_random(self, salt: int) -> KeyedRandom:
        """Return draws that this voice shares over half a phrase."""
        half = self.bar // HALF_BARS
        return KeyedRandom(self.seed, self.plan.key, half, self.slot, text_key(self.arrangement.name), salt)

    def motif_key(self, salt: int) -> int:
        """Return a key that phrases with the same tune share."""
        return mix(self.seed, self.plan.motif_key, text_key(self.arrangement.name), self.slot, salt)

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

    def pedal(self, segment: Segment) -> int:
        """Return the key of the pedal about the register, or the root if the chord rubs with it.

        It is the tonic, or what the phrase has for the bass where that is one that moves.
        """
        root = self.root(segment)
        moves = any(voice.figure == MOVING_PEDAL for voice in self.arrangement.voices)
        held = pedal_tones(self.plan)[self.bar] if moves else segment.chord.tonic
        rubs = any((tone - held) % 12 in (1, 11) for tone in segment.chord.tones)
        return root if rubs else root + (held - root + 5) % 12 - 5

    def root(self, segment: Segment) -> int:
        """Return the chord's root about the voice's register; for a bass voice, what the plan has it play."""
        return bass_line(self.plan, self.voice.register, self.voice.role == "bass")[segment.number]
