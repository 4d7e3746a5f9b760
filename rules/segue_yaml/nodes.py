"""What a document is read into: scalars, lists and maps, each with its place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeAlias


@dataclass(frozen=True, kw_only=True, order=True)
class Mark:
    """A place in a file. line and column count from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


NOWHERE: Final = Mark(file="<built-in>", line=1, column=1)
"""The place of what no file holds: built-in values and defaults."""

ScalarValue: TypeAlias = str | int | float | bool | None

_SHOWN: Final = 40
"""Characters of a value quoted in a message."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Scalar:
    """A single value.

    Attributes:
        text: As written, without quotes.
        quoted: Whether it stands in quotes or a block, and so is always a string.
    """

    mark: Mark
    value: ScalarValue
    text: str
    quoted: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class ListNode:
    """A list.

    Attributes:
        labels: What messages call its items, instead of their numbers; empty for the numbers.
    """

    mark: Mark
    items: tuple[Node, ...]
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One `key: value` of a map.

    Attributes:
        mark: The place of the key.
        note: What messages add to the key.
    """

    key: str
    mark: Mark
    value: Node
    note: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class MapNode:
    """Entries in file order, no key twice."""

    mark: Mark
    entries: tuple[Entry, ...]


Node: TypeAlias = Scalar | ListNode | MapNode


def as_number(node: Node) -> int | float | None:
    """The number that a node is, or None. Booleans are not numbers here, unlike in Python."""
    if isinstance(node, Scalar) and isinstance(node.value, (int, float)) and not isinstance(node.value, bool):
        return node.value
    return None


def quote(text: str) -> str:
    """The text in single quotes on one line, shortened where it is long, without control characters."""
    line = "".join(each if each.isprintable() else f"\\x{ord(each):02x}" for each in " ".join(text[:500].split()))
    return f"'{line}'" if len(line) <= _SHOWN else f"'{line[: _SHOWN - 1]}…'"


def describe(node: Node) -> str:
    """What a node is, for the end of "expected ..., got ..."."""
    if isinstance(node, ListNode):
        return "a list" if node.items else "an empty list"
    if isinstance(node, MapNode):
        return "a map" if node.entries else "an empty map"
    if node.value is None:
        return "nothing"
    if isinstance(node.value, str):
        return quote(node.value)
    return node.text if len(node.text) <= _SHOWN else f"{node.text[: _SHOWN - 1]}…"
