"""`segue style`: what a prompt is read as, where from, and what was not understood."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

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
    reading = StyleReader([WordEncoder()]).read_text("solo cello in D minor")
    assert printed["key"] == reading.profile.key
    assert printed["profile"]["ensemble"]["melody"] == ["cello"]
    assert printed["profile"]["scale"] == "minor"
    assert {"axis": "tonic", "value": "D", "words": "left to `music: key` of the rules"} in printed["sources"]
    assert printed["nearest"][0]["style"] == "solo cello"
    assert printed["unknown_words"] == printed["warnings"] == []


@pytest.mark.parametrize(
    ("text", "shown", "groups"),
    [
        ("balkan brass in 7/8", "7 beats a bar, 2+2+3", [2, 2, 3]),
        ("prog rock, five eight", "5 beats a bar, 3+2", [3, 2]),
        ("waltz in 3/4", "3 beats a bar", []),
        ("jig", "6 beats a bar", []),
    ],
)
def test_a_time_signature_in_eighths_is_shown_with_its_groups(
    text: str, shown: str, groups: list[int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["style", text]) == 0
    (meter,) = [line for line in capsys.readouterr().out.splitlines() if line.startswith("meter ")]
    assert meter.partition('"')[0].split(maxsplit=1)[1].rstrip() == shown
    assert main(["style", "--json", text]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert (sum(printed["groups"]) or printed["profile"]["meter"], printed["groups"]) == (int(shown[0]), groups)


def test_a_text_far_from_everything_is_warned_of(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["style", "the quarterly report of the committee"]) == 0
    assert capsys.readouterr().err.startswith("warning: far from every known style (likeness ")


@pytest.mark.parametrize(
    ("prompt", "problem"),
    [
        ("Xyvrath", "text: no known word in 'Xyvrath'"),
        ("nowhere.wav", "nowhere.wav: expected a sound file, found nothing"),
        ("the and of", "text: 'the and of' says nothing of the music; name a genre, "),
        ("piano " * 1_700, "text: expected up to 500 characters, got 10200"),
        ("/dev/null", "/dev/null: expected a sound file (.wav, "),
        ("\x1b[31mqqqzz", "text: no known word in '\\x1b[31mqqqzz'"),
    ],
)
def test_what_cannot_be_read_is_bad_input(prompt: str, problem: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["style", prompt]) == 2
    assert capsys.readouterr().err.startswith(problem)


@pytest.mark.parametrize(
    ("sound", "problem"),
    [
        (np.zeros((48_000, 2)), "samples: expected sound, got silence"),
        (np.full((2_400, 2), 0.1), "samples: expected at least 0.5 s of sound, got 0.050 s"),
        (np.full((48_000, 2), np.nan), "sample 0 is not a number"),
        (np.full((48_000, 3), 0.1), "has 3 channels, expected one of [1, 2, 4, 6, 8]"),
    ],
    ids=["silence", "50 ms", "NaN", "3 channels"],
)
def test_an_unusable_recording_is_one_line(
    sound: NDArray[np.float64], problem: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "prompt.wav"
    soundfile.write(path, sound, 48_000, subtype="FLOAT")
    assert main(["style", str(path)]) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"{path}: {problem}")
    assert said.count("\n") == 1


@pytest.mark.parametrize(
    ("rate", "channels", "seconds"),
    [(8_000, 1, 3), (48_000, 6, 3), (8_000, 1, 3_600)],
    ids=["8 kHz", "6 channels", "1 h"],
)
def test_unusual_recordings_are_read(
    rate: int, channels: int, seconds: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "prompt.wav"
    time = np.arange(rate) / rate
    second = 10_000 * np.sin(2 * np.pi * 220 * time) * np.exp(-(time % 0.5) / 0.2)
    soundfile.write(path, np.tile(second.astype(np.int16)[:, None], (seconds, channels)), rate)
    assert main(["style", str(path)]) == 0
    rows = {line.split("  ")[0]: line for line in capsys.readouterr().out.splitlines()}
    assert "nearest to the recording, likeness" in rows["style"]
    assert {"tempo", "meter", "brightness", "dynamics"} <= set(rows)


def test_a_sound_that_cannot_be_read_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    silent = tmp_path / "silent.wav"
    soundfile.write(silent, np.zeros((48_000, 2)), 48_000)
    assert main(["style", str(silent)]) == 2
    assert capsys.readouterr().err.startswith(f"{silent}: samples: expected sound, got silence")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="a system without named pipes")
def test_a_pipe_is_not_waited_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pipe = tmp_path / "prompt.wav"
    os.mkfifo(pipe)
    assert main(["style", str(pipe)]) == 2
    assert capsys.readouterr().err == f"{pipe}: expected a sound file, found a pipe or device\n"


@pytest.mark.parametrize("ending", ["wav", "flac", "ogg"])
def test_a_recording_that_was_cut_is_told(ending: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    whole, cut = tmp_path / f"whole.{ending}", tmp_path / f"cut.{ending}"
    soundfile.write(whole, np.random.default_rng(1).uniform(-0.2, 0.2, (96_000, 2)), 48_000)
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    assert main(["style", str(cut)]) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"{cut}: ")
    assert said.count("\n") == 1


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_24", "FLOAT"])
def test_recordings_of_any_depth_and_rate_are_read_alike(
    subtype: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A loud sound at 96 kHz that clips, under the ending of another format."""
    path = tmp_path / "prompt.mp3"
    time = np.arange(96_000 * 3) / 96_000
    clipped = np.clip(4 * np.sin(2 * np.pi * 220 * time) * np.exp(-(time % 0.5) / 0.2), -1, 1)
    soundfile.write(path, clipped, 96_000, format="WAV", subtype=subtype)
    assert main(["style", str(path)]) == 0
    assert "nearest to the recording, likeness" in capsys.readouterr().out


def test_a_file_that_is_no_sound_is_not_read_as_a_text(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    midi = tmp_path / "arcade.mid"
    midi.write_bytes(b"MThd")
    assert main(["style", str(midi)]) == 2
    assert capsys.readouterr().err.startswith(f"{midi}: expected a sound file (.wav, ")


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
