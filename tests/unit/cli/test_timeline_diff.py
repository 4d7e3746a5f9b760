"""`segue timeline --diff`: what an edit changes, as text and as JSON; versions from git; diff's exit codes."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from segue.cli.main import main

RULES = """segue: 1
title: Small
seed: 5
music: {tempo: 120bpm}
inputs: {cave: {type: flag}, win: {type: trigger}}
styles: {grass: {text: "meadow"}, stone: {text: "cave"}}
layers:
  place:
    states:
      field: {default: true, mix: {grass: 1}}
      cave:  {when: {cave: true}, mix: {stone: 1}, music: {tempo: 90bpm}}
transitions: [{from: any, to: any, at: bar, ramp: 400ms}]
stingers: {cheer: {trigger: win, mix: {grass: 1}, time: 1s, ramp: 0s}}
"""
EVENTS = "- {at: 1s, set: {cave: true}}\n- {at: 9s, fire: win}\n"
STORY = """old.yaml → a.yaml, 0:12.00, seed 5

      time    bar  what          happens (- before, + after, ~ in both, but otherwise)

~  0:01.00    1:3  place         field → cave (immediate, ramp 200ms), 1s earlier
-                                field → cave (at bar, ramp 400ms, waited 1s)
+                                field → cave (immediate, ramp 200ms)

      from       to  what          before → after

   0:01.00  0:02.00  place         field → cave
   0:01.04  0:02.40  mix           grass 1.00 → 0.00, stone 0.00 → 1.00
   0:01.04  0:02.40  tempo         120bpm → 90bpm

