"""The harmonic plan: eight bars of chords with cadences, and chords laid out for voices that move little.

The plan is shared by every situation that sounds, so a blend of two is in one key and on one chord.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Final, NamedTuple

from segue.score.composer.keyed_random import KeyedRandom, text_key
from segue.score.composer.theory import Chord, chord, minor_third, place
from segue.score.composer.vocabulary import Situation

PHRASE_BARS: Final = 8
# Four phrases make a cycle; the second and the fourth vary the first, the third contrasts.
FORM: Final = "AABA"
_ROUGH: Final = 6


class Segment(NamedTuple):
    """One chord's stay.

    Attributes:
        bar: Within the phrase.
        start, beats: Within the bar.
        number: Counts segments of the phrase.
    """

    bar: int
    start: int
    beats: int
    chord: Chord
    number: int


@dataclass(frozen=True, kw_only=True, eq=False)
class Phrase:
    """Eight bars of harmony. Compared and hashed by identity: `phrase` hands out one object per set of arguments.

    Attributes:
        key: Hash of what the phrase depends on.
        number: Phrases since the plan began.
        letter: "A" or "B".
        motif_key: Equal for phrases that share their tune.
        bars: Segments of each bar.
        meter: Beats a bar.
    """

    key: int
    number: int
    letter: str
    motif_key: int
    bars: tuple[tuple[Segment, ...], ...]
    meter: int
    tonic: int
    mode: str

    @property
    def segments(self) -> tuple[Segment, ...]:
        return tuple(segment for bar in self.bars for segment in bar)


def _half_bar(meter: int) -> int:
    """Return the beat on which a bar's second half begins: 2 of 4, 2 of 3, 3 of 5 and 6, 4 of 7."""
    return (meter + 1) // 2


def _four_bars(tokens: list[str], random: KeyedRandom, situation: Situation) -> list[str]:
    """Return a progression as one token a bar; a colour may be added for variety. Each of four chords lasts `stretch`
    bars.
    """
    tokens = [token + "9" if token in "1346" and random.chance(0.2) else token for token in tokens]
    return tokens if len(tokens) == PHRASE_BARS else [tokens[index // situation.stretch] for index in range(4)]


@lru_cache(maxsize=512)
def phrase(situation: Situation, seed: int, number: int, meter: int, tonic: int, mode: str) -> Phrase:
    """Return the plan of phrase `number` under a situation.

    An antecedent of four bars ends on the half cadence, its consequent on the full one. The form AABA decides which
    progressions and which tune a phrase has; every cycle of four phrases chooses anew.
    """
    cycle, place_in_cycle = divmod(number, len(FORM))
    letter = FORM[place_in_cycle]
    motif_key = text_key(situation.name) ^ seed ^ (cycle << 8) ^ ord(letter)
    minor = minor_third(mode)
    rows = situation.minor if minor else situation.major
    if cycle == 0 and letter == "A":
        # Music that begins says first in which key it is.
        rows = tuple(row for row in rows if row.startswith("1")) or rows
    random = KeyedRandom(seed, text_key(situation.name), cycle, ord(letter), 1)
    first = random.below(len(rows))
    second = first if random.chance(0.5) else random.below(len(rows))
    own = KeyedRandom(seed, text_key(situation.name), number, 2)
    bars = _four_bars(rows[first].split(), own, situation)
    if len(bars) < PHRASE_BARS:
        answer = rows[second].split()[-4:]
        turned = situation.stretch > 1 and second == first
        bars += _four_bars(answer[2:] + answer[:2] if turned else answer, own, situation)
        cadences = KeyedRandom(seed, text_key(situation.name), number, 4)
        bars[3] = cadences.choice(situation.half[0 if minor else 1].split())
        bars[7] = cadences.choice(situation.full[0 if minor else 1].split())
    segments: list[tuple[Segment, ...]] = []
    count = 0
    for bar, token in enumerate(bars):
        names = token.split("/")
        middle = _half_bar(meter)
        spans = [(0, meter)] if len(names) == 1 else [(0, middle), (middle, meter - middle)]
        row = tuple(
            Segment(bar, start, beats, chord(name, tonic, mode), count + index)
            for index, ((start, beats), name) in enumerate(zip(spans, names, strict=True))
        )
        count += len(row)
        segments.append(row)
    return Phrase(
        key=own.below(1 << 62) ^ (meter << 4) ^ tonic,
        number=number,
        letter=letter,
        motif_key=motif_key,
        bars=tuple(segments),
        meter=meter,
        tonic=tonic,
        mode=mode,
    )


@lru_cache(maxsize=2048)
def bass_line(plan: Phrase, register: int) -> tuple[int, ...]:
    """Return the root of every segment as a MIDI key, each near the one before and within a sixth of `register`."""
    line: list[int] = []
    near = register
    for segment in plan.segments:
        pitch = place(segment.chord.root, (near + register) // 2)
        line.append(pitch)
        near = pitch
    return tuple(line)


@lru_cache(maxsize=4096)
def voicings(plan: Phrase, register: int, tones: int, open_position: bool = False) -> tuple[tuple[int, ...], ...]:
    """Return every segment's chord as `tones` rising MIDI keys about `register`, moving as little as may be.

    Parallel octaves and fifths between the top voice and the roots cost as much as a step of every voice.
    """
    result: list[tuple[int, ...]] = []
    previous: tuple[int, ...] = ()
    previous_root = -1
    for segment in plan.segments:
        best: tuple[float, tuple[int, ...]] | None = None
        for candidate in _layouts(segment.chord, register, tones, open_position):
            cost = abs(sum(candidate) / tones - register) * 0.3
            # Neighbours a semitone apart are for the ear one rough tone.
            cost += _ROUGH * sum(high - low == 1 for low, high in pairwise(candidate))
            if previous:
                cost += sum(abs(new - old) for new, old in zip(candidate, previous, strict=True))
                cost += _parallel_cost(candidate[-1], previous[-1], segment.chord.root, previous_root) * tones
            if best is None or (cost, candidate) < best:
                best = (cost, candidate)
        assert best is not None
        previous, previous_root = best[1], segment.chord.root
        result.append(previous)
    return tuple(result)


def _layouts(chord: Chord, register: int, tones: int, open_position: bool) -> list[tuple[int, ...]]:
    """Close (or drop-two open) layouts starting on each chord tone within an octave about the register."""
    span = 12 * tones // max(2, len(chord.tones)) // 2
    layouts = []
    for lowest in range(register - span - 6, register - span + 7):
        if lowest % 12 not in chord.tones:
            continue
        keys = [lowest]
        while len(keys) < tones:
            following = keys[-1] + 1
            while following % 12 not in chord.tones:
                following += 1
            keys.append(following)
        if open_position and tones >= 3:
            keys[-2] -= 12
            keys.sort()
        layouts.append(tuple(keys))
    return layouts


def _parallel_cost(top: int, previous_top: int, root: int, previous_root: int) -> int:
    if top == previous_top or root == previous_root:
        return 0
    before, after = (previous_top - previous_root) % 12, (top - root) % 12
    return 2 if before == after and after in (0, 7) else 0
