"""What a text says directly: the styles, instruments, numbers and words of `segue.style.terms` that it contains.

"No", "not" and "without" turn what follows into its exclusion, as far as "or", "nor" and "and" go on; "only", "just"
and "alone" beside an instrument exclude all others; "solo" and "lone" leave it nearly alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import chain
from typing import Any, Final, TypeVar

from segue.style.negation import denied, is_increased, lessened, plain_negations
from segue.style.phrases import Found, PhraseTable, is_break, split_text
from segue.style.points import POINTS, NamedStyle
from segue.style.terms import axes, listed
from segue.style.terms.common_words import COMMON_WORDS
from segue.style.terms.instruments import DRUMS, FAMILY_WORDS, GENERIC_DRUMS, INSTRUMENTS, NamedInstrument
from segue.style.text_numbers import read_signature, read_tempo, read_tonic

_T = TypeVar("_T")

_ONLY: Final = frozenset(listed("only, just, alone, solely, purely, exclusively, unaccompanied, duo, duet"))
_GROUPS: Final = frozenset(listed("trio, quartet, quintet, sextet, octet, consort, ensemble"))
_SOLO: Final = frozenset(listed("solo, lone, lonely, single, solitary, one, alone, unaccompanied, soloist"))
_LEAD_AFTER: Final = frozenset(listed("lead, leads, melody, melodies, solo, theme, tune, leading, solos"))
_LEAD_BEFORE: Final = frozenset(("lead", "solo", "lone", "lonely", "leading", "featuring"))
_ACCOMPANY_AFTER: Final = frozenset(
    listed(
        "chords, pads, pad, stabs, accompaniment, comping, backing, drone, drones, arpeggios, arpeggio, ostinato, "
        "strumming, rhythm"
    )
)
_ADDING: Final = frozenset(("with", "and", "plus", "featuring"))
_OVER: Final = frozenset(("over", "above"))
# A common word before these is a genre: "country song".
_GENRE_NOUNS: Final = frozenset(
    listed(
        "music, beat, beats, groove, band, song, songs, track, remix, style, party, anthem, drop, guitar, "
        "guitars, riff, drums, bass, loop, jam, tune, instrumental, vibe, vibes, version, cover, ballad, "
        "club, piano, organ, bassline, rhythm, combo, trio, quartet, dance, festival"
    )
)
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
_KICKS: Final = frozenset(("kick", "kick drum", "bass drum"))
_ONLY_DRUMS: Final = listed("percussion ensemble, drum ensemble, drum circle, drum solo, solo drums, drumline")
_DRUMLESS: Final = listed(
    "drumless, beatless, percussionless, drums off, drums removed, drums muted, a cappella, acapella, "
    "drum free, beat free, no rhythm, without rhythm"
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
class DrumAmount:
    """That a text wants less or more of the drums, and the words."""

    less: bool
    words: str


@dataclass(frozen=True, kw_only=True)
class TextTerms:
    """What a text says directly. Values come with the words they were read from.

    Attributes:
        words: The text's.
        plain: The text without what it excludes and without numbers, for the word table.
        used: The words that were read.
        excluded: Families, instruments ("oboe"), "drums" and "kick" that it leaves out, with the words.
        excluded_roles: Parts that it leaves out.
        reduced: Families and instruments that it wants less of, with the words.
        drum_amount: Whether it wants less or more of the drums.
        only, solo: See the module.
        tempo_bpm, meter: Of numbers.
        refused_tempo: A tempo that no profile has, as written; or "".
        refused_meter: The same of a time signature.
        contradictions: Pairs of words that cannot both be meant; the first counts.
        others: Table name ("groove", "scale", ...) to what was found of it.
        denied: The same, of what "not" or "less" precedes.
    """

    words: tuple[str, ...]
    plain: str
    used: frozenset[str]
    styles: tuple[StyleMention, ...]
    instruments: tuple[InstrumentMention, ...]
    drums: tuple[Found[tuple[str, str]], ...]
    excluded: Mapping[str, str]
    excluded_roles: Mapping[str, str]
    reduced: Mapping[str, str]
    drum_amount: DrumAmount | None
    only: str
    solo: str
    tempo_bpm: tuple[float, str] | None
    meter: tuple[int, str] | None
    refused_tempo: str
    refused_meter: str
    contradictions: tuple[tuple[str, str], ...]
    tonic: str
    others: Mapping[str, tuple[Found[Any], ...]]
    denied: Mapping[str, tuple[Found[Any], ...]] = field(default_factory=dict)

    @property
    def signature(self) -> str:
        """The time signature in figures or in words, such as "7/8" for "seven eight"; "" where there is none."""
        if self.meter is not None:
            words = self.meter[1]
            return words if "/" in words else ""
        said = self.others["meter_word"]
        eighths = any(found.phrase.endswith(" eight") and found.value == said[0].value for found in said)
        return f"{said[0].value}/8" if eighths else ""


_STYLES: Final = PhraseTable({name: style for style in POINTS.values() for name in style.names}, exact=COMMON_WORDS)
_INSTRUMENTS: Final = PhraseTable(INSTRUMENTS)
_DRUMS: Final = PhraseTable(
    {
        **DRUMS,
        **dict.fromkeys(("cymbal", "hi hats", "hi hat", "kick", "kick drum", "rimshot"), ("kit", "straight")),
    }
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
    words = plain_negations(split_text(text))
    styles = list(_STYLES.find(words))
    instruments = list(_INSTRUMENTS.find(words))
    drums = list(_DRUMS.find(words))
    # A "double bass drum" is no double bass.
    instruments = [each for each in instruments if not _within(each, drums)]
    families = list(_FAMILIES.find(words))
    no_drums = list(_NO_DRUMS.find(words))
    others = {name: list(table.find(words)) for name, table in _OTHERS.items()}
    # The beats of "three beats to the bar" are no drums.
    drums = [each for each in drums if not _within(each, others["meter_word"])]
    names: list[Found[Any]] = [*styles, *instruments, *drums]
    long = [each for each in names if each.end - each.start > 1]
    for name in _PLAIN_ONLY:
        others[name] = [each for each in others[name] if not _within(each, long)]
    everything: list[Found[Any]] = [*styles, *instruments, *drums, *families, *no_drums, *chain(*others.values())]
    without = denied(words, everything, _ROLES)
    fewer = lessened(words, everything, ())
    out = {**fewer, **without}

    excluded: dict[str, str] = {}
    for family in families:
        if family.start in without:
            excluded[family.value] = without[family.start]
    for instrument in instruments:
        if instrument.start in without and not any(family.start == instrument.start for family in families):
            for program in instrument.value.programs:
                excluded[program] = without[instrument.start]
    for drum in drums:
        if drum.start in without and (drum.phrase in GENERIC_DRUMS or drum.phrase in _WHOLE_KITS):
            excluded["drums"] = without[drum.start]
        elif drum.start in out and drum.phrase in _KICKS:
            excluded["kick"] = out[drum.start]
    for each in no_drums:
        excluded["drums"] = _said(words, each)
    roles = {_ROLES[word]: without[place] for place, word in enumerate(words) if word in _ROLES and place in without}

    reduced = {family.value: fewer[family.start] for family in families if family.start in fewer}
    reduced |= {
        program: fewer[instrument.start]
        for instrument in instruments
        if instrument.start in fewer
        for program in instrument.value.programs
    }
    whole = [drum for drum in drums if drum.phrase in GENERIC_DRUMS or drum.phrase in _WHOLE_KITS]
    amount = next(
        (
            DrumAmount(less=drum.start in fewer, words=fewer.get(drum.start, f"more {_said(words, drum)}"))
            for drum in whole
            if drum.start in fewer or is_increased(words, drum)
        ),
        None,
    )

    tempo, refused, tempo_places = read_tempo(words)
    meter, refused_meter, meter_places = read_signature(words)
    tonic, tonic_places = read_tonic(words)
    kept = {name: tuple(each for each in found if each.start not in out) for name, found in others.items()}
    named = [each for each in instruments if each.start not in out]
    mentions = tuple(_mention(words, each, families) for each in named)
    beaten = tuple(each for each in drums if each.start not in out)
    places = {place for each in everything for place in range(each.start, each.end)}
    places |= tempo_places | meter_places | tonic_places | set(out)
    places |= {place for place, word in enumerate(words) if named and word in _ONLY | _SOLO}
    # "No escape" is about an escape; "not sad" and "no jazz" are not about what they name.
    scenes = {
        each.start
        for each in styles
        if each.value.kind == "scene" and words[each.start - 1] == "no" and each.phrase not in axes.MOOD
    }
    exclusions = {place for place in out if place not in scenes and place + 1 not in scenes}
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
        styles=_style_mentions(words, [each for each in styles if each.start not in out], everything),
        instruments=mentions,
        drums=beaten,
        excluded=excluded,
        excluded_roles=roles,
        reduced=reduced,
        drum_amount=amount,
        only=next(
            chain(
                (_said(words, each) for each in _DRUMS_ALONE.find(words)),
                (_said(words, each) for each in named if _is_group(each)),
            ),
            _beside(words, [*named, *beaten, *families], _ONLY),
        ),
        solo=_beside(words, named, _SOLO),
        tempo_bpm=tempo,
        refused_tempo=refused,
        refused_meter=refused_meter,
        contradictions=tuple(_contradictions(words, tempo, tempo_places, meter, meter_places, kept)),
        meter=meter,
        tonic=tonic,
        others=kept,
        denied={name: tuple(each for each in found if each.start in out) for name, found in others.items()},
    )


def _contradictions(
    words: tuple[str, ...],
    tempo: tuple[float, str] | None,
    tempo_places: set[int],
    meter: tuple[int, str] | None,
    meter_places: set[int],
    others: Mapping[str, Sequence[Found[Any]]],
) -> Iterator[tuple[str, str]]:
    """Yield two tempos, two meters, "slow" and "fast", "major" and "minor"."""
    if tempo is not None:
        second, _, _ = read_tempo(_after(words, tempo_places))
        if second is not None and second[0] != tempo[0]:
            yield tempo[1], second[1]
    if meter is not None:
        other, _, _ = read_signature(_after(words, meter_places))
        if other is not None and other[0] != meter[0]:
            yield meter[1], other[1]
    pulls = others["tempo_pull"]
    if pulls and tempo is None and not others["tempo_word"]:
        slow = pulls[0].value[0] < axes.MIDDLE_BPM
        for pull in pulls[1:]:
            if (pull.value[0] < axes.MIDDLE_BPM) != slow:
                yield pulls[0].phrase, pull.phrase
                break
    thirds = [each for each in others["scale"] if each.value in ("major", "minor")]
    other_third = next((each for each in thirds if each.value != thirds[0].value), None)
    if other_third is not None:
        yield thirds[0].phrase, other_third.phrase


def _after(words: tuple[str, ...], places: set[int]) -> tuple[str, ...]:
    return words[max(places) + 1 :]


def _said(words: tuple[str, ...], found: Found[_T]) -> str:
    return " ".join(words[found.start : found.end])


def _is_group(found: Found[NamedInstrument]) -> bool:
    """Whether an instrument's words mean a few players of it who need no others: "saxophone quartet"."""
    return found.phrase.split()[-1] in _GROUPS and not found.value.generic


