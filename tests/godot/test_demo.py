"""The demo in a real Godot: its whole course without a window, and its exported release in a virtual display."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest
from PIL import Image

from godot.display import environment, export_release, press, virtual_display, write_template
from godot.engine import run_engine
from godot.project import HERE, PLACE, ROOT, complaints
from segue.cli.main import main
from segue_sdk.limits import SAMPLE_RATE

pytestmark = pytest.mark.heavy

CLIENT: Final = ROOT / "godot_client"
RULES: Final = CLIENT / "demo/rules"
_TIMEOUT_S: Final = 300.0
# Godot says this of a process that it has killed, of a display without a graphics card and of a generator that plays at
# its end, and Debian's release template of each container that it frees.
PROVOKED: Final = "exited with errno|V-Sync mode|ObjectDB instances leaked at exit|disconnect a nonexistent connection"
# What is heard, in order: the layers of the place and of the action.
PLACES: Final = ["crypt", "town"]
ACTIONS: Final = ["combat", "calm", "boss", "aftermath", "calm"]


def copy_of_project(folder: Path) -> Path:
    """The project of the demo with the warnings of the tests as errors, and a service where a bundle lies."""
    project = folder / "project"
    shutil.copytree(CLIENT, project, ignore=shutil.ignore_patterns(".godot"))
    shutil.copy(HERE / "probe_demo.gd", project)
    settings = (HERE / "project.godot").read_text()
    with (project / "project.godot").open("a") as file:
        file.write("\n" + settings[settings.index("[debug]") :])
    service = project / "segue-service"
    service.mkdir()
    (service / ".gdignore").touch()
    (service / "segue").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m segue "$@"\n')
    (service / "segue").chmod(0o755)
    return project


def without_window(project: Path, *words: str, **variables: str) -> str:
    start = [str(PLACE / "start"), "godot", "--headless", "--no-header", "--path", str(project)]
    done = run_engine([*start, *words], env={**environment(project.parent / "home"), **variables})
    assert done.returncode == 0, done.stdout
    return done.stdout


def lines_of(report: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in report.read_text().splitlines()]


def heard(lines: list[dict[str, Any]], layer: str) -> list[str]:
    """The states of a layer in the order in which they were heard, without what a restore brings back."""
    return [line["to"] for line in lines if line["kind"] == "changed" and line["layer"] == layer]


def check_course(lines: list[dict[str, Any]]) -> None:
    """Every place, every state in order and because of what happens, blows and steps where the beats are."""
    assert heard(lines, "place") == PLACES
    assert heard(lines, "action") == ACTIONS
    assert heard(lines, "dark") == ["near", "none"]
    reasons = {line["to"]: " ".join(line["because"]) for line in lines if line["kind"] == "changed"}
    assert "threat is" in reasons["combat"]
    assert "boss is true" in reasons["boss"]
    assert "boss_dead fired" in reasons["aftermath"]
    reached = {line["name"]: line for line in lines if line["kind"] == "reached"}
    assert list(reached) == ["forest", "wolves", "crypt", "boss", "victory", "town"]
    assert {line["name"] for line in lines if line["kind"] == "stinger"} >= {"wonder", "victory", "triumph"}
    # The darkness is the share of a style that is heard.
    assert reached["crypt"]["darkness"] > 0.5 > 0.1 > reached["town"]["darkness"]
    announced = [line["seconds"] for line in lines if line["kind"] == "announced"]
    assert announced
    blows = [line for line in lines if line["kind"] == "blow"]
    steps = [line for line in lines if line["kind"] == "step"]
    assert blows
    assert all(is_on_beat(blow) for blow in blows), blows
    # A change of the tempo moves the beat that a step waits for.
    assert len(steps) > 20
    assert sum(map(is_on_beat, steps)) >= 0.75 * len(steps), steps


def is_on_beat(line: dict[str, Any]) -> bool:
    """Whether it happened in the frame that is nearest to the beat. A frame ends where the music has moved to."""
    return bool(line["off_s"] <= max(line["moved_s"], line["frame_s"] / 2.0) + 1e-3)


def test_the_rules_are_good() -> None:
    assert main(["check", str(RULES)]) == 0
    assert main(["test", str(RULES)]) == 0


def test_the_demo_plays_itself_saves_loads_and_survives_a_kill(tmp_path: Path) -> None:
    project = copy_of_project(tmp_path)
    report, result_file = tmp_path / "report.jsonl", tmp_path / "result.json"
    words = ["--script", "res://probe_demo.gd", "--", "--speed=4", f"--report={report}"]
    told = without_window(project, *words, DEMO_RESULT=str(result_file))
    assert complaints(told, PROVOKED) == [], told
    result, lines = json.loads(result_file.read_text()), lines_of(report)

    assert result["paused"] == [True, -12.0]
    assert result["unpaused"] == [False, 0.0]

    (loaded,) = [line for line in lines if line["kind"] == "loaded"]
    assert loaded["fault"] == ""
    samples = np.fromfile(f"{result_file}.f32", dtype="<f4").reshape(-1, 2)
    before, after = samples[: result["loaded_at"]], samples[result["loaded_at"] :]
    # Past the restore's fade, the music is what was heard after the save. An engine that starves may skip in a piece.
    pieces = [
        after[start : start + SAMPLE_RATE // 2] for start in range(SAMPLE_RATE, 3 * SAMPLE_RATE, SAMPLE_RATE // 2)
    ]
    assert min(difference(before, piece) for piece in pieces) < 1e-6

    (mistake,) = result["mistakes"]
    assert mistake.startswith(f"emberwood.yaml:{result['line']}:")
    assert "did you mean 'hold'?" in mistake
    assert result["caret"] == result["line"]
    assert result["accepted"] == []
    assert result["moved"] == 0.0
    assert (project / "demo/rules/emberwood.yaml").read_text() == (RULES / "emberwood.yaml").read_text()

    assert len({result["killed"], result["again"]}) == 2
    kinds = [line["kind"] for line in lines]
    assert kinds.count("connected") == 2
    assert kinds.index("killed") < kinds.index("disconnected")
    check_course(lines[kinds.index("loaded") :])


def difference(before: np.ndarray, piece: np.ndarray) -> float:
    """The greatest difference of a piece from what was heard before, where it fits best."""
    assert np.abs(piece).max() > 0.02
    whole, part = before[:, 0].astype(float), piece[:, 0].astype(float)
    size = 1 << (len(whole) + len(part)).bit_length()
    products = np.fft.irfft(np.fft.rfft(whole, size) * np.conj(np.fft.rfft(part, size)), size)
    sums = np.concatenate([[0.0], np.cumsum(whole**2)])
    energies = sums[len(part) :] - sums[: -len(part)]
    start = int(np.argmax(products[: len(energies)] - energies / 2.0))
    return float(np.abs(before[start : start + len(piece)] - piece).max())


def test_a_missing_service_is_named(tmp_path: Path) -> None:
    project = copy_of_project(tmp_path)
    shutil.rmtree(project / "segue-service")
    (project / "probe_missing.gd").write_text(MISSING)
    told = without_window(project, "--script", "res://probe_missing.gd", PATH="/usr/bin:/bin")
    assert complaints(told, PROVOKED) == [], told
    assert "no program 'segue'" in told
    assert "missing[/color]   [b]the program segue" in told
    assert "shown: true" in told
    assert "found[/color]   [b]the rule file" in told


def test_a_service_in_the_repositorys_environment_is_found(tmp_path: Path) -> None:
    project = copy_of_project(tmp_path)
    shutil.move(project / "segue-service", tmp_path / ".venv")
    (tmp_path / ".venv/bin").mkdir()
    program = shutil.move(tmp_path / ".venv/segue", tmp_path / ".venv/bin/segue")
    (project / "probe_found.gd").write_text(FOUND)
    told = without_window(project, "--script", "res://probe_found.gd", PATH="/usr/bin:/bin")
    assert f"found: {program}\n" in told


FOUND: Final = """\
extends SceneTree


