"""`segue test`: which tests are run, what is printed, and the exit code."""

from __future__ import annotations

from pathlib import Path

import pytest

from segue.cli.main import main

RULES = """segue: 1
music: {tempo: 100bpm, meter: 4}
styles: {grass: {text: "meadow"}}
layers: {place: {states: {calm: {default: true, mix: {grass: 1}}}}}
"""
TESTS = """rules: a.yaml
tests:
  - name: the first bar is bar one
    expect: [{at: 0s, bar: 1}]
  - name: The Second is two
    expect: [{at: 3s, bar: 2}]
"""
BROKEN = TESTS.replace("bar: 2", "bar: 7")


@pytest.fixture(autouse=True)
def in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.yaml").write_text(RULES)
    Path("a.test.yaml").write_text(TESTS)


@pytest.mark.parametrize("argument", ["a.test.yaml", "a.yaml", ".", "*.test.yaml"])
def test_tests_are_found(argument: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["test", argument]) == 0
    assert capsys.readouterr().out == "2 passed, 0 failed\n"


def test_a_file_named_twice_is_run_once(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["test", "a.yaml", "a.test.yaml", "."]) == 0
    assert capsys.readouterr().out == "2 passed, 0 failed\n"


def test_verbose_names_passed_tests(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["test", "-v", "a.test.yaml"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "a.test.yaml:3:5: passed: the first bar is bar one",
        "a.test.yaml:5:5: passed: The Second is two",
        "2 passed, 0 failed",
    ]


def test_k_selects_by_name_ignoring_case(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["test", "-k", "the second", "."]) == 0
    assert capsys.readouterr().out == "1 passed, 0 failed\n"


def test_k_that_selects_nothing_is_bad_input(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["test", "-k", "third", "."]) == 2
    assert capsys.readouterr().err == "no test has 'third' in its name\n"


def test_a_failure_is_printed_and_exits_with_1(capsys: pytest.CaptureFixture[str]) -> None:
    Path("a.test.yaml").write_text(BROKEN)
    assert main(["test", "."]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "a.test.yaml:6:28: FAILED: The Second is two"
    assert lines[1:3] == ["    expected  at 3s  bar: 7", "    came      2"]
    assert lines[-1] == "1 passed, 1 failed"


def test_an_unusable_file_exits_with_2_and_the_others_are_run(capsys: pytest.CaptureFixture[str]) -> None:
    Path("b.test.yaml").write_text(TESTS.replace("bar: 2", "baar: 2"))
    Path("c.test.yaml").write_text(BROKEN)
    assert main(["test", "."]) == 2
    said = capsys.readouterr()
    assert said.err.startswith("b.test.yaml:6:23: test 2, expectation 1: unknown field 'baar'; did you mean 'bar'?\n")
    assert said.out.splitlines()[-1] == "3 passed, 1 failed"


def test_rules_without_tests_beside_them(capsys: pytest.CaptureFixture[str]) -> None:
    Path("a.test.yaml").unlink()
    assert main(["test", "a.yaml"]) == 2
    assert capsys.readouterr().err == "a.test.yaml: no such file\n"
    assert main(["test", "."]) == 2
    assert capsys.readouterr().err == ".: no NAME.test.yaml in this folder\n"
