"""What words for tempo, meter, drums, scale, harmony, genre and mood make of a style."""

from __future__ import annotations

import pytest

from segue.style.points import POINTS
from unit.style.reader import READER, read


@pytest.mark.parametrize(
    ("text", "tempo_bpm"),
    [
        ("drum and bass 174 bpm", 174.0),
        ("techno, 120bpm", 120.0),
        ("techno at 128", 128.0),
        ("bpm: 96, funk", 96.0),
        ("jazz, 90-100 bpm", 95.0),
        ("trap, 808 140 bpm", 140.0),
        ("jazz, 90 to 100 bpm", 95.0),
        ("house 124.5 bpm", 124.5),
        ("waltz, 60 beats per minute", 60.0),
        ("chiptune, 150", 150.0),
        ("nocturne, adagio", 66.0),
        ("presto fugue", 180.0),
        ("largo for strings", 50.0),
        # No tempos: names, eras, ages, bits, and what nobody can play.
        ("808 trap", POINTS["trap"].profile.tempo_bpm),
        ("disco, 1000000 bpm", POINTS["disco"].profile.tempo_bpm),
    ],
)
def test_numbers_and_tempo_words_set_the_tempo(text: str, tempo_bpm: float) -> None:
    assert read(text).tempo_bpm == pytest.approx(tempo_bpm)


def test_a_number_of_a_name_is_no_tempo() -> None:
    assert read("commodore 64").tempo_bpm > 120.0


@pytest.mark.parametrize("style", ["techno", "folk", "metal", "bossa nova", "calm"])
def test_slow_and_fast_are_relative_to_the_style(style: str) -> None:
    tempos = [read(f"{word} {style}").tempo_bpm for word in ("very slow", "slow", "", "fast", "very fast")]
    assert tempos == sorted(tempos)
    assert len(set(tempos)) == 5


@pytest.mark.parametrize(
    ("text", "meter"),
    [
        ("7/8", 7),
        ("folk in 5", 5),
        ("piano, 3/4", 3),
        ("6/8 lullaby", 6),
        ("12/8 blues", 12),
        ("Celtic jig", 6),
        ("piano waltz", 3),
        ("minuet", 3),
        ("polka", 2),
        ("take five, jazz", 5),
        ("rock, 4/4", 4),
        ("10/8 march", 5),
        ("prog rock, 11/8", 11),
        ("folk in 11", 11),
        ("techno", 4),
    ],
)
def test_signatures_and_dances_set_the_meter(text: str, meter: int) -> None:
    assert read(text).meter == meter


@pytest.mark.parametrize(
    ("text", "percussion"),
    [
        ("techno, no kick", "electronic without kick"),
        ("rock without kick drum", "kit without kick"),
        ("trap, 808, no bass drum", "808 without kick"),
        ("techno, less kick", "electronic without kick"),
        # What has no kick has none to leave out.
        ("salsa, congas, no kick", "hand drums"),
    ],
)
def test_the_kick_can_be_left_out(text: str, percussion: str) -> None:
    assert read(text).percussion == percussion
    assert read(text).groove != "none"


@pytest.mark.parametrize(
    ("text", "groove"),
    [
        ("rock, fewer drums", "half-time"),
        ("rock with less percussion", "half-time"),
        ("town, much less drums", "sparse"),
        ("rock, more drums", "driving"),
        ("calm, more drums", "straight"),
        ("rock, no more drums", "none"),
        ("calm, fewer drums", "none"),
    ],
)
def test_drums_can_be_fewer_or_more(text: str, groove: str) -> None:
    assert read(text).groove == groove


@pytest.mark.parametrize(
    ("more", "less", "axis"),
    [
        ("town, more reverb", "town, less reverb", "room"),
        ("town, more energy", "town, less energy", "arousal"),
        ("calm, more tension", "calm, less tension", "tension"),
        ("town, more notes", "town, fewer notes", "density"),
        ("town, happy", "town, less happy", "valence"),
        ("techno, more distortion", "techno, less distortion", "saturation"),
        ("folk, fast", "folk, less fast", "tempo_bpm"),
    ],
)
def test_less_pulls_the_other_way_than_more(more: str, less: str, axis: str) -> None:
    plain = getattr(read(less.split(", ")[0]), axis)
    assert getattr(read(less), axis) <= plain <= getattr(read(more), axis)
    assert getattr(read(less), axis) < getattr(read(more), axis)


@pytest.mark.parametrize(
    ("text", "scale"),
    [
        ("dorian mode", "dorian"),
        ("oud, hijaz", "phrygian dominant"),
        ("folk in D minor", "minor"),
        ("techno in c sharp phrygian", "phrygian"),
        ("whole tone piano", "whole tone"),
        ("happy dungeon", "major"),
        ("sad polka", "minor"),
        ("polka, not happy", "minor"),
        ("minor pentatonic flute", "minor pentatonic"),
        ("blues", "blues"),
        ("koto", "in-sen"),
        ("atonal strings", "chromatic"),
    ],
)
def test_mode_and_mood_words_set_the_scale(text: str, scale: str) -> None:
    assert read(text).scale == scale


