"""What a text says directly: the styles, instruments, numbers and words of `segue.style.terms` that it contains.

"No", "not" and "without" turn what follows into its exclusion, as far as "or", "nor" and "and" go on; "only", "just"
and "alone" beside an instrument exclude all others; "solo" and "lone" leave it nearly alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from itertools import chain
from typing import Any, Final, TypeVar

from segue.style.phrases import Found, PhraseTable, is_break, split_text
from segue.style.points import POINTS, NamedStyle
from segue.style.terms import axes, listed
from segue.style.terms.common_words import COMMON_WORDS
from segue.style.terms.instruments import DRUMS, FAMILY_WORDS, GENERIC_DRUMS, INSTRUMENTS, NamedInstrument
from segue.style_profile import METERS, RANGES

_T = TypeVar("_T")

_NEGATIONS: Final = frozenset(
    listed(
        "no, not, without, never, minus, sans, lacking, avoid, avoiding, except, excluding, zero, dont, isnt, nor, "
        "neither"
    )
)
_TWO_WORD_NEGATIONS: Final = frozenset(
    {("anything", "but"), ("everything", "but"), ("instead", "of"), ("rather", "than"), ("free", "of")}
)
_FILLERS: Final = frozenset(
    listed(
        "any, too, very, much, so, a, an, the, loud, heavy, big, real, really, more, overly, at, all, use, of, many, "
        "at, big"
    )
)
_JOINS: Final = frozenset(("or", "nor", "and", "/"))
_ONLY: Final = frozenset(("only", "just", "alone", "solely", "purely", "exclusively", "unaccompanied"))
_SOLO: Final = frozenset(listed("solo, lone, lonely, single, solitary, one, alone, unaccompanied, soloist"))
_LEAD_AFTER: Final = frozenset(listed("lead, leads, melody, melodies, solo, theme, tune, leading, solos"))
_LEAD_BEFORE: Final = frozenset(("lead", "solo", "lone", "lonely", "leading", "featuring"))
_ACCOMPANY_AFTER: Final = frozenset(
    listed(
        "chords, pads, pad, stabs, accompaniment, comping, backing, drone, drones, arpeggios, arpeggio, ostinato, "
        "strumming, rhythm"
    )
)
_OVER: Final = frozenset(("over", "above"))
# A common word before these is a genre: "country song".
_GENRE_NOUNS: Final = frozenset(
    listed(
        "music, beat, beats, groove, band, song, songs, track, remix, style, party, anthem, drop, guitar, "
        "guitars, riff, drums, bass, loop, jam, tune, instrumental, vibe, vibes, version, cover, ballad, "
        "club, piano, organ, bassline, rhythm, combo, trio, quartet, dance, festival"
    )
)
# Numbers after these count something else.
_COUNTED: Final = frozenset(
    listed("commodore, nintendo, area, level, chapter, version, act, stage, world, part, zone, floor, n64, playstation")
)
_NOT_A_TEMPO: Final = frozenset(
    listed(
        "bit, bits, string, seconds, minutes, years, players, enemies, voices, bars, beats, floor, on, percent, th, "
        "st, nd, rd"
    )
)
_NUMBER: Final = re.compile(r"\d+(?:\.\d+)?")
_BPM_JOINED: Final = re.compile(r"(\d+(?:\.\d+)?)bpm")
_SIGNATURE: Final = re.compile(r"(\d+)/(\d+)")
_BARE_TEMPO: Final = (50.0, 220.0)
_NOTE: Final = re.compile(r"[a-g]")
# Words for parts that can be left out.
_ROLES: Final = {
    "melody": "melody",
    "melodies": "melody",
    "tune": "melody",
    "tunes": "melody",
    "lead": "melody",
    "leads": "melody",
    "chords": "harmony",
    "harmony": "harmony",
    "bassline": "bass",
    "countermelody": "counter",
}
_WHOLE_KITS: Final = frozenset(
    listed("drum kit, drum set, drumkit, live drums, drum machine, electronic drums, acoustic drums, rock drums")
)
_ONLY_DRUMS: Final = listed("percussion ensemble, drum ensemble, drum circle, drum solo, solo drums, drumline")
_DRUMLESS: Final = listed(
    "drumless, beatless, percussionless, a cappella, acapella, drum free, beat free, no rhythm, without rhythm"
)


@dataclass(frozen=True, kw_only=True)
class InstrumentMention:
    """An instrument that a text names.

    Attributes:
        cue: "lead" or "accompany" where the words beside it say so, else "".
        family: What its last word means in FAMILIES, or "".
    """

    start: int
    end: int
    phrase: str
    instrument: NamedInstrument
    cue: str
    family: str


@dataclass(frozen=True, kw_only=True)
class StyleMention:
    """A style that a text names.

    Attributes:
        strong: Whether the words mean it alone, rather than a common word or a part of an instrument's name.
    """

    start: int
    end: int
    phrase: str
    style: NamedStyle
    strong: bool


@dataclass(frozen=True, kw_only=True)
class TextTerms:
    """What a text says directly. Values come with the words they were read from.

    Attributes:
        words: The text's.
        plain: The text without what it excludes and without numbers, for the word table.
        used: The words that were read.
        excluded: Families, instruments ("oboe") and "drums" that it leaves out, with the words.
        excluded_roles: Parts that it leaves out.
        only, solo: See the module.
        tempo_bpm, meter: Of numbers.
        refused_tempo: A tempo that no profile has, as written; or "".
        others: Table name ("groove", "scale", ...) to what was found of it.
        denied: The same, of what "not" precedes.
    """

    words: tuple[str, ...]
    plain: str
    used: frozenset[str]
    styles: tuple[StyleMention, ...]
    instruments: tuple[InstrumentMention, ...]
    drums: tuple[Found[tuple[str, str]], ...]
    excluded: Mapping[str, str]
    excluded_roles: Mapping[str, str]
    only: str
    solo: str
    tempo_bpm: tuple[float, str] | None
    meter: tuple[int, str] | None
    refused_tempo: str
    tonic: str
    others: Mapping[str, tuple[Found[Any], ...]]
    denied: Mapping[str, tuple[Found[Any], ...]] = field(default_factory=dict)


_STYLES: Final = PhraseTable({name: style for style in POINTS.values() for name in style.names}, exact=COMMON_WORDS)
_INSTRUMENTS: Final = PhraseTable(INSTRUMENTS)
_DRUMS: Final = PhraseTable(
    {**DRUMS, **dict.fromkeys(("cymbal", "hi hats", "hi hat", "kick", "rimshot"), ("kit", "straight"))}
)
_FAMILIES: Final = PhraseTable(FAMILY_WORDS)
_NO_DRUMS: Final = PhraseTable(dict.fromkeys(_DRUMLESS, True))
_DRUMS_ALONE: Final = PhraseTable(dict.fromkeys(_ONLY_DRUMS, True))
_OTHERS: Final[Mapping[str, PhraseTable[Any]]] = {
    "tempo_word": PhraseTable(axes.TEMPO_BPM),
    "tempo_pull": PhraseTable(axes.TEMPO_PULL),
    "meter_word": PhraseTable(axes.METER),
    "groove": PhraseTable(axes.GROOVE),
    "scale": PhraseTable(axes.SCALE),
    "harmony": PhraseTable(axes.HARMONY),
    "figuration": PhraseTable(axes.FIGURATION),
    "sound": PhraseTable(axes.SOUND),
    "mood": PhraseTable(axes.MOOD),
}
# Tables whose words mean nothing of their own within the name of an instrument or a style.
_PLAIN_ONLY: Final = frozenset({"tempo_pull", "sound", "mood", "harmony"})


@cache
def known_words() -> tuple[str, ...]:
    """Return every word of the tables and of the styles' names, in alphabetical order."""
    tables: list[PhraseTable[Any]] = [_STYLES, _INSTRUMENTS, _DRUMS, _FAMILIES, *_OTHERS.values()]
    return tuple(sorted({word for table in tables for phrase in table.phrases for word in phrase.split()}))


