"""Recordings of sessions: a JSON object a line, the first says what was played on, the rest what happened in order."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, TextIO

from segue.runtime.config import SessionConfig
from segue.runtime.session import Operation, Want
from segue_rules.events import Event

FORMAT: Final = "segue-recording"
VERSION: Final = 1


class RecordingError(ValueError):
    """A recording that cannot be played: what was expected, what came."""


@dataclass(frozen=True, kw_only=True)
class Header:
    """What a recording was made with. rules: sha256 of the rule files' bytes. frames: how long it plays."""

    rules: str
    generators: tuple[str, ...]
    config: SessionConfig
    frames: int


def fingerprint(files: Sequence[Path]) -> str:
    """sha256 over the contents of a rule file and all it includes, in order."""
    digest = hashlib.sha256()
    for path in files:
        content = path.read_bytes()
        digest.update(len(content).to_bytes(8, "big") + content)
    return digest.hexdigest()


def write_recording(file: TextIO, header: Header, operations: Iterable[Operation]) -> None:
    """A whole recording as JSON lines."""
    first = {"format": FORMAT, "version": VERSION, **asdict(header)}
    for line in (first, *map(_plain, operations)):
        file.write(json.dumps(line, separators=(",", ":")) + "\n")


def read_recording(path: Path) -> tuple[Header, list[Operation]]:
    """A recording's header and operations. Raises: RecordingError naming the line that is not as expected."""
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise RecordingError(f"{path}: cannot be read: {error}") from error
    if not lines:
        raise RecordingError(f"{path}:1: expected a recording, the file is empty")
    header, *operations = (
        _line(path, number, line, _operation if number > 1 else _header) for number, line in enumerate(lines, start=1)
    )
    return header, operations


def _line(path: Path, number: int, line: str, read: Callable[[Any], Any]) -> Any:
    try:
        return read(json.loads(line))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise RecordingError(f"{path}:{number}: not a line of a recording: {error}") from error


def _plain(operation: Operation) -> dict[str, Any]:
    if operation[0] == "event":
        event = operation[1]
        return {
            "op": "event",
            "frame": operation[2],
            "seq": event.sequence,
            "set": dict(event.set),
            "fire": list(event.fire),
        }
    return {"op": operation[0], **operation[1]._asdict()}


def _header(data: Any) -> Header:
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise ValueError(f'expected {{"format": "{FORMAT}", ...}}')
    if data["version"] != VERSION:
        raise ValueError(f"expected version {VERSION}, got {data['version']}")
    return Header(
        rules=str(data["rules"]),
        generators=tuple(map(str, data["generators"])),
        config=SessionConfig(**data["config"]),
        frames=int(data["frames"]),
    )


def _operation(data: dict[str, Any]) -> Operation:
    kind = data.pop("op")
    if kind == "event":
        return "event", Event(sequence=data["seq"], set=data["set"], fire=tuple(data["fire"])), int(data["frame"])
    if kind in ("begun", "done", "failed"):
        return kind, Want(**data)
    raise ValueError(f"unknown operation {kind!r}")
