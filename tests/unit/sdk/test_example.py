"""The example that game programmers read first runs as it stands."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from unit.play.playing_service import playing_service

EXAMPLE = Path(__file__).parents[3] / "engine_sdk" / "examples" / "minimal.py"


def test_the_example_plays_its_story(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    spec = importlib.util.spec_from_file_location("minimal", EXAMPLE)
    assert spec is not None
    assert spec.loader is not None
    example = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(example)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(example, "STORY", {0.2: "wolves", 1.6: "safe"})
    with playing_service() as service:
        example.main(service.address, seconds=3.0)
    told = capsys.readouterr().out.splitlines()
    assert told[0].startswith("playing to ")
    assert "bar 1" in told
    assert "action: calm -> combat because threat is 0.9 (enter >= 0.6, exit < 0.3)" in told
    assert "action: combat -> calm because threat is 0.0 (enter >= 0.6, exit < 0.3)" in told
