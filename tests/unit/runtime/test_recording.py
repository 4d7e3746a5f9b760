"""Recordings are read as they were written, and errors name the line."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from segue.runtime.jobs import JobSpec
from segue.runtime.journal import Operation
from segue.runtime.recording import (
    Header,
    Recorder,
    RecordingError,
    RecordingReader,
    fingerprint,
    read_recording,
    recorded_restore_point,
    write_recording,
)
from segue.runtime.replaying import remake_restore_point
from segue.runtime.restore import make_restore_point
from segue.runtime.session import Session
from segue.runtime.session_config import SessionConfig
from segue.runtime.snapshot import Snapshot
from segue_rules.events import Event
from unit.runtime.rule_files import BANK, RULES
from unit.runtime.toy_generator import ToyGenerator

HEADER = Header(rules="ab" * 32, generators=("score",), config=SessionConfig(seed=5, lookahead_s=1.0), frames=100)
SPEC = JobSpec("replace", 10, 13, 20, 0)
OPERATIONS: list[Operation] = [
    ("begun", JobSpec("extend", 0, 0, 10, 0)),
    ("event", Event(sequence=1, set={"threat": 0.5, "region": "cave", "on": True}, fire=("win",)), 4),
    ("done", JobSpec("extend", 0, 0, 10, 0)),
    ("begun", SPEC),
    ("failed", SPEC),
]


def test_a_written_recording_is_read_back(tmp_path: Path) -> None:
    path = tmp_path / "session.jsonl"
    with path.open("w", encoding="utf-8") as file:
        write_recording(file, HEADER, OPERATIONS)
    assert read_recording(path) == (HEADER, OPERATIONS, True)


def test_a_recording_is_read_while_it_is_written(tmp_path: Path) -> None:
    path, whole = tmp_path / "session.jsonl", tmp_path / "whole.jsonl"
    with whole.open("w", encoding="utf-8") as file:
        write_recording(file, HEADER, OPERATIONS)
    text = whole.read_text("utf-8")
    path.touch()
    found: list[object] = []
    with RecordingReader(path) as reader, path.open("a", encoding="utf-8") as file:
        assert (reader.read(), reader.header, reader.ended) == ([], None, False)
        # Pieces of seven characters: most lines are read when they are not complete yet.
        for start in range(0, len(text), 7):
            assert not reader.ended
            file.write(text[start : start + 7])
            file.flush()
            found += reader.read()
        assert (reader.header, reader.ended) == (HEADER, True)
    assert found == OPERATIONS


def test_recordings_keep_their_own_words(tmp_path: Path) -> None:
    path = tmp_path / "session.jsonl"
    operations: list[Operation] = [("primary", 1), ("begun", JobSpec("change_level", 10, 13, 20, 1))]
    with path.open("w", encoding="utf-8") as file:
        write_recording(file, HEADER, operations)
    assert path.read_text("utf-8").splitlines()[1:] == [
        '{"op":"home","home":1}',
        '{"op":"begun","reason":"ladder","origin":10,"change":13,"end":20,"rung":1}',
        '{"op":"end"}',
    ]
    assert read_recording(path) == (HEADER, operations, True)


def test_a_reset_is_recorded_with_its_event_and_other_events_as_before(tmp_path: Path) -> None:
    path = tmp_path / "session.jsonl"
    operations: list[Operation] = [
        ("event", Event(sequence=1, fire=("win",)), 4),
        ("event", Event(sequence=2, reset=True, set={"on": True}), 5),
    ]
    with path.open("w", encoding="utf-8") as file:
        write_recording(file, HEADER, operations)
    assert path.read_text("utf-8").splitlines()[1:3] == [
        '{"op":"event","frame":4,"seq":1,"set":{},"fire":["win"]}',
        '{"op":"event","frame":5,"seq":2,"reset":true,"set":{"on":true},"fire":[]}',
    ]
    assert read_recording(path) == (HEADER, operations, True)


@pytest.mark.parametrize(
    ("text", "line", "expected"),
    [
        ("", 1, "the file is empty"),
        ("[]", 1, "segue-recording"),
        ('{"format": "segue-recording", "version": 9}', 1, "version 3, got 9"),
        ("not json", 1, "Expecting value"),
    ],
)
def test_a_broken_header_is_reported_with_its_line(tmp_path: Path, text: str, line: int, expected: str) -> None:
    path = tmp_path / "broken.jsonl"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(RecordingError, match=f"broken.jsonl:{line}: .*{expected}"):
        read_recording(path)


@pytest.mark.parametrize(
    "line",
    [
        '{"op": "sing"}',
        '{"op": "done"}',
        '{"op": "done", "reason": "extend", "origin": 0, "change": 0, "end": "late", "rung": 0}',
        '{"op": "event", "seq": null, "set": {}, "fire": [], "frame": 1}',
        '{"op": "event", "seq": 1, "set": ["threat"], "fire": [], "frame": 1}',
        "{}",
        "3",
        "{",
    ],
)
def test_a_broken_line_is_reported_with_its_number(tmp_path: Path, line: str) -> None:
    path = tmp_path / "broken.jsonl"
    with path.open("w", encoding="utf-8") as file:
        recorder = Recorder(file, HEADER)
        for operation in OPERATIONS:
            recorder.operation(operation)
        file.write(line + "\n")
    with pytest.raises(RecordingError, match=r"broken\.jsonl:7: "):
        read_recording(path)


def test_a_missing_file_is_reported(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="cannot be read"):
        read_recording(tmp_path / "nowhere.jsonl")


def test_the_fingerprint_depends_on_every_byte_and_on_file_boundaries(tmp_path: Path) -> None:
    for name, text in {"a": "one", "b": "two", "c": "onet", "d": "wo"}.items():
        (tmp_path / name).write_text(text)
    a, b, c, d = (tmp_path / name for name in "abcd")
    assert fingerprint([a, b]) == fingerprint([a, b])
    assert len({fingerprint(files) for files in ([a, b], [b, a], [a], [c, d])}) == 4


def test_a_killed_service_leaves_a_recording_that_can_be_read(tmp_path: Path) -> None:
    path = tmp_path / "killed.jsonl"
    with path.open("w", encoding="utf-8") as file:
        recorder = Recorder(file, dataclasses.replace(HEADER, frames=0))
        recorder.operation(OPERATIONS[0])
        # All operations so far are in the file, though it is still open.
        assert read_recording(path)[1] == OPERATIONS[:1]
        recorder.operation(OPERATIONS[1])
    whole = path.read_text("utf-8")
    for cut in range(1, 40):
        path.write_text(whole[:-cut], encoding="utf-8")
        header, operations, is_complete = read_recording(path)
        assert not is_complete
        assert header.frames == 0
        assert operations == OPERATIONS[:1]


def test_a_recording_tells_whether_it_is_complete(tmp_path: Path) -> None:
    path = tmp_path / "session.jsonl"
    with path.open("w", encoding="utf-8") as file:
        write_recording(file, HEADER, OPERATIONS)
    whole = path.read_bytes()
    assert whole.endswith(b'\n{"op":"end"}\n')
    first = whole.index(b"\n") + 1
    # Cut anywhere after its first line, it is incomplete and can be read.
    for cut in range(first, len(whole)):
        path.write_bytes(whole[:cut])
        _, operations, is_complete = read_recording(path)
        assert not is_complete
        assert operations == OPERATIONS[: len(operations)]
    path.write_bytes(whole + b'{"op":"home","home":0}\n')
    with pytest.raises(RecordingError, match=r"session\.jsonl:7: .*nothing after the end"):
        read_recording(path)


def test_a_recording_of_version_2_is_read_and_counts_as_complete(tmp_path: Path) -> None:
    path = tmp_path / "old.jsonl"
    with path.open("w", encoding="utf-8") as file:
        write_recording(file, HEADER, OPERATIONS)
    lines = path.read_text("utf-8").replace('"version":3', '"version":2').splitlines(keepends=True)
    path.write_text("".join(lines[:-1]), encoding="utf-8")
    assert read_recording(path) == (HEADER, OPERATIONS, True)


@pytest.mark.parametrize("name", ["../rules.yaml", "/etc/rules.yaml", "a//b.yaml", "C:/a.yaml", "a\\b.yaml", ""])
def test_recorded_rules_stay_in_their_folder(tmp_path: Path, name: str) -> None:
    path = tmp_path / "outside.jsonl"
    with path.open("w", encoding="utf-8") as file:
        write_recording(file, dataclasses.replace(HEADER, sources={name: "segue: 1"}), [])
    with pytest.raises(RecordingError, match="relative paths"):
        read_recording(path)


def test_the_header_keeps_the_restore_point(tmp_path: Path) -> None:
    toy = ToyGenerator()
    session = Session(RULES, BANK, [toy], SessionConfig(seed=1))
    snapshot = Snapshot.from_bytes(session.snapshot().to_blob())
    point, _ = make_restore_point(snapshot, rules=RULES, generators=[toy], primary=0, frame=40, seed=1, take=3)
    path = tmp_path / "restored.jsonl"
    with path.open("w", encoding="utf-8") as file:
        write_recording(file, dataclasses.replace(HEADER, restore_point=recorded_restore_point(point), primary=1), [])
    header, _, _ = read_recording(path)
    assert (header.primary, header.restore_point) == (1, recorded_restore_point(point))
    assert header.restore_point is not None
    assert remake_restore_point(header.restore_point, RULES, [toy])._replace(origin=point.origin)[:5] == point[:5]
    with pytest.raises(RecordingError, match="'all' when it was recorded, now 'rules'"):
        remake_restore_point(header.restore_point, RULES, [ToyGenerator("other")])
