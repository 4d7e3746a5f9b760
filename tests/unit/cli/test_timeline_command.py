"""`segue timeline`: what an event script does to rules, as text and as JSON."""

from __future__ import annotations

import argparse
import json
import re
from pathlib import Path

import pytest

from match import match
from segue.cli import overview, timeline
from segue.cli.arguments import duration
from segue.cli.main import main
from work import counted

LIBRARY = Path(__file__).parents[3] / "rules" / "library"
EMBERWOOD = str(LIBRARY / "emberwood" / "emberwood.yaml")
RULES = """segue: 1
title: Small
seed: 5
music: {tempo: 150bpm}
inputs: {cave: {type: flag}, win: {type: trigger}}
styles: {grass: {text: "meadow"}, stone: {text: "cave"}}
layers:
  place:
    states:
      field: {default: true, mix: {grass: 1}}
      cave:  {when: {cave: true}, mix: {stone: 1}, music: {tempo: 100bpm}}
transitions: [{from: any, to: any, at: bar, ramp: 2s}]
stingers: {cheer: {trigger: win, mix: {grass: 1}, time: 1s, ramp: 0s}}
"""
EVENTS = "- {at: 2s, set: {cave: true}}\n- {at: 9s, fire: win}\n"
STORY = """Small, 0:12.00, seed 5

    time    bar  what          happens

 0:02.00    2:2  event         set cave true
 0:02.00    2:2  place         field → cave starts at 0:03.20 (at bar, ramp 2s)
                               because cave is true
 0:03.20    3:1  place         field → cave (at bar, ramp 2s, waited 1.2s)
 0:09.00    5:3  event         fire win
 0:09.00    5:3  cheer         starts at sample 432000
                               because win fired

                  0:00      0:10
                    +      *
place             fiel│cave···
  grass           ████▅▁   ▄
  stone               ▃████▄██
tempo             150···│100··
"""
CONTROLS = """
key               auto│D minor
drums             auto│off····
intensity         ▄▄▄▄▅███████
gain              0dB·········
"""
EFFECTS = """
tempo             150·········
low_pass          2000··│800Hz
pan               0·····│-0.25
"""


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("small.yaml").write_text(RULES)
    Path("small.events.yaml").write_text(EVENTS)


@pytest.mark.usefixtures("small")
def test_the_timeline_of_emberwood(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["timeline", "small.yaml", "--duration", "12s"]) == 0
    assert capsys.readouterr().out == STORY


@pytest.mark.usefixtures("small")
def test_a_meter_that_changes_is_drawn(capsys: pytest.CaptureFixture[str]) -> None:
    Path("small.yaml").write_text(RULES.replace("{tempo: 100bpm}", "{tempo: 100bpm, meter: 3}"))
    assert main(["timeline", "small.yaml", "--duration", "12s"]) == 0
    assert capsys.readouterr().out.endswith("\nmeter             4···│3······\n")


@pytest.mark.usefixtures("small")
def test_controls_that_change_are_drawn(capsys: pytest.CaptureFixture[str]) -> None:
    controls = "{tempo: 100bpm, key: D minor, drums: off, intensity: 1, gain: -0.4dB}"
    Path("small.yaml").write_text(RULES.replace("{tempo: 100bpm}", controls))
    assert main(["timeline", "small.yaml", "--duration", "12s"]) == 0
    assert capsys.readouterr().out.endswith(CONTROLS)


@pytest.mark.usefixtures("small")
def test_why_not_names_the_states_that_did_not_win(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["timeline", "small.yaml", "--duration", "4s", "--why-not"]) == 0
    assert "not field: default, ranks below every other" in capsys.readouterr().out


@pytest.mark.usefixtures("small")
def test_without_a_duration_it_ends_20_s_after_the_last_event(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["timeline", "small.yaml"]) == 0
    assert capsys.readouterr().out.startswith("Small, 0:29.00")


@pytest.mark.usefixtures("small")
def test_another_script_may_be_named(capsys: pytest.CaptureFixture[str]) -> None:
    Path("other.jsonl").write_text('{"at": "1s", "fire": "win"}\n')
    assert main(["timeline", "small.yaml", "--events", "other.jsonl", "--duration", "3s"]) == 0
    assert "0:01.00    1:3  event         fire win" in capsys.readouterr().out


@pytest.mark.usefixtures("small")
def test_the_script_beside_the_rules_may_be_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["timeline", "small.yaml", "--no-events", "--duration", "10s"]) == 0
    out = capsys.readouterr().out
    assert "event" not in out
    assert "0:10" in out


