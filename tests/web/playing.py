"""A service that browsers connect to, and a web server for the pages."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Final

from service.process import free_port

ROOT: Final = Path(__file__).parents[2]
RULES: Final = ROOT / "tests/service/calm.yaml"


class WebService:
    """`segue serve` with a WebSocket address; it can be killed and started again at the same one."""

    def __init__(self, rules: Path = RULES, options: Sequence[str] = ()) -> None:
        self.url = f"ws://127.0.0.1:{free_port()}"
        addresses = ["--bind", "tcp://127.0.0.1:0", "--web-bind", self.url]
        ready = ["--ready-format", "json", "--exit-with-stdin"]
        self._command = [sys.executable, "-m", "segue", "serve", *addresses, *ready, *options, str(rules)]
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Start it, and wait until it serves."""
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
        self._process = subprocess.Popen(self._command, text=True, cwd=ROOT, **pipes)
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert self.url in json.dumps(json.loads(line)), line

    def kill(self) -> None:
        """End it as a crash would."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None


@contextmanager
def service(rules: Path = RULES, options: Sequence[str] = ()) -> Iterator[WebService]:
    served = WebService(rules, options)
    served.start()
    try:
        yield served
    finally:
        served.kill()


class _Files(SimpleHTTPRequestHandler):
    def log_message(self, *arguments: object) -> None:
        """Log nothing."""


@contextmanager
def web_server() -> Iterator[str]:
    """Serve the checkout. Yields: the address of the server."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Files, directory=str(ROOT)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
