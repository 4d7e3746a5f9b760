"""The plug-in in a real editor without a window: enabled, used, disabled, and an exported game with its service."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from godot.project import HERE, PLACE, ROOT, complaints
from service.process import free_port

pytestmark = pytest.mark.heavy

EMBERWOOD = ROOT / "rules/library/emberwood"
MEADOW = """\
segue: 1
title: Meadow
include: [styles.yaml]
inputs:
  danger: {type: number, range: [0, 1], default: 0.2}
layers:
  action:
    states:
      rest: {default: true, mix: {calm: 1}}
      fight: {when: {danger: {enter: ">= 0.6", exit: "< 0.4"}}, mix: {fihgt: 1}}
"""
STYLES = """\
segue: 1
styles:
  calm: {text: "calm meadow, flute"}
  fight: {text: "battle drums"}
"""
_TIMEOUT_S = 240.0


@pytest.fixture
def editor_project(tmp_path: Path) -> Path:
    """A project with two rule files, one wrong and in two parts, and a service where a bundle lies."""
    folder = tmp_path / "project"
    shutil.copytree(HERE / "editor", folder, ignore=shutil.ignore_patterns("probe"))
    shutil.copytree(ROOT / "godot_client/addons", folder / "addons")
    shutil.copytree(HERE / "editor/probe", folder / "addons/probe")
    shutil.copytree(EMBERWOOD, folder / "music")
    (folder / "music/meadow.yaml").write_text(MEADOW)
    (folder / "music/styles.yaml").write_text(STYLES)
    service = folder / "segue-service"
    (service / "_internal").mkdir(parents=True)
    (service / ".gdignore").touch()
    (service / "_internal/library").write_text("a library")
    program = service / "segue"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m segue "$@"\n')
    program.chmod(0o755)
    return folder


def editor(project: Path, *words: str) -> str:
    """Run the editor, with its own settings folder; returns what it printed."""
    home = project.parent / "home"
    names = ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME")
    done = subprocess.run(
        [str(PLACE / "start"), "godot", "--headless", "--no-header", "--path", str(project), *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=_TIMEOUT_S,
        check=False,
        env={**os.environ, **dict.fromkeys(names, str(home))},
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def test_the_plug_in_in_the_editor(editor_project: Path) -> None:
    results = editor_project.parent / "results.json"
    # The editor starts games with its own program, which is a loader here; so the probe starts one.
    server = f"tcp://127.0.0.1:{free_port()}"
    game = [str(PLACE / "start"), "godot", "--headless", "--path", str(editor_project), "--remote-debug", server]
    with (editor_project / "project.godot").open("a") as settings:
        settings.write(f'\n[probe]\n\nresults="{results}"\ngame={json.dumps([*game, "game.tscn"])}\n')
    told = editor(editor_project, "--editor", "--debug-server", server)
    assert complaints(told) == [], told
    assert 'res://music/meadow.yaml:10:71: layer "action", state "fight", mix: unknown style \'fihgt\'' in told
    seen: dict[str, Any] = json.loads(results.read_text())
    assert seen["autoload"].startswith("*")

    described = subprocess.run(
        [sys.executable, "-m", "segue", "describe", str(EMBERWOOD / "emberwood.yaml")],
        stdout=subprocess.PIPE,
        check=True,
    )
    inputs = json.loads(described.stdout)["inputs"]
    kinds = {"trigger": "Button", "flag": "CheckBox", "choice": "OptionButton"}
    expected = {each["name"]: [kinds.get(each["type"], "HBoxContainer"), each.get("default")] for each in inputs}
    assert seen["controls"] == expected
    assert seen["cached"] is True

    assert len(seen["problems"]) == 1
    assert "did you mean 'fight'?" in seen["problems"][0]
    assert seen["jumped"] == "(10, 71)"
    assert seen["names"] == [each["name"] for each in inputs if each["type"] == "trigger"]
    assert seen["fault"] == "unknown; did you mean 'boss_dead'?"
    assert seen["chosen"] == ["boss_dead", ""]
    assert seen["jumped_to_name"] == "(28, 3)"
    assert seen["values"] == ["expected 0 to 1", "", "unknown; did you mean 'crypt'?"]
    assert seen["kept"] == ["danger"]
    assert any("unknown style 'fight'" in problem for problem in seen["part"])
    assert all(problem.startswith("res://music/") for problem in seen["part"])

    assert "action" in seen["states"]
    assert "buffer" in seen["shown"]
    assert "threat" in seen["shown"]
    assert seen["stopped"] == ["stopped", "Play"]
    assert seen["game"] == ["/root/Game/SeguePlayer", 2]
    assert seen["after_game"] == ["stopped", False]
    assert seen["mix_rate"] == 48_000
    assert seen["after"] == [True, False]
    assert seen["again"] == len(inputs)
    # Five times between the two counts: what is left behind each time is at least five. The editor's own threads and
    # controls come and go.
    assert {what: count - seen["left_once"][what] < 5 for what, count in seen["left"].items()} == dict.fromkeys(
        ("children", "task", "fd", "nodes", "orphans"), True
    )


def exported(project: Path) -> tuple[Path, str]:
    """Export the project's pack with the plug-in enabled; returns the folder and what the editor printed."""
    settings = (project / "project.godot").read_text()
    enabled = 'enabled=PackedStringArray("res://addons/segue/plugin.cfg")'
    lines = [enabled if line.startswith("enabled=") else line for line in settings.splitlines()]
    (project / "project.godot").write_text("\n".join(lines) + "\n")
    folder = project.parent / "game"
    folder.mkdir()
    return folder, editor(project, "--export-pack", "Linux", str(folder / "game.pck"))


def warnings(told: str) -> set[str]:
    return {line.partition("segue: ")[2] for line in told.splitlines() if line.startswith("WARNING: segue: ")}


def test_an_exported_game_has_its_service_beside_it(editor_project: Path) -> None:
    (editor_project / "music/meadow.yaml").write_text(MEADOW.replace("fihgt", "fight"))
    with (editor_project / "project.godot").open("a") as settings:
        settings.write("\n[audio]\n\ndriver/mix_rate=48000\n")
    folder, told = exported(editor_project)
    assert complaints(told) == [], told
    assert (folder / "game.pck").is_file()
    service = folder / "segue"
    assert (service / "_internal/library").read_text() == "a library"
    described = subprocess.run(
        [str(service / "segue"), "describe", str(service / "rules/emberwood.yaml")],
        stdout=subprocess.PIPE,
        check=True,
    )
    assert json.loads(described.stdout)["ok"] is True
    assert (service / "rules/stings/victory.ogg").is_file()
    assert not list(service.rglob("*.import"))


def test_an_export_warns_of_what_is_missing(editor_project: Path) -> None:
    shutil.rmtree(editor_project / "segue-service")
    shutil.rmtree(editor_project / "music")
    with (editor_project / "project.godot").open("a") as settings:
        settings.write('\n[segue]\n\nplayer/rules_file="res://elsewhere/meadow.yaml"\n')
    _folder, told = exported(editor_project)
    assert warnings(told) == {
        "the project setting audio/driver/mix_rate is not 48000: the dock Segue sets it with one click",
        "no service for linux in res://segue-service: run 'make bundle' there, or the game plays no music",
        "no rule files in res://music",
        "res://elsewhere/meadow.yaml: an exported game finds rule files only if they lie in res://music",
    }
