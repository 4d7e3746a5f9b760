"""Sections: form over minutes as a pure function of seed, visit and phrase, within the room that intensity leaves."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations, pairwise

import pytest

from segue.contract import TICKS_PER_BEAT
from segue.instruments import PROGRAMS
from segue.score.composer.arrange import arrange
from segue.score.composer.bar import Bar, compose_bar
from segue.score.composer.sections import (
    CALM,
    FIGHT,
    OPENINGS,
    PLANS,
    Section,
    SectionPlace,
    place_in_section,
    section_bar,
    section_of,
)
from segue.score.composer.vocabulary import Arrangement
from segue.style.points import POINTS
from segue.style.text_reader import text_reader
from segue.style_profile import Ensemble

STYLES = ("calm", "combat", "town", "tavern", "boss", "dungeon", "sad")
BARS = 8
# Ten minutes of phrases of eight bars at 80 bpm.
PHRASES = 25


def arrangement(style: str) -> Arrangement:
    return arrange(POINTS[style].profile)


def written(row: Arrangement, place: SectionPlace, seed: int = 1) -> Bar:
    return section_bar(place, row, row, seed, place.bar, 4, 2, "minor")


def sounding(bar: Bar, intensity: float) -> set[tuple[int, int, int]]:
    """Return (tick, slot, pitch) of the notes that sound at an intensity."""
    return {(note.tick, note.slot, note.pitch) for note in bar.onsets if note.level <= intensity}


def instruments(row: Arrangement, seed: int, number: int, intensity: float) -> frozenset[int]:
    """Return the programmes that a phrase plays."""
    found: set[int] = set()
    for bar in range(BARS):
        place = place_in_section(row, seed, 0, number, bar, BARS)
        level = place.intensity(intensity)
        found |= {note.program for note in written(row, place, seed).onsets if note.level <= level}
    return frozenset(found)


def section(name: str, row: Arrangement) -> Section:
    rows = FIGHT if row.drive >= 0.6 else CALM
    return next(each for key, each in rows.items() if key == name)


@pytest.mark.parametrize("style", STYLES)
def test_ten_minutes_have_five_kinds_of_sections_and_none_twice_in_a_row(style: str) -> None:
    row = arrangement(style)
    for seed in range(5):
        names = [section_of(row, seed, 0, number).name for number in range(PHRASES)]
        assert len(set(names)) >= 5, names
        assert all(one != other for one, other in pairwise(names)), names


def test_ten_minutes_of_calm_have_six_sets_of_instruments() -> None:
    row = arrangement("calm")
    for seed in range(5):
        assert len({instruments(row, seed, number, 0.35) for number in range(PHRASES)}) >= 6


@pytest.mark.parametrize("style", STYLES)
def test_visits_open_differently(style: str) -> None:
    """Of any two visits that follow each other, the second opens with another section."""
    row = arrangement(style)
    for seed in range(5):
        openings = [section_of(row, seed, visit, 0).name for visit in range(1, 9)]
        assert all(one != other for one, other in pairwise(openings))
        assert len(set(openings)) == len(OPENINGS[row.drive >= 0.6])


def test_no_section_follows_itself_in_any_plan() -> None:
    for openings, plans in zip(OPENINGS, PLANS, strict=True):
        for plan in plans:
            assert all(one != other for one, other in pairwise(plan))
            assert all(plan[0] != before[-1] for before in plans)
        assert len(set(openings)) == len(openings)


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("name", ["intro", "full", "contrast", "thin", "break", "climax", "rest"])
def test_more_intensity_adds_notes_and_force_in_every_section(style: str, name: str) -> None:
    row = arrangement(style)
    for bar in (0, 5):
        place = SectionPlace(section(name, row), 11, bar, BARS)
        levels = [step / 10 for step in range(11)]
        notes = [sounding(written(row, place), place.intensity(level)) for level in levels]
        assert all(fewer <= more for fewer, more in pairwise(notes))
        forces = [place.force(level) for level in levels]
        assert forces == sorted(forces)
        assert place.intensity(0.0) == 0.0
        assert place.intensity(1.0) == 1.0


@pytest.mark.parametrize("style", STYLES)
def test_every_section_has_music(style: str) -> None:
    """In two bars of any section, at an intensity of 0.4, something sounds."""
    row = arrangement(style)
    for rows in (CALM, FIGHT):
        for each in rows.values():
            for key in range(4):
                bars = [written(row, SectionPlace(each, key, bar, BARS)) for bar in (4, 5)]
                assert any(sounding(bar, 0.4) for bar in bars), each.name


@pytest.mark.parametrize("text", ["drums", "only taiko drums", "solo flute", "only a church organ"])
def test_any_section_is_written_of_drums_alone_and_of_one_instrument(text: str) -> None:
    row = arrange(text_reader().read(text).profile)
    if "drum" in text:
        assert row.voices == ()
    for rows in (CALM, FIGHT):
        for each in rows.values():
            for seed in range(3):
                bars = [
                    written(row, SectionPlace(each, seed, bar, bars), seed) for bars in (1, 2, 8) for bar in range(bars)
                ]
                assert any(bar.onsets for bar in bars), each.name


def test_a_full_fight_of_any_section_keeps_most_of_its_notes() -> None:
    """At an intensity of 1 no section takes more than two thirds of a fight's notes, or a sixth of its force."""
    row = arrangement("combat")
    for each in FIGHT.values():
        place = SectionPlace(each, 5, 4, BARS)
        whole = compose_bar(row, row, 1, 4, 4, 2, "minor")
        assert len(sounding(written(row, place), 1.0)) > len(whole.onsets) / 3, each.name
        assert place.force(1.0) > 5 / 6


