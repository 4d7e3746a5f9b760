"""The processes of a benchmark end with it in every case."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

LINUX = sys.platform == "linux"

# Spawned processes import the main module again, so the child begins under its guard.
_PARENT = """
import sys, time
from segue.cli.bench.service import _burn, _child
if __name__ == "__main__":
    with _child(_burn) as (process, pipe):
        print(process.pid, flush=True)
        time.sleep(60)
"""


def runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        # Where nobody waits for orphans, one that ended stays in the table of processes.
        state = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()[0] if LINUX else ""
    except (ProcessLookupError, FileNotFoundError):
        return False
    return state != "Z"


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize("how", ["kill", "terminate"])
def test_a_child_ends_with_the_benchmark(how: str, tmp_path: object) -> None:
    path = os.path.join(str(tmp_path), "parent.py")
    with open(path, "w", encoding="utf-8") as file:
        file.write(_PARENT)
    with subprocess.Popen([sys.executable, path], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        assert runs(child)
        getattr(parent, how)()
    deadline = time.monotonic() + 30.0
    while runs(child):
        assert time.monotonic() < deadline, "the child outlived the benchmark"
        time.sleep(0.02)