@pytest.mark.parametrize(
    ("text", "harmony"),
    [
        ("exploration, dorian", "modal"),
        ("oud, hijaz", "drone"),
        ("piano, seventh chords", "jazz"),
        ("atonal piano", "dark"),
    ],
)
def test_harmony_fits_the_scale(text: str, harmony: str) -> None:
    assert read(text).harmony == harmony


@pytest.mark.parametrize(
    ("text", "groove", "percussion"),
    [
        ("techno, four on the floor", "four on the floor", "electronic"),
        ("piano with swing feel and brushes", "swing", "brushes"),
        ("trap beat", "trap", "808"),
        ("orchestra with marching drums", "march", "snare drum"),
        ("calm harp with hand drums", "hand drums", "hand drums"),
        ("cello and taiko", "taiko", "taiko"),
        ("reggae", "one drop", "kit"),
        ("strings, breakbeat", "breakbeat", "kit"),
        ("blast beats", "blast", "metal kit"),
    ],
)
def test_rhythm_words_set_groove_and_percussion(text: str, groove: str, percussion: str) -> None:
    profile = read(text)
    assert (profile.groove, profile.percussion) == (groove, percussion)


@pytest.mark.parametrize(
    ("text", "axis", "low", "high"),
    [
        ("lo-fi jazz", "low_pass_hz", 3_000.0, 7_000.0),
        ("lo-fi jazz", "wow", 0.3, 1.0),
        ("8-bit jazz", "bits", 4.0, 8.0),
        ("dry piano", "room", 0.0, 0.15),
        ("choir in a cavernous hall", "room", 0.9, 1.0),
        ("mono rock", "width", 0.0, 0.1),
        ("wide stereo pads", "width", 0.8, 1.0),
        ("distorted techno", "saturation", 0.5, 1.0),
        ("house with sidechain", "pump", 0.6, 1.0),
        ("sparse piano", "density", 0.0, 0.35),
        ("busy piano", "density", 0.65, 1.0),
        ("low register piano", "register", -12.0, -4.0),
        ("staccato strings and staccato flute", "articulation", 0.0, 0.3),
        ("legato violin", "articulation", 0.7, 1.0),
        ("happy folk", "valence", 0.5, 1.0),
        ("evil folk", "valence", -1.0, -0.3),
        ("tense folk", "tension", 0.6, 1.0),
        ("energetic folk", "arousal", 0.6, 1.0),
    ],
)
def test_words_for_sound_and_mood_move_their_axis(text: str, axis: str, low: float, high: float) -> None:
    assert low <= getattr(read(text), axis) <= high


@pytest.mark.parametrize(
    ("text", "layout"),
    [
        ("bossa nova shop", "bossa trio"),
        ("reggae beach", "reggae band"),
        ("folk metal", "metal"),
        ("jazz funk", "funk band"),
        ("jazz waltz", "jazz combo"),
        ("lo-fi hip hop", "lo-fi"),
        ("Stardew Valley", "town"),
        ("like doom eternal", "metal"),
        ("zelda-like", "exploration"),
        ("gamelan", "gamelan"),
    ],
)
def test_a_named_genre_outranks_the_place(text: str, layout: str) -> None:
    assert read(text).layout == layout


@pytest.mark.parametrize(
    ("text", "style"), [("not jazz", "jazz"), ("not scary, but happy", "horror"), ("no waltz", "waltz")]
)
def test_what_a_text_denies_is_not_what_it_is_about(text: str, style: str) -> None:
    assert READER.read_text(text).nearest[0][0] != style


def test_numbers_alone_are_a_style() -> None:
    profile = read("7/4, 140 bpm")
    assert (profile.meter, profile.tempo_bpm) == (7, 140.0)


@pytest.mark.parametrize(
    ("text", "tempo_bpm"),
    [
        ("7/8, 140 bpm", 280.0),
        ("prog rock in seven eight at 100", 200.0),
        ("6/8, 150 bpm", 300.0),
        # Twice as fast is more than is played.
        ("6/8, 151 bpm", 151.0),
        ("metal, 6/8 at 180 bpm", 180.0),
        ("3/8, 100 bpm", 100.0),
        ("jig, 100 bpm", 100.0),
    ],
)
def test_a_number_counts_the_quarters_of_a_signature_in_eighths(text: str, tempo_bpm: float) -> None:
    assert read(text).tempo_bpm == tempo_bpm


@pytest.mark.parametrize(
    ("text", "meter"),
    [("three beats to the bar, gentle organ", 3), ("5 beats per bar, drums", 5), ("Bulgarian dance, aksak", 7)],
)
def test_beats_of_a_bar_are_counted_in_words(text: str, meter: int) -> None:
    profile = read(text)
    assert profile.meter == meter
    assert (profile.groove == "none") == ("organ" in text)


def test_a_march_of_a_country_is_a_march() -> None:
    assert read("Soviet march, male choir, brass").groove == "march"
