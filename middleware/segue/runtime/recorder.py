"""Recordings of sessions: a JSON object a line, the first says what was played on, the rest what happened in order.

Written while a session lives, a line at a time, so that a service that is killed leaves a recording that can be played.
The last line of a whole recording is `{"op":"end"}`; without it the recording ends earlier than its session did.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple, Protocol, TextIO, TypeAlias, get_args

from segue.runtime.config import SessionConfig
from segue.runtime.edition import Edition
from segue.runtime.journal import Operation
from segue.runtime.opening import Opening, Origin, Outcome
from segue.runtime.snapshot import Snapshot
from segue.runtime.wants import Want
from segue_rules.events import Event
from segue_rules.model import Rules

FORMAT: Final = "segue-recording"
VERSION: Final = 3

# Recordings of this version had no last line of their own.
_WITHOUT_END: Final = 2
_END: Final = {"op": "end"}

# The texts of rule files by their path from the main one's folder, the main one first.
Sources: TypeAlias = Mapping[str, str]


class RecordingError(ValueError):
    """A recording that cannot be played: what was expected, what came."""


class RecordedOpening(NamedTuple):
    """What an opening was made from. take: of its first chunk, where it opened a session."""

    origin: Origin
    take: int


class RecordedRules(NamedTuple):
    """What a session was given at a reload."""

    sources: Sources
    fingerprint: str


Recorded: TypeAlias = (
    tuple[Literal["event"], Event, int]
    | tuple[Literal["begun", "done", "failed"], Want]
    | tuple[Literal["reload"], RecordedRules, int]
    | tuple[Literal["restore"], RecordedOpening, int, int]
    | tuple[Literal["reset"], int]
    | tuple[Literal["home"], int]
)


@dataclass(frozen=True, kw_only=True)
class Header:
    """What a recording was made with. rules: fingerprint of the rule files.

    sources: their texts, where they are to be played from the recording alone. frames: how long it plays, 0 to the end
    of what was generated. home: rung of the chosen generator. opening: what the session went on from.
    """

    rules: str
    generators: tuple[str, ...]
    config: SessionConfig
    frames: int = 0
    home: int = 0
    sources: Sources = field(default_factory=dict)
    opening: RecordedOpening | None = None


class TextSink(Protocol):
    """Where a recording is written: a text file, or what stands for one."""

    def write(self, text: str, /) -> object: ...

    def flush(self) -> object: ...


class Recorder:
    """Writes one session's recording as it happens; every line is flushed."""

    def __init__(self, file: TextSink, header: Header, sources: Callable[[Rules], Sources] | None = None) -> None:
        """sources: the texts of rules that a reload brings; read from their files if None."""
        self._file = file
        self._sources = sources or texts
        self._line({"format": FORMAT, "version": VERSION, **_plain_header(header)})

    def operation(self, operation: Operation) -> None:
        """Write what happened; a session's `journal`."""
        self._line(_plain(operation, self._sources))

    def end(self) -> None:
        """The session is over: say that nothing is missing."""
        self._line(_END)

    def _line(self, data: Mapping[str, Any]) -> None:
        self._file.write(_text(data) + "\n")
        self._file.flush()


def fingerprint(files: Sequence[Path]) -> str:
    """sha256 over the contents of a rule file and all it includes, in order."""
    digest = hashlib.sha256()
    for path in files:
        content = path.read_bytes()
        digest.update(len(content).to_bytes(8, "big") + content)
    return digest.hexdigest()


def texts(rules: Rules) -> dict[str, str]:
    """The texts of the files that rules were loaded from."""
    folder = rules.files[0].parent if rules.files else Path()
    return {path.relative_to(folder).as_posix(): path.read_bytes().decode() for path in rules.files}


def recorded(opening: Opening) -> RecordedOpening:
    """What a header keeps of the opening of a session."""
    return RecordedOpening(opening.origin, opening.take)


def write_recording(file: TextIO, header: Header, operations: Iterable[Operation]) -> None:
    """A whole recording."""
    recorder = Recorder(file, header)
    for operation in operations:
        recorder.operation(operation)
    recorder.end()


