"""`segue bench rules` prints what it measured; `segue schema` prints schemas and the reference."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from segue.cli.bench import reaction
from segue.cli.main import main
from segue_rules.loading import load_text


def test_bench_rules_prints_how_many_sessions_one_core_serves(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "rules", "--seconds", "0.01"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("Emberwood: 17 events in 144 s, one core, CPU time\n")
    rates = re.findall(r"([\d,]+) frames/s +([\d,]+) sessions", out)
    assert len(rates) == 2
    for frames, sessions in rates:
        assert int(sessions.replace(",", "")) == pytest.approx(int(frames.replace(",", "")) / 25, abs=1)


def test_bench_of_a_file_with_a_mistake_is_bad_input(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("segue: 2\n")
    assert main(["bench", "rules", str(path)]) == 2
    assert "expected language version 1, got 2" in capsys.readouterr().err


def test_schema_is_a_json_schema(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema"]) == 0
    assert json.loads(capsys.readouterr().out)["title"] == "Segue rule file"


def test_rule_tests_have_a_schema_too(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema", "--tests"]) == 0
    assert json.loads(capsys.readouterr().out)["title"] == "Segue rule tests"


def test_reference_is_markdown(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema", "--reference"]) == 0
    assert capsys.readouterr().out.startswith("# ")


def test_install_shows_the_first_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema", "--install"]) == 0
    assert "\n# yaml-language-server: $schema=segue.schema.json\n" in capsys.readouterr().out


def test_the_rules_of_the_bench_of_reactions_have_a_row_for_each_boundary() -> None:
    rows = load_text(reaction.RULES).transitions
    assert [str(row.at) for row in rows] == list(reaction.UNITS)
