"""A text to a style profile: the nearest named styles give a base, and what the text says directly overrides it.

The word table finds the styles whose captions lie nearest; a style that the text names comes first. Choices are the
nearest style's, numbers of mood and room are blended over the near ones. Then the words of `segue.style.terms` and
numbers set their axes: words outrank the table. Every axis that a text sets is listed with the words it came from.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from segue.contract import Samples, StyleEncoder
from segue.style.ensembles import Wishes, ensemble_for
from segue.style.phrases import Found, split_text
from segue.style.points import POINTS, NamedStyle
from segue.style.terms import axes
from segue.style.terms.instruments import FAMILIES, GENERIC_DRUMS
from segue.style.text_terms import TextTerms, read_terms
from segue.style.wordpiece import split_words
from segue.style_profile import METERS, RANGES, Ensemble, StyleProfile

_STYLES: Final = tuple(POINTS.values())
_NEUTRAL: Final = POINTS["title screen"]
"""The base of a text that names no style and nothing that the word table knows."""
TOO_FAR: Final = 0.30
"""A text less similar than this to every style, that names none, is too far from anything."""
# Share of the best caption's cosine in a similarity, as in segue.style.situations.
_BEST_SHARE: Final = 0.5
_NEAR: Final = 4
_SHARPNESS: Final = 14.0
# What naming a style is worth beside cosines: a genre, a genre by a common word, a scene.
_STRONG_GENRE: Final = 0.7
_WEAK_GENRE: Final = 0.3
_SCENE: Final = 0.3
# Of two genres beside each other the later is the noun ("folk metal"), unless it is a form that any genre can take
# ("jazz waltz"); of two apart, the first is what the text is about.
_NOUN: Final = 0.3
_FIRST: Final = 0.05
_FORMS: Final = frozenset({"waltz", "march", "pop ballad", "lullaby", "fanfare", "organ fugue", "hymn organ"})
_BLENDED: Final = ("density", "register", "articulation", "room", "width", "valence", "arousal", "tension")
_DARKER: Final = {"major": "minor", "lydian": "minor", "mixolydian": "dorian", "major pentatonic": "minor pentatonic"}
_BRIGHTER: Final = {
    "minor": "major",
    "dorian": "mixolydian",
    "phrygian": "major",
    "harmonic minor": "major",
    "minor pentatonic": "major pentatonic",
    "chromatic": "major",
}
_MODAL: Final = frozenset({"dorian", "phrygian", "lydian", "mixolydian", "major pentatonic", "minor pentatonic"})
_DRONES: Final = frozenset({"phrygian dominant", "in-sen", "slendro"})
# The percussion of a groove that a text names beside a style without drums.
_PERCUSSION: Final = {
    **dict.fromkeys(
        ("straight", "rock", "shuffle", "half-time", "boom bap", "funk", "surf", "train", "breakbeat"), "kit"
    ),
    **dict.fromkeys(("swing", "ballad brushes", "bossa"), "brushes"),
    **dict.fromkeys(("four on the floor", "driving"), "electronic"),
    **dict.fromkeys(("samba", "clave", "jig", "reel", "hand drums", "tribal"), "hand drums"),
    **dict.fromkeys(("taiko", "war drums", "giant drums"), "taiko"),
    **dict.fromkeys(("waltz", "fanfare", "tension", "sparse"), "orchestral"),
    "trap": "808",
    "one drop": "kit",
    "polka": "kit",
    "march": "snare drum",
    "blast": "metal kit",
}
_COMPOUND: Final = frozenset({6, 9, 12})
_EIGHTHS_FASTER: Final = 1.35
_MIDDLE_BPM: Final = 100.0
_SOLO_BPM: Final = 66.0


@dataclass(frozen=True, kw_only=True)
class StyleSource:
    """Where a value of a profile comes from.

    Attributes:
        axis: A field of StyleProfile, or "style" for the base.
        value: What was read.
        words: The text's words, or how the value was found.
    """

    axis: str
    value: str
    words: str


@dataclass(frozen=True, kw_only=True)
class StyleReading:
    """What was made of a text or a recording.

    Attributes:
        embedding: float32 [D], unit length.
        sources: The base first, then every axis that was set.
        unknown_words: Words of a text that steer nothing.
        nearest: The nearest named styles with their cosines in [-1, 1], the base first.
        similarity: The greatest cosine with any style.
        warnings: What a user should know, in sentences.
    """

    profile: StyleProfile
    embedding: NDArray[np.float32]
    sources: tuple[StyleSource, ...]
    unknown_words: tuple[str, ...] = ()
    nearest: tuple[tuple[str, float], ...] = ()
    similarity: float = 0.0
    warnings: tuple[str, ...] = ()


class StyleReader:
    """Reads texts and recordings as style profiles. Equal inputs give equal readings."""

    def __init__(self, encoder: StyleEncoder) -> None:
        """Embed the captions of every style.

        Args:
            encoder: Embeds texts, and sound if it can.
        """
        self._encoder = encoder
        captions = [caption for style in _STYLES for caption in style.captions]
        self._captions = np.stack([encoder.embed_text(caption) for caption in captions])
        self._starts = np.cumsum([0, *(len(style.captions) for style in _STYLES[:-1])])
        centres = np.add.reduceat(self._captions, self._starts, axis=0)
        self._centres = centres / np.linalg.norm(centres, axis=1, keepdims=True)

    def read_text(self, text: str) -> StyleReading:
        """Read a text.

        Raises:
            ValueError: For a text without any word that is understood.
        """
        terms = read_terms(text)
        unknown = self._unknown(text, terms)
        embedding = self._embedding(text)
        base_embedding = self._embedding(terms.plain) if terms.plain.strip() else None
        understood = bool(terms.used) or embedding is not None
        if not understood:
            # The encoder's own words say what is wrong with the text.
            self._encoder.embed_text(text)
        cosines = self._cosines(base_embedding)
        base, weights, sources = _base(terms, cosines)
        profile, said = _override(base, _blended(base, weights), terms)
        order = [base, *(style for style in weights if style is not base)]
        if embedding is None:
            embedding = np.asarray(self._centres[_STYLES.index(base)], dtype=np.float32)
        nearest = tuple((style.name, round(float(cosines[_STYLES.index(style)]), 4)) for style in order[:3])
        similarity = float(cosines.max())
        warnings = []
        if unknown:
            warnings.append(f"unknown words steer nothing: {', '.join(unknown)}")
        if base_embedding is not None and similarity < TOO_FAR and not terms.styles:
            warnings.append(
                f"the text is far from every known style (likeness {similarity:.2f} to '{order[0].name}'): "
                "say which instruments, genre or mood it means"
            )
        return StyleReading(
            profile=profile,
            embedding=embedding,
            sources=(*sources, *said),
            unknown_words=unknown,
            nearest=nearest,
            similarity=similarity,
            warnings=tuple(warnings),
        )

    def read_audio(self, samples: Samples) -> StyleReading:
        """Read a recording, float32 [S, 2] at 48 kHz, by its embedding: the nearest styles.

        Raises:
            ValueError: For sound that the encoder cannot use.
            NotImplementedError: If the encoder takes text alone.
        """
        embedding = self._encoder.embed_audio(samples)
        cosines = self._cosines(embedding)
        weights = _weights(cosines)
        base = next(iter(weights))
        likeness = float(cosines.max())
        return StyleReading(
            profile=_blended(base, weights),
            embedding=embedding,
            sources=(StyleSource(axis="style", value=base.name, words=f"nearest style, likeness {likeness:.2f}"),),
            nearest=tuple((style.name, round(float(cosines[_STYLES.index(style)]), 4)) for style in list(weights)[:3]),
            similarity=likeness,
            warnings=(self._encoder.audio_warning,) if self._encoder.audio_warning else (),
        )

    def _embedding(self, text: str) -> NDArray[np.float32] | None:
        try:
            return self._encoder.embed_text(text)
        except ValueError:
            return None

    def _cosines(self, embedding: NDArray[np.float32] | None) -> NDArray[np.float64]:
        """How near an embedding lies to each style, [len(POINTS)]; zeros for none."""
        if embedding is None:
            return np.zeros(len(_STYLES))
        best = np.maximum.reduceat(self._captions @ embedding, self._starts)
        return np.asarray(_BEST_SHARE * best + (1 - _BEST_SHARE) * (self._centres @ embedding), dtype=np.float64)

    def _unknown(self, text: str, terms: TextTerms) -> tuple[str, ...]:
        """The words that neither the encoder knows nor a table has."""
        used = {part for word in terms.used for part in split_words(word)} | set(terms.used)
        try:
            unknown = self._encoder.unknown_words(text)
        except ValueError:
            unknown = tuple(dict.fromkeys(word for word in split_text(text) if word[0].isalnum()))
        return tuple(word for word in unknown if word not in used and not _is_part(word, used))


def _is_part(word: str, used: set[str]) -> bool:
    """Whether the encoder's word was read as a part of a longer one ("7" of "7/8", "n" of "n'")."""
    return word.isdigit() and any(word in each and not each.isalpha() for each in used)


