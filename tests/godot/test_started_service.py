"""Services that a game starts itself: programs that are none, that hang, and paths that are unusual."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
from pathlib import Path
from typing import Any, Final

import pytest

from godot.project import ROOT, command, complaints, run
from processes import comes_to_its_end, is_running, listening_port
from service.programs import NO_SERVICES, SERVICE, program, write_no_services

pytestmark = pytest.mark.heavy

STARTING, LIVE, FAILED = 1, 3, 4
RULES: Final = ROOT / "tests/service/calm.yaml"


def play(folder: Path, name: str, **case: Any) -> Any:
    return run("probe_started.gd", {"run": name, "rules": str(RULES), **case}, folder)


def test_a_program_that_is_no_service_is_named_and_ended(tmp_path: Path) -> None:
    programs = write_no_services(tmp_path)
    result = play(tmp_path, "programs", programs=list(programs.values()))
    for name, (_, expected) in NO_SERVICES.items():
        text, state = result[name]
        assert expected in text, name
        assert state == FAILED, name
    assert f"the program '{programs['missing']}' does not exist" in result["missing"][0]


def test_unusual_paths_and_a_program_without_its_permission(tmp_path: Path) -> None:
    folder = tmp_path / "Über den Wolken & \"so\" 'weiter' $HOME"
    folder.mkdir()
    rules = folder / "rühmliche Klänge.yaml"
    rules.write_text(RULES.read_text())
    path = program(folder, "segue service", SERVICE, mode=0o644)
    result = play(tmp_path, "plays", program=str(path), rules=str(rules))
    assert comes_to_its_end(result["pid"])
    assert os.access(path, os.X_OK)


def start(folder: Path, case: dict[str, Any], **settings: Any) -> subprocess.Popen[str]:
    folder.mkdir(exist_ok=True)
    asked = folder / "case.json"
    asked.write_text(json.dumps({"rules": str(RULES), **case}))
    words = command("probe_started.gd", str(asked), str(folder / "result.json"))
    return subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **settings)


def serving(game: subprocess.Popen[str]) -> int:
    """The process of the game's service, once it plays."""
    assert game.stdout is not None
    return next(int(line.split()[1]) for line in game.stdout if line.startswith("serving "))


def finish(game: subprocess.Popen[str]) -> None:
    assert game.stdout is not None
    with game:
        told = game.stdout.read()
    assert complaints(told) == [], told
    assert game.returncode == 0, told


def test_a_game_plays_where_the_services_log_cannot_be_written(tmp_path: Path) -> None:
    path = program(tmp_path, "service", SERVICE)
    # Root may write to any file, but not to a folder.
    (tmp_path / "home/godot/app_userdata/Segue client core tests/segue_service.log").mkdir(parents=True)
    home = {**os.environ, "XDG_DATA_HOME": str(tmp_path / "home")}
    finish(start(tmp_path / "game", {"run": "plays", "program": str(path)}, env=home))
    assert (tmp_path / "game/result.json").exists()


def test_two_games_on_one_machine_have_a_service_each(tmp_path: Path) -> None:
    path = program(tmp_path, "service", SERVICE)
    goes_on = tmp_path / "goes_on"
    case = {"run": "plays", "program": str(path), "waits": True, "goes_on": str(goes_on)}
    games = [start(tmp_path / name, case) for name in ("one", "two")]
    services = [serving(game) for game in games]
    assert len(set(services)) == 2
    assert all(is_running(pid) for pid in services)
    goes_on.touch()
    for game in games:
        finish(game)
    assert all(comes_to_its_end(pid) for pid in services)


@pytest.mark.parametrize("quits", [False, True])
def test_a_service_that_hangs_is_gone_after_the_game(tmp_path: Path, *, quits: bool) -> None:
    path = program(tmp_path, "service", SERVICE)
    goes_on = tmp_path / "goes_on"
    case = {"run": "plays", "program": str(path), "waits": True, "goes_on": str(goes_on), "quits": quits}
    game = start(tmp_path / "game", case)
    pid = serving(game)
    os.kill(pid, signal.SIGSTOP)
    goes_on.touch()
    finish(game)
    assert not is_running(pid)


def test_a_service_that_hangs_is_started_again(tmp_path: Path) -> None:
    result = play(tmp_path, "hangs", program=str(program(tmp_path, "service", SERVICE)))
    assert len(set(result["pids"])) == 2
    assert all(comes_to_its_end(pid) for pid in result["pids"])


def test_a_killed_service_whose_port_is_taken_loses_no_trigger(tmp_path: Path) -> None:
    path = program(tmp_path, "service", SERVICE)
    game = start(tmp_path / "game", {"run": "killed", "program": str(path)})
    pid = serving(game)
    port = listening_port(pid)
    os.kill(pid, signal.SIGKILL)
    assert comes_to_its_end(pid)
    with socket.create_server(("127.0.0.1", port)):
        assert listening_port(serving(game)) != port
        finish(game)
    result = json.loads((tmp_path / "game/result.json").read_text())
    assert result["states"] == [STARTING, LIVE]
    assert result["fired"] == [True, True]
    # Each is heard once.
    assert result["told"].count(["changed", "heard"]) == 2
