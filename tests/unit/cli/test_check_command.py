"""`segue check`: every mistake on stderr with its place, a word for each good file, warnings that may count."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from segue.cli.main import main

GOOD = """segue: 1
inputs: {threat: {type: number, range: [0, 1]}}
styles: {grass: {text: "meadow"}, war: {text: "war drums"}}
layers:
  place:
    states:
      calm: {default: true, mix: {grass: 1}}
      fight: {when: {threat: {enter: ">= 0.5", exit: "< 0.4"}}, mix: {war: 1}}
"""
BAD = GOOD.replace("mix: {war: 1}", "mix: {wra: 1}, priorty: 3")


@pytest.fixture(autouse=True)
def in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(name: str, text: str) -> None:
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def test_a_good_file_is_summed_up(capsys: pytest.CaptureFixture[str]) -> None:
    write("good.yaml", GOOD)
    assert main(["check", "good.yaml"]) == 0
    said = capsys.readouterr()
    assert said.out.splitlines() == [
        "good.yaml: 1 input, 2 styles, 1 layer, 2 states, 0 stingers",
        "1 file, 0 mistakes, 0 warnings",
    ]
    assert said.err == ""


def test_all_mistakes_of_all_files_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    write("a.yaml", BAD)
    write("b.yaml", "segue: 1\n")
    write("c.yaml", GOOD)
    assert main(["check", "a.yaml", "b.yaml", "c.yaml"]) == 2
    said = capsys.readouterr()
    first, second, third = said.err.splitlines()
    assert first == "a.yaml:8:71: layer \"place\", state \"fight\", mix: unknown style 'wra'; did you mean 'war'?"
    assert second == "a.yaml:8:80: layer \"place\", state \"fight\": unknown field 'priorty'; did you mean 'priority'?"
    assert third.startswith("b.yaml:1:1: ")
    assert said.out.startswith("c.yaml: ")


def test_a_folder_means_rules_tests_and_scripts(capsys: pytest.CaptureFixture[str]) -> None:
    write("music/good.yaml", GOOD)
    write("music/good.test.yaml", "rules: good.yaml\ntests: [{name: a, expect: [{at: 1s, bar: 1}]}]\n")
    write("music/good.events.yaml", "- {at: 1s, set: {threat: 1}}\n")
    write("music/deep/good.events.jsonl", '{"at": "1s", "set": {"threat": 1}}\n')
    write("music/.hidden/bad.yaml", BAD)
    write("music/notes.txt", "")
    assert main(["check", "music"]) == 0
    lines = [line.replace("\\", "/") for line in capsys.readouterr().out.splitlines()]
    assert lines == [
        "music/deep/good.events.jsonl: 1 event (inputs and values unchecked: there is no good.yaml beside it)",
        "music/good.events.yaml: 1 event",
        "music/good.test.yaml: 1 test",
        "music/good.yaml: 1 input, 2 styles, 1 layer, 2 states, 0 stingers",
        "4 files, 0 mistakes, 0 warnings",
    ]


def test_a_script_is_checked_against_the_rules_beside_it(capsys: pytest.CaptureFixture[str]) -> None:
    write("good.yaml", GOOD)
    write("good.events.yaml", "- {at: 1s, set: {thraet: 1}}\n")
    assert main(["check", "good.events.yaml"]) == 2
    error = "good.events.yaml:1:18: event 1, set: unknown input 'thraet'; did you mean 'threat'?\n"
    assert capsys.readouterr().err == error


def test_an_included_file_is_checked_as_a_part(capsys: pytest.CaptureFixture[str]) -> None:
    write("main.yaml", GOOD + "include: [regions/cave.yaml]\n")
    # Alone it would be a file without a default state that knows no input.
    part = 'segue: 1\nlayers: {place: {states: {cave: {when: {threat: "< 0.1"}, mix: {grass: 2}}}}}\n'
    write("regions/cave.yaml", part)
    assert main(["check", "."]) == 0
    assert [line.split(":")[0] for line in capsys.readouterr().out.splitlines()[:-1]] == ["main.yaml"]
    write("regions/cave.yaml", part.replace("threat", "treat"))
    assert main(["check", "."]) == 2
    (error,) = capsys.readouterr().err.splitlines()
    assert error.replace("\\", "/").startswith("regions/cave.yaml:2:")


def test_patterns_are_resolved(capsys: pytest.CaptureFixture[str]) -> None:
    write("one.yaml", GOOD)
    write("two.yaml", GOOD)
    assert main(["check", "*.yaml"]) == 0
    assert [line.split(":")[0] for line in capsys.readouterr().out.splitlines()[:-1]] == ["one.yaml", "two.yaml"]


def test_what_is_not_there_is_bad_input(capsys: pytest.CaptureFixture[str]) -> None:
    Path("empty").mkdir()
    assert main(["check", "nowhere.yaml", "no*.yaml", "empty"]) == 2
    assert capsys.readouterr().err.splitlines() == [
        "empty:1:1: no NAME.yaml or NAME.test.yaml or NAME.events.yaml or NAME.events.jsonl in this folder",
        "no*.yaml:1:1: no such file",
        "nowhere.yaml:1:1: no such file",
    ]


def test_json_has_a_line_for_every_mistake(capsys: pytest.CaptureFixture[str]) -> None:
    write("bad.yaml", BAD)
    assert main(["check", "--json", "bad.yaml"]) == 2
    said = capsys.readouterr()
    *records, summary = [json.loads(line) for line in said.out.splitlines()]
    assert said.err == ""
    assert (summary["severity"], summary["text"]) == ("summary", "1 file, 2 mistakes, 0 warnings")
    assert [(r["severity"], r["file"], r["line"], r["column"]) for r in records] == [
        ("error", "bad.yaml", 8, 71),
        ("error", "bad.yaml", 8, 80),
    ]
    assert records[1]["where"] == 'layer "place", state "fight"'
    assert records[1]["text"] == "unknown field 'priorty'; did you mean 'priority'?"


DOUBTFUL = GOOD.replace("styles: {", 'styles: {peace: {text: "quiet meadow, zxcvbn"}, ').replace(
    "inputs: {", "inputs: {other: {type: flag}, "
)


def test_doubts_are_warnings_and_no_mistakes(capsys: pytest.CaptureFixture[str]) -> None:
    write("a.yaml", DOUBTFUL)
    assert main(["check", "a.yaml"]) == 0
    said = capsys.readouterr()
    assert said.out.startswith("a.yaml: 2 inputs")
    lines = said.err.splitlines()
    assert all(": warning: " in line for line in lines)
    assert any(line.startswith('a.yaml:2:10: warning: input "other": ') for line in lines)
    (words,) = [line for line in lines if "zxcvbn" in line]
    assert words.startswith("a.yaml:3:")
    assert 'warning: style "peace": ' in words


def test_strict_counts_doubts_as_mistakes(capsys: pytest.CaptureFixture[str]) -> None:
    write("a.yaml", DOUBTFUL)
    write("b.yaml", GOOD)
    assert main(["check", "--strict", "a.yaml"]) == 2
    assert main(["check", "--strict", "b.yaml"]) == 0


def test_json_names_the_kind_of_a_doubt(capsys: pytest.CaptureFixture[str]) -> None:
    write("a.yaml", DOUBTFUL)
    assert main(["check", "--json", "a.yaml"]) == 0
    *records, _ = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {record["severity"] for record in records} == {"warning"}
    assert {"unused_input", "unused_style", "unknown_word"} <= {record["code"] for record in records}


def test_a_doubt_of_the_loader_keeps_its_place(capsys: pytest.CaptureFixture[str]) -> None:
    write("a.yaml", GOOD.replace('{enter: ">= 0.5", exit: "< 0.4"}', '">= 0"'))
    assert main(["check", "a.yaml"]) == 0
    assert any(
        line.startswith("a.yaml:8:30: warning: ") and "always true" in line
        for line in capsys.readouterr().err.splitlines()
    )


def test_styles_that_sound_the_same_and_words_that_say_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    twins = ('"epic boss fight, huge choir"', '"huge choir, boss fight, epic"')
    rules = GOOD.replace('"meadow"', twins[0]).replace('"war drums"', twins[1])
    write("a.yaml", rules.replace("styles: {", 'styles: {x: {text: "qwrtzp"}, '))
    assert main(["check", "--json", "a.yaml"]) == 0
    records = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    codes = {record["code"]: record for record in records}
    assert codes["confusable_styles"]["where"] == 'style "war"'
    assert codes["unknown_text"]["where"] == 'style "x"'
