"""Runs scripts of this folder in a real Godot without a window, beside a copy of the addon."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any, Final

from godot.engine import run_engine

HERE: Final = Path(__file__).parent
ROOT: Final = HERE.parents[1]
PLACE: Final = ROOT / ".cache/clients/godot"
PROJECT: Final = ROOT / "build/godot/project"
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


def import_project() -> None:
    """Let the editor import the sounds that are in the project."""
    words = [str(PLACE / "start"), "godot", "--headless", "--no-header", "--path", str(PROJECT), "--import"]
    done = run_engine(words)
    assert done.returncode == 0, done.stdout


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
    asked, answered = folder / "cases.json", folder / "results.json"
    asked.write_text(json.dumps(cases))
    done = run_engine(command(script, str(asked), str(answered)), before=lambda: answered.unlink(missing_ok=True))
    assert complaints(done.stdout, allowed) == [], done.stdout
    assert done.returncode == 0, done.stdout
    assert answered.exists(), done.stdout
    return json.loads(answered.read_text())