def _weights(scores: NDArray[np.float64]) -> dict[NamedStyle, float]:
    """The styles with the greatest scores, the best first, and their shares."""
    order = np.argsort(-scores, kind="stable")[:_NEAR]
    shares = np.exp(_SHARPNESS * (scores[order] - scores[order[0]]))
    shares /= shares.sum()
    return {_STYLES[index]: float(share) for index, share in zip(order, shares, strict=True)}


def _base(
    terms: TextTerms, cosines: NDArray[np.float64]
) -> tuple[NamedStyle, dict[NamedStyle, float], list[StyleSource]]:
    """The style that a text is about, the near ones with their shares, and where they come from."""
    scores = cosines.copy()
    named: dict[str, str] = {}
    for index, mention in enumerate(terms.styles):
        genre = mention.style.kind == "genre"
        bonus = (_STRONG_GENRE if mention.strong else _WEAK_GENRE) if genre else _SCENE
        previous = terms.styles[index - 1] if index else None
        if genre and previous is not None and previous.end == mention.start and previous.style.kind == "genre":
            bonus += 0.0 if mention.style.name in _FORMS else _NOUN
        elif genre and mention.style.name not in _FORMS:
            bonus += _FIRST / (1 + index)
        if genre and mention.style.name in _FORMS and _others_named(terms, mention.style):
            bonus = _WEAK_GENRE
        if mention.style.name not in named:
            scores[_STYLES.index(mention.style)] += bonus
            named[mention.style.name] = mention.phrase
    if not scores.any():
        return _NEUTRAL, {_NEUTRAL: 1.0}, [StyleSource(axis="style", value=_NEUTRAL.name, words="no style is named")]
    weights = _weights(scores)
    base = next(iter(weights))
    words = f'"{named[base.name]}"' if base.name in named else "nearest style"
    likeness = cosines[_STYLES.index(base)]
    return base, weights, [StyleSource(axis="style", value=base.name, words=f"{words}, likeness {likeness:.2f}")]


