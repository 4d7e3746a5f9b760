"""Processes of which only the number is known: whether they run, where they listen, and waiting for their end."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path


def is_running(pid: int) -> bool:
    """Return whether there is such a process that has not ended.

    On Linux a process that ended stays in the table until somebody waits for it. The first thread of a killed process
    is such a zombie before the other threads have ended, and they still hold its sockets.
    """
    try:
        os.kill(pid, 0)
        if sys.platform != "linux":
            return True
        state = Path(f"/proc/{pid}/stat").read_text("utf-8").rsplit(")", 1)[1].split()[0]
        threads = len(list(Path(f"/proc/{pid}/task").iterdir()))
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z" or threads > 1


def comes_to_its_end(pid: int) -> bool:
    """Wait for a process that is no child of this one, and can only be asked for, to end; whether it does in 60 s."""
    for _ in range(600):
        if not is_running(pid):
            return True
        time.sleep(0.1)
    return False


def listening_port(pid: int) -> int:
    """The port on which a process listens for its only kind of client."""
    links = [os.readlink(descriptor) for descriptor in Path(f"/proc/{pid}/fd").iterdir()]
    for line in Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]:
        _, local, _, state, *others = line.split()
        if state == "0A" and f"socket:[{others[5]}]" in links:
            return int(local.partition(":")[2], 16)
    raise AssertionError(f"process {pid} listens on no port")
