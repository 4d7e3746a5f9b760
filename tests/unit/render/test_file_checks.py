"""Outputs that would cost a file are refused before anything is written."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from segue.cli.main import main
from segue.render.file_checks import NamedFile, OutputsError, check_outputs

RULES = """segue: 1
styles: {a: {text: "calm meadow flute"}}
inputs: {won: {type: trigger}}
layers: {x: {states: {s: {default: true, mix: {a: 1}}}}}
include: [part.yaml]
"""
PART = "segue: 1\nstingers: {hit: {trigger: won, audio: hit.wav}}\n"
posix = pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")


@pytest.fixture(autouse=True)
def in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import numpy as np
    import soundfile

    monkeypatch.chdir(tmp_path)
    Path("r.yaml").write_text(RULES, encoding="utf-8")
    Path("part.yaml").write_text(PART, encoding="utf-8")
    Path("r.events.yaml").write_text("- {at: 1s, fire: won}\n", encoding="utf-8")
    Path("font.sf2").write_bytes(b"none")
    soundfile.write("hit.wav", np.sin(np.arange(4_800) / 10), 48_000)


def problems(inputs: list[str], outputs: list[str], folder: str | None = None) -> list[str]:
    read = [NamedFile(what="the rule file", path=Path(name)) for name in inputs]
    written = [NamedFile(what="--output", path=Path(name)) for name in outputs]
    try:
        check_outputs(read, written, folder=None if folder is None else Path(folder))
    except OutputsError as error:
        return list(error.problems)
    return []


@posix
def test_an_input_is_recognised_by_any_name() -> None:
    os.link("r.yaml", "hard.wav")
    Path("soft.wav").symlink_to("r.yaml")
    Path("inner").mkdir()
    Path("around").symlink_to(".")
    for name in ("r.yaml", "hard.wav", "soft.wav", "./inner/../r.yaml", "around/r.yaml", "R.YAML"):
        (problem,) = problems(["r.yaml"], [name])
        assert problem.startswith(f"--output: {Path(name)} is the rule file"), name
    assert problems(["r.yaml"], ["new.wav", "inner/new.wav"]) == []


@posix
def test_two_names_of_one_output_are_refused() -> None:
    Path("link.wav").symlink_to("new.wav")
    for first, second in (("a.wav", "a.wav"), ("a.wav", "A.wav"), ("a.wav", "./a.wav"), ("link.wav", "new.wav")):
        (problem,) = problems([], [first, second])
        assert "is --output, too" in problem


@posix
def test_unwritable_outputs_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo("pipe.wav")
    assert "got a pipe (FIFO)" in problems([], ["pipe.wav"])[0]
    assert "got a device" in problems([], ["/dev/null"])[0]
    assert "got a folder" in problems([], ["."])[0]
    assert "there is no folder nowhere" in problems([], ["nowhere/a.wav"])[0]
    assert problems([], ["nowhere/a.wav"], folder="nowhere") == []
    with Path("redirected.mid").open("w", encoding="utf-8") as file:
        monkeypatch.setattr(sys, "__stdout__", file)
        assert "the command's own input or output" in problems([], ["redirected.mid"])[0]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["-o", "a.wav", "--report", "r.yaml"], "--report: r.yaml is the rule file"),
        (["-o", "a.wav", "--midi", "part.yaml"], "--midi: part.yaml is a rule file"),
        (["-o", "hit.wav"], '--output: hit.wav is the sound of stinger "hit"'),
        (["-o", "a.wav", "--record", "r.events.yaml"], "--record: r.events.yaml is the event script"),
        (["-o", "a.wav", "--soundfont", "font.sf2", "--midi", "font.sf2"], "--midi: font.sf2 is the soundfont"),
        (["-o", "a.wav", "--midi", "a.wav"], "--midi: a.wav is --output, too"),
        (["-o", "a.wav", "--stems", ".", "--midi", "a.drums.wav"], "--midi: a.drums.wav is --stems, too"),
        (["-o", "s.wav", "--stems", "s.wav"], "--output: s.wav is the folder of --stems"),
        (["-o", "nowhere/a.wav"], "there is no folder nowhere"),
        (["-o", "a.wav", "--report", "nowhere/a.html"], "there is no folder nowhere"),
    ],
)
def test_preview_refuses_before_it_renders(
    arguments: list[str], expected: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def rendered(*_: object) -> None:
        raise AssertionError("rendered")

    monkeypatch.setattr("segue.render.writing.render_straight", rendered)
    if "font.sf2" not in arguments:
        # The parts of a preview take a second to load; a soundfont is refused before.
        monkeypatch.setattr("segue.render.scenario.read_styles", lambda rules, _: (rules, None, ()))
    before = {path: path.read_bytes() for path in Path().iterdir()}
    assert main(["preview", "r.yaml", "--duration", "1", *arguments]) == 2
    assert expected in capsys.readouterr().err
    assert {path: path.read_bytes() for path in Path().iterdir()} == before


def test_play_refuses_to_write_over_what_it_reads(capsys: pytest.CaptureFixture[str]) -> None:
    for name, what in (("part.yaml", "a rule file"), ("hit.wav", 'the sound of stinger "hit"')):
        assert main(["play", "r.yaml", "--output", name]) == 2
        assert f"--output: {name} is {what}" in capsys.readouterr().err
