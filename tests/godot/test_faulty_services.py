"""A Godot player beside services that hang, are replaced, or are something else."""

from __future__ import annotations

import contextlib
import json
import subprocess
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest

from clients.cases.game import RULES
from clients.cases.peers import GARBAGE, HANDSHAKE, PING, REPEATED, peer, sent
from clients.cases.zmtp import frame, greeting
from godot.project import command, complaints, run
from service.process import ServiceProcess
from unit.sdk.peer import WELCOME

pytestmark = pytest.mark.heavy

SUSPENDED_S: Final = (1, 3, 8, 20)


def test_peers_that_send_anything_at_any_stage_are_named_and_left(tmp_path: Path) -> None:
    oversized = b"\x02" + (1 << 40).to_bytes(8, "big")
    live, other = sent(WELCOME), sent(replace(WELCOME, version=9))
    no_service, broken_off = "is no Segue service", "closed the connection during the handshake"
    peers = {
        "silent": (peer(b""), "failed", "does not answer"),
        "half a greeting": (peer(HANDSHAKE[:20]), "failed", "does not answer"),
        "half a handshake": (peer(HANDSHAKE[:-4]), "failed", "does not answer"),
        "closes": (peer(b"", closes=True), "failed", broken_off),
        "closes after its greeting": (peer(HANDSHAKE[:64], closes=True), "failed", broken_off),
        "zeros": (peer(b"", bytes(REPEATED)), "failed", no_service),
        "garbage": (peer(b"", GARBAGE), "failed", no_service),
        "greetings": (peer(b"", greeting(b"NULL")), "failed", no_service),
        "garbage after its greeting": (peer(HANDSHAKE[:64], GARBAGE), "failed", no_service),
        "oversized in the handshake": (peer(HANDSHAKE[:64] + oversized, bytes(REPEATED)), "failed", no_service),
        "oversized": (
            peer(HANDSHAKE + oversized, bytes(REPEATED)),
            "disconnected",
            "a frame of more than 262144 bytes",
        ),
        "oversized while live": (peer(HANDSHAKE + live + oversized, bytes(REPEATED)), "connected", ""),
        "garbage while live": (peer(HANDSHAKE + live, GARBAGE), "connected", ""),
        "empty messages": (peer(HANDSHAKE, frame(b"") * 2_048), "", ""),
        "messages of garbage": (peer(HANDSHAKE, frame(GARBAGE)), "", ""),
        "messages while live": (peer(HANDSHAKE + live, frame(b"") * 2_048), "connected", ""),
        "pings": (peer(HANDSHAKE, PING * 500), "disconnected", "no message for 5 s"),
        "an unfinished message": (peer(HANDSHAKE + frame(b"h", 1)), "disconnected", "no message for 5 s"),
        "another version": (peer(HANDSHAKE + other), "disconnected", "version"),
    }
    with contextlib.ExitStack() as stack:
        addresses = {name: stack.enter_context(served) for name, (served, _, _) in peers.items()}
        case: dict[str, Any] = {
            "run": "peers",
            "address": "",
            "peers": addresses,
            "silent": {name: True for name, (_, kind, _) in peers.items() if not kind},
        }
        result = run("probe_faulty.gd", case, tmp_path)
    for name, (_, kind, text) in peers.items():
        if kind:
            assert result[name][0][0] == kind, (name, result[name])
            assert text in str(result[name][0][1]), (name, result[name])
        else:
            assert result[name] == [], name


def play(folder: Path, case: dict[str, Any], watch: Callable[[str], object]) -> Any:
    """Run the game until its end; `watch` gets each line that it prints."""
    asked, answered = folder / "case.json", folder / "result.json"
    asked.write_text(json.dumps(case))
    output = []
    words = command("probe_faulty.gd", str(asked), str(answered))
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as game:
        assert game.stdout is not None
        for line in game.stdout:
            output.append(line)
            watch(line.strip())
    assert complaints("".join(output), "segue: the rules declare no input") == [], output
    assert game.returncode == 0, output
    return json.loads(answered.read_text())


def test_a_suspended_service_loses_nothing(tmp_path: Path) -> None:
    with ServiceProcess(tmp_path, str(RULES), "--no-reload") as service:

        def watch(line: str) -> None:
            if line.startswith("suspend "):
                service.suspend()
                time.sleep(int(line.split()[1]))
                service.go_on()

        case = {"run": "suspended", "address": service.address, "seconds": SUSPENDED_S}
        result = play(tmp_path, case, watch)
    # A connection that has been silent for 5 s is given up.
    assert result["lost"][-2:] == [True, True]
    numbers = [number for number, _ in result["receipts"]]
    assert sorted(numbers) == list(range(1, len(numbers) + 1))
    assert all(accepted for _, accepted in result["receipts"])
    assert result["level"] == SUSPENDED_S[-1] / 100


def test_another_service_at_the_same_port_goes_on(tmp_path: Path) -> None:
    other = tmp_path / "other.yaml"
    other.write_text(RULES.read_text().replace("calm water", "other water").replace("level:", "depth:"))
    with contextlib.ExitStack() as stack:
        first = stack.enter_context(ServiceProcess(tmp_path, str(RULES), "--no-reload"))
        second = ServiceProcess(tmp_path, str(other), "--no-reload", port=first.port)

        def watch(line: str) -> None:
            if line == "replace":
                first.kill()
                stack.enter_context(second)
            elif line == "no service":
                second.kill()
            elif line == "back":
                first.start()

        result = play(tmp_path, {"run": "replaced", "address": first.address}, watch)
    assert result["title"] == "other water"
    assert result["taken"] == [True, False]
    assert "nothing listens at" in result["text"]
