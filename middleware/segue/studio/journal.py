"""A session by the recording that its service writes: its rules, its events, and how far its music is made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from segue.contract import StyleEncoder
from segue.render.scenario import LoadedRules, load_recorded
from segue.runtime.recording import Header, RecordedRules, RecordingError, RecordingReader
from segue.studio.course import Course
from segue_rules.errors import RuleError
from segue_rules.model import Rules

_END: Final = '{"op":"end"}\n'


class JournalError(ValueError):
    """A recording cannot be shown; the message says what was expected and what came."""


class Journal:
    """A session that plays, or one that has ended.

    Attributes:
        path: Its recording.
        made: Frames of music that are made.
        versions: The rules that it was given, by the frame from which on they count.
    """

    def __init__(self, path: Path, rules: Path, encoders: Sequence[StyleEncoder]) -> None:
        """Open a recording.

        Args:
            path: What a service writes of a session.
            rules: The rule file that it plays: sound files are beside it.
            encoders: Read the styles.
        Raises:
            JournalError: It cannot be opened.
        """
        self.path, self.made = path, 0
        self.versions: list[tuple[int, LoadedRules]] = []
        self._rules, self._encoders = rules, encoders
        self._course: Course | None = None
        self._texts: dict[str, Mapping[str, str]] = {}
        try:
            self._reader = RecordingReader(path)
        except RecordingError as error:
            raise JournalError(str(error)) from error

    @property
    def header(self) -> Header | None:
        """None until it is written."""
        return self._reader.header

    @property
    def ended(self) -> bool:
        """Whether the session is over."""
        return self._reader.ended

    def course(self) -> Course | None:
        """What the session's rules decided as far as its music is made; None before it has begun.

        Raises:
            JournalError: The recording cannot be read or shown.
        """
        try:
            operations = self._reader.read()
        except RecordingError as error:
            raise JournalError(str(error)) from error
        header = self._reader.header
        if header is None:
            return None
        if self._course is None:
            self._course = self._begin(header)
        course = self._course
        for operation in operations:
            match operation:
                case ("event", event, frame):
                    course.add_event(frame, event)
                case ("reload", recorded, frame):
                    course.add_rules(frame, self._load(recorded, frame))
                case ("restore", _, frame, _):
                    raise JournalError(f"{self.path}: the session continues other music from frame {frame} on")
                case ("done", spec):
                    self.made = max(self.made, spec.end)
        course.extend(self.made)
        return course

    def with_text(self, frame: int, text: str) -> LoadedRules:
        """The rules of a frame with another text of the main file, for what-ifs.

        Raises:
            RuleError: The text has mistakes.
        """
        _, loaded = next(version for version in reversed(self.versions) if version[0] <= frame)
        sources = dict(self._texts[loaded.rules_version.fingerprint])
        sources[next(iter(sources))] = text
        return load_recorded(RecordedRules(sources, "edited"), self._rules.parent, self._encoders)

    def text(self) -> str:
        """The recording up to now, complete, as `segue preview --recording` plays it."""
        whole, newline, _ = self.path.read_text("utf-8").rpartition("\n")
        return whole + newline if whole.endswith(_END.strip()) else whole + newline + _END

    def close(self) -> None:
        """Close the file."""
        self._reader.__exit__()

    def _begin(self, header: Header) -> Course:
        if header.restore_point is not None:
            text = "expected a session that begins anew, got one that continues other music; reload the page"
            raise JournalError(f"{self.path}: {text}")
        if not header.sources:
            raise JournalError(f"{self.path}: expected a recording with the texts of its rules, got one without")
        rules = self._load(RecordedRules(header.sources, header.rules), 0)
        return Course(rules, header.config.seed)

    def _load(self, recorded: RecordedRules, frame: int) -> Rules:
        try:
            loaded = load_recorded(recorded, self._rules.parent, self._encoders)
        except RuleError as error:
            # The folder that they were loaded from is gone.
            named = (replace(each, mark=replace(each.mark, file=Path(each.mark.file).name)) for each in error.problems)
            text = f"{self.path}: its rules cannot be used here: {'; '.join(map(str, named))}"
            raise JournalError(text) from error
        assert self._reader.header is not None
        version = loaded.rules_version
        rules = replace(version.rules, seed=self._reader.header.config.seed)
        self._texts[version.fingerprint] = recorded.sources
        self.versions.append((frame, loaded))
        return rules
