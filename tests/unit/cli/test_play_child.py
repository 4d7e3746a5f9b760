"""The service's process: found by its one line, its last words kept, gone afterwards."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from segue.cli.playing.child import Child, ServiceError, serve_command

# Generous: it bounds a hang, not a speed.
PATIENCE_S = 60.0


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


def test_the_address_is_the_last_word_of_its_line_and_closing_ends_it() -> None:
    with Child(
        script("import time; print('warming up'); print('serving on tcp://127.0.0.1:7'); time.sleep(60)")
    ) as child:
        assert child.address == "tcp://127.0.0.1:7"
        assert child.ended() is None
        assert alive(child.pid)
    assert not alive(child.pid)


def test_one_that_does_not_start_is_quoted() -> None:
    with pytest.raises(ServiceError, match=r"^a\.yaml:3:4: no such style$"):
        Child(script("import sys; sys.exit('a.yaml:3:4: no such style')"))
    with pytest.raises(ServiceError, match="exit code 3"):
        Child(script("import sys; sys.exit(3)"))


def test_one_that_dies_later_leaves_its_last_words() -> None:
    with Child(
        script("import sys; print('serving on x'); print('out of memory', file=sys.stderr); sys.exit(1)")
    ) as child:
        until(child.ended)
        until(lambda: child.ended() == "out of memory")


def test_one_that_talks_much_is_not_held_up_and_one_that_will_not_stop_is_killed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("segue.cli.playing.child._STOP_S", 0.2)
    stubborn = (
        "import signal, sys, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "print('serving on x')\n"
        "for number in range(20000): print(f'line {number}', file=sys.stderr)\n"
        "time.sleep(60)\n"
    )
    with Child(script(stubborn)) as child:
        until(lambda: child._said and child._said[-1] == "line 19999")
    assert not alive(child.pid)


def test_a_service_of_ones_own_takes_no_settings_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEGUE_TOKEN", "a-secret-of-another")
    with Child(script("import os; print('serving on', 'SEGUE_TOKEN' in os.environ)")) as child:
        assert child.address == "False"


def test_the_command_serves_one_file_on_loopback() -> None:
    command = serve_command(Path("a.yaml"), ["--soundfont", "b.sf2"])
    assert command[3:] == ["serve", "--bind", "tcp://127.0.0.1:0", "--soundfont", "b.sf2", "a.yaml"]
