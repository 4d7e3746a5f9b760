"""The service in a child process: its address, its last output, and its end."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from segue.play.local_service import LocalService, ServiceError, serve_command

# Generous: it bounds a hang, not a speed.
PATIENCE_S = 240.0


def script(text: str) -> list[str]:
    return [sys.executable, "-u", "-c", text]


def until(true: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < end, "nothing came"
        time.sleep(0.005)


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_the_address_is_the_last_word_of_its_line_and_close_ends_the_service() -> None:
    with LocalService(
        script("import time; print('warming up'); print('serving on tcp://127.0.0.1:7'); time.sleep(60)")
    ) as child:
        assert child.address == "tcp://127.0.0.1:7"
        assert child.ended() is None
        assert alive(child.pid)
    assert not alive(child.pid)


def test_a_service_that_does_not_start_is_quoted() -> None:
    with pytest.raises(ServiceError, match=r"^a\.yaml:3:4: no such style$"):
        LocalService(script("import sys; sys.exit('a.yaml:3:4: no such style')"))
    with pytest.raises(ServiceError, match="exit code 3"):
        LocalService(script("import sys; sys.exit(3)"))


def test_a_service_that_dies_later_leaves_its_last_output() -> None:
    with LocalService(
        script("import sys; print('serving on x'); print('out of memory', file=sys.stderr); sys.exit(1)")
    ) as child:
        until(child.ended)
        until(lambda: child.ended() == "out of memory")


def test_much_output_does_not_block_a_service_and_one_that_does_not_stop_is_killed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("segue.play.local_service._STOP_S", 0.2)
    stubborn = (
        "import signal, sys, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "print('serving on x')\n"
        "for number in range(20000): print(f'line {number}', file=sys.stderr)\n"
        "time.sleep(60)\n"
    )
    with LocalService(script(stubborn)) as child:
        until(lambda: child._output and child._output[-1] == "line 19999")
    assert not alive(child.pid)


def test_settings_in_the_environment_do_not_apply(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEGUE_TOKEN", "a-secret-of-another")
    with LocalService(script("import os; print('serving on', 'SEGUE_TOKEN' in os.environ)")) as child:
        assert child.address == "False"


def test_the_command_serves_files_on_loopback() -> None:
    command = serve_command({"one": Path("a.yaml"), "two": Path("old/a.yaml")}, ["--soundfont", "b.sf2"])
    flags = ["--bind", "tcp://127.0.0.1:0", "--exit-with-stdin", "--audition", "--soundfont", "b.sf2"]
    assert command[3:] == ["serve", *flags, "one=a.yaml", f"two={Path('old/a.yaml')}"]


def test_its_output_is_utf_8_whatever_the_encoding_of_the_terminal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PYTHONIOENCODING", "cp1252")
    with LocalService(script("print('serving on', 'ż→█')")) as child:
        assert child.address == "ż→█"


def test_its_stdin_closes_when_its_owner_is_killed(tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    inner = f"import sys; print('serving on x', flush=True); sys.stdin.read(); open({str(seen)!r}, 'w').close()"
    outer = (
        "import sys, time; from segue.play.local_service import LocalService\n"
        f"child = LocalService([sys.executable, '-c', {inner!r}]); print('there', flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", outer], stdout=subprocess.PIPE) as owner:
        assert owner.stdout is not None
        owner.stdout.readline()
        owner.kill()
    until(seen.exists)


class _Process:
    """Records what Windows would be asked for."""

    def __init__(self, command: list[str], **options: Any) -> None:
        self.options, self.signals, self.code = options, [], None
        self.stdout, self.stderr = io.StringIO("serving on x\n"), io.StringIO()
        self.stdin = io.StringIO()
        self.pid = 1

    def send_signal(self, number: int) -> None:
        self.signals.append(number)

    def wait(self, timeout: float | None = None) -> int:
        return 0

    def poll(self) -> int | None:
        return None


def test_on_windows_it_has_a_group_of_its_own_and_is_asked_by_ctrl_break(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("segue.play.local_service._NEW_GROUP", 0x200)
    monkeypatch.setattr("segue.play.local_service._ASK_TO_STOP", 1)
    monkeypatch.setattr("segue.play.local_service.subprocess.Popen", _Process)
    with LocalService(["segue"]) as child:
        process: Any = child._process
        assert (process.options["creationflags"], process.options["process_group"]) == (0x200, None)
    assert process.signals == [1]
    assert process.stdin.closed
