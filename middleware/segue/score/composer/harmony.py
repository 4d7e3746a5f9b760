"""The harmonic plan: phrases of chords with cadences, and chords laid out for voices that move little.

The plan is shared by every arrangement that sounds, so a blend of two is in one key and on one chord.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Final, NamedTuple

from segue.score.composer.keyed_random import KeyedRandom, text_key
from segue.score.composer.meters import group_starts
from segue.score.composer.progressions import FORM, HALF_BARS, PHRASE_BARS, VISIT_PHRASES, phrase_tokens
from segue.score.composer.theory import Chord, chord, place
from segue.score.composer.vocabulary import Arrangement

# A pedal is held in so many bars, where the chords bear it.
_PEDAL_BARS: Final = 4
# How a pedal moves: phrases of so many roots let it, to tones of such a share of the chords; how often a phrase of the
# first letter begins on the tonic.
_MOVING_ROOTS, _LEAST_SHARE, _TONIC_FIRST = 3, 0.5, 0.7
_SEMITONE: Final = (1, 11)
_ROUGH: Final = 6


class Segment(NamedTuple):
    """One chord's stay.

    Attributes:
        bar: Within the phrase.
        start, beats: Within the bar.
        number: Counts segments of the phrase.
        bass: Pitch class of the bass: the root, the third in an inversion, or a pedal.
    """

    bar: int
    start: int
    beats: int
    chord: Chord
    number: int
    bass: int


class PhrasePlace(NamedTuple):
    """A bar's place: its phrase's number, the bar within the phrase, and the phrase's bars."""

    number: int
    bar: int
    length: int


@dataclass(frozen=True, kw_only=True, eq=False)
class Phrase:
    """Some bars of harmony. Compared and hashed by identity: `phrase` hands out one object per set of arguments.

    Attributes:
        key: Hash of what the phrase depends on.
        number: Phrases since the plan began, and VISIT_PHRASES for each visit.
        letter: "A" or "B".
        motif_key: Equal for phrases that share their tune.
        bars: Segments of each bar.
        meter: Beats a bar.
        groups: The beats of each group of a bar, if the rules say them.
    """

    key: int
    number: int
    letter: str
    motif_key: int
    bars: tuple[tuple[Segment, ...], ...]
    meter: int
    tonic: int
    mode: str
    groups: tuple[int, ...] = ()

    @property
    def length(self) -> int:
        """Bars."""
        return len(self.bars)

    @property
    def half(self) -> int:
        """Bars up to the half cadence; as many as the phrase has where it has none."""
        return min(HALF_BARS, self.length)

    def eighth(self, bar: int) -> int:
        """Return a bar's place as if the phrase had eight: 0 its first, 7 its last."""
        return round(bar * (PHRASE_BARS - 1) / max(1, self.length - 1))

    @property
    def segments(self) -> tuple[Segment, ...]:
        return tuple(segment for bar in self.bars for segment in bar)


@lru_cache(maxsize=1024)
def phrase_lengths(arrangement: Arrangement, seed: int) -> tuple[int, ...]:
    """Return the bars of the four phrases of a cycle, one of the arrangement's choices."""
    random = KeyedRandom(seed, text_key(arrangement.notes_key), 5)
    return random.choice(arrangement.lengths)


def place_of(arrangement: Arrangement, seed: int, form_bar: int) -> PhrasePlace:
    """Return where a bar lies, counted from where the plan began."""
    lengths = phrase_lengths(arrangement, seed)
    cycle, rest = divmod(form_bar, sum(lengths))
    number = cycle * len(FORM)
    for length in lengths:
        if rest < length:
            return PhrasePlace(number, rest, length)
        rest -= length
        number += 1
    raise AssertionError("a bar beyond its cycle")


def first_bar(arrangement: Arrangement, seed: int, number: int) -> int:
    """Return the first bar of a phrase, counted from where the plan began."""
    lengths = phrase_lengths(arrangement, seed)
    cycle, within = divmod(number, len(FORM))
    return cycle * sum(lengths) + sum(lengths[:within])


def half_bar(meter: int, groups: tuple[int, ...] = ()) -> int:
    """Return the beat on which a bar's second half begins: 2 of 4, 2 of 3, 3 of 5 and 6, 4 of 7.

    Args:
        groups: Of the bar if the rules say them; a half begins with one.
    """
    middle = (meter + 1) // 2
    return min(list(group_starts(groups))[1:], key=lambda start: abs(start - middle)) if groups else middle


@lru_cache(maxsize=512)
def phrase(
    arrangement: Arrangement,
    seed: int,
    number: int,
    meter: int,
    tonic: int,
    mode: str,
    groups: tuple[int, ...] = (),
) -> Phrase:
    """Return the plan of phrase `number` under an arrangement; see `progressions.phrase_tokens` and Phrase."""
    name = text_key(arrangement.notes_key)
    cycle, place_in_cycle = divmod(number % VISIT_PHRASES, len(FORM))
    letter = FORM[place_in_cycle]
    length = phrase_lengths(arrangement, seed)[place_in_cycle]
    bars = phrase_tokens(arrangement, seed, number, length, meter, mode)
    chords = _chords(bars, meter, half_bar(meter, groups), tonic, mode)
    basses = _basses(
        [found for _, _, _, found in chords],
        arrangement,
        tonic,
        KeyedRandom(seed, name, cycle, ord(letter), 7),
        [bar for bar, _, _, _ in chords],
    )
    segments: list[list[Segment]] = [[] for _ in bars]
    for count, ((bar, start, beats, found), bass) in enumerate(zip(chords, basses, strict=True)):
        segments[bar].append(Segment(bar, start, beats, found, count, bass))
    return Phrase(
        key=KeyedRandom(seed, name, number, 2).below(1 << 62) ^ (meter << 4) ^ tonic,
        number=number,
        letter=letter,
        motif_key=name ^ seed ^ (cycle << 8) ^ ord(letter),
        bars=tuple(tuple(row) for row in segments),
        meter=meter,
        tonic=tonic,
        mode=mode,
        groups=groups,
    )


