"""The input of a figure for one bar: the plan, the voice, the place in the form, and random draws of its own."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from segue.score.composer.harmony import Phrase, Segment, bass_line, pedal_tones, voicings
from segue.score.composer.keyed_random import KeyedRandom, mix, text_key
from segue.score.composer.meters import bar_groups
from segue.score.composer.motif import Theme
from segue.score.composer.progressions import HALF_BARS
from segue.score.composer.vocabulary import Arrangement, Voice

# The figure of a bass whose pedal moves.
MOVING_PEDAL: Final = "moving pedal"


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
    def groups(self) -> tuple[int, ...]:
        """The groups of two or three beats in the bar."""
        return bar_groups(self.plan.meter, self.plan.groups)

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
        return KeyedRandom(self.seed, self.plan.key, self.bar, self.slot, text_key(self.arrangement.notes_key), salt)

    def phrase_random(self, salt: int) -> KeyedRandom:
        """Return draws that this voice shares over the phrase."""
        return KeyedRandom(self.seed, self.plan.key, self.slot, text_key(self.arrangement.notes_key), salt)

    def half_random(self, salt: int) -> KeyedRandom:
        """Return draws that this voice shares over half a phrase."""
        half = self.bar // HALF_BARS
        return KeyedRandom(self.seed, self.plan.key, half, self.slot, text_key(self.arrangement.notes_key), salt)

    def motif_key(self, salt: int) -> int:
        """Return a key that phrases with the same tune share."""
        return mix(self.seed, self.plan.motif_key, text_key(self.arrangement.notes_key), self.slot, salt)

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