@pytest.mark.usefixtures("small")
def test_a_script_with_a_mistake_is_bad_input(capsys: pytest.CaptureFixture[str]) -> None:
    Path("small.events.yaml").write_text("- {at: 2s, set: {crave: true}}\n")
    assert main(["timeline", "small.yaml"]) == 2
    expected = "small.events.yaml:1:18: event 1, set: unknown input 'crave'; did you mean 'cave'?\n"
    assert capsys.readouterr().err == expected


@pytest.mark.usefixtures("small")
def test_json_has_every_event_and_every_second(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["timeline", "small.yaml", "--duration", "12s", "--json"]) == 0
    records = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    header = records[0]
    assert header["kind"] == "timeline"
    assert header["layers"] == {"place": ["field", "cave"]}
    assert header["events"][1] == {"sequence": 1, "time_s": 9.0, "set": {}, "fire": ["win"]}
    assert [r["time_s"] for r in records if r["kind"] == "second"] == list(range(12))
    started = next(r for r in records if r["kind"] == "change" and r["status"] == "started")
    assert (started["time_s"], started["bar"], started["beat"]) == (3.2, 3, 1)
    assert (started["from"], started["to"], started["decided_s"], started["ramp_s"]) == ("field", "cave", 2.0, 2.0)
    assert (started["fade_out_s"], started["fade_in_s"]) == (2.0, 2.0)
    assert started["causes"] == [{"input": "cave", "value": True, "sequence": 0, "text": "cave is true"}]
    last = records[-1]
    assert last["states"] == {"place": "cave"}
    assert last["mix"] == {"grass": 0.0, "stone": 1.0}
    assert last["music"]["tempo"] == 100.0
    times = [record["time_s"] for record in records[1:]]
    assert times == sorted(times)


@pytest.mark.usefixtures("small")
def test_json_has_both_fades_of_a_change(capsys: pytest.CaptureFixture[str]) -> None:
    Path("small.yaml").write_text(RULES.replace("ramp: 2s", "ramp: 2s, fade_out: 4s, fade_in: 400ms"))
    assert main(["timeline", "small.yaml", "--duration", "12s", "--json"]) == 0
    changes = [each for each in map(json.loads, capsys.readouterr().out.splitlines()) if each["kind"] == "change"]
    assert {each["status"] for each in changes} == {"scheduled", "started"}
    assert {(each["ramp_s"], each["fade_out_s"], each["fade_in_s"]) for each in changes} == {(4.0, 4.0, 0.4)}


@pytest.mark.parametrize("name", ["emberwood", "highwall", "nightwatch", "redline"])
def test_fits_a_hundred_columns(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["timeline", str(LIBRARY / name / f"{name}.yaml")]) == 0
    assert max(map(len, capsys.readouterr().out.splitlines())) <= 100


def test_a_second_has_the_strongest_mark() -> None:
    assert overview.stronger("+", " ") == "+"
    assert overview.stronger("+", "*") == "*"
    assert overview.stronger("!", "*") == "!"


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize(
    ("options", "shown"),
    [
        (["--only", "changes"], ["field → cave starts", "field → cave (at bar"]),
        (["--only", "change, stinger"], ["field → cave starts", "field → cave (at bar", "cheer         starts"]),
        (["--only", "events"], ["set cave true", "fire win"]),
        (["--only", "inputs"], ["set cave true"]),
        (["--only", "triggers"], ["fire win"]),
        (["--only", "refused,clamped,warnings"], []),
        (["--layer", "place"], ["field → cave starts", "field → cave (at bar"]),
        (["--input", "cave"], ["set cave true", "field → cave starts", "field → cave (at bar"]),
        (["--input", "win"], ["fire win", "cheer         starts"]),
        (
            ["--input", "win,cave", "--only", "triggers,changes"],
            ["field → cave starts", "field → cave (at", "fire win"],
        ),
        (["--layer", "place", "--only", "stingers"], []),
    ],
)
def test_the_selected_part_is_shown(options: list[str], shown: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["timeline", "small.yaml", "--duration", "12s", *options]) == 0
    head, *lines = [line for line in capsys.readouterr().out.splitlines() if line[:8].strip()]
    assert head == "Small, 0:12.00, seed 5"
    assert len(lines) == 1 + len(shown)
    for line, part in zip(lines[1:], shown, strict=True):
        assert part in line


@pytest.mark.usefixtures("small")
def test_the_overview_of_a_part_is_shown_only_where_selected(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["timeline", "small.yaml", "--duration", "12s", "--only", "seconds"]) == 0
    assert capsys.readouterr().out.splitlines()[4:] == STORY.splitlines()[11:]
    assert main(["timeline", "small.yaml", "--duration", "12s", "--json", "--only", "triggers"]) == 0
    kinds = [json.loads(line)["kind"] for line in capsys.readouterr().out.splitlines()]
    assert kinds == ["timeline", "receipt"]
    assert main(["timeline", "small.yaml", "--duration", "12s", "--json", "--only", "seconds", "--layer", "place"]) == 0
    kinds = [json.loads(line)["kind"] for line in capsys.readouterr().out.splitlines()]
    assert kinds == ["timeline", *["second"] * 12]