def _others_named(terms: TextTerms, style: NamedStyle) -> bool:
    """Whether a text names a genre beside one that is a form."""
    return any(each.style.kind == "genre" and each.strong and each.style is not style for each in terms.styles)


def _blended(base: NamedStyle, weights: Mapping[NamedStyle, float]) -> StyleProfile:
    """The base's choices, with the numbers of mood and room of all near styles."""
    values = {}
    for axis in _BLENDED:
        value = sum(share * float(getattr(style.profile, axis)) for style, share in weights.items())
        values[axis] = _bounded(axis, value)
    if base.kind == "scene":
        near = {style: share for style, share in weights.items() if style.profile.meter == base.profile.meter}
        total = sum(near.values())
        mean = sum(share * math.log(style.profile.tempo_bpm) for style, share in near.items()) / total
        values["tempo_bpm"] = _bounded("tempo_bpm", math.exp(mean))
    return replace(base.profile, **values)  # type: ignore[arg-type]


def _bounded(axis: str, value: float) -> float:
    bounds = RANGES[axis]
    return min(bounds.high, max(bounds.low, round(value, 2)))


class _Changes:
    """The axes of a profile while a text sets them, and where from."""

    def __init__(self, profile: StyleProfile) -> None:
        self.values: dict[str, Any] = {name: getattr(profile, name) for name in StyleProfile.__dataclass_fields__}
        self.sources: list[StyleSource] = []

    def set(self, axis: str, value: Any, words: str) -> None:
        self.values[axis] = value
        self.sources.append(StyleSource(axis=axis, value=_shown(value), words=words))

    def pull(self, axis: str, target: float, share: float, words: str) -> None:
        value = self.values[axis]
        self.set(axis, _bounded(axis, value + share * (target - value)), words)


