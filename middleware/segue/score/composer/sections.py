"""Form over minutes: sections in which voices enter and leave and the loudness breathes.

Each phrase is a section. Which one is a pure function of the seed, the plan's arrangement, the visit and the phrase's
number, so music that starts in the middle has the form of music that was played from the start. A section keeps a share
of each role's voices and scales velocities. The intensity that the game sets still rules: a voice that a section rests
comes back above an intensity of its own, and velocities are lowered less the more intense the music is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType
from typing import Final, Literal, NamedTuple

from segue.contract import TICKS_PER_BEAT
from segue.score.composer.bar import Bar, Onset, compose_bar, program_of, without_unisons
from segue.score.composer.keyed_random import KeyedRandom, mix, text_key
from segue.score.composer.motif import Theme
from segue.score.composer.ranges import octaves_to, playable, range_of
from segue.score.composer.vocabulary import DRUM_SLOT, Arrangement

SectionName = Literal["intro", "full", "contrast", "thin", "break", "climax", "rest"]

# An arrangement of at least this drive has the form of a fight.
DRIVEN: Final = 0.6
# How much of what a section takes away an intensity of 1 gives back.
_RULED: Final = 0.6
# Where a section keeps less than this share of a role's voices, they are drawn.
_DRAWN: Final = 0.7
# At this level no intensity brings a voice back.
_NEVER: Final = 2.0
# A tune is moved by an octave where so many semitones of its instrument's range remain beyond it.
_BEYOND: Final = 7
# Nor is it moved above this key, C6, from which on it is shrill.
_SHRILL: Final = 84
# Notes within this of a beat, in beats, are on it.
_ON_BEAT: Final = 0.1
# Bars of an intro in which voices enter one after the other.
_ENTERING_BARS: Final = 2


@dataclass(frozen=True, kw_only=True, eq=False)
class Section:
    """How a section plays an arrangement.

    Attributes:
        voices: Share of each role's voices that play, 0 to 1; a role that is not named plays whole.
        force: Factor on velocities at its begin and at its end, with a straight line between them.
        lift: How far it raises intensity: a share of what is left above and below, whichever is less.
        octave: Octaves by which the tune moves, where its instrument has them.
        chords_octave: The same of chords.
        exchange: Whether tune and counter-line exchange their instruments.
        density: Share of the accompaniment's notes off the beat that sound.
        staggered: Whether the voices enter one after the other.
    """

    name: SectionName
    voices: Mapping[str, float] = field(default_factory=dict)
    force: tuple[float, float] = (1.0, 1.0)
    lift: float = 0.0
    octave: int = 0
    chords_octave: int = 0
    exchange: bool = False
    density: float = 1.0
    staggered: bool = False


def _table(*rows: Section) -> Mapping[SectionName, Section]:
    return MappingProxyType({row.name: row for row in rows})


# At rest, sections differ by who plays: a tune alone, chords alone, all.
CALM: Final = _table(
    Section(name="intro", voices={"counter": 0.0}, force=(0.8, 0.97), staggered=True),
    Section(name="full", voices={"harmony": 0.8, "texture": 0.7}, force=(0.94, 1.0)),
    Section(
        name="contrast",
        voices={"texture": 0.0, "harmony": 0.6, "drums": 0.6},
        force=(0.8, 0.88),
        octave=-1,
        exchange=True,
    ),
    Section(
        name="thin",
        voices={"counter": 0.0, "harmony": 0.4, "bass": 0.0, "texture": 0.3, "drums": 0.0},
        force=(0.74, 0.82),
        density=0.7,
    ),
    Section(name="break", voices={"melody": 0.0, "counter": 0.0, "harmony": 0.5}, force=(0.76, 0.9)),
    Section(name="climax", force=(1.05, 1.15), lift=0.35, octave=1),
    Section(
        name="rest",
        voices={"melody": 0.0, "counter": 0.0, "harmony": 0.4, "bass": 0.0, "texture": 0.5, "drums": 0.0},
        force=(0.84, 0.7),
        chords_octave=1,
        density=0.4,
    ),
)
# A fight keeps its drums and its bass, and breaks before it grows.
FIGHT: Final = _table(
    Section(name="intro", voices={"melody": 0.0, "counter": 0.0, "harmony": 0.6}, force=(0.82, 1.0)),
    Section(name="full", voices={"harmony": 0.8, "texture": 0.8}, force=(0.95, 1.0)),
    Section(name="contrast", voices={"harmony": 0.6, "texture": 0.4}, force=(0.82, 0.9), octave=-1, exchange=True),
    Section(name="thin", voices={"counter": 0.0, "harmony": 0.4, "texture": 0.4, "drums": 0.5}, force=(0.7, 0.8)),
    Section(
        name="break",
        voices={"melody": 0.0, "counter": 0.0, "harmony": 0.3, "texture": 0.5},
        force=(0.72, 0.97),
        density=0.7,
    ),
    Section(name="climax", force=(1.06, 1.12), lift=0.3, octave=1),
    Section(
        name="rest",
        voices={"melody": 0.0, "counter": 0.0, "harmony": 0.4, "texture": 0.3, "drums": 0.4},
        force=(0.68, 0.76),
        density=0.5,
    ),
)

# The first section of a visit; of the first visit, the first of them.
OPENINGS: Final[tuple[tuple[SectionName, ...], tuple[SectionName, ...]]] = (
    ("intro", "full", "thin", "contrast", "break"),
    ("full", "intro", "contrast", "break"),
)
# What follows, cycle by cycle. No section follows itself, whichever plan comes next.
PLANS: Final[tuple[tuple[tuple[SectionName, ...], ...], tuple[tuple[SectionName, ...], ...]]] = (
    (
        ("full", "contrast", "thin", "full", "climax", "rest"),
        ("full", "thin", "contrast", "climax", "thin", "rest"),
        ("full", "rest", "contrast", "full", "climax", "thin"),
        ("contrast", "full", "thin", "break", "climax", "rest"),
    ),
    (
        ("climax", "contrast", "full", "break", "climax", "thin"),
        ("full", "break", "climax", "contrast", "full", "thin"),
        ("climax", "thin", "full", "contrast", "climax", "rest"),
        ("full", "contrast", "break", "climax", "thin", "contrast"),
    ),
)
_CYCLE: Final = 6


class SectionPlace(NamedTuple):
    """A bar's place in a section.

    Attributes:
        key: Draws which voices play.
        bar, bars: The bar within the section, and the section's bars.
        goal: The factor on velocities with which the next section begins.
    """

    section: Section
    key: int
    bar: int
    bars: int
    goal: float = 1.0

    def intensity(self, intensity: float) -> float:
        """Return the intensity at which the section plays where the game asks for `intensity`."""
        return intensity + self.section.lift * min(intensity, 1.0 - intensity)

    def force(self, intensity: float) -> float:
        """Return the factor on velocities in this bar."""
        begin, end = self.section.force
        force = begin + (end - begin) * self.bar / self.bars
        if self.bar == self.bars - 1:
            # The last bar goes half of the way: the music recedes into a quiet section and grows into a loud one.
            force = (force + self.goal) / 2
        return force + (1.0 - force) * _RULED * intensity if force < 1.0 else force


def section_of(arrangement: Arrangement, seed: int, visit: int, number: int) -> Section:
    """Return the section that a phrase is.

    Args:
        arrangement: The plan's.
        visit: The number of the visit.
        number: Of the phrase, since the visit began.
    """
    driven = arrangement.drive >= DRIVEN
    rows = FIGHT if driven else CALM
    openings = OPENINGS[driven]
    # The first visit begins with the first; later ones take turns from a drawn one on.
    opening = openings[(visit + (KeyedRandom(seed, 71).below(len(openings)) if visit else 0)) % len(openings)]
    if number <= 0:
        return rows[opening]
    cycle, place = divmod(number - 1, _CYCLE)
    plans = [plan for plan in PLANS[driven] if cycle or plan[0] != opening]
    return rows[KeyedRandom(seed, text_key(arrangement.notes_key), visit, cycle, 72).choice(plans)[place]]


@lru_cache(maxsize=256)
def place_in_section(arrangement: Arrangement, seed: int, visit: int, number: int, bar: int, bars: int) -> SectionPlace:
    """Return the place of bar `bar` of a phrase of `bars` bars; other arguments as of `section_of`."""
    key = mix(seed, text_key(arrangement.notes_key), visit, number, 73)
    goal = section_of(arrangement, seed, visit, number + 1).force[0]
    return SectionPlace(section_of(arrangement, seed, visit, number), key, bar, bars, goal)


@lru_cache(maxsize=1024)
def section_bar(
    place: SectionPlace,
    arrangement: Arrangement,
    leader: Arrangement,
    seed: int,
    form_bar: int,
    meter: int,
    tonic: int,
    mode: str,
    theme: Theme | None = None,
    tempo_bpm: float = 0.0,
    groups: tuple[int, ...] = (),
) -> Bar:
    """Return a bar as its section plays it; arguments from the second on as of `compose_bar`.

    Notes of voices that the section rests sound from an intensity of their own, if at all.
    """
    bar = compose_bar(arrangement, leader, seed, form_bar, meter, tonic, mode, theme, tempo_bpm, groups)
    section = place.section
    levels = _levels(arrangement, section, place.key)
    entries = _entries(arrangement, place) if section.staggered else {}
    exchanged = _exchanged(arrangement, seed) if section.exchange else {}
    octaves = {} if exchanged else _octaves(arrangement, section)
    onsets = []
    for onset in bar.onsets:
        if onset.slot in levels:
            level = levels[onset.slot] + max(0.0, onset.level - arrangement.voices[onset.slot].level)
        else:
            level = max(onset.level, _drum_level(onset, section))
        if place.bar < entries.get(min(onset.slot, DRUM_SLOT), 0) or (section.density < 1.0 and _dropped(onset, place)):
            level = _NEVER
        if level >= _NEVER:
            continue
        program, shift = exchanged.get(onset.slot, (onset.program, 12 * octaves.get(onset.slot, 0)))
        pitch = playable(program, onset.pitch + shift) if shift or program != onset.program else onset.pitch
        onsets.append(onset._replace(level=level, program=program, pitch=pitch))
    onsets = without_unisons(onsets)
    return Bar(tuple(onset.tick for onset in onsets), tuple(onsets))


def _levels(arrangement: Arrangement, section: Section, key: int) -> dict[int, float]:
    """Return from which intensity on each voice plays in a section.

    Where a section keeps few voices of a role, they are drawn, and they take the levels of the role's first.
    """
    by_role: dict[str, list[int]] = {}
    for slot, voice in enumerate(arrangement.voices):
        by_role.setdefault(voice.role, []).append(slot)
    levels = {}
    for role, slots in by_role.items():
        share = section.voices.get(role, 1.0)
        # The tune's doublings need the tune.
        drawn = role != "melody" and share < _DRAWN
        order = _drawn(arrangement, role, slots, key) if drawn else slots
        first = sorted(arrangement.voices[slot].level for slot in slots)
        for rank, slot in enumerate(order):
            least = _least_intensity(rank / len(slots), share)
            own = first[rank] if drawn and not least else arrangement.voices[slot].level
            levels[slot] = max(own, least)
    if levels and min(levels.values()) > 0.0:
        # Some voice plays at any intensity in any section, if one does at all.
        slot = min(levels, key=lambda slot: (arrangement.voices[slot].level, slot))
        levels[slot] = arrangement.voices[slot].level
    return levels


def _drawn(arrangement: Arrangement, role: str, slots: list[int], key: int) -> list[int]:
    """Return the voices of a role in a drawn order, the first of each instrument before those that repeat one.

    The first chords stay in front: they and as many instruments as there can be make a style recognisable.
    """
    head = slots[:1] if role == "harmony" else []
    rest = slots[len(head) :]
    turn = KeyedRandom(key, text_key(role)).below(max(1, len(rest)))
    order = [*head, *rest[turn:], *rest[:turn]]
    first = {arrangement.voices[slot].programs[0]: slot for slot in reversed(order)}
    return sorted(order, key=lambda slot: slot not in first.values())


def _least_intensity(rank: float, share: float) -> float:
    """Return the intensity from which a voice of a rank, 0 for the first of its role, plays in a section."""
    if rank < share:
        return 0.0
    return min(_NEVER, (0.5 + 0.5 * (rank - share) / (1.0 - share)) / _RULED)


def _drum_level(onset: Onset, section: Section) -> float:
    """Return from which intensity on a drum plays: of a share of the drums, its first lines."""
    share = section.voices.get("drums", 1.0)
    return _least_intensity(min(0.9, 0.2 * (onset.slot - DRUM_SLOT)), share)


def _entries(arrangement: Arrangement, place: SectionPlace) -> dict[int, int]:
    """Return the bar in which each voice enters, in the order in which intensity adds them, and the drums last."""
    order = sorted(range(len(arrangement.voices)), key=lambda slot: (arrangement.voices[slot].level, slot))
    bars = min(_ENTERING_BARS, place.bars // 2)
    return {slot: count * bars // max(1, len(order)) for count, slot in enumerate([*order, DRUM_SLOT])}


def _exchanged(arrangement: Arrangement, seed: int) -> dict[int, tuple[int, int]]:
    """Return the programme that tune and counter-line each take from the other, and the semitones it moves there."""
    first = {voice.role: slot for slot, voice in reversed(list(enumerate(arrangement.voices)))}
    if "melody" not in first or "counter" not in first:
        return {}
    tune, counter = first["melody"], first["counter"]
    taken = {tune: counter, counter: tune}
    programs = {slot: program_of(arrangement, slot, "A", seed) for slot in taken}
    return {
        slot: (programs[other], octaves_to(arrangement.voices[slot].register, programs[other]))
        for slot, other in taken.items()
    }


def _octaves(arrangement: Arrangement, section: Section) -> dict[int, int]:
    """Return the octaves by which each voice of the tune and of the chords moves."""
    moved = {}
    by_role = {"melody": section.octave, "harmony": section.chords_octave}
    for slot, voice in enumerate(arrangement.voices):
        octave = by_role.get(voice.role, 0)
        low, high = range_of(voice.programs[0])
        highest = min(high - _BEYOND, _SHRILL) if voice.role == "melody" else high - _BEYOND
        if octave and low + _BEYOND <= voice.register + 12 * octave <= highest:
            moved[slot] = octave
    return moved


def _dropped(onset: Onset, place: SectionPlace) -> bool:
    """Return whether a section of less density leaves a note out."""
    if onset.role in ("melody", "bass", "drums"):
        return False
    within = onset.tick % TICKS_PER_BEAT / TICKS_PER_BEAT
    if min(within, 1.0 - within) <= _ON_BEAT:
        return False
    return not KeyedRandom(place.key, place.bar, onset.slot, onset.tick).chance(place.section.density)