def read_recording(path: Path) -> tuple[Header, list[Recorded], bool]:
    """A recording's header, its operations, and whether they are all; a last line that was cut off is passed over.

    Raises: RecordingError naming the line that is not as expected.
    """
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RecordingError(f"{path}: cannot be read: {error}") from error
    lines = text.split("\n")
    torn = lines.pop()
    if not lines:
        if torn:
            _line(path, 1, torn, _versioned_header)
        raise RecordingError(f"{path}:1: expected a recording, the file is empty")
    version, header = _line(path, 1, lines[0], _versioned_header)
    ended = version != _WITHOUT_END and len(lines) > 1 and lines[-1] == _text(_END)
    last = len(lines) - 1 if ended else len(lines)
    operations = [_line(path, number, line, _operation) for number, line in enumerate(lines[1:last], start=2)]
    return header, operations, ended or version == _WITHOUT_END


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
            settings = {"seq": event.sequence, "set": dict(event.set), "fire": list(event.fire)}
            return {"op": "event", "frame": frame, **settings}
        case ("reload", edition, frame):
            return {"op": "reload", "frame": frame, **_plain_rules(edition, sources)}
        case ("restore", opening, frame, take):
            return {"op": "restore", "frame": frame, "take": take, "opening": _plain_opening(recorded(opening))}
        case ("reset", frame):
            return {"op": "reset", "frame": frame}
        case ("home", home):
            return {"op": "home", "home": home}
        case (kind, want):
            return {"op": kind, **want._asdict()}


def _plain_rules(edition: Edition, sources: Callable[[Rules], Sources]) -> dict[str, Any]:
    return {"fingerprint": edition.fingerprint, "sources": dict(sources(edition.rules))}


def _plain_header(header: Header) -> dict[str, Any]:
    opening = header.opening and _plain_opening(header.opening)
    return {
        "rules": header.rules,
        "generators": list(header.generators),
        "config": asdict(header.config),
        "frames": header.frames,
        "home": header.home,
        "sources": dict(header.sources),
        "opening": opening,
    }


def _plain_opening(opening: RecordedOpening) -> dict[str, Any]:
    origin = opening.origin
    snapshot = origin.snapshot and base64.b64encode(origin.snapshot.to_bytes()).decode()
    return {**origin._asdict(), "snapshot": snapshot, "take": opening.take}


def _versioned_header(data: Any) -> tuple[int, Header]:
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise ValueError(f'expected {{"format": "{FORMAT}", ...}}')
    if data["version"] not in (_WITHOUT_END, VERSION):
        raise ValueError(f"expected version {VERSION}, got {data['version']}")
    opening = data.get("opening")
    return data["version"], Header(
        rules=str(data["rules"]),
        generators=tuple(map(str, data["generators"])),
        config=SessionConfig(**data["config"]),
        frames=int(data.get("frames", 0)),
        home=int(data.get("home", 0)),
        sources=_sources(data.get("sources", {})),
        opening=None if opening is None else _opening(opening),
    )


def _operation(data: dict[str, Any]) -> Recorded:
    kind = data.pop("op")
    match kind:
        case "event":
            return "event", Event(sequence=data["seq"], set=data["set"], fire=tuple(data["fire"])), int(data["frame"])
        case "begun" | "done" | "failed":
            return kind, Want(**data)
        case "reload":
            return "reload", RecordedRules(_sources(data["sources"]), str(data["fingerprint"])), int(data["frame"])
        case "restore":
            return "restore", _opening(data["opening"]), int(data["frame"]), int(data["take"])
        case "reset":
            return "reset", int(data["frame"])
        case "home":
            return "home", int(data["home"])
        case "end":
            raise ValueError("expected nothing after the end of the recording")
    raise ValueError(f"unknown operation {kind!r}")


def _sources(data: Any) -> dict[str, str]:
    """Texts by paths that stay in their folder."""
    for name, text in data.items():
        parts = name.split("/")
        if not isinstance(text, str) or any(part in ("", ".", "..") or "\\" in part or ":" in part for part in parts):
            raise ValueError(f"expected texts by relative paths, got {name!r}")
    return dict(data)


def _opening(data: dict[str, Any]) -> RecordedOpening:
    snapshot, outcome = data["snapshot"], data["outcome"]
    if outcome not in get_args(Outcome):
        raise ValueError(f"outcome: expected one of {', '.join(get_args(Outcome))}, got {outcome!r}")
    read = None if snapshot is None else Snapshot.from_bytes(base64.b64decode(snapshot, validate=True))
    origin = Origin(read, int(data["frame"]), int(data["seed"]), int(data["home"]), outcome)
    return RecordedOpening(origin, int(data["take"]))
