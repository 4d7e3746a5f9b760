"""A session that plays in a game, by the recording that its service writes.

The journal of a session has every event with its frame, so the director gives the session's own plans. It says how far
music is made, which is the lookahead before what is heard.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final, Self

from segue.file_kinds import FilesError
from segue.play.course import Course
from segue.play.performance import TakenEvent
from segue.runtime.recording import Header, RecordedOperation, RecordingError, RecordingReader
from segue_rules.errors import RuleError
from segue_rules.events import Event
from segue_rules.fingerprint import fingerprint_of
from segue_rules.model import FRAME_RATE, Rules
from segue_rules.plan import FramePlan

RECORDINGS: Final = "*.jsonl"
"""Names of recordings in the folder of `segue serve --record`."""


class FollowedSession:
    """A session by its journal, which grows while it is read.

    Attributes:
        sent: The events of the game by number.
        made: Frames of music that are made.
        level: Level of the generator that made the last of them.
    """

    def __init__(self, recording: Path, rules: Path, read: Callable[[], Rules]) -> None:
        """Open a recording.

        Args:
            recording: What a service writes of a session.
            rules: The rule file that the session plays.
            read: Loads it, now and where the session was given an edit.
        Raises:
            RuleError: The rules have mistakes.
            FilesError: The recording cannot be opened.
        """
        self.sent: dict[int, Event] = {}
        self.made = self.level = 0
        self._recording, self._rules, self._read_rules = recording, rules, read
        self._loaded = read()
        self._course: Course | None = None
        self._shown = 0
        self._edits: list[int] = []
        try:
            self._reader = RecordingReader(recording)
        except RecordingError as error:
            raise FilesError([str(error)]) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._reader.__exit__(*error)

    @property
    def header(self) -> Header | None:
        """The header of the recording; None before it is written."""
        return self._reader.header

    @property
    def ended(self) -> bool:
        """Whether the session is over."""
        return self._reader.ended

    @property
    def rules(self) -> Rules:
        """What plays in the frame whose plan was given last."""
        return self._loaded if self._course is None else self._course.rules

    @property
    def heard(self) -> int:
        """The first frame that is not heard yet, as far as the recording says."""
        if self.ended or self.header is None:
            return self.made
        return max(0, self.made - round(self.header.config.lookahead_s * FRAME_RATE))

    def read(self) -> None:
        """Take in what was written since the last call.

        Raises:
            FilesError: The recording cannot be read, is one of other rules, or its session continues music that is not
                known here.
        """
        try:
            operations = self._reader.read()
        except RecordingError as error:
            raise FilesError([str(error)]) from error
        if self._course is None and self.header is not None:
            self._course = self._begin(self.header, operations)
        if self._course is not None:
            for operation in operations:
                self._take(operation, self._course)

    def plans(self, end: int) -> Iterator[FramePlan]:
        """Yield the plan of each frame before `end` that was not given before."""
        while self._course is not None and self._shown < end:
            if self._shown in self._edits:
                self._follow_edit(self._course)
            plan = self._course.plan(self._shown)
            self._shown += 1
            if plan is not None:
                yield plan

    def _begin(self, header: Header, operations: Iterable[RecordedOperation]) -> Course:
        """Return the course of a session.

        Args:
            header: Its header.
            operations: What is recorded by now: an edit among them may have brought the rule file as it is.
        Raises:
            FilesError: The session never played these rules, or continues other music.
        """
        if header.restore_point is not None:
            raise self._error("expected a session that begins anew, got one that continues other music")
        played = {header.rules, *(operation[1].fingerprint for operation in operations if operation[0] == "reload")}
        if fingerprint_of(path.read_bytes() for path in self._loaded.files) not in played:
            name = next(iter(header.sources), "")
            if name == self._rules.name:
                text = (
                    f"the session plays {name} as it was before it was edited; start the session anew, or undo the edit"
                )
            else:
                of = f" ({name})" if name else ""
                made_with = f"the recording was made with other rules{of} than {self._rules}"
                text = f"{made_with}; name the rule file that the session plays"
            raise self._error(text)
        return Course(replace(self._loaded, seed=header.config.seed))

    def _take(self, operation: RecordedOperation, course: Course) -> None:
        """Take in an operation of the journal."""
        match operation:
            case ("event", event, frame):
                self.sent[event.sequence] = event
                course.add(TakenEvent(frame, event))
            case ("reload", _, frame):
                self._edits.append(frame)
            case ("restore", _, frame, _):
                raise self._error(f"the session continues other music from frame {frame} on, which cannot be followed")
            case ("done", spec):
                self.made, self.level = max(self.made, spec.end), spec.level

    def _follow_edit(self, course: Course) -> None:
        try:
            rules = self._read_rules()
        except RuleError:
            # The file has been edited again since: what the session was given is not there any more.
            return
        course.switch(replace(rules, seed=course.rules.seed))

    def _error(self, text: str) -> FilesError:
        return FilesError([f"{self._recording}: {text}"])


def newest_recording(path: Path) -> Path:
    """Return the recording that was written last in a folder; a path that is no folder, as it is.

    Raises:
        FilesError: The folder has no recording.
    """
    if not path.is_dir():
        return path
    found = [each for each in path.glob(RECORDINGS) if each.is_file()]
    if not found:
        raise FilesError(
            [f"{path}: has no recordings ({RECORDINGS}); segue serve --record {path} writes one of each session"]
        )
    return max(found, key=lambda each: (each.stat().st_mtime, each.name))
