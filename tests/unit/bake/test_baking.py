"""Bakes as files: loops go on into themselves, stems sum to them, and equal inputs give equal bytes."""

from __future__ import annotations

import hashlib
import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from segue.audio.files import read_audio, write_audio
from segue.audio.seams import seam_steps
from segue.bake.baking import BakeRequest, manifest_of, plan_bake, write_bake
from segue.bake.godot import write_resource
from segue.bake.loops import LoopLength
from segue.bake.sound_files import file_bytes, write_sound
from segue.cli.main import main

FRAME = 1_920
# At 140 bpm two bars are 85.71 frames.
RULES = """\
segue: 1
title: Two
music: {tempo: 140bpm, meter: 4, key: A minor}
inputs:
  loud: {type: flag}
  hit: {type: trigger}
styles:
  soft: {text: "calm solo piano and strings"}
  hard: {text: "battle music, driving drums and brass"}
layers:
  action:
    states:
      calm: {default: true, mix: {soft: 1}, music: {tempo: 100bpm, reverb: 0.3}}
      fight: {when: {loud: true}, mix: {hard: 1}, music: {drums: "on", intensity: 0.9}}
stingers:
  gong: {trigger: hit, audio: gong.wav, at: beat}
"""


@pytest.fixture(scope="module")
def rules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("rules")
    write_audio(folder / "gong.wav", np.full((4_800, 2), 0.1, np.float32))
    (folder / "two.yaml").write_text(RULES)
    return folder / "two.yaml"


@pytest.fixture(scope="module")
def baked(rules: Path) -> Path:
    folder = rules.parent / "baked"
    write_bake(plan_bake(BakeRequest(rules=rules, output=folder, bars=2, stems=True)))
    return folder


