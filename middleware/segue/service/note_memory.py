"""How much memory the sounds of notes may take: by the sessions there may be and by what the machine has."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

# Measured of sessions that play one soundtrack, each with a seed of its own: the first needs some 120 MiB of sources
# and of notes that come again, each further one 10 to 15 more. Sessions of different soundtracks share less.
FIRST_MIB: Final = 128
EACH_MIB: Final = 16
LEAST_MIB: Final = 64
# Of the machine's memory, so that a small one is left room for all else.
SHARE: Final = 8
# Where a container says what it may use: cgroups of version 2 and 1.
_LIMITS: Final = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))


def note_memory_mib(max_sessions: int, machine_bytes: int | None) -> int:
    """MiB for the sounds of notes of all sessions. machine_bytes: None where it is not known."""
    wanted = FIRST_MIB + EACH_MIB * max_sessions
    return wanted if machine_bytes is None else max(LEAST_MIB, min(wanted, (machine_bytes >> 20) // SHARE))


def machine_memory_bytes(limits: Sequence[Path] = _LIMITS) -> int | None:
    """What this process may use at most: the machine's memory or its container's limit; None if neither can be told.

    limits: files that hold a number of bytes each, or "max".
    """
    found = []
    with contextlib.suppress(AttributeError, ValueError, OSError):
        found.append(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    for path in limits:
        with contextlib.suppress(ValueError, OSError):
            found.append(int(path.read_text(encoding="ascii")))
    return min((number for number in found if number > 0), default=None)
