"""`segue style`: what a prompt is read as, where from, and what was not understood."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from segue.cli.main import main
from segue.style.reader import StyleReader
from segue.style.word_table import WordEncoder


def test_a_table_shows_every_axis_and_the_words_it_was_read_from(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["style", "jazz noir,", "96 bpm, no drums, oboe, xyvrath"]) == 0
    shown = capsys.readouterr()
    rows = {line.split("  ")[0]: line for line in shown.out.splitlines()}
    assert '"jazz noir"' in rows["style"]
    assert rows["melody"].split() == ["melody", "oboe"]
    assert rows["players"].split() == ["players", '"oboe"']
    assert rows["percussion"].split() == ["percussion", "-"]
    assert rows["groove"].split(maxsplit=2) == ["groove", "none", '"no drums"']
    assert rows["tempo"].split(maxsplit=3) == ["tempo", "96", "bpm", '"96 bpm"']
    assert {"meter", "scale", "harmony", "chords", "low_pass", "valence", "tension"} <= set(rows)
    assert shown.err == "warning: 'xyvrath' steers nothing; the other words count\n"


def test_json_holds_the_whole_reading(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["style", "--json", "solo cello in D minor"]) == 0
    printed = json.loads(capsys.readouterr().out)
    reading = StyleReader(WordEncoder()).read_text("solo cello in D minor")
    assert printed["key"] == reading.profile.key
    assert printed["profile"]["ensemble"]["melody"] == ["cello"]
    assert printed["profile"]["scale"] == "minor"
    assert {"axis": "tonic", "value": "D", "words": "left to `music: key` of the rules"} in printed["sources"]
    assert printed["nearest"][0]["style"] == "solo cello"
    assert printed["unknown_words"] == printed["warnings"] == []


def test_a_text_far_from_everything_is_warned_of(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["style", "the quarterly report of the committee"]) == 0
    assert capsys.readouterr().err.startswith("warning: far from every known style (likeness ")


@pytest.mark.parametrize(
    ("prompt", "problem"),
    [
        ("Xyvrath", "text: no known word in 'Xyvrath'"),
        ("nowhere.wav", "nowhere.wav: expected a sound file, found nothing"),
    ],
)
def test_what_cannot_be_read_is_bad_input(prompt: str, problem: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["style", prompt]) == 2
    assert capsys.readouterr().err.startswith(problem)


def test_a_sound_that_cannot_be_read_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    silent = tmp_path / "silent.wav"
    soundfile.write(silent, np.zeros((48_000, 2)), 48_000)
    assert main(["style", str(silent)]) == 2
    assert capsys.readouterr().err.startswith(f"{silent}: samples: expected sound, got silence")


def test_a_file_that_is_no_sound_is_not_read_as_a_text(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    midi = tmp_path / "arcade.mid"
    midi.write_bytes(b"MThd")
    assert main(["style", str(midi)]) == 2
    assert capsys.readouterr().err.startswith(f"{midi}: expected a sound file (.aif, ")


def test_a_recording_is_read_and_played(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    prompt, output = tmp_path / "prompt.wav", tmp_path / "out.wav"
    tone = 0.3 * np.sin(2 * np.pi * 220 * np.arange(48_000 * 3) / 48_000)
    soundfile.write(prompt, np.stack([tone, tone], axis=1), 48_000)
    assert main(["style", str(prompt), "-o", str(output), "--duration", "2s"]) == 0
    assert "style" in capsys.readouterr().out
    assert soundfile.info(output).duration == pytest.approx(2.0, abs=0.05)


def test_the_prompt_is_never_overwritten(tmp_path: Path) -> None:
    prompt = tmp_path / "prompt.wav"
    soundfile.write(prompt, np.full((48_000 * 3, 2), 0.1) * np.sin(np.arange(48_000 * 3) / 20)[:, None], 48_000)
    before = prompt.read_bytes()
    assert main(["style", str(prompt), "-o", str(prompt)]) == 2
    assert prompt.read_bytes() == before
