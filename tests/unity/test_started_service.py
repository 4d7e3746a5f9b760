"""Services that a game starts itself, without the engine: started again and ended, and programs that are none."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any, Final

import pytest

from processes import comes_to_its_end, is_running, listening_port
from service.programs import NO_SERVICES, SERVICE, program, write_no_services
from unity.build import ROOT, command, environment
from unity.probe import run

pytestmark = pytest.mark.heavy

RULES: Final = ROOT / "tests/service/calm.yaml"


def start(runtime: str, folder: Path, **case: Any) -> subprocess.Popen[str]:
    folder.mkdir(exist_ok=True)
    asked = folder / "case.json"
    asked.write_text(json.dumps({"rules": str(RULES), "goes_on": None, "end_ms": 20_000, **case}))
    words = command(runtime, "service", str(asked), str(folder / "result.json"))
    return subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment(runtime)
    )


def serving(game: subprocess.Popen[str]) -> int:
    """The process of the game's service, once it plays."""
    assert game.stdout is not None
    told = []
    for line in game.stdout:
        told.append(line)
        if line.startswith("serving "):
            return int(line.split()[1])
    raise AssertionError(told)


def finish(game: subprocess.Popen[str], folder: Path) -> Any:
    assert game.stdout is not None
    with game:
        told = game.stdout.read()
    assert game.returncode == 0, told
    return json.loads((folder / "result.json").read_text())


def test_a_program_that_is_no_service_is_named_and_ended(runtime: str, tmp_path: Path) -> None:
    programs = write_no_services(tmp_path)
    case = {"run": "programs", "rules": str(RULES), "programs": list(programs.values())}
    told = dict(zip(programs, run(runtime, "service", case, tmp_path), strict=True))
    for name, (_, expected) in NO_SERVICES.items():
        # This address is read by the client, whose words differ.
        assert (expected if name != "other" else "expected tcp://HOST:PORT") in told[name][0], name
        assert told[name][1], name
    assert told["missing"][0] == f"the program '{programs['missing']}' does not exist"


def test_unusual_paths_and_a_program_without_its_permission(runtime: str, tmp_path: Path) -> None:
    folder = tmp_path / "Über den Wolken & \"so\" 'weiter' $HOME"
    folder.mkdir()
    # Mono takes a backslash in a program's path for a slash, but not in an argument.
    rules = folder / "rühmliche \\ Klänge.yaml"
    rules.write_text(RULES.read_text())
    path = program(folder, "segue service", SERVICE, mode=0o644)
    game = start(runtime, tmp_path / "game", run="plays", program=str(path), rules=str(rules))
    pid = serving(game)
    result = finish(game, tmp_path / "game")
    assert result["ids"] == [pid]
    assert result["failures"] == []
    # The game has waited for it.
    assert not is_running(pid)
    assert os.access(path, os.X_OK)


def test_a_service_that_hangs_is_gone_after_the_game(runtime: str, tmp_path: Path) -> None:
    goes_on = tmp_path / "goes_on"
    path = program(tmp_path, "service", SERVICE)
    game = start(runtime, tmp_path / "game", run="plays", program=str(path), goes_on=str(goes_on), end_ms=300)
    pid = serving(game)
    os.kill(pid, signal.SIGSTOP)
    goes_on.touch()
    finish(game, tmp_path / "game")
    assert not is_running(pid)


# Ten seconds, of which little depends on the runtime.
@pytest.mark.parametrize("runtime", ["mono"])
def test_a_killed_service_whose_port_is_taken_loses_no_trigger(runtime: str, tmp_path: Path) -> None:
    path = program(tmp_path, "service", SERVICE)
    game = start(runtime, tmp_path / "game", run="killed", program=str(path))
    pid = serving(game)
    port = listening_port(pid)
    os.kill(pid, signal.SIGKILL)
    assert comes_to_its_end(pid)
    with socket.create_server(("127.0.0.1", port)):
        again = serving(game)
        assert listening_port(again) != port
        result = finish(game, tmp_path / "game")
    assert result["ids"] == [pid, again]
    kinds = Counter(result["told"])
    assert kinds["live"] == 2
    assert kinds["receipt"] == 3
    assert not result["final"]
    assert not is_running(again)
