"""`segue studio` says what is wrong before it serves, and ends in order."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from segue.cli.main import main
from unit.studio.sessions import RULES, SESSION, write


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    path = tmp_path / "meadow.yaml"
    path.write_text(RULES, "utf-8")
    return path


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """What a command that is refused says."""
    assert main(["studio", *arguments, "--no-browser"]) == 2
    return capsys.readouterr().err.removeprefix("starting …\n")


def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("segue.extras.find_spec", lambda name: None)
    advice = "install the extra segue[studio]: run pip install '.[studio]' in the checkout"
    assert refused(capsys, "x.yaml") == f"segue studio: the packages starlette and uvicorn are missing; {advice}\n"


def test_what_is_no_rule_file_is_refused(tmp_path: Path, rules: Path, capsys: pytest.CaptureFixture[str]) -> None:
    missing = tmp_path / "medow.yaml"
    assert str(missing) in refused(capsys, str(missing))
    script = tmp_path / "meadow.events.yaml"
    script.write_text("[]\n", "utf-8")
    assert refused(capsys, str(script)).startswith(f"{script}: expected a rule file (")
    nowhere = tmp_path / "nowhere"
    assert refused(capsys, str(rules), "--follow", str(nowhere)).startswith(f"{nowhere}: ")
    nowhere.mkdir()
    expected = f"{nowhere}: has no recordings (*.jsonl); segue serve --record {nowhere} writes one of each session\n"
    assert refused(capsys, str(rules), "--follow", str(nowhere)) == expected


@pytest.mark.parametrize("port", ["-1", "65536", "1e3", "x", "٣"])
def test_a_port_is_a_number(port: str, rules: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["studio", str(rules), f"--port={port}"])
    assert f"expected a port from 0 to 65535, got '{port}'" in capsys.readouterr().err


@pytest.mark.skipif(sys.platform == "win32", reason="there, Ctrl-C needs a console")
def test_a_port_that_is_taken_is_named_and_ctrl_c_ends_a_studio(
    rules: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recording = rules.with_name("game.segue.jsonl")
    write(recording, SESSION)
    command = [sys.executable, "-m", "segue", "studio", str(rules), "--no-browser", "--follow", str(recording)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            address = process.stdout.readline().split()[-1]
            assert urllib.request.urlopen(address).status == 200
            port = address.split(":")[2].split("/")[0]
            text = refused(capsys, str(rules), "--port", port, "--follow", str(recording))
            reason = os.strerror(98) if sys.platform == "linux" else ""
            assert text.startswith(f"port {port} of 127.0.0.1 cannot be used: {reason}")
            assert text.endswith("; choose another with --port\n")
            process.send_signal(signal.SIGINT)
            assert process.wait() == 130
        finally:
            process.kill()
