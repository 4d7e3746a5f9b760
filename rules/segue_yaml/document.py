"""Reads YAML 1.2 files into nodes that know their places, within limits that no file can make costly.

PyYAML scans and parses. Composing is ours: the 1.2 core schema, places, duplicate keys and limits. Reading never runs
anything: tags are refused, not constructed.
"""

from __future__ import annotations

import errno
import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final, Protocol

import yaml

from segue_yaml.core_schema import NumberError, resolve_plain
from segue_yaml.nodes import Entry, ListNode, MapNode, Mark, Node, Scalar, quote
from segue_yaml.paths import NO_SUCH_FILE, near_file
from segue_yaml.report import Problem, Report

LARGEST_FILE: Final = 1 << 20
"""Bytes."""
DEEPEST: Final = 32
"""Levels of lists and maps within each other."""
MOST_NODES: Final = 50_000
"""Values, lists and maps of a file, what an alias stands for counted each time."""

_MOST_PARTS: Final = 6
_READ: Final[int] = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)

_REFUSED = re.compile("[^\t\n\r -~\xa0-\u2027\u202a-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Control characters, and line separators that YAML 1.1 breaks lines at and 1.2 does not."""


class UnreadableError(Exception):
    """A mistake after which reading cannot go on."""

    def __init__(self, mark: Mark, text: str, where: str = "") -> None:
        super().__init__(text)
        self.problem = Problem(mark=mark, where=where, text=text)


def read_document(path: Path, report: Report, *, name: str | None = None, instead: str = "") -> Node | None:
    """Read the one YAML document of a file. Mistakes go to the report.

    Args:
        name: The name of the file in messages; None for the path as given.
        instead: What to do where a file is too long, as the end of that message.

    Returns:
        The document, or None if nothing could be read. Mistakes within it are reported (duplicate keys, NaN).
    """
    shown = name or path.as_posix()
    try:
        data = read_bytes(path, shown, LARGEST_FILE, instead)
        return _read(decode(data, shown), shown, report, instead)
    except UnreadableError as error:
        report.add(error.problem)
        return None


def read_text(text: str, report: Report, *, name: str) -> Node | None:
    """Read a document from a text, as read_document does from a file."""
    try:
        if len(text.encode(errors="surrogatepass")) > LARGEST_FILE:
            raise UnreadableError(_start(name), _too_large(LARGEST_FILE))
        return _read(text.removeprefix("\ufeff"), name, report)
    except UnreadableError as error:
        report.add(error.problem)
        return None


def read_bytes(path: Path, shown: str, limit: int, instead: str = "") -> bytes:
    """The content of a regular file of at most `limit` bytes.

    Args:
        shown: The name of the file in messages.
        instead: What to do where the file has more, as the end of the message.

    Raises:
        UnreadableError: There is no such file, it cannot be read, or it is too large.
    """
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            raise UnreadableError(
                _start(shown), "expected a file, got a folder" if path.is_dir() else "not a regular file"
            )
        if found.st_size <= limit:
            with open_regular(path) as file:
                data = file.read(limit + 1)
            if len(data) <= limit:
                return data
    except FileNotFoundError:
        raise UnreadableError(_start(shown), NO_SUCH_FILE + near_file(path, shown)) from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise UnreadableError(_start(shown), f"cannot be read: {reason}") from None
    raise UnreadableError(_start(shown), _too_large(limit) + instead)


def open_regular(path: Path) -> BinaryIO:
    """Open a file to be read, without waiting for the other end of a pipe.

    What was a file a moment ago may be a pipe by now, so what was opened is looked at.

    Raises:
        OSError: It cannot be opened, or is no regular file.
    """
    number = os.open(path, _READ)
    if stat.S_ISREG(os.fstat(number).st_mode):
        return os.fdopen(number, "rb")
    os.close(number)
    raise OSError(errno.EINVAL, "not a regular file")


def decode(data: bytes, shown: str) -> str:
    """The text of UTF-8 data, with or without a byte order mark.

    Raises:
        UnreadableError: Some bytes are not UTF-8; the message gives the first.
    """
    try:
        return data.decode().removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        line_start = data.rfind(b"\n", 0, error.start) + 1
        column = len(data[line_start : error.start].decode(errors="replace")) + 1
        mark = Mark(file=shown, line=data.count(b"\n", 0, error.start) + 1, column=column)
        raise UnreadableError(
            mark, f"expected UTF-8 text, got the byte 0x{data[error.start]:02x}; save the file as UTF-8"
        ) from None


def _start(shown: str) -> Mark:
    return Mark(file=shown, line=1, column=1)


def _too_large(limit: int) -> str:
    return f"expected at most {limit >> 20} MiB, got more"


def _read(text: str, shown: str, report: Report, instead: str = "") -> Node:
    refused = _REFUSED.search(text)
    if refused:
        line_start = text.rfind("\n", 0, refused.start()) + 1
        mark = Mark(file=shown, line=text.count("\n", 0, refused.start()) + 1, column=refused.start() - line_start + 1)
        raise UnreadableError(mark, f"expected text, got the control character U+{ord(refused.group()):04X}")
    return _Composer(text, shown, report, instead).document()


@dataclass(frozen=True, kw_only=True, slots=True)
class _Anchored:
    """What an alias stands for.

    Attributes:
        size: Its nodes, with aliases expanded.
        height: Its levels, 0 for a scalar.
    """

    node: Node
    size: int
    height: int


class _Composer:
    """Builds nodes from the events of the parser.

    Each level of nesting takes one level of recursion, at most DEEPEST.
    """

    def __init__(self, text: str, shown: str, report: Report, instead: str) -> None:
        self._parser: Any = yaml.SafeLoader(text)  # its methods have no types
        self._shown = shown
        self._report = report
        self._instead = instead
        self._anchors: dict[str, _Anchored | None] = {}
        self._nodes = 0
        self._path: list[str | int] = []
        # The latest text in quotes that goes on over lines, from its opening to its closing quote.
        self._long_text: tuple[_ParserMark, _ParserMark] | None = None

    def _where(self) -> str:
        """The object that is being read, as messages call it: 'layer "action", state "combat"'."""
        parts: list[str] = []
        section = ""
        for step in self._path:
            part = self._report.item_names.get(section)
            if part is not None:
                parts[-1] = f'{part} "{step}"' if isinstance(step, str) else f"{part} {step}"
            elif isinstance(step, str):
                parts.append(step)
            section = step if isinstance(step, str) and part is None else ""
        return ", ".join(filter(None, parts[:_MOST_PARTS]))

    def _unreadable(self, mark: Mark, text: str) -> UnreadableError:
        return UnreadableError(mark, text, self._where())

    def document(self) -> Node:
        self._next()
        start = self._next()
        if not isinstance(start, yaml.DocumentStartEvent):
            raise self._unreadable(_start(self._shown), "the file is empty")
        node, _ = self._node(self._next(), 1)
        self._next()
        after = self._next()
        if isinstance(after, yaml.DocumentStartEvent):
            raise self._unreadable(self._mark(after), "expected one document a file, got a second")
        return node

    def _next(self) -> yaml.Event:
        try:
            event: yaml.Event = self._parser.get_event()
            if isinstance(event, yaml.ScalarEvent) and event.style in _QUOTES:
                self._note_long_text(event.start_mark, event.end_mark)
            return event
        except yaml.MarkedYAMLError as error:
            text, mark = self._missing_quote(error) or _explain(error)
            raise self._unreadable(self._place(mark), text) from None
        except (ValueError, OverflowError):
            place = self._place(self._parser.get_mark())
            raise self._unreadable(place, "not valid YAML: an escape that stands for no character") from None

    def _note_long_text(self, opened: _ParserMark | None, closed: _ParserMark | None) -> None:
        if opened is not None and closed is not None and opened.line < closed.line:
            self._long_text = opened, closed

    def _missing_quote(self, error: yaml.MarkedYAMLError) -> tuple[str, _ParserMark] | None:
        """What is wrong where quotes that are not closed in their line end at the next quote of another line."""
        for token in self._parser.tokens:  # scanned, and not yet parsed
            if isinstance(token, yaml.ScalarToken) and token.style in _QUOTES:
                self._note_long_text(token.start_mark, token.end_mark)
        if self._long_text is None or error.problem_mark is None:
            return None
        opened, closed = self._long_text
        if error.problem_mark.line != closed.line:
            return None
        return (
            f"not valid YAML: the quotes opened here are closed in line {closed.line + 1}, and what follows there does "
            "not fit; is a quote missing at the end of this line?"
        ), opened

    def _place(self, mark: _ParserMark | None) -> Mark:
        return Mark(file=self._shown, line=mark.line + 1, column=mark.column + 1) if mark else _start(self._shown)

    def _mark(self, event: yaml.Event) -> Mark:
        return self._place(event.start_mark)

    def _count(self, event: yaml.Event, nodes: int) -> None:
        self._nodes += nodes
        if self._nodes > MOST_NODES:
            text = (
                f"expected at most {MOST_NODES} values in a file, got more (what an alias stands for counts each time)"
            )
            # The limit is that of the whole file, so the message names no part of it.
            raise UnreadableError(self._mark(event), text + self._instead)

    def _node(self, event: yaml.Event, depth: int) -> tuple[Node, int]:
        """The node that begins with this event, and its height."""
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event, depth)
        if depth > DEEPEST and isinstance(event, yaml.CollectionStartEvent):
            raise self._unreadable(self._mark(event), f"expected at most {DEEPEST} levels of nesting, got more")
        before = self._nodes
        self._count(event, 1)
        assert isinstance(event, (yaml.ScalarEvent, yaml.CollectionStartEvent))
        if event.anchor is not None:
            self._anchors[event.anchor] = None
        if event.tag is not None:
            self._report.add_unread(self._mark(event), _explain_tag(event.tag), self._where())
        node: Node
        if isinstance(event, yaml.ScalarEvent):
            node, height = self._scalar(event), 0
        elif isinstance(event, yaml.SequenceStartEvent):
            node, height = self._list(event, depth)
        else:
            node, height = self._map(event, depth)
        if event.anchor is not None:
            self._anchors[event.anchor] = _Anchored(node=node, size=self._nodes - before, height=height)
        return node, height

    def _alias(self, event: yaml.AliasEvent, depth: int) -> tuple[Node, int]:
        mark, name = self._mark(event), quote(event.anchor or "")
        if event.anchor not in self._anchors:
            raise self._unreadable(mark, f"unknown anchor {name}; a text that begins with '*' needs quotes")
        anchored = self._anchors[event.anchor]
        if anchored is None:
            raise self._unreadable(mark, f"the anchor {name} contains itself")
        if depth - 1 + anchored.height > DEEPEST:
            raise self._unreadable(mark, f"expected at most {DEEPEST} levels of nesting, got more")
        self._count(event, anchored.size)
        return anchored.node, anchored.height

    def _scalar(self, event: yaml.ScalarEvent) -> Scalar:
        mark, text = self._mark(event), event.value
        if event.style:
            if any("\ud800" <= character <= "\udfff" for character in text):
                self._report.add_unread(
                    mark, "expected text, got an escape for half a character (a surrogate)", self._where()
                )
                text = text.encode(errors="replace").decode()
            return Scalar(mark=mark, value=text, text=text, quoted=True)
        try:
            return Scalar(mark=mark, value=resolve_plain(text), text=text)
        except NumberError as error:
            self._report.add_unread(mark, f"{error}, got {quote(text)}", self._where())
            return Scalar(mark=mark, value=None, text=text)

    def _list(self, event: yaml.Event, depth: int) -> tuple[ListNode, int]:
        items: list[Node] = []
        highest = 0
        while not isinstance(item := self._next(), yaml.SequenceEndEvent):
            self._path.append(len(items) + 1)
            node, height = self._node(item, depth + 1)
            self._path.pop()
            items.append(node)
            highest = max(highest, height)
        return ListNode(mark=self._mark(event), items=tuple(items)), highest + 1

    def _map(self, event: yaml.Event, depth: int) -> tuple[MapNode, int]:
        entries: dict[str, Entry] = {}
        highest = 0
        while not isinstance(item := self._next(), yaml.MappingEndEvent):
            key, _ = self._node(item, depth + 1)
            self._path.append(quote(key.text)[1:-1] if isinstance(key, Scalar) else "")
            value, height = self._node(self._next(), depth + 1)
            self._path.pop()
            highest = max(highest, height)
            mark = self._mark(item)
            if not isinstance(key, Scalar):
                self._report.add_unread(mark, "expected a name before the ':', got a list or a map", self._where())
            elif key.text in entries:
                self._report.add_unread(
                    mark, f"duplicate key {quote(key.text)}; first at {entries[key.text].mark}", self._where()
                )
            else:
                entries[key.text] = Entry(key=key.text, mark=mark, value=value)
        return MapNode(mark=self._mark(event), entries=tuple(entries.values())), highest + 1


