"""What the system says of a process's turns on a processor."""

from __future__ import annotations

import os


def scheduled(pid: int) -> tuple[str, float]:
    """Return a process's state, "R" if it runs or would, and its processor time; "" and 0 where neither is known."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            fields = file.read().rsplit(")", 1)[1].split()
    except OSError:
        return "", 0.0
    return fields[0], (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
