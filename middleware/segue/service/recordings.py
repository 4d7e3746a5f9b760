"""Recordings of the service's sessions: a file for each, written while it runs, for `segue preview --recording`.

They are written in a thread of their own, so that a disk that is slow, full or gone ends recordings and nothing else. A
recording that ended early has no end record, and so its readers know.
"""

from __future__ import annotations

import contextlib
import logging
import os
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NamedTuple, TextIO

from segue.runtime.journal import Operation
from segue.runtime.recording import Header, Recorder, Sources, recorded_restore_point
from segue.runtime.restore import RestorePoint
from segue.runtime.session_config import SessionConfig
from segue.service.soundtrack import Soundtrack
from segue_rules.model import Rules

log = logging.getLogger(__name__)

# Characters that wait for the disk, of all recordings together; an hour of one session is two million.
_MOST_WAITING: Final = 8 << 20
_MIB: Final = 1 << 20
# How long a service that stops waits for what is not written yet.
_CLOSE_TIMEOUT_S: Final = 2.0


class Recording:
    """The file of one session, created with its first operation.

    Attributes:
        path: The file.
        failed: Whether the recording ended early.
        lost: Whether the file cannot be written; set by the writer's thread.
    """

    def __init__(self, path: Path, header: Header, soundtrack: Soundtrack, writer: _Writer) -> None:
        self.path = path
        self._header = header
        # Texts of the rules that the session may be given: the newest, and those before in case the newest are refused.
        self._soundtracks = [soundtrack]
        self._writer = writer
        self._recorder: Recorder | None = None
        self._over = self.failed = self.lost = False
        self._ending = threading.Lock()

    def add_soundtrack(self, soundtrack: Soundtrack) -> None:
        """Note the rules that the session is about to be given."""
        if not self._over:
            self._soundtracks = [*self._soundtracks[-1:], soundtrack]

    def operation(self, operation: Operation) -> None:
        """Write an operation of the session. A fault ends the recording, not the session."""
        if self._over:
            return
        try:
            if self._recorder is None:
                self._recorder = Recorder(self, self._header, self._sources)
            self._recorder.operation(operation)
        except Exception as error:
            self.fail(f"{type(error).__name__}: {error}")

    def close(self) -> None:
        """Write the end record, since the session is over."""
        if not self._over and self._recorder is not None:
            self._recorder.end()
            self._writer.put(self, None)
        self._over = True

    def fail(self, reason: str) -> None:
        """End the recording early, and log that once. May be called from any thread."""
        with self._ending:
            if self.failed:
                return
            self._over = self.failed = True
        log.error("recording ended", extra={"file": str(self.path), "reason": reason})
        self._writer.put(self, None)

    def write(self, text: str, /) -> None:
        """Write a line of the recorder."""
        if not self._writer.put(self, text):
            self.fail("the disk is too slow for what is recorded")

    def flush(self) -> None:
        """Do nothing: the writer flushes every line."""

    def _sources(self, rules: Rules) -> Sources:
        return next(soundtrack.sources for soundtrack in self._soundtracks if soundtrack.rules is rules)


class Recordings:
    """The recordings of all sessions."""

    def __init__(self, folder: Path | None, generators: Sequence[str], most_mib: int) -> None:
        """Record into a folder.

        Args:
            folder: Where the files go; None records nothing.
            generators: Names of the fallback chain's levels.
            most_mib: Size of all recordings together; once it is reached, recording ends.
        """
        self._folder = folder
        self._generators = tuple(generators)
        self._count = 0
        self._writer = _Writer(most_mib)

    def begin(
        self, soundtrack: Soundtrack, config: SessionConfig, primary: int, restored: RestorePoint | None
    ) -> Recording | None:
        """Return a recording for a session that is about to be made; None if nothing is recorded.

        Args:
            soundtrack: The rules of the session.
            config: Its configuration.
            primary: Level of its generator in the fallback chain.
            restored: What its music continues from; None for the start.
        """
        if self._folder is None or self._writer.is_full:
            return None
        self._count += 1
        name = f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{self._count:04d}.segue.jsonl"
        header = Header(
            rules=soundtrack.fingerprint,
            generators=self._generators,
            config=config,
            primary=primary,
            sources=soundtrack.sources,
            restore_point=None if restored is None else recorded_restore_point(restored),
        )
        return Recording(self._folder / name, header, soundtrack, self._writer)

    def close(self) -> None:
        """Write what waits, for a limited time: a disk that hangs must not keep the service."""
        self._writer.close(_CLOSE_TIMEOUT_S)


