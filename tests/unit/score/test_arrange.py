"""Arrangements of style profiles: every layout with any instruments, in any meter, at any intensity and tempo."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

from composed import natural
from heavy import sampled
from segue.contract import TICKS_PER_BEAT
from segue.instruments import NAMES, PROGRAMS
from segue.score.composer.arrange import arrange
from segue.score.composer.bar import Onset, compose_bar, phrase_onsets
from segue.score.composer.fills import GESTURES
from segue.score.composer.harmony import phrase
from segue.score.composer.keyed_random import KeyedRandom
from segue.score.composer.layouts import LAYOUTS
from segue.score.composer.layouts.layout import Layout
from segue.score.composer.loudness import estimated_lufs
from segue.score.composer.progressions import PHRASE_BARS
from segue.score.composer.ranges import range_of
from segue.score.composer.vocabulary import Arrangement
from segue.style.points import POINTS
from segue.style_profile import FIGURATIONS as FIGURATION_WORDS
from segue.style_profile import GROOVES as GROOVE_WORDS
from segue.style_profile import LAYOUTS as LAYOUT_WORDS
from segue.style_profile import METERS, PRODUCTION, RANGES, Ensemble, StyleProfile

ROLES = ("melody", "counter", "harmony", "bass", "texture")


def anything(layout: str, number: int, **fields: object) -> StyleProfile:
    """A profile with instruments drawn at random, one or two a role, now and then none."""
    random = KeyedRandom(number, 7)
    pitched = NAMES[:112]
    names = {role: tuple(random.choice(pitched) for _ in range(random.below(3))) for role in ROLES}
    names["melody"] = names["melody"] or (random.choice(pitched),)
    return StyleProfile(ensemble=Ensemble(**names), layout=layout, groove=random.choice(GROOVE_WORDS), **fields)  # type: ignore[arg-type]


def phrase_of(row: Arrangement, meter: int, *, seed: int = 1, scale: str = "minor", phrases: int = 1) -> list[Onset]:
    return [
        onset
        for bar in range(PHRASE_BARS * phrases)
        for onset in compose_bar(row, row, seed, bar, meter, 2, scale).onsets
    ]


def test_every_word_has_a_layout() -> None:
    assert set(LAYOUTS) == set(LAYOUT_WORDS)


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
def test_layout(layout: Layout) -> None:
    assert {"bass", "melody"} <= {voice.role for voice in layout.voices}
    assert any(voice.level == 0 for voice in layout.voices), "intensity 0 must not be silence"
    assert layout.entrance in GESTURES
    row = arrange(natural(layout))
    assert arrange(natural(layout)) is row
    assert row.name == natural(layout).key
    bars = phrase_of(row, row.meter)
    counts = [sum(onset.level <= intensity for onset in bars) for intensity in (0.0, 0.5, 1.0)]
    assert 0 < counts[0] < counts[1] < counts[2]


@pytest.mark.parametrize("layout", LAYOUT_WORDS)
def test_any_ensemble_in_any_meter_is_playable(layout: str) -> None:
    """Each layout in every second meter, its neighbour in the others."""
    for number in range(LAYOUT_WORDS.index(layout) % 2, len(METERS), 2):
        meter = METERS[number]
        row = arrange(anything(layout, number))
        onsets = phrase_of(row, meter, seed=number)
        assert onsets
        for onset in onsets:
            assert 0 <= onset.tick < meter * TICKS_PER_BEAT
            assert onset.ticks > 0
            assert onset.velocity > 0
            if onset.program >= 0:
                low, high = range_of(onset.program)
                assert low <= onset.pitch <= high


@pytest.mark.parametrize("layout", LAYOUT_WORDS)
def test_named_instruments_are_heard(layout: str) -> None:
    for number in range(4):
        style = anything(layout, number)
        onsets = phrase_of(arrange(style), 4)
        heard = {intensity: {o.program for o in onsets if o.level <= intensity} for intensity in (0.5, 1.0)}
        for role, names in style.ensemble.by_role():
            for count, name in enumerate(names):
                found = [voice for voice in arrange(style).voices if PROGRAMS[name] in voice.programs]
                assert found, (role, name)
                if not all(voice.figure in ("run", "sparkle", "toll") for voice in found):
                    assert PROGRAMS[name] in heard[0.5 if count < 2 else 1.0], (role, name)


@pytest.mark.parametrize("layout", sampled(LAYOUT_WORDS, 3, first=1))
def test_the_first_melody_instrument_leads(layout: str) -> None:
    style = StyleProfile(
        ensemble=Ensemble(melody=("bassoon", "oboe"), harmony=("harp",), bass=("contrabass",)), layout=layout
    )
    onsets = [
        onset for onset in phrase_of(arrange(style), 4, phrases=4) if onset.role == "melody" and onset.level <= 0.5
    ]
    lead = sum(onset.program == PROGRAMS["bassoon"] for onset in onsets)
    assert lead > 0.5 * len(onsets) > 0


@pytest.mark.parametrize("layout", LAYOUT_WORDS)
def test_roles_without_instruments_are_silent(layout: str) -> None:
    row = arrange(StyleProfile(ensemble=Ensemble(melody=("flute",)), layout=layout))
    assert {onset.role for onset in phrase_of(row, 4) if onset.program >= 0 and onset.role != "drums"} == {"melody"}


def test_an_empty_ensemble_leaves_the_drums() -> None:
    row = arrange(StyleProfile(ensemble=Ensemble(), layout="tribal", groove="tribal", percussion="taiko"))
    assert {onset.role for onset in phrase_of(row, 4)} == {"drums"}


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
def test_fast_music_does_not_pile_up(layout: Layout) -> None:
    row = arrange(replace(natural(layout), tempo_bpm=240.0))
    seconds = PHRASE_BARS * row.meter * 60 / 240
    assert len(phrase_of(row, row.meter)) / seconds <= 25


@pytest.mark.parametrize("word", FIGURATION_WORDS)
def test_figurations_play(word: str) -> None:
    ensemble = Ensemble(melody=("flute",), harmony=("piano",), bass=("acoustic bass",))
    style = StyleProfile(ensemble=ensemble, layout="calm", figuration=word)
    onsets = [onset for onset in phrase_of(arrange(style), 4) if onset.level <= 0.5]
    assert {"harmony", "bass", "melody"} <= {onset.role for onset in onsets}


def test_off_beat_accompaniment_falls_between_the_beats() -> None:
    style = StyleProfile(
        ensemble=Ensemble(melody=("flute",), harmony=("clean guitar",)), layout="town", figuration="off-beat"
    )
    places = [
        onset.tick / TICKS_PER_BEAT % 1
        for onset in phrase_of(arrange(style), 4)
        if onset.role == "harmony" and onset.level <= 0.2
    ]
    assert places
    assert all(0.35 < place < 0.75 for place in places)


def test_numbers_bend_the_voices() -> None:
    base = natural(LAYOUTS["town"])
    plain = arrange(base)

    def melody(style: StyleProfile) -> list[Onset]:
        onsets = (onset for seed in range(6) for onset in phrase_of(arrange(style), 4, seed=seed))
        return [onset for onset in onsets if onset.role == "melody" and onset.level <= 0.5]

    def mean(values: list[int]) -> float:
        return sum(values) / len(values)

    held, short = melody(replace(base, articulation=1.0)), melody(replace(base, articulation=0.0))
    assert mean([o.ticks for o in held]) > 1.5 * mean([o.ticks for o in short])
    assert len(melody(replace(base, density=1.0))) > 1.2 * len(melody(replace(base, density=0.0)))
    high, low = melody(replace(base, register=7.0)), melody(replace(base, register=-12.0))
    assert mean([o.pitch for o in high]) > mean([o.pitch for o in low]) + 5
    assert arrange(replace(base, arousal=1.0)).drive > plain.drive > arrange(replace(base, arousal=0.0)).drive


@pytest.mark.parametrize("layout", sampled(LAYOUT_WORDS, 3))
def test_arrangements_are_levelled_by_arousal(layout: str) -> None:
    base = natural(LAYOUTS[layout])
    calm, excited = (estimated_lufs(arrange(replace(base, arousal=arousal))) for arousal in (0.2, 0.8))
    assert 2.0 < excited - calm < 8.0
    assert abs(calm + 26.4 - LAYOUTS[layout].level_db) < 2.0


def test_chords_without_a_bass_stand_on_their_roots() -> None:
    style = StyleProfile(ensemble=Ensemble(melody=("flute",), harmony=("nylon guitar",)), layout="town")
    row = arrange(style)
    plan = phrase(row, 1, 0, 4, 0, "major")
    for bar in range(plan.length):
        chords = [onset for onset in compose_bar(row, row, 1, bar, 4, 0, "major").onsets if onset.slot == 1]
        roots = {segment.chord.root for segment in plan.bars[bar]}
        assert min(onset.pitch for onset in chords) % 12 in roots


def test_further_instruments_take_the_voices_of_a_role_without() -> None:
    ensemble = Ensemble(bass=("slap bass",), harmony=("clavinet", "muted guitar", "brass"))
    row = arrange(StyleProfile(ensemble=ensemble, layout="funk band"))
    (brass,) = [voice for voice in row.voices if voice.programs == (PROGRAMS["brass"],)]
    assert brass.role == "harmony"
    assert brass.figure == "stabs"


def test_a_tune_stays_above_its_chords() -> None:
    row = arrange(natural(LAYOUTS["jazz combo"]))
    tune = next(voice for voice in row.voices if voice.role == "melody")
    chords = [voice for voice in row.voices if voice.figure in ("stabs", "pad") and voice.level <= 0.5]
    assert all(voice.register <= tune.register - 7 for voice in chords)


def test_plucked_chords_in_place_of_held_ones_change_their_rhythm_from_bar_to_bar() -> None:
    row = arrange(replace(natural(LAYOUTS["calm"]), ensemble=Ensemble(melody=("piano",), harmony=("harp",))))
    slot = next(slot for slot, voice in enumerate(row.voices) if voice.role == "harmony" and voice.figure == "stabs")
    rhythms = set()
    for bar in range(2 * PHRASE_BARS):
        onsets = compose_bar(row, row, 1, bar, 4, 2, "major").onsets
        rhythms.add(frozenset(round(2 * onset.tick / TICKS_PER_BEAT) for onset in onsets if onset.slot == slot))
    assert len(rhythms) >= 3


@pytest.mark.parametrize("name", ["slow strings", "choir", "halo pad"])
def test_instruments_that_speak_slowly_ring_on(name: str) -> None:
    profile = replace(natural(LAYOUTS["solo"]), ensemble=Ensemble(melody=("violin",), harmony=(name,)), tempo_bpm=90.0)
    row = arrange(replace(profile, figuration="alberti"))
    lasting = [onset.ticks for onset in phrase_of(row, 4) if onset.role == "harmony"]
    assert lasting
    assert min(lasting) >= 0.9 * 90 / 60 * TICKS_PER_BEAT


def test_no_note_depends_on_how_a_style_is_mixed() -> None:
    """A wider or drier mix is another profile, and plays the same notes from the same seed."""
    plain = natural(LAYOUTS["town"])
    mixed = replace(plain, room=0.9, width=0.7, low_pass_hz=4000.0, wow=0.2, saturation=0.3, pump=0.4, bits=8.0)
    assert {axis for axis in RANGES if getattr(mixed, axis) != getattr(plain, axis)} == set(PRODUCTION)
    one, other = arrange(plain), arrange(mixed)
    assert one.name != other.name
    assert phrase_of(one, 4, phrases=4) == phrase_of(other, 4, phrases=4)
    assert phrase_of(one, 4) != phrase_of(arrange(replace(plain, density=0.51)), 4)


def test_arrangements_are_measured_without_the_unisons_that_no_instrument_strikes() -> None:
    """Bebop's piano has two voices that share keys; its notes are counted as they are played."""
    row = arrange(POINTS["bebop"].profile)
    written = [onset for onset in phrase_of(row, 4, seed=3, scale=row.scale) if onset.family == "harmony"]
    counted = [onset for _, onset in phrase_onsets(row, 1.0, 4) if onset.family == "harmony"]
    # Both pass over the bars one after the other, where ticks begin anew.
    assert 0 < len(counted) < len(written)
    for one, other in pairwise(counted):
        assert (one.program, one.pitch, one.tick) != (other.program, other.pitch, other.tick)