@pytest.mark.parametrize("style", [*STYLES, "chase", "metal", "space", "synthwave", "drum and bass"])
def test_a_section_keeps_the_first_chords_and_as_many_instruments_as_voices(style: str) -> None:
    row = arrangement(style)
    chords = [slot for slot, voice in enumerate(row.voices) if voice.role == "harmony"]
    instruments = {slot: row.voices[slot].programs[0] for slot in chords}
    assert chords
    for each in (FIGHT if row.drive >= 0.6 else CALM).values():
        for key in range(4):
            bars = [written(row, SectionPlace(each, key, bar, BARS)) for bar in range(BARS)]
            # Voices that a section rests come back from an intensity of 0.83 on.
            kept = {note.slot for bar in bars for note in bar.onsets if note.slot in instruments and note.level < 0.83}
            assert chords[0] in kept, each.name
            assert len({instruments[slot] for slot in kept}) == min(len(kept), len(set(instruments.values()))), (
                each.name
            )


def test_no_tune_is_moved_above_c6() -> None:
    row = arrangement("chiptune")
    tune = next(slot for slot, voice in enumerate(row.voices) if voice.role == "melody")
    assert row.voices[tune].register + 12 > 84

    def highest(name: str) -> int:
        bars = [written(row, SectionPlace(section(name, row), 3, bar, BARS)) for bar in range(BARS)]
        return max(note.pitch for bar in bars for note in bar.onsets if note.slot == tune)

    assert highest("climax") == highest("full")


def test_an_intro_brings_voices_in_one_by_one() -> None:
    row = arrangement("town")
    slots = []
    for bar in range(3):
        place = SectionPlace(CALM["intro"], 3, bar, BARS)
        slots.append({slot for _, slot, _ in sounding(written(row, place), 0.6)})
    assert len(slots[0]) < len(slots[1]) <= len(slots[2])


def test_a_contrast_exchanges_the_instruments_of_tune_and_counter_line() -> None:
    row = arrangement("calm")
    slots = {voice.role: slot for slot, voice in reversed(list(enumerate(row.voices)))}
    tune, counter = slots["melody"], slots["counter"]

    def programs(name: str) -> dict[int, set[int]]:
        found: dict[int, set[int]] = {tune: set(), counter: set()}
        for bar in range(BARS):
            for note in written(row, SectionPlace(section(name, row), 3, bar, BARS)).onsets:
                if note.slot in found:
                    found[note.slot].add(note.program)
        return found

    full, contrast = programs("full"), programs("contrast")
    assert (contrast[tune], contrast[counter]) == (full[counter], full[tune])


def test_the_last_bar_of_a_section_goes_half_of_the_way_to_the_next() -> None:
    row = arrangement("calm")
    for number in range(PHRASES):
        forces = [place_in_section(row, 1, 0, number, bar, BARS).force(0.0) for bar in range(BARS)]
        onward = 2 * forces[-2] - forces[-3]
        following = place_in_section(row, 1, 0, number + 1, 0, BARS).force(0.0)
        assert forces[-1] == pytest.approx((onward + following) / 2)


def test_the_chords_of_a_rest_lie_an_octave_higher() -> None:
    row = arrangement("calm")
    slot = next(slot for slot, voice in enumerate(row.voices) if voice.role == "harmony")
    lowest = {
        name: min(
            note.pitch
            for bar in range(BARS)
            for note in written(row, SectionPlace(section(name, row), 3, bar, BARS)).onsets
            if note.slot == slot
        )
        for name in ("full", "rest")
    }
    assert lowest["rest"] == lowest["full"] + 12


def test_sections_depend_on_nothing_but_their_arguments() -> None:
    row = arrangement("calm")
    places = [place_in_section(row, 3, 2, number, 1, BARS) for number in range(20)]
    place_in_section.cache_clear()
    assert [place_in_section(row, 3, 2, number, 1, BARS) for number in reversed(range(20))] == places[::-1]


@pytest.mark.parametrize("name", ["full", "climax", "thin"])
def test_one_instrument_strikes_a_key_once_however_many_voices_it_plays(name: str) -> None:
    profile = POINTS["calm"].profile
    row = arrange(replace(profile, ensemble=Ensemble(melody=("flute",), harmony=("harp",), bass=("cello",))))
    place = SectionPlace(section(name, row), 3, 1, BARS)
    plain = compose_bar(row, row, 1, 1, 4, 2, "minor").onsets
    heard = [note for note in written(row, place).onsets if note.family not in ("melody", "drums")]
    assert sum(note.program == PROGRAMS["harp"] for note in plain) > len(heard) > 0
    for one, other in combinations(heard, 2):
        if (one.program, one.pitch) == (other.program, other.pitch):
            assert abs(one.tick - other.tick) >= TICKS_PER_BEAT // 8
