"""Plays of scenes on stand-ins for Unity's engine, with a real service: what is heard, and what plays leave."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest
import soundfile

from clients.cases.game import QUANTUM
from processes import comes_to_its_end, is_running
from segue.cli.main import main
from segue_sdk.limits import FADE, JOIN, SAMPLE_RATE
from service.process import ServiceProcess
from service.programs import SERVICE, program
from unity.build import PACKAGE, ROOT, command, environment
from unity.pages import DOCUMENTATION, blocks
from unity.probe import run

pytestmark = pytest.mark.heavy

RULES: Final = ROOT / "tests/service/calm.yaml"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServiceProcess]:
    with ServiceProcess(tmp_path_factory.mktemp("service"), str(RULES), "--no-reload") as started:
        yield started


def project(folder: Path) -> dict[str, str]:
    """Write what a project has of a service of its own, as fields of a case."""
    rules = folder / "Assets/StreamingAssets/calm.yaml"
    rules.parent.mkdir(parents=True)
    rules.write_text(RULES.read_text())
    return {"project": str(folder), "rules": rules.name, "program": str(program(folder, "service", SERVICE))}


def play(runtime: str, folder: Path, name: str, **case: Any) -> Any:
    return run(runtime, "play", {"run": name, **project(folder), **case}, folder)


def test_the_sound_card_gets_the_services_samples_in_blocks_of_any_length(runtime: str, tmp_path: Path) -> None:
    recordings, heard = tmp_path / "recordings", tmp_path / "heard"
    with ServiceProcess(tmp_path, str(RULES), "--record", str(recordings), "--no-reload") as started:
        case = {"address": started.address, "heard": str(heard), "samples": 4 * SAMPLE_RATE}
        result = play(runtime, tmp_path, "sound", **case)
        started.terminate()
    (recording,) = recordings.iterdir()
    again = tmp_path / "again.wav"
    assert main(["preview", str(RULES), "--recording", str(recording), "-o", str(again)]) == 0
    expected, _ = soundfile.read(again, dtype="float32")
    samples = np.fromfile(heard, dtype="<f4").reshape(-1, 2)
    positions, at = np.full(len(samples), -1), 0
    for length, before, after in result["blocks"]:
        # The music ends the block in which it begins.
        positions[at + length - (after - before) : at + length] = np.arange(before, after)
        at += length
    music = positions >= FADE + JOIN
    assert result["logged"] == []
    assert (result["underruns"], result["late"]) == (0, 0)
    # A game's thread that stalled for 1.5 s kept nothing from the sound card.
    assert result["after stall"] > SAMPLE_RATE
    assert music.sum() > 3 * SAMPLE_RATE
    assert np.abs(samples[music]).max() > 0.02
    assert np.abs(samples[music] - expected[positions[music]]).max() <= QUANTUM
    assert np.abs(samples[positions < 0]).max() == 0.0
    assert len({length for length, *_ in result["blocks"]}) > 50


def test_the_audio_callback_allocates_nothing(runtime: str, tmp_path: Path, service: ServiceProcess) -> None:
    for result in play(runtime, tmp_path, "allocations", address=service.address):
        assert result["allocated"] == 0
        assert result["committed"] > SAMPLE_RATE


def test_a_game_without_code_is_heard(runtime: str, tmp_path: Path, service: ServiceProcess) -> None:
    result = play(runtime, tmp_path, "game", address=service.address)
    told = [tuple(each) for each in result["told"]]
    assert told[0] == ("connected", "calm water")
    assert {("decided", "water/depth"), ("decided", "answer/heard"), ("refused", "levle")} <= set(told)
    # Captions: a text of the game, and the state's name.
    assert {("caption", "It gets deep."), ("caption", "[music: heard]")} <= set(told)
    assert ("receipt", True) in told
    assert told[-1] == ("disconnected", "quit")
    # A handler that fails is logged, and does not keep the UnityEvent of the next beats from anybody.
    assert any("a handler of the game fails" in line for line in result["logged"])
    assert [line for line in result["logged"] if "a handler of the game fails" not in line] == [
        line for line in result["logged"] if line.startswith("warning: Segue:") and "levle" in line
    ]
    assert result["saved"] > 100
    assert result["restored"] == "all"
    assert result["next"]
    assert result["still"]
    assert set(result["states"]) == {"water", "answer"}
    assert "deep" in result["why"] or "ping" in result["why"]
    assert min(result["event_ms"], result["receipt_ms"]) > 0
    assert result["state"] == "Stopped"


SAMPLES: Final = PACKAGE / "Samples~"


def play_sample(runtime: str, folder: Path, name: str, rules: Path, **more: Any) -> Any:
    """Play a sample of the package in a project whose service is found in its virtual environment."""
    case = project(folder)
    (folder / ".venv/bin").mkdir(parents=True)
    (folder / ".venv/bin/segue").symlink_to(case["program"])
    return run(runtime, "play", {"run": name, "sample": str(rules), **case, **more}, folder)


@pytest.mark.parametrize("runtime", ["coreclr"])
def test_the_five_minutes_of_the_documentation_are_heard_step_by_step(runtime: str, tmp_path: Path) -> None:
    (text,) = blocks(DOCUMENTATION, "yaml")
    rules = tmp_path / "Assets/Soundtrack.yaml"
    rules.parent.mkdir()
    rules.write_text(text)
    edited = text.replace("title: Meadow", "title: Edited")
    result = play_sample(runtime, tmp_path, "walk", rules, edited=edited)
    assert result == {"state": "Live", "place": "meadow", "mistakes": 0, "logged": []}


@pytest.mark.parametrize("runtime", ["mono"])
def test_the_first_sample_is_heard_with_a_service_that_is_found(runtime: str, tmp_path: Path) -> None:
    sample = SAMPLES / "Five minutes/Meadow.yaml"
    result = play_sample(runtime, tmp_path, "sample", sample)
    assert result["logged"] == []
    # The ball is in the cave, at the wolf, and at the shrine, which fires the fanfare.
    assert {"where/cave", "where/meadow", "action/combat", "action/calm", "fanfare"} >= set(result["heard"])
    for words in ("Meadow  live, plays", "where: ", " → ", "place", "buffer ", "volume 0.0 dB", "underruns "):
        assert words in result["shown"], result["shown"]
    # The panel and a bar for each state of the mix.
    assert result["overlay"] >= 2
    # A player has no file of an asset. Rules of the same name and another text would be another file.
    (copied,) = (tmp_path / "segue_rules").glob("*/copied.yaml")
    assert copied.read_text() == sample.read_text()


@pytest.mark.parametrize("runtime", ["mono"])
def test_the_second_sample_moves_once_for_each_beat_and_bar(runtime: str, tmp_path: Path) -> None:
    result = play_sample(runtime, tmp_path, "on the beat", SAMPLES / "On the beat/Dance.yaml")
    assert result["logged"] == []
    assert result["bars"] == 3
    # A call comes before its beat: one more may have come than beats are heard, or one less since the first.
    assert abs(result["flashes"] - result["beats"]) <= 1
    assert abs(result["jumps"] - result["bars"]) <= 1


@pytest.mark.parametrize("runtime", ["coreclr"])
def test_the_third_sample_steers_and_goes_on_when_its_service_is_killed(runtime: str, tmp_path: Path) -> None:
    result = play_sample(runtime, tmp_path, "desk", SAMPLES / "Director's desk/Desk.yaml")
    assert result["place"] == "cave"
    assert all("has ended" in line for line in result["logged"]), result["logged"]


SUSPENDED_S: Final = (1, 8)


def test_a_service_that_is_stopped_for_a_while_loses_nothing(runtime: str, tmp_path: Path) -> None:
    with ServiceProcess(tmp_path, str(RULES), "--no-reload") as started:
        case = {"run": "suspended", **project(tmp_path), "address": started.address, "seconds": SUSPENDED_S}
        (tmp_path / "case.json").write_text(json.dumps(case))
        words = command(runtime, "play", str(tmp_path / "case.json"), str(tmp_path / "result.json"))
        with subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env=environment(runtime)) as game:
            assert game.stdout is not None
            for line in game.stdout:
                if line.startswith("suspend "):
                    started.suspend()
                    time.sleep(int(line.split()[1]))
                    started.go_on()
        assert game.returncode == 0
    result = json.loads((tmp_path / "result.json").read_text())
    # A connection that has been silent for 5 s is given up, and the session continues in the next.
    assert result["lost"][-1]
    numbers = [number for number, _ in result["receipts"]]
    assert sorted(numbers) == list(range(1, len(SUSPENDED_S) + 1))
    assert all(accepted for _, accepted in result["receipts"])
    assert result["level"] == SUSPENDED_S[-1] / 100


@pytest.mark.parametrize("reloads", [False, True])
def test_a_hundred_plays_leave_nothing(runtime: str, tmp_path: Path, service: ServiceProcess, *, reloads: bool) -> None:
    case = {"address": service.address, "starts": 100, "reloads": reloads}
    result = play(runtime, tmp_path, "starts", **case)
    assert result["lives"] == 20
    assert result["after"] == result["before"]
    assert [result["after"][what] for what in ("soundtracks", "listeners", "device")] == [0] * 3
    # Mono sometimes starts a thread of its pool, once, from the client's thread, whose name it then has.
    assert result["after"]["threads"] <= (1 if runtime == "mono" else 0)
    assert len(result["services"]) == 1
    # Where the game quits it waits for its service.
    assert not any(is_running(pid) for pid in result["services"])


def test_a_killed_game_leaves_no_service(runtime: str, tmp_path: Path) -> None:
    case = tmp_path / "case.json"
    case.write_text(json.dumps({"run": "killed", **project(tmp_path)}))
    words = command(runtime, "play", str(case), str(tmp_path / "result.json"))
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env=environment(runtime)) as game:
        assert game.stdout is not None
        pid = next(int(line.split()[1]) for line in game.stdout if line.startswith("serving "))
        assert is_running(pid)
        game.send_signal(signal.SIGKILL)
        game.wait()
    assert comes_to_its_end(pid)
