"""`segue check`: every mistake on stderr with its position, a summary of each correct file, and warnings."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

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


def test_a_correct_file_is_summarised(capsys: pytest.CaptureFixture[str]) -> None:
    write("good.yaml", GOOD)
    assert main(["check", "good.yaml"]) == 0
    said = capsys.readouterr()
    assert said.out.splitlines() == [
        "good.yaml: 1 input, 2 styles, 1 layer, 2 states, 0 stingers",
        "1 file, 0 mistakes, 0 warnings",
    ]
    assert said.err == ""


def test_all_mistakes_of_all_files_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
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


def test_of_a_folder_rules_tests_and_scripts_are_checked(capsys: pytest.CaptureFixture[str]) -> None:
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


def test_missing_files_and_empty_folders_are_bad_input(capsys: pytest.CaptureFixture[str]) -> None:
    Path("empty").mkdir()
    assert main(["check", "nowhere.yaml", "no*.yaml", "empty"]) == 2
    assert capsys.readouterr().err.splitlines() == [
        "nowhere.yaml: no such file",
        "no*.yaml: no such file",
        "empty: no NAME.yaml or NAME.test.yaml or NAME.events.yaml or NAME.events.jsonl in this folder",
    ]


def test_a_missing_file_has_a_guess_of_its_name(capsys: pytest.CaptureFixture[str]) -> None:
    write("Meadow.yaml", GOOD)
    write("meadow.events.yaml", "- {at: 1s, fire: won}")
    for command in ("check", "timeline", "preview", "play", "bench rules", "test"):
        assert main([*command.split(), "medow.yaml"]) == 2
        assert capsys.readouterr().err == "medow.yaml: no such file; did you mean 'Meadow.yaml'?\n"
    assert main(["check", "meadow.yml"]) == 2
    assert capsys.readouterr().err == "meadow.yml: no such file; did you mean 'Meadow.yaml'?\n"
    assert main(["timeline", "Meadow.yaml", "--events", "fight.events.yaml"]) == 2
    assert capsys.readouterr().err == "fight.events.yaml: no such file\n"
    assert main(["preview", "Meadow.yaml", "--events", "meadw.events.yaml"]) == 2
    assert capsys.readouterr().err == "meadw.events.yaml: no such file; did you mean 'meadow.events.yaml'?\n"


def test_json_has_a_line_for_every_mistake(capsys: pytest.CaptureFixture[str]) -> None:
    write("bad.yaml", BAD)
    assert main(["check", "--json", "bad.yaml"]) == 2
    said = capsys.readouterr()
    *records, summary = [json.loads(line) for line in said.out.splitlines()]
    assert said.err == ""
    assert (summary["severity"], summary["text"]) == ("summary", "1 file, 2 mistakes, 0 warnings")
    assert (summary["file"], summary["line"], summary["column"]) == (None, None, None)
    assert [(r["severity"], r["file"], r["line"], r["column"]) for r in records] == [
        ("error", "bad.yaml", 8, 71),
        ("error", "bad.yaml", 8, 80),
    ]
    assert records[1]["where"] == 'layer "place", state "fight"'
    assert records[1]["text"] == "unknown field 'priorty'; did you mean 'priority'?"


DOUBTFUL = GOOD.replace("styles: {", 'styles: {peace: {text: "quiet meadow, zxcvbn"}, ').replace(
    "inputs: {", "inputs: {other: {type: flag}, "
)


def test_findings_are_warnings_and_no_mistakes(capsys: pytest.CaptureFixture[str]) -> None:
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


def test_strict_counts_warnings_as_mistakes(capsys: pytest.CaptureFixture[str]) -> None:
    write("a.yaml", DOUBTFUL)
    write("b.yaml", GOOD)
    assert main(["check", "--strict", "a.yaml"]) == 2
    assert main(["check", "--strict", "b.yaml"]) == 0


def test_json_has_the_code_of_a_finding(capsys: pytest.CaptureFixture[str]) -> None:
    write("a.yaml", DOUBTFUL)
    assert main(["check", "--json", "a.yaml"]) == 0
    *records, _ = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {record["severity"] for record in records} == {"warning"}
    assert {"unused_input", "unused_style", "unknown_word"} <= {record["code"] for record in records}


def test_a_warning_of_the_loader_is_a_record_like_any_other(capsys: pytest.CaptureFixture[str]) -> None:
    write("a.yaml", GOOD.replace('{enter: ">= 0.5", exit: "< 0.4"}', '">= 0"'))
    assert main(["check", "a.yaml"]) == 0
    about = "always true: 'threat' is a number from 0 to 1"
    where = 'layer "place", state "fight", when, threat'
    assert f"a.yaml:8:30: warning: {where}: {about}" in capsys.readouterr().err.splitlines()
    assert main(["check", "--json", "a.yaml"]) == 0
    records = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    (found,) = [record for record in records if record["text"] == about]
    assert (found["where"], found["line"], found["column"], found["code"]) == (where, 8, 30, "")


def test_confusable_styles_and_unknown_words_are_found(capsys: pytest.CaptureFixture[str]) -> None:
    twins = ('"epic boss fight, huge choir"', '"huge choir, boss fight, epic"')
    rules = GOOD.replace('"meadow"', twins[0]).replace('"war drums"', twins[1])
    write("a.yaml", rules.replace("styles: {", 'styles: {x: {text: "qwrtzp flute"}, '))
    assert main(["check", "--json", "a.yaml"]) == 0
    records = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    codes = {record["code"]: record for record in records}
    assert codes["confusable_styles"]["where"] == 'style "war"'
    assert codes["unknown_word"]["where"] == 'style "x"'


def test_many_styles_of_one_text_are_one_warning_each(capsys: pytest.CaptureFixture[str]) -> None:
    more = "".join(f'more{n}: {{text: "war drums"}}, ' for n in range(5))
    write("a.yaml", GOOD.replace("styles: {", f"styles: {{{more}"))
    assert main(["check", "--json", "a.yaml"]) == 0
    records = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    confusable = [record["where"] for record in records if record["code"] == "confusable_styles"]
    assert sorted(confusable) == [*(f'style "more{n}"' for n in range(1, 5)), 'style "war"']


def test_a_text_that_cannot_be_played_is_a_mistake(capsys: pytest.CaptureFixture[str]) -> None:
    write("a.yaml", GOOD.replace('"meadow"', '"jaz nior"').replace('"war drums"', '"🎷"'))
    assert main(["check", "a.yaml"]) == 2
    checked = capsys.readouterr().err
    assert checked.startswith("a.yaml:3:17: style \"grass\": text: no known word in 'jaz nior'; ")
    assert main(["preview", "a.yaml", "--no-events", "--duration", "1s", "-o", "a.wav"]) == 2
    assert capsys.readouterr().err == checked


SOUNDS = """segue: 1
inputs: {won: {type: trigger}}
styles: {a: {text: "calm meadow flute"}, b: {audio: prompt.wav}}
layers: {x: {states: {s: {default: true, mix: {a: 1, b: 1}}}}}
stingers: {hit: {trigger: won, audio: hit.wav}}
"""


def sound(name: str, seconds: float, level: float = 0.5, offset: float = 0.0) -> None:
    noise = np.random.default_rng(1).normal(0, 0.2, round(48_000 * seconds))
    soundfile.write(name, np.clip(level * noise / 0.2, -2, 2) * 0.4 + offset, 48_000, subtype="FLOAT")


def test_the_sounds_that_rules_name_are_opened_and_measured(capsys: pytest.CaptureFixture[str]) -> None:
    write("r.yaml", SOUNDS)
    sound("hit.wav", 1.5)
    sound("prompt.wav", 2.0)
    assert main(["check", "r.yaml"]) == 0
    said = capsys.readouterr()
    warning = 'r.yaml:3:45: warning: style "b": the recording resembles no style well (likeness '
    assert said.err.startswith(warning)
    assert len(said.err.splitlines()) == 1
    lines = said.out.splitlines()
    assert lines[1].startswith("  prompt.wav: 2.00 s, -")
    assert lines[2].startswith("  hit.wav: 1.50 s, -")
    assert "LUFS, peak " in lines[2]
    assert lines[-1] == "1 file, 0 mistakes, 1 warning"


def test_recordings_that_play_alike_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    write("r.yaml", SOUNDS.replace('{text: "calm meadow flute"}', "{audio: again.wav}"))
    sound("hit.wav", 1.5)
    sound("prompt.wav", 2.0)
    sound("again.wav", 2.0, level=0.2)
    assert main(["check", "r.yaml"]) == 0
    assert "r.yaml:3:36: warning: style \"b\": plays like 'a'" in capsys.readouterr().err


def test_a_file_name_with_a_line_break_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    write("r.yaml", SOUNDS.replace("prompt.wav", '"two\\nlines.wav"'))
    sound("hit.wav", 1.5)
    sound("two\nlines.wav", 2.0)
    assert main(["check", "r.yaml"]) == 0
    assert capsys.readouterr().out.splitlines()[1].startswith("  two\\nlines.wav: 2.00 s")


@pytest.mark.parametrize(
    ("broken", "where"), [("hit.wav", '5:12: stinger "hit": '), ("prompt.wav", '3:45: style "b": ')]
)
def test_an_unusable_sound_is_a_mistake_with_its_position(
    broken: str, where: str, capsys: pytest.CaptureFixture[str]
) -> None:
    write("r.yaml", SOUNDS)
    sound("hit.wav", 1.5)
    sound("prompt.wav", 2.0)
    write(broken, "not sound\n")
    assert main(["check", "r.yaml"]) == 2
    (error,) = (line for line in capsys.readouterr().err.splitlines() if ": warning: " not in line)
    assert error.startswith(f"r.yaml:{where}")
    assert error.endswith("not a sound file that can be read: Format not recognised.")


def test_a_prompt_that_is_too_short_is_a_mistake(capsys: pytest.CaptureFixture[str]) -> None:
    write("r.yaml", SOUNDS)
    sound("hit.wav", 1.5)
    sound("prompt.wav", 0.1)
    assert main(["check", "r.yaml"]) == 2
    assert "expected at least 0.5 s of sound" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("seconds", "level", "offset", "code"),
    [
        (1.0, 0.0, 0.0, "silent_audio"),
        (0.02, 0.5, 0.0, "short_audio"),
        (1.0, 0.1, 0.3, "offset_audio"),
        (1.0, 4.0, 0.5, "hot_audio"),
    ],
)
def test_findings_about_stingers(
    seconds: float, level: float, offset: float, code: str, capsys: pytest.CaptureFixture[str]
) -> None:
    write("r.yaml", SOUNDS.replace(", b: {audio: prompt.wav}", "").replace(", b: 1", ""))
    sound("hit.wav", seconds, level, offset)
    assert main(["check", "--json", "r.yaml"]) == 0
    records = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert code in {record["code"] for record in records}
    assert all(record["where"] == 'stinger "hit"' for record in records[:-1])


def test_files_that_include_each_other_are_all_checked(capsys: pytest.CaptureFixture[str]) -> None:
    write("set/a.yaml", "segue: 1\ninclude: [b.yaml]\nnonsense: 1\n")
    write("set/b.yaml", "segue: 1\ninclude: [a.yaml]\nnonsense: 1\n")
    write("set/self.yaml", "segue: 1\ninclude: [self.yaml]\n")
    write("set/good.yaml", GOOD + "include: [deep/part.yaml]\n")
    write("set/deep/part.yaml", "segue: 1\ninclude: [end.yaml]\n")
    write("set/deep/end.yaml", "segue: 1\n")
    assert main(["check", "set"]) == 2
    said = capsys.readouterr()
    errors = said.err.replace("\\", "/").splitlines()
    for name in ("a", "b"):
        assert any(line.startswith(f"set/{name}.yaml:2:11: include: the includes go in a circle") for line in errors)
        assert any(line.startswith(f"set/{name}.yaml:3:1: unknown field 'nonsense'") for line in errors)
    assert any(line.startswith("set/self.yaml:2:11: include: the includes go in a circle") for line in errors)
    assert not any("deep" in line for line in errors), "parts of good.yaml, however deep"


def test_links_in_a_circle_are_not_followed_for_ever(capsys: pytest.CaptureFixture[str]) -> None:
    write("good.yaml", GOOD)
    try:
        Path("loop.yaml").symlink_to("loop.yaml")
        Path("deep").mkdir()
        Path("deep/up").symlink_to("..")
        Path("deep/here").symlink_to(".")
    except OSError:
        pytest.skip("links need rights on Windows")
    write("bad.yaml", GOOD + "include: [loop.yaml]\n")
    assert main(["check", "bad.yaml"]) == 2
    assert "bad.yaml:9:11: include: expected a rule file, got 'loop.yaml', a symbolic link that leads to itself" in (
        capsys.readouterr().err
    )
    assert main(["check", "**/good.yaml"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "1 file, 0 mistakes, 0 warnings"


@pytest.mark.parametrize("name", ["good.events.yaml", "good.events.jsonl"])
def test_events_that_are_not_played_as_written_are_warned_of(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    write("good.yaml", GOOD)
    events = [
        {"at": "7s", "set": {"threat": 99}},
        {"at": "8s", "set": {}},
        {"at": "3s", "set": {"threat": 0.5}},
    ]
    lines = [json.dumps(event) for event in events]
    write(name, "\n".join(lines if name.endswith("l") else [f"- {line}" for line in lines]))
    assert main(["check", name]) == 0
    warnings = capsys.readouterr().err.splitlines()
    assert [line.split(":")[1] for line in warnings] == ["1", "2", "3"]
    assert "event 1, set, threat: expected a number from 0 to 1, got 99; it is played as 1" in warnings[0]
    assert "event 2: resets, sets and fires nothing; the service refuses such an event" in warnings[1]
    assert "event 3: at 3s, after an event at 8s; events are played by their time" in warnings[2]
    assert main(["check", "--strict", name]) == 2


def test_an_event_after_the_end_of_a_test_is_warned_of(capsys: pytest.CaptureFixture[str]) -> None:
    write("good.yaml", GOOD)
    test = "{name: a, events: [{at: 1s, set: {threat: 1}}, {at: 9s, set: {threat: 0}}], expect: [{at: 2s, bar: 2}]}"
    write("good.test.yaml", f"rules: good.yaml\ntests:\n  - {test}\n")
    assert main(["check", "good.test.yaml"]) == 0
    (warning,) = capsys.readouterr().err.splitlines()
    assert warning.startswith("good.test.yaml:3:52: warning: test 1, event 2: never sent: the test ends at 2s")


def test_control_characters_in_file_names_are_escaped(capsys: pytest.CaptureFixture[str]) -> None:
    write("\x1b[31m.yaml", GOOD)
    assert main(["check", "\x1b[31m.yaml"]) == 0
    assert capsys.readouterr().out.startswith("\\x1b[31m.yaml: 1 input")
