"""A run of the engine that hangs is ended, described and repeated once."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from godot import engine

pytestmark = pytest.mark.heavy


def test_one_hang_is_repeated_and_described_and_the_next_one_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []
    monkeypatch.setattr(engine, "hangs", seen)
    mark = tmp_path / "ran"
    hangs_once = f"import pathlib, time; m = pathlib.Path({str(mark)!r}); print('begun', flush=True)\n"
    hangs_once += "if not m.exists(): m.touch(); time.sleep(60)\nprint('done')"
    done = engine.run_engine([sys.executable, "-c", hangs_once], timeout_s=2.0)
    assert (done.returncode, done.stdout) == (0, "begun\ndone\n")
    assert len(seen) == 1
    assert "did not end in 2 s\nbegun\n" in seen[0]
    with pytest.raises(AssertionError, match="did not end in 1 s"):
        engine.run_engine([sys.executable, "-c", "import time; time.sleep(60)"], timeout_s=1.0)
    assert len(seen) == 2


def test_what_the_kernel_knows_of_a_process_names_its_threads() -> None:
    first, *threads = engine.waits(os.getpid()).splitlines()
    assert first == "thread, name, state, where in the kernel:"
    assert {int(line.split()[0]) for line in threads} >= {os.getpid()}
