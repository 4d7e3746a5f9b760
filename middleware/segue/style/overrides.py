"""What a text says directly sets the axes of its style's profile, and it is recorded from which words."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from segue.style.changes import Changes, StyleSource, bounded
from segue.style.phrases import Found
from segue.style.players import orchestrate, read_ensemble, read_regional_section
from segue.style.points import NamedStyle
from segue.style.terms import axes
from segue.style.terms.instruments import GENERIC_DRUMS, INSTRUMENTS
from segue.style.text_terms import TextTerms
from segue.style_profile import METERS, PERCUSSION, RANGES, Ensemble, StyleProfile

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
# Rhythms with fewer strokes, and with more.
_LIGHTER: Final = {
    **dict.fromkeys(("rock", "breakbeat", "funk", "driving", "boom bap", "surf", "reel"), "half-time"),
    **dict.fromkeys(("straight", "half-time", "trap", "swing", "shuffle", "march", "train", "fanfare"), "sparse"),
    **dict.fromkeys(("tribal", "taiko", "war drums", "giant drums", "samba", "clave", "tension"), "sparse"),
    **dict.fromkeys(("bossa", "one drop", "hand drums", "polka", "waltz", "jig", "ballad brushes"), "sparse"),
    "four on the floor": "half-time",
    "blast": "driving",
}
_HEAVIER: Final = {
    **dict.fromkeys(("none", "sparse", "ballad brushes", "tension"), "straight"),
    **dict.fromkeys(("straight", "half-time", "boom bap", "one drop", "train"), "rock"),
    **dict.fromkeys(("rock", "four on the floor", "surf"), "driving"),
    **dict.fromkeys(("hand drums", "clave", "bossa"), "samba"),
    **dict.fromkeys(("tribal", "taiko"), "war drums"),
}
_COMPOUND: Final = frozenset({6, 9, 12})
_EIGHTHS_FASTER: Final = 1.35
# 3/8 and 4/8 are read as bars of three and four beats.
_LEAST_EIGHTHS: Final = 5
_FASTEST_BPM: Final = RANGES["tempo_bpm"].high
# How far a scene beside the base pulls its tempo.
_SCENE_TEMPO: Final = 0.25
# The same of a form that the base takes ("soul ballad"), and the rhythms of forms, which leave the base its own.
_FORM_TEMPO: Final = 0.4
_FORM_GROOVES: Final = frozenset({"waltz", "march", "polka", "jig", "reel"})


def override(base: NamedStyle, profile: StyleProfile, terms: TextTerms) -> tuple[StyleProfile, tuple[StyleSource, ...]]:
    """Set every axis of which the text says something itself."""
    changes = Changes(profile)
    _mix_in_named(changes, base, terms)
    orchestrate(changes, base, terms)
    _read_sound_and_mood(changes, terms)
    _read_scale(changes, terms)
    read_regional_section(changes, base, terms)
    read_ensemble(changes, base, terms)
    _read_rhythm(changes, base, terms)
    _read_time(changes, base, terms)
    for found in terms.others["figuration"][:1]:
        changes.set("figuration", found.value, f'"{found.phrase}"')
    if terms.tonic:
        changes.sources.append(StyleSource(axis="tonic", value=terms.tonic, words="left to `music: key` of the rules"))
    return StyleProfile(**changes.values), tuple(changes.sources)


def _mix_in_named(changes: Changes, base: NamedStyle, terms: TextTerms) -> None:
    """Colour the base with the other styles that a text names: a genre lends its leader, a scene its mood."""
    for mention in terms.styles:
        other = mention.style
        if other is base or (other.kind == "genre" and not mention.strong):
            continue
        if base.kind == "genre" and mention.phrase in INSTRUMENTS:
            # The organ of "gospel organ" takes its place in the band.
            continue
        words = f'"{mention.phrase}" ({other.name})'
        share = 0.25 if other.kind == "genre" else 0.35
        for axis in BLENDED:
            changes.values[axis] = bounded(
                axis, changes.values[axis] + share * (getattr(other.profile, axis) - changes.values[axis])
            )
        changes.sources.append(StyleSource(axis="mood and room", value=f"{share:.0%}", words=words))
        if other.kind == "scene":
            changes.pull_tempo(other.profile.tempo_bpm, _SCENE_TEMPO, words)
        if other.is_form:
            changes.pull_tempo(other.profile.tempo_bpm, _FORM_TEMPO, words)
        elif other.kind == "genre" and base.kind == "genre":
            ensemble: Ensemble = changes.values["ensemble"]
            lead = other.profile.ensemble.melody[:1]
            if lead and lead[0] not in ensemble.melody:
                changes.set("ensemble", replace(ensemble, melody=(*lead, *ensemble.melody)), words)
        elif base.kind == "genre" and other.profile.valence <= -0.5 and changes.values["scale"] in _DARKER:
            changes.set("scale", _DARKER[changes.values["scale"]], words)


def _read_sound_and_mood(changes: Changes, terms: TextTerms) -> None:
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
                # "Less tension" leaves a style that has none as it is.
                if opposite is not None and (opposite - changes.values[axis]) * (opposite - target) > 0:
                    changes.pull(axis, opposite, 0.5 * share, f'not "{found.phrase}"')


def _opposite(axis: str, target: float) -> float | None:
    """Where a denied word pulls: the other side of the axis; None where there is no other side."""
    if axis in ("valence", "register"):
        return -target
    if axis in ("arousal", "tension", "density", "articulation", "room", "width"):
        return 1.0 - target
    return {"low_pass_hz": 20_000.0, "bits": 16.0}.get(axis, 0.0)


def _read_scale(changes: Changes, terms: TextTerms) -> None:
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


def _fit_harmony(changes: Changes, words: str) -> None:
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


def _scale_of_mood(changes: Changes, terms: TextTerms) -> None:
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


def _read_rhythm(changes: Changes, base: NamedStyle, terms: TextTerms) -> None:
    """Read drums and groove."""
    drums = terms.drums
    named_styles = {mention.phrase for mention in terms.styles}
    for found in terms.others["groove"]:
        of_style = found.phrase in named_styles
        dance = found.value in ("waltz", "march", "swing", "jig", "reel", "polka", "bossa", "samba")
        if changes.values["groove"] == "none" and dance and not drums and (not of_style or base.kind == "scene"):
            # "Piano waltz" wants no drums.
            continue
        form = found.value in _FORM_GROOVES and base.kind == "genre" and found.phrase not in base.names
        # "Russian march" is a march in the rhythm, too: both are for marching or dancing in two.
        if of_style and form and not (found.value == "march" and changes.values["groove"] in ("polka", "straight")):
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
    if "kick" in terms.excluded:
        kickless = f"{changes.values['percussion']} without kick"
        if kickless in PERCUSSION:
            changes.set("percussion", kickless, f'"{terms.excluded["kick"]}"')
    # "Calm, more drums" has drums at all, which is more.
    amount = None if "drums" in terms.excluded or base.profile.groove == "none" else terms.drum_amount
    if amount is not None:
        table = _LIGHTER if amount.less else _HEAVIER
        groove = changes.values["groove"]
        if groove in table:
            changes.set("groove", table[groove], f'"{amount.words}"')
    if terms.only and terms.instruments and not drums and changes.values["groove"] != "none":
        changes.set("groove", "none", f'"{terms.only}"')


def _is_played_alone(dance: Found[str], terms: TextTerms) -> bool:
    """Whether a text names a dance of one player who needs no drums: "piano waltz"."""
    return any(
        mention.end == dance.start and mention.instrument.part in ("chords", "pluck", "mallet")
        for mention in terms.instruments
    )


def _read_time(changes: Changes, base: NamedStyle, terms: TextTerms) -> None:
    """Read meter and tempo."""
    if terms.meter is not None:
        beats, words = terms.meter
        _set_meter(changes, beats, f'"{words}"', eighths=words.endswith(("/8", "/16")))
    else:
        for found in terms.others["meter_word"][:1]:
            _set_meter(changes, found.value, f'"{found.phrase}"', eighths=found.value in _COMPOUND)
    if terms.tempo_bpm is not None:
        number, said = terms.tempo_bpm
        # As in a score: the number counts quarters, and the beats of such a bar are eighths.
        if changes.values["meter"] >= _LEAST_EIGHTHS and terms.signature.endswith("/8") and 2 * number <= _FASTEST_BPM:
            changes.set("tempo_bpm", 2 * number, f'"{said}" of quarters, "{terms.signature}"')
        else:
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
        changes.pull_tempo(target, share, f'"{found.phrase}"')
    for found in terms.denied["tempo_pull"][:1]:
        # "Not too fast" is a little slower.
        target, share = found.value
        changes.pull_tempo(axes.MIDDLE_BPM**2 / target, 0.4 * share, f'not "{found.phrase}"')


def _set_meter(changes: Changes, beats: int, words: str, *, eighths: bool) -> None:
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