class _ParserMark(Protocol):
    """A place as PyYAML counts: from 0."""

    @property
    def line(self) -> int: ...
    @property
    def column(self) -> int: ...


_QUOTES = ("'", '"')
_COMPARISON_HINT = 'a comparison needs quotes, as in ">= 3"'

_SENTENCES: tuple[tuple[str, str], ...] = (
    (r"found character '\\t' that cannot start any token", "a tab; indent with spaces"),
    (r"found character '>' that cannot|chomping or indentation indicators, but found '='", _COMPARISON_HINT),
    (r"found character '(.)' that cannot start any token", "a text that begins with '{0}' needs quotes"),
    (
        r"mapping values are not allowed here",
        "a ':' too many; a text with ': ' in it needs quotes, or the indentation is off",
    ),
    (r"could not find expected ':'", "expected 'name: value', got a line without a colon"),
    (r"expected <block end>, but found '-'", "a list item where a field was expected; check the indentation"),
    (r"expected <block end>", "the indentation does not fit the lines above"),
    (
        r"expected ',' or '[}\]]', but got ':'",
        "a ',' is missing before the ':' and its name, or a text with ': ' in it needs quotes",
    ),
    (r"expected ',' or '\}', but got", "a ',' or '}}' is missing in the map that opens at line {line}"),
    (r"expected ',' or '\]', but got", "a ',' or ']' is missing in the list that opens at line {line}"),
    (r"found unexpected end of stream", "the quotes opened at line {line} are never closed"),
    (
        r"found unexpected document separator",
        "the quotes opened at line {line} are not closed before the document ends",
    ),
    (
        r"found unknown escape character (.*)",
        "an unknown escape \\{0}; write \\\\ for a backslash, or use single quotes",
    ),
    (r"expected alphabetic or numeric character", "a text that begins with '*' or '&' needs quotes"),
    (r"expected the node content, but found '(.*)'", "expected a value, got '{0}'"),
)
_AT_CONTEXT = re.compile(r"could not find expected ':'|unexpected end of stream|unexpected document separator")
"""Complaints whose cause lies where the construct began, not where the parser gave up."""


def _explain(error: yaml.MarkedYAMLError) -> tuple[str, _ParserMark | None]:
    """What is wrong, and where the mistake was made."""
    problem = error.problem or error.context or "not valid YAML"
    at_context = error.context_mark is not None and _AT_CONTEXT.search(problem)
    mark = error.context_mark if at_context else error.problem_mark or error.context_mark
    opened = error.context_mark.line + 1 if error.context_mark else 1
    for pattern, sentence in _SENTENCES:
        found = re.search(pattern, problem)
        if found:
            groups = [group.strip("'") for group in found.groups()]
            return f"not valid YAML: {sentence.format(*groups, line=opened)}", mark
    return f"not valid YAML: {' '.join(problem.split())}", mark


def _explain_tag(tag: str) -> str:
    """Why a YAML tag is refused. (An unquoted `!=` is read as a tag.)"""
    if tag.startswith("!="):
        return 'a comparison needs quotes, as in "!= crypt"'
    shown = tag.replace("tag:yaml.org,2002:", "!!")
    return f"expected no tag, got {quote(shown)}; a text that begins with '!' needs quotes"