def manifest(folder: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((folder / "bake.json").read_text("utf-8"))
    return loaded


def digests(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}


def test_loops_are_whole_frames_of_whole_bars(baked: Path) -> None:
    loops = manifest(baked)["loops"]
    assert [(loop["file"], loop["bars"], loop["meter"], loop["tempo_bpm"]) for loop in loops] == [
        ("000-calm.wav", 2, 4, 100.0),
        ("001-fight.wav", 2, 4, 140.0),
    ]
    assert [loop["frames"] for loop in loops] == [120, 86]
    for loop in loops:
        assert loop["samples"] == loop["frames"] * FRAME
        assert soundfile.info(baked / loop["file"]).frames == loop["samples"]


def test_the_end_of_a_loop_goes_on_into_its_beginning(baked: Path) -> None:
    for loop in manifest(baked)["loops"]:
        samples = read_audio(baked / loop["file"])
        step, inside = seam_steps(samples, 0, len(samples))
        assert step <= inside
        # The spectrum of the 20 ms about the seam is no brighter than about the other bar lines: no click.
        around = np.concatenate([samples[-480:], samples[:480]]).mean(axis=1)
        second = np.abs(np.diff(around, 2))[470:488].max()
        bar = len(samples) // 2
        other = np.abs(np.diff(samples.mean(axis=1), 2))
        assert second <= max(other[bar - 480 : bar + 480].max(), other[:4_800].max())


def test_a_loop_begins_with_the_tail_of_its_end(baked: Path) -> None:
    # In a hall with a tail of seconds nothing begins from silence.
    samples = read_audio(baked / "000-calm.wav")
    assert np.abs(samples[:48]).max() > 1e-4


def test_stems_sum_to_their_loop(baked: Path) -> None:
    for loop in manifest(baked)["loops"]:
        stems = sum(read_audio(baked / file) for file in loop["stems"].values())
        gain = 10 ** (loop["stems_gain_db"] / 20)
        steps = gain * 2**-15 * (len(loop["stems"]) + 1)
        assert np.abs(stems * gain - read_audio(baked / loop["file"])).max() <= steps
    assert "drums" in manifest(baked)["loops"][1]["stems"]


@pytest.mark.parametrize("kind", ["wav", "ogg"])
def test_equal_inputs_give_equal_files(rules: Path, tmp_path: Path, kind: Any) -> None:
    for name in ("one", "other"):
        write_bake(plan_bake(BakeRequest(rules=rules, output=tmp_path / name, bars=1, format=kind)))
    assert digests(tmp_path / "one") == digests(tmp_path / "other")
    assert set(digests(tmp_path / "one")) == {
        "bake.json",
        f"000-calm.{kind}",
        f"001-fight.{kind}",
        f"stinger-gong.{kind}",
    }


def test_ogg_files_of_equal_samples_are_equal_and_whole(tmp_path: Path) -> None:
    samples = (np.random.default_rng(1).normal(size=(200_000, 2)) * 0.1).astype(np.float32)
    for name in ("a.ogg", "b.ogg"):
        write_sound(tmp_path / name, samples)
    assert (tmp_path / "a.ogg").read_bytes() == (tmp_path / "b.ogg").read_bytes()
    # A decoder checks the sum of every page.
    assert len(read_audio(tmp_path / "a.ogg")) == 200_000


def test_the_size_of_a_wav_file_is_known_before(baked: Path) -> None:
    for loop in manifest(baked)["loops"]:
        assert (baked / loop["file"]).stat().st_size == file_bytes(loop["samples"], ".wav")


def test_ticks_are_spread_evenly_over_the_frames_of_a_loop() -> None:
    length = LoopLength(bars=2, meter=4, frames=86)
    ticks = [length.at(frame) for frame in range(87)]
    assert (ticks[0], ticks[-1]) == (0, length.ticks)
    assert {after - before for before, after in pairwise(ticks)} == {139_534, 139_535}


def test_the_table_is_printed_and_nothing_written(
    rules: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["bake", str(rules), "-o", str(tmp_path / "out"), "--dry-run"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "loop                                         tempo  bars    length       size",
        "000-calm                                    100bpm     8    19.20s     3.7 MB",
        "001-fight                                   140bpm     8    13.72s     2.6 MB",
        "2 loops for 2 scenes, 1 stinger, 32.9 s, 6.3 MB",
    ]
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("flags", "problem"),
    [
        (["--loops", "1"], "the scenes need 2 loops, expected at most 1 (--loops); bake fewer with --layers"),
        (["--size", "1MB"], "the bake takes 6.3 MB, expected at most 1.0 MB (--size); bake fewer bars (--bars)"),
        (["--size", "10KB", "--bars", "1"], "the bake takes 0.8 MB, expected at most 10.0 KB (--size)"),
        (["--size", "100KB", "--format", "ogg"], "the bake may take 0.7 MB, expected at most 0.1 MB (--size)"),
        (["--layers", "acton"], "--layers: no layer 'acton'; did you mean 'action'?"),
        (["--input", "a=0", "--input", "a=1"], "--input: expected each input once, with all its values"),
    ],
)
def test_bakes_beyond_their_limits_are_refused(
    rules: Path, tmp_path: Path, flags: list[str], problem: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["bake", str(rules), "-o", str(tmp_path / "out"), *flags]) == 2
    assert capsys.readouterr().err.startswith(problem)
    assert not (tmp_path / "out").exists()


def test_loops_of_minutes_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    slow = tmp_path / "slow.yaml"
    slow.write_text(RULES.partition("stingers:")[0].replace("tempo: 100bpm", "tempo: 80bpm"))
    assert main(["bake", str(slow), "-o", str(tmp_path / "out"), "--bars", "64", "--dry-run"]) == 2
    refusal = "the loop 000-calm takes 192 s, expected at most 180 s; bake fewer bars (--bars)"
    assert capsys.readouterr().err.strip().endswith(refusal)


@pytest.mark.parametrize(
    ("flags", "problem"),
    [
        (["--bars", "0"], "expected a whole number from 1 to 64, got '0'"),
        (["--input", "loud"], "expected NAME=VALUE,… with 1 to 16 numbers, got 'loud'"),
        (["--input", "x=nan"], "expected NAME=VALUE,… with 1 to 16 numbers, got 'x=nan'"),
        (["--size", "12"], "expected a size such as 40MB or 1.5GB, got '12'"),
    ],
)
def test_flags_that_cannot_be_read(flags: list[str], problem: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["bake", "x.yaml", *flags])
    assert problem in capsys.readouterr().err


def test_an_earlier_bake_is_replaced_and_other_files_stay(rules: Path, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    write_bake(plan_bake(BakeRequest(rules=rules, output=folder, bars=1, stems=True)))
    (folder / "000-calm.wav.import").write_text("the editor's")
    write_bake(plan_bake(BakeRequest(rules=rules, output=folder, bars=1, format="ogg")))
    assert sorted(path.name for path in folder.iterdir()) == [
        "000-calm.ogg",
        "000-calm.wav.import",
        "001-fight.ogg",
        "bake.json",
        "stinger-gong.ogg",
    ]


def test_a_resource_of_godot_does_not_outlive_its_sounds(rules: Path, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    write_bake(plan_bake(BakeRequest(rules=rules, output=folder, bars=1, format="ogg", godot=True)))
    assert (folder / "bake.tres").exists()
    write_bake(plan_bake(BakeRequest(rules=rules, output=folder, bars=1)))
    assert not (folder / "bake.tres").exists()


def test_a_resource_of_godot_begins_with_the_default_states(tmp_path: Path) -> None:
    (tmp_path / "late.yaml").write_text(
        "segue: 1\n"
        "inputs: {x: {type: flag}, loud: {type: number, range: [0, 1], default: 1}}\n"
        'styles: {a: {text: "calm piano"}, b: {text: "drums"}}\n'
        "music: {intensity: {from: loud}}\n"
        "layers: {l: {states: {one: {when: {x: true}, mix: {a: 1}}, two: {default: true, mix: {b: 1}}}}}\n"
    )
    bake = plan_bake(BakeRequest(rules=tmp_path / "late.yaml", output=tmp_path, bars=1, format="ogg", godot=True))
    assert [loop.name for loop in bake.loops] == ["000-one", "001-one", "002-two", "003-two"]
    write_resource(tmp_path, manifest_of(bake))
    assert "initial_clip = 3\n" in (tmp_path / "bake.tres").read_text()


@pytest.mark.parametrize("path", [".", "..", "/"])
def test_a_folder_is_no_rule_file(path: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bake", path, "--dry-run"]) == 2
    assert capsys.readouterr().err == f"{path}:1:1: expected a file, got a folder\n"


def test_a_bake_that_was_interrupted_is_made_again(rules: Path, tmp_path: Path) -> None:
    class StoppedError(Exception):
        pass

    def stop(loop: int, frames: int) -> None:
        if loop == 1:
            raise StoppedError

    folder = tmp_path / "out"
    with pytest.raises(StoppedError):
        write_bake(plan_bake(BakeRequest(rules=rules, output=folder, bars=1)), stop)
    # What is there is no bake that a player takes.
    assert manifest(folder)["version"] == "unfinished"
    write_bake(plan_bake(BakeRequest(rules=rules, output=folder, bars=1, format="ogg")))
    assert [loop["file"] for loop in manifest(folder)["loops"]] == ["000-calm.ogg", "001-fight.ogg"]
    assert not (folder / "000-calm.wav").exists()


def test_a_loop_that_is_shorter_than_its_tails_has_no_seam(tmp_path: Path) -> None:
    (tmp_path / "fast.yaml").write_text(
        "segue: 1\n"
        "music: {tempo: 300bpm, meter: 1, reverb: 1, drums: 'on', intensity: 1}\n"
        'styles: {a: {text: "battle music, driving drums and brass"}}\n'
        "layers: {x: {states: {s: {default: true, mix: {a: 1}}}}}\n"
    )
    write_bake(plan_bake(BakeRequest(rules=tmp_path / "fast.yaml", output=tmp_path / "out", bars=1)))
    samples = read_audio(tmp_path / "out/000-s.wav")
    assert len(samples) == 5 * FRAME
    step, inside = seam_steps(samples, 0, len(samples))
    assert step <= inside


def test_a_folder_of_something_else_is_left_alone(
    rules: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    assert main(["bake", str(rules), "-o", str(tmp_path), "--bars", "1", "--quiet"]) == 2
    text = f"{tmp_path}: holds other files and no earlier bake; expected a new or empty folder\n"
    assert capsys.readouterr().err == text
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
