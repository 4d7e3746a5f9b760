"""Recordings of the service's sessions: a file each, written as they live, for `segue preview --recording`."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

from segue.runtime.config import SessionConfig
from segue.runtime.journal import Operation
from segue.runtime.opening import Opening
from segue.runtime.recorder import Header, Recorder, Sources, recorded
from segue.service.rulebook import Soundtrack
from segue_rules.model import Rules

log = logging.getLogger(__name__)


class Recording:
    """One session's file, begun with its first operation. A disk that fails ends the recording, not the music."""

    def __init__(self, path: Path, header: Header, soundtrack: Soundtrack) -> None:
        self._path = path
        self._header = header
        # Everything it may be reloaded with, for the texts.
        self._soundtracks = [soundtrack]
        self._file: TextIO | None = None
        self._recorder: Recorder | None = None
        self._over = False

    def learn(self, soundtrack: Soundtrack) -> None:
        """The session is about to be given these rules."""
        self._soundtracks.append(soundtrack)

    def operation(self, operation: Operation) -> None:
        """Write what happened: the session's journal."""
        if self._over:
            return
        try:
            if self._recorder is None:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                self._file = self._path.open("w", encoding="utf-8")
                self._recorder = Recorder(self._file, self._header, self._sources)
            self._recorder.operation(operation)
        except OSError as error:
            log.error("recording ended", extra={"file": str(self._path), "reason": str(error)})
            self.close()

    def close(self) -> None:
        """Nothing more is written."""
        self._over = True
        if self._file is not None:
            self._file.close()

    def _sources(self, rules: Rules) -> Sources:
        return next(soundtrack.sources for soundtrack in self._soundtracks if soundtrack.rules is rules)


class Recordings:
    """Where they go. folder: None to record nothing. generators: names of the ladder's rungs."""

    def __init__(self, folder: Path | None, generators: Sequence[str]) -> None:
        self._folder = folder
        self._generators = tuple(generators)
        self._count = 0

    def begin(
        self, soundtrack: Soundtrack, config: SessionConfig, home: int, opened: Opening | None
    ) -> Recording | None:
        """A recording for a session that is about to be made; None if none is wanted."""
        if self._folder is None:
            return None
        self._count += 1
        name = f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{self._count:04d}.segue.jsonl"
        header = Header(
            rules=soundtrack.fingerprint,
            generators=self._generators,
            config=config,
            home=home,
            sources=soundtrack.sources,
            opening=None if opened is None else recorded(opened),
        )
        return Recording(self._folder / name, header, soundtrack)
