"""`segue init`: the files that it writes work at once; it overwrites nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from segue.cli.main import main


@pytest.fixture(autouse=True)
def in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("name", ["meadow", "music/first_night", "a-b2"])
def test_the_written_files_pass_check_test_and_timeline(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["init", name]) == 0
    assert main(["check", "--strict", "."]) == 0
    assert main(["test", f"{name}.yaml"]) == 0
    assert main(["timeline", f"{name}.yaml"]) == 0
    assert "3 passed, 0 failed" in capsys.readouterr().out


def test_the_schemas_are_written_and_named_in_the_first_lines() -> None:
    main(["init", "music/meadow"])
    schema = json.loads(Path("music/segue.schema.json").read_text(encoding="utf-8"))
    assert "layers" in schema["properties"]
    assert "tests" in json.loads(Path("music/segue-test.schema.json").read_text(encoding="utf-8"))["properties"]
    text = Path("music/meadow.yaml").read_text(encoding="utf-8")
    assert text.startswith("# yaml-language-server: $schema=segue.schema.json\n")
    assert "title: Meadow\n" in text
    tests = Path("music/meadow.test.yaml").read_text(encoding="utf-8")
    assert tests.startswith("# yaml-language-server: $schema=segue-test.schema.json\n")
    assert "$name" not in text


@pytest.mark.parametrize("taken", ["meadow.yaml", "meadow.test.yaml", "meadow.events.yaml"])
def test_existing_files_are_not_overwritten(taken: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path(taken).write_text("mine")
    assert main(["init", "meadow"]) == 2
    assert capsys.readouterr().err == f"{taken}: is there already; nothing was written\n"
    assert [path.name for path in Path().iterdir()] == [taken]
    assert Path(taken).read_text() == "mine"


@pytest.mark.parametrize("name", ["", "..", "a b", "a.yaml", "x/.hidden", "x" * 65])
def test_invalid_names_are_refused(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["init", name]) == 2
    assert "expected a name of letters, digits, '-' and '_'" in capsys.readouterr().err
    assert list(Path().iterdir()) == []


def test_a_folder_that_is_a_file(capsys: pytest.CaptureFixture[str]) -> None:
    Path("music").write_text("a song")
    assert main(["init", "music/meadow"]) == 2
    assert capsys.readouterr().err.startswith("music")
