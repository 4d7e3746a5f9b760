"""CONFIG.md agrees with the table of settings, and its examples are right."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

import pytest

from segue.service.settings.configuration import ConfigError, add_arguments, configure
from segue.service.settings.reference import PAGE, main, page
from segue.service.settings.table import Settings

TEXT = PAGE.read_text(encoding="utf-8")


def test_the_page_is_current(capsys: pytest.CaptureFixture[str]) -> None:
    assert page() == TEXT, "run python -m segue.service.settings.reference --write"
    assert main([]) == 0
    assert capsys.readouterr().out == TEXT


def test_the_page_has_every_setting_once() -> None:
    assert re.findall(r"^\| `(\w+)` \|", TEXT, re.MULTILINE) == list(Settings.fields)


def test_the_shown_messages_are_the_real_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    shown = re.findall(r"```text\n(.*?)```", TEXT, re.DOTALL)[0].splitlines()
    Path("service.yaml").write_text(
        "bind: tcp://127.0.0.1:7723\n\nmax_sessions: many\nlookahed: 4s\n", encoding="utf-8"
    )
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    with pytest.raises(ConfigError) as caught:
        configure(parser.parse_args(["--config", "service.yaml"]), {"SEGUE_STALL": "3"})
    assert sorted(caught.value.problems) == sorted(shown)


def test_the_shown_file_is_valid(tmp_path: Path) -> None:
    example = re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)[0]
    (tmp_path / "music").mkdir()
    (tmp_path / "music" / "emberwood.yaml").write_text("segue: 1\n", encoding="utf-8")
    (tmp_path / "service.yaml").write_text(example, encoding="utf-8")
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    config, warnings = configure(parser.parse_args(["--config", str(tmp_path / "service.yaml")]), {})
    assert warnings == []
    assert config.default_rules == "emberwood"
    assert config.http_bind is not None


def test_help_names_every_flag(capsys: pytest.CaptureFixture[str]) -> None:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    with pytest.raises(SystemExit):
        parser.parse_args(["--help"])
    shown = capsys.readouterr().out
    assert all(f"--{name.replace('_', '-')}" in shown for name in Settings.fields if name != "rules")
