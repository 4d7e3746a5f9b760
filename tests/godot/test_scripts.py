"""The scripts of this folder and the examples are in order, and the engine finds nothing wrong with them."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from godot.project import HERE, PLACE, PROJECT, ROOT, complaints
from service.process import ServiceProcess

pytestmark = pytest.mark.heavy

EXAMPLES = ROOT / "godot_client/examples"


def output(*words: str, **settings: Any) -> str:
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, **settings)
    assert done.returncode == 0, done.stdout
    return done.stdout


def test_style() -> None:
    tools = PLACE / "venv/bin"
    # gdlint reads its settings from the folder it runs in.
    output(str(tools / "gdlint"), ".", str(EXAMPLES), cwd=HERE)
    output(str(tools / "gdformat"), "--check", str(HERE), str(EXAMPLES))


@pytest.mark.parametrize("script", sorted(file.name for file in [*HERE.glob("*.gd"), *EXAMPLES.glob("*.gd")]))
def test_the_engine_finds_nothing_wrong(script: str) -> None:
    folder = "" if (HERE / script).exists() else "examples/"
    words = ["--headless", "--no-header", "--path", str(PROJECT), "--check-only", "--script", f"res://{folder}{script}"]
    assert complaints(output(str(PLACE / "start"), "godot", *words)) == []


def test_every_exported_property_and_signal_is_described() -> None:
    described = 0
    for script in (ROOT / "godot_client/addons/segue/nodes").glob("segue_*.gd"):
        before = ""
        for line in script.read_text().splitlines():
            is_group = line.startswith(("@export_group", "@export_subgroup", "@export_category"))
            if line.startswith(("@export", "signal ")) and not is_group:
                assert before.startswith("## "), f"{script.name}: {line}"
                described += 1
            before = line
    assert described > 60


def test_the_example_captures_music(tmp_path: Path) -> None:
    wave = tmp_path / "captured.wav"
    with ServiceProcess(tmp_path, str(ROOT / "tests/service/calm.yaml")) as service:
        words = ["--headless", "--no-header", "--path", str(PROJECT), "--script", "res://examples/capture.gd"]
        told = output(str(PLACE / "start"), "godot", *words, "--", service.address, "3", str(wave))
    assert complaints(told) == []
    assert f"wrote {wave}" in told
    assert wave.stat().st_size >= 3 * 4 * 48_000
