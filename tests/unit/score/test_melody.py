"""The tune over many seeds, meters and scales: how it moves, where it rests and ends, what it makes of a theme."""

from __future__ import annotations

from functools import cache
from itertools import pairwise

import pytest

from composed import natural
from heavy import heavily
from segue.contract import TICKS_PER_BEAT
from segue.score.composer.arrange import arrange
from segue.score.composer.bar import Onset, compose_bar
from segue.score.composer.harmony import first_bar, phrase, phrase_lengths
from segue.score.composer.keyed_random import KeyedRandom
from segue.score.composer.layouts import LAYOUTS
from segue.score.composer.line_search import Target, best_line
from segue.score.composer.meters import bar_groups
from segue.score.composer.motif import GRID, Motif, MotifNote, Theme
from segue.score.composer.scales import SCALES
from segue.score.composer.tune_plan import metered
from segue.score.composer.tune_rhythms import Beat, bar_rhythm, ending
from segue.score.composer.vocabulary import Arrangement, Voice

GRACE = 0.13 * TICKS_PER_BEAT
SEEDS = range(6)
TUNES = ("calm", "town", "combat", "chamber", "piano solo", "baroque")
# The first line of "Ode to Joy", and a theme with a leap and rests.
_DEGREES = (2, 2, 3, 4, 4, 3, 2, 1, 0, 0, 1, 2, 2, 1, 1)
ODE = Motif(tuple(MotifNote(GRID * at, GRID * (1 + at // 14), degree) for at, degree in enumerate(_DEGREES)), 16 * GRID)
CALL = Motif((MotifNote(0, GRID, 0), MotifNote(GRID, GRID, 4), MotifNote(3 * GRID, GRID, 3)), 4 * GRID)


@cache
def style(layout: str) -> Arrangement:
    return arrange(natural(LAYOUTS[layout]))


@cache
def lead(
    layout: str, seed: int, *, meter: int = 4, mode: str = "minor", theme: Theme | None = None, number: int = 0
) -> tuple[tuple[float, Onset], ...]:
    """The first melody voice's notes without ornaments over a phrase, each with its beat."""
    row = style(layout)
    slot = next(slot for slot, voice in enumerate(row.voices) if voice.role == "melody")
    begin = first_bar(row, seed, number)
    bars = phrase_lengths(row, seed)[number % 4]
    return tuple(
        (bar * meter + onset.tick / TICKS_PER_BEAT, onset)
        for bar in range(bars)
        for onset in compose_bar(row, row, seed, begin + bar, meter, 2, mode, theme).onsets
        if onset.slot == slot and onset.ticks > GRACE
    )


def contour(notes: tuple[tuple[float, Onset], ...]) -> list[int]:
    return [(after.pitch > before.pitch) - (after.pitch < before.pitch) for (_, before), (_, after) in pairwise(notes)]


def alike(motif: Motif, notes: tuple[tuple[float, Onset], ...]) -> float:
    """The share of the motif's ups and downs that the tune begins with."""
    wanted = [(step > 0) - (step < 0) for step in motif.contour]
    return sum(a == b for a, b in zip(wanted, contour(notes), strict=False)) / len(wanted)


@pytest.mark.parametrize("meter", [3, 4, 7, *heavily(5, 6)])
@pytest.mark.parametrize("mode", ["minor", *heavily("major", "dorian")])
def test_tunes_move_by_step_in_any_meter(meter: int, mode: str) -> None:
    moves = [
        (after.pitch - before.pitch)
        for layout in TUNES
        for seed in SEEDS
        for (_, before), (_, after) in pairwise(lead(layout, seed, meter=meter, mode=mode))
        if before.program == after.program
    ]
    assert sum(0 < abs(move) <= 2 for move in moves) >= 0.6 * len(moves)
    assert sum(abs(move) >= 5 for move in moves) <= 0.12 * len(moves)
    assert sum(abs(move) > 12 for move in moves) <= 0.005 * len(moves)


def test_leaps_are_followed_by_a_step_back() -> None:
    pairs = [
        (one, other)
        for layout in TUNES
        for seed in SEEDS
        for one, other in pairwise(b.pitch - a.pitch for (_, a), (_, b) in pairwise(lead(layout, seed)))
    ]
    after = [abs(other) <= 2 and one * other < 0 for one, other in pairs if abs(one) >= 5]
    assert sum(after) >= 0.5 * len(after)


def test_a_phrase_has_one_highest_note_in_most_cases() -> None:
    tops = []
    for layout in TUNES:
        for seed in range(12):
            pitches = [onset.pitch for _, onset in lead(layout, seed)]
            highest = [index for index, pitch in enumerate(pitches) if pitch == max(pitches)]
            tops.append(highest[-1] - highest[0] <= 1)
    assert sum(tops) >= 0.7 * len(tops)


def test_tunes_rest_and_their_rhythm_returns() -> None:
    rests, returns = [], []
    for layout in TUNES:
        for seed in SEEDS:
            notes = lead(layout, seed)
            beats = phrase_lengths(style(layout), seed)[0] * 4
            rests.append(1 - sum(min(onset.ticks / TICKS_PER_BEAT, beats) for _, onset in notes) / beats)
            bars = [frozenset(round(4 * (start % 4)) for start, _ in notes if start // 4 == bar) for bar in range(8)]
            bars = [bar for bar in bars if bar]
            returns.append(len(set(bars)) / len(bars))
    assert 0.1 <= sum(rests) / len(rests) <= 0.4
    assert sum(returns) / len(returns) <= 0.75


def test_a_long_last_note_leaves_half_of_its_room_to_a_breath() -> None:
    beats = ending((Beat(0, 2 * GRID), Beat(2 * GRID, 2 * GRID)), 6, 2)
    assert beats == (Beat(0, 2 * GRID), Beat(2 * GRID, 2 * GRID))


def test_tunes_keep_off_the_fifths_and_octaves_of_the_bass() -> None:
    kept = moved = 0
    for layout in TUNES:
        row = style(layout)
        for seed in SEEDS:
            heard: dict[str, dict[int, int]] = {"melody": {}, "bass": {}}
            for bar in range(8):
                for onset in compose_bar(row, row, seed, bar, 4, 2, "minor").onsets:
                    if onset.role not in heard or onset.ticks <= GRACE:
                        continue
                    start = bar * 4 + onset.tick / TICKS_PER_BEAT
                    beats, role = heard[onset.role], onset.role
                    for beat in range(int(start + 0.95), int(start + onset.ticks / TICKS_PER_BEAT + 0.98)):
                        higher = max if role == "melody" else min
                        beats[beat] = higher(onset.pitch, beats.get(beat, onset.pitch))
            for beat in range(1, 32):
                four = [heard[role].get(at, -1) for at in (beat - 1, beat) for role in ("bass", "melody")]
                if min(four) >= 0 and four[0] != four[2] and four[1] != four[3]:
                    moved += 1
                    within = (four[1] - four[0]) % 12
                    kept += within in (0, 7) and (four[3] - four[2]) % 12 == within
    assert moved > 100
    assert kept <= 0.06 * moved


@pytest.mark.parametrize("layout", TUNES)
def test_a_phrase_closes_on_its_last_chord(layout: str) -> None:
    row = style(layout)
    for seed in SEEDS:
        plan = phrase(row, seed, 1, 4, 2, "minor")
        notes = lead(layout, seed, number=1)
        final = plan.bars[-1][-1].chord
        assert notes[-1][1].pitch % 12 in final.tones[:2]


@pytest.mark.parametrize("meter", [2, 3, 4, 5, 6, 7, 9, 12])
def test_rhythms_fill_any_meter(meter: int) -> None:
    assert sum(bar_groups(meter)) == meter
    voice = Voice(role="melody", programs=(0,), figure="melody", register=70, velocity=90, rate=4)
    for seed in range(40):
        rhythm = bar_rhythm(voice, meter, 60 + 3 * seed, KeyedRandom(seed))
        assert rhythm[0].start == 0
        for before, after in pairwise(rhythm):
            assert before.start + before.length <= after.start
        assert rhythm[-1].start + rhythm[-1].length <= meter * GRID


def test_a_theme_is_heard_in_every_layout() -> None:
    """Against the same phrase without it; the theme's first bars, by the ups and downs of the tune."""
    quoted, plain = [], []
    for layout in LAYOUTS:
        if any(voice.role == "melody" and voice.figure == "melody" for voice in style(layout).voices):
            quoted.append(alike(ODE, lead(layout, 3, theme=Theme(ODE, 1.0))))
            plain.append(alike(ODE, lead(layout, 3)))
    assert sum(quoted) / len(quoted) >= 0.85
    assert sum(plain) / len(plain) <= 0.6


@pytest.mark.parametrize("meter", [3, 4, 5, 6])
@pytest.mark.parametrize("mode", ["major", "phrygian", "harmonic minor", "minor pentatonic"])
def test_a_theme_goes_into_any_meter_and_scale(meter: int, mode: str) -> None:
    notes = lead("chamber", 2, meter=meter, mode=mode, theme=Theme(CALL, 1.0))
    assert contour(notes)[:2] == [1, -1]
    assert {(onset.pitch - 2) % 12 for _, onset in notes} <= set(
        range(12) if mode == "phrygian" else SCALES[mode].tones
    ) | {1, 6, 9, 11, 4, 8}


def test_a_theme_of_no_strength_changes_nothing() -> None:
    assert lead("town", 4, theme=Theme(ODE, 0.0)) == lead("town", 4)


def test_a_motif_takes_the_meter_and_a_bearable_pace() -> None:
    assert metered(ODE, 4, 100) == ODE
    waltz = metered(ODE, 3, 100)
    assert waltz.beats == 12
    assert [note.degree for note in waltz.notes] == [note.degree for note in ODE.notes]
    hasty = Motif(tuple(MotifNote(6 * at, 6, at % 7) for at in range(16)), 4 * GRID)
    assert metered(hasty, 4, 160) == hasty.augmentation()
    slow = Motif((MotifNote(0, 4 * GRID, 0), MotifNote(4 * GRID, 4 * GRID, 1)), 8 * GRID)
    assert metered(slow, 4, 60) == slow.diminution()


def test_the_search_prefers_steps_and_keeps_off_parallels() -> None:
    scale = tuple((key, 0.0) for key in (60, 62, 64, 65, 67))
    free = [Target(62, scale, (0, 2, 4, 5, 7), at, at, 0.2) for at in range(4)]
    line = best_line(free, 60, ())
    assert all(0 < abs(after - before) <= 2 for before, after in pairwise(line))
    # A bass that moves from C to D: the line may not go with it in octaves from C.
    fixed = [Target(60, ((60, 0.0),), (0,), 0, 0), Target(62, ((62, 0.0), (65, 0.5)), (2, 5), 1, 1)]
    assert best_line(fixed, 60, (36, 43)) == [60, 62]
    assert best_line(fixed, 60, (36, 38)) == [60, 65]
