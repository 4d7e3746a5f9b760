"""The processes of a benchmark end with it in every case."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest

from processes import is_running

# Spawned processes import the main module again, so the child begins under its guard.
_PARENT = """
import sys, time
from segue.cli.bench.service import _burn, _child
if __name__ == "__main__":
    with _child(_burn) as (process, pipe):
        print(process.pid, flush=True)
        time.sleep(60)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize("how", ["kill", "terminate"])
def test_a_child_ends_with_the_benchmark(how: str, tmp_path: object) -> None:
    path = os.path.join(str(tmp_path), "parent.py")
    with open(path, "w", encoding="utf-8") as file:
        file.write(_PARENT)
    with subprocess.Popen([sys.executable, path], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        assert is_running(child)
        getattr(parent, how)()
    deadline = time.monotonic() + 30.0
    while is_running(child):
        assert time.monotonic() < deadline, "the child outlived the benchmark"
        time.sleep(0.02)
