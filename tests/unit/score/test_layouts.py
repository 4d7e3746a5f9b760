"""Layouts: complete, playable, legal; chords that every key can play."""

from __future__ import annotations

import re

import pytest

from composed import ARRANGEMENTS
from segue.contract import MODES, TICKS_PER_BEAT
from segue.score.composer import instruments
from segue.score.composer.bar import compose_bar
from segue.score.composer.counterpoint import COUNTERPOINT
from segue.score.composer.figures import FIGURES
from segue.score.composer.harmony import phrase
from segue.score.composer.layouts import LAYOUTS
from segue.score.composer.layouts.layout import Layout
from segue.score.composer.melody import MELODIES
from segue.score.composer.theory import chord
from segue.score.composer.vocabulary import DrumLine, Voice
from segue.score.sampler.kits import DRUM_KIT, KITS
from segue.score.sampler.orchestra import ORCHESTRA
from segue.style.points import POINTS
from segue.style.situations import SITUATIONS

STROKES = {"stabs", "chug"}


def test_every_situation_has_a_layout() -> None:
    assert {POINTS[name].profile.layout for name in SITUATIONS} <= set(LAYOUTS)


@pytest.mark.parametrize("layout", [POINTS[name].profile.layout for name in SITUATIONS])
def test_a_situation_grows_with_intensity(layout: str) -> None:
    voices = LAYOUTS[layout].voices
    assert max(voice.level for voice in voices) >= 0.7, "intensity 1 must add something"


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
def test_figures_and_drums_of_a_layout_exist(layout: Layout) -> None:
    for voice in layout.voices:
        assert set(voice.programs) <= set(ORCHESTRA)
        assert voice.figure in {*FIGURES, *MELODIES, *COUNTERPOINT}
        if voice.figure in STROKES:
            assert all(re.fullmatch(r"([.ox!]{8}){1,4}|[.ox!]{12}", rhythm) for rhythm in voice.pattern.split())
        if voice.figure == "line":
            beats, rest = divmod(len(voice.pattern.split()), voice.rate)
            assert beats in (2, 3, 4, 6, 8)
            assert rest == 0
            assert set(voice.pattern.split()) <= set("rfota.")
    if layout.kit is None:
        return
    for groove in layout.kit.grooves:
        for line in groove:
            assert (line.key in DRUM_KIT) if line.program < 0 else (line.program in ORCHESTRA)
    if layout.kit.fill_program < 0:
        assert set(layout.kit.fill) <= set(DRUM_KIT)
    assert layout.kit.crash in {0, *DRUM_KIT}


def test_the_waves_of_the_ocean_swell_to_a_crest_in_the_middle_of_a_chord() -> None:
    row = ARRANGEMENTS["ocean"]
    harp = next(slot for slot, voice in enumerate(row.voices) if voice.pattern == "wave")
    plan = phrase(row, 1, 0, 6, 2, "major")
    whole = [bar for bar in range(plan.length) if len(plan.bars[bar]) == 1]
    assert len(whole) >= 3
    crests, troughs = [], []
    for bar in whole:
        wave = [note for note in compose_bar(row, row, 1, bar, 6, 2, "major").onsets if note.slot == harp]
        keys = [note.pitch for note in wave]
        crest = keys.index(max(keys))
        assert keys == [*sorted(keys[:crest]), *sorted(keys[crest:], reverse=True)]
        assert 2.5 <= wave[crest].tick / TICKS_PER_BEAT <= 3.5
        crests.append(wave[crest].velocity)
        troughs.append(wave[0].velocity)
    assert sum(crests) > 1.2 * sum(troughs)


def test_harmony_is_written_in_chords() -> None:
    rows = [bars for row in ARRANGEMENTS.values() for bars in (*row.minor, *row.major, *row.half, *row.full)]
    for token in {token for bars in rows for token in bars.replace("/", " ").split()}:
        for mode in MODES:
            assert chord(token, 0, mode).tones


def test_bad_rows_are_refused() -> None:
    with pytest.raises(ValueError, match="16"):
        DrumLine(key=36, steps="x..", velocity=90)
    with pytest.raises(ValueError, match="programmes"):
        Voice(role="bass", programs=(), figure="line", register=40, velocity=90)
    with pytest.raises(ValueError, match="out of range"):
        Voice(role="bass", programs=(32,), figure="line", register=40, velocity=190)


def test_every_named_programme_and_drum_key_exists() -> None:
    names = [name for name in vars(instruments) if name.isupper()]
    first_drum = names.index("LOW_KICK")
    named = {name: getattr(instruments, name) for name in names if isinstance(getattr(instruments, name), int)}
    kits = {instruments.kit_program(named.pop(name)) for name in names if "KIT" in name.split("_")}
    del named["TIMPANI_CENTRE"]
    assert kits <= KITS.keys()
    assert {number for name, number in named.items() if names.index(name) < first_drum} <= set(range(128))
    assert {number for name, number in named.items() if names.index(name) >= first_drum} <= DRUM_KIT.keys()
