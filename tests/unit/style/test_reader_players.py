"""Which instruments a text names, leaves out, or lets play alone."""

from __future__ import annotations

import pytest

from segue.style.points import POINTS
from segue.style.terms.instruments import FAMILIES
from unit.style.reader import READER, read, said


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


@pytest.mark.parametrize("text", ["piano waltz", "harpsichord, minuet", "solo accordion waltz"])
def test_a_dance_for_players_without_drums_brings_none(text: str) -> None:
    assert read(text).groove == "none"


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
