"""What a text says directly sets the axes of its style's profile, and it is recorded from which words."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

from segue.style.ensembles import Wishes, ensemble_for
from segue.style.phrases import Found, covered, is_break
from segue.style.points import NamedStyle
from segue.style.terms import axes
from segue.style.terms.instruments import FAMILIES, GENERIC_DRUMS
from segue.style.text_terms import TextTerms
from segue.style_profile import METERS, RANGES, Ensemble, StyleProfile

BLENDED: Final = ("density", "register", "articulation", "room", "width", "valence", "arousal", "tension")
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
# How far a scene beside the base pulls its tempo.
_SCENE_TEMPO: Final = 0.25
# The same of a form that the base takes ("soul ballad"), and the rhythms of forms, which leave the base its own.
_FORM_TEMPO: Final = 0.4
_FORM_GROOVES: Final = frozenset({"waltz", "march", "polka", "jig", "reel"})


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


def bounded(axis: str, value: float) -> float:
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
        self.set(axis, bounded(axis, value + share * (target - value)), words)


def _shown(value: Any) -> str:
    if isinstance(value, Ensemble):
        return "; ".join(f"{role}: {', '.join(names)}" for role, names in value.by_role() if names) or "nobody"
    return f"{value:g}" if isinstance(value, float) else str(value)


def override(base: NamedStyle, profile: StyleProfile, terms: TextTerms) -> tuple[StyleProfile, tuple[StyleSource, ...]]:
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
        for axis in BLENDED:
            changes.values[axis] = bounded(
                axis, changes.values[axis] + share * (getattr(other.profile, axis) - changes.values[axis])
            )
        changes.sources.append(StyleSource(axis="mood and room", value=f"{share:.0%}", words=words))
        if other.kind == "scene":
            _pull_tempo(changes, other.profile.tempo_bpm, _SCENE_TEMPO, words)
        if other.is_form:
            _pull_tempo(changes, other.profile.tempo_bpm, _FORM_TEMPO, words)
        elif other.kind == "genre" and base.kind == "genre":
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
    nothing_else = all(place in covered(terms.drums) for place, word in enumerate(terms.words) if not is_break(word))
    only_drums = bool(terms.drums) and not terms.instruments and (bool(terms.only) or nothing_else)
    # In a genre, a "clarinet solo" is a part of the piece.
    within = genre and terms.solo.endswith(" solo")
    alone = bool(terms.solo) and not within and len({mention.instrument for mention in terms.instruments}) <= 2
    wishes = Wishes(
        named=terms.instruments,
        genre=genre,
        alone=alone,
        only=bool(terms.only),
        without=frozenset(without),
        roles=frozenset(name for name, _ in ensemble.by_role()) if only_drums else _left_out(terms),
    )
    found = ensemble_for(ensemble, wishes)
    if found == ensemble and not terms.instruments:
        return
    words = [
        *(mention.phrase for mention in terms.instruments),
        *(said for what, said in terms.excluded.items() if what != "drums"),
    ]
    words += [*terms.excluded_roles.values()]
    said = ", ".join(f'"{word}"' for word in dict.fromkeys(words)) or f'"{terms.only}"'
    changes.set("ensemble", found, said)
    if (alone or (terms.only and len(found.instruments) == 1)) and terms.instruments and not terms.drums:
        _lay_out_solo(changes, terms, found)


def _left_out(terms: TextTerms) -> frozenset[str]:
    """The roles that a text leaves out; a melody takes its second voice with it, chords their colours."""
    roles = set(terms.excluded_roles)
    roles |= {"counter"} if "melody" in roles else set()
    roles |= {"texture"} if "harmony" in roles else set()
    return frozenset(roles)


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
        if of_style and found.value in _FORM_GROOVES and base.kind == "genre" and found.phrase not in base.names:
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
            changes.set("tempo_bpm", bounded("tempo_bpm", changes.values["tempo_bpm"] * factor), f'"{phrase}"')
    for found in terms.others["tempo_pull"][:1]:
        target, share = found.value
        _pull_tempo(changes, target, share, f'"{found.phrase}"')
    for found in terms.denied["tempo_pull"][:1]:
        # "Not too fast" is a little slower.
        target, share = found.value
        _pull_tempo(changes, _MIDDLE_BPM**2 / target, 0.4 * share, f'not "{found.phrase}"')


def _pull_tempo(changes: _Changes, target: float, share: float, words: str) -> None:
    tempo = changes.values["tempo_bpm"]
    changes.set("tempo_bpm", bounded("tempo_bpm", tempo ** (1 - share) * target**share), words)


def _set_meter(changes: _Changes, beats: int, words: str, *, eighths: bool) -> None:
    """Set the meter; where its beats become eighths and the style's were quarters, they come faster."""
    assert beats in METERS
    before = changes.values["meter"]
    changes.set("meter", beats, words)
    if eighths and before not in (_COMPOUND | {7}) and beats != before:
        tempo = min(180.0, changes.values["tempo_bpm"] * _EIGHTHS_FASTER)
        changes.set("tempo_bpm", bounded("tempo_bpm", max(tempo, changes.values["tempo_bpm"])), words)
    groove = changes.values["groove"]
    three = {"waltz": (3, 6), "jig": (3, 6, 9, 12), "polka": (2, 4), "march": (2, 4)}
    if groove in three and beats not in three[groove]:
        changes.set("groove", "waltz" if beats in (3, 6) else "straight", words)
