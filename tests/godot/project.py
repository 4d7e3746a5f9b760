"""Runs scripts of this folder in a real Godot without a window, beside a copy of the addon."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any, Final

HERE: Final = Path(__file__).parent
ROOT: Final = HERE.parents[1]
PLACE: Final = ROOT / ".cache/clients/godot"
PROJECT: Final = ROOT / "build/godot/project"
_TIMEOUT_S: Final = 240.0
_COMPLAINT: Final = re.compile(r"^(SCRIPT |USER )?(ERROR|WARNING):|^Unicode parsing error", re.MULTILINE)
_LEAKED: Final = re.compile(r"leaked at exit|resources still in use", re.MULTILINE)


def make_project() -> None:
    """Copy the addon and the scripts of this folder into a project."""
    shutil.rmtree(PROJECT, ignore_errors=True)
    PROJECT.mkdir(parents=True)
    shutil.copytree(ROOT / "godot_client/addons", PROJECT / "addons")
    shutil.copytree(ROOT / "godot_client/examples", PROJECT / "examples")
    for file in [*HERE.glob("*.gd"), HERE / "measure.tscn", HERE / "project.godot", HERE / "gdlintrc"]:
        shutil.copy(file, PROJECT)


def command(script: str, *arguments: str) -> list[str]:
    """The command line of a script: its name in this folder, and its own arguments."""
    godot = [str(PLACE / "start"), "godot", "--headless", "--no-header", "--path", str(PROJECT)]
    return [*godot, "--script", f"res://{script}", "--", *arguments]


def complaints(output: str, allowed: str = "") -> list[str]:
    """The lines in which the engine complains of an error, a warning or a leak.

    Args:
        output: Of the engine.
        allowed: Pattern of lines that a test provokes; empty for none.
    """
    lines = output.splitlines()
    found = [line for line in lines if _COMPLAINT.search(line) or _LEAKED.search(line)]
    return [line for line in found if not (allowed and re.search(allowed, line))]


def run(script: str, cases: object, folder: Path, *, allowed: str = "") -> Any:
    """Run a script that reads cases and writes results, both JSON.

    Args:
        script: Its name in this folder.
        cases: What it reads.
        folder: For both files.
        allowed: Pattern of the engine's complaints that a case provokes.
    Returns:
        What it wrote.
    """
    asked, answered, told = folder / "cases.json", folder / "results.json", folder / "output.txt"
    answered.unlink(missing_ok=True)
    asked.write_text(json.dumps(cases))
    with told.open("wb") as output:
        engine = subprocess.Popen(command(script, str(asked), str(answered)), stdout=output, stderr=subprocess.STDOUT)
        try:
            engine.wait(_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            stacks = native_stacks(engine.pid)
            engine.kill()
            engine.wait()
            raise AssertionError(
                f"{script} did not end in {_TIMEOUT_S:.0f} s; results written: {answered.exists()}\n"
                f"{told.read_text('utf-8', 'replace')}\n{stacks}"
            ) from None
    said = told.read_text("utf-8", "replace")
    assert complaints(said, allowed) == [], said
    assert engine.returncode == 0, said
    assert answered.exists(), said
    return json.loads(answered.read_text())


def native_stacks(pid: int) -> str:
    """What the threads of a process do: their stacks from gdb, and where the kernel has them without it."""
    if shutil.which("gdb"):
        words = ["gdb", "-p", str(pid), "-batch", "-ex", "thread apply all bt 25"]
        return subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False).stdout
    lines = []
    for thread in sorted(Path(f"/proc/{pid}/task").iterdir()):
        name, state = thread.joinpath("comm").read_text().strip(), thread.joinpath("stat").read_text().rsplit(")")[1][1]
        lines.append(f"{thread.name} {name}: {state} in {thread.joinpath('wchan').read_text() or '?'}")
    return "\n".join(lines)
