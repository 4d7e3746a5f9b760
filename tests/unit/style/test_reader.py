"""What a text says directly sets the axes of its profile; any text gives a valid profile or a clear error."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segue.style.points import POINTS
from segue.style.reader import StyleReader, StyleReading
from segue.style.terms.instruments import FAMILIES
from segue.style.word_table import WordEncoder
from segue.style_profile import StyleProfile

READER = StyleReader([WordEncoder()])


def read(text: str) -> StyleProfile:
    return READER.read_text(text).profile


def said(reading: StyleReading, axis: str) -> list[str]:
    return [source.words for source in reading.sources if source.axis == axis]


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
    ("text", "fewer"), [("romantic piano with cello, less piano", "piano"), ("orchestra, less violin", "violin")]
)
def test_less_of_an_instrument_takes_the_lead_from_it(text: str, fewer: str) -> None:
    ensemble = read(text).ensemble
    assert ensemble.melody
    assert fewer not in ensemble.melody
    assert said(READER.read_text(text), "ensemble")[-1].endswith(f'"less {fewer}"')


@pytest.mark.parametrize(
    ("text", "melody"),
    [
        ("sad solo cello", "cello"),
        ("sad solo piano", "piano"),
        ("erhu in the mist", "fiddle"),
        ("ney flute over a drone", "shakuhachi"),
        ("oud by the fire", "nylon guitar"),
        ("duduk lament", "english horn"),
        ("muted trumpet, rainy street", "muted trumpet"),
        ("flute and harp", "flute"),
        ("piano and strings", "piano"),
        ("techno with violin", "violin"),
        ("lead banjo over strings", "banjo"),
        ("jazz, alto sax", "alto saxophone"),
        ("lone trumpet over the battlefield", "trumpet"),
        ("bagpipes", "bagpipe"),
    ],
)
def test_the_named_instrument_leads(text: str, melody: str) -> None:
    assert read(text).ensemble.melody[0] == melody


@pytest.mark.parametrize(
    ("text", "role", "instrument"),
    [
        ("funk with slap bass", "bass", "slap bass"),
        ("folk with upright bass", "bass", "acoustic bass"),
        ("trap with 808s", "bass", "soft synth bass"),
        ("flute over soft strings", "harmony", "slow strings"),
        ("violin and classical guitar", "harmony", "nylon guitar"),
        ("soul, rhodes", "harmony", "electric piano"),
        ("celtic fiddle and bouzouki", "harmony", "steel guitar"),
        ("rock guitar riffs", "melody", "overdriven guitar"),
        ("swing, clarinet solo", "bass", "acoustic bass"),
        ("orchestral dubstep", "melody", "violin"),
    ],
)
def test_accompaniment_is_seated_where_it_belongs(text: str, role: str, instrument: str) -> None:
    assert instrument in getattr(read(text).ensemble, role)


@pytest.mark.parametrize(
    "text", ["solo cello", "a lone oboe", "harp alone", "just a piano", "solo violin, heartbroken"]
)
def test_a_soloist_has_little_else(text: str) -> None:
    profile = read(text)
    assert len(profile.ensemble.instruments) <= 3
    assert profile.groove == "none"


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("boss battle, no choir", {"choir", "voices"}),
        ("orchestra without brass", {"horn", "trumpet", "trombone", "tuba", "brass"}),
        ("calm, no piano", {"piano"}),
        ("rock, anything but guitars", set(FAMILIES["guitar"])),
        ("calm, harp instead of piano", {"piano"}),
        ("synthwave without synth pads or brass", {"synth brass", "warm pad", "polysynth pad"}),
        ("rock, no guitars, bass or drums", {"overdriven guitar", "picked bass", "finger bass"}),
    ],
)
def test_what_a_text_excludes_does_not_play(text: str, gone: set[str]) -> None:
    assert not read(text).ensemble.instruments & gone


@pytest.mark.parametrize(
    "text",
    ["jazz, no drums", "techno without percussion", "drumless folk", "metal, no bass or drums", "beatless house"],
)
def test_no_drums_is_no_groove(text: str) -> None:
    assert read(text).groove == "none"


def test_no_melody_leaves_the_melody_out() -> None:
    assert read("ambient space, no melody").ensemble.melody == ()


def test_strings_only_are_only_strings() -> None:
    assert read("strings only, ominous").ensemble.instruments <= FAMILIES["strings"]


@pytest.mark.parametrize("text", ["drum solo", "solo drums", "percussion ensemble", "drums only"])
def test_drums_alone_have_no_instruments(text: str) -> None:
    profile = read(text)
    assert profile.ensemble.instruments == frozenset()
    assert profile.groove != "none"


def test_only_taiko_is_taiko() -> None:
    profile = read("only taiko drums")
    assert profile.ensemble.instruments == frozenset()
    assert (profile.groove, profile.percussion) == ("taiko", "taiko")


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


@pytest.mark.parametrize("text", ["piano waltz", "harpsichord, minuet", "solo accordion waltz"])
def test_a_dance_for_players_without_drums_brings_none(text: str) -> None:
    assert read(text).groove == "none"


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


def test_every_override_names_the_words_it_was_read_from() -> None:
    reading = READER.read_text("jazz noir, 96 bpm, no drums, oboe, dorian, distorted, 5/4")
    assert said(reading, "style") == [f'"jazz noir", likeness {dict(reading.nearest)["jazz noir"]:.2f}']
    assert said(reading, "tempo_bpm") == ['"96 bpm"']
    assert said(reading, "meter") == ['"5/4"']
    assert said(reading, "scale") == ['"dorian"']
    assert said(reading, "groove") == ['"no drums"']
    assert said(reading, "saturation") == ['"distorted"']
    assert '"oboe"' in said(reading, "ensemble")[0]


def test_words_that_steer_nothing_are_told_and_read_words_are_not_among_them() -> None:
    reading = READER.read_text("174 bpm, Xyvrath, 7/8, maqam oud, qanbus")
    assert reading.unknown_words == ("xyvrath",)
    assert [str(warning) for warning in reading.warnings] == ["'xyvrath' steers nothing; the other words count"]


@pytest.mark.parametrize("text", ["piano, 5 bpm", "1000 bpm"])
def test_a_tempo_out_of_range_is_told(text: str) -> None:
    (warning,) = READER.read_text(text).warnings
    assert warning.code == "tempo_range"
    assert str(warning).endswith("is no tempo from 30 to 300 bpm; the style's own counts")


@pytest.mark.parametrize("signature", ["0/4", "13/16", "99/4"])
def test_a_meter_that_is_not_played_is_told(signature: str) -> None:
    reading = READER.read_text(f"jazz in {signature}")
    assert reading.profile.meter == POINTS["jazz"].profile.meter
    (warning,) = reading.warnings
    assert warning.code == "meter_range"
    assert str(warning).startswith(f"'{signature}' is no meter that is played (beats a bar: 2, 3, ")


def test_the_length_of_a_note_is_no_meter() -> None:
    assert READER.read_text("techno with 1/16 notes").warnings == ()


@pytest.mark.parametrize(
    ("text", "counts", "other"),
    [
        ("slow fast techno", "slow", "fast"),
        ("techno, 120 bpm, 90 bpm", "120 bpm", "90 bpm"),
        ("waltz in 3/4, then 4/4", "3/4", "4/4"),
        ("jazz in D minor, or in C major", "minor", "major"),
        ("jazz in major, then in minor", "in major", "in minor"),
        ("jazz of majors and minors", "major", "minor"),
    ],
)
def test_what_contradicts_itself_is_told(text: str, counts: str, other: str) -> None:
    (warning,) = READER.read_text(text).warnings
    assert warning.code == "contradiction"
    assert str(warning) == f"'{counts}' and '{other}' contradict each other; '{counts}' counts"


@pytest.mark.parametrize(
    "text", ["jazz, 90-100 bpm", "not too fast, slow jazz", "slow jazz, 120 bpm", "minor blues", "fast, frantic jazz"]
)
def test_what_can_be_meant_together_is_no_contradiction(text: str) -> None:
    assert READER.read_text(text).warnings == ()


@pytest.mark.parametrize("text", ["no", "without", "the and of with", "no music", "silence", "Only, only!"])
def test_a_text_that_says_nothing_of_the_music_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match="says nothing of the music; name a genre, instruments or a mood"):
        READER.read_text(text)


def test_a_text_of_mostly_unknown_words_is_told_the_language() -> None:
    assert str(READER.read_text("xyvrath qwrtzp piano").warnings[0]).endswith("texts are read in English")


@pytest.mark.parametrize(
    ("text", "other"), [("piano; slow", "PIANO!!! Slow?"), ("jazz, 96 bpm", "jazz - 96 BPM"), ("lo-fi", "lo fi")]
)
def test_case_and_punctuation_steer_nothing(text: str, other: str) -> None:
    assert read(text) == read(other)


@pytest.mark.parametrize(
    ("text", "style"), [("not jazz", "jazz"), ("not scary, but happy", "horror"), ("no waltz", "waltz")]
)
def test_what_a_text_denies_is_not_what_it_is_about(text: str, style: str) -> None:
    assert READER.read_text(text).nearest[0][0] != style


def test_a_typing_error_has_a_guess() -> None:
    (warning,) = READER.read_text("jazz nior detctive").warnings
    assert str(warning) == "'nior', 'detctive' steer nothing; the other words count; did you mean 'noir', 'detective'?"


@pytest.mark.parametrize(
    ("text", "layout"),
    [
        ("piano", "piano solo"),
        ("slow piano", "piano solo"),
        ("flute", "calm"),
        ("guitar", "plucked duo"),
        ("synth", "synthwave"),
        ("noir jazz", "jazz combo"),
    ],
)
def test_an_instrument_alone_is_played_in_its_own_style(text: str, layout: str) -> None:
    assert read(text).layout == layout


def test_drums_alone_are_drums() -> None:
    profile = read("drums")
    assert profile.ensemble.instruments == frozenset()
    assert (profile.groove, profile.percussion, profile.meter) == ("rock", "kit", 4)


def test_numbers_alone_are_a_style() -> None:
    profile = read("7/8, 140 bpm")
    assert (profile.meter, profile.tempo_bpm) == (7, 140.0)


def test_a_text_far_from_everything_is_told() -> None:
    assert [warning.code for warning in READER.read_text("the quarterly report of the committee").warnings] == [
        "far_text"
    ]
    assert READER.read_text("jazz noir detective").warnings == ()


@pytest.mark.parametrize("text", ["", "   ", "Xyvrath", "!!!", "音楽", "\N{MUSICAL SYMBOL G CLEF}"])
def test_a_text_without_a_known_word_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match="text: "):
        READER.read_text(text)


@pytest.mark.parametrize(
    "text",
    [
        "Café de flâneur, müsette",
        "ピアノ piano",
        "пианино и piano",
        "JAZZ!!! 🎷🎷",
        "piano " * 5000,
        "no " * 3000 + "piano",
        "jazz " + "a" * 5000,
    ],
)
def test_other_scripts_and_long_texts_are_read(text: str) -> None:
    READER.read_text(text)


WORDS = st.sampled_from(
    [
        "no",
        "not",
        "without",
        "only",
        "solo",
        "just",
        "and",
        "or",
        "with",
        "over",
        ",",
        ".",
        "/",
        "7/8",
        "3/4",
        "120",
        "bpm",
        "808",
        "jazz",
        "techno",
        "calm",
        "drums",
        "piano",
        "cello",
        "guitar",
        "strings",
        "brass",
        "synth",
        "bass",
        "happy",
        "sad",
        "dark",
        "fast",
        "slow",
        "waltz",
        "jig",
        "march",
        "dorian",
        "minor",
        "in",
        "d",
        "sharp",
        "8-bit",
        "lo-fi",
        "distorted",
        "sparse",
        "choir",
        "melody",
    ]
)


@settings(max_examples=300)
@given(st.one_of(st.text(max_size=60), st.lists(WORDS, min_size=1, max_size=14).map(" ".join)))
def test_any_text_is_a_valid_profile_or_a_clear_error(text: str) -> None:
    reading, problem = None, ""
    try:
        reading = READER.read_text(text)
    except ValueError as error:
        problem = str(error)
    if reading is None:
        assert problem.startswith("text: ")
        return
    # A profile checks itself when it is made.
    dataclasses.replace(reading.profile)
    assert np.linalg.norm(reading.embeddings[0]) == pytest.approx(1.0, abs=1e-4)
    assert reading.sources[0].axis == "style"
    assert reading.profile == READER.read_text(text).profile


@pytest.mark.parametrize(
    ("text", "meter"),
    [("three beats to the bar, gentle organ", 3), ("5 beats per bar, drums", 5), ("Bulgarian dance, aksak", 7)],
)
def test_beats_of_a_bar_are_counted_in_words(text: str, meter: int) -> None:
    profile = read(text)
    assert profile.meter == meter
    assert (profile.groove == "none") == ("organ" in text)


@pytest.mark.parametrize(
    ("text", "style", "gone"),
    [
        ("guitar-free indie rock", "indie rock", "guitar"),
        ("bassless techno", "techno", "bass"),
        ("omit brass, epic orchestral", "epic orchestral", "brass"),
        ("leave out the choir, epic orchestral", "epic orchestral", "choir"),
    ],
)
def test_what_is_left_out_may_be_said_in_many_ways(text: str, style: str, gone: str) -> None:
    profile = read(text)
    assert not profile.ensemble.instruments & FAMILIES[gone]
    assert profile.layout == read(style).layout


def test_nothing_but_one_instrument_is_that_alone() -> None:
    assert read("nothing but piano").ensemble.instruments == {"piano"}


@pytest.mark.parametrize("text", ["Turkish oud taksim, unaccompanied", "unaccompanied, Turkish oud"])
def test_a_word_for_solo_may_stand_by_itself(text: str) -> None:
    reading = READER.read_text(text)
    assert reading.profile.ensemble.instruments == {"nylon guitar"}
    assert reading.warnings == ()


def test_a_duet_is_two_of_a_kind() -> None:
    ensemble = read("flute duet").ensemble
    assert (ensemble.melody, ensemble.counter, ensemble.harmony) == (("flute",), ("flute",), ())


@pytest.mark.parametrize(
    ("text", "layout", "instrument"),
    [
        ("slow gospel organ in 12/8", "funk band", "drawbar organ"),
        ("reggae organ", "reggae band", "drawbar organ"),
        ("metal bagpipes", "metal", "bagpipe"),
        ("trap with koto", "trap", "koto"),
        ("psychedelic 60s organ rock", "rock band", "rock organ"),
        ("Celtic jig with bagpipes", "folk dance", "bagpipe"),
    ],
)
def test_an_instrument_beside_a_genre_joins_its_band(text: str, layout: str, instrument: str) -> None:
    profile = read(text)
    assert profile.layout == layout
    assert instrument in profile.ensemble.instruments
    assert "church organ" not in profile.ensemble.instruments


def test_a_march_of_a_country_is_a_march() -> None:
    assert read("Soviet march, male choir, brass").groove == "march"


def test_whispers_accompany() -> None:
    ensemble = read("haunted dollhouse, music box and whispers").ensemble
    assert (ensemble.melody, ensemble.harmony) == (("music box",), ("voices",))


def test_a_genre_is_played_by_one_if_the_text_ends_so() -> None:
    assert read("Delta blues, slide guitar, solo").ensemble.instruments == {"steel guitar"}
    assert len(read("Delta blues, slide guitar solo").ensemble.instruments) > 1


@pytest.mark.parametrize("words", ["free of", "free from", "devoid of", "empty of"])
def test_free_of_leaves_out_what_follows(words: str) -> None:
    profile = read(f"a piano {words} reverb, gentle")
    assert profile.ensemble.melody == ("piano",)
    assert profile.room < read("a piano, gentle").room
    assert read(f"calm strings {words} drums").groove == "none"
    assert "piano" not in read("sad strings, piano free").ensemble.instruments


@pytest.mark.parametrize(
    ("text", "leads"),
    [
        ("Nordic strings", "violin"),
        ("sparse Nordic strings, slow and cold", "violin"),
        ("Scottish strings, tender", "violin"),
        ("Celtic strings without drums", "violin"),
        ("Russian choir", "choir"),
        ("Japanese orchestra", "violin"),
    ],
)
def test_a_section_of_a_region_plays_without_the_regions_band(text: str, leads: str) -> None:
    profile = read(text)
    assert profile.groove == "none"
    assert profile.ensemble.melody[0] == leads
    assert not profile.ensemble.instruments & {"fiddle", "bagpipe", "accordion", "koto", "shamisen", "steel guitar"}
    assert profile.scale == READER.read_text(text.split()[0 if "sparse" not in text else 1]).profile.scale


@pytest.mark.parametrize("text", ["Nordic strings and war drums", "Celtic strings, jig", "Irish strings and bodhran"])
def test_a_section_of_a_region_has_the_drums_that_are_named(text: str) -> None:
    assert read(text).groove != "none"


@pytest.mark.parametrize(
    ("text", "players"),
    [
        ("wind quintet, classical", {"flute", "oboe", "clarinet", "bassoon", "horn"}),
        ("saxophone quartet", FAMILIES["saxophone"]),
        ("cello ensemble, dark", {"cello"}),
        ("recorder consort, renaissance", {"recorder"}),
    ],
)
def test_a_group_of_players_needs_no_others(text: str, players: set[str]) -> None:
    profile = read(text)
    assert profile.ensemble.instruments == players
    assert profile.ensemble.harmony
    assert profile.groove == "none"


@pytest.mark.parametrize("text", ["orchestral chase", "symphonic racing", "orchestral tavern"])
def test_an_orchestra_plays_a_scene_that_has_other_players(text: str) -> None:
    scene, orchestral = read(text.split()[1]), read(text)
    assert orchestral.ensemble == POINTS["classical orchestra"].profile.ensemble
    assert orchestral.groove == scene.groove
    assert orchestral.percussion not in ("kit", "electronic")
