"""Programs that a game may start as its service: the service itself, and what is none."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

SERVICE: Final = f'#!/bin/sh\nexec "{sys.executable}" -m segue "$@"\n'
# By name: a program that is no service, and words of what a client tells of it.
NO_SERVICES: Final = {
    # It prints more than any pipe holds, with and without lines.
    "endless": ("#!/bin/sh\nexec yes\n", "expected a line of JSON of the service, got 'y'"),
    "binary": ("#!/bin/sh\nexec cat /dev/zero\n", "expected a line of JSON of the service, got ''"),
    "loud": ("#!/bin/sh\nyes >&2 &\necho no\nwait\n", "expected a line of JSON of the service, got 'no'"),
    "empty": ("#!/bin/sh\n", "has ended:"),
    "broken": ("#!/bin/sh\necho 'no memory' >&2\nexit 3\n", "has ended: no memory"),
    "list": ("#!/bin/sh\necho '[]'\nsleep 600\n", "expected a line of JSON of the service, got '[]'"),
    "nowhere": ("#!/bin/sh\necho '{\"ready\": true}'\nexec sleep 600\n", "the service did not start"),
    "numbers": ('#!/bin/sh\necho \'{"ready": true, "addresses": [7]}\'\nexec sleep 600\n', "did not start"),
    "other": (
        '#!/bin/sh\necho \'{"ready": true, "addresses": ["ftp://x"]}\'\nexec sleep 600\n',
        "no transport 'ftp'",
    ),
    "refuses": ('#!/bin/sh\necho \'{"ready": false, "error": "no disk"}\'\nexec sleep 600\n', "no disk"),
}


def program(folder: Path, name: str, text: str, *, mode: int = 0o755) -> Path:
    """Write a program and return its path."""
    path = folder / name
    path.write_text(text)
    path.chmod(mode)
    return path


def write_no_services(folder: Path) -> dict[str, str]:
    """Write the programs that are no service and return their paths by name, with one that does not exist."""
    paths = {name: str(program(folder, name, text)) for name, (text, _) in NO_SERVICES.items()}
    return {**paths, "missing": str(folder / "missing")}
