"""JSON lines: one JSON object a line, as the service records events. The place of every value is its line."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any, Final

from segue_yaml.document import UnreadableError, decode, open_regular, read_bytes
from segue_yaml.nodes import Entry, ListNode, MapNode, Mark, Node, Scalar
from segue_yaml.report import Report

LARGEST_RECORDING: Final = 64 << 20
"""Bytes."""
_SUFFIXES: Final = (".jsonl", ".ndjson")


def holds_json_lines(path: Path) -> bool:
    """Whether a file is JSON lines, by its name or because it begins with a JSON object."""
    if path.suffix.lower() in _SUFFIXES:
        return True
    try:
        if not path.is_file():  # opening a pipe would wait for its writer
            return False
        with open_regular(path) as file:
            return file.read(4096).removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"{"
    except (OSError, ValueError):
        return False


def read_json_lines(path: Path, report: Report, *, name: str) -> Node | None:
    """The lines of a file as one list. Blank lines are skipped; lines that are not JSON are reported."""
    try:
        text = decode(read_bytes(path, name, LARGEST_RECORDING), name)
    except UnreadableError as error:
        report.add(error.problem)
        return None
    items: list[Node] = []
    for line, content in enumerate(text.split("\n"), start=1):
        if not content.strip():
            continue
        mark = Mark(file=name, line=line, column=1)
        try:
            items.append(_node(json.loads(content, object_pairs_hook=_Pairs), mark))
        except RecursionError:
            report.add_unread(mark, "expected one JSON object a line, got one nested too deeply")
        except json.JSONDecodeError as error:
            place = Mark(file=name, line=line, column=error.colno)
            report.add_unread(place, "expected one JSON object a line, got something that is not JSON from here on")
        except ValueError as error:
            report.add_unread(mark, f"expected one JSON object a line: {error}")
    return ListNode(mark=Mark(file=name, line=1, column=1), items=tuple(items))


class _Pairs(list[tuple[str, Any]]):
    """The members of an object in their order, duplicates among them."""


def _node(value: object, mark: Mark) -> Node:
    """A JSON value as a node.

    Raises:
        ValueError: A member is given twice, a number is not finite, or a text has half a character (a surrogate).
    """
    if isinstance(value, _Pairs):
        names: set[str] = set()
        for name, _ in value:
            if _whole(name) in names:
                raise ValueError(f"'{name}' is given twice")
            names.add(name)
        return MapNode(
            mark=mark, entries=tuple(Entry(key=name, mark=mark, value=_node(each, mark)) for name, each in value)
        )
    if isinstance(value, list):
        return ListNode(mark=mark, items=tuple(_node(each, mark) for each in value))
    if isinstance(value, str):
        return Scalar(mark=mark, value=_whole(value), text=value, quoted=True)
    assert value is None or isinstance(value, (bool, int, float))
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError("a number that is not finite")
    return Scalar(mark=mark, value=value, text=json.dumps(value))


def _whole(text: str) -> str:
    """The text as it is.

    Raises:
        ValueError: It has half a character (a surrogate), which cannot be printed.
    """
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise ValueError("an escape for half a character (a surrogate)")
    return text
