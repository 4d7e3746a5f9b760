"""A service in a process of its own, which tests start, kill, and start again on the same port."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

_END_S: Final = 20.0


# Below the ports that systems give to connections and to whoever binds port 0: none of these is given away meanwhile.
_PORTS: Final = range(20_000, 32_000)
# Each process begins elsewhere, so that tests at the same time do not take one port.
_BEGIN: Final = os.getpid() * 100 % len(_PORTS)
_ports: Final = itertools.cycle([*_PORTS[_BEGIN:], *_PORTS[:_BEGIN]])


def free_port() -> int:
    """Return a port that is free: another one at each call."""
    for port in itertools.islice(_ports, len(_PORTS)):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError("no port is free")


class ServiceProcess:
    """A service process, as a context that kills it at the end. log: a file of JSON lines."""

    def __init__(self, folder: Path, *arguments: str, port: int | None = None, program: Path | None = None) -> None:
        """arguments: of `segue serve`. program: a Python file that serves instead, given the same arguments.

        Once it is started, `addresses` are those of its first line.
        """
        self.port = port or free_port()
        self.address = f"tcp://127.0.0.1:{self.port}"
        self.log = folder / "service.log"
        started = [str(program)] if program else ["-m", "segue", "serve"]
        self._command = [sys.executable, *started, *arguments, "--bind", self.address, "--log-format", "json"]
        self._process: subprocess.Popen[str] | None = None
        self.addresses: list[str] = []

    def start(self) -> Self:
        """Start it and wait until clients may connect."""
        with self.log.open("a") as log:
            self._process = subprocess.Popen(self._command, stdout=subprocess.PIPE, stderr=log, text=True)
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line.startswith("serving on"):
            raise AssertionError(f"the service did not start: {self.log.read_text()[-2000:]}")
        self.addresses = line.split()[2:]
        return self

    __enter__ = start

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.kill()

    @property
    def pid(self) -> int:
        """The process's id."""
        assert self._process is not None
        return self._process.pid

    def alive(self) -> bool:
        """Whether the process runs."""
        return self._process is not None and self._process.poll() is None

    def kill(self) -> None:
        """Kill it, as `kill -9` does."""
        if self._process is not None:
            self._process.kill()
            self._end()

    def suspend(self) -> None:
        """Suspend the process."""
        assert self._process is not None
        os.kill(self._process.pid, signal.SIGSTOP)

    def go_on(self) -> None:
        """Let the process continue after `suspend`."""
        assert self._process is not None
        os.kill(self._process.pid, signal.SIGCONT)

    def terminate(self, number: int = signal.SIGTERM) -> int:
        """Terminate it in order with a signal, and return its exit code."""
        assert self._process is not None
        os.kill(self._process.pid, number)
        return self._end()

    def entries(self) -> list[dict[str, Any]]:
        """Return the entries of its log so far; a line that is being written is left out."""
        lines = self.log.read_text("utf-8").splitlines(keepends=True)
        return [json.loads(line) for line in lines if line.startswith("{") and line.endswith("\n")]

    def _end(self) -> int:
        assert self._process is not None
        process, self._process = self._process, None
        code = process.wait(_END_S)
        assert process.stdout is not None
        process.stdout.close()
        return code
