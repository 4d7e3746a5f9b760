"""Runs the engine to its end, and says what it did when it does not end."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryFile
from typing import Final

TIMEOUT_S: Final = 300.0
"""Bounds a run that hangs; the longest takes a quarter of it."""

hangs: list[str] = []
"""What was seen of runs that hung and were repeated. One is allowed in a run of the tests: the engine did not end
once in a thousand runs, for a reason that nobody has seen. A fault of the addon that comes more often fails."""


def run_engine(
    words: Sequence[str],
    *,
    env: Mapping[str, str] | None = None,
    before: Callable[[], object] = lambda: None,
    timeout_s: float = TIMEOUT_S,
) -> subprocess.CompletedProcess[str]:
    """Run a command that starts an engine.

    Args:
        words: The command.
        env: Its variables; None for those of this process.
        before: Called before each run; it removes what an earlier one has written.
        timeout_s: After which it counts as hung.
    Returns:
        The result, with all that was printed as its `stdout`.
    Raises:
        AssertionError: It hung, and not for the first time.
    """
    while True:
        before()
        with TemporaryFile() as told:
            engine = subprocess.Popen(words, stdout=told, stderr=subprocess.STDOUT, env=env)
            try:
                code = engine.wait(timeout_s)
                stacks = ""
            except subprocess.TimeoutExpired:
                stacks = native_stacks(engine.pid)
                engine.kill()
                code = engine.wait()
            told.seek(0)
            output = told.read().decode("utf-8", "replace")
        if not stacks:
            return subprocess.CompletedProcess(words, code, output)
        hangs.append(f"{' '.join(words)}: did not end in {timeout_s:.0f} s\n{output}\n{stacks}")
        assert len(hangs) == 1, hangs[-1]


def native_stacks(pid: int) -> str:
    """What the threads of a process do: their stacks from gdb, and where the kernel has them without it."""
    if not shutil.which("gdb"):
        return waits(pid)
    words = ["gdb", "-p", str(pid), "-batch", "-ex", "thread apply all bt 25"]
    return subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False).stdout


def waits(pid: int) -> str:
    """Where the kernel has each thread of a process."""
    lines = ["thread, name, state, where in the kernel:"]
    for thread in sorted(Path(f"/proc/{pid}/task").iterdir()):
        name, state = (thread / "comm").read_text().strip(), (thread / "stat").read_text().rsplit(")", 1)[1].split()[0]
        lines.append(f"{thread.name} {name} {state} {(thread / 'wchan').read_text()}")
    return "\n".join(lines)
