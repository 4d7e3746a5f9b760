"""Guesses at what a misspelt word or file name was meant to be."""

from __future__ import annotations

from pathlib import Path

from segue_yaml.paths import near_file
from segue_yaml.report import nearest


def test_a_known_word_with_capitals_is_found_as_it_is_written() -> None:
    assert nearest("emberwod", ["Nightwatch", "Emberwood"]) == ["Emberwood"]
    assert nearest("SEGUE_MAX_SESION", ["SEGUE_MAX_SESSIONS"]) == ["SEGUE_MAX_SESSIONS"]
    assert nearest("won", ["Lost"]) == []


def test_a_file_is_found_by_its_name_without_the_ending(tmp_path: Path) -> None:
    for name in ("Meadow.yaml", "meadow.test.yaml"):
        (tmp_path / name).touch()
    here = tmp_path.as_posix()
    assert near_file(tmp_path / "medow.yaml") == f"; did you mean '{here}/Meadow.yaml'?"
    assert near_file(tmp_path / "medow.test.yaml") == f"; did you mean '{here}/meadow.test.yaml'?"
    assert near_file(tmp_path / "meadow") == f"; did you mean '{here}/Meadow.yaml'?"
    assert near_file(tmp_path / "fight.test.yaml") == ""
