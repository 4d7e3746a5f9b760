"""Recordings survive the file, and a broken one says where."""

from __future__ import annotations

from pathlib import Path

import pytest

from segue.runtime.config import SessionConfig
from segue.runtime.journal import Operation
from segue.runtime.recorder import Header, RecordingError, fingerprint, read_recording, write_recording
from segue.runtime.wants import Want
from segue_rules.events import Event

HEADER = Header(rules="ab" * 32, generators=("score",), config=SessionConfig(seed=5, lookahead_s=1.0), frames=100)
WANT = Want("replace", 10, 13, 20, 0)
OPERATIONS: list[Operation] = [
    ("begun", Want("extend", 0, 0, 10, 0)),
    ("event", Event(sequence=1, set={"threat": 0.5, "region": "cave", "on": True}, fire=("win",)), 4),
    ("done", Want("extend", 0, 0, 10, 0)),
    ("begun", WANT),
    ("failed", WANT),
]


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    path = tmp_path / "session.jsonl"
    with path.open("w", encoding="utf-8") as file:
        write_recording(file, HEADER, OPERATIONS)
    assert read_recording(path) == (HEADER, OPERATIONS)


@pytest.mark.parametrize(
    ("text", "line", "expected"),
    [
        ("", 1, "the file is empty"),
        ("[]", 1, "segue-recording"),
        ('{"format": "segue-recording", "version": 9}', 1, "version 2, got 9"),
        ("not json", 1, "Expecting value"),
    ],
)
def test_a_broken_header_is_named(tmp_path: Path, text: str, line: int, expected: str) -> None:
    path = tmp_path / "broken.jsonl"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(RecordingError, match=f"broken.jsonl:{line}: .*{expected}"):
        read_recording(path)


@pytest.mark.parametrize("line", ['{"op": "sing"}', '{"op": "done"}', "{}", "3", "{"])
def test_a_broken_line_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "broken.jsonl"
    with path.open("w", encoding="utf-8") as file:
        write_recording(file, HEADER, OPERATIONS)
        file.write(line + "\n")
    with pytest.raises(RecordingError, match=r"broken\.jsonl:7: "):
        read_recording(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="cannot be read"):
        read_recording(tmp_path / "nowhere.jsonl")


def test_the_fingerprint_sees_every_byte_and_where_files_end(tmp_path: Path) -> None:
    for name, text in {"a": "one", "b": "two", "c": "onet", "d": "wo"}.items():
        (tmp_path / name).write_text(text)
    a, b, c, d = (tmp_path / name for name in "abcd")
    assert fingerprint([a, b]) == fingerprint([a, b])
    assert len({fingerprint(files) for files in ([a, b], [b, a], [a], [c, d])}) == 4
