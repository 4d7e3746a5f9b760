"""`segue timeline --follow`: the entries of a session's recording are those of the timeline, each once it is heard."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest

from segue.cli.main import main
from segue.cli.timeline import Selection
from segue.cli.timeline_follow import follow
from segue.file_kinds import FilesError
from segue.runtime.jobs import JobSpec
from segue.runtime.journal import Operation
from segue.runtime.planner import RulesVersion
from segue.runtime.recording import Header, write_recording
from segue.runtime.restore import make_restore_point
from segue.runtime.session_config import SessionConfig
from segue_rules.fingerprint import fingerprint_of
from segue_rules.loading import load, load_events
from segue_rules.model import FRAME_RATE
from unit.runtime.rule_files import BANK, RULES
from unit.runtime.toy_generator import ToyGenerator

EMBERWOOD = Path(__file__).parents[3] / "rules" / "library" / "emberwood" / "emberwood.yaml"
FINGERPRINT = fingerprint_of(path.read_bytes() for path in load(EMBERWOOD).files)
HEADER = Header(rules=FINGERPRINT, generators=("score",), config=SessionConfig(seed=7, lookahead_s=2.0))
SECONDS = 60


def operations() -> Iterator[Operation]:
    """The events of Emberwood's story, each before the job that makes its frame."""
    events = list(load_events(EMBERWOOD.with_name("emberwood.events.yaml"), load(EMBERWOOD)))
    for end in range(10, SECONDS * FRAME_RATE + 1, 10):
        while events and events[0].frame < end:
            scripted = events.pop(0)
            yield "event", scripted.event, scripted.frame
        yield "begun", JobSpec("extend", end - 10, end - 10, end, 0)
        yield "done", JobSpec("extend", end - 10, end - 10, end, 0)


def written(path: Path, header: Header = HEADER) -> str:
    text = StringIO()
    write_recording(text, header, operations())
    path.write_text(text.getvalue(), "utf-8")
    return text.getvalue()


def test_a_recording_is_told_as_the_timeline_tells_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    written(tmp_path / "a.jsonl")
    assert main(["timeline", str(EMBERWOOD), "--follow", str(tmp_path / "a.jsonl")]) == 0
    followed = capsys.readouterr().out.splitlines()
    assert (
        main(["timeline", str(EMBERWOOD), "--duration", f"{SECONDS}s", "--only", "events,changes,stingers,clamped"])
        == 0
    )
    # Above the entries of the timeline are its title and the heads of its columns.
    assert followed == capsys.readouterr().out.splitlines()[4:]
    assert any("calm → combat" in line or "calm -> combat" in line for line in followed)


def test_parts_can_be_chosen_as_of_a_timeline(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    written(tmp_path / "a.jsonl")
    flags = ["--only", "changes", "--layer", "action", "--json"]
    assert main(["timeline", str(EMBERWOOD), "--follow", str(tmp_path / "a.jsonl"), *flags]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines
    assert all('"kind": "change"' in line and '"layer": "action"' in line for line in lines)


def test_what_is_not_heard_yet_is_not_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.jsonl"
    lines = written(path).splitlines(keepends=True)
    path.write_text("", "utf-8")
    told: list[tuple[int, str]] = []
    rest = list(lines)

    def write_more() -> None:
        told.append((len(lines) - len(rest), capsys.readouterr().out))
        with path.open("a", encoding="utf-8") as file:
            file.writelines(rest[:50])
        del rest[:50]

    follow(path, EMBERWOOD, Selection(only=frozenset({"changes"})), write_more, why_not=False, as_json=True)
    assert rest == []
    whole = "".join(text for _, text in told) + capsys.readouterr().out
    for count, text in told:
        done = [line for line in lines[:count] if '"done"' in line]
        made = int(done[-1].rpartition('"end":')[2].split(",")[0]) if done else 0
        frames = [int(line.partition('"frame": ')[2].split(",")[0]) for line in text.splitlines()]
        assert all(frame < made - 2 * FRAME_RATE for frame in frames)
    assert whole.count('"started"') > 3


def test_a_session_that_continues_other_music_is_refused(tmp_path: Path) -> None:
    generators = (ToyGenerator(),)
    point, _ = make_restore_point(None, rules=RULES, generators=generators, primary=0, frame=50, seed=1, take=1)
    text = StringIO()
    write_recording(text, HEADER, [("restore", point, 50, 2)])
    path = tmp_path / "a.jsonl"
    path.write_text(text.getvalue(), "utf-8")
    with pytest.raises(FilesError, match="continues other music from frame 50 on"):
        follow(path, EMBERWOOD, Selection(), lambda: None, why_not=False, as_json=False)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (
            "farm.yaml",
            r"the recording was made with other rules \(farm.yaml\) than .*emberwood.yaml; name the rule file",
        ),
        ("emberwood.yaml", "the session plays emberwood.yaml as it was before it was edited; start the session anew"),
    ],
)
def test_a_recording_of_other_rules_is_refused(name: str, text: str, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    written(path, replace(HEADER, rules="ab" * 32, sources={name: "segue: 1\n"}))
    with pytest.raises(FilesError, match=text):
        follow(path, EMBERWOOD, Selection(), lambda: None, why_not=False, as_json=False)


def test_a_recording_whose_session_was_given_the_file_by_an_edit_is_followed(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    text = StringIO()
    edit = RulesVersion(rules=load(EMBERWOOD), styles=BANK, fingerprint=FINGERPRINT)
    write_recording(text, replace(HEADER, rules="ab" * 32), [("reload", edit, 50)])
    path.write_text(text.getvalue(), "utf-8")
    follow(path, EMBERWOOD, Selection(), lambda: None, why_not=False, as_json=False)


@pytest.mark.parametrize(
    "flags", [["--diff", "a.yaml"], ["--events", "a.events.yaml"], ["--no-events"], ["--duration", "3s"]]
)
def test_flags_without_effect_are_refused(flags: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["timeline", str(EMBERWOOD), "--follow", "a.jsonl", *flags]) == 2
    assert capsys.readouterr().err == f"{flags[0]} has no effect with --follow; leave it out\n"


def test_a_file_that_is_no_recording_is_bad_input(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.jsonl").write_text("{}\n")
    assert main(["timeline", str(EMBERWOOD), "--follow", str(tmp_path / "a.jsonl")]) == 2
    assert "a.jsonl:1: not a line of a recording" in capsys.readouterr().err
    assert main(["timeline", str(EMBERWOOD), "--follow", str(tmp_path / "b.jsonl")]) == 2
    assert "b.jsonl: no such file" in capsys.readouterr().err
