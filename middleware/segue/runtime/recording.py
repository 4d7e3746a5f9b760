"""Recordings of sessions: written while a session plays, and read, also meanwhile.

A recording has a JSON object per line: a header, then every operation in order. Each line is flushed, so that a service
that is killed leaves a recording that can be played. The last line of a complete recording is `{"op":"end"}`.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple, Protocol, Self, TextIO, TypeAlias, get_args

from segue.runtime.jobs import JobSpec, Reason
from segue.runtime.journal import Operation
from segue.runtime.restore import RestoreOrigin, RestoreOutcome, RestorePoint
from segue.runtime.session_config import SessionConfig
from segue.runtime.snapshot import Snapshot
from segue_rules.events import Event
from segue_rules.fingerprint import fingerprint_of
from segue_rules.model import Rules

FORMAT: Final = "segue-recording"
RECORDING_VERSION: Final = 3

# Recordings of this version have no end line.
_WITHOUT_END: Final = 2
_END: Final = {"op": "end"}
# Reasons of jobs that have another word in recordings.
_WRITTEN_REASONS: Final[Mapping[Reason, str]] = {"change_level": "ladder"}
_READ_REASONS: Final[Mapping[str, Reason]] = {word: reason for reason, word in _WRITTEN_REASONS.items()}

# The texts of rule files by their path from the main one's folder, the main one first.
Sources: TypeAlias = Mapping[str, str]


class RecordingError(ValueError):
    """A recording cannot be played; the message says what was expected and what came."""


class RecordedRestorePoint(NamedTuple):
    """What a restore point was made from.

    Attributes:
        take: The take of its first chunk, where it began a session.
    """

    origin: RestoreOrigin
    take: int


class RecordedRules(NamedTuple):
    """What a session got at a reload: the texts of its files and their fingerprint."""

    sources: Sources
    fingerprint: str


# The operations of `segue.runtime.journal`, with rules as texts and restore points by their origin.
RecordedOperation: TypeAlias = (
    tuple[Literal["event"], Event, int]
    | tuple[Literal["begun", "done", "failed"], JobSpec]
    | tuple[Literal["reload"], RecordedRules, int]
    | tuple[Literal["restore"], RecordedRestorePoint, int, int]
    | tuple[Literal["primary"], int]
)


@dataclass(frozen=True, kw_only=True)
class Header:
    """The first line of a recording.

    Attributes:
        rules: Fingerprint of the rule files.
        generators: Names of the fallback chain.
        config: The session's numbers.
        frames: How long the recording plays; 0 plays to the end of what was generated.
        primary: Level of the chosen generator.
        sources: Texts of the rule files, if the recording can be played without them.
        restore_point: What the session continued from, None for a fresh start.
    """

    rules: str
    generators: tuple[str, ...]
    config: SessionConfig
    frames: int = 0
    primary: int = 0
    sources: Sources = field(default_factory=dict)
    restore_point: RecordedRestorePoint | None = None


class TextSink(Protocol):
    """Where a recording is written: a text file, or an object like one."""

    def write(self, text: str, /) -> object: ...

    def flush(self) -> object: ...


class Recorder:
    """Writes one session's recording while it plays."""

    def __init__(self, file: TextSink, header: Header, sources: Callable[[Rules], Sources] | None = None) -> None:
        """Write the header.

        Args:
            file: Gets the lines, and is flushed after each.
            header: The header.
            sources: Gives the texts of rules that a reload brings; None reads them from their files.
        """
        self._file = file
        self._sources = sources or source_texts
        self._line({"format": FORMAT, "version": RECORDING_VERSION, **_plain_header(header)})

    def operation(self, operation: Operation) -> None:
        """Write an operation; a session's `journal`."""
        self._line(_plain(operation, self._sources))

    def end(self) -> None:
        """Write the end line: the recording is complete."""
        self._line(_END)

    def _line(self, data: Mapping[str, Any]) -> None:
        self._file.write(_text(data) + "\n")
        self._file.flush()


