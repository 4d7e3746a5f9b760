"""`segue test`: which tests are run, what is printed and written, and the exit code."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree
from datetime import datetime
from pathlib import Path

import pytest

from segue.cli.junit import junit_xml
from segue.cli.main import main
from segue.cli.test_results import FileResult

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


def test_an_event_after_the_end_of_a_test_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    Path("a.yaml").write_text(RULES + "inputs: {go: {type: flag}}\n")
    late = "expect: [{at: 3s, bar: 2}]\n    events: [{at: 1s, set: {go: true}}, {at: 9s, set: {go: false}}]"
    Path("a.test.yaml").write_text(TESTS.replace("expect: [{at: 3s, bar: 2}]", late))
    assert main(["test", "."]) == 0
    assert capsys.readouterr().err == (
        "a.test.yaml:7:41: warning: test 2, event 2: never sent: the test ends at 3s, "
        "the last time it expects something\n"
    )


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


CAVE = """segue: 1
music: {tempo: 100bpm, meter: 4}
inputs: {deep: {type: flag}}
styles: {grass: {text: "meadow"}, stone: {text: "cave"}}
layers:
  place:
    states:
      calm: {default: true, mix: {grass: 1}}
      cave: {when: {deep: true}, mix: {stone: 1}}
"""


def test_coverage_names_what_no_test_reaches(capsys: pytest.CaptureFixture[str]) -> None:
    Path("a.yaml").write_text(CAVE)
    assert main(["test", ".", "--coverage"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        'a.yaml:9:7: layer "place", state "cave": no test reaches it',
        "a.yaml: tests reach 50 %: 1 of 2 states, 0 of 0 transition rows, 0 of 0 stingers",
        "2 passed, 0 failed",
    ]


def test_copies_of_a_template_have_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    copies = "      <n>: {for_each: {n: [den, pit, mine]}, when: {deep: true}, mix: {stone: 1}}\n"
    Path("a.yaml").write_text(CAVE + copies)
    assert main(["test", ".", "--coverage"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[1] == 'a.yaml:10:7: layer "place", state "den" and 2 more that stand here: no test reaches them'
    assert lines[2].startswith("a.yaml: tests reach 20 %: 1 of 5 states")


def test_coverage_is_of_all_tests_of_a_rule_file(capsys: pytest.CaptureFixture[str]) -> None:
    Path("a.yaml").write_text(CAVE)
    deep = "events: [{at: 1s, set: {deep: true}}], expect: [{at: 5s, state: {place: cave}}]"
    Path("b.test.yaml").write_text(f"rules: a.yaml\ntests: [{{name: deep, {deep}}}]\n")
    assert main(["test", ".", "--min-coverage", "100%"]) == 0
    assert "a.yaml: tests reach 100 %: 2 of 2 states" in capsys.readouterr().out


@pytest.mark.parametrize(("least", "code"), [("50", 0), ("50.1", 1), ("0", 0)])
def test_too_little_coverage_exits_with_1(least: str, code: int, capsys: pytest.CaptureFixture[str]) -> None:
    Path("a.yaml").write_text(CAVE)
    assert main(["test", ".", "--min-coverage", least]) == code
    said = capsys.readouterr().err
    error = "a.yaml: expected tests that reach 50.1 % of it (--min-coverage), got 50 %\n"
    assert said == (error if code else "")


def test_a_percentage_is_checked(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["test", ".", "--min-coverage", "101"])
    assert "expected a percentage from 0 to 100, got '101'" in capsys.readouterr().err


def test_json_has_a_record_for_each_test_and_a_summary(capsys: pytest.CaptureFixture[str]) -> None:
    Path("a.yaml").write_text(CAVE)
    Path("a.test.yaml").write_text(BROKEN)
    Path("b.test.yaml").write_text(TESTS.replace("bar: 2", "baar: 2"))
    assert main(["test", ".", "--coverage", "--json"]) == 2
    said = capsys.readouterr()
    first, second, problem, coverage, summary = map(json.loads, said.out.splitlines())
    place = {"file": "a.test.yaml", "line": 3, "column": 5}
    assert first == {"kind": "test", "name": "the first bar is bar one", **place, "passed": True, "failures": []}
    assert not second["passed"]
    (failure,) = second["failures"]
    assert (failure["file"], failure["line"], failure["column"]) == ("a.test.yaml", 6, 28)
    assert (failure["expected"], failure["came"], failure["time_s"]) == ("at 3s  bar: 7", "2", 3.0)
    assert (problem["kind"], problem["file"], problem["line"], problem["hint"]) == ("problem", "b.test.yaml", 6, "bar")
    missed = {"kind": "state", "where": 'layer "place", state "cave"', "file": "a.yaml", "line": 9, "column": 7}
    assert (coverage["rules"], coverage["percent"], coverage["missed"]) == ("a.yaml", 50.0, [missed])
    assert summary == {"kind": "summary", "passed": 1, "failed": 1, "unusable": 1}
    assert said.err == ""


# The attributes that Apache Ant's schema asks for. Jenkins' knows all of them, and has none that is required beside.
SUITE = ["name", "package", "id", "timestamp", "hostname", "tests", "failures", "errors", "skipped", "time"]


def test_junit_has_a_suite_for_each_file_and_the_place_of_each_failure(capsys: pytest.CaptureFixture[str]) -> None:
    Path("a.test.yaml").write_text(BROKEN.replace("The Second is two", '"The & <Second> is two"'))
    Path("b.test.yaml").write_text(TESTS.replace("bar: 2", "baar: 2"))
    Path("c.test.yaml").write_text(TESTS)
    assert main(["test", ".", "--junit", "results.xml"]) == 2
    root = ElementTree.parse("results.xml").getroot()
    assert (root.tag, root.attrib) == ("testsuites", {})
    counts = [[suite.get(name) for name in ("name", "id", "tests", "failures", "errors")] for suite in root]
    assert counts == [
        ["a.test.yaml", "0", "2", "1", "0"],
        ["b.test.yaml", "1", "1", "0", "1"],
        ["c.test.yaml", "2", "2", "0", "0"],
    ]
    for suite in root:
        assert list(suite.attrib) == SUITE
        cases = [child.tag for child in suite]
        assert cases == ["properties", *["testcase"] * int(suite.get("tests", "")), "system-out", "system-err"]
        assert all(list(case.attrib) == ["name", "classname", "time"] for case in suite.iter("testcase"))
    assert [case.get("name") for case in root.iter("testcase")][:3] == [
        "the first bar is bar one",
        "The & <Second> is two",
        "can be read",
    ]
    (failure,) = root.iter("failure")
    assert failure.attrib == {
        "type": "FailedExpectation",
        "message": "a.test.yaml:6:28: expected at 3s  bar: 7; came 2",
    }
    assert (failure.text or "").splitlines()[1:3] == ["    expected  at 3s  bar: 7", "    came      2"]
    (error,) = root.iter("error")
    assert error.get("message", "").startswith("b.test.yaml:6:23: test 2, expectation 1: unknown field 'baar'")


def test_junit_has_a_replacement_for_characters_that_xml_has_not() -> None:
    document = junit_xml(
        [FileResult(path=Path("a\x01\x1b.test.yaml"), problems=("b\x00",))], datetime(2026, 1, 2, 3, 4, 5)
    )
    suite = ElementTree.fromstring(document)[0]
    assert (suite.get("name"), suite.get("timestamp")) == ("a\ufffd\ufffd.test.yaml", "2026-01-02T03:04:05")
    assert [error.text for error in suite.iter("error")] == ["b\ufffd"]


def test_junit_replaces_no_file_that_is_read(capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("a.yaml", "a.test.yaml"):
        before = Path(name).read_text()
        assert main(["test", ".", "--junit", name]) == 2
        assert name in capsys.readouterr().err
        assert Path(name).read_text() == before


def test_junit_into_a_folder_that_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["test", ".", "--junit", "nowhere/results.xml"]) == 2
    assert "there is no folder nowhere" in capsys.readouterr().err