def read_terms(text: str) -> TextTerms:
    """Return what a text says directly."""
    words = _plain_negations(split_text(text))
    styles = list(_STYLES.find(words))
    instruments = list(_INSTRUMENTS.find(words))
    drums = list(_DRUMS.find(words))
    # A "double bass drum" is no double bass.
    instruments = [each for each in instruments if not _within(each, drums)]
    families = list(_FAMILIES.find(words))
    no_drums = list(_NO_DRUMS.find(words))
    others = {name: list(table.find(words)) for name, table in _OTHERS.items()}
    listed: list[Found[Any]] = [*styles, *instruments, *drums]
    long = [each for each in listed if each.end - each.start > 1]
    for name in _PLAIN_ONLY:
        others[name] = [each for each in others[name] if not _within(each, long)]
    everything: list[Found[Any]] = [*styles, *instruments, *drums, *families, *no_drums, *chain(*others.values())]
    denied = _denied(words, everything)

    excluded: dict[str, str] = {}
    for family in families:
        if family.start in denied:
            excluded[family.value] = denied[family.start]
    for instrument in instruments:
        if instrument.start in denied and not any(family.start == instrument.start for family in families):
            for program in instrument.value.programs:
                excluded[program] = denied[instrument.start]
    for drum in drums:
        if drum.start in denied and (drum.phrase in GENERIC_DRUMS or drum.phrase in _WHOLE_KITS):
            excluded["drums"] = denied[drum.start]
    for each in no_drums:
        excluded["drums"] = _said(words, each)
    roles = {_ROLES[word]: denied[place] for place, word in enumerate(words) if word in _ROLES and place in denied}

    tempo, refused, tempo_places = _tempo(words)
    meter, meter_places = _signature(words)
    tonic, tonic_places = _tonic(words)
    kept = {name: tuple(each for each in found if each.start not in denied) for name, found in others.items()}
    named = [each for each in instruments if each.start not in denied]
    mentions = tuple(_mention(words, each, families) for each in named)
    beaten = tuple(each for each in drums if each.start not in denied)
    places = {place for each in everything for place in range(each.start, each.end)}
    places |= tempo_places | meter_places | tonic_places | set(denied)
    # "No escape" is about an escape; "not sad" and "no jazz" are not about what they name.
    scenes = {
        each.start
        for each in styles
        if each.value.kind == "scene" and words[each.start - 1] == "no" and each.phrase not in axes.MOOD
    }
    exclusions = {place for place in denied if place not in scenes and place + 1 not in scenes}
    numbers = tempo_places | meter_places | tonic_places
    technical = {
        place
        for name in ("tempo_word", "meter_word", "scale")
        for each in kept[name]
        for place in range(each.start, each.end)
    }
    return TextTerms(
        words=words,
        plain=" ".join(
            word
            for place, word in enumerate(words)
            if place not in numbers | exclusions | technical and not is_break(word)
        ),
        used=frozenset(words[place] for place in places),
        styles=_style_mentions(words, [each for each in styles if each.start not in denied], everything),
        instruments=mentions,
        drums=beaten,
        excluded=excluded,
        excluded_roles=roles,
        only=next(
            (_said(words, each) for each in _DRUMS_ALONE.find(words)),
            _beside(words, [*named, *beaten, *families], _ONLY),
        ),
        solo=_beside(words, named, _SOLO),
        tempo_bpm=tempo,
        refused_tempo=refused,
        meter=meter,
        tonic=tonic,
        others=kept,
        denied={name: tuple(each for each in found if each.start in denied) for name, found in others.items()},
    )


