"""`segue serve` as a game engine starts it: the ready line, the end with its starter, the log file."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import pytest

from segue import __version__
from segue.cli.main import main
from segue.cli.serve import _ReadyLine
from service.peer import Peer

CALM: Final = Path(__file__).parent / "calm.yaml"
# Generous: it bounds a hang, not a speed.
PATIENCE_S: Final = 60.0
FREE: Final = ("--bind", "tcp://127.0.0.1:0")
SERVE: Final = (sys.executable, "-m", "segue", "serve", *FREE, "--exit-with-stdin", "--drain", "0s", str(CALM))
posix = pytest.mark.skipif(sys.platform == "win32", reason="signals and descriptors of POSIX")


@contextmanager
def started(*flags: str, **streams: Any) -> Iterator[subprocess.Popen[str]]:
    """A service that is killed at the end."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **streams}
    with subprocess.Popen([*SERVE, *flags], text=True, **pipes) as process:
        try:
            yield process
        finally:
            process.kill()


def line_of(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline()


def test_the_ready_line_says_where_and_what_and_the_service_ends_with_its_stdin(tmp_path: Path) -> None:
    log = tmp_path / "logs" / "segue.log"
    flags = (
        "--http-bind",
        "127.0.0.1:0",
        "--web-bind",
        "ws://127.0.0.1:0",
        "--log-file",
        str(log),
        "--log-format",
        "json",
        "--ready-format",
        "json",
    )
    with started(f"other={CALM}", *flags) as process:
        ready = json.loads(line_of(process))
        address, (web,), health = ready.pop("addresses"), ready.pop("web"), urlsplit(ready.pop("health"))
        assert web.startswith("ws://127.0.0.1:")
        assert urlsplit(web).port
        assert ready.pop("pid") == process.pid or sys.platform == "win32"
        assert ready == {
            "ready": True,
            "version": __version__,
            "protocol": [1],
            "rules": {
                "calm": {"title": "calm water", "path": str(CALM), "default": True},
                "other": {"title": "calm water", "path": str(CALM), "default": False},
            },
        }
        with Peer(address[0]) as peer:
            assert peer.greet().rules.title == "calm water"
        connection = http.client.HTTPConnection(str(health.hostname), health.port, timeout=PATIENCE_S)
        connection.request("GET", "/readyz")
        assert connection.getresponse().status == 200
        connection.close()
        assert process.stdin is not None
        process.stdin.write("ignored\n" * 10_000)
        process.stdin.close()
        process.stdin = None
        rest, complaints = process.communicate(timeout=PATIENCE_S)
        assert (process.returncode, rest, complaints) == (0, "", "")
    lines = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    assert {line["message"] for line in lines} >= {"serving", "session opened", "standard input closed"}


@posix
def test_a_service_ends_when_its_starter_is_killed() -> None:
    starter = "import subprocess, sys\nchild = subprocess.Popen(sys.argv[1:], stdin=subprocess.PIPE)\nchild.wait()\n"
    # The pipe of stdout ends when the last process that holds it has ended.
    with subprocess.Popen(
        [sys.executable, "-c", starter, *SERVE, "--ready-format", "json"], stdout=subprocess.PIPE, text=True
    ) as process:
        ready = json.loads(line_of(process))
        try:
            process.send_signal(signal.SIGKILL)
            assert process.communicate(timeout=PATIENCE_S)[0] == ""
        except subprocess.TimeoutExpired:
            os.kill(ready["pid"], signal.SIGKILL)
            raise


@posix
def test_a_reader_that_closes_stdout_stops_nothing() -> None:
    read, write = os.pipe()
    os.close(read)
    with started("--log-level", "info", stdout=write) as process:
        os.close(write)
        assert process.stderr is not None
        assert process.stdin is not None
        line = next(line for line in process.stderr if "service.server: serving" in line)
        with Peer(line.split("addresses=")[1].strip()) as peer:
            peer.greet()
        process.stdin.close()
        log = process.stderr.read()
        assert process.wait(PATIENCE_S) == 0
        assert "nobody reads standard output" in log
        assert "Traceback" not in log


@posix
def test_a_pipe_that_does_not_block_is_watched_as_well() -> None:
    read, write = os.pipe()
    os.set_blocking(read, False)
    with started(stdin=read) as process:
        os.close(read)
        # A watch that took "no bytes yet" for the end would stop it before it answers.
        with Peer(line_of(process).split()[-1]) as peer:
            peer.greet()
        os.close(write)
        assert process.wait(PATIENCE_S) == 0


@posix
@pytest.mark.parametrize(
    ("stdin", "got"),
    [("</dev/null", "/dev/null or a closed one"), ("<&-", "/dev/null or a closed one"), (f"<'{CALM}'", "a file")],
    ids=["null", "closed", "file"],
)
def test_a_stdin_that_cannot_close_is_refused_in_one_message(stdin: str, got: str) -> None:
    done = subprocess.run(
        ["sh", "-c", f'"$@" {stdin}', "sh", *SERVE, "--ready-format", "json"],
        capture_output=True, text=True, timeout=PATIENCE_S, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith("--exit-with-stdin: expected a pipe as standard input")
    assert f", got {got}" in line
    assert json.loads(done.stdout) == {"ready": False, "error": line}


@posix
def test_a_terminal_as_stdin_is_refused() -> None:
    import pty

    ours, theirs = pty.openpty()
    try:
        done = subprocess.run(
            SERVE, stdin=theirs, capture_output=True, text=True, timeout=PATIENCE_S, check=False
        )  # fmt: skip
    finally:
        os.close(ours)
        os.close(theirs)
    assert (done.returncode, done.stdout) == (2, "")
    assert ", got a terminal; give it a pipe, or leave the flag out" in done.stderr


def failed(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[dict[str, Any], str]:
    """The one line on stdout of a start that fails, and stderr."""
    assert main(["serve", *arguments, "--ready-format", "json"]) == 2
    said = capsys.readouterr()
    (line,) = said.out.splitlines()
    return json.loads(line), said.err


def test_a_start_that_fails_is_one_json_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    line, complaints = failed(capsys, "--lookahead", "4", "--max-sessions", "many")
    assert line == {"ready": False, "error": complaints.rstrip("\n")}
    assert len(line["error"].splitlines()) == 2
    bad = tmp_path / "bad.yaml"
    bad.write_text("segue: 1\n", encoding="utf-8")
    line, complaints = failed(capsys, str(bad), *FREE)
    assert line == {"ready": False, "error": complaints.rstrip("\n")}
    assert line["error"].startswith(f"{bad}:1:1: ")


def test_a_port_or_log_file_that_cannot_be_used_fails_the_start(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"tcp://127.0.0.1:{taken.getsockname()[1]}"
        line, _ = failed(capsys, str(CALM), "--bind", address)
    assert line["error"].startswith(f"cannot serve: {address}: Address already in use; stop the program")
    (tmp_path / "file").write_text("")
    line, _ = failed(capsys, str(CALM), *FREE, "--log-file", str(tmp_path / "file" / "a.log"))
    assert line["error"].startswith(f"--log-file: {tmp_path / 'file'}")
    line, _ = failed(capsys, str(CALM), *FREE, "--log-file", str(tmp_path))
    assert line["error"].startswith(f"--log-file: expected a file, got the folder '{tmp_path.parent.parent}")


def test_a_service_that_is_stopped_before_it_is_ready_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    line = _ReadyLine(as_json=True)
    line.ended()
    line.ended()
    (text,) = capsys.readouterr().out.splitlines()
    assert json.loads(text) == {"ready": False, "error": "the service was stopped before it was ready"}
    _ReadyLine(as_json=False).ended()
    assert capsys.readouterr().out == ""
