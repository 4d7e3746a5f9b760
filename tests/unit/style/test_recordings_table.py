"""The table of recordings of others: a row for each, and how many are like no style."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from segue.style.audio_reader import read_recording
from segue.style.tower import PATH
from segue.training.tower import recordings
from unit.style.sounds import clicks, stereo


def test_a_row_says_what_was_read_and_whether_a_warning_did() -> None:
    reading = read_recording(stereo(clicks(2.0)))
    near = ", ".join(f"{style} {likeness:.2f}" for style, likeness in reading.nearest)
    # What the clicks are like changes with the tower.
    like, unlike = (replace(reading, similarity=0.5, warnings=()), replace(reading, similarity=0.4, warnings=("far",)))
    lines = list(recordings.table({"Clicks": like, "Others": unlike}))
    assert lines[2].startswith(f"| Clicks | {near} | tempo 120")
    assert lines[2].endswith("| no |")
    assert lines[3].startswith(f"| Others | {near} | tempo 120")
    assert lines[3].endswith("| yes |")
    assert lines[-1] == "Like no style (likeness below 0.45): 1 of 2."


def test_the_page_has_a_row_for_every_track() -> None:
    page = PATH.with_name("TOWER.md").read_text(encoding="utf-8").partition("<!-- recordings -->")[2]
    for package, names in recordings.TRACKS.items():
        for name in names:
            assert f"| {package.split('-')[0].capitalize()}: {name} |" in page


def test_a_missing_track_is_named_with_its_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["recordings", str(tmp_path)])
    with pytest.raises(SystemExit, match=r"expected battle\.ogg of the package wesnoth"):
        recordings.main()
