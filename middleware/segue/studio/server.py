"""Starts what a studio consists of: the service that plays, and the web server of the page, both on loopback."""

from __future__ import annotations

import secrets
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, NamedTuple, cast

import uvicorn

from segue.play.local_service import LocalService, service_command
from segue.studio.access import Access, App, content_policy
from segue.studio.app import Music, Studio
from segue.studio.rule_file import Describe, RuleFile

_HOST: Final = "127.0.0.1"
_START_S: Final = 20.0
_POLL_S: Final = 0.02
_RULES: Final = "studio"
"""The name of the rule file in the service."""


class Served(NamedTuple):
    """A studio that runs.

    Attributes:
        address: Of its page.
        ended: Gives the last output of a service that ended by itself; None while it runs.
    """

    address: str
    ended: Callable[[], str | None]


class StudioError(RuntimeError):
    """The web server did not start."""


@contextmanager
def studio(rules: Path, describe: Describe, *, port: int = 0, follow: Path | None = None) -> Iterator[Served]:
    """Serve a studio.

    Args:
        rules: The rule file.
        describe: Says what is in it, and what is wrong with it.
        port: Of the page; 0 for any that is free.
        follow: The recording of a game's session to show; None to play here.
    Yields:
        What runs.
    Raises:
        ServiceError: The service did not start; the message is its own output.
        StudioError: The port is taken, or the web server did not start.
    """
    token, nonce = secrets.token_urlsafe(32), secrets.token_urlsafe(16)
    file = RuleFile(rules, describe)
    with _bound(port) as listening, TemporaryDirectory(prefix="segue-studio-", ignore_cleanup_errors=True) as folder:
        port = listening.getsockname()[1]
        if follow is not None:
            shown = Studio(file, None, follow, nonce)
            with _serving(shown, listening, token, content_policy("", nonce)):
                yield Served(f"http://{_HOST}:{port}/{token}/", lambda: None)
            return
        with _service(rules, Path(folder), port) as (service, music):
            shown = Studio(file, music, Path(folder) / "recordings", nonce)
            with _serving(shown, listening, token, content_policy(music.url, nonce)):
                yield Served(f"http://{_HOST}:{port}/{token}/", service.ended)


@contextmanager
def _service(rules: Path, folder: Path, port: int) -> Iterator[tuple[LocalService, Music]]:
    """Run a service that pages of a port of this machine may connect to, with a token."""
    token = secrets.token_urlsafe(32)
    secret = folder / "token"
    secret.touch(0o600)
    secret.write_text(token + "\n", "utf-8")
    (folder / "recordings").mkdir()
    origins = [f"http://{name}:{port}" for name in (_HOST, "localhost")]
    options = ["--web-bind", f"ws://{_HOST}:0", "--token-file", str(secret), "--record", str(folder / "recordings")]
    options += [word for origin in origins for word in ("--web-origin", origin)]
    with LocalService(service_command({_RULES: rules}, options)) as service:
        yield service, Music(url=service.address, token=token, rules=_RULES)


@contextmanager
def _bound(port: int) -> Iterator[socket.socket]:
    """Bind a port of loopback. Raises: StudioError: It is taken."""
    with socket.socket() as listening:
        if sys.platform != "win32":
            # There, it would let two programs share the port.
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((_HOST, port))
        except OSError as error:
            reason = f"port {port} of {_HOST} cannot be used: {error.strerror or error}; choose another with --port"
            raise StudioError(reason) from error
        yield listening


@contextmanager
def _serving(shown: Studio, listening: socket.socket, token: str, policy: str) -> Iterator[None]:
    """Run the web server in a thread: signals are the main thread's."""
    app = Access(cast(App, shown.app()), token, listening.getsockname()[1], policy)
    config = uvicorn.Config(
        app, log_level="critical", access_log=False, lifespan="off", ws="none", server_header=False, date_header=False
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, name="segue-studio", daemon=True)
    thread.start()
    try:
        end = time.monotonic() + _START_S
        while not server.started:
            if not thread.is_alive() or time.monotonic() > end:
                raise StudioError(f"the web server did not start within {_START_S:.0f} s")
            time.sleep(_POLL_S)
        yield
    finally:
        shown.close()
        server.should_exit = True
        # Requests that are being answered, such as a rendering, are not waited for.
        server.force_exit = True
        thread.join(_START_S)
