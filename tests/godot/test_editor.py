"""The plug-in in a real editor without a window: enabled, used, disabled, and an exported game with its service."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest

from godot.engine import run_engine
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


@pytest.fixture
def editor_project(tmp_path: Path) -> Path:
    """A project with two rule files, one wrong and in two parts, and a service where a bundle lies."""
    folder = tmp_path / "project"
    shutil.copytree(HERE / "editor", folder, ignore=shutil.ignore_patterns("*probe"))
    shutil.copytree(ROOT / "godot_client/addons", folder / "addons")
    for probe in ("probe", "odd_probe"):
        shutil.copytree(HERE / "editor" / probe, folder / "addons" / probe)
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
    start = [str(PLACE / "start"), "godot", "--headless", "--no-header", "--path", str(project)]
    done = run_engine([*start, *words], env={**os.environ, **dict.fromkeys(names, str(home))})
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
    folder = "an exported game finds rule files only if they lie in res://music"
    kinds_of_files = "no rule file: those have the line 'segue: 1', and neither tests nor events"
    mistake = 'res://music/meadow.yaml:10:71: layer "action", state "fight", mix: unknown style \'fihgt\''
    assert seen["rules_files"] == {
        "": "",
        "res://music/emberwood.yaml": "",
        "res://music/emberwod.yaml": "there is no such file; did you mean 'res://music/emberwood.yaml'?",
        "res://music/notes.yaml": kinds_of_files,
        "res://music/emberwood.test.yaml": kinds_of_files,
        "res://meadow.yaml": folder,
        "res://music/meadow.yaml": f"{mistake}; did you mean 'fight'?",
    }
    assert seen["jumped_to_mistake"] == "(10, 71)"
    assert seen["listed"] == 1
    assert seen["dialog"] == [True, "res://music", "*.yaml,*.yml"]
    assert [seen["drops"], seen["dropped"]] == [True, "res://music/emberwood.yaml"]
    assert [seen["unknown_yet"], seen["outside"]] == [[], ["wind"]]
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


TEXT: Final = "segue: 1\ntitle: Wälder\n"
# Files of the folder of rules, and what is wrong with each: where it is listed, and why it cannot be edited.
UTF8: Final = "expected UTF-8 text; save the file as UTF-8 with another editor"
BAD_BYTE: Final = "expected UTF-8 text, got the byte"
NO_LAYER: Final = "layers: expected at least one layer, got none"
ODD_FILES: Final = {
    "huge.yaml": (
        b"segue: 1\n" + b"# a comment\n" * 1_800_000,
        "1:1: expected at most 1 MiB, got more",
        "expected at most 1 MiB, got 21600009 bytes",
    ),
    "binary.yaml": (
        b"segue: 1\n" + bytes(range(128, 256)) * 1_000,
        f"2:1: {BAD_BYTE} 0x80; save the file as UTF-8",
        UTF8,
    ),
    "zeros.yaml": (
        b"segue: 1\n" + bytes(100_000),
        "2:1: expected text, got the control character U+0000",
        UTF8,
    ),
    "latin.yaml": (TEXT.encode("latin1"), f"2:9: {BAD_BYTE} 0xe4; save the file as UTF-8", UTF8),
    "missing.yaml": (
        b"segue: 1\ninclude: [nowhere.yaml]\n",
        "2:11: include: expected a rule file, but there is no file 'nowhere.yaml'",
        "",
    ),
    "circle.yaml": (b"segue: 1\ninclude: [back.yaml]\n", "2:11: include: the includes go in a circle", ""),
    "back.yaml": (b"segue: 1\ninclude: [circle.yaml]\n", "2:11: include: the includes go in a circle", ""),
    "marked.yaml": (b"\xef\xbb\xbf" + TEXT.encode(), "1:1: " + NO_LAYER, ""),
    "folder.yaml/inside.yaml": (TEXT.encode(), "1:1: " + NO_LAYER, ""),
}
# What is no rule file at all is not listed.
NOT_LISTED: Final = ("wide.yaml", "empty.yaml", "dangling.yaml", "self.yaml", "pipe.yaml", "folder.yaml")


def test_odd_rule_files_and_a_plug_in_that_is_disabled_while_it_plays(editor_project: Path) -> None:
    results = editor_project.parent / "results.json"
    shutil.rmtree(editor_project / "music")
    music = editor_project / "music"
    (music / "folder.yaml").mkdir(parents=True)
    # The editor's own list of files would follow the links.
    (music / ".gdignore").touch()
    for name, (content, _, _) in ODD_FILES.items():
        (music / name).write_bytes(content)
    (music / "played.yaml").write_bytes((ROOT / "tests/service/calm.yaml").read_bytes())
    (music / "wide.yaml").write_text(TEXT, "utf-16")
    (music / "empty.yaml").touch()
    os.mkfifo(music / "pipe.yaml")
    links = {"dangling.yaml": "nothing.yaml", "self.yaml": "self.yaml", "loop": ".", "up": "..", "folder.yaml/up": ".."}
    for name, target in links.items():
        (music / name).symlink_to(target)
    settings = editor_project / "project.godot"
    files = [*ODD_FILES, *NOT_LISTED]
    text = settings.read_text().replace("addons/probe", "addons/odd_probe")
    settings.write_text(f'{text}\n[probe]\n\nresults="{results}"\nfiles={json.dumps(files)}\n')
    told = editor(editor_project, "--editor")
    assert complaints(told) == [], told
    seen: dict[str, Any] = json.loads(results.read_text())

    listed = {f"res://music/{name}" for name in ODD_FILES}
    assert set(seen["paths"]) == {*listed, "res://music/played.yaml"}
    assert seen["again"] == 0
    for name, (_, mistake, refusal) in ODD_FILES.items():
        expected = f"res://music/{name}:{mistake}"
        assert any(problem.startswith(expected) for problem in seen["problems"]), expected
        assert seen["faults"][name].startswith("res://music/"), name
        assert seen["opened"][name] == (f"res://music/{name}: {refusal}" if refusal else ""), name
    for name in NOT_LISTED:
        is_file = name in ("wide.yaml", "empty.yaml")
        assert seen["faults"][name].startswith("no rule file" if is_file else "there is no such file"), name

    text, button = seen["played"]
    assert f"{music}/latin.yaml:2:9: {BAD_BYTE} 0xe4" in text
    assert button == "Play"
    assert seen["stopped"] == ["stopped", "Play"]
    assert seen["saved"] is True
    assert seen["children"] == 1
    assert {what: count - seen["first"][what] < 5 for what, count in seen["last"].items()} == dict.fromkeys(
        ("children", "task", "fd", "nodes", "orphans"), True
    )


def exported(project: Path, folder: Path | None = None) -> tuple[Path, str]:
    """Export the project's pack with the plug-in enabled; returns the folder and what the editor printed."""
    settings = (project / "project.godot").read_text()
    enabled = 'enabled=PackedStringArray("res://addons/segue/plugin.cfg")'
    lines = [enabled if line.startswith("enabled=") else line for line in settings.splitlines()]
    (project / "project.godot").write_text("\n".join(lines) + "\n")
    folder = folder or project.parent / "game"
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


def test_an_export_follows_no_links_and_copies_nothing_into_itself(editor_project: Path) -> None:
    music = editor_project / "music"
    # The editor's own list of files would follow the links.
    (music / ".gdignore").touch()
    (music / "loop").symlink_to(".")
    (music / "up").symlink_to("..")
    folder, told = exported(editor_project, music / "game")
    links = {f"res://music/{name} is a link to a folder, and not copied" for name in ("loop", "up")}
    assert links < warnings(told)
    copied = {path.relative_to(folder).as_posix() for path in (folder / "segue/rules").rglob("*") if path.is_file()}
    assert {"segue/rules/emberwood.yaml", "segue/rules/stings/victory.ogg"} < copied
    assert not any(name in path for path in copied for name in ("loop", "up/", "/segue/rules/"))