def _shown(value: Any) -> str:
    if isinstance(value, Ensemble):
        return "; ".join(f"{role}: {', '.join(names)}" for role, names in value.by_role() if names) or "nobody"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _override(
    base: NamedStyle, profile: StyleProfile, terms: TextTerms
) -> tuple[StyleProfile, tuple[StyleSource, ...]]:
    """Set every axis of which the text says something itself."""
    changes = _Changes(profile)
    _mix_in_named(changes, base, terms)
    _read_sound_and_mood(changes, terms)
    _read_scale(changes, terms)
    _read_ensemble(changes, base, terms)
    _read_rhythm(changes, base, terms)
    _read_time(changes, base, terms)
    for found in terms.others["figuration"][:1]:
        changes.set("figuration", found.value, f'"{found.phrase}"')
    if terms.tonic:
        changes.sources.append(StyleSource(axis="tonic", value=terms.tonic, words="left to `music: key` of the rules"))
    return StyleProfile(**changes.values), tuple(changes.sources)


def _mix_in_named(changes: _Changes, base: NamedStyle, terms: TextTerms) -> None:
    """Colour the base with the other styles that a text names: a genre lends its leader, a scene its mood."""
    for mention in terms.styles:
        other = mention.style
        if other is base or (other.kind == "genre" and not mention.strong):
            continue
        words = f'"{mention.phrase}" ({other.name})'
        share = 0.25 if other.kind == "genre" else 0.35
        for axis in _BLENDED:
            changes.values[axis] = _bounded(
                axis, changes.values[axis] + share * (getattr(other.profile, axis) - changes.values[axis])
            )
        changes.sources.append(StyleSource(axis="mood and room", value=f"{share:.0%}", words=words))
        if other.kind == "genre" and base.kind == "genre":
            ensemble: Ensemble = changes.values["ensemble"]
            lead = other.profile.ensemble.melody[:1]
            if lead and lead[0] not in ensemble.melody:
                changes.set("ensemble", replace(ensemble, melody=(*lead, *ensemble.melody)), words)
        elif base.kind == "genre" and other.profile.valence <= -0.5 and changes.values["scale"] in _DARKER:
            changes.set("scale", _DARKER[changes.values["scale"]], words)


def _read_sound_and_mood(changes: _Changes, terms: TextTerms) -> None:
    for kind in ("mood", "sound"):
        heard: set[str] = set()
        for found in terms.others[kind]:
            for axis, target, share in found.value.moves:
                # Moods add up; of two words for one side of the sound, the first counts ("cavernous hall").
                if kind == "mood" or axis not in heard:
                    changes.pull(axis, target, share, f'"{found.phrase}"')
                heard.add(axis)
        for found in terms.denied[kind]:
            for axis, target, share in found.value.moves:
                opposite = _opposite(axis, target)
                if opposite is not None:
                    changes.pull(axis, opposite, 0.5 * share, f'not "{found.phrase}"')


def _opposite(axis: str, target: float) -> float | None:
    """Where a denied word pulls: the other side of the axis; None where there is no other side."""
    if axis in ("valence", "register"):
        return -target
    if axis in ("arousal", "tension", "density", "articulation", "room", "width"):
        return 1.0 - target
    return {"low_pass_hz": 20_000.0, "bits": 16.0}.get(axis, 0.0)


def _read_scale(changes: _Changes, terms: TextTerms) -> None:
    scales = terms.others["scale"]
    if scales:
        found = scales[0]
        scale = found.value
        if found.phrase == "pentatonic" and changes.values["valence"] > 0.1:
            scale = "major pentatonic"
        # "Minor blues" and "major pentatonic" are read as the more telling word.
        telling = [each for each in scales if each.value not in ("major", "minor")]
        if scale in ("major", "minor") and telling:
            found, scale = telling[0], telling[0].value
        changes.set("scale", scale, f'"{found.phrase}"')
        _fit_harmony(changes, f'"{found.phrase}"')
    else:
        _scale_of_mood(changes, terms)
    for found in terms.others["harmony"][:1]:
        changes.set("harmony", found.value, f'"{found.phrase}"')


