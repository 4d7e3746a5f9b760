"""The service's log: lines to read or JSON objects, written by a thread of its own so that it never delays the music.

    with logging_to(sys.stderr, level="info", form="json", secrets=[config.token]):
        log = logging.getLogger(__name__)
        log.info("session opened", extra={"session": "4f1c22aa", "client": "godot 1.2"})

Whatever is in `extra` becomes a field. Texts may come from clients: nothing in a line can end it, colour a terminal or
hide what follows. Secrets never appear: the given ones are replaced wherever they stand, and of bytes only the number
is shown. Each line of code may log a limited number of lines in a second; more are counted, so that no client can fill
a disk with what it makes the service log.
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
from typing import Any, Final, Protocol

from segue.service.client_limits import TokenBucket

# Of a message, of a field's text, of a line of a trace.
_MOST_CHARACTERS: Final = 2_000
_MOST_TRACE_LINES: Final = 100
# Entries of a list or map in a field.
_MOST_FIELDS: Final = 64
# Of one line of code.
_LINES_PER_SECOND: Final = 10.0
_LINES_AT_ONCE: Final = 200.0
_MOST_SITES: Final = 1_000
_MOST_WAITING: Final = 10_000
_CLOSE_TIMEOUT_S: Final = 2.0
_REDACTED: Final = "[secret]"
# The attributes of every record; all others came by `extra`.
_STANDARD: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


def cleaned(text: str) -> str:
    """Return a text without control and format characters, line separators and surrogates."""
    return "".join(" " if each.isspace() else each for each in text if _is_harmless(each))


def _is_harmless(character: str) -> bool:
    return character.isprintable() or character in "\t\n\r" or unicodedata.category(character) == "Zs"


class LogStream(Protocol):
    """What lines are written to: a text stream, or a `LogFile`. It may have an `encoding`; without one it is UTF-8."""

    def write(self, text: str, /) -> object:
        """Take whole lines. Raises: OSError, ValueError if that is not possible now."""

    def flush(self) -> object:
        """Write out what is buffered. Raises: as `write`."""


class _SafeFormatter(logging.Formatter):
    """What both formats share: fields, and nothing dangerous in them."""

    def __init__(self, secrets: Sequence[str]) -> None:
        super().__init__()
        self._secrets = secrets

    def _safe(self, text: str) -> str:
        line = cleaned(text)
        for secret in self._secrets:
            line = line.replace(secret, _REDACTED)
        return line if len(line) <= _MOST_CHARACTERS else f"{line[:_MOST_CHARACTERS]}…"

    def _plain(self, value: Any) -> Any:
        """Return a field's value as JSON can hold it; other types become text."""
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
        """Return the lines of an exception. (They may hold texts of clients as well.)"""
        if record.exc_info and not record.exc_text:
            record.exc_text = self.formatException(record.exc_info)
        lines = (record.exc_text or "").splitlines()
        # The end of a long one says what happened.
        return [self._safe(line) for line in lines[-_MOST_TRACE_LINES:]]


class JsonFormatter(_SafeFormatter):
    """Formats a record as a JSON object in a line.

    For example `{"ts": "2026-11-22T20:41:10.123Z", "level": "info", "logger": …, "message": …, "fields": {…}}`.
    `session`, `fields` and `trace` (a list of lines) are absent if there are none. Only ASCII is used.
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


class TextFormatter(_SafeFormatter):
    """Formats a record as a line to read.

    `20:41:10.123 info    service.sessions: session opened  session=4f1c22aa client="godot 1.2"`.
    """

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
    """Writes lines to a stream in a thread of its own. If the stream is too slow, lines are dropped and counted."""

    def __init__(self, stream: LogStream | None) -> None:
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
        """Write what waits, for a limited time: the stream's reader may be gone or may not read."""
        try:
            self._waiting.put(None, timeout=_CLOSE_TIMEOUT_S)
        except queue.Full:
            return
        self._thread.join(_CLOSE_TIMEOUT_S)

    def _write(self) -> None:
        encoding = getattr(self._stream, "encoding", None) or "utf-8"
        while (line := self._waiting.get()) is not None:
            lost, self._lost = self._lost, 0
            note = f"({lost} lines of the log were dropped here)\n" if lost else ""
            # A full disk, a closed pipe or no stream must not end the log: later lines may be written again.
            try:
                self._stream.write(f"{note}{line}\n".encode(encoding, "backslashreplace").decode(encoding))
                self._stream.flush()
            except (OSError, ValueError, AttributeError):
                self._lost += lost + 1


class _Site:
    """A line of code that logs.

    Attributes:
        suppressed: Lines it was not allowed since the last one written.
    """

    def __init__(self, now_s: float) -> None:
        self.lines = TokenBucket(_LINES_PER_SECOND, _LINES_AT_ONCE, now_s)
        self.suppressed = 0


class _Handler(logging.Handler):
    """Formats records in the thread that logs them, and lets the writer write them."""

    def __init__(self, writer: _Writer, clock: Callable[[], float]) -> None:
        super().__init__()
        self._writer = writer
        self._clock = clock
        self._sites: dict[tuple[str, int], _Site] = {}

    def emit(self, record: logging.LogRecord) -> None:
        site, now_s = self._site_of(record), self._clock()
        if not site.lines.take(now_s):
            site.suppressed += 1
            return
        if site.suppressed:
            record.suppressed, site.suppressed = site.suppressed, 0
        try:
            line = self.format(record)
        except (TypeError, ValueError, KeyError):
            self.handleError(record)
        else:
            self._writer.put(line)

    def close(self) -> None:
        """Log how many lines were suppressed in all."""
        suppressed = sum(site.suppressed for site in self._sites.values())
        if suppressed:
            self._writer.put(f"({suppressed} lines of the log were suppressed: too frequent)")
        super().close()

    def _site_of(self, record: logging.LogRecord) -> _Site:
        """Return the line of code that logged a record. (A `Handler` is called by one thread at a time.)"""
        key = (record.pathname, record.lineno)
        if key not in self._sites:
            if len(self._sites) >= _MOST_SITES:
                del self._sites[next(iter(self._sites))]
            self._sites[key] = _Site(self._clock())
        return self._sites[key]


@contextmanager
def logging_to(
    stream: LogStream | None,
    *,
    level: str,
    form: str,
    secrets: Iterable[str | None] = (),
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[None]:
    """Log everything of this process to a stream while the context lasts.

    Args:
        stream: The stream; None if there is none, like `sys.stderr` of a program without a terminal.
        level: As the setting log_level.
        form: As the setting log_format.
        secrets: Texts that must not appear; None is skipped.
        clock: Monotonic seconds, for how often a line of code may log.
    """
    kept = [secret for secret in secrets if secret]
    writer = _Writer(stream)
    handler = _Handler(writer, clock)
    handler.setFormatter(JsonFormatter(kept) if form == "json" else TextFormatter(kept))
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
