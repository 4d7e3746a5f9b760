"""Several files make one soundtrack: order, shared layers, files reached twice, paths of their own."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from segue_rules.loading import load
from segue_rules.model import Prompt

MAIN = """\
segue: 1
title: Emberwood
include: [regions/crypt.yaml, town.yaml]
music: {tempo: 96bpm}
inputs: {region: {type: choice, of: [forest, crypt, town]}, threat: {type: number, range: [0, 1]}}
styles: {woodland: {text: "calm woodland"}}
layers:
  place: {states: {forest: {default: true, when: , mix: {woodland: 1}}}}
  action: {states: {calm: {default: true}, fight: {when: {threat: {enter: "> 0.6", exit: "< 0.3"}}}}}
transitions: [{from: forest, to: crypt, ramp: 1s}]
""".replace(" when: ,", "")
CRYPT = """\
segue: 1
include: [deep/well.yaml]
styles: {dread: {audio: sounds/drone.wav}}
music: {key: D minor}
layers:
  place: {weight: 2, states: {crypt: {when: {region: {enter: crypt, exit: "!= crypt"}}, mix: {dread: 1}}}}
transitions: [{from: crypt, to: any, at: bar}]
"""
WELL = "segue: 1\nlayers: {water: {states: {still: {default: true, mix: {woodland: 0.1}}}}}\n"
TOWN = """\
segue: 1
include: [regions/deep/well.yaml]
layers: {place: {states: {town: {when: {state: {water: still}, region: town}, mix: {woodland: 1, dread: 1}}}}}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name, text in (
        ("main.yaml", MAIN),
        ("regions/crypt.yaml", CRYPT),
        ("regions/deep/well.yaml", WELL),
        ("town.yaml", TOWN),
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    sound = tmp_path / "regions" / "sounds" / "drone.wav"
    sound.parent.mkdir()
    shutil.copy(Path(__file__).parents[1] / "example" / "prompts" / "crypt.wav", sound)
    return tmp_path


def test_files_merge_in_order(folder: Path) -> None:
    rules = load("main.yaml")
    names = ["main.yaml", "regions/crypt.yaml", "regions/deep/well.yaml", "town.yaml"]
    assert list(rules.files) == [(folder / name).resolve() for name in names]
    assert [layer.name for layer in rules.layers] == ["place", "action", "water"]
    assert [state.name for state in rules.layers[0].states] == ["forest", "crypt", "town"]
    assert rules.layers[0].weight == 2.0
    assert [latch.enter.input for latch in rules.latches] == ["region", "threat"]
    assert [(row.from_state, row.to_state) for row in rules.transitions] == [("forest", "crypt"), ("crypt", None)]
    assert (rules.music.tempo_bpm, str(rules.music.key)) == (96.0, "D minor")
    assert str(rules.layers[0].states[1].mark) == "regions/crypt.yaml:6:31"
    assert rules.warnings == ()


def test_paths_start_at_their_own_file(folder: Path) -> None:
    dread = load("main.yaml").styles[1]
    assert dread.prompts == (Prompt(audio=(folder / "regions" / "sounds" / "drone.wav").resolve()),)


def test_the_working_folder_changes_only_names_in_messages(folder: Path) -> None:
    assert load(folder / "main.yaml") == load("main.yaml") == load("./regions/../main.yaml")