def _fit_harmony(changes: _Changes, words: str) -> None:
    """Let the harmony go with a scale that a text names."""
    scale, harmony = changes.values["scale"], changes.values["harmony"]
    fitting = harmony
    if scale in _DRONES and harmony not in ("drone", "modal", "pedal"):
        fitting = "drone"
    elif scale in _MODAL and harmony in ("functional", "blues", "dark", "epic"):
        fitting = "modal"
    elif scale == "blues" and harmony in ("functional", "modal"):
        fitting = "blues"
    elif scale == "whole tone" and harmony in ("functional", "jazz", "blues"):
        fitting = "quartal"
    elif scale == "chromatic" and harmony in ("functional", "jazz", "modal"):
        fitting = "dark"
    elif scale in ("major", "minor", "harmonic minor") and harmony in ("dark", "drone") and scale != "minor":
        fitting = "functional"
    if fitting != harmony:
        changes.set("harmony", fitting, words)


def _scale_of_mood(changes: _Changes, terms: TextTerms) -> None:
    """Make a scale minor or major by moods; not where the moods disagree."""
    said, denied = terms.others["mood"], (*terms.denied["mood"], *terms.denied["scale"])
    dark = [each for each in said if each.phrase in axes.DARK_MOODS]
    bright = [each for each in said if each.phrase in axes.BRIGHT_MOODS]
    dark += [each for each in denied if each.phrase in axes.BRIGHT_MOODS or each.phrase == "major"]
    bright += [each for each in denied if each.phrase in axes.DARK_MOODS or each.phrase == "minor"]
    if bool(dark) == bool(bright):
        return
    table = _DARKER if dark else _BRIGHTER
    scale = changes.values["scale"]
    if scale in table:
        changes.set("scale", table[scale], f'"{(dark or bright)[0].phrase}"')
        _fit_harmony(changes, f'"{(dark or bright)[0].phrase}"')


def _read_ensemble(changes: _Changes, base: NamedStyle, terms: TextTerms) -> None:
    ensemble: Ensemble = changes.values["ensemble"]
    genre = any(mention.style is base and base.kind == "genre" for mention in terms.styles)
    without = {program for family in terms.excluded for program in FAMILIES.get(family, {family})}
    only_drums = bool(terms.only) and bool(terms.drums) and not terms.instruments
    alone = bool(terms.solo) and len({mention.instrument for mention in terms.instruments}) <= 2
    wishes = Wishes(
        named=terms.instruments,
        genre=genre,
        alone=alone,
        only=bool(terms.only),
        without=frozenset(without),
        roles=frozenset(terms.excluded_roles) if not only_drums else frozenset(name for name, _ in ensemble.by_role()),
    )
    found = ensemble_for(ensemble, wishes)
    if found == ensemble and not terms.instruments:
        return
    words = [*(mention.phrase for mention in terms.instruments), *terms.excluded.values()]
    words += [*terms.excluded_roles.values()]
    said = ", ".join(f'"{word}"' for word in dict.fromkeys(words)) or f'"{terms.only}"'
    changes.set("ensemble", found, said)
    if (alone or (terms.only and len(found.instruments) == 1)) and terms.instruments and not terms.drums:
        _lay_out_solo(changes, terms, found)


def _lay_out_solo(changes: _Changes, terms: TextTerms, ensemble: Ensemble) -> None:
    """Choose a layout for one player, unless the style is for one player already."""
    words = f'"{terms.solo or terms.only}"'
    part = terms.instruments[0].instrument.part
    if changes.values["layout"] not in ("ragtime", "music box", "koto garden", "piano solo", "plucked duo", "solo"):
        layout = "solo"
        if part in ("chords", "mallet") and ensemble.melody != ("accordion",):
            layout = "piano solo"
        elif part == "pluck":
            layout = "plucked duo"
        changes.set("layout", layout, words)
    if changes.values["groove"] != "none":
        changes.set("groove", "none", words)
        # Without drums nothing drives the player on.
        _pull_tempo(changes, _SOLO_BPM, 0.5, words)


