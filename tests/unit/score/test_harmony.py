"""The harmonic plan over many seeds: phrases of several lengths, cadences, colours, the bass; and counter-lines."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from composed import natural
from segue.score.composer.arrange import arrange
from segue.score.composer.bar import compose_bar
from segue.score.composer.harmonies import HARMONIES
from segue.score.composer.harmony import (
    Phrase,
    first_bar,
    pedal_tones,
    phrase,
    phrase_lengths,
    place_of,
)
from segue.score.composer.layouts import LAYOUTS
from segue.score.composer.progressions import FORM, HALF_BARS, VISIT_PHRASES
from segue.score.composer.scales import SCALES
from segue.score.composer.theory import minor_third
from segue.score.composer.vocabulary import PLAIN, Arrangement, Colours

SEEDS = range(24)


def style(layout: str = "calm", **fields: object) -> Arrangement:
    return arrange(replace(natural(LAYOUTS[layout]), **fields))  # type: ignore[arg-type]


def plans(row: Arrangement, number: int = 0, mode: str = "minor", meter: int = 4) -> list[Phrase]:
    return [phrase(row, seed, number, meter, 0, mode) for seed in SEEDS]


@given(st.integers(0, 300), st.integers(0, 1 << 30), st.integers(0, 3))
def test_bars_and_phrases_count_alike(seed: int, number: int, visit: int) -> None:
    row = style()
    number = number % 1000 + visit * VISIT_PHRASES
    begin = first_bar(row, seed, number)
    length = phrase_lengths(row, seed)[number % len(FORM)]
    for bar in range(length):
        assert place_of(row, seed, begin + bar) == (number, bar, length)
    assert place_of(row, seed, begin + length)[:2] == (number + 1, 0)


def test_phrases_have_several_lengths_and_the_blues_has_twelve_bars() -> None:
    row = style()
    assert {phrase_lengths(row, seed) for seed in range(200)} == set(row.lengths)
    for seed in SEEDS:
        for number, length in enumerate(phrase_lengths(row, seed)):
            plan = phrase(row, seed, number, 4, 0, "minor")
            assert plan.length == length
            assert (plan.eighth(0), plan.eighth(length - 1)) == (0, 7)
    assert all(plan.length == 12 for plan in plans(style(harmony="blues")))
    club = LAYOUTS["club"]
    assert club.groove == "four on the floor"
    assert arrange(natural(club)).lengths == ((8, 8, 8, 8),)


def test_the_extension_of_a_phrase_follows_an_evaded_cadence() -> None:
    row = style()
    extended = [plan for number in range(4) for plan in plans(row, number) if plan.length == 10]
    assert extended
    # No evaded cadence ends on the tonic.
    assert all(plan.bars[7][-1].chord.root != 0 for plan in extended)


@pytest.mark.parametrize("mode", ["major", "minor", "dorian", "mixolydian", "phrygian"])
@pytest.mark.parametrize("harmony", ["functional", "modal", "epic"])
def test_halves_and_ends_have_several_roots(harmony: str, mode: str) -> None:
    row = style(scale=mode, harmony=harmony)
    for bar in (HALF_BARS - 1, -1):
        roots = [plan.bars[bar][-1].chord.root for plan in plans(row, 0, mode)]
        assert len(set(roots)) >= 3
        assert max(roots.count(root) for root in roots) <= 0.7 * len(roots)


def test_the_second_phrase_closes_and_the_contrast_leads_on() -> None:
    row = style(scale="minor")
    assert all(plan.bars[-1][-1].chord.root in (0, 7) for plan in plans(row, 1))
    closed = sum(plan.bars[-1][-1].chord.root == 0 for plan in plans(row, 1))
    assert closed >= 0.8 * len(SEEDS)
    assert not any(plan.bars[-1][-1].chord.root == 0 for plan in plans(row, 2))


def chords(row: Arrangement, mode: str) -> set[str]:
    return {segment.chord.name for number in range(4) for plan in plans(row, number, mode) for segment in plan.segments}


def test_colours_add_chords_that_the_scale_does_not_have() -> None:
    row = replace(style(scale="major"), colours=Colours(secondary=1.0, mixture=1.0))
    plain = replace(row, colours=PLAIN)
    added = chords(row, "major") - chords(plain, "major")
    # C7, D7 and A7 are the dominants of F, G and Dm; Eb and Bb are borrowed from C minor.
    assert {"C7", "D7", "A7", "Eb", "Bb"} <= added
    degrees = set(SCALES["minor pentatonic"].tones)
    for plan in plans(row, 0, "minor pentatonic"):
        assert all(set(segment.chord.tones) <= degrees for segment in plan.segments)


def test_a_dominant_leads_to_its_chord() -> None:
    row = replace(style(scale="major"), colours=Colours(secondary=1.0))
    led = total = 0
    for plan in plans(row, 0, "major"):
        for here, after in pairwise(plan.segments):
            if here.chord.name.endswith("7") and here.start > 0 and after.bar == here.bar + 1:
                total += 1
                led += (here.chord.root - after.chord.root) % 12 == 7
    assert total > 20
    assert led >= 0.9 * total


def test_the_bass_holds_a_pedal_and_takes_thirds_between_steps() -> None:
    held = replace(style(scale="major"), colours=Colours(pedal=1.0))
    for plan in plans(held, 0, "major"):
        segment = plan.segments[1]
        rubs = any(tone in (1, 11) for tone in segment.chord.tones)
        assert segment.bass == (segment.chord.root if rubs else 0)
    led = replace(style(scale="major"), colours=Colours(inversion=1.0))
    inverted = [
        (before.chord.root, here, after.chord.root)
        for plan in plans(led, 0, "major")
        for before, here, after in zip(plan.segments, plan.segments[1:], plan.segments[2:], strict=False)
        if here.bass != here.chord.root
    ]
    assert inverted
    for _, here, after in inverted:
        assert here.bass in here.chord.tones
        assert min((here.bass - after) % 12, (after - here.bass) % 12) <= 2


def test_tension_colours_and_valence_brightens() -> None:
    calm, tense = style(tension=0.0).colours, style(tension=0.9).colours
    assert all(low <= high for low, high in zip(calm, tense, strict=True))
    assert sum(tense) > 2 * sum(calm)

    def major_chords(valence: float) -> float:
        row = style("town", scale="minor", valence=valence)
        found = [segment.chord for plan in plans(row) for segment in plan.segments]
        return sum((chord.root + 4) % 12 in chord.tones for chord in found) / len(found)

    assert major_chords(0.9) > major_chords(-0.9) + 0.03


@pytest.mark.parametrize("word", HARMONIES)
@pytest.mark.parametrize("mode", ["major", "minor"])
def test_every_cadence_is_two_chords_at_most(word: str, mode: str) -> None:
    for choices in HARMONIES[word].cadences(mode, "minor" if minor_third(mode) else "major"):
        assert all(1 <= len(bar.split("/")) <= 2 for bar in choices.split())


def test_counter_lines_keep_apart_from_the_tune_and_move_where_it_rests() -> None:
    """A line lies under the tune, or over it where the layout puts it well above, as a flute over a horn."""
    crossing = together = contrary = both = 0
    for name, over in (("exploration", False), ("victory", False), ("ocean", True), ("temple", False)):
        row = arrange(natural(LAYOUTS[name]))
        registers = {voice.role: voice.register for voice in reversed(row.voices)}
        assert (registers["counter"] > registers["melody"] + 4) == over
        for seed in range(6):
            for bar in range(8):
                onsets = [
                    onset for onset in compose_bar(row, row, seed, bar, 4, 2, "major").onsets if onset.ticks > 200_000
                ]
                tune = [onset for onset in onsets if onset.role == "melody" and onset.level < 0.5]
                second = [onset for onset in onsets if onset.role == "counter"]
                for onset in second:
                    heard = [note for note in tune if note.tick <= onset.tick < note.tick + note.ticks]
                    together += bool(heard)
                    crossing += any(note.pitch >= onset.pitch if over else note.pitch <= onset.pitch for note in heard)
                for before, after in pairwise(second):
                    under = [
                        next((note.pitch for note in reversed(tune) if note.tick <= onset.tick + 100_000), None)
                        for onset in (before, after)
                    ]
                    if under[0] and under[1] and under[0] != under[1] and before.pitch != after.pitch:
                        both += 1
                        contrary += (under[1] > under[0]) != (after.pitch > before.pitch)
    assert together > 50
    assert crossing <= 0.1 * together
    assert both > 20
    assert contrary >= 0.5 * both


@pytest.mark.parametrize("layout", ["calm", "ocean", "temple", "sad", "exploration"])
def test_an_answer_seldom_repeats_the_chords_of_the_beginning(layout: str) -> None:
    row = style(layout, scale="minor")
    repeated = total = 0
    for number in range(4):
        for plan in plans(row, number):
            if plan.length == 8:
                first, second = (
                    tuple(segment.chord.root for bar in plan.bars[begin : begin + 3] for segment in bar)
                    for begin in (0, HALF_BARS)
                )
                repeated, total = repeated + (first == second), total + 1
    assert total > 20
    assert repeated <= 0.15 * total


def test_a_beginning_that_returns_keeps_its_first_chord_and_varies_what_follows() -> None:
    row = style(scale="minor")
    opened = [[plans(row, number)[seed] for number in (0, 1)] for seed in SEEDS]
    assert all(first.bars[0][0].chord.root == second.bars[0][0].chord.root for first, second in opened)

    def roots(plan: Phrase) -> tuple[int, ...]:
        return tuple(segment.chord.root for segment in plan.segments)

    assert sum(roots(first) == roots(second) for first, second in opened) <= 2


def test_chords_last_from_half_a_bar_to_two_bars_and_loops_have_one_a_bar() -> None:
    slow = replace(style(scale="minor"), colours=PLAIN, tempo_bpm=60.0)
    fast = replace(slow, tempo_bpm=160.0)
    looped = replace(slow, lengths=((8, 8, 8, 8),))

    def bars_of_two(row: Arrangement) -> int:
        return sum(len(bar) > 1 for number in range(4) for plan in plans(row, number) for bar in plan.bars[:3])

    assert bars_of_two(slow) > 20
    assert bars_of_two(looped) == 0
    assert bars_of_two(fast) < 0.5 * bars_of_two(slow)
    # The half cadence has two chords in some pools; the bars before it have one where bars are fast.
    held = sum(
        plan.bars[0][0].chord.root == plan.bars[1][0].chord.root for number in range(4) for plan in plans(fast, number)
    )
    assert held > 10


@pytest.mark.parametrize("layout", ["dungeon", "horror", "temple"])
def test_a_pedal_moves_with_the_half_phrases(layout: str) -> None:
    row = arrange(natural(LAYOUTS[layout]))
    for seed in range(6):
        held = [tone for number in range(12) for tone in pedal_tones(phrase(row, seed, number, 4, 0, row.scale))]
        assert held.count(max(set(held), key=held.count)) <= 0.6 * len(held)
        assert len(set(held)) >= 4


def test_a_drone_stays_on_its_tonic() -> None:
    row = arrange(replace(natural(LAYOUTS["dungeon"]), harmony="drone", scale="minor"))
    for plan in plans(row):
        assert set(pedal_tones(plan)) == {0}
