"""One bar of one situation: every voice's notes on the musical clock, as a pure function of its arguments."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Final, NamedTuple

from segue.contract import TICKS_PER_BEAT
from segue.score.composer.drums import drum_parts
from segue.score.composer.figures import FIGURES
from segue.score.composer.harmony import PHRASE_BARS, Phrase, phrase
from segue.score.composer.keyed_random import KeyedRandom, text_key
from segue.score.composer.melody import MELODIES
from segue.score.composer.scene import Scene
from segue.score.composer.theory import fit_range
from segue.score.composer.vocabulary import FAMILY, Part, Situation
from segue.score.sampler.orchestra import ORCHESTRA

_FIGURES: Final = {**FIGURES, **MELODIES}
# The first beat's notes are louder, to mark the bar.
DOWNBEAT: Final = 1.08
# Which roles keep their notes where a bar has too many.
_RANK: Final = {"melody": -0.6, "bass": -0.4, "drums": -0.1, "texture": 0.15}
# A shorter note has no recognisable pitch.
_SHORTEST: Final = TICKS_PER_BEAT // 16


class Onset(NamedTuple):
    """A note of a bar, ready to be played. tick and ticks: from the bar's start, and how long.

    Attributes:
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
    """A situation's bar.

    Attributes:
        ticks: The onsets' ticks alone, rising, for bisection.
    """

    ticks: tuple[int, ...]
    onsets: tuple[Onset, ...]


def program_of(situation: Situation, slot: int, letter: str, seed: int, bar: int = 0) -> int:
    """Return the programme a voice plays in a bar of a section: a session's choice, and another for the tune's
    contrast.
    """
    programs = situation.voices[slot].programs
    if situation.voices[slot].turns:
        return programs[situation.voices[slot].turns[bar] % len(programs)]
    chosen = KeyedRandom(seed, text_key(situation.name), slot, 51).below(len(programs))
    if letter == "B" and situation.voices[slot].role == "melody":
        chosen += 1
    return programs[chosen % len(programs)]


@lru_cache(maxsize=1024)
def compose_bar(
    situation: Situation, leader: Situation, seed: int, form_bar: int, meter: int, tonic: int, mode: str
) -> Bar:
    """Return the bar of `situation` under the plan of `leader`.

    Args:
        form_bar: Bars since the plan began.
        meter: Beats in the bar.
        tonic: Pitch class.
        mode: One of scales.SCALES.
    """
    number, bar = divmod(form_bar, PHRASE_BARS)
    plan = phrase(leader, seed, number, meter, tonic, mode)
    onsets = [
        onset for part in _parts(situation, plan, bar, seed) for onset in _onsets(situation, part, plan, bar, seed)
    ]
    onsets = sorted(_thinned(onsets, int(situation.most_notes * meter)))
    return Bar(tuple(onset.tick for onset in onsets), tuple(onsets))


def _parts(situation: Situation, plan: Phrase, bar: int, seed: int) -> Iterator[Part]:
    for slot, voice in enumerate(situation.voices):
        if voice.role != "melody" and plan.letter not in voice.sections:
            continue
        scene = Scene(situation=situation, voice=voice, slot=slot, plan=plan, bar=bar, seed=seed)
        program = program_of(situation, slot, plan.letter, seed, bar)
        shift = octaves_to(voice.register, program) if program != voice.programs[0] else 0
        notes = tuple(
            note._replace(pitch=note.pitch + shift, velocity=note.velocity * voice.velocity)
            for note in _FIGURES[voice.figure](scene)
        )
        yield Part(slot, voice.role, program, notes)
    yield from drum_parts(situation, plan, bar, seed)


def _thinned(onsets: list[Onset], most: int) -> list[Onset]:
    """Return at most `most` onsets: those stay that sound first as intensity grows, lead, and fall on a beat."""
    if len(onsets) <= most:
        return onsets

    def rank(onset: Onset) -> float:
        place = onset.tick % TICKS_PER_BEAT / TICKS_PER_BEAT
        off = min(place, 1 - place)
        return onset.level + _RANK.get(onset.role, 0.0) + (0.0 if off < 0.1 else 0.15 if abs(off - 0.5) < 0.1 else 0.4)

    return sorted(onsets, key=rank)[:most]


def _arc(plan: Phrase, bar: int) -> float:
    """Let a phrase grow toward its sixth bar and settle; the contrasting one is a little louder."""
    return (0.93, 0.95, 0.98, 1.0, 0.99, 1.03, 1.06, 1.0)[bar] * (1.04 if plan.letter == "B" else 1.0)


def swung(start: float, swing: float, sixteenth_swing: float) -> float:
    """Return a place of a bar, in beats, with the middle of its beat and of its half beat late. Triplets stay."""
    if min(start * 3 % 1, -start * 3 % 1) < 0.06 and min(start * 4 % 1, -start * 4 % 1) >= 0.06:
        return start
    start = _bent(start, 1.0, swing)
    return _bent(start, 0.5, sixteenth_swing) if not swing else start


def _bent(start: float, span: float, delay: float) -> float:
    whole, rest = divmod(start, span)
    half = span / 2
    if rest <= half:
        return whole * span + rest * (half + delay) / half
    return whole * span + half + delay + (rest - half) * (half - delay) / half


def _onsets(situation: Situation, part: Part, plan: Phrase, bar: int, seed: int) -> Iterator[Onset]:
    """Return a part on the clock: swung, humanised (never before the bar), fitted to the instrument's range."""
    random = KeyedRandom(seed, plan.key, bar, part.slot, text_key(situation.name), 52)
    arc = _arc(plan, bar) * situation.gain
    family = FAMILY[part.role]
    for note in part.notes:
        weight = DOWNBEAT if note.start < 0.1 else 1.0
        start = swung(note.start, situation.swing, situation.sixteenth_swing)
        tick = max(0, round((start + random.spread(situation.loose)) * TICKS_PER_BEAT))
        tick = min(tick, plan.meter * TICKS_PER_BEAT - 1)
        yield Onset(
            tick,
            max(_SHORTEST, round(note.beats * TICKS_PER_BEAT)),
            part.program,
            playable(part.program, note.pitch),
            note.velocity * arc * weight * (1 + random.spread(0.05)),
            min(1.0, note.level),
            part.role,
            family,
            part.slot,
            part.through,
        )


def playable(program: int, pitch: int) -> int:
    """Return the pitch within the programme's range; a drum key as it is."""
    if program < 0:
        return pitch
    return fit_range(pitch, *range_of(program))


def octaves_to(register: int, program: int) -> int:
    """The semitones, whole octaves, by which music about a key moves to where a programme sounds best."""
    low, high = range_of(program)
    up = max(0, low + (high - low) // 5 - register)
    down = max(0, register - high + (high - low) // 4)
    return 12 * (-(-up // 12)) if up else -12 * (-(-down // 12))


@lru_cache(maxsize=128)
def range_of(program: int) -> tuple[int, int]:
    """Return the lowest and highest key of a programme; of one that the orchestra lacks, of the next in its family."""
    family = [row for row in ORCHESTRA.values() if row.program // 8 == program // 8] or list(ORCHESTRA.values())
    instrument = ORCHESTRA.get(program) or min(family, key=lambda row: (abs(row.program - program), row.program))
    return instrument.low, instrument.high
