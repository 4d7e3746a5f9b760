"""The chords of a phrase, bar by bar: progressions, their pace, what varies them where they return, and cadences."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from segue.score.composer.keyed_random import KeyedRandom, text_key
from segue.score.composer.scales import SCALES
from segue.score.composer.theory import chord, minor_third
from segue.score.composer.vocabulary import Arrangement

PHRASE_BARS: Final = 8
# Four phrases make a cycle; the second and the fourth vary the first, the third contrasts.
FORM: Final = "AABA"
# Bars up to a phrase's half cadence.
HALF_BARS: Final = 4
# Phrases whose numbers differ by a multiple of this are one phrase in several visits: they share tune and progressions,
# and differ in colours, cadences and everything that is played of them.
VISIT_PHRASES: Final = 1 << 16
# How much a style's valence decides which progressions it has.
_MOOD: Final = 1.5
# How often the answer of a phrase has the progression of its beginning: where all phrases are as long, music may be a
# loop.
_LOOPED, _ANSWERED_ALIKE = 0.5, 0.1
# How often a chord of a beginning that returns is replaced by its relative, and one of an answer that repeats it.
_VARIED, _ANSWER_VARIED = 0.25, 0.5
# A progression needs so many different chords for one of them to be replaced: a drone stays a drone.
_VARIABLE: Final = 3
# A chord that a relative may replace, a third below it.
_PLAIN: Final = re.compile(r"([1-7])9?")


class _Pace(NamedTuple):
    """How four chords go over four bars.

    Attributes:
        bars: Which chords each bar has.
        weight: How often it is taken.
        least_s, most_s: How long a bar lasts at least and at most.
    """

    bars: tuple[tuple[int, ...], ...]
    weight: float
    least_s: float = 0.0
    most_s: float = math.inf


_EVEN: Final = _Pace(((0,), (1,), (2,), (3,)), 3.0)
# Slow bars have room for two chords; fast ones stay on a chord.
_PACES: Final = (
    _EVEN,
    _Pace(((0,), (0,), (1,), (2,)), 1.0, most_s=3.0),
    _Pace(((0,), (1,), (1,), (2,)), 1.0, most_s=2.6),
    _Pace(((0,), (1,), (2, 3), (3,)), 1.0, least_s=1.4),
    _Pace(((0, 1), (2,), (2, 3), (3,)), 1.0, least_s=2.2),
    _Pace(((0,), (1, 2), (3,), (3,)), 1.0, least_s=1.8),
)


def phrase_tokens(arrangement: Arrangement, seed: int, number: int, length: int, meter: int, mode: str) -> list[str]:
    """Return the chords of each bar of a phrase as tokens of `theory.chord`, with `/` between two.

    An antecedent of four bars ends on the half cadence. What answers it is as long, cut short (6 bars), extended past
    an evaded cadence (10), or two limbs (12). The form AABA decides which progression a phrase begins with, and whether
    it ends open or closed; every cycle of four phrases chooses anew. A beginning that returns has some of its chords
    replaced by relatives, and another answer.

    Args:
        number: See `harmony.Phrase`.
        length: Bars of the phrase.
        meter: Beats a bar.
        mode: One of scales.SCALES.
    """
    name = text_key(arrangement.notes_key)
    cycle, place_in_cycle = divmod(number % VISIT_PHRASES, len(FORM))
    letter = FORM[place_in_cycle]
    third = 0 if minor_third(mode) else 1
    rows = (arrangement.minor, arrangement.major)[third]
    if cycle == 0 and letter == "A":
        # Music that begins says first in which key it is.
        rows = tuple(row for row in rows if row.startswith("1")) or rows
    weights = {row: math.exp(_MOOD * arrangement.valence * _brightness(row, mode)) for row in rows}
    first = KeyedRandom(seed, name, cycle, ord(letter), 1).weighted(list(weights.items())).split()
    shared = KeyedRandom(seed, name, number % VISIT_PHRASES, 8)
    alike = len(weights) < 2 or shared.chance(_LOOPED if _loops(arrangement) else _ANSWERED_ALIKE)
    others = [(row, weight) for row, weight in weights.items() if row.split() != first]
    second = first if alike else shared.weighted(others).split()
    own = KeyedRandom(seed, name, number, 2)
    if place_in_cycle and letter == "A":
        first = _with_relatives(first, mode, _VARIED, shared)
    if alike and not _loops(arrangement):
        second = _with_relatives(second, mode, _ANSWER_VARIED, shared)
    cadences = KeyedRandom(seed, name, number, 4)
    bars = _bars(arrangement, first, second, length, meter, shared, own, turned=alike)
    if len(first) == 4:
        bars[HALF_BARS - 1] = cadences.choice(arrangement.half[third].split())
        _end(bars, arrangement, third, place_in_cycle, cadences)
    return _coloured(bars, arrangement, mode, meter, KeyedRandom(seed, name, number, 6))


def _loops(arrangement: Arrangement) -> bool:
    return len(arrangement.lengths) == 1


@lru_cache(maxsize=1024)
def _brightness(row: str, mode: str) -> float:
    """Return the share of a progression's chords that are major, less half."""
    chords = [chord(token, 0, mode) for bar in row.split() for token in bar.split("/")]
    return sum((found.root + 4) % 12 in found.tones for found in chords) / len(chords) - 0.5


