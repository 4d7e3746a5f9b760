"""The service's log: lines to read or a JSON object a line, written by a thread that cannot hold the music up.

    with logging_to(sys.stderr, level="info", form="json", secrets=[config.token]):
        log = logging.getLogger(__name__)
        log.info("session opened", extra={"session": "4f1c22aa", "client": "godot 1.2"})

Whatever is in `extra` becomes a field. Texts may come from the wire: nothing in a line can end it, colour a terminal or
hide what follows. Secrets never appear: those given are blotted out wherever they stand, bytes are shown as a count.
Each place in the code may log so many lines in a second; what it logs beyond is counted, so that no peer can fill a
disk with what it makes the service say.
"""

from __future__ import annotations

import json
import logging
import math
import queue
import threading
import time
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import islice
from typing import Any, Final, TextIO

from segue.service.client_limits import TokenBucket

_LONGEST: Final = 2_000
"""Characters of a message, of a field's text, of a line of a trace."""
_MOST_TRACE_LINES: Final = 100
_MOST_FIELDS: Final = 64
"""Entries of a list or map in a field."""
_LINES_PER_SECOND: Final = 10.0
_LINES_AT_ONCE: Final = 200.0
"""Of one place in the code."""
_MOST_PLACES: Final = 1_000
_MOST_WAITING: Final = 10_000
_PATIENCE_S: Final = 2.0
_BLOT: Final = "[secret]"
_STANDARD: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
"""What every record has; all else came by `extra`."""


def cleaned(text: str) -> str:
    """A text without control and format characters, line separators and halves of characters."""
    return "".join(" " if each.isspace() else each for each in text if _is_harmless(each))


def _is_harmless(character: str) -> bool:
    return character.isprintable() or character in "\t\n\r" or unicodedata.category(character) == "Zs"


class _Form(logging.Formatter):
    """What both forms share: fields, and nothing dangerous in them."""

    def __init__(self, secrets: Sequence[str]) -> None:
        super().__init__()
        self._secrets = secrets

    def _safe(self, text: str) -> str:
        line = cleaned(text)
        for secret in self._secrets:
            line = line.replace(secret, _BLOT)
        return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}…"

    def _plain(self, value: Any) -> Any:
        """A field's value as JSON has it; what has no such form is shown as text."""
        if value is None or isinstance(value, (bool, int)) or (isinstance(value, float) and math.isfinite(value)):
            return value
        if isinstance(value, (bytes, bytearray, memoryview)):
            return f"[{len(value)} bytes]"
        if isinstance(value, Mapping):
            return {self._safe(str(key)): self._plain(each) for key, each in islice(value.items(), _MOST_FIELDS)}
        if isinstance(value, (list, tuple, set, frozenset)):
            return [self._plain(each) for each in islice(value, _MOST_FIELDS)]
        return self._safe(str(value))

    def _fields(self, record: logging.LogRecord) -> dict[str, Any]:
        return {self._safe(key): self._plain(each) for key, each in vars(record).items() if key not in _STANDARD}

    def _trace(self, record: logging.LogRecord) -> list[str]:
        """The lines of an exception. (They hold texts from the wire as well.)"""
        if record.exc_info and not record.exc_text:
            record.exc_text = self.formatException(record.exc_info)
        lines = (record.exc_text or "").splitlines()
        # Of a long one, its end says what happened.
        return [self._safe(line) for line in lines[-_MOST_TRACE_LINES:]]


