"""Recordings: a disk that is full, slow or gone ends a recording, with one line in the log, and nothing else."""

from __future__ import annotations

import asyncio
import dataclasses
import errno
import io
import logging
import os
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from segue.contract import SAMPLE_RATE, Samples
from segue.generators import GeneratorChain
from segue.render.collector import Collector, Keep
from segue.render.modes import render_recording
from segue.render.scenario import recorded
from segue.runtime.jobs import JobSpec
from segue.runtime.journal import Operation
from segue.runtime.planner import RulesVersion
from segue.runtime.recording import read_recording
from segue.runtime.session_config import SessionConfig
from segue.service import recordings as recordings_module
from segue.service.recordings import Recording, Recordings
from segue.service.rule_store import Soundtrack
from segue_rules.events import Event
from segue_sdk.messages import Chunk
from unit.runtime.rule_files import BANK, RULES
from unit.runtime.toy_generator import ToyGenerator
from unit.service.service_harness import CALM, ServiceHarness, encoder

SOUNDTRACK = Soundtrack(
    name="runtime",
    rules=RULES,
    styles=BANK,
    sounds={},
    fingerprint="ab" * 32,
    sources={"rules.yaml": "segue: 1\n"},
    warnings=(),
)
BEGUN: Operation = ("begun", JobSpec("extend", 0, 0, 10, 0))


def event(number: int) -> Operation:
    return ("event", Event(sequence=number, set={"threat": 0.5}), number)


def recordings_in(folder: Path, most_mib: int = 64) -> Recordings:
    return Recordings(folder, ("toy",), most_mib)


def begin(recordings: Recordings) -> Recording:
    recording = recordings.begin(SOUNDTRACK, SessionConfig(), 0, None)
    assert recording is not None
    return recording


