"""One bar of one arrangement: every voice's notes on the musical clock, as a pure function of its arguments."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Final, NamedTuple

from segue.contract import TICKS_PER_BEAT
from segue.score.composer import instruments as gm
from segue.score.composer.breath import breathed
from segue.score.composer.counterpoint import COUNTERPOINT
from segue.score.composer.drums import drum_parts
from segue.score.composer.figures import FIGURES
from segue.score.composer.harmony import Phrase, phrase, place_of
from segue.score.composer.keyed_random import KeyedRandom, text_key
from segue.score.composer.melody import MELODIES
from segue.score.composer.motif import Theme
from segue.score.composer.performance import performed
from segue.score.composer.progressions import PHRASE_BARS
from segue.score.composer.ranges import octaves_to, playable
from segue.score.composer.scene import Scene
from segue.score.composer.vocabulary import FAMILY, Arrangement, Part

_FIGURES: Final = {**FIGURES, **MELODIES, **COUNTERPOINT}
# Notes a second of all voices together: so many at 240 bpm, and more of them the slower it is.
_MOST_AT_240: Final = 24.0
# Of what would sound at intensity 0, so many notes a second do; the others join until this intensity.
_LEFT_AT_0, _JOINED = 1.2, 0.25
# Which roles keep their notes where a bar has too many.
_RANK: Final = {"melody": -0.6, "bass": -0.4, "drums": -0.1, "texture": 0.15}
# The phrase by which arrangements are measured.
_TYPICAL_SEED: Final = 3
# Notes that begin within this of each other, in ticks, begin together.
_UNISON: Final = TICKS_PER_BEAT // 8
# A shorter note has no recognisable pitch.
_SHORTEST: Final = TICKS_PER_BEAT // 16
# The guitar of a second take, how far it is from the first, in beats and as a share of the velocity, and the factor on
# both their velocities.
_SECOND_TAKE: Final = {gm.DISTORTION_GUITAR: gm.OVERDRIVEN_GUITAR}
_APART, _APART_VELOCITY, _TAKE = 0.03, 0.12, 0.84


class Onset(NamedTuple):
    """A note of a bar, ready to be played.

    Attributes:
        tick: Its start, counted from the bar's.
        ticks: How long it lasts.
        level: Intensity from which it sounds.
        velocity: At intensity 0.5, before the mix.
        slot, through: As in Part.
    """

    tick: int
    ticks: int
    program: int
    pitch: int
    velocity: float
    level: float
    role: str
    family: str
    slot: int
    through: bool = False


class Bar(NamedTuple):
    """An arrangement's bar.

    Attributes:
        ticks: The onsets' ticks alone, rising, for bisection.
    """

    ticks: tuple[int, ...]
    onsets: tuple[Onset, ...]


def program_of(arrangement: Arrangement, slot: int, letter: str, seed: int, bar: int = 0) -> int:
    """Return the programme that a voice plays in a bar of a section.

    The session chooses it; a contrasting section gives the tune another one.
    """
    programs = arrangement.voices[slot].programs
    if arrangement.voices[slot].turns:
        return programs[arrangement.voices[slot].turns[bar] % len(programs)]
    chosen = KeyedRandom(seed, text_key(arrangement.notes_key), slot, 51).below(len(programs))
    if letter == "B" and arrangement.voices[slot].role == "melody":
        chosen += 1
    return programs[chosen % len(programs)]


@lru_cache(maxsize=1024)
def compose_bar(
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
    """Return the bar of `arrangement` under the plan of `leader`.

    Args:
        form_bar: Bars since the plan began.
        meter: Beats in the bar.
        tonic: Pitch class.
        mode: One of scales.SCALES.
        theme: What the tune quotes and develops.
        tempo_bpm: At fast tempi a bar has fewer notes; 0 for the arrangement's own tempo.
        groups: The beats of each group of the bar, if the rules say them.
    """
    tempo_bpm = tempo_bpm or arrangement.tempo_bpm
    number, bar, _ = place_of(leader, seed, form_bar)
    plan = phrase(leader, seed, number, meter, tonic, mode, groups)
    onsets = [
        onset
        for part in _parts(arrangement, plan, bar, seed, theme, 60 / tempo_bpm)
        for onset in _onsets(arrangement, part, plan, bar, seed)
    ]
    bar_s = meter * 60 / tempo_bpm
    most = int(_most_notes_per_s(tempo_bpm) * bar_s)
    onsets = _joining(_thinned(onsets, most), round(_LEFT_AT_0 * bar_s))
    random = KeyedRandom(seed, plan.key, bar, 53)
    # Slower music has room for as many again as it has more notes.
    room = most - len(onsets) + int((_most_notes_per_s(tempo_bpm) - _MOST_AT_240) * bar_s)
    onsets = sorted(_in_two_takes(onsets, random, plan.meter * TICKS_PER_BEAT, room))
    return Bar(tuple(onset.tick for onset in onsets), tuple(onsets))


def phrase_onsets(arrangement: Arrangement, intensity: float, meter: int) -> Iterator[tuple[int, Onset]]:
    """Yield what sounds of a phrase of an arrangement's own at an intensity, each with the number of its voice.

    Args:
        meter: Beats in the bar.

    Yields:
        The place in `voices`, of drums -1, and the onset.
    """
    for bar in range(PHRASE_BARS):
        written = compose_bar(arrangement, arrangement, _TYPICAL_SEED, bar, meter, 0, arrangement.scale).onsets
        for onset in without_unisons(written):
            if onset.level <= intensity:
                yield -1 if onset.role == "drums" else onset.slot, onset


def without_unisons(onsets: Iterable[Onset]) -> list[Onset]:
    """Return onsets, in their order, without those that the same instrument strikes for another voice, too.

    Of two, the one stays that sounds first as intensity grows; a tune keeps its notes.
    """
    struck: dict[tuple[int, int], list[Onset]] = {}
    kept = []
    for onset in sorted(onsets, key=lambda onset: (onset.role != "melody", onset.level, -onset.ticks, onset)):
        others = struck.setdefault((onset.program, onset.pitch), [])
        if onset.family not in ("melody", "drums") and any(
            abs(other.tick - onset.tick) < _UNISON and other.level <= onset.level for other in others
        ):
            continue
        others.append(onset)
        kept.append(onset)
    return sorted(kept)


def _parts(
    arrangement: Arrangement, plan: Phrase, bar: int, seed: int, theme: Theme | None, beat_s: float
) -> Iterator[Part]:
    for slot, voice in enumerate(arrangement.voices):
        if voice.role != "melody" and plan.letter not in voice.sections:
            continue
        scene = Scene(arrangement=arrangement, voice=voice, slot=slot, plan=plan, bar=bar, seed=seed, theme=theme)
        program = program_of(arrangement, slot, plan.letter, seed, plan.eighth(bar))
        shift = octaves_to(voice.register, program) if program != voice.programs[0] else 0
        notes = tuple(
            note._replace(pitch=note.pitch + shift, velocity=note.velocity * voice.velocity)
            for note in breathed(_FIGURES[voice.figure](scene), scene, program, beat_s)
        )
        yield Part(slot, voice.role, program, notes)
    yield from drum_parts(arrangement, plan, bar, seed)


def _most_notes_per_s(tempo_bpm: float) -> float:
    return _MOST_AT_240 + 0.4 * max(0.0, 240.0 - tempo_bpm)


def _thinned(onsets: list[Onset], most: int) -> list[Onset]:
    """Return at most `most` onsets: those stay that sound first as intensity grows, lead, and fall on a beat."""
    return onsets if len(onsets) <= most else sorted(onsets, key=_rank)[:most]


def _has_second_take(onset: Onset) -> bool:
    return onset.program in _SECOND_TAKE and onset.role == "harmony"


def _rank(onset: Onset) -> float:
    place = onset.tick % TICKS_PER_BEAT / TICKS_PER_BEAT
    off = min(place, 1 - place)
    return onset.level + _RANK.get(onset.role, 0.0) + (0.0 if off < 0.1 else 0.15 if abs(off - 0.5) < 0.1 else 0.4)


def _joining(onsets: list[Onset], most: int) -> list[Onset]:
    """Return the onsets, of which `most` sound at intensity 0, held ones first; the others join one by one."""
    early = [onset for onset in onsets if onset.level < _JOINED]
    early.sort(key=lambda onset: (onset.role == "drums", onset.level, -onset.ticks, onset.tick, onset.pitch))
    late = early[most:]
    joined = [
        onset._replace(level=max(onset.level, _JOINED * (number + 1) / len(late))) for number, onset in enumerate(late)
    ]
    return [*early[:most], *joined, *(onset for onset in onsets if onset.level >= _JOINED)]


def _in_two_takes(onsets: list[Onset], random: KeyedRandom, length: int, most: int) -> list[Onset]:
    """Return onsets of which those of distorted guitars that play chords come twice, once a side, as bands record them.

    Args:
        length: Of the bar, in ticks.
        most: How many may come twice; those that sound first do.
    """
    result = []
    doubled = set(sorted(filter(_has_second_take, onsets), key=lambda onset: (_rank(onset), onset))[:most])
    for onset in onsets:
        if onset not in doubled:
            result.append(onset)
            continue
        tick = onset.tick + round(random.spread(_APART) * TICKS_PER_BEAT)
        result.append(onset._replace(velocity=_TAKE * onset.velocity))
        result.append(
            onset._replace(
                tick=min(length - 1, max(0, tick)),
                program=_SECOND_TAKE[onset.program],
                velocity=_TAKE * onset.velocity * (1 + random.spread(_APART_VELOCITY)),
            )
        )
    return result


def _onsets(arrangement: Arrangement, part: Part, plan: Phrase, bar: int, seed: int) -> Iterator[Onset]:
    """Return a part as it is performed, fitted to the instrument's range."""
    family = FAMILY[part.role]
    for note, (tick, velocity) in zip(part.notes, performed(arrangement, part, plan, bar, seed), strict=True):
        yield Onset(
            tick,
            max(_SHORTEST, round(note.beats * TICKS_PER_BEAT)),
            part.program,
            playable(part.program, note.pitch),
            velocity,
            min(1.0, note.level),
            part.role,
            family,
            part.slot,
            part.through,
        )