def _chords(bars: list[str], meter: int, middle: int, tonic: int, mode: str) -> list[tuple[int, int, int, Chord]]:
    """Return (bar, start, beats, chord) of every chord. middle: The beat on which a second chord of a bar begins."""
    found = []
    for bar, token in enumerate(bars):
        names = token.split("/")
        spans = [(0, meter)] if len(names) == 1 else [(0, middle), (middle, meter - middle)]
        found += [
            (bar, start, beats, chord(name, tonic, mode)) for (start, beats), name in zip(spans, names, strict=True)
        ]
    return found


def _basses(
    chords: list[Chord], arrangement: Arrangement, tonic: int, random: KeyedRandom, bars: list[int]
) -> list[int]:
    """Return the pitch class of the bass under each chord: roots, thirds between steps, or the tonic as a pedal."""
    colours = arrangement.colours
    basses = [found.root for found in chords]
    for index in range(1, len(chords) - 1):
        before, here, after = basses[index - 1], chords[index], chords[index + 1].root
        third = here.tones[1] if len(here.tones) > 2 else here.root
        between = all(_near(third, other) <= 2 for other in (before, after)) and len({before, third, after}) == 3
        if between and (third - here.root) % 12 in (3, 4) and random.chance(colours.inversion):
            basses[index] = third
    if random.chance(colours.pedal):
        for index, found in enumerate(chords):
            if bars[index] >= _PEDAL_BARS - 1 or any((tone - tonic) % 12 in _SEMITONE for tone in found.tones):
                break
            basses[index] = tonic
    return basses


@lru_cache(maxsize=512)
def pedal_tones(plan: Phrase) -> tuple[int, ...]:
    """Return the pitch class that a pedal holds in each bar: one for each half phrase.

    The first is often the tonic. Others are tones that at least half of the half phrase's chords have, but not the one
    before, where there is another. A phrase of fewer than three roots is a drone on its tonic.
    """
    held = [plan.tonic]
    moves = len({segment.chord.root for segment in plan.segments}) >= _MOVING_ROOTS
    for half in range(-(-plan.length // HALF_BARS)):
        random = KeyedRandom(plan.key, half, 9)
        here = [segment for row in plan.bars[half * HALF_BARS : (half + 1) * HALF_BARS] for segment in row]
        beats = sum(segment.beats for segment in here)
        shares = {
            tone: sum(segment.beats for segment in here if tone in segment.chord.tones) / beats
            for tone in sorted({plan.tonic, *(tone for segment in here for tone in segment.chord.tones)})
        }
        able = [(tone, share) for tone, share in shares.items() if share >= _LEAST_SHARE and tone != held[-1]]
        stays = not moves or not able or (not half and plan.letter == "A" and random.chance(_TONIC_FIRST))
        held.append(held[-1] if stays else random.weighted(able))
    return tuple(held[1 + bar // HALF_BARS] for bar in range(plan.length))


def _near(one: int, other: int) -> int:
    return min((one - other) % 12, (other - one) % 12)


@lru_cache(maxsize=2048)
def bass_line(plan: Phrase, register: int, led: bool = False) -> tuple[int, ...]:
    """Return the root of every segment as a MIDI key, each near the one before and within a sixth of `register`.

    Args:
        led: Take what the plan has the bass play, which may be another tone than the root.
    """
    line: list[int] = []
    near = register
    for segment in plan.segments:
        pitch = place(segment.bass if led else segment.chord.root, (near + register) // 2)
        line.append(pitch)
        near = pitch
    return tuple(line)


@lru_cache(maxsize=4096)
def voicings(plan: Phrase, register: int, tones: int, open_position: bool = False) -> tuple[tuple[int, ...], ...]:
    """Return every segment's chord as `tones` rising MIDI keys about `register`, moving as little as may be.

    Parallel octaves and fifths between the top voice and the bass cost as much as a minor third of every voice.
    """
    result: list[tuple[int, ...]] = []
    previous: tuple[int, ...] = ()
    previous_bass = -1
    for segment in plan.segments:
        best: tuple[float, tuple[int, ...]] | None = None
        for candidate in _layouts(segment.chord, register, tones, open_position):
            cost = abs(sum(candidate) / tones - register) * 0.3
            # Neighbours a semitone apart are heard as one rough tone.
            cost += _ROUGH * sum(high - low == 1 for low, high in pairwise(candidate))
            if previous:
                cost += sum(abs(new - old) for new, old in zip(candidate, previous, strict=True))
                cost += _parallel_cost(candidate[-1], previous[-1], segment.bass, previous_bass) * tones
            if best is None or (cost, candidate) < best:
                best = (cost, candidate)
        assert best is not None
        previous, previous_bass = best[1], segment.bass
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
    return 3 if before == after and after in (0, 7) else 0