def fingerprint(files: Sequence[Path]) -> str:
    """Return the SHA-256 digest of a rule file and all that it includes, in order."""
    return fingerprint_of(path.read_bytes() for path in files)


def source_texts(rules: Rules) -> dict[str, str]:
    """Return the texts of the files that rules were loaded from, by their path from the main file's folder."""
    folder = rules.files[0].parent if rules.files else Path()
    return {path.relative_to(folder).as_posix(): path.read_bytes().decode() for path in rules.files}


def recorded_restore_point(point: RestorePoint) -> RecordedRestorePoint:
    """Return what a header keeps of the point that a session continues from."""
    return RecordedRestorePoint(point.origin, point.take)


def write_recording(file: TextIO, header: Header, operations: Iterable[Operation]) -> None:
    """Write a complete recording."""
    recorder = Recorder(file, header)
    for operation in operations:
        recorder.operation(operation)
    recorder.end()


class RecordingReader:
    """Reads a recording, also while it is written.

    Attributes:
        header: Of the recording; None until its first line is complete.
        ended: Whether nothing is to come, as far as the recording says.

    Raises:
        RecordingError: The file cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        self.header: Header | None = None
        self.ended = False
        self._path = path
        self._number, self._version, self._cut_off = 0, RECORDING_VERSION, ""
        try:
            self._file = path.open("r", encoding="utf-8", newline="")
        except OSError as error:
            raise RecordingError(f"{path}: cannot be read: {error}") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._file.close()

    def read(self) -> list[RecordedOperation]:
        """Return the operations that were written since the last call; a line that is not complete is left for later.

        Raises:
            RecordingError: A line is not as expected; it names the line.
        """
        try:
            *lines, self._cut_off = (self._cut_off + self._file.read()).split("\n")
        except (OSError, UnicodeDecodeError) as error:
            raise RecordingError(f"{self._path}: cannot be read: {error}") from error
        return [operation for line in lines if (operation := self._take(line)) is not None]

    def check_begun(self) -> Header:
        """Return the header. Raises: RecordingError: There is none, or it is not as expected."""
        if self.header is None:
            if self._cut_off:
                _line(self._path, 1, self._cut_off, _versioned_header)
            raise RecordingError(f"{self._path}:1: expected a recording, the file is empty")
        return self.header

    def _take(self, line: str) -> RecordedOperation | None:
        self._number += 1
        if self.header is None:
            self._version, self.header = _line(self._path, self._number, line, _versioned_header)
            # Those without an end line are taken as complete.
            self.ended = self._version == _WITHOUT_END
            return None
        if self._version != _WITHOUT_END:
            if self.ended:
                # The end before this line is what is wrong.
                _line(self._path, self._number - 1, _text(_END), _operation)
            if line == _text(_END):
                self.ended = True
                return None
        operation: RecordedOperation = _line(self._path, self._number, line, _operation)
        return operation


def read_recording(path: Path) -> tuple[Header, list[RecordedOperation], bool]:
    """Read a recording; a last line that was cut off is ignored.

    Returns:
        The header, the operations, and whether the recording is complete.

    Raises:
        RecordingError: A line is not as expected; it names the line.
    """
    with RecordingReader(path) as reader:
        operations = reader.read()
        return reader.check_begun(), operations, reader.ended


def _text(data: Mapping[str, Any]) -> str:
    return json.dumps(data, separators=(",", ":"))


def _line(path: Path, number: int, line: str, read: Callable[[Any], Any]) -> Any:
    try:
        return read(json.loads(line))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise RecordingError(f"{path}:{number}: not a line of a recording: {error}") from error


def _plain(operation: Operation, sources: Callable[[Rules], Sources]) -> dict[str, Any]:
    match operation:
        case ("event", event, frame):
            reset = {"reset": True} if event.reset else {}
            settings = {"seq": event.sequence, **reset, "set": dict(event.set), "fire": list(event.fire)}
            return {"op": "event", "frame": frame, **settings}
        case ("reload", rules_version, frame):
            texts = dict(sources(rules_version.rules))
            return {"op": "reload", "frame": frame, "fingerprint": rules_version.fingerprint, "sources": texts}
        case ("restore", point, frame, take):
            restore_point = _plain_restore_point(recorded_restore_point(point))
            return {"op": "restore", "frame": frame, "take": take, "opening": restore_point}
        case ("primary", primary):
            return {"op": "home", "home": primary}
        case (kind, spec):
            reason, origin, change, end, level = spec
            written = _WRITTEN_REASONS.get(reason, reason)
            return {"op": kind, "reason": written, "origin": origin, "change": change, "end": end, "rung": level}


def _plain_header(header: Header) -> dict[str, Any]:
    return {
        "rules": header.rules,
        "generators": list(header.generators),
        "config": asdict(header.config),
        "frames": header.frames,
        "home": header.primary,
        "sources": dict(header.sources),
        "opening": header.restore_point and _plain_restore_point(header.restore_point),
    }


def _plain_restore_point(point: RecordedRestorePoint) -> dict[str, Any]:
    snapshot, frame, seed, primary, outcome = point.origin
    return {
        "snapshot": snapshot and base64.b64encode(snapshot.to_bytes()).decode(),
        "frame": frame,
        "seed": seed,
        "home": primary,
        "outcome": outcome,
        "take": point.take,
    }


def _versioned_header(data: Any) -> tuple[int, Header]:
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise ValueError(f'expected {{"format": "{FORMAT}", ...}}')
    if data["version"] not in (_WITHOUT_END, RECORDING_VERSION):
        raise ValueError(f"expected version {RECORDING_VERSION}, got {data['version']}")
    restore_point = data.get("opening")
    return data["version"], Header(
        rules=str(data["rules"]),
        generators=tuple(map(str, data["generators"])),
        config=SessionConfig(**data["config"]),
        frames=int(data.get("frames", 0)),
        primary=int(data.get("home", 0)),
        sources=_sources(data.get("sources", {})),
        restore_point=None if restore_point is None else _restore_point(restore_point),
    )


def _operation(data: dict[str, Any]) -> RecordedOperation:
    kind = data.pop("op")
    match kind:
        case "event":
            reset, settings, fire = bool(data.get("reset", False)), dict(data["set"]), tuple(map(str, data["fire"]))
            return "event", Event(sequence=int(data["seq"]), reset=reset, set=settings, fire=fire), int(data["frame"])
        case "begun" | "done" | "failed":
            reason = data.pop("reason")
            level = int(data.pop("rung"))
            frames = {name: int(frame) for name, frame in data.items()}
            return kind, JobSpec(reason=_READ_REASONS.get(reason, reason), level=level, **frames)
        case "reload":
            return "reload", RecordedRules(_sources(data["sources"]), str(data["fingerprint"])), int(data["frame"])
        case "restore":
            return "restore", _restore_point(data["opening"]), int(data["frame"]), int(data["take"])
        case "home":
            return "primary", int(data["home"])
        case "end":
            raise ValueError("expected nothing after the end of the recording")
    raise ValueError(f"unknown operation {kind!r}")


def _sources(data: Any) -> dict[str, str]:
    """Return texts by paths that stay in their folder."""
    for name, text in data.items():
        parts = name.split("/")
        if not isinstance(text, str) or any(part in ("", ".", "..") or "\\" in part or ":" in part for part in parts):
            raise ValueError(f"expected texts by relative paths, got {name!r}")
    return dict(data)


def _restore_point(data: dict[str, Any]) -> RecordedRestorePoint:
    snapshot, outcome = data["snapshot"], data["outcome"]
    if outcome not in get_args(RestoreOutcome):
        raise ValueError(f"outcome: expected one of {', '.join(get_args(RestoreOutcome))}, got {outcome!r}")
    read = None if snapshot is None else Snapshot.from_bytes(base64.b64decode(snapshot, validate=True))
    origin = RestoreOrigin(read, int(data["frame"]), int(data["seed"]), int(data["home"]), outcome)
    return RecordedRestorePoint(origin, int(data["take"]))