different: 1 change, other states for 1s, another mix for 1.36s, other controls for 1.36s
"""


@pytest.fixture(autouse=True)
def in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("old.yaml", "a.yaml"):
        Path(name).write_text(RULES)
    Path("a.events.yaml").write_text(EVENTS)


def edit(*replaced: tuple[str, str]) -> None:
    text = RULES
    for old, new in replaced:
        assert old in text
        text = text.replace(old, new)
    Path("a.yaml").write_text(text)


def diff(*arguments: str) -> int:
    return main(["timeline", "--diff", "old.yaml", "a.yaml", "--duration", "12s", *arguments])


def test_equal_files_exit_with_0(capsys: pytest.CaptureFixture[str]) -> None:
    assert diff() == 0
    assert capsys.readouterr().out == "old.yaml → a.yaml, 0:12.00, seed 5\n\nno difference in 0:12.00\n"


def test_a_difference_is_told_and_exits_with_1(capsys: pytest.CaptureFixture[str]) -> None:
    edit(("at: bar, ramp: 400ms", "at: immediate, ramp: 200ms"))
    assert diff() == 1
    assert capsys.readouterr().out.replace("->", "→") == STORY


def test_rows_that_differ_are_drawn_below_each_other(capsys: pytest.CaptureFixture[str]) -> None:
    edit(("at: bar", "at: 4 bars"), ("stone: {text", "rock: {text"), ("mix: {stone: 1}", "mix: {rock: 1}"))
    assert diff() == 1
    told = capsys.readouterr().out.partition("                    0:00      0:10\n")[2].splitlines()
    assert told[: told.index("")] == [
        "- place             fi│cave·····",
        "+ place             field···│cav",
        "-   grass           ███      ▄",
        "+   grass           █████████▄",
        "+   rock                     ▄██",
        "-   stone              ██████▄██",
        "- tempo             120│90······",
        "+ tempo             120······│90",
    ]


def test_names_of_one_file_alone_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    edit(("styles: {", 'styles: {water: {text: "sea"}, '))
    assert diff() == 0
    assert 'only in a.yaml: style "water"\n' in capsys.readouterr().out


def test_json_has_a_record_for_each_difference(capsys: pytest.CaptureFixture[str]) -> None:
    edit(("at: bar, ramp: 400ms", "at: immediate, ramp: 200ms"))
    assert diff("--json") == 1
    header, change, *intervals, summary = map(json.loads, capsys.readouterr().out.splitlines())
    assert (header["kind"], header["before"], header["after"], header["frames"]) == ("diff", "old.yaml", "a.yaml", 300)
    assert (change["kind"], change["time_s"], change["shift_s"]) == ("change", 1.0, -1.0)
    assert (change["before"]["ramp_s"], change["after"]["ramp_s"]) == (0.4, 0.2)
    assert [(each["what"], each["start_s"], each["end_s"]) for each in intervals] == [
        ("state", 1.0, 2.0),
        ("mix", 1.04, 2.4),
        ("control", 1.04, 2.4),
    ]
    assert intervals[0]["values"] == [{"name": "place", "before": "field", "after": "cave"}]
    assert (summary["kind"], summary["equal"]) == ("summary", False)


def test_fades_that_change_places_are_a_difference(capsys: pytest.CaptureFixture[str]) -> None:
    Path("old.yaml").write_text(RULES.replace("ramp: 400ms", "fade_out: 2s, fade_in: 400ms"))
    edit(("ramp: 400ms", "fade_out: 400ms, fade_in: 2s"))
    assert diff("--json") == 1
    _, change, *_ = map(json.loads, capsys.readouterr().out.splitlines())
    fades = [(change[side]["fade_out_s"], change[side]["fade_in_s"]) for side in ("before", "after")]
    assert fades == [(2.0, 0.4), (0.4, 2.0)]
    assert diff() == 1
    told = capsys.readouterr().out.replace("->", "→")
    assert "-                                field → cave (at bar, fade out 2s, in 400ms, waited 1s)\n" in told
    assert "+                                field → cave (at bar, fade out 400ms, in 2s, waited 1s)\n" in told


def test_a_layer_can_be_chosen(capsys: pytest.CaptureFixture[str]) -> None:
    extra = "  mood: {states: {low: {default: true}, high: {when: {cave: true}, music: {intensity: 1}}}}\n"
    Path("old.yaml").write_text(RULES.replace("transitions:", f"{extra}transitions:"))
    both = extra.replace("{cave: true}", "{cave: false}")
    edit(("transitions:", f"{both}transitions:"), ("at: bar", "at: beat"))
    assert diff("--layer", "mood") == 1
    shown = capsys.readouterr().out
    assert "high" in shown
    assert "place" not in shown
    assert diff("--layer", "moood") == 2
    assert "a.yaml has no layer 'moood'; did you mean 'mood'?" in capsys.readouterr().err


def test_events_that_the_edit_no_longer_knows_are_refused_after_it(capsys: pytest.CaptureFixture[str]) -> None:
    edit(("win: {type: trigger}", "won: {type: trigger}"), ("trigger: win", "trigger: won"))
    assert diff() == 1
    shown = capsys.readouterr().out
    assert "unknown_input: there is no trigger 'win'" in shown or "unknown_input" in shown
    assert "-  0:09.00" in shown


def test_a_script_that_neither_file_knows_is_bad_input(capsys: pytest.CaptureFixture[str]) -> None:
    Path("a.events.yaml").write_text("- {at: 1s, set: {caev: true}}\n")
    assert diff() == 2
    assert "unknown input 'caev'; did you mean 'cave'?" in capsys.readouterr().err


@pytest.mark.parametrize("flag", [["--only", "changes"], ["--input", "cave"], ["--why-not"]])
def test_flags_without_effect_are_refused(flag: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert diff(*flag) == 2
    assert capsys.readouterr().err == f"{flag[0]} has no effect with --diff; leave it out\n"


def test_a_missing_file_is_bad_input(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["timeline", "--diff", "older.yaml", "a.yaml"]) == 2
    assert capsys.readouterr().err.startswith("older.yaml: no such file")


def git(*arguments: str) -> None:
    named = ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *named, *arguments], check=True, capture_output=True)


needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="needs git")


@needs_git
def test_a_version_of_git_is_the_file_and_what_it_names(capsys: pytest.CaptureFixture[str]) -> None:
    Path("music/parts").mkdir(parents=True)
    Path("music/b.yaml").write_text(RULES.replace("segue: 1", "segue: 1\ninclude: [parts/more.yaml]", 1))
    part = Path("music/parts/more.yaml")
    part.write_text("segue: 1\nlayers: {mood: {states: {low: {default: true}, high: {when: {cave: true}}}}}\n")
    Path("music/b.events.yaml").write_text(EVENTS)
    git("init", "-q")
    git("add", "music")
    git("commit", "-qm", "a")
    assert main(["timeline", "--diff", "git:HEAD", "music/b.yaml"]) == 0
    capsys.readouterr()
    part.write_text(part.read_text().replace("cave: true", "cave: false"))
    assert main(["timeline", "--diff", "git:HEAD", "music/b.yaml", "--json"]) == 1
    records: list[dict[str, Any]] = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    changes = [record["before"] or record["after"] for record in records if record["kind"] == "change"]
    assert {change["layer"] for change in changes} == {"mood"}


@needs_git
def test_versions_that_cannot_be_had_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    git("init", "-q")
    git("add", "old.yaml")
    git("commit", "-qm", "a")
    assert main(["timeline", "--diff", "HEAD~2", "a.yaml"]) == 2
    assert capsys.readouterr().err == "HEAD~2: no such file; a version of RULES is written git:HEAD~2\n"
    assert main(["timeline", "--diff", "odl.yaml", "a.yaml"]) == 2
    assert capsys.readouterr().err == "odl.yaml: no such file; did you mean 'old.yaml'?\n"
    assert main(["timeline", "--diff", "git:nowhere", "a.yaml"]) == 2
    assert capsys.readouterr().err == (
        "git:nowhere: git knows no such version; name a commit, a branch or a tag, as `git log` shows them\n"
    )
    assert main(["timeline", "--diff", "git:HEAD", "a.yaml"]) == 2
    assert capsys.readouterr().err == "git:HEAD: there is no a.yaml in this version\n"
    Path("old.yaml").write_text(RULES.replace("ramp: 400ms", "rmap: 400ms"))
    git("commit", "-qam", "b")
    Path("old.yaml").write_text(RULES)
    assert main(["timeline", "--diff", "git:HEAD", "old.yaml"]) == 2
    told = capsys.readouterr().err
    assert told.startswith("git:HEAD:old.yaml:12:")
    assert told.endswith("unknown field 'rmap'; did you mean 'ramp'?\n")


def test_without_git_the_error_says_so(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("PATH", "")
    assert main(["timeline", "--diff", "git:HEAD", "a.yaml"]) == 2
    assert capsys.readouterr().err == "git:HEAD: versions need git, which is not installed or not on the PATH\n"


CLIPS = (
    'styles: {grass: {text: "meadow"}',
    'clips: {theme: {audio: a.wav, loop: 4s}}\nstyles: {grass: {text: "meadow"}',
)
CAVE = (
    "cave:  {when: {cave: true}, mix: {stone: 1}",
    "cave:  {when: {cave: true}, clips: {theme: 0dB}, mix: {stone: 1}",
)


def test_clips_that_begin_and_their_levels_are_compared(capsys: pytest.CaptureFixture[str]) -> None:
    soundfile.write("a.wav", np.zeros((5 * 48_000, 2)), 48_000)
    edit(CLIPS, CAVE)
    Path("old.yaml").write_text(Path("a.yaml").read_text())
    edit(CLIPS, (CAVE[0], CAVE[1].replace("0dB", "-6dB")), ("at: bar", "at: beat"))
    assert main(["timeline", "a.yaml", "--diff", "old.yaml", "--duration", "12s"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert "~  0:01.00    1:3  theme         comes in at sample 48000, 1s earlier" in lines
    assert "   0:01.00  0:12.00  theme         -96dB → -6dB" in lines
    assert lines[-1].startswith("different: 1 change, 1 clip, other states for 1s,")
    assert "other clips for 11s" in lines[-1]
    assert main(["timeline", "a.yaml", "--diff", "old.yaml", "--duration", "12s", "--json"]) == 1
    records = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    (clip,) = (record for record in records if record["kind"] == "clip")
    assert (clip["before"]["start_s"], clip["after"]["start_s"], clip["after"]["position_s"]) == (2.0, 1.0, 0.0)
    assert main(["timeline", "a.yaml", "--diff", "a.yaml", "--duration", "12s"]) == 0


def test_a_clip_that_one_file_lacks_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    soundfile.write("a.wav", np.zeros((5 * 48_000, 2)), 48_000)
    edit(CLIPS, CAVE)
    assert main(["timeline", "a.yaml", "--diff", "old.yaml", "--duration", "12s"]) == 1
    out = capsys.readouterr().out
    assert 'only in a.yaml: clip "theme"' in out
    assert "+  0:02.00    2:1  theme         comes in at sample 96000" in out