def ended(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return why recordings ended, from the log."""
    return [vars(one)["reason"] for one in caplog.records if one.getMessage() == "recording ended"]


class BadFile(io.StringIO):
    """A file that fails in the middle of its `last` line, and whenever it is closed."""

    def __init__(self, last: int) -> None:
        super().__init__()
        self._left = last

    def write(self, text: str, /) -> int:
        self._left -= 1
        if self._left <= 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return super().write(text)

    def close(self) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    def fileno(self) -> int:
        return 0


def test_a_closed_session_leaves_a_complete_recording(tmp_path: Path) -> None:
    recordings = recordings_in(tmp_path / "deep" / "folder")
    one, other = begin(recordings), begin(recordings)
    for number in range(50):
        one.operation(event(number))
        other.operation(BEGUN)
    one.close()
    other.close()
    recordings.close()
    header, operations, whole = read_recording(one.path)
    assert whole
    assert (header.rules, header.sources) == ("ab" * 32, {"rules.yaml": "segue: 1\n"})
    assert operations == [event(number) for number in range(50)]
    assert read_recording(other.path)[1:] == ([BEGUN] * 50, True)


def test_a_session_without_operations_leaves_no_file(tmp_path: Path) -> None:
    recordings = recordings_in(tmp_path)
    begin(recordings).close()
    recordings.close()
    assert list(tmp_path.iterdir()) == []


def test_an_existing_recording_is_never_overwritten(tmp_path: Path) -> None:
    recordings = recordings_in(tmp_path)
    recording = begin(recordings)
    recording.path.write_text("another service's")
    recording.operation(BEGUN)
    recording.close()
    recordings.close()
    assert recording.path.read_text() == "another service's"
    (other,) = set(tmp_path.iterdir()) - {recording.path}
    assert other.name.endswith("-2.segue.jsonl")
    assert read_recording(other)[2]


def is_a_file(path: Path) -> None:
    path.write_text("in the way")


def below_a_file(path: Path) -> None:
    path.parent.mkdir()
    path.parent.joinpath("x").write_text("")
    path.symlink_to(path.parent / "x" / "y")


@pytest.mark.parametrize("prepare", [is_a_file, below_a_file])
def test_a_folder_that_cannot_be_created_ends_the_recording(
    prepare: Callable[[Path], None], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "a" / "recordings" if prepare is below_a_file else tmp_path / "recordings"
    prepare(folder)
    recordings = recordings_in(folder)
    recording = begin(recordings)
    for number in range(100):
        recording.operation(event(number))
    recording.close()
    recordings.close()
    assert len(ended(caplog)) == 1


@pytest.mark.parametrize("last", [1, 2, 7])
def test_a_disk_error_ends_one_recording_and_is_logged_once(
    last: int, tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Writing fails, and so does closing the file."""
    recordings = recordings_in(tmp_path)
    bad, good = begin(recordings), begin(recordings)
    opened = recordings_module._opened
    monkeypatch.setattr(recordings_module, "_opened", lambda path: BadFile(last) if path == bad.path else opened(path))
    for number in range(100):
        bad.operation(event(number))
        good.operation(event(number))
    bad.close()
    good.close()
    recordings.close()
    assert ended(caplog) == ["OSError: [Errno 28] No space left on device"]
    assert len(caplog.records) == 1
    assert read_recording(good.path)[2]


@pytest.mark.skipif(os.name != "posix", reason="an open file cannot be removed on Windows")
def test_a_removed_file_ends_its_recording(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    recordings = recordings_in(tmp_path)
    recording = begin(recordings)
    recording.operation(event(1))
    while not recording.path.exists() or not recording.path.read_text():
        threading.Event().wait(0.001)
    recording.path.unlink()
    recording.operation(event(2))
    recordings.close()
    assert ended(caplog) == ["OSError: its file was removed"]


def test_a_disk_that_hangs_delays_nobody(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = threading.Event()
    opened = recordings_module._opened

    def hang(path: Path) -> io.TextIOBase:
        go_on.wait(30.0)
        return opened(path)  # type: ignore[return-value]

    monkeypatch.setattr(recordings_module, "_opened", hang)
    monkeypatch.setattr(recordings_module, "_MOST_WAITING", 20_000)
    monkeypatch.setattr(recordings_module, "_CLOSE_TIMEOUT_S", 0.01)
    recordings = recordings_in(tmp_path)
    recording = begin(recordings)
    for number in range(1_000):
        recording.operation(event(number))
    assert ended(caplog) == ["the disk is too slow for what is recorded"]
    recordings.close()
    assert caplog.records[-1].getMessage() == "recordings were not finished: the disk does not answer"
    go_on.set()


def test_a_fault_in_recording_ends_the_recording_alone(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    recordings = recordings_in(tmp_path)
    recording = begin(recordings)
    recording.operation(BEGUN)
    # Rules whose texts were never added.
    unknown = dataclasses.replace(RULES, title="unknown")
    recording.operation(("reload", RulesVersion(rules=unknown, styles=BANK, fingerprint=""), 3))
    recording.operation(BEGUN)
    recordings.close()
    assert len(ended(caplog)) == 1
    assert read_recording(recording.path)[1:] == ([BEGUN], False)


def test_the_size_of_all_recordings_together_is_bounded(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    recordings = recordings_in(tmp_path, most_mib=1)
    one, other = begin(recordings), begin(recordings)
    number = 0
    with caplog.at_level(logging.ERROR):
        while not (one.failed and other.failed):
            for recording in (one, other):
                recording.operation(("event", Event(sequence=number, set={"x" * 60: "y" * 1_000}), number))
            number += 1
            assert number < 100_000
            threading.Event().wait(0.0001)
        assert recordings.begin(SOUNDTRACK, SessionConfig(), 0, None) is None
        recordings.close()
    assert len(ended(caplog)) == 2
    written = sum(path.stat().st_size for path in tmp_path.iterdir())
    assert 1 << 20 <= written < (1 << 20) + 4_096
    assert not read_recording(one.path)[2]


def test_a_recording_whose_session_fell_back_to_the_loop_is_rendered_as_it_was_heard(tmp_path: Path) -> None:
    async def play() -> list[Chunk]:
        async with ServiceHarness(record=tmp_path, seed=3) as service:
            await service.greet(b"one")
            service.playhead(b"one")
            service.generate()
            (session,) = service.sessions
            service.scheduler.set_primary(session.music, 1)
            service.playhead(b"one", committed=SAMPLE_RATE)
            service.generate()
            service.sessions.close_all("the test is over")
            return service.all(b"one", Chunk)

    chunks = asyncio.run(play())
    assert {chunk.generator for chunk in chunks} == {"toy", "loop"}
    (path,) = tmp_path.iterdir()
    session, scenario = recorded(path, CALM, GeneratorChain([encoder()], [ToyGenerator()]))
    blocks: list[Samples] = []
    render_recording(scenario, session, blocks.append, Collector(Keep()), progress=lambda frames: None)
    rendered = np.concatenate(blocks)
    heard = np.zeros_like(rendered)
    for chunk in chunks:
        samples = np.frombuffer(bytes(chunk.pcm), "<f4").reshape(-1, 2)
        heard[chunk.start : chunk.start + chunk.count] = samples
    # The end of a rendering is faded out.
    end = len(rendered) - SAMPLE_RATE // 10
    np.testing.assert_allclose(rendered[:end], heard[:end], atol=1e-4)