class JsonForm(_Form):
    """`{"ts": "2026-11-22T20:41:10.123Z", "level": "info", "logger": …, "message": …, "session": …, "fields": {…}}`.

    session, fields and trace (a list of lines) are left out where there are none. ASCII alone.
    """

    def format(self, record: logging.LogRecord) -> str:
        fields = self._fields(record)
        session = fields.pop("session", None)
        line: dict[str, Any] = {
            "ts": _time_of(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": self._safe(record.getMessage()),
        }
        line |= {"session": session} if session else {}
        line |= {"fields": fields} if fields else {}
        trace = self._trace(record)
        line |= {"trace": trace} if trace else {}
        return json.dumps(line, separators=(",", ":"))


class TextForm(_Form):
    """`20:41:10.123 info    service.sessions: session opened  session=4f1c22aa client="godot 1.2"`."""

    def format(self, record: logging.LogRecord) -> str:
        fields = "".join(f" {key}={_worded(value)}" for key, value in self._fields(record).items())
        name = record.name.removeprefix("segue.")
        line = f"{_time_of(record)[11:-1]} {record.levelname.lower():7} {name}: {self._safe(record.getMessage())}"
        trace = "".join(f"\n    {each}" for each in self._trace(record))
        return f"{line} {fields}{trace}" if fields else f"{line}{trace}"


def _worded(value: Any) -> str:
    if isinstance(value, str) and value and not set(value) & set(' "=\\'):
        return value
    return json.dumps(value, ensure_ascii=False)


def _time_of(record: logging.LogRecord) -> str:
    moment = datetime.fromtimestamp(record.created, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


class _Writer:
    """Writes lines to a stream from a thread of its own. Lines it cannot keep up with are counted, never waited for."""

    def __init__(self, stream: TextIO | None) -> None:
        self._stream: Any = stream
        self._waiting: queue.Queue[str | None] = queue.Queue(_MOST_WAITING)
        self._lost = 0
        self._thread = threading.Thread(target=self._write, name="log", daemon=True)
        self._thread.start()

    def put(self, line: str) -> None:
        try:
            self._waiting.put_nowait(line)
        except queue.Full:
            self._lost += 1

    def close(self) -> None:
        """Write what waits, for a moment at most: the stream's reader may be gone or asleep."""
        try:
            self._waiting.put(None, timeout=_PATIENCE_S)
        except queue.Full:
            return
        self._thread.join(_PATIENCE_S)

    def _write(self) -> None:
        encoding = getattr(self._stream, "encoding", None) or "utf-8"
        while (line := self._waiting.get()) is not None:
            lost, self._lost = self._lost, 0
            note = f"({lost} lines of the log were lost here)\n" if lost else ""
            # A full disk, a closed pipe or stream, none at all: the music matters more than its log.
            try:
                self._stream.write(f"{note}{line}\n".encode(encoding, "backslashreplace").decode(encoding))
                self._stream.flush()
            except (OSError, ValueError, AttributeError):
                self._lost += lost + 1


class _Place:
    """One place in the code that logs. untold: lines it was not allowed, since the last that was written."""

    def __init__(self, now_s: float) -> None:
        self.lines = TokenBucket(_LINES_PER_SECOND, _LINES_AT_ONCE, now_s)
        self.untold = 0


class _Handler(logging.Handler):
    """Forms lines where they are logged and has them written elsewhere."""

    def __init__(self, writer: _Writer, clock: Callable[[], float]) -> None:
        super().__init__()
        self._writer = writer
        self._clock = clock
        self._places: dict[tuple[str, int], _Place] = {}

    def emit(self, record: logging.LogRecord) -> None:
        place, now_s = self._place_of(record), self._clock()
        if not place.lines.take(now_s):
            place.untold += 1
            return
        if place.untold:
            record.untold, place.untold = place.untold, 0
        try:
            line = self.format(record)
        except (TypeError, ValueError, KeyError):
            self.handleError(record)
        else:
            self._writer.put(line)

    def close(self) -> None:
        """Say what was left out to the end."""
        untold = sum(place.untold for place in self._places.values())
        if untold:
            self._writer.put(f"({untold} lines of the log were left out: their places logged too often)")
        super().close()

    def _place_of(self, record: logging.LogRecord) -> _Place:
        """Where a line comes from. (A `Handler` is called by one thread at a time.)"""
        key = (record.pathname, record.lineno)
        if key not in self._places:
            if len(self._places) >= _MOST_PLACES:
                del self._places[next(iter(self._places))]
            self._places[key] = _Place(self._clock())
        return self._places[key]


@contextmanager
def logging_to(
    stream: TextIO | None,
    *,
    level: str,
    form: str,
    secrets: Iterable[str | None] = (),
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[None]:
    """Log everything of this process to the stream, until left.

    Args: stream: None where there is none, as `sys.stderr` of a program without a terminal. level, form: as the
    settings log_level, log_format. clock: seconds, for how often a place may log.
    """
    kept = [secret for secret in secrets if secret]
    writer = _Writer(stream)
    handler = _Handler(writer, clock)
    handler.setFormatter(JsonForm(kept) if form == "json" else TextForm(kept))
    root = logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(level.upper())
    try:
        yield
    finally:
        root.removeHandler(handler)
        root.setLevel(before)
        handler.close()
        writer.close()
