"""`segue describe`: names, places and mistakes of rule files as JSON, also of files that cannot be played."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from segue.cli.main import main
from segue.file_kinds import library_folder
from segue.runtime.recording import fingerprint
from segue.service.wire import declaration
from segue_rules.loading import load

PAGE = (Path(__file__).parents[3] / "rules" / "DESCRIPTION.md").read_text(encoding="utf-8")
MEADOW = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)[0]
SHOWN = json.loads(re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)[0])
BAD = Path(__file__).parents[1] / "rules" / "loading" / "bad"


@pytest.fixture(autouse=True)
def in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def described(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> list[dict[str, Any]]:
    assert main(["describe", *arguments]) == code
    said = capsys.readouterr()
    assert said.err == ""
    return [json.loads(line, parse_constant=lambda name: pytest.fail(name)) for line in said.out.splitlines()]


def test_the_page_shows_what_is_printed(in_a_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("meadow.yaml").write_text(MEADOW, encoding="utf-8")
    (printed,) = described(capsys, "meadow.yaml", code=2)
    assert printed.pop("files") == [str(in_a_folder.resolve() / "meadow.yaml")]
    assert printed == {name: value for name, value in SHOWN.items() if name != "files"}
    assert list(printed) == [name for name in SHOWN if name != "files"]


def test_a_correct_file_has_its_fingerprint_and_warnings(capsys: pytest.CaptureFixture[str]) -> None:
    Path("meadow.yaml").write_text(MEADOW.replace("fihgt", "fight"), encoding="utf-8")
    (printed,) = described(capsys, "meadow.yaml")
    assert (printed["ok"], printed["complete"]) == (True, True)
    assert printed["fingerprint"] == fingerprint([Path("meadow.yaml")])
    assert {problem["severity"] for problem in printed["problems"]} <= {"warning"}
    assert {**printed, "ok": False, "fingerprint": None, "problems": []} == {
        **SHOWN,
        "files": printed["files"],
        "problems": [],
    }


def test_a_description_agrees_with_what_a_service_declares(capsys: pytest.CaptureFixture[str]) -> None:
    for printed in described(capsys, str(library_folder())):
        rules = load(printed["file"])
        declared = declaration(rules, fingerprint(rules.files))
        assert (printed["title"], printed["fingerprint"]) == (declared.title, declared.fingerprint)
        assert [(each["name"], each["type"]) for each in printed["inputs"]] == [
            (each.name, each.type) for each in declared.inputs
        ]
        for each, theirs in zip(printed["inputs"], declared.inputs, strict=True):
            assert each.get("default") == theirs.default
            assert (each.get("low"), each.get("high")) == (theirs.low, theirs.high)
            assert each.get("of", []) == list(theirs.of)
        assert [each["name"] for each in printed["styles"]] == list(declared.styles)
        assert [
            (each["name"], tuple(state["name"] for state in each["states"]), each["default"])
            for each in printed["layers"]
        ] == [(layer.name, layer.states, layer.default) for layer in declared.layers]
        assert [each["name"] for each in printed["stingers"]] == list(declared.stingers)


def names(place: dict[str, Any]) -> str:
    """What stands at a place."""
    line = Path(place["file"]).read_text(encoding="utf-8").splitlines()[place["line"] - 1]
    return line[place["column"] - 1 :]


def test_every_place_leads_to_its_name(capsys: pytest.CaptureFixture[str]) -> None:
    Path("regions").mkdir()
    Path("main.yaml").write_text(MEADOW.replace("fihgt", "fight") + "include: [regions/cave.yaml]\n", encoding="utf-8")
    Path("regions/cave.yaml").write_text(
        "segue: 1\nlayers:\n  action:\n    states:\n      deep: {when: {place: cave}, mix: {calm: 2}}\n",
        encoding="utf-8",
    )
    (printed,) = described(capsys, "main.yaml")
    places = [*printed["inputs"], *printed["styles"], *printed["layers"], *printed["stingers"]]
    places += [state for layer in printed["layers"] for state in layer["states"]]
    assert len(places) == 10
    assert all(names(place).startswith(place["name"]) for place in places)
    assert [Path(path).name for path in printed["files"]] == ["main.yaml", "cave.yaml"]
    assert places[-1]["file"] == "regions/cave.yaml"
    # Of a folder, what another file includes is no soundtrack of its own.
    assert [each["file"] for each in described(capsys, ".")] == ["main.yaml"]


def test_files_to_watch_include_those_that_cannot_be_read(capsys: pytest.CaptureFixture[str]) -> None:
    here = Path.cwd().resolve()
    Path("broken.yaml").write_text("segue: 1\ninputs: {danger: [\n", encoding="utf-8")
    (printed,) = described(capsys, "broken.yaml", code=2)
    assert printed["files"] == [str(here / "broken.yaml")]
    Path("a.yaml").write_text(f"{MEADOW}include: [cave.yaml, ../out.yaml]\n", encoding="utf-8")
    (printed,) = described(capsys, "a.yaml", code=2)
    assert printed["files"] == [str(here / "a.yaml"), str(here / "cave.yaml")]


def test_names_survive_mistakes_elsewhere(capsys: pytest.CaptureFixture[str]) -> None:
    Path("a.yaml").write_text(
        MEADOW.replace("default: 0.2", "default: 7")
        .replace("trigger: won", "trigger: wno")
        .replace("{default: true, ", "{"),
        encoding="utf-8",
    )
    (printed,) = described(capsys, "a.yaml", code=2)
    assert printed["complete"]
    assert [each["name"] for each in printed["inputs"]] == ["danger", "place", "won"]
    assert (printed["layers"][0]["default"], printed["stingers"][0]["trigger"]) == (None, "wno")
    assert {problem["hint"] for problem in printed["problems"]} >= {"fight", "won"}
    Path("a.yaml").write_text(MEADOW.replace("{type: choice, of: [meadow, cave]}", "{type: choise}"), encoding="utf-8")
    (printed,) = described(capsys, "a.yaml", code=2)
    assert not printed["complete"]
    assert [each["name"] for each in printed["inputs"]] == ["danger", "won"]
    Path("a.yaml").write_text("segue: 1\ninputs: {a: [}\n", encoding="utf-8")
    (printed,) = described(capsys, "a.yaml", code=2)
    assert (printed["complete"], printed["inputs"], printed["title"]) == (False, [], "a")
    assert printed["problems"][0]["line"] == 2


def test_every_bad_rule_file_is_described(capsys: pytest.CaptureFixture[str]) -> None:
    files = sorted(path for path in BAD.glob("*.bad.yaml"))
    printed = described(capsys, *map(str, files), code=2)
    assert printed
    for each in printed:
        problems = [problem for problem in each["problems"] if problem["severity"] == "error"]
        assert bool(problems) is not each["ok"]
        for problem in problems:
            assert problem["line"] >= 1
            assert problem["column"] >= 1
            assert ("did you mean" in problem["text"]) is (problem["hint"] is not None), problem["text"]


def test_what_is_no_rule_file_is_bad_input(capsys: pytest.CaptureFixture[str]) -> None:
    Path("a.test.yaml").write_text("rules: a.yaml\n", encoding="utf-8")
    assert main(["describe", "a.test.yaml"]) == 2
    assert capsys.readouterr() == ("", "a.test.yaml: expected a rule file (NAME.yaml)\n")
    assert main(["describe", "nowhere.yaml"]) == 2
    assert capsys.readouterr() == ("", "nowhere.yaml: no such file\n")


def test_clips_are_described_with_their_named_cues(capsys: pytest.CaptureFixture[str]) -> None:
    clips = (
        "clips:\n"
        "  siege: {audio: gone.ogg, tempo: 120bpm, loop: 8 bars, cues: {verse: 1, chorus: 5}}\n"
        "  rain: {loop: 2s, cues: [1s]}\n"
    )
    Path("meadow.yaml").write_text(MEADOW.replace("layers:", f"{clips}layers:"), encoding="utf-8")
    (printed,) = described(capsys, "meadow.yaml", code=2)
    siege, rain = printed["clips"]
    assert (siege["name"], siege["audio"], siege["line"], siege["column"]) == ("siege", "gone.ogg", 11, 3)
    places = [(cue["name"], cue["line"], cue["column"]) for cue in siege["cues"]]
    assert places == [("verse", 11, 71), ("chorus", 11, 82)]
    assert (rain["name"], rain["audio"], rain["cues"]) == ("rain", None, [])
