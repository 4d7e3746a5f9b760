"""`segue play` in a real terminal with its own service; nothing is left running after Ctrl-C."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
import wave
from collections.abc import Callable
from pathlib import Path

import pytest

from segue_rules.director import Director
from segue_rules.loading import load, load_events
from segue_rules.model import FRAME_RATE
from segue_rules.timeline import play_script
from segue_rules.times import clock_text

RULES = Path(__file__).parents[3] / "rules" / "library" / "emberwood" / "emberwood.yaml"
PLAY = "import sys; from segue.cli.main import main; sys.exit(main(['play', *sys.argv[1:]]))"
# The same with a service that never says that it serves.
PLAY_WITHOUT_END = (
    f"import sys; from segue.cli import play; play.serve_command = lambda *rest: "
    f"[sys.executable, '-c', 'import time; time.sleep(600)']; {PLAY}"
)
# Generous: it bounds a hang, not a speed.
PATIENCE_S = 120.0


class Terminal:
    """A terminal of 110 by 34 that runs a program. screen: all its output without colours and cursor moves."""

    def __init__(self, *arguments: str, folder: Path | None = None, program: str = PLAY) -> None:
        self.lead, self._follow = pty.openpty()
        fcntl.ioctl(self._follow, termios.TIOCSWINSZ, struct.pack("HHHH", 34, 110, 0, 0))
        self.settings = termios.tcgetattr(self._follow)
        environment = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor"}
        # Programs believe these, which GNU Readline sets for its children, rather than the terminal.
        for size in ("COLUMNS", "LINES"):
            environment.pop(size, None)
        self.process = subprocess.Popen(
            [sys.executable, "-c", program, *arguments],
            stdin=self._follow, stdout=self._follow, stderr=self._follow, env=environment, cwd=folder,
            start_new_session=True,
        )  # fmt: skip
        self.written = b""

    @property
    def screen(self) -> str:
        return re.sub(r"\x1b\[[0-9;?<>=]*[a-zA-Z]", "", self.written.decode(errors="replace"))

    def until(self, true: Callable[[], object]) -> None:
        end = time.monotonic() + PATIENCE_S
        while not true():
            assert time.monotonic() < end, self.screen[-3_000:]
            if select.select([self.lead], [], [], 0.05)[0]:
                self.written += os.read(self.lead, 65_536)

    def press(self, keys: bytes) -> None:
        os.write(self.lead, keys)

    def children(self) -> list[int]:
        number = self.process.pid
        return [int(pid) for pid in Path(f"/proc/{number}/task/{number}/children").read_text("ascii").split()]

    def now(self) -> list[object]:
        """The terminal's settings."""
        return list(termios.tcgetattr(self._follow))

    def close(self) -> None:
        if self.process.poll() is None:
            # It takes its service with it.
            self.process.terminate()
            self.process.wait(PATIENCE_S)
        os.close(self.lead)
        os.close(self._follow)

    def ended(self) -> bool:
        return self.process.poll() is not None


def gone(pid: int) -> bool:
    return not Path(f"/proc/{pid}").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")
def test_emberwood_is_played_edited_and_quit(tmp_path: Path) -> None:
    rules, output, saved = tmp_path / "ember.yaml", tmp_path / "out.wav", tmp_path / "did.events.yaml"
    text = RULES.read_text("utf-8").replace("audio: stings/victory.ogg", "mix: {fanfare: 1}\n    time: 2s")
    text = re.sub(r"^    (gain|if_late|duck):.*\n", "", text, flags=re.MULTILINE)
    rules.write_text(text, "utf-8")
    # Named from its own folder, so that a message with its path fits a line.
    terminal = Terminal(rules.name, "--output", str(output), "--save-events", str(saved), folder=tmp_path)
    with contextlib.closing(terminal):
        terminal.until(lambda: "woodland" in terminal.screen and "bar 1" in terminal.screen)
        (service,) = terminal.children()
        terminal.press(b"n")
        terminal.until(lambda: "night on, heard after" in terminal.screen)
        terminal.until(lambda: "because region is forest" in terminal.screen)
        rules.write_text(text.replace("mix: {woodland: 1}", "mix: {wodland: 1}"), "utf-8")
        terminal.until(lambda: re.search(r"ember\.yaml:\d+:\d+:", terminal.screen) and "'wodland'" in terminal.screen)
        rules.write_text(
            text.replace("  night:       {type: flag}", "  night:       {type: flag}\n  rain: {type: flag}"), "utf-8"
        )
        terminal.until(lambda: "new inputs: rain" in terminal.screen)
        terminal.press(b"\x03")
        terminal.until(terminal.ended)
        assert terminal.process.returncode == 0
        assert terminal.now() == terminal.settings, "the terminal is as it was"
        assert terminal.written.rfind(b"\x1b[?1049l") > terminal.written.rfind(b"\x1b[?1049h"), "its screen, too"
        assert gone(service)
    loaded = load(rules)
    events = load_events(saved, loaded)
    assert [each.event.set for each in events] == [{"night": True}]
    plans = [span.plan for span in play_script(Director(loaded), events, events[-1].frame + 100)]
    (began,) = [c for plan in plans for c in plan.changes if c.kind == "started" and c.to_state == "forest_night"]
    heard = re.search(r"(\d:\d\d\.\d)\s+place: forest → forest_night", terminal.screen)
    assert heard is not None
    assert heard[1] == clock_text(began.start * 10 // FRAME_RATE / 10, 1), "the script plays to the same course"
    with wave.open(str(output)) as file:
        samples = file.readframes(file.getnframes())
        assert file.getnframes() > 48_000
    assert len(set(samples[:: 3 * 97])) > 20, "there is music in it"


@pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_service_that_is_still_starting_ends_with_its_player(number: signal.Signals) -> None:
    terminal = Terminal(str(RULES), "--no-sound", program=PLAY_WITHOUT_END)
    with contextlib.closing(terminal):
        terminal.until(terminal.children)
        (service,) = terminal.children()
        terminal.process.send_signal(number)
        terminal.until(terminal.ended)
        assert terminal.process.returncode != 0
        assert gone(service)
        assert b"\x1b[?1049h" not in terminal.written


@pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")
def test_a_window_that_is_closed_ends_the_service_too() -> None:
    terminal = Terminal(str(RULES), "--no-sound")
    with contextlib.closing(terminal):
        terminal.until(lambda: "woodland" in terminal.screen)
        (service,) = terminal.children()
        terminal.process.send_signal(signal.SIGHUP)
        terminal.until(terminal.ended)
        assert terminal.now() == terminal.settings
        assert gone(service)


def test_rules_that_do_not_load_leave_the_terminal_alone(tmp_path: Path) -> None:
    rules = tmp_path / "bad.yaml"
    rules.write_text("segue: 1\nlayerz: {}\n", "utf-8")
    terminal = Terminal(str(rules))
    with contextlib.closing(terminal):
        terminal.until(terminal.ended)
        terminal.until(lambda: "bad.yaml:2:1: unknown field 'layerz'" in terminal.screen)
        assert terminal.process.returncode == 2
        assert b"\x1b[?1049h" not in terminal.written