def _plain_negations(words: tuple[str, ...]) -> tuple[str, ...]:
    """Return the words with "without" for "anything but", "instead of" and "rather than"."""
    plain: list[str] = []
    for word in words:
        if plain and (plain[-1], word) in _TWO_WORD_NEGATIONS:
            plain[-1] = "without"
        else:
            plain.append(word)
    return tuple(plain)


def _said(words: tuple[str, ...], found: Found[_T]) -> str:
    return " ".join(words[found.start : found.end])


def _within(inner: Found[Any], outer: Iterable[Found[Any]]) -> bool:
    length = inner.end - inner.start
    return any(each.start <= inner.start and inner.end <= each.end and each.end - each.start > length for each in outer)


def _denied(words: tuple[str, ...], found: list[Found[Any]]) -> dict[int, str]:
    """Return each place that a negation excludes, with the words that do so."""
    starts: dict[int, int] = {}
    for each in found:
        starts[each.start] = max(each.end, starts.get(each.start, 0))
    # A negation within a phrase ("no reverb") is a part of it.
    inside = {place for each in found for place in range(each.start, each.end)}
    denied: dict[int, str] = {}
    for place, word in enumerate(words):
        if word not in _NEGATIONS or place in inside:
            continue
        at = place + 1
        while True:
            while at < len(words) and words[at] in _FILLERS and at not in starts:
                at += 1
            end = starts.get(at, at + 1 if at < len(words) and words[at] in _ROLES else 0)
            if not end:
                break
            # "No heavy drums" excludes drums: what describes them goes with them.
            said = " ".join(words[place:end])
            denied |= dict.fromkeys(range(at, end), said)
            denied[place] = said
            follows_on = end in starts and not is_break(words[end])
            if end < len(words) and words[end] in _JOINS:
                at = end + 1
            elif follows_on:
                at = end
            elif _list_goes_on(words, end, starts):
                at = end + 1
            else:
                break
    return denied