def _with_relatives(tokens: list[str], mode: str, share: float, random: KeyedRandom) -> list[str]:
    """Return a progression of which a share of the chords, never the first, is replaced by those a third below."""
    if len(tokens) > 4 or len(set(tokens)) < _VARIABLE or SCALES[mode].strict:
        return tokens
    result = tokens[:1]
    for token in tokens[1:]:
        plain = _PLAIN.fullmatch(token)
        relative = str((int(plain[1]) - 3) % 7 + 1) if plain else token
        replaced = random.chance(share) and chord(relative, 0, mode).root != chord(result[-1], 0, mode).root
        result.append(relative if replaced else token)
    return result


def _bars(
    arrangement: Arrangement,
    first: list[str],
    second: list[str],
    length: int,
    meter: int,
    shared: KeyedRandom,
    own: KeyedRandom,
    *,
    turned: bool,
) -> list[str]:
    """Return a token a bar: the progressions `first` and `second` over `length` bars.

    A progression of four chords fills four bars; longer ones fill the whole phrase.

    Args:
        shared: Draws that the phrase has in every visit; own: those of this visit alone.
        turned: Whether a slow answer has the beginning's second half first.
    """
    if len(first) > 4:
        tokens = _with_colours(first, own)
        if len(tokens) >= length:
            return tokens[: length // 2] + tokens[len(tokens) - (length - length // 2) :]
        # The last limb comes twice.
        return tokens + tokens[len(tokens) - (length - len(tokens)) :]
    answer = second[2:] + second[:2] if turned and arrangement.stretch > 1 else second[-4:]
    thirds = (first, answer, first) if length == 12 else (first, answer)
    limbs = [_paced(_with_colours(chords, own), arrangement, meter, shared) for chords in thirds]
    if length <= 4 or length == 6:
        return limbs[0] + limbs[1][-(length - 4) :] if length == 6 else limbs[0][:length]
    if length == 10:
        return limbs[0] + limbs[1] + limbs[1][2:]
    return [bar for limb in limbs for bar in limb]


def _paced(chords: list[str], arrangement: Arrangement, meter: int, random: KeyedRandom) -> list[str]:
    """Return four bars of four chords: one a bar, one for two bars, or two in a bar; loops have one a bar."""
    if arrangement.stretch > 1:
        return [chords[at // arrangement.stretch] for at in range(4)]
    bar_s = meter * 60 / arrangement.tempo_bpm
    able = [
        pace for pace in _PACES if pace.least_s <= bar_s <= pace.most_s and (meter > 1 or max(map(len, pace.bars)) == 1)
    ]
    whole = _loops(arrangement) or any("/" in token for token in chords)
    pace = _EVEN if whole else random.weighted([(pace, pace.weight) for pace in able])
    return ["/".join(dict.fromkeys(chords[at] for at in bar)) for bar in pace.bars]


def _with_colours(tokens: Sequence[str], random: KeyedRandom) -> list[str]:
    return [token + "9" if token in "1346" and random.chance(0.2) else token for token in tokens]


def _end(bars: list[str], arrangement: Arrangement, third: int, place_in_cycle: int, random: KeyedRandom) -> None:
    """Write the cadences of a phrase after its half cadence: at its end, and evaded ones before an extension."""
    full, opened = arrangement.full[third].split(), arrangement.opened[third].split()
    evaded = arrangement.evaded[third].split()
    if len(bars) in (10, 12):
        bars[PHRASE_BARS - 1] = random.choice(evaded or opened or full)
    goes_on = {0: 0.55, 2: 1.0}.get(place_in_cycle, 0.0)
    choices = opened if opened and random.chance(goes_on) else full
    if choices is opened and evaded and random.chance(0.3):
        choices = evaded
    bars[-1] = random.choice(choices)


def _coloured(bars: list[str], arrangement: Arrangement, mode: str, meter: int, random: KeyedRandom) -> list[str]:
    """Return the bars with borrowed chords and secondary dominants, as often as the arrangement has them."""
    colours, scale = arrangement.colours, SCALES[mode]
    if scale.strict:
        return bars
    result = list(bars)
    for bar, token in enumerate(bars):
        borrowed = _BORROWED[0 if scale.minor else 1].get(token)
        if borrowed and bar and random.chance(colours.mixture):
            result[bar] = borrowed
        if bar + 1 == len(bars) or bar + 1 == HALF_BARS or "/" in token or meter < 2:
            continue
        dominant = _dominant_of(bars[bar + 1].split("/")[0], scale.degrees)
        if dominant and bars[bar + 1] != token and random.chance(colours.secondary):
            result[bar] = f"{result[bar]}/{dominant}"
    return result


# Chords of the parallel key in place of the scale's own, for minor and for major scales.
_BORROWED: Final = ({"4": "4M", "2": "b2"}, {"4": "4m", "6": "b6", "2": "b7", "3": "b3"})


def _dominant_of(token: str, degrees: tuple[int, ...]) -> str:
    """Return the dominant seventh of a plain chord on another degree than the first, "" where there is none."""
    if token[:1] not in ("2", "3", "4", "5", "6") or token[1:] not in ("", "9", "M", "m"):
        return ""
    degree = int(token[0])
    fifth = (degree + 3) % 7
    return f"{fifth + 1}D" if (degrees[fifth] - degrees[degree - 1]) % 12 == 7 else ""