def _within(inner: Found[Any], outer: Iterable[Found[Any]]) -> bool:
    length = inner.end - inner.start
    return any(each.start <= inner.start and inner.end <= each.end and each.end - each.start > length for each in outer)


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
    styles = [each for each in styles if not _is_added(words, each, styles)]
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


def _is_added(words: tuple[str, ...], found: Found[NamedStyle], styles: list[Found[NamedStyle]]) -> bool:
    """Whether a name is that of an instrument which a genre is played with: "trap with koto"."""
    if found.phrase not in INSTRUMENTS or words[max(0, found.start - 1)] not in _ADDING:
        return False
    return any(
        other.value.kind == "genre" and other.end < found.start and other.phrase not in INSTRUMENTS for other in styles
    )


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
    """Return the word of `among` that stands at most two words from an instrument, with no comma between; or "".

    A word that stands by itself between commas ("oud, unaccompanied") belongs to the first of them.
    """
    for place, word in enumerate(words):
        if word not in among:
            continue
        apart = all(is_break(other) for other in (*words[place - 1 : place], *words[place + 1 : place + 2]))
        if apart and found:
            return f"{_said(words, found[0])}, {word}"
        for each in found:
            between = words[each.end : place] if place >= each.end else words[place + 1 : each.start]
            if len(between) <= 2 and not any(is_break(other) for other in between):
                return f"{word} {_said(words, each)}" if place < each.start else f"{_said(words, each)} {word}"
    return ""
