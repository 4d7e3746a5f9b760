"""The log file: bounded in size, whole lines only, and written again after a disk failed."""

from __future__ import annotations

import errno
import logging
import os
import sys
from pathlib import Path

import pytest

from segue.service.log_file import LogFile
from segue.service.logs import logging_to

LINE = "x" * 9 + "\n"


def contents(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text(encoding="utf-8") for path in sorted(folder.iterdir())}


def test_lines_are_appended_and_readable_at_once(tmp_path: Path) -> None:
    path = tmp_path / "logs" / "segue.log"
    for text in ("first\n", "zażółć\n"):
        file = LogFile(path)
        file.write(text)
        assert path.read_text(encoding="utf-8").endswith(text)
        file.close()
    assert path.read_bytes() == "first\nzażółć\n".encode()


def test_a_full_file_is_renamed_and_a_limited_number_is_kept(tmp_path: Path) -> None:
    file = LogFile(tmp_path / "a.log", most_bytes=30, old_files=2)
    for number in range(10):
        file.write(f"line {number:4}\n")
    file.close()
    assert contents(tmp_path) == {
        "a.log": "line    9\n",
        "a.log.1": "line    6\nline    7\nline    8\n",
        "a.log.2": "line    3\nline    4\nline    5\n",
    }


def test_a_line_longer_than_the_file_is_written_whole(tmp_path: Path) -> None:
    file = LogFile(tmp_path / "a.log", most_bytes=30, old_files=1)
    file.write("y" * 100 + "\n")
    file.write(LINE)
    file.close()
    assert contents(tmp_path) == {"a.log": LINE, "a.log.1": "y" * 100 + "\n"}


@pytest.mark.skipif(sys.platform == "win32", reason="Windows removes no open file")
def test_a_removed_file_or_folder_is_made_again(tmp_path: Path) -> None:
    path = tmp_path / "logs" / "a.log"
    file = LogFile(path)
    file.write("one\n")
    path.unlink()
    file.write("two\n")
    assert path.read_text() == "two\n"
    path.rename(path.with_name("moved.log"))
    file.write("three\n")
    assert contents(path.parent) == {"a.log": "three\n", "moved.log": "two\n"}
    for each in path.parent.iterdir():
        each.unlink()
    path.parent.rmdir()
    file.write("four\n")
    file.close()
    assert path.read_text() == "four\n"


def test_a_full_disk_leaves_no_half_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.log"
    file = LogFile(path)
    file.write(LINE)
    write = os.write

    def half(number: int, data: memoryview) -> int:
        if len(data) < 6:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(number, data[:5])

    monkeypatch.setattr(os, "write", half)
    with pytest.raises(OSError, match="No space left"):
        file.write(LINE)
    assert path.read_text() == LINE
    monkeypatch.setattr(os, "write", write)
    file.write("later\n")
    file.close()
    assert path.read_text() == f"{LINE}later\n"


def test_a_file_that_cannot_be_renamed_grows_to_twice_its_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def held(path: Path, target: Path) -> None:
        raise PermissionError(errno.EACCES, "another program has it open")

    file = LogFile(tmp_path / "a.log", most_bytes=30, old_files=2)
    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", held)
        for _ in range(6):
            file.write(LINE)
        with pytest.raises(PermissionError):
            file.write(LINE)
    assert contents(tmp_path) == {"a.log": 6 * LINE}
    file.write(LINE)
    file.close()
    assert contents(tmp_path) == {"a.log": LINE, "a.log.1": 6 * LINE}


def test_the_log_counts_the_lines_that_a_file_could_not_take(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.log"
    log = logging.getLogger("segue.service.test_log_file")
    file = LogFile(path)
    write = os.write
    refused: list[int] = []

    def full_twice(number: int, data: memoryview) -> int:
        if len(refused) < 2:
            refused.append(len(data))
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(number, data)

    monkeypatch.setattr(os, "write", full_twice)
    with logging_to(file, level="info", form="json"):
        for text in ("one", "two", "three"):
            log.info(text)
    file.close()
    note, line = path.read_text().splitlines()
    assert note == "(2 lines of the log were dropped here)"
    assert '"message":"three"' in line


def test_a_file_that_cannot_be_opened_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError):
        LogFile(tmp_path / "file" / "a.log")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes of Unix")
def test_a_pipe_is_refused_instead_of_waited_for(tmp_path: Path) -> None:
    pipe = tmp_path / "log"
    os.mkfifo(pipe)
    with pytest.raises(OSError, match="expected a file, it is a pipe"):
        LogFile(pipe)
