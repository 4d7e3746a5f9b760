"""The table of situations: complete, playable, legal."""

from __future__ import annotations

import re

import pytest

from segue.contract import MODES
from segue.score.composer import instruments
from segue.score.composer.figures import FIGURES
from segue.score.composer.fills import GESTURES
from segue.score.composer.table import NAMES, TABLE, situation
from segue.score.composer.theory import chord
from segue.score.composer.vocabulary import DrumLine, Situation, Voice
from segue.score.sampler.kits import DRUM_KIT, KITS
from segue.score.sampler.orchestra import ORCHESTRA
from segue.style.situations import SITUATIONS

STROKES = {"stabs", "chug"}


def test_every_situation_of_the_encoder_has_a_row() -> None:
    assert set(NAMES) == set(SITUATIONS)


def test_an_unknown_situation_is_refused() -> None:
    with pytest.raises(ValueError, match="combat"):
        situation("brunch")


@pytest.mark.parametrize("row", TABLE.values(), ids=NAMES)
def test_row(row: Situation) -> None:
    assert {"bass", "melody"} <= {voice.role for voice in row.voices}
    assert any(voice.level == 0 for voice in row.voices), "intensity 0 must not be silence"
    assert max(voice.level for voice in row.voices) >= 0.7, "intensity 1 must add something"
    assert row.entrance in GESTURES
    for voice in row.voices:
        assert set(voice.programs) <= set(ORCHESTRA)
        assert voice.figure in {*FIGURES, "melody"}
        if voice.figure in STROKES:
            assert re.fullmatch(r"[.ox!]{16}", voice.pattern)
        if voice.figure == "line":
            assert len(voice.pattern.split()) == 4 * voice.rate
            assert set(voice.pattern.split()) <= set("rfota.")
    for groove in row.kit.grooves:
        for line in groove:
            assert (line.key in DRUM_KIT) if line.program < 0 else (line.program in ORCHESTRA)
    if row.kit.fill_program < 0:
        assert set(row.kit.fill) <= set(DRUM_KIT)
    assert row.kit.crash in {0, *DRUM_KIT}


def test_harmony_is_written_in_chords() -> None:
    rows = [bars for row in TABLE.values() for bars in (*row.minor, *row.major, *row.half, *row.full)]
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
