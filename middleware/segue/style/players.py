"""The players: instruments, soloists, sections and groups that a text names take the place of the style's."""

from __future__ import annotations

from typing import Final

from segue.style.changes import Changes
from segue.style.ensembles import Wishes, ensemble_for
from segue.style.phrases import covered, is_break
from segue.style.points import NamedStyle
from segue.style.terms import listed
from segue.style.terms.instruments import FAMILIES, INSTRUMENTS
from segue.style.text_terms import TextTerms
from segue.style_profile import Ensemble

_SOLO_BPM: Final = 66.0
_ORCHESTRA: Final = "classical orchestra"
_ORCHESTRAL: Final = (
    FAMILIES["orchestra"]
    | FAMILIES["woodwinds"]
    | FAMILIES["bells"]
    | FAMILIES["choir"]
    | {
        *("harp", "piano", "church organ", "vibraphone", "xylophone", "marimba"),
    }
)
_BAND_DRUMS: Final = frozenset(("kit", "electronic", "808", "metal kit", "chip"))
# Beside a whole section these lend their scale and mood, not their band and drums: "Nordic strings".
_REGIONS: Final = frozenset(
    listed(
        "nordic, norse, scandinavian, norwegian, swedish, finnish, icelandic, danish, celtic, irish, scottish, "
        "russian, slavic, arabic, arabian, middle eastern, persian, turkish, indian, chinese, japanese, mongolian, "
        "african, greek, jewish, spanish, hungarian, balkan, eastern european, gypsy"
    )
)
# What such a section is played by, how it is laid out, and a tempo to which it draws.
_SECTIONS: Final = {
    "strings": ("calm", Ensemble(melody=("violin",), harmony=("strings",), bass=("contrabass",))),
    "orchestra": (
        "exploration",
        Ensemble(melody=("violin", "horn"), counter=("cello",), harmony=("strings", "horn"), bass=("contrabass",)),
    ),
    "choir": ("temple", Ensemble(melody=("choir",), harmony=("choir",), bass=("choir",))),
}
_SECTION_BPM: Final = 84.0


def orchestrate(changes: Changes, base: NamedStyle, terms: TextTerms) -> None:
    """Let an orchestra play a scene that has other players: "orchestral chase"."""
    for mention in terms.styles:
        if mention.style.name != _ORCHESTRA or base.kind != "scene":
            continue
        words = f'"{mention.phrase}"'
        if not changes.values["ensemble"].instruments <= _ORCHESTRAL:
            changes.set("ensemble", mention.style.profile.ensemble, words)
        if changes.values["groove"] != "none" and changes.values["percussion"] in _BAND_DRUMS:
            changes.set("percussion", "orchestral", words)


def read_ensemble(changes: Changes, base: NamedStyle, terms: TextTerms) -> None:
    """Set the ensemble of a profile by the players that a text names or excludes."""
    ensemble: Ensemble = changes.values["ensemble"]
    genre = any(mention.style is base and base.kind == "genre" for mention in terms.styles)
    genre = genre and not any(_regional_section(base, terms))
    without = {program for family in terms.excluded for program in FAMILIES.get(family, {family})}
    nothing_else = all(place in covered(terms.drums) for place, word in enumerate(terms.words) if not is_break(word))
    only_drums = bool(terms.drums) and not terms.instruments and (bool(terms.only) or nothing_else)
    # In a genre, a "clarinet solo" is a part of the piece.
    within = genre and terms.solo.endswith(" solo") and not terms.solo.endswith(", solo")
    alone = bool(terms.solo) and not within and len({mention.instrument for mention in terms.instruments}) <= 2
    wishes = Wishes(
        named=terms.instruments,
        genre=genre,
        alone=alone,
        only=bool(terms.only),
        two=terms.only.endswith((" duo", " duet")),
        without=frozenset(without),
        roles=frozenset(name for name, _ in ensemble.by_role()) if only_drums else _left_out(terms),
    )
    found = ensemble_for(ensemble, wishes)
    fewer = {program for each in terms.reduced for program in FAMILIES.get(each, {each})}
    found = _with_less(found, frozenset(fewer))
    if found == ensemble and not terms.instruments:
        return
    words = [
        *(mention.phrase for mention in terms.instruments),
        *(said for what, said in terms.excluded.items() if what != "drums"),
    ]
    words += [*terms.excluded_roles.values(), *terms.reduced.values()]
    said = ", ".join(f'"{word}"' for word in dict.fromkeys(words)) or f'"{terms.only}"'
    changes.set("ensemble", found, said)
    if (alone or (terms.only and len(found.instruments) == 1)) and terms.instruments and not terms.drums:
        _lay_out_solo(changes, terms, found)


def _regional_section(base: NamedStyle, terms: TextTerms) -> tuple[str, str]:
    """A region and a whole section beside it, of a text that names no other genre and no drums; or ("", "")."""
    genres = [mention for mention in terms.styles if mention.style.kind == "genre"]
    # A choir is a genre of its own, too.
    others = any(mention.style is not base and mention.phrase not in INSTRUMENTS for mention in genres)
    if terms.drums or terms.others["groove"] or others:
        return "", ""
    for region in genres:
        for named in terms.instruments:
            if region.phrase in _REGIONS and region.end == named.start and named.phrase.split()[-1] in _SECTIONS:
                return region.phrase, named.phrase
    return "", ""


def read_regional_section(changes: Changes, base: NamedStyle, terms: TextTerms) -> None:
    """Let the section of "Nordic strings" play in place of a region's band and drums."""
    region, section = _regional_section(base, terms)
    if not region:
        return
    words = f'"{region} {section}"'
    layout, ensemble = _SECTIONS[section.split()[-1]]
    changes.set("ensemble", ensemble, words)
    changes.set("layout", layout, words)
    changes.set("figuration", "layout", words)
    if changes.values["groove"] != "none":
        changes.set("groove", "none", words)
        # Without drums nothing drives the music on.
        changes.pull_tempo(_SECTION_BPM, 0.5, words)


def _with_less(ensemble: Ensemble, fewer: frozenset[str]) -> Ensemble:
    """Return an ensemble in which some instruments neither lead nor come first, as far as there are others."""
    if not fewer & ensemble.instruments:
        return ensemble
    roles = {}
    for role, names in ensemble.by_role():
        others = tuple(name for name in names if name not in fewer)
        kept = tuple(name for name in names if name in fewer)[: 0 if role in ("melody", "counter") else 1]
        roles[role] = others + kept
    led = roles["melody"] or roles["counter"] or tuple(name for name in roles["harmony"] if name not in fewer)[:1]
    return Ensemble(**roles | {"melody": led or ensemble.melody})


def _left_out(terms: TextTerms) -> frozenset[str]:
    """The roles that a text leaves out; a melody takes its second voice with it, chords their colours."""
    roles = set(terms.excluded_roles)
    roles |= {"counter"} if "melody" in roles else set()
    roles |= {"texture"} if "harmony" in roles else set()
    return frozenset(roles)


def _lay_out_solo(changes: Changes, terms: TextTerms, ensemble: Ensemble) -> None:
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
        changes.pull_tempo(_SOLO_BPM, 0.5, words)
