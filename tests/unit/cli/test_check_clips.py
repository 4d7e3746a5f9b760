"""What `segue check` says of the files of clips."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile

from segue.cli.main import main

RULES = """segue: 1
styles:
  woods: {text: "calm woodland, harp"}
clips:
  siege: {audio: siege.wav, CLIP}
layers:
  action: {states: {calm: {default: true, mix: {woods: 1}, clips: {siege: 0dB}}}}
"""


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def tone(seconds: float, hz: float = 110.0, rate: int = 48_000) -> None:
    wave = 0.3 * np.sin(2 * np.pi * hz * np.arange(round(seconds * rate)) / rate)
    soundfile.write("siege.wav", np.stack([wave, wave], axis=1), rate, subtype="PCM_24")


def checked(clip: str, capsys: pytest.CaptureFixture[str], code: int = 0) -> tuple[list[tuple[str, str]], str]:
    """Codes and texts of what is found, and the output in words."""
    Path("r.yaml").write_text(RULES.replace("CLIP", clip))
    assert main(["check", "--json", "r.yaml"]) == code
    records = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    main(["check", "r.yaml"])
    return [(record.get("code") or "", record["text"]) for record in records[:-1]], capsys.readouterr().out


def test_a_clip_that_fits_its_file_is_measured(capsys: pytest.CaptureFixture[str]) -> None:
    # 110 Hz and bars of 2 s: the loop begins again where it would go on.
    tone(8.0)
    found, output = checked("tempo: 120bpm, loop: 4 bars", capsys)
    assert found == []
    assert "1 clip\n  siege.wav: 8.00 s, -" in output


def test_a_file_of_another_rate_is_a_note(capsys: pytest.CaptureFixture[str]) -> None:
    tone(8.1, rate=44_100)
    found, output = checked("tempo: 120bpm, loop: 4 bars, outro: 100ms", capsys)
    assert found == []
    assert ", 44100 Hz, which is resampled to 48000 Hz" in output


def test_a_file_that_is_too_short_is_a_mistake(capsys: pytest.CaptureFixture[str]) -> None:
    tone(7.9)
    ((code, text),), _ = checked("tempo: 120bpm, loop: 4 bars", capsys, 2)
    assert code == ""
    assert text.endswith("siege.wav: lasts 7.900 s, expected at least the 8.000 s of its loop")


def test_a_file_of_another_tempo_is_found_by_what_is_left_of_it(capsys: pytest.CaptureFixture[str]) -> None:
    tone(8.2)
    found, _ = checked("tempo: 120bpm, loop: 4 bars", capsys)
    text = "goes on for 200 ms behind its 4 bars; if the file ends with them, its tempo is 117.073bpm"
    assert ("clip_length", f"siege.wav {text}") in found


def test_a_seam_that_clicks_is_found_and_a_crossfade_needs_something_to_fade_with(
    capsys: pytest.CaptureFixture[str],
) -> None:
    tone(8.0, hz=110.06)
    ((code, text),), _ = checked("loop: 8s", capsys)
    assert code == "loop_click"
    assert "which is heard as a click; give it a crossfade, such as crossfade: 10ms" in text
    ((code, text),), _ = checked("loop: 8s, crossfade: 10ms", capsys)
    assert code == "no_crossfade"
    assert text.endswith(
        "has nothing behind its loop or before it to crossfade with, so the loop begins again without one"
    )
    tone(8.015, hz=110.06)
    assert checked("loop: 8s, crossfade: 10ms", capsys)[0] == []
    assert checked("intro: 1s, loop: 7s, crossfade: 10ms", capsys)[0] == []


def test_a_file_that_is_no_sound_is_a_mistake(capsys: pytest.CaptureFixture[str]) -> None:
    Path("siege.wav").write_text("hello")
    ((_, text),), _ = checked("loop: 8s", capsys, 2)
    assert "siege.wav: not a sound file that can be read" in text


def test_preview_refuses_a_clip_that_is_too_short_and_writes_a_stem_of_clips(
    capsys: pytest.CaptureFixture[str],
) -> None:
    tone(2.0)
    Path("r.yaml").write_text(RULES.replace("CLIP", "loop: 3s"))
    assert main(["preview", "r.yaml", "-o", "out.wav", "--duration", "2s"]) == 2
    assert 'r.yaml:5:3: clip "siege": ' in capsys.readouterr().err
    Path("r.yaml").write_text(RULES.replace("CLIP", "loop: 2s"))
    assert main(["preview", "r.yaml", "-o", "out.wav", "--duration", "2s", "--stems", "stems"]) == 0
    clips, _ = soundfile.read("stems/out.clips.wav")
    siege, _ = soundfile.read("siege.wav")
    np.testing.assert_allclose(clips[:48_000], siege[:48_000], atol=2e-4)


def test_a_cue_behind_the_end_of_a_file_is_found(capsys: pytest.CaptureFixture[str]) -> None:
    tone(4.0)
    found, _ = checked("tempo: 120bpm, cues: [1, 2, 9]", capsys)
    assert ("siege.wav ends 4.00 s behind its beginning, before its cue at 16.00 s", "cue_behind_the_end") in [
        (text, code) for code, text in found
    ]
    found, _ = checked("tempo: 120bpm, cues: [1, 2]", capsys)
    assert "cue_behind_the_end" not in [code for code, _ in found]


def test_a_pre_entry_belongs_to_the_parts_of_the_file(capsys: pytest.CaptureFixture[str]) -> None:
    tone(8.5)
    found, _ = checked("tempo: 120bpm, pre_entry: 1 beat, loop: 4 bars", capsys)
    assert found == []
    ((_, text),), _ = checked("tempo: 120bpm, pre_entry: 2 beats, loop: 4 bars", capsys, 2)
    assert text.endswith("siege.wav: lasts 8.500 s, expected at least the 9.000 s of its pre_entry and loop")
    ((_, text),), _ = checked("pre_entry: 8.5s", capsys, 2)
    assert text.endswith("lasts 8.500 s, expected more than the 8.500 s of its pre_entry, behind which it begins")


def test_a_cue_point_that_was_moved_in_the_file_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    tone(8.0)
    path = Path("siege.wav")
    cue = b"cue " + struct.pack("<IIII4sIII", 28, 1, 7, 0, b"data", 0, 0, 100_000)
    label = b"LIST" + struct.pack("<I4s4sII", 20, b"adtl", b"labl", 8, 7) + b"Hit\0"
    path.write_bytes(path.read_bytes() + cue + label)
    found, _ = checked("tempo: 120bpm, loop: 4 bars, cues: {hit: 2}", capsys)
    text = "siege.wav marks hit 2.083 s behind the clip's beginning; the rule file has this cue at 2.000 s"
    assert found == [("cue_moved", text)]
    found, _ = checked("tempo: 120bpm, loop: 4 bars, cues: {hit: 2.083s, other: 2}", capsys)
    assert found == []


def test_a_cue_behind_the_end_of_a_file_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    tone(4.0)
    found, _ = checked("pre_entry: 1s, cues: {hit: 3.5s}", capsys)
    text = "siege.wav ends 3.00 s behind its beginning, before its cue hit at 3.50 s"
    assert found == [("cue_behind_the_end", text)]


def test_names_that_a_file_has_twice_or_that_cannot_be_written_move_no_cues(capsys: pytest.CaptureFixture[str]) -> None:
    tone(8.0)
    path = Path("siege.wav")
    marks = ((1, 0, "Hit"), (2, 96_000, "hit"), (3, 192_000, "終わり"))
    cues = b"".join(struct.pack("<II4sIII", number, 0, b"data", 0, 0, place) for number, place, _ in marks)
    labels = b""
    for number, _, name in marks:
        label = name.encode() + b"\0"
        labels += struct.pack("<4sII", b"labl", 4 + len(label), number) + label + b"\0" * (len(label) % 2)
    cue = b"cue " + struct.pack("<II", 4 + len(cues), len(marks)) + cues
    path.write_bytes(path.read_bytes() + cue + b"LIST" + struct.pack("<I4s", 4 + len(labels), b"adtl") + labels)
    for written in ("{hit: 1, hit_2: 2, cue: 3}", "[1, 2]"):
        found, _ = checked(f"tempo: 120bpm, loop: 4 bars, cues: {written}", capsys)
        assert found == []
    found, _ = checked("tempo: 120bpm, loop: 4 bars, cues: {hit: 2.5s}", capsys)
    text = "siege.wav marks hit 2.000 s behind the clip's beginning; the rule file has this cue at 2.500 s"
    assert found == [("cue_moved", text)]
