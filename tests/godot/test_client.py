"""The GDScript client against the real service: every event once, every sample, and a service that is killed."""

from __future__ import annotations

import json
import subprocess
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import trustme

from clients.cases.game import QUANTUM, RULES, STEPS, heard, receipts
from godot.project import command, complaints, run
from segue.cli.main import main
from segue_sdk.limits import FADE, SAMPLE_RATE
from service.process import ServiceProcess, free_port

pytestmark = pytest.mark.heavy


def play(folder: Path, case: dict[str, Any], watch: Callable[[str], object] = lambda line: None) -> Any:
    """Run the game until its end; `watch` gets each line that it prints."""
    asked, answered = folder / "case.json", folder / "result.json"
    asked.write_text(json.dumps({"heard": str(folder / "heard"), **case}))
    output = []
    with subprocess.Popen(
        command("probe_client.gd", str(asked), str(answered)),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as game:
        assert game.stdout is not None
        for line in game.stdout:
            output.append(line)
            watch(line.strip())
    assert complaints("".join(output)) == []
    assert game.returncode == 0, output[-20:]
    return json.loads(answered.read_text())


def test_ten_seconds_with_a_hundred_events_are_the_services_own_samples(tmp_path: Path) -> None:
    recordings = tmp_path / "recordings"
    with ServiceProcess(tmp_path, str(RULES), "--record", str(recordings), "--no-reload") as service:
        case = {"address": service.address, "events": 100, "every_ms": 80, "seconds": 10, "lookahead_ms": 4_000}
        result = play(tmp_path, case)
        service.terminate()
    taken = receipts(result)
    assert sorted(fields["seq"] for fields in taken) == list(range(1, 101))
    assert all(fields["accepted"] for fields in taken)
    assert {fields["code"] for fields in taken} == {"accepted"}
    assert result["unanswered"] == 0
    kinds = Counter(kind for kind, _ in result["told"])
    assert kinds["live"] == kinds["closed"] == 1
    assert min(kinds["change_heard"], kinds["beat_heard"]) > 0, kinds
    (recording,) = recordings.iterdir()
    again = tmp_path / "again.wav"
    assert main(["preview", str(RULES), "--recording", str(recording), "-o", str(again)]) == 0
    expected, _ = soundfile.read(again, dtype="float32")
    samples, positions = heard(tmp_path, result)
    music = positions >= FADE
    assert music.sum() > 9 * SAMPLE_RATE
    assert np.abs(samples[music]).max() > 0.02
    difference = np.abs(samples[music] - expected[positions[music]]).max(axis=1)
    print(result["late"], result["underruns"], (difference > QUANTUM).sum(), music.sum(), difference.max())
    assert (difference <= QUANTUM).all()


def test_a_service_killed_twice_loses_no_event(tmp_path: Path) -> None:
    told: list[str] = []
    killed: list[int] = []
    with ServiceProcess(tmp_path, str(RULES), "--no-reload") as service:

        def watch(line: str) -> None:
            # Killed once 100 and 200 events are sent, each time in a session that was up again.
            told.append(line)
            sent = max((int(each.split()[1]) for each in told if each.startswith("sent ")), default=0)
            if len(killed) < 2 and sent >= 100 * (len(killed) + 1) and told.count("event live") == len(killed) + 1:
                service.kill()
                service.start()
                killed.append(sent)

        case = {"address": service.address, "events": 300, "every_ms": 50, "seconds": 15, "lookahead_ms": 4_000}
        result = play(tmp_path, case, watch)
    assert len(killed) == 2
    taken = receipts(result)
    assert sorted(fields["seq"] for fields in taken) == list(range(1, 301))
    assert all(fields["accepted"] for fields in taken)
    kinds = Counter(kind for kind, _ in result["told"])
    assert kinds["live"] == 3
    assert result["unanswered"] == 0
    # No trigger is heard twice: each change to "heard" has a cause of its own.
    answers = [fields["change"] for kind, fields in result["told"] if kind == "change_heard"]
    fired = [cause["seq"] for change in answers if change["to_state"] == "heard" for cause in change["causes"]]
    assert len(fired) > 5
    assert max(Counter(fired).values()) == 1, Counter(fired).most_common(5)


def test_no_thread_and_no_socket_is_left(tmp_path: Path) -> None:
    with ServiceProcess(tmp_path, str(RULES)) as service:
        addresses = [service.address, f"tcp://127.0.0.1:{free_port()}", "tcp://no-such-host.invalid:1"]
        result = run("probe_many.gd", {"addresses": addresses, "clients": 30}, tmp_path)
    assert result["after"] == result["before"]


def test_a_game_uses_everything_over_tls(tmp_path: Path) -> None:
    authority, token, port = trustme.CA(), "the-right-token-of-these-tests", free_port()
    leaf = authority.issue_cert("127.0.0.1")
    chain, key, trusted = (tmp_path / name for name in ("chain.pem", "key.pem", "ca.crt"))
    chain.write_bytes(b"".join(blob.bytes() for blob in leaf.cert_chain_pems))
    leaf.private_key_pem.write_to_path(str(key))
    authority.cert_pem.write_to_path(str(trusted))
    encrypted = ("--tls-bind", f"127.0.0.1:{port}", "--tls-cert", str(chain), "--tls-key", str(key))
    with ServiceProcess(tmp_path, str(RULES), "--token", token, *encrypted):
        case = {"address": f"tls://127.0.0.1:{port}", "token": token, "certificate": str(trusted), "steps": STEPS}
        result = run("probe_game.gd", case, tmp_path)
    assert result["left"] == []
    gave = list(zip((step["call"] for step in STEPS if "call" in step), result["gave"], strict=True))
    frames = [number for name, number in gave if name == "end_frame"]
    assert frames == [1, 0, 2, 3, 4, 5, 6, 7]
    assert [code for name, code in gave if name in ("set_input", "fire")][2:5] == [
        "unknown_input",
        "wrong_type",
        "not_a_trigger",
    ]
    assert [number for name, number in gave if name in ("save", "restore")] == [1, 2]
    assert [text for name, text in gave if name == "control"][:1] == [""]
    assert "op" in [text for name, text in gave if name == "control"][1]
    assert all(beat["at"] > result["beats"]["played"] for beat in result["beats"]["ahead"])
    restored = {fields["restored"] for kind, fields in result["told"] if kind == "status" and fields["restore"] == 2}
    # "rules": another generator played, since the machine was too slow for the first.
    assert restored in ({"all"}, {"rules"})
    assert result["told"][-1][0] == "closed"