class _Line(NamedTuple):
    """A line to write.

    Attributes:
        text: None closes the file.
    """

    recording: Recording
    text: str | None


class _Writer:
    """Writes lines in order in a thread of its own, which starts with the first line."""

    def __init__(self, most_mib: int) -> None:
        self._most_bytes = most_mib * _MIB
        self._written = 0
        self._changed = threading.Condition()
        self._lines: deque[_Line] = deque()
        self._waiting = 0
        self._stopping = False
        self._thread: threading.Thread | None = None
        # Used by the thread alone.
        self._files: dict[Recording, TextIO] = {}

    @property
    def is_full(self) -> bool:
        """Whether the recordings have reached their size together."""
        return self._written >= self._most_bytes

    def put(self, recording: Recording, text: str | None) -> bool:
        """Queue a line, or the end of a file; False if too much waits already."""
        with self._changed:
            size = len(text or "")
            if self._waiting + size > _MOST_WAITING:
                return False
            self._waiting += size
            self._lines.append(_Line(recording, text))
            if self._thread is None and not self._stopping:
                self._thread = threading.Thread(target=self._run, name="recordings", daemon=True)
                self._thread.start()
            self._changed.notify()
            return True

    def close(self, timeout_s: float) -> None:
        """End the thread once all is written, waiting for it up to the timeout."""
        with self._changed:
            self._stopping = True
            self._changed.notify()
            thread = self._thread
        if thread is not None:
            thread.join(timeout_s)
            if thread.is_alive():
                log.error("recordings were not finished: the disk does not answer")

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._lines or self._stopping)
                if not self._lines:
                    break
                recording, text = self._lines.popleft()
                self._waiting -= len(text or "")
            try:
                self._write(recording, text)
            # Whatever a disk or a file system does.
            except Exception as error:
                recording.lost = True
                recording.fail(f"{type(error).__name__}: {error}")
                self._drop(recording)
        for recording in list(self._files):
            self._drop(recording)

    def _write(self, recording: Recording, text: str | None) -> None:
        if text is None:
            file = self._files.pop(recording, None)
            if file is not None:
                file.close()
            return
        if recording.lost:
            return
        if self.is_full:
            raise OSError(f"all recordings together reached {self._most_bytes // _MIB} MiB, the limit that is set")
        file = self._files.get(recording)
        if file is None:
            file = self._files[recording] = _opened(recording.path)
        file.write(text)
        file.flush()
        self._written += len(text.encode())
        if os.fstat(file.fileno()).st_nlink == 0:
            raise OSError("its file was removed")

    def _drop(self, recording: Recording) -> None:
        """Close a file that failed; closing it may try to write, and fail, again."""
        file = self._files.pop(recording, None)
        if file is not None:
            with contextlib.suppress(Exception):
                file.close()


def _opened(path: Path) -> TextIO:
    """Create a file under a name that is not taken: another service may record into the same folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    for each in _names(path):
        with contextlib.suppress(FileExistsError):
            return each.open("x", encoding="utf-8")
    raise OSError("all its names are taken by other recordings")


def _names(path: Path) -> Iterator[Path]:
    yield path
    stem, _, kinds = path.name.partition(".")
    yield from (path.with_name(f"{stem}-{number}.{kinds}") for number in range(2, 100))