@pytest.mark.usefixtures("small")
def test_an_unknown_part_is_a_mistake(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["timeline", "small.yaml", "--layer", "plase", "--input", "cave,won"]) == 2
    assert capsys.readouterr().err == (
        "--layer: small.yaml has no layer 'plase'; did you mean 'place'?\n"
        "--input: small.yaml has no input 'won'; did you mean 'win'?\n"
    )
    with pytest.raises(SystemExit) as stopped:
        main(["timeline", "small.yaml", "--only", "chances"])
    assert stopped.value.code == 2
    assert "expected some of events, inputs, triggers, refused, clamped, changes" in capsys.readouterr().err


def test_the_work_grows_with_the_number_of_events(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    work = []
    for minutes in (0.15, 0.6):
        script = tmp_path / f"{minutes}.jsonl"
        script.write_text("".join(json.dumps(event) + "\n" for event in match(minutes)))
        with counted("segue/cli/", "segue_rules/timeline.py") as counting:
            assert main(["timeline", EMBERWOOD, "--events", str(script), "--duration", f"{minutes * 60:g}s"]) == 0
        work.append(counting.instructions)
    assert capsys.readouterr().out.count("event") > 240
    assert work[0] > 10_000
    # Four times the events are four times the work, and what is done once for a run does not count four times.
    assert work[1] < 4.2 * work[0]


def test_every_duration_that_is_accepted_is_shown_in_full() -> None:
    assert timeline._frames(duration("5h"), ()) == 5 * 3600 * 25
    assert timeline._frames(duration("6h"), ()) == 6 * 3600 * 25
    with pytest.raises(argparse.ArgumentTypeError, match="expected a time up to 6h"):
        duration("6.1h")


def test_a_warning_that_lasts_is_told_once_for_each_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    # While x moves, the mix is computed in every frame: without a style of any weight for seconds, twice.
    moving = "x: {type: number, range: [0, 1], rise: 0.2/s}"
    weight = "weight: {from: x, curve: [[0, 1], [0.1, 0], [0.9, 0], [1, 1]]}"
    rules = RULES.replace("{cave: {type: flag},", f"{{cave: {{type: flag}}, {moving},")
    rules = rules.replace("  place:\n", f"  place:\n    {weight}\n")
    Path("small.yaml").write_text(rules)
    Path("small.events.yaml").write_text(
        "- {at: 1s, set: {x: 1}}\n- {at: 8s, set: {x: 0}}\n- {at: 9s, set: {x: 0.5}}\n"
    )

    assert main(["timeline", "small.yaml", "--only", "warnings"]) == 0

    told = [line for line in capsys.readouterr().out.splitlines() if "warning" in line]
    assert len(told) == 2
    assert all(line.endswith("no style has any weight; the mix before goes on") for line in told)


@pytest.mark.usefixtures("small")
def test_effects_that_are_used_are_drawn(capsys: pytest.CaptureFixture[str]) -> None:
    Path("small.yaml").write_text(RULES.replace("{tempo: 100bpm}", "{low_pass: 800Hz, pan: -0.25}"))
    assert main(["timeline", "small.yaml", "--duration", "12s"]) == 0
    assert capsys.readouterr().out.endswith(EFFECTS)


def test_json_and_overview_have_the_clips(capsys: pytest.CaptureFixture[str]) -> None:
    highwall = str(LIBRARY / "highwall" / "highwall.yaml")
    assert main(["timeline", highwall, "--json", "--duration", "60s"]) == 0
    head, *records = map(json.loads, capsys.readouterr().out.splitlines())
    assert head["clips"] == ["watch", "strings", "brass", "drums", "victory"]
    early = next(each for each in records if each["kind"] == "clip" and each["clip"] == "strings")
    # Its upbeat: less than a beat of 126 bpm before its beginning.
    assert -60 / 126 < early["position_s"] < 0
    second = next(each for each in records if each["kind"] == "second" and each["time_s"] == 5)
    assert (second["clips"], second["music_level"]) == ({"watch": 0.0}, 0.0)
    assert main(["timeline", highwall, "--duration", "60s"]) == 0
    out = capsys.readouterr().out
    assert "before its beginning" in out
    assert re.search(r"^  strings +█+", out, re.MULTILINE)
