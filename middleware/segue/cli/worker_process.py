"""The program of a worker of a service. No command for people: `segue serve --workers` starts it.

Its standard input is the control channel to the edge; its log goes to standard error as JSON, which the edge reads.
"""

from __future__ import annotations

import gc
import os
import signal
import socket
import sys
from typing import Final, NoReturn

from segue.signals import ENDING_SIGNALS

COMMAND: Final = "worker-process"
"""Its name where `segue` is frozen, and no module can be run."""


def command() -> list[str]:
    """Return the command that starts the process."""
    return [sys.executable, COMMAND] if getattr(sys, "frozen", False) else [sys.executable, "-m", __name__]


def main() -> NoReturn:
    """Play until the edge stops it or ends."""
    # As in `segue.__main__`.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    for name in ENDING_SIGNALS:
        # The edge ends it, when its clients have what they need; a terminal sends Ctrl-C to both.
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    # As in `segue serve`: all that a start loads stays.
    gc.disable()
    from segue.cli.serve import built_generators
    from segue.contract import GeneratorError
    from segue.service.logs import logging_to
    from segue.service.workers.control import Failed, Start, receive_first, send_last
    from segue.service.workers.worker import serve_worker

    connected = socket.socket(fileno=os.dup(0))
    try:
        start = receive_first(connected)
    except (EOFError, OSError):
        sys.exit(0)
    assert isinstance(start, Start)
    config = start.config
    with logging_to(sys.stderr, level=config.log_level, form="json", secrets=[config.token]):
        try:
            chain = built_generators(config)
            serve_worker(start, chain.encoders, chain.generators, connected)
        # Whatever keeps it from playing is for the edge to tell.
        except Exception as error:
            text = str(error) if isinstance(error, GeneratorError | OSError) else f"{type(error).__name__}: {error}"
            send_last(connected, Failed(text))
            sys.exit(1)
    sys.exit(0)


if __name__ == "__main__":
    main()