def _read_rhythm(changes: _Changes, base: NamedStyle, terms: TextTerms) -> None:
    """Read drums and groove."""
    drums = terms.drums
    named_styles = {mention.phrase for mention in terms.styles}
    for found in terms.others["groove"]:
        of_style = found.phrase in named_styles
        dance = found.value in ("waltz", "march", "swing", "jig", "reel", "polka", "bossa", "samba")
        if changes.values["groove"] == "none" and dance and not drums and (not of_style or base.kind == "scene"):
            # "Piano waltz" wants no drums.
            continue
        if of_style and changes.values["groove"] == "none" and base.profile.groove == "none" and not drums:
            continue
        if changes.values["groove"] == "none" or found.value in ("trap", "taiko", "blast"):
            changes.set("percussion", _PERCUSSION[found.value], f'"{found.phrase}"')
        changes.set("groove", found.value, f'"{found.phrase}"')
        break
    for found in [each for each in terms.others["groove"] if _is_played_alone(each, terms) and not drums][:1]:
        changes.set("groove", "none", f'"{terms.words[found.start - 1]} {found.phrase}"')
    kinds = [each for each in drums if each.phrase not in GENERIC_DRUMS]
    for found in (kinds or list(drums))[:1]:
        percussion, groove = found.value
        if kinds or (changes.values["groove"] == "none" and changes.values["percussion"] == "orchestral"):
            changes.set("percussion", percussion, f'"{found.phrase}"')
        if changes.values["groove"] == "none":
            changes.set("groove", groove, f'"{found.phrase}"')
    for words in [terms.excluded["drums"]] if "drums" in terms.excluded else []:
        changes.set("groove", "none", f'"{words}"')
    if terms.only and terms.instruments and not drums and changes.values["groove"] != "none":
        changes.set("groove", "none", f'"{terms.only}"')


def _is_played_alone(dance: Found[str], terms: TextTerms) -> bool:
    """Whether a text names a dance of one player who needs no drums: "piano waltz"."""
    return any(
        mention.end == dance.start and mention.instrument.part in ("chords", "pluck", "mallet")
        for mention in terms.instruments
    )


def _read_time(changes: _Changes, base: NamedStyle, terms: TextTerms) -> None:
    """Read meter and tempo."""
    if terms.meter is not None:
        beats, words = terms.meter
        _set_meter(changes, beats, f'"{words}"', eighths=words.endswith(("/8", "/16")))
    else:
        for found in terms.others["meter_word"][:1]:
            _set_meter(changes, found.value, f'"{found.phrase}"', eighths=found.value in _COMPOUND)
    if terms.tempo_bpm is not None:
        number, said = terms.tempo_bpm
        changes.set("tempo_bpm", number, f'"{said}"')
        return
    for found in terms.others["tempo_word"][:1]:
        changes.set("tempo_bpm", found.value, f'"{found.phrase}"')
        return
    for phrases, factor in ((axes.SLOW_MOODS, 0.9), (axes.FAST_MOODS, 1.08)):
        for phrase in [each.phrase for each in terms.others["mood"] if each.phrase in phrases][:1]:
            changes.set("tempo_bpm", _bounded("tempo_bpm", changes.values["tempo_bpm"] * factor), f'"{phrase}"')
    for found in terms.others["tempo_pull"][:1]:
        target, share = found.value
        _pull_tempo(changes, target, share, f'"{found.phrase}"')
    for found in terms.denied["tempo_pull"][:1]:
        # "Not too fast" is a little slower.
        target, share = found.value
        _pull_tempo(changes, _MIDDLE_BPM**2 / target, 0.4 * share, f'not "{found.phrase}"')


def _pull_tempo(changes: _Changes, target: float, share: float, words: str) -> None:
    tempo = changes.values["tempo_bpm"]
    changes.set("tempo_bpm", _bounded("tempo_bpm", tempo ** (1 - share) * target**share), words)


def _set_meter(changes: _Changes, beats: int, words: str, *, eighths: bool) -> None:
    """Set the meter; where its beats become eighths and the style's were quarters, they come faster."""
    assert beats in METERS
    before = changes.values["meter"]
    changes.set("meter", beats, words)
    if eighths and before not in (_COMPOUND | {7}) and beats != before:
        tempo = min(180.0, changes.values["tempo_bpm"] * _EIGHTHS_FASTER)
        changes.set("tempo_bpm", _bounded("tempo_bpm", max(tempo, changes.values["tempo_bpm"])), words)
    groove = changes.values["groove"]
    three = {"waltz": (3, 6), "jig": (3, 6, 9, 12), "polka": (2, 4), "march": (2, 4)}
    if groove in three and beats not in three[groove]:
        changes.set("groove", "waltz" if beats in (3, 6) else "straight", words)
