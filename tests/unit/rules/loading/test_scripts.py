"""Event scripts: YAML lists and JSON lines, sorted, numbered and checked against a soundtrack."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from segue_rules.errors import RuleError
from segue_rules.events import Event
from segue_rules.loading import load, load_events

RULES = load(Path(__file__).parents[1] / "example" / "emberwood.yaml")


def write(folder: Path, text: str, name: str = "events.yaml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def problems(path: Path) -> list[str]:
    with pytest.raises(RuleError) as caught:
        load_events(path.name, RULES)
    return str(caught.value).splitlines()


def test_events_are_sorted_and_numbered(tmp_path: Path) -> None:
    text = (
        "- {at: 2s, set: {threat: 0.8, region: crypt}}\n- {at: 0.5s, fire: boss_dead}\n- {at: 2s, set: {enemies: 3}}\n"
    )
    events = load_events(write(tmp_path, text), RULES)
    assert [event.frame for event in events] == [12, 50, 50]
    assert [event.at_s for event in events] == [0.5, 2.0, 2.0]
    assert [event.event for event in events] == [
        Event(sequence=0, fire=("boss_dead",)),
        Event(sequence=1, set={"threat": 0.8, "region": "crypt"}),
        Event(sequence=2, set={"enemies": 3}),
    ]
    assert events[0].mark.line == 2


@pytest.mark.parametrize("name", ["events.jsonl", "events.txt"])
def test_json_lines_give_the_same_events(name: str, tmp_path: Path) -> None:
    lines = '{"at": "2s", "set": {"threat": 0.8, "cutscene": true}}\n\n{"at": "0.5s", "fire": ["boss_dead"]}\n'
    yaml = "[{at: 2s, set: {threat: 0.8, cutscene: true}}, {at: 0.5s, fire: [boss_dead]}]"
    events = load_events(write(tmp_path, lines, name), RULES)
    assert [event.event for event in events] == [each.event for each in load_events(write(tmp_path, yaml), RULES)]
    assert [event.mark.line for event in events] == [3, 1]


def test_an_event_happens_in_the_frame_that_contains_it(tmp_path: Path) -> None:
    events = load_events(write(tmp_path, "[{at: 39ms, fire: a}, {at: 40ms, fire: a}, {at: 0s, fire: a}]"))
    assert [event.frame for event in events] == [0, 0, 1]


def test_values_out_of_range_are_kept_for_the_director_to_clamp(tmp_path: Path) -> None:
    events = load_events(write(tmp_path, "[{at: 0s, set: {threat: 9, enemies: -1}}]"), RULES)
    assert events[0].event.set == {"threat": 9, "enemies": -1}


def test_mistakes_in_yaml(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    text = """\
- {at: 2, set: {thraet: 0.8}}
- {at: 1s}
- {set: {threat: high, enemies: 1.5, region: crpyt, cutscene: on, boss_dead: true}}
- {at: 25h, fire: [boss_daed, threat], fier: x}
- {at: 1s, set: {threat: , enemies: [1]}, fire: []}
- at 1s
"""
    assert problems(write(tmp_path, text)) == [
        "events.yaml:1:8: event 1, at: expected a time such as 300ms or 4s, got 2; did you mean 2s?",
        "events.yaml:1:17: event 1, set: unknown input 'thraet'; did you mean 'threat'?",
        "events.yaml:2:3: event 2: expected one of the fields reset, set or fire, got none",
        "events.yaml:3:3: event 3: expected a field 'at' (a time such as 300ms or 4s), got none",
        "events.yaml:3:18: event 3, set, threat: expected a number from 0 to 1, got 'high'",
        "events.yaml:3:33: event 3, set, enemies: expected an integer from 0 to 64, got 1.5",
        "events.yaml:3:46: event 3, set, region: expected one of forest, crypt or town, got 'crpyt'; "
        "did you mean 'crypt'?",
        "events.yaml:3:63: event 3, set, cutscene: expected true or false, got 'on'",
        "events.yaml:3:67: event 3, set: 'boss_dead' is a trigger and cannot be set; did you mean 'fire: boss_dead'?",
        "events.yaml:4:8: event 4, at: expected a time from 0s to 24h, got '25h'",
        "events.yaml:4:20: event 4, fire: unknown trigger 'boss_daed'; did you mean 'boss_dead'?",
        "events.yaml:4:31: event 4, fire: expected a trigger, got 'threat', which is set and not fired",
        "events.yaml:4:40: event 4: unknown field 'fier'; did you mean 'fire'?",
        "events.yaml:5:25: event 5, set, threat: expected a number, a name, true or false, got nothing",
        "events.yaml:5:37: event 5, set, enemies: expected a number, a name, true or false, got a list",
        "events.yaml:5:49: event 5, fire: expected a list of 1 to 256 triggers, got 0",
        "events.yaml:6:3: event 6: expected a map such as {at: 2s, set: {threat: 0.8}}, got 'at 1s'",
    ]


def test_mistakes_in_json_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    lines = [
        '{"at": "1s", "set": {"threat": NaN}}',
        '{"at": "1s", "fire": "boss_dead", "at": "2s"}',
        '{"at": "1s",}',
        "[" * 100_000,
        '{"at": "1s", "set": {"threat": "\\ud800"}}',
        '["at"]',
        '{"at": "1s", "set": {"threat": 1e400}}',
    ]
    assert problems(write(tmp_path, "\n".join(lines), "events.jsonl")) == [
        "events.jsonl:1:1: expected one JSON object a line: a number that is not finite",
        "events.jsonl:2:1: expected one JSON object a line: 'at' is given twice",
        "events.jsonl:3:13: expected one JSON object a line, got something that is not JSON from here on",
        "events.jsonl:4:1: expected one JSON object a line, got one nested too deeply",
        "events.jsonl:5:1: expected one JSON object a line: an escape for half a character (a surrogate)",
        "events.jsonl:6:1: event 1: expected a map such as {at: 2s, set: {threat: 0.8}}, got a list",
        "events.jsonl:7:1: expected one JSON object a line: a number that is not finite",
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [("", "events.yaml:1:1: the file is empty"), ("at: 1s", "events.yaml:1:1: events: expected a list of at most")],
)
def test_files_that_are_not_scripts(text: str, expected: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert problems(write(tmp_path, text))[0].startswith(expected)


def test_a_pipe_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("pipe.yaml", "pipe.jsonl"):
        os.mkfifo(name)
        assert problems(Path(name)) == [f"{name}:1:1: not a regular file"]


def test_the_message_for_a_long_yaml_script_names_json_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    longer = "; write a longer script as JSON lines, one event a line (match.jsonl), which may have 64 MiB"
    write(tmp_path, "- {at: 1s, fire: boss_dead}\n" * 50_000, "match.yaml")
    assert problems(Path("match.yaml")) == [f"match.yaml:1:1: expected at most 1 MiB, got more{longer}"]
    write(tmp_path, "- {at: 1s, fire: boss_dead}\n" * 10_001, "match.yaml")
    assert problems(Path("match.yaml")) == [
        "match.yaml:10000:18: expected at most 50000 values in a file, got more (what an alias stands for counts "
        f"each time){longer}"
    ]
    lines = write(tmp_path, '{"at": "1s", "fire": "boss_dead"}\n' * 10_001, "match.jsonl")
    assert len(load_events(lines, RULES)) == 10_001


def test_an_object_of_many_members_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    members = ", ".join(f'"x{n}": 1' for n in range(50_000))
    write(tmp_path, f'{{"at": "1s", "set": {{{members}, "x7": 2}}}}\n', "match.jsonl")
    assert problems(Path("match.jsonl")) == ["match.jsonl:1:1: expected one JSON object a line: 'x7' is given twice"]