def _list_goes_on(words: tuple[str, ...], at: int, starts: Mapping[int, int]) -> bool:
    """Whether a comma after an excluded word is one of a list that ends with "or": "no drums, bass or synths"."""
    while at < len(words) and words[at] == "," and at + 1 in starts:
        at = starts[at + 1]
        if at < len(words) and words[at] in ("or", "nor"):
            return True
    return False


def _mention(words: tuple[str, ...], found: Found[NamedInstrument], families: list[Found[str]]) -> InstrumentMention:
    before = words[found.start - 1] if found.start else ""
    after = words[found.end] if found.end < len(words) else ""
    cue = ""
    if after in _LEAD_AFTER or before in _LEAD_BEFORE or after in _OVER:
        cue = "lead"
    elif after in _ACCOMPANY_AFTER or before in _OVER:
        cue = "accompany"
    family = next((each.value for each in families if found.start <= each.start and each.end <= found.end), "")
    return InstrumentMention(
        start=found.start,
        end=found.end,
        phrase=_said(words, found),
        instrument=found.value,
        cue=cue,
        family=family,
    )


def _style_mentions(
    words: tuple[str, ...], styles: list[Found[NamedStyle]], everything: list[Found[Any]]
) -> tuple[StyleMention, ...]:
    """The styles that a text names, and whether they are meant."""
    mentions: list[StyleMention] = []
    described = {place for each in everything for place in range(each.start, each.end)}
    for found in styles:
        others = [each for each in everything if each.value is not found.value]
        strong = not _within(found, others)
        if not strong and found.phrase in COMMON_WORDS:
            # The "taiko" of "taiko drums" is no samurai.
            continue
        if strong and found.phrase in COMMON_WORDS:
            strong = _is_meant(words, found, styles, described)
        mentions.append(
            StyleMention(start=found.start, end=found.end, phrase=found.phrase, style=found.value, strong=strong)
        )
    return tuple(mentions)


def _is_meant(
    words: tuple[str, ...],
    found: Found[NamedStyle],
    styles: list[Found[NamedStyle]],
    described: set[int],
) -> bool:
    """Whether a common word names a genre: "rock band", "tropical house", "slow soul", but not "a house on a rock"."""
    if found.value.kind != "genre":
        return False
    if found.end < len(words) and words[found.end] in _GENRE_NOUNS:
        return True
    # Beside another genre it is one, too: "tropical house", "orchestral dubstep".
    genres = [each for each in styles if each.value.kind == "genre"]
    if any(other.end == found.start or other.start == found.end for other in genres):
        return True
    # Alone in the first part of a text, it is what the text is about; beside another style it describes that one.
    first = next((place for place, word in enumerate(words) if not is_break(word)), 0)
    last = next((place for place in range(first, len(words)) if is_break(words[place])), len(words))
    alone = all(other is found or not first <= other.start < last for other in styles)
    return first <= found.start < last and alone and all(place in described for place in range(first, last))


