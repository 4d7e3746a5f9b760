"""The service of a `segue play`, in a process of its own: started, found, and gone afterwards."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from segue.signals import delaying_signals

_ANNOUNCES: Final = "serving on "
_STOP_S: Final = 5.0
_MOST_WORDS: Final = 40
# Windows: a group of its own to send Ctrl-Break to, which the service handles; terminate() would end it at once there.
_NEW_GROUP: Final[int] = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)
_ASK_TO_STOP: Final[int] = getattr(signal, "CTRL_BREAK_EVENT", signal.SIGTERM)


class ServiceError(RuntimeError):
    """The service did not start: what it said."""


def serve_command(rules: Path, options: Sequence[str] = ()) -> list[str]:
    """`segue serve` on a free port of loopback, for one rule file. options: more flags of it."""
    flags = ["--bind", "tcp://127.0.0.1:0", "--exit-with-stdin", *options]
    return [sys.executable, "-m", "segue", "serve", *flags, str(rules)]


def _environment() -> dict[str, str]:
    """That of this process, but for settings of a service; what the child says comes as it is read, in UTF-8."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SEGUE_")}
    return {**kept, "PYTHONUTF8": "1", "PYTHONIOENCODING": "utf-8"}


class Child:
    """A service that says where it listens, and that address.

    Environment variables of a service on this machine are not for this one: SEGUE_… is left out.

    Raises: ServiceError, with the service's own words.
    """

    def __init__(self, command: Sequence[str]) -> None:
        self._said: deque[str] = deque(maxlen=_MOST_WORDS)
        try:
            with delaying_signals():
                # A group of its own: Ctrl-C in the terminal is for the player, who stops the service in order.
                # Its stdin is a pipe that closes with this process, even if that is killed.
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
            # Whatever ends the wait, Ctrl-C among it: nobody else knows of the process yet.
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
        """The last words of a service that ended by itself; None while it runs."""
        code = self._process.poll()
        return None if code is None else "\n".join(self._said) or f"exit code {code}"

    def close(self) -> None:
        """Stop it; one that does not is killed."""
        # Without a console, Windows has nothing to send Ctrl-Break through; its stdin closes all the same.
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
        """Wait for the line that says where it listens."""
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.startswith(_ANNOUNCES):
                return line.split()[-1]
            self._said.append(line.rstrip())
        code = self._process.wait(_STOP_S)
        self._listener.join()
        raise ServiceError("\n".join(self._said) or f"the service ended with exit code {code}")

    def _listen(self) -> None:
        """Keep the last of what it logs, and its pipe empty."""
        assert self._process.stderr is not None
        for line in self._process.stderr:
            self._said.append(line.rstrip())
