"""A text to a style profile, without NumPy: the nearest named styles give a base, and words of the text override it.

The word table finds the styles whose captions lie nearest; a style that the text names comes first. Choices are the
nearest style's, numbers of mood and room are blended over the near ones. Then the words of `segue.style.terms` and
numbers set their axes: words outrank the table. Every axis that a text sets is listed with the words it came from.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Final

from segue.style.changes import StyleSource, bounded
from segue.style.overrides import BLENDED, override
from segue.style.phrases import is_break, split_text
from segue.style.points import POINTS, NamedStyle
from segue.style.points.situations import ROWS as SITUATION_ROWS
from segue.style.stored_words import StoredWords
from segue.style.style_index import StyleIndex
from segue.style.terms.instruments import DRUMS_HOME, HOMES, INSTRUMENTS
from segue.style.text_terms import TextTerms, read_terms
from segue.style.text_warnings import TOO_FAR, StyleWarning, check_telling, is_part_of, text_warnings
from segue.style.wordpiece import split_words
from segue.style_profile import StyleProfile

_STYLES: Final = tuple(POINTS.values())
_PLACES: Final = {style.name: place for place, style in enumerate(_STYLES)}
_NEUTRAL: Final = POINTS["title screen"]
"""The base of a text that names no style and nothing that the word table knows."""
# Less than this is chance: a text of unrelated words is as near to some situation.
_NOTHING: Final = 0.15
_FUNCTION_WORDS: Final = frozenset(
    ("a", "an", "and", "the", "with", "of", "in", "for", "solo", "only", "just", "lone", "one")
)
_NEAR: Final = 4
_SHARPNESS: Final = 24.0
# What naming a style is worth beside cosines: a genre, a genre by a common word, a scene, a scene by several words.
_STRONG_GENRE: Final = 0.7
_WEAK_GENRE: Final = 0.15
_SCENE: Final = 0.2
_LONG_SCENE: Final = 0.35
# Of two genres beside each other the later is the noun ("folk metal"), unless it is a form that any genre can take
# ("jazz waltz"); of two apart, the first is what the text is about.
_NOUN: Final = 0.3
_FIRST: Final = 0.05


@dataclass(frozen=True, kw_only=True)
class TextReading:
    """What was made of a text.

    Attributes:
        base: The style that the text is about.
        sources: The base first, then every axis that was set.
        unknown_words: Words that steer nothing.
        nearest: The nearest named styles with their cosines in [-1, 1], the base first.
        similarity: The greatest cosine with any style.
        warnings: What a user should know.
        signature: The time signature that the text says, such as "6/8"; "" where it says none.
    """

    profile: StyleProfile
    base: NamedStyle
    sources: tuple[StyleSource, ...]
    unknown_words: tuple[str, ...]
    nearest: tuple[tuple[str, float], ...]
    similarity: float
    warnings: tuple[StyleWarning, ...]
    signature: str


class TextReader:
    """Reads texts as style profiles. Equal texts give equal readings, on every machine."""

    def __init__(self, words: StoredWords | None = None, index: StyleIndex | None = None) -> None:
        """Make a reader.

        Args:
            words: The shipped table by default.
            index: The captions of the named styles in the table's space; the shipped one by default.
        """
        self._words = StoredWords() if words is None else words
        self.index = StyleIndex.load() if index is None else index

    def read(self, text: str) -> TextReading:
        """Read a text.

        Raises:
            ValueError: For a text without any word that is understood, or that says nothing of the music.
        """
        terms = read_terms(text)
        check_telling(terms)
        unknown = self._unknown(text, terms)
        direction = self._direction(terms.plain) if terms.plain.strip() else None
        if direction is None and not terms.used:
            # The table's own words say what is wrong with the text.
            self._words.direction(text)
        cosines = self.index.cosines(direction, {mention.style.name for mention in terms.styles})
        base, weights, sources = _base(terms, cosines)
        profile, said = override(base, blended(base, weights), terms)
        order = [base, *(style for style in weights if style is not base)]
        similarity = max(cosines)
        named = bool(terms.styles) or direction is None
        return TextReading(
            profile=profile,
            base=base,
            sources=(*sources, *said),
            unknown_words=unknown,
            nearest=nearest(order, cosines),
            similarity=similarity,
            warnings=tuple(text_warnings(terms, unknown, similarity, named=named)),
            signature=terms.signature,
        )

    def _direction(self, text: str) -> list[float] | None:
        try:
            return self._words.direction(text)
        except ValueError:
            return None

    def _unknown(self, text: str, terms: TextTerms) -> tuple[str, ...]:
        """The words that neither the word table knows nor a table of terms has."""
        used = {part for word in terms.used for part in split_words(word)} | set(terms.used)
        try:
            unknown = self._words.unknown_words(text)
        except ValueError:
            unknown = tuple(dict.fromkeys(word for word in split_text(text) if word[0].isalnum()))
        return tuple(word for word in unknown if word not in used and not is_part_of(word, used))


@cache
def text_reader() -> TextReader:
    """Return the reader of the shipped word table, made once."""
    return TextReader()


def nearest(order: Sequence[NamedStyle], cosines: Sequence[float]) -> tuple[tuple[str, float], ...]:
    """Return the first three of some styles, with their cosines."""
    return tuple((style.name, cosines[_PLACES[style.name]]) for style in order[:3])


def near_styles(scores: Sequence[float]) -> dict[NamedStyle, float]:
    """Return the styles with the greatest scores, the best first, and their shares."""
    order = sorted(range(len(scores)), key=lambda place: -scores[place])[:_NEAR]
    weights = [math.exp(_SHARPNESS * (scores[place] - scores[order[0]])) for place in order]
    total = sum(weights)
    return {_STYLES[place]: weight / total for place, weight in zip(order, weights, strict=True)}


def _base(terms: TextTerms, cosines: Sequence[float]) -> tuple[NamedStyle, dict[NamedStyle, float], list[StyleSource]]:
    """The style that a text is about, the near ones with their shares, and where they come from."""
    scores = list(cosines)
    named: dict[str, str] = {}
    bonuses: dict[str, float] = {}
    for index, mention in enumerate(terms.styles):
        genre = mention.style.kind == "genre"
        scene = _LONG_SCENE if " " in mention.phrase else _SCENE
        bonus = (_STRONG_GENRE if mention.strong else _WEAK_GENRE) if genre else scene
        previous = terms.styles[index - 1] if index else None
        beside = previous is not None and previous.end == mention.start and previous.style is not mention.style
        if genre and beside and previous is not None and previous.style.kind == "genre":
            bonus += 0.0 if mention.style.is_form else _NOUN
            if mention.phrase in INSTRUMENTS:
                # In "gospel organ" the instrument is no genre of its own.
                bonus = _WEAK_GENRE
        elif genre and mention.strong and not mention.style.is_form:
            bonus += _FIRST / (1 + index)
        if genre and mention.style.is_form and _others_named(terms, mention.style):
            bonus = _WEAK_GENRE
        if bonus > bonuses.get(mention.style.name, 0.0):
            bonuses[mention.style.name] = bonus
            named[mention.style.name] = mention.phrase
    for name, bonus in bonuses.items():
        scores[_PLACES[name]] += bonus
    home = _home(terms)
    if home:
        scores[_PLACES[home]] += _STRONG_GENRE
    if not bonuses and max(scores) < TOO_FAR:
        return _far_base(cosines)
    weights = near_styles(scores)
    base = next(iter(weights))
    words = f'"{named[base.name]}"' if base.name in named else "nearest style"
    likeness = cosines[_PLACES[base.name]]
    return base, weights, [StyleSource(axis="style", value=base.name, words=f"{words}, likeness {likeness:.2f}")]


def _home(terms: TextTerms) -> str:
    """The style of a text that names nothing but instruments: that of the first one; "" for any other text.

    Moods ("solo violin, heartbroken") and telling names ("flamenco guitar") find their styles by themselves.
    """
    words = {word for word in terms.words if not is_break(word)}
    if words - terms.used - _FUNCTION_WORDS or any(each.strong or each.style.kind == "scene" for each in terms.styles):
        return ""
    telling = any(" " in each.phrase and not each.instrument.generic for each in terms.instruments)
    if terms.others["mood"] or telling:
        return ""
    if terms.instruments:
        return HOMES.get(terms.instruments[0].instrument.programs[0], "")
    return DRUMS_HOME if terms.drums else ""


def _far_base(
    cosines: Sequence[float],
) -> tuple[NamedStyle, dict[NamedStyle, float], list[StyleSource]]:
    """The base of a text that is far from every style: the nearest situation, which the word table was trained on."""
    place = max(range(len(SITUATION_ROWS)), key=lambda place: cosines[place])
    base, said = _STYLES[place], f"nearest situation, likeness {cosines[place]:.2f}"
    if cosines[place] < _NOTHING:
        base, said = _NEUTRAL, "no style is named or near"
    return base, {base: 1.0}, [StyleSource(axis="style", value=base.name, words=said)]


def _others_named(terms: TextTerms, style: NamedStyle) -> bool:
    """Whether a text names a genre beside one that is a form."""
    return any(each.style.kind == "genre" and each.strong and each.style is not style for each in terms.styles)


def blended(base: NamedStyle, weights: Mapping[NamedStyle, float]) -> StyleProfile:
    """The base's choices, with the numbers of mood and room of all near styles."""
    values = {}
    for axis in BLENDED:
        value = sum(share * float(getattr(style.profile, axis)) for style, share in weights.items())
        values[axis] = bounded(axis, value)
    if base.kind == "scene":
        near = {style: share for style, share in weights.items() if style.profile.meter == base.profile.meter}
        total = sum(near.values())
        mean = sum(share * math.log(style.profile.tempo_bpm) for style, share in near.items()) / total
        values["tempo_bpm"] = bounded("tempo_bpm", math.exp(mean))
    return replace(base.profile, **values)  # type: ignore[arg-type]
