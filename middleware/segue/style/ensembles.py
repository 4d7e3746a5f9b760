"""Instruments that a text names take their places in an ensemble: the roles that a listener expects them in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from segue.style.terms.instruments import FAMILIES
from segue.style.text_terms import InstrumentMention
from segue.style_profile import Ensemble

_ROLES: Final = ("melody", "counter", "harmony", "bass", "texture")
_POLYPHONIC: Final = frozenset({"pluck", "chords", "pad", "mallet"})
# What plays the bass where nothing but one family is wanted, and the melody where a text takes it away.
_FAMILY_BASS: Final = {"strings": "contrabass", "woodwinds": "bassoon", "brass": "tuba", "synth": "synth bass"}
_SECTIONS: Final = frozenset({"strings", "brass", "woodwinds", "orchestra", "synth", "pads"})
_SPARE_MELODIES: Final = ("piano", "clarinet", "violin", "vibraphone", "saw lead")
_SPARE_HARMONIES: Final = ("piano", "slow strings", "nylon guitar", "warm pad")
_SOFT_ACCOMPANIMENT: Final = "slow strings"
_SOFT_BASS: Final = "contrabass"
# Bands with these have an electric organ, a rock band another.
_BAND_BASSES: Final = FAMILIES["bass"] - {"contrabass", "acoustic bass"}
_ROCK_GUITARS: Final = frozenset(("overdriven guitar", "distortion guitar"))


@dataclass(frozen=True, kw_only=True)
class Wishes:
    """What a text wants of an ensemble.

    Attributes:
        named: Its instruments, in order.
        genre: Whether it names a genre, whose band goes on around them.
        alone: Whether the named ones play nearly alone ("solo cello").
        only: Whether nothing else may play ("strings only").
        two: Whether the only ones are two ("flute duet").
        without: Instruments that may not play.
        roles: Parts that may not play.
    """

    named: tuple[InstrumentMention, ...]
    genre: bool
    alone: bool = False
    only: bool = False
    two: bool = False
    without: frozenset[str] = frozenset()
    roles: frozenset[str] = frozenset()


def ensemble_for(base: Ensemble, wishes: Wishes) -> Ensemble:
    """Return the ensemble of a style with the instruments that a text names in it."""
    seats = {role: list(names) for role, names in base.by_role()}
    if wishes.named:
        seats = _seated(seats, wishes)
    return _without(seats, wishes)


def _without(seats: dict[str, list[str]], wishes: Wishes) -> Ensemble:
    """Take out what may not play, and fill the melody and the chords if that empties them."""
    kept: dict[str, tuple[str, ...]] = {}
    for role in _ROLES:
        names = [name for name in seats[role] if name not in wishes.without]
        if seats[role] and not names and not wishes.only:
            spare = {"melody": _SPARE_MELODIES, "harmony": _SPARE_HARMONIES}.get(role, ())
            names = [name for name in spare if name not in wishes.without][:1]
        kept[role] = () if role in wishes.roles else tuple(dict.fromkeys(names))
    return Ensemble(**kept)


def _seated(seats: dict[str, list[str]], wishes: Wishes) -> dict[str, list[str]]:
    near_alone = wishes.alone or wishes.only
    whole = _whole_sections(seats, wishes)
    if whole["melody"] and whole["harmony"]:
        return whole
    sections = [] if near_alone else [mention for mention in wishes.named if _section(mention, seats)]
    players = [
        (_programs(mention, seats, whole=wishes.only, genre=wishes.genre), mention)
        for mention in wishes.named
        if mention not in sections
    ]
    named: dict[str, list[str]] = {role: [] for role in _ROLES}
    undecided: list[tuple[str, str]] = []
    for programs, mention in players:
        part = mention.instrument.part
        for program in programs:
            if part == "bass" and mention.cue != "lead" and not (wishes.alone and len(wishes.named) == 1):
                named["bass"].append(program)
            elif mention.cue == "lead" or (part == "line" and mention.cue != "accompany"):
                role = "melody" if not named["melody"] or mention.cue == "lead" else "counter"
                named[role if not named[role] or role == "melody" else "melody"].append(program)
            elif mention.cue == "accompany":
                named["harmony"].append(program)
            else:
                undecided.append((program, part))
    _seat_rest(named, undecided, seats, wishes)
    if near_alone:
        return _alone(named, players, seats, wishes)
    count = len({program for names, _ in players for program in names}) + len(sections)
    for mention in sections:
        for role, names in _section(mention, seats).items():
            # A section goes on where the style has it, behind an instrument that is named for the part.
            if role != "melody" or not named["melody"]:
                named[role] += [name for name in names if name not in named[role]]
    return _joined(named, seats, genre=wishes.genre, count=count)


def _whole_sections(seats: dict[str, list[str]], wishes: Wishes) -> dict[str, list[str]]:
    """What the style has of the sections that may play alone ("strings only"); nothing where players are named."""
    found: dict[str, list[str]] = {role: [] for role in _ROLES}
    if not wishes.only or not all(_section(mention, seats) for mention in wishes.named):
        return found
    for mention in wishes.named:
        for role, names in _section(mention, seats).items():
            found[role] += names
        bass = _FAMILY_BASS.get(mention.family)
        found["bass"] = found["bass"] or ([bass] if bass else [])
    return found


def _section(mention: InstrumentMention, seats: dict[str, list[str]]) -> dict[str, list[str]]:
    """The places that a section named as a whole ("brass") has in the style; empty for a player."""
    if mention.family not in _SECTIONS or not mention.instrument.generic or mention.cue:
        return {}
    family = FAMILIES[mention.family]
    found = {role: [name for name in names if name in family] for role, names in seats.items()}
    return {role: names for role, names in found.items() if names}


def _programs(mention: InstrumentMention, seats: dict[str, list[str]], *, whole: bool, genre: bool) -> Sequence[str]:
    """Return which programmes are meant: of a word such as "guitar", the one that the style has.

    Args:
        whole: Whether a section is meant with all its players.
        genre: Whether the style is that of a band.
    """
    section = whole and mention.family in _SECTIONS
    if mention.instrument.generic and mention.family and not section:
        family = FAMILIES[mention.family]
        for role in _ROLES:
            for name in seats[role]:
                if name in family:
                    return (name,)
        if mention.family == "organ" and genre and _BAND_BASSES & set(seats["bass"]):
            playing = {name for names in seats.values() for name in names}
            return ("rock organ" if _ROCK_GUITARS & playing else "drawbar organ",)
    return mention.instrument.programs


def _seat_rest(
    named: dict[str, list[str]], undecided: list[tuple[str, str]], seats: dict[str, list[str]], wishes: Wishes
) -> None:
    """Seat what can play several parts: where the genre has it; else one leads, unless another does, the rest fill."""
    free: list[tuple[str, str]] = []
    for program, part in undecided:
        role = next((role for role in _ROLES if program in seats[role]), "")
        if role and wishes.genre and not (wishes.alone or wishes.only):
            named[role].append(program)
        else:
            free.append((program, part))
    # Held chords lead where nothing else can.
    near_alone = wishes.alone or wishes.only
    leaders = [each for each in free if each[1] != "pad" or near_alone or not seats["melody"]]
    if leaders and not named["melody"]:
        leader, part = min(leaders, key=lambda each: (each[0] not in seats["melody"][:1], each[1] == "pad"))
        # In a genre, chords go beside its own melody.
        if not wishes.genre or part in ("pluck", "mallet") or near_alone:
            named["melody"].append(leader)
            if part in _POLYPHONIC and part != "mallet" and len(free) == 1:
                named["harmony"].append(leader)
            free.remove((leader, part))
    for program, part in free:
        named["texture" if part == "mallet" and named["harmony"] else "harmony"].append(program)


def _alone(
    named: dict[str, list[str]],
    players: list[tuple[Sequence[str], InstrumentMention]],
    seats: dict[str, list[str]],
    wishes: Wishes,
) -> dict[str, list[str]]:
    """The named instruments and nothing else; under a single voice that is not to be quite alone, soft chords."""
    allowed = [program for programs, _ in players for program in programs]
    families = {mention.family for _, mention in players if mention.family in _FAMILY_BASS}
    if not named["melody"]:
        named["melody"] = named["harmony"][:1] or named["bass"][:1] or allowed[:1]
    polyphonic = any(mention.instrument.part in _POLYPHONIC for _, mention in players)
    if not named["harmony"]:
        if polyphonic:
            named["harmony"] = [
                program
                for programs, mention in players
                for program in programs
                if mention.instrument.part in _POLYPHONIC
            ][:1]
        elif len(allowed) > 1:
            named["harmony"] = allowed[1:]
        elif not wishes.only:
            own = seats["harmony"][:1] if wishes.genre else []
            named["harmony"] = own or [_SOFT_ACCOMPANIMENT]
            named["bass"] = named["bass"] or [_SOFT_BASS]
    if len(allowed) == 1 and players[0][1].instrument.part in ("chords", "pluck"):
        # Both hands of a pianist, the low strings of a guitar.
        named["bass"] = allowed[:]
    if wishes.two and len(allowed) == 1:
        named["counter"] = allowed[:]
    if wishes.only and not named["bass"]:
        named["bass"] = [_FAMILY_BASS[family] for family in sorted(families)][:1]
    return named


def _joined(
    named: dict[str, list[str]], seats: dict[str, list[str]], *, genre: bool, count: int
) -> dict[str, list[str]]:
    """The named instruments, and of the style's what goes with them."""
    joined: dict[str, list[str]] = {}
    taken = {name for names in named.values() for name in names}
    for role in _ROLES:
        # In a genre, an instrument may go on accompanying itself; elsewhere, and as a second voice, it has one place.
        elsewhere = taken if role == "counter" or not genre else set(named[role])
        own = [name for name in seats[role] if name not in elsewhere]
        if genre:
            # The band of a genre goes on, but the one that leads is the one that is named.
            joined[role] = [*named[role], *(own if role != "melody" or not named[role] else [])]
        elif named[role]:
            joined[role] = list(named[role])
        elif (role in ("counter", "texture") and count > 1) or role == "counter":
            joined[role] = []
        elif role == "harmony" and count > 1 and named["melody"]:
            joined[role] = _chords_of(named["melody"]) or own[:1]
        else:
            joined[role] = own or ([] if role in ("counter", "texture") else [*seats[role]])
    return joined


def _chords_of(melody: Iterable[str]) -> list[str]:
    """The first of some instruments that can play chords, too."""
    chordal = FAMILIES["keys"] | FAMILIES["guitar"] | FAMILIES["organ"] | {"harp", "koto", "accordion"}
    return [name for name in melody if name in chordal][:1]
