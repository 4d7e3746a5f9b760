"""The client in C# against the real service: every event once, every sample, and a service that is killed."""

from __future__ import annotations

import json
import subprocess
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest
import soundfile

from clients.cases.game import QUANTUM, RULES, heard, receipts
from segue.cli.main import main
from segue_sdk.limits import FADE, JOIN, SAMPLE_RATE
from service.process import ServiceProcess
from unity.build import command, environment

pytestmark = pytest.mark.heavy

GAME: Final = {"token": "", "pins": [], "lookahead_ms": 4_000, "most_waited": 1}


def play(
    runtime: str, folder: Path, case: dict[str, Any], watch: Callable[[str], object] = lambda line: None
) -> dict[str, Any]:
    """Run the game until its end; `watch` gets each line that it prints."""
    asked, answered = folder / "case.json", folder / "result.json"
    asked.write_text(json.dumps({"heard": str(folder / "heard"), **GAME, **case}))
    output = []
    with subprocess.Popen(
        command(runtime, "game", str(asked), str(answered)),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=environment(runtime),
    ) as game:
        assert game.stdout is not None
        for line in game.stdout:
            output.append(line)
            watch(line.strip())
    assert game.returncode == 0, output[-20:]
    result: dict[str, Any] = json.loads(answered.read_text())
    return result


def test_eight_seconds_with_eighty_events_are_the_services_own_samples(runtime: str, tmp_path: Path) -> None:
    recordings = tmp_path / "recordings"
    with ServiceProcess(tmp_path, str(RULES), "--record", str(recordings), "--no-reload") as service:
        case = {"address": service.address, "events": 80, "every_ms": 80, "seconds": 8, "most_waited": 1_000}
        result = play(runtime, tmp_path, case)
        service.terminate()
    taken = receipts(result)
    assert sorted(fields["seq"] for fields in taken) == list(range(1, 81))
    assert {fields["code"] for fields in taken} == {"accepted"}
    assert result["unanswered"] == 0
    assert result["closed"]
    kinds = Counter(kind for kind, _ in result["told"])
    assert kinds["live"] == kinds["closed"] == 1
    assert min(kinds["change_heard"], kinds["beat_heard"]) > 0, kinds
    (recording,) = recordings.iterdir()
    again = tmp_path / "again.wav"
    assert main(["preview", str(RULES), "--recording", str(recording), "-o", str(again)]) == 0
    expected, _ = soundfile.read(again, dtype="float32")
    samples, positions = heard(tmp_path, result)
    music = positions >= FADE
    assert music.sum() > 7 * SAMPLE_RATE
    assert np.abs(samples[music]).max() > 0.02
    difference = np.abs(samples[music] - expected[positions[music]]).max(axis=1)
    # A chunk that a busy machine brought late is joined where the clock is then; until there the music before it plays.
    on_time = np.ones(len(difference), dtype=bool)
    for start, committed in result["arrived"]:
        if start < committed:
            on_time &= (positions[music] < start) | (positions[music] >= committed + JOIN)
    print(result["late"], result["underruns"], music.sum() - on_time.sum(), difference[on_time].max())
    assert (difference[on_time] <= QUANTUM).all()
    assert on_time.sum() > 5 * SAMPLE_RATE
    assert result["late"] > 0 or on_time.all()


def test_a_service_killed_twice_loses_no_event(runtime: str, tmp_path: Path) -> None:
    told: list[str] = []
    killed: list[int] = []
    with ServiceProcess(tmp_path, str(RULES), "--no-reload") as service:

        def watch(line: str) -> None:
            # Killed once 50 and 100 events are sent, each time in a session that was up again.
            told.append(line)
            sent = max((int(each.split()[1]) for each in told if each.startswith("sent ")), default=0)
            if len(killed) < 2 and sent >= 50 * (len(killed) + 1) and told.count("event live") == len(killed) + 1:
                service.kill()
                service.start()
                killed.append(sent)

        case = {"address": service.address, "events": 150, "every_ms": 80, "seconds": 8}
        result = play(runtime, tmp_path, case, watch)
    assert len(killed) == 2
    taken = receipts(result)
    assert sorted(fields["seq"] for fields in taken) == list(range(1, 151))
    assert all(fields["accepted"] for fields in taken)
    kinds = Counter(kind for kind, _ in result["told"])
    assert kinds["live"] == 3
    assert result["unanswered"] == 0
    assert result["closed"]
    # No trigger is heard twice: each change to "heard" has a cause of its own.
    answers = [fields["change"] for kind, fields in result["told"] if kind == "change_heard"]
    fired = [cause["seq"] for change in answers if change["to_state"] == "heard" for cause in change["causes"]]
    assert len(fired) > 3
    assert max(Counter(fired).values()) == 1, Counter(fired).most_common(5)