def _beside(words: tuple[str, ...], found: list[Found[Any]], among: frozenset[str]) -> str:
    """Return the word of `among` that stands at most two words from an instrument, with no comma between; or ""."""
    for place, word in enumerate(words):
        if word not in among:
            continue
        for each in found:
            between = words[each.end : place] if place >= each.end else words[place + 1 : each.start]
            if len(between) <= 2 and not any(is_break(other) for other in between):
                return f"{word} {_said(words, each)}" if place < each.start else f"{_said(words, each)} {word}"
    return ""


def _tempo(words: tuple[str, ...]) -> tuple[tuple[float, str] | None, str, set[int]]:
    """Read "174 bpm", "120bpm", "at 90", "bpm: 100", "90-100 bpm" or a number by itself.

    Returns:
        Beats a minute with the words, or None; the words of a tempo that is out of range; the places of the words.
    """
    low, high = RANGES["tempo_bpm"].low, RANGES["tempo_bpm"].high
    for place, word in enumerate(words):
        if _BPM_JOINED.fullmatch(word):
            number, places = float(word[:-3]), {place}
        elif word == "bpm" or words[place : place + 3] == ("beats", "per", "minute"):
            near = _numbers_beside(words, place)
            if not near:
                continue
            number, places = sum(float(words[at]) for at in near) / len(near), {place, *near}
        else:
            continue
        said = " ".join(words[min(places) : max(places) + 1])
        if low <= number <= high:
            return (number, said), "", places
        return None, said, places
    for place, word in enumerate(words):
        if not word.isdigit() or not _BARE_TEMPO[0] <= float(word) <= _BARE_TEMPO[1]:
            continue
        previous = words[place - 1] if place else ","
        after = words[place + 1] if place + 1 < len(words) else ","
        if after in _NOT_A_TEMPO or previous in _COUNTED:
            continue
        if previous in ("at", "tempo", "around", "about", "circa") or (is_break(after) and previous != "in"):
            return (float(word), word if is_break(previous) else f"{previous} {word}"), "", {place}
    return None, "", set()


def _numbers_beside(words: tuple[str, ...], place: int) -> list[int]:
    """Return the places of the number, or of the two of a range, that belong to "bpm"."""

    def is_number(at: int) -> bool:
        return 0 <= at < len(words) and _NUMBER.fullmatch(words[at]) is not None

    if is_number(place - 1):
        for other in (place - 2, place - 3 if words[place - 2] in ("to", "and") else -1):
            # "90-100 bpm" is a range, "808 140 bpm" is none.
            if is_number(other) and 0.5 < float(words[other]) / float(words[place - 1]) < 1.0:
                return [other, place - 1]
        return [place - 1]
    return [at for at in (place + 1, place + 2) if is_number(at)][:1]


def _signature(words: tuple[str, ...]) -> tuple[tuple[int, str] | None, set[int]]:
    """Read "7/8", "3/4" or "in 5"."""
    for place, word in enumerate(words):
        match = _SIGNATURE.fullmatch(word)
        if match and int(match[2]) in (2, 4, 8, 16):
            beats = int(match[1])
            if beats in METERS:
                return (beats, word), {place}
            if beats % 2 == 0 and beats // 2 in METERS:
                return (beats // 2, word), {place}
    for place in range(1, len(words)):
        word = words[place]
        after = words[place + 1] if place + 1 < len(words) else ","
        if words[place - 1] == "in" and word.isdigit() and int(word) in METERS and is_break(after):
            return (int(word), f"in {word}"), {place - 1, place}
    return None, set()


def _tonic(words: tuple[str, ...]) -> tuple[str, set[int]]:
    """Read the key note of "in D minor" and "f sharp dorian"; its mode is read as a scale."""
    for place, word in enumerate(words):
        if not _NOTE.fullmatch(word):
            continue
        at = place + 1
        sign = ""
        if at < len(words) and words[at] in ("sharp", "flat"):
            sign, at = words[at], at + 1
        if (
            at < len(words)
            and words[at] in axes.SCALE
            and (word != "a" or (place and words[place - 1] in ("in", "key")))
        ):
            return f"{word.upper()}{' ' + sign if sign else ''}", set(range(place, at))
    return "", set()