func _initialize() -> void:
	print("found: ", load("res://addons/segue/nodes/service_process.gd").find())
	quit()
"""


MISSING: Final = """\
extends SceneTree


func _initialize() -> void:
	var game: Node = (load("res://demo/emberwood.tscn") as PackedScene).instantiate()
	root.add_child(game)
	await process_frame
	print((game.get_node("MissingService/%Text") as RichTextLabel).text)
	print("shown: ", (game.get_node("MissingService") as CanvasLayer).visible)
	quit()
"""


def test_the_exported_release_plays_in_a_display(tmp_path: Path) -> None:
    project, home = copy_of_project(tmp_path), tmp_path / "home"
    folder, report, pictures = tmp_path / "game", tmp_path / "report.jsonl", tmp_path / "pictures"
    folder.mkdir()
    pictures.mkdir()
    (project / "probe_demo.gd").unlink()
    write_template(project)
    told = export_release(project, folder / "emberwood", home)
    assert complaints(told, PROVOKED) == [], told
    assert (folder / "segue/rules/emberwood.yaml").is_file()
    words = [str(folder / "emberwood"), "--rendering-driver", "opengl3", "--audio-driver", "Dummy"]
    # Left alone after the keys, it plays itself.
    words += ["--resolution", "640x360", "--", "--speed=4", "--quit"]
    words += [f"--report={report}", f"--pictures={pictures}"]
    with virtual_display() as display, (tmp_path / "told").open("w") as told_file:
        variables = {**environment(home), "DISPLAY": display}
        with subprocess.Popen(words, stdout=told_file, stderr=subprocess.STDOUT, env=variables) as game:
            try:
                wait_for(game, report, "connected")
                press(display, "F5")
                wait_for(game, report, "saved")
                press(display, "F2")
                wait_for(game, report, "connected", times=2)
                game.wait(_TIMEOUT_S)
            finally:
                game.kill()
    told = (tmp_path / "told").read_text()
    assert game.returncode == 0, told
    assert complaints(told, PROVOKED) == [], told
    lines = lines_of(report)
    check_course(lines)
    assert [line["fault"] for line in lines if line["kind"] == "saved"] == [""]
    assert len({line["pid"] for line in lines if line["kind"] == "connected"}) == 2
    check_pictures(pictures)


def wait_for(game: subprocess.Popen[bytes], report: Path, kind: str, times: int = 1) -> None:
    """Wait until a kind of line was reported."""
    while report.read_text().count(f'"kind":"{kind}"') < times if report.exists() else True:
        assert game.poll() is None, f"the game has ended before '{kind}'"
        time.sleep(0.05)


def check_pictures(folder: Path) -> None:
    """Each place has a picture of its own, with many colours; the crypt is the darkest."""
    light = {}
    for place in ("forest", "wolves", "crypt", "boss", "victory", "town"):
        with Image.open(folder / f"{place}.png") as picture:
            colours = picture.convert("RGB").getcolors(picture.width * picture.height)
            light[place] = float(np.mean(np.asarray(picture.convert("L"))))
        assert colours is not None
        assert len(colours) > 2_000
    assert min(light, key=lambda place: light[place]) == "crypt"
    assert len(set(light.values())) == len(light)
