"""`segue check --sarif`: a log with a rule, a level and a place for everything found, and fixes of misspelt names."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from segue import __version__
from segue.cli import sarif
from segue.cli.main import main
from segue_rules.analysis import CODES

RULES = """segue: 1
inputs: {threat: {type: number, range: [0, 1]}, unused: {type: flag}}
styles: {grass: {text: "meadow"}, war: {text: "war drums"}}
layers:
  place:
    states:
      calm: {default: true, mix: {grass: 1}}
      fight: {when: {threat: {enter: ">= 0.5", exit: "< 0.4"}}, mix: {war: 1}}
"""


@pytest.fixture(autouse=True)
def in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def log(*files: str) -> dict[str, Any]:
    """The run of the log that a check of these files writes."""
    main(["check", *files, "--sarif", "found.sarif"])
    read: dict[str, Any] = json.loads(Path("found.sarif").read_text(encoding="utf-8"))
    assert (read["version"], len(read["runs"])) == ("2.1.0", 1)
    run: dict[str, Any] = read["runs"][0]
    return run


def place(result: dict[str, Any]) -> tuple[str, int, int]:
    physical = result["locations"][0]["physicalLocation"]
    return physical["artifactLocation"]["uri"], physical["region"]["startLine"], physical["region"]["startColumn"]


def test_a_correct_file_has_no_results() -> None:
    Path("a.yaml").write_text(RULES.replace(", unused: {type: flag}", ""))
    run = log("a.yaml")
    assert run["results"] == []
    assert run["tool"]["driver"] == {"name": "segue", "version": __version__, "rules": []}


def test_a_mistake_is_an_error_with_its_place_and_a_fix() -> None:
    Path("a.yaml").write_text(RULES.replace("{war: 1}", "{wra: 1}"))
    run = log("a.yaml")
    (result,) = run["results"]
    assert (result["ruleId"], result["level"], place(result)) == ("mistake", "error", ("a.yaml", 8, 71))
    where = 'layer "place", state "fight", mix'
    assert result["message"]["text"] == f"{where}: unknown style 'wra'; did you mean 'war'?"
    assert result["locations"][0]["logicalLocations"] == [{"fullyQualifiedName": where}]
    (fix,) = result["fixes"]
    (change,) = fix["artifactChanges"]
    (replacement,) = change["replacements"]
    region = replacement["deletedRegion"]
    line = Path("a.yaml").read_text().splitlines()[region["startLine"] - 1]
    assert line[region["startColumn"] - 1 : region["endColumn"] - 1] == "wra"
    assert (change["artifactLocation"]["uri"], replacement["insertedContent"]["text"]) == ("a.yaml", "war")


def test_a_guess_that_is_not_at_the_place_of_the_mistake_is_no_fix() -> None:
    # An escaped letter: the name as it is read is not in the file.
    Path("a.yaml").write_text(RULES.replace("{war: 1}", '{"wr\\x61": 1}'))
    (result,) = log("a.yaml")["results"]
    assert result["message"]["text"].endswith("did you mean 'war'?")
    assert "fixes" not in result


def test_warnings_have_the_rules_of_their_codes() -> None:
    Path("a.yaml").write_text(RULES)
    Path("a.events.yaml").write_text("- {at: 1s, set: {threat: 2}}\n")
    run = log(".")
    found = [(result["ruleId"], result["level"], place(result)) for result in run["results"]]
    assert found == [
        ("doubtful_event", "warning", ("a.events.yaml", 1, 26)),
        ("unused_input", "warning", ("a.yaml", 2, 49)),
    ]
    rules = run["tool"]["driver"]["rules"]
    assert [rules[result["ruleIndex"]]["id"] for result in run["results"]] == [rule for rule, _, _ in found]
    assert rules[1]["shortDescription"]["text"] == CODES["unused_input"]
    assert {rule["defaultConfiguration"]["level"] for rule in rules} == {"warning"}


def test_names_of_files_are_written_as_uris(tmp_path: Path) -> None:
    (tmp_path / "a b").mkdir()
    (tmp_path / "a b" / "ü.yaml").write_text("segue: 1\n")
    assert {place(result)[0] for result in log("a b")["results"]} == {"a%20b/%C3%BC.yaml"}
    absolute = (tmp_path / "a b" / "ü.yaml").resolve()
    assert {place(result)[0] for result in log(str(absolute))["results"]} == {absolute.as_uri()}


def test_every_code_has_a_description() -> None:
    sources = Path(sarif.__file__).parents[1]
    texts = [path.read_text(encoding="utf-8") for path in sources.glob("style/*.py")]
    codes = {code for text in texts for code in re.findall(r'StyleWarning\(code="(\w+)"', text)}
    findings = (sources / "cli" / "findings.py").read_text(encoding="utf-8")
    codes |= set(re.findall(r'"(\w+_(?:audio|styles))"', findings)) | set(CODES)
    assert {"unknown_word", "hot_audio", "confusable_styles", "empty_mix"} <= codes
    results = sarif.sarif_log([], [])["runs"][0]["results"]
    assert results == []
    assert codes <= set(sarif.DESCRIPTIONS)


def test_the_exit_code_and_the_output_stay_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    Path("a.yaml").write_text(RULES)
    assert main(["check", "a.yaml", "--strict"]) == 2
    without = capsys.readouterr()
    assert main(["check", "a.yaml", "--strict", "--sarif", "found.sarif"]) == 2
    assert capsys.readouterr() == without


def test_a_checked_file_is_not_replaced(capsys: pytest.CaptureFixture[str]) -> None:
    Path("a.yaml").write_text(RULES)
    assert main(["check", "a.yaml", "--sarif", "a.yaml"]) == 2
    assert capsys.readouterr().err == "--sarif: a.yaml is a checked file; choose another name\n"
    assert Path("a.yaml").read_text() == RULES
