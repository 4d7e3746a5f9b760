"""The service of `segue play` in a child process: starts it, finds its address, stops it."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from segue.signals import delaying_signals

_ANNOUNCES: Final = "serving on "
_STOP_S: Final = 5.0
_MOST_LINES: Final = 40
# Windows: a process group to send Ctrl-Break to, which the service handles; terminate() would kill it there.
_NEW_GROUP: Final[int] = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)
_ASK_TO_STOP: Final[int] = getattr(signal, "CTRL_BREAK_EVENT", signal.SIGTERM)


class ServiceError(RuntimeError):
    """The service did not start; the message is its own output."""


def serve_command(rules: Mapping[str, Path], options: Sequence[str] = ()) -> list[str]:
    """The command line of a service on a free port of loopback, whose sessions can mute layers.

    Args:
        rules: Rule files by the names that clients call them; the first one is the default.
        options: More flags.
    """
    return service_command(rules, ["--audition", *options])


def service_command(rules: Mapping[str, Path], options: Sequence[str] = ()) -> list[str]:
    """The command line of a service on a free port of loopback, as `serve_command`, with these flags alone."""
    flags = ["--bind", "tcp://127.0.0.1:0", "--exit-with-stdin", *options]
    return [sys.executable, "-m", "segue", "serve", *flags, *(f"{name}={path}" for name, path in rules.items())]


def _environment() -> dict[str, str]:
    """The environment of this process without the settings of a service; output is UTF-8, as it is read here."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SEGUE_")}
    return {**kept, "PYTHONUTF8": "1", "PYTHONIOENCODING": "utf-8"}


class LocalService:
    """A running service and its address. Settings in environment variables (SEGUE_…) do not apply to it.

    Raises:
        ServiceError: It did not start; the message is its own output.
    """

    def __init__(self, command: Sequence[str]) -> None:
        self._output: deque[str] = deque(maxlen=_MOST_LINES)
        try:
            with delaying_signals():
                # A process group of its own: Ctrl-C in the terminal reaches the player alone, who stops the service.
                # Its stdin is a pipe that closes with this process, even if this one is killed.
                self._process = subprocess.Popen(
                    command,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    encoding="utf-8",
                    errors="replace",
                    env=_environment(),
                    creationflags=_NEW_GROUP,
                    process_group=None if _NEW_GROUP else 0,
                )
                self._listener = threading.Thread(target=self._listen, name="segue-play-service", daemon=True)
                self._listener.start()
            self.address = self._find()
        except BaseException:
            # Ctrl-C ends the wait, too, and nobody else knows of the process yet.
            if hasattr(self, "_process"):
                self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    @property
    def pid(self) -> int:
        return self._process.pid

    def ended(self) -> str | None:
        """The last output of a service that ended by itself; None while it runs."""
        code = self._process.poll()
        return None if code is None else "\n".join(self._output) or f"exit code {code}"

    def close(self) -> None:
        """Stop it, and kill it if it does not."""
        # Without a console, Windows cannot send Ctrl-Break; the service also ends when its stdin closes.
        with contextlib.suppress(OSError):
            self._process.send_signal(_ASK_TO_STOP)
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            self._process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._listener.join()
        for stream in (self._process.stdout, self._process.stderr):
            if stream is not None:
                stream.close()

    def _find(self) -> str:
        """Wait for the line that names its address."""
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.startswith(_ANNOUNCES):
                return line.split()[-1]
            self._output.append(line.rstrip())
        code = self._process.wait(_STOP_S)
        self._listener.join()
        raise ServiceError("\n".join(self._output) or f"the service ended with exit code {code}")

    def _listen(self) -> None:
        """Keep the last lines of its log, and its pipe empty."""
        assert self._process.stderr is not None
        for line in self._process.stderr:
            self._output.append(line.rstrip())
